"""The network file: reading, numbering, writing, and what is said about a file that is wrong."""

from __future__ import annotations

import json
from copy import deepcopy
from random import Random
from typing import Any

import pytest

from exact.random_networks import random_network
from gradus.errors import InputError, UnsupportedError
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.network import ACTIVATIONS, LOSSES, Network, Neuron, NeuronLayer
from gradus.exact.numbers.number import Number

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
        (["inputs"], ["x1", "x1"], r"inputs\[2\] = x1: the name x1 is used twice: inputs\[1\] has it"),
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
        (["layers", 0, "size"], 3, "knows only activation, neurons, slope"),
        ([*FIRST, "gains"], [1], "one gain for each of x1, x2, and holds 1"),
        ([*FIRST, "gains"], [1, 2, 3], "and holds 3"),
        ([*FIRST, "gains"], {"x3": 1}, "there is no x3 in the layer before.*did you mean x"),
        ([*FIRST, "gains"], {"h2": 1}, "there is no h2 in the layer before.*layer of h1 itself, could close a cycle"),
        ([*FIRST, "gains"], {"h1": 1}, "an edge from h1 to itself would close a cycle; edges come from the layer dir"),
        ([*FIRST, "gains"], {"y": 1}, "from y, in the later layer 2, could close a cycle"),
        (["layers", 1, "neurons", 0, "gains"], {"x1": 1}, "an edge from x1 would pass over layer 1"),
        (["layers", 1, "neurons", 0, "gains"], {7: 1}, "there is no 7 in the layer before"),
        (["loss"], "crossentropy", "loss = crossentropy.*did you mean cross-entropy"),
        (["loss"], 3, "loss = 3: must be one of squared"),
        (["layers", 0, "activation"], "leaky-relu", "did you mean leaky_relu"),
        (["layers", 0, "activation"], "logistic", "must be one of relu"),
        ([*FIRST, "gains"], [0.5, 1], "must be an exact number"),
        ([*FIRST, "gains"], [True, 1], "must be an exact number"),
        ([*FIRST, "gains"], ["1/0", 1], r"layers\[1\].neurons\[1\].gains\[1\]"),
        ([*FIRST, "bias"], None, "bias is missing"),
        ([*FIRST, "bias"], "x", r"layers\[1\].neurons\[1\].bias"),
        (
            [*FIRST, "name"],
            "h2",
            r"neurons\[2\].name = h2: the name h2 is used twice: layers\[1\].neurons\[1\].name has",
        ),
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
    neurons = [{"gains": [1] * 1000, "bias": 0}] * 100
    inputs = [f"x{i}" for i in range(1000)]
    with pytest.raises(UnsupportedError, match="100100 weights: must have at most 100000 weights"):
        Network.of({"inputs": inputs, "layers": [{"activation": "relu", "neurons": neurons}]})
    with pytest.raises(UnsupportedError, match=r"layers\[1\].neurons = 1001 entries: must have at most 1000"):
        Network.of({"inputs": ["x"], "layers": [{"activation": "relu", "neurons": (neurons * 11)[:1001]}]})
    with pytest.raises(UnsupportedError, match="layers = 101 entries: must have at most 100"):
        Network.of({"inputs": ["x"], "layers": [layer("relu", [{"gains": [1], "bias": 0}])] * 101})
    with pytest.raises(UnsupportedError, match="101 neurons in a soft-max layer"):
        Network.of({"inputs": ["x"], "layers": [layer("softmax", [{"gains": [1], "bias": 0}] * 101)]})


def test_a_network_for_images_is_accepted() -> None:
    rng = Random(3)
    sizes = (784, 64, 10)
    layers = [
        layer(activation, [{"gains": [f"0.{rng.randint(0, 999):03}" for _ in range(m)], "bias": "-0.125"}] * n)
        for m, n, activation in zip(sizes, sizes[1:], ("relu", "softmax"), strict=False)
    ]
    network = Network.of({"inputs": [f"x{i}" for i in range(784)], "layers": layers})
    assert network.weight_count == len(network.weights) == 50_890
    assert network.layers[0].neurons[0].gains[5][1] == Number.of(layers[0]["neurons"][0]["gains"][5])


def test_every_activation_and_loss_is_read_and_written() -> None:
    neuron = {"gains": [1], "bias": 0}
    for activation in ACTIVATIONS:
        for loss in LOSSES:
            mapping = {"inputs": ["x"], "layers": [layer(activation, [neuron])], "loss": loss}
            network = Network.of(mapping)
            assert (network.layers[0].activation, network.loss) == (activation, loss)
            assert Network.of(json.loads(json.dumps(network.as_mapping()))) == network
            assert Network.of(network.as_mapping() | {"loss": None}).loss is None


def test_the_slope_of_a_leaky_relu() -> None:
    neuron = {"gains": [1], "bias": 0}
    usual = Network.of({"inputs": ["x"], "layers": [layer("leaky_relu", [neuron])]})
    other = Network.of({"inputs": ["x"], "layers": [layer("leaky_relu", [neuron]) | {"slope": "0.2"}]})
    assert usual.layers[0].slope == Number.of("1/100") and other.layers[0].slope == Number.of("1/5")
    assert other.as_mapping()["layers"][0]["slope"] == "1/5"
    for wrong, message in ((1, "at least 0 and less than 1"), ("-1/2", "at least 0"), (0.1, "must be an exact number")):
        with pytest.raises(InputError, match=rf"layers\[1\].slope = .*{message}"):
            Network.of({"inputs": ["x"], "layers": [layer("leaky_relu", [neuron]) | {"slope": wrong}]})
    with pytest.raises(InputError, match=r"layers\[1\].slope = 1/5: belongs to leaky_relu only, .* is tanh"):
        Network.of({"inputs": ["x"], "layers": [layer("tanh", [neuron]) | {"slope": "1/5"}]})


def layer(activation: str, neurons: list[dict[str, Any]]) -> dict[str, Any]:
    return {"activation": activation, "neurons": neurons}


@pytest.mark.parametrize(
    "text", ["0.125", "-0.5", "-12", "007.50", "-3/4", "6/8", "10^2", "sqrt(2)/2", "1e3", "1/0", "½", "٣"]
)
def test_numbers_are_read_as_everywhere(text: str) -> None:
    mapping = {"inputs": ["x"], "layers": [layer("relu", [{"gains": [text], "bias": 0}])]}
    try:
        expected = Number.of(text)
    except InputError:
        with pytest.raises(InputError, match=r"layers\[1\].neurons\[1\].gains\[1\]"):
            Network.of(mapping)
    else:
        assert Network.of(mapping).weights[0] == expected
