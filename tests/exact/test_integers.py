"""Integer vectors and matrices, roots of characteristic polynomials: defining properties and a second way."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import chain
from math import gcd, prod
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact.grounds import GROUNDS, on
from exact.matrices_strategies import quick
from gradus.exact import Matrix
from gradus.exact.linear_algebra import integer_matrices
from gradus.exact.linear_algebra.eigenvalues import integer_roots
from gradus.exact.linear_algebra.integer_matrices import Table, adjugate, pivot_columns, pseudo_inverse, table_inverse
from gradus.exact.linear_algebra.integer_vectors import (
    dot,
    eigenspace_basis,
    null_space_basis,
    orthogonal_directions,
    row_space_basis,
    unit_vectors,
)
from gradus.exact.numbers import ground

entries = st.integers(-6, 6)


@st.composite
def integer_matrices_of_any_rank(draw: st.DrawFn, most: int = 5, square: bool = False) -> list[list[int]]:
    m, k = draw(st.integers(1, most)), draw(st.integers(1, most))
    n = m if square else draw(st.integers(1, most))
    left = draw(st.lists(st.lists(entries, min_size=k, max_size=k), min_size=m, max_size=m))
    right = draw(st.lists(st.lists(entries, min_size=n, max_size=n), min_size=k, max_size=k))
    return ground.product(left, right)


def transposed(M: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    return list(zip(*M, strict=True))


def scaled(M: Sequence[Sequence[int]], factor: int) -> list[list[int]]:
    return [[factor * x for x in row] for row in M]


@pytest.mark.parametrize("name", GROUNDS)
def test_the_penrose_conditions_hold_over_the_integers(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All sizes from 1 to 9, so that both sides of every switch between Python and the library are met."""
    rng = Random(3)
    with on(name, monkeypatch):
        for m in range(1, 10):
            for n, k in ((m, m), (m, max(1, m - 1)), (m, 1), (max(1, m - 2), m), (m, max(1, m - 3)), (m + 2, m - 1)):
                left = [[rng.randint(-4, 4) for _ in range(k)] for _ in range(m)]
                right = [[rng.randint(-4, 4) for _ in range(n)] for _ in range(k)]
                N = ground.product(left, right) if k else [[1] * n for _ in range(m)]
                if any(map(any, N)):
                    penrose(N, *pseudo_inverse(N))


def penrose(N: Sequence[Sequence[int]], X: Sequence[Sequence[int]], c: int) -> None:
    NX, XN = ground.product(N, X), ground.product(X, N)
    assert ground.product(NX, N) == scaled(N, c) and ground.product(XN, X) == scaled(X, c)
    assert transposed(NX) == list(map(tuple, NX)) and transposed(XN) == list(map(tuple, XN))
    assert c and all(type(x) is int for x in (c, *chain.from_iterable(X)))


def test_both_grounds_give_one_pseudo_inverse(monkeypatch: pytest.MonkeyPatch) -> None:
    if ground.flint() is None:
        pytest.skip("python-flint is not installed")
    rng = Random(4)
    N = ground.product(*([[rng.randint(-9, 9) for _ in range(7)] for _ in range(7)] for _ in range(2)))
    N[6] = [a - b for a, b in zip(N[0], N[1], strict=True)]
    here = Matrix.over(*pseudo_inverse(N))
    monkeypatch.setattr(integer_matrices, "SMALL", 7)
    assert Matrix.over(*pseudo_inverse(N)) == here


@quick
@given(integer_matrices_of_any_rank(3, square=True))
def test_the_adjugate_is_the_inverse_times_the_determinant(M: list[list[int]]) -> None:
    rows, determinant = adjugate(M)
    n = len(M)
    assert ground.product(M, rows) == [[determinant * (i == j) for j in range(n)] for i in range(n)]
    assert determinant == ground.determinant(M)


