"""Verdicts at given weights against difference quotients in NumPy, along all weights and in random directions."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pytest

from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.networks.backpropagation import forward
from gradus.exact.networks.network import Network
from gradus.exact.networks.stationarity import Stationarity, stationarity, zero_network

STEP = 1e-6


def outputs(network: Network, weights: Any, x: Any) -> Any:
    """All outputs in floating point, from the weights in the order of their numbers."""
    values = dict(zip(network.inputs, x, strict=True))
    taken = 0
    for layer in network.layers:
        sums = []
        for neuron in layer.neurons:
            count = len(neuron.gains)
            received = np.array([values[source] for source, _ in neuron.gains])
            sums.append(weights[taken : taken + count] @ received + weights[taken + count])
            taken += count + 1
        z = np.array(sums)
        shifted = np.exp(z - z.max())
        value = {
            "relu": lambda z=z: np.maximum(z, 0),
            "leaky_relu": lambda z=z: np.where(z > 0, z, z / 100),
            "identity": lambda z=z: z,
            "sigmoid": lambda z=z: 1 / (1 + np.exp(-z)),
            "tanh": lambda z=z: np.tanh(z),
            "softmax": lambda e=shifted: e / e.sum(),
        }[layer.activation]()
        values = dict(zip(layer.names, value, strict=True))
    return np.array([values[name] for name in network.outputs])


def small_network(rng: Random) -> tuple[Network, Vector]:
    """Weights and inputs of -1, 0 and 1, so that many sums are exactly 0 and much is cut off."""
    sizes = [rng.randint(1, 3) for _ in range(rng.randint(2, 4))]
    layers = []
    for k, (m, n) in enumerate(pairwise(sizes), 1):
        last = k == len(sizes) - 1
        kinds = ["relu", "identity", "tanh", "softmax"] if last else ["relu", "relu", "leaky_relu", "tanh"]
        neurons = [
            {"gains": [rng.choice((-1, 0, 0, 1)) for _ in range(m)], "bias": rng.choice((-1, 0, 0, 1))}
            for _ in range(n)
        ]
        layers.append({"activation": rng.choice(kinds), "neurons": neurons})
    network = Network.of({"inputs": [f"x{i + 1}" for i in range(sizes[0])], "layers": layers})
    return network, Vector.of([rng.choice((-1, 0, 1)) for _ in range(sizes[0])])


def quotient(network: Network, x: Vector, direction: Any) -> Any:
    weights, at = (np.array([float(e) for e in v]) for v in (network.weights, x))
    return (outputs(network, weights + STEP * direction, at) - outputs(network, weights, at)) / STEP


def checked(network: Network, x: Vector, biases: bool, rng: Any) -> str:
    found = stationarity(network, x, biases)
    count = np.array([float(biases or w.source is not None) for w in network.numbered_weights])
    if found.verdict == "stationary":
        for _ in range(15):
            assert np.abs(quotient(network, x, count * rng.normal(size=len(count)))).max(initial=0) < 1e-4
    elif found.verdict != "undecided":
        check_witness(network, x, found)
    return found.verdict


def check_witness(network: Network, x: Vector, found: Stationarity) -> None:
    assert found.witness is not None
    direction = np.zeros(len(network.weights))
    direction[found.witness.weight.number - 1] = 1
    place = network.outputs.index(found.witness.output)
    right, left = quotient(network, x, direction)[place], -quotient(network, x, -direction)[place]
    assert right == pytest.approx(float(found.witness.right), abs=1e-4)
    assert left == pytest.approx(float(found.witness.left), abs=1e-4)
    same = found.witness.left == found.witness.right
    assert same == (found.verdict == "not stationary")


def test_verdicts_on_many_small_networks() -> None:
    rng, noise = Random(2), np.random.default_rng(2)
    seen: dict[tuple[str, bool], int] = {}
    for _ in range(150):
        network, x = small_network(rng)
        for biases in (True, False):
            verdict = checked(network, x, biases, noise)
            seen[verdict, biases] = seen.get((verdict, biases), 0) + 1
    assert ("undecided", True) not in seen
    assert all(seen.get((verdict, False), 0) >= 5 for verdict in ("stationary", "not stationary", "not differentiable"))
    assert all(seen.get((verdict, True), 0) >= 2 for verdict in ("stationary", "not stationary", "not differentiable"))


def test_partial_derivatives_that_hide_a_kink_are_not_called_stationary() -> None:
    """It moves by relu(relu(d_1) + relu(d_2) - relu(d_1 + d_2)): 0 along both axes, 1 for (1, -1)."""
    first = {"activation": "identity", "neurons": [{"gains": [0], "bias": 0}, {"gains": [0], "bias": 0}]}
    folds = [{"gains": [1, 0], "bias": 0}, {"gains": [0, 1], "bias": 0}, {"gains": [1, 1], "bias": 0}]
    second = {"activation": "relu", "neurons": folds}
    third = {"activation": "relu", "neurons": [{"gains": [1, 1, -1], "bias": 0}]}
    network = Network.of({"inputs": ["x"], "layers": [first, second, third]})
    x = Vector.of([1])
    assert stationarity(network, x, biases=False).verdict == "undecided"
    assert quotient(network, x, np.array([1, 0, -1, 0] + [0] * 13))[0] == pytest.approx(1)
    assert stationarity(network, x).verdict == "not differentiable"


def test_the_jacobian_of_a_soft_max_at_any_weights() -> None:
    layer = {"activation": "softmax", "neurons": [{"gains": [2], "bias": 1}, {"gains": [-1], "bias": 0}]}
    network, x = Network.of({"inputs": ["x"], "layers": [layer]}), Vector.of([3])
    p = [float(e) for e in forward(network, x).output]
    J = np.diag(p) - np.outer(p, p)
    expected = np.stack([3 * J[:, 0], J[:, 0], 3 * J[:, 1], J[:, 1]], axis=1)
    found = stationarity(network, x)
    np.testing.assert_allclose([[float(e) for e in row] for row in found.jacobian.rows], expected, atol=1e-14)
    assert found.verdict == "not stationary" and len(found.witnesses) == 8


@pytest.mark.parametrize(("target", "verdict"), [("3", "stationary"), ("2", "not stationary")])
def test_the_squared_loss_rests_at_its_target(target: str, verdict: str) -> None:
    layer = {"activation": "identity", "neurons": [{"gains": [2], "bias": 1}]}
    network = Network.of({"inputs": ["x"], "layers": [layer], "loss": "squared"})
    found = stationarity(network, Vector.of([1]), target=Vector.of([target]))
    assert found.verdict == verdict
    assert found.jacobian == (Matrix.of("0 0") if verdict == "stationary" else Matrix.of("1 1"))


def test_the_hinge_at_its_margin_has_no_derivative() -> None:
    layer = {"activation": "identity", "neurons": [{"gains": [1], "bias": 0}]}
    network = Network.of({"inputs": ["x"], "layers": [layer], "loss": "hinge"})
    sides = stationarity(network, Vector.of([1]), target=Vector.of([1]))
    assert sides.verdict == "not differentiable" and sides.witness is not None
    assert (sides.witness.left, sides.witness.right) == (-1, 0)
    assert stationarity(network, Vector.of([2]), target=Vector.of([1])).verdict == "stationary"
    assert stationarity(network, Vector.of([0]), biases=False, target=Vector.of([1])).verdict == "stationary"


def test_balanced_classes_make_zero_weights_stationary_for_the_cross_entropy() -> None:
    network = zero_network((2, 3, 2))
    x, even = Vector.of([1, 2]), Vector.of(["1/2", "1/2"])
    assert stationarity(network, x, target=even, loss="cross-entropy").verdict == "stationary"
    assert stationarity(network, x, target=Vector.of([1, 0]), loss="cross-entropy").verdict == "not stationary"
