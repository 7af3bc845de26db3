"""The field Q[t]/f, for monic irreducible integer f with real roots only, and bounds of its elements at each of them.

Elements are integer or rational coefficients of 1, t, ..., t^(d-1).  An identity proved here holds at every root.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from math import gcd, isqrt, lcm

from gradus.exact.numbers import ground
from gradus.exact.numbers.ground import Polynomial
from gradus.exact.numbers.quadratic_surds import surd_sign
from gradus.exact.numbers.radicands import square_free
from gradus.exact.numbers.real_roots import enclosure

PRECISION = 128
"""Bits to which roots are enclosed at first: enough to tell most values apart and for the digits that are printed."""

Element = tuple[int, ...]
"""An algebraic integer of the field, by its coefficients."""


@dataclass(frozen=True)
class Field:
    """Q[t]/f with f monic and irreducible, and with real roots only.

    >>> field = Field((1, -3, 1))
    >>> field.times((0, 1), (0, 1)), field.trace((0, 1)), field.inverse((0, 1))
    ((-1, 3), 3, ((3, -1), 1))
    """

    modulus: Polynomial

    @property
    def degree(self) -> int:
        """The degree of f, which is also the number of its roots."""
        return len(self.modulus) - 1

    @property
    def zero(self) -> Element:
        """0, and with it the form that all elements have."""
        return (0,) * self.degree

    def reduced(self, a: Sequence[int]) -> Element:
        """A polynomial in t modulo f."""
        d, row = self.degree, list(a)
        for k in range(len(row) - 1, d - 1, -1):
            if top := row[k]:
                for j, c in enumerate(self.modulus[:-1]):
                    row[k - d + j] -= top * c
        return tuple(row[:d]) + (0,) * (d - len(row))

    def times(self, a: Element, b: Element) -> Element:
        """The product."""
        product = [0] * (2 * self.degree - 1)
        for i, x in enumerate(a):
            if x:
                for j, y in enumerate(b):
                    product[i + j] += x * y
        return self.reduced(product)

    def dot(self, v: Sequence[Element], w: Sequence[Element]) -> Element:
        """The scalar product of two vectors, reduced once."""
        product = [0] * (2 * self.degree - 1)
        for a, b in zip(v, w, strict=True):
            for i, x in enumerate(a):
                if x:
                    for j, y in enumerate(b):
                        product[i + j] += x * y
        return self.reduced(product)

    def multiplication(self, a: Element) -> list[list[int]]:
        """The matrix of the multiplication by a; its columns are a, t a, t^2 a, ..."""
        columns = [a]
        for _ in range(self.degree - 1):
            columns.append(self.reduced((0, *columns[-1])))
        return [list(row) for row in zip(*columns, strict=True)]

    def inverse(self, a: Element) -> tuple[Element, int]:
        """(b, c) with a b = c, an integer >= 1, for a other than 0."""
        return _inverse(self, a)

    @cached_property
    def radicand(self) -> tuple[int, int]:
        """(k, n) with t = (-f_1 +- k sqrt n) / 2, for degree 2."""
        c, b, _ = self.modulus
        return square_free(b * b - 4 * c)

    def surd(self, a: Element) -> tuple[int, int]:
        """(x, y) such that an element is (x - y sqrt n) / 2 at the first root and (x + y sqrt n) / 2 at the second.

        >>> Field((1, -3, 1)).surd((0, 1)), Field((1, -3, 1)).radicand
        ((3, 1), (1, 5))
        """
        return 2 * a[0] - a[1] * self.modulus[1], a[1] * self.radicand[0]

    @cached_property
    def power_sums(self) -> tuple[int, ...]:
        """The traces of 1, t, ..., t^(d-1), by Newton's identities."""
        d, f = self.degree, self.modulus
        sums = [d]
        for k in range(1, d):
            sums.append(-k * f[d - k] - sum(f[d - j] * sums[k - j] for j in range(1, k)))
        return tuple(sums)

    def trace(self, a: Element) -> int:
        """The sum of the values at all roots."""
        return sum(x * s for x, s in zip(a, self.power_sums, strict=True))

    def bounds(self, a: Element, root: int, bits: int) -> tuple[int, int]:
        """Bounds, times 2^bits, of the value of an element at root number ``root``, from 1 upwards."""
        low = high = 0
        for c, (small, large) in zip(a, _powers(self, root, bits), strict=True):
            if c > 0:
                low, high = low + c * small, high + c * large
            else:
                low, high = low + c * large, high + c * small
        return low, high

    def root_bounds(self, root: int, bits: int) -> tuple[int, int]:
        """Bounds, times 2^bits, of a root."""
        if self.degree == 1:
            exact = -self.modulus[0] << bits
            return exact, exact
        if self.degree == 2:
            # the sum of twice the middle and the root of the discriminant, which is irrational
            c, b, _ = self.modulus
            size = isqrt(b * b - 4 * c << 2 * bits)
            doubled = -b << bits
            low, high = (doubled + size, doubled + size + 1) if root == 2 else (doubled - size - 1, doubled - size)
            return low >> 1, -(-high >> 1)
        c, e = enclosure(self.modulus, root, bits)
        return c >> (e - bits), -(-(c + 1) >> (e - bits))

    def sign(self, a: Element, root: int) -> int:
        """The sign of the value of an element other than 0 at a root; certified."""
        if self.degree == 1:
            return 1 if a[0] > 0 else -1
        if self.degree == 2:
            x, y = self.surd(a)
            return surd_sign(x, y if root == 2 else -y, self.radicand[1])
        bits = PRECISION
        while True:
            low, high = self.bounds(a, root, bits)
            if low > 0 or high < 0:
                return 1 if low > 0 else -1
            bits *= 2

    def signs(self, a: Element) -> tuple[int, ...]:
        """The signs of the values of an element other than 0 at all roots, ascending; certified.

        >>> Field((1, -3, 1)).signs((-1, 1))
        (-1, 1)
        """
        return tuple(self.sign(a, root) for root in range(1, self.degree + 1))


