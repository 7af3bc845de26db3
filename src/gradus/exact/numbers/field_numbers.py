"""Numbers that stay in their number field: fast sums, products and zero tests at one real root of a polynomial.

An :class:`~gradus.exact.numbers.algebraic.AlgebraicNumber` knows its own polynomial, and every sum of two needs a new
one.  A :class:`FieldNumber` is a polynomial in one root t instead, so that arithmetic is that of Q[t]/f, zero is
recognised by its coefficients, and a sign needs an enclosure of t alone.  The polynomial of its own is found when it is
printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import isqrt, lcm
from typing import TYPE_CHECKING

from gradus.errors import UnsupportedError
from gradus.exact.numbers import ground
from gradus.exact.numbers.algebraic import located, square_root
from gradus.exact.numbers.composed_polynomials import minimal_polynomial
from gradus.exact.numbers.ground import Polynomial
from gradus.exact.numbers.number import Number, decimal
from gradus.exact.numbers.number_fields import Field, whole


class FieldNumber(Number):
    """A polynomial in real root number ``root`` (from 1 upwards from the smallest) of the modulus of a field.

    Made by :func:`field_number`, which returns a rational number where it is one.

    Raises:
        UnsupportedError: arithmetic with a number that is neither rational nor in the same field.

    >>> t = field_number(Field((1, -2, -1, 1)), 3, (0, 1))
    >>> (t * t * t - t * t - 2 * t).text, (t - 2).sign(), t.decimal[:8]
    ('-1', -1, '1.801937')
    >>> (1 / t).text, t.text
    ('root(x^3 - 2*x^2 - x + 1, 2)', 'root(x^3 - x^2 - 2*x + 1, 3)')
    """

    field: Field
    root: int
    powers: tuple[Fraction, ...]

    def __init__(self, field: Field, root: int, powers: tuple[Fraction, ...]) -> None:
        for name, value in (("field", field), ("root", root), ("powers", powers)):
            object.__setattr__(self, name, value)

    if not TYPE_CHECKING:  # for the type checker it stays the field of Number

        @property
        def terms(self) -> tuple[tuple[int, Fraction], ...]:
            rule = "is no sum of square roots of rationals, which is needed here"
            raise UnsupportedError("number", self.text, rule, "choose numbers for which the roots simplify")

    @property
    def algebraic(self) -> Number:
        """The same number with its own polynomial.

        >>> field_number(Field((1, -2, -1, 1)), 1, (0, 2)).algebraic.text
        'root(x^3 - 2*x^2 - 8*x + 8, 1)'
        """
        return _algebraic(self.field, self.root, self.powers)

    @property
    def is_rational(self) -> bool:
        return False

    @property
    def is_algebraic(self) -> bool:
        return True

    @property
    def coefficients(self) -> Polynomial:
        return self.algebraic.coefficients

    @property
    def is_sum(self) -> bool:
        return self.algebraic.is_sum

    def as_fraction(self) -> Fraction:
        raise UnsupportedError("number", self.text, "must be rational here", "give a number without roots")

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FieldNumber):
            if (self.field, self.root) == (other.field, other.root):
                return self.powers == other.powers
            return self.algebraic == other.algebraic
        if isinstance(other, Number):
            return not other.is_rational and self.algebraic == other
        return NotImplemented if not isinstance(other, (int, Fraction)) else False

    def __hash__(self) -> int:
        return hash(decimal(self, 15))

    def _bounds(self, bits: int) -> tuple[Fraction, Fraction]:
        (element,), scale = whole([self.powers]), lcm(*(c.denominator for c in self.powers))
        low, high = self.field.bounds(element, self.root, bits)
        return Fraction(low, scale << bits), Fraction(high, scale << bits)

    def sign(self) -> int:
        return self.field.sign(whole([self.powers])[0], self.root)

    def __neg__(self) -> Number:
        return FieldNumber(self.field, self.root, tuple(-c for c in self.powers))

    def __add__(self, other: Number | Fraction | int) -> Number:
        if isinstance(other, Number) and other.is_transcendental:
            return NotImplemented
        powers = self._powers(other)
        return field_number(self.field, self.root, [a + b for a, b in zip(self.powers, powers, strict=True)])

    def __sub__(self, other: Number | Fraction | int) -> Number:
        return self + -Number.of(other)

    def __mul__(self, other: Number | Fraction | int) -> Number:
        if not isinstance(other, (Number, Fraction, int)) or (isinstance(other, Number) and other.is_transcendental):
            return NotImplemented
        a, b = self.powers, self._powers(other)
        d, e = lcm(*(c.denominator for c in a)), lcm(*(c.denominator for c in b))
        product = self.field.times(whole([a])[0], whole([b])[0])
        return field_number(self.field, self.root, [Fraction(c, d * e) for c in product])

    def __truediv__(self, other: Number | Fraction | int) -> Number:
        return self * Number.of(other).reciprocal()

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: Number | Fraction | int) -> Number:
        return -self + other

    def __rtruediv__(self, other: Number | Fraction | int) -> Number:
        return self.reciprocal() * other

    def __pow__(self, exponent: int) -> Number:
        if exponent < 0:
            return self.reciprocal() ** -exponent
        result = Number.of(1)
        for _ in range(exponent):
            result = result * self
        return result

    def reciprocal(self) -> Number:
        """1 / self."""
        (element,), scale = whole([self.powers]), lcm(*(c.denominator for c in self.powers))
        inverse, c = self.field.inverse(element)
        return field_number(self.field, self.root, [Fraction(x * scale, c) for x in inverse])

    def __lt__(self, other: Number | Fraction | int) -> bool:
        return self._compared(Number.of(other)) < 0

    def __le__(self, other: Number | Fraction | int) -> bool:
        return self._compared(Number.of(other)) <= 0

    def __gt__(self, other: Number | Fraction | int) -> bool:
        return self._compared(Number.of(other)) > 0

    def __ge__(self, other: Number | Fraction | int) -> bool:
        return self._compared(Number.of(other)) >= 0

    def _compared(self, other: Number) -> int:
        """The sign of the difference."""
        if other.is_rational or (
            isinstance(other, FieldNumber) and (self.field, self.root) == (other.field, other.root)
        ):
            return (self - other).sign()
        if self == other:
            return 0
        bits = 64
        while True:
            (low, high), (below, above) = self._bounds(bits), other._bounds(bits)
            if high < below or above < low:
                return -1 if high < below else 1
            bits *= 2

    @property
    def text(self) -> str:
        """As its own polynomial's root prints."""
        return self.algebraic.text

    @property
    def latex(self) -> str:
        """As its own polynomial's root prints."""
        return self.algebraic.latex

    def latex_within(self, limit: int) -> str:
        """As its own polynomial's root prints."""
        return self.algebraic.latex_within(limit)

    def __repr__(self) -> str:
        return f"FieldNumber({self.text!r})"

    def _powers(self, other: Number | Fraction | int) -> tuple[Fraction, ...]:
        if isinstance(other, FieldNumber) and (self.field, self.root) == (other.field, other.root):
            return other.powers
        x = Number.of(other)
        if not x.is_rational:
            rule = f"is computed with rational numbers only, and not with {x.text}"
            raise UnsupportedError("number", self.text, rule, "choose rational numbers")
        return (x.as_fraction(), *(Fraction(0),) * (self.field.degree - 1))


