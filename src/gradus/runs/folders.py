"""Runs by their folders: the finished ones, and those that were begun and have no record yet."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gradus.errors import InputError, nearest
from gradus.runs.record import Epoch, RunRecord
from gradus.runs.request import RunRequest, run_id
from gradus.runs.store import RECORD, REQUEST, bounded, read_record

METRICS = "metrics.jsonl"

_NAMED = 5


@dataclass(frozen=True)
class FoundRun:
    """A run in a folder.

    Attributes:
        record: of a finished run; None where it was interrupted or still goes on.
        epochs: the finished epochs.
    """

    folder: Path
    request: RunRequest
    epochs: tuple[Epoch, ...]
    record: RunRecord | None = None

    @property
    def id(self) -> str:
        return run_id(self.request)


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a run."""
    return (folder / RECORD).is_file() or (folder / REQUEST).is_file()


def read_run(folder: Path) -> FoundRun:
    """The run in a folder.

    Raises:
        InputError: its files cannot be read, or are not what this version of gradus writes.
    """
    if (folder / RECORD).is_file():
        record = read_record(folder)
        return FoundRun(folder, record.request, record.epochs, record)
    file = folder / REQUEST
    return FoundRun(folder, RunRequest.from_json(bounded(file, "run request"), str(file)), _metrics(folder / METRICS))


def found_runs(runs: Path, on_error: Callable[[InputError], None]) -> tuple[FoundRun, ...]:
    """All runs in a folder of runs, those begun first before the others; one that cannot be read is told instead."""
    found = []
    for folder in sorted(filter(is_run, _folders(runs)), key=_begun):
        try:
            found.append(read_run(folder))
        except InputError as error:
            on_error(error)
    return tuple(found)


def run_folder(name: str, runs: Path) -> Path:
    """The folder of a run.

    Args:
        name: the run's id, as much of its beginning as no other run has, or its folder.
        runs: the folder of runs.

    Raises:
        InputError: there is no such run, or there are several.
    """
    if (given := Path(name).expanduser()).is_dir() and is_run(given):
        return given
    known = {folder.name: folder for folder in _folders(runs) if is_run(folder)}
    fitting = [id for id in sorted(known) if name and id.startswith(name)]
    if len(fitting) == 1 or name in known:
        return known[name if name in known else fitting[0]]
    if fitting:
        rule = f"stands for several runs in {runs}: {', '.join(fitting[:_NAMED])}{', ...' * (len(fitting) > _NAMED)}"
        raise InputError("run", name, rule, "write more of its id")
    remedy = nearest(name, known, f"gradus runs --runs {runs} lists them" if known else "name another with --runs")
    raise InputError("run", name, f"there is no such run in {runs}", remedy)


def _folders(runs: Path) -> list[Path]:
    try:
        return [folder for folder in runs.iterdir() if folder.is_dir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError("runs folder", runs, f"cannot be read ({error.strerror})", "give another") from error


def _begun(folder: Path) -> tuple[float, str]:
    """When the run was asked for, as well as the files tell."""
    times = [file.stat().st_mtime for name in (REQUEST, RECORD) if (file := folder / name).is_file()]
    return (min(times), folder.name)


def _metrics(file: Path) -> tuple[Epoch, ...]:
    """The epochs that a run has written down so far; a line that is still being written is left out."""
    from pydantic import TypeAdapter, ValidationError

    epochs: list[Epoch] = []
    for line in bounded(file, "metrics").splitlines() if file.is_file() else ():
        try:
            fields = {name: value for name, value in json.loads(line).items() if name != "epoch"}
            epochs.append(TypeAdapter(Epoch).validate_json(json.dumps(fields)))
        except (ValidationError, ValueError, AttributeError):
            break
    return tuple(epochs)
