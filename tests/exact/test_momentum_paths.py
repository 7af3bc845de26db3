"""Paths in floating point against PyTorch's optimisers and against the exact iteration; local verdicts."""

from __future__ import annotations

from math import cos, pi, sin, sqrt
from typing import Any

import numpy as np
import pytest

from gradus.errors import InputError
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.momentum.descent import Descent, Quadratic
from gradus.exact.momentum.directions import Method
from gradus.exact.momentum.paths import adam, descend, local_verdict
from gradus.exact.numbers.number import Number


def rosenbrock(w: Any) -> list[float]:
    return [-400 * w[0] * (w[1] - w[0] ** 2) - 2 * (1 - w[0]), 200 * (w[1] - w[0] ** 2)]


def in_torch(optimiser: str, steps: int, **settings: float) -> list[list[float]]:
    import torch

    w = torch.tensor([-1.2, 1.0], dtype=torch.float64, requires_grad=True)
    stepper = getattr(torch.optim, optimiser)([w], **settings)
    path = [w.detach().tolist()]
    for _ in range(steps):
        stepper.zero_grad()
        (100 * (w[1] - w[0] ** 2) ** 2 + (1 - w[0]) ** 2).backward()
        stepper.step()
        path.append(w.detach().tolist())
    return path


def test_momentum_is_that_of_pytorch_for_a_constant_rate() -> None:
    path = descend(rosenbrock, (-1.2, 1.0), (0.0, 0.0), 1e-4, 0.9, 200)
    np.testing.assert_allclose(path, in_torch("SGD", 200, lr=1e-4, momentum=0.9), rtol=1e-9)


def test_adam_is_that_of_pytorch_but_for_epsilon() -> None:
    path = adam(rosenbrock, (-1.2, 1.0), 1e-2, 200, epsilon=0.0)
    np.testing.assert_allclose(path, in_torch("Adam", 200, lr=1e-2, eps=0.0), rtol=1e-9)


def test_epsilon_stands_where_keras_has_it() -> None:
    """For a gradient of 1e-6, epsilon = 1e-7 counts: it is added to the root of s before the correction."""
    g, rate, epsilon = 1e-6, 0.1, 1e-7
    (_, after) = adam(lambda w: (g,), (0.0,), rate, 1, epsilon=epsilon)
    corrected = rate * sqrt(1 - 0.999) / (1 - 0.9)
    assert after[0] == pytest.approx(-corrected * 0.1 * g / (sqrt(0.001 * g * g) + epsilon), rel=1e-9)


@pytest.mark.parametrize("method", ["momentum", "nesterov"])
def test_the_exact_iteration_in_floating_point(method: Method) -> None:
    Q = [[2.0, 1.0], [1.0, -1.0]]
    path = descend(
        lambda w: [sum(a * x for a, x in zip(row, w, strict=True)) for row in Q], (1, 2), (0, 1), 0.1, 0.8, 25, method
    )
    quadratic = Quadratic.around_zero(Matrix.of("2 1; 1 -1"))
    run = Descent(quadratic, Number.of("4/5"), Number.of("1/10"), Vector.of("1 2"), Vector.of("0 1"), method).path(25)
    np.testing.assert_allclose(path, [[float(x) for x in state.weights] for state in run], rtol=1e-9)


def test_a_path_ends_where_numbers_do() -> None:
    path = descend(lambda w: (-(w[0] ** 3),), (2.0,), (0.0,), 1.0, 0.5, 100)
    assert 3 < len(path) < 20 and all(abs(w[0]) < float("inf") for w in path)


@pytest.mark.parametrize(
    ("gradient", "point", "rate", "answer"),
    [
        (rosenbrock, (1.0, 1.0), 1e-3, "comes back"),
        (rosenbrock, (1.0, 1.0), 1e-2, "leaves"),
        (lambda w: (sin(w[0]), sin(w[1])), (0.0, 0.0), 0.1, "comes back"),
        (lambda w: (sin(w[0]), sin(w[1])), (0.0, pi), 0.1, "leaves"),
        (lambda w: (w[0], 0.0), (1e-9, 3.0), 0.1, "undecided"),
        (lambda w: (w[0],), (0.0,), 3.8, "undecided"),
        (lambda w: (-cos(w[0]) + 1.0,), (0.0,), 0.1, "undecided"),
    ],
)
def test_local_verdicts(gradient: Any, point: tuple[float, ...], rate: float, answer: str) -> None:
    found = local_verdict(gradient, point, rate, 0.9)
    assert (found.answer, found.scope) == (answer, "local")


def test_the_curvatures_are_those_of_numpy() -> None:
    rng = np.random.default_rng(0)
    for n in (1, 2, 5, 9):
        B = rng.normal(size=(n, n))
        B = B + B.T
        found = local_verdict(lambda w, B=B: list(B @ np.array(w)), (0.0,) * n, 0.1, 0.9)
        np.testing.assert_allclose(found.curvatures, np.linalg.eigvalsh(B)[::-1], atol=1e-7)


def test_what_is_refused() -> None:
    with pytest.raises(InputError, match="not stationary"):
        local_verdict(rosenbrock, (0.0, 0.0), 0.1, 0.9)
    with pytest.raises(InputError, match="must be positive"):
        adam(rosenbrock, (0.0, 0.0), 0.0, 3)
    with pytest.raises(InputError, match="below 1"):
        descend(rosenbrock, (0.0, 0.0), (0.0, 0.0), 0.1, 1.0, 3)
    with pytest.raises(InputError, match="2 entries"):
        descend(rosenbrock, (0.0, 0.0), (0.0,), 0.1, 0.5, 3)
    with pytest.raises(InputError, match="return 2 numbers"):
        descend(lambda w: (1.0,), (0.0, 0.0), (0.0, 0.0), 0.1, 0.5, 3)
    with pytest.raises(InputError, match="finite"):
        adam(rosenbrock, (float("nan"), 0.0), 0.1, 3)
    with pytest.raises(InputError, match="negative"):
        adam(rosenbrock, (1.0, 0.0), 0.1, -3)
