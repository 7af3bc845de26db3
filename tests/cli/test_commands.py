"""The commands as a user calls them: what they print, what they write, their exit codes, and wrong input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradus.cli import run


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs a command line in an empty folder; gives (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def called(*arguments: str) -> tuple[int, str, str]:
        code = run(list(arguments))
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return code, printed.out, printed.err

    return called


def test_sets_and_kinds(call) -> None:
    code, out, _ = call("sets")
    assert code == 0 and "hw5" in out and "23 problems" in out
    assert json.loads(call("sets", "--json")[1])["sets"][0]["name"] == "hw5"
    kinds = json.loads(call("kinds", "--json")[1])["kinds"]
    assert {"name": "linear-algebra/rank", "decided_by": "mathematics"}.items() <= kinds[
        [kind["name"] for kind in kinds].index("linear-algebra/rank")
    ].items()
    assert "linear-algebra/rank" in call("kinds")[1]


def test_the_example_of_every_kind_is_a_block_that_reads(call) -> None:
    from gradus.sets import parsed_set

    for kind in json.loads(call("kinds", "--json")[1])["kinds"]:
        (problem,) = parsed_set(kind["example"], "a", "a.md").problems
        assert problem.kind.name == kind["name"]
        assert kind["example"] in call("kinds", kind["name"])[1]
    assert call("kinds", "network/ouput")[0] == 2


def test_a_terminal_without_unicode_loses_no_minus(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gradus", "show", "hw5", "3.4"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    shown = done.stdout.decode("ascii")
    assert "1/5 [-4; 3]" in shown and "?" not in shown.replace("What is", "")


@pytest.mark.parametrize(
    ("text", "encoding", "written"),
    [
        ("w₁₀ ≈ 9.9 ⋅ 10⁻⁸", "ascii", "w_10 ~ 9.9 * 10^-8"),
        ("∂ℓ/∂𝐱⁽ᵏ⁻¹⁾", "ascii", "dl/dx^(k-1)"),
        ("αλu < 2(1 + 𝜇), 𝐰 + μ𝐯", "ascii", "alpha lambda u < 2(1 + mu), w + mu v"),
        ("17/20 ± √71/20 i", "ascii", "17/20 +- sqrt 71/20 i"),
        ("λ±²", "latin-1", "lambda±²"),
    ],
)
def test_mathematics_without_unicode(text: str, encoding: str, written: str) -> None:
    from gradus.cli.plain_terminal import use_plain_terminal

    use_plain_terminal()
    assert text.encode(encoding, "gradus-ascii").decode(encoding) == written


def test_bytes_that_are_no_text_are_refused(call) -> None:
    code, _, err = call("solve", "hw5", "--only", "3.2", "--member", "a\udcffb")
    assert code == 2 and "is not UTF-8 text" in err


def test_answers_as_json_and_nothing_else(call, tmp_path: Path) -> None:
    code, out, _ = call("solve", "hw5", "--only", "1.3,3.8", "--json")
    result = json.loads(out)
    assert code == 0 and result["set"] == "hw5"
    assert [sorted(problem) for problem in result["problems"]] == [["answer", "id", "kind", "seconds"]] * 2
    assert result["problems"][1]["answer"][0] == {"text": "3/10", "latex": r"\frac{3}{10}", "decimal": "0.3"}
    assert list(tmp_path.iterdir()) == [], "with --json alone nothing is written"


def test_show(call) -> None:
    code, out, _ = call("show", "hw5", "3.8")
    assert code == 0 and "Problem 3.8" in out and "1/10 [3; 4]" in out
    assert "Answer" not in call("show", "hw5", "3.8", "--without-answers")[1]
    whole = call("show", "hw5")[1]
    assert "Part 1" in whole and "Problem 4.5" in whole
    (listed,) = json.loads(call("show", "hw5", "3.8", "--json")[1])["problems"]
    assert listed["parameters"]["b"] == ["2", "3"] and listed["answer"][1]["text"] == "2/5"


def test_training_problems_show_without_training(call) -> None:
    code, out, _ = call("show", "hw5", "4.1")
    assert code == 0 and "gradus solve hw5 --only 4.1" in " ".join(out.split())


def test_pages_without_answers(call, tmp_path: Path) -> None:
    code, _, _ = call(
        "solve", "hw5", "--without-answers", "--only", "3.8,1.2", "--format", "html,pdf", "--member", "Ann", "Bo"
    )
    assert code == 0
    page = (tmp_path / "out/hw5/problems.html").read_text()
    assert "Ann" in page and "Bo" in page and "Problem 3.8" in page and "\\frac{3}{10}" not in page
    pages = json.loads((tmp_path / "out/hw5/problems-pages.json").read_text())
    assert [problem["id"] for problem in pages["problems"]] == ["1.2", "3.8"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("solve", "hw6"), "did you mean hw5?"),
        (("solve", "hw5", "--only", "3.11"), "did you mean 3.1"),
        (("solve", "hw5", "--only", ","), "at least one problem"),
        (("solve", "hw5", "--format", "docx"), "choose among html, ipynb, json, pdf"),
        (("solve", "hw5", "--format", ","), "choose among html, ipynb, json, pdf"),
        (("solve", "hw5", "--device", "tpu"), "tpu"),
        (("solve", "hw5", "extra"), "one too many"),
        (("solve",), "Missing argument"),
        (("show", "hw5", "9.9"), "is not in the set hw5"),
        (("solve", "x" * 5000), "not the name of a file"),
        (("frobnicate",), "No such command"),
        (("solve", "hw5", "--only", "4.1", "--data", "no-such-data"), "no-such-data"),
    ],
)
def test_wrong_input_is_one_message_and_code_2(call, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert len([line for line in err.splitlines() if line.startswith(("gradus:", "Error:"))]) == 1


def test_a_folder_that_cannot_be_written(call, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, _, err = call("solve", "hw5", "--only", "3.2", "--out", str(tmp_path / "file" / "sub"))
    assert code == 2 and "cannot be written" in err and "--out" in err


def test_a_set_file_with_an_error(call, tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text('```{problem} linear-algebra/rank\nid: "1"\nA: [[1, 2], [3]]\n```\n')
    code, _, err = call("solve", "mine.md")
    assert code == 2
    assert err.strip() == "gradus: mine.md:3: A = [[1, 2], [3]]: row 2 has 1 entry where row 1 has 2; " + (
        "give every row the same number of entries"
    )


def test_one_problem_that_cannot_be_done_does_not_lose_the_others(call, tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text(
        '```{problem} svd/right-singular-vectors\nid: "1"\nA: [["sqrt(2)", "sqrt(3)"], ["sqrt(5)", "sqrt(7)"]]\n```\n'
        '```{problem} linear-algebra/rank\nid: "2"\nA: [[1, 1, 0], [0, 1, 1], [0, 0, 1]]\n```\n'
    )
    code, out, err = call("solve", "mine.md", "--json")
    assert code == 1 and "mine.md:1: problem 1" in err
    first, second = json.loads(out)["problems"]
    assert first["answer"] is None and "field of dimension 16" in first["reason"]
    assert second["answer"]["text"] == "3"


def test_a_formula_that_is_too_long_is_its_problems_failure_alone(call, tmp_path: Path) -> None:
    row = "[" + ", ".join(["9" * 2000] * 8) + "]"
    (tmp_path / "mine.md").write_text(
        f'```{{problem}} linear-algebra/rank\nid: "1"\nA: [{row}, {row}, {row}]\n```\n'
        '```{problem} linear-algebra/rank\nid: "2"\nA: [[1]]\n```\n'
    )
    code, _, err = call("solve", "mine.md", "--format", "html,pdf,json")
    assert code != 0 and "mine.md:1: problem 1" in err and "20,000" in err.replace("20000", "20,000")
    page = (tmp_path / "out/mine/solution.html").read_text()
    assert "Not solved" in page and "The rank of" in page and (tmp_path / "out/mine/solution.pdf").exists()


def test_names_with_brackets_are_no_markup(call, tmp_path: Path) -> None:
    code, _, err = call("solve", "hw5", "--only", "3.2", "--format", "html", "--out", "z[/b][red]")
    assert code == 0 and "z[/b][red]/solution.html" in err
    code, _, err = call("solve", "hw5", "--only", "4.1", "--data", "img[/b]")
    assert code == 2 and "img[/b]" in err


def test_a_page_that_cannot_be_set_keeps_the_others(call, tmp_path: Path) -> None:
    text = '# \N{CJK UNIFIED IDEOGRAPH-4E2D}\n```{problem} linear-algebra/rank\nid: "1"\nA: [[1]]\n```\n'
    (tmp_path / "mine.md").write_text(text, encoding="utf-8")
    code, _, err = call("solve", "mine.md", "--format", "pdf,html,json")
    assert code == 2 and "U+4E2D" in err and "solution.pdf was not written" in err
    assert (tmp_path / "out/mine/solution.html").exists() and (tmp_path / "out/mine/solution.json").exists()
