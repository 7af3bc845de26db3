"""Real roots of integer polynomials: isolated, counted and enclosed by certified dyadic intervals.

Isolation is by Vincent, Collins and Akritas: Descartes' rule of signs on ever smaller intervals.  It ends for every
square-free polynomial, and the counts 0 and 1 are exact.  Here the polynomials are irreducible, of degree 2 or more,
so that no root is rational and none is met by a bisection.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, pairwise

from gradus.exact.numbers.ground import Polynomial

Cell = tuple[int, int]
"""(c, e): the interval from c / 2^e to (c + 1) / 2^e."""


@lru_cache(maxsize=4096)
def isolated(polynomial: Polynomial) -> tuple[Cell, ...]:
    """Disjoint cells, ascending, each around exactly one real root of an irreducible polynomial of degree >= 2.

    >>> isolated((-2, 0, 1))
    ((-1, -3), (0, -3))
    """
    mirrored = tuple(-c if k % 2 else c for k, c in enumerate(polynomial))
    cells = [*((-c - 1, e) for c, e in _positive(mirrored)), *_positive(polynomial)]
    return tuple(sorted(cells, key=lambda cell: Fraction(cell[0]) / Fraction(2) ** cell[1]))


def _positive(polynomial: Polynomial) -> list[Cell]:
    """Cells around the positive roots; all of these lie below 2^bound."""
    bound = max(1, max(abs(c) for c in polynomial).bit_length() - abs(polynomial[-1]).bit_length() + 2)
    degree = len(polynomial) - 1
    found: list[Cell] = []
    open_cells = [([c << (bound * k) for k, c in enumerate(polynomial)], 0, -bound)]
    while open_cells:
        p, c, e = open_cells.pop()
        count = _variations(_shifted(p[::-1]))
        if count == 1:
            found.append((c, e))
        elif count > 1:
            half = [x << (degree - k) for k, x in enumerate(p)]
            open_cells += [(_shifted(half), 2 * c + 1, e + 1), (half, 2 * c, e + 1)]
    return found


def _shifted(p: Sequence[int]) -> list[int]:
    """p(x + 1), by running sums."""
    row, result = list(reversed(p)), []
    while row:
        row = list(accumulate(row))
        result.append(row.pop())
    return result


def _variations(p: Sequence[int]) -> int:
    signs = [x > 0 for x in p if x]
    return sum(a != b for a, b in pairwise(signs))


def scaled_value(polynomial: Sequence[int], c: int, e: int) -> int:
    """The value at c / 2^e, times 2^(e degree), for e >= 0.

    >>> scaled_value((-2, 0, 1), 3, 1)
    1
    """
    value = scale = 0
    for coefficient in reversed(polynomial):
        value = value * c + (coefficient << scale)
        scale += e
    return value


@lru_cache(maxsize=65536)
def enclosure(polynomial: Polynomial, index: int, bits: int) -> Cell:
    """A cell (c, e) with e >= bits around real root number ``index``, from 1 upwards from the smallest.

    The root is narrowed down by quadratic interval refinement (Abbott): a guess by the secant, which counts only if the
    polynomial changes its sign in the guessed cell; otherwise the cell is halved.

    >>> c, e = enclosure((-2, 0, 1), 2, 20)
    >>> c / 2**e < 2**0.5 < (c + 1) / 2**e
    True
    """
    c, e = isolated(polynomial)[index - 1]
    if e < 0:
        polynomial_at_scale = tuple(x << (-e * k) for k, x in enumerate(polynomial))
        c, e = _narrowed(polynomial_at_scale, c, 0, bits - e)
        return c, e + isolated(polynomial)[index - 1][1]
    return _narrowed(polynomial, c, e, bits)


def _narrowed(polynomial: Polynomial, c: int, e: int, bits: int) -> Cell:
    low, high = scaled_value(polynomial, c, e), scaled_value(polynomial, c + 1, e)
    degree, step = len(polynomial) - 1, 1
    rising = high > 0
    while e < bits:
        if step > 1:
            parts = 1 << step
            guess = min(parts - 1, max(0, (-low << step) // (high - low)))
            left = scaled_value(polynomial, (c << step) + guess, e + step)
            right = scaled_value(polynomial, (c << step) + guess + 1, e + step)
            if (left < 0) == rising and (right > 0) == rising:
                c, e, low, high, step = (c << step) + guess, e + step, left, right, 2 * step
                continue
        middle = scaled_value(polynomial, 2 * c + 1, e + 1)
        c, e = 2 * c, e + 1
        low, high = low << degree, high << degree
        if (middle > 0) == rising:
            high = middle
        else:
            c, low = c + 1, middle
        step = 2 if step == 1 else step // 2
    return c, e


def bounds(polynomial: Polynomial, index: int, bits: int) -> tuple[Fraction, Fraction]:
    """Rationals below and above a real root, at most 2^-bits apart.

    >>> bounds((-2, 0, 1), 2, 4)
    (Fraction(45, 32), Fraction(91, 64))
    """
    c, e = enclosure(polynomial, index, bits)
    scale = Fraction(2) ** e
    return c / scale, (c + 1) / scale


def interval_value(polynomial: Sequence[int], low: int, high: int, bits: int) -> tuple[int, int]:
    """Bounds, times 2^bits, of the polynomial on the interval from low / 2^bits to high / 2^bits.

    >>> interval_value((0, 0, 1), 3, 5, 1)
    (4, 13)
    """
    below = above = 0
    for coefficient in reversed(polynomial):
        ends = (below * low, below * high, above * low, above * high)
        below = (min(ends) >> bits) + (coefficient << bits)
        above = -(-max(ends) >> bits) + (coefficient << bits)
    return below, above
