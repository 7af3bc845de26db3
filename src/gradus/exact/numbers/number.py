"""Exact real numbers: sums of rational multiples of square roots.

A :class:`Number` is an element of a field Q(sqrt n1, sqrt n2, ...), kept as its coefficients for square roots of
distinct integers no two of which have a rational ratio.  Such roots are linearly independent over the rationals
(Besicovitch, 1940), so a number is 0 exactly when it has no terms, and no equality is ever decided by approximation.
Order and sign come from integer bounds that are refined until they exclude zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import gcd, isqrt
from typing import TypeAlias

from gradus.errors import InputError, UnsupportedError
from gradus.exact.numbers.printing import MAX_DIGITS, decimal, digits_of, latex_of, text_of
from gradus.exact.numbers.radicands import CERTAIN, MAX_BITS, conjugated, merged, square_free

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
    "multiples",
    "rational",
    "sqrt",
    "square_free",
]

MAX_TERMS = 64
"""Most square roots in one number; more is refused rather than computed for ever."""

Exact: TypeAlias = "Number | Fraction | int | str"

RATIONAL = (1,)
"""The radicands of a rational number other than 0."""


class Number:
    """A sum of rational multiples of square roots of square-free integers; :meth:`of` and :func:`sqrt` make it.

    It is kept as integers over one denominator, in lowest terms, since Python's integers are many times as fast as its
    fractions.

    >>> half = Number.of("1/2")
    >>> x = half + sqrt(2)
    >>> x * x - x
    Number('7/4')
    >>> x > Number.of("1.914")
    True
    """

    __slots__ = ("_denominator", "_numerators", "_radicands")

    _radicands: tuple[int, ...]
    _numerators: tuple[int, ...]
    _denominator: int

    def __init__(self, radicands: tuple[int, ...] = (), numerators: tuple[int, ...] = (), denominator: int = 1) -> None:
        """Integers that are canonical already, as in :attr:`terms`: coprime, no numerator 0, the denominator > 0."""
        self._radicands = radicands
        self._numerators = numerators
        self._denominator = denominator

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
            return rational(value.numerator, value.denominator)
        if isinstance(value, str):
            from gradus.exact.numbers.grammar import number

            return number(value)
        raise InputError("number", value, "must be exact, not a " + type(value).__name__, "write it as text, '1/3' say")

    @property
    def terms(self) -> tuple[tuple[int, Fraction], ...]:
        """Pairs of a radicand >= 1 and its non-zero coefficient, radicands ascending and free of small squares.

        >>> (sqrt(2) / 2 - 3).terms
        ((1, Fraction(-3, 1)), (2, Fraction(1, 2)))
        """
        pairs = zip(self._radicands, self._numerators, strict=True)
        return tuple((n, Fraction(p, self._denominator)) for n, p in pairs)

    @property
    def is_rational(self) -> bool:
        """Whether it has no square root."""
        return self._radicands == RATIONAL or not self._radicands

    @property
    def is_algebraic(self) -> bool:
        """Whether it is kept as the root of a polynomial, since it is no sum of square roots."""
        return False

    @property
    def is_transcendental(self) -> bool:
        """Whether it is written with exponentials or logarithms; such numbers do their arithmetic with others."""
        return False

    @property
    def coefficients(self) -> tuple[int, ...]:
        """The polynomial of a number that is kept as a root; of others the empty tuple."""
        return ()

    @property
    def is_sum(self) -> bool:
        """Whether it prints as a sum, which needs parentheses as a factor."""
        return len(self._radicands) > 1

    def as_fraction(self) -> Fraction:
        """The value as a fraction.

        Raises:
            UnsupportedError: it is not rational.

        >>> Number.of("0.25").as_fraction()
        Fraction(1, 4)
        """
        return Fraction(*self.as_integer_ratio())

    def as_integer_ratio(self) -> tuple[int, int]:
        """The value as numerator and denominator > 0, in lowest terms.

        Raises:
            UnsupportedError: it is not rational.

        >>> Number.of("-0.25").as_integer_ratio()
        (-1, 4)
        """
        if self._radicands == RATIONAL:
            return self._numerators[0], self._denominator
        if not self._radicands:
            return 0, 1
        raise UnsupportedError("number", self.text, "must be rational here", "give a number without square roots")

    def __bool__(self) -> bool:
        return bool(self._radicands)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Number):
            if self._radicands == other._radicands and self._numerators == other._numerators:
                return self._denominator == other._denominator
            uncertain = max((*self._radicands[-1:], *other._radicands[-1:]), default=0) >= CERTAIN
            return uncertain and not self - other
        if isinstance(other, (int, Fraction)):
            return self.is_rational and self.as_integer_ratio() == (other.numerator, other.denominator)
        return NotImplemented

    def __hash__(self) -> int:
        """Of what is the same for equal numbers, also for those with different radicands: the square of a root."""
        if len(self._radicands) > 1:
            return hash(decimal(self, 15))
        if self.is_rational:
            p, q = self.as_integer_ratio()
            return hash(p if q == 1 else Fraction(p, q))
        (n,), (p,), q = self._radicands, self._numerators, self._denominator
        common = gcd(n, q * q)
        return hash((p > 0, p * p * (n // common), q * q // common))

    def __neg__(self) -> Number:
        return Number(self._radicands, tuple([-p for p in self._numerators]), self._denominator)

    def __add__(self, other: Number | Fraction | int) -> Number:
        if not isinstance(other, Number):
            other = Number.of(other)
        c, d = self._denominator, other._denominator
        if self._radicands == other._radicands:
            pairs = zip(self._numerators, other._numerators, strict=True)
            return _reduced(self._radicands, tuple([p * d + q * c for p, q in pairs]), c * d)
        sums = {n: p * d for n, p in zip(self._radicands, self._numerators, strict=True)}
        for n, q in zip(other._radicands, other._numerators, strict=True):
            sums[n] = sums.get(n, 0) + q * c
        return _collected(sums, c * d)

    def __sub__(self, other: Number | Fraction | int) -> Number:
        return self + -(other if isinstance(other, Number) else Number.of(other))

    def __mul__(self, other: Number | Fraction | int) -> Number:
        if not isinstance(other, Number):
            if not isinstance(other, (int, Fraction)):
                return NotImplemented  # a Vector or Matrix multiplies itself by a number
            other = Number.of(other)
        a, b = (self, other) if other._radicands == RATIONAL else (other, self)
        denominator = a._denominator * b._denominator
        if b._radicands == RATIONAL:
            factor = b._numerators[0]
            return _reduced(a._radicands, tuple([p * factor for p in a._numerators]), denominator)
        if len(a._radicands) == len(b._radicands) == 1:
            (m,), (n,) = a._radicands, b._radicands
            common = gcd(m, n)
            if (radicand := (m // common) * (n // common)) < CERTAIN:
                return _reduced((radicand,), (a._numerators[0] * b._numerators[0] * common,), denominator)
        products: dict[int, int] = {}
        for m, p in zip(a._radicands, a._numerators, strict=True):
            for n, q in zip(b._radicands, b._numerators, strict=True):
                common = gcd(m, n)
                radicand = (m // common) * (n // common)
                products[radicand] = products.get(radicand, 0) + p * q * common
        return _collected(products, denominator)

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
        if not self._radicands:
            raise InputError("divisor", 0, "must not be 0", "give a divisor other than 0")
        if len(self._radicands) == 1:
            (n,), (p,) = self._radicands, self._numerators
            return _reduced((n,), (self._denominator if p > 0 else -self._denominator,), abs(p) * n)
        moved = conjugated([n for n in self._radicands if n > 1])
        pairs = zip(self._radicands, self._numerators, strict=True)
        conjugate = Number(self._radicands, tuple([-p if n in moved else p for n, p in pairs]), self._denominator)
        return conjugate * (self * conjugate).reciprocal()

    def sign(self) -> int:
        """-1, 0 or 1; certified.

        >>> (sqrt(2) - Number.of("1.41421356237309504880")).sign()
        1
        """
        roots, sizes = self._radicands, self._numerators
        if len(roots) <= 2:
            # of two terms the one with the larger square decides; the squares differ, since the roots are independent
            largest = max(zip(sizes, roots, strict=True), key=lambda term: term[0] ** 2 * term[1], default=(0, 1))[0]
            return (largest > 0) - (largest < 0)
        bits = 64
        while True:
            low, high = self._scaled_bounds(bits)
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
        low, high = self._scaled_bounds(bits)
        scale = self._denominator << bits
        return Fraction(low, scale), Fraction(high, scale)

    def _scaled_bounds(self, bits: int) -> tuple[int, int]:
        """The same, times the denominator and 2^bits."""
        low = high = 0
        for n, p in zip(self._radicands, self._numerators, strict=True):
            square = n << 2 * bits
            root = isqrt(square)
            above = root if root * root == square else root + 1
            low += p * (root if p > 0 else above)
            high += p * (above if p > 0 else root)
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
        return text_of(self._radicands, self._numerators, self._denominator)

    @property
    def latex(self) -> str:
        r"""The number as LaTeX.

        >>> print((3 * sqrt(5) / 10).latex)
        \frac{3\sqrt{5}}{10}
        """
        return latex_of(self._radicands, self._numerators, self._denominator)

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


def rational(numerator: int, denominator: int = 1) -> Number:
    """A quotient of integers, the denominator positive.

    >>> rational(6, 4).text
    '3/2'
    """
    if not numerator:
        return ZERO
    common = gcd(numerator, denominator)
    return Number(RATIONAL, (numerator // common,), denominator // common)


def multiples(numerators: Iterable[int], denominator: int, radicand: int = 1) -> tuple[Number, ...]:
    """The numerators times the square root of a radicand, over a positive denominator; equal ones are one object.

    The radicand is 1, or the second number of :func:`~gradus.exact.numbers.radicands.square_free`.

    >>> [x.text for x in multiples((3, 0, -2), 6, 5)]
    ['sqrt(5)/2', '0', '-sqrt(5)/3']
    """
    radicands = RATIONAL if radicand == 1 else (radicand,)
    made = {0: ZERO}
    found = []
    for p in numerators:
        x = made.get(p)
        if x is None:
            common = gcd(p, denominator)
            x = made[p] = Number(radicands, (p // common,), denominator // common)
        found.append(x)
    return tuple(found)


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
        p, q = x.as_integer_ratio()
        outside, inside = square_free(p * q)
        return multiples((outside,), q, inside)[0]
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


def _collected(numerators: Mapping[int, int], denominator: int) -> Number:
    """The sum of the numerators times the roots of their radicands, over the denominator."""
    if max(numerators, default=0) >= CERTAIN:
        numerators, scale = merged(numerators)
        denominator *= scale
    terms = sorted([(n, p) for n, p in numerators.items() if p])
    if len(terms) > MAX_TERMS:
        rule = f"must not need more than {MAX_TERMS} different square roots"
        raise UnsupportedError("number", f"a sum of {len(terms)} square roots", rule, "give fewer different roots")
    return _reduced(tuple([n for n, _ in terms]), tuple([p for _, p in terms]), denominator)


def _reduced(radicands: tuple[int, ...], numerators: tuple[int, ...], denominator: int) -> Number:
    """The number without terms that are 0, in lowest terms."""
    if not all(numerators):
        terms = [(n, p) for n, p in zip(radicands, numerators, strict=True) if p]
        radicands, numerators = tuple([n for n, _ in terms]), tuple([p for _, p in terms])
    if denominator > 1 and (common := gcd(denominator, *numerators)) > 1:
        numerators, denominator = tuple([p // common for p in numerators]), denominator // common
    return Number(radicands, numerators, denominator)


ZERO = Number()
ONE = Number(RATIONAL, (1,), 1)
