"""What is differentiated: an output of a network, or a loss of its outputs against a target."""

from __future__ import annotations

from dataclasses import dataclass

from gradus.errors import InputError
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import BackwardPass, ForwardPass, backward, chosen_output, loss_backward
from gradus.exact.networks.expressions import named
from gradus.exact.networks.losses import chosen_loss, loss_value
from gradus.exact.networks.network import LossName, Network
from gradus.exact.numbers.number import Number


@dataclass(frozen=True)
class Measure:
    """What is differentiated: an output, or a loss against a target.

    Attributes:
        output: the name of the output; None for a loss.
        target: the target of the loss, one number an output; None for an output.
        loss: which loss; None for an output.

    >>> Measure("y1", None, None).latex
    'y_1'
    """

    output: str | None
    target: Vector | None = None
    loss: LossName | None = None

    @staticmethod
    def of(
        network: Network, output: str | None = None, target: Vector | None = None, loss: LossName | None = None
    ) -> Measure:
        """The measure meant: a loss where a target is given, an output otherwise.

        Raises:
            InputError: an output and a target are both given, or a loss without a target; there is no such output or
                loss.

        >>> layer = {"activation": "tanh", "neurons": [{"gains": [1], "bias": 0}]}
        >>> net = Network.of({"inputs": ["x"], "layers": [layer]})
        >>> Measure.of(net).output, Measure.of(net, target=Vector.of([1]), loss="squared").latex
        ('y', '\\\\ell')
        """
        if target is None:
            if loss is not None:
                raise InputError("target", None, f"is missing, and the {loss} loss needs one", "give a target")
            return Measure(chosen_output(network, output))
        if output is not None:
            raise InputError("output", output, "cannot be named together with a target", "leave one of the two out")
        return Measure(None, target, chosen_loss(network, loss))

    @property
    def latex(self) -> str:
        """Its letter."""
        return r"\ell" if self.output is None else named(self.output).latex

    def value(self, network: Network, values: ForwardPass) -> Number:
        """Its value after a forward pass."""
        if self.target is None or self.output is not None:
            return values.output[network.outputs.index(chosen_output(network, self.output))]
        return loss_value(network, values.output, self.target, self.loss)

    def backward(self, network: Network, values: ForwardPass) -> BackwardPass:
        """Its backward pass."""
        if self.target is None:
            return backward(network, values, self.output)
        return loss_backward(network, values, self.target, self.loss)
