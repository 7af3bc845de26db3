r"""Losses of a network's output x against a target t: value, derivatives, and one-sided derivatives at kinks.

- ``squared``: 1/2 \|x - t\|^2.
- ``cross-entropy``: -sum_i t_i log x_i behind a soft-max, t a probability vector; behind one sigmoid output y,
  -t log y - (1 - t) log(1 - y) with t in [0, 1].
- ``hinge``: for one output max(0, 1 - t y), t = 1 or -1; for several, with t one-hot for class c,
  max(0, 1 + max over j != c of y_j, - y_c) (Crammer and Singer, 2001).

A hinge has kinks: where its sum is exactly 0 the derivative 0 is taken, as H(0) = 0 says, and where several other
outputs are largest the first of them is taken.
"""

from __future__ import annotations

from gradus.errors import InputError
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.activations import logarithm
from gradus.exact.networks.network import LOSSES, LossName, Network, unknown
from gradus.exact.numbers.number import ONE, ZERO, Number

__all__ = ["LOSSES", "LossName", "chosen_loss", "loss_gradient", "loss_has_kink", "loss_slope", "loss_value"]


def chosen_loss(network: Network, loss: LossName | None = None) -> LossName:
    """The loss meant by a name, or by None where the network names one itself; checked against the last layer.

    Raises:
        InputError: there is no such loss, none is named, or the last layer does not suit it.

    >>> neurons = [{"gains": [1], "bias": 0}]
    >>> net = Network.of({"inputs": ["x"], "layers": [{"activation": "relu", "neurons": neurons}]})
    >>> chosen_loss(net, "hinge")
    'hinge'
    >>> chosen_loss(net, "cross-entropy")
    Traceback (most recent call last):
    gradus.errors.InputError: loss = cross-entropy: needs a soft-max or one sigmoid output, not relu; use squared
    """
    name = network.loss if loss is None else loss
    if name is None:
        raise InputError("loss", name, f"must be one of {', '.join(LOSSES)}", "name one, or write it into the network")
    if name not in LOSSES:
        raise unknown("loss", name, LOSSES)
    last = network.layers[-1]
    if name == "cross-entropy" and last.activation != "softmax" and not _is_binary(network):
        shown = last.activation if len(last.neurons) == 1 else f"{len(last.neurons)} outputs of {last.activation}"
        raise InputError("loss", name, f"needs a soft-max or one sigmoid output, not {shown}", "use squared")
    return name


def loss_value(network: Network, output: Vector, target: Vector, loss: LossName | None = None) -> Number:
    """The loss of the network's output, shape (outputs,), against the target of the same shape.

    Raises:
        InputError: as :func:`chosen_loss`, or the target is not one for this loss.

    >>> neurons = [{"gains": [1], "bias": 0}]
    >>> net = Network.of({"inputs": ["x"], "layers": [{"activation": "relu", "neurons": neurons}]})
    >>> loss_value(net, Vector.of([3]), Vector.of([1]), "squared").text
    '2'
    >>> loss_value(net, Vector.of(["1/2"]), Vector.of([1]), "hinge").text
    '1/2'
    """
    name = _checked(network, output, target, loss)
    if name == "squared":
        difference = output - target
        return difference.dot(difference) / 2
    if name == "hinge":
        return max(_hinge_sums(output, target)[0], ZERO)
    return sum((-t * logarithm(p) for p, t in _likelihoods(network, output, target)), ZERO)


def loss_gradient(network: Network, output: Vector, target: Vector, loss: LossName | None = None) -> Vector:
    """dl/dx of the loss in the network's outputs, shape (outputs,); at a kink of the hinge by the convention above.

    Raises:
        InputError: as :func:`loss_value`.

    >>> neurons = [{"gains": [1], "bias": 0}]
    >>> net = Network.of({"inputs": ["x"], "layers": [{"activation": "sigmoid", "neurons": neurons}]})
    >>> loss_gradient(net, Vector.of(["1/2"]), Vector.of([1]), "cross-entropy").text
    '(-2)'
    """
    name = _checked(network, output, target, loss)
    if name == "squared":
        return output - target
    if name == "hinge":
        value, rival = _hinge_sums(output, target)
        active = value.sign() > 0
        return Vector(tuple(-t if active else ZERO for t in target)) if rival is None else _rows(target, rival, active)
    if _is_binary(network):
        return Vector(
            (sum((-t / p * s for (p, t), s in zip(_binary(output, target), (1, -1), strict=True) if t), ZERO),)
        )
    return Vector(tuple(-t / p if t else ZERO for p, t in zip(output, target, strict=True)))


