r"""The worked solution of a gradient: the forward pass with its numbers, then the recursion of back-propagation.

For k = K, ..., 1 a step shows the Jacobians dx^(k)/dw^(k) and dx^(k)/dx^(k-1), each with its shape, and the rows
that they lead to: dy/dw^(k) = dy/dx^(k) dx^(k)/dw^(k) and dy/dx^(k-1) = dy/dx^(k) dx^(k)/dx^(k-1), with a loss l in
the place of y where a target is given.  A matrix or row with more than :data:`MOST_COLUMNS` columns, or too wide for a
line, is shown by its shape and its first entries other than 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradus.exact.linear_algebra.equations import aligned
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import BackwardPass, ForwardPass, forward
from gradus.exact.networks.difference_checks import one_sided_check
from gradus.exact.networks.expressions import named
from gradus.exact.networks.forward_steps import equal, forward_steps, loss_step, shown
from gradus.exact.networks.gradient_entries import entries_step
from gradus.exact.networks.kinks import kink_derivatives
from gradus.exact.networks.measures import Measure
from gradus.exact.networks.network import LossName, Network
from gradus.exact.networks.recursion_steps import recursion_steps
from gradus.exact.steps import Step

MOST_KINKS = 12
"""Most weights whose one-sided derivatives are shown."""


def backpropagation_steps(
    network: Network,
    x: Vector,
    output: str | None = None,
    target: Vector | None = None,
    loss: LossName | None = None,
    with_respect_to: str | int = "weights",
) -> tuple[Step, ...]:
    """The whole worked solution: forward, the loss, kinks, the recursion, and the entries with their self-checks.

    Args:
        network: the network.
        x: its input.
        output: the output that is differentiated, where there are several and no target is given.
        target: one number an output; with it, a loss is differentiated.
        loss: the loss; the network's own if it is None.
        with_respect_to: ``"weights"``, ``"inputs"``, or the number of a layer.

    Raises:
        InputError: as :func:`gradus.exact.networks.backpropagation.forward`,
        :func:`gradus.exact.networks.losses.loss_value` and
            :func:`gradus.exact.networks.gradient_expressions.gradient_expressions`.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [3], "bias": 1}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden, last]})
    >>> for step in backpropagation_steps(net, Vector.of([3, 1])):
    ...     print(step.claim)
    The values of hidden layer 1.
    The values of the output layer.
    The Jacobians of layer 2.
    Back through layer 2.
    The Jacobians of layer 1.
    Back through layer 1.
    The entries, weight by weight.
    """
    values, measure = forward(network, x), Measure.of(network, output, target, loss)
    back = measure.backward(network, values)
    losses = () if measure.target is None else (loss_step(network, values.output, measure.target, measure.loss),)
    return (
        *forward_steps(network, values, slopes=True),
        *losses,
        *kink_steps(network, values, back, measure),
        *recursion_steps(network, values, back, measure, with_respect_to),
        entries_step(network, values, back, measure, with_respect_to),
    )


def kink_steps(network: Network, values: ForwardPass, back: BackwardPass, measure: Measure) -> tuple[Step, ...]:
    """One step where a sum is exactly 0, or the loss has a kink: what the convention H(0) = 0 stands for; else none.

    >>> layer = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [layer]})
    >>> values, measure = forward(net, Vector.of([2, 1])), Measure("y")
    >>> [step.claim for step in kink_steps(net, values, measure.backward(net, values), measure)]
    ['A kink: the sum of $y$ is exactly 0.']
    """
    if not values.kinks and not back.at_loss_kink:
        return ()
    names = [f"${named(name).latex}$" for name in values.kinks]
    sums = f"the sum{'s' if len(names) > 1 else ''} of {_joined(names)} {'are' if len(names) > 1 else 'is'} exactly 0"
    where = " and ".join([*([sums] if names else []), *(["the loss has no derivative"] if back.at_loss_kink else [])])
    found = kink_derivatives(network, values.input, measure.output, target=measure.target, loss=measure.loss)
    y = measure.latex
    rows = [
        rf"w_{{{kink.weight.number}}}\colon \quad & \frac{{\partial^- {y}}}{{\partial w_{{{kink.weight.number}}}}} "
        rf"{equal(kink.left)}, && \frac{{\partial^+ {y}}}{{\partial w_{{{kink.weight.number}}}}} {equal(kink.right)}, "
        rf"&& \text{{by the convention: }} {shown(kink.convention)}"
        for kink in found[:MOST_KINKS]
    ]
    if not found:
        reason = f"{_CONVENTION} Here every partial derivative of ${y}$ in a weight exists all the same."
        return (Step(f"A kink: {where}.", reason),)
    more = f" The first {MOST_KINKS} of {len(found)} weights are shown." if len(found) > MOST_KINKS else ""
    reason = f"{_CONVENTION} {_ONE_SIDED.format(y=y)}{more}"
    return (
        Step(f"A kink: {where}.", reason, after=aligned(rows), checks=one_sided_check(network, values, measure, found)),
    )


_CONVENTION = (
    "There the activation or the loss has a derivative from the left and one from the right, and the recursion "
    "takes the left one, $H(0) = 0$."
)
_ONE_SIDED = (
    "What it gives need not be a derivative of ${y}$: in the weights listed here, ${y}$ has these derivatives from the "
    "left ($-$) and from the right ($+$)."
)


def _joined(names: Sequence[str]) -> str:
    return " and ".join([*filter(None, [", ".join(names[:-1])]), *names[-1:]])
