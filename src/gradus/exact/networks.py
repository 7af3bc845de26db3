"""Small networks with explicit exact weights: the network file.

A network file is a mapping ``{inputs: [x1, x2], layers: [{activation, neurons: [{gains, bias}]}]}``.  ``gains`` is a
list, one gain for each output of the layer before, or a mapping ``{name: gain}`` that leaves out the edges that are
missing.  A gain of 0 is an edge all the same.  Neurons may carry a ``name``; without one the neurons of the only hidden
layer are ``h1``, ``h2``, ..., those of hidden layer k among several ``hk_1``, ``hk_2``, ..., and the outputs ``y``, or
``y1``, ``y2``, ... when there are several.

Weights are numbered from 1, neuron by neuron: a neuron's gains first, in the order of the layer before, its bias last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, cast

from gradus.errors import InputError, UnsupportedError, nearest
from gradus.exact.matrices import Matrix, Vector
from gradus.exact.numbers import ZERO, Number

Activation: TypeAlias = Literal["relu", "identity", "softmax"]

ACTIVATIONS: tuple[Activation, ...] = ("relu", "identity", "softmax")

MAX_WEIGHTS = 5_000
"""Most weights in one network; these networks are meant to be followed by hand."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)?")


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

    >>> NeuronLayer("relu", (Neuron("h1", (), ZERO), Neuron("h2", (), ZERO))).names
    ('h1', 'h2')
    """

    activation: Activation
    neurons: tuple[Neuron, ...]

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

    Raises:
        InputError: two names are equal, an edge starts outside the layer before, or a layer is empty.

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

    def __post_init__(self) -> None:
        if not self.inputs:
            raise InputError("inputs", list(self.inputs), "must name at least one input", "write [x1, x2]")
        if not self.layers:
            raise InputError("layers", [], "must hold at least one layer", "add a layer with its neurons")
        _check_names([*self.inputs, *(neuron.name for neuron in self.neurons)])
        for number, layer in enumerate(self.layers, start=1):
            _check_layer(layer, self.sources(number - 1), number, last=number == len(self.layers))
        if len(self.numbered_weights) > MAX_WEIGHTS:
            count = len(self.numbered_weights)
            raise UnsupportedError(
                "network", f"{count} weights", f"must have at most {MAX_WEIGHTS} weights", "give fewer"
            )

    @staticmethod
    def of(value: object) -> Network:
        """The network that a mapping, as read from a network file, describes.

        Raises:
            InputError: it breaks the format; the argument says where, the rule and the remedy how to mend it.

        >>> Network.of({"inputs": ["x"], "layers": []})
        Traceback (most recent call last):
        gradus.errors.InputError: layers = []: must be a list with at least one entry; write [...]
        """
        if isinstance(value, Network):
            return value
        fields = _fields(value, "network", ("inputs", "layers"))
        layers: list[NeuronLayer] = []
        names = _input_names(fields["inputs"])
        sources, tables = names, _items(fields["layers"], "layers")
        for number, table in enumerate(tables, start=1):
            layers.append(_layer(table, sources, number, len(tables)))
            sources = layers[-1].names
        return Network(names, tuple(layers))

    def as_mapping(self) -> dict[str, Any]:
        """The network file: ``Network.of(net.as_mapping()) == net``; integers as such, other numbers as text.

        >>> hidden = {"activation": "relu", "neurons": [{"gains": {"x2": "1/2"}, "bias": 1}]}
        >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden]})
        >>> net.as_mapping()["layers"]
        [{'activation': 'relu', 'neurons': [{'gains': {'x2': '1/2'}, 'bias': 1}]}]
        """
        layers = []
        for number, layer in enumerate(self.layers, start=1):
            defaults = _default_names(number, len(self.layers), len(layer.neurons))
            neurons = [
                _neuron_mapping(neuron, self.sources(number - 1), default)
                for neuron, default in zip(layer.neurons, defaults, strict=True)
            ]
            layers.append({"activation": layer.activation, "neurons": neurons})
        return {"inputs": list(self.inputs), "layers": layers}

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
        count = len(self.numbered_weights)
        if len(weights) != count:
            raise InputError(
                "weights", weights.text, f"must be {count} numbers, one for each weight", "count the biases too"
            )
        values = iter(weights)
        layers = tuple(
            replace(layer, neurons=tuple(_reweighted(n, values) for n in layer.neurons)) for layer in self.layers
        )
        return replace(self, layers=layers)

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
            for source in self.sources(number)
            if source not in dict(neuron.gains)
        )

    @property
    def is_fully_connected(self) -> bool:
        """Whether every neuron has an edge from every output of the layer before; a gain of 0 is an edge."""
        return not self.missing_edges


def _neuron_mapping(neuron: Neuron, sources: tuple[str, ...], default: str) -> dict[str, Any]:
    full = len(neuron.gains) == len(sources)
    gains = [_plain(g) for _, g in neuron.gains] if full else {source: _plain(g) for source, g in neuron.gains}
    name = {} if neuron.name == default else {"name": neuron.name}
    return name | {"gains": gains, "bias": _plain(neuron.bias)}


def _plain(value: Number) -> int | str:
    """An integer as such, any other number as text in the plain grammar."""
    return int(value.text) if value.text.lstrip("-").isdigit() else value.text


def _reweighted(neuron: Neuron, values: Iterator[Number]) -> Neuron:
    gains = tuple((source, next(values)) for source, _ in neuron.gains)
    return replace(neuron, gains=gains, bias=next(values))


def _layer(value: object, sources: tuple[str, ...], number: int, count: int) -> NeuronLayer:
    place = f"layers[{number}]"
    fields = _fields(value, place, ("activation", "neurons"))
    tables = _items(fields["neurons"], f"{place}.neurons")
    names = _default_names(number, count, len(tables))
    neurons = tuple(
        _neuron(table, sources, name, f"{place}.neurons[{index}]")
        for index, (table, name) in enumerate(zip(tables, names, strict=True), start=1)
    )
    return NeuronLayer(_activation(fields["activation"], f"{place}.activation"), neurons)


def _neuron(value: object, sources: tuple[str, ...], default: str, place: str) -> Neuron:
    fields = _fields(value, place, ("gains", "bias"), optional=("name",))
    name = fields.get("name", default)
    if not isinstance(name, str):
        raise InputError(f"{place}.name", name, "must be a text", "write a letter and a number, h1 say")
    return Neuron(name, _gains(fields["gains"], sources, f"{place}.gains"), _number(fields["bias"], f"{place}.bias"))


def _gains(value: object, sources: tuple[str, ...], place: str) -> tuple[tuple[str, Number], ...]:
    if isinstance(value, Mapping):
        for name in value:
            if name not in sources:
                rule = f"there is no {name} in the layer before, which puts out {', '.join(sources)}"
                raise InputError(place, name, rule, nearest(str(name), sources, "choose one of these"))
        return tuple((source, _number(value[source], f"{place}.{source}")) for source in sources if source in value)
    gains = _items(value, place)
    if len(gains) != len(sources):
        rule = f"must hold one gain for each of {', '.join(sources)}, and holds {len(gains)}"
        raise InputError(place, value, rule, "where edges are missing, write the gains by name: {h1: -1}")
    return tuple(
        (source, _number(gain, f"{place}[{index}]"))
        for index, (source, gain) in enumerate(zip(sources, gains, strict=True), start=1)
    )


def _activation(value: object, place: str) -> Activation:
    if value in ACTIVATIONS:
        return value
    remedy = nearest(str(value).lower(), ACTIVATIONS, "choose one of them")
    raise InputError(place, value, f"must be one of {', '.join(ACTIVATIONS)}", remedy)


def _number(value: object, place: str) -> Number:
    if isinstance(value, (bool, float)) or not isinstance(value, (int, str, Number)):
        raise InputError(place, value, "must be an exact number", "write it as text, '1/3' say")
    try:
        return Number.of(value)
    except InputError as error:
        raise type(error)(place, value, error.rule, error.remedy) from error


def _input_names(value: object) -> tuple[str, ...]:
    names = _items(value, "inputs")
    for name in names:
        if not isinstance(name, str):
            raise InputError("inputs", name, "must be names", "write [x1, x2]")
    return tuple(cast("Sequence[str]", names))


def _default_names(layer: int, layers: int, neurons: int) -> tuple[str, ...]:
    if layer == layers:
        return ("y",) if neurons == 1 else tuple(f"y{j}" for j in range(1, neurons + 1))
    prefix = "h" if layers == 2 else f"h{layer}_"
    return tuple(f"{prefix}{j}" for j in range(1, neurons + 1))


def _fields(value: object, place: str, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InputError(place, value, f"must be a mapping with {' and '.join(needed)}", f"write {needed[0]}: ...")
    for name in needed:
        if name not in value:
            raise InputError(place, dict(value), f"{name} is missing", f"add {name}: ...")
    for name in value:
        if name not in (*needed, *optional):
            known = (*needed, *optional)
            remedy = nearest(str(name).lower(), known, "leave it out")
            raise InputError(place, name, f"knows only {', '.join(known)}", remedy)
    return value


def _items(value: object, place: str) -> Sequence[object]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise InputError(place, value, "must be a list with at least one entry", "write [...]")
    return value


def _check_names(names: list[str]) -> None:
    for index, name in enumerate(names):
        if not _NAME.fullmatch(name):
            raise InputError("name", name, "must be a letter, then letters or digits, at most one _ between", "e.g. h1")
        if name in names[:index]:
            raise InputError("name", name, "is used twice", "give every input and neuron a name of its own")


def _check_layer(layer: NeuronLayer, sources: tuple[str, ...], number: int, last: bool) -> None:
    place = f"layers[{number}]"
    if not layer.neurons:
        raise InputError(f"{place}.neurons", [], "must hold at least one neuron", "add one, or leave the layer out")
    if layer.activation == "softmax" and not last:
        raise InputError(f"{place}.activation", "softmax", "belongs in the last layer only", "use relu or identity")
    for neuron in layer.neurons:
        given = [source for source, _ in neuron.gains]
        if given != [source for source in sources if source in given]:
            rule = f"edges must come from {', '.join(sources)}, each at most once and in that order"
            raise InputError(f"{place}, {neuron.name}", ", ".join(given), rule, "name them in that order, once each")
