"""Real algebraic numbers: canonical, certified, read back from their text; mpmath and SymPy are the oracles."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Poly, Symbol

from exact.grounds import GROUNDS, on
from exact.matrices_strategies import quick
from gradus.errors import InputError, UnsupportedError
from gradus.exact import AlgebraicNumber, Matrix, Number
from gradus.exact.numbers.algebraic import real_roots, square_root
from gradus.exact.numbers.composed_polynomials import minimal_polynomial
from gradus.exact.numbers.nested_roots import nested
from gradus.exact.numbers.number import decimal
from gradus.exact.numbers.real_roots import bounds, isolated

integers = st.integers(-9, 9)


@pytest.fixture(params=GROUNDS, autouse=True)
def ground(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with on(request.param, monkeypatch):
        yield


def numeric(x: Number) -> mpmath.mpf:
    return mpmath.mpf(decimal(x, 45))


@quick
@given(st.lists(integers, min_size=1, max_size=6), st.integers(1, 9))
def test_real_roots_are_those_that_sympy_counts_and_mpmath_finds(lower: list[int], leading: int) -> None:
    p = [*lower, leading]
    roots = real_roots(p)
    assert len(roots) == Poly(list(reversed(p)), Symbol("x")).sqf_part().count_roots()
    assert all(a < b and a != b for a, b in pairwise(roots))
    with mpmath.workdps(45):
        for x in roots:
            slope = sum(k * abs(c) * abs(numeric(x)) ** max(0, k - 1) for k, c in enumerate(p)) + 1
            assert abs(mpmath.polyval(list(reversed(p)), numeric(x))) < slope * mpmath.mpf(10) ** -40
            q = minimal_polynomial(x)
            assert Poly(list(reversed(q)), Symbol("x")).is_irreducible
            assert Number.of(x.text) == x


@quick
@given(st.lists(integers, min_size=2, max_size=3), st.lists(integers, min_size=1, max_size=2), st.data())
def test_arithmetic_agrees_with_mpmath(first: list[int], second: list[int], data: st.DataObject) -> None:
    """x^3 + ... always has a real root, and the second number is a root of a quadratic or an integer."""
    a = data.draw(st.sampled_from(real_roots([*first, *([0] * (3 - len(first))), 1])))
    b = data.draw(st.sampled_from(real_roots([-abs(second[0]) - 1, *second[1:], *([0] * (2 - len(second))), 1])))
    with mpmath.workdps(45):
        tolerance = mpmath.mpf(10) ** -38 * (1 + abs(numeric(a))) * (1 + abs(numeric(b)))
        assert abs(numeric(a + b) - numeric(a) - numeric(b)) < tolerance
        assert abs(numeric(a - b) - numeric(a) + numeric(b)) < tolerance
        assert abs(numeric(a * b) - numeric(a) * numeric(b)) < tolerance
        assert abs(numeric(-a) + numeric(a)) < tolerance
        assert (a < b) == (numeric(a) < numeric(b) - tolerance)
        if a:
            assert a / a == 1 and a * a.reciprocal() == 1 and abs(a).sign() == 1
    assert a - a == 0 and (a + b) - b == a and hash((a + b) - b) == hash(a)


@quick
@given(st.fractions(0, 20, max_denominator=6), st.fractions(-5, 5, max_denominator=6), st.sampled_from((2, 3, 5, 6, 7)))
def test_nested_square_roots(a: Fraction, b: Fraction, n: int) -> None:
    inside = Number.of(a) + Number.of(b) * Number.of(f"sqrt({n})")
    if inside.sign() < 0:
        with pytest.raises(InputError, match="not negative"):
            square_root(inside)
        return
    root = square_root(inside)
    assert root * root == inside and root.sign() == (1 if inside else 0)
    if isinstance(root, AlgebraicNumber):
        assert "root(x" not in root.text and r"\approx" not in root.latex
        assert Number.of(f"sqrt({inside.text})") == root
        form = nested(root.polynomial, root.index)
        assert form is not None and form.outer == 0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("root(x^4 - 10*x^2 + 1, 4)", "sqrt(2) + sqrt(3)"),
        ("root(2*x^2 - 1, 1)", "-sqrt(2)/2"),
        ("root((x^2 - 2)*(x^3 - 2)*(x - 1)^2, 3)", "root(x^3 - 2, 1)"),
        ("root((x^2 - 2)*(x^3 - 2)*(x - 1)^2, 4)", "sqrt(2)"),
        ("root(x^5 - x - 1, 1)", "root(x^5 - x - 1, 1)"),
        ("root(x^3/8 - 1/4, 1)", "root(x^3 - 2, 1)"),
        ("sqrt(2 + sqrt(2))", "sqrt(2 + sqrt(2))"),
        ("sqrt(3 + 2*sqrt(2))", "1 + sqrt(2)"),
        ("-sqrt(1/2 + sqrt(5)/10)", "-sqrt(50 + 10*sqrt(5))/10"),
        ("1/3 - sqrt(8 + 4*sqrt(2))", "1/3 - 2*sqrt(2 + sqrt(2))"),
        ("root(x^3 - 2, 1)^3", "2"),
        ("1/4 + sqrt(2)/2 + sqrt(3 + sqrt(2))/2", "1/4 + sqrt(2)/2 + sqrt(3 + sqrt(2))/2"),
        ("sqrt(3) - sqrt(7 - 2*sqrt(3))", "sqrt(3) - sqrt(7 - 2*sqrt(3))"),
        ("sqrt(sqrt(2))^4", "2"),
        ("root(x^40 - 2, 2)", "root(x^40 - 2, 2)"),
    ],
)
def test_reading_and_printing(text: str, shown: str) -> None:
    x = Number.of(text)
    assert x.text == shown and Number.of(shown) == x
    assert set(x.as_json()) == {"text", "latex", "decimal"}


@pytest.mark.parametrize(
    ("text", "error", "rule"),
    [
        ("root(x^3 - 2, 2)", InputError, "has 1 real root"),
        ("root(x^4 + 1, 1)", InputError, "has 0 real roots"),
        ("root(x^3 - 2, 1/2)", InputError, "real root"),
        ("root(2, 1)", InputError, "degree 1 or more"),
        ("root(x^41 - 2, 1)", UnsupportedError, "degree at most 40"),
        ("root(x^3 - sqrt(2), 1)", UnsupportedError, "rational coefficients"),
        ("root(x^7 - 2, 1) + root(x^7 - 3, 1)", UnsupportedError, "degree 49"),
        ("sqrt(root(x^3 + 2, 1))", InputError, "not negative"),
    ],
)
def test_what_is_refused(text: str, error: type[InputError], rule: str) -> None:
    with pytest.raises(error, match=rule):
        Number.of(text)


def test_a_root_that_is_also_a_sum_of_square_roots_equals_it() -> None:
    """Degree 8 is not turned into three square roots; equality and hash still go by value."""
    x = Number.of("sqrt(2) + sqrt(3) + sqrt(5)")
    roots = real_roots(minimal_polynomial(x))
    assert [root == x for root in roots] == [False] * 7 + [True]
    assert x == roots[-1] and hash(x) == hash(roots[-1]) and x != roots[0]


def test_sums_of_square_roots_are_needed_where_terms_are() -> None:
    x = Number.of("root(x^3 - 2, 1)")
    with pytest.raises(UnsupportedError, match="no sum of square roots"):
        _ = x.terms
    with pytest.raises(UnsupportedError, match="rational"):
        x.as_fraction()
    assert x.latex == r"\operatorname{root}_{1}\left(x^{3} - 2\right) \approx 1.25992"
    assert 1 + x == x + 1 and (2 - x).sign() == 1 and 2 / x == x * x and float(x) == 2 ** (1 / 3)


def test_long_polynomials_show_digits_that_are_cut_off_in_tables() -> None:
    x = Number.of("root(x^3 - 1999999999999/2000000000000, 1)")
    assert x.decimal.startswith("0.99999999999983333") and x.latex_within(1) == r"0.999999{\scriptstyle\ldots}"
    tiny = Number.of("root(5*10^41*x^3 - 1, 1)")
    assert tiny.latex_within(1) == r"1.25992{\scriptstyle\ldots} \cdot 10^{-14}"
    big = Number.of("root(x^3 - 2*10^30, 1)")
    assert big.latex_within(1) == r"12599210498{\scriptstyle\ldots}"
    assert (
        Matrix(((x, big),)).latex == rf"\begin{{bmatrix}} {x.latex_within(1)} & {big.latex_within(1)} \end{{bmatrix}}"
    )


def test_close_roots_are_told_apart() -> None:
    """Mignotte: x^7 - 2 (50 x - 1)^2 has two roots within 10^-6 of 1/50."""
    x = Symbol("x")
    p = tuple(int(c) for c in reversed(Poly(x**7 - 2 * (50 * x - 1) ** 2, x).all_coeffs()))
    assert len(isolated(p)) == 3
    (low, high), (below, above) = bounds(p, 1, 200), bounds(p, 2, 200)
    assert high < below and above - low < Fraction(1, 10**6) and high - low <= Fraction(1, 2**200)
