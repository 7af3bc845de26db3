"""Row reduction against SymPy, and its logged operations replayed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from exact.matrices_strategies import quick, rational_matrices
from exact.test_matrices import sympy_matrix
from gradus.errors import InputError
from gradus.exact import Matrix, Number, inverse, rank, row_reduction
from gradus.exact.linear_algebra.row_reduction import full_rank_factors, rank_steps


@quick
@given(rational_matrices())
def test_the_reduced_form_agrees_with_sympy(A: Matrix) -> None:
    reduction = row_reduction(A)
    expected, pivots = sympy_matrix(A).rref()
    assert sympy_matrix(reduction.reduced) == expected
    assert reduction.pivots == pivots


@quick
@given(rational_matrices())
def test_the_operations_lead_where_the_stages_say(A: Matrix) -> None:
    reduction = row_reduction(A)
    current = A
    for stage in (*reduction.forward, *reduction.backward):
        for operation in stage.operations:
            current = replayed(current, operation)
        assert current == stage.after
    assert current == reduction.reduced


def replayed(A: Matrix, operation: str) -> Matrix:
    """One operation, read from its LaTeX: a swap, a multiple, or a row plus or minus a multiple of another."""
    rows = [A.row(i) for i in range(A.shape[0])]
    if "leftrightarrow" in operation:
        i, j = (int(k) - 1 for k in re.findall(r"R_\{(\d+)\}", operation))
        rows[i], rows[j] = rows[j], rows[i]
    else:
        target, source = operation.split(r"\leftarrow")
        i = int(re.findall(r"\d+", target)[0]) - 1
        total = rows[i] * 0
        for sign, factor, j in re.findall(r"([+-]?)\s*((?:\\frac\{\d+\}\{\d+\}|\d+)?)R_\{(\d+)\}", source):
            plain = re.sub(r"\\frac\{(\d+)\}\{(\d+)\}", r"\1/\2", factor) or "1"
            total = total + rows[int(j) - 1] * Number.of(sign + plain)
        rows[i] = total
    return Matrix(tuple(row.entries for row in rows))


@quick
@given(rational_matrices())
def test_full_rank_factors_multiply_to_the_matrix(A: Matrix) -> None:
    if not A:
        return
    C, R = full_rank_factors(A)
    assert C @ R == A and C.shape[1] == R.shape[0] == rank(A)


@quick
@given(rational_matrices())
def test_an_inverse_is_one_or_is_refused(A: Matrix) -> None:
    m, n = A.shape
    if m == n == rank(A):
        assert A @ inverse(A) == Matrix.identity(n)
    else:
        with pytest.raises(InputError, match="must"):
            inverse(A)


@pytest.mark.parametrize(
    ("A", "r"),
    [
        ("3 4; 3 4", 1),
        ("0 0; 0 0", 0),
        ("1", 1),
        ("0", 0),
        ("0 1; 1 0", 2),
        ("1 2 3; 4 5 6; 7 8 9", 2),
        ("sqrt(2) 2; 1 sqrt(2)", 1),
    ],
)
def test_ranks(A: str, r: int) -> None:
    assert rank(Matrix.of(A)) == r


@quick
@given(rational_matrices())
def test_the_worked_rank_ends_with_the_rank_and_all_checks_hold(A: Matrix) -> None:
    steps = rank_steps(A)
    assert f"= {sympy_matrix(A).rank()}$" in steps[-1].claim
    assert all(check.holds for step in steps for check in step.checks)


def test_a_pivot_of_size_one_is_preferred() -> None:
    assert row_reduction(Matrix.of("3 1; 1 2")).forward[0].operations[0] == r"R_{1} \leftrightarrow R_{2}"
