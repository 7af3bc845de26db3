"""The rules that every network keeps: its size, its names, and where edges may start."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradus.errors import InputError, UnsupportedError

if TYPE_CHECKING:
    from gradus.exact.networks.network import Network, NeuronLayer

MAX_WEIGHTS = 100_000
"""Most weights in one network; 784-64-10 has 50,890."""

MAX_LAYERS = 100
"""Most layers in one network."""

MAX_WIDTH = 1_000
"""Most neurons in one layer, whose Jacobian has a row and a column for each."""

MAX_CLASSES = 100
"""Most neurons in a soft-max layer, whose Jacobian is full."""

NAME_PATTERN = r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)?"
"""A name of an input or a neuron, as a regular expression."""

_NAME = re.compile(NAME_PATTERN)


def check_sizes(network: Network) -> None:
    """Raises UnsupportedError where the network is larger than the limits."""
    widest = max(len(layer.neurons) for layer in network.layers)
    classes = max((len(layer.neurons) for layer in network.layers if layer.activation == "softmax"), default=0)
    for count, limit, what in (
        (network.weight_count, MAX_WEIGHTS, "weights"),
        (len(network.layers), MAX_LAYERS, "layers"),
        (widest, MAX_WIDTH, "neurons in a layer"),
        (classes, MAX_CLASSES, "neurons in a soft-max layer"),
    ):
        if count > limit:
            raise UnsupportedError("network", f"{count} {what}", f"must have at most {limit} {what}", "give fewer")


def check_names(network: Network) -> None:
    """Raises InputError where a name is malformed or used twice."""
    named = [(f"inputs[{i}]", name) for i, name in enumerate(network.inputs, start=1)]
    for k, layer in enumerate(network.layers, start=1):
        named += [(f"layers[{k}].neurons[{j}].name", name) for j, name in enumerate(layer.names, start=1)]
    first: dict[str, str] = {}
    for place, name in named:
        if not _NAME.fullmatch(name):
            raise InputError(place, name, "must be a letter, then letters or digits, at most one _ between", "e.g. h1")
        if name in first:
            rule = f"the name {name} is used twice: {first[name]} has it, too"
            raise InputError(place, name, rule, "give every input and neuron a name of its own")
        first[name] = place


def check_layer(layer: NeuronLayer, sources: tuple[str, ...], number: int, last: bool) -> None:
    """Raises InputError where layer ``number`` is empty, or an edge does not come from ``sources``, in their order."""
    place = f"layers[{number}]"
    if not layer.neurons:
        raise InputError(f"{place}.neurons", [], "must hold at least one neuron", "add one, or leave the layer out")
    if layer.activation == "softmax" and not last:
        raise InputError(f"{place}.activation", "softmax", "belongs in the last layer only", "use relu or identity")
    positions = {source: i for i, source in enumerate(sources)}
    for neuron in layer.neurons:
        given = [positions.get(source, -1) for source, _ in neuron.gains]
        if any(b <= a for a, b in zip([-1, *given], given, strict=False)):
            shown = ", ".join(source for source, _ in neuron.gains)
            rule = f"edges must come from {', '.join(sources)}, each at most once and in that order"
            raise InputError(f"{place}, {neuron.name}", shown, rule, "name them in that order, once each")
