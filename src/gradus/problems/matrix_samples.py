"""Matrices with pleasant decompositions, built backwards: A is a sum of s p q^T with orthogonal integer p and q.

Every singular value is then s |p| |q|, the square root of an integer, and the q and p are the singular vectors up to
their lengths.  Only such p, q and s go together for which the product of the squares of the singular values stays
small: it is a coefficient of the characteristic polynomial of A^T A, and mostly the largest number of all steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import permutations, product
from math import prod
from random import Random
from typing import Final

from gradus.exact.linear_algebra.matrices import Matrix, Vector

Frame = tuple[tuple[int, ...], ...]

PYTHAGOREAN: Final[tuple[Frame, ...]] = (((3, 4), (-4, 3)), ((5, 12), (-12, 5)), ((8, 15), (-15, 8)))
PLAIN: Final[tuple[Frame, ...]] = (((1, 1), (-1, 1)), ((1, 2), (-2, 1)), ((1, 3), (-3, 1)))
AXES: Final[Frame] = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
THIRDS: Final[Frame] = ((1, 2, 2), (2, 1, -2), (2, -2, 1))
SURDS: Final[Frame] = ((1, 1, 1), (1, -1, 0), (1, 1, -2))
HADAMARD: Final[Frame] = ((1, 1, 1, 1), (1, -1, 1, -1), (1, 1, -1, -1), (1, -1, -1, 1))

MOST: Final = {1: 900, 2: 2_000, 3: 7_000}
"""For each level the largest product of the squares of the non-zero singular values."""


@dataclass(frozen=True)
class Construction:
    """How a matrix was built: A = sum of scale * left * right^T over the terms.

    Attributes:
        terms: (scale, left vector with m entries, right vector with n entries).
        left_null: integer vectors that span the null space of A^T.

    >>> Construction(((2, Vector.of("1 0"), Vector.of("3 4")),), (Vector.of("0 1"),)).A.text
    '6 8; 0 0'
    """

    terms: tuple[tuple[int, Vector, Vector], ...]
    left_null: tuple[Vector, ...]

    @property
    def A(self) -> Matrix:
        """The matrix."""
        columns = [Matrix.from_columns([p]) @ Matrix.from_columns([q]).T * s for s, p, q in self.terms]
        return sum(columns[1:], columns[0])


def construction(rng: Random, level: int, with_null_space: bool = False) -> Construction:
    """A fresh matrix.

    Args:
        rng: the source of chance.
        level: 1: 2 x 2 of rank 1 with a Pythagorean row; 2: 3 x 2 or 2 x 3; 3: 3 x 3 or 4 x 2 with a repeated singular
            value or with surds.
        with_null_space: whether the null space must be more than {0}.

    >>> from gradus.exact.linear_algebra.row_reduction import rank
    >>> A = construction(Random(1), 1).A
    >>> A.shape, rank(A)
    ((2, 2), 1)
    """
    if level == 1:
        return _built(rng, _combinations(PLAIN, PYTHAGOREAN, ((1,),), MOST[1]))
    if level == 2:
        return _oblong(rng, with_null_space)
    return _repeated_or_surd(rng, with_null_space)


def right_hand_side(rng: Random, built: Construction) -> Vector:
    """A right-hand side for which the minimum-norm least-squares solution is pleasant: sum of t s-free q / |q|.

    The part in the column space is a multiple of each p, chosen so that the solution's denominators come from |q|
    alone; a part from the left null space is added, so that the system has no solution where that is possible.

    >>> built = construction(Random(1), 2)
    >>> len(right_hand_side(Random(1), built)) == built.A.shape[0]
    True
    """
    b = Vector.of([0] * len(built.terms[0][1]))
    for scale, p, q in built.terms:
        b = b + p * (scale * _coordinate_scale(q) * rng.choice((-1, 1, 1, 2)))
    for w in built.left_null:
        b = b + w * rng.choice((-2, -1, 1, 2))
    return b


def _coordinate_scale(q: Vector) -> int:
    """|q| where it is an integer (then the solution's part is q / |q|), otherwise its square."""
    norm, square = q.norm(), q.dot(q).as_fraction()
    return norm.as_fraction().numerator if norm.is_rational else square.numerator


@dataclass(frozen=True)
class _Combination:
    """Frames of left and right vectors, in the order in which the scales apply to them."""

    left: Frame
    right: Frame
    scales: tuple[int, ...]

    @property
    def squares(self) -> tuple[int, ...]:
        """The squares of the non-zero singular values."""
        terms = zip(self.scales, self.left, self.right, strict=False)
        return tuple(s * s * sum(x * x for x in p) * sum(x * x for x in q) for s, p, q in terms)

    @property
    def has_repeated_value(self) -> bool:
        return len(set(self.squares)) < len(self.squares)


@cache
def _combinations(
    lefts: tuple[Frame, ...], rights: tuple[Frame, ...], scales: tuple[tuple[int, ...], ...], most: int
) -> tuple[_Combination, ...]:
    """All that keep the product of the squares small, in every order of the vectors."""
    found = (
        _Combination(ordered_left, ordered_right, s)
        for left, right, s in product(lefts, rights, scales)
        for ordered_left in permutations(left)
        for ordered_right in permutations(right)
    )
    return tuple(combination for combination in found if prod(combination.squares) <= most)


def _built(rng: Random, combinations: Sequence[_Combination]) -> Construction:
    chosen = rng.choice(combinations)
    left, right = _turned(rng, chosen.left), _turned(rng, chosen.right)
    terms = tuple((s, p, q) for s, p, q in zip(chosen.scales, left, right, strict=False))
    return Construction(terms, left[len(terms) :])


def _oblong(rng: Random, with_null_space: bool) -> Construction:
    tall, rank_one = rng.random() < 0.5, rng.random() < 0.3
    if rank_one or (tall and with_null_space):
        twos, threes, scales = (*PLAIN, PYTHAGOREAN[0]), (THIRDS,), ((1,),)
        return _built(rng, _sides(tall, twos, threes, scales))
    return _built(rng, _sides(tall, PLAIN, (rng.choice((THIRDS, SURDS)),), ((2, 1), (1, 1))))


def _sides(
    tall: bool, twos: tuple[Frame, ...], threes: tuple[Frame, ...], scales: tuple[tuple[int, ...], ...]
) -> Sequence[_Combination]:
    """Combinations for 3 x 2 matrices if tall, otherwise for 2 x 3."""
    return _combinations(threes, twos, scales, MOST[2]) if tall else _combinations(twos, threes, scales, MOST[2])


def _repeated_or_surd(rng: Random, with_null_space: bool) -> Construction:
    style = rng.choice(("repeated", "surds", "tall"))
    if style == "tall" and not with_null_space:
        return _built(rng, _combinations((HADAMARD,), PLAIN, ((2, 1), (1, 1)), MOST[3]))
    two: tuple[tuple[int, ...], ...] = ((1, 1), (2, 1), (3, 2))
    three: tuple[tuple[int, ...], ...] = ((1, 1, 1), (2, 1, 1))
    scales = two if with_null_space or rng.random() < 0.5 else three
    if style == "repeated":
        lefts = rng.choice((((THIRDS,), (THIRDS, AXES)), ((AXES,), (THIRDS,)), ((SURDS,), (SURDS,))))
        found = _combinations(*lefts, scales, MOST[3])
        return _built(rng, [c for c in found if c.has_repeated_value])
    return _built(rng, _combinations((SURDS,), (THIRDS, AXES, SURDS), scales, MOST[3]))


def _turned(rng: Random, frame: Frame) -> tuple[Vector, ...]:
    """The frame with its coordinates permuted and reflected: orthogonality is kept."""
    size = len(frame[0])
    order = rng.sample(range(size), size)
    signs = [rng.choice((1, 1, -1)) for _ in range(size)]
    return tuple(Vector.of([signs[j] * vector[order[j]] for j in range(size)]) for vector in frame)
