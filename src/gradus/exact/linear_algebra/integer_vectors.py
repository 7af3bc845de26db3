"""Rational directions as vectors of coprime integers: orthogonal bases, eigenvectors, and unit vectors made of them."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from operator import mul

from gradus.exact.linear_algebra.integer_matrices import CLOSED, adjugate
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.numbers import ground
from gradus.exact.numbers.ground import Integers
from gradus.exact.numbers.number import multiples
from gradus.exact.numbers.radicands import square_free

Direction = Sequence[int]
"""Integers, not all 0, that stand for every positive multiple of themselves."""


def dot(v: Direction, w: Direction) -> int:
    """The scalar product.

    >>> dot((3, 4), (1, 2))
    11
    """
    return sum(map(mul, v, w))


def coprime(v: Direction) -> Direction:
    """The shortest integer vector in the same direction.

    >>> coprime([-8, 6])
    [-4, 3]
    """
    common = gcd(*v)
    return v if common == 1 else [x // common for x in v]


def first_positive(v: Direction) -> Direction:
    """The vector or its opposite, such that the first non-zero entry is positive.

    >>> first_positive([0, -1, 2])
    [0, 1, -2]
    """
    return v if next(x for x in v if x) > 0 else [-x for x in v]


def orthogonal_directions(vectors: Sequence[Direction]) -> list[Direction]:
    """Gram and Schmidt for linearly independent vectors.

    >>> orthogonal_directions([(1, 1), (1, 0)])
    [(1, 1), [1, -1]]
    """
    done: list[Direction] = []
    squares: list[int] = []
    for v in vectors:
        for earlier, square in zip(done, squares, strict=True):
            if weight := dot(earlier, v):
                v = coprime([square * x - weight * y for x, y in zip(v, earlier, strict=True)])
        v = coprime(v)
        done.append(v)
        squares.append(dot(v, v))
    return done


def unit_vector(v: Direction, square: int) -> Vector:
    """v / sqrt(square).

    >>> unit_vector((-4, 3), 25).text, unit_vector((1, 1), 2).text
    ('(-4/5, 3/5)', '(sqrt(2)/2, sqrt(2)/2)')
    """
    outside, inside = square_free(square)
    return Vector(multiples(v, outside * inside, inside))


def unit_vectors(vectors: Sequence[Direction]) -> tuple[Vector, ...]:
    """Each divided by its length."""
    return tuple(unit_vector(v, dot(v, v)) for v in vectors)


def null_space_basis(M: Integers) -> list[Direction]:
    """An orthogonal basis of the null space: one vector for each free variable, made orthogonal in this order.

    >>> null_space_basis([[1, 1, 1]])
    [[-1, 1, 0], [-1, -1, 2]]
    """
    return orthogonal_directions(ground.kernel(M))


def row_space_basis(M: Integers) -> list[Direction]:
    """An orthogonal basis of the row space that depends on this space only: from the reduced row echelon form.

    >>> row_space_basis([[3, 4], [3, 4]])
    [[3, 4]]
    """
    rows, denominator, _ = ground.reduced(M)
    return orthogonal_directions(rows if denominator > 0 else [[-x for x in row] for row in rows])


def eigenspace_basis(G: Integers, eigenvalue: int, count: int) -> list[Direction]:
    """A basis of the eigenspace of a symmetric matrix for an eigenvalue that occurs ``count`` times.

    It is the basis of :func:`~gradus.exact.numbers.ground.kernel`.  For a simple eigenvalue c the adjugate of G - c I,
    which is symmetric and has rank 1, is a multiple of v v^T.

    >>> eigenspace_basis([[2, 1], [1, 2]], 3, 1)
    [[1, 1]]
    """
    n = len(G)
    if count == n:
        return [[int(i == j) for j in range(n)] for i in range(n)]
    shifted = [list(row) for row in G]
    for i in range(n):
        shifted[i][i] -= eigenvalue
    if count == 1 and n <= CLOSED:
        v = coprime(next(row for row in adjugate(shifted)[0] if any(row)))
        return [v if next(x for x in reversed(v) if x) > 0 else [-x for x in v]]
    return list(ground.kernel(shifted))
