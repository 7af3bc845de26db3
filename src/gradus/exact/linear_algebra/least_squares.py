"""Least squares: the pseudo-inverse, all solutions, and unit vectors at which a norm is least."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gradus.errors import InputError
from gradus.exact.linear_algebra import integer_matrices
from gradus.exact.linear_algebra.matrices import Matrix, Vector, over_integers
from gradus.exact.linear_algebra.row_reduction import full_rank_factors, inverse
from gradus.exact.linear_algebra.subspaces import null_space
from gradus.exact.linear_algebra.svd import smallest_singular_vectors


def pseudo_inverse(A: Matrix) -> Matrix:
    """The Moore-Penrose pseudo-inverse of A (m x n), an n x m matrix.

    It is rational whenever A is, also where the singular values are not: see
    :func:`gradus.exact.linear_algebra.integer_matrices.pseudo_inverse`.  For square roots, with full-rank factors A = C
    R, it is R^T (C^T A R^T)^-1 C^T (MacDuffee).

    >>> pseudo_inverse(Matrix.of("3 4; 3 4")).text
    '3/50 3/50; 2/25 2/25'
    """
    if not A:
        return A.T
    if whole := over_integers(A):
        N, d = whole
        X, c = integer_matrices.pseudo_inverse(N)
        return Matrix.over(X, c, d)
    C, R = full_rank_factors(A)
    return R.T @ inverse(C.T @ A @ R.T) @ C.T


@dataclass(frozen=True)
class LeastSquares:
    """All x that make the norm of A x - b least: ``min_norm`` plus every combination of ``directions``.

    Attributes:
        min_norm: the solution of least norm, n entries.
        directions: an orthonormal basis of the null space of A; empty if the solution is unique.
        residual: A x - b, the same for every solution, m entries.

    >>> least_squares(Matrix.of("3 4; 3 4"), Vector.of("2 3")).residual.text
    '(1/2, -1/2)'
    """

    min_norm: Vector
    directions: tuple[Vector, ...]
    residual: Vector


def least_squares(A: Matrix, b: Vector) -> LeastSquares:
    """All least-squares solutions of A x = b, for A (m x n) and b with m entries.

    Raises:
        InputError: b has not m entries.

    >>> solutions = least_squares(Matrix.of("3 4; 3 4"), Vector.of("2 3"))
    >>> solutions.min_norm.text, [v.text for v in solutions.directions]
    ('(3/10, 2/5)', ['(-4/5, 3/5)'])
    """
    require_right_hand_side(A, b)
    x = pseudo_inverse(A) @ b
    return LeastSquares(x, null_space(A), A @ x - b)


def require_right_hand_side(A: Matrix, b: Vector) -> None:
    """Refuse a right-hand side that does not fit.

    Raises:
        InputError: b has not as many entries as A has rows.

    >>> require_right_hand_side(Matrix.of("3 4; 3 4"), Vector.of("1 2 3"))
    Traceback (most recent call last):
    gradus.errors.InputError: b = (1, 2, 3): has 3 entries, and A has 2 rows; give b 2 entries
    """
    if len(b) != A.shape[0]:
        rule = f"has {len(b)} entries, and A has {A.shape[0]} rows"
        raise InputError("b", b.text, rule, f"give b {A.shape[0]} entries")


@dataclass(frozen=True)
class UnitMinimisers:
    """The unit vectors at which the norm of A x is least.

    Attributes:
        kind: ``points``: exactly two, opposite; ``sphere``: all unit vectors of a subspace of dimension 2 or more.
        vectors: for ``points`` both of them; for ``sphere`` an orthonormal basis of the subspace.

    >>> unit_minimisers(Matrix.of("1 1 1")).kind
    'sphere'
    """

    kind: Literal["points", "sphere"]
    vectors: tuple[Vector, ...]


def unit_minimisers(A: Matrix) -> UnitMinimisers:
    """All unit vectors x at which the norm of A x is least, for A (m x n).

    They are the unit vectors of the null space if it is not {0}, and of the eigenspace of the smallest eigenvalue of
    A^T A otherwise.

    Raises:
        UnsupportedError: as for :func:`~gradus.exact.linear_algebra.svd.svd`.

    >>> [v.text for v in unit_minimisers(Matrix.of("3 4; 3 4")).vectors]
    ['(-4/5, 3/5)', '(4/5, -3/5)']
    >>> unit_minimisers(Matrix.of("1 1; 0 1")).vectors[0].text
    '(sqrt(50 + 10*sqrt(5))/10, -sqrt(50 - 10*sqrt(5))/10)'
    """
    basis = null_space(A) or smallest_singular_vectors(A)
    if len(basis) == 1:
        return UnitMinimisers("points", (basis[0], -basis[0]))
    return UnitMinimisers("sphere", basis)
