"""Programs that take turns: in every round each trains one epoch, and the roof is measured before and after."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

import numpy as np
from training_process import Ended, TurnTaking, all_closed
from training_programs import Program

Roofs: TypeAlias = list[dict[str, dict[str, float]]]
"""Operations a second by precision and kind (``roof`` is the best of them), one entry a measurement."""

WARM_UP = 50
"""Steps before the first turn: compilation, allocation of memory and the choice of kernels belong to no epoch."""


@dataclass(frozen=True)
class Task:
    """What every program trains on.

    Attributes:
        data: the data set's name for gradus.
        images, labels: files with the training images, uint8 (count, 32, 32, 3), and labels, in gradus' order.
        test_images, test_labels: files with all test images and labels.
        count: images of an epoch.
        threads: processors that may be used; None for all.
    """

    data: str
    images: Path
    labels: Path
    count: int
    test_images: Path
    test_labels: Path
    batch_size: int = 32
    threads: int | None = None

    def given(self, program: Program) -> dict[str, Any]:
        """The first message to the program's worker."""
        return {
            "kind": program.kind,
            "options": dict(program.options),
            "precision": program.precision,
            "data": self.data,
            "images": str(self.images),
            "labels": str(self.labels),
            "batch_size": self.batch_size,
            "warm_up": min(self.count, WARM_UP * self.batch_size),
            "threads": self.threads,
        }


@dataclass
class Measured:
    """One program's row.

    Attributes:
        outcome: ``measured``, or in a few words why not.
        first_step_s: from the start of the process, reading of the images left out.
        epochs_s: seconds of the epoch of each round.
    """

    program: Program
    outcome: str = "measured"
    first_step_s: float | None = None
    epochs_s: list[float] = field(default_factory=list)

    @property
    def epoch_s(self) -> float | None:
        """The median of the rounds."""
        return median(self.epochs_s) if self.epochs_s and self.outcome == "measured" else None

    def times_as_long_as(self, other: Measured) -> float | None:
        """The median over the rounds of the ratio of both epochs."""
        if self.epoch_s is None or other.epoch_s is None:
            return None
        return median(mine / its for mine, its in zip(self.epochs_s, other.epochs_s, strict=True))


@contextmanager
def training_images(data: str, count: int | None) -> Iterator[Task]:
    """The first training images of hw5's split with seed 0, in gradus' order, as files for the time of the block.

    Raises:
        InputError, DataError: there are no such data, or they cannot be read.
    """
    from gradus.training.data import load
    from gradus.training.data.dataset import random_split
    from gradus.training.recipes.hw5 import hw5
    from gradus.training.seeds import stream_seed

    dataset = load(data)
    share = hw5(len(dataset.classes)).validation_share
    chosen = random_split(len(dataset.training), share, stream_seed(0, "split")).training[:count]
    with tempfile.TemporaryDirectory(prefix="gradus-bench-") as name:
        arrays = {
            "images": dataset.training.images[chosen],
            "labels": dataset.training.labels[chosen],
            "test_images": dataset.test.images,
            "test_labels": dataset.test.labels,
        }
        files = {key: Path(name) / f"{key}.npy" for key in arrays}
        for key, file in files.items():
            np.save(file, arrays[key])
        yield Task(data, files["images"], files["labels"], len(chosen), files["test_images"], files["test_labels"])


def alternating(
    programs: Sequence[Program], task: Task, rounds: int, limit: float, say: Callable[[str], None]
) -> tuple[list[Measured], Roofs]:
    """Every program's epochs, and the roof before the first round and after each.

    The order is reversed in every other round, so that no program always comes after the same one.

    Args:
        limit: seconds that a start or a turn may take; whoever takes longer is out.
    """
    rows = {program.name: Measured(program) for program in programs}
    alive: dict[str, TurnTaking] = {}
    roofs: Roofs = []
    with all_closed(alive):
        _start_roof(alive, task, limit, say)
        for program in programs:
            _start(alive, rows[program.name], task, limit, say)
        _measure_roof(alive, roofs, limit)
        for number in range(rounds):
            names = [name for name in rows if name in alive]
            for name in names if number % 2 == 0 else names[::-1]:
                _take_turn(alive, rows[name], task, limit, say)
            _measure_roof(alive, roofs, limit)
    return list(rows.values()), roofs


def in_groups(
    programs: Sequence[Program], tasks: Mapping[str, Task], rounds: int, limit: float, say: Callable[[str], None]
) -> dict[tuple[str, str], Measured]:
    """Each program on each task, the tasks of one program taking turns; by names of program and task."""
    found: dict[tuple[str, str], Measured] = {}
    for program in programs:
        rows = {name: Measured(replace(program, name=f"{program.name}, {name}")) for name in tasks}
        alive: dict[str, TurnTaking] = {}
        with all_closed(alive):
            for name, task in tasks.items():
                _start(alive, rows[name], task, limit, say)
            for _ in range(rounds):
                for name, task in tasks.items():
                    if rows[name].program.name in alive:
                        _take_turn(alive, rows[name], task, limit, say)
        found |= {(program.name, name): row for name, row in rows.items()}
    return found


def on_threads(task: Task, threads: int | None) -> Task:
    """The task on so many processors."""
    return replace(task, threads=threads)


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def tell(line: str) -> None:
    """What goes on, for whoever waits; tables alone go to standard output."""
    print(line, file=sys.stderr, flush=True)


def _start(alive: dict[str, TurnTaking], row: Measured, task: Task, limit: float, say: Callable[[str], None]) -> None:
    program = row.program
    try:
        started = TurnTaking(task.given(program), program.environment, limit)
    except Ended as reason:
        row.outcome = str(reason)
        say(f"{program.name}: {reason}")
        return
    alive[program.name] = started
    row.first_step_s = started.started["first_step_s"]
    say(f"{program.name}: started, first step after {row.first_step_s:.1f} s")


def _take_turn(
    alive: dict[str, TurnTaking], row: Measured, task: Task, limit: float, say: Callable[[str], None]
) -> None:
    name = row.program.name
    try:
        seconds = alive[name].turn({"images": task.count}, limit)["seconds"]
    except Ended as reason:
        row.outcome = str(reason)
        alive.pop(name).close()
        say(f"{name}: {reason}")
        return
    row.epochs_s.append(seconds)
    say(f"{name}: {seconds:.2f} s")


def _start_roof(alive: dict[str, TurnTaking], task: Task, limit: float, say: Callable[[str], None]) -> None:
    try:
        alive["roof"] = TurnTaking({"kind": "roof", "threads": task.threads}, {}, limit)
    except Ended as reason:
        say(f"the roof: {reason}")


def _measure_roof(alive: dict[str, TurnTaking], roofs: Roofs, limit: float) -> None:
    if "roof" in alive:
        roofs.append(alive["roof"].turn({}, limit))