@lru_cache(maxsize=1024)
def _powers(field: Field, root: int, bits: int) -> tuple[tuple[int, int], ...]:
    """Bounds, times 2^bits, of 1, t, ..., t^(d-1) at a root."""
    low, high = field.root_bounds(root, bits)
    found = [(1 << bits, 1 << bits)]
    for _ in range(field.degree - 1):
        ends = [x * y for x in found[-1] for y in (low, high)]
        found.append((min(ends) >> bits, -(-max(ends) >> bits)))
    return tuple(found)


@lru_cache(maxsize=256)
def _inverse(field: Field, a: Element) -> tuple[Element, int]:
    unit = [[int(i == 0)] for i in range(field.degree)]
    solved = ground.solution(field.multiplication(a), unit, small=4)
    assert solved is not None, "a field element other than 0 is invertible"
    column, c = solved
    common = gcd(c, *(row[0] for row in column)) * (1 if c > 0 else -1)
    return tuple(row[0] // common for row in column), c // common


def primitive_vector(vector: Sequence[Element]) -> tuple[Element, ...]:
    """The vector divided by the largest integer that divides all its coefficients.

    >>> primitive_vector([(2, 4), (0, 6)])
    ((1, 2), (0, 3))
    """
    common = gcd(*(x for a in vector for x in a))
    return tuple(tuple(x // common for x in a) for a in vector)


def whole(vector: Sequence[Sequence[Fraction]]) -> tuple[Element, ...]:
    """The vector times the least common denominator of its coefficients.

    >>> whole([(Fraction(1, 2), Fraction(1)), (Fraction(1, 3), Fraction(0))])
    ((3, 6), (2, 0))
    """
    common = lcm(*(x.denominator for a in vector for x in a))
    return tuple(tuple(int(x * common) for x in a) for a in vector)
