"""Networks as mappings, as a network file holds them: reading, writing, and what is said where a file is wrong.

A network file is a mapping ``{inputs: [x1, x2], layers: [{activation, neurons: [{gains, bias}]}]}``.  ``gains`` is a
list, one gain for each output of the layer before, or a mapping ``{name: gain}`` that leaves out the edges that are
missing.  A layer of leaky ReLUs may have a ``slope``, the network a ``loss``.  Neurons may carry a ``name``; without
one the neurons of the only hidden layer are ``h1``, ``h2``, ..., those of hidden layer k among several ``hk_1``,
``hk_2``, ..., and the outputs ``y``, or ``y1``, ``y2``, ... when there are several.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, cast

from gradus.errors import InputError, UnsupportedError, nearest
from gradus.exact.networks.network import (
    ACTIVATIONS,
    LOSSES,
    MAX_LAYERS,
    MAX_WEIGHTS,
    MAX_WIDTH,
    Activation,
    LossName,
    Network,
    Neuron,
    NeuronLayer,
    unknown,
)
from gradus.exact.numbers.number import Number

_DECIMAL = re.compile(r"(-?[0-9]{1,15})(?:\.([0-9]{1,15})|/([1-9][0-9]{0,14}))?", re.ASCII)


@dataclass(frozen=True)
class _Sources:
    """Where edges of a layer may start: the names before it, and the layer of every name of the network."""

    names: tuple[str, ...]
    layers: Mapping[str, int]
    number: int


def network_of(value: object) -> Network:
    """The network that a mapping describes.

    Raises:
        InputError: it breaks the format; the argument says where, the rule and the remedy how to mend it.

    >>> neurons = [{"gains": ["1/2"], "bias": 0}]
    >>> layers = [{"activation": "sigmoid", "neurons": neurons}]
    >>> net = network_of({"inputs": ["x"], "layers": layers, "loss": "squared"})
    >>> net.loss, net.weights.text
    ('squared', '(1/2, 0)')
    """
    fields = _fields(value, "network", ("inputs", "layers"), optional=("loss",))
    inputs = _names(fields["inputs"])
    tables = _limited(_items(fields["layers"], "layers"), "layers", MAX_LAYERS)
    shapes = [_shape(table, k, len(tables)) for k, table in enumerate(tables, start=1)]
    levels = {name: k for k, names in enumerate([inputs, *(names for _, names in shapes)]) for name in reversed(names)}
    layers, before = [], inputs
    for k, (layer, names) in enumerate(shapes, start=1):
        layers.append(_layer(layer, names, _Sources(before, levels, k)))
        before = names
    return Network(inputs, tuple(layers), _loss(fields.get("loss")))


def mapping_of(network: Network) -> dict[str, Any]:
    """The mapping of a network: integers as such, other numbers as text; names only where they are not the usual ones.

    >>> neurons = [{"gains": {"x2": "1/2"}, "bias": 1}]
    >>> mapping = {"inputs": ["x1", "x2"], "layers": [{"activation": "tanh", "neurons": neurons}], "loss": "hinge"}
    >>> mapping_of(network_of(mapping)) == mapping
    True
    """
    layers = []
    for number, layer in enumerate(network.layers, start=1):
        defaults = _default_names(number, len(network.layers), len(layer.neurons))
        neurons = [
            _neuron_mapping(neuron, network.sources(number - 1), default)
            for neuron, default in zip(layer.neurons, defaults, strict=True)
        ]
        slope = {} if layer.slope is None else {"slope": _plain(layer.slope)}
        layers.append({"activation": layer.activation} | slope | {"neurons": neurons})
    loss = {} if network.loss is None else {"loss": network.loss}
    return {"inputs": list(network.inputs), "layers": layers} | loss


def _neuron_mapping(neuron: Neuron, sources: tuple[str, ...], default: str) -> dict[str, Any]:
    full = len(neuron.gains) == len(sources)
    gains = [_plain(g) for _, g in neuron.gains] if full else {source: _plain(g) for source, g in neuron.gains}
    name = {} if neuron.name == default else {"name": neuron.name}
    return name | {"gains": gains, "bias": _plain(neuron.bias)}


def _plain(value: Number) -> int | str:
    """An integer as such, any other number as text in the plain grammar."""
    text = value.text
    return int(text) if text.lstrip("-").isdigit() else text


def _shape(value: object, number: int, count: int) -> tuple[Mapping[str, object], tuple[str, ...]]:
    """A layer's fields, and the names of its neurons: they are read before any edge."""
    place = f"layers[{number}]"
    fields = _fields(value, place, ("activation", "neurons"), optional=("slope",))
    tables = _limited(_items(fields["neurons"], f"{place}.neurons"), f"{place}.neurons", MAX_WIDTH)
    names = []
    for index, (table, name) in enumerate(
        zip(tables, _default_names(number, count, len(tables)), strict=True), start=1
    ):
        given = _fields(table, f"{place}.neurons[{index}]", ("gains", "bias"), optional=("name",)).get("name", name)
        if not isinstance(given, str):
            rule = "must be a text"
            raise InputError(f"{place}.neurons[{index}].name", given, rule, "write a letter and a number, h1 say")
        names.append(given)
    return fields, tuple(names)


