"""Losses against PyTorch's, by definition, and what is said about targets that do not suit."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from exact.random_networks import random_loss, random_network, torch_loss, torch_outputs
from gradus.errors import InputError
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import forward
from gradus.exact.networks.losses import LossName, loss_gradient, loss_has_kink, loss_slope, loss_value
from gradus.exact.networks.network import ACTIVATIONS, Network
from gradus.exact.numbers.number import Number


def network(activation: str, outputs: int = 1, loss: str | None = None) -> Network:
    neurons = [{"gains": [1], "bias": j} for j in range(outputs)]
    mapping: dict[str, Any] = {"inputs": ["x"], "layers": [{"activation": activation, "neurons": neurons}]}
    return Network.of(mapping | ({"loss": loss} if loss else {}))


def test_values_and_derivatives_agree_with_torch() -> None:
    torch = pytest.importorskip("torch")
    rng, seen = Random(11), set()
    for _ in range(120):
        net, x = random_network(rng, layers=2, width=4, activations=ACTIVATIONS)
        loss, target = random_loss(rng, net)
        seen.add((loss, net.layers[-1].activation, len(target) == 1))
        output = forward(net, x).output
        y = torch.tensor([float(e) for e in output], dtype=torch.float64, requires_grad=True)
        value = torch_loss(loss, y, torch.tensor([float(t) for t in target], dtype=torch.float64))
        value.backward()
        assert float(loss_value(net, output, target, loss)) == pytest.approx(value.item(), rel=1e-12, abs=1e-12)
        mine = [float(g) for g in loss_gradient(net, output, target, loss)]
        np.testing.assert_allclose(mine, y.grad.numpy(), rtol=1e-11, atol=1e-12)
    assert {("cross-entropy", "softmax", False), ("cross-entropy", "sigmoid", True), ("hinge", "relu", False)} <= seen


def test_torch_outputs_agree_too() -> None:
    torch = pytest.importorskip("torch")
    rng = Random(12)
    for _ in range(40):
        net, x = random_network(rng, layers=3, width=4, activations=ACTIVATIONS)
        tensors = [torch.tensor([float(e) for e in v], dtype=torch.float64) for v in (net.weights, x)]
        mine = [float(y) for y in forward(net, x).output]
        np.testing.assert_allclose(mine, torch_outputs(net, *tensors).numpy(), rtol=1e-12, atol=1e-13)


def test_the_networks_own_loss_is_taken() -> None:
    net = network("softmax", 2, "cross-entropy")
    output = forward(net, Vector.of([3])).output
    assert loss_value(net, output, Vector.of([0, 1])).text == "-log(softmax(3, 4; 2))"
    assert loss_value(net, output, Vector.of([0, 1]), "squared") != loss_value(net, output, Vector.of([0, 1]))
    with pytest.raises(InputError, match="name one, or write it into the network"):
        loss_value(network("relu"), Vector.of([1]), Vector.of([1]))


@pytest.mark.parametrize(
    ("value", "target", "expected", "slopes"),
    [("0", 1, "1", ("1", "-1")), ("1", 1, "0", ("1", "0")), ("2", 1, "0", ("0", "0")), ("-3", -1, "0", ("0", "0"))],
)
def test_the_hinge_of_one_output(value: str, target: int, expected: str, slopes: tuple[str, str]) -> None:
    net, y, t = network("identity"), Vector.of([value]), Vector.of([target])
    assert loss_value(net, y, t, "hinge").text == expected
    assert tuple(loss_slope(net, y, t, Vector.of([d]), "hinge").text for d in (-1, 1)) == slopes
    assert loss_has_kink(net, y, t, "hinge") == (value == "1")


def test_a_loss_at_certainty_is_zero_and_beyond_it_is_refused() -> None:
    net = network("sigmoid", 1, "cross-entropy")
    one = Vector.of([1])
    assert loss_value(net, one, one) == 0
    with pytest.raises(InputError, match="must be greater than 0"):
        loss_value(net, one, Vector.of([0]))


@pytest.mark.parametrize(
    ("activation", "outputs", "loss", "target", "message"),
    [
        ("relu", 1, "crossentropy", [1], "did you mean cross-entropy"),
        ("relu", 1, "cross-entropy", [1], "needs a soft-max or one sigmoid output, not relu"),
        ("sigmoid", 2, "cross-entropy", [1, 0], "not 2 outputs of sigmoid"),
        ("softmax", 2, "cross-entropy", [1, 1], "add up to 1"),
        ("softmax", 2, "cross-entropy", [2, -1], "must hold probabilities"),
        ("sigmoid", 1, "cross-entropy", ["3/2"], "must hold probabilities"),
        ("softmax", 2, "squared", [1], "must have 2 entries"),
        ("identity", 1, "hinge", [0], "must be 1 or -1"),
        ("identity", 3, "hinge", [1, 1, 0], "must be one-hot"),
    ],
)
def test_what_does_not_suit_is_explained(
    activation: str, outputs: int, loss: LossName, target: list[Any], message: str
) -> None:
    net = network(activation, outputs)
    output = Vector((Number.of("1/2"),) * outputs)
    with pytest.raises(InputError, match=message):
        loss_value(net, output, Vector.of(target), loss)
