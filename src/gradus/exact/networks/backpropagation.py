"""Forward values and exact gradients of a small network, by the recursion of back-propagation.

With x^(k) the output of layer k, w^(k) its weights and z^(k) its pre-activations, the row vector g of derivatives of
one output y goes backwards through the layers::

    dy/dw^(k)   = g^(k) dx^(k)/dw^(k)          g^(k-1) = g^(k) dx^(k)/dx^(k-1)

where dx^(k)/dz^(k) is the Jacobian of the layer's activation (:mod:`gradus.exact.networks.activations`).  H(0) = 0, and
a ReLU or leaky ReLU whose pre-activation is exactly 0 is reported as a kink.  For a loss l it starts from dl/dx^(K).
"""

from __future__ import annotations

from dataclasses import dataclass

from gradus.errors import InputError, UnsupportedError
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.networks.activations import activated, activation_jacobian, softmax_jacobian, step, transposed_product
from gradus.exact.networks.affine_maps import pre_activations, pulled_back
from gradus.exact.networks.losses import LossName, loss_gradient, loss_has_kink
from gradus.exact.networks.network import Network, NeuronLayer
from gradus.exact.numbers.number import ONE, ZERO, Number

__all__ = [
    "LOSS",
    "BackwardPass",
    "ForwardPass",
    "LayerPass",
    "backward",
    "chosen_output",
    "difference_quotients",
    "forward",
    "gradient",
    "loss_backward",
    "softmax_jacobian",
    "step",
]

LOSS = "loss"
"""What :attr:`BackwardPass.output` says where the recursion starts from a loss."""


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
    """The backward recursion for one output y, or for a loss in its place.

    Attributes:
        output: the name of y, or ``loss``.
        rows: dy/dx^(k) for k = 0, ..., K.
        deltas: dy/dz^(k) for k = 1, ..., K.
        gradient: dy/dw in all weights, in the order of their numbers.
        at_loss_kink: whether the loss itself has no derivative in the outputs there.

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
    at_loss_kink: bool = False

    @property
    def neuron_deltas(self) -> Vector:
        """dy/dz_j of all neurons, layer by layer."""
        return Vector(tuple(d for delta in self.deltas for d in delta))


def forward(network: Network, x: Vector) -> ForwardPass:
    """The values of all neurons for the input x.

    Raises:
        InputError: x has not one entry for each input.
        UnsupportedError: an argument of sigmoid, tanh or soft-max is beyond its limit, or a sign cannot be decided.

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
        z = pre_activations(network, number, value)
        value = activated(layer, z)
        passes.append(LayerPass(z, value, activation_jacobian(layer, z, value)))
        if layer.has_kinks:
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
    return _recursion(network, values, name, row)


def loss_backward(network: Network, values: ForwardPass, target: Vector, loss: LossName | None = None) -> BackwardPass:
    """The backward recursion from a loss, the network's own unless one is named, against a target, shape (outputs,).

    Raises:
        InputError: as :func:`gradus.exact.networks.losses.loss_value`.

    >>> layers = [{"activation": "sigmoid", "neurons": [{"gains": [1, -2], "bias": 0}]}]
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": layers, "loss": "cross-entropy"})
    >>> loss_backward(net, forward(net, Vector.of([3, 1])), Vector.of([0])).gradient.text
    '(3*sigmoid(1), sigmoid(1), sigmoid(1))'
    """
    row = loss_gradient(network, values.output, target, loss)
    return _recursion(network, values, LOSS, row, loss_has_kink(network, values.output, target, loss))


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

    In each single weight y is affine as long as no ReLU or leaky ReLU switches, so the quotient with a small enough
    step is exactly the derivative.  The step is halved until none has switched.

    Raises:
        InputError: a ReLU stands at a kink at x, where there is no derivative to compare with, or see :func:`forward`.
        UnsupportedError: a layer's activation is not piecewise affine.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [3], "bias": 1}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden, last]})
    >>> difference_quotients(net, Vector.of([3, 1])).text
    '(9, 3, 3, 1, 1)'
    """
    for layer in network.layers:
        if not layer.is_piecewise_affine:
            rule = "must be piecewise affine for exact differences"
            raise UnsupportedError("network", layer.activation, rule, "use relu, leaky_relu or identity")
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


def _recursion(network: Network, values: ForwardPass, name: str, row: Vector, kink: bool = False) -> BackwardPass:
    rows, deltas = [row], []
    for number in range(len(network.layers), 0, -1):
        layer = network.layers[number - 1]
        delta = transposed_product(layer, values.layers[number - 1].jacobian, rows[-1])
        deltas.append(delta)
        rows.append(pulled_back(network, number, delta))
    rows.reverse()
    deltas.reverse()
    entries = [
        entry
        for number, layer in enumerate(network.layers, start=1)
        for entry in _layer_gradient(network.sources(number - 1), layer, deltas[number - 1], values.before(number))
    ]
    return BackwardPass(name, tuple(rows), tuple(deltas), Vector(tuple(entries)), kink)


def _layer_gradient(sources: tuple[str, ...], layer: NeuronLayer, delta: Vector, before: Vector) -> list[Number]:
    values = dict(zip(sources, before, strict=True))
    entries: list[Number] = []
    for neuron, d in zip(layer.neurons, delta, strict=True):
        entries += [d * values[source] if d else ZERO for source, _ in neuron.gains]
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
    """The sign of each pre-activation that an activation has its kink at."""
    return tuple(
        z.sign()
        for layer, computed in zip(network.layers, values.layers, strict=True)
        if layer.has_kinks
        for z in computed.pre_activations
    )
