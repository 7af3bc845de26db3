"""Real algebraic numbers that are no sums of square roots: real roots of irreducible polynomials, by number.

An :class:`AlgebraicNumber` is a :class:`~gradus.exact.numbers.number.Number`, so that vectors and matrices hold it,
print it and compare it.  Equality compares polynomial and index; order, signs and decimals come from isolating
intervals. Arithmetic finds the polynomial of the result as a characteristic polynomial and is bounded by its degree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import pairwise
from math import isqrt
from typing import TYPE_CHECKING

from gradus.errors import InputError, UnsupportedError
from gradus.exact.numbers import ground
from gradus.exact.numbers.composed_polynomials import (
    minimal_polynomial,
    mirrored_polynomial,
    multiple_polynomial,
    product_polynomial,
    require_degree,
    sum_polynomial,
    value_at,
)
from gradus.exact.numbers.ground import Polynomial
from gradus.exact.numbers.nested_roots import Nested, nested, nested_roots
from gradus.exact.numbers.number import ONE, ZERO, Number, decimal, sqrt
from gradus.exact.numbers.quadratic_surds import Surd, quadratic_root, surd_of
from gradus.exact.numbers.real_roots import bounds, isolated
from gradus.exact.numbers.root_printing import first_digits, polynomial_latex, polynomial_text

SHORT = 48
"""Polynomials of at most so many characters are printed inside formulas; longer ones show decimals there."""

Enclosure = Callable[[int], tuple[Fraction, Fraction]]
"""Bits -> rationals below and above a number, which come together as the bits grow."""


class AlgebraicNumber(Number):
    """Real root number ``index`` (from 1 upwards from the smallest) of an irreducible integer polynomial.

    Make it with :func:`real_root`, which returns a sum of square roots where the root is one.

    >>> x = real_root((1, 0, -10, 0, 0, 1), 3)
    >>> x.text, x.decimal[:12]
    ('root(x^5 - 10*x^2 + 1, 3)', '2.1386171696')
    >>> x == real_root((1, 0, -10, 0, 0, 1), 3), x > 2
    (True, True)
    """

    polynomial: Polynomial
    index: int

    def __init__(
        self, polynomial: Polynomial, index: int, form: Nested | None = None, near: Enclosure | None = None
    ) -> None:
        """``form`` and ``near`` are for who knows them already: otherwise the polynomial gives them when needed."""
        self.polynomial = polynomial
        self.index = index
        self._near = near
        if form:
            self.form = form

    if not TYPE_CHECKING:  # for the type checker it stays the field of Number

        @property
        def _radicands(self) -> tuple[int, ...]:
            rule = "is no sum of square roots of rationals, which is needed here"
            raise UnsupportedError("number", self.text, rule, "choose numbers for which the roots simplify")

    def __reduce__(self) -> tuple[type[AlgebraicNumber], tuple[Polynomial, int]]:
        """What copying needs, without the slots of a sum of square roots, which it has not."""
        return AlgebraicNumber, (self.polynomial, self.index)

    @property
    def degree(self) -> int:
        """The degree of its polynomial."""
        return len(self.polynomial) - 1

    @cached_property
    def form(self) -> Nested | None:
        """The number with nested square roots, or None where the degree is not 4 or there is no such form."""
        return nested(self.polynomial, self.index)

    @property
    def is_rational(self) -> bool:
        return False

    @property
    def is_algebraic(self) -> bool:
        return True

    @property
    def coefficients(self) -> tuple[int, ...]:
        return self.polynomial

    @property
    def is_sum(self) -> bool:
        return "root(" not in self.text[:5] and (" + " in self.text or " - " in self.text)

    def as_fraction(self) -> Fraction:
        raise UnsupportedError("number", self.text, "must be rational here", "give a number without roots")

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        if isinstance(other, AlgebraicNumber):
            return (self.polynomial, self.index) == (other.polynomial, other.index)
        if isinstance(other, Number) and other.is_algebraic:
            return NotImplemented  # a number kept in another form compares itself
        if isinstance(other, Number):
            return not other.is_rational and not value_at(self.polynomial, other) and _place(self, other) == 0
        return NotImplemented if not isinstance(other, (int, Fraction)) else False

    def __hash__(self) -> int:
        return hash(decimal(self, 15))

    def _bounds(self, bits: int) -> tuple[Fraction, Fraction]:
        if self.form:
            return self.form.bounds(bits)
        return self._near(bits) if self._near else bounds(self.polynomial, self.index, bits)

    def sign(self) -> int:
        if self.form and not self.form.outer:
            return self.form.sign
        bits = 64
        while True:
            low, high = self._bounds(bits)
            if low > 0 or high < 0:
                return 1 if low > 0 else -1
            bits *= 2

    def __neg__(self) -> Number:
        return AlgebraicNumber(mirrored_polynomial(self.polynomial), _root_count(self.polynomial) + 1 - self.index)

    def reciprocal(self) -> Number:
        """1 / self."""
        return located(self.polynomial[::-1], _reciprocal(self._bounds))

    def __add__(self, other: Number | Fraction | int) -> Number:
        if isinstance(other, Number) and other.is_transcendental:
            return NotImplemented
        return _sum(self, Number.of(other))

    def __mul__(self, other: Number | Fraction | int) -> Number:
        if not isinstance(other, (Number, Fraction, int)) or (isinstance(other, Number) and other.is_transcendental):
            return NotImplemented
        return _product(self, Number.of(other))

    __radd__ = __add__
    __rmul__ = __mul__

    def __sub__(self, other: Number | Fraction | int) -> Number:
        return self + -Number.of(other)

    def __rsub__(self, other: Fraction | int) -> Number:
        return -self + other

    def __truediv__(self, other: Number | Fraction | int) -> Number:
        return self * Number.of(other).reciprocal()

    def __rtruediv__(self, other: Fraction | int) -> Number:
        return self.reciprocal() * other

    def __pow__(self, exponent: int) -> Number:
        if exponent < 0:
            return self.reciprocal() ** -exponent
        result: Number = ONE
        for _ in range(exponent):
            result = result * self
        return result

    def __lt__(self, other: Number | Fraction | int) -> bool:
        return self != other and _place(self, Number.of(other)) < 0

    def __le__(self, other: Number | Fraction | int) -> bool:
        return self == other or self < other

    def __gt__(self, other: Number | Fraction | int) -> bool:
        return not self <= other

    def __ge__(self, other: Number | Fraction | int) -> bool:
        return not self < other

    @property
    def text(self) -> str:
        """Nested square roots where the degree is 4 and they exist; otherwise ``root(polynomial, index)``."""
        return self.form.text if self.form else f"root({polynomial_text(self.polynomial)}, {self.index})"

    @property
    def latex(self) -> str:
        r"""Nested square roots, or the polynomial with the root's number and decimals; a long one: decimals only.

        >>> print(real_root((1, 0, -10, 0, 0, 1), 3).latex)
        \operatorname{root}_{3}\left(x^{5} - 10x^{2} + 1\right) \approx 2.13862
        """
        return self.latex_within(SHORT)

    def latex_within(self, limit: int) -> str:
        r"""The same, with a polynomial of at most so many characters; otherwise the first six digits, not rounded.

        >>> print(real_root((1, 0, -10, 0, 0, 1), 3).latex_within(10))
        2.13861{\scriptstyle\ldots}
        """
        if self.form:
            return self.form.latex
        shown = polynomial_latex(self.polynomial)
        if len(shown) <= limit:
            return rf"\operatorname{{root}}_{{{self.index}}}\left({shown}\right) \approx {decimal(self, 6)}"
        mantissa, _, exponent = first_digits(self, 6).partition("e")
        return rf"{mantissa}{{\scriptstyle\ldots}}" + (rf" \cdot 10^{{{exponent}}}" if exponent else "")

    def __repr__(self) -> str:
        return f"AlgebraicNumber({self.text!r})"


def real_root(polynomial: Polynomial, index: int, near: Enclosure | None = None) -> Number:
    """Real root number ``index`` of an irreducible primitive polynomial, as a sum of square roots if it is one.

    An enclosure, if one is known, saves isolating the root for its decimals.

    >>> real_root((-2, 0, 1), 1).text, real_root((1, 0, -10, 0, 1), 4).text
    ('-sqrt(2)', 'sqrt(2) + sqrt(3)')
    """
    if len(polynomial) == 2:
        return Number.of(Fraction(-polynomial[0], polynomial[1]))
    if len(polynomial) == 3:
        return quadratic_root(polynomial, index)
    form = nested(polynomial, index)
    if form is None or form.denested is None:
        return AlgebraicNumber(polynomial, index, form, near)
    return form.denested


def real_roots(polynomial: Sequence[int]) -> list[Number]:
    """The distinct real roots of any non-zero integer polynomial, ascending.

    >>> [x.text for x in real_roots((0, -2, 0, 1))]
    ['-sqrt(2)', '0', 'sqrt(2)']
    """
    found = []
    for factor, _ in ground.factors(tuple(polynomial)):
        found += [(factor, index) for index in range(1, _root_count(factor) + 1)]
    bits = 16
    while True:
        ends = sorted((_root_bounds(factor, index, bits), (factor, index)) for factor, index in found)
        if all(a[0][1] < b[0][0] for a, b in pairwise(ends)):
            return [real_root(factor, index) for _, (factor, index) in ends]
        bits *= 2


def _root_count(factor: Polynomial) -> int:
    return 1 if len(factor) == 2 else len(nested_roots(factor)) or len(isolated(factor))


def _root_bounds(factor: Polynomial, index: int, bits: int) -> tuple[Fraction, Fraction]:
    if len(factor) == 2:
        root = Fraction(-factor[0], factor[1])
        return root, root
    return bounds(factor, index, bits)


def located(polynomial: Polynomial, near: Enclosure) -> Number:
    """The root of an integer polynomial that an enclosure comes to; the number must be known to be a root.

    >>> located((0, -2, 0, 1), lambda bits: (Fraction(1), Fraction(2))).text
    'sqrt(2)'
    """
    candidates = []
    for factor, _ in ground.factors(polynomial):
        candidates += [(factor, index) for index in range(1, _root_count(factor) + 1)]
    bits = 32
    while len(candidates) > 1:
        low, high = near(bits)
        ends = [(candidate, _root_bounds(*candidate, bits)) for candidate in candidates]
        candidates = [candidate for candidate, (a, b) in ends if a <= high and low <= b]
        bits *= 2
    return real_root(*candidates[0])


def square_root(value: Number) -> Number:
    """The non-negative square root of any number.

    Raises:
        InputError: the value is negative.
        UnsupportedError: its polynomial has too high a degree.

    >>> square_root(Number.of("2 + sqrt(2)")).text
    'sqrt(2 + sqrt(2))'
    """
    if value.sign() < 0:
        raise InputError("square root", value.text, "must be of a number that is not negative", "check its sign")
    if not isinstance(value, AlgebraicNumber):
        if surd := surd_of(value):
            return surd_square_root(surd)
        if value.is_rational:
            return sqrt(value)
    p = minimal_polynomial(value)
    require_degree(2 * (len(p) - 1))
    even = tuple(p[k // 2] if k % 2 == 0 else 0 for k in range(2 * len(p) - 1))

    def near(bits: int) -> tuple[Fraction, Fraction]:
        low, high = value._bounds(2 * bits)
        scale = 1 << bits
        return Fraction(_floor_root(low, scale), scale), Fraction(_floor_root(high, scale) + 1, scale)

    return located(even, near)


@lru_cache(maxsize=4096)
def surd_square_root(surd: Surd, sign: int = 1) -> Number:
    """sign sqrt(surd) for a positive surd: a sum of square roots, or by x^4 - (2 a / d) x^2 + (a^2 - b^2 n) / d^2.

    >>> surd_square_root(Surd(2, 1, 2, 1)), surd_square_root(Surd(3, 2, 2, 1), -1)
    (AlgebraicNumber('sqrt(2 + sqrt(2))'), Number('-1 - sqrt(2)'))
    """
    form = Nested(ZERO, sign, surd)
    if form.denested is not None:
        return form.denested
    a, b, n, d = surd
    norm = a * a - b * b * n
    # with a negative conjugate there are two real roots, otherwise four, those of the larger one outside
    index = (1 if norm < 0 else 2 if b < 0 else 1) if sign < 0 else (2 if norm < 0 else 3 if b < 0 else 4)
    return AlgebraicNumber(ground.primitive((norm, 0, -2 * a * d, 0, d * d)), index, form)


def _floor_root(value: Fraction, scale: int) -> int:
    return isqrt(max(0, value.numerator * scale * scale // value.denominator))


def _place(a: Number, b: Number) -> int:
    """-1 or 1 as a lies below or above b; 0 if a has a root's cell that b never leaves, where both are roots of one."""
    bits = 32
    while True:
        (low, high), (below, above) = a._bounds(bits), b._bounds(bits)
        if high < below or above < low:
            return -1 if high < below else 1
        if isinstance(a, AlgebraicNumber) and _only_cell(a, below, above, bits) and _is_root_of(a, b):
            return 0
        bits *= 2


