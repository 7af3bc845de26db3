"""Forward values and exact gradients of a small network, by the recursion of back-propagation.

With x^(k) the output of layer k, w^(k) its weights and z^(k) its pre-activations, the row vector g of derivatives of
one output y goes backwards through the layers::

    dy/dw^(k)   = g^(k) dx^(k)/dw^(k)          g^(k-1) = g^(k) dx^(k)/dx^(k-1)

where dx^(k)/dz^(k) is diag(H(z)) for the ReLU, the identity for a linear layer, and diag(p) - p p^T for the soft-max.
H(0) = 0, and a ReLU whose pre-activation is exactly 0 is reported as a kink.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from gradus.errors import InputError, UnsupportedError
from gradus.exact.matrices import Matrix, Vector
from gradus.exact.networks import Activation, Network, NeuronLayer
from gradus.exact.numbers import ONE, ZERO, Number

_NO_SOFTMAX = "leave the soft-max out: use identity in the last layer"


@dataclass(frozen=True)
class LayerPass:
    """What one layer computed: its pre-activations z, its outputs x, and the Jacobian dx/dz, all exact.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [3], "bias": 1}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden, last]})
    >>> forward(net, Vector.of([3, 1])).layers[0]
    LayerPass(pre_activations=Vector('(1)'), outputs=Vector('(1)'), jacobian=Matrix('1'))
    """

    pre_activations: Vector
    outputs: Vector
    jacobian: Matrix


@dataclass(frozen=True)
class ForwardPass:
    """A forward pass: the input, what each layer computed, and the names of the neurons that stand at a kink.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [3], "bias": 1}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden, last]})
    >>> values = forward(net, Vector.of([3, 1]))
    >>> values.output.text, values.pre_activations.text, values.before(2).text, values.kinks
    ('(4)', '(1, 4)', '(1)', ())
    >>> forward(net, Vector.of([2, 1])).kinks
    ('h1',)
    """

    input: Vector
    layers: tuple[LayerPass, ...]
    kinks: tuple[str, ...]

    @property
    def output(self) -> Vector:
        """The outputs of the network: those of its last layer."""
        return self.layers[-1].outputs

    @property
    def pre_activations(self) -> Vector:
        """z_1, z_2, ... of all neurons, layer by layer."""
        return Vector(tuple(z for layer in self.layers for z in layer.pre_activations))

    def before(self, layer: int) -> Vector:
        """What layer number ``layer`` receives."""
        return self.layers[layer - 2].outputs if layer > 1 else self.input


@dataclass(frozen=True)
class BackwardPass:
    """The backward recursion for one output y.

    Attributes:
        output: the name of y.
        rows: dy/dx^(k) for k = 0, ..., K.
        deltas: dy/dz^(k) for k = 1, ..., K.
        gradient: dy/dw in all weights, in the order of their numbers.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [3], "bias": 1}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden, last]})
    >>> back = backward(net, forward(net, Vector.of([3, 1])))
    >>> [row.text for row in back.rows], back.neuron_deltas.text
    (['(3, -6)', '(3)', '(1)'], '(3, 1)')
    """

    output: str
    rows: tuple[Vector, ...]
    deltas: tuple[Vector, ...]
    gradient: Vector

    @property
    def neuron_deltas(self) -> Vector:
        """dy/dz_j of all neurons, layer by layer."""
        return Vector(tuple(d for delta in self.deltas for d in delta))


def forward(network: Network, x: Vector) -> ForwardPass:
    """The values of all neurons for the input x.

    Raises:
        InputError: x has not one entry for each input.
        UnsupportedError: a soft-max of numbers that are not all equal, which is not a number that gradus can keep.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [3], "bias": 1}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden, last]})
    >>> forward(net, Vector.of([3, 1])).output.text
    '(4)'
    """
    if len(x) != len(network.inputs):
        rule = f"must have {len(network.inputs)} entries, one for each of {', '.join(network.inputs)}"
        raise InputError("input", x.text, rule, "give one number for each input of the network")
    passes: list[LayerPass] = []
    kinks: list[str] = []
    value = x
    for number, layer in enumerate(network.layers, start=1):
        z = network.gain_matrix(number) @ value + network.biases(number)
        value = _activated(layer.activation, z)
        passes.append(LayerPass(z, value, _activation_jacobian(layer.activation, z, value)))
        if layer.activation == "relu":
            kinks += [name for name, entry in zip(layer.names, z, strict=True) if not entry]
    return ForwardPass(x, tuple(passes), tuple(kinks))


def backward(network: Network, values: ForwardPass, output: str | None = None) -> BackwardPass:
    """The backward recursion from one output; ``output`` may be left out when there is only one.

    Raises:
        InputError: there is no output of that name, or it must be chosen among several.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [3], "bias": 1}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden, last]})
    >>> backward(net, forward(net, Vector.of([3, 1]))).gradient.text
    '(9, 3, 3, 1, 1)'
    """
    name = chosen_output(network, output)
    row = Vector(tuple(ONE if other == name else ZERO for other in network.outputs))
    rows, deltas = [row], []
    for number in range(len(network.layers), 0, -1):
        delta = values.layers[number - 1].jacobian.T @ row
        row = network.gain_matrix(number).T @ delta
        deltas.append(delta)
        rows.append(row)
    rows.reverse()
    deltas.reverse()
    gradient_entries = [
        entry
        for number, layer in enumerate(network.layers, start=1)
        for entry in _layer_gradient(network.sources(number - 1), layer, deltas[number - 1], values.before(number))
    ]
    return BackwardPass(name, tuple(rows), tuple(deltas), Vector(tuple(gradient_entries)))


def gradient(network: Network, x: Vector, output: str | None = None) -> Vector:
    """The gradient of one output in all weights, in the order of their numbers; H(0) = 0 at kinks.

    Raises:
        InputError, UnsupportedError: as :func:`forward` and :func:`backward`.

    >>> neurons = [{"gains": [1, -2], "bias": 0}, {"gains": [2, 1], "bias": 0}]
    >>> last = [{"gains": [-1, 1], "bias": 1}]
    >>> layers = [{"activation": "relu", "neurons": neurons}, {"activation": "relu", "neurons": last}]
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": layers})
    >>> gradient(net, Vector.of([0, 3])).text
    '(0, 0, 0, 0, 3, 1, 0, 3, 1)'
    """
    return backward(network, forward(network, x), output).gradient


def difference_quotients(network: Network, x: Vector, output: str | None = None) -> Vector:
    """The gradient by exact differences: y(w + step e_i) - y(w), divided by step, for every weight.

    In each single weight y is affine as long as no ReLU switches, so the quotient with a small enough step is exactly
    the derivative.  The step is halved until no ReLU has switched.

    Raises:
        InputError: a ReLU stands at a kink at x, where there is no derivative to compare with, or see :func:`forward`.
        UnsupportedError: the network ends in a soft-max, which is not piecewise affine.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [3], "bias": 1}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden, last]})
    >>> difference_quotients(net, Vector.of([3, 1])).text
    '(9, 3, 3, 1, 1)'
    """
    if network.layers[-1].activation == "softmax":
        raise UnsupportedError("network", "softmax", "must be piecewise affine for exact differences", _NO_SOFTMAX)
    values = forward(network, x)
    if values.kinks:
        rule = f"{', '.join(values.kinks)} stands at a kink of the ReLU there, so differences have no single limit"
        raise InputError("input", x.text, rule, "choose an input away from the kinks")
    index = network.outputs.index(chosen_output(network, output))
    return Vector(tuple(_quotient(network, x, values, index, i) for i in range(len(network.weights))))


def chosen_output(network: Network, output: str | None) -> str:
    """The output meant by a name, or by None where there is only one.

    Raises:
        InputError: there is none of that name, or there are several and none is named.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [3], "bias": 1}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden, last]})
    >>> chosen_output(net, None)
    'y'
    >>> chosen_output(net, "z")
    Traceback (most recent call last):
    gradus.errors.InputError: output = z: must be one of y; name one of them
    """
    if output is None and len(network.outputs) == 1:
        return network.outputs[0]
    if output not in network.outputs:
        raise InputError("output", output, f"must be one of {', '.join(network.outputs)}", "name one of them")
    return output


def softmax_jacobian(p: Vector) -> Matrix:
    """diag(p) - p p^T, the Jacobian of the soft-max where its value is p.

    >>> softmax_jacobian(Vector.of("1/2, 1/2")).text
    '1/4 -1/4; -1/4 1/4'
    """
    n = len(p)
    return Matrix(tuple(tuple((p[i] if i == j else ZERO) - p[i] * p[j] for j in range(n)) for i in range(n)))


def step(z: Number) -> Number:
    """The Heaviside step H with H(0) = 0.

    >>> [step(Number.of(z)).text for z in (-2, 0, 3)]
    ['0', '0', '1']
    """
    return ONE if z.sign() > 0 else ZERO


def _activated(activation: Activation, z: Vector) -> Vector:
    if activation == "relu":
        return Vector(tuple(entry * step(entry) for entry in z))
    if activation == "identity":
        return z
    if any(entry != z[0] for entry in z):
        rule = "is exact only where all its inputs are equal; other values are not sums of square roots"
        raise UnsupportedError("softmax", z.text, rule, _NO_SOFTMAX)
    return Vector((Number.of(Fraction(1, len(z))),) * len(z))


def _activation_jacobian(activation: Activation, z: Vector, value: Vector) -> Matrix:
    if activation == "softmax":
        return softmax_jacobian(value)
    diagonal = [step(entry) if activation == "relu" else ONE for entry in z]
    return Matrix(tuple(tuple(d if i == j else ZERO for j in range(len(z))) for i, d in enumerate(diagonal)))


def _layer_gradient(sources: tuple[str, ...], layer: NeuronLayer, delta: Vector, before: Vector) -> list[Number]:
    values = dict(zip(sources, before, strict=True))
    entries: list[Number] = []
    for neuron, d in zip(layer.neurons, delta, strict=True):
        entries += [d * values[source] for source, _ in neuron.gains]
        entries.append(d)
    return entries


def _quotient(network: Network, x: Vector, values: ForwardPass, output: int, weight: int) -> Number:
    pattern = _pattern(network, values)
    width = Number.of(1)
    while True:
        moved = Vector(tuple(w + width if i == weight else w for i, w in enumerate(network.weights)))
        after = forward(network.with_weights(moved), x)
        if _pattern(network, after) == pattern:
            return (after.output[output] - values.output[output]) / width
        width = width / 2


def _pattern(network: Network, values: ForwardPass) -> tuple[int, ...]:
    """The sign of each ReLU's pre-activation."""
    return tuple(
        z.sign()
        for layer, computed in zip(network.layers, values.layers, strict=True)
        if layer.activation == "relu"
        for z in computed.pre_activations
    )
