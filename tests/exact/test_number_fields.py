"""Values in number fields: the closed forms of degree 2 against the way of the other degrees, and against mpmath."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import isqrt

import mpmath
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exact.grounds import GROUNDS, on
from exact.matrices_strategies import quick
from gradus.exact import AlgebraicNumber, Number
from gradus.exact.numbers import ground
from gradus.exact.numbers.field_values import _Scale, _square_root_factor, _values, values_at_roots
from gradus.exact.numbers.nested_roots import nested_roots
from gradus.exact.numbers.number import decimal
from gradus.exact.numbers.number_fields import Field
from gradus.exact.numbers.quadratic_surds import Surd, surd_sign
from gradus.exact.numbers.radicands import CERTAIN, square_free
from gradus.exact.numbers.real_roots import bounds, isolated

small = st.integers(-12, 12)
roots = st.integers(1, 60).map(lambda n: square_free(n)[1]).filter(lambda n: n > 1)
MODULI = [
    (1, -3, 1),
    (5, -15, 1),
    (-1, 6, -5, 1),
    (-289, 177, -29, 1),
    (2, -16, 20, -8, 1),
    (4, -28, 30, -10, 1),
    (-1, 15, -35, 28, -9, 1),
]
"""Irreducible, with positive roots only."""


@pytest.fixture(params=GROUNDS, autouse=True)
def either_ground(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with on(request.param, monkeypatch):
        yield


@st.composite
def values(draw: st.DrawFn, moduli: list[tuple[int, ...]]) -> tuple[Field, tuple[int, ...], tuple[int, ...], Fraction]:
    """A field, an element, a positive one (a square, times t perhaps), and a rational factor."""
    field = Field(draw(st.sampled_from(moduli)))
    elements = st.tuples(*[small] * field.degree).filter(any)
    w = draw(elements)
    below = field.times(w, w)
    if draw(st.booleans()):
        below = field.reduced((0, *below))
    plus = tuple(x + y for x, y in zip(below, field.times(below, below), strict=True))
    square = draw(st.sampled_from([Fraction(1), Fraction(4, 9), Fraction(2), Fraction(3, 5)]))
    return field, draw(elements), draw(st.sampled_from([below, plus])), square


@quick
@given(values([p for p in MODULI if len(p) == 3]))
def test_closed_forms_of_degree_two_are_what_factoring_and_isolating_give(
    given_values: tuple[Field, tuple[int, ...], tuple[int, ...], Fraction],
) -> None:
    field, top, below, square = given_values
    closed = tuple(row[0] for row in values_at_roots(field, [top], below, square, (1, -1)))
    general = _values(_Scale(field, below, square), top, (1, -1))
    assert closed == general
    assert [x.text for x in closed] == [x.text for x in general]
    for x in closed:
        if isinstance(x, AlgebraicNumber):
            low, high = bounds(x.polynomial, x.index, 80)
            below_it, above_it = x._bounds(80)
            assert below_it <= high and low <= above_it and len(isolated(x.polynomial)) == 4


@quick
@given(values(MODULI))
def test_values_at_all_roots_agree_with_mpmath(
    given_values: tuple[Field, tuple[int, ...], tuple[int, ...], Fraction],
) -> None:
    """The enclosure that comes with a root and the root that the polynomial isolates are both the value."""
    field, top, below, square = given_values
    with mpmath.workdps(60):
        found = sorted(mpmath.polyroots(list(reversed(field.modulus)), maxsteps=200, extraprec=400))
        for t, (x,) in zip(found, values_at_roots(field, [top], below, square), strict=True):
            a, b = (mpmath.polyval(list(reversed(c)), t) for c in (top, below))
            expected = a * mpmath.sqrt(mpmath.mpf(square.numerator) / square.denominator / b)
            assert abs(mpmath.mpf(decimal(x, 40)) - expected) < (1 + abs(expected)) * mpmath.mpf(10) ** -38
            if isinstance(x, AlgebraicNumber):
                low, high = bounds(x.polynomial, x.index, 100)
                assert abs((mpmath.mpf(low.numerator) / low.denominator) - expected) < mpmath.mpf(2) ** -98
                assert high - low <= Fraction(1, 2**100)


@quick
@given(values([p for p in MODULI if len(p) > 3]))
def test_what_need_not_be_factored_is_irreducible(
    given_values: tuple[Field, tuple[int, ...], tuple[int, ...], Fraction],
) -> None:
    field, top, below, square = given_values
    value, ratio = _Scale(field, below, square).squared(top)
    p = ground.characteristic_polynomial(field.multiplication(value))
    factor = _square_root_factor(p, ratio)
    assert ground.factors(factor) == ((factor, 1),)


@quick
@given(st.lists(small, min_size=1, max_size=4), st.lists(small, min_size=1, max_size=3))
def test_repeated_factors_are_never_taken_for_simple_ones(lower: list[int], other: list[int]) -> None:
    p, q = [*lower, 1], [*other, 1]
    square = [0] * (2 * len(p) - 1)
    for i, x in enumerate(p):
        for j, y in enumerate(p):
            square[i + j] += x * y
    assert not ground.shows_simple_roots(square)
    multiplicities = {count for _, count in ground.factors(tuple(q))}
    assert ground.shows_simple_roots(q) == (multiplicities == {1})


@quick
@given(small, small.filter(bool), roots, st.integers(1, 30))
def test_surds(a: int, b: int, n: int, d: int) -> None:
    surd = Surd.of(a, b, n, d)
    with mpmath.workdps(50):
        value = (a + b * mpmath.sqrt(n)) / d
        low, high = surd.bounds(90)
        assert low <= value * 2**90 <= high and high - low <= 2
        assert surd.sign() == surd_sign(a, b, n) == mpmath.sign(value)
        assert abs(mpmath.mpf(decimal(surd.number(), 40)) - value) < (1 + abs(value)) * mpmath.mpf(10) ** -38
    if surd.sign() < 0:
        return
    factor, divisor, inside = surd.simplified_root()
    assert inside.number() * factor * factor / (divisor * divisor) == surd.number() and inside.d == 1
    root = surd.denested()
    assert root is None or root * root == surd.number()
    norm = a * a - b * b * n
    assert (root is None) == (norm < 0 or isqrt(norm) ** 2 != norm)


@quick
@given(st.tuples(small, small, small, small), st.integers(1, 6))
def test_nested_roots_come_in_order(lower: tuple[int, int, int, int], leading: int) -> None:
    """All real roots or none, each by the number that isolation gives it."""
    p = (*lower, leading)
    assume(ground.factors(p) == ((p, 1),))
    forms = nested_roots(p)
    assert len(forms) in (0, len(isolated(p)))
    for index, form in enumerate(forms, start=1):
        (low, high), (below, above) = bounds(p, index, 60), form.bounds(60)
        assert low <= above and below <= high and above - below < Fraction(1, 2**40)
        assert Number.of(form.text) == (AlgebraicNumber(p, index) if form.denested is None else form.denested)


def test_the_square_of_a_large_prime_is_seen_in_the_denominator() -> None:
    prime = 1_000_003
    n = prime**2 * 1_000_033 * 1_000_037
    assert n > CERTAIN and square_free(n) == (1, n)
    assert Surd.of(2 * prime, 3, n, 7 * prime) == Surd(2, 3, 1_000_033 * 1_000_037, 7)
