r"""The gradient of a small network in symbols: each entry a product of gains, derivatives of activations and values.

Neuron j has the pre-activation z_j and delta_j = dy/dz_j, or dl/dz_j for a loss l.  The entry of a gain is delta_j
times the source's value, the entry of a bias is delta_j, and the entry of a layer's output is the sum of delta_j w over
the edges that leave it.  A delta that is one product is written out; one that is a sum over several paths keeps its
name, and :func:`delta_expressions` says what it is.

The derivative of an activation is ``H(z1)`` for the ReLU, ``1/100 + 99/100*H(z1)`` for the leaky ReLU with slope 1/100,
``h1*(1 - h1)`` for the sigmoid, ``1 - h1^2`` for tanh, and ``y1*(1 - y1)`` or ``-y1*y2`` for the soft-max.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradus.errors import InputError
from gradus.exact.networks.backpropagation import chosen_output
from gradus.exact.networks.expressions import (
    MINUS_ONE,
    ONE_EXPRESSION,
    ZERO_EXPRESSION,
    Constant,
    Expression,
    Quotient,
    Square,
    Step,
    Symbol,
    named,
    negative,
    product,
    summed,
)
from gradus.exact.networks.losses import chosen_loss
from gradus.exact.networks.network import LossName, Network, NeuronLayer, Weight
from gradus.exact.numbers.number import ONE, ZERO

Products = tuple[tuple[Expression, ...], ...]


@dataclass(frozen=True)
class DeltaExpression:
    """delta_j = dy/dz_j of neuron number ``neuron``: its name, and what it is, a sum of products (empty: 0).

    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [3], "bias": 1}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden, last]})
    >>> [(delta.name.text, delta.value.text) for delta in delta_expressions(net)]
    [('delta1', 'w4*H(z1)'), ('delta2', '1')]
    """

    neuron: int
    name: Symbol
    products: Products

    @property
    def is_sum(self) -> bool:
        """Whether it is a sum over several paths to the output."""
        return len(self.products) > 1

    @property
    def value(self) -> Expression:
        """What it is, written out."""
        return summed(product(factors) for factors in self.products)

    @property
    def factors(self) -> tuple[Expression, ...]:
        """The factors under which the delta stands in other products: its own name when it is a sum."""
        return (self.name,) if self.is_sum else self.products[0] if self.products else (ZERO_EXPRESSION,)


@dataclass(frozen=True)
class Letters:
    """The letters of weights, sums, deltas, targets, and of the hinge loss's runner-up and margin.

    A letter that the network uses itself is doubled, so that no symbol has two meanings.

    >>> Letters.of(Network.of({"inputs": ["w1"], "layers": [{"activation": "relu", "neurons": [_NEURON]}]})).weight
    'ww'
    """

    weight: str
    sum: str
    delta: str
    target: str
    runner_up: str
    margin: str

    @staticmethod
    def of(network: Network) -> Letters:
        """The letters for a network."""
        names = [*network.inputs, *(neuron.name for neuron in network.neurons)]
        return Letters(*(_free(letter, names) for letter in ("w", "z", "delta", "t", "r", "m")))

    def delta_symbol(self, number: int) -> Symbol:
        """delta_j."""
        return named(f"{self.delta}{number}", r"\delta" if self.delta == "delta" else "")

    def targets(self, network: Network) -> tuple[Symbol, ...]:
        """t, or t1, t2, ... where there are several outputs."""
        return _one_an_output(self.target, network)

    def runners(self, network: Network) -> tuple[Symbol, ...]:
        """r1, r2, ..., one an output."""
        return _one_an_output(self.runner_up, network)


_NEURON = {"gains": [1], "bias": 0}


def delta_expressions(
    network: Network, output: str | None = None, *, loss: LossName | None = None
) -> tuple[DeltaExpression, ...]:
    r"""The deltas of all neurons, in the order of their numbers: of an output, or of a loss where one is named.

    Raises:
        InputError: as :func:`gradus.exact.networks.backpropagation.chosen_output`; an output and a loss are both named.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [3], "bias": 1}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden, last]})
    >>> [delta.value.latex for delta in delta_expressions(net, loss="squared")]
    ['\\left(y - t\\right)\\,w_4\\,H(z_1)', 'y - t']
    """
    letters, edges = Letters.of(network), _outgoing(network)
    numbers = {neuron.name: j for j, neuron in enumerate(network.neurons, start=1)}
    if loss is not None and output is not None:
        raise InputError("output", output, f"cannot be named together with the {loss} loss", "name one of the two")
    last = _output_deltas(network, output) if loss is None else _loss_deltas(network, chosen_loss(network, loss))
    deltas: dict[str, DeltaExpression] = {}
    for index in range(len(network.layers) - 1, -1, -1):
        layer = network.layers[index]
        for position, neuron in enumerate(layer.neurons):
            number = numbers[neuron.name]
            if index == len(network.layers) - 1:
                products = last[position]
            else:
                slope = activation_derivative(layer, neuron.name, letters.sum + str(number))
                paths = _paths(edges.get(neuron.name, ()), deltas, letters)
                products = tuple((*path, *slope) for path in paths)
            deltas[neuron.name] = DeltaExpression(number, letters.delta_symbol(number), products)
    return tuple(deltas[neuron.name] for neuron in network.neurons)


def gradient_expressions(
    network: Network,
    output: str | None = None,
    *,
    loss: LossName | None = None,
    with_respect_to: str | int = "weights",
) -> tuple[Expression, ...]:
    """The derivatives of an output, or of a loss, in symbols.

    Args:
        network: the network.
        output: the output meant, where there are several and no loss is named.
        loss: the loss whose derivatives are meant; its targets are t, or t1, t2, ...
        with_respect_to: ``"weights"``, in the order of their numbers; ``"inputs"``; or the number of a layer, whose
            outputs are meant.

    Raises:
        InputError: as :func:`delta_expressions`; there is no such layer.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [3], "bias": 1}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden, last]})
    >>> [entry.text for entry in gradient_expressions(net)]
    ['w4*H(z1)*x1', 'w4*H(z1)*x2', 'w4*H(z1)', 'h1', '1']
    >>> [entry.text for entry in gradient_expressions(net, with_respect_to="inputs")]
    ['w4*H(z1)*w1', 'w4*H(z1)*w2']
    """
    layer = layer_meant(network, with_respect_to)
    deltas = dict(zip((n.name for n in network.neurons), delta_expressions(network, output, loss=loss), strict=True))
    if layer is None:
        return tuple(
            product((*deltas[w.neuron].factors, *(() if w.source is None else (named(w.source),))))
            for w in network.numbered_weights
        )
    if layer == len(network.layers):
        return _unit_row(network, output) if loss is None else loss_row(network, loss)
    letters, edges = Letters.of(network), _outgoing(network)
    return tuple(
        summed(product(path) for path in _paths(edges.get(name, ()), deltas, letters))
        for name in network.sources(layer)
    )


def layer_meant(network: Network, with_respect_to: str | int) -> int | None:
    """The number of the layer whose outputs are meant, 0 for the inputs; None for the weights.

    Raises:
        InputError: it is neither ``weights`` nor ``inputs`` nor the number of a layer.

    >>> net = Network.of({"inputs": ["x1"], "layers": [{"activation": "relu", "neurons": [_NEURON]}]})
    >>> layer_meant(net, "weights"), layer_meant(net, "inputs"), layer_meant(net, 1)
    (None, 0, 1)
    """
    if with_respect_to == "weights":
        return None
    if with_respect_to == "inputs":
        return 0
    if (
        isinstance(with_respect_to, int)
        and not isinstance(with_respect_to, bool)
        and 0 <= with_respect_to <= len(network.layers)
    ):
        return with_respect_to
    rule = f"must be weights, inputs, or the number of a layer from 0 to {len(network.layers)}"
    raise InputError("with_respect_to", with_respect_to, rule, "write inputs, say")


def loss_row(network: Network, loss: LossName) -> tuple[Expression, ...]:
    """dl/dx^(K): the derivatives of a loss in the outputs.

    In the hinge loss of several outputs m is 1 + y_j - y_c, where c is the class of the target and y_j the largest
    output of another class, and r is one-hot for this j.

    Raises:
        InputError: as :func:`gradus.exact.networks.losses.chosen_loss`.

    >>> net = Network.of({"inputs": ["x1"], "layers": [{"activation": "identity", "neurons": [_NEURON]}]})
    >>> [loss_row(net, loss)[0].text for loss in ("squared", "hinge")]
    ['y - t', '-t*H(1 - t*y)']
    """
    chosen_loss(network, loss)
    letters = Letters.of(network)
    outputs, targets = [named(name) for name in network.outputs], letters.targets(network)
    if loss == "squared":
        return tuple(_difference(y, t) for y, t in zip(outputs, targets, strict=True))
    if loss == "hinge":
        if len(outputs) == 1:
            margin = summed([ONE_EXPRESSION, negative(product([targets[0], outputs[0]]))])
            return (product([MINUS_ONE, targets[0], Step(margin)]),)
        runners, active = letters.runners(network), Step(named(letters.margin))
        return tuple(product([active, _difference(r, t)]) for r, t in zip(runners, targets, strict=True))
    if network.layers[-1].activation == "sigmoid":
        y, t = outputs[0], targets[0]
        return (summed([negative(Quotient(t, y)), Quotient(_one_minus(t), _one_minus(y))]),)
    return tuple(negative(Quotient(t, y)) for y, t in zip(outputs, targets, strict=True))


def activation_derivative(layer: NeuronLayer, name: str, pre_activation: str) -> tuple[Expression, ...]:
    """The factors of dx/dz of one neuron; no factor for the identity, and none for the soft-max, which has no such.

    >>> net = Network.of({"inputs": ["x1"], "layers": [{"activation": "tanh", "neurons": [_NEURON]}]})
    >>> activation_derivative(net.layers[0], "y", "z1")[0].text
    '1 - y^2'
    """
    value, step = named(name), Step(named(pre_activation))
    if layer.activation == "relu":
        return (step,)
    if layer.activation == "leaky_relu":
        slope = layer.slope or ZERO
        return (summed([Constant(slope), product([Constant(ONE - slope), step])]),)
    if layer.activation == "sigmoid":
        return (value, _one_minus(value))
    if layer.activation == "tanh":
        return (summed([ONE_EXPRESSION, negative(Square(value))]),)
    return ()


def _output_deltas(network: Network, output: str | None) -> tuple[Products, ...]:
    """dy/dz of the last layer, one sum of products a neuron."""
    name = chosen_output(network, output)
    if network.layers[-1].activation == "softmax":
        return tuple((tuple(_softmax_entry(name, other)),) for other in network.outputs)
    return tuple(
        (_last_slope(network, other) or (ONE_EXPRESSION,),) if other == name else () for other in network.outputs
    )


def _loss_deltas(network: Network, loss: LossName) -> tuple[Products, ...]:
    """dl/dz of the last layer; cross-entropy after soft-max or sigmoid is y - t."""
    activation, outputs = network.layers[-1].activation, network.outputs
    targets = Letters.of(network).targets(network)
    if loss == "cross-entropy":
        return tuple(((_difference(named(y), t),),) for y, t in zip(outputs, targets, strict=True))
    row = loss_row(network, loss)
    if activation == "softmax":
        return tuple(
            tuple((entry, *_softmax_entry(y, other)) for y, entry in zip(outputs, row, strict=True))
            for other in outputs
        )
    return tuple(((entry, *_last_slope(network, y)),) for y, entry in zip(outputs, row, strict=True))


def _last_slope(network: Network, name: str) -> tuple[Expression, ...]:
    first = len(network.neurons) - len(network.outputs) + 1
    number = first + network.outputs.index(name)
    return activation_derivative(network.layers[-1], name, f"{Letters.of(network).sum}{number}")


def _softmax_entry(output: str, other: str) -> tuple[Expression, ...]:
    """The factors of dy_i/dz_j."""
    y = named(output)
    return (y, _one_minus(y)) if output == other else (MINUS_ONE, y, named(other))


def _unit_row(network: Network, output: str | None) -> tuple[Expression, ...]:
    name = chosen_output(network, output)
    return tuple(ONE_EXPRESSION if other == name else ZERO_EXPRESSION for other in network.outputs)


def _outgoing(network: Network) -> dict[str, list[Weight]]:
    """The weights of the edges that leave each input and neuron."""
    edges: dict[str, list[Weight]] = {}
    for weight in network.numbered_weights:
        if weight.source is not None:
            edges.setdefault(weight.source, []).append(weight)
    return edges


def _paths(edges: Sequence[Weight], deltas: Mapping[str, DeltaExpression], letters: Letters) -> Products:
    """delta_j w_jk for every edge from k to a neuron j that y depends on."""
    return tuple(
        (*deltas[weight.neuron].factors, named(f"{letters.weight}{weight.number}"))
        for weight in edges
        if deltas[weight.neuron].products
    )


def _one_an_output(letter: str, network: Network) -> tuple[Symbol, ...]:
    count = len(network.outputs)
    return tuple(named(f"{letter}{i}") for i in range(1, count + 1)) if count > 1 else (named(letter),)


def _difference(first: Expression, second: Expression) -> Expression:
    return summed([first, negative(second)])


def _one_minus(value: Expression) -> Expression:
    return _difference(ONE_EXPRESSION, value)


def _free(letter: str, names: Sequence[str]) -> str:
    """The letter, doubled until no name is this letter with a number."""
    while any(re.fullmatch(rf"{letter}[0-9]*", name) for name in names):
        letter += letter
    return letter
