"""Momentum on quadratics, against NumPy's simulation, the closed form, and NumPy's eigenvalues."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradus.errors import InputError
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.momentum.directions import (
    State,
    always_comes_back,
    comes_back,
    direction,
    directions,
    iteration_matrix,
    real_eigenvalues,
    trajectory,
)
from gradus.exact.numbers.number import ONE, ZERO, Number

MU = st.fractions(Fraction(1, 20), Fraction(19, 20), max_denominator=20)
C = st.one_of(
    st.fractions(Fraction(-2), Fraction(5), max_denominator=20),
    st.sampled_from([Fraction(0), Fraction(1, 100), Fraction(-1, 100)]),
)


def test_the_trajectory_agrees_with_a_simulation() -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        mu, rate = Fraction(int(rng.integers(1, 20)), 20), Fraction(int(rng.integers(1, 30)), 100)
        curvatures, w, v = (rng.integers(-3, 4, size=3) for _ in range(3))
        start = State(Vector.of([int(e) for e in w]), Vector.of([int(e) for e in v]))
        run = trajectory(Number.of(mu), Number.of(rate), Vector.of([int(e) for e in curvatures]), start, 25)
        weights, velocity = w.astype(float), v.astype(float)
        for state in run[1:]:
            velocity = float(mu) * velocity - float(rate) * curvatures * weights
            weights = weights + velocity
            scale = 1 + np.abs(weights).max()
            np.testing.assert_allclose([float(e) for e in state.weights], weights, atol=1e-11 * scale)
            np.testing.assert_allclose([float(e) for e in state.velocity], velocity, atol=1e-11 * scale)


@given(MU, C)
def test_the_closed_form_holds_exactly(mu: Fraction, c: Fraction) -> None:
    """With the eigenvalues r, s of M and u_0 = 0, v_0 = 1: u_k = mu (r^k - s^k) / (r - s)."""
    found = real_eigenvalues(iteration_matrix(Number.of(mu), ONE, Number.of(c)))
    if found is None or found[0] == found[1]:
        return
    r, s = found
    run = trajectory(Number.of(mu), ONE, Vector.of([c]), State(Vector((ZERO,)), Vector((ONE,))), 6)
    for k, state in enumerate(run):
        assert state.weights[0] == Number.of(mu) * (r**k - s**k) / (r - s)


@given(MU, C)
def test_eigenvalues_and_fate_agree_with_numpy(mu: Fraction, c: Fraction) -> None:
    d = direction(Number.of(mu), ONE, Number.of(c), ONE)
    roots = np.linalg.eigvals(np.array([[1 - float(c), float(mu)], [-float(c), float(mu)]]))
    if d.eigenvalues is not None:
        np.testing.assert_allclose(sorted(float(r) for r in d.eigenvalues), sorted(roots.real), atol=1e-6)
        assert abs(d.eigenvalues[0]) >= abs(d.eigenvalues[1])
    else:
        np.testing.assert_allclose(np.abs(roots), float(mu) ** 0.5, rtol=1e-9)
    largest = np.abs(roots).max()
    if d.fate == "returns":
        assert largest < 1
    elif d.fate == "leaves":
        assert largest > 1
    else:
        assert largest == pytest.approx(1, abs=1e-9)


@settings(max_examples=60)
@given(MU, C)
def test_the_motion_is_the_signs_of_a_run(mu: Fraction, c: Fraction) -> None:
    d = direction(Number.of(mu), ONE, Number.of(c), ONE)
    run = trajectory(Number.of(mu), ONE, Vector.of([c]), State(Vector((ZERO,)), Vector((ONE,))), 30)
    signs = [state.weights[0].sign() for state in run[1:]]
    if d.motion == "monotone":
        assert set(signs) == {1}
    elif d.motion == "alternating":
        assert signs == [1 if k % 2 else -1 for k in range(1, 31)]
    else:
        assert d.motion == "waves"
        assert d.eigenvalues is None


def test_all_cases_of_the_quadratic_model() -> None:
    mu, rate = Number.of("9/10"), Number.of("1/10")
    fates = {c: direction(mu, rate, Number.of(c), ONE) for c in (-1, 0, 1, 37, 38, 39)}
    assert {c: d.fate for c, d in fates.items()} == {
        -1: "leaves",
        0: "settles elsewhere",
        1: "returns",
        37: "returns",
        38: "period two",
        39: "leaves",
    }
    assert fates[0].limit == 9
    assert fates[38].eigenvalues == (-ONE, -mu)
    assert fates[39].motion == "alternating"
    assert direction(mu, rate, Number.of(-1), ZERO).fate == "stays"


def test_the_limit_along_zero_curvature() -> None:
    mu, v = Number.of("3/4"), Number.of(5)
    limit = direction(mu, ONE, ZERO, v).limit
    assert limit == 15
    run = trajectory(mu, ONE, Vector((ZERO,)), State(Vector((ZERO,)), Vector((v,))), 60)
    assert abs(run[-1].weights[0] - limit) == limit * mu**60


def test_without_momentum_the_stationary_point_is_never_left() -> None:
    assert comes_back(ZERO, ONE, Vector.of([1, -1]), Vector.of([1, 1]))
    run = trajectory(ZERO, ONE, Vector.of([1, -1]), State(Vector.of([0, 0]), Vector.of([1, 1])), 5)
    assert not run[-1].weights


def test_a_saddle_is_left_unless_the_velocity_lies_along_positive_curvature() -> None:
    mu, rate, saddle = Number.of("9/10"), Number.of("1/10"), Vector.of([1, -1])
    assert not always_comes_back(mu, rate, saddle)
    assert comes_back(mu, rate, saddle, Vector.of([3, 0]))
    assert not comes_back(mu, rate, saddle, Vector.of(["3", "1/1000000"]))
    assert always_comes_back(mu, rate, Vector.of([1, 2]))


@pytest.mark.parametrize(("mu", "rate"), [("1", "1/10"), ("-1/10", "1/10"), ("9/10", "0"), ("9/10", "-1")])
def test_constants_outside_their_range_are_refused(mu: str, rate: str) -> None:
    with pytest.raises(InputError, match="must be"):
        direction(Number.of(mu), Number.of(rate), ONE, ONE)


def test_vectors_of_different_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="one for each curvature"):
        directions(Number.of("9/10"), ONE, Vector.of([1, 2]), Vector.of([1]))
    with pytest.raises(InputError, match="one for each curvature"):
        trajectory(Number.of("9/10"), ONE, Vector.of([1, 2]), State(Vector.of([0]), Vector.of([1])), 3)
    with pytest.raises(InputError, match="negative"):
        trajectory(Number.of("9/10"), ONE, Vector.of([1]), State(Vector.of([0]), Vector.of([1])), -1)
