"""What is measured while an epoch goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import isfinite

import torch
from torch import Tensor

from gradus.errors import WorkFailed
from gradus.training.device import sum_type

_REPORTS_EVERY_S = 0.25


@dataclass(eq=False)
class Meter:
    """Running sums over an epoch, kept on the device and read only a few times a second.

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
        self.start()

    def start(self) -> None:
        """The clock starts now."""
        self.began = time.perf_counter()
        self.reported = -_REPORTS_EVERY_S
        self.seen_before = self.seen

    def add(self, loss: Tensor, right: Tensor, count: int) -> None:
        """A step: the sum of the losses of its ``count`` images, and how many were classified rightly."""
        self.loss += loss
        self.right += right.to(torch.int64)
        self.seen += count
        self.steps += 1

    def check(self, epoch: int) -> None:
        """Raise Diverged if the loss is no finite number; on a GPU only now and then, since it has to wait for it."""
        if (self.device.type == "cpu" or self._is_time()) and not self.is_finite():
            at = "at" if self.device.type == "cpu" else "at or before"
            raise Diverged(f"the loss of epoch {epoch} {at} step {self.steps:,}")

    def is_finite(self) -> bool:
        """Whether the losses so far are; waits for the device."""
        return isfinite(self.loss.item())

    def is_due(self, steps: int) -> bool:
        """Whether it is time for a report: every quarter of a second, and at the end of the epoch."""
        if not self._is_time() and self.steps < steps:
            return False
        self.reported = time.perf_counter() - self.began
        return True

    def means(self) -> tuple[float, float]:
        """Mean loss and accuracy over the images seen; waits for the device."""
        return self.loss.item() / self.seen, int(self.right.item()) / self.seen

    def seconds(self) -> float:
        """Seconds spent on this epoch."""
        return self.before_s + time.perf_counter() - self.began

    def rate(self) -> float:
        """Images a second since the clock was started."""
        return (self.seen - self.seen_before) / max(time.perf_counter() - self.began, 1e-9)

    def _is_time(self) -> bool:
        return time.perf_counter() - self.began - self.reported >= _REPORTS_EVERY_S


class Diverged(WorkFailed):
    """Something in a training is no finite number any more."""

    def __init__(self, what: str) -> None:
        remedy = "going on would end here again; train with a smaller learning rate (--set learning_rate=0.001, say)"
        super().__init__(f"training diverged: {what} is not a finite number; {remedy}")
