"""Strategies that the tests of exact linear algebra share."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from hypothesis import settings
from hypothesis import strategies as st

from gradus.exact import Matrix
from gradus.exact.numbers.number import ZERO, Number, sqrt
from gradus.problems.matrix_samples import construction

quick = settings(deadline=None, max_examples=50)
"""Exact arithmetic has no fixed duration, and machines are shared."""

sides = st.integers(1, 4)
rationals = st.builds(Fraction, st.integers(-9, 9), st.integers(1, 4))


@st.composite
def rational_matrices(draw: st.DrawFn) -> Matrix:
    """Any rational matrix up to 4 x 4, of every rank: a product of two, so that low ranks are common."""
    m, k, n = draw(sides), draw(sides), draw(sides)
    left, right = draw(tables(m, k)), draw(tables(k, n))
    return left if m == n and draw(st.booleans()) and k == n else left @ right


@st.composite
def tables(draw: st.DrawFn, m: int, n: int) -> Matrix:
    row = st.lists(rationals, min_size=n, max_size=n)
    return Matrix.of(draw(st.lists(row, min_size=m, max_size=m)))


@st.composite
def decomposable_matrices(draw: st.DrawFn) -> Matrix:
    """Matrices whose singular values are square roots of rationals: sums of p q^T, scaled, perhaps transposed."""
    level, seed = draw(st.integers(1, 3)), draw(st.integers(0, 10_000))
    A = construction(Random(seed), level).A * draw(st.sampled_from((Fraction(1), Fraction(1, 3), Fraction(-2))))
    return A.T if draw(st.booleans()) else A


@st.composite
def numbers(draw: st.DrawFn) -> Number:
    """Sums of a few rational multiples of square roots."""
    radicands = draw(st.lists(st.sampled_from((1, 2, 3, 5, 6, 10, 14, 15)), max_size=3, unique=True))
    return sum((sqrt(n) * draw(rationals.filter(bool)) for n in sorted(radicands)), ZERO)
