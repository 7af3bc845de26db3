"""One run in one process: from its beginning, or from its newest checkpoint, to its record."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch

from gradus.errors import WorkFailed
from gradus.runs.progress import OnProgress
from gradus.runs.record import Epoch, RunRecord
from gradus.runs.request import run_id
from gradus.training.checkpoint import (
    Checkpoint,
    Facts,
    OnMessage,
    as_bytes,
    from_bytes,
    newest_checkpoint,
    remove_leftovers,
    write_checkpoint,
)
from gradus.training.device import device_name, forget_peak_memory, memory_named, peak_memory_bytes, synchronise
from gradus.training.disk import until_written
from gradus.training.evaluation import DevicePart, evaluation, on_device
from gradus.training.fingerprints import weight_fingerprints
from gradus.training.graphs import grouped
from gradus.training.journal import Journal
from gradus.training.loop import epochs_of
from gradus.training.meter import Diverged
from gradus.training.model import weights_of
from gradus.training.plan import Plan
from gradus.training.snapshot import Clock, restore, snapshot
from gradus.training.stopping import Stopping
from gradus.training.team import Team
from gradus.training.versions import versions
from gradus.training.weights_file import TrainedNetwork, write_weights
from gradus.training.workers import WorkerLost, Workers

CHECKPOINT_EVERY_S = 60.0

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Who watches a run, and where it keeps what it must not lose.

    Attributes:
        folder: the run's folder; None keeps nothing.
        workers, team: the processes and the threads that share the batches.
        began: when the run was asked for, by :func:`time.perf_counter`.
        checkpoint_every_s: seconds between checkpoints within an epoch.
    """

    folder: Path | None
    on_progress: OnProgress | None
    on_message: OnMessage
    stopping: Stopping
    workers: Workers
    team: Team
    began: float
    checkpoint_every_s: float = CHECKPOINT_EVERY_S


