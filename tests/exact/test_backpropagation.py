"""Gradients by hand against PyTorch's, against exact differences, and against the expressions in symbols."""

from __future__ import annotations

import math
from math import prod
from random import Random

import numpy as np
import pytest

from exact.random_networks import random_loss, random_network, torch_loss, torch_output, torch_outputs
from exact.test_networks import HW5
from gradus.errors import InputError, UnsupportedError
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import (
    backward,
    difference_quotients,
    forward,
    gradient,
    loss_backward,
    softmax_jacobian,
)
from gradus.exact.networks.gradient_expressions import delta_expressions, gradient_expressions
from gradus.exact.networks.losses import loss_has_kink, loss_value
from gradus.exact.networks.network import ACTIVATIONS, LOSSES, Network
from gradus.exact.numbers.number import Number

SOFTMAX = {"inputs": ["x"], "layers": [{"activation": "softmax", "neurons": [{"gains": [1], "bias": 0}] * 3}]}


def test_homework_5() -> None:
    network, x = Network.of(HW5), Vector.of([0, 3])
    values = forward(network, x)
    assert values.pre_activations == Vector.of([-6, 3, 4])
    assert values.output == Vector.of([4])
    assert gradient(network, x) == Vector.of([0, 0, 0, 0, 3, 1, 0, 3, 1])


def test_outputs_and_gradients_agree_with_torch() -> None:
    torch = pytest.importorskip("torch")
    rng, kinks = Random(5), 0
    for _ in range(100):
        network, x = random_network(rng)
        output = rng.choice(network.outputs)
        weights = torch.tensor([float(w) for w in network.weights], dtype=torch.float64, requires_grad=True)
        y = torch_output(network, weights, torch.tensor([float(e) for e in x], dtype=torch.float64), output)
        y.backward()
        values = forward(network, x)
        kinks += bool(values.kinks)
        assert float(values.output[network.outputs.index(output)]) == pytest.approx(y.item(), rel=1e-12, abs=1e-12)
        # torch.relu has the derivative 0 at 0 as well, so kinks need no exception.
        exact = [float(g) for g in gradient(network, x, output)]
        np.testing.assert_allclose(exact, weights.grad.numpy(), rtol=1e-12, atol=1e-12)
    assert kinks < 50


def test_gradients_are_exact_difference_quotients_away_from_kinks() -> None:
    rng, compared = Random(6), 0
    while compared < 25:
        network, x = random_network(rng, layers=3, width=3)
        if not forward(network, x).kinks:
            output = rng.choice(network.outputs)
            assert difference_quotients(network, x, output) == gradient(network, x, output)
            compared += 1


def test_symbols_have_the_value_of_the_gradient() -> None:
    """A product is read back factor by factor, a sum term by term."""
    rng = Random(7)
    for _ in range(60):
        network, x = random_network(rng, layers=3, width=4)
        output = rng.choice(network.outputs)
        values = forward(network, x)
        known = dict(zip(network.inputs, x, strict=True))
        for layer, computed in zip(network.layers, values.layers, strict=True):
            known |= dict(zip(layer.names, computed.outputs, strict=True))
        known |= {f"w{w.number}": w.value for w in network.numbered_weights}
        known |= {f"H(z{j})": Number.of(int(z > 0)) for j, z in enumerate(values.pre_activations, start=1)}
        for delta in reversed(delta_expressions(network, output)):
            known[delta.name.text] = value_of(delta.value.text, known)
        read = [value_of(entry.text, known) for entry in gradient_expressions(network, output)]
        assert Vector(tuple(read)) == gradient(network, x, output)


def value_of(text: str, known: dict[str, Number]) -> Number:
    numbers = {"0": Number.of(0), "1": Number.of(1)} | known
    return sum(
        (prod((numbers[f] for f in term.split("*")), start=Number.of(1)) for term in text.split(" + ")), Number()
    )


