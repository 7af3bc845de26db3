"""The store of run records: ``<folder>/<id>/record.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from gradus.errors import InputError, OutputError
from gradus.runs.files import write_whole
from gradus.runs.record import RunRecord
from gradus.runs.request import RunRequest, run_id

MAX_BYTES = 10_000_000


def read_record(path: str | Path) -> RunRecord:
    """The record in a run's folder, or in a ``record.json``.

    Raises:
        InputError: there is none, or it is not one.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "record.json"
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        remedy = "give the folder of a finished run"
        raise InputError("run record", file, f"cannot be read ({error.strerror})", remedy) from error
    if len(content) > MAX_BYTES:
        raise InputError("run record", file, f"must have at most {MAX_BYTES:,} bytes", "train again")
    return RunRecord.from_json(content, place=str(file))


@dataclass(frozen=True)
class RunStore:
    """The folder that holds the records of finished runs, one folder a run."""

    folder: Path

    def path(self, request: RunRequest) -> Path:
        """The folder of the run of a resolved request."""
        return self.folder / run_id(request)

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
        for file in sorted(self.folder.glob("*/record.json")):
            try:
                found.append(read_record(file))
            except InputError:
                continue
        return tuple(record for record in found if record.ended == "completed")

    def save(self, record: RunRecord) -> Path:
        """Write a record so that it is there whole or not at all; returns its file.

        Raises:
            OutputError: the folder cannot be written.
        """
        folder = self.folder / record.id
        file = folder / "record.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(file, json.dumps(record.as_json(), indent=1).encode())
        except OSError as error:
            rule = f"cannot be written ({error.strerror})"
            raise OutputError("runs folder", folder, rule, "choose a folder that can be written") from error
        return file
