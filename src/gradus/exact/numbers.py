"""Exact real numbers: sums of rational multiples of square roots.

A :class:`Number` is an element of a field Q(sqrt n1, sqrt n2, ...), kept as its coefficients for square roots of
distinct integers no two of which have a rational ratio.  Such roots are linearly independent over the rationals
(Besicovitch, 1940), so a number is 0 exactly when it has no terms, and no equality is ever decided by approximation.
Order and sign come from integer bounds that are refined until they exclude zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, isqrt
from typing import TypeAlias

from gradus.errors import InputError, UnsupportedError
from gradus.exact.radicands import CERTAIN, MAX_BITS, conjugated, square_free

__all__ = [
    "MAX_BITS",
    "MAX_DIGITS",
    "MAX_TERMS",
    "ONE",
    "ZERO",
    "Exact",
    "Number",
    "decimal",
    "digits_of",
    "sqrt",
    "square_free",
]

MAX_TERMS = 64
"""Most square roots in one number; more is refused rather than computed for ever."""

MAX_DIGITS = 4_000
"""Most digits in one literal, and the size up to which Python converts integers to text itself."""

Exact: TypeAlias = "Number | Fraction | int | str"


@dataclass(frozen=True)
class Number:
    """A sum of rational multiples of square roots of square-free integers.

    Attributes:
        terms: pairs of a radicand >= 1 and its non-zero coefficient, radicands ascending and free of small squares.

    >>> half = Number.of("1/2")
    >>> x = half + sqrt(2)
    >>> x * x - x
    Number('7/4')
    >>> x > Number.of("1.914")
    True
    """

    terms: tuple[tuple[int, Fraction], ...] = ()

    @staticmethod
    def of(value: Exact) -> Number:
        """The exact number of an int, a Fraction, a Number or a text in the plain grammar.

        Raises:
            InputError: the text is not in the plain grammar, or the value is of another type, a float for example.

        >>> Number.of("0.1") + Number.of("0.2") == Number.of("0.3")
        True
        >>> Number.of(0.1)
        Traceback (most recent call last):
        gradus.errors.InputError: number = 0.1: must be exact, not a float; write it as text, '1/3' say
        """
        if isinstance(value, Number):
            return value
        if isinstance(value, (int, Fraction)) and not isinstance(value, bool):
            return Number(((1, Fraction(value)),)) if value else ZERO
        if isinstance(value, str):
            from gradus.exact.grammar import number

            return number(value)
        raise InputError("number", value, "must be exact, not a " + type(value).__name__, "write it as text, '1/3' say")

    @property
    def is_rational(self) -> bool:
        """Whether it has no square root."""
        return all(radicand == 1 for radicand, _ in self.terms)

    @property
    def is_algebraic(self) -> bool:
        """Whether it is kept as the root of a polynomial, since it is no sum of square roots."""
        return False

    @property
    def coefficients(self) -> tuple[int, ...]:
        """The polynomial of a number that is kept as a root; of others the empty tuple."""
        return ()

    @property
    def is_sum(self) -> bool:
        """Whether it prints as a sum, which needs parentheses as a factor."""
        return len(self.terms) > 1

    def as_fraction(self) -> Fraction:
        """The value as a fraction.

        Raises:
            UnsupportedError: it is not rational.

        >>> Number.of("0.25").as_fraction()
        Fraction(1, 4)
        """
        if not self.terms:
            return Fraction(0)
        if self.is_rational:
            return self.terms[0][1]
        raise UnsupportedError("number", self.text, "must be rational here", "give a number without square roots")

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Number):
            uncertain = max((n for n, _ in (*self.terms, *other.terms)), default=0) >= CERTAIN
            return self.terms == other.terms or (uncertain and not (self - other).terms)
        if isinstance(other, (int, Fraction)):
            return self.is_rational and self.as_fraction() == other
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.as_fraction()) if self.is_rational else hash(decimal(self, 15))

    def __neg__(self) -> Number:
        return Number(tuple((radicand, -coefficient) for radicand, coefficient in self.terms))

    def __add__(self, other: Number | Fraction | int) -> Number:
        sums = dict(self.terms)
        for radicand, coefficient in Number.of(other).terms:
            sums[radicand] = sums.get(radicand, Fraction(0)) + coefficient
        return _collected(sums)

    def __sub__(self, other: Number | Fraction | int) -> Number:
        return self + -Number.of(other)

    def __mul__(self, other: Number | Fraction | int) -> Number:
        if not isinstance(other, (Number, Fraction, int)):
            return NotImplemented  # a Vector or Matrix multiplies itself by a number
        products: dict[int, Fraction] = {}
        for m, a in self.terms:
            for n, b in Number.of(other).terms:
                common = gcd(m, n)
                radicand = (m // common) * (n // common)
                products[radicand] = products.get(radicand, Fraction(0)) + a * b * common
        return _collected(products)

    def __truediv__(self, other: Number | Fraction | int) -> Number:
        return self * Number.of(other).reciprocal()

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: Fraction | int) -> Number:
        return Number.of(other) - self

    def __rtruediv__(self, other: Fraction | int) -> Number:
        return Number.of(other) / self

    def __pow__(self, exponent: int) -> Number:
        if exponent < 0:
            return self.reciprocal() ** -exponent
        result, base = ONE, self
        while exponent:
            if exponent & 1:
                result = result * base
            base, exponent = (base * base, exponent >> 1) if exponent > 1 else (base, 0)
        return result

    def reciprocal(self) -> Number:
        """1 / self, by multiplying with conjugates until the denominator is rational.

        Raises:
            InputError: self is 0.

        >>> (1 + sqrt(2)).reciprocal().text
        '-1 + sqrt(2)'
        """
        if not self.terms:
            raise InputError("divisor", 0, "must not be 0", "give a divisor other than 0")
        if self.is_rational:
            return Number.of(1 / self.as_fraction())
        moved = conjugated([radicand for radicand, _ in self.terms if radicand > 1])
        conjugate = Number(tuple((n, -c if n in moved else c) for n, c in self.terms))
        return conjugate * (self * conjugate).reciprocal()

    def sign(self) -> int:
        """-1, 0 or 1; certified.

        >>> (sqrt(2) - Number.of("1.41421356237309504880")).sign()
        1
        """
        if len(self.terms) <= 1:
            return 0 if not self.terms else (1 if self.terms[0][1] > 0 else -1)
        bits = 64
        while True:
            low, high = self._bounds(bits)
            if low > 0 or high < 0:
                return 1 if low > 0 else -1
            bits *= 2

    def __lt__(self, other: Number | Fraction | int) -> bool:
        return (self - other).sign() < 0

    def __le__(self, other: Number | Fraction | int) -> bool:
        return (self - other).sign() <= 0

    def __gt__(self, other: Number | Fraction | int) -> bool:
        return (self - other).sign() > 0

    def __ge__(self, other: Number | Fraction | int) -> bool:
        return (self - other).sign() >= 0

    def __abs__(self) -> Number:
        return -self if self.sign() < 0 else self

    def __float__(self) -> float:
        """The nearest double to the 30-digit decimal; for drawing and for comparing with numerical libraries only."""
        return float(self.decimal)

    def _bounds(self, bits: int) -> tuple[Fraction, Fraction]:
        """Rationals below and above the value, at most ``len(terms) * max|coefficient| / 2^bits`` apart."""
        low = high = Fraction(0)
        scale = 1 << bits
        for radicand, coefficient in self.terms:
            root = isqrt(radicand * scale * scale)
            exact = root * root == radicand * scale * scale
            ends = (Fraction(root, scale), Fraction(root if exact else root + 1, scale))
            small, large = sorted(coefficient * end for end in ends)
            low, high = low + small, high + large
        return low, high

    @property
    def decimal(self) -> str:
        """30 significant digits, correctly rounded (half to even); a finite decimal that is shorter is not padded.

        >>> sqrt(2).decimal
        '1.41421356237309504880168872421'
        >>> Number.of("3/10").decimal
        '0.3'
        """
        return decimal(self, 30)

    @property
    def text(self) -> str:
        """The number in the plain grammar.

        >>> (sqrt(2) / 2 - 3).text
        '-3 + sqrt(2)/2'
        """
        return _signed(self, _term_text)

    @property
    def latex(self) -> str:
        r"""The number as LaTeX.

        >>> print((3 * sqrt(5) / 10).latex)
        \frac{3\sqrt{5}}{10}
        """
        return _signed(self, _term_latex)

    def latex_within(self, limit: int) -> str:
        r"""The LaTeX for an entry of a table; ``limit`` bounds the polynomial of a number that is kept as a root."""
        return self.latex

    def as_json(self) -> dict[str, str]:
        r"""The number in the plain grammar, as LaTeX, and to 30 digits.

        >>> sqrt("1/4").as_json()
        {'text': '1/2', 'latex': '\\frac{1}{2}', 'decimal': '0.5'}
        """
        return {"text": self.text, "latex": self.latex, "decimal": self.decimal}

    def _repr_latex_(self) -> str:
        return f"${self.latex}$"

    def __repr__(self) -> str:
        return f"Number({self.text!r})"

    def __str__(self) -> str:
        return self.text


def sqrt(value: Exact) -> Number:
    """The non-negative square root, denested when it can be.

    Raises:
        InputError: the value is negative.
        UnsupportedError: the root is not a sum of square roots of rationals.

    >>> sqrt("1/2").text
    'sqrt(2)/2'
    >>> sqrt(Number.of("3 + 2*sqrt(2)")).text
    '1 + sqrt(2)'
    """
    x = Number.of(value)
    if x.sign() < 0:
        raise InputError("square root", x.text, "must be of a number that is not negative", "check its sign")
    if x.is_rational:
        fraction = x.as_fraction()
        outside, inside = square_free(fraction.numerator * fraction.denominator)
        return _collected({inside: Fraction(outside, fraction.denominator)})
    return _denested(x)


def _denested(x: Number) -> Number:
    """sqrt(a + b sqrt n) = sqrt((a + s)/2) + sign(b) sqrt((a - s)/2) where s = sqrt(a^2 - b^2 n) is rational."""
    parts = dict(x.terms)
    a = parts.pop(1, Fraction(0))
    if len(parts) == 1:
        ((n, b),) = parts.items()
        square = a * a - b * b * n
        if square >= 0 and (s := sqrt(Number.of(square))).is_rational:
            first, second = sqrt((a + s) / 2), sqrt((a - s) / 2)
            return first + second if b > 0 else first - second
    rule = "is not a sum of square roots of rationals, which is needed here"
    raise UnsupportedError("square root", f"sqrt({x.text})", rule, "choose numbers for which the root simplifies")


def decimal(x: Number, digits: int) -> str:
    """The value to so many significant digits, correctly rounded, half to even.

    The bounds are refined until both ends round to the same digits, so the rounding is certified.

    >>> decimal(sqrt(2), 5), decimal(Number.of("2/3") ** 40, 3)
    ('1.4142', '9.04e-8')
    """
    if not x:
        return "0"
    bits = 4 * digits + 64
    while True:
        low, high = x._bounds(bits)
        if low * high > 0:
            first, second = _rounded(low, digits), _rounded(high, digits)
            if first == second:
                return _positional(*first, digits)
        bits *= 2


def _collected(coefficients: Mapping[int, Fraction]) -> Number:
    terms = tuple(sorted((n, c) for n, c in _merged(coefficients).items() if c))
    if len(terms) > MAX_TERMS:
        rule = f"must not need more than {MAX_TERMS} different square roots"
        raise UnsupportedError("number", f"a sum of {len(terms)} square roots", rule, "give fewer different roots")
    return Number(terms)


def _merged(coefficients: Mapping[int, Fraction]) -> Mapping[int, Fraction]:
    """Joins roots with a rational ratio; only radicands that are not certainly square-free can have one."""
    if max(coefficients, default=0) < CERTAIN:
        return coefficients
    merged: dict[int, Fraction] = {}
    for n, coefficient in sorted(coefficients.items()):
        m = n if n < CERTAIN else next((m for m in (1, *merged) if isqrt(m * n) ** 2 == m * n), n)
        merged[m] = merged.get(m, Fraction(0)) + (coefficient if m == n else coefficient * isqrt(m * n) / m)
    return merged


ZERO = Number()
ONE = Number(((1, Fraction(1)),))


def _rounded(value: Fraction, digits: int) -> tuple[int, int]:
    """(m, e) with |m| of exactly so many digits and m * 10^e the value rounded half to even."""
    bits = value.numerator.bit_length() - value.denominator.bit_length()
    exponent = bits * 30103 // 100000 - digits
    while True:
        mantissa = round(value / Fraction(10) ** exponent)
        length = len(str(abs(mantissa)))
        if length == digits:
            return mantissa, exponent
        exponent += 1 if length > digits else -1


def _positional(mantissa: int, exponent: int, digits: int) -> str:
    while mantissa % 10 == 0:
        mantissa, exponent = mantissa // 10, exponent + 1
    sign, figures = ("-" if mantissa < 0 else ""), str(abs(mantissa))
    point = len(figures) + exponent
    if not -6 <= point <= digits:
        return f"{sign}{figures[0]}{'.' if figures[1:] else ''}{figures[1:]}e{point - 1}"
    if exponent >= 0:
        return sign + figures + "0" * exponent
    if point > 0:
        return f"{sign}{figures[:point]}.{figures[point:]}"
    return f"{sign}0.{'0' * -point}{figures}"


def digits_of(n: int) -> str:
    """The decimal digits of an integer >= 0 of any size; Python's own conversion refuses more than 4,300.

    >>> len(digits_of(10**9999))
    10000
    """
    if n.bit_length() <= 3 * MAX_DIGITS:
        return str(n)
    half = n.bit_length() * 30103 // 200000
    high, low = divmod(n, 10**half)
    return digits_of(high) + digits_of(low).zfill(half)


def _term_text(radicand: int, size: Fraction) -> str:
    root = f"sqrt({digits_of(radicand)})" if radicand > 1 else ""
    top = "*".join(
        part for part in (digits_of(size.numerator) if size.numerator != 1 or not root else "", root) if part
    )
    return top if size.denominator == 1 else f"{top}/{digits_of(size.denominator)}"


def _term_latex(radicand: int, size: Fraction) -> str:
    root = rf"\sqrt{{{digits_of(radicand)}}}" if radicand > 1 else ""
    top = (digits_of(size.numerator) if size.numerator != 1 or not root else "") + root
    return top if size.denominator == 1 else rf"\frac{{{top}}}{{{digits_of(size.denominator)}}}"


def _signed(x: Number, shown: Callable[[int, Fraction], str]) -> str:
    if not x.terms:
        return "0"
    (n, c), *rest = x.terms
    parts = [("-" if c < 0 else "") + shown(n, abs(c))]
    parts += [("- " if c < 0 else "+ ") + shown(n, abs(c)) for n, c in rest]
    return " ".join(parts)
