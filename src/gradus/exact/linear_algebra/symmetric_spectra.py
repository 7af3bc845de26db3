"""The exact eigen-decomposition of a symmetric matrix, definite or not.

For a rational matrix the characteristic polynomial is split into irreducible factors, and what belongs to the roots of
one factor is computed once, in Q[t]/f, as for A^T A in :mod:`~gradus.exact.linear_algebra.spectra`.  A matrix with
square roots is taken apart into its blocks, and decomposed where the eigenvalues of each are sums of square roots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import lcm

from gradus.errors import InputError, UnsupportedError
from gradus.exact.linear_algebra.eigenvalues import characteristic_polynomial, integer_roots
from gradus.exact.linear_algebra.matrices import Matrix, Vector, integers
from gradus.exact.linear_algebra.spectra import cyclic_eigenvector, echelon, factor_kernel, orthogonal_basis
from gradus.exact.linear_algebra.subspaces import first_entry_positive, null_space_vectors, orthogonal
from gradus.exact.numbers import ground
from gradus.exact.numbers.algebraic import real_root, real_roots
from gradus.exact.numbers.field_numbers import field_number
from gradus.exact.numbers.ground import Polynomial
from gradus.exact.numbers.number import ZERO, Number, sqrt
from gradus.exact.numbers.number_fields import Element, Field, primitive_vector
from gradus.exact.numbers.real_roots import isolated

MAX_SIDE = 16
"""Most rows of a matrix that is decomposed."""

MAX_SIZE = 4_000
"""Most bits of a coefficient of an irreducible factor, times its degree."""


@dataclass(frozen=True)
class Eigenpair:
    """An eigenvalue, and an eigenvector that need not have the length 1; its first non-zero entry is positive.

    >>> pair = eigenpairs(Matrix.of("1 2; 2 1"))[0]
    >>> pair.eigenvalue.text, pair.component(Vector.of("3 1")).text
    ('3', '2')
    """

    eigenvalue: Number
    vector: Vector

    def component(self, x: Vector) -> Number:
        """The coefficient of the eigenvector in x, for an orthogonal basis of eigenvectors."""
        return self.vector.dot(x) / self.vector.dot(self.vector)


def check_symmetric(A: Matrix, name: str = "A") -> None:
    """Raises InputError unless the matrix is square and equal to its transpose; the message names two entries.

    >>> check_symmetric(Matrix.of("1 2; 3 4"), "hessian")
    Traceback (most recent call last):
    gradus.errors.InputError: hessian = 1 2; 3 4: must be symmetric, but entry (1, 2) is 2 and entry (2, 1) is 3; ...
    """
    m, n = A.shape
    if m != n:
        raise InputError(name, A.text, f"must be square, and is {m} x {n}", "give as many rows as columns")
    for i in range(n):
        for j in range(i + 1, n):
            if A[i, j] != A[j, i]:
                rule = (
                    f"must be symmetric, but entry ({i + 1}, {j + 1}) is {A[i, j].text} "
                    f"and entry ({j + 1}, {i + 1}) is {A[j, i].text}"
                )
                raise InputError(name, A.text, rule, "make the two equal")


def eigenpairs(A: Matrix) -> tuple[Eigenpair, ...]:
    """An orthogonal basis of eigenvectors of a symmetric matrix (n x n), eigenvalues descending.

    Raises:
        InputError: the matrix is not symmetric.
        UnsupportedError: it has more than MAX_SIDE rows, too large entries, or square roots and eigenvalues that are
            no sums of such.

    >>> [(pair.eigenvalue.text, pair.vector.text) for pair in eigenpairs(Matrix.of("2 0; 0 -1"))]
    [('2', '(1, 0)'), ('-1', '(0, 1)')]
    >>> [pair.eigenvalue.text for pair in eigenpairs(Matrix.of("0 1 0; 1 0 1; 0 1 1"))]
    ['root(x^3 - x^2 - 2*x + 1, 3)', 'root(x^3 - x^2 - 2*x + 1, 2)', 'root(x^3 - x^2 - 2*x + 1, 1)']
    """
    check_symmetric(A)
    return _eigenpairs(A)


@lru_cache(maxsize=64)
def _eigenpairs(A: Matrix) -> tuple[Eigenpair, ...]:
    n = A.shape[0]
    if n > MAX_SIDE:
        rule = f"must have at most {MAX_SIDE} rows to be decomposed"
        raise UnsupportedError("A", f"a matrix of {n} rows", rule, "give a smaller matrix")
    found = _rational_pairs(A) if A.is_rational else _surd_pairs(A)
    # sorted() is stable, so that equal eigenvalues keep the order of their eigenvectors
    return tuple(sorted(found, key=lambda pair: pair.eigenvalue, reverse=True))


def _rational_pairs(A: Matrix) -> list[Eigenpair]:
    N, d = integers(A)
    found = []
    for factor, count in _factors(A, N):
        field = Field(factor)
        vectors = _eigenvectors(N, field, count)
        degree = field.degree
        for root in range(1, (1 if degree == 1 else len(isolated(factor))) + 1):
            t = _root(field, root)
            value = t / d if degree > 1 else Number.of(Fraction(-factor[0], d))
            found += [Eigenpair(value, _oriented([_value(field, root, t, a) for a in v])) for v in vectors]
    return found


def _factors(A: Matrix, N: Sequence[Sequence[int]]) -> list[tuple[Polynomial, int]]:
    """The irreducible factors of the characteristic polynomial; the rational eigenvalues without factoring."""
    n = len(N)
    shift = max(sum(map(abs, row)) for row in N)
    # by Gershgorin's discs the shifted matrix has no negative eigenvalue
    shifted = [[x + (shift if i == j else 0) for j, x in enumerate(row)] for i, row in enumerate(N)]
    try:
        roots, rest = integer_roots(list(ground.characteristic_polynomial(shifted)))
    except UnsupportedError as error:
        raise UnsupportedError("A", A.text, error.rule.replace("of A^T A ", ""), error.remedy) from error
    linear: list[tuple[Polynomial, int]] = [((shift - root, 1), count) for root, count in roots]
    if len(rest) == 1:
        return linear
    p = _translated(rest, shift)
    if (size := max(c.bit_length() for c in p) * (len(p) - 1)) > MAX_SIZE and n > 2:
        rule = f"has eigenvalues with a polynomial of {size} bits times degree, and {MAX_SIZE} is the limit"
        raise UnsupportedError("A", A.text, rule, "give smaller entries or a smaller matrix")
    return [*linear, *([(p, 1)] if len(p) <= 4 else ground.factors(p))]


def _translated(p: Sequence[int], shift: int) -> Polynomial:
    """p(x + shift)."""
    row = list(p)
    for i in range(len(row) - 1):
        for j in range(len(row) - 2, i - 1, -1):
            row[j] += shift * row[j + 1]
    return tuple(row)


def _eigenvectors(N: Sequence[Sequence[int]], field: Field, count: int) -> tuple[tuple[Element, ...], ...]:
    """An orthogonal basis of the eigenspace, with entries in the field."""
    found: list[tuple[Element, ...]] = []
    for w in factor_kernel(N, field, count):
        v = cyclic_eigenvector(N, field, w)
        if not any(any(a) for a in v):
            continue
        candidates = [*found, primitive_vector(v)]
        if count == 1 or len(echelon(field, candidates)) == len(candidates):
            found = candidates
        if len(found) == count:
            break
    return tuple(found) if count == 1 else orthogonal_basis(field, echelon(field, found))


def _root(field: Field, root: int) -> Number:
    """A sum of square roots where the root is one; otherwise a number that stays in its field."""
    if field.degree <= 4 and not (simple := real_root(field.modulus, root)).is_algebraic:
        return simple
    return field_number(field, root, (0, 1))


def _value(field: Field, root: int, t: Number, a: Element) -> Number:
    if t.is_algebraic:
        return field_number(field, root, a)
    value = ZERO
    for c in reversed(a):
        value = value * t + c
    return value


def _oriented(entries: Sequence[Number]) -> Vector:
    return first_entry_positive(Vector(tuple(entries)))


def _surd_pairs(A: Matrix) -> list[Eigenpair]:
    """Block by block, since what is not coupled has eigenvalues of its own."""
    found = []
    for block in _blocks(A):
        part = Matrix(tuple(tuple(A[i, j] for j in block) for i in block))
        pairs = _rational_pairs(part) if part.is_rational else _coupled_pairs(A, part)
        for pair in pairs:
            entries = dict(zip(block, pair.vector, strict=True))
            spread = Vector(tuple(entries.get(i, ZERO) for i in range(A.shape[0])))
            found.append(Eigenpair(pair.eigenvalue, spread))
    return found


def _blocks(A: Matrix) -> list[list[int]]:
    """The connected components of the graph of the non-zero entries."""
    left, blocks = list(range(A.shape[0])), []
    while left:
        block = [left.pop(0)]
        for i in block:  # grows while it is read
            joined = [j for j in left if A[i, j]]
            left = [j for j in left if j not in joined]
            block += joined
        blocks.append(sorted(block))
    return blocks


def _coupled_pairs(A: Matrix, part: Matrix) -> list[Eigenpair]:
    values = [part[0, 0]] if part.shape == (1, 1) else _surd_eigenvalues(A, part)
    return [
        Eigenpair(value, first_entry_positive(vector))
        for value in values
        for vector in orthogonal(null_space_vectors(part - Matrix.identity(part.shape[0]) * value))
    ]


def _surd_eigenvalues(A: Matrix, part: Matrix) -> list[Number]:
    """The different eigenvalues of a block, where they are sums of square roots."""
    if any(x.is_algebraic for row in part.rows for x in row):
        raise _no_surds(A)
    p = list(characteristic_polynomial(part))
    zero = [ZERO] if not p[0] else []
    while not p[0]:
        p = p[1:]
    try:
        if all(c.is_rational for c in p):
            fractions = [c.as_fraction() for c in p]
            scale = lcm(*(c.denominator for c in fractions))
            roots = real_roots([int(c * scale) for c in fractions]) if len(p) > 1 else []
        elif len(p) == 2:
            roots = [-p[0] / p[1]]
        elif len(p) == 3:
            root = sqrt(p[1] * p[1] - 4 * p[0])
            roots = [(-p[1] + root) / 2, (-p[1] - root) / 2] if root else [-p[1] / 2]
        else:
            raise _no_surds(A)
    except UnsupportedError as error:
        raise _no_surds(A) from error
    if any(root.is_algebraic for root in roots):
        raise _no_surds(A)
    return [*zero, *roots]


def _no_surds(A: Matrix) -> UnsupportedError:
    rule = "has irrational entries, and an eigenvalue that is no sum of square roots of rationals"
    return UnsupportedError("A", A.text, rule, "give rational entries, for which there is no such limit")