class Session:
    """A run that has been begun, or taken up again from the newest good checkpoint in its folder.

    Raises:
        InputError: the folder holds checkpoints of another run.
    """

    def __init__(self, plan: Plan, surroundings: Surroundings) -> None:
        self.plan, self.around = plan, surroundings
        forget_peak_memory(plan.device)
        self.training = plan.begun(surroundings.workers, surroundings.team)
        self.initial_weights = weight_fingerprints(weights_of(self.training.network))
        self.earlier_s = self.first_step_s = 0.0
        self.saved: Facts | None = None
        checkpoint = self._found()
        if checkpoint is not None:
            self._resume(checkpoint)
        self.saved_at = time.perf_counter()

    def record(self) -> RunRecord:
        """Train to the end, and say what was measured.

        Raises:
            KeyboardInterrupt: the run was asked to stop; where there is a folder, it can go on from there.
            WorkFailed: the loss is no finite number, the memory does not suffice, or a worker has ended.
            OutputError: the folder cannot be written.
        """
        plan, training = self.plan, self.training
        with self._interruptions_told(), memory_named(plan.configuration.batch_size):
            data = on_device(plan.dataset.training, plan.device)
            self._train(data.chosen(plan.split.training), data.chosen(plan.split.validation))
            test = on_device(plan.test, plan.device)
            trained_network = training.trained_network()
            loss, accuracy = evaluation(trained_network, test, training.arithmetic, training.workers, training.team)
            trained = TrainedNetwork(trained_network, plan.dataset.classes, run_id(plan.request))
            self._write(lambda folder: write_weights(folder, trained))
        return self._measured(loss, accuracy)

    def _train(self, training_part: DevicePart, validation_part: DevicePart) -> None:
        training, plan = self.training, self.plan
        journal = self._write(lambda folder: Journal(folder, training.epochs, plan.steps))
        batch_size, epochs = plan.configuration.batch_size, plan.request.epochs
        on_progress = self.around.on_progress
        advance = grouped(training, training_part, batch_size)
        for epoch in epochs_of(
            training, training_part, validation_part, epochs, batch_size, on_progress, self._after_step, advance
        ):
            if journal is not None:
                self._write(partial(_add, journal, epoch))
            self._save()

    def _found(self) -> Checkpoint | None:
        """The checkpoint to go on from: that which the first worker finds, for all of them."""
        folder, workers = self.around.folder, self.around.workers
        found = None
        if folder is not None and self._writes:
            self._write(remove_leftovers)
            found = newest_checkpoint(folder, self._say, run_id(self.plan.request))
        if workers.size == 1:
            return found
        content = workers.first_says(b"" if found is None else as_bytes(found), self.plan.device)
        return from_bytes(content) if content else None

    def _resume(self, checkpoint: Checkpoint) -> None:
        facts = self.saved = checkpoint.facts
        restore(self.training, checkpoint)
        self.earlier_s, self.first_step_s = facts.elapsed_s, facts.first_step_s
        self._say(f"the run goes on after {_position(facts, self.plan.request.epochs)}")
        around = self.around
        now = {"threads": self.training.threads, "workers": around.workers.size, **versions(around.team.library)}
        before = {"threads": facts.threads, "workers": facts.workers, **facts.versions}
        if changed := [name for name in now | before if now.get(name) != before.get(name)]:
            rule = "the weights may differ by rounding from those of a run without interruption"
            self._say(f"other {' and '.join(changed)} than before: {rule}")

    def _after_step(self) -> None:
        if not self.first_step_s:
            synchronise(self.plan.device)
            self.first_step_s = self._elapsed_s()
        if self._is_to_stop():
            self._save()
            raise KeyboardInterrupt
        # After an epoch's last step there is a checkpoint at once, once its figures are complete.
        due = time.perf_counter() - self.saved_at >= self.around.checkpoint_every_s
        if due and self.training.meter.steps < self.plan.steps:
            self._save()

    def _is_to_stop(self) -> bool:
        """Whether some worker was asked to stop: then all do, after the same step."""
        asked, workers = self.around.stopping.requested, self.around.workers
        if workers.size == 1:
            return asked
        (count,) = workers.sum([torch.tensor(float(asked), device=self.plan.device)])
        return bool(count.item())

    def _save(self) -> None:
        """Write a checkpoint, if there is a folder and this is the process that writes."""
        if self._writes:
            clock = Clock(self._elapsed_s(), self.first_step_s)
            checkpoint = snapshot(self.training, self.plan.request, clock, self.initial_weights)
            self._write(lambda folder: write_checkpoint(folder, checkpoint))
            self.saved = checkpoint.facts
        self.saved_at = time.perf_counter()

    @property
    def _writes(self) -> bool:
        return self.around.folder is not None and self.around.workers.rank == 0

    def _write(self, write: Callable[[Path], T]) -> T | None:
        """What ``write`` returns for the run's folder; None where this process writes nothing."""
        folder = self.around.folder
        if folder is None or not self._writes:
            return None
        return until_written(lambda: write(folder), folder, self.around.stopping, self._say)

    def _say(self, message: str) -> None:
        if self.around.workers.rank == 0:
            self.around.on_message(message)

    @contextmanager
    def _interruptions_told(self) -> Iterator[None]:
        """Say how to go on where the run ends too early."""
        try:
            yield
        except WorkerLost as error:
            self._save()
            raise WorkerLost(f"{error}{self._to_go_on()}") from error
        except KeyboardInterrupt:
            if self._writes:
                self._say(f"the run was stopped{self._to_go_on()}")
            raise
        except Diverged:
            if self.saved is not None:
                self._say(f"the last checkpoint before training diverged is that of {_position(self.saved)}")
            raise
        except WorkFailed as error:
            raise WorkFailed(f"{error}{self._to_go_on()}") from error

    def _to_go_on(self) -> str:
        if not self._writes:
            return ""
        if self.saved is None:
            return "; nothing was kept yet"
        command = shlex.join(["gradus", "train", "--resume", str(self.around.folder)])
        return f"; kept up to {_position(self.saved)}: go on with {command}"

    def _elapsed_s(self) -> float:
        return self.earlier_s + time.perf_counter() - self.around.began

    def _measured(self, test_loss: float, test_accuracy: float) -> RunRecord:
        plan, training = self.plan, self.training
        return RunRecord(
            id=run_id(plan.request),
            request=plan.request,
            data=plan.data,
            versions=versions(self.around.team.library),
            device_name=device_name(plan.device),
            threads=training.threads,
            parameters=sum(weights.numel() for weights in training.weights),
            epochs=tuple(training.epochs),
            test_loss=test_loss,
            test_accuracy=test_accuracy,
            first_step_s=self.first_step_s,
            total_s=self._elapsed_s(),
            peak_memory_bytes=peak_memory_bytes(plan.device),
            initial_weights=self.initial_weights,
            final_weights=weight_fingerprints(weights_of(training.current_network())),
            workers=training.workers.size,
        )


def _position(facts: Facts, epochs: int | None = None) -> str:
    of = "" if epochs is None else f" of {epochs}"
    done = len(facts.epochs)
    return f"epoch {done + 1}{of}, step {facts.step:,}" if facts.step else f"epoch {done}{of}"


def _add(journal: Journal, epoch: Epoch, folder: Path) -> None:
    journal.add(epoch)
