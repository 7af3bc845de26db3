"""Every state that training can reach, at once: the abstract interpretation and its fixed point.

A set of states is given by the parameters that never moved, which hold their starting values, and the others, which
may hold anything.  In such a set the forward values are ranges, and each row of the backward recursion is either zero
for every input, label and state, or not.  Parameters whose gradient is not zero in this sense are added to those that
may have moved, until nothing is added: what is left can never change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from gradus.exact.learnability.form import Form, Stage
from gradus.exact.learnability.ranges import (
    REALS,
    ZERO_RANGE,
    Range,
    activated,
    dropped_out,
    has_no_slope,
    hull_with_zero,
    product,
    rounded_sum,
)

Cause: TypeAlias = Literal["input", "slope", "row", "nothing"]
"""Why a gradient is zero: the input of the edge, the activation's derivative or the row is 0, or there is no edge."""


@dataclass(frozen=True)
class Pass:
    """One stage in a set of states.

    Attributes:
        inputs: ranges of what it receives, group by group.
        sums: ranges of its pre-activations z.
        outputs: ranges of its values x.
        depends: whether each output may depend on the network's input.
        flat: whether the activation's derivative is 0 everywhere.
        row: whether dl/dx may be other than 0.
    """

    inputs: tuple[Range, ...]
    sums: tuple[Range, ...]
    outputs: tuple[Range, ...]
    depends: tuple[bool, ...]
    flat: tuple[bool, ...]
    row: tuple[bool, ...]

    @property
    def delta(self) -> tuple[bool, ...]:
        """Whether dl/dz may be other than 0."""
        return tuple(row and not flat for row, flat in zip(self.row, self.flat, strict=True))


@dataclass(frozen=True)
class States:
    """A set of states, what was found in it, and which gradients may be other than 0.

    Attributes:
        free: positions of the parameters that need not hold their starting values here.
        passes: one entry a stage.
        gradient: positions of the parameters whose gradient may be other than 0.
    """

    free: frozenset[int]
    passes: tuple[Pass, ...]
    gradient: frozenset[int]


@dataclass(frozen=True)
class FixedPoint:
    """The sets of states from the start to the fixed point, and what moves by weight decay alone."""

    rounds: tuple[States, ...]
    decaying: frozenset[int]

    @property
    def last(self) -> States:
        """The set that holds every state which training can reach."""
        return self.rounds[-1]


def fixed_point(form: Form, inputs: Range, weight_decay: bool = False, keeps_sign: bool = False) -> FixedPoint:
    """Run the interpretation from the starting values until no further parameter may move.

    Args:
        inputs: the range of every input.
        weight_decay: whether each step also shrinks every weight: then only zeros can stay.
        keeps_sign: whether what decay alone moves stays between its start and 0, as in plain gradient descent.
    """
    decays = frozenset(i for i, p in enumerate(form.parameters) if weight_decay and not p.start.is_zero)
    rounds: list[States] = []
    free: frozenset[int] = frozenset() if keeps_sign else decays
    while True:
        rounds.append(states(form, inputs, free, decays - free))
        if rounds[-1].gradient <= free:
            return FixedPoint(tuple(rounds), decays - rounds[-1].gradient)
        free |= rounds[-1].gradient


def states(form: Form, inputs: Range, free: frozenset[int], shrinking: frozenset[int] = frozenset()) -> States:
    """What holds in all states in which only the ``free`` parameters differ from their starting values.

    Those that are ``shrinking`` lie between their start and 0.
    """
    values = [
        REALS if i in free else hull_with_zero(p.start) if i in shrinking else p.start
        for i, p in enumerate(form.parameters)
    ]
    forward = _forward(form, inputs, values)
    passes: list[Pass] = []
    gradient: set[int] = set()
    alive = not (form.softmax and form.outputs == 1)
    row: tuple[bool, ...] = (alive,) * len(form.stages[-1].groups)
    for stage, (received, sums, outputs, depends) in zip(reversed(form.stages), reversed(forward), strict=True):
        flat = tuple(has_no_slope(stage.activation, stage.slope, z) for z in sums)
        found = Pass(received, sums, outputs, depends, flat, row)
        passes.append(found)
        before = [False] * len(received)
        for group, delta in zip(stage.groups, found.delta, strict=True):
            if not delta:
                continue
            if group.bias is not None:
                gradient.add(group.bias)
            for edge in group.edges:
                if not received[edge.source].is_zero:
                    gradient.add(edge.parameter)
                if not values[edge.parameter].is_zero:
                    before[edge.source] = True
        row = tuple(before)
    return States(free | shrinking, tuple(reversed(passes)), frozenset(gradient))


def causes(form: Form, found: States) -> dict[int, Cause]:
    """Why the gradient of each parameter that has none is zero, nearest cause first: its input, slope or row."""
    why: dict[int, Cause] = {}
    for stage, at in zip(form.stages, found.passes, strict=True):
        for group, flat, row in zip(stage.groups, at.flat, at.row, strict=True):
            cause: Cause = "row" if not row else "slope"
            if group.bias is not None and (flat or not row):
                why[group.bias] = cause
            for edge in group.edges:
                if at.inputs[edge.source].is_zero:
                    why[edge.parameter] = "input"
                elif flat or not row:
                    why[edge.parameter] = cause
    return {i: why.get(i, "nothing") for i in range(len(form.parameters)) if i not in found.gradient}


_Forward: TypeAlias = tuple[tuple[Range, ...], tuple[Range, ...], tuple[Range, ...], tuple[bool, ...]]


def _forward(form: Form, inputs: Range, values: list[Range]) -> list[_Forward]:
    found: list[_Forward] = []
    outputs = (inputs,) * len(form.inputs)
    depends = (not inputs.is_zero,) * len(form.inputs)
    for stage in form.stages:
        received = outputs
        for rate in stage.dropouts:
            received = tuple(dropped_out(x, rate) for x in received)
        sums, outputs, depends = _stage(stage, received, depends, values)
        found.append((received, sums, outputs, depends))
    return found


def _stage(
    stage: Stage, received: tuple[Range, ...], depends: tuple[bool, ...], values: list[Range]
) -> tuple[tuple[Range, ...], tuple[Range, ...], tuple[bool, ...]]:
    sums: list[Range] = []
    outputs: list[Range] = []
    varies: list[bool] = []
    for group in stage.groups:
        terms = [(product(values[e.parameter], received[e.source]), e.terms, depends[e.source]) for e in group.edges]
        bias = ZERO_RANGE if group.bias is None else values[group.bias]
        z = rounded_sum([*((term, count) for term, count, _ in terms), (bias, 1)])
        sums.append(z)
        outputs.append(activated(stage.activation, stage.slope, z))
        alive = not has_no_slope(stage.activation, stage.slope, z)
        varies.append(alive and any(on and not term.is_zero for term, _, on in terms))
    return tuple(sums), tuple(outputs), tuple(varies)
