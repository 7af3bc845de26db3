"""What can be read off a small network: its layers and parameters, neurons dead for given inputs, equal neurons.

For all inputs in a box see :mod:`gradus.exact.networks.dead_neurons`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradus.errors import InputError
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import forward
from gradus.exact.networks.network import Network, Neuron
from gradus.exact.numbers.number import ZERO, Number


@dataclass(frozen=True)
class LayerStructure:
    """One layer: its number from 1, its neurons, its edges and its parameters.

    Attributes:
        neurons: how many neurons it has.
        edges: how many edges come in.
        possible_edges: how many there would be if it were fully connected.
        missing: pairs (source, neuron) without an edge; a gain of 0 is an edge.
    """

    number: int
    neurons: int
    edges: int
    possible_edges: int
    missing: tuple[tuple[str, str], ...]

    @property
    def is_fully_connected(self) -> bool:
        """Whether every neuron has an edge from every output of the layer before."""
        return not self.missing

    @property
    def parameters(self) -> int:
        """A gain for each edge and a bias for each neuron."""
        return self.edges + self.neurons


@dataclass(frozen=True)
class NetworkStructure:
    """The layers of a network, from the first to the last."""

    layers: tuple[LayerStructure, ...]

    @property
    def parameters(self) -> int:
        """The number of all weights."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def is_fully_connected(self) -> bool:
        """Whether every layer is."""
        return all(layer.is_fully_connected for layer in self.layers)


@dataclass(frozen=True)
class DeadNeuron:
    """A neuron with ReLU that puts out 0 for every given input; ``largest`` is the largest of its sums."""

    neuron: str
    largest: Number


@dataclass(frozen=True)
class EqualNeurons:
    """Neurons of one layer that put out the same value for every input, because their sums are the same function.

    Attributes:
        layer: the number of the layer, from 1.
        neurons: their names, at least two.
        are_copies: whether also their incoming gains, edge by edge, and their outgoing gains are equal.  Gradient
            descent on any loss then changes them alike, and they stay copies of each other.
    """

    layer: int
    neurons: tuple[str, ...]
    are_copies: bool


def network_structure(network: Network) -> NetworkStructure:
    """The layers, their missing edges and their parameters.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": {"x2": 1}, "bias": 0}, {"gains": [2, 1], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [-1, 1], "bias": 1}]}
    >>> found = network_structure(Network.of({"inputs": ["x1", "x2"], "layers": [hidden, last]}))
    >>> found.parameters, [layer.is_fully_connected for layer in found.layers], found.layers[0].missing
    (8, [False, True], (('x1', 'h1'),))
    """
    layers = []
    for number, layer in enumerate(network.layers, start=1):
        sources = network.sources(number - 1)
        present = [{source for source, _ in neuron.gains} for neuron in layer.neurons]
        missing = [
            (source, neuron.name)
            for neuron, known in zip(layer.neurons, present, strict=True)
            if len(known) < len(sources)
            for source in sources
            if source not in known
        ]
        edges = sum(map(len, present))
        layers.append(
            LayerStructure(number, len(layer.neurons), edges, len(sources) * len(layer.neurons), tuple(missing))
        )
    return NetworkStructure(tuple(layers))


def dead_neurons(network: Network, inputs: Sequence[Vector]) -> tuple[DeadNeuron, ...]:
    """The neurons with ReLU that put out 0 for every one of the given inputs.

    Only the ReLU can be dead: a leaky ReLU, sigmoid or tanh passes a derivative on everywhere.

    Raises:
        InputError: no input is given, or see :func:`gradus.exact.networks.backpropagation.forward`.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1], "bias": -5}, {"gains": [1], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [-1, 1], "bias": 1}]}
    >>> network = Network.of({"inputs": ["x"], "layers": [hidden, last]})
    >>> dead_neurons(network, [Vector.of([2]), Vector.of([5])])
    (DeadNeuron(neuron='h1', largest=Number('0')),)
    """
    if not inputs:
        raise InputError("inputs", [], "must hold at least one input", "give an input, or a box of inputs")
    passes = [forward(network, x) for x in inputs]
    found = []
    for index, layer in enumerate(network.layers):
        for position, name in enumerate(layer.names if layer.activation == "relu" else ()):
            sums = [values.layers[index].pre_activations[position] for values in passes]
            largest = sums[0]
            for z in sums[1:]:
                largest = z if z > largest else largest
            if largest.sign() <= 0:
                found.append(DeadNeuron(name, largest))
    return tuple(found)


def equal_neurons(network: Network) -> tuple[EqualNeurons, ...]:
    """Groups of neurons of one layer whose sums are the same function of the input, proved from their weights.

    Two sums are the same function when the biases are equal, and the gains from each group of equal neurons before
    add up to the same.  Other coincidences, such as two neurons that are dead on all inputs, are not looked for.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1], "bias": 2}] * 2 + [{"gains": [1], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [3, 1, 0], "bias": 0}, {"gains": [1, 3, 0], "bias": 0}]}
    >>> for group in equal_neurons(Network.of({"inputs": ["x"], "layers": [hidden, last]})):
    ...     print(group)
    EqualNeurons(layer=1, neurons=('h1', 'h2'), are_copies=False)
    EqualNeurons(layer=2, neurons=('y1', 'y2'), are_copies=False)
    """
    found = []
    representative = {name: name for name in network.inputs}
    for number, layer in enumerate(network.layers, start=1):
        groups: dict[object, list[Neuron]] = {}
        for neuron in layer.neurons:
            groups.setdefault(_function(neuron, representative), []).append(neuron)
        for group in groups.values():
            representative |= {neuron.name: group[0].name for neuron in group}
            if len(group) > 1:
                names = tuple(neuron.name for neuron in group)
                found.append(EqualNeurons(number, names, _are_copies(network, number, group)))
    return tuple(found)


def _function(neuron: Neuron, representative: dict[str, str]) -> object:
    """The bias, and the total gain from each group of equal sources; totals of 0 left out."""
    totals: dict[str, Number] = {}
    for source, gain in neuron.gains:
        name = representative[source]
        totals[name] = totals.get(name, ZERO) + gain
    return neuron.bias, frozenset((name, total) for name, total in totals.items() if total)


def _are_copies(network: Network, number: int, group: list[Neuron]) -> bool:
    """Equal edge by edge on both sides; outputs of the network have no copies, for their targets may differ."""
    if number == len(network.layers) or any(neuron.gains != group[0].gains for neuron in group):
        return False
    names = [neuron.name for neuron in group]
    return all(len({dict(after.gains).get(name) for name in names}) == 1 for after in network.layers[number].neurons)
