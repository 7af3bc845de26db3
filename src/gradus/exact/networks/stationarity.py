"""Is w a stationary point of w -> f(x, w), or of the loss, for given weights; and w = 0 for a whole class of networks?

For given weights the Jacobian is exact, by back-propagation, and kinks are followed on both sides.  A function is not
differentiable where a left and a right partial derivative differ.  Where all are 0, it has the derivative 0 if no ReLU
at its kink can both move and be felt: then the derivative in every direction is 0, and a Lipschitz continuous function
with a linear derivative along directions is differentiable.  A ReLU is felt if its bias has a non-zero derivative on
one side, and it moves if a value other than 0 comes along one of its edges, or a source with a gain other than 0 moves.

For w = 0 the network is a fully connected ReLU classifier with a soft-max at its end.  The last layer is linear before
its soft-max.  At w = 0 every class has the probability 1/C, and near w = 0 only the last layer acts to first order: its
input x^(K-1) is 0 behind a hidden layer and x without one, so that the Jacobian is J = diag(p) - p p^T, p = 1/C, in the
last biases, J x_i in the last gains of x_i without a hidden layer, and 0 else.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from gradus.errors import InputError
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.networks.backpropagation import (
    LOSS,
    ForwardPass,
    backward,
    forward,
    loss_backward,
    softmax_jacobian,
)
from gradus.exact.networks.kinks import kink_derivatives
from gradus.exact.networks.losses import LossName, loss_has_kink
from gradus.exact.networks.network import Network, Neuron, NeuronLayer, Weight
from gradus.exact.numbers.number import ZERO, Number


def uniform(classes: int) -> Vector:
    """The probabilities 1/C of all classes.

    Raises:
        InputError: there is no class.

    >>> uniform(3).text
    '(1/3, 1/3, 1/3)'
    """
    if classes < 1:
        raise InputError("classes", classes, "must be at least 1", "count the outputs of the soft-max")
    return Vector((Number.of(Fraction(1, classes)),) * classes)


def last_bias_jacobian(classes: int) -> Matrix:
    """The Jacobian of f in the last biases at w = 0: diag(p) - p p^T at p = 1/C, classes x classes.

    >>> last_bias_jacobian(3).text
    '2/9 -1/9 -1/9; -1/9 2/9 -1/9; -1/9 -1/9 2/9'
    """
    return softmax_jacobian(uniform(classes))


def is_stationary(hidden_layers: int, classes: int, biases: bool, input_zero: bool = False) -> bool:
    """Whether every derivative of w -> f(x, w) vanishes at w = 0.

    Args:
        hidden_layers: ReLU layers before the last, linear layer; 0 or more.
        classes: outputs of the soft-max; with a single class f is constant.
        biases: whether the neurons have biases.
        input_zero: whether x = 0.

    Raises:
        InputError: a negative number of layers, or no class.

    >>> is_stationary(2, 3, biases=False), is_stationary(2, 3, biases=True)
    (True, False)
    >>> is_stationary(0, 3, biases=False), is_stationary(0, 3, biases=False, input_zero=True)
    (False, True)
    """
    if hidden_layers < 0:
        raise InputError("hidden_layers", hidden_layers, "must be 0 or more", "count the ReLU layers before the last")
    if not last_bias_jacobian(classes):
        return True
    return not biases and (hidden_layers > 0 or input_zero)


def zero_network(sizes: tuple[int, ...]) -> Network:
    """The fully connected network of these layer sizes, inputs first, with all weights 0: ReLU layers, then soft-max.

    >>> zero_network((2, 3, 2)).weights.text
    '(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)'
    """
    names = [[f"x{i + 1}" for i in range(sizes[0])]]
    layers: list[NeuronLayer] = []
    for k, size in enumerate(sizes[1:], start=1):
        last = k == len(sizes) - 1
        names.append([f"y{j + 1}" if last else f"h{k}_{j + 1}" for j in range(size)])
        gains = [tuple((source, ZERO) for source in names[k - 1]) for _ in range(size)]
        neurons = tuple(Neuron(name, g, ZERO) for name, g in zip(names[k], gains, strict=True))
        layers.append(NeuronLayer("softmax" if last else "relu", neurons))
    return Network(tuple(names[0]), tuple(layers))


def output_jacobian(network: Network, x: Vector) -> Matrix:
    """All derivatives of the outputs in the weights, shape (outputs, weights), by back-propagation.

    >>> output_jacobian(zero_network((1, 2)), Vector.of([3])).text
    '3/4 1/4 -3/4 -1/4; -3/4 -1/4 3/4 1/4'
    """
    return _measured_jacobian(network, forward(network, x), None, None)


def nonzero_weights(network: Network, x: Vector, biases: bool) -> tuple[int, ...]:
    """Numbers of the weights in which some output has a non-zero derivative; without biases only gains count.

    >>> nonzero_weights(zero_network((1, 1, 2)), Vector.of([3]), biases=True)
    (4, 6)
    >>> nonzero_weights(zero_network((1, 1, 2)), Vector.of([3]), biases=False)
    ()
    """
    jacobian = output_jacobian(network, x)
    return tuple(
        weight.number
        for weight in network.numbered_weights
        if (biases or weight.source is not None) and jacobian.column(weight.number - 1)
    )


StationarityVerdict: TypeAlias = Literal["stationary", "not stationary", "not differentiable", "undecided"]
"""``not stationary``: some partial derivative exists and is not 0; ``undecided``: only ever without the biases."""


@dataclass(frozen=True)
class Witness:
    """A weight in which an output, or the loss, has these one-sided derivatives; both are equal away from kinks."""

    weight: Weight
    output: str
    left: Number
    right: Number


@dataclass(frozen=True)
class Stationarity:
    """What the derivatives of w -> f(x, w), or of the loss, say at given weights.

    Attributes:
        verdict: for the weights that count.
        witnesses: one-sided derivatives that are not both 0, in the weights that count: two-sided ones first.
        kinks: the neurons that stand at a kink.
        jacobian: (outputs, all weights), or (1, all weights) for the loss; with H(0) = 0 at kinks.
    """

    verdict: StationarityVerdict
    witnesses: tuple[Witness, ...]
    kinks: tuple[str, ...]
    jacobian: Matrix

    @property
    def witness(self) -> Witness | None:
        """The first weight that shows that the point is not stationary."""
        return self.witnesses[0] if self.witnesses else None

    @property
    def is_stationary(self) -> bool:
        """Whether it is differentiable with the derivative 0."""
        return self.verdict == "stationary"


def stationarity(
    network: Network,
    x: Vector,
    biases: bool = True,
    *,
    target: Vector | None = None,
    loss: LossName | None = None,
) -> Stationarity:
    """Whether the network's weights are a stationary point of w -> f(x, w), or of the loss where a target is given.

    Args:
        biases: whether the biases are weights too; otherwise they stay as they are.

    Raises:
        InputError, UnsupportedError: as :func:`~gradus.exact.networks.backpropagation.forward` and
            :func:`~gradus.exact.networks.backpropagation.loss_backward`.

    >>> net, x = zero_network((2, 2, 3)), Vector.of([2, -1])
    >>> stationarity(net, x, biases=False).verdict, stationarity(net, x).witness.left.text
    ('stationary', '2/9')
    >>> layer = {"activation": "relu", "neurons": [{"gains": [3], "bias": -3}]}
    >>> relu = Network.of({"inputs": ["x"], "layers": [layer]})
    >>> stationarity(relu, Vector.of([0])).verdict, stationarity(relu, Vector.of([1])).verdict
    ('stationary', 'not differentiable')
    """
    values = forward(network, x)
    found = _one_sided(network, values, target, loss)
    counted = [w for w in found if biases or w.weight.source is not None]
    witnesses = [w for w in counted if w.left or w.right]
    witnesses.sort(key=lambda w: w.left != w.right)
    jacobian = _measured_jacobian(network, values, target, loss)
    verdict = _verdict(network, values, found, witnesses, biases)
    if verdict == "stationary" and target is not None and loss_has_kink(network, values.output, target, loss):
        # beyond partial derivatives, a loss at its kink is known to rest only where the outputs rest
        verdict = "stationary" if stationarity(network, x, biases).is_stationary else "undecided"
    return Stationarity(verdict, tuple(witnesses), values.kinks, jacobian)


def _verdict(
    network: Network, values: ForwardPass, found: list[Witness], witnesses: list[Witness], biases: bool
) -> StationarityVerdict:
    if witnesses:
        return "not stationary" if witnesses[0].left == witnesses[0].right else "not differentiable"
    if biases:
        return "stationary"  # a ReLU that is felt shows in its own bias
    felt = {w.weight.neuron for w in found if w.weight.source is None and (w.left or w.right)}
    moving = _moving(network, values)
    return "undecided" if any(name in felt and name in moving for name in values.kinks) else "stationary"


def _moving(network: Network, values: ForwardPass) -> set[str]:
    """The neurons whose sums can change to first order when the gains do; perhaps more than these."""
    moving: set[str] = set()
    for number, layer in enumerate(network.layers, start=1):
        received = dict(zip(network.sources(number - 1), values.before(number), strict=True))
        for neuron in layer.neurons:
            if any(received[s] or (gain and s in moving) for s, gain in neuron.gains):
                moving.add(neuron.name)
    return moving


def _one_sided(network: Network, values: ForwardPass, target: Vector | None, loss: LossName | None) -> list[Witness]:
    """For every output, or the loss, and every weight the derivatives on both sides."""
    found = []
    for name in network.outputs if target is None else (LOSS,):
        output = None if target is not None else name
        if target is not None:
            gradient = loss_backward(network, values, target, loss).gradient
        else:
            gradient = backward(network, values, name).gradient
        kinks = {k.weight.number: k for k in kink_derivatives(network, values.input, output, target=target, loss=loss)}
        for weight, entry in zip(network.numbered_weights, gradient, strict=True):
            kink = kinks.get(weight.number)
            sides = (entry, entry) if kink is None else (kink.left, kink.right)
            found.append(Witness(weight, name, *sides))
    return found


def _measured_jacobian(network: Network, values: ForwardPass, target: Vector | None, loss: LossName | None) -> Matrix:
    if target is not None:
        return Matrix((loss_backward(network, values, target, loss).gradient.entries,))
    return Matrix(tuple(backward(network, values, name).gradient.entries for name in network.outputs))
