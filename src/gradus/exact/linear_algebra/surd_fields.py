"""Singular vectors of matrices with square roots where the eigenvalues of A^T A are no sums of square roots.

K = Q(sqrt d1, ..., sqrt dk) has the dimension D = 2^k over the rationals, so G = A^T A acts on K^n = Q^(nD) by a
rational matrix, and so does the multiplication by s, a combination of the square roots.  A root t of an irreducible
factor f of the characteristic polynomial of G + s is an eigenvalue plus a value of s; an eigenvector of G + s for t is
one of every multiplication by a square root, whose eigenvalue is that square root as an element of Q[t]/f.  The roots
at which all these elements are positive belong to A itself, the others to its conjugates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import lcm

from gradus.errors import UnsupportedError
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.linear_algebra.row_reduction import rank
from gradus.exact.linear_algebra.spectra import cyclic_eigenvector, echelon, factor_kernel, orthogonal_basis
from gradus.exact.numbers import ground
from gradus.exact.numbers.field_values import values_at_roots
from gradus.exact.numbers.number import Number, sqrt
from gradus.exact.numbers.number_fields import Element, Field, primitive_vector, whole
from gradus.exact.steps import Check

MAX_SIZE = 24
"""Most columns times dimension of the field of the entries."""

Rational = tuple[Fraction, ...]


@dataclass(frozen=True)
class SurdPiece:
    """What belongs to one irreducible factor.

    Attributes:
        field: Q[t]/f.
        roots: the numbers of those roots of f that belong to A itself.
        vectors: orthogonal eigenvectors of A^T A.
        surds: the square roots in the entries of A and A^T A, as elements.
        eigenvalue: the eigenvalue as an element times ``scale``.
        scale: an integer >= 1.
    """

    field: Field
    roots: tuple[int, ...]
    vectors: tuple[tuple[Element, ...], ...]
    surds: dict[int, Rational]
    eigenvalue: Element
    scale: int

    def embedded(self, A: Matrix) -> tuple[list[list[Element]], int]:
        """The entries of a matrix over K, times an integer, as elements; and that integer."""
        rows = [[self._element(x) for x in row] for row in A.rows]
        common = lcm(*(c.denominator for row in rows for a in row for c in a))
        return [[tuple(int(c * common) for c in a) for a in row] for row in rows], common

    def _element(self, x: Number) -> Rational:
        parts = [[c * a for a in self.surds[radicand]] for radicand, c in x.terms]
        return tuple(sum(column, Fraction(0)) for column in zip([Fraction(0)] * self.field.degree, *parts, strict=True))


@lru_cache(maxsize=64)
def surd_pieces(A: Matrix) -> tuple[SurdPiece, ...]:
    """The pieces of A^T A for non-zero eigenvalues.

    Raises:
        UnsupportedError: the number of columns times the dimension of the field of the entries passes MAX_SIZE.

    >>> [piece.field.degree for piece in surd_pieces(Matrix.of("1+sqrt(2) 1; 1 1"))]
    [4]
    """
    G = A.T @ A
    basis = _field_basis(A)
    size = A.shape[1] * len(basis)
    if size > MAX_SIZE:
        rule = (
            f"has {A.shape[1]} columns with entries in a field of dimension {len(basis)}, where singular values are no "
            f"sums of square roots; the product may be at most {MAX_SIZE}"
        )
        raise UnsupportedError("A", A.text, rule, "give fewer columns or fewer different square roots")
    delta = lcm(*(c.denominator for row in G.rows for x in row for _, c in x.terms))
    M = _over_the_rationals(G * delta, basis)
    surds = {e: _over_the_rationals(Matrix.identity(A.shape[1]) * sqrt(e), basis) for e in basis}
    for attempt in range(1, 20):
        weights = [0] + [attempt + i * i for i in range(1, len(basis))]
        T = [
            [x + sum(w * surds[e][i][j] for w, e in zip(weights, basis, strict=True)) for j, x in enumerate(row)]
            for i, row in enumerate(M)
        ]
        found = [_piece(T, M, surds, f, count, len(basis), delta) for f, count in _factors(T)]
        if all(piece is not None for piece in found):
            return tuple(piece for piece in found if piece is not None and piece.roots and any(piece.eigenvalue))
    raise AssertionError("some combination of the square roots tells all pairs apart")


def _factors(T: Sequence[Sequence[int]]) -> tuple[tuple[ground.Polynomial, int], ...]:
    return ground.factors(ground.characteristic_polynomial(T))


def _field_basis(A: Matrix) -> list[int]:
    """Radicands of a basis of K over the rationals, 1 first: closed under products up to squares."""
    basis = [1]
    for row in A.rows:
        for radicand in (n for x in row for n, _ in x.terms):
            if radicand not in basis:
                basis += [(sqrt(radicand) * sqrt(e)).terms[0][0] for e in basis]
    return basis


def _over_the_rationals(M: Matrix, basis: Sequence[int]) -> list[list[int]]:
    """The matrix of M on K^n = Q^(nD); coordinate j of K^n takes the places from j D."""
    D, n = len(basis), M.shape[1]
    table = [[0] * (n * D) for _ in range(n * D)]
    for i, row in enumerate(M.rows):
        for j, x in enumerate(row):
            for k, e in enumerate(basis):
                for radicand, c in (x * sqrt(e)).terms:
                    table[i * D + basis.index(radicand)][j * D + k] = int(c)
    return table


def _piece(
    T: Sequence[Sequence[int]],
    M: Sequence[Sequence[int]],
    surds: dict[int, list[list[int]]],
    f: ground.Polynomial,
    count: int,
    D: int,
    delta: int,
) -> SurdPiece | None:
    """The piece of one factor, or None if t does not tell apart what it must."""
    field = Field(f)
    basis: list[tuple[Element, ...]] = []
    for w in factor_kernel(T, field, count):
        v = primitive_vector(cyclic_eigenvector(T, field, w))
        if len(echelon(field, [*basis, v])) > len(basis):
            basis.append(v)
        if len(basis) == count:
            break
    values = {e: _common_eigenvalue(field, S, basis) for e, S in surds.items()}
    eigenvalue = _common_eigenvalue(field, M, basis)
    known = {e: value for e, value in values.items() if value is not None}
    if eigenvalue is None or len(known) < len(values):
        return None
    ((element,), scale) = whole([eigenvalue]), lcm(*(c.denominator for c in eigenvalue))
    roots = tuple(
        root
        for root in range(1, field.degree + 1)
        if all(field.sign(whole([value])[0], root) > 0 for value in known.values())
    )
    vectors = orthogonal_basis(field, echelon(field, [v[::D] for v in basis]))
    return SurdPiece(field, roots, vectors, known, element, scale * delta)


def _common_eigenvalue(
    field: Field, S: Sequence[Sequence[int]], basis: Sequence[tuple[Element, ...]]
) -> Rational | None:
    """The element a with S v = a v for every v of the basis, or None."""
    v = basis[0]
    place = next(i for i, entry in enumerate(v) if any(entry))
    inverse, c = field.inverse(v[place])
    value = field.times(_applied(field, S, v)[place], inverse)
    for w in basis:
        for moved, entry in zip(_applied(field, S, w), w, strict=True):
            if tuple(c * x for x in moved) != field.times(value, entry):
                return None
    return tuple(Fraction(x, c) for x in value)


def _applied(field: Field, S: Sequence[Sequence[int]], v: Sequence[Element]) -> list[Element]:
    return [tuple(sum(c * a[k] for c, a in zip(row, v, strict=True)) for k in range(field.degree)) for row in S]


def surd_field_triples(A: Matrix) -> tuple[tuple[Number, Vector, Vector], ...]:
    """The non-zero singular values of A, descending, with right and left singular vectors.

    Raises:
        UnsupportedError: as for :func:`surd_pieces`.

    >>> [value.decimal[:6] for value, _, _ in surd_field_triples(Matrix.of("1+sqrt(2) 1; 1 1"))]
    ['2.9318', '0.4823']
    """
    found = [triple for piece in surd_pieces(A) for triple in _triples(A, piece)]
    return tuple(sorted(found, key=lambda triple: triple[0], reverse=True))


def _triples(A: Matrix, piece: SurdPiece) -> list[tuple[Number, Vector, Vector]]:
    field, square = piece.field, piece.eigenvalue
    entries, common = piece.embedded(A)
    sigma = values_at_roots(field, [square], square, Fraction(1, piece.scale))
    found = []
    for v in piece.vectors:
        image = [field.dot(row, v) for row in entries]
        q = field.dot(v, v)
        below, scale = field.times(q, square), Fraction(piece.scale, common * common)
        orientation = field.signs(next(a for a in v if any(a)))
        right = values_at_roots(field, v, q, orientation=orientation)
        left = values_at_roots(field, image, below, scale, orientation)
        for root in piece.roots:
            found.append((sigma[root - 1][0], Vector(right[root - 1]), Vector(left[root - 1])))
    return found


def surd_squares(A: Matrix) -> tuple[Number, ...]:
    """The non-zero eigenvalues of A^T A, descending.

    >>> [value.decimal[:6] for value in surd_squares(Matrix.of("1+sqrt(2) 1; 1 1"))]
    ['8.5957', '0.2326']
    """
    found = []
    for piece in surd_pieces(A):
        field, square = piece.field, piece.eigenvalue
        # t^2 / sqrt(t^2) is t for t > 0
        values = values_at_roots(field, [square], (1,) + (0,) * (field.degree - 1), Fraction(1, piece.scale**2))
        found += [values[root - 1][0] for root in piece.roots for _ in piece.vectors]
    return tuple(sorted(found, reverse=True))


def surd_field_proof(A: Matrix) -> tuple[Check, ...]:
    """The identities that make it the decomposition, computed modulo each irreducible factor.

    >>> all(check.holds for check in surd_field_proof(Matrix.of("1+sqrt(2) 1; 1 1")))
    True
    """
    pieces, G = surd_pieces(A), A.T @ A
    return (
        Check(
            r"$A^\top A\,\mathbf{v} = \lambda\,\mathbf{v}$, modulo each irreducible factor.",
            all(_is_eigenvector(piece, G, v) for piece in pieces for v in piece.vectors),
        ),
        Check(
            "Vectors for one eigenvalue are orthogonal, modulo that factor.",
            all(
                not any(piece.field.dot(v, w))
                for piece in pieces
                for i, v in enumerate(piece.vectors)
                for w in piece.vectors[:i]
            ),
        ),
        Check(
            "There are as many as the rank of $A$.",
            sum(len(piece.roots) * len(piece.vectors) for piece in pieces) == rank(A),
        ),
    )


def _is_eigenvector(piece: SurdPiece, G: Matrix, v: tuple[Element, ...]) -> bool:
    entries, common = piece.embedded(G)
    return all(
        tuple(piece.scale * x for x in piece.field.dot(row, v))
        == tuple(common * x for x in piece.field.times(piece.eigenvalue, a))
        for row, a in zip(entries, v, strict=True)
    )
