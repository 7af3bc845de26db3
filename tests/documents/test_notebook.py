"""The notebook writer: valid, safe in every program that opens notebooks, and really executed."""

from __future__ import annotations

import base64
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from PIL import Image

from gradus.documents.blocks import AnswerSpace, Code, Document, Figure, Math, PageAnchor, Table, Text
from gradus.documents.notebook import execute, notebook, notebook_bytes, png
from gradus.documents.notebook_markdown import inert_markdown, sections, table_markdown
from gradus.errors import WorkFailed

INSTALL = "pip install 'gradus @ git+https://example.org/gradus'"


def cells(*blocks: Any) -> list[Any]:
    """The cells after the two that every notebook starts with."""
    return list(notebook(Document("t", blocks), INSTALL).cells[2:])


def reader() -> MarkdownIt:
    """A reader that passes raw HTML and every link, as a careless program would."""
    permissive = MarkdownIt("commonmark", {"html": True}).enable("table").use(dollarmath_plugin)
    permissive.validateLink = lambda url: True
    return permissive


def dangers(markdown: str) -> list[str]:
    tokens = [inner for token in reader().parse(markdown) for inner in (token, *(token.children or ()))]
    raw = [token.content for token in tokens if token.type.startswith("html_")]
    links = [str(token.attrGet("href") or token.attrGet("src") or "") for token in tokens]
    return raw + [link for link in links if link.lower().startswith(("javascript:", "vbscript:", "file:"))]


def test_every_block_is_in_the_notebook(page: Document) -> None:
    nb = notebook(page, INSTALL)
    nbformat.validate(nb)
    assert (nb.nbformat, nb.nbformat_minor) == (4, 5)
    assert nb.metadata.title == "Homework 5" and [author.name for author in nb.metadata.authors] == [
        "Ada L.",
        "Emmy N.",
    ]
    assert nb.metadata.kernelspec.name == "python3"
    text = "\n".join(cell.source for cell in nb.cells)
    for wanted in ("# Homework 5", "Machine learning", INSTALL, "$a^2 \\lt b$", "$$\nx_{1} + ", "| name | value $v$ |",
                   "| b \\| c | 2 |", "| a | $\\vert x\\vert $ |", "![A single neuron](data:image/png;base64,",
                   "The neuron $n$", "print('for the notebook')", "*Your answer here*"):  # fmt: skip
        assert wanted in text, wanted


def test_text_formulas_and_tables_are_gathered_and_headings_start_cells() -> None:
    table = Table(("a",), (("1",),))
    found = cells(Text("One."), Math("x"), table, Text("Two.\n\n## H\n\nThree."), Math("y"), Code("1"), Text("Four."))
    assert [cell.cell_type for cell in found] == ["markdown", "markdown", "code", "markdown"]
    assert found[0].source == "One.\n\n$$\nx\n$$\n\n| a |\n| --- |\n| 1 |\n\nTwo."
    assert found[1].source == "## H\n\nThree.\n\n$$\ny\n$$"


def test_a_number_sign_in_code_is_no_heading() -> None:
    assert sections("```\n# a comment\n```\n\nText\n====\n\nend") == ["```\n# a comment\n```", "Text\n====\n\nend"]
    assert len(cells(Text("One."), Text("```\n# no heading\n```"))) == 1


def test_cells_know_their_problem() -> None:
    found = cells(
        Text("a"), PageAnchor("1.1", "first"), Text("b"), Code("1"), PageAnchor("1.1", "last"), AnswerSpace("2")
    )
    assert [cell.metadata.get("gradus") for cell in found] == [
        None, {"problem": "1.1"}, {"problem": "1.1"}, {"problem": "2", "answer": True}]  # fmt: skip


def test_equal_documents_give_equal_bytes(page: Document) -> None:
    first, second = notebook(page, INSTALL), notebook(page, INSTALL)
    assert notebook_bytes(first) == notebook_bytes(second)
    ids = [cell.id for cell in first.cells]
    assert len(set(ids)) == len(ids)
    assert nbformat.reads(notebook_bytes(first).decode(), as_version=4) == first


def test_hostile_text_stays_text(hostile: Document) -> None:
    for cell in notebook(hostile, INSTALL).cells:
        if cell.cell_type == "markdown":
            assert not dangers(cell.source), cell.source


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(
    ["<b>", "<!--", "</p", "<", ">", "`", "``", "$", "$$", "\\", "[a]", "(javascript:x)", "]", "(", ")", "\n", "\n\n",
     "    ", "> ", "- ", "```", "~~~", "a", " ", "|", "<a@b.c>", "<javascript:x>", "[a]: javascript:y", "*", "&lt;",
     "\f", "\r", "\u2028"]
), max_size=14).map("".join))  # fmt: skip
def test_no_markdown_becomes_html(markdown: str) -> None:
    assert not dangers(inert_markdown(markdown))


