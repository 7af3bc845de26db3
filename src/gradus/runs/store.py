"""The store of run records: ``<folder>/<id>/record.json``."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from gradus.errors import InputError, OutputError
from gradus.runs.record import RunRecord
from gradus.runs.request import RunRequest


def run_id(request: RunRequest) -> str:
    """The id of a resolved request's run: the first 12 hexadecimal digits of the SHA-256 of its canonical JSON."""
    canonical = json.dumps(request.as_json(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def read_record(path: str | Path) -> RunRecord:
    """The record in a run's folder, or in a ``record.json``.

    Raises:
        InputError: there is none, or it is not one.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "record.json"
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        remedy = "give the folder of a finished run"
        raise InputError("run record", file, f"cannot be read ({error.strerror})", remedy) from error
    except ValueError as error:
        raise InputError("run record", file, f"is not JSON ({error})", "train again") from error
    return RunRecord.from_json(value, place=str(file))


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
        return record if record.request == request and record.ended == "completed" else None

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
        file, draft = folder / "record.json", folder / "record.json.new"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with draft.open("w", encoding="utf-8") as stream:
                json.dump(record.as_json(), stream, indent=1)
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(file)
        except OSError as error:
            raise OutputError(
                "runs folder", folder, f"cannot be written ({error.strerror})", "choose another with --out"
            ) from error
        return file