def _layer(fields: Mapping[str, object], names: tuple[str, ...], sources: _Sources) -> NeuronLayer:
    place = f"layers[{sources.number}]"
    activation = _activation(fields["activation"], f"{place}.activation")
    slope = _number(fields["slope"], f"{place}.slope") if "slope" in fields else None
    tables = cast("Sequence[Mapping[str, object]]", fields["neurons"])
    neurons = tuple(
        _neuron(table, name, sources, f"{place}.neurons[{index}]")
        for index, (table, name) in enumerate(zip(tables, names, strict=True), start=1)
    )
    try:
        return NeuronLayer(activation, neurons, slope)
    except InputError as error:
        raise type(error)(f"{place}.{error.argument}", error.value, error.rule, error.remedy) from error


def _neuron(fields: Mapping[str, object], name: str, sources: _Sources, place: str) -> Neuron:
    gains = _gains(fields["gains"], name, sources, f"{place}.gains")
    return Neuron(name, gains, _number(fields["bias"], f"{place}.bias"))


def _gains(value: object, neuron: str, sources: _Sources, place: str) -> tuple[tuple[str, Number], ...]:
    if isinstance(value, Mapping):
        for name in value:
            if name not in sources.names:
                raise _wrong_edge(name, neuron, sources, place)
        return tuple(
            (source, _number(value[source], f"{place}.{source}")) for source in sources.names if source in value
        )
    gains = _items(value, place)
    if len(gains) != len(sources.names):
        rule = f"must hold one gain for each of {_listed(sources.names)}, and holds {len(gains)}"
        raise InputError(place, value, rule, "where edges are missing, write the gains by name: {h1: -1}")
    return tuple(
        (source, _number(gain, f"{place}[{index}]"))
        for index, (source, gain) in enumerate(zip(sources.names, gains, strict=True), start=1)
    )


def _wrong_edge(name: object, neuron: str, sources: _Sources, place: str) -> InputError:
    rule = f"there is no {name} in the layer before, which puts out {_listed(sources.names)}"
    level = sources.layers.get(name, -1) if isinstance(name, str) else -1
    remedy = "edges come from the layer directly before"
    if name == neuron:
        rule += f"; an edge from {neuron} to itself would close a cycle"
    elif level == sources.number:
        rule += f"; an edge from {name}, in the layer of {neuron} itself, could close a cycle"
    elif level > sources.number:
        rule += f"; an edge from {name}, in the later layer {level}, could close a cycle"
    elif level >= 0:
        rule += f"; an edge from {name} would pass over layer {sources.number - 1}"
    else:
        remedy = nearest(str(name), sources.names, "choose one of these")
    return InputError(place, name, rule, remedy)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) <= 8 else f"{', '.join(names[:3])}, ..., {names[-1]}"


def _activation(value: object, place: str) -> Activation:
    if isinstance(value, str) and value in ACTIVATIONS:
        return value
    raise unknown(place, value, ACTIVATIONS)


def _loss(value: object) -> LossName | None:
    if value is None or (isinstance(value, str) and value in LOSSES):
        return value
    raise unknown("loss", value, LOSSES)


def _number(value: object, place: str) -> Number:
    if isinstance(value, (bool, float)) or not isinstance(value, (int, str, Number)):
        raise InputError(place, value, "must be an exact number", "write it as text, '1/3' say")
    # Networks of images hold tens of thousands of short decimals: they need no parser.
    if isinstance(value, str) and (plain := _DECIMAL.fullmatch(value)):
        whole, part, divisor = plain.groups(default="")
        return Number.of(Fraction(int(whole + part), int(divisor or 10 ** len(part))))
    try:
        return _read(value) if isinstance(value, str) else Number.of(value)
    except InputError as error:
        raise type(error)(place, value, error.rule, error.remedy) from error


@lru_cache(maxsize=1024)
def _read(text: str) -> Number:
    return Number.of(text)


def _names(value: object) -> tuple[str, ...]:
    names = _limited(_items(value, "inputs"), "inputs", MAX_WEIGHTS)
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


def _limited(values: Sequence[object], place: str, limit: int) -> Sequence[object]:
    if len(values) > limit:
        raise UnsupportedError(place, f"{len(values)} entries", f"must have at most {limit} entries", "give fewer")
    return values
