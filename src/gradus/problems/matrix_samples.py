"""Matrices with pleasant decompositions, built backwards: A is a sum of s p q^T with orthogonal integer p and q.

Every singular value is then s |p| |q|, the square root of an integer, and the q and p are the singular vectors up to
their lengths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from gradus.exact.matrices import Matrix, Vector

Frame = tuple[tuple[int, ...], ...]

PYTHAGOREAN: Final[tuple[Frame, ...]] = (
    ((3, 4), (-4, 3)), ((4, 3), (-3, 4)), ((5, 12), (-12, 5)), ((8, 15), (-15, 8)), ((7, 24), (-24, 7)),
    ((12, 5), (-5, 12)),
)  # fmt: skip
PLAIN: Final[tuple[Frame, ...]] = (((1, 1), (-1, 1)), ((1, 2), (-2, 1)), ((2, 1), (-1, 2)), ((1, 3), (-3, 1)))
THIRDS: Final[Frame] = ((1, 2, 2), (2, 1, -2), (2, -2, 1))
SURDS: Final[Frame] = ((1, 1, 1), (1, -1, 0), (1, 1, -2))
HADAMARD: Final[Frame] = ((1, 1, 1, 1), (1, -1, 1, -1), (1, 1, -1, -1), (1, -1, -1, 1))


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

    >>> from gradus.exact.row_reduction import rank
    >>> A = construction(Random(1), 1).A
    >>> A.shape, rank(A)
    ((2, 2), 1)
    """
    if level == 1:
        return _built(_turned(rng, rng.choice(PLAIN)), _turned(rng, rng.choice(PYTHAGOREAN)), [1])
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


def _built(left: Sequence[Vector], right: Sequence[Vector], scales: Sequence[int]) -> Construction:
    terms = tuple((s, p, q) for s, p, q in zip(scales, left, right, strict=False))
    return Construction(terms, tuple(left[len(scales) :]))


def _oblong(rng: Random, with_null_space: bool) -> Construction:
    two = _turned(rng, rng.choice((*PLAIN, *PYTHAGOREAN[:2])))
    tall, rank_one = rng.random() < 0.5, rng.random() < 0.3
    if rank_one or (tall and with_null_space):
        three = _turned(rng, THIRDS)
        return _built(*((three, two) if tall else (two, three)), [1])
    three = _turned(rng, rng.choice((THIRDS, SURDS)))
    return _built(*((three, two) if tall else (two, three)), [2, 1])


def _repeated_or_surd(rng: Random, with_null_space: bool) -> Construction:
    style = rng.choice(("repeated", "surds", "tall"))
    if style == "tall" and not with_null_space:
        return _built(_turned(rng, HADAMARD), _turned(rng, rng.choice(PLAIN)), rng.choice(([1, 2], [2, 1])))
    left = _turned(rng, THIRDS if style == "repeated" else SURDS)
    right = _turned(rng, THIRDS)
    two, three = ([1, 1], [3, 2]), ([2, 1, 1], [3, 2, 1])
    scales = (two if with_null_space or rng.random() < 0.5 else three)[0 if style == "repeated" else 1]
    return _built(left, right, scales)


def _turned(rng: Random, frame: Frame) -> tuple[Vector, ...]:
    """The frame with its vectors shuffled, and coordinates permuted and reflected: orthogonality is kept."""
    size = len(frame[0])
    order = rng.sample(range(size), size)
    signs = [rng.choice((1, 1, -1)) for _ in range(size)]
    vectors = [Vector.of([signs[j] * vector[order[j]] for j in range(size)]) for vector in frame]
    return tuple(rng.sample(vectors, len(vectors)))