def _is_root_of(a: AlgebraicNumber, b: Number) -> bool:
    return not b.is_algebraic and not value_at(a.polynomial, b)


def _only_cell(a: AlgebraicNumber, low: Fraction, high: Fraction, bits: int) -> bool:
    """Whether no other root of the polynomial of a can lie between the bounds."""
    others = [i for i in range(1, _root_count(a.polynomial) + 1) if i != a.index]
    return not any(c <= high and low <= d for c, d in (bounds(a.polynomial, index, bits) for index in others))


def _reciprocal(near: Enclosure) -> Enclosure:
    def enclosure(bits: int) -> tuple[Fraction, Fraction]:
        while True:
            low, high = near(bits)
            if low * high > 0:
                return 1 / high, 1 / low
            bits *= 2

    return enclosure


def _sum(a: AlgebraicNumber, b: Number) -> Number:
    if not b:
        return a
    if b == -a:
        return ZERO
    p, q = a.polynomial, minimal_polynomial(b)
    require_degree((len(p) - 1) * (len(q) - 1))

    def near(bits: int) -> tuple[Fraction, Fraction]:
        (low, high), (below, above) = a._bounds(bits), b._bounds(bits)
        return low + below, high + above

    return located(sum_polynomial(p, q), near)


def _product(a: AlgebraicNumber, b: Number) -> Number:
    if not b:
        return ZERO
    if not isinstance(b, AlgebraicNumber) and b.is_rational:
        return _multiple(a, b.as_fraction())
    p, q = a.polynomial, minimal_polynomial(b)
    require_degree((len(p) - 1) * (len(q) - 1))

    def near(bits: int) -> tuple[Fraction, Fraction]:
        ends = [x * y for x in a._bounds(bits) for y in b._bounds(bits)]
        return min(ends), max(ends)

    return located(product_polynomial(p, q), near)


def _multiple(a: AlgebraicNumber, factor: Fraction) -> Number:
    multiple = AlgebraicNumber(multiple_polynomial(a.polynomial, abs(factor)), a.index)
    return multiple if factor > 0 else -multiple