def loss_has_kink(network: Network, output: Vector, target: Vector, loss: LossName | None = None) -> bool:
    """Whether the loss has no derivative in the network's outputs there; only a hinge can.

    Raises:
        InputError: as :func:`loss_value`.

    >>> neurons = [{"gains": [1], "bias": 0}]
    >>> net = Network.of({"inputs": ["x"], "layers": [{"activation": "relu", "neurons": neurons}]})
    >>> loss_has_kink(net, Vector.of([1]), Vector.of([1]), "hinge")
    True
    """
    if _checked(network, output, target, loss) != "hinge":
        return False
    value, rival = _hinge_sums(output, target)
    if value.sign() <= 0:
        return not value
    return rival is not None and len(_rivals(output, target)) > 1


def loss_slope(
    network: Network, output: Vector, target: Vector, direction: Vector, loss: LossName | None = None
) -> Number:
    """The one-sided derivative of the loss when the outputs move in a direction, shape (outputs,); exact at kinks too.

    Raises:
        InputError: as :func:`loss_value`.

    >>> neurons = [{"gains": [1], "bias": 0}]
    >>> net = Network.of({"inputs": ["x"], "layers": [{"activation": "relu", "neurons": neurons}]})
    >>> [loss_slope(net, Vector.of([1]), Vector.of([1]), Vector.of([d]), "hinge").text for d in (-1, 1)]
    ['1', '0']
    """
    name = _checked(network, output, target, loss)
    if name != "hinge":
        return loss_gradient(network, output, target, name).dot(direction)
    value, rival = _hinge_sums(output, target)
    if value.sign() < 0:
        return ZERO
    if rival is None:
        slope = -target[0] * direction[0]
    else:
        slope = max(direction[j] for j in _rivals(output, target)) - direction[_class(target)]
    return slope if value else max(slope, ZERO)


def _checked(network: Network, output: Vector, target: Vector, loss: LossName | None) -> LossName:
    name = chosen_loss(network, loss)
    count = len(network.outputs)
    if len(target) != count:
        rule = f"must have {count} entries, one for each of {', '.join(network.outputs)}"
        raise InputError("target", target.text, rule, "give one number for each output")
    if len(output) != count:
        raise InputError("output", output.text, f"must have {count} entries", "give one number for each output")
    if name == "hinge":
        _check_labels(target)
    if name == "cross-entropy":
        _check_probabilities(target, _is_binary(network))
    return name


def _check_labels(target: Vector) -> None:
    if len(target) == 1 and target[0] not in (ONE, -ONE):
        raise InputError("target", target.text, "must be 1 or -1 for the hinge loss of one output", "write 1 or -1")
    if len(target) > 1 and sorted(target) != [ZERO] * (len(target) - 1) + [ONE]:
        rule = "must be one-hot for the hinge loss of several outputs"
        raise InputError("target", target.text, rule, "write 1 for the class and 0 for the others")


def _check_probabilities(target: Vector, binary: bool) -> None:
    if any(t.sign() < 0 for t in target) or (binary and target[0] > 1):
        raise InputError(
            "target", target.text, "must hold probabilities, at least 0 and at most 1", "write 0 or 1, say"
        )
    if not binary and sum(target, ZERO) != ONE:
        rule = "must be probabilities that add up to 1 for the cross-entropy"
        raise InputError("target", target.text, rule, "write 1 for the class and 0 for the others")


def _is_binary(network: Network) -> bool:
    return len(network.outputs) == 1 and network.layers[-1].activation == "sigmoid"


def _binary(output: Vector, target: Vector) -> tuple[tuple[Number, Number], ...]:
    return (output[0], target[0]), (1 - output[0], 1 - target[0])


def _likelihoods(network: Network, output: Vector, target: Vector) -> list[tuple[Number, Number]]:
    """Pairs (probability, target) with a target other than 0."""
    pairs = _binary(output, target) if _is_binary(network) else tuple(zip(output, target, strict=True))
    return [(p, t) for p, t in pairs if t]


def _class(target: Vector) -> int:
    return target.entries.index(ONE)


def _rivals(output: Vector, target: Vector) -> list[int]:
    """The largest outputs of other classes than the target's."""
    others = [j for j in range(len(output)) if j != _class(target)]
    largest = max(output[j] for j in others)
    return [j for j in others if output[j] == largest]


def _hinge_sums(output: Vector, target: Vector) -> tuple[Number, int | None]:
    """What the hinge cuts off at 0, and the rival class where there are several."""
    if len(output) == 1:
        return 1 - target[0] * output[0], None
    rival = _rivals(output, target)[0]
    return 1 + output[rival] - output[_class(target)], rival


def _rows(target: Vector, rival: int, active: bool) -> Vector:
    if not active:
        return Vector((ZERO,) * len(target))
    return Vector(tuple(ONE if j == rival else -t for j, t in enumerate(target)))
