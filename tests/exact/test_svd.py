"""The exact singular value decomposition: proved in exact arithmetic, compared with NumPy, refused where it must be."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from sympy import Poly, Rational, Symbol, real_roots

from exact.matrices_strategies import decomposable_matrices, quick, rational_matrices
from exact.test_matrices import sympy_matrix
from gradus.errors import UnsupportedError
from gradus.exact import Matrix, svd
from gradus.exact.linear_algebra.eigenvalues import characteristic_polynomial, spectrum
from gradus.exact.linear_algebra.svd_steps import left_factor_steps, right_factor_steps

HAND = {
    "zero": ("0 0; 0 0; 0 0", ["0", "0"]),
    "wide": ("3 0 4", ["5"]),
    "tall": ("1; 2; 2", ["3"]),
    "identity": ("1 0 0; 0 1 0; 0 0 1", ["1", "1", "1"]),
    "1 x 1": ("-7", ["7"]),
    "fractions": ("1/2 0; 0 1/3", ["1/2", "1/3"]),
    "permutation": ("0 1 0; 0 0 1; 1 0 0", ["1", "1", "1"]),
    "Hadamard": ("1 1 1 1; 1 -1 1 -1; 1 1 -1 -1; 1 -1 -1 1", ["2", "2", "2", "2"]),
    "repeated": ("2 0 0; 0 1 0; 0 0 2", ["2", "2", "1"]),
    "surds": ("1 1; 1 -1; 1 0", ["sqrt(3)", "sqrt(2)"]),
    "surd entries": ("sqrt(2) 0; 0 1", ["sqrt(2)", "1"]),
    "negative": ("-3 -4; -3 -4", ["5*sqrt(2)", "0"]),
    "order": ("0 0 1; 5 0 0; 0 0 0", ["5", "1", "0"]),
}


def array(A: Matrix) -> np.ndarray:
    return np.array([[float(x) for x in row] for row in A.rows])


def check(A: Matrix) -> None:
    """Everything that makes it a decomposition, exactly, and what makes it the canonical one."""
    m, n = A.shape
    d = svd(A)
    assert d.U @ d.Sigma @ d.V.T == A
    assert d.U.T @ d.U == Matrix.identity(m) and d.V.T @ d.V == Matrix.identity(n)
    assert all(not d.Sigma[i, j] for i in range(m) for j in range(n) if i != j)
    values = d.singular_values
    assert all(a >= b for a, b in pairwise(values)) and values[-1] >= 0
    assert np.allclose([float(x) for x in values], np.linalg.svd(array(A), compute_uv=False), atol=1e-6)
    for i in range(d.rank):
        v = d.V.column(i)
        assert values[i] and next(x for x in v if x) > 0
        assert d.U.column(i) == A @ v / values[i]
    thin = svd(A, full=False) if A else None
    assert thin is None or thin.U @ thin.Sigma @ thin.V.T == A


@quick
@given(decomposable_matrices())
def test_it_is_a_canonical_decomposition(A: Matrix) -> None:
    check(A)


@pytest.mark.parametrize("name", HAND)
def test_by_hand(name: str) -> None:
    text, values = HAND[name]
    A = Matrix.of(text)
    check(A)
    assert [x.text for x in svd(A).singular_values] == values


@settings(quick, max_examples=60)
@given(rational_matrices())
def test_the_spectrum_agrees_with_sympy(A: Matrix) -> None:
    G = A.T @ A
    x = Symbol("x")
    polynomial = sympy_matrix(G).charpoly(x).as_expr()
    ours = characteristic_polynomial(G)
    shown = sum(Rational(str(c.as_fraction())) * x**k for k, c in enumerate(ours))
    assert Poly(shown, x) == Poly(polynomial, x)
    found = spectrum(G)
    roots = (
        Poly(polynomial, x).all_roots()
        if len(found.rest) == 1
        else [r for r in real_roots(polynomial) if r.is_Rational]
    )
    listed = [Rational(str(value)) for value, count in reversed(found.rational) for _ in range(count)]
    assert listed == sorted(roots)
    smallest = real_roots(polynomial)[0]
    assert (found.smallest is not None) == bool(smallest.is_Rational)


def test_the_decomposition_of_the_problem_set() -> None:
    d = svd(Matrix.of("3 4; 3 4"))
    assert d.V == Matrix.of("3/5 -4/5; 4/5 3/5")
    assert d.U == Matrix.of("sqrt(2)/2 -sqrt(2)/2; sqrt(2)/2 sqrt(2)/2")
    assert d.Sigma == Matrix.of("5*sqrt(2) 0; 0 0")
    assert d.Sigma_plus == Matrix.of("sqrt(2)/10 0; 0 0")


def test_what_it_cannot_do_is_said_with_the_reason() -> None:
    with pytest.raises(UnsupportedError) as caught:
        svd(Matrix.of("sqrt(2) sqrt(3); sqrt(5) sqrt(7)"))
    assert "field of dimension 16" in str(caught.value)
    with pytest.raises(UnsupportedError, match="at most 64 rows"):
        svd(Matrix.zeros(65, 400))
    with pytest.raises(UnsupportedError, match=r"17 x 17.* at most 16 rows"):
        svd(Matrix.of([[int(i >= j) for j in range(17)] for i in range(17)]))


def test_a_rational_smallest_eigenvalue_is_found_among_irrational_ones() -> None:
    A = Matrix.of("1 1 0; 0 1 0; 0 0 1/2")
    found = spectrum(A.T @ A)
    assert found.rational == ((Fraction(1, 4), 1),) and found.smallest == (Fraction(1, 4), 1)
    B = Matrix.of("1 1 0; 0 1 0; 0 0 1")
    assert spectrum(B.T @ B).smallest is None


def test_too_large_numbers_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="bits"):
        svd(Matrix.of([[10**1000, 1], [1, 1]]))


@settings(quick, max_examples=40)
@given(decomposable_matrices())
def test_all_checks_of_the_worked_steps_hold(A: Matrix) -> None:
    steps = (*right_factor_steps(A), *left_factor_steps(A))
    assert all(check.holds for step in steps for check in step.checks)
