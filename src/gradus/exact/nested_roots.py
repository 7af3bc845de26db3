"""Roots of quadratics and quartics as square roots, nested at most twice; never with complex radicals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import gcd, isqrt, lcm

from gradus.errors import UnsupportedError
from gradus.exact import ground
from gradus.exact.ground import Polynomial
from gradus.exact.numbers import Number, sqrt
from gradus.exact.radicands import square_free
from gradus.exact.real_roots import bounds


@dataclass(frozen=True)
class Nested:
    """outer + sign sqrt(inside) / divisor, where the square root cannot be denested.

    >>> nested((2, 0, -4, 0, 1), 4).text
    'sqrt(2 + sqrt(2))'
    """

    outer: Number
    sign: int
    inside: Number

    @property
    def text(self) -> str:
        """In the plain grammar."""
        factor, divisor, inside = self._simplified()
        root = f"sqrt({inside.text})"
        root = (f"{factor}*" if factor > 1 else "") + root + (f"/{divisor}" if divisor > 1 else "")
        return self._joined(self.outer.text, root)

    @property
    def latex(self) -> str:
        """As LaTeX."""
        factor, divisor, inside = self._simplified()
        root = (str(factor) if factor > 1 else "") + rf"\sqrt{{{inside.latex}}}"
        return self._joined(self.outer.latex, rf"\frac{{{root}}}{{{divisor}}}" if divisor > 1 else root)

    def _joined(self, outer: str, root: str) -> str:
        if not self.outer:
            return root if self.sign > 0 else f"-{root}"
        return f"{outer} {'+' if self.sign > 0 else '-'} {root}"

    def _simplified(self) -> tuple[int, int, Number]:
        """(f, d, y) with sqrt(inside) = f sqrt(y) / d, where y has coprime integer coefficients up to a square."""
        divisor = lcm(*(square_free_divisor(c.denominator) for _, c in self.inside.terms))
        whole = self.inside * (divisor * divisor)
        common = gcd(*(c.numerator for _, c in whole.terms))
        outside, _ = square_free(common)
        shared = gcd(outside, divisor)
        return outside // shared, divisor // shared, whole / (outside * outside)


def square_free_divisor(denominator: int) -> int:
    """The least d whose square the denominator divides, as far as small factors show.

    >>> square_free_divisor(12), square_free_divisor(16)
    (6, 4)
    """
    outside, inside = square_free(denominator)
    return outside * inside


def quadratic(polynomial: Polynomial, index: int) -> Number:
    """A real root of an irreducible quadratic.

    >>> quadratic((-1, -1, 1), 2).text
    '1/2 + sqrt(5)/2'
    """
    c, b, a = polynomial
    root = sqrt(Number.of(Fraction(b * b - 4 * a * c, 4 * a * a)))
    middle = Number.of(Fraction(-b, 2 * a))
    return middle + root if index == 2 else middle - root


def nested(polynomial: Polynomial, index: int) -> Nested | None:
    """The root of an irreducible quartic as a nested square root, or None where there is no such real form.

    >>> nested((1, 1, 0, 0, 1), 1) is None
    True
    """
    return _chosen(polynomial, index) if len(polynomial) == 5 else None


def square_root_sum(polynomial: Polynomial, index: int) -> Number | None:
    """The root of an irreducible quartic as a sum of square roots, or None where it is not one.

    >>> square_root_sum((1, 0, -10, 0, 1), 4).text
    'sqrt(2) + sqrt(3)'
    """
    form = _chosen(polynomial, index)
    if form is None:
        return None
    try:
        root = sqrt(form.inside)
    except UnsupportedError:
        return None
    return form.outer + root if form.sign > 0 else form.outer - root


@lru_cache(maxsize=4096)
def _chosen(polynomial: Polynomial, index: int) -> Nested | None:
    """Of the quartic's real roots in nested form the one with this index, told apart by certified bounds."""
    candidates = list(_forms(polynomial))
    bits = 32
    while len(candidates) > 1:
        low, high = bounds(polynomial, index, bits)
        candidates = [form for form in candidates if _meets(form, low, high, bits)]
        bits *= 2
    return candidates[0] if candidates else None


def _meets(form: Nested, low: Fraction, high: Fraction, bits: int) -> bool:
    below, above = form.inside._bounds(2 * bits)
    scale = 1 << bits
    least = Fraction(isqrt(max(0, below.numerator * scale * scale // below.denominator)), scale)
    most = Fraction(isqrt(max(0, above.numerator * scale * scale // above.denominator)) + 1, scale)
    ends = (least, most) if form.sign > 0 else (-most, -least)
    base = form.outer._bounds(bits)
    return base[0] + ends[0] <= high and low <= base[1] + ends[1]


def _forms(polynomial: Polynomial) -> Iterator[Nested]:
    """The real roots of x^4 + a x^3 + ..., with y = x + a/4 and y^4 + p y^2 + q y + r = 0.

    A rational root z > 0 of the resolvent z^3 + 2 p z^2 + (p^2 - 4 r) z - q^2 splits the quartic over Q(sqrt z):
    y = (s sqrt z +- sqrt(-z - 2 p - 2 s q / sqrt z)) / 2 for s = +-1.  If q = 0 it is a quadratic in y^2.
    """
    e, d, c, b, a = (Fraction(x) for x in polynomial)
    b, c, d, e = b / a, c / a, d / a, e / a
    p = c - 3 * b * b / 8
    q = d - b * c / 2 + b**3 / 8
    r = e - b * d / 4 + b * b * c / 16 - 3 * b**4 / 256
    shift = Number.of(-b / 4)
    if not q:
        if p * p < 4 * r:
            return
        discriminant = sqrt(Number.of(p * p - 4 * r))
        insides = [(discriminant - p) / 2, (-discriminant - p) / 2]
        yield from (Nested(shift, sign, inside) for inside in insides if inside.sign() > 0 for sign in (1, -1))
        return
    z = _positive_rational_root((-q * q, p * p - 4 * r, 2 * p, Fraction(1)))
    if z:
        yield from _split_forms(shift, p, q, z)


def _split_forms(shift: Number, p: Fraction, q: Fraction, z: Fraction) -> Iterator[Nested]:
    root = sqrt(Number.of(z))
    for s in (1, -1):
        inside = (-z - 2 * p - 2 * s * q / root) / 4
        if inside.sign() > 0:
            yield Nested(shift + s * root / 2, 1, inside)
            yield Nested(shift + s * root / 2, -1, inside)


def _positive_rational_root(cubic: tuple[Fraction, ...]) -> Fraction | None:
    scale = lcm(*(c.denominator for c in cubic))
    linear = [factor for factor, _ in ground.factors(tuple(int(c * scale) for c in cubic)) if len(factor) == 2]
    roots = [Fraction(-factor[0], factor[1]) for factor in linear]
    return next((root for root in sorted(roots) if root > 0), None)