@quick
@given(integer_matrices_of_any_rank(5, square=True))
def test_an_inverse_exists_exactly_for_a_determinant_other_than_zero(M: list[list[int]]) -> None:
    found = table_inverse(Table(M))
    assert (found is None) == (ground.determinant(M) == 0)
    if found:
        n = len(M)
        assert (Table(M) * found[0]).tolist() == [[found[1] * (i == j) for j in range(n)] for i in range(n)]


@quick
@given(integer_matrices_of_any_rank())
def test_pivot_columns_are_those_of_the_reduced_form(M: list[list[int]]) -> None:
    assert tuple(pivot_columns(Table(M))) == ground.reduced(M)[2]
    if library := ground.flint():
        assert tuple(pivot_columns(library.fmpz_mat(M))) == ground.reduced(M)[2]


@quick
@given(integer_matrices_of_any_rank())
def test_orthogonal_bases_of_null_space_and_row_space(M: list[list[int]]) -> None:
    null, row = null_space_basis(M), row_space_basis(M)
    assert len(null) + len(row) == len(M[0])
    basis = [*null, *row]
    assert all(not dot(v, w) for i, v in enumerate(basis) for w in basis[:i])
    assert all(not dot(v, r) for v in null for r in M)
    assert all(gcd(*v) == 1 for v in basis)
    assert not row or next(x for x in row[0] if x) > 0
    assert all(v.dot(v) == 1 for v in unit_vectors(basis))


def test_orthogonal_directions_keep_their_side() -> None:
    """Scaled by positive numbers only: each has a positive product with the vector that it comes from."""
    vectors = [(-2, 0, 4), (1, 1, 1), (0, -3, 1)]
    assert all(dot(v, w) > 0 for v, w in zip(vectors, orthogonal_directions(vectors), strict=True))


@quick
@given(st.integers(2, 3), st.data())
def test_the_adjugate_gives_the_eigenvectors_that_elimination_gives(n: int, data: st.DataObject) -> None:
    w = data.draw(st.lists(entries, min_size=n, max_size=n).filter(any))
    values = data.draw(st.lists(st.integers(0, 9), min_size=n, max_size=n, unique=True))
    # a reflection of a diagonal matrix, times |w|^2 twice so that it is integer
    length = dot(w, w)
    H = [[length * (i == j) - 2 * w[i] * w[j] for j in range(n)] for i in range(n)]
    G = ground.product(ground.product(H, [[values[i] * (i == j) for j in range(n)] for i in range(n)]), H)
    for value in values:
        eigenvalue = value * length**2
        shifted = [[x - eigenvalue * (i == j) for j, x in enumerate(row)] for i, row in enumerate(G)]
        assert [list(v) for v in eigenspace_basis(G, eigenvalue, 1)] == ground.kernel(shifted)


@quick
@given(
    st.lists(st.one_of(st.integers(0, 12), st.integers(10**20, 10**20 + 2)), max_size=5),
    st.lists(st.sampled_from([(1, -3), (2, -4), (1, -5), (7, -6)]), max_size=2),
)
def test_integer_roots_are_found_beside_irrational_ones(roots: list[int], quadratics: list[tuple[int, int]]) -> None:
    rest = [1]
    for c, b in quadratics:
        rest = times(rest, [c, b, 1])
    p = rest
    for root in roots:
        p = times(p, [-root, 1])
    found, left = integer_roots(p)
    assert [root for root, count in found for _ in range(count)] == sorted(roots, reverse=True)
    assert left == rest and len({root for root, _ in found}) == len(found)


def times(p: Sequence[int], q: Sequence[int]) -> list[int]:
    product = [0] * (len(p) + len(q) - 1)
    for i, x in enumerate(p):
        for j, y in enumerate(q):
            product[i + j] += x * y
    return product


def test_a_matrix_over_an_integer_is_in_lowest_terms() -> None:
    A = Matrix.over([[6, -4], [0, 10**40]], -8, 4)
    assert [[x.as_fraction() for x in row] for row in A.rows] == [[-3, 2], [0, Fraction(-(10**40), 2)]]
    assert A[1, 0] == 0 and not A[1, 0]
    assert prod(x.as_integer_ratio()[1] for row in A.rows for x in row) == 1
