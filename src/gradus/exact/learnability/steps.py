"""The proof of what is frozen, in the terms of the recursion, as worked steps.

The recursion has the course's three equations: (1) dl/dw(k) = dl/dx(k) dx(k)/dw(k), (2) dl/dx(k-1) = dl/dx(k)
dx(k)/dx(k-1), and (3) where it starts, dl/dx(K).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradus.exact.learnability.form import Stage
from gradus.exact.learnability.maps import simulated_gradients
from gradus.exact.learnability.outcomes import copies_step, witness_step
from gradus.exact.learnability.states import Pass
from gradus.exact.learnability.verdicts import Learnability, Verdict
from gradus.exact.learnability.witnesses import first_samples
from gradus.exact.learnability.words import listed, names_of, start_words
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import forward, loss_backward
from gradus.exact.networks.layers import Architecture
from gradus.exact.networks.network import Network
from gradus.exact.numbers.number import Number
from gradus.exact.steps import Check, Step

CHECKED_EXACTLY = 300
"""Most weights of a network whose zero gradients are checked by an exact computation, too."""


def learnability_steps(found: Learnability) -> tuple[Step, ...]:
    """The proof: the states, the forward values, the rows that come back, the gradients, and the induction.

    >>> from gradus.exact.learnability.initialisation import Initialisation
    >>> from gradus.exact.networks.layers import hw5_cnn
    >>> from gradus.exact.learnability.verdicts import Conditions, learnability
    >>> found = learnability(hw5_cnn(), Conditions(Initialisation.of("zeros")))
    >>> [step.claim for step in learnability_steps(found)][1]
    'Forward: $\\\\mathbf{x}^{(k)} = \\\\mathbf{0}$ for $k = 1, 2, 3, 4, 5$.'
    """
    steps = [_assumption(found), _forward(found), _rows(found), _gradients(found)]
    if found.fixed_point.decaying:
        steps.append(_decay(found))
    steps.append(_induction(found))
    if found.having("learns"):
        steps.append(witness_step(found))
    if found.copies:
        steps.append(copies_step(found))
    return tuple(steps)


def _assumption(found: Learnability) -> Step:
    free = [p for i, p in enumerate(found.form.parameters) if i in found.fixed_point.last.free]
    fixed = [p for i, p in enumerate(found.form.parameters) if i not in found.fixed_point.last.free]
    one = len(fixed) == 1 or names_of(fixed, found.form.parameters).startswith("every")
    start = start_words(found.conditions.start, found.conditions.biases) + _numbering(found)
    if not fixed:
        return Step(
            "The states: nothing is known to stay.",
            f"Training starts from {start}. Every weight may come to hold any value, so nothing is assumed.",
        )
    domain = ", each input between 0 and 1" if found.conditions.inputs == "unit" else ""
    if not free:
        return Step(
            "The states: the start alone.",
            f"Training starts from {start}. The input and the label are arbitrary{domain}.",
        )
    return Step(
        "The states: what has never moved holds its starting value.",
        f"Training starts from {start}. Consider every state in which {names_of(free, found.form.parameters)} may hold "
        f"anything{_shrunk(found)}, and {names_of(fixed, found.form.parameters)} "
        f"{'holds its starting value' if one else 'hold their starting values'}; the input and the label are "
        f"arbitrary{domain}.",
    )


def _shrunk(found: Learnability) -> str:
    if not found.fixed_point.decaying or found.conditions.optimizer != "gd":
        return ""
    return " (but what decay alone moves lies between its start and 0)"


def _numbering(found: Learnability) -> str:
    """A sentence that numbers the layers of an architecture."""
    names = [f"`{stage.name}`" for stage in found.form.stages if stage.name]
    if not names:
        return ""
    return f". The layers with weights are numbered $k = 1, \\dots, K$ with $K = {len(names)}$: {listed(names)}"


def _forward(found: Learnability) -> Step:
    stages, passes = found.form.stages[:-1], found.fixed_point.last.passes
    wholly = [s.number for s, p in zip(stages, passes, strict=False) if all(x.is_zero for x in p.outputs)]
    partly = [
        _partly(s, [x.is_zero for x in p.outputs])
        for s, p in zip(stages, passes, strict=False)
        if any(x.is_zero for x in p.outputs) and s.number not in wholly
    ]
    formula = r"\mathbf{z}^{(k)} = W^{(k)} \mathbf{x}^{(k-1)} + \mathbf{b}^{(k)}"
    formula = formula if found.conditions.biases else formula.removesuffix(r" + \mathbf{b}^{(k)}")
    if not wholly and not partly:
        reason = "No hidden value is zero for every input in every such state."
        return Step("Forward: no hidden value is always zero.", reason, after=formula)
    claims = [rf"$\mathbf{{x}}^{{(k)}} = \mathbf{{0}}$ for $k = {', '.join(map(str, wholly))}$"] if wholly else []
    claims += partly
    return Step(f"Forward: {'; '.join(claims)}.", _why_zero(found), after=formula)


def _partly(stage: Stage, zero: Sequence[bool]) -> str:
    names = _groups(stage, zero)
    return f"{listed(names)} in layer {stage.number} {'is' if len(names) == 1 else 'are'} always 0"


def _why_zero(found: Learnability) -> str:
    """Which of the reasons for a zero value occur: sums of zeros, and ReLUs that nothing can wake."""
    pairs = [(s, p) for s, p in zip(found.form.stages, found.fixed_point.last.passes, strict=True)][:-1]
    silent = any(z.is_zero and x.is_zero for _, p in pairs for z, x in zip(p.sums, p.outputs, strict=True))
    dead = [
        name
        for s, p in pairs
        for name, z, flat in zip((g.name for g in s.groups), p.sums, p.flat, strict=True)
        if flat and not z.is_zero
    ]
    parts = []
    if silent:
        parts.append("A sum whose every term has a factor 0 is 0, and so is its ReLU or tanh.")
    if dead:
        sums = "pre-activation of {} is" if len(dead) == 1 else "pre-activations of {} are"
        parts.append(f"The {sums.format(listed(dead))} never positive, so that the ReLU gives 0.")
    passes = sorted({words for s, _ in pairs for words in s.passes})
    if passes or any(s.dropouts for s, _ in pairs):
        kept = listed([*passes, *(["dropout"] if any(s.dropouts for s in found.form.stages) else [])])
        parts.append(f"Zeros pass through {kept} as zeros.")
    return " ".join(parts)


def _rows(found: Learnability) -> Step:
    passes = found.fixed_point.last.passes
    lines = [_start_line(found)]
    further = []
    for stage, at, before in zip(
        reversed(found.form.stages[1:]), reversed(passes[1:]), reversed(passes[:-1]), strict=True
    ):
        if not any(at.row):
            further.append(stage.number)
            continue
        lines.append(_row_line(stage, at, before, found.form.stages[stage.number - 2]))
    if further:
        shown = ", ".join(map(str, further))
        lines.append(f"Further back, by (2) with $k = {shown}$, a zero row is multiplied, and stays zero.")
    silent = [s.number for s, p in zip(found.form.stages, passes, strict=True) if not any(p.row)]
    claim = "Backward, by (3) and (2): no row vanishes as a whole."
    if silent:
        shown = ", ".join(map(str, silent))
        claim = (
            rf"Backward, by (3) and (2): $\frac{{\partial \ell}}{{\partial \mathbf{{x}}^{{(k)}}}} = \mathbf{{0}}^\top$ "
            f"for $k = {shown}$."
        )
    return Step(
        claim,
        " ".join(line for line in lines if line),
        after=r"\frac{\partial \ell}{\partial \mathbf{x}^{(k-1)}} = "
        r"\frac{\partial \ell}{\partial \mathbf{x}^{(k)}} \, "
        r"\frac{\partial \mathbf{x}^{(k)}}{\partial \mathbf{x}^{(k-1)}}",
    )


def _start_line(found: Learnability) -> str:
    if found.form.softmax and found.form.outputs == 1:
        return "By (3): with one class the soft-max is 1 whatever its sum is, so its derivative is 0."
    if all(found.fixed_point.last.passes[-1].flat):
        return (
            r"By (3) the row $\frac{\partial \ell}{\partial \mathbf{x}^{(K)}}$ is arbitrary, but the ReLU of the last "
            "layer has no positive sum, and $H$ is 0 there: nothing passes."
        )
    return r"By (3) the row $\frac{\partial \ell}{\partial \mathbf{x}^{(K)}}$ is not zero in general."


def _row_line(stage: Stage, at: Pass, before: Pass, earlier: Stage) -> str:
    """Why the row before a stage is zero, as far as it is."""
    zero = [not row for row in before.row]
    if not any(zero):
        return ""
    target = rf"$\frac{{\partial \ell}}{{\partial \mathbf{{x}}^{{({stage.number - 1})}}}}$"
    who = target if all(zero) else f"{listed(_groups(earlier, zero))} in {target}"
    if not any(at.delta):
        why = rf"for $H(\mathbf{{z}}^{{({stage.number})}}) = \mathbf{{0}}$, with $H(0) = 0$"
    elif all(at.delta):
        why = rf"for the gains there in $W^{{({stage.number})}}$ are 0"
    else:
        why = rf"for each term has a factor 0: a gain in $W^{{({stage.number})}}$, an $H(z)$ or an entry of the row"
    return f"By (2) with $k = {stage.number}$: {who} is zero, {why}."


def _gradients(found: Learnability) -> Step:
    zero = found.having("frozen", "decays")
    formula = (
        r"\frac{\partial \ell}{\partial \mathbf{w}^{(k)}} = \frac{\partial \ell}{\partial \mathbf{x}^{(k)}} \, "
        r"\frac{\partial \mathbf{x}^{(k)}}{\partial \mathbf{w}^{(k)}}"
    )
    if not zero:
        return Step("By (1): no gradient is zero in all these states.", "No factor of (1) vanishes.", after=formula)
    words = {
        "input": r"the input of the edge, an entry of $\mathbf{x}^{(k-1)}$, is 0",
        "row": r"the row $\frac{\partial \ell}{\partial \mathbf{x}^{(k)}}$ is 0 there",
        "slope": r"the ReLU's derivative $H(z)$ is 0",
        "nothing": "it has no part in any value",
    }
    reasons = []
    for cause, why in words.items():
        having = [v.parameter for v in zero if v.cause == cause]
        if having:
            reasons.append(f"for {names_of(having)}, {why}")
    others = [v.parameter for v in found.having("learns", "undecided")]
    last = f" The gradient of {names_of(others)} need not vanish." if others else ""
    return Step(
        f"By (1): the gradient of {names_of([v.parameter for v in zero], found.form.parameters)} is zero.",
        f"A factor of (1) is zero: {'; '.join(reasons)}.{last}",
        after=formula,
        checks=_checks(found, zero),
    )


def _checks(found: Learnability, zero: Sequence[Verdict]) -> tuple[Check, ...]:
    """The zero gradients, computed in full at some states of those that were considered."""
    conditions = found.conditions
    if isinstance(found.subject, Architecture):
        computed = simulated_gradients(
            found.subject, conditions.start, conditions.biases, conditions.dropout, conditions.relu_before_softmax
        )
        names = {v.parameter.name for v in zero if not v.parameter.note}
        holds = all(step[name] == 0 for step in computed for name in names)
        return (
            Check(f"Computed for one image at the first {len(computed)} steps: these gradients are exactly 0.", holds),
        )
    if len(found.subject.weights) > CHECKED_EXACTLY or not found.subject.layers:
        return ()
    assert conditions.loss is not None
    samples = first_samples(found.subject, conditions.loss, conditions.inputs)
    moved = _moved(found, found.subject)
    holds = True
    for network in (found.subject, moved):
        for sample in samples:
            gradient = loss_backward(network, forward(network, sample.input), sample.target, conditions.loss).gradient
            holds = holds and not any(gradient[int(v.parameter.name[1:]) - 1] for v in zero)
    statement = (
        f"Computed exactly for {len(samples)} samples, at the start and with all other weights changed: all are 0."
    )
    return (Check(statement, holds),)


def _moved(found: Learnability, network: Network) -> Network:
    """The network in another of the states considered: what decays alone is halved, what is free is something else."""
    number = {i: int(p.name[1:]) - 1 for i, p in enumerate(found.form.parameters)}
    halved = {number[i] for i in found.fixed_point.decaying}
    free = {number[i] for i in found.fixed_point.last.free} - halved
    values = (
        w / 2 if i in halved else w + Number.of(i % 5 - 2) / 3 if i in free else w
        for i, w in enumerate(network.weights)
    )
    return network.with_weights(Vector(tuple(values)))


def _decay(found: Learnability) -> Step:
    names = names_of([v.parameter for v in found.having("decays")])
    return Step(
        "Weight decay moves what is not zero.",
        f"A step also multiplies every weight by a factor below 1. That leaves zeros at zero, but {names}, which "
        f"no gradient ever moves, shrink: they move by decay alone, whatever the data.{_shrinking(found)}",
    )


def _shrinking(found: Learnability) -> str:
    if found.conditions.optimizer != "gd":
        return ""
    return " As long as the learning rate times the decay is at most 1, none of them changes its sign on the way."


def _induction(found: Learnability) -> Step:
    rounds = found.fixed_point.rounds
    parameters = found.form.parameters
    told = []
    for number, states in enumerate(rounds, start=1):
        new = [parameters[i] for i in sorted(states.gradient - states.free)]
        where = "At the start" if number == 1 else f"Round {number}, with these free"
        told.append(
            f"{where}: {f'a gradient may come to {names_of(new, parameters)}' if new else 'no further gradient'}."
        )
    frozen = [v.parameter for v in found.having("frozen")]
    rounding = (
        " This holds in floating point, too: the zeros are products with an exact 0, and a step of 0, of either sign, "
        "leaves the bits of a weight as they are. (Only an overflow, which makes infinite values, could spoil it.)"
    )
    one = len(frozen) == 1 or names_of(frozen, parameters).startswith("every")
    claim = (
        f"By induction, {names_of(frozen, parameters)} never change{'s' if one else ''}."
        if frozen
        else "Nothing is frozen."
    )
    method = (
        "Gradient descent adds a multiple of the gradient, momentum a sum of multiples of the gradients so far, and "
        "Adam a quotient whose numerator is such a sum: all are 0 where every gradient was."
    )
    return Step(claim, f"{' '.join(told)} {method if frozen else ''}{rounding if frozen else ''}".strip())


def _groups(stage: Stage, chosen: Iterable[bool]) -> list[str]:
    return [group.name for group, on in zip(stage.groups, chosen, strict=True) if on]
