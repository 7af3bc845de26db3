"""``gradus runs``: the training runs in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradus.cli.output import aligned, error_line, json_option, messages, print_json, runs_option

if TYPE_CHECKING:
    from gradus.runs.folders import FoundRun

_HEADER = (
    "run", "recipe", "data", "optimiser", "epochs", "seed", "device", "precision", "validation", "test", "time",
    "state", "settings",
)  # fmt: skip
_RIGHT = (4, 5, 8, 9, 10)


@click.command("runs")
@runs_option
@json_option
def command(runs: Path, as_json: bool) -> None:
    """List the runs, those begun first at the top: what was asked, the accuracies, and whether they are finished.

    `gradus train --resume RUN` goes on with an unfinished one.  Accuracies are shares of the validation images after
    the last finished epoch, and of the test images at the end.
    """
    from gradus.runs.folders import found_runs

    console = messages()
    found = found_runs(runs, lambda error: console.print(error_line(error)))
    if as_json:
        print_json({"runs": [_described(run) for run in found]})
    elif found:
        click.echo("\n".join(aligned([_HEADER, *map(_cells, found)], _RIGHT)))
    else:
        console.print(f"There are no runs in {runs}. `gradus train` makes one; --runs names another folder.")


def _cells(run: FoundRun) -> tuple[str, ...]:
    from gradus.cli.watching import duration

    request, record = run.request, run.record
    return (
        run.id,
        request.recipe,
        Path(request.data).name,
        request.optimizer,
        f"{len(run.epochs)}/{request.epochs}",
        str(request.seed),
        request.device,
        request.precision,
        f"{run.epochs[-1].validation_accuracy:.4f}" if run.epochs else "",
        f"{record.test_accuracy:.4f}" if record else "",
        duration(record.total_s if record else sum(epoch.time_s for epoch in run.epochs)),
        "finished" if record else "unfinished",
        " ".join(f"{name}={value}" for name, value in request.settings if len(value) <= 40),
    )


def _described(run: FoundRun) -> dict[str, Any]:
    record = run.record
    return {
        "run": run.id,
        "folder": str(run.folder),
        "state": "finished" if record else "unfinished",
        "request": run.request.as_json(),
        "epochs_done": len(run.epochs),
        "validation_accuracy": run.epochs[-1].validation_accuracy if run.epochs else None,
        "test_accuracy": record.test_accuracy if record else None,
        "time_s": record.total_s if record else sum(epoch.time_s for epoch in run.epochs),
    }
