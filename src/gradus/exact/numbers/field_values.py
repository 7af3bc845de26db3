"""sqrt(c) a(t) / sqrt(b(t)) for elements a and b of a number field Q[t]/f and a rational c, at all roots of f at once.

These are the entries of singular vectors.  For degree 1 and 2 they are written down in closed form.  Otherwise they
are roots of p(x^2) for the characteristic polynomial p of the element c a^2 / b; certified bounds say which.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, isqrt

from gradus.exact.numbers import ground
from gradus.exact.numbers.algebraic import Enclosure, real_root, surd_square_root
from gradus.exact.numbers.composed_polynomials import mirrored_polynomial
from gradus.exact.numbers.ground import Polynomial
from gradus.exact.numbers.number import ZERO, Number, multiples
from gradus.exact.numbers.number_fields import PRECISION, Element, Field
from gradus.exact.numbers.quadratic_surds import Surd, surd_sign
from gradus.exact.numbers.radicands import square_free
from gradus.exact.numbers.real_roots import interval_value

Values = tuple[tuple[Number, ...], ...]
"""By root, ascending, and then by element."""


def values_at_roots(
    field: Field,
    elements: Sequence[Element],
    below: Element,
    square: Fraction = Fraction(1),
    orientation: Sequence[int] = (),
) -> Values:
    """sqrt(c) a(t) / sqrt(b(t)) for some a, at every root t, for b positive there and c > 0.

    Args:
        field: Q[t]/f.
        elements: the a.
        below: b.
        square: c.
        orientation: 1 or -1 for every root, by which the values there are multiplied; all 1 if empty.

    >>> [[x.text for x in row] for row in values_at_roots(Field((1, -3, 1)), [(0, 1)], (0, 1))]
    [['-1/2 + sqrt(5)/2'], ['1/2 + sqrt(5)/2']]
    """
    signs = orientation or (1,) * field.degree
    if field.degree == 1:
        return (_rational_values(elements, below[0], square, signs[0]),)
    if field.degree == 2:
        return _quadratic_values(field, elements, below, square, signs)
    scale = _Scale(field, below, square)
    return tuple(zip(*[_values(scale, a, signs) for a in elements], strict=True))


def _rational_values(elements: Sequence[Element], below: int, square: Fraction, sign: int) -> tuple[Number, ...]:
    """sqrt(n / (d b)) = k sqrt(m) / (d b) with n d b = k^2 m."""
    denominator = square.denominator * below
    k, m = square_free(square.numerator * denominator)
    return multiples([sign * k * a for (a,) in elements], denominator, m)


def _quadratic_values(
    field: Field, elements: Sequence[Element], below: Element, square: Fraction, signs: Sequence[int]
) -> Values:
    """With a = (x +- y sqrt n) / 2 and b = (u +- v sqrt n) / 2 it is c a^2 / b = (r +- s sqrt n) c / (2 (u^2 - v^2 n)).

    There r +- s sqrt n = (x +- y sqrt n)^2 (u -+ v sqrt n).
    """
    _, n = field.radicand
    u, v = field.surd(below)
    c, d = square.numerator, 2 * square.denominator * (u * u - v * v * n)
    lower, upper = [], []
    for a in elements:
        x, y = field.surd(a)
        first, second = x * x + y * y * n, 2 * x * y
        r, s = c * (first * u - second * v * n), c * (second * u - first * v)
        lower.append(_signed_root(r, -s, n, d, signs[0] * surd_sign(x, -y, n)))
        upper.append(_signed_root(r, s, n, d, signs[1] * surd_sign(x, y, n)))
    return tuple(lower), tuple(upper)


def _signed_root(r: int, s: int, n: int, d: int, sign: int) -> Number:
    if s:
        return surd_square_root(Surd.of(r, s, n, d), sign)
    k, m = square_free(r * d)
    return multiples((sign * k,), d, m)[0]


class _Scale:
    """sqrt(c / b(t)) for an element b and a rational c, what all values of a vector have in common."""

    def __init__(self, field: Field, below: Element, square: Fraction) -> None:
        self.field, self._below, self._square = field, below, square
        self._known: dict[tuple[int, int], tuple[int, int]] = {}

    def squared(self, top: Element) -> tuple[Element, Fraction]:
        """(g, r) with integers g without a common divisor and c a^2 / b = r g, for a other than 0."""
        inverse, c = self.field.inverse(self._below)
        value = self.field.times(self.field.times(top, top), inverse)
        common = gcd(*value)
        return tuple(x // common for x in value), self._square * common / c

    def size(self, top: Element, root: int, bits: int) -> tuple[int, int] | None:
        """Bounds, times 2^bits, of |a| sqrt(c / b) at a root; None if the bits do not suffice."""
        if (root, bits) not in self._known:
            self._known[root, bits] = self.field.bounds(self._below, root, bits)
        least, most = self._known[root, bits]
        low, high = self.field.bounds(top, root, bits)
        if low <= 0 <= high or least <= 0:
            return None
        low, high = (low, high) if low > 0 else (-high, -low)
        n, d = self._square.numerator, self._square.denominator
        return isqrt((low * low * n << bits) // (most * d)), isqrt((high * high * n << bits) // (least * d)) + 1

    def enclosure(self, top: Element, root: int, sign: int, known: tuple[int, tuple[int, int] | None]) -> Enclosure:
        """Bits -> rationals below and above a value with this sign; its size is known already to some bits."""

        def near(bits: int) -> tuple[Fraction, Fraction]:
            precision, size = known
            while size is None or precision < bits:
                precision *= 2
                size = self.size(top, root, precision)
            low, high = size if sign > 0 else (-size[1], -size[0])
            return Fraction(low, 1 << precision), Fraction(high, 1 << precision)

        return near


def _values(scale: _Scale, top: Element, orientation: Sequence[int]) -> tuple[Number, ...]:
    field = scale.field
    if not any(top):
        return (ZERO,) * field.degree
    value, ratio = scale.squared(top)
    factor = _square_root_factor(ground.characteristic_polynomial(field.multiplication(value), small=4), ratio)
    signs = [a * b for a, b in zip(field.signs(top), orientation, strict=True)]
    return _placed(scale, factor, top, signs)


def _square_root_factor(p: Polynomial, ratio: Fraction) -> Polynomial:
    """An irreducible polynomial with a square root of an element times a ratio as a root.

    p is the characteristic polynomial of the element: a power of an irreducible one, hence irreducible itself if its
    roots are simple.  If, besides, the norm of the multiple is no square of a rational, the multiple has no square root
    in the field; then p(x^2), made for the multiple, is irreducible too and need not be factored.
    """
    n, above, below = len(p) - 1, ratio.numerator, ratio.denominator
    even = [0] * (2 * n + 1)
    for k, c in enumerate(p):
        even[2 * k] = c * below**k * above ** (n - k)
    norm = abs(p[0]) * (above * below if n % 2 else 1)
    if isqrt(norm) ** 2 != norm and ground.shows_simple_roots(p):
        return ground.primitive(even)
    return ground.factors(ground.primitive(even))[0][0]


def _placed(scale: _Scale, factor: Polynomial, top: Element, signs: Sequence[int]) -> tuple[Number, ...]:
    """The values with these signs as roots, by number, of the factor or of its mirror image.

    If the factor is even, its roots are all the values and their opposites.  Otherwise it has one root of each such
    pair; which one, an enclosure of its value says.
    """
    symmetric = not any(factor[1::2])
    count = (len(factor) - 1) // 2 if symmetric else len(factor) - 1
    bits = PRECISION
    while True:
        sizes = [scale.size(top, root, bits) for root in range(1, len(signs) + 1)]
        ranks = _ranks(sizes, count)
        own = list(signs) if symmetric else [_root_sign(factor, size, bits) for size in sizes]
        if ranks is not None and all(own):
            break
        bits *= 2
    if symmetric:
        places = [count + rank if sign > 0 else count + 1 - rank for rank, sign in zip(ranks, signs, strict=True)]
    else:
        ordered = sorted({rank * sign for rank, sign in zip(ranks, own, strict=True)})
        places = [ordered.index(rank * sign) + 1 for rank, sign in zip(ranks, own, strict=True)]
    mirrored = mirrored_polynomial(factor)
    found = []
    for root, (place, a, sign) in enumerate(zip(places, own, signs, strict=True), start=1):
        near = scale.enclosure(top, root, sign, (bits, sizes[root - 1]))
        found.append(real_root(factor, place, near) if a == sign else real_root(mirrored, count + 1 - place, near))
    return tuple(found)


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
