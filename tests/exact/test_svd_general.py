"""The singular value decomposition of every matrix of the suite: proved, and compared with mpmath at 50 digits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import mpmath
import pytest
from hypothesis import given, settings

from exact.grounds import GROUNDS, on
from exact.matrices_strategies import quick, rational_matrices
from exact.matrix_suite import SURDS, named
from gradus.errors import InputError, UnsupportedError
from gradus.exact import Matrix, determinant, inverse, least_squares, pseudo_inverse, qr, rank, svd, unit_minimisers
from gradus.exact.linear_algebra.least_squares_steps import penrose
from gradus.exact.linear_algebra.spectra import gram_spectrum
from gradus.exact.linear_algebra.svd_steps import left_factor_steps, right_factor_steps
from gradus.exact.linear_algebra.unit_minimiser_steps import unit_minimiser_steps
from gradus.exact.numbers.real_roots import enclosure

SUITE = named()
MIXED = [name for name in SUITE if "repeated" in name or name in ("irreducible 5", "Hilbert 4", "magic 4", "wide 7")]
"""Where the pure ground is tried besides."""


@pytest.fixture(params=GROUNDS)
def either_ground(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with on(request.param, monkeypatch):
        yield


def numeric(A: Matrix) -> mpmath.matrix:
    return mpmath.matrix([[mpmath.mpf(x.decimal) for x in row] for row in A.rows])


def exact_numeric(A: Matrix) -> mpmath.matrix:
    return mpmath.matrix(
        [[mpmath.mpf(f.numerator) / f.denominator for f in (x.as_fraction() for x in row)] for row in A.rows]
    )


def check(A: Matrix) -> None:
    """The exact proof holds, the printed decimals multiply to A, and the form is the canonical one."""
    m, n = A.shape
    d = svd(A)
    assert all(check.holds for check in d.proof)
    with mpmath.workdps(60):
        U, S, V, given_matrix = numeric(d.U), numeric(d.Sigma), numeric(d.V), exact_numeric(A)
        scale = 1 + mpmath.mnorm(given_matrix, "f")
        assert mpmath.mnorm(U * S * V.T - given_matrix, "f") < scale * mpmath.mpf(10) ** -26
        assert mpmath.mnorm(U.T * U - mpmath.eye(m), "f") < mpmath.mpf(10) ** -26
        assert mpmath.mnorm(V.T * V - mpmath.eye(n), "f") < mpmath.mpf(10) ** -26
    values = d.singular_values
    assert len(values) == min(m, n) and all(a >= b for a, b in pairwise(values)) and values[-1].sign() >= 0
    assert d.rank == rank(A) == sum(1 for x in values if x)
    for i in range(d.rank):
        assert next(x for x in d.V.column(i) if x).sign() > 0


@pytest.mark.parametrize("name", SUITE)
def test_suite(name: str) -> None:
    A = SUITE[name]
    check(A)
    with mpmath.workdps(110):
        reference = sorted(mpmath.svd_r(exact_numeric(A), compute_uv=False), reverse=True)
        for ours, theirs in zip(svd(A).singular_values, reference, strict=True):
            assert abs(mpmath.mpf(ours.decimal) - theirs) <= mpmath.mpf(10) ** -28 * (theirs + mpmath.mpf(10) ** -28)


@pytest.mark.parametrize("name", MIXED)
def test_either_ground_gives_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for ground in GROUNDS:
        with on(ground, monkeypatch):
            check(SUITE[name])
            d = svd(SUITE[name])
            found.append((d.U.text, d.Sigma.text, d.V.text))
    assert found[0] == found[1]


def test_the_suite_is_large() -> None:
    spectra = [gram_spectrum(A) for A in SUITE.values()]
    degrees = {(piece.field.degree, len(piece.vectors)) for found in spectra for piece in found.pieces}
    assert len(SUITE) >= 150
    assert {d for d, _ in degrees} >= set(range(1, 9))
    assert {(2, 2), (2, 3), (2, 4), (3, 2), (4, 2)} <= degrees


@settings(quick, max_examples=60)
@given(rational_matrices())
def test_any_rational_matrix(A: Matrix) -> None:
    check(A)


@pytest.mark.parametrize("name", [name for name, A in SUITE.items() if max(A.shape) <= 5])
def test_what_belongs_to_it(name: str) -> None:
    """Worked steps, minimisers, pseudo-inverse, QR, determinant and inverse of the smaller matrices."""
    A = SUITE[name]
    m, n = A.shape
    steps = (*right_factor_steps(A), *left_factor_steps(A), *unit_minimiser_steps(A))
    assert all(check.holds for step in steps for check in step.checks)
    assert penrose(A)[0].holds
    check_minimisers(A)
    found = qr(A)
    assert found.Q @ found.R == A and found.Q.T @ found.Q == Matrix.identity(m) and found.rank == rank(A)
    assert all(next(x for x in found.R.rows[i] if x).sign() > 0 for i in range(found.rank))
    thin = qr(A, full=False) if A else found
    assert thin.Q @ thin.R == A and (not A or thin.Q.shape[1] == found.rank)
    if m != n:
        return
    with mpmath.workdps(200):
        reference = mpmath.det(exact_numeric(A))
        tolerance = abs(reference) * mpmath.mpf(10) ** -25 + mpmath.mpf(10) ** -90
        assert abs(mpmath.mpf(determinant(A).decimal) - reference) <= tolerance
    if determinant(A):
        assert inverse(A) @ A == Matrix.identity(n) and inverse(A) == pseudo_inverse(A)
    else:
        with pytest.raises(InputError, match="full rank"):
            inverse(A)


def check_minimisers(A: Matrix) -> None:
    """As many as the smallest singular value, zero included, occurs; unit vectors at which the norm has that value."""
    n = A.shape[1]
    squares = svd(A).squares
    minimisers = unit_minimisers(A)
    multiplicity = sum(1 for x in squares if x == squares[-1])
    assert minimisers.kind == ("points" if multiplicity == 1 else "sphere")
    assert len(minimisers.vectors) == (2 if multiplicity == 1 else multiplicity)
    with mpmath.workdps(60):
        scale = mpmath.mnorm(exact_numeric(A), "f") + 1
        for v in minimisers.vectors:
            x = mpmath.matrix([mpmath.mpf(entry.decimal) for entry in v])
            assert abs(mpmath.norm(x) - 1) < mpmath.mpf(10) ** -25 and len(x) == n
            least = mpmath.sqrt(mpmath.mpf(squares[-1].decimal))
            assert abs(mpmath.norm(exact_numeric(A) * x) - least) < scale * mpmath.mpf(10) ** -25


@pytest.mark.parametrize("name", SURDS)
def test_square_roots_in_the_matrix(name: str, either_ground: None) -> None:
    text, expected = SURDS[name]
    A = Matrix.of(text)
    assert rank(A) == expected == svd(A).rank
    d = svd(A)
    assert all(check.holds for check in d.proof)
    with mpmath.workdps(40):
        assert mpmath.mnorm(numeric(d.U) * numeric(d.Sigma) * numeric(d.V).T - numeric(A), "f") < mpmath.mpf(10) ** -26
    assert all(x.sign() > 0 for x in d.singular_values[:expected])
    X = pseudo_inverse(A)
    assert A @ X @ A == A and X @ A @ X == X and (A @ X).T == A @ X and (X @ A).T == X @ A
    b = A.column(0)
    assert not least_squares(A, b).residual


def test_a_surd_matrix_that_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="2 columns with entries in a field of dimension 16"):
        svd(Matrix.of("sqrt(2) sqrt(3); sqrt(5) sqrt(7)"))


def test_the_proof_fails_for_wrong_vectors() -> None:
    """A vector that is no eigenvector, vectors that are not orthogonal, and a vector that is missing."""
    found = gram_spectrum(SUITE["degree 3 repeated 2 times, mixed"])
    (piece,) = found.pieces
    v, w = piece.vectors
    wrong = tuple(tuple(x + (i == k == 0) for k, x in enumerate(a)) for i, a in enumerate(v))
    added = tuple(tuple(x + y for x, y in zip(a, b, strict=True)) for a, b in zip(v, w, strict=True))
    norm = piece.field.dot
    for vectors, failing in (((wrong, w), 0), ((v, added), 1), ((v,), 2)):
        norms = tuple(norm(x, x) for x in vectors)
        changed = replace(found, pieces=(replace(piece, vectors=vectors, norms=norms),))
        assert [check.holds for check in found.proof()] == [True] * 3
        assert not changed.proof()[failing].holds


def test_nearly_equal_values_are_ordered_with_certainty() -> None:
    values = svd(SUITE["nearly equal values"]).singular_values
    assert [x.text for x in values] == [
        "1000000000000000000000000000001/1000000000000000000000000000000",
        "1",
        "999999999999999999999999999999/1000000000000000000000000000000",
    ]
    irrational = svd(SUITE["nearly equal irrational values"])
    assert all(a > b for a, b in pairwise(irrational.singular_values))
    order = irrational.spectrum.order
    assert len({enclosure(irrational.spectrum.pieces[i].field.modulus, root, 400) for i, root, _ in order}) == 4
