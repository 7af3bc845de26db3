"""The form of a network in which learnability is decided: stages of groups of units.

A group is one neuron of a :class:`~gradus.exact.networks.network.Network`, or all units of a layer of an
:class:`~gradus.exact.networks.layers.Architecture`, whose weights start alike.  A parameter is one weight of a network,
or one tensor of an architecture.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod, sqrt
from typing import Literal, TypeAlias

from gradus.errors import InputError
from gradus.exact.learnability.initialisation import Initialisation, TensorStart
from gradus.exact.learnability.ranges import Range
from gradus.exact.networks.layers import (
    Architecture,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    Shape,
    output_shapes,
    parameter_names,
)
from gradus.exact.networks.network import Network
from gradus.exact.numbers.number import Number

Role: TypeAlias = Literal["gains", "bias"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A weight, or a tensor of ``size`` weights that start alike.

    Attributes:
        name: ``w3``, or ``conv1.gains``.
        stage: the number of its layer among those with weights, from 1.
        role: gains or bias.
        neuron: the neuron, or the layer.
        source: where its edge starts; None for a bias.
        start: the values that it may start with.
        note: what sets a part of a tensor apart; empty for a whole one.
    """

    name: str
    stage: int
    role: Role
    neuron: str
    source: str | None
    size: int
    start: Range
    note: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge into a group: the group it starts at, its parameter, and how many terms of a sum it stands for."""

    source: int
    parameter: int
    terms: int = 1


@dataclass(frozen=True, slots=True)
class Group:
    """Units that are treated alike."""

    name: str
    size: int
    edges: tuple[Edge, ...]
    bias: int | None


@dataclass(frozen=True)
class Stage:
    """One layer with weights, and what its inputs went through before it.

    Attributes:
        number: from 1.
        name: ``conv1``, or empty for a network's layer.
        dropouts: rates of the dropouts before it.
        passes: other layers without weights before it, in words.
    """

    number: int
    name: str
    groups: tuple[Group, ...]
    activation: str
    slope: Number | None = None
    dropouts: tuple[Fraction, ...] = ()
    passes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """A network in stages.

    Attributes:
        inputs: names of the groups of inputs.
        softmax: whether the last stage's values go through a soft-max.
        outputs: how many outputs, or classes, there are.
    """

    inputs: tuple[str, ...]
    stages: tuple[Stage, ...]
    parameters: tuple[Parameter, ...]
    softmax: bool
    outputs: int


def network_form(network: Network, start: Initialisation, biases: bool) -> Form:
    """A network, neuron by neuron and weight by weight.

    >>> net = Network.of({"inputs": ["x"], "layers": [{"activation": "relu", "neurons": [{"gains": [2], "bias": 1}]}]})
    >>> [p.name for p in network_form(net, Initialisation.of("given"), biases=True).parameters]
    ['w1', 'w2']
    """
    parameters: list[Parameter] = []
    stages: list[Stage] = []
    number = 0
    for k, layer in enumerate(network.layers, start=1):
        positions = {name: index for index, name in enumerate(network.sources(k - 1))}
        limit = glorot_limit(1, len(positions), len(layer.neurons))
        groups = []
        for neuron in layer.neurons:
            edges = []
            for source, gain in neuron.gains:
                number += 1
                begins = _starts(start.gains, gain, limit)
                edges.append(Edge(positions[source], len(parameters)))
                parameters.append(Parameter(f"w{number}", k, "gains", neuron.name, source, 1, begins))
            number += 1
            bias = len(parameters) if biases else None
            if biases:
                begins = _starts(start.biases, neuron.bias, limit)
                parameters.append(Parameter(f"w{number}", k, "bias", neuron.name, None, 1, begins))
            groups.append(Group(neuron.name, 1, tuple(edges), bias))
        activation = "identity" if layer.activation == "softmax" else layer.activation
        stages.append(Stage(k, "", tuple(groups), activation, layer.slope))
    softmax = network.layers[-1].activation == "softmax"
    return Form(network.inputs, tuple(stages), tuple(parameters), softmax, len(network.outputs))


def architecture_form(
    architecture: Architecture, start: Initialisation, biases: bool, dropout: bool, relu_before_softmax: bool
) -> Form:
    """An architecture, tensor by tensor.

    Raises:
        InputError: it does not end in a soft-max, or has no weights to start.

    >>> one = Architecture((4,), (Dense(2, "softmax"),))
    >>> form = architecture_form(one, Initialisation.of("zeros"), True, True, False)
    >>> [(p.name, p.size) for p in form.parameters]
    [('dense1.gains', 8), ('dense1.bias', 2)]
    """
    _check_end(architecture, start)
    parameters: list[Parameter] = []
    stages: list[Stage] = []
    rates: list[Fraction] = []
    passes: list[str] = []
    before = architecture.input_shape
    after_shapes = output_shapes(architecture)
    for index, (layer, name) in enumerate(zip(architecture.layers, parameter_names(architecture), strict=True)):
        match layer:
            case Dropout():
                rates += [layer.rate] if dropout and layer.rate else []
            case MaxPool2D():
                passes.append("max-pooling")
            case Flatten():
                passes.append("flattening")
            case Conv2D() | Dense():
                used = _used(architecture, index, after_shapes[index])
                source = stages[-1].name if stages else "x"
                group = _layer_group(layer, name, source, before, used, len(stages) + 1, parameters, start, biases)
                last = layer.activation == "softmax"
                activation = "relu" if layer.activation == "relu" or (last and relu_before_softmax) else "identity"
                stages.append(Stage(len(stages) + 1, name, (group,), activation, None, tuple(rates), tuple(passes)))
                rates, passes = [], []
        before = after_shapes[index]
    return Form(("x",), tuple(stages), tuple(parameters), True, after_shapes[-1][0])


def glorot_limit(kernel: int, inputs: int, outputs: int) -> float:
    """Glorot-uniform gains lie between minus and plus this, sqrt(6 / (kernel (inputs + outputs))).

    >>> glorot_limit(9, 3, 3)
    0.3333333333333333
    """
    return sqrt(6 / (kernel * max(inputs + outputs, 1)))


def seen_taps(size: int, kernel: int, before: int, used: int) -> tuple[int, ...]:
    """The offsets of a kernel, along one axis, that meet the image at some output position that is used.

    >>> seen_taps(size=1, kernel=3, before=1, used=1)
    (1,)
    """
    return tuple(d for d in range(kernel) if any(0 <= o + d - before < size for o in range(used)))


def _layer_group(
    layer: Conv2D | Dense,
    name: str,
    source: str,
    before: Shape,
    used: Shape,
    stage: int,
    parameters: list[Parameter],
    start: Initialisation,
    biases: bool,
) -> Group:
    units = layer.filters if isinstance(layer, Conv2D) else layer.units
    kernel = layer.kernel if isinstance(layer, Conv2D) else (1, 1)
    seen = len(list(_seen(layer, before, used)))
    inputs = before[-1]
    begins = _starts(start.gains, None, glorot_limit(prod(kernel), inputs, units))
    edge = Edge(0, len(parameters), seen * inputs)
    parameters.append(Parameter(f"{name}.gains", stage, "gains", name, source, seen * inputs * units, begins))
    if seen < prod(kernel):
        size = (prod(kernel) - seen) * inputs * units
        parameters.append(Parameter(f"{name}.gains", stage, "gains", name, source, size, begins, "beyond the image"))
    bias = len(parameters) if biases else None
    if biases:
        parameters.append(Parameter(f"{name}.bias", stage, "bias", name, None, units, _starts(start.biases, None, 0)))
    return Group(name, units, (edge,), bias)


def _seen(layer: Conv2D | Dense, before: Shape, used: Shape) -> list[tuple[int, int]]:
    if not isinstance(layer, Conv2D):
        return [(0, 0)]
    offsets = [(k - 1) // 2 if layer.padding == "same" else 0 for k in layer.kernel]
    rows, columns = (seen_taps(before[i], layer.kernel[i], offsets[i], used[i]) for i in range(2))
    return [(i, j) for i in rows for j in columns]


def _used(architecture: Architecture, index: int, shape: Shape) -> Shape:
    """How much of a layer's output the next pooling does not cut off."""
    for layer in architecture.layers[index + 1 :]:
        if isinstance(layer, MaxPool2D):
            return (shape[0] // layer.size * layer.size, shape[1] // layer.size * layer.size, shape[2])
        if not isinstance(layer, Dropout):
            break
    return shape


def _starts(start: TensorStart, given: Number | None, limit: float) -> Range:
    if start.kind == "glorot":
        return Range(-limit, limit)
    return Range.around(given if start.kind == "given" and given is not None else start.value)


def _check_end(architecture: Architecture, start: Initialisation) -> None:
    weighted = [layer for layer in architecture.layers if isinstance(layer, Conv2D | Dense)]
    last = architecture.layers[-1] if architecture.layers else None
    if not isinstance(last, Dense) or [w for w in weighted if w.activation == "softmax"] != [last]:
        rule = "the last layer, and no other, must be Dense with soft-max"
        raise InputError("architecture", last, rule, "end it with Dense(classes, 'softmax')")
    if "given" in (start.gains.kind, start.biases.kind):
        rule = "there are no given weights: an architecture describes shapes only"
        raise InputError("initialisation", start.text, rule, "choose zeros, constant:C or glorot")
