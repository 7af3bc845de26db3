"""One-sided derivatives at kinks against exact one-sided differences, and against arithmetic by hand."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from exact.random_networks import random_loss, random_network
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import backward, forward, loss_backward
from gradus.exact.networks.kinks import kink_derivatives
from gradus.exact.networks.losses import LossName, loss_value
from gradus.exact.networks.network import Network
from gradus.exact.numbers.number import ONE, ZERO, Number

Pairs = list[tuple[Number, Number]]


def layer(activation: str, *neurons: tuple[list[Any], Any]) -> dict[str, Any]:
    return {"activation": activation, "neurons": [{"gains": gains, "bias": bias} for gains, bias in neurons]}


def at_kinks(rng: Random, leaky: bool = True) -> tuple[Network, Vector]:
    """A piecewise affine network whose sums are 0 here and there: small whole weights, and biases that make them so."""
    activations = ("relu", "relu", "leaky_relu", "identity") if leaky else ("relu",)
    network, x = random_network(rng, layers=4, width=3, missing=0.1, activations=activations, denominator=1)
    weights = [Number.of(rng.randint(-2, 2)) for _ in network.weights]
    for _ in range(2 * len(network.neurons)):
        network = network.with_weights(Vector(tuple(weights)))
        sums = forward(network, x).pre_activations
        biases = [w.number - 1 for w in network.numbered_weights if w.source is None]
        j = rng.randrange(len(biases))
        if rng.random() < 0.7:
            weights[biases[j]] -= sums[j]
    return network.with_weights(Vector(tuple(weights))), x


def one_sided_differences(network: Network, x: Vector, output: str, sides: tuple[int, int] = (-1, 1)) -> list[Pairs]:
    """(y(w + d e_i) - y(w))/d for d = -s and s: three smaller and smaller s must agree, since y is affine near w."""
    index = network.outputs.index(output)

    def y(weights: Vector) -> Number:
        return forward(network.with_weights(weights), x).output[index]

    return _quotients(network.weights, y, sides)


def loss_differences(network: Network, x: Vector, target: Vector, loss: LossName) -> list[Pairs]:
    def value(weights: Vector) -> Number:
        return loss_value(network, forward(network.with_weights(weights), x).output, target, loss)

    return _quotients(network.weights, value, (-1, 1))


def _quotients(weights: Vector, function: Any, sides: tuple[int, int]) -> list[Pairs]:
    here, found = function(weights), []
    for i in range(len(weights)):
        pair = []
        for side in sides:
            values = []
            for power in (40, 42):
                d = side * ONE / 2**power
                moved = Vector(tuple(w + d if j == i else w for j, w in enumerate(weights)))
                values.append((function(moved) - here) / d)
            assert values[0] == values[1]
            pair.append(values[0])
        found.append(tuple(pair))
    return found


def test_one_sided_derivatives_are_exact_differences() -> None:
    rng, kinks, affected = Random(1), 0, 0
    for _ in range(60):
        network, x = at_kinks(rng)
        output = rng.choice(network.outputs)
        values = forward(network, x)
        given = {k.weight.number: k for k in kink_derivatives(network, x, output)}
        plain = backward(network, values, output).gradient
        for number, (left, right) in enumerate(one_sided_differences(network, x, output), start=1):
            if number in given:
                entry = given[number]
                assert (entry.left, entry.right, entry.convention) == (left, right, plain[number - 1])
                assert entry.is_differentiable == (left == right)
            else:
                assert left == right == plain[number - 1]
        kinks += bool(values.kinks)
        affected += bool(given)
    assert kinks > 45 and affected > 20


def test_hinges_have_kinks_of_their_own() -> None:
    rng, affected = Random(2), 0
    for _ in range(60):
        network, x = at_kinks(rng, leaky=False)
        values = forward(network, x)
        _, target = random_loss(rng, network)
        if len(target) == 1:
            target = Vector.of([rng.choice([-1, 1])])
        elif sorted(target) != [ZERO] * (len(target) - 1) + [ONE]:
            target = Vector.of([1, *[0] * (len(target) - 1)])
        given = {k.weight.number: k for k in kink_derivatives(network, x, target=target, loss="hinge")}
        plain = loss_backward(network, values, target, "hinge").gradient
        for number, (left, right) in enumerate(loss_differences(network, x, target, "hinge"), start=1):
            entry = given.get(number)
            expected = (plain[number - 1],) * 2 if entry is None else (entry.left, entry.right)
            assert expected == (left, right)
        affected += bool(given)
    assert affected > 15


def test_a_kink_behind_a_kink() -> None:
    """y = relu(relu(w x + b) - 0): both sums are 0; only a rise of the first passes both."""
    network = Network.of({"inputs": ["x"], "layers": [layer("relu", (["-1"], 2)), layer("relu", ([3], 0))]})
    found = [
        (k.weight.number, k.left.text, k.right.text, k.convention.text)
        for k in kink_derivatives(network, Vector.of([2]))
    ]
    assert found == [(1, "0", "6", "0"), (2, "0", "3", "0"), (4, "0", "1", "0")]


def test_two_kinks_may_cancel() -> None:
    """relu(z) - relu(-z) = z: the derivative exists, and the convention's 0 is not it."""
    hidden = layer("identity", ([1], 0))
    both = layer("relu", ([1], 0), ([-1], 0))
    network = Network.of({"inputs": ["x"], "layers": [hidden, both, layer("identity", ([1, -1], 0))]})
    found = [
        (k.weight.number, k.left.text, k.right.text, k.convention.text)
        for k in kink_derivatives(network, Vector.of([0]))
    ]
    assert found[0] == (2, "1", "1", "0")
    assert [entry[0] for entry in found] == [2, 4, 6]


