"""What people type is read as the answer that they mean; what is no answer is refused where it stops being one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradus.answers.answer import Answer, Basis, Exact, Family, Minimisers, Parts, Prose, YesNo
from gradus.answers.reading import read_answer
from gradus.errors import InputError, UnsupportedError
from gradus.exact import Matrix, Number, Vector

NUMBER = Exact(Number.of(0))
VECTOR = Exact(Vector.of("0"))
MATRIX = Exact(Matrix.of("0"))
BASIS = Basis(())
FAMILY = Family(Vector.of("0"), ())
MINIMISERS = Minimisers("points", ())
FACTORS = Parts({"U": MATRIX, "Sigma": MATRIX})
SYSTEM = Parts({"A": MATRIX, "b": VECTOR})
FORMS = (YesNo(True), NUMBER, VECTOR, MATRIX, BASIS, FAMILY, MINIMISERS, FACTORS, SYSTEM)

HALF = Family(Vector.of("3/10 2/5"), (Vector.of("-4/5 3/5"),))
PAIR = Minimisers("points", (Vector.of("4/5 -3/5"), Vector.of("-4/5 3/5")))
UNITS = (Vector.of("1 0"), Vector.of("0 1"))


@pytest.mark.parametrize(
    ("form", "text", "meant"),
    [
        (NUMBER, "1", Exact(Number.of(1))),
        (NUMBER, "r = -1/2", Exact(Number.of("-1/2"))),
        (NUMBER, "−√2", Exact(Number.of("-sqrt(2)"))),
        (NUMBER, '{"text": "sqrt(2)", "latex": "", "decimal": ""}', Exact(Number.of("sqrt(2)"))),
        (VECTOR, "(3/10, 2/5)", Exact(Vector.of("3/10 2/5"))),
        (VECTOR, "0.3 0.4", Exact(Vector.of("3/10 2/5"))),
        (VECTOR, "x* = 1/10 (3, 4)", Exact(Vector.of("3/10 2/5"))),
        (VECTOR, "[3/10; 2/5]", Exact(Vector.of("3/10 2/5"))),
        (VECTOR, '["3/10", 0.4]', Exact(Vector.of("3/10 2/5"))),
        (VECTOR, "-1, 2", Exact(Vector.of("-1 2"))),
        (MATRIX, "-1 2; 3 4", Exact(Matrix.of("-1 2; 3 4"))),
        (MATRIX, "-1 2\n\n3 4\n", Exact(Matrix.of("-1 2; 3 4"))),
        (MATRIX, "V = 1/5 * [3 -4; 4 3]", Exact(Matrix.of("3/5 -4/5; 4/5 3/5"))),
        (MATRIX, "[[1, 2], [3, 4.5]]", Exact(Matrix.of("1 2; 3 9/2"))),
        (BASIS, "(1, 0), (0, 1)", Basis(UNITS)),
        (BASIS, "{(1, 0); (0, 1)}", Basis(UNITS)),
        (BASIS, "(1, 0) and (0, 1)", Basis(UNITS)),
        (BASIS, '{"basis": [["1", "0"], ["0", "1"]]}', Basis(UNITS)),
        (BASIS, "n = 3/5 4/5", Basis((Vector.of("3/5 4/5"),))),
        (BASIS, "1/sqrt(2) (1, 1)", Basis((Vector.of("sqrt(2)/2 sqrt(2)/2"),))),
        (BASIS, "(1 + sqrt(2))/3, 1", Basis((Vector.of(["1/3 + sqrt(2)/3", 1]),))),
        (BASIS, "{0}", Basis(())),
        (BASIS, "{}", Basis(())),
        (FAMILY, "(3/10, 2/5) + k*(-4/5, 3/5)", HALF),
        (FAMILY, "(3/10 - 4/5 k, 2/5 + 3/5 k)", HALF),
        (FAMILY, "S = {(3/10, 2/5) + k(-4/5, 3/5) : k in R}", HALF),
        (FAMILY, "1/10 (3, 4) + lambda/5 (-4, 3), lambda ∈ ℝ", HALF),
        (FAMILY, "[3/10; 2/5] + t [-4/5; 3/5] for all t", HALF),
        (FAMILY, "k (-4/5, 3/5) + (3/10, 2/5)", HALF),
        (FAMILY, "(1, 0) - 2*(s*(0, 1/2) - (1, 1))", Family(Vector.of("3 2"), (Vector.of("0 -1"),))),
        (FAMILY, "(0,1/2) + t*(4,-3)", Family(Vector.of("0 1/2"), (Vector.of("4 -3"),))),
        (FAMILY, "(k_1, k_2), k_1, k_2 in R", Family(Vector.of("0 0"), UNITS)),
        (FAMILY, "(1, 2) + 0*k*(1, 1)", Family(Vector.of("1 2"), ())),
        (FAMILY, "1 2", Family(Vector.of("1 2"), ())),
        (FAMILY, '{"point": ["3/10", "2/5"], "directions": [["-4/5", "3/5"]]}', HALF),
        (MINIMISERS, "±(4/5, -3/5)", PAIR),
        (MINIMISERS, "x = +- 1/5 (4, -3)", PAIR),
        (MINIMISERS, "{(4/5, -3/5), (-4/5, 3/5)}", PAIR),
        (MINIMISERS, "unit vectors in span{(1, 0), (0, 1)}", Minimisers("sphere", UNITS)),
        (MINIMISERS, "all unit vectors in the span of (1, 0), (0, 1)", Minimisers("sphere", UNITS)),
        (MINIMISERS, "±1", Minimisers("points", (Vector.of("1"), Vector.of("-1")))),
        (YesNo(True), "No.", YesNo(False)),
        (YesNo(True), "true", YesNo(True)),
    ],
)
def test_what_is_meant(form: Answer, text: str, meant: Answer) -> None:
    assert read_answer([text], form) == meant


def test_the_names_of_parameters_are_kept() -> None:
    family = read_answer(["(1, 0) + t*(0, 1)"], FAMILY)
    assert family.text == "(1, 0) + t*(0, 1)"


@pytest.mark.parametrize(
    "texts",
    [
        ["U = 1 0; 0 1; Sigma = 2 0; 0 1"],
        ["U=1 0; 0 1", "Sigma=2 0; 0 1"],
        ["Σ = [2 0; 0 1], U = [1 0; 0 1]"],
        ["U = [[1,0],[0,1]] and Sigma = [[2,0],[0,1]]"],
        ['{"Sigma": [[2, 0], [0, 1]], "U": [["1", "0"], ["0", "1"]]}'],
        ["U = 1 0\n0 1\nSigma = 2 0\n0 1\n"],
    ],
)
def test_parts(texts: list[str]) -> None:
    meant = Parts({"U": Exact(Matrix.of("1 0; 0 1")), "Sigma": Exact(Matrix.of("2 0; 0 1"))})
    assert read_answer(texts, FACTORS) == meant


@pytest.mark.parametrize(
    ("form", "text", "error", "said"),
    [
        (NUMBER, "one", InputError, "at character 1"),
        (NUMBER, "", InputError, "is empty"),
        (VECTOR, "(1, 2), (3, 4)", InputError, "several vectors"),
        (VECTOR, "(1, NaN)", InputError, "holds NaN"),
        (VECTOR, "(1, 2", InputError, "ends too early"),
        (VECTOR, "(1 + i, 2)", InputError, "holds i"),
        (VECTOR, "(1e400000000, 2)", InputError, "holds e"),
        (VECTOR, "(1, 2/0)", InputError, "divides by 0"),
        (VECTOR, "(2, (1, 1))", InputError, "must be a number"),
        (VECTOR, "(2^(2^(2^9)), 1)", UnsupportedError, "at most 1000"),
        (VECTOR, f"({'9' * 10_000}, 1)", UnsupportedError, "4000"),
        (VECTOR, "1 " * 20_000, UnsupportedError, "20000 characters"),
        (MATRIX, "1 2; 3", InputError, "row 2 has 1 entry"),
        (MATRIX, "1 a; 3 4", InputError, "entry (1, 2)"),
        (FAMILY, "(1, 2) + k", InputError, "adds a number and a vector"),
        (FAMILY, "(1, 2) + k*(1, 2, 3)", InputError, "2 and 3 entries"),
        (FAMILY, "(1, 2) + k^2*(1, 1)", UnsupportedError, "not linear"),
        (FAMILY, "(1, k*t)", UnsupportedError, "not linear"),
        (FAMILY, "(1, 1/k)", UnsupportedError, "not linear"),
        (FAMILY, "(1, 2)$", InputError, "at character 7"),
        (FAMILY, "(1, 2) * (3, 4)", InputError, "multiplies two vectors"),
        (FAMILY, "(" * 41 + "1, 2" + ")" * 41, UnsupportedError, "deeper"),
        (FAMILY, "(1, " + "+".join(f"k{i}" for i in range(30)) + ")", UnsupportedError, "20 parameters"),
        (MINIMISERS, "±4/5, -3/5", InputError, "leaves open"),
        (MINIMISERS, ", ".join(["(1, 0)"] * 70), UnsupportedError, "64 vectors"),
        (BASIS, '{"base": []}', InputError, "named basis"),
        (FACTORS, "U = 1", InputError, "lacks Sigma"),
        (FACTORS, "1 2; 3 4", InputError, "name of a part"),
        (FACTORS, "U = 1; Sigmo = 2", InputError, "did you mean Sigma?"),
        (FACTORS, "U = 1 a; Sigma = 2", InputError, "U, entry (1, 2)"),
        (FACTORS, "U = 1; U = 2", InputError, "second time"),
        (YesNo(True), "maybe", InputError, "neither yes nor no"),
        (Prose("a"), "b", UnsupportedError, "not read yet"),
    ],
)
def test_what_is_no_answer(form: Answer, text: str, error: type[InputError], said: str) -> None:
    with pytest.raises(InputError) as raised:
        read_answer([text], form)
    assert type(raised.value) is error and said in str(raised.value)


def test_one_answer_is_asked_for() -> None:
    with pytest.raises(InputError, match="one answer too many"):
        read_answer(["1", "2"], NUMBER)


entries = st.fractions(min_value=-9, max_value=9, max_denominator=9).map(Number.of)
surds = st.sampled_from(["sqrt(2)", "1 + sqrt(3)", "-sqrt(5)/7"]).map(Number.of)


def vectors(size: int) -> st.SearchStrategy[Vector]:
    return st.lists(entries | surds, min_size=size, max_size=size).map(lambda xs: Vector(tuple(xs)))


@given(st.integers(2, 4).flatmap(lambda n: st.tuples(vectors(n), st.lists(vectors(n).filter(bool), max_size=3))))
@settings(max_examples=60, deadline=None)
def test_what_gradus_prints_it_reads(drawn: tuple[Vector, list[Vector]]) -> None:
    point, directions = drawn
    column = tuple(Vector(tuple(row)) for row in Matrix.from_columns([point, *directions]).rows)
    printed: list[Answer] = [
        Exact(point),
        Exact(point[0]),
        Exact(Matrix(tuple(v.entries for v in column))),
        Family(point, tuple(directions)),
        Basis(tuple(directions)),
        Minimisers("points", (point, *directions)),
        Minimisers("sphere", (point, *directions)),
        Parts({"A": Exact(Matrix.from_columns([point])), "b": Exact(point)}),
    ]
    for answer in printed:
        assert read_answer([answer.text], answer) == answer


words = st.sampled_from(
    ["(", ")", "[", "]", "{", "}", ",", ";", "1", "2/3", "k", "t_1", "*", "+", "-", "^", "sqrt(", "±", "span", "in R",
     " ", "\n", "U =", "Sigma =", '"', ":", "root(", "0", "9" * 50, "and", "√", "x", "∈", "|", "="]
)  # fmt: skip


@given(st.lists(words, max_size=14).map("".join) | st.text(max_size=30), st.sampled_from(FORMS))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused(text: str, form: Answer) -> None:
    try:
        assert isinstance(read_answer([text], form), type(form))
    except InputError as error:
        assert error.rule
