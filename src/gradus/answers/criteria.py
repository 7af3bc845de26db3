"""Criteria: what decides answers about one matrix or one linear system, as values that a kind of problem hands over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from gradus.answers import properties
from gradus.answers.answer import Answer, Basis, Exact, Family, Minimisers, Parts
from gradus.answers.verdict import Criterion, Verdict
from gradus.documents.markdown import escaped
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.numbers.number import Number

A_ = TypeVar("A_", bound=Answer)
V_ = TypeVar("V_", Number, Vector, Matrix)


def system(A: Matrix, b: Vector, names: Sequence[str]) -> Criterion:
    """The parts A and b of a system, its equations in any order."""

    def why_not(parts: Parts) -> str:
        given_A, given_b = _values(parts, ("A", "b"))
        if not isinstance(given_A, Matrix) or not isinstance(given_b, Vector):
            return "A must be a matrix, and b a vector."
        return properties.wrong_system(A, b, names, given_A, given_b)

    return _deciding(Parts, why_not)


def rank(A: Matrix) -> Criterion:
    """The rank of A.

    >>> rank(Matrix.of("3 4; 3 4"))(Exact(Number.of(1))).outcome
    'right'
    """
    return _deciding(Exact, _of_value(Number, "a number", lambda x: properties.wrong_rank(A, x)))


def row_space_basis(A: Matrix) -> Criterion:
    """Any orthonormal basis of the row space of A.

    >>> row_space_basis(Matrix.of("3 4; 3 4"))(Basis((Vector.of("-3/5 -4/5"),))).outcome
    'right'
    """
    return _deciding(Basis, lambda basis: properties.wrong_row_space_basis(A, basis.vectors))


def null_space_basis(A: Matrix) -> Criterion:
    """Any orthonormal basis of the null space of A."""
    return _deciding(Basis, lambda basis: properties.wrong_null_space_basis(A, basis.vectors))


def right_factor(A: Matrix) -> Criterion:
    """V of any singular value decomposition of A."""
    return _deciding(Exact, _of_value(Matrix, "a matrix", lambda V: properties.wrong_right_factor(A, V)))


def left_factors(A: Matrix) -> Criterion:
    """The parts U and Sigma of any singular value decomposition of A."""

    def why_not(parts: Parts) -> str:
        U, Sigma = _values(parts, ("U", "Sigma"))
        if not isinstance(U, Matrix) or not isinstance(Sigma, Matrix):
            return "U and Sigma must be matrices."
        return properties.wrong_left_factors(A, U, Sigma)

    return _deciding(Parts, why_not)


def pseudo_inverse(A: Matrix) -> Criterion:
    """The pseudo-inverse of A, by Penrose's conditions."""
    return _deciding(Exact, _of_value(Matrix, "a matrix", lambda X: properties.wrong_pseudo_inverse(A, X)))


def minimum_norm_solution(A: Matrix, b: Vector) -> Criterion:
    """The shortest x that makes the norm of A x - b least."""
    return _deciding(Exact, _of_value(Vector, "a vector", lambda x: properties.wrong_minimum_norm_solution(A, b, x)))


def solution_family(A: Matrix, b: Vector) -> Criterion:
    """All x that make the norm of A x - b least: any of them as the point, any directions that span the null space.

    >>> criterion = solution_family(Matrix.of("3 4; 3 4"), Vector.of("2 3"))
    >>> criterion(Family(Vector.of("0 5/8"), (Vector.of("4 -3"),))).outcome
    'right'
    """
    return _deciding(
        Family, lambda family: properties.wrong_solution_family(A, b, family.point, family.directions, family.names)
    )


def unit_minimisers(A: Matrix) -> Criterion:
    """All unit vectors at which the norm of A x is least, as points or as the unit vectors of a span."""

    def why_not(minimisers: Minimisers) -> str:
        if minimisers.kind == "points":
            return properties.wrong_minimisers(A, minimisers.vectors)
        return properties.wrong_minimiser_span(A, minimisers.vectors)

    return _deciding(Minimisers, why_not)


def _deciding(form: type[A_], why_not: Callable[[A_], str]) -> Criterion:
    def decided(given: Answer) -> Verdict:
        if not isinstance(given, form):
            return Verdict("wrong", f"The answer must be of the type '{form.type}', not '{given.type}'.")
        reason = why_not(given)
        return Verdict("wrong", escaped(reason[0].upper() + reason[1:])) if reason else Verdict("right")

    return decided


def _of_value(form: type[V_], what: str, why_not: Callable[[V_], str]) -> Callable[[Exact], str]:
    return lambda given: why_not(given.value) if isinstance(given.value, form) else f"The answer must be {what}."


def _values(parts: Parts, names: Sequence[str]) -> list[Number | Vector | Matrix | None]:
    found = [parts.parts.get(name) for name in names]
    return [part.value if isinstance(part, Exact) else None for part in found]