def field_number(field: Field, root: int, powers: Sequence[Fraction | int]) -> Number:
    """The value of a polynomial, by its coefficients from the constant term upwards, at a root of the modulus.

    >>> field_number(Field((1, -2, -1, 1)), 2, (0, 0, 0, 1)) == field_number(Field((1, -2, -1, 1)), 2, (-1, 2, 1))
    True
    """
    if len(powers) != field.degree:
        d = lcm(*(Fraction(c).denominator for c in powers))
        powers = [Fraction(c, d) for c in field.reduced([int(c * d) for c in powers])]
    if not any(powers[1:]):
        return Number.of(Fraction(powers[0]))
    return FieldNumber(field, root, tuple(Fraction(c) for c in powers))


@lru_cache(maxsize=4096)
def _algebraic(field: Field, root: int, powers: tuple[Fraction, ...]) -> Number:
    (element,), scale = whole([powers]), lcm(*(c.denominator for c in powers))
    polynomial = _characteristic_polynomial(field, element)
    scaled = ground.primitive([c * scale**k for k, c in enumerate(polynomial)])
    return located(scaled, FieldNumber(field, root, powers)._bounds)


@lru_cache(maxsize=1024)
def _characteristic_polynomial(field: Field, element: tuple[int, ...]) -> Polynomial:
    return ground.characteristic_polynomial(field.multiplication(element))


