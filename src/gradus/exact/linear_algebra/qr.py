"""The QR factorisation by Gram and Schmidt."""

from __future__ import annotations

from dataclasses import dataclass

from gradus.errors import UnsupportedError
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.linear_algebra.subspaces import left_null_space, primitive
from gradus.exact.numbers.number import ZERO, Number


@dataclass(frozen=True)
class QR:
    """A = Q R.

    Attributes:
        Q: m x m and orthogonal; m x r with orthonormal columns if thin.
        R: m x n, in row echelon form, the first non-zero entry of every row positive; r x n if thin.
        rank: r.
    """

    Q: Matrix
    R: Matrix
    rank: int


def qr(A: Matrix, full: bool = True) -> QR:
    """A = Q R for any A (m x n): columns in their order, made orthonormal by Gram and Schmidt, dependent ones skipped.

    Args:
        A: an exact matrix of rank r.
        full: Q m x m, completed by the null space of the transpose, and R m x n; otherwise m x r and r x n.

    Raises:
        UnsupportedError: a length needs a polynomial of too high a degree, never so for rational A; or A is zero and a
            thin factorisation, which would have no columns, is asked for.

    >>> found = qr(Matrix.of("3 1; 4 2"))
    >>> found.Q.text, found.R.text
    ('3/5 -4/5; 4/5 3/5', '5 11/5; 0 2/5')
    """
    directions = _directions(A)
    if not directions and not full:
        raise UnsupportedError(
            "A", A.text, "is zero, and a thin factorisation of it has no columns", "ask for the full"
        )
    Q = [v / v.norm() for v in directions]
    R = [[q.dot(column) for column in A.columns] for q in Q]
    if full:
        Q += left_null_space(A)
        R += [[ZERO] * A.shape[1]] * (A.shape[0] - len(R))
    return QR(Matrix.from_columns(Q), Matrix(tuple(tuple(row) for row in R)), len(directions))


def _directions(A: Matrix) -> list[Vector]:
    found: list[tuple[Vector, Number]] = []
    for column in A.columns:
        rest = column
        for v, square in found:
            rest = rest - v * (v.dot(rest) / square)
        if rest:
            direction = primitive(rest)
            found.append((direction, direction.dot(direction)))
    return [v for v, _ in found]
