"""Left and right partial derivatives at kinks: where a ReLU's sum is exactly 0, or a hinge has no derivative.

For each weight the network is followed while that one weight moves by an infinitesimal amount up, or down: a sum that
is 0 passes a ReLU only when it rises, whatever it rises for, so that kinks behind kinks are followed too.  What comes
out is the one-sided derivative, since compositions of functions with one-sided derivatives that are Lipschitz
continuous obey the chain rule (Shapiro, 1990, Proposition 3.6).  It is positively homogeneous in the change of the
neuron's own sum, so that one pass up and one pass down serve all the weights of a neuron.
"""

from __future__ import annotations

from dataclasses import dataclass

from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.activations import directional
from gradus.exact.networks.backpropagation import ForwardPass, backward, chosen_output, forward, loss_backward
from gradus.exact.networks.losses import LossName, loss_has_kink, loss_slope
from gradus.exact.networks.network import Network, Weight
from gradus.exact.numbers.number import ONE, ZERO, Number


@dataclass(frozen=True)
class KinkDerivative:
    """The one-sided partial derivatives in one weight, and the entry of the gradient that H(0) = 0 gives.

    The derivative exists where ``left == right``; the convention's entry may be another number even then.

    >>> net = Network.of({"inputs": ["x"], "layers": [{"activation": "relu", "neurons": [{"gains": [3], "bias": 0}]}]})
    >>> [(kink.weight.number, kink.left.text, kink.right.text) for kink in kink_derivatives(net, Vector.of([0]))]
    [(2, '0', '1')]
    """

    weight: Weight
    left: Number
    right: Number
    convention: Number

    @property
    def is_differentiable(self) -> bool:
        """Whether the partial derivative exists."""
        return self.left == self.right


def kink_derivatives(
    network: Network,
    x: Vector,
    output: str | None = None,
    *,
    target: Vector | None = None,
    loss: LossName | None = None,
) -> tuple[KinkDerivative, ...]:
    """Every weight whose entry in the gradient is not simply its partial derivative, in the order of their numbers.

    The gradient is that of an output or, where a target of shape (outputs,) is given, of the loss.  Without a kink, or
    where a kink does not matter, there are none.

    Raises:
        InputError, UnsupportedError: as :func:`~gradus.exact.networks.backpropagation.forward` and
            :func:`~gradus.exact.networks.backpropagation.backward` or
            :func:`~gradus.exact.networks.backpropagation.loss_backward`.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [3], "bias": 1}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden, last]})
    >>> [(k.weight.number, k.left.text, k.right.text) for k in kink_derivatives(net, Vector.of([2, 1]))]
    [(1, '0', '6'), (2, '0', '3'), (3, '0', '3')]
    """
    values = forward(network, x)
    measure = _Measure(network, values, output, target, loss)
    if not values.kinks and not measure.has_kink:
        return ()
    if target is None:
        conventions = backward(network, values, output).gradient
    else:
        conventions = loss_backward(network, values, target, loss).gradient
    entries = zip(network.numbered_weights, _one_sided(network, values, measure), conventions, strict=True)
    return tuple(
        KinkDerivative(weight, left, right, convention)
        for weight, (left, right), convention in entries
        if left != right or left != convention
    )


@dataclass(frozen=True)
class _Measure:
    """What the derivatives are of: an output, or a loss."""

    network: Network
    values: ForwardPass
    output: str | None
    target: Vector | None
    loss: LossName | None

    @property
    def has_kink(self) -> bool:
        """Whether the loss has one."""
        if self.target is None:
            return False
        return loss_has_kink(self.network, self.values.output, self.target, self.loss)

    def slope(self, direction: Vector) -> Number:
        """How fast it grows when the outputs move in a direction."""
        if self.target is None:
            return direction[self.network.outputs.index(chosen_output(self.network, self.output))]
        return loss_slope(self.network, self.values.output, self.target, direction, self.loss)


def _one_sided(network: Network, values: ForwardPass, measure: _Measure) -> list[tuple[Number, Number]]:
    """(left, right) for every weight: where v comes along the edge, a change d of the gain changes the sum by v d."""
    pairs = []
    for number, layer in enumerate(network.layers, start=1):
        received = dict(zip(network.sources(number - 1), values.before(number), strict=True))
        for index, neuron in enumerate(layer.neurons):
            up = _growth(network, values, measure, number, index, ONE)
            down = -_growth(network, values, measure, number, index, -ONE)
            for value in [*(received[source] for source, _ in neuron.gains), ONE]:
                falls = value.sign() < 0
                pairs.append((value * (up if falls else down), value * (down if falls else up)))
    return pairs


def _growth(
    network: Network, values: ForwardPass, measure: _Measure, number: int, index: int, change: Number
) -> Number:
    """How fast the measure grows when the sum of one neuron of a layer changes at that rate."""
    count = len(network.layers[number - 1].neurons)
    dz = Vector(tuple(change if i == index else ZERO for i in range(count)))
    dx = _through(network, values, number, dz)
    for k in range(number + 1, len(network.layers) + 1):
        dx = _through(network, values, k, _pushed(network, k, dx))
    return measure.slope(dx)


def _through(network: Network, values: ForwardPass, number: int, dz: Vector) -> Vector:
    """How the outputs of a layer change with its sums."""
    computed = values.layers[number - 1]
    return directional(network.layers[number - 1], computed.pre_activations, computed.jacobian, dz)


def _pushed(network: Network, number: int, dx: Vector) -> Vector:
    """W dx: how the sums of a layer change with what it receives."""
    changes = dict(zip(network.sources(number - 1), dx, strict=True))
    return Vector(
        tuple(
            sum((gain * changes[source] for source, gain in neuron.gains if changes[source]), ZERO)
            for neuron in network.layers[number - 1].neurons
        )
    )