def test_symbols_of_homework_5_name_the_output_neurons_own_step() -> None:
    entries = [entry.text for entry in gradient_expressions(Network.of(HW5))]
    assert entries[1] == "H(z3)*w7*H(z1)*x2"
    assert entries[6:] == ["H(z3)*h1", "H(z3)*h2", "H(z3)"]


def test_a_kink_is_reported_and_its_step_is_zero() -> None:
    network, x = Network.of(HW5), Vector.of([2, 1])
    values = forward(network, x)
    assert values.pre_activations == Vector.of([0, 5, 6])
    assert values.kinks == ("h1",)
    assert gradient(network, x) == Vector.of([0, 0, 0, 2, 1, 1, 0, 5, 1])
    with pytest.raises(InputError, match="h1 stands at a kink"):
        difference_quotients(network, x)


def test_the_rows_are_the_derivatives_in_the_layers_outputs() -> None:
    network = Network.of(HW5)
    back = backward(network, forward(network, Vector.of([0, 3])))
    assert [row.text for row in back.rows] == ["(2, 1)", "(-1, 1)", "(1)"]
    assert [delta.text for delta in back.deltas] == ["(0, 1)", "(1)"]


def test_softmax_at_equal_sums() -> None:
    network, x = Network.of(SOFTMAX), Vector.of([5])
    assert forward(network, x).output == Vector.of("1/3, 1/3, 1/3")
    assert gradient(network, x, "y2") == Vector.of("-5/9, -1/9, 10/9, 2/9, -5/9, -1/9")
    with pytest.raises(InputError, match="must be one of y1, y2, y3"):
        gradient(network, x)


def test_softmax_of_other_sums_keeps_its_entries_as_they_are() -> None:
    network = Network.of(SOFTMAX).with_weights(Vector.of([1, 0, 2, 0, 1, 0]))
    values = forward(network, Vector.of([5]))
    assert values.output.text == "(softmax(5, 10, 5; 1), softmax(5, 10, 5; 2), softmax(5, 10, 5; 1))"
    assert sum(values.output, Number.of(0)) == 1
    loss = loss_backward(network, values, Vector.of([0, 1, 0]), "cross-entropy")
    p, q = values.output[0], values.output[1]
    assert loss.gradient == Vector((5 * p, p, 5 * (q - 1), q - 1, 5 * p, p))
    total = [
        sum(entries, Number.of(0))
        for entries in zip(*(backward(network, values, f"y{j}").gradient for j in (1, 2, 3)), strict=True)
    ]
    assert not any(total)


def test_smooth_activations_at_zero_are_rational() -> None:
    hidden = {"activation": "sigmoid", "neurons": [{"gains": [1, -1], "bias": 0}]}
    last = {"activation": "tanh", "neurons": [{"gains": [2], "bias": -1}]}
    network = Network.of({"inputs": ["x1", "x2"], "layers": [hidden, last]})
    values = forward(network, Vector.of([3, 3]))
    assert values.output == Vector.of([0]) and values.kinks == ()
    assert backward(network, values).gradient == Vector.of(["3/2", "3/2", "1/2", "1/2", 1])
    with pytest.raises(UnsupportedError, match="must be piecewise affine"):
        difference_quotients(network, Vector.of([3, 3]))


@pytest.mark.parametrize(("count", "layers", "width", "seed"), [(460, 3, 4, 21), (40, 6, 12, 22)])
def test_gradients_of_losses_agree_with_torch_for_all_activations(
    count: int, layers: int, width: int, seed: int
) -> None:
    """500 networks; the error is measured against the largest entry, or 1."""
    torch = pytest.importorskip("torch")
    rng, seen = Random(seed), set()
    for _ in range(count):
        network, x = random_network(rng, layers, width, activations=ACTIVATIONS, denominator=6)
        loss, target = random_loss(rng, network)
        seen |= {loss, *(layer.activation for layer in network.layers)}
        values = forward(network, x)
        tensors = [torch.tensor([float(e) for e in v], dtype=torch.float64) for v in (network.weights, x, target)]
        weights, inputs = (tensor.requires_grad_() for tensor in tensors[:2])
        torch_loss(loss, torch_outputs(network, weights, inputs), tensors[2]).backward()
        back = loss_backward(network, values, target, loss)
        for mine, theirs in ((back.gradient, weights.grad), (back.rows[0], inputs.grad)):
            scale = max(1.0, float(theirs.abs().max()))
            np.testing.assert_allclose([float(g) for g in mine], theirs.numpy(), rtol=0, atol=1e-12 * scale)
    assert seen == {*ACTIVATIONS, *LOSSES}


