"""Units that start as copies of each other and stay so: the coarsest partition that training respects.

Two neurons of a hidden layer stay copies if their biases are equal, their gains from every class of sources are the
same ones, and so are the gains to every class of targets.  Then they compute the same value and receive the same
derivative, so that corresponding weights change alike, by gradient descent, momentum or Adam, with or without weight
decay. All of it is about exact arithmetic: rounding may tell copies apart, by rounding only, but for a ReLU exactly
at its kink.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gradus.exact.learnability.form import Form
from gradus.exact.learnability.initialisation import Initialisation
from gradus.exact.networks.network import Network
from gradus.exact.numbers.number import ZERO


@dataclass(frozen=True)
class Copies:
    """Units of one layer that start as copies of each other.

    Attributes:
        stage: number of the layer, among those with weights.
        layer: its name; empty for a layer of a network file.
        units: the neurons' names; empty where they are counted only.
        count: how many they are.
        broken_by: what tells them apart during training; empty if they stay copies.
    """

    stage: int
    layer: str
    units: tuple[str, ...]
    count: int
    broken_by: str = ""


def network_copies(network: Network, start: Initialisation, biases: bool) -> tuple[Copies, ...]:
    """The classes of two or more neurons that stay copies.

    >>> layers = [{"activation": "relu", "neurons": [{"gains": [1], "bias": 0}] * 2},
    ...           {"activation": "identity", "neurons": [{"gains": [3, 3], "bias": 0}]}]
    >>> net = Network.of({"inputs": ["x"], "layers": layers})
    >>> [c.units for c in network_copies(net, Initialisation.of("given"), biases=True)]
    [('h1', 'h2')]
    """
    if start.gains.kind == "glorot":
        return ()
    gains, own = _keys(network, start, biases)
    classes = _partition(network, gains, own)
    found = []
    for k, layer in enumerate(network.layers[:-1], start=1):
        for label in dict.fromkeys(classes[name] for name in layer.names):
            units = tuple(name for name in layer.names if classes[name] == label)
            if len(units) > 1:
                found.append(Copies(k, "", units, len(units)))
    return tuple(found)


def architecture_copies(form: Form, start: Initialisation, frozen: frozenset[int]) -> tuple[Copies, ...]:
    """Layers whose units start as copies; dropout behind a layer tells them apart, unless all of it is frozen."""
    if start.gains.kind == "glorot":
        return ()
    found = []
    for stage, after in zip(form.stages, form.stages[1:], strict=False):
        (group,) = stage.groups
        if group.size == 1:
            continue
        own = {group.edges[0].parameter} | ({group.bias} if group.bias is not None else set())
        broken = "dropout" if after.dropouts and not own <= frozen else ""
        found.append(Copies(stage.number, stage.name, (), group.size, broken))
    return tuple(found)


_Gains = Mapping[str, Mapping[str, str]]


def _keys(network: Network, start: Initialisation, biases: bool) -> tuple[_Gains, dict[str, str]]:
    """The starting values as texts: gains by target and source, biases by neuron."""
    gain, bias = (None if s.kind == "given" else s.value.text for s in (start.gains, start.biases))
    gains = {n.name: {source: gain or value.text for source, value in n.gains} for n in network.neurons}
    own = {n.name: (bias or n.bias.text) if biases else ZERO.text for n in network.neurons}
    return gains, own


def _partition(network: Network, gains: _Gains, own: Mapping[str, str]) -> dict[str, int]:
    """The class of each unit: inputs and outputs alone, hidden neurons together until something tells them apart."""
    levels = [network.sources(k) for k in range(len(network.layers) + 1)]
    targets: dict[str, dict[str, str]] = {name: {} for level in levels for name in level}
    for name, row in gains.items():
        for source, value in row.items():
            targets[source][name] = value
    hidden = {name for level in levels[1:-1] for name in level}
    classes = {
        name: (-k if name in hidden else i + 1) for k, level in enumerate(levels) for i, name in enumerate(level)
    }
    alone = {name: i for i, name in enumerate(n for level in levels for n in level if n not in hidden)}
    classes = {name: alone.get(name, classes[name]) for name in classes}
    while True:
        signatures = {
            name: (classes[name], own[name], _seen(gains[name], classes), _seen(targets[name], classes))
            for level in levels[1:-1]
            for name in level
        }
        labels: dict[object, int] = {}
        refined = dict(classes)
        for name, signature in signatures.items():
            refined[name] = labels.setdefault(signature, len(alone) + len(labels))
        if len(labels) == len({classes[name] for name in hidden}):
            return refined
        classes = refined


def _seen(edges: Mapping[str, str], classes: Mapping[str, int]) -> tuple[tuple[int, str], ...]:
    return tuple(sorted((classes[name], value) for name, value in edges.items()))