def test_smooth_layers_pass_kinks_on() -> None:
    """y = sigmoid(relu(w x)) at x = 1, w = 0: sigmoid'(0) = 1/4 from the right, 0 from the left."""
    network = Network.of({"inputs": ["x"], "layers": [layer("relu", ([0], 0)), layer("sigmoid", ([1], 0))]})
    found = [(k.weight.number, k.left.text, k.right.text) for k in kink_derivatives(network, Vector.of([1]))]
    assert found == [(1, "0", "1/4"), (2, "0", "1/4")]


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "softmax"])
def test_without_a_kink_there_is_nothing_to_report(activation: str) -> None:
    network = Network.of({"inputs": ["x"], "layers": [layer("relu", ([2], 1)), layer(activation, ([1], 0), ([2], 1))]})
    assert kink_derivatives(network, Vector.of([1]), "y2") == ()


def test_ties_between_the_largest_rivals() -> None:
    """l = max(0, 1 + max(y2, y3) - y1) at y2 = y3: a rise of either passes, a fall of either does not."""
    network = Network.of({"inputs": ["x"], "layers": [layer("identity", ([1], 0), ([1], 0), ([1], 0))]})
    found = kink_derivatives(network, Vector.of([1]), target=Vector.of([1, 0, 0]), loss="hinge")
    assert [(k.weight.number, k.left.text, k.right.text, k.convention.text) for k in found] == [
        (3, "0", "1", "1"),
        (4, "0", "1", "1"),
        (5, "0", "1", "0"),
        (6, "0", "1", "0"),
    ]


def test_a_sum_that_is_zero_by_an_identity_of_exponentials_is_a_kink() -> None:
    hidden = {"activation": "tanh", "neurons": [{"gains": [1], "bias": 0}]}
    smooth = {"activation": "sigmoid", "neurons": [{"gains": [1], "bias": 0}, {"gains": [-1], "bias": 0}]}
    wide = {"activation": "sigmoid", "neurons": [{"gains": [2], "bias": 0}]}
    last = {"activation": "relu", "neurons": [{"gains": [1], "bias": 0}]}
    t = forward(Network.of({"inputs": ["x"], "layers": [hidden]}), Vector.of([1])).output[0]
    s = forward(Network.of({"inputs": ["x"], "layers": [wide]}), Vector.of([1])).output[0]
    relu = Network.of({"inputs": ["x"], "layers": [last]})
    assert forward(relu, Vector((t - 2 * s + 1,))).kinks == ("y",)
    sums = {"activation": "relu", "neurons": [{"gains": [1, 1], "bias": -1}]}
    net = Network.of({"inputs": ["x"], "layers": [smooth, sums]})
    assert forward(net, Vector.of([3])).kinks == ("y",)
    assert {k.weight.number for k in kink_derivatives(net, Vector.of([3]))} == {1, 2, 3, 4, 5, 6, 7}
