"""Pseudo-inverses of integer matrices, over one denominator.

The formula is written once, for python-flint's ``fmpz_mat`` and for :class:`Table`, which does the same in Python: for
small matrices, which the way to the library and back would cost more than it saves, and where it is not installed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import mul
from typing import Any, Protocol

from gradus.exact.numbers import ground
from gradus.exact.numbers.ground import Integers

SMALL = 4
"""Up to this many rows and columns, matrices stay in Python."""

CLOSED = 3
"""Up to this many rows there is a formula for the inverse."""


class IntegerMatrix(Protocol):
    """What :class:`Table` and ``fmpz_mat`` have in common."""

    def __mul__(self, other: Any, /) -> IntegerMatrix: ...

    def __getitem__(self, index: tuple[int, int], /) -> int: ...

    def transpose(self) -> IntegerMatrix: ...

    def tolist(self) -> Integers: ...

    def rref(self) -> tuple[IntegerMatrix, int, int]: ...


@dataclass(slots=True)
class Table:
    """A matrix of integers in Python."""

    rows: Integers

    def __mul__(self, other: Table) -> Table:
        columns = list(zip(*other.rows, strict=True))
        return Table([[sum(map(mul, row, column)) for column in columns] for row in self.rows])

    def __getitem__(self, index: tuple[int, int]) -> int:
        return self.rows[index[0]][index[1]]

    def transpose(self) -> Table:
        """Rows as columns."""
        return Table(list(zip(*self.rows, strict=True)))

    def tolist(self) -> Integers:
        """The rows."""
        return self.rows

    def rref(self) -> tuple[Table, int, int]:
        """The non-zero rows of the reduced row echelon form, times a denominator; the denominator; the rank."""
        rows, denominator, pivots = ground.reduced(self.rows, small=len(self.rows) + len(self.rows[0]))
        return Table(rows), denominator, len(pivots)


Inverse = tuple[IntegerMatrix, int]
"""A matrix and the denominator, which may be negative, of all its entries."""


def pseudo_inverse(N: Integers) -> tuple[Integers, int]:
    """(X, c) with the Moore-Penrose pseudo-inverse X / c, n x m, of an m x n matrix other than 0.

    For independent columns it is (N^T N)^-1 N^T.  Otherwise it is R^T (C^T N R^T)^-1 C^T (MacDuffee), where C are
    columns of N that are a basis of its column space, and R are rows that are one of its row space.

    >>> pseudo_inverse([[3, 4], [3, 4]]), pseudo_inverse([[1, 2], [3, 4]])
    (([[9, 9], [12, 12]], 150), ([[4, -2], [-3, 1]], -2))
    """
    m, n = len(N), len(N[0])
    columns = list(zip(*N, strict=True))
    if m < n:
        X, c = pseudo_inverse(columns)
        return list(zip(*X, strict=True)), c
    library = ground.flint() if m > SMALL else None
    matrix: Callable[[Integers], IntegerMatrix] = library.fmpz_mat if library else Table
    inverse: Callable[[Any], Inverse | None] = _flint_inverse if library else table_inverse
    given, transposed = matrix(N), matrix(columns)
    square = given if m == n else transposed * given
    if found := inverse(square):
        product = found[0] if m == n else found[0] * transposed
    else:
        C_T = matrix([columns[j] for j in pivot_columns(square)])
        R_T = matrix([N[i] for i in pivot_columns(C_T)]).transpose()
        found = inverse(C_T * given * R_T)
        assert found, "a product of full-rank factors is invertible"
        product = R_T * (found[0] * C_T)
    rows = product.tolist()
    return [list(map(int, row)) for row in rows] if library else rows, int(found[1])


def pivot_columns(matrix: IntegerMatrix) -> list[int]:
    """The columns of the pivots.

    >>> pivot_columns(Table([[0, 1, 2], [0, 2, 5]]))
    [1, 2]
    """
    table, _, rank = matrix.rref()
    found, column = list[int](), 0
    for i in range(rank):
        while not table[i, column]:
            column += 1
        found.append(column)
    return found


def _flint_inverse(matrix: Any) -> Inverse | None:
    try:
        numerators, denominator = matrix.inv().numer_denom()
    except ZeroDivisionError:
        return None
    return numerators, denominator


def table_inverse(matrix: Table) -> Inverse | None:
    """The inverse of a square matrix, or None if there is none.

    >>> table_inverse(Table([[1, 2], [2, 4]])), table_inverse(Table([[2]]))
    (None, (Table(rows=[[1]]), 2))
    """
    n = len(matrix.rows)
    if n <= CLOSED:
        rows, denominator = adjugate(matrix.rows)
        return (Table(rows), denominator) if denominator else None
    unit = [[int(i == j) for j in range(n)] for i in range(n)]
    solved = ground.solution(matrix.rows, unit, small=2 * n)
    return (Table(solved[0]), solved[1]) if solved else None


def adjugate(M: Integers) -> tuple[list[list[int]], int]:
    """The matrix whose product with M is the determinant times the identity, and the determinant; up to 3 x 3.

    >>> adjugate([[1, 2], [3, 4]])
    ([[4, -2], [-3, 1]], -2)
    """
    if len(M) == 1:
        return [[1]], M[0][0]
    if len(M) == 2:
        (a, b), (c, d) = M
        return [[d, -b], [-c, a]], a * d - b * c
    (a, b, c), (d, e, f), (g, h, i) = M
    p, q, r = e * i - f * h, f * g - d * i, d * h - e * g
    rows = [[p, c * h - b * i, b * f - c * e], [q, a * i - c * g, c * d - a * f], [r, b * g - a * h, a * e - b * d]]
    return rows, a * p + b * q + c * r
