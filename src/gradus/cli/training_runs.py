"""The runs that a command needs: read from the store, or trained now, each once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from gradus.cli.watching import reading, watched
from gradus.errors import InputError, MissingExtra, WorkFailed
from gradus.runs import Device, NotRun, RunRecord, RunRequest, RunStore
from gradus.runs.store import RECORD

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from gradus.sets import Problem


@dataclass(frozen=True)
class Runs:
    """The outcome: a record or the reason for none, request by request, and whether anything was left unfinished."""

    records: dict[RunRequest, RunRecord | NotRun]
    unfinished: bool


CommandFor: TypeAlias = Callable[[RunRequest], str]
"""The command that makes a missing run later."""


def missing_run_command(
    set_name: str,
    problems: Sequence[Problem],
    data: str | None,
    data_dir: Path | None,
    out: Path | None,
    request: RunRequest,
) -> str:
    """The command that makes a run, and solves the problems that need it."""
    import shlex

    ids = ",".join(p.id for p in problems if request in p.kind.runs_needed(p.params))
    given = {"--data": data, "--data-dir": data_dir, "--out": out}
    options = ["--only", ids, *(part for name, value in given.items() if value for part in (name, str(value)))]
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
    requests: Sequence[RunRequest],
    device: Device,
    store: RunStore,
    command_for: CommandFor,
    console: Console,
    data_dir: Path | None = None,
) -> Runs:
    """A record for each request: read from the store if that run was made before, else trained now and stored.

    A run that cannot be made on this machine (no PyTorch, no GPU where the problem asks for one) is left out with the
    reason.  Ctrl-C ends the run that is going on and leaves out those after it; what was finished stays, and the next
    time the run goes on where it was.

    Args:
        device: what ``auto`` stands for; with ``cpu`` runs that ask for a GPU are left out.
        data_dir: where a downloaded archive of images lies or will lie; None for the cache folder.

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
                records[request] = _record(request, device, store, command_for(request), console, title, data_dir)
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


@contextmanager
def needing_training() -> Iterator[None]:
    """What is imported inside comes with the extra.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("numpy", "PIL", "safetensors", "torch"):
            raise
        raise MissingExtra("training", "train") from error


def _record(
    request: RunRequest,
    device: Device,
    store: RunStore,
    command: str,
    console: Console,
    title: str,
    data_dir: Path | None,
) -> RunRecord | NotRun:
    with needing_training():
        from gradus import training
    if request.device == "cuda" and device == "cpu":
        return _left_out(NotRun(request, "--device cpu was asked for", command), f"{title} on a GPU", console)
    wanted = replace(request, device=device) if request.device == "auto" else request
    try:
        with reading(console, request.data) as (on_load, on_download):
            resolved = training.resolve(
                wanted, on_load, data_dir=data_dir, on_download=on_download, on_message=console.print
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
    if (store.path(resolved) / RECORD).exists():
        console.print(f"{title}: the record in {store.path(resolved)} cannot be used and is made again")
    folder = store.begin(resolved)
    with watched(console, title) as shown, needing_training():
        record = training.run(
            resolved, shown, folder, data_dir=data_dir, on_message=lambda message: console.print(f"{title}: {message}")
        )
    store.save(record, console.print)
    console.print(f"{title}: {record.total_s:.0f} s, test accuracy {record.test_accuracy:.4f}")
    return record


def _left_out(missing: NotRun, title: str, console: Console) -> NotRun:
    console.print(f"{title}: not run: {missing.reason}")
    return missing
