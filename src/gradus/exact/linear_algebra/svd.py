"""The singular value decomposition, exactly: for every rational matrix, and for many with square roots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

from gradus.errors import UnsupportedError
from gradus.exact.linear_algebra.integer_vectors import null_space_basis, unit_vectors
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.linear_algebra.spectra import Eigenvectors, GramSpectrum, gram_spectrum
from gradus.exact.linear_algebra.subspaces import canonical_basis, left_null_space, null_space, null_space_vectors
from gradus.exact.linear_algebra.surd_fields import surd_field_proof, surd_field_triples, surd_squares
from gradus.exact.linear_algebra.surd_spectra import surd_eigenspaces, surd_proof, surd_triples
from gradus.exact.numbers.algebraic import real_root
from gradus.exact.numbers.field_values import values_at_roots
from gradus.exact.numbers.number import ZERO, Number
from gradus.exact.numbers.number_fields import Element
from gradus.exact.steps import Check

Triple = tuple[Number, Vector, Vector]
"""A non-zero singular value with its right and its left singular vector."""


@dataclass(frozen=True)
class SVD:
    """A = U Sigma V^T in canonical form; the factors are worked out when they are first read.

    Attributes:
        A: the matrix, m x n.
        full: whether the factors are full or thin.
        spectrum: for rational A the eigenvectors of A^T A by irreducible factor, with their proof; otherwise None.

    >>> found = svd(Matrix.of("3 4; 3 4"))
    >>> found.rank, found.U @ found.Sigma @ found.V.T == Matrix.of("3 4; 3 4")
    (1, True)
    """

    A: Matrix
    full: bool
    spectrum: GramSpectrum | None

    @cached_property
    def triples(self) -> tuple[Triple, ...]:
        """The non-zero singular values, descending, with their right and left singular vectors."""
        if self.spectrum is None:
            return _surd_triples(self.A)
        return tuple([(value, *pair) for value, pair in zip(self._positive_values, _pairs(self.spectrum), strict=True)])

    @cached_property
    def _positive_values(self) -> tuple[Number, ...]:
        if self.spectrum is None:
            return tuple(value for value, _, _ in self.triples)
        return _singular_values(self.spectrum)

    @cached_property
    def rank(self) -> int:
        """The number of non-zero singular values."""
        return len(self.triples) if self.spectrum is None else len(self.spectrum.order)

    @cached_property
    def V(self) -> Matrix:
        """n x n and orthogonal; n x r with orthonormal columns if thin."""
        columns = [v for _, v, _ in self.triples]
        if self.full and len(columns) < self.A.shape[1]:
            columns += null_space(self.A) if self.spectrum is None else _null_space(self.spectrum.N)
        return Matrix.from_columns(columns)

    @cached_property
    def U(self) -> Matrix:
        """m x m and orthogonal; m x r with orthonormal columns if thin."""
        columns = [u for _, _, u in self.triples]
        if self.full and len(columns) < self.A.shape[0]:
            columns += (
                left_null_space(self.A) if self.spectrum is None else _null_space(zip(*self.spectrum.N, strict=True))
            )
        return Matrix.from_columns(columns)

    @cached_property
    def Sigma(self) -> Matrix:
        """m x n, the singular values on its diagonal, descending; r x r if thin."""
        m, n = self.A.shape if self.full else (self.rank, self.rank)
        return diagonal(self.singular_values, m, n)

    @cached_property
    def singular_values(self) -> tuple[Number, ...]:
        """All min(m, n) of them, descending; the r non-zero ones if thin.

        >>> [value.text for value in svd(Matrix.of("3 4; 3 4")).singular_values]
        ['5*sqrt(2)', '0']
        """
        values = self._positive_values
        return values + (ZERO,) * (min(self.A.shape) - len(values) if self.full else 0)

    @cached_property
    def squares(self) -> tuple[Number, ...]:
        """All n eigenvalues of A^T A, descending.

        >>> [value.text for value in svd(Matrix.of("1 1; 0 1")).squares]
        ['3/2 + sqrt(5)/2', '3/2 - sqrt(5)/2']
        """
        if self.spectrum is None:
            values = _surd_squares(self.A)
        else:
            pieces, scale = self.spectrum.pieces, Fraction(1, self.spectrum.d**2)
            values = tuple(real_root(pieces[i].field.modulus, root) * scale for i, root, _ in self.spectrum.order)
        return values + (ZERO,) * (self.A.shape[1] - len(values))

    @property
    def Sigma_plus(self) -> Matrix:
        """The pseudo-inverse of Sigma: n x m, the non-zero singular values inverted.

        >>> svd(Matrix.of("3 4; 3 4")).Sigma_plus.text
        'sqrt(2)/10 0; 0 0'
        """
        m, n = self.Sigma.shape
        return diagonal([s.reciprocal() if s else s for s in self.singular_values], n, m)

    @cached_property
    def has_square_roots_only(self) -> bool:
        """Whether every entry of the factors is a sum of square roots of rationals.

        >>> svd(Matrix.of("1 1; 0 1")).has_square_roots_only
        False
        """
        if self.spectrum is not None and all(piece.field.degree == 1 for piece in self.spectrum.pieces):
            return True
        rows = (*self.U.rows, *self.V.rows, self.singular_values)
        return not any(x.is_algebraic for row in rows for x in row)

    @cached_property
    def proof(self) -> tuple[Check, ...]:
        """What proves A = U Sigma V^T with orthogonal factors, computed in exact arithmetic.

        Rational A: identities modulo the irreducible factors of the characteristic polynomial of A^T A, which hold at
        every root: eigenvectors, orthogonality, and projections that add up to the one on the row space.  Then the
        v are an orthonormal basis of the row space and u = A v / sigma one of the column space, so that A and
        the sum of the sigma u v^T agree on the row space and on the null space.

        >>> all(check.holds for check in svd(Matrix.of("1 1 0; 0 1 1; 0 0 1")).proof)
        True
        """
        return _surd_proof(self.A) if self.spectrum is None else self.spectrum.proof()


def svd(A: Matrix, full: bool = True) -> SVD:
    """The singular value decomposition of A (m x n).

    Singular values descend.  A right singular vector of a non-zero singular value has its first non-zero entry positive
    (for a repeated one: the reduced row echelon basis of the eigenspace, then Gram and Schmidt), and u = A v / sigma.
    V is completed by the null space of A, U by the null space of its transpose.

    Args:
        A: an exact matrix.
        full: U m x m, Sigma m x n and V n x n; otherwise only what belongs to non-zero singular values.

    Raises:
        UnsupportedError: a limit of size is passed, see :mod:`~gradus.exact.linear_algebra.spectra`, and for square
        roots in A
            :mod:`~gradus.exact.linear_algebra.surd_fields`; or A is zero and a thin decomposition, which would have no
            columns, is asked for.

    >>> decomposition = svd(Matrix.of("3 4; 3 4"))
    >>> decomposition.Sigma.text, decomposition.V.text
    ('5*sqrt(2) 0; 0 0', '3/5 -4/5; 4/5 3/5')
    >>> svd(Matrix.of("1 1; 0 1")).V.text
    'sqrt(50-10*sqrt(5))/10 sqrt(50+10*sqrt(5))/10; sqrt(50+10*sqrt(5))/10 -sqrt(50-10*sqrt(5))/10'
    """
    if not A and not full:
        raise UnsupportedError(
            "A", A.text, "is zero, and a thin decomposition of it has no columns", "ask for the full"
        )
    return _svd(A, full)


@lru_cache(maxsize=64)
def _svd(A: Matrix, full: bool) -> SVD:
    found = SVD(A, full, gram_spectrum(A) if A.is_rational else None)
    if found.spectrum is None:
        _ = found.triples  # what cannot be decomposed is refused here, not when a factor is read
    return found


def exact_svd(A: Matrix) -> SVD | None:
    """The decomposition if all its entries are sums of square roots, with which worked steps compute; else None.

    >>> exact_svd(Matrix.of("1 1; 0 1")) is None
    True
    """
    try:
        found = svd(A)
    except UnsupportedError:
        return None
    return found if found.has_square_roots_only else None


def _singular_values(spectrum: GramSpectrum) -> tuple[Number, ...]:
    values = {}
    for i, piece in enumerate(spectrum.pieces):
        t = piece.field.reduced((0, 1))
        values[i] = [row[0] for row in values_at_roots(piece.field, [t], t, Fraction(1, spectrum.d**2))]
    return tuple(values[i][root - 1] for i, root, _ in spectrum.order)


def _pairs(spectrum: GramSpectrum) -> tuple[tuple[Vector, Vector], ...]:
    """Right and left singular vectors, by descending singular value."""
    columns: dict[tuple[int, int, int], tuple[Vector, Vector]] = {}
    for i, piece in enumerate(spectrum.pieces):
        for j in range(len(piece.vectors)):
            pairs = zip(_right(piece, j), _left(piece, j), strict=True)
            columns |= {(i, root, j): pair for root, pair in enumerate(pairs, start=1)}
    return tuple([columns[key] for key in spectrum.order])


def _null_space(N: Iterable[Sequence[int]]) -> tuple[Vector, ...]:
    return unit_vectors(null_space_basis(list(N)))


def _right(piece: Eigenvectors, j: int) -> tuple[Vector, ...]:
    """Right singular vector j at every root, ascending: v / |v|, the first non-zero entry positive."""
    return _at_roots(piece, j, piece.vectors[j], piece.norms[j])


def _left(piece: Eigenvectors, j: int) -> tuple[Vector, ...]:
    """Left singular vector j at every root: N v / (|v| sqrt(t)), with the signs of the right one."""
    square = piece.field.times(piece.norms[j], piece.field.reduced((0, 1)))
    return _at_roots(piece, j, piece.images[j], square)


def _at_roots(piece: Eigenvectors, j: int, vector: Sequence[Element], square: Element) -> tuple[Vector, ...]:
    orientation = piece.field.signs(next(a for a in piece.vectors[j] if any(a)))
    return tuple(Vector(row) for row in values_at_roots(piece.field, vector, square, orientation=orientation))


def _surd_triples(A: Matrix) -> tuple[Triple, ...]:
    """By sums of square roots where the eigenvalues are such, since those are simplest; otherwise in number fields."""
    try:
        return surd_triples(A)
    except UnsupportedError:
        return surd_field_triples(A)


def _surd_squares(A: Matrix) -> tuple[Number, ...]:
    try:
        return tuple(space.eigenvalue for space in surd_eigenspaces(A) for _ in space.vectors)
    except UnsupportedError:
        return surd_squares(A)


def _surd_proof(A: Matrix) -> tuple[Check, ...]:
    try:
        return surd_proof(A)
    except UnsupportedError:
        return surd_field_proof(A)


def smallest_singular_vectors(A: Matrix) -> tuple[Vector, ...]:
    """The right singular vectors of the smallest singular value of A (m x n) of rank n: one for each occurrence.

    Raises:
        UnsupportedError: as for :func:`svd`.

    >>> [v.text for v in smallest_singular_vectors(Matrix.of("2 0; 0 1"))]
    ['(0, 1)']
    """
    found = svd(A)
    if found.spectrum is None:
        least = found.triples[-1][0]
        return tuple(v for value, v, _ in found.triples if value == least)
    i, root, _ = found.spectrum.order[-1]
    return tuple(_right(found.spectrum.pieces[i], j)[root - 1] for j in range(len(found.spectrum.pieces[i].vectors)))


def eigenspace(G: Matrix, eigenvalue: Number | Fraction) -> tuple[Vector, ...]:
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
    zeros = (ZERO,) * n
    shown = [(*zeros[:i], value, *zeros[i + 1 :]) for i, value in enumerate(values)]
    return Matrix(tuple(shown + [zeros] * (m - len(values))))
