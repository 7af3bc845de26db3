"""The four subspaces of a matrix, by orthonormal bases in canonical form.

A row-space basis comes from the reduced row echelon form, a null-space basis from the same form with one free variable
at a time set to +1; both are then made orthonormal by Gram and Schmidt.  Row- and column-space vectors have their first
non-zero entry positive.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradus.exact.linear_algebra.integer_vectors import (
    Direction,
    coprime,
    first_positive,
    null_space_basis,
    orthogonal_directions,
    row_space_basis,
    unit_vectors,
)
from gradus.exact.linear_algebra.matrices import Matrix, Vector, over_integers
from gradus.exact.linear_algebra.row_reduction import reduced_rows
from gradus.exact.numbers.number import ONE, ZERO, Number, multiples


def orthogonal(vectors: Sequence[Vector]) -> tuple[Vector, ...]:
    """Gram and Schmidt without normalising; each result is scaled to coprime integers if it is rational.

    Args:
        vectors: linearly independent.

    >>> [v.text for v in orthogonal([Vector.of("1 1"), Vector.of("1 0")])]
    ['(1, 1)', '(1, -1)']
    """
    rational = [found for v in vectors if (found := direction(v))]
    if len(rational) == len(vectors):
        return tuple(Vector(multiples(v, 1)) for v in orthogonal_directions(rational))
    done: list[Vector] = []
    for vector in vectors:
        for earlier in done:
            vector = vector - earlier * (earlier.dot(vector) / earlier.dot(earlier))
        done.append(primitive(vector))
    return tuple(done)


def orthonormal(vectors: Sequence[Vector]) -> tuple[Vector, ...]:
    """Gram and Schmidt.

    Raises:
        UnsupportedError: a length needs a polynomial of too high a degree; never so for rational vectors.

    >>> [v.text for v in orthonormal([Vector.of("3 4"), Vector.of("1 0")])]
    ['(3/5, 4/5)', '(4/5, -3/5)']
    """
    return tuple(v / v.norm() for v in orthogonal(vectors))


def primitive(vector: Vector) -> Vector:
    """The positive multiple of a rational vector that has coprime integer entries; other vectors as they are.

    >>> primitive(Vector.of("-4/3 1")).text
    '(-4, 3)'
    """
    found = direction(vector)
    return Vector(multiples(found, 1)) if found else vector


def direction(vector: Vector) -> Direction:
    """The coprime integers in the direction of a rational vector; empty if there are none.

    >>> direction(Vector.of("-4/3 1")), direction(Vector.of("sqrt(2) 1"))
    ([-4, 3], ())
    """
    whole = over_integers(Matrix((vector.entries,))) if vector else None
    return coprime(whole[0][0]) if whole else ()


def first_entry_positive(vector: Vector) -> Vector:
    """The vector or its opposite, such that the first non-zero entry is positive.

    >>> first_entry_positive(Vector.of("0 -1 2")).text
    '(0, 1, -2)'
    """
    return -vector if next((x for x in vector if x), ZERO).sign() < 0 else vector


def null_space_vectors(A: Matrix) -> tuple[Vector, ...]:
    """One solution of A x = 0 for every free variable, with that variable 1 and the other free ones 0.

    >>> [v.text for v in null_space_vectors(Matrix.of("3 4; 3 4"))]
    ['(-4/3, 1)']
    """
    rows, pivots = reduced_rows(A)
    vectors = []
    for free in (j for j in range(A.shape[1]) if j not in pivots):
        entries = [ZERO] * A.shape[1]
        entries[free] = ONE
        for row, pivot in zip(rows, pivots, strict=True):
            entries[pivot] = -row[free]
        vectors.append(Vector(tuple(entries)))
    return tuple(vectors)


def row_space(A: Matrix) -> tuple[Vector, ...]:
    """An orthonormal basis of the row space of A (m x n): vectors with n entries; none for the zero matrix.

    >>> [v.text for v in row_space(Matrix.of("3 4; 3 4"))]
    ['(3/5, 4/5)']
    """
    whole = over_integers(A)
    if not whole:
        return canonical_basis(reduced_rows(A)[0])
    return unit_vectors([first_positive(v) for v in row_space_basis(whole[0])])


def null_space(A: Matrix) -> tuple[Vector, ...]:
    """An orthonormal basis of the null space of A (m x n): vectors with n entries; none if it is {0}.

    >>> [v.text for v in null_space(Matrix.of("3 4; 3 4"))]
    ['(-4/5, 3/5)']
    """
    whole = over_integers(A)
    return unit_vectors(null_space_basis(whole[0])) if whole else orthonormal(null_space_vectors(A))


def column_space(A: Matrix) -> tuple[Vector, ...]:
    """An orthonormal basis of the column space of A (m x n): vectors with m entries.

    >>> [v.text for v in column_space(Matrix.of("3 4; 3 4"))]
    ['(sqrt(2)/2, sqrt(2)/2)']
    """
    return row_space(A.T)


def left_null_space(A: Matrix) -> tuple[Vector, ...]:
    """An orthonormal basis of the null space of the transpose of A (m x n): vectors with m entries.

    >>> [v.text for v in left_null_space(Matrix.of("3 4; 3 4"))]
    ['(-sqrt(2)/2, sqrt(2)/2)']
    """
    return null_space(A.T)


def canonical_basis(vectors: Sequence[Vector]) -> tuple[Vector, ...]:
    """The canonical orthonormal basis of the span of some vectors.

    It depends on the span only: the rows of its reduced row echelon form, made orthonormal, each with its first
    non-zero entry positive.

    >>> canonical_basis([Vector.of("-3 -4")]) == canonical_basis([Vector.of("6 8")])
    True
    """
    if not vectors:
        return ()
    echelon, _ = reduced_rows(Matrix(tuple(v.entries for v in vectors)))
    return tuple(first_entry_positive(v) for v in orthonormal(echelon))


def is_orthonormal(vectors: Sequence[Vector]) -> bool:
    """Whether the vectors have length 1 and are orthogonal to one another; exact.

    >>> is_orthonormal([Vector.of("3/5 4/5"), Vector.of("-4/5 3/5")])
    True
    """
    return all(v.dot(w) == (1 if i == j else 0) for i, v in enumerate(vectors) for j, w in enumerate(vectors[: i + 1]))


def projection(vectors: Sequence[Vector], x: Vector) -> Vector:
    """The orthogonal projection of x on the span of orthonormal vectors.

    >>> projection([Vector.of("3/5 4/5")], Vector.of("5 0")).text
    '(9/5, 12/5)'
    """
    start = Vector((Number(),) * len(x))
    return sum((v * v.dot(x) for v in vectors), start)