def test_harmless_markdown_is_left_as_it_is() -> None:
    for text in ("`<b>` and ``a ` <i>``", "```html\n<p>\n```", "    <b>", "1 < 2", "<https://example.org>", "[a](#b)"):
        assert inert_markdown(text) == text


def test_bars_do_not_end_a_table_s_cells() -> None:
    table = Table(("a|b", "$|x|$"), (("`p|q`", "$\\|v\\|$"), ("x\ny", "\\|")))
    tokens = MarkdownIt("commonmark").enable("table").parse(table_markdown(table))
    assert sum(token.type in ("th_open", "td_open") for token in tokens) == 6
    texts = [token.content for token in tokens if token.type == "inline"]
    assert texts == ["a|b", "$\\vert x\\vert $", "`p|q`", "$\\Vert v\\Vert $", "x y", "|"]


def test_a_figure_is_a_transparent_picture_of_its_width() -> None:
    half = '<rect x="20" width="20" height="10" fill="#c00"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 10">{half}</svg>'
    figure = Figure(svg, "A [red] half", width=0.4)
    picture = Image.open(io.BytesIO(png(figure)))
    assert picture.size == (400, 100)
    assert picture.getpixel((100, 50))[3] == 0 and picture.getpixel((300, 50)) == (204, 0, 0, 255)
    (cell,) = cells(figure)
    assert cell.source == f"![A \\[red\\] half](data:image/png;base64,{base64.b64encode(png(figure)).decode()})"


def test_a_figure_that_cannot_be_drawn_is_reported() -> None:
    with pytest.raises(WorkFailed, match="figure 'broken'"):
        notebook(Document("t", (Figure("<svg", "broken"),)), INSTALL)


def test_the_install_cell_helps_who_lacks_gradus(capsys: pytest.CaptureFixture[str]) -> None:
    source = notebook(Document("t", ()), INSTALL).cells[1].source
    done = subprocess.run(
        [sys.executable, "-S", "-I", "-c", source], capture_output=True, text=True, check=True, cwd="/"
    )
    assert INSTALL in done.stdout and "is not installed" in done.stdout


def test_a_notebook_is_really_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    runtime = tmp_path / "runtime"
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "none"))
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "data.txt").write_text("42")
    source = "import sys\nfor k in range(3): print(k, flush=True)\nprint(open('data.txt').read(), file=sys.stderr)"
    nb = notebook(
        Document("t", (Code(source), Text("x"), Code("x = 6"), Code("import sys\n(x * 7, sys.executable)"))), INSTALL
    )
    before = notebook_bytes(nb)
    seen: list[tuple[int, int]] = []
    done = execute(nb, folder, lambda cell, total: seen.append((cell, total)), 60)
    nbformat.validate(done)
    assert notebook_bytes(nb) == before, "the notebook given is left alone"
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    code = [cell for cell in done.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [1, 2, 3, 4]
    assert code[0].outputs[0].text.startswith("gradus ")
    assert [(out.name, out.text) for out in code[1].outputs] == [("stdout", "0\n1\n2\n"), ("stderr", "42\n")]
    assert code[3].outputs[0].data["text/plain"] == repr((42, sys.executable))
    assert done.metadata == nb.metadata and not any("execution" in cell.metadata for cell in done.cells)
    assert list(folder.iterdir()) == [folder / "data.txt"] and not runtime.exists()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("source", "timeout_s", "message"),
    [
        ("1 / 0", 60, r"cell 4 of 4: ZeroDivisionError: division by zero"),
        ("import os\nos._exit(3)", 60, r"cell 4 of 4: the kernel stopped"),
        ("import time\ntime.sleep(60)", 1, r"cell 4 of 4: it took longer than 1 s"),
    ],
)
def test_a_cell_that_fails_is_named(tmp_path: Path, source: str, timeout_s: float, message: str) -> None:
    with pytest.raises(WorkFailed, match=message):
        execute(notebook(Document("t", (Text("a"), Code(source))), INSTALL), tmp_path, None, timeout_s)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process on Windows")
def test_an_interrupt_ends_the_kernel(tmp_path: Path) -> None:
    cell = "import os, time\nopen('pid', 'w').write(f'{os.getpid()}.')\ntime.sleep(60)"
    program = (
        "from pathlib import Path\nfrom gradus.documents.notebook import *\nfrom gradus.documents.blocks import *\n"
        f"try: execute(notebook(Document('t', (Code({cell!r}),)), 'x'), Path('.'))\n"
        "except KeyboardInterrupt: print('stopped')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    pid = tmp_path / "pid"
    while process.poll() is None and not (pid.exists() and pid.read_text().endswith(".")):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == ("stopped\n", "")
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()[:-1]), 0)