def test_gradients_agree_with_central_differences_away_from_kinks() -> None:
    """(l(w + d) - l(w - d))/2d, in exact arithmetic, is off by about d^2 times a third derivative."""
    rng, compared, d = Random(23), 0, Number.of("1/1000000")
    while compared < 12:
        network, x = random_network(rng, layers=3, width=3, activations=ACTIVATIONS)
        loss, target = random_loss(rng, network)
        values = forward(network, x)
        if values.kinks or (loss == "hinge" and loss_has_kink(network, values.output, target, loss)):
            continue
        given = loss_backward(network, values, target, loss).gradient
        for i in rng.sample(range(len(given)), min(4, len(given))):
            ends = []
            for side in (d, -d):
                moved = network.with_weights(
                    Vector(tuple(w + side if j == i else w for j, w in enumerate(network.weights)))
                )
                ends.append(loss_value(network, forward(moved, x).output, target, loss))
            assert float((ends[0] - ends[1]) / (2 * d)) == pytest.approx(float(given[i]), rel=1e-8, abs=1e-8)
        compared += 1


def test_a_deep_smooth_network_needs_no_deep_recursion() -> None:
    neuron = {"gains": [1], "bias": "1/10"}
    network = Network.of({"inputs": ["x"], "layers": [{"activation": "tanh", "neurons": [neuron]}] * 100})
    values, y, slope = forward(network, Vector.of([1])), 1.0, 1.0
    for _ in range(100):
        y = math.tanh(y + 0.1)
        slope *= 1 - y * y
    assert float(values.output[0]) == pytest.approx(y, rel=1e-12)
    assert float(backward(network, values).rows[0][0]) == pytest.approx(slope, rel=1e-9)
    assert values.output[0].text.endswith("...")


def test_the_jacobian_of_the_softmax_agrees_with_torch() -> None:
    torch = pytest.importorskip("torch")
    p = Vector.of("1/2, 1/3, 1/6")
    z = torch.log(torch.tensor([float(e) for e in p], dtype=torch.float64))
    expected = torch.autograd.functional.jacobian(lambda v: torch.softmax(v, 0), z).numpy()
    given = [[float(e) for e in row] for row in softmax_jacobian(p).rows]
    np.testing.assert_allclose(given, expected, atol=1e-14)


def test_square_roots_stay_exact() -> None:
    neuron = {"gains": ["sqrt(2)"], "bias": "-sqrt(2)"}
    network = Network.of({"inputs": ["x"], "layers": [{"activation": "relu", "neurons": [neuron]}]})
    assert forward(network, Vector.of(["sqrt(2)"])).output == Vector.of(["2 - sqrt(2)"])
    assert forward(network, Vector.of([1])).kinks == ("y",)


@pytest.mark.parametrize("x", [[1], [1, 2, 3]])
def test_an_input_of_another_length_is_refused(x: list[int]) -> None:
    with pytest.raises(InputError, match="must have 2 entries, one for each of x1, x2"):
        forward(Network.of(HW5), Vector.of(x))


def test_an_unknown_output_is_refused() -> None:
    with pytest.raises(InputError, match="must be one of y"):
        gradient(Network.of(HW5), Vector.of([0, 3]), "z")


def test_values_of_too_many_digits_are_refused() -> None:
    neuron = {"gains": ["10^900"], "bias": "1/3"}
    network = Network.of({"inputs": ["x"], "layers": [{"activation": "relu", "neurons": [neuron]}] * 100})
    with pytest.raises(UnsupportedError, match="must not need integers of more than 50000 bits"):
        forward(network, Vector.of([1]))
