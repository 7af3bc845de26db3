"""What is measured while an epoch goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import isfinite

import torch
from torch import Tensor

from gradus.errors import WorkFailed
from gradus.training.device import sum_type
from gradus.training.readings import Reading

_REPORTS_EVERY_S = 0.25


@dataclass(eq=False)
class Meter:
    """Running sums over an epoch, kept on the device and read only a few times a second.

    On a GPU what is read is what the sums were a moment ago, so that it never has to wait.

    Attributes:
        loss, right: sums over the images seen: cross-entropy (float64), and rightly classified ones.
        seen, steps: images and steps.
        before_s: seconds of this epoch before it was interrupted.
    """

    device: torch.device
    seen: int = 0
    steps: int = 0
    before_s: float = 0.0

    def __post_init__(self) -> None:
        self.loss = torch.zeros((), dtype=sum_type(self.device), device=self.device)
        self.right = torch.zeros((), dtype=torch.int64, device=self.device)
        self.reading: Reading | None = None
        self.recent: Figures | None = None
        self.start()

    def renewed(self) -> Meter:
        """The meter of the next epoch; its sums are the same tensors, since recorded steps write to these."""
        found = Meter(self.device)
        found.loss, found.right = self.loss.zero_(), self.right.zero_()
        return found

    def start(self) -> None:
        """The clock starts now."""
        self.began = time.perf_counter()
        self.reported = -_REPORTS_EVERY_S
        self.seen_before = self.seen

    def add(self, loss: Tensor, right: Tensor, count: int) -> None:
        """A step: the sum of the losses of its ``count`` images, and how many were classified rightly."""
        self.sum_up(loss, right)
        self.count(count)

    def sum_up(self, loss: Tensor, right: Tensor) -> None:
        """The part of :meth:`add` that the device does."""
        self.loss += loss
        self.right += right.to(torch.int64)

    def count(self, images: int, steps: int = 1) -> None:
        """The part of :meth:`add` that the processor does."""
        self.seen += images
        self.steps += steps

    def check(self, epoch: int, steps: int) -> None:
        """Raise Diverged if the loss is no finite number; on a GPU as soon as that is known.

        Args:
            steps: of the epoch; after the last one this waits for the device.
        """
        if self.device.type == "cpu" or self.steps == steps:
            self.recent = None
            if not self.is_finite():
                raise self._diverged(epoch, self.steps)
        elif self.reading is None:
            if self._is_time():
                self.reported = time.perf_counter() - self.began
                self.reading, self.asked = Reading.begun(self.loss, self.right), (self.seen, self.steps)
        elif self.reading.is_there():
            loss, right = self.reading.values()
            self.reading, self.recent = None, Figures(loss, right, *self.asked)
            if not isfinite(loss):
                raise self._diverged(epoch, self.recent.steps)

    def _diverged(self, epoch: int, step: int) -> Diverged:
        at = "at" if self.device.type == "cpu" else "at or before"
        return Diverged(f"the loss of epoch {epoch} {at} step {step:,}")

    def is_finite(self) -> bool:
        """Whether the losses so far are; waits for the device."""
        return isfinite(self.loss.item())

    def is_due(self, steps: int) -> bool:
        """Whether it is time for a report: every quarter of a second, and at the end of the epoch."""
        if self.steps < steps and not self._is_new():
            return False
        self.reported = time.perf_counter() - self.began
        return True

    def figures(self) -> Figures:
        """The sums to report: on a GPU the newest that are known, but those of now at the end of an epoch."""
        recent, self.recent = self.recent, None
        return recent or Figures(self.loss.item(), int(self.right.item()), self.seen, self.steps)

    def means(self) -> tuple[float, float]:
        """Mean loss and accuracy over the images seen; waits for the device."""
        return self.loss.item() / self.seen, int(self.right.item()) / self.seen

    def seconds(self) -> float:
        """Seconds spent on this epoch."""
        return self.before_s + time.perf_counter() - self.began

    def rate(self) -> float:
        """Images a second since the clock was started."""
        return (self.seen - self.seen_before) / max(time.perf_counter() - self.began, 1e-9)

    def _is_new(self) -> bool:
        return self._is_time() if self.device.type == "cpu" else self.recent is not None

    def _is_time(self) -> bool:
        return time.perf_counter() - self.began - self.reported >= _REPORTS_EVERY_S


@dataclass(frozen=True)
class Figures:
    """The sums of a meter at some moment."""

    loss: float
    right: int
    seen: int
    steps: int

    def means(self) -> tuple[float, float]:
        """Mean loss and accuracy."""
        return self.loss / self.seen, self.right / self.seen


class Diverged(WorkFailed):
    """Something in a training is no finite number any more."""

    def __init__(self, what: str) -> None:
        remedy = "going on would end here again; train with a smaller learning rate (--set learning_rate=0.001, say)"
        super().__init__(f"training diverged: {what} is not a finite number; {remedy}")
