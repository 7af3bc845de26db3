"""``gradus check`` as a user calls it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from gradus.cli import run


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Checks answers to a problem of hw5; gives (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def called(id: str, *answers: str, stdin: str = "", options: tuple[str, ...] = ()) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = run(["check", "hw5", id, *(part for answer in answers for part in ("--answer", answer)), *options])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return code, printed.out.strip(), printed.err

    return called


def test_right(check) -> None:
    assert check("3.8", "(3/10, 2/5)") == (0, "right", "")
    assert check("3.3", "-3/5 -4/5") == (0, "right", ""), "a leading minus is no option"
    assert check("3.6", "U=1/sqrt(2) [1 -1; 1 1]", "Sigma=5*sqrt(2) 0; 0 0") == (0, "right", "")
    assert check("1.1", "yes") == (0, "right", "")


def test_wrong_says_why_in_plain_text(check) -> None:
    code, out, err = check("3.10", "(4/5,-3/5),(-4/5,3/5),(4/5,3/5),(-4/5,-3/5)")
    assert (code, err) == (1, "")
    assert out.startswith("wrong: A x is not 0 for x = (4/5, 3/5): A x = (24/5, 24/5)")
    assert "$" not in out and "\\" not in out and "1/5 [4; 3]" in out
    assert check("1.3", "(0, 0)")[1] == "wrong: It is not equal to the exact answer."


def test_witnesses_are_not_read_as_markdown(check) -> None:
    out = check("3.6", "U=1/sqrt(2) [1 1; 1 -1]", "Sigma=7*sqrt(2) 0; 0 0")[1]
    assert "A A^T u1 = (25*sqrt(2), 25*sqrt(2))" in out


def test_json(check) -> None:
    code, out, _ = check("3.5", "3/5 7/5; 4/5 0", options=("--json",))
    assert code == 1
    assert json.loads(out) == {
        "set": "hw5",
        "id": "3.5",
        "verdict": "wrong",
        "reason": "Column 2 of V has length 7/5, not 1.",
    }
    code, out, _ = check("3.9", "(0, 5/8) + t*(4, -3)", options=("--json",))
    assert code == 0 and json.loads(out)["verdict"] == "right" and json.loads(out)["reason"] == ""


def test_an_answer_from_a_file_or_stdin(check, tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("3/5 -4/5\n4/5 3/5\n")
    assert check("3.5", "@v.txt")[0] == 0
    assert check("3.5", "-", stdin="-3/5 -4/5; -4/5 3/5")[0] == 0


def test_what_no_mathematics_decides_is_undecided(check) -> None:
    code, out, _ = check("4.1", "it is")
    assert code == 1 and out.startswith("undecided: ")


def test_a_decision_that_takes_too_long_is_undecided(check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradus.cli.check.TIME_S", 1e-6)
    code, out, _ = check("3.8", "(3/10, 2/5)")
    assert code == 1 and out.startswith("undecided: It was not finished after 1e-06 s")


@pytest.mark.parametrize(
    ("id", "answers", "said"),
    [
        ("3.8", ["(3/10, 2/5"], "it ends too early"),
        ("3.8", ["(3/10, NaN)"], "holds NaN"),
        ("3.8", ["1", "2"], "one answer too many"),
        ("3.8", [], "Missing option '--answer'"),
        ("3.5", ["3/5 a; 4/5 3/5"], "entry (1, 2) = a"),
        ("3.6", ["U = 1"], "lacks Sigma"),
        ("3.6", ["@none"], "cannot be read"),
        ("3.11", ["1"], "is not in the set hw5"),
    ],
)
def test_what_cannot_be_read_is_code_2(check, id: str, answers: list[str], said: str) -> None:
    code, out, err = check(id, *answers)
    assert (code, out) == (2, "") and said in err


def test_budgets_are_code_1(check) -> None:
    code, out, err = check("3.8", "(2^(2^(2^9)), 1)")
    assert (code, out) == (1, "") and "at most 1000" in err
