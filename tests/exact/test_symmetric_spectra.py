"""Eigenvectors of symmetric matrices, and the numbers of their fields, against NumPy and mpmath."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradus.errors import InputError, UnsupportedError
from gradus.exact.linear_algebra import symmetric_spectra
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.linear_algebra.symmetric_spectra import check_symmetric, eigenpairs
from gradus.exact.numbers import ground
from gradus.exact.numbers.field_numbers import FieldNumber, field_number, quadratic_roots, root_of
from gradus.exact.numbers.number import Number
from gradus.exact.numbers.number_fields import Field

CUBIC = Field((1, -2, -1, 1))
"""The field of 2 cos(pi/7), whose three roots are real."""


def symmetric(n: int, seed: int, size: int = 3) -> Any:
    B = np.random.default_rng(seed).integers(-size, size + 1, size=(n, n))
    return B + B.T


def exactly(B: Any) -> Matrix:
    return Matrix.of([[int(x) for x in row] for row in B])


@pytest.mark.parametrize(("n", "seed"), [(1, 0), (2, 1), (3, 2), (4, 3), (6, 4), (9, 5), (16, 6)])
def test_eigenpairs_are_those_of_numpy(n: int, seed: int) -> None:
    B = symmetric(n, seed)
    A, pairs = exactly(B), eigenpairs(exactly(B))
    np.testing.assert_allclose([float(p.eigenvalue) for p in pairs], np.linalg.eigvalsh(B)[::-1], atol=1e-9)
    for pair in pairs[:4]:
        assert A @ pair.vector == pair.vector * pair.eigenvalue
    V = np.array([[float(x) for x in p.vector] for p in pairs]).T if n < 10 else np.eye(n)
    V = V / np.linalg.norm(V, axis=0)
    np.testing.assert_allclose(V.T @ V, np.eye(n), atol=1e-9)


def test_both_grounds_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    A = exactly(symmetric(5, 7))
    texts = [(p.eigenvalue.text, p.vector.text) for p in eigenpairs(A)]
    monkeypatch.setattr(ground, "flint", lambda: None)
    ground.factors.cache_clear()
    symmetric_spectra._eigenpairs.cache_clear()
    assert [(p.eigenvalue.text, p.vector.text) for p in eigenpairs(A)] == texts
    ground.factors.cache_clear()


def test_repeated_irrational_eigenvalues_have_orthogonal_vectors() -> None:
    block = [[0, 1, 0], [1, 0, 1], [0, 1, 1]]
    B = np.kron(np.array([[1, 1], [1, 1]]), np.array(block)) + np.kron(np.array([[1, -1], [-1, 1]]), np.array(block))
    A = exactly(B)
    pairs = eigenpairs(A)
    assert len(pairs) == 6 and pairs[0].eigenvalue == pairs[1].eigenvalue and pairs[0].eigenvalue.is_algebraic
    for i in (0, 2, 4):
        assert not pairs[i].vector.dot(pairs[i + 1].vector)
        assert A @ pairs[i].vector == pairs[i].vector * pairs[i].eigenvalue


def test_fractions_and_degenerate_matrices() -> None:
    assert [p.eigenvalue.text for p in eigenpairs(Matrix.of("1/2 1/3; 1/3 1/2"))] == ["5/6", "1/6"]
    assert [p.eigenvalue for p in eigenpairs(Matrix.zeros(3, 3))] == [0, 0, 0]
    ones = eigenpairs(Matrix.of("-1 -1; -1 -1"))
    assert [(p.eigenvalue.text, p.vector.text) for p in ones] == [("0", "(1, -1)"), ("-2", "(1, 1)")]


def test_square_roots_block_by_block() -> None:
    A = Matrix.of("0 0 sqrt(3); 0 sqrt(2) 0; sqrt(3) 0 2")
    pairs = eigenpairs(A)
    assert [p.eigenvalue.text for p in pairs] == ["3", "sqrt(2)", "-1"]
    assert all(A @ p.vector == p.vector * p.eigenvalue for p in pairs)


@pytest.mark.parametrize(
    ("matrix", "error", "message"),
    [
        ("1 2; 3 1", InputError, r"entry \(1, 2\) is 2 and entry \(2, 1\) is 3"),
        ("1 2", InputError, "must be square, and is 1 x 2"),
        ("sqrt(2) 1 0; 1 sqrt(3) 1; 0 1 0", UnsupportedError, "no sum of square roots"),
        ("root(x^3-2,1) 1; 1 0", UnsupportedError, "no sum of square roots"),
    ],
)
def test_what_is_refused(matrix: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        eigenpairs(Matrix.of(matrix))


def test_too_large_a_matrix_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="at most 16 rows"):
        eigenpairs(Matrix.zeros(17, 17))
    huge = Matrix.of([[10**300, 1, 2], [1, -(10**299), 3], [2, 3, 10**298]])
    with pytest.raises(UnsupportedError, match="limit"):
        eigenpairs(huge)
    check_symmetric(Matrix.identity(40))


SMALL = st.fractions(Fraction(-5), Fraction(5), max_denominator=6)
POWERS = st.tuples(SMALL, SMALL, SMALL)


def value(powers: tuple[Fraction, ...], root: int) -> Any:
    mpmath.mp.dps = 50
    roots = sorted(mpmath.polyroots([1, -1, -2, 1], maxsteps=200, extraprec=200), key=lambda z: mpmath.re(z))
    t = mpmath.re(roots[root - 1])
    return sum(mpmath.mpf(c.numerator) / c.denominator * t**k for k, c in enumerate(powers))


@settings(max_examples=60, deadline=None)
@given(POWERS, POWERS, st.integers(1, 3))
def test_arithmetic_in_a_field(a: tuple[Fraction, ...], b: tuple[Fraction, ...], root: int) -> None:
    x, y = field_number(CUBIC, root, a), field_number(CUBIC, root, b)
    u, v = value(a, root), value(b, root)
    assert abs(mpmath.mpf((x + y).decimal) - (u + v)) < 1e-25
    assert abs(mpmath.mpf((x * y - x).decimal) - (u * v - u)) < 1e-25
    assert (x < y) == (u < v) and (x == y) == (a == b)
    assert x.sign() == int(mpmath.sign(u))
    if y:
        assert x / y * y == x
    if isinstance(x, FieldNumber):
        assert x == x.algebraic and x.algebraic == x and hash(x) == hash(x.algebraic)
        assert Number.of(3) - x == -(x - 3) and 3 / x == 3 * x.reciprocal() and x**2 == x * x


def test_numbers_of_different_fields_are_compared_but_not_added() -> None:
    x, y = (field_number(CUBIC, root, (0, 1, 0)) for root in (2, 3))
    assert x < y and y > x and x != y and x <= y
    assert x < Number.of("sqrt(2)") < y and Number.of("sqrt(2)") > x
    with pytest.raises(UnsupportedError, match="rational numbers only"):
        x + y
    with pytest.raises(UnsupportedError, match="rational numbers only"):
        x * Number.of("sqrt(2)")


def test_a_root_of_one_field_in_another_is_recognised() -> None:
    """The map t -> 2 - t^2 permutes the roots of the cubic, so that the same number has two forms."""
    x, y = field_number(CUBIC, 3, (0, 1, 0)), field_number(CUBIC, 2, (2, 0, -1))
    assert x == y and not x < y and x <= y
    assert x.algebraic == y and y == x.algebraic


@settings(max_examples=40, deadline=None)
@given(POWERS, POWERS, st.integers(1, 3))
def test_roots_of_quadratics_over_a_field(a: tuple[Fraction, ...], b: tuple[Fraction, ...], root: int) -> None:
    trace, determinant = field_number(CUBIC, root, a), field_number(CUBIC, root, b)
    square = trace * trace - 4 * determinant
    if square.sign() < 0:
        return
    smaller, larger = (mpmath.mpf(r.decimal) for r in quadratic_roots(trace, determinant))
    T, D = value(a, root), value(b, root)
    assert smaller <= larger and abs(smaller + larger - T) < 1e-24 and abs(smaller * larger - D) < 1e-22
    assert abs(mpmath.mpf(root_of(square).decimal) - (larger - smaller)) < 1e-22


def test_a_vector_of_field_numbers_prints() -> None:
    pair = eigenpairs(Matrix.of("0 1 0; 1 0 1; 0 1 1"))[0]
    assert (pair.vector.text.count("root(") == 2 and r"\ldots" in pair.vector.latex) or "approx" in pair.vector.latex
    assert pair.vector.as_json()[0]["decimal"].startswith("0.")
    assert pair.component(Vector.of("1 0 0")).decimal.startswith("0.")
