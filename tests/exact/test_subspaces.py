"""Orthonormal bases of the four subspaces against SymPy's bases, with the canonical choices."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings

from exact.matrices_strategies import quick, rational_matrices
from exact.test_matrices import sympy_matrix
from gradus.exact import Matrix, Vector, column_space, left_null_space, null_space, row_reduction, row_space
from gradus.exact.linear_algebra.subspace_steps import null_space_steps, row_space_steps
from gradus.exact.linear_algebra.subspaces import canonical_basis, primitive


def dots(vectors: Sequence[Vector]) -> list[list[object]]:
    return [[v.dot(w) for w in vectors] for v in vectors]


def identity(size: int) -> list[list[int]]:
    return [[int(i == j) for j in range(size)] for i in range(size)]


@quick
@given(rational_matrices())
def test_the_four_bases_are_orthonormal_complementary_and_of_the_right_size(A: Matrix) -> None:
    m, n = A.shape
    r = sympy_matrix(A).rank()
    for inside, outside, size, dimension in (
        (row_space(A), null_space(A), n, r),
        (column_space(A), left_null_space(A), m, r),
    ):
        assert (len(inside), len(outside)) == (dimension, size - dimension)
        together = (*inside, *outside)
        assert dots(together) == identity(size)


@quick
@given(rational_matrices())
def test_a_annihilates_its_null_space_and_the_null_space_conventions_hold(A: Matrix) -> None:
    basis = null_space(A)
    free = row_reduction(A).free
    assert all(not (A @ v) for v in basis)
    for i, (v, j) in enumerate(zip(basis, free, strict=True)):
        assert v[j] > 0
        assert all(not earlier[j] for earlier in basis[:i])


@quick
@given(rational_matrices())
def test_row_space_vectors_begin_positively_and_depend_on_the_space_only(A: Matrix) -> None:
    basis = row_space(A)
    assert all(next(x for x in v if x) > 0 for v in basis)
    turned = Matrix(tuple(reversed(A.rows)))
    mixed = Matrix(tuple((turned.row(i) * (i + 2)).entries for i in range(A.shape[0])))
    assert row_space(mixed) == basis
    assert canonical_basis(basis) == basis


def test_the_vectors_of_the_problem_set() -> None:
    A = Matrix.of("3 4; 3 4")
    assert row_space(A) == (Vector.of("3/5, 4/5"),)
    assert null_space(A) == (Vector.of("-4/5, 3/5"),)
    assert left_null_space(A) == (Vector.of("-sqrt(2)/2, sqrt(2)/2"),)


def test_trivial_subspaces() -> None:
    assert null_space(Matrix.identity(3)) == ()
    assert row_space(Matrix.zeros(2, 3)) == ()
    assert [v.text for v in null_space(Matrix.zeros(1, 2))] == ["(1, 0)", "(0, 1)"]


def test_primitive_multiples_keep_the_direction() -> None:
    assert primitive(Vector.of("-4/3, 1")) == Vector.of("-4 3")
    assert primitive(Vector.of("4 6")) == Vector.of("2 3")
    assert primitive(Vector.of("0 0")) == Vector.of("0 0")


@settings(quick, max_examples=40)
@given(rational_matrices())
def test_all_checks_of_the_worked_steps_hold(A: Matrix) -> None:
    steps = (*row_space_steps(A), *null_space_steps(A))
    assert all(check.holds for step in steps for check in step.checks)
