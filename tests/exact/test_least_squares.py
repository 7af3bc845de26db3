"""Pseudo-inverse, least squares and unit minimisers: exact conditions for every rational matrix, and NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exact.matrices_strategies import decomposable_matrices, quick, rational_matrices, tables
from exact.test_matrices import sympy_matrix
from exact.test_svd import array
from gradus.errors import InputError
from gradus.exact import Matrix, Vector, least_squares, null_space, pseudo_inverse, svd, unit_minimisers
from gradus.exact.linear_algebra.least_squares_steps import (
    all_solutions_steps,
    minimum_norm_steps,
    pseudo_inverse_steps,
)
from gradus.exact.linear_algebra.unit_minimiser_steps import unit_minimiser_steps


@quick
@given(rational_matrices())
def test_the_four_penrose_conditions_hold_for_any_rational_matrix(A: Matrix) -> None:
    X = pseudo_inverse(A)
    assert A @ X @ A == A and X @ A @ X == X
    assert (A @ X).T == A @ X and (X @ A).T == X @ A
    assert X.is_rational


@settings(quick, max_examples=40)
@given(rational_matrices())
def test_the_pseudo_inverse_agrees_with_sympy(A: Matrix) -> None:
    assert sympy_matrix(pseudo_inverse(A)) == sympy_matrix(A).pinv()


@quick
@given(decomposable_matrices())
def test_the_pseudo_inverse_agrees_with_the_decomposition(A: Matrix) -> None:
    d = svd(A)
    assert d.V @ d.Sigma_plus @ d.U.T == pseudo_inverse(A)


@quick
@given(st.data(), rational_matrices())
def test_least_squares_solutions(data: st.DataObject, A: Matrix) -> None:
    b = data.draw(tables(A.shape[0], 1)).column(0)
    solutions = least_squares(A, b)
    assert solutions.residual == A @ solutions.min_norm - b
    assert not (A.T @ solutions.residual)
    assert solutions.directions == null_space(A)
    assert all(not d.dot(solutions.min_norm) for d in solutions.directions)
    expected = np.linalg.lstsq(array(A), array(Matrix.from_columns([b]))[:, 0], rcond=1e-11)[0]
    assert np.allclose([float(x) for x in solutions.min_norm], expected, atol=1e-6)


@settings(quick, max_examples=60)
@given(rational_matrices())
def test_unit_minimisers_are_all_there_is(A: Matrix) -> None:
    values, vectors = np.linalg.eigh(array(A).T @ array(A))
    minimisers = unit_minimisers(A)
    basis = minimisers.vectors[:1] if minimisers.kind == "points" else minimisers.vectors
    smallest = vectors[:, np.isclose(values, values[0], atol=1e-8, rtol=1e-8)]
    columns = np.array([[float(x) for x in v] for v in basis]).T
    assert columns.shape == smallest.shape
    assert np.allclose(columns @ columns.T, smallest @ smallest.T, atol=1e-6)
    assert all(v.dot(v) == 1 for v in minimisers.vectors if not any(x.is_algebraic for x in v))


LONG, SHORT = "sqrt(50 + 10*sqrt(5))/10", "sqrt(50 - 10*sqrt(5))/10"


@pytest.mark.parametrize(
    ("A", "kind", "vectors"),
    [
        ("3 4; 3 4", "points", ["(-4/5, 3/5)", "(4/5, -3/5)"]),
        ("2 0; 0 1", "points", ["(0, 1)", "(0, -1)"]),
        ("1 0; 0 1", "sphere", ["(1, 0)", "(0, 1)"]),
        ("5", "points", ["(1)", "(-1)"]),
        ("0", "points", ["(1)", "(-1)"]),
        ("1 1 1", "sphere", ["(-sqrt(2)/2, sqrt(2)/2, 0)", "(-sqrt(6)/6, -sqrt(6)/6, sqrt(6)/3)"]),
        ("1 1; 0 1", "points", [f"({LONG}, -{SHORT})", f"(-{LONG}, {SHORT})"]),
        ("1 1 0 0; 0 1 0 0; 0 0 1 1; 0 0 0 1", "sphere", [f"({LONG}, -{SHORT}, 0, 0)", f"(0, 0, {LONG}, -{SHORT})"]),
        ("1 1 0; 0 1 0; 0 0 1/2", "points", ["(0, 0, 1)", "(0, 0, -1)"]),
    ],
)
def test_unit_minimisers_by_hand(A: str, kind: str, vectors: list[str]) -> None:
    minimisers = unit_minimisers(Matrix.of(A))
    assert (minimisers.kind, [v.text for v in minimisers.vectors]) == (kind, vectors)


def test_the_answers_of_the_problem_set() -> None:
    A, b = Matrix.of("3 4; 3 4"), Vector.of("2 3")
    assert pseudo_inverse(A) == Matrix.of("3/50 3/50; 4/50 4/50")
    solutions = least_squares(A, b)
    assert solutions.min_norm == Vector.of("3/10, 4/10")
    assert solutions.directions == (Vector.of("-4/5, 3/5"),)


def test_a_right_hand_side_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(InputError, match="has 3 entries, and A has 2 rows"):
        least_squares(Matrix.of("3 4; 3 4"), Vector.of("1 2 3"))


@settings(quick, max_examples=30)
@given(st.one_of(rational_matrices(), decomposable_matrices()), st.data())
def test_all_checks_of_the_worked_steps_hold(A: Matrix, data: st.DataObject) -> None:
    b = data.draw(tables(A.shape[0], 1)).column(0)
    steps = (*pseudo_inverse_steps(A), *minimum_norm_steps(A, b), *all_solutions_steps(A, b), *unit_minimiser_steps(A))
    assert all(check.holds for step in steps for check in step.checks)
