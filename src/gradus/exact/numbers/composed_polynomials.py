"""The polynomials of numbers, and of sums, products and multiples of roots of given polynomials.

For sums and products: the characteristic polynomial of the sum or product of companion matrices, side by side in a
tensor product.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from math import lcm

from gradus.errors import UnsupportedError
from gradus.exact.numbers import ground
from gradus.exact.numbers.ground import Polynomial
from gradus.exact.numbers.number import ZERO, Number

MAX_DEGREE = 40
"""Highest degree of the polynomial of a sum or product that is computed."""


def sum_polynomial(p: Polynomial, q: Polynomial) -> Polynomial:
    """Its roots are the sums of a root of p and a root of q.

    >>> sum_polynomial((-2, 0, 1), (-3, 0, 1))
    (1, 0, -10, 0, 1)
    """
    (P, c), (Q, d) = _companion(p), _companion(q)
    m, n = len(P), len(Q)
    M = [
        [(d * P[i][k] if j == h else 0) + (c * Q[j][h] if i == k else 0) for k in range(m) for h in range(n)]
        for i in range(m)
        for j in range(n)
    ]
    return _compressed(ground.characteristic_polynomial(M), c * d)


def product_polynomial(p: Polynomial, q: Polynomial) -> Polynomial:
    """Its roots are the products of a root of p and a root of q.

    >>> product_polynomial((-2, 0, 1), (-3, 1))
    (-18, 0, 1)
    """
    (P, c), (Q, d) = _companion(p), _companion(q)
    M = [[x * y for x in row for y in line] for row in P for line in Q]
    return _compressed(ground.characteristic_polynomial(M), c * d)


def multiple_polynomial(p: Polynomial, factor: Fraction) -> Polynomial:
    """Its roots are those of p times the factor, for a factor > 0.

    >>> multiple_polynomial((-2, 0, 1), Fraction(1, 2))
    (-1, 0, 2)
    """
    above, below, n = factor.numerator, factor.denominator, len(p) - 1
    return ground.primitive([c * below**k * above ** (n - k) for k, c in enumerate(p)])


def mirrored_polynomial(p: Polynomial) -> Polynomial:
    """Its roots are the opposites of those of p.

    >>> mirrored_polynomial((-2, 1))
    (2, 1)
    """
    return ground.primitive([-c if k % 2 else c for k, c in enumerate(p)])


def surd_polynomial(terms: Iterable[tuple[int, Fraction]]) -> Polynomial:
    """A polynomial with the root: sum of c sqrt n over the terms (n, c); its other roots have signs changed.

    >>> surd_polynomial([(2, Fraction(1)), (3, Fraction(1))])
    (1, 0, -10, 0, 1)
    """
    p: list[Fraction] = [Fraction(0), Fraction(1)]
    for radicand, coefficient in terms:
        # p(x - c sqrt n) = a + sqrt(n) b, and its product with the conjugate is a^2 - n b^2
        a, b = _split(p, coefficient, radicand)
        p = _minus(a, [-x for x in b]) if radicand == 1 else _minus(_times(a, a), [radicand * x for x in _times(b, b)])
    scale = lcm(*(c.denominator for c in p))
    return ground.primitive([int(c * scale) for c in p])


@lru_cache(maxsize=1024)
def minimal_polynomial(value: Number) -> Polynomial:
    """The irreducible primitive integer polynomial of a number.

    >>> minimal_polynomial(Number.of("sqrt(2) + sqrt(3)"))
    (1, 0, -10, 0, 1)
    """
    if value.is_algebraic:
        return value.coefficients
    terms = value.terms
    require_degree(2 ** sum(radicand > 1 for radicand, _ in terms))
    found = [factor for factor, _ in ground.factors(surd_polynomial(terms)) if not value_at(factor, value)]
    return found[0]


def value_at(p: Polynomial, x: Number) -> Number:
    """The value of a polynomial at a number.

    >>> value_at((-2, 0, 1), Number.of("sqrt(2)")).text
    '0'
    """
    value = ZERO
    for c in reversed(p):
        value = value * x + c
    return value


def require_degree(degree: int) -> None:
    """Refuses a polynomial of higher degree than is computed.

    Raises:
        UnsupportedError: the degree passes MAX_DEGREE.
    """
    if degree > MAX_DEGREE:
        rule = f"needs a polynomial of degree {degree}, and {MAX_DEGREE} is the limit"
        raise UnsupportedError("number", "the result", rule, "choose numbers of lower degree")


def _split(p: Sequence[Fraction], c: Fraction, n: int) -> tuple[list[Fraction], list[Fraction]]:
    """p(x - c sqrt n) = a(x) + sqrt(n) b(x), by Horner's scheme."""
    a, b = [Fraction(0)], [Fraction(0)]
    for coefficient in reversed(p):
        a, b = (
            _minus([Fraction(0), *a], [c * n * x for x in b]),
            _minus([Fraction(0), *b], [c * x for x in a]),
        )
        a[0] += coefficient
    return a[: len(p)], b[: len(p)]


def _times(a: Sequence[Fraction], b: Sequence[Fraction]) -> list[Fraction]:
    result = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            result[i + j] += x * y
    return result


def _minus(a: Sequence[Fraction], b: Sequence[Fraction]) -> list[Fraction]:
    size = max(len(a), len(b))
    return [(a[k] if k < len(a) else Fraction(0)) - (b[k] if k < len(b) else Fraction(0)) for k in range(size)]


def _companion(p: Polynomial) -> tuple[list[list[int]], int]:
    """The companion matrix of a root times the leading coefficient c, and c."""
    n, c = len(p) - 1, p[-1]
    column = [-p[k] * c ** (n - 1 - k) for k in range(n)]
    return [[int(i == j + 1) for j in range(n - 1)] + [column[i]] for i in range(n)], c


def _compressed(p: Polynomial, factor: int) -> Polynomial:
    """p(factor x), whose roots are those of p divided by the factor."""
    return ground.primitive([c * factor**k for k, c in enumerate(p)])
