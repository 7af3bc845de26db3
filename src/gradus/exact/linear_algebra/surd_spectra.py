"""Singular vectors of matrices with square roots, whose squared singular values are sums of square roots too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from gradus.errors import UnsupportedError
from gradus.exact.linear_algebra.eigenvalues import characteristic_polynomial
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.linear_algebra.row_reduction import rank, reduced_rows
from gradus.exact.linear_algebra.subspaces import first_entry_positive, null_space_vectors, orthogonal
from gradus.exact.numbers import ground
from gradus.exact.numbers.algebraic import square_root
from gradus.exact.numbers.number import Number, sqrt
from gradus.exact.numbers.quadratic_surds import quadratic_root
from gradus.exact.steps import Check

REMEDY = "give a rational matrix, for which there is no such limit"


@dataclass(frozen=True)
class Eigenspace:
    """A non-zero eigenvalue of A^T A with an orthogonal basis of its eigenspace, first non-zero entries positive."""

    eigenvalue: Number
    vectors: tuple[Vector, ...]


def surd_eigenspaces(A: Matrix) -> tuple[Eigenspace, ...]:
    """The eigenspaces of A^T A for non-zero eigenvalues, descending, for A with square roots.

    Raises:
        UnsupportedError: an eigenvalue is no sum of square roots of rationals.

    >>> [space.eigenvalue.text for space in surd_eigenspaces(Matrix.of("sqrt(2) 0; 0 1"))]
    ['2', '1']
    """
    wide = A.shape[0] < A.shape[1]
    G = A @ A.T if wide else A.T @ A
    try:
        values = _eigenvalues(characteristic_polynomial(G))
    except UnsupportedError as error:
        rule = "has square roots, and an eigenvalue of A^T A that is no sum of square roots of rationals"
        raise UnsupportedError("A", A.text, f"{rule} ({error.rule})", REMEDY) from error
    spaces = []
    for value in values:
        vectors = null_space_vectors(G - Matrix.identity(G.shape[0]) * value)
        if wide:
            vectors = tuple(A.T @ v for v in vectors)
        echelon, _ = reduced_rows(Matrix(tuple(v.entries for v in vectors)))
        spaces.append(Eigenspace(value, tuple(first_entry_positive(v) for v in orthogonal(echelon))))
    return tuple(spaces)


def surd_triples(A: Matrix) -> tuple[tuple[Number, Vector, Vector], ...]:
    """The non-zero singular values of A, descending, with right and left singular vectors.

    Raises:
        UnsupportedError: as for :func:`surd_eigenspaces`, or an entry needs a polynomial of too high a degree.

    >>> [value.text for value, _, _ in surd_triples(Matrix.of("sqrt(2) 0; 0 1"))]
    ['sqrt(2)', '1']
    """
    found = []
    for space in surd_eigenspaces(A):
        sigma = square_root(space.eigenvalue)
        for w in space.vectors:
            square = w.dot(w)
            found.append((sigma, _divided(w, square), _divided(A @ w, square * space.eigenvalue)))
    return tuple(found)


def _divided(w: Vector, square: Number) -> Vector:
    """The vector over the square root of a number.

    Where that root is no sum of square roots, the squares are divided instead, which takes fewer square roots.
    """
    length = square_root(square)
    if not length.is_algebraic:
        return w * length.reciprocal()
    inverse = square.reciprocal()
    return Vector(tuple(square_root(x * x * inverse) * x.sign() for x in w))


def surd_proof(A: Matrix) -> tuple[Check, ...]:
    """What proves the decomposition: eigenvectors before they are divided by their lengths, and their number.

    >>> [check.holds for check in surd_proof(Matrix.of("sqrt(2) 0; 0 1"))]
    [True, True, True]
    """
    G, spaces = A.T @ A, surd_eigenspaces(A)
    vectors = [w for space in spaces for w in space.vectors]
    return (
        Check(
            r"$A^\top A\,\mathbf{v} = \lambda\,\mathbf{v}$.",
            all(G @ w == w * space.eigenvalue for space in spaces for w in space.vectors),
        ),
        Check(
            "The eigenvectors are orthogonal.",
            all(not v.dot(w) for i, v in enumerate(vectors) for w in vectors[:i]),
        ),
        Check("There are as many as the rank of $A$.", len(vectors) == rank(A)),
    )


def _eigenvalues(polynomial: Sequence[Number]) -> list[Number]:
    """The different non-zero roots of a polynomial with roots >= 0, descending."""
    p = list(polynomial)
    while len(p) > 1 and not p[0]:
        p = p[1:]
    if all(c.is_rational for c in p):
        fractions = [c.as_fraction() for c in p]
        scale = lcm(*(c.denominator for c in fractions))
        roots = _rational_polynomial_roots(tuple(int(c * scale) for c in fractions))
    else:
        roots = _number_polynomial_roots(p)
    return sorted(roots, reverse=True)


def _rational_polynomial_roots(p: tuple[int, ...]) -> list[Number]:
    if len(p) == 1:
        return []
    roots = []
    for factor, _ in ground.factors(p):
        if len(factor) == 2:
            roots.append(Number.of(Fraction(-factor[0], factor[1])))
        elif len(factor) == 3:
            roots += [quadratic_root(factor, 1), quadratic_root(factor, 2)]
        else:
            degree = len(factor) - 1
            rule = f"the characteristic polynomial of A^T A has an irreducible factor of degree {degree}"
            raise UnsupportedError("A", None, rule, REMEDY)
    return roots


def _number_polynomial_roots(p: Sequence[Number]) -> list[Number]:
    if len(p) == 2:
        return [-p[0] / p[1]]
    if len(p) > 3:
        rule = "the characteristic polynomial of A^T A has coefficients that are not rational"
        raise UnsupportedError("A", None, rule, REMEDY)
    c, b, _ = p
    root = sqrt(b * b - 4 * c)
    return [(-b + root) / 2, (-b - root) / 2] if root else [-b / 2]
