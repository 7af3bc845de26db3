"""Layers and parameters, dead neurons on inputs and in boxes, equal neurons: against NumPy, vertices and samples."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import numpy as np
import pytest

from exact.test_networks import HW5
from gradus.errors import InputError
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import forward, loss_backward
from gradus.exact.networks.dead_neurons import dead_in_box, interval_sums
from gradus.exact.networks.network import Network
from gradus.exact.networks.structure import dead_neurons, equal_neurons, network_structure
from gradus.exact.numbers.number import Number


def network(*layers: tuple[str, list[tuple[list[Any], Any]]], inputs: int = 2) -> Network:
    tables = [{"activation": a, "neurons": [{"gains": g, "bias": b} for g, b in neurons]} for a, neurons in layers]
    return Network.of({"inputs": [f"x{i}" for i in range(1, inputs + 1)], "layers": tables})


def random_network(rng: Random, sizes: list[int], activations: list[str], bias: int = 6) -> Network:
    layers = []
    for before, size, activation in zip(sizes, sizes[1:], activations, strict=False):
        neurons = [([rng.randint(-3, 3) for _ in range(before)], rng.randint(-bias, bias // 2)) for _ in range(size)]
        layers.append((activation, neurons))
    return network(*layers, inputs=sizes[0])


def sums(net: Network, points: np.ndarray) -> dict[str, np.ndarray]:
    """All pre-activations at many inputs, in NumPy; a column of points is an input."""
    found, values = {}, points
    for k, layer in enumerate(net.layers, start=1):
        gains = np.array([[float(x) for x in row] for row in net.gain_matrix(k).rows])
        z = gains @ values + np.array([[float(b)] for b in net.biases(k)])
        found |= dict(zip(layer.names, z, strict=True))
        slope = 0.0 if layer.activation == "relu" else float(layer.slope or 1)
        values = {"sigmoid": lambda z: 1 / (1 + np.exp(-z)), "tanh": np.tanh}.get(
            layer.activation, lambda z, s=slope: np.where(z > 0, z, s * z)
        )(z)
    return found


def test_structure_of_homework_5() -> None:
    found = network_structure(Network.of(HW5))
    assert found.is_fully_connected and found.parameters == 9
    assert [(layer.edges, layer.possible_edges, layer.parameters) for layer in found.layers] == [(4, 4, 6), (2, 2, 3)]


def test_missing_edges_are_named_layer_by_layer() -> None:
    net = network(("relu", [({"x2": 1}, 0), ([0, 1], 0)]), ("identity", [({"h1": 1}, 0), ({}, 1)]))
    found = network_structure(net)
    assert found.layers[0].missing == (("x1", "h1"),)
    assert found.layers[1].missing == (("h2", "y1"), ("h1", "y2"), ("h2", "y2"))
    assert not found.is_fully_connected and found.parameters == 3 + 4 - 0 + 1 - 3 + 3
    assert found.parameters == len(net.weights)


def test_dead_for_given_inputs() -> None:
    net = Network.of(HW5)
    assert [d.neuron for d in dead_neurons(net, [Vector.of([0, 3])])] == ["h1"]
    assert [d.neuron for d in dead_neurons(net, [Vector.of([0, 3]), Vector.of([-1, -1])])] == []
    assert dead_neurons(net, [Vector.of([2, 1])])[0].largest == 0
    with pytest.raises(InputError, match="at least one input"):
        dead_neurons(net, [])


def test_only_the_relu_can_be_dead() -> None:
    net = network(("leaky_relu", [([1, 1], -9)]), ("sigmoid", [([1], -9)]))
    assert dead_neurons(net, [Vector.of([0, 0])]) == () == dead_in_box(net, [(-1, 1), (-1, 1)])


def test_the_first_layer_is_decided_by_its_intervals() -> None:
    net = network(("relu", [([1, -2], -4), ([1, -2], -3), ([0, 0], 0)]))
    found = dead_in_box(net, [(-2, 2), (-1, 1)])
    assert [v.verdict for v in found] == ["dead", "alive", "dead"]
    assert found[1].witness == Vector.of([2, -1])
    assert interval_sums(net, [(Number.of(-2), Number.of(2)), (Number.of(-1), Number.of(1))])[0][0][1] == 0


def test_intervals_alone_would_not_see_it() -> None:
    """h1 - h2 is at most 1 on the box, though h1 reaches 2 and h2 reaches 0."""
    net = network(("relu", [([1], 1), ([1], 0)]), ("relu", [([1, -1], -1), ([1, -1], "-9/10")]), inputs=1)
    assert interval_sums(net, [(Number.of(-1), Number.of(1))])[1][0][1] == 1
    found = {v.neuron: v for v in dead_in_box(net, [(-1, 1)])}
    assert found["y1"].verdict == "dead" and "at most 0, by linear programs on" in found["y1"].reason
    assert found["y2"].verdict == "alive"


def test_random_deep_networks_agree_with_a_grid_and_with_their_witnesses() -> None:
    rng, seen = Random(3), {"dead": 0, "alive": 0}
    linear_programs = 0
    for _ in range(80):
        sizes = [2, rng.randint(2, 3), rng.randint(2, 3), 2]
        activations = [rng.choice(["relu", "relu", "leaky_relu"]), "relu", "relu"]
        net = random_network(rng, sizes, activations)
        box = [(Fraction(-rng.randint(0, 2)), Fraction(rng.randint(1, 2))) for _ in range(2)]
        axes = [np.linspace(float(low), float(high), 41) for low, high in box]
        largest = {name: z.max() for name, z in sums(net, np.array(list(product(*axes))).T).items()}
        for found in dead_in_box(net, box):
            assert found.verdict in seen
            seen[found.verdict] += 1
            linear_programs += "linear programs" in found.reason
            if found.verdict == "dead":
                assert largest[found.neuron] <= 1e-9, found
            else:
                assert found.witness is not None
                assert all(low <= x <= high for x, (low, high) in zip(found.witness, box, strict=True))
                assert positive_at(net, found.neuron, found.witness)
    assert min(seen.values()) > 30 and linear_programs > 5


def positive_at(net: Network, name: str, x: Vector) -> bool:
    return forward(net, x).pre_activations[[n.name for n in net.neurons].index(name)] > 0


def test_a_witness_that_only_a_linear_program_finds() -> None:
    """A narrow tent around x = 1/3, which no corner and no centre meets."""
    tent = [([1], "-23/75"), ([1], "-1/3"), ([1], "-9/25")]
    net = network(("relu", tent), ("relu", [([1, -2, 1], "-1/50")]), inputs=1)
    found = dead_in_box(net, [(0, 1)])[-1]
    assert found.verdict == "alive" and found.witness == Vector.of(["1/3"])


def test_the_budget_leaves_it_undecided() -> None:
    rng = Random(4)
    net = random_network(rng, [6, 8, 8, 8, 1], ["relu"] * 4, bias=40)
    found = dead_in_box(net, [(-1, 1)] * 6, budget=300)
    open_still = [v for v in found if v.verdict == "undecided"]
    assert open_still and all("budget of exact work was spent" in v.reason and v.witness is None for v in open_still)


def test_smooth_layers_are_decided_on_smaller_boxes() -> None:
    """sigmoid(x) - sigmoid(x) - 1/10 < 0, and tanh(1) - 3/4 > 0 > tanh(1) - 4/5."""
    sigmoid = network(("sigmoid", [([1], 0), ([1], 0)]), ("relu", [([1, -1], "-1/10")]), inputs=1)
    assert dead_in_box(sigmoid, [(-1, 1)])[0].verdict == "dead"
    tanh = network(("tanh", [([1], 0)]), ("relu", [([1], "-3/4"), ([1], "-4/5")]), inputs=1)
    assert [v.verdict for v in dead_in_box(tanh, [(-1, 1)])] == ["alive", "dead"]
    touching = network(("sigmoid", [([1], 0), ([1], 0)]), ("relu", [([1, -1], 0)]), inputs=1)
    assert dead_in_box(touching, [(-1, 1)])[0].verdict == "undecided"


def test_square_roots_are_decided_on_smaller_boxes() -> None:
    net = network(("relu", [(["sqrt(2)"], 0), ([1], 0)]), ("relu", [([1, -2], "-1/100")]), inputs=1)
    assert [v.verdict for v in dead_in_box(net, [(0, 1)])] == ["alive", "alive", "dead"]


def test_huge_arguments_of_a_sigmoid_do_no_harm() -> None:
    net = network(("sigmoid", [([10**9], 0)]), ("relu", [([1], -2)]), inputs=1)
    assert dead_in_box(net, [(-1, 1)])[0].verdict == "dead"


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ([(0, 1)], "must have 2 intervals, one for each of x1, x2"),
        ([(0, 1), (2, 1)], r"box, x2 = \[2, 1\]: is empty"),
        ([(0, 1), (0.5, 1)], "must be an exact number"),
    ],
)
def test_wrong_boxes_are_refused(box: list[tuple[object, object]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        dead_in_box(Network.of(HW5), box)


def test_equal_neurons_and_copies() -> None:
    twins = [([1, 2], 1), ([1, 2], 1), ([1, 2], 0)]
    copies = equal_neurons(network(("relu", twins), ("identity", [([3, 3, 1], 0), ([1, 1, 0], 0)])))
    assert [(g.neurons, g.are_copies) for g in copies] == [(("h1", "h2"), True)]
    equal = equal_neurons(network(("relu", twins), ("identity", [([3, 2, 1], 0), ([2, 3, 1], 0)])))
    assert [(g.layer, g.neurons, g.are_copies) for g in equal] == [
        (1, ("h1", "h2"), False),
        (2, ("y1", "y2"), False),
    ]
    assert equal_neurons(Network.of(HW5)) == ()


def test_equal_neurons_put_out_the_same_and_copies_have_the_same_gradient() -> None:
    rng = Random(5)
    layers = [
        ("tanh", [([1, 2], 1)] * 2 + [([1, -2], 0)]),
        ("sigmoid", [([1, 2, 0], 0), ([2, 1, 0], 0), ([3, 0, 0], 0)]),
    ]
    net = network(*layers, ("identity", [([1, 1, 1], 0)]))
    groups = equal_neurons(net)
    assert [(g.neurons, g.are_copies) for g in groups] == [(("h1_1", "h1_2"), False), (("h2_1", "h2_2", "h2_3"), False)]
    for _ in range(3):
        values = forward(net, Vector.of([rng.randint(-2, 2), rng.randint(-2, 2)]))
        assert len(set(values.layers[1].outputs)) == 1
    copies = network(layers[0], ("identity", [([2, 2, 1], 0)]))
    assert [g.are_copies for g in equal_neurons(copies)] == [True]
    gradient = loss_backward(copies, forward(copies, Vector.of([1, "1/2"])), Vector.of([3]), "squared").gradient
    assert gradient.entries[:3] == gradient.entries[3:6] and gradient[9] == gradient[10]