def root_of(value: Number) -> Number:
    """The non-negative square root of a number that may be in a field.

    Raises:
        InputError: the value is negative.
        UnsupportedError: its polynomial has too high a degree.

    >>> root_of(field_number(Field((1, -2, -1, 1)), 3, (0, 0, 1))).text
    'root(x^3 - x^2 - 2*x + 1, 3)'
    """
    if not isinstance(value, FieldNumber) or value.sign() < 0:
        return square_root(value)
    p = minimal_polynomial(value.algebraic)
    even = tuple(p[k // 2] if k % 2 == 0 else 0 for k in range(2 * len(p) - 1))
    return located(even, lambda bits: _root_bounds(value._bounds(2 * bits), bits))


def quadratic_roots(trace: Number, determinant: Number) -> tuple[Number, Number]:
    """The real roots of x^2 - trace x + determinant, the smaller first; its discriminant must not be negative.

    Raises:
        UnsupportedError: a polynomial of too high a degree would be needed.

    >>> t = field_number(Field((1, -2, -1, 1)), 3, (0, 1))
    >>> quadratic_roots(t, t - 1)[1].text, [r.text for r in quadratic_roots(Number.of(2), Number.of(-1))]
    ('1', ['1 - sqrt(2)', '1 + sqrt(2)'])
    """
    if not isinstance(trace, FieldNumber) and not isinstance(determinant, FieldNumber):
        root = square_root(trace * trace - 4 * determinant)
        return (trace - root) / 2, (trace + root) / 2
    polynomial = _norm_of_quadratic(trace, determinant)
    return _located_root(polynomial, trace, determinant, -1), _located_root(polynomial, trace, determinant, 1)


def _located_root(polynomial: Polynomial, trace: Number, determinant: Number, sign: int) -> Number:
    discriminant = trace * trace - 4 * determinant
    if not discriminant:
        return trace / 2

    def near(bits: int) -> tuple[Fraction, Fraction]:
        low, high = _root_bounds(discriminant._bounds(2 * bits), bits)
        ends = (low, high) if sign > 0 else (-high, -low)
        below, above = trace._bounds(bits)
        return (below + ends[0]) / 2, (above + ends[1]) / 2

    return located(polynomial, near)


def _norm_of_quadratic(trace: Number, determinant: Number) -> Polynomial:
    """The characteristic polynomial over Q of the companion matrix over the field, a root's denominator cleared."""
    field = next(x.field for x in (trace, determinant) if isinstance(x, FieldNumber))
    T, D = _over_the_rationals(field, trace), _over_the_rationals(field, determinant)
    n = field.degree
    d = lcm(*(x.denominator for row in (*T, *D) for x in row))
    # d times a root is a root of x^2 - d T x + d^2 D, whose companion matrix is [[0, -d^2 D], [1, d T]]
    upper = [[0] * n + [int(-d * d * x) for x in row] for row in D]
    lower = [[int(i == j) for j in range(n)] + [int(d * x) for x in row] for i, row in enumerate(T)]
    p = ground.characteristic_polynomial([*upper, *lower])
    return ground.primitive([c * d**k for k, c in enumerate(p)])


def _over_the_rationals(field: Field, x: Number) -> list[list[Fraction]]:
    """The matrix of the multiplication by x on Q[t]/f."""
    if not isinstance(x, FieldNumber):
        value = x.as_fraction()
        return [[value if i == j else Fraction(0) for j in range(field.degree)] for i in range(field.degree)]
    scale = lcm(*(c.denominator for c in x.powers))
    return [[Fraction(c, scale) for c in row] for row in field.multiplication(whole([x.powers])[0])]


def _root_bounds(ends: tuple[Fraction, Fraction], bits: int) -> tuple[Fraction, Fraction]:
    scale = 1 << bits

    low, high = (isqrt(max(0, x.numerator * scale * scale // x.denominator)) for x in ends)
    return Fraction(low, scale), Fraction(high + 1, scale)
