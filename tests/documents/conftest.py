"""What the tests of the writers share: a document with every block, a formula for every macro, a browser."""

from __future__ import annotations

import html as markup
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gradus.documents.blocks import AnswerSpace, Code, Document, Figure, Math, PageAnchor, Table, Text
from gradus.documents.latex_macros import ENVIRONMENTS, MACROS, Macro

Probe = Callable[..., Any]

_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40" viewBox="0 0 80 40">'
    '<circle id="n" cx="20" cy="20" r="9" fill="#4477aa"/></svg>'
)

_STRUCTURES = {
    "\\frac": r"\frac{a}{b}", "\\dfrac": r"\dfrac{a}{b}", "\\tfrac": r"\tfrac{a}{b}", "\\cfrac": r"\cfrac{a}{b}",
    "\\binom": r"\binom{n}{k}", "\\dbinom": r"\dbinom{n}{k}", "\\tbinom": r"\tbinom{n}{k}", "\\sqrt": r"\sqrt[3]{x}",
    "\\left": r"\left( \frac{a}{b} \right]", "\\right": r"\left\{ a \right.",
    "\\middle": r"\left( a \middle| b \right)",
    "\\begin": r"\begin{matrix} a & b \\ c & d \end{matrix}", "\\end": r"\begin{matrix} a \end{matrix}",
    "\\text": r"\text{if } x", "\\textrm": r"\textrm{a b}", "\\textbf": r"\textbf{a b}", "\\textit": r"\textit{a b}",
    "\\texttt": r"\texttt{a b}", "\\operatorname": r"\operatorname*{arg\,max}_x f", "\\overset": r"\overset{!}{=}",
    "\\underset": r"\underset{x}{\to}", "\\stackrel": r"a \stackrel{d}{=} b",
    "\\substack": r"\sum_{\substack{i < n \\ j < n}} a", "\\not": r"a \not\in b", "\\limits": r"\int\limits_0^1 x",
    "\\nolimits": r"\sum\nolimits_0^1 x", "\\pmod": r"a \pmod{n}",
    "\\hline": r"\begin{array}{c|c} a & b \\ \hline c & d \end{array}",
    "\\\\": r"\begin{aligned} a &= b \\ &= c \end{aligned}",
}  # fmt: skip


@pytest.fixture(scope="session")
def formulas() -> dict[str, str]:
    """For every spelling and environment of the strict subset one formula that uses it."""
    spelled = {name: _formula(macro) for name, macro in MACROS.items()}
    return spelled | {f"environment {name}": _environment(name) for name in ENVIRONMENTS}


def _formula(macro: Macro) -> str:
    match macro.role:
        case "structure":
            return _STRUCTURES[macro.name]
        case "accent" | "style" | "decoration":
            return f"{macro.name}{{x}}"
        case "size":
            return f"{macro.name}( a"
        case _:
            return f"a {macro.name} b"


def _environment(name: str) -> str:
    columns = "{lc}" if name == "array" else ""
    rows = r"a \\ b" if name.startswith("gather") else r"a & b \\ c & d"
    return f"\\begin{{{name}}}{columns} {rows} \\end{{{name}}}"


@pytest.fixture(scope="session")
def page() -> Document:
    """A document with every block, with a formula and a table too wide for a telephone."""
    wide = " + ".join(f"x_{{{n}}}" for n in range(1, 40))
    matrix = "\\begin{bmatrix}" + "&".join(map(str, range(100, 130))) + "\\end{bmatrix}"
    blocks = (
        Text(
            "# Part 3\n\nAn *old* **rule**: $a^2 < b$, `code`, [a link](https://example.org).\n\n"
            "- one\n- two\n\n> quoted"
        ),
        PageAnchor("3.8", "first"),
        Text("## Problem 3.8. The norm $\\lVert x \\rVert$\n\nBroad: $" + matrix + "$ and $$\\frac{1}{2}$$ shown."),
        Math(wide),
        Table(("name", "value $v$"), (("a", "$|x|$"), ("b | c", "2")), "Two *rows*"),
        Figure(_SVG, "A single neuron", "The neuron $n$", 0.4),
        Code("print('out' + 'put ' * 60)", "out" + "put " * 60),
        Code("print('for the notebook')", "for the notebook", notebook_only=True),
        AnswerSpace("3.8", 25),
        PageAnchor("3.8", "last"),
        Text(
            "## Problem 3.9\n\n| left | right |\n| :-- | --: |\n| 1 | $2$ |\n\n"
            "1. first\n2. second\n\n---\n\n```python\nx = 1\n```"
        ),
    )
    return Document("Homework 5", blocks, "Machine learning", ("Ada L.", "Emmy N."))


@pytest.fixture(scope="session")
def hostile() -> Document:
    """A document whose every field tries to break out of the page it is written to."""
    bad = '</script><script>alert(1)</script><img src=x onerror=alert(2)>" onload="alert(3)'
    links = "[a](javascript:alert(4)) [b]( JaVaScRiPt:alert(5)) <javascript:alert(6)> [c]\n\n[c]: vbscript:alert(7)"
    blocks = (
        Text(
            f"{bad}\n\n## {bad}\n\n{links}\n\n<iframe src='https://example.org'></iframe>\n\n![p](https://example.org/p.png)"
        ),
        Math("\\text{</script><script>alert(8)</script>} <img src=x>"),
        Text(
            "Also $a </span><script>alert(9)</script>$ and `<script>` and\n\n"
            "```html\n</code></pre><script>x</script>\n```"
        ),
        Table((bad.replace("|", ""),), ((bad,),), bad),
        Figure(_SVG.replace("<circle", "<script>alert(10)</script><circle"), bad, bad),
        Code(bad, bad),
        AnswerSpace(bad),
        PageAnchor(bad, "first"),
    )
    return Document(bad, blocks, bad, (bad,))


@pytest.fixture
def probe(tmp_path: Path) -> Probe:
    """``probe(page, width, script, dark)``: what a function of (document, window) says in Chromium of that page."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium on this machine: the page is not looked at in a browser")

    def run(page: str, width: int, script: str, dark: bool = False) -> Any:
        frame = tmp_path / "frame.html"
        frame.write_text(_FRAME.format(width=width, page=markup.escape(page), script=script), encoding="utf-8")
        # An error of the page's security policy would be written to the log.
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--dump-dom",
                 "--hide-scrollbars", "--window-size=1400,2000", "--virtual-time-budget=5000",
                 "--enable-logging=stderr",
                 f"--user-data-dir={tmp_path / 'profile'}",
                 f"--blink-settings=preferredColorScheme={0 if dark else 1}"]  # fmt: skip
        done = subprocess.run(
            [browser, *flags, frame.as_uri()], capture_output=True, text=True, timeout=120, check=True
        )
        assert "Content Security Policy" not in done.stderr, done.stderr
        found = re.search(r'data-probe="([^"]*)"', done.stdout)
        assert found, done.stderr
        return json.loads(markup.unescape(found.group(1)))

    return run


_FRAME = """<!DOCTYPE html><meta charset="utf-8">
<iframe width="{width}" height="1800" srcdoc="{page}"></iframe><script>
addEventListener("load", () => {{
  const frame = document.querySelector("iframe");
  const page = frame.contentDocument;
  page.fonts.ready.then(() => setTimeout(() => {{
    document.documentElement.dataset.probe = JSON.stringify(({script})(page, frame.contentWindow));
  }}, 200));
}});
</script>
"""
