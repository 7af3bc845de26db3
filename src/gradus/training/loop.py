"""The training loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor
from torch.nn import functional

from gradus.runs.progress import OnProgress, Progress
from gradus.runs.record import Epoch
from gradus.training import optim
from gradus.training.augmentation import Augmenter
from gradus.training.configuration import OptimizerRule
from gradus.training.dropout import Masks
from gradus.training.evaluation import DevicePart, arithmetic, evaluation
from gradus.training.meter import Diverged, Meter
from gradus.training.model import Network, scaled
from gradus.training.workers import ALONE, WorkerLost, Workers


@dataclass(eq=False)
class Training:
    """A network being trained: what changes from step to step.

    Attributes:
        network: the network; its parameters are written in place.
        rule: the optimiser.
        masks: the dropout masks; None trains without dropout.
        augmenter: what changes the images of a batch before they are used; None leaves them as they are.
        autocast: the type in which the network multiplies, where that is not the type of its weights.
        workers: those who share the batches.
        state: the optimiser's state, which lives across epochs.
        meter: the running sums of the epoch that is going on.
        epochs: the finished epochs.
    """

    network: Network
    rule: OptimizerRule
    masks: Masks | None
    augmenter: Augmenter | None = None
    autocast: torch.dtype | None = None
    workers: Workers = ALONE
    weights: list[Tensor] = field(init=False)
    state: optim.State = field(init=False)
    meter: Meter = field(init=False)
    epochs: list[Epoch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.weights = list(self.network.parameters())
        self.state = optim.initial_state(self.rule, self.weights)
        self.meter = Meter(self.weights[0].device)

    def step(self, images: Tensor, labels: Tensor) -> None:
        """One optimiser step on a batch: bytes shaped (count, height, width, channels), and labels.

        The mean cross-entropy and the number of rightly classified images, both from before the step, are added to
        the meter.

        Raises:
            WorkerLost: another worker has ended; everything is as before the step.
        """
        if self.workers.size == 1:
            self._step(images, labels)
            return
        states = self.random_states()
        try:
            self._step(images, labels)
        except WorkerLost:
            self.set_random_states(states)
            raise

    def random_states(self) -> dict[str, Tensor]:
        """The states of the random streams that are drawn from, by name, as bytes on the processor."""
        return {name: generator.get_state() for name, generator in self._generators().items()}

    def set_random_states(self, states: Mapping[str, Tensor]) -> None:
        """Put the random streams into these states."""
        for name, generator in self._generators().items():
            generator.set_state(states[name])

    def _generators(self) -> dict[str, Generator]:
        dropout = {} if self.masks is None else {"dropout": self.masks.generator}
        return dropout if self.augmenter is None else dropout | {"augmentation": self.augmenter.generator}

    def _step(self, images: Tensor, labels: Tensor) -> None:
        count = len(labels)
        first, end = self.workers.share(count)
        if self.augmenter is not None:
            images = self.augmenter.augmented(images)
        if self.masks is not None:
            self.masks.rows_before, self.masks.rows_after = first, count - end
        labels, dtype = labels[first:end], self.network.dtype
        with arithmetic(labels.device, self.autocast):
            logits = self.network(scaled(images[first:end], dtype), self.masks).to(dtype)
        loss = functional.cross_entropy(logits, labels, reduction="sum") / count
        found = torch.autograd.grad(loss, self.weights)
        right = (logits.detach().argmax(1) == labels).sum()
        mine = [*_laid_out_as(self.weights, found), loss.detach(), right.to(loss.dtype)]
        *gradients, loss, right = self.workers.sum(mine)
        self.state = optim.step(self.rule, self.state, self.weights, gradients)
        self.meter.add(loss, right, count)


def epochs_of(
    training: Training,
    training_part: DevicePart,
    validation_part: DevicePart,
    epochs: int,
    batch_size: int,
    on_progress: OnProgress | None = None,
    after_step: Callable[[], None] | None = None,
) -> Iterator[Epoch]:
    """Train on from where the training stands, and yield each epoch when it is over.

    Images are taken in their order, the same in every epoch.

    Args:
        after_step: called after every step, with weights, state and meter in accord.

    Raises:
        Diverged: the loss is no longer a finite number.
        WorkerLost: as for :meth:`Training.step`.
    """
    steps = -(-len(training_part) // batch_size)
    while len(training.epochs) < epochs:
        meter, number = training.meter, len(training.epochs) + 1
        meter.start()
        for step in range(meter.steps, steps):
            training.step(*training_part.batch(step * batch_size, batch_size))
            meter.check(number)
            if on_progress is not None and meter.is_due(steps):
                on_progress(Progress(number, epochs, meter.steps, steps, *meter.means(), meter.rate()))
            if after_step is not None:
                after_step()
        loss, accuracy = meter.means()
        validation_loss, validation_accuracy = evaluation(
            training.network, validation_part, training.autocast, training.workers
        )
        if not validation_loss + loss < float("inf"):
            raise Diverged(f"the validation loss after epoch {number}")
        training.epochs.append(Epoch(loss, accuracy, validation_loss, validation_accuracy, meter.seconds()))
        training.meter = Meter(meter.device)
        yield training.epochs[-1]


def _laid_out_as(weights: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
    # Kernels over whole tensors read memory in order, and autograd does not promise the weights' order.
    return [
        gradient if gradient.stride() == weight.stride() else torch.empty_like(weight).copy_(gradient)
        for weight, gradient in zip(weights, gradients, strict=True)
    ]
