"""``gradus curves``: what runs learned, epoch by epoch and class by class, as tables, CSV and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradus.cli.output import (
    aligned,
    data_dir_option,
    error_line,
    json_option,
    messages,
    print_json,
    runs_option,
    writable_folder,
)
from gradus.errors import GradusError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from gradus.cli.curves_files import Tested
    from gradus.runs.folders import FoundRun

_NAMED_IDS = 4


@click.command("curves")
@click.argument("names", metavar="RUN...", nargs=-1, required=True)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Where to write (default: out/curves/RUN)."
)
@data_dir_option
@runs_option
@json_option
def command(names: tuple[str, ...], out: Path | None, data_dir: Path | None, runs: Path, as_json: bool) -> int:
    """Show how runs went, and write their history as CSV and their learning curves as SVG and PNG.

    RUN is a run's id, the beginning of it, or its folder; an unfinished run is shown as far as it is.  For a finished
    one its network is tried on the test images: confusion matrix, accuracy class by class, most confident mistakes.
    Several runs share one picture of the curves, and each has a folder of its own for the rest.
    """
    from gradus.cli.curves_files import write_history, write_tested
    from gradus.evidence.history_figure import MOST

    found = _found(names, runs)
    if len(found) > MOST:
        raise InputError("RUN", len(found), f"are more runs than one picture shows, at most {MOST}", "give fewer")
    folder = writable_folder(out or Path("out/curves") / "-".join(run.id for run in found[:_NAMED_IDS]))
    console = messages()
    labels = _labels(found)
    files = write_history(folder, found, labels)
    tested: dict[str, Tested] = {}
    code = 0
    for run in found:
        try:
            if run.record is not None:
                tested[run.id] = _tested(run, data_dir, console)
        except GradusError as error:  # the curves are there all the same
            console.print(error_line(error))
            console.print(f"{run.id}: no confusion matrix and no mistakes")
            code = max(code, error.exit_code)
            continue
        if run.id in tested:
            files += write_tested(folder if len(found) == 1 else folder / run.id, tested[run.id])
    if as_json:
        print_json({"runs": [_described(run, tested.get(run.id)) for run in found], "files": [str(f) for f in files]})
    else:
        _print(found, labels, tested)
        click.echo(f"\nwrote {len(files)} files to {folder}")
    return code


def _found(names: Sequence[str], runs: Path) -> list[FoundRun]:
    from gradus.runs.folders import read_run, run_folder

    found = [read_run(run_folder(name, runs)) for name in names]
    for run in found:
        if not run.epochs:
            raise InputError("run", run.id, "has no finished epoch yet", "wait for one, or go on with it")
    for k, run in enumerate(found):
        if run.id in (other.id for other in found[:k]):
            raise InputError("run", names[k], f"stands for {run.id}, which was given already", "give each once")
    return found


def _labels(found: Sequence[FoundRun]) -> list[str]:
    """What tells the runs apart, and what they are where they are alone."""
    facts = [
        {
            "recipe": run.request.recipe,
            "data": Path(run.request.data).name,
            "optimizer": run.request.optimizer,
            "seed": f"seed {run.request.seed}",
            "epochs": f"{run.request.epochs} epochs",
            "device": run.request.device,
            "precision": run.request.precision,
            "settings": " ".join(f"{name}={value}" for name, value in run.request.settings),
        }
        for run in found
    ]
    shown = [name for name in facts[0] if len({fact[name] for fact in facts}) > 1]
    always = ("recipe", "data", "optimizer", "seed") if len(found) == 1 else ("optimizer",)
    return [
        f"{run.id[:6]}: " + ", ".join(fact[name] for name in fact if (name in shown or name in always) and fact[name])
        for run, fact in zip(found, facts, strict=True)
    ]


def _tested(run: FoundRun, data_dir: Path | None, console: Console) -> Tested:
    from gradus.cli.training_runs import needing_training
    from gradus.cli.watching import reading

    with needing_training():
        from gradus.cli.curves_files import tested
    with reading(console, run.request.data) as (on_load, on_download):
        return tested(run, on_load, on_download, data_dir, console.print)


def _print(found: Sequence[FoundRun], labels: Sequence[str], tested: dict[str, Tested]) -> None:
    header = ("run", "epochs", "training", "validation", "best (epoch)", "test", "time")
    click.echo("\n".join(aligned([header, *map(_row, found, labels)], right=range(1, 7))))
    for run, label in zip(found, labels, strict=True):
        if run.id in tested:
            click.echo(f"\n{label}: test images, class by class")
            click.echo("\n".join(aligned(_class_rows(tested[run.id]), right=range(1, 6))))


def _row(run: FoundRun, label: str) -> tuple[str, ...]:
    from gradus.cli.watching import duration

    validation = [epoch.validation_accuracy for epoch in run.epochs]
    best = max(validation)
    record = run.record
    return (
        label,
        f"{len(run.epochs)}/{run.request.epochs}",
        f"{run.epochs[-1].training_accuracy:.4f}",
        f"{validation[-1]:.4f}",
        f"{best:.4f} ({validation.index(best) + 1})",
        f"{record.test_accuracy:.4f}" if record else "unfinished",
        duration(record.total_s if record else sum(epoch.time_s for epoch in run.epochs)),
    )


def _class_rows(tested: Tested) -> list[tuple[str, ...]]:
    found = tested.confusion
    rows: list[tuple[str, ...]] = [
        ("class", "images", "right", "accuracy", "95 % interval", "precision", "most often taken for")
    ]
    for i, name in enumerate(found.classes):
        recall, precision, other = found.recall(i), found.precision(i), found.most_often_taken_for(i)
        rows.append(
            (
                name,
                f"{recall.total if recall else 0:,}",
                f"{recall.correct if recall else 0:,}",
                f"{recall.share:.4f}" if recall else "",
                f"{recall.interval[0]:.3f} to {recall.interval[1]:.3f}" if recall else "",
                f"{precision.share:.4f}" if precision else "",
                "" if other is None else f"{found.classes[other]} ({found.counts[i][other]:,})",
            )
        )
    total = found.total
    low, high = total.interval
    rows.append(
        ("all", f"{total.total:,}", f"{total.correct:,}", f"{total.share:.4f}", f"{low:.3f} to {high:.3f}", "", "")
    )
    return rows


def _described(run: FoundRun, tested: Tested | None) -> dict[str, Any]:
    from dataclasses import asdict

    described: dict[str, Any] = {
        "run": run.id,
        "request": run.request.as_json(),
        "finished": run.record is not None,
        "epochs": [asdict(epoch) for epoch in run.epochs],
        "test_accuracy": run.record.test_accuracy if run.record else None,
    }
    if tested is None:
        return described
    return described | {
        "classes": list(tested.confusion.classes),
        "confusion": [list(row) for row in tested.confusion.counts],
        "mistakes": [asdict(mistake) for mistake in tested.mistakes],
    }
