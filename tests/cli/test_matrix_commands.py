"""The commands about one matrix, as a user calls them: forms of input and output, limits, wrong input."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradus.cli import run

COMMANDS = ("rank", "subspaces", "svd", "pinv", "lstsq", "minimisers")
SAMPLE = "3 4; 3 4"


def arguments(command: str, matrix: str = SAMPLE, b: str = "2 3") -> list[str]:
    return [command, matrix, *([b] if command == "lstsq" else [])]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs a command line in an empty folder; gives (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()

    def called(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = run(list(arguments))
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return code, printed.out, printed.err

    return called


def floats(rows: list[list[dict[str, str]]]) -> np.ndarray:
    return np.array([[float(x["decimal"]) for x in row] for row in rows])


def answer(call, *arguments: str, stdin: str = ""):
    code, out, err = call(*arguments, "--json", stdin=stdin)
    assert (code, err) == (0, "")
    return json.loads(out)


def texts(vector: list[dict[str, str]]) -> list[str]:
    return [x["text"] for x in vector]


def test_json_has_the_parts_that_are_documented(call) -> None:
    assert answer(call, "rank", SAMPLE) == {"rank": 1}
    svd = answer(call, "svd", SAMPLE)
    assert sorted(svd) == ["Sigma", "U", "V", "rank", "singular_values"]
    assert svd["singular_values"][0] == {
        "text": "5*sqrt(2)",
        "latex": r"5\sqrt{2}",
        "decimal": "7.07106781186547524400844362105",
    }
    assert np.allclose(floats(svd["U"]) @ floats(svd["Sigma"]) @ floats(svd["V"]).T, [[3, 4], [3, 4]])
    assert [texts(row) for row in answer(call, "pinv", SAMPLE)["pseudo_inverse"]] == [["3/50"] * 2, ["2/25"] * 2]
    lstsq = answer(call, "lstsq", SAMPLE, "2 3")
    assert texts(lstsq["min_norm"]) == ["3/10", "2/5"] and texts(lstsq["directions"][0]) == ["-4/5", "3/5"]
    assert texts(lstsq["residual"]) == ["1/2", "-1/2"] and lstsq["residual_norm"]["text"] == "sqrt(2)/2"
    points = answer(call, "minimisers", SAMPLE)
    assert points["kind"] == "points" and [texts(v) for v in points["points"]] == [["-4/5", "3/5"], ["4/5", "-3/5"]]
    assert points["minimum"]["text"] == "0"
    sphere = answer(call, "minimisers", "2 0; 0 2")
    assert sphere["kind"] == "sphere" and len(sphere["basis"]) == 2 and sphere["minimum"]["text"] == "2"
    subspaces = answer(call, "subspaces", "1 2 2")
    assert {name: len(basis) for name, basis in subspaces.items()} == {
        "row_space": 1,
        "null_space": 2,
        "column_space": 1,
        "left_null_space": 0,
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_a_leading_minus_is_a_number(call, command: str) -> None:
    code, out, err = call(*arguments(command, "-1 2; -2 4", "-1 3"))
    assert (code, err) == (0, "") and out.strip()
    assert call(*arguments(command, "-sqrt(2)", "-1"))[0] == 0
    assert call(*arguments(command, "\N{MINUS SIGN}1 2", "-.5"))[0] == 0


def test_rank_of_a_matrix_in_a_file_or_on_stdin(call, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1 2\n-2 4\n\n", encoding="utf-8-sig")
    (tmp_path / "a.json").write_text('[["1", "2"], [0.5, 1]]')
    assert answer(call, "rank", "@a.txt") == {"rank": 2}
    assert answer(call, "rank", "@a.json") == {"rank": 1}
    assert answer(call, "rank", "-", stdin="1 2; 2 4\n") == {"rank": 1}
    assert texts(answer(call, "lstsq", "@a.txt", "-", stdin="1\n-2\n")["min_norm"]) == ["1", "0"]
    many = "\n".join(" ".join(str((i + 1) * (j + 10**6)) for j in range(40)) for i in range(60))
    assert len(many) > 20_000
    assert answer(call, "rank", "-", stdin=many) == {"rank": 1}
    code, _, err = call("rank", "-", stdin=many.replace("\n", "x\n", 1))
    assert code == 2 and "A, entry (1, 40)" in err
    code, _, err = call("rank", "-", stdin=many + "x")
    assert code == 2 and "A, entry (60, 40)" in err
    code, _, err = call("rank", "-", stdin=many + " 1")
    assert code == 2 and "row 60 has 41 entries where row 1 has 40" in err


def test_the_terminal_shows_a_textbook_and_decimals(call) -> None:
    out = call("svd", SAMPLE)[1]
    assert "⎡5√2  0⎤ ≈ ⎡7.07107  0⎤" in out and "Check" not in out
    assert "0.06" not in call("pinv", SAMPLE)[1], "rational numbers need no decimals"
    assert "7.07107 ⋅ 10⁻⁷" in call("pinv", "1000000*sqrt(2)")[1]


def test_roots_of_polynomials_are_shown_by_letters(call) -> None:
    code, out, _ = call("svd", "1 1 0; 0 1 1; 0 0 1")
    assert code == 0 and "α₁ = root₃(x³ − x² − 2x + 1) ≈ 1.80194" in out
    assert "⎡α₁   0   0⎤   ⎡1.80194        0         0⎤" in out
    latex = call("svd", "1 1 0; 0 1 1; 0 0 1", "--latex")[1]
    assert "alpha" not in latex and r"\operatorname{root}_{3}" in latex
    out = call("minimisers", "1 1 0; 0 1 1; 0 0 1")[1]
    assert out.count("0.445042") == 1


def test_a_wide_table_uses_every_letter_of_its_legend(call) -> None:
    code, out, _ = call("svd", "1 1 0 0; 0 1 1 0; 0 0 1 1; 0 0 0 1")
    table = out[: out.index("α₁ =")]
    assert code == 0 and all(letter in table for letter in ("α₁", "α₂", "α₃")) and "…" not in table


@pytest.mark.parametrize("command", COMMANDS)
def test_steps_latex_and_pages(call, command: str, tmp_path: Path) -> None:
    code, out, _ = call(*arguments(command), "--steps")
    assert code == 0 and "Check" in out and "✗" not in out
    code, out, _ = call(*arguments(command), "--latex")
    lines = out.strip().splitlines()
    assert code == 0 and all(" = " in line and "$" not in line for line in lines)
    code, out, err = call(*arguments(command), "--json", "--html", "a.html", "--pdf", "a.pdf")
    assert code == 0 and json.loads(out) and "wrote a.html" in err and "wrote a.pdf" in err
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "Check" in page and lines[0].split(" = ")[0].lstrip("\\") in page
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


def test_thin_svd_keeps_what_belongs_to_non_zero_singular_values(call) -> None:
    found = answer(call, "svd", SAMPLE, "--thin")
    assert [len(found[name][0]) for name in ("U", "Sigma", "V")] == [1, 1, 1]
    assert np.allclose(floats(found["U"]) @ floats(found["Sigma"]) @ floats(found["V"]).T, [[3, 4], [3, 4]])
    code, _, err = call("svd", "0 0; 0 0", "--thin")
    assert code == 1
    assert "ask for the full" in err


def test_svd_states_v_once_in_its_steps(call) -> None:
    assert call("svd", SAMPLE, "--steps")[1].count("The right factor V") == 0


def test_a_result_that_is_too_long_for_a_formula_is_printed_row_by_row(call) -> None:
    matrix = "; ".join(" ".join("1" if i == j else "0" for j in range(80)) for i in range(80))
    code, out, _ = call("pinv", "-", stdin=matrix)
    rows = [line for line in out.splitlines() if line.startswith(("0 ", "1 "))]
    assert code == 0 and "\n".join(rows) == matrix.replace("; ", "\n")


@pytest.mark.parametrize(
    ("matrix", "code", "said"),
    [
        ("1 2; 3", 2, "A = 1 2; 3: row 2 has 1 entry where row 1 has 2"),
        ("", 2, "at least one row"),
        (" ; ", 2, "at least one row"),
        ("[[]]", 2, "at least one row"),
        ("[[1, 2], [3", 2, "not a JSON list"),
        ("1 a; 3 4", 2, "A, entry (1, 2) = a"),
        ("1 2; 3 1e400000000", 2, "A, entry (2, 2) = 1e400000000"),
        ("2^(2^(2^9)) 1", 1, "A, entry (1, 1) = 2^(2^(2^9)): must be at most 1000"),
        ("1 " + "9" * 10_000, 1, "A, entry (1, 2) = 99"),
        ("1 NaN", 2, "A, entry (1, 2) = NaN"),
        ("[[1, NaN]]", 2, "A, entry (1, 2) = "),
        ("1+2i 0", 2, "A, entry (1, 1) = 1+2i"),
        ("1 2j", 2, "A, entry (1, 2) = 2j"),
        ("1/0 2", 2, "A, entry (1, 1) = 1/0: divides by 0"),
        ("sqrt(-1) 2", 2, "A, "),
        ("@missing.txt", 2, "A = @missing.txt: cannot be read"),
        ("@.", 2, "A = @.: cannot be read"),
        ("@", 2, "A = @: cannot be read"),
        ("@binary", 2, "is not UTF-8 text"),
        ("@large", 1, "1,000,000 characters"),
        ("@400", 1, "10,000 entries"),
        ("@wide", 1, "must have at most"),
        ("@heavy", 1, "400,000 bits"),
    ],
)
@pytest.mark.parametrize("command", ["svd", "rank"])
def test_wrong_input_is_one_message(call, tmp_path: Path, command: str, matrix: str, code: int, said: str) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe1 2")
    (tmp_path / "large").write_text("1 " * 600_000)
    (tmp_path / "400").write_text("\n".join([" ".join(["1"] * 400)] * 400))
    (tmp_path / "wide").write_text(" ".join(["1"] * 200))
    (tmp_path / "heavy").write_text("\n".join([" ".join(["9" * 1900] * 10)] * 10))
    found, out, err = call(command, matrix)
    assert (found, out) == (code, "") and said in err
    assert err.count("gradus:") == 1 and len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["lstsq", SAMPLE, "1 2 3"], "b = (1, 2, 3): has 3 entries, and A has 2 rows"),
        (["lstsq", SAMPLE, "1 b"], "b, entry (1, 2) = b"),
        (["lstsq", SAMPLE], "Missing argument"),
        (["lstsq", "-", "-"], "cannot be read from stdin"),
        (["rank", SAMPLE, "--stesp"], "No such option"),
        (["rank", "-a 1"], "No such option"),
        (["rank", SAMPLE, "1 2"], "unexpected extra argument"),
        (["svd", SAMPLE, "--json", "--latex"], "does not go with"),
        (["svd", SAMPLE, "--time-limit", "0"], "--time-limit"),
        (["svd", SAMPLE, "--html", "missing/a.html"], "name another file"),
    ],
)
def test_wrong_use(call, line: list[str], said: str) -> None:
    code, out, err = call(*line)
    assert (code, out) == (2, "") and said in err


def test_steps_are_for_small_matrices(call) -> None:
    nine = "; ".join(" ".join("1" if i == j else "0" for j in range(9)) for i in range(9))
    code, _, err = call("rank", nine, "--steps")
    assert code == 1 and "at most 8 rows" in err
    assert answer(call, "rank", nine) == {"rank": 9}


def test_work_that_takes_too_long_ends(call) -> None:
    code, out, err = call("pinv", "; ".join(" ".join(str(i * j % 97) for j in range(40)) for i in range(40)),
                          "--time-limit", "0.000001")  # fmt: skip
    assert (code, out) == (1, "") and "not finished after 1e-06 s" in err and "--time-limit" in err


pieces = st.sampled_from(
    ["1", "-2", "3/4", "sqrt(2)", "x", " ", " ", ";", ",", "(", ")", "[", "]", "@", "^", "-", "\n"]
)


@given(st.sampled_from(COMMANDS), st.lists(pieces, max_size=8).map("".join), st.lists(pieces, max_size=4).map("".join))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_ends_in_an_answer_or_a_message(call, command: str, matrix: str, b: str) -> None:
    code, out, err = call(*arguments(command, matrix, b), "--json", "--time-limit", "5", stdin="1 2")
    assert code in (0, 1, 2)
    assert bool(out) == (code == 0) and bool(err) == (code != 0)
