"""The network file: reading, numbering, writing, and what is said about a file that is wrong."""

from __future__ import annotations

import json
from copy import deepcopy
from random import Random
from typing import Any

import pytest

from exact.random_networks import random_network
from gradus.errors import InputError
from gradus.exact.matrices import Vector
from gradus.exact.networks import Network, Neuron, NeuronLayer
from gradus.exact.numbers import Number

HW5: dict[str, Any] = {
    "inputs": ["x1", "x2"],
    "layers": [
        {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}, {"gains": [2, 1], "bias": 0}]},
        {"activation": "relu", "neurons": [{"gains": [-1, 1], "bias": 1}]},
    ],
}


def test_weights_are_numbered_neuron_by_neuron_gains_first() -> None:
    network = Network.of(HW5)
    assert network.weights == Vector.of([1, -2, 0, 2, 1, 0, -1, 1, 1])
    assert [(w.number, w.neuron, w.source) for w in network.numbered_weights][5:8] == [
        (6, "h2", None),
        (7, "y", "h1"),
        (8, "y", "h2"),
    ]


def test_default_names() -> None:
    layer = {"activation": "relu", "neurons": [{"gains": [1, 1], "bias": 0}] * 2}
    network = Network.of({"inputs": ["a", "b"], "layers": [layer, layer, layer]})
    assert [neuron.name for neuron in network.neurons] == ["h1_1", "h1_2", "h2_1", "h2_2", "y1", "y2"]


def test_lists_and_full_mappings_of_gains_are_the_same_network() -> None:
    named = deepcopy(HW5)
    named["layers"][1]["neurons"][0]["gains"] = {"h2": 1, "h1": -1}
    assert Network.of(named) == Network.of(HW5)


def test_a_missing_edge_is_not_a_gain_of_zero() -> None:
    missing, zero = deepcopy(HW5), deepcopy(HW5)
    missing["layers"][0]["neurons"][1]["gains"] = {"x2": 1}
    zero["layers"][0]["neurons"][1]["gains"] = [0, 1]
    assert Network.of(missing).missing_edges == (("x1", "h2"),)
    assert not Network.of(missing).is_fully_connected
    assert Network.of(zero).is_fully_connected
    assert len(Network.of(missing).weights) == len(Network.of(zero).weights) - 1
    assert Network.of(missing).gain_matrix(1) == Network.of(zero).gain_matrix(1)


def test_the_file_of_any_network_reads_back_as_the_same_network() -> None:
    rng = Random(1)
    for _ in range(60):
        network, _ = random_network(rng)
        assert Network.of(json.loads(json.dumps(network.as_mapping()))) == network


def test_other_weights_in_the_same_network() -> None:
    rng = Random(2)
    for _ in range(20):
        network, _ = random_network(rng)
        doubled = network.with_weights(network.weights * 2)
        assert doubled.weights == network.weights * 2
        assert doubled.missing_edges == network.missing_edges
    with pytest.raises(InputError, match="must be 9 numbers"):
        Network.of(HW5).with_weights(Vector.of([1, 2]))


def changed(path: list[Any], value: Any) -> dict[str, Any]:
    mapping = deepcopy(HW5)
    place: Any = mapping
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return mapping


FIRST = ["layers", 0, "neurons", 0]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["inputs"], None, "inputs is missing"),
        (["inputs"], [], "at least one entry"),
        (["inputs"], "x1", "at least one entry"),
        (["inputs"], ["x1", 2], "must be names"),
        (["inputs"], ["x1", "x1"], "is used twice"),
        (["inputs"], ["h1", "x2"], "is used twice"),
        (["inputs"], ["x1", "x 2"], "must be a letter"),
        (["layers"], [], "at least one entry"),
        (["layers"], {"relu": 1}, "at least one entry"),
        (["layers", 0, "activation"], "rleu", "did you mean relu"),
        (["layers", 0, "activation"], "ReLU", "did you mean relu"),
        (["layers", 0, "activation"], ["relu"], "must be one of"),
        (["layers", 0, "activation"], "softmax", "belongs in the last layer"),
        (["layers", 0, "activation"], None, "activation is missing"),
        (["layers", 0, "neurons"], [], r"layers\[1\].neurons"),
        (["layers", 0, "size"], 3, "knows only activation, neurons"),
        ([*FIRST, "gains"], [1], "one gain for each of x1, x2, and holds 1"),
        ([*FIRST, "gains"], [1, 2, 3], "and holds 3"),
        ([*FIRST, "gains"], {"x3": 1}, "there is no x3 in the layer before.*did you mean x"),
        ([*FIRST, "gains"], {"h2": 1}, "there is no h2 in the layer before"),
        ([*FIRST, "gains"], [0.5, 1], "must be an exact number"),
        ([*FIRST, "gains"], [True, 1], "must be an exact number"),
        ([*FIRST, "gains"], ["1/0", 1], r"layers\[1\].neurons\[1\].gains\[1\]"),
        ([*FIRST, "bias"], None, "bias is missing"),
        ([*FIRST, "bias"], "x", r"layers\[1\].neurons\[1\].bias"),
        ([*FIRST, "name"], "h2", "is used twice"),
        ([*FIRST, "name"], 7, "must be a text"),
        ([*FIRST, "biass"], 1, "did you mean bias"),
        (FIRST, [1, 2], "must be a mapping"),
    ],
)
def test_a_wrong_file_is_explained(path: list[Any], value: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Network.of(changed(path, value))


@pytest.mark.parametrize("value", [None, 3, "inputs: [x1]", [HW5]])
def test_something_else_than_a_mapping_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="must be a mapping"):
        Network.of(value)


def test_a_network_built_by_hand_is_checked_too() -> None:
    one = Number.of(1)
    with pytest.raises(InputError, match="edges must come from x"):
        Network(("x",), (NeuronLayer("relu", (Neuron("y", (("z", one),), one),)),))
    with pytest.raises(InputError, match="at least one neuron"):
        Network(("x",), (NeuronLayer("relu", ()),))


def test_a_huge_network_is_refused_before_it_is_computed() -> None:
    neurons = [{"gains": [1] * 100, "bias": 0}] * 100
    with pytest.raises(InputError, match="at most 5000 weights"):
        Network.of({"inputs": [f"x{i}" for i in range(100)], "layers": [{"activation": "relu", "neurons": neurons}]})
