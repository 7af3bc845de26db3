"""The other sections of ``benchmarks/training.py``: scaling, profile, ladder and homework."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from training_process import Ended, TurnTaking
from training_programs import PROGRAMS, Program
from training_rounds import Task, in_groups, on_threads, processors, tell
from training_table import row_report, table

BATCH_SIZES = (8, 16, 32, 64, 128, 256)
IMAGES = (2_500, 10_000, 40_000)
ONE_SIZE = 12_800
"""Images of an epoch where it is not their number that changes."""

RUNGS = (0.75, 0.80, 0.85, 0.90)
"""Test accuracies that the recipe ``fast`` is asked for."""

SEEDS = (0, 1, 2)
HOMEWORK_EPOCHS = 30


def scaling(options: argparse.Namespace, task: Task) -> tuple[dict[str, Any], str]:
    """gradus against batch size and processors, and against the number of images."""
    ours = [program for program in PROGRAMS if program.role == "gradus"]
    size = min(task.count, ONE_SIZE)
    threads = [count for count in (1, 2, 4, 8, 16) if count <= processors()]
    figures: list[dict[str, Any]] = []
    for count in threads:
        tasks = {f"{b}": replace(task, batch_size=b, count=size, threads=count) for b in BATCH_SIZES if b <= size}
        figures += _scaled(options, ours, tasks, "batch_size")
    numbers = sorted({min(n, task.count) for n in IMAGES})
    figures += _scaled(options, ours, {f"{n:,}": replace(task, count=n) for n in numbers}, "images")
    heads = ("program", "axis", "processors", "batch", "images", "ms/step", "ms/image")
    rows = [
        [f["name"], f["axis"], str(f["threads"] or processors()), str(f["batch_size"]), f"{f['images']:,}", *_costs(f)]
        for f in figures
    ]
    return {"rows": figures}, table(heads, rows)


def _scaled(
    options: argparse.Namespace, programs: Sequence[Program], tasks: dict[str, Task], axis: str
) -> list[dict[str, Any]]:
    found = in_groups(programs, tasks, options.rounds, options.seconds, tell)
    return [
        {
            **row_report(row),
            "name": name,
            "axis": axis,
            "batch_size": tasks[at].batch_size,
            "images": tasks[at].count,
            "threads": tasks[at].threads,
        }
        for (name, at), row in found.items()
    ]


def _costs(figures: dict[str, Any]) -> tuple[str, str]:
    if figures["epoch_s"] is None:
        return figures["outcome"], ""
    steps = -(-figures["images"] // figures["batch_size"])
    return f"{1000 * figures['epoch_s'] / steps:.2f}", f"{1000 * figures['epoch_s'] / figures['images']:.4f}"


def profile(options: argparse.Namespace, task: Task) -> tuple[dict[str, Any], str]:
    """A step of gradus by cause, in each precision, beside its time without the profiler."""
    task = on_threads(replace(task, count=min(task.count, ONE_SIZE)), options.threads)
    steps = -(-task.count // task.batch_size)
    figures: dict[str, Any] = {}
    for program in (program for program in PROGRAMS if program.role == "gradus"):
        try:
            worker = TurnTaking(task.given(program), program.environment, options.seconds)
        except Ended as reason:
            figures[program.name] = {"outcome": str(reason)}
            continue
        try:
            plain = worker.turn({"images": task.count}, options.seconds)["seconds"]
            causes = worker.turn({"images": task.count, "profile": True}, options.seconds)["causes"]
        finally:
            worker.close()
        figures[program.name] = {
            "step_ms": 1000 * plain / steps,
            "causes_ms": {cause: 1000 * seconds / steps for cause, seconds in causes.items()},
        }
    return {"steps": steps, "programs": figures}, _profile_table(figures)


def _profile_table(figures: dict[str, Any]) -> str:
    measured = {name: found for name, found in figures.items() if "causes_ms" in found}
    causes = list(dict.fromkeys(cause for found in measured.values() for cause in found["causes_ms"]))
    rows = [[c, *(f"{found['causes_ms'].get(c, 0):.2f}" for found in measured.values())] for c in causes]
    rows.append(["a step without the profiler", *(f"{found['step_ms']:.2f}" for found in measured.values())])
    missing = "".join(f"\n\n{name}: {f['outcome']}" for name, f in figures.items() if name not in measured)
    return table(["ms a step", *measured], rows) + missing


@dataclass(frozen=True)
class Rung:
    """One whole run of the recipe ``fast``: start of the program to its end, and what it reached."""

    target: float
    seed: int
    seconds: float
    test_accuracy: float
    keras_epoch_s: float


def ladder(options: argparse.Namespace, task: Task) -> tuple[dict[str, Any], str]:
    """Each rung's median time and accuracy over the seeds, in epochs of hw5 in Keras, which are measured in between."""
    rungs: list[Rung] = []
    ended = ""
    try:
        keras = _Keras(options, on_threads(task, options.threads))
    except Ended as reason:
        return {"outcome": str(reason)}, str(reason)
    try:
        for seed in SEEDS:
            for target in RUNGS:
                rungs.append(_rung(options, target, seed, keras))
    except Ended as reason:
        ended = f"\n\nThe ladder is not finished: {reason}"
    finally:
        keras.close()
    heads = ("asked for", "test accuracy", "of the seeds", "s", "Keras epochs")
    rows = []
    for target in dict.fromkeys(rung.target for rung in rungs):
        here = [rung for rung in rungs if rung.target == target]
        rows.append(
            [
                f"{target:.2f}",
                f"{median(rung.test_accuracy for rung in here):.4f}",
                ", ".join(f"{rung.test_accuracy:.4f}" for rung in here),
                f"{median(rung.seconds for rung in here):.1f}",
                f"{median(rung.seconds / rung.keras_epoch_s for rung in here):.2f}",
            ]
        )
    figures = {"keras": keras.name, "rungs": [vars(rung) for rung in rungs], "outcome": ended.strip() or "measured"}
    return figures, table(heads, rows) + ended + _not_comparable(options)


