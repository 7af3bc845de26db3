"""The training loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor
from torch.nn import functional

from gradus.errors import WorkFailed
from gradus.runs.progress import OnProgress, Progress
from gradus.runs.record import Epoch
from gradus.training import optim
from gradus.training.configuration import OptimizerRule
from gradus.training.evaluate import DevicePart, evaluation
from gradus.training.model import Network

_REPORTS_EVERY_S = 0.25


@dataclass(eq=False)
class Training:
    """A network being trained: what changes from step to step.

    Attributes:
        network: the network; its parameters are written in place.
        rule: the optimiser.
        dropout: the generator of the dropout masks.
        state: the optimiser's state, which lives across epochs.
    """

    network: Network
    rule: OptimizerRule
    dropout: Generator | None
    weights: list[Tensor] = field(init=False)
    state: optim.State = field(init=False)

    def __post_init__(self) -> None:
        self.weights = list(self.network.parameters())
        self.state = optim.initial_state(self.rule, self.weights)

    def step(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """One optimiser step; returns the batch's mean cross-entropy and its logits, from before the step."""
        logits = self.network(images, self.dropout)
        loss = functional.cross_entropy(logits, labels)
        gradients = torch.autograd.grad(loss, self.weights)
        self.state = optim.step(self.rule, self.state, self.weights, _laid_out_as(self.weights, gradients))
        return loss.detach(), logits.detach()


def epochs_of(
    training: Training,
    training_part: DevicePart,
    validation_part: DevicePart,
    epochs: int,
    batch_size: int,
    on_progress: OnProgress | None = None,
    on_first_step: Callable[[], None] | None = None,
) -> Iterator[Epoch]:
    """Train, and yield each epoch when it is over; images are taken in their order, the same in every epoch.

    Raises:
        WorkFailed: the loss is no longer a finite number.
    """
    for epoch in range(1, epochs + 1):
        began = time.perf_counter()
        meter = _Meter(epoch, epochs, len(training_part), batch_size, training_part.labels.device, on_progress)
        for start in range(0, len(training_part), batch_size):
            images, labels = training_part.batch(start, batch_size)
            loss, logits = training.step(images, labels)
            meter.add(loss, logits, labels)
            if on_first_step is not None and epoch == 1 and start == 0:
                _synchronise(labels.device)
                on_first_step()
        loss_mean, accuracy = meter.means()
        validation_loss, validation_accuracy = evaluation(training.network, validation_part)
        if not validation_loss + loss_mean < float("inf"):
            raise WorkFailed(f"training diverged: the loss of epoch {epoch} is not a finite number")
        yield Epoch(loss_mean, accuracy, validation_loss, validation_accuracy, time.perf_counter() - began)


@dataclass(eq=False)
class _Meter:
    """Running means over an epoch, kept on the device and read only a few times a second."""

    epoch: int
    epochs: int
    count: int
    batch_size: int
    device: torch.device
    on_progress: OnProgress | None

    def __post_init__(self) -> None:
        self.loss = torch.zeros((), dtype=torch.float64, device=self.device)
        self.right = torch.zeros((), dtype=torch.int64, device=self.device)
        self.seen = self.step = 0
        self.began = time.perf_counter()
        self.reported = -_REPORTS_EVERY_S

    def add(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        self.loss += loss * len(labels)
        self.right += (logits.argmax(1) == labels).sum()
        self.seen += len(labels)
        self.step += 1
        elapsed = time.perf_counter() - self.began
        if self.on_progress and (elapsed - self.reported >= _REPORTS_EVERY_S or self.seen == self.count):
            self.reported = elapsed
            steps = -(-self.count // self.batch_size)
            self.on_progress(
                Progress(self.epoch, self.epochs, self.step, steps, *self.means(), self.seen / max(elapsed, 1e-9))
            )

    def means(self) -> tuple[float, float]:
        """Mean loss and accuracy over the images seen; waits for the device."""
        return self.loss.item() / self.seen, int(self.right.item()) / self.seen


def _laid_out_as(weights: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
    # Kernels over whole tensors read memory in order, and autograd does not promise the weights' order.
    return [
        gradient if gradient.stride() == weight.stride() else torch.empty_like(weight).copy_(gradient)
        for weight, gradient in zip(weights, gradients, strict=True)
    ]


def _synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
