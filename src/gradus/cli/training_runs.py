"""The runs that a command needs: read from the store, or trained now, each once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from gradus.cli.output import plain
from gradus.errors import InputError, MissingExtra, WorkFailed
from gradus.runs import Device, NotRun, OnProgress, Progress, RunRecord, RunRequest, RunStore

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.progress import Progress as Bars

    from gradus.sets import Problem


SECONDS_BETWEEN_LINES = 10


@dataclass(frozen=True)
class Runs:
    """The outcome: a record or the reason for none, request by request, and whether anything was left unfinished."""

    records: dict[RunRequest, RunRecord | NotRun]
    unfinished: bool


CommandFor: TypeAlias = Callable[[RunRequest], str]
"""The command that makes a missing run later."""


def missing_run_command(
    set_name: str, problems: Sequence[Problem], data: str | None, out: Path | None, request: RunRequest
) -> str:
    """The command that makes a run, and solves the problems that need it."""
    import shlex

    ids = ",".join(p.id for p in problems if request in p.kind.runs_needed(p.params))
    options = ["--only", ids, *(("--data", data) if data else ()), *(("--out", str(out)) if out else ())]
    return shlex.join(["gradus", "solve", set_name, *options])


def recorded_only(
    requests: Sequence[RunRequest], store: RunStore, command_for: CommandFor
) -> dict[RunRequest, RunRecord | NotRun]:
    """Records that are in the store already; nothing is trained and no data is read."""
    stored = store.completed()
    return {
        request: next((r for r in stored if _answers(r, request)), None)
        or NotRun(request, "its run has not been made yet", command_for(request))
        for request in requests
    }


def trained(
    requests: Sequence[RunRequest], device: Device, store: RunStore, command_for: CommandFor, console: Console
) -> Runs:
    """A record for each request: read from the store if that run was made before, else trained now and stored.

    A run that cannot be made on this machine (no PyTorch, no GPU where the problem asks for one) is left out with the
    reason.  Ctrl-C ends the run that is going on and leaves out those after it; what was finished stays.

    Args:
        device: what ``auto`` stands for; with ``cpu`` runs that ask for a GPU are left out.

    Raises:
        InputError: the data, the recipe or the device that was asked for cannot be used.
    """
    records: dict[RunRequest, RunRecord | NotRun] = {}
    unfinished = False
    reason = ""
    for number, request in enumerate(requests, start=1):
        epochs = f"{request.epochs} epoch{'' if request.epochs == 1 else 's'}"
        title = f"run {number} of {len(requests)}: {epochs} of {request.optimizer}"
        if not reason:
            try:
                records[request] = _record(request, device, store, command_for(request), console, title)
                continue
            except MissingExtra as error:
                reason = str(error)
            except WorkFailed as error:
                # Another run may well succeed: only this one is left out.
                records[request] = _left_out(NotRun(request, str(error), command_for(request)), title, console)
                unfinished = True
                continue
            except KeyboardInterrupt:
                reason = "interrupted with Ctrl-C"
                console.print("Interrupted. Writing what is finished; press Ctrl-C again to stop at once.")
        records[request] = _left_out(NotRun(request, reason, command_for(request)), title, console)
        unfinished = True
    return Runs(records, unfinished)


def _answers(record: RunRecord, request: RunRequest) -> bool:
    made = replace(record.request, data_fingerprint="", configuration_fingerprint="")
    return request in (made, replace(made, device="auto"))


def _record(
    request: RunRequest, device: Device, store: RunStore, command: str, console: Console, title: str
) -> RunRecord | NotRun:
    try:
        from gradus import training
    except ModuleNotFoundError as error:
        if error.name not in ("numpy", "PIL", "torch"):
            raise
        raise MissingExtra("training", "train") from error
    if request.device == "cuda" and device == "cpu":
        return _left_out(NotRun(request, "--device cpu was asked for", command), f"{title} on a GPU", console)
    wanted = replace(request, device=device) if request.device == "auto" else request
    try:
        with console.status(plain(f"reading {request.data}")) as status:
            resolved = training.resolve(
                wanted,
                lambda done, total: status.update(plain(f"reading {request.data}: {done:,} of {total:,} images")),
            )
    except InputError as error:
        if error.argument == "device" and device != "cuda":
            missing = NotRun(request, "no GPU on this machine", f"{command} --device cuda")
            return _left_out(missing, f"{title} on a GPU", console)
        raise
    title = f"{title} on {resolved.device}"
    if (found := store.find(resolved)) is not None:
        console.print(f"{title}: read from {store.path(resolved)}")
        return found
    if (store.path(resolved) / "record.json").exists():
        console.print(f"{title}: the record in {store.path(resolved)} cannot be used and is made again")
    with _bars(console) as bars:
        shown = _shown(bars, title) if console.is_terminal else _told(console, title)
        record = training.run(resolved, shown, store.path(resolved))
    store.save(record)
    console.print(f"{title}: {record.total_s:.0f} s, test accuracy {record.test_accuracy:.4f}")
    return record


def _left_out(missing: NotRun, title: str, console: Console) -> NotRun:
    console.print(f"{title}: not run: {missing.reason}")
    return missing


def _bars(console: Console) -> Bars:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[figures]}", markup=False),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _told(console: Console, title: str) -> OnProgress:
    """Where there is no terminal for a bar: a line now and then, so that a log shows that the run goes on."""
    last = time.monotonic()

    def on_progress(p: Progress) -> None:
        nonlocal last
        if p.step == p.steps and time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            console.print(f"{title}: epoch {p.epoch} of {p.epochs}, loss {p.loss:.3f}, accuracy {p.accuracy:.3f}")

    return on_progress


def _shown(bars: Bars, title: str) -> OnProgress:
    task = bars.add_task(title, total=None, figures="")

    def on_progress(p: Progress) -> None:
        done, total = (p.epoch - 1) * p.steps + p.step, p.epochs * p.steps
        figures = f"epoch {p.epoch}/{p.epochs}  loss {p.loss:.3f}  acc {p.accuracy:.3f}  {p.images_per_s:.0f} images/s"
        bars.update(task, completed=done, total=total, figures=figures)

    return on_progress
