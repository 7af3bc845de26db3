"""The singular value decomposition, exactly, where the singular values are square roots of rationals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from gradus.errors import UnsupportedError
from gradus.exact.eigenvalues import Spectrum, polynomial_text, spectrum
from gradus.exact.matrices import Matrix, Vector
from gradus.exact.numbers import ZERO, Number, sqrt
from gradus.exact.subspaces import canonical_basis, left_null_space, null_space, null_space_vectors


@dataclass(frozen=True)
class SVD:
    """A = U Sigma V^T in canonical form.

    Attributes:
        U: m x m and orthogonal; m x r with orthonormal columns if thin.
        Sigma: m x n, the singular values on its diagonal, descending; r x r if thin.
        V: n x n and orthogonal; n x r with orthonormal columns if thin.
        rank: r, the number of non-zero singular values.

    >>> found = svd(Matrix.of("3 4; 3 4"))
    >>> found.rank, found.U @ found.Sigma @ found.V.T == Matrix.of("3 4; 3 4")
    (1, True)
    """

    U: Matrix
    Sigma: Matrix
    V: Matrix
    rank: int

    @property
    def singular_values(self) -> tuple[Number, ...]:
        """All min(m, n) of them, descending.

        >>> [value.text for value in svd(Matrix.of("3 4; 3 4")).singular_values]
        ['5*sqrt(2)', '0']
        """
        return tuple(self.Sigma[i, i] for i in range(min(self.Sigma.shape)))

    @property
    def Sigma_plus(self) -> Matrix:
        """The pseudo-inverse of Sigma: n x m, the non-zero singular values inverted.

        >>> svd(Matrix.of("3 4; 3 4")).Sigma_plus.text
        'sqrt(2)/10 0; 0 0'
        """
        m, n = self.Sigma.shape
        return diagonal([s.reciprocal() if s else s for s in self.singular_values], n, m)


def svd(A: Matrix, full: bool = True) -> SVD:
    """The singular value decomposition of A (m x n).

    Singular values descend.  A right singular vector of a non-zero singular value has its first non-zero entry positive
    (for a repeated one: the reduced row echelon basis of the eigenspace, then Gram and Schmidt), and u = A v / sigma.
    V is completed by the null space of A, U by the null space of its transpose.

    Args:
        A: an exact matrix.
        full: U m x m, Sigma m x n and V n x n; otherwise only what belongs to non-zero singular values.

    Raises:
        UnsupportedError: a singular value is not the square root of a rational; the rule says so; or A is zero and a
            thin decomposition, which would have no columns, is asked for.

    >>> decomposition = svd(Matrix.of("3 4; 3 4"))
    >>> decomposition.Sigma.text, decomposition.V.text
    ('5*sqrt(2) 0; 0 0', '3/5 -4/5; 4/5 3/5')
    """
    m, n = A.shape
    pairs = right_singular_vectors(A)
    if not pairs and not full:
        raise UnsupportedError(
            "A", A.text, "is zero, and a thin decomposition of it has no columns", "ask for the full"
        )
    values, right = [s for s, _ in pairs], [v for _, v in pairs]
    left = [A @ v / s for s, v in pairs]
    if full:
        right, left = [*right, *null_space(A)], [*left, *left_null_space(A)]
    Sigma = diagonal(values, m, n) if full else diagonal(values, len(values), len(values))
    return SVD(Matrix.from_columns(left), Sigma, Matrix.from_columns(right), len(values))


def exact_svd(A: Matrix) -> SVD | None:
    """The singular value decomposition, or None where gradus has no exact one.

    >>> exact_svd(Matrix.of("1 1; 0 1")) is None
    True
    """
    try:
        return svd(A)
    except UnsupportedError:
        return None


def right_singular_vectors(A: Matrix) -> tuple[tuple[Number, Vector], ...]:
    """The non-zero singular values of A with their right singular vectors, descending.

    Raises:
        UnsupportedError: a singular value is not the square root of a rational.

    >>> [(value.text, v.text) for value, v in right_singular_vectors(Matrix.of("3 4; 3 4"))]
    [('5*sqrt(2)', '(3/5, 4/5)')]
    """
    eigenvalues = gram_spectrum(A)
    require_rational(A, eigenvalues)
    G = A.T @ A
    return tuple((sqrt(value), v) for value, _ in eigenvalues.rational if value for v in eigenspace(G, value))


def gram_spectrum(A: Matrix) -> Spectrum:
    """The eigenvalues of A^T A (n x n).

    Raises:
        UnsupportedError: its characteristic polynomial is not rational, or its numbers are too large.

    >>> gram_spectrum(Matrix.of("3 4; 3 4")).rational
    ((Fraction(50, 1), 1), (Fraction(0, 1), 1))
    """
    try:
        return spectrum(A.T @ A)
    except UnsupportedError as error:
        raise UnsupportedError(error.argument, A.text, error.rule, error.remedy) from error


def require_rational(A: Matrix, eigenvalues: Spectrum) -> None:
    """Refuse what the exact decomposition cannot do yet.

    Raises:
        UnsupportedError: an eigenvalue of A^T A is not rational.

    >>> require_rational(Matrix.of("3 4; 3 4"), gram_spectrum(Matrix.of("3 4; 3 4")))
    """
    if not eigenvalues.is_rational:
        rule = (
            f"A^T A has eigenvalues that are not rational (factor {polynomial_text(eigenvalues.rest)} of its "
            "characteristic polynomial)"
        )
        raise UnsupportedError(
            "A", A.text, rule, "gradus handles singular values that are square roots of rationals so far"
        )


def eigenspace(G: Matrix, eigenvalue: Fraction) -> tuple[Vector, ...]:
    """The canonical orthonormal basis of the eigenspace of a symmetric matrix.

    >>> [v.text for v in eigenspace(Matrix.of("2 1; 1 2"), Fraction(3))]
    ['(sqrt(2)/2, sqrt(2)/2)']
    """
    return canonical_basis(null_space_vectors(G - Matrix.identity(G.shape[0]) * eigenvalue))


def diagonal(values: Sequence[Number], m: int, n: int) -> Matrix:
    """The m x n matrix with these values on its diagonal, zeros after them.

    >>> diagonal([Number.of(2)], 2, 3).text
    '2 0 0; 0 0 0'
    """
    return Matrix(tuple(tuple(values[i] if i == j and i < len(values) else ZERO for j in range(n)) for i in range(m)))
