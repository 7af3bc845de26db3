"""The verdicts on momentum and Nesterov's form against exact runs, and against iterates that are known in advance."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradus.errors import InputError, UnsupportedError
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.linear_algebra.symmetric_spectra import eigenpairs
from gradus.exact.momentum.descent import Descent, Quadratic, open_velocity
from gradus.exact.momentum.directions import (
    Direction,
    Method,
    direction,
    iteration_matrix,
    real_eigenvalues,
    stability_bound,
)
from gradus.exact.numbers.number import ONE, Number

F = Fraction
MUS = [F(0), F(1, 4), F(1, 2), F(4, 5), F(9, 10)]
LONG, TAIL = 400, 150


def simulated(mu: Fraction, c: Fraction, u: Fraction, v: Fraction, method: Method) -> list[Fraction]:
    """u over LONG iterations, exactly; in integers, which is faster than sums of fractions."""
    s = (mu.denominator * c.denominator) ** 2
    scale = u.denominator * v.denominator
    U, V = int(u * scale), int(v * scale)
    m, a = int(mu * s), int(c * s)
    found = [F(U, scale)]
    for _ in range(LONG):
        at = s * U if method == "momentum" else s * U + m * V
        V, U, scale = m * s * V - a * at, s * s * U, scale * s * s
        U += V
        found.append(F(U, scale))
    return found


def seen(run: list[Fraction]) -> tuple[str, Fraction | None]:
    """The fate that a run shows, and its limit rounded to what it shows."""
    size = max(abs(run[0]), abs(run[1]), F(1, 10**6))
    end, before, earlier = run[-1], run[-2], run[-3]
    if not any(run):
        return "stays", F(0)
    if abs(end) > 1000 * size:
        return "leaves", None
    if abs(end) < size / 10**6:
        return "returns", F(0)
    if abs(end - before) < size / 10**6:
        return "settles elsewhere", end
    assert abs(end - earlier) < size / 10**6
    return "period two", None


def seen_motion(run: list[Fraction], limit: Fraction) -> str:
    signs = [(x > limit) - (x < limit) for x in run[-TAIL:]]
    changes = sum(a * b < 0 for a, b in pairwise(signs))
    if len(set(run)) == 1:
        return "none"
    return "monotone" if changes == 0 else "alternating" if changes == len(signs) - 1 else "waves"


def special(mu: Fraction, method: Method) -> list[Fraction]:
    edge = stability_bound(Number.of(mu), method).as_fraction()
    corners = [F(-3, 4), F(-1, 10), F(0), F(1, 10), F(1, 4), F(1), F(9, 4), F(15, 4)]
    return [*corners, edge - F(1, 10), edge, edge + F(1, 10)]


@pytest.mark.parametrize("method", ["momentum", "nesterov"])
@pytest.mark.parametrize("mu", MUS)
def test_the_whole_table_against_exact_runs(mu: Fraction, method: Method) -> None:
    """-3 and 5 are the stable velocities of mu = 1/2 for alpha lambda = -3/4 and 15/4, (1 + mu)/mu that of the edge."""
    velocities = [F(0), F(1), F(-3), F(5), *([(1 + mu) / mu, (mu - 1) / mu] if mu else [])]
    fates = set()
    for c, u, v in product(special(mu, method), (F(0), F(1)), velocities):
        found = direction(Number.of(mu), ONE, Number.of(c), Number.of(v), Number.of(u), method)
        run = simulated(mu, c, u, v, method)
        fate, limit = seen(run)
        assert found.fate == fate, (c, u, v)
        if limit is not None:
            assert found.limit is not None and abs(found.limit.as_fraction() - limit) < F(1, 10**5)
        if found.swing is not None:
            assert abs(run[LONG] - found.swing.as_fraction()) < F(1, 10**5)
        if len(set(run[2:])) > 1:
            assert found.motion == seen_motion(run, limit or F(0)), (c, u, v)
        fates.add(found.fate)
    assert fates == {"returns", "stays", "leaves", "settles elsewhere", "period two"}


ROOTS = st.fractions(F(-2), F(2), max_denominator=6).filter(bool)


@settings(max_examples=150, deadline=None)
@given(st.fractions(F(1, 10), F(9, 10), max_denominator=10), ROOTS, st.integers(-2, 2), st.integers(-2, 2))
def test_iterates_made_of_two_known_powers(mu: Fraction, r: Fraction, a: int, b: int) -> None:
    """u_k = a r^k + b s^k with r s = mu, started so; a or b is often 0, and then the other eigenvalue does not show."""
    s = mu / r
    c = 1 + mu - r - s
    u = F(a + b)
    following = a * r + b * s
    v = (following - (1 - c) * u) / mu
    if r == s:
        a, b = a + b, 0
    found = direction(Number.of(mu), ONE, Number.of(c), Number.of(v), Number.of(u))
    shown = [root for root, factor in ((r, a), (s, b)) if factor]
    largest = max((abs(root) for root in shown), default=F(0))
    if not shown:
        assert found.fate == "stays"
    elif largest < 1:
        assert found.fate == "returns"
    elif largest > 1:
        assert found.fate == "leaves"
    elif 1 in shown:
        assert found.fate == "settles elsewhere" and found.limit == (a if r == 1 else b)
    else:
        assert found.fate == "period two" and found.swing == (a if r == -1 else b)
    if shown and found.motion != "none":
        dominant = max(shown, key=abs)
        assert found.motion == ("alternating" if dominant < 0 else "monotone")


def positive_contraction(n: int, seed: int) -> Matrix:
    """A rational symmetric matrix with irrational eigenvalues between 0 and 1."""
    rng = np.random.default_rng(seed)
    while True:
        B = rng.integers(-2, 3, size=(n, n))
        G = B.T @ B + np.eye(n, dtype=int)
        values = np.linalg.eigvalsh(G)
        R = Matrix.of([[F(int(x), int(values[-1]) + 2) for x in row] for row in G])
        if all(pair.eigenvalue.is_algebraic for pair in eigenpairs(R)):
            return R


@pytest.mark.parametrize(("n", "seed"), [(3, 0), (3, 1), (5, 2), (6, 3)])
def test_a_start_on_the_stable_manifold_of_irrational_directions(n: int, seed: int) -> None:
    """Q = ((1 + mu) I - R - mu R^-1) / alpha has the iterates R^k u_0; some of its curvatures are negative."""
    R, mu, alpha = positive_contraction(n, seed), Number.of("9/10"), Number.of("1/5")
    inverse = _inverse(R)
    I = Matrix.identity(n)  # noqa: E741
    Q = (I * (1 + mu) - R - inverse * mu) * (1 / alpha)
    quadratic = Quadratic.around_zero(Q)
    assert quadratic.eigenpairs[-1].eigenvalue.sign() < 0
    start = Vector.of([1, *([2] * (n - 1))])
    velocity = (R @ start - (I - Q * alpha) @ start) / mu
    held = Descent(quadratic, mu, alpha, start, velocity)
    run = held.path(3)
    assert run[3].weights == R @ (R @ (R @ start))
    assert held.verdict.comes_back
    assert any(not d.is_stable for d in held.directions)
    moved = velocity + Vector.of([F(1, 10**12), *([0] * (n - 1))])
    assert Descent(quadratic, mu, alpha, start, moved).verdict.convergence == "not at all"


def _inverse(R: Matrix) -> Matrix:
    from gradus.exact.linear_algebra.row_reduction import inverse

    return inverse(R)


@pytest.mark.parametrize(("n", "seed"), [(2, 0), (3, 1), (5, 2), (8, 3)])
def test_curvatures_and_eigenvalues_to_twenty_digits(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    B = rng.integers(-3, 4, size=(n, n))
    B = B + B.T
    mpmath.mp.dps = 40
    exact_values = sorted(mpmath.eigsy(mpmath.matrix(B.tolist()), eigvals_only=True), reverse=True)
    mu, alpha = Number.of("9/10"), Number.of("1/10")
    quadratic = Quadratic.around_zero(Matrix.of([[int(x) for x in row] for row in B]))
    descent = Descent(quadratic, mu, alpha, Vector.of([1] * n), Vector.of([0] * n))
    for d, curvature in zip(descent.directions, exact_values, strict=True):
        assert mpmath.almosteq(mpmath.mpf(d.curvature.decimal), curvature, 1e-25)
        check_eigenvalues(d, curvature)


def check_eigenvalues(d: Direction, curvature: Any) -> None:
    trace = mpmath.mpf("1.9") - curvature / 10
    root = mpmath.sqrt(trace**2 - mpmath.mpf("3.6"))
    expected = sorted([(trace + root) / 2, (trace - root) / 2], key=abs, reverse=True)
    if d.eigenvalues is not None:
        found = [mpmath.mpf(r.decimal) for r in d.eigenvalues]
    else:
        assert d.complex_eigenvalues is not None
        real, imaginary = (mpmath.mpf(x.decimal) for x in d.complex_eigenvalues)
        found = [mpmath.mpc(real, imaginary), mpmath.mpc(real, -imaginary)]
        expected.sort(key=lambda z: z.imag, reverse=True)
    for a, b in zip(found, expected, strict=True):
        assert abs(a - b) < mpmath.mpf(10) ** -24


@pytest.mark.parametrize("method", ["momentum", "nesterov"])
@pytest.mark.parametrize(("n", "seed"), [(2, 0), (3, 1), (4, 5), (5, 2), (5, 8)])
def test_any_hessian_against_a_long_run_in_numpy(n: int, seed: int, method: Method) -> None:
    rng = np.random.default_rng(seed)
    B = rng.integers(-3, 4, size=(n, n))
    B = B @ B.T if seed % 2 else B + B.T
    start, velocity, centre = (rng.integers(-2, 3, size=n) for _ in range(3))
    mu, alpha = F(4, 5), F(1, 12)
    quadratic = Quadratic(Matrix.of([[int(x) for x in row] for row in B]), Vector.of([int(x) for x in centre]))
    begun = Vector.of([int(x) for x in start]), Vector.of([int(x) for x in velocity])
    descent = Descent(quadratic, Number.of(mu), Number.of(alpha), *begun, method)
    w, v = start.astype(float), velocity.astype(float)
    exact_run = descent.path(30)
    for k in range(10_000):
        if k <= 30:
            np.testing.assert_allclose([float(x) for x in exact_run[k].weights], w, rtol=1e-9, atol=1e-9)
        at = w if method == "momentum" else w + float(mu) * v
        v = float(mu) * v - float(alpha) * B @ (at - centre)
        w = w + v
        if np.abs(w).max() > 1e9:
            break
    verdict = descent.verdict
    assert (np.abs(w).max() > 1e9) == (not verdict.bounded)
    if verdict.limit is not None:
        np.testing.assert_allclose([float(x) for x in verdict.limit], w, atol=1e-6)
        assert verdict.comes_back == bool(np.abs(w - centre).max() < 1e-6)


def test_the_matrix_of_nesterov_is_that_of_its_steps() -> None:
    for mu, c in product(MUS, (F(-1), F(0), F(1, 3), F(1), F(5))):
        M = iteration_matrix(Number.of(mu), ONE, Number.of(c), "nesterov")
        for u, v in ((1, 0), (0, 1)):
            after = mu * v - c * (u + mu * v)
            assert (M @ Vector.of([u, v])) == Vector.of([u + after, after])


def test_the_bounds_are_where_minus_one_is_an_eigenvalue() -> None:
    for mu, method in product(MUS, ("momentum", "nesterov")):
        M = iteration_matrix(Number.of(mu), ONE, stability_bound(Number.of(mu), method), method)
        roots = real_eigenvalues(M)
        assert roots is not None and roots[0] == -1


def test_a_defective_matrix_decays() -> None:
    found = direction(Number.of("1/4"), ONE, Number.of("1/4"), ONE)
    assert found.eigenvalues == (Number.of("1/2"), Number.of("1/2"))
    assert (found.fate, found.motion) == ("returns", "monotone")
    pure = direction(Number.of("1/4"), ONE, Number.of("9/4"), Number.of(3), ONE)
    assert pure.eigenvalues == (Number.of("-1/2"), Number.of("-1/2"))
    assert (pure.fate, pure.motion) == ("returns", "alternating")


def test_square_roots_in_the_hessian() -> None:
    mu, alpha = Number.of("1/2"), Number.of("1/10")
    quadratic = Quadratic.around_zero(Matrix.of("0 sqrt(2) 0; sqrt(2) 0 0; 0 0 sqrt(3)"))
    assert [d.fate for d in Descent(quadratic, mu, alpha, Vector.of("0 0 0"), None).directions] == [
        "returns",
        "returns",
        "leaves",
    ]
    assert Descent(quadratic, mu, alpha, Vector.of("1 1 5"), Vector.of("0 0 sqrt(2)")).verdict.comes_back
    with pytest.raises(UnsupportedError, match="no sum of square roots"):
        _ = Quadratic.around_zero(Matrix.of("sqrt(2) 1 1; 1 0 1; 1 1 3")).eigenpairs


def test_what_is_refused() -> None:
    bowl = Quadratic.around_zero(Matrix.of("0 1 0; 1 0 1; 0 1 1"))
    mu, alpha, zero = Number.of("1/2"), Number.of("1/10"), Vector.of("0 0 0")
    with pytest.raises(InputError, match=r"entry \(1, 2\) is 1 and entry \(2, 1\) is 0"):
        Quadratic.around_zero(Matrix.of("1 1; 0 1"))
    with pytest.raises(InputError, match="2 x 3"):
        Quadratic.around_zero(Matrix.of("1 1 0; 0 1 0"))
    with pytest.raises(InputError, match="3 entries"):
        Descent(bowl, mu, alpha, Vector.of("1 1"), zero)
    with pytest.raises(InputError, match="stationary point"):
        Descent(bowl, mu, alpha, Vector.of("1 1 1"), None)
    with pytest.raises(UnsupportedError, match="must be rational"):
        Descent(bowl, Number.of("sqrt(2)/2"), alpha, zero, None)
    with pytest.raises(UnsupportedError, match="at most 1,000"):
        Descent(bowl, mu, alpha, zero, zero).path(1001)
    with pytest.raises(InputError, match="negative"):
        Descent(bowl, mu, alpha, zero, zero).path(-1)
    with pytest.raises(InputError, match="velocity"):
        Descent(bowl, mu, alpha, zero, None).path(1)


def test_an_open_velocity_shows_every_direction() -> None:
    for text in ("0 1; 1 0", "1 0; 0 1", "1 1 1; 1 1 1; 1 1 1", "2 -1 0; -1 2 -1; 0 -1 2"):
        quadratic = Quadratic.around_zero(Matrix.of(text))
        assert all(pair.component(open_velocity(quadratic)) for pair in quadratic.eigenpairs)