def homework(options: argparse.Namespace, task: Task) -> tuple[dict[str, Any], str]:
    """hw5's 30 epochs in Keras beside the lowest rung of ``fast``."""
    try:
        keras = _Keras(options, on_threads(task, options.threads))
    except Ended as reason:
        return {"outcome": str(reason)}, str(reason)
    try:
        fast = [_rung(options, RUNGS[0], seed, keras) for seed in SEEDS]
        # Keras has trained an epoch before each of these runs: they are the first of the thirty.
        while options.full and len(keras.epochs_s) < HOMEWORK_EPOCHS:
            keras.epoch_s()
        keras_accuracy = keras.test_accuracy() if options.full else None
    except Ended as reason:
        return {"outcome": str(reason)}, str(reason)
    finally:
        keras.close()
    an_epoch = median(rung.keras_epoch_s for rung in fast)
    whole = keras.first_step_s + (sum(keras.epochs_s) if options.full else HOMEWORK_EPOCHS * an_epoch)
    seconds, accuracy = (median(getattr(rung, name) for rung in fast) for name in ("seconds", "test_accuracy"))
    shown = "not measured" if keras_accuracy is None else f"{keras_accuracy:.4f}"
    how = "measured" if options.full else f"{HOMEWORK_EPOCHS} times one epoch's median, {an_epoch:.1f} s"
    rows = [
        [f"{keras.name}, {HOMEWORK_EPOCHS} epochs ({how})", f"{whole:.0f}", shown, "1"],
        [
            f"gradus train fast --target-accuracy {RUNGS[0]}",
            f"{seconds:.1f}",
            f"{accuracy:.4f}",
            f"{whole / seconds:.0f}",
        ],
    ]
    heads = ("", "s", "test accuracy", "times as fast")
    figures = {
        "keras": keras.name,
        "keras_s": whole,
        "keras_measured": options.full,
        "keras_accuracy": keras_accuracy,
        "fast": [vars(rung) for rung in fast],
    }
    return {**figures, "ratio": whole / seconds}, table(heads, rows) + _not_comparable(options)


def _not_comparable(options: argparse.Namespace) -> str:
    """``fast`` takes all images, whatever ``--images`` says."""
    if options.images is None:
        return ""
    return f"\n\nKeras's epochs are of {options.images:,} images only, fast has all of them: the ratios mean nothing."


class _Keras:
    """Keras on TensorFlow as it comes, stopped but for its epochs.

    Raises:
        Ended: it cannot be started.
    """

    def __init__(self, options: argparse.Namespace, task: Task) -> None:
        program = next(p for p in PROGRAMS if p.role == "as it comes" and "TensorFlow" in p.name)
        self.name, self._limit, self._task = program.name, options.seconds, task
        self._worker = TurnTaking(task.given(program), program.environment, options.seconds)
        self.first_step_s: float = self._worker.started["first_step_s"]
        self.epochs_s: list[float] = []

    def epoch_s(self) -> float:
        """One more epoch on all training images."""
        seconds: float = self._worker.turn({"images": self._task.count}, self._limit)["seconds"]
        tell(f"{self.name}: {seconds:.2f} s")
        self.epochs_s.append(seconds)
        return seconds

    def test_accuracy(self) -> float:
        """On all test images, after the epochs so far."""
        files = {"test_images": str(self._task.test_images), "test_labels": str(self._task.test_labels)}
        found: float = self._worker.turn(files, self._limit)["test_accuracy"]
        return found

    def close(self) -> None:
        self._worker.close()


def _rung(options: argparse.Namespace, target: float, seed: int, keras: _Keras) -> Rung:
    """An epoch of Keras, and then a run of ``fast`` in a process and a run store of its own.

    Raises:
        Ended: the run failed.
    """
    epoch_s = keras.epoch_s()
    with tempfile.TemporaryDirectory(prefix="gradus-bench-") as runs:
        command = [sys.executable, "-m", "gradus", "train", "fast", "--target-accuracy", str(target)]
        command += ["--data", options.data, "--seed", str(seed), "--device", "cpu", "--runs", runs, "--quiet", "--json"]
        began = time.perf_counter()
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - began
    if ran.returncode:
        raise Ended(f"gradus train fast: {(ran.stderr.strip().splitlines() or ['failed'])[-1]}")
    accuracy = json.loads(ran.stdout)["record"]["test_accuracy"]
    tell(f"fast, {target}, seed {seed}: {seconds:.1f} s, test accuracy {accuracy:.4f}")
    return Rung(target, seed, seconds, accuracy, epoch_s)
