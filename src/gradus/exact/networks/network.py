"""Small networks with explicit exact weights, and the rules that every network keeps.

Neurons stand in layers, and each takes its inputs from the layer directly before, over edges with a gain each; a gain
of 0 is an edge all the same.  :mod:`gradus.exact.networks.mapping` says how a network is written in a file.

Weights are numbered from 1, neuron by neuron: a neuron's gains first, in the order of the layer before, its bias last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from gradus.errors import InputError, nearest
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.networks.rules import (
    MAX_CLASSES,
    MAX_LAYERS,
    MAX_WEIGHTS,
    MAX_WIDTH,
    check_layer,
    check_names,
    check_sizes,
)
from gradus.exact.numbers.number import ONE, ZERO, Number

if TYPE_CHECKING:
    from gradus.exact.networks.affine_maps import IntegerLayer

__all__ = [
    "ACTIVATIONS",
    "LEAKY_SLOPE",
    "LOSSES",
    "MAX_CLASSES",
    "MAX_LAYERS",
    "MAX_WEIGHTS",
    "MAX_WIDTH",
    "Activation",
    "LossName",
    "Network",
    "Neuron",
    "NeuronLayer",
    "Weight",
    "unknown",
]

Activation: TypeAlias = Literal["relu", "leaky_relu", "identity", "sigmoid", "tanh", "softmax"]
LossName: TypeAlias = Literal["squared", "cross-entropy", "hinge"]

ACTIVATIONS: tuple[Activation, ...] = ("relu", "leaky_relu", "identity", "sigmoid", "tanh", "softmax")
LOSSES: tuple[LossName, ...] = ("squared", "cross-entropy", "hinge")

LEAKY_SLOPE = Number.of(Fraction(1, 100))
"""The slope of a leaky ReLU for negative z where none is given."""


@dataclass(frozen=True)
class Neuron:
    """A neuron: pairs (name of the source, gain) in the order of the layer before, and the bias.

    >>> Neuron("y", (("x", Number.of(2)),), ZERO).bias
    Number('0')
    """

    name: str
    gains: tuple[tuple[str, Number], ...]
    bias: Number


@dataclass(frozen=True)
class NeuronLayer:
    """Neurons that share an activation and take their inputs from the layer before.

    Attributes:
        slope: of a leaky ReLU for negative z, at least 0 and less than 1; of the other activations None.

    Raises:
        InputError: there is no such activation, or the slope is out of its range or belongs to another activation.

    >>> NeuronLayer("relu", (Neuron("h1", (), ZERO), Neuron("h2", (), ZERO))).names
    ('h1', 'h2')
    >>> NeuronLayer("leaky_relu", (Neuron("y", (), ZERO),)).slope
    Number('1/100')
    """

    activation: Activation
    neurons: tuple[Neuron, ...]
    slope: Number | None = None

    def __post_init__(self) -> None:
        if self.activation not in ACTIVATIONS:
            raise unknown("activation", self.activation, ACTIVATIONS)
        if self.activation == "leaky_relu":
            object.__setattr__(self, "slope", _checked_slope(self.slope))
        elif self.slope is not None:
            rule = f"belongs to leaky_relu only, and the activation is {self.activation}"
            raise InputError("slope", self.slope.text, rule, "leave it out, or use leaky_relu")

    @property
    def has_kinks(self) -> bool:
        """Whether its activation has no derivative at z = 0."""
        return self.activation in ("relu", "leaky_relu")

    @property
    def is_piecewise_affine(self) -> bool:
        """Whether its activation is affine on either side of 0."""
        return self.has_kinks or self.activation == "identity"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its neurons."""
        return tuple(neuron.name for neuron in self.neurons)


@dataclass(frozen=True)
class Weight:
    """One weight: its number from 1, its neuron, the source of its edge (None for the bias) and its value.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": {"x2": "1/2"}, "bias": 1}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden]})
    >>> net.numbered_weights[0]
    Weight(number=1, neuron='y', source='x2', value=Number('1/2'))
    """

    number: int
    neuron: str
    source: str | None
    value: Number


