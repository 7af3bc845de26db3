"""Learnability on a page: the verdicts, the conditions they hang on, and the confrontation with real runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gradus.documents.blocks import Block, Math, Table, Text
from gradus.documents.markdown import escaped
from gradus.evidence.learnability import Compared, Rule, confrontation_requests, confronted, contradictions
from gradus.exact.learnability.form import Parameter
from gradus.exact.learnability.verdicts import Learnability, Outcome
from gradus.exact.learnability.words import listed, names_of
from gradus.exact.steps import Check, Step
from gradus.problems.back_propagation import recursion, recursion_latex
from gradus.problems.problem import Records
from gradus.problems.training_runs import found_record, not_run
from gradus.problems.wording import counted
from gradus.runs import NotRun

OUTCOMES: Final[Mapping[Outcome, str]] = {
    "frozen": "frozen",
    "decays": "decays only",
    "learns": "learns",
    "undecided": "undecided",
}

_MOST_ROWS: Final = 40
_FROM_P: Final = r"= \frac{\partial \ell}{\partial \mathbf{p}}"


def summary(found: Learnability) -> str:
    """The verdict in a few sentences."""
    every = found.form.parameters
    parts = []
    total = sum(p.size for p in every)
    for outcome, lead in (
        ("frozen", "Frozen for ever, whatever the inputs and labels"),
        ("decays", "Moved by weight decay alone"),
        ("learns", "Learns"),
        ("undecided", "Undecided"),
    ):
        named = [v.parameter for v in found.verdicts if v.outcome == outcome]
        if named:
            count = sum(p.size for p in named)
            parts.append(f"{lead}: {names_of(named, every)} ({count:,} of {total:,}).")
    kept = [c for c in found.copies if not c.broken_by and c.units]
    if kept:
        groups = "; ".join(listed(c.units) for c in kept)
        parts.append(f"Copies of each other for ever, up to rounding: {groups}.")
    if any(c.broken_by for c in found.copies):
        parts.append("Units that start as copies are told apart by dropout.")
    if not found.sees_input:
        parts.append("The output never comes to depend on the input.")
    return " ".join(parts)


def verdict_table(found: Learnability, rows: Sequence[Compared] = (), by_layer: bool = False) -> Table:
    """A row a weight or, where there are many, a row for the gains and one for the biases of each layer.

    With ``rows`` of a confrontation also whether the bits at the start and at the end of the runs were equal.
    """
    compared = {row.name: row for row in rows}
    header = ("Weights", "Number", "Proved", *(("Start = end in the runs?", "Agrees?") if rows else ()))
    lines = []
    for label, indices in _grouped(found, by_layer):
        outcomes = dict.fromkeys(OUTCOMES[found.verdicts[i].outcome] for i in indices)
        counted = [
            name
            if len(outcomes) == 1
            else f"{sum(OUTCOMES[found.verdicts[i].outcome] == name for i in indices)} {name}"
            for name in outcomes
        ]
        size = sum(found.form.parameters[i].size for i in indices)
        cells = [label, f"{size:,}", ", ".join(counted)]
        if rows:
            cells += _compared_cells([compared[found.form.parameters[i].name] for i in indices])
        lines.append(tuple(cells))
    return Table(header, tuple(lines))


def conditions_table(changes: Sequence[tuple[str, Learnability]]) -> Table:
    """What the verdict becomes with one condition changed."""
    return Table(
        ("Changed", "Frozen", "Learns", "Undecided"),
        tuple(
            (change[0].upper() + change[1:], *(_share(other, outcome) for outcome in ("frozen", "learns", "undecided")))
            for change, other in changes
        ),
    )


def agreement(rows: Sequence[Compared]) -> str:
    """One sentence on the confrontation."""
    wrong = contradictions(rows)
    if wrong:
        return f"**The runs contradict the proof** in {', '.join(escaped(row.name) for row in wrong)}."
    shown = sum(row.agrees is True for row in rows)
    if shown == len(rows):
        return "The runs agree with the proof everywhere."
    return f"The runs agree with the proof in {shown} of {len(rows)} weights; for the others they show nothing."


def confrontation_parts(
    words: str, found: Learnability, records: Records, rule: Rule, data: str = "pictograms"
) -> tuple[Step | Block, ...]:
    """One real run beside the proof: the network in words, the table, and the check that they agree."""
    request = confrontation_requests(found, rule, data)[0]
    record = found_record(records, request)
    head = f"**A real run beside the proof:** {words}, all weights zero"
    if isinstance(record, NotRun):
        left_out = Text(f"{head}. Not run: {escaped(record.reason)}.")
        return (left_out, verdict_table(found, by_layer=True), *(not_run(record) if request in records else ()))
    rows = confronted(found, {request: record}, rule, data)
    steps = counted(-(-record.data.training // (4 if request.data == "points" else 32)) * len(record.epochs), "step")
    images = "random points" if request.data == "points" else escaped(request.data)
    told = Text(
        f"{head}, {steps} of momentum SGD on {images} (run `{record.id}`). The record holds a fingerprint of every "
        "tensor's bits before and after."
    )
    check = Check(
        "What is proved frozen has the same bits at the end; what learns has others.", not contradictions(rows)
    )
    return (told, verdict_table(found, rows, by_layer=True), Step("The run bears out the proof.", "", checks=(check,)))


def learnability_blocks(
    found: Learnability, changes: Sequence[tuple[str, Learnability]] = (), rows: Sequence[Compared] = ()
) -> tuple[Block, ...]:
    """Summary, verdicts, confrontation and conditions."""
    blocks: list[Block] = [Text(summary(found)), verdict_table(found, rows)]
    if rows:
        blocks.append(Text(agreement(rows)))
    if changes:
        blocks += [Text("What changes with the conditions:"), conditions_table(changes)]
    return tuple(blocks)


def recursion_of(found: Learnability) -> tuple[Block, ...]:
    """The three equations that the proof refers to, for a soft-max classifier or for any network and loss."""
    if found.form.softmax:
        return recursion()
    notation = (
        r"Let $\mathbf{x}^{(0)}$ be the network's input, $\mathbf{x}^{(k)}$ the output of layer $k$, "
        r"$\mathbf{w}^{(k)}$ its weights, and $\ell$ the loss of $\mathbf{x}^{(K)}$. Back-propagation finds its "
        r"derivatives by"
    )
    return Text(notation), Math(recursion_latex().replace(_FROM_P, r"\text{ from the loss}"))


def _share(found: Learnability, outcome: Outcome) -> str:
    chosen = [v.parameter for v in found.verdicts if v.outcome == outcome]
    return names_of(chosen, found.form.parameters) if chosen else "nothing"


def _grouped(found: Learnability, by_layer: bool) -> list[tuple[str, list[int]]]:
    """Rows of the table: labels, and the positions of the parameters that each stands for."""
    parameters = found.form.parameters
    if found.form.stages[0].name or (len(parameters) <= _MOST_ROWS and not by_layer):
        return [(_label(p), [i]) for i, p in enumerate(parameters)]
    groups: dict[str, list[int]] = {}
    for i, p in enumerate(parameters):
        groups.setdefault(f"{'gains' if p.role == 'gains' else 'biases'} of layer {p.stage}", []).append(i)
    return list(groups.items())


def _label(p: Parameter) -> str:
    if not p.name[1:].isdigit():
        return names_of([p])
    where = f"{p.source} to {p.neuron}" if p.source is not None else f"bias of {p.neuron}"
    return f"{names_of([p])}, {escaped(where)}"


def _compared_cells(rows: Sequence[Compared]) -> list[str]:
    unchanged = [row.unchanged for row in rows]
    agrees = [row.agrees for row in rows]
    if None in unchanged:
        return ["not run", "–"]
    if len(set(unchanged)) == 1:
        same = "yes" if unchanged[0] else "no"
    else:
        same = f"{sum(bool(u) for u in unchanged)} yes, {sum(not u for u in unchanged)} no"
    if False in agrees:
        return [same, "no"]
    return [same, "yes" if True in agrees else "–"]
