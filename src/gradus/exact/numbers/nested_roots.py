"""Real roots of quartics as square roots, nested at most twice; never with complex radicals."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import pairwise
from math import isqrt

from gradus.exact.numbers import ground
from gradus.exact.numbers.ground import Polynomial
from gradus.exact.numbers.number import ZERO, Number, multiples, rational
from gradus.exact.numbers.printing import digits_of
from gradus.exact.numbers.quadratic_surds import Surd
from gradus.exact.numbers.radicands import square_free


@dataclass(frozen=True)
class Nested:
    """outer + sign sqrt(inside).

    >>> nested((2, 0, -4, 0, 1), 4).text
    'sqrt(2 + sqrt(2))'
    """

    outer: Number
    sign: int
    inside: Surd

    def __neg__(self) -> Nested:
        return Nested(-self.outer, -self.sign, self.inside)

    @cached_property
    def text(self) -> str:
        """In the plain grammar."""
        factor, divisor, inside = self._simplified
        root = f"sqrt({inside.whole_text()})"
        root = (f"{digits_of(factor)}*" if factor > 1 else "") + root
        return self._joined(self.outer.text, root + (f"/{digits_of(divisor)}" if divisor > 1 else ""))

    @cached_property
    def latex(self) -> str:
        """As LaTeX."""
        factor, divisor, inside = self._simplified
        root = (digits_of(factor) if factor > 1 else "") + rf"\sqrt{{{inside.whole_text(latex=True)}}}"
        return self._joined(self.outer.latex, rf"\frac{{{root}}}{{{digits_of(divisor)}}}" if divisor > 1 else root)

    def _joined(self, outer: str, root: str) -> str:
        if not self.outer:
            return root if self.sign > 0 else f"-{root}"
        return f"{outer} {'+' if self.sign > 0 else '-'} {root}"

    @cached_property
    def _simplified(self) -> tuple[int, int, Surd]:
        return self.inside.simplified_root()

    @cached_property
    def denested(self) -> Number | None:
        """The value as a sum of square roots, or None where it is not one."""
        root = self.inside.denested()
        return None if root is None else self.outer + root * self.sign

    def bounds(self, bits: int) -> tuple[Fraction, Fraction]:
        """Rationals below and above the value, which come together as the bits grow.

        >>> low, high = nested((2, 0, -4, 0, 1), 4).bounds(20)
        >>> float(low) < (2 + 2**0.5) ** 0.5 < float(high)
        True
        """
        low, high = self.inside.bounds(2 * bits)
        least, most, scale = isqrt(max(0, low)), isqrt(high) + 1, 1 << bits
        ends = (least, most) if self.sign > 0 else (-most, -least)
        below, above = self.outer._bounds(bits)
        return below + Fraction(ends[0], scale), above + Fraction(ends[1], scale)


def nested(polynomial: Polynomial, index: int) -> Nested | None:
    """Real root number ``index`` of an irreducible quartic with nested square roots; None where it has no such form.

    >>> nested((1, 1, 0, 0, 1), 1) is None
    True
    """
    found = nested_roots(polynomial)
    return found[index - 1] if found else None


@lru_cache(maxsize=4096)
def nested_roots(polynomial: Polynomial) -> tuple[Nested, ...]:
    """All real roots, ascending, of an irreducible quartic a x^4 + b x^3 + ... with a nested form; otherwise none.

    With y = 4 a x + b it is y^4 + p y^2 + q y + r over the integers.  If q = 0, that is a quadratic in y^2.  Otherwise
    a rational, hence integer, root z > 0 of the resolvent z^3 + 2 p z^2 + (p^2 - 4 r) z - q^2 splits it over Q(sqrt z):
    y = (s sqrt z +- sqrt(-z - 2 p - 2 s q / sqrt z)) / 2 for s = +-1.

    >>> [form.text for form in nested_roots((2, 0, -4, 0, 1))][2:]
    ['sqrt(2 - sqrt(2))', 'sqrt(2 + sqrt(2))']
    """
    if len(polynomial) != 5:
        return ()
    e, d, c, b, a = polynomial
    if not b and not d:
        return _biquadratic_roots(ZERO, c, c * c - 4 * a * e, 2 * a)
    p = 16 * a * c - 6 * b * b
    q = 8 * (8 * a * a * d - 4 * a * b * c + b**3)
    r = 256 * a**3 * e - 64 * a * a * b * d + 16 * a * b * b * c - 3 * b**4
    shift = rational(-b, 4 * a)
    if q == 0:
        return _biquadratic_roots(shift, p, p * p - 4 * r, 32 * a * a)
    z = _positive_integer_root((-q * q, p * p - 4 * r, 2 * p, 1))
    return _ascending(_split_roots(shift, a, p, q, z)) if z else ()


def _biquadratic_roots(shift: Number, p: int, discriminant: int, d: int) -> tuple[Nested, ...]:
    """x with (x - shift)^2 = (-p +- sqrt(discriminant)) / d."""
    if discriminant < 0:
        return ()
    k, n = square_free(discriminant)
    small, large = (Surd.of(-p, b, n, d) for b in (-k, k))
    insides = [inside for inside in (small, large) if inside.sign() > 0]
    return (*(Nested(shift, -1, x) for x in reversed(insides)), *(Nested(shift, 1, x) for x in insides))


def _split_roots(shift: Number, a: int, p: int, q: int, z: int) -> list[Nested]:
    k, n = square_free(z)
    found = []
    for s in (1, -1):
        inside = Surd.of(-z * z - 2 * p * z, -2 * s * q * k, n, 64 * a * a * z)
        if inside.sign() > 0:
            outer = shift + multiples((s * k,), 8 * a, n)[0]
            found += [Nested(outer, 1, inside), Nested(outer, -1, inside)]
    return found


def _ascending(forms: list[Nested]) -> tuple[Nested, ...]:
    bits = 32
    while True:
        ends = sorted(((form.bounds(bits), i) for i, form in enumerate(forms)))
        if all(a[0][1] < b[0][0] for a, b in pairwise(ends)):
            return tuple(forms[i] for _, i in ends)
        bits *= 2


def _positive_integer_root(cubic: Polynomial) -> int | None:
    roots = [-factor[0] for factor, _ in ground.factors(cubic) if len(factor) == 2]
    return next((root for root in sorted(roots) if root > 0), None)
