"""``gradus momentum`` as a user calls it: forms of output, verdicts, limits, wrong input."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from gradus.cli import run

SADDLE = ("--hessian", "2 0; 0 -1", "--alpha", "1/10", "--mu", "9/10")


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs the command in an empty folder; gives (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def called(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = run(["momentum", *arguments])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return code, printed.out, printed.err

    return called


def answer(call, *arguments: str, stdin: str = ""):
    code, out, err = call(*arguments, "--json", stdin=stdin)
    assert (code, err) == (0, "")
    return json.loads(out)


def given(hessian: str, *more: str) -> tuple[str, ...]:
    return ("--hessian", hessian, "--alpha", "1/10", "--mu", "9/10", *more)


def test_a_saddle_in_words(call) -> None:
    code, out, err = call(*SADDLE)
    assert code == 0 and err == ""
    assert "No: the weights leave. Along w₂ the iterates leave, if the velocity has a" in out
    assert "17/20 ± √71/20 i" in out and "1 + √10/10, 1 − √10/10" in out


def test_json_has_the_parts_that_are_documented(call) -> None:
    found = answer(call, *SADDLE, "--start", "0 0", "--velocity", "1 0", "--steps", "2")
    assert {
        "comes_back": True,
        "converges": "to the stationary point",
        "oscillates": True,
        "bounded": True,
    }.items() <= (found.items())
    assert [d["fate"] for d in found["directions"]] == ["returns", "stays"]
    assert found["directions"][0]["eigenvalues"]["imaginary"]["text"] == "sqrt(71)/20"
    assert [x["text"] for x in found["steps"]["iterations"][1]["w"]] == ["9/10", "0"]
    assert found["shape"] == "saddle" and [x["text"] for x in found["limit"]] == ["0", "0"]
    assert "nesterov" not in found


def test_an_open_velocity_has_no_limit_of_its_own(call) -> None:
    found = answer(call, *given("1 0; 0 0"))
    assert found["converges"] == "elsewhere" and found["limit"] is None and found["velocity"] is None
    found = answer(call, *given("1 0; 0 0"), "--velocity", "1 2")
    assert [x["text"] for x in found["limit"]] == ["0", "18"]


def test_the_stable_direction_of_a_saddle(call) -> None:
    arguments = ("--hessian", "-15/2", "--alpha", "1/10", "--mu", "1/2", "--start", "1")
    assert answer(call, *arguments, "--velocity=-3")["comes_back"] is True
    assert answer(call, *arguments, "--velocity=-2.999999")["comes_back"] is False
    assert "by its start alone" in call(*arguments, "--velocity=-3")[1]


def test_irrational_directions_and_comparison(call) -> None:
    hessian = "2 1 0; 1 0 1; 0 1 -1"
    found = answer(call, *given(hessian, "--start", "1 0 2", "--compare"))
    values = np.linalg.eigvalsh([[2, 1, 0], [1, 0, 1], [0, 1, -1]])[::-1]
    curvatures = [float(d["curvature"]["decimal"]) for d in found["directions"]]
    np.testing.assert_allclose(curvatures, values, atol=1e-12)
    assert found["directions"][0]["curvature"]["text"].startswith("root(")
    assert len(found["nesterov"]["directions"]) == 3 and found["nesterov"]["comes_back"] is False
    assert set(found["distances"]) == {"iterations", "momentum", "nesterov", "adam"}
    code, out, _ = call(*given(hessian, "--compare", "--steps", "3"))
    assert code == 0 and "Nesterov's form" in out and "Adam" in out and "For example with the" in out


def test_distances_are_those_of_a_run(call) -> None:
    found = answer(call, *given("2 1; 1 2", "--start", "3 1", "--stationary-point", "1 1", "--compare"))
    Q, w, v = np.array([[2.0, 1], [1, 2]]), np.array([2.0, 0]), np.zeros(2)
    sizes = []
    for _ in range(100):
        v = 0.9 * v - 0.1 * Q @ w
        w = w + v
        sizes.append(np.linalg.norm(w))
    np.testing.assert_allclose(found["distances"]["momentum"], [sizes[k - 1] for k in (10, 40, 100)], rtol=1e-9)


def test_files_are_written(call, tmp_path: Path) -> None:
    code, out, err = call(*SADDLE, "--plot", "p.svg", "--html", "a.html", "--pdf", "a.pdf", "--velocity", "1 1")
    assert code == 0 and all(f"wrote {name}" in err for name in ("p.svg", "a.html", "a.pdf")) and "wrote" not in out
    assert (tmp_path / "p.svg").read_text().startswith("<svg")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    assert "The iterates come back exactly if" in (tmp_path / "a.html").read_text()


def test_from_files_and_stdin(call, tmp_path: Path) -> None:
    (tmp_path / "Q.txt").write_text("2 0\n0 -1\n")
    assert answer(call, "--hessian", "@Q.txt", "--alpha", "0.1", "--mu", "0.9")["shape"] == "saddle"
    assert answer(call, "--hessian", "-", "--alpha", "0.1", "--mu", "0", stdin="-1 0; 0 1")["comes_back"] is True


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (given("1 2; 3 4"), 2, "hessian = 1 2; 3 4: must be symmetric, but entry (1, 2) is 2 and entry (2, 1) is 3"),
        (given("1 2 3; 3 4 5"), 2, "hessian = 1 2 3; 3 4 5: must be square, and is 2 x 3"),
        (given("1 2; 2"), 2, "hessian = 1 2; 2: row 2 has 1 entry"),
        (given("1 x; x 1"), 2, "hessian, entry (1, 2) = x"),
        (("--hessian", "1", "--alpha", "0", "--mu", "1/2"), 2, "alpha = 0: must be positive"),
        (("--hessian", "1", "--alpha", "-1/10", "--mu", "1/2"), 2, "alpha = -1/10: must be positive"),
        (("--hessian", "1", "--alpha", "one", "--mu", "1/2"), 2, "alpha = one"),
        (("--hessian", "1", "--alpha", "1", "--mu", "1"), 2, "mu = 1: must be at least 0 and below 1"),
        (("--hessian", "1", "--alpha", "1", "--mu", "-1/2"), 2, "mu = -1/2: must be at least 0 and below 1"),
        (given("1 0; 0 1", "--start", "1"), 2, "start = (1): must have 2 entries"),
        (given("1 0; 0 1", "--velocity", "1 2 3"), 2, "velocity = (1, 2, 3): must have 2 entries"),
        (given("1 0; 0 1", "--stationary-point", "1"), 2, "stationary-point = (1): must have 2 entries"),
        (given("1", "--steps", "-1"), 2, "steps = -1: must not be negative"),
        (given("1", "--steps", "1001"), 1, "steps = 1001: must be at most 1,000"),
        (given("1", "--steps", "many"), 2, "not a valid integer"),
        (given("sqrt(2) 1 1; 1 0 1; 1 1 3"), 1, "no sum of square roots"),
        (given("; ".join(" ".join("0" for _ in range(13)) for _ in range(13))), 1, "at most 12 rows"),
        (given("; ".join(" ".join("0" for _ in range(7)) for _ in range(7)), "--html", "a"), 1, "at most 6 rows"),
        (given("-", "--start", "-"), 2, "cannot be read twice"),
        (given("1", "--plot", "no/such/folder.svg"), 2, "cannot be written"),
        (given("1", "--plot", "path.png"), 2, "plot = path.png: is written as SVG"),
        (given("1", "--plot", "."), 2, "output = .: cannot be written (Is a directory)"),
        (("--alpha", "1", "--mu", "0"), 2, "--hessian"),
    ],
)
def test_wrong_input_is_one_message(call, arguments: tuple[str, ...], code: int, message: str) -> None:
    found, out, err = call(*arguments)
    assert (found, out) == (code, "") and message in err


def test_the_steps_of_a_page_are_numbered_through(call, tmp_path: Path) -> None:
    code, _, _ = call(*SADDLE, "--html", "a.html")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert code == 0 and all(page.count(f"<strong>{n}. ") == 1 for n in range(1, 6))


def test_large_approximate_eigenvectors_have_their_size_in_front(call) -> None:
    rows = "; ".join(" ".join(str((i * j) % 7 + (j * j + i * i) % 3) for i in range(6)) for j in range(6))
    code, out, _ = call(*given(rows))
    assert code == 0 and " ⋅ (" in " ".join(out.split())


def test_eight_rows_with_irrational_eigenvalues(call) -> None:
    rng = np.random.default_rng(5)
    B = rng.integers(-3, 4, size=(8, 8))
    text = "; ".join(" ".join(map(str, row)) for row in B + B.T)
    found = answer(call, *given(text, "--start", " ".join("1" * 8)))
    assert all("root(" in d["curvature"]["text"] for d in found["directions"])
    assert found["converges"] == "not at all"
