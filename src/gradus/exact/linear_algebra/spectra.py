"""Eigenvectors of A^T A for a rational matrix A, for all conjugate eigenvalues at once.

A = N / d with integers N.  For an irreducible factor f of the characteristic polynomial of N^T N, of degree d and
multiplicity m, there are m vectors with entries in Q[t]/f; put any root of f for t, and they are an orthogonal basis of
its eigenspace.  With w in the kernel of f(G), an eigenvector is sum t^j h_j(G) w, where (f(x) - f(t)) / (x - t) is
sum t^j h_j(x): so nothing is eliminated over a number field unless m > 1.

For m > 1 the basis is the reduced row echelon basis of the eigenspace over Q(t), made orthogonal by Gram and Schmidt,
which is at every root what one finds there in the canonical way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import lcm
from operator import mul

from gradus.errors import UnsupportedError
from gradus.exact.linear_algebra.eigenvalues import integer_roots
from gradus.exact.linear_algebra.integer_vectors import coprime, dot, eigenspace_basis, row_space_basis
from gradus.exact.linear_algebra.matrices import Matrix, integers
from gradus.exact.numbers import ground
from gradus.exact.numbers.ground import Polynomial
from gradus.exact.numbers.number_fields import PRECISION, Element, Field, primitive_vector, whole
from gradus.exact.steps import Check

MAX_SIDE = 64
"""The smaller side of a matrix may be at most so long."""

MAX_IRRATIONAL_SIDE = 16
"""The same where singular values are no square roots of rationals."""

MAX_SIZE = 30_000
"""Most bits of a coefficient of an irrational factor, times its degree."""


@dataclass(frozen=True)
class Eigenvectors:
    """What belongs to one irreducible factor f of the characteristic polynomial of N^T N, other than t.

    Attributes:
        field: Q[t]/f; its roots are eigenvalues.
        vectors: orthogonal right singular vectors, one for every occurrence of an eigenvalue.
        images: N times each.
        norms: the squared lengths of ``vectors``.
    """

    field: Field
    vectors: tuple[tuple[Element, ...], ...]
    images: tuple[tuple[Element, ...], ...]
    norms: tuple[Element, ...]


@dataclass(frozen=True)
class GramSpectrum:
    """The eigenvectors of A^T A for non-zero eigenvalues, A = N / d.

    Attributes:
        N: integers, m x n.
        d: the least common denominator of A.
        pieces: by irreducible factor.
        order: (piece, root, vector) with descending eigenvalue; pieces and vectors counted from 0, roots from 1.

    >>> found = gram_spectrum(Matrix.of("1 1; 0 1"))
    >>> found.pieces[0].field.modulus, found.order
    ((1, -3, 1), ((0, 2, 0), (0, 1, 0)))
    """

    N: tuple[tuple[int, ...], ...]
    d: int
    pieces: tuple[Eigenvectors, ...]
    order: tuple[tuple[int, int, int], ...]

    def proof(self) -> tuple[Check, ...]:
        """The identities that make it the decomposition, computed in Q[t]/f and over the integers.

        >>> all(check.holds for check in gram_spectrum(Matrix.of("1 1; 0 1")).proof())
        True
        """
        gram = ground.product(list(zip(*self.N, strict=True)), self.N)
        null = ground.kernel(self.N)
        return (
            Check(
                r"$A^\top A\,\mathbf{v} = \lambda\,\mathbf{v}$, modulo each irreducible factor of the characteristic "
                "polynomial.",
                all(_is_eigenvector(gram, piece.field, v) for piece in self.pieces for v in piece.vectors),
            ),
            Check(
                "Vectors for one eigenvalue are orthogonal, modulo that factor.",
                all(_are_orthogonal(piece) for piece in self.pieces),
            ),
            Check(
                r"The projections $\mathbf{v}\mathbf{v}^\top / \lVert \mathbf{v} \rVert^2$, summed over all roots by "
                "traces, add up to the projection on the row space.",
                _projections_add_up(self.pieces, self.N, null),
            ),
        )


def gram_spectrum(A: Matrix) -> GramSpectrum:
    """The eigenvectors of A^T A (n x n) for its non-zero eigenvalues, for rational A (m x n).

    Raises:
        UnsupportedError: the eigenvalues are too large, or they are irrational and both sides of A are too long.
    """
    return _spectrum(A)


@lru_cache(maxsize=64)
def _spectrum(A: Matrix) -> GramSpectrum:
    if min(A.shape) > MAX_SIDE:
        rule = f"is {A.shape[0]} x {A.shape[1]}, and at most {MAX_SIDE} rows or {MAX_SIDE} columns are decomposed"
        raise UnsupportedError("A", "a matrix with more singular values", rule, "give a smaller matrix")
    N, d = integers(A)
    transposed = list(zip(*N, strict=True))
    tall = len(N) >= len(N[0])
    G = ground.product(transposed, N) if tall else ground.product(N, transposed)
    pieces = tuple(_eigenvectors(G, factor, count, N, tall) for factor, count in _factors(A, G) if factor != (0, 1))
    return GramSpectrum(tuple(map(tuple, N)), d, pieces, _descending(pieces))


def _factors(A: Matrix, G: Sequence[Sequence[int]]) -> list[tuple[Polynomial, int]]:
    """The irreducible factors of the characteristic polynomial; rational roots need no factoring."""
    try:
        roots, rest = integer_roots(list(ground.characteristic_polynomial(G)))
    except UnsupportedError as error:
        raise UnsupportedError("A", A.text, error.rule, error.remedy) from error
    linear: list[tuple[Polynomial, int]] = [((-root, 1), count) for root, count in roots]
    if len(rest) == 1:
        return linear
    if len(G) > MAX_IRRATIONAL_SIDE:
        limit = f"at most {MAX_IRRATIONAL_SIDE} rows or {MAX_IRRATIONAL_SIDE} columns"
        rule = (
            f"is {A.shape[0]} x {A.shape[1]}, and has singular values that need {limit}: no square roots of rationals"
        )
        raise UnsupportedError("A", f"a matrix with {len(G)} singular values", rule, "give a smaller matrix")
    if (size := max(c.bit_length() for c in rest) * (len(rest) - 1)) > MAX_SIZE:
        rule = f"has singular values with a polynomial of {size} bits times degree, and {MAX_SIZE} is the limit"
        raise UnsupportedError("A", A.text, rule, "give smaller entries or a smaller matrix")
    if len(rest) <= 4:
        return [*linear, (tuple(rest), 1)]
    return [*linear, *ground.factors(tuple(rest))]


def _eigenvectors(
    G: Sequence[Sequence[int]], factor: Polynomial, count: int, N: Sequence[Sequence[int]], tall: bool
) -> Eigenvectors:
    field = Field(factor)
    if field.degree == 1:
        return _rational_eigenvectors(G, field, count, N, tall)
    found: list[tuple[Element, ...]] = []
    for w in factor_kernel(G, field, count):
        v = cyclic_eigenvector(G, field, w)
        v = primitive_vector(v if tall else _applied(field, list(zip(*N, strict=True)), v))
        candidates = [*found, v]
        if count == 1 or len(echelon(field, candidates)) == len(candidates):
            found = candidates
        if len(found) == count:
            break
    vectors = tuple(found) if count == 1 else orthogonal_basis(field, echelon(field, found))
    images = tuple(_applied(field, N, v) for v in vectors)
    return Eigenvectors(field, vectors, images, tuple(field.dot(v, v) for v in vectors))


def _rational_eigenvectors(
    G: Sequence[Sequence[int]], field: Field, count: int, N: Sequence[Sequence[int]], tall: bool
) -> Eigenvectors:
    """The same for a factor t - c, by integer vectors."""
    basis = eigenspace_basis(G, -field.modulus[0], count)
    if not tall:
        basis = [coprime(v) for v in ground.product(basis, N)]
    if count > 1:
        basis = row_space_basis(basis)
    images = ground.product(N, list(zip(*basis, strict=True)))
    return Eigenvectors(
        field,
        tuple([tuple([(x,) for x in v]) for v in basis]),
        tuple([tuple([(x,) for x in column]) for column in zip(*images, strict=True)]),
        tuple([(dot(v, v),) for v in basis]),
    )


def factor_kernel(G: Sequence[Sequence[int]], field: Field, count: int) -> list[list[int]]:
    """The kernel of f(G), which is everything if f^count is the whole characteristic polynomial."""
    n = len(G)
    if field.degree * count == n:
        return [[int(i == j) for j in range(n)] for i in range(n)]
    value = [[0] * n for _ in range(n)]
    for c in reversed(field.modulus):
        value = ground.product(value, G)
        for i in range(n):
            value[i][i] += c
    return ground.kernel(value)


def cyclic_eigenvector(G: Sequence[Sequence[int]], field: Field, w: Sequence[int]) -> tuple[Element, ...]:
    """sum t^j h_j(G) w with h_(d-1) = 1 and h_(j-1) = x h_j + f_j."""
    powers = [list(w)]
    for j in range(field.degree - 1, 0, -1):
        moved = [sum(map(mul, row, powers[0])) for row in G]
        powers.insert(0, [x + field.modulus[j] * y for x, y in zip(moved, w, strict=True)])
    return tuple(zip(*powers, strict=True))


def _applied(field: Field, M: Sequence[Sequence[int]], v: Sequence[Element]) -> tuple[Element, ...]:
    return tuple(tuple(sum(c * a[k] for c, a in zip(row, v, strict=True)) for k in range(field.degree)) for row in M)


def echelon(field: Field, vectors: Sequence[tuple[Element, ...]]) -> list[tuple[Element, ...]]:
    """The reduced row echelon basis of the span over Q(t), its pivots made positive integers instead of 1."""
    rows = [*vectors]
    rank = 0
    for column in range(len(rows[0])):
        source = next((i for i in range(rank, len(rows)) if any(rows[i][column])), None)
        if source is None:
            continue
        rows[rank], rows[source] = rows[source], rows[rank]
        inverse, _ = field.inverse(rows[rank][column])
        pivot_row = primitive_vector([field.times(a, inverse) for a in rows[rank]])
        rows[rank], pivot = pivot_row, pivot_row[column][0]
        for i in range(len(rows)):
            if i != rank and any(factor := rows[i][column]):
                rows[i] = _primitive_or_zero(
                    [
                        tuple(pivot * x - y for x, y in zip(a, field.times(factor, b), strict=True))
                        for a, b in zip(rows[i], pivot_row, strict=True)
                    ]
                )
        rank += 1
    return rows[:rank]


def _primitive_or_zero(vector: Sequence[Element]) -> tuple[Element, ...]:
    return primitive_vector(vector) if any(any(a) for a in vector) else tuple(vector)


def orthogonal_basis(field: Field, basis: Sequence[tuple[Element, ...]]) -> tuple[tuple[Element, ...], ...]:
    """Gram and Schmidt over Q(t); scaled by positive integers only, so that directions are kept."""
    done: list[tuple[Element, ...]] = []
    for vector in basis:
        exact = [tuple(Fraction(x) for x in a) for a in vector]
        for earlier in done:
            inverse, c = field.inverse(field.dot(earlier, earlier))
            weight = field.times(field.dot(earlier, vector), inverse)
            for i, a in enumerate(earlier):
                moved = field.times(weight, a)
                exact[i] = tuple(x - Fraction(y, c) for x, y in zip(exact[i], moved, strict=True))
        done.append(primitive_vector(whole(exact)))
    return tuple(done)


def _descending(pieces: Sequence[Eigenvectors]) -> tuple[tuple[int, int, int], ...]:
    """All (piece, root, vector), eigenvalues descending; no two factors share a root, so enclosures tell them apart."""
    bits = PRECISION
    while True:
        ends = sorted(
            (piece.field.root_bounds(root, bits), i, root)
            for i, piece in enumerate(pieces)
            for root in range(1, piece.field.degree + 1)
        )
        if all(a[0][1] < b[0][0] for a, b in pairwise(ends)):
            break
        bits *= 2
    return tuple((i, root, j) for _, i, root in reversed(ends) for j in range(len(pieces[i].vectors)))


def _is_eigenvector(G: Sequence[Sequence[int]], field: Field, v: tuple[Element, ...]) -> bool:
    return _applied(field, G, v) == tuple(field.reduced((0, *a)) for a in v)


def _are_orthogonal(piece: Eigenvectors) -> bool:
    v, field = piece.vectors, piece.field
    return all(field.dot(v[i], v[j]) == field.zero for i in range(len(v)) for j in range(i))


def _projections_add_up(
    pieces: Sequence[Eigenvectors], N: Sequence[Sequence[int]], null: Sequence[Sequence[int]]
) -> bool:
    """The sum P of the projections has P z = 0 on the null space, is idempotent, and has the rank's trace."""
    n = len(N[0])
    total = [[Fraction(0)] * n for _ in range(n)]
    for piece in pieces:
        for v, q in zip(piece.vectors, piece.norms, strict=True):
            inverse, c = piece.field.inverse(q)
            scaled = [piece.field.times(a, inverse) for a in v]
            for i in range(n):
                for j in range(i + 1):
                    total[i][j] += Fraction(piece.field.trace(piece.field.times(scaled[i], v[j])), c)
                    total[j][i] = total[i][j]
    common = lcm(*(x.denominator for row in total for x in row))
    P = [[int(x * common) for x in row] for row in total]
    idempotent = ground.product(P, P) == [[common * x for x in row] for row in P]
    annihilates = all(not any(row) for row in ground.product(P, list(zip(*null, strict=True)))) if null else True
    return idempotent and annihilates and sum(P[i][i] for i in range(n)) == common * (n - len(null))
