"""Stationarity of w -> f(x, w) at w = 0, against back-propagation and against PyTorch's Jacobian near 0."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

from gradus.errors import InputError
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.networks.stationarity import (
    is_stationary,
    last_bias_jacobian,
    nonzero_weights,
    output_jacobian,
    uniform,
    zero_network,
)

CASES = list(product(range(4), (1, 2, 3, 5), (False, True), (False, True)))


@pytest.mark.parametrize(("layers", "classes", "biases", "input_zero"), CASES)
def test_the_verdict_is_what_exact_back_propagation_finds(
    layers: int, classes: int, biases: bool, input_zero: bool
) -> None:
    network = zero_network((2, *([3] * layers), classes))
    x = Vector.of([0, 0] if input_zero else [3, -1])
    assert is_stationary(layers, classes, biases, input_zero) == (not nonzero_weights(network, x, biases))


@pytest.mark.parametrize(("layers", "classes", "biases", "input_zero"), [c for c in CASES if c[1] in (1, 3)])
def test_the_verdict_is_that_of_differences_in_all_directions(
    layers: int, classes: int, biases: bool, input_zero: bool
) -> None:
    """Without any convention for H(0): f(s d) - f(0) is of second order in s for random d, or of first."""
    rng = np.random.default_rng(0)
    sizes = [2, *([3] * layers), classes]
    x = np.zeros(2) if input_zero else np.array([3.0, -1.0])
    steps = (1e-3, 1e-4)
    directions = rng.normal(size=(40, 60))
    changes = [max(np.abs(output(sizes, x, s * d, biases) - 1 / classes).max() for d in directions) for s in steps]
    order = np.log10(changes[0] / changes[1]) if changes[1] > 1e-13 else 2.0
    assert is_stationary(layers, classes, biases, input_zero) == (order > 1.5)


def output(sizes: list[int], x: Any, weights: Any, biases: bool) -> Any:
    value, taken = x, 0
    for k, (m, n) in enumerate(pairwise(sizes), start=1):
        gains, taken = weights[taken : taken + m * n].reshape(n, m), taken + m * n
        z = gains @ value
        if biases:
            z, taken = z + weights[taken : taken + n], taken + n
        value = np.maximum(z, 0) if k < len(sizes) - 1 else np.exp(z) / np.exp(z).sum()
    return value


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_the_jacobian_in_the_last_bias(classes: int) -> None:
    p = np.full(classes, 1 / classes)
    given = [[float(e) for e in row] for row in last_bias_jacobian(classes).rows]
    np.testing.assert_allclose(given, np.diag(p) - np.outer(p, p), atol=1e-15)


def test_the_last_columns_of_the_whole_jacobian_are_that_matrix() -> None:
    network = zero_network((2, 3, 3))
    jacobian = output_jacobian(network, Vector.of([3, -1]))
    columns = [w.number - 1 for w in network.numbered_weights if w.source is None and w.neuron.startswith("y")]
    assert Matrix.from_columns([jacobian.column(i) for i in columns]) == last_bias_jacobian(3)


def test_wrong_arguments_are_explained() -> None:
    with pytest.raises(InputError, match="0 or more"):
        is_stationary(-1, 2, biases=True)
    with pytest.raises(InputError, match="at least 1"):
        uniform(0)
