"""The field Q[t]/f, for monic irreducible integer f with real roots, and its values at all these roots at once.

Elements are integer or rational coefficients of 1, t, ..., t^(d-1).  An identity proved here holds at every root.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from math import gcd, isqrt, lcm

from gradus.exact import ground
from gradus.exact.algebraic import real_root
from gradus.exact.ground import Polynomial
from gradus.exact.numbers import ZERO, Number, sqrt
from gradus.exact.real_roots import enclosure, interval_value

Element = tuple[int, ...]
"""An algebraic integer of the field, by its coefficients."""


@dataclass(frozen=True)
class Field:
    """Q[t]/f with f monic, irreducible, and with positive real roots only.

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
        low, high = self.root_bounds(root, bits)
        return interval_value(a, low, high, bits)

    def root_bounds(self, root: int, bits: int) -> tuple[int, int]:
        """Bounds, times 2^bits, of a root."""
        if self.degree == 1:
            exact = -self.modulus[0] << bits
            return exact, exact
        c, e = enclosure(self.modulus, root, bits)
        return c >> (e - bits), -(-(c + 1) >> (e - bits))

    def sign(self, a: Element, root: int) -> int:
        """The sign of the value of an element other than 0 at a root; certified."""
        bits = 64
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

    def signed_roots(
        self, top: Element, below: Element, square: Fraction = Fraction(1), orientation: Sequence[int] = ()
    ) -> tuple[Number, ...]:
        """sqrt(square) * a(t) / sqrt(b(t)) at every root t, ascending, for b positive there and square > 0.

        Args:
            top: a.
            below: b.
            square: a rational factor under the root.
            orientation: 1 or -1 for every root, by which its value is multiplied; all 1 if empty.

        >>> [x.text for x in Field((1, -3, 1)).signed_roots((0, 1), (0, 1))]
        ['-1/2 + sqrt(5)/2', '1/2 + sqrt(5)/2']
        """
        if not any(top):
            return (ZERO,) * self.degree
        if self.degree == 1:
            return (sqrt(Number.of(square / below[0])) * (top[0] * (orientation[0] if orientation else 1)),)
        inverse, c = self.inverse(below)
        value = self.times(self.times(top, top), inverse)
        common = gcd(*value)
        value, ratio = tuple(x // common for x in value), square * common / c
        p = ground.characteristic_polynomial(self.multiplication(value), small=4)
        # the roots of p, times the ratio, are the squares of what is wanted
        even = [0] * (2 * len(p) - 1)
        for k, coefficient in enumerate(p):
            even[2 * k] = coefficient * ratio.denominator**k * ratio.numerator ** (self.degree - k)
        factor = ground.factors(ground.primitive(even))[0][0]
        signs = self.signs(top)
        signs = tuple(a * b for a, b in zip(signs, orientation, strict=True)) if orientation else signs
        return _placed(self, factor, top, below, square, signs)


@lru_cache(maxsize=256)
def _inverse(field: Field, a: Element) -> tuple[Element, int]:
    unit = [[int(i == 0)] for i in range(field.degree)]
    solved = ground.solution(field.multiplication(a), unit, small=4)
    assert solved is not None, "a field element other than 0 is invertible"
    column, c = solved
    common = gcd(c, *(row[0] for row in column)) * (1 if c > 0 else -1)
    return tuple(row[0] // common for row in column), c // common


def _placed(
    field: Field, factor: Polynomial, top: Element, below: Element, square: Fraction, signs: tuple[int, ...]
) -> tuple[Number, ...]:
    """The values with these signs as roots, by number, of the factor or of its mirror image.

    If the factor is even, its roots are all the values and their opposites.  Otherwise it has one root of each such
    pair; which one, an enclosure of its value says.
    """
    symmetric = not any(factor[1::2])
    count = (len(factor) - 1) // 2 if symmetric else len(factor) - 1
    bits = 96
    while True:
        sizes = [_size(field, top, below, square, root, bits) for root in range(1, field.degree + 1)]
        ranks = _ranks(sizes, count)
        own = [1] * field.degree if symmetric else [_root_sign(factor, size, bits) for size in sizes]
        if ranks is not None and all(own):
            break
        bits *= 2
    if symmetric:
        places = [count + rank if sign > 0 else count + 1 - rank for rank, sign in zip(ranks, signs, strict=True)]
        return tuple(real_root(factor, place) for place in places)
    mirrored = ground.primitive([-c if k % 2 else c for k, c in enumerate(factor)])
    ordered = sorted({rank * sign for rank, sign in zip(ranks, own, strict=True)})
    places = [ordered.index(rank * sign) + 1 for rank, sign in zip(ranks, own, strict=True)]
    return tuple(
        real_root(factor, place) if a == b else real_root(mirrored, count + 1 - place)
        for place, a, b in zip(places, own, signs, strict=True)
    )


def _size(field: Field, top: Element, below: Element, square: Fraction, root: int, bits: int) -> tuple[int, int] | None:
    """Bounds, times 2^bits, of |sqrt(square) a / sqrt(b)| at a root; None if the bits do not suffice."""
    low, high = field.bounds(top, root, bits)
    least, most = field.bounds(below, root, bits)
    if low <= 0 <= high or least <= 0:
        return None
    low, high = (low, high) if low > 0 else (-high, -low)
    n, d = square.numerator, square.denominator
    return isqrt((low * low * n << bits) // (most * d)), isqrt((high * high * n << bits) // (least * d)) + 1


def _ranks(sizes: Sequence[tuple[int, int] | None], count: int) -> list[int] | None:
    """The number, from 1, of the group of overlapping intervals that each belongs to; None unless there are count."""
    found = [size for size in sizes if size is not None]
    if len(found) < len(sizes):
        return None
    ranks, rank, reach = [0] * len(found), 0, -1
    for position in sorted(range(len(found)), key=lambda i: found[i]):
        low, high = found[position]
        if low > reach:
            rank += 1
        reach = max(reach, high)
        ranks[position] = rank
    return ranks if rank == count else None


def _root_sign(factor: Polynomial, size: tuple[int, int] | None, bits: int) -> int:
    """1 or -1 as the number or its opposite is the root; 0 if the bits do not say."""
    if size is None:
        return 0
    here = interval_value(factor, *size, bits)
    there = interval_value(factor, -size[1], -size[0], bits)
    if here[0] > 0 or here[1] < 0:
        return -1
    return 1 if there[0] > 0 or there[1] < 0 else 0


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
