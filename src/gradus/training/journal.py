"""What a run writes down while it goes on: ``metrics.jsonl``, an object an epoch, and an event file for TensorBoard."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from gradus.runs.files import write_whole
from gradus.runs.folders import METRICS
from gradus.runs.record import Epoch
from gradus.training import tensorboard
from gradus.training.disk import append_whole

EVENTS = "events.out.tfevents.gradus"


class Journal:
    """The two files of a run's folder.

    Args:
        folder: the run's folder; made if it is not there.
        epochs: what is known already of a run that goes on; all else in the files is dropped.
        steps_an_epoch: optimiser steps, by which TensorBoard counts.

    Raises:
        OSError: a file cannot be written; what was in it is still there.
    """

    def __init__(self, folder: Path, epochs: Sequence[Epoch], steps_an_epoch: int) -> None:
        self._metrics, self._events, self._steps = folder / METRICS, folder / EVENTS, steps_an_epoch
        self._written = len(epochs)
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(self._metrics, b"".join(_line(n, epoch) for n, epoch in enumerate(epochs, start=1)))
        # When earlier epochs ended is not kept: they are shown as if they had followed each other until now.
        times = [time.time() - sum(later.time_s for later in epochs[n:]) for n in range(1, len(epochs) + 1)]
        began = time.time() - sum(epoch.time_s for epoch in epochs)
        known = [
            self._scalars(when, n, epoch) for n, (when, epoch) in enumerate(zip(times, epochs, strict=True), start=1)
        ]
        write_whole(self._events, tensorboard.file_header(began) + b"".join(known))

    def add(self, epoch: Epoch) -> None:
        """Write down the next epoch; called again after a failure it goes on where it stopped."""
        number = self._written + 1
        if self._pending(number):
            append_whole(self._metrics, _line(number, epoch))
        append_whole(self._events, self._scalars(time.time(), number, epoch))
        self._written = number

    def _pending(self, number: int) -> bool:
        return self._metrics.read_bytes().count(b"\n") < number

    def _scalars(self, when: float, number: int, epoch: Epoch) -> bytes:
        values = {name.replace("_", "/", 1): value for name, value in asdict(epoch).items() if name != "time_s"}
        return tensorboard.scalars(when, number * self._steps, values | {"time_s": epoch.time_s})


def _line(number: int, epoch: Epoch) -> bytes:
    return json.dumps({"epoch": number, **asdict(epoch)}).encode() + b"\n"
