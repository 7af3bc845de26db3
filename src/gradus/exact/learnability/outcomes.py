"""The steps that follow the proof of what is frozen: what moves the rest, and which units stay copies."""

from __future__ import annotations

from collections.abc import Sequence

from gradus.exact.learnability.maps import TensorWitness
from gradus.exact.learnability.verdicts import Learnability, Verdict
from gradus.exact.learnability.witnesses import Sample, Witness
from gradus.exact.learnability.words import listed, names_of
from gradus.exact.networks.layers import Architecture
from gradus.exact.steps import Step


def witness_step(found: Learnability) -> Step:
    """What learns, sample by sample: the derivatives that are not zero."""
    learning = found.having("learns")
    if isinstance(found.subject, Architecture):
        return Step(
            f"What learns: {names_of([v.parameter for v in learning], found.form.parameters)}.", _by_image(learning)
        )
    groups: dict[tuple[Sample, ...], list[Verdict]] = {}
    for v in learning:
        assert isinstance(v.witness, Witness)
        groups.setdefault(v.witness.samples, []).append(v)
    lines = [_sample_line(samples, verdicts) for samples, verdicts in groups.items()]
    if found.conditions.start.gains.kind == "glorot":
        lines.append("These are for one draw of the start, in multiples of 1/1024; nearby draws move as well.")
    return Step(f"What learns: {names_of([v.parameter for v in learning], found.form.parameters)}.", " ".join(lines))


def _by_image(learning: Sequence[Verdict]) -> str:
    """Tensors by the step and image that move them."""
    groups: dict[tuple[int, str, str], list[str]] = {}
    for v in learning:
        assert isinstance(v.witness, TensorWitness)
        few = (
            ""
            if v.witness.weights >= v.parameter.size
            else f" ({v.witness.weights:,} of its {v.parameter.size:,} weights)"
        )
        key = (v.witness.step, v.witness.image, v.witness.draw)
        groups.setdefault(key, []).append(f"`{v.parameter.name}` {v.witness.gradient:.2g}{few}")
    lines = []
    for (step, image, draw), tensors in groups.items():
        start = f" From a start with {draw}," if draw else ""
        lead = f"{start} step {step}" if start else f"Step {step}"
        lines.append(
            f"{lead} of a descent on one image of {image}, labelled with one class, has as the largest derivatives: "
            f"{', '.join(tensors)}."
        )
    drawn = (
        " Nearby starts have them as well, so that they are not zero for a share of all draws."
        if groups and any(draw for _, _, draw in groups)
        else ""
    )
    return " ".join(lines).strip() + drawn


def _sample_line(samples: Sequence[Sample], verdicts: Sequence[Verdict]) -> str:
    first = verdicts[0].witness
    assert isinstance(first, Witness)
    shown = ", ".join(
        f"${v.witness.latex}$ in $w_{{{v.parameter.name[1:]}}}$" for v in verdicts[:6] if isinstance(v.witness, Witness)
    )
    more = f" and {len(verdicts) - 6} more" if len(verdicts) > 6 else ""
    exact = "" if first.is_exact else ", in double precision"
    if first.step == 1:
        return f"With {samples[-1].latex} the first step has the derivatives {shown}{more}{exact}."
    rate = f"rate ${first.learning_rate.numerator}/{first.learning_rate.denominator}$"
    distinct = list(dict.fromkeys(s.latex for s in samples))
    data = f"on {' and '.join(distinct)} {'in turn' if distinct[1:] else 'alone'}"
    return f"Gradient descent with {rate} {data} has at step {first.step} the derivatives {shown}{more}{exact}."


def copies_step(found: Learnability) -> Step:
    """Which units stay copies of each other, and what tells others apart."""
    kept = [c for c in found.copies if not c.broken_by]
    broken = [c for c in found.copies if c.broken_by]
    lines = [f"In layer {c.stage}, {listed(c.units)} stay copies of each other." for c in kept if c.units]
    whole = [f"the {c.count:,} of `{c.layer}`" for c in kept if not c.units]
    if whole:
        lines.append(f"The units of a layer stay copies of each other: {listed(whole)}.")
    if broken:
        lines.append(
            f"The units of {listed([f'`{c.layer}`' for c in broken])} start as copies, too, but dropout strikes "
            "them out one by one and so tells them apart; without dropout they would stay copies."
        )
    why = (
        "Copies receive the same inputs over equal gains and the same row over equal gains, so that their weights "
        "change alike, with momentum and Adam as well. Rounding may tell them apart by rounding only."
    )
    claim = "Copies stay copies." if kept else "Dropout tells the copies apart."
    pooled = (
        " Ties in a max-pooling are broken at the same place in each copy."
        if any("max-pooling" in s.passes for s in found.form.stages)
        else ""
    )
    return Step(claim, f"{' '.join(lines)} {why}{pooled}")
