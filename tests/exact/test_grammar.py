"""The plain grammar: what it reads, and that nothing but an InputError ever comes of anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact.matrices_strategies import numbers, quick, rational_matrices
from gradus.errors import InputError, UnsupportedError
from gradus.exact import Matrix, Vector
from gradus.exact.numbers.grammar import number
from gradus.exact.numbers.number import Number

SYMBOLS = '0123456789+-*/^().,;x √−×sqrtroot[]"\n\te'
HOSTILE = (
    "1e400000000",
    "2^(2^(2^9))",
    "2^2^2^9",
    "9" * 10_000,
    "9" * 5_000,
    "0." + "3" * 6_000,
    "(" * 5_000 + "1" + ")" * 5_000,
    "-" * 1_000 + "1",
    "√" * 5_000 + "2",
    "+".join(f"sqrt({n})" for n in range(2, 1_500)),
    "(" + "+".join(f"sqrt({n})" for n in (2, 3, 5, 7, 11, 13)) + ")^1000",
    "1/(" + "+".join(f"sqrt({n})" for n in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31)) + ")",
    "(" + "9" * 4_000 + ")*(" + "9" * 4_000 + ")",
    "root((x^20)^3, 1)",
    "(x+1)^1000",
    "2^999^999",
    "[" * 10_000,
    "١٢",
    "²",
    "__import__('os')",
    "\x00",
    "",
)


@quick
@given(numbers())
def test_what_is_printed_is_read_back(x: Number) -> None:
    assert number(x.text) == x
    assert number(x.text.replace("-", "−").replace("sqrt", "√").replace("*", "×")) == x


@quick
@given(rational_matrices())
def test_matrices_are_read_back(A: Matrix) -> None:
    assert Matrix.of(A.text) == A
    assert Vector.of(A.row(0).text) == A.row(0)


@quick
@given(st.text(alphabet=SYMBOLS, max_size=40))
def test_any_text_is_a_number_or_an_input_error(text: str) -> None:
    for read in (number, Matrix.of, Vector.of):
        try:
            value = read(text)
        except InputError as error:
            assert str(error) and "\n" not in str(error)
        else:
            assert value.text


@quick
@given(st.text(max_size=20))
def test_any_unicode_is_a_number_or_an_input_error(text: str) -> None:
    for read in (number, Matrix.of, Vector.of):
        try:
            read(text)
        except InputError as error:
            assert str(error)


@quick
@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3), st.lists, max_leaves=8)
)
def test_any_python_value_is_a_matrix_or_an_input_error(value: object) -> None:
    for read in (Matrix.of, Vector.of):
        try:
            read(value)
        except InputError as error:
            assert str(error)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:20] or "empty")
def test_budgets_end_it_before_anything_large_is_computed(text: str) -> None:
    with pytest.raises(InputError) as caught:
        number(text)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "text", ["1+" * 9_000 + "1", "1*" * 9_000 + "1", "1-" * 9_000 + "1", "1/" * 9_000 + "1", "(" * 59 + "1" + ")" * 59]
)
def test_long_chains_and_allowed_depths_do_not_exhaust_the_stack(text: str) -> None:
    assert number(text).is_rational


@pytest.mark.parametrize("text", ["sqrt((10^28+331)*(10^29+319))", "sqrt(" + "9" * 3_999 + ")"])
def test_roots_of_numbers_that_nobody_can_factor_are_exact_too(text: str) -> None:
    x = number(text)
    assert (x * x).is_rational and number(x.text) == x


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-2^2", "-4"),
        ("2^-2", "1/4"),
        ("2^3^2", "512"),
        ("1/2/3", "1/6"),
        ("0.125", "1/8"),
        (".5", "1/2"),
        ("--1", "1"),
        ("−3", "-3"),
        ("√(8)", "2*sqrt(2)"),
        ("3×4", "12"),
        ("sqrt(3+2*sqrt(2))", "1 + sqrt(2)"),
        ("root(x^2 - x - 1, 2)", "1/2 + sqrt(5)/2"),
        ("root(2*x - 1, 1)", "1/2"),
        ("root((x-1)^2, 1)", "1"),
    ],
)
def test_it_reads(text: str, value: str) -> None:
    assert number(text).text == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1/0", "divides by 0"),
        ("x + 1", "x stands only"),
        ("sqrt(-1)", "not negative"),
        ("root(x^2 - 2, 3)", "2 real roots"),
        ("root(x^2 + 1, 1)", "0 real roots"),
        ("2^(1/2)", "must be an integer"),
        ("1 2", "character 3"),
        ("(1", "ends too early"),
        ("", "ends too early"),
    ],
)
def test_an_error_says_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        number(text)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("3 4; 3 4", [[3, 4], [3, 4]]),
        ("3, 4\n3, 4", [[3, 4], [3, 4]]),
        ("[[3, 4], [3, 4]]", [[3, 4], [3, 4]]),
        ('[["1/2", 0.25]]', [["1/2", "1/4"]]),
        ("1 -2", [[1, -2]]),
        ("(1 + 2) 4", [[3, 4]]),
        ("1 + 2, 4", [[3, 4]]),
    ],
)
def test_it_reads_matrices(text: str, rows: object) -> None:
    assert Matrix.of(text) == Matrix.of(rows)


@pytest.mark.parametrize("text", ["(1, 2)", "1 2", "1; 2", "1, 2", "[1, 2]", '["1", "2"]'])
def test_it_reads_vectors(text: str) -> None:
    assert Vector.of(text) == Vector.of([1, 2])


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([[1, 2], [3]], "row 2 has 1 entry where row 1 has 2"),
        ([[1, 2.5]], r"entry \(1, 2\) = 2.5: must be an exact number"),
        ("1 2; 3 a", r"entry \(2, 2\) = a"),
        ([], "at least one row"),
        ([[10**5000], [1, 2]], "row 2 has 2 entries"),
    ],
)
def test_an_error_names_the_row_or_the_entry(rows: object, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        Matrix.of(rows)


def test_a_table_of_too_many_entries_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="at most"):
        Matrix.of([[1] * 200] * 51)
