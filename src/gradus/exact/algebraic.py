"""Real algebraic numbers that are no sums of square roots: real roots of irreducible polynomials, by number.

An :class:`AlgebraicNumber` is a :class:`~gradus.exact.numbers.Number`, so that vectors and matrices hold it, print it
and compare it.  Equality compares polynomial and index; order, signs and decimals come from isolating intervals.
Arithmetic finds the polynomial of the result as a characteristic polynomial and is bounded by its degree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import isqrt, lcm
from typing import TYPE_CHECKING

from gradus.errors import InputError, UnsupportedError
from gradus.exact import ground
from gradus.exact.ground import Polynomial
from gradus.exact.numbers import ONE, ZERO, Number, decimal
from gradus.exact.real_roots import bounds, isolated

MAX_DEGREE = 40
"""Highest degree of the polynomial of a sum or product that is computed."""

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

    def __init__(self, polynomial: Polynomial, index: int) -> None:
        object.__setattr__(self, "polynomial", polynomial)
        object.__setattr__(self, "index", index)

    if not TYPE_CHECKING:  # for the type checker it stays the field of Number

        @property
        def terms(self) -> tuple[tuple[int, Fraction], ...]:
            rule = "is no sum of square roots of rationals, which is needed here"
            raise UnsupportedError("number", self.text, rule, "choose numbers for which the roots simplify")

    @property
    def degree(self) -> int:
        """The degree of its polynomial."""
        return len(self.polynomial) - 1

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
        if isinstance(other, Number):
            return not other.is_rational and not _value_at(self.polynomial, other) and _place(self, other) == 0
        return NotImplemented if not isinstance(other, (int, Fraction)) else False

    def __hash__(self) -> int:
        return hash(decimal(self, 15))

    def _bounds(self, bits: int) -> tuple[Fraction, Fraction]:
        return bounds(self.polynomial, self.index, bits)

    def sign(self) -> int:
        below = sum(1 for c, _ in isolated(self.polynomial) if c < 0)
        return 1 if self.index > below else -1

    def __neg__(self) -> Number:
        mirrored = tuple(-c if k % 2 else c for k, c in enumerate(self.polynomial))
        return AlgebraicNumber(ground.primitive(mirrored), len(isolated(self.polynomial)) + 1 - self.index)

    def reciprocal(self) -> Number:
        """1 / self."""
        return located(self.polynomial[::-1], _reciprocal(self._bounds))

    def __add__(self, other: Number | Fraction | int) -> Number:
        return _sum(self, Number.of(other))

    def __mul__(self, other: Number | Fraction | int) -> Number:
        if not isinstance(other, (Number, Fraction, int)):
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
        from gradus.exact.nested_roots import nested

        form = nested(self.polynomial, self.index)
        return form.text if form else f"root({_polynomial_text(self.polynomial)}, {self.index})"

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
        from gradus.exact.nested_roots import nested

        form = nested(self.polynomial, self.index)
        if form:
            return form.latex
        shown = _polynomial_text(self.polynomial, latex=True)
        if len(shown) <= limit:
            return rf"\operatorname{{root}}_{{{self.index}}}\left({shown}\right) \approx {decimal(self, 6)}"
        mantissa, _, exponent = _first_digits(self, 6).partition("e")
        return rf"{mantissa}{{\scriptstyle\ldots}}" + (rf" \cdot 10^{{{exponent}}}" if exponent else "")

    def __repr__(self) -> str:
        return f"AlgebraicNumber({self.text!r})"


def real_root(polynomial: Polynomial, index: int) -> Number:
    """Real root number ``index`` of an irreducible primitive polynomial, as a sum of square roots if it is one.

    >>> real_root((-2, 0, 1), 1).text, real_root((1, 0, -10, 0, 1), 4).text
    ('-sqrt(2)', 'sqrt(2) + sqrt(3)')
    """
    from gradus.exact.nested_roots import quadratic, square_root_sum

    if len(polynomial) == 2:
        return Number.of(Fraction(-polynomial[0], polynomial[1]))
    if len(polynomial) == 3:
        return quadratic(polynomial, index)
    found = square_root_sum(polynomial, index) if len(polynomial) == 5 else None
    return AlgebraicNumber(polynomial, index) if found is None else found


def real_roots(polynomial: Sequence[int]) -> list[Number]:
    """The distinct real roots of any non-zero integer polynomial, ascending.

    >>> [x.text for x in real_roots((0, -2, 0, 1))]
    ['-sqrt(2)', '0', 'sqrt(2)']
    """
    found = []
    for factor, _ in ground.factors(tuple(polynomial)):
        count = 1 if len(factor) == 2 else len(isolated(factor))
        found += [(factor, index) for index in range(1, count + 1)]
    bits = 16
    while True:
        ends = sorted((_root_bounds(factor, index, bits), (factor, index)) for factor, index in found)
        if all(a[0][1] < b[0][0] for a, b in pairwise(ends)):
            return [real_root(factor, index) for _, (factor, index) in ends]
        bits *= 2


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
        count = 1 if len(factor) == 2 else len(isolated(factor))
        candidates += [(factor, index) for index in range(1, count + 1)]
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
    from gradus.exact.numbers import sqrt

    if value.sign() < 0:
        raise InputError("square root", value.text, "must be of a number that is not negative", "check its sign")
    if not isinstance(value, AlgebraicNumber):
        try:
            return sqrt(value)
        except UnsupportedError:
            pass
    p = minimal_polynomial(value)
    _require_degree(2 * (len(p) - 1))
    even = tuple(p[k // 2] if k % 2 == 0 else 0 for k in range(2 * len(p) - 1))

    def near(bits: int) -> tuple[Fraction, Fraction]:
        low, high = value._bounds(2 * bits)
        scale = 1 << bits
        return Fraction(_floor_root(low, scale), scale), Fraction(_floor_root(high, scale) + 1, scale)

    return located(even, near)


def _floor_root(value: Fraction, scale: int) -> int:
    return isqrt(max(0, value.numerator * scale * scale // value.denominator))


@lru_cache(maxsize=1024)
def minimal_polynomial(value: Number) -> Polynomial:
    """The irreducible primitive integer polynomial of a number.

    >>> minimal_polynomial(Number.of("sqrt(2) + sqrt(3)"))
    (1, 0, -10, 0, 1)
    """
    if isinstance(value, AlgebraicNumber):
        return value.polynomial
    p: list[Fraction] = [Fraction(0), Fraction(1)]
    for radicand, coefficient in value.terms:
        if radicand == 1:
            p = _translated(p, coefficient)
            continue
        _require_degree(2 * (len(p) - 1))
        # p(x - c sqrt n) = a - sqrt(n) b, so that the product with its conjugate is a^2 - n b^2
        a, b = _split(p, coefficient, radicand)
        p = _minus(_times(a, a), [radicand * c for c in _times(b, b)])
    scale = lcm(*(c.denominator for c in p))
    whole = tuple(int(c * scale) for c in p)
    found = [factor for factor, _ in ground.factors(whole) if not _value_at(factor, value)]
    return found[0]


def _translated(p: Sequence[Fraction], c: Fraction) -> list[Fraction]:
    result = [Fraction(0)]
    for coefficient in reversed(p):
        shifted = [Fraction(0), *result]
        for k, x in enumerate(result):
            shifted[k] -= c * x
        shifted[0] += coefficient
        result = shifted
    return result[: len(p)]


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


def _first_digits(x: AlgebraicNumber, digits: int) -> str:
    """The first significant digits, cut off and not rounded; certain, since x is irrational."""
    more = 2 * digits
    while True:
        figures = decimal(x, more)
        mantissa, mark, exponent = figures.partition("e")
        lead = len(mantissa) - len(mantissa.lstrip("-0."))
        count, end = 0, lead
        while end < len(mantissa) and (count < digits or "." in mantissa[end:]):
            count += mantissa[end].isdigit()
            end += 1
        if mantissa[end:].strip("0"):
            return mantissa[:end].rstrip(".") + mark + exponent
        more *= 2


def _value_at(p: Polynomial, x: Number) -> Number:
    value = ZERO
    for c in reversed(p):
        value = value * x + c
    return value


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
    return not b.is_algebraic and not _value_at(a.polynomial, b)


def _only_cell(a: AlgebraicNumber, low: Fraction, high: Fraction, bits: int) -> bool:
    """Whether no other root of the polynomial of a can lie between the bounds."""
    others = [i for i in range(1, len(isolated(a.polynomial)) + 1) if i != a.index]
    return not any(c <= high and low <= d for c, d in (bounds(a.polynomial, index, bits) for index in others))


def _require_degree(degree: int) -> None:
    if degree > MAX_DEGREE:
        rule = f"needs a polynomial of degree {degree}, and {MAX_DEGREE} is the limit"
        raise UnsupportedError("number", "the result", rule, "choose numbers of lower degree")


def _reciprocal(near: Enclosure) -> Enclosure:
    def enclosure(bits: int) -> tuple[Fraction, Fraction]:
        while True:
            low, high = near(bits)
            if low * high > 0:
                return 1 / high, 1 / low
            bits *= 2

    return enclosure


def _monic(p: Polynomial) -> tuple[list[list[int]], int]:
    """The companion matrix of a root times the leading coefficient c, and c."""
    n, c = len(p) - 1, p[-1]
    column = [-p[k] * c ** (n - 1 - k) for k in range(n)]
    return [[int(i == j + 1) for j in range(n - 1)] + [column[i]] for i in range(n)], c


def _scaled(p: Polynomial, factor: int) -> Polynomial:
    """p(factor x)."""
    return ground.primitive([c * factor**k for k, c in enumerate(p)])


def _sum(a: AlgebraicNumber, b: Number) -> Number:
    if not b:
        return a
    if b == -a:
        return ZERO
    p, q = a.polynomial, minimal_polynomial(b)
    _require_degree((len(p) - 1) * (len(q) - 1))
    (P, c), (Q, d) = _monic(p), _monic(q)
    m, n = len(P), len(Q)
    M = [
        [(d * P[i][k] if j == h else 0) + (c * Q[j][h] if i == k else 0) for k in range(m) for h in range(n)]
        for i in range(m)
        for j in range(n)
    ]

    def near(bits: int) -> tuple[Fraction, Fraction]:
        (low, high), (below, above) = a._bounds(bits), b._bounds(bits)
        return low + below, high + above

    return located(_scaled(ground.characteristic_polynomial(M), c * d), near)


def _product(a: AlgebraicNumber, b: Number) -> Number:
    if not b:
        return ZERO
    if not isinstance(b, AlgebraicNumber) and b.is_rational:
        return _multiple(a, b.as_fraction())
    p, q = a.polynomial, minimal_polynomial(b)
    _require_degree((len(p) - 1) * (len(q) - 1))
    (P, c), (Q, d) = _monic(p), _monic(q)
    M = [[x * y for x in row for y in line] for row in P for line in Q]

    def near(bits: int) -> tuple[Fraction, Fraction]:
        ends = [x * y for x in a._bounds(bits) for y in b._bounds(bits)]
        return min(ends), max(ends)

    return located(_scaled(ground.characteristic_polynomial(M), c * d), near)


def _multiple(a: AlgebraicNumber, factor: Fraction) -> Number:
    positive, n = abs(factor), a.degree
    scaled = [c * positive.denominator**k * positive.numerator ** (n - k) for k, c in enumerate(a.polynomial)]
    multiple = AlgebraicNumber(ground.primitive(scaled), a.index)
    return multiple if factor > 0 else -multiple


def _polynomial_text(p: Polynomial, latex: bool = False) -> str:
    from gradus.exact.eigenvalues import polynomial_latex, polynomial_text

    coefficients = [Fraction(c) for c in p]
    return polynomial_latex(coefficients, "x") if latex else polynomial_text(coefficients)
