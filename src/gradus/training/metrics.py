"""The metrics of a run, written while it goes on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from gradus.errors import OutputError
from gradus.runs.record import Epoch


def metrics_file(folder: Path) -> TextIO:
    """``metrics.jsonl`` in a run's folder, opened for writing.

    Raises:
        OutputError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / "metrics.jsonl").open("w", encoding="utf-8")
    except OSError as error:
        rule = f"cannot be written ({error.strerror})"
        raise OutputError("runs folder", folder, rule, "choose a folder that can be written") from error


def streamed(epochs: Iterable[Epoch], metrics: TextIO | None) -> tuple[Epoch, ...]:
    """All epochs; each is written as one line of JSON as soon as it is over."""
    done: list[Epoch] = []
    for epoch in epochs:
        done.append(epoch)
        if metrics is not None:
            metrics.write(json.dumps({"epoch": len(done), **asdict(epoch)}) + "\n")
            metrics.flush()
    return tuple(done)
