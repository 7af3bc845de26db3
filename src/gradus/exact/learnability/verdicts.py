"""What training can change, from an initialisation: which parameters are frozen for ever, and which may move.

A parameter is frozen if its gradient is zero for every input, every label and every state that training can reach,
from its start by gradient descent, with or without momentum, or by Adam.  This is proved by the fixed point of
:mod:`gradus.exact.learnability.states`, for real numbers and for single precision alike.  Of the others most get a
witness: a sample that moves them.  What has neither is undecided.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from gradus.errors import InputError
from gradus.exact.learnability.copies import Copies, architecture_copies, network_copies
from gradus.exact.learnability.form import Form, Parameter, architecture_form, network_form
from gradus.exact.learnability.initialisation import GIVEN, GLOROT, Initialisation
from gradus.exact.learnability.maps import TensorWitness, architecture_witnesses
from gradus.exact.learnability.ranges import REALS, UNIT
from gradus.exact.learnability.states import Cause, FixedPoint, causes, fixed_point
from gradus.exact.learnability.witnesses import Domain, Witness, drawn, network_witnesses
from gradus.exact.networks.layers import Architecture
from gradus.exact.networks.losses import chosen_loss
from gradus.exact.networks.network import LossName, Network

__all__ = ["Conditions", "Copies", "Domain", "Learnability", "Verdict", "Witness", "learnability"]

_DRAWS, _MANY = 8, 2_000
"""How many draws are tried, and up to how many weights more than one."""

Outcome: TypeAlias = Literal["frozen", "decays", "learns", "undecided"]
"""``decays``: moved by weight decay alone, for its gradient is always zero."""


Optimizer: TypeAlias = Literal["any", "gd", "momentum", "adam"]


@dataclass(frozen=True)
class Conditions:
    """What a verdict depends on.

    Attributes:
        start: how gains and biases start.
        biases: whether there are any.
        dropout: whether dropout is on while the network is trained.
        weight_decay: whether each step shrinks the weights, too (L2).
        optimizer: gradient descent (gd), momentum or adam; it matters beside weight decay only, where plain gradient
            descent, with learning rate times decay at most 1, changes no sign.
        inputs: where the inputs may lie.
        relu_before_softmax: whether the last layer of an architecture has a ReLU of its own, before its soft-max.
        loss: a network's loss; None where the network names one, or where its last layer suggests one.
    """

    start: Initialisation
    biases: bool = True
    dropout: bool = True
    weight_decay: bool = False
    optimizer: Optimizer = "any"
    inputs: Domain = "reals"
    relu_before_softmax: bool = False
    loss: LossName | None = None


@dataclass(frozen=True)
class Verdict:
    """What training can do to one weight, or to the weights of one tensor.

    Attributes:
        parameter: the weight or tensor.
        outcome: the verdict.
        cause: why the gradient is zero, where it is.
        witness: what moves it, where it learns.
    """

    parameter: Parameter
    outcome: Outcome
    cause: Cause | None = None
    witness: Witness | TensorWitness | None = None


@dataclass(frozen=True)
class Learnability:
    """What training can change in a network.

    Attributes:
        subject: the network; one with explicit weights holds those it starts from.
        conditions: what the verdicts depend on; start and loss filled in.
        form: the network in stages.
        fixed_point: the interpretation, from the start to its fixed point.
        verdicts: one a parameter, in their order.
        copies: units that start as copies of each other.
    """

    subject: Architecture | Network
    conditions: Conditions
    form: Form
    fixed_point: FixedPoint
    verdicts: tuple[Verdict, ...]
    copies: tuple[Copies, ...]

    def having(self, *outcomes: Outcome) -> tuple[Verdict, ...]:
        """The verdicts with these outcomes."""
        return tuple(v for v in self.verdicts if v.outcome in outcomes)

    def count(self, outcome: Outcome) -> int:
        """How many weights have this outcome."""
        return sum(v.parameter.size for v in self.having(outcome))

    @property
    def sees_input(self) -> bool:
        """Whether the output may come to depend on the input at all."""
        return any(self.fixed_point.last.passes[-1].depends)


def learnability(subject: Architecture | Network, conditions: Conditions | None = None) -> Learnability:
    """Decide what training can change in a network.

    Args:
        subject: an architecture, or a network with explicit weights.
        conditions: by default Glorot's start for an architecture, and its own weights for a network.

    Raises:
        InputError: an architecture does not end in a soft-max; a loss does not suit the network.

    >>> from gradus.exact.networks.layers import hw5_cnn
    >>> found = learnability(hw5_cnn(), Conditions(Initialisation.of("zeros")))
    >>> [v.parameter.name for v in found.having("learns")], found.count("frozen"), found.sees_input
    (['dense2.bias'], 1250848, False)
    """
    if isinstance(subject, Network):
        return _of_network(subject, conditions or Conditions(GIVEN))
    return _of_architecture(subject, conditions or Conditions(GLOROT))


def _of_network(network: Network, given: Conditions) -> Learnability:
    if given.relu_before_softmax:
        rule = "is for architectures: a network file says itself what its layers are"
        raise InputError("relu_before_softmax", True, rule, "write the layers into the network")
    loss = _loss(network, given.loss)
    conditions = replace(given, loss=loss)
    form = network_form(network, conditions.start, conditions.biases)
    point = _fixed_point(form, conditions)
    numbers = [int(p.name[1:]) - 1 for p in form.parameters]
    wanted = frozenset(numbers[i] for i in point.last.gradient)
    start, witnesses = _witnessed(network, conditions, loss, wanted)
    found = {i: witnesses[number] for i, number in enumerate(numbers) if number in witnesses}
    copies = network_copies(network, conditions.start, conditions.biases)
    return Learnability(start, conditions, form, point, _verdicts(form, point, found), copies)


def _of_architecture(architecture: Architecture, conditions: Conditions) -> Learnability:
    start, biases, dropout, relu = (
        conditions.start,
        conditions.biases,
        conditions.dropout,
        conditions.relu_before_softmax,
    )
    form = architecture_form(architecture, start, biases, dropout, relu)
    point = _fixed_point(form, conditions)
    wanted = frozenset(form.parameters[i].name for i in point.last.gradient)
    by_name = architecture_witnesses(architecture, start, biases, dropout, relu, conditions.inputs == "reals", wanted)
    found = {
        i: by_name[p.name] for i, p in enumerate(form.parameters) if i in point.last.gradient and p.name in by_name
    }
    frozen = frozenset(range(len(form.parameters))) - point.last.free
    copies = architecture_copies(form, start, frozen)
    return Learnability(architecture, conditions, form, point, _verdicts(form, point, found), copies)


def _fixed_point(form: Form, conditions: Conditions) -> FixedPoint:
    inputs = UNIT if conditions.inputs == "unit" else REALS
    return fixed_point(form, inputs, conditions.weight_decay, conditions.optimizer == "gd")


def _witnessed(
    network: Network, conditions: Conditions, loss: LossName, wanted: frozenset[int]
) -> tuple[Network, dict[int, Witness]]:
    """The network as it starts, with the witnesses there; of several draws the one that shows most."""
    draws = _DRAWS if conditions.start.gains.kind == "glorot" and len(network.weights) <= _MANY else 1
    best: tuple[Network, dict[int, Witness]] | None = None
    for seed in range(draws):
        start = drawn(network, conditions.start, conditions.biases, seed)
        found = network_witnesses(start, loss, conditions.inputs, conditions.biases, wanted)
        if best is None or len(found) > len(best[1]):
            best = start, found
        if len(best[1]) == len(wanted):
            break
    assert best is not None
    return best


def _verdicts(
    form: Form, point: FixedPoint, witnesses: dict[int, Witness] | dict[int, TensorWitness]
) -> tuple[Verdict, ...]:
    why = causes(form, point.last)
    return tuple(_verdict(i, p, point, why.get(i), witnesses.get(i)) for i, p in enumerate(form.parameters))


def _verdict(
    index: int, parameter: Parameter, point: FixedPoint, cause: Cause | None, witness: Witness | TensorWitness | None
) -> Verdict:
    if index in point.decaying:
        return Verdict(parameter, "decays", cause)
    if index not in point.last.gradient:
        return Verdict(parameter, "frozen", cause)
    return Verdict(parameter, "learns" if witness else "undecided", None, witness)


def _loss(network: Network, loss: LossName | None) -> LossName:
    """The loss that is named, or else the usual one for the last layer."""
    if loss is None and network.loss is None:
        binary = len(network.outputs) == 1 and network.layers[-1].activation == "sigmoid"
        return "cross-entropy" if network.layers[-1].activation == "softmax" or binary else "squared"
    return chosen_loss(network, loss)
