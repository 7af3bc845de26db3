"""Numbers (a + b sqrt n) / d of a real quadratic field, by integers; and what their square roots are.

The conjugate of such a number puts -b for b.  Its square root is a sum of two square roots of rationals exactly when
its norm, the product with the conjugate, is the square of a rational.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd, isqrt, lcm
from typing import NamedTuple

from gradus.exact.numbers.number import Number, multiples
from gradus.exact.numbers.printing import latex_of, text_of
from gradus.exact.numbers.radicands import CERTAIN, square_free


class Surd(NamedTuple):
    """(a + b sqrt n) / d with n no square, b other than 0 and d >= 1; in lowest terms if made by :meth:`of`.

    >>> Surd.of(4, 2, 2, 2), Surd.of(4, 2, 2, 2).number().text
    (Surd(a=2, b=1, n=2, d=1), '2 + sqrt(2)')
    """

    a: int
    b: int
    n: int
    d: int

    @staticmethod
    def of(a: int, b: int, n: int, d: int) -> Surd:
        """In lowest terms, for d >= 1; n without squares that d shows."""
        if (common := gcd(a, b, d)) > 1:
            a, b, d = a // common, b // common, d // common
        if n >= CERTAIN and (f := _hidden_factor(n, d)) > 1:
            return Surd.of(a, b * f, n // (f * f), d)
        return Surd(a, b, n, d)

    def number(self) -> Number:
        """As a sum of square roots."""
        a, b, n, d = self
        return Number((1, n), (a, b), d) if a else Number((n,), (b,), d)

    def sign(self) -> int:
        """-1 or 1.

        >>> Surd(3, -2, 2, 1).sign(), Surd(1, -1, 2, 1).sign()
        (1, -1)
        """
        return surd_sign(self.a, self.b, self.n)

    def bounds(self, bits: int) -> tuple[int, int]:
        """Integers below and above the value times 2^bits.

        >>> Surd(0, 1, 2, 1).bounds(10)
        (1448, 1449)
        """
        size = isqrt(self.b * self.b * self.n << 2 * bits)
        middle = self.a << bits
        low, high = (middle + size, middle + size + 1) if self.b > 0 else (middle - size - 1, middle - size)
        return low // self.d, -(-high // self.d)

    def denested(self) -> Number | None:
        """The square root of a positive surd as a sum of square roots, or None where it is none.

        >>> Surd(3, 2, 2, 1).denested().text, Surd(2, 1, 2, 1).denested()
        ('1 + sqrt(2)', None)
        """
        a, b, n, d = self
        norm = a * a - b * b * n
        if norm < 0 or (m := isqrt(norm)) ** 2 != norm:
            return None
        first, second = _root(a + m, 2 * d), _root(a - m, 2 * d)
        return first + second if b > 0 else first - second

    def simplified_root(self) -> tuple[int, int, Surd]:
        """(f, e, y) with sqrt(self) = f sqrt(y) / e, where y has integers without a common square, and no divisor.

        >>> Surd(1, 1, 5, 2).simplified_root()
        (1, 2, Surd(a=2, b=2, n=5, d=1))
        """
        e = lcm(*(_squared_divisor(self.d // gcd(c, self.d)) for c in (self.a, self.b)))
        a, b = self.a * e * e // self.d, self.b * e * e // self.d
        f, _ = square_free(gcd(a, b))
        common = gcd(f, e)
        return f // common, e // common, Surd(a // (f * f), b // (f * f), self.n, 1)

    def whole_text(self, latex: bool = False) -> str:
        r"""In the plain grammar or as LaTeX, for d = 1.

        >>> Surd(2, -1, 2, 1).whole_text(), Surd(2, 3, 2, 1).whole_text(latex=True)
        ('2 - sqrt(2)', '2 + 3\\sqrt{2}')
        """
        show = latex_of if latex else text_of
        return show((1, self.n), (self.a, self.b), 1) if self.a else show((self.n,), (self.b,), 1)


def surd_of(value: Number) -> Surd | None:
    """A number with one square root and perhaps a rational besides; None if it is of another form.

    >>> surd_of(Number.of("1/2 + sqrt(2)")), surd_of(Number.of("1/2"))
    (Surd(a=1, b=2, n=2, d=2), None)
    """
    terms = value.terms
    if len(terms) == 1:
        ((n, b),) = terms
        return Surd(0, b.numerator, n, b.denominator) if n > 1 else None
    if len(terms) != 2 or terms[0][0] > 1:
        return None
    (_, a), (n, b) = terms
    d = lcm(a.denominator, b.denominator)
    return Surd(a.numerator * (d // a.denominator), b.numerator * (d // b.denominator), n, d)


def quadratic_root(polynomial: Sequence[int], index: int) -> Number:
    """A real root of an irreducible quadratic, with its number from the smaller.

    >>> quadratic_root((-1, -1, 1), 2).text
    '1/2 + sqrt(5)/2'
    """
    c, b, a = polynomial
    k, n = square_free(b * b - 4 * a * c)
    return Surd.of(-b, k if index == 2 else -k, n, 2 * a).number()


def surd_sign(a: int, b: int, n: int) -> int:
    """The sign of a + b sqrt n, for n no square.

    >>> surd_sign(-3, 2, 2), surd_sign(0, 0, 2)
    (-1, 0)
    """
    first, second = (a > 0) - (a < 0), (b > 0) - (b < 0)
    if first * second >= 0:
        return first or second
    return first if a * a > b * b * n else second


def _hidden_factor(n: int, d: int) -> int:
    """A number whose square divides n, if a common divisor with d shows one: of primes too large to be found alone."""
    common = gcd(n, d)
    f = gcd(n // common, common)
    return f if n % (f * f) == 0 else 1


def _root(above: int, below: int) -> Number:
    """The square root of above / below, for integers >= 0 and > 0."""
    outside, inside = square_free(above * below)
    return multiples((outside,), below, inside)[0]


def _squared_divisor(denominator: int) -> int:
    """The least d whose square the denominator divides, as far as small factors show."""
    outside, inside = square_free(denominator)
    return outside * inside
