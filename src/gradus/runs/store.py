"""The store of runs: ``<folder>/<id>/request.json`` of each that was begun, ``record.json`` of each finished one."""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradus.errors import InputError, OutputError
from gradus.runs.files import write_whole
from gradus.runs.record import RunRecord
from gradus.runs.request import RunRequest, run_id

MAX_BYTES = 10_000_000

LOOKS_EVERY_S = 5.0
"""Seconds between two attempts to write on a full disk."""

RECORD, REQUEST = "record.json", "request.json"


def read_record(path: str | Path) -> RunRecord:
    """The record in a run's folder, or in a ``record.json``.

    Raises:
        InputError: there is none, or it is not one.
    """
    file = Path(path)
    if file.is_dir():
        file = file / RECORD
    return RunRecord.from_json(bounded(file, "run record"), place=str(file))


def bounded(file: Path, name: str) -> bytes:
    """The content of a file of a run's folder.

    Args:
        name: what the file is called in errors.

    Raises:
        InputError: it cannot be read, or is longer than any that gradus writes.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        remedy = "give the folder of a finished run"
        raise InputError(name, file, f"cannot be read ({error.strerror})", remedy) from error
    if len(content) > MAX_BYTES:
        raise InputError(name, file, f"must have at most {MAX_BYTES:,} bytes", "train again")
    return content


class DiskFull(OutputError):
    """There is no space left for a file."""


@dataclass(frozen=True)
class RunStore:
    """The folder that holds the records of finished runs, one folder a run."""

    folder: Path

    def path(self, request: RunRequest) -> Path:
        """The folder of the run of a resolved request."""
        return self.folder / run_id(request)

    def begin(self, request: RunRequest) -> Path:
        """Write what is asked of a run into its folder, so that it can go on by its id alone; returns the folder.

        Raises:
            OutputError: the folder cannot be written.
        """
        folder = self.path(request)
        _write(folder / REQUEST, request.as_json())
        return folder

    def find(self, request: RunRequest) -> RunRecord | None:
        """The completed record of a resolved request, or None; a record that cannot be read counts as none."""
        try:
            record = read_record(self.path(request))
        except InputError:
            return None
        return record if record.id == run_id(request) and record.ended == "completed" else None

    def completed(self) -> tuple[RunRecord, ...]:
        """All completed records, by id; what cannot be read is left out."""
        found = []
        for file in sorted(self.folder.glob(f"*/{RECORD}")):
            try:
                found.append(read_record(file))
            except InputError:
                continue
        return tuple(record for record in found if record.ended == "completed")

    def save(self, record: RunRecord, on_full: Callable[[str], None] | None = None) -> Path:
        """Write a record so that it is there whole or not at all; returns its file.

        Args:
            on_full: while the disk is full, it is told so once, and the writing is tried again and again; without it
                that is an error.

        Raises:
            OutputError: the folder cannot be written.
        """
        file = self.folder / record.id / RECORD
        told = False
        while True:
            try:
                _write(file, record.as_json())
                return file
            except DiskFull:
                if on_full is None:
                    raise
            if not told:
                on_full(f"the disk of {file.parent} is full: the record waits until there is space; Ctrl-C ends it")
                told = True
            time.sleep(LOOKS_EVERY_S)


def _write(file: Path, content: dict[str, Any]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps(content, indent=1).encode())
    except OSError as error:
        rule = f"cannot be written ({error.strerror})"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull("runs folder", file.parent, rule, "make space and do the same again") from error
        raise OutputError("runs folder", file.parent, rule, "choose a folder that can be written") from error
