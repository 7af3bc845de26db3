"""The figures of the training benchmark as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, median
from typing import Any

from training_programs import Precision
from training_rounds import Measured, Roofs


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column to the left, the others to the right."""
    lines = [heads, ["---", *(["---:"] * (len(heads) - 1))], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def epoch_table(rows: Sequence[Measured], roofs: Roofs, count: int, flops: int) -> str:
    """One row a program: the epoch's median and range, its share of the roof, and gradus beside it."""
    heads = (
        "program",
        "epoch, s",
        "from",
        "to",
        "images/s",
        "share of the roof",
        "gradus: times as fast",
        "first step, s",
    )
    return table(heads, [_cells(row, rows, roofs, count, flops) for row in rows])


def _cells(row: Measured, rows: Sequence[Measured], roofs: Roofs, count: int, flops: int) -> list[str]:
    if row.epoch_s is None:
        return [row.program.name, row.outcome, *([""] * 6)]
    ratio = ratio_to_gradus(row, rows)
    share = share_of_roof(row, roofs, count, flops)
    return [
        row.program.name,
        f"{row.epoch_s:.2f}",
        f"{min(row.epochs_s):.2f}",
        f"{max(row.epochs_s):.2f}",
        f"{count / row.epoch_s:,.0f}",
        "" if share is None else f"{100 * share:.0f} %",
        "" if ratio is None or row.program.role == "gradus" else f"{ratio:.2f}",
        "" if row.first_step_s is None else f"{row.first_step_s:.1f}",
    ]


def ratio_to_gradus(row: Measured, rows: Sequence[Measured], precision: Precision | None = None) -> float | None:
    """How many times as long the program takes as gradus in this precision, by default in the program's own."""
    ours = next(
        (r for r in rows if r.program.role == "gradus" and r.program.precision == (precision or row.program.precision)),
        None,
    )
    return None if ours is None else row.times_as_long_as(ours)


def share_of_roof(row: Measured, roofs: Roofs, count: int, flops: int) -> float | None:
    """The rate at which the program does the epoch's work, over the roof as it was before and after its round."""
    if row.epoch_s is None or len(roofs) <= len(row.epochs_s):
        return None
    levels = [measurement[row.program.precision]["roof"] for measurement in roofs]
    around = (mean(levels[number : number + 2]) for number in range(len(row.epochs_s)))
    return median(count * flops / seconds / level for seconds, level in zip(row.epochs_s, around, strict=True))


def epoch_summary(rows: Sequence[Measured], roofs: Roofs, count: int, flops: int) -> list[str]:
    """What is asked of gradus, as measured; one sentence each."""
    lines = [_roof_line(roofs)] if roofs else []
    usual = next((r for r in rows if r.program.role == "as it comes" and "TensorFlow" in r.program.name), None)
    for ours in (row for row in rows if row.program.role == "gradus" and row.epoch_s is not None):
        precision = ours.program.precision
        if usual is not None and (ratio := ratio_to_gradus(usual, rows, precision)) is not None:
            lines.append(f"{ours.program.name}: {ratio:.2f} times as fast as {usual.program.name}")
        peers = [r for r in rows if r.program.role != "gradus" and r.program.precision == precision and r.epoch_s]
        if peers:
            fastest = min(peers, key=lambda row: row.epoch_s or 0)
            ratio = fastest.times_as_long_as(ours)
            lines.append(f"{ours.program.name}: {ratio:.2f} times as fast as the fastest peer, {fastest.program.name}")
        if (share := share_of_roof(ours, roofs, count, flops)) is not None:
            lines.append(f"{ours.program.name}: {100 * share:.0f} % of the roof")
    return lines


def _roof_line(roofs: Roofs) -> str:
    levels = {
        f"{precision} {kind}": median(measurement[precision][kind] for measurement in roofs) / 1e9
        for precision, kinds in roofs[0].items()
        for kind in kinds
        if kind != "roof"
    }
    return "the roof, GFLOP/s: " + ", ".join(f"{name} {level:,.0f}" for name, level in levels.items())


def epoch_report(rows: Sequence[Measured], roofs: Roofs, count: int, flops: int) -> dict[str, Any]:
    """Everything that was measured, and what follows from it."""
    return {
        "images": count,
        "flops_an_image": flops,
        "roofs": roofs,
        "summary": epoch_summary(rows, roofs, count, flops),
        "rows": [
            {
                **row_report(row),
                "share_of_roof": share_of_roof(row, roofs, count, flops),
                "times_as_long_as_gradus": ratio_to_gradus(row, rows),
            }
            for row in rows
        ],
    }


def row_report(row: Measured) -> dict[str, Any]:
    """One program and its times."""
    program = row.program
    return {
        "name": program.name,
        "kind": program.kind,
        "precision": program.precision,
        "role": program.role,
        "options": dict(program.options),
        "environment": dict(program.environment),
        "outcome": row.outcome,
        "first_step_s": row.first_step_s,
        "epoch_s": row.epoch_s,
        "epochs_s": row.epochs_s,
    }