@dataclass(frozen=True)
class Network:
    """A feed-forward network whose layers take their inputs from the layer directly before.

    Attributes:
        loss: the loss that the network is trained with, where its file names one.

    Raises:
        InputError: two names are equal, an edge starts outside the layer before, a layer is empty, a soft-max is not
            in the last layer, or there is no such loss.
        UnsupportedError: more weights, layers or neurons than the limits of :mod:`gradus.exact.networks.rules`.

    >>> net = Network.of({
    ...     "inputs": ["x1", "x2"],
    ...     "layers": [
    ...         {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}, {"gains": [2, 1], "bias": 0}]},
    ...         {"activation": "relu", "neurons": [{"gains": {"h1": -1, "h2": 1}, "bias": 1}]},
    ...     ],
    ... })
    >>> net.weights.text, net.outputs, net.is_fully_connected
    ('(1, -2, 0, 2, 1, 0, -1, 1, 1)', ('y',), True)
    """

    inputs: tuple[str, ...]
    layers: tuple[NeuronLayer, ...]
    loss: LossName | None = None

    def __post_init__(self) -> None:
        if not self.inputs:
            raise InputError("inputs", list(self.inputs), "must name at least one input", "write [x1, x2]")
        if not self.layers:
            raise InputError("layers", [], "must hold at least one layer", "add a layer with its neurons")
        if self.loss is not None and self.loss not in LOSSES:
            raise unknown("loss", self.loss, LOSSES)
        check_sizes(self)
        check_names(self)
        for number, layer in enumerate(self.layers, start=1):
            check_layer(layer, self.sources(number - 1), number, last=number == len(self.layers))

    @staticmethod
    def of(value: object) -> Network:
        """The network that a mapping, as read from a network file, describes.

        Raises:
            InputError: it breaks the format; the argument says where, the rule and the remedy how to mend it.

        >>> Network.of({"inputs": ["x"], "layers": []})
        Traceback (most recent call last):
        gradus.errors.InputError: layers = []: must be a list with at least one entry; write [...]
        """
        from gradus.exact.networks.mapping import network_of

        return value if isinstance(value, Network) else network_of(value)

    def as_mapping(self) -> dict[str, Any]:
        """The network file: ``Network.of(net.as_mapping()) == net``; integers as such, other numbers as text.

        >>> hidden = {"activation": "relu", "neurons": [{"gains": {"x2": "1/2"}, "bias": 1}]}
        >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden]})
        >>> net.as_mapping()["layers"]
        [{'activation': 'relu', 'neurons': [{'gains': {'x2': '1/2'}, 'bias': 1}]}]
        """
        from gradus.exact.networks.mapping import mapping_of

        return mapping_of(self)

    def sources(self, layer: int) -> tuple[str, ...]:
        """The names of what layer number ``layer`` puts out; layer 0 are the inputs.

        >>> hidden = {"activation": "relu", "neurons": [{"gains": {"x2": "1/2"}, "bias": 1}]}
        >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden]})
        >>> net.sources(0), net.sources(1)
        (('x1', 'x2'), ('y',))
        """
        return self.layers[layer - 1].names if layer else self.inputs

    @property
    def neurons(self) -> tuple[Neuron, ...]:
        """All neurons, layer by layer; neuron number j has the pre-activation z_j."""
        return tuple(neuron for layer in self.layers for neuron in layer.neurons)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the neurons of the last layer."""
        return self.layers[-1].names

    @property
    def weight_count(self) -> int:
        """The number of weights, biases included."""
        return sum(len(neuron.gains) + 1 for neuron in self.neurons)

    @property
    def numbered_weights(self) -> tuple[Weight, ...]:
        """Every weight with its number: neuron by neuron, gains first, bias last."""
        return tuple(Weight(number, *rest) for number, rest in enumerate(self._weights(), start=1))

    @property
    def weights(self) -> Vector:
        """The values of all weights, in the order of their numbers."""
        return Vector(tuple(value for _, _, value in self._weights()))

    def _weights(self) -> Iterator[tuple[str, str | None, Number]]:
        for neuron in self.neurons:
            yield from ((neuron.name, source, gain) for source, gain in neuron.gains)
            yield neuron.name, None, neuron.bias

    def with_weights(self, weights: Vector) -> Network:
        """The same network with other weights, in the order of their numbers.

        Raises:
            InputError: there are more or fewer weights than the network has.

        >>> hidden = {"activation": "relu", "neurons": [{"gains": {"x2": "1/2"}, "bias": 1}]}
        >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden]})
        >>> net.with_weights(Vector.of([3, 4])).weights.text
        '(3, 4)'
        """
        count = self.weight_count
        if len(weights) != count:
            raise InputError(
                "weights", weights.text, f"must be {count} numbers, one for each weight", "count the biases too"
            )
        values = iter(weights)
        layers = tuple(
            replace(layer, neurons=tuple(_reweighted(n, values) for n in layer.neurons)) for layer in self.layers
        )
        return replace(self, layers=layers)

    @cached_property
    def integer_layers(self) -> tuple[IntegerLayer | None, ...]:
        """The weights of each layer as integers over one denominator, where they are rational."""
        from gradus.exact.networks.affine_maps import integer_layers

        return integer_layers(self)

    def gain_matrix(self, layer: int) -> Matrix:
        """The gains of layer number ``layer``, shape (its neurons, outputs of the layer before); 0 where no edge is.

        >>> hidden = {"activation": "relu", "neurons": [{"gains": {"x2": "1/2"}, "bias": 1}]}
        >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden]})
        >>> net.gain_matrix(1).text
        '0 1/2'
        """
        sources = self.sources(layer - 1)
        rows = [dict(neuron.gains) for neuron in self.layers[layer - 1].neurons]
        return Matrix(tuple(tuple(row.get(source, ZERO) for source in sources) for row in rows))

    def biases(self, layer: int) -> Vector:
        """The biases of layer number ``layer``, from 1.

        >>> hidden = {"activation": "relu", "neurons": [{"gains": {"x2": "1/2"}, "bias": 1}]}
        >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden]})
        >>> net.biases(1).text
        '(1)'
        """
        return Vector(tuple(neuron.bias for neuron in self.layers[layer - 1].neurons))

    @property
    def missing_edges(self) -> tuple[tuple[str, str], ...]:
        """Pairs (source, neuron) of adjacent layers without an edge between them.

        >>> hidden = {"activation": "relu", "neurons": [{"gains": {"x2": "1/2"}, "bias": 1}]}
        >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden]})
        >>> net.missing_edges
        (('x1', 'y'),)
        """
        return tuple(
            (source, neuron.name)
            for number, layer in enumerate(self.layers)
            for neuron in layer.neurons
            if len(neuron.gains) < len(self.sources(number))
            for source in self.sources(number)
            if source not in dict(neuron.gains)
        )

    @property
    def is_fully_connected(self) -> bool:
        """Whether every neuron has an edge from every output of the layer before; a gain of 0 is an edge."""
        return not self.missing_edges


def unknown(place: str, value: object, known: Sequence[str]) -> InputError:
    """The error for a name that is none of those known, with the nearest one.

    >>> print(unknown("loss", "hinged", LOSSES))
    loss = hinged: must be one of squared, cross-entropy, hinge; did you mean hinge?
    """
    written = str(value).lower()
    remedy = nearest(written, known, nearest(written.replace("-", "_"), known, "choose one of them"))
    return InputError(place, value, f"must be one of {', '.join(known)}", remedy)


def _checked_slope(slope: Number | None) -> Number:
    value = LEAKY_SLOPE if slope is None else slope
    if not ZERO <= value < ONE:
        raise InputError("slope", value.text, "must be at least 0 and less than 1", "write 1/100, say")
    return value


def _reweighted(neuron: Neuron, values: Iterator[Number]) -> Neuron:
    gains = tuple((source, next(values)) for source, _ in neuron.gains)
    return replace(neuron, gains=gains, bias=next(values))
