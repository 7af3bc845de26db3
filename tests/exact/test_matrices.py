"""Matrix and vector arithmetic against SymPy, and how matrices are shown."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Matrix as SymPyMatrix
from sympy import Rational

from exact.matrices_strategies import quick, rational_matrices, tables
from gradus.errors import InputError
from gradus.exact import Matrix, Vector, sqrt


def sympy_matrix(A: Matrix) -> SymPyMatrix:
    rows = [[x.as_fraction() for x in row] for row in A.rows]
    return SymPyMatrix([[Rational(x.numerator, x.denominator) for x in row] for row in rows])


@quick
@given(st.data(), *(st.integers(1, 4),) * 3)
def test_sums_and_products_agree_with_sympy(data: st.DataObject, m: int, k: int, n: int) -> None:
    A, B, C = data.draw(tables(m, k)), data.draw(tables(k, n)), data.draw(tables(m, k))
    assert sympy_matrix(A @ B) == sympy_matrix(A) * sympy_matrix(B)
    assert sympy_matrix(A - C * 2) == sympy_matrix(A) - 2 * sympy_matrix(C)
    assert sympy_matrix(A.T) == sympy_matrix(A).T
    assert A @ B.column(0) == (A @ B).column(0)


@quick
@given(rational_matrices())
def test_json_holds_text_latex_and_decimal_of_every_entry(A: Matrix) -> None:
    form = json.loads(json.dumps(A.as_json()))
    assert Matrix.of([[x["text"] for x in row] for row in form]) == A
    assert all(set(x) == {"text", "latex", "decimal"} for row in form for x in row)


@pytest.mark.parametrize(
    ("A", "latex"),
    [
        ("3/50 3/50; 4/50 4/50", r"\frac{1}{50}\begin{bmatrix} 3 & 3 \\ 4 & 4 \end{bmatrix}"),
        ("sqrt(2)/2 -sqrt(2)/2", r"\frac{\sqrt{2}}{2}\begin{bmatrix} 1 & -1 \end{bmatrix}"),
        ("2 4", r"\begin{bmatrix} 2 & 4 \end{bmatrix}"),
        ("sqrt(2) 1", r"\begin{bmatrix} \sqrt{2} & 1 \end{bmatrix}"),
        ("0 0", r"\begin{bmatrix} 0 & 0 \end{bmatrix}"),
        ("1+sqrt(2) 0", r"\begin{bmatrix} 1 + \sqrt{2} & 0 \end{bmatrix}"),
    ],
)
def test_a_common_factor_is_taken_out_where_it_helps(A: str, latex: str) -> None:
    assert Matrix.of(A).factored_latex == latex


def test_sizes_that_do_not_match_are_refused() -> None:
    A = Matrix.of("1 2; 3 4")
    for wrong in (lambda: A + Matrix.of("1 2"), lambda: A @ Matrix.of("1 2"), lambda: A @ Vector.of([1])):
        with pytest.raises(InputError, match="must"):
            wrong()
    with pytest.raises(InputError, match="must have 2 entries"):
        Vector.of("1 2") + Vector.of("1")


def test_norms_are_exact() -> None:
    assert Vector.of("1 1").norm() == sqrt(2)
    assert Vector.of("3 4").norm() == 5
