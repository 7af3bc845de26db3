"""The training loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from gradus.runs.progress import OnProgress, Progress
from gradus.runs.record import Epoch
from gradus.training import optim
from gradus.training.acceleration import resized, side_at
from gradus.training.augmentation import Augmenter
from gradus.training.configuration import Acceleration, Muon, OptimizerRule
from gradus.training.dropout import Masks
from gradus.training.evaluation import DevicePart, evaluation
from gradus.training.gradients import Gradients
from gradus.training.meter import Diverged, Meter
from gradus.training.model import Network
from gradus.training.normalisation import folded
from gradus.training.operations import Operations
from gradus.training.parameters import Parameters
from gradus.training.random_words import random_word
from gradus.training.stages import Rows
from gradus.training.team import Team
from gradus.training.workers import ALONE, Workers

ZERO = torch.zeros(())


@dataclass(eq=False)
class Training:
    """A network being trained: what changes from step to step.

    Attributes:
        network: the network; its parameters are written in place.
        rule: the optimiser.
        masks: the dropout masks; None trains without dropout.
        augmenter: what changes the images of a batch before they are used; None leaves them as they are.
        arithmetic: the type in which the network calculates, where that is not the type of its weights.
        workers: the processes that share the batches.
        team: the threads that share this process's part of them.
        operations: what the passes are made of.
        acceleration: how the training is accelerated, if at all.
        order_key: of the orders of the epochs; None takes the images in their order in every epoch.
        steps: of the whole run, over which rates may fall; 0 where they do not.
        samples: how many images there were so far, over all epochs.
        state: the optimiser's state, which lives across epochs.
        meter: the running sums of the epoch that is going on.
        epochs: the finished epochs.
    """

    network: Network
    rule: OptimizerRule
    masks: Masks | None
    augmenter: Augmenter | None = None
    arithmetic: torch.dtype | None = None
    workers: Workers = ALONE
    team: Team = field(default_factory=Team)
    operations: Operations = field(default_factory=Operations)
    acceleration: Acceleration | None = None
    order_key: int | None = None
    steps: int = 0
    samples: int = 0
    weights: list[Tensor] = field(init=False)
    state: optim.State = field(init=False)
    meter: Meter = field(init=False)
    epochs: list[Epoch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.parameters = Parameters.of(self.network)
        self.weights = list(self.network.parameters())
        self.state = optim.initial_state(self.rule, [self.parameters.values])
        self.meter = Meter(self.weights[0].device)
        self.gradients = Gradients(
            self.network, self.parameters, self.arithmetic, self.operations, self.team, self.workers, self.acceleration
        )

    @property
    def threads(self) -> int:
        """How many threads of this process share the work."""
        return torch.get_num_threads() * self.team.size

    def current_network(self) -> Network:
        """As :meth:`trained_network`, but only to be looked at before the next step: it may be the one in training."""
        return self.trained_network() if self.gradients.normalisations else self.network

    def trained_network(self) -> Network:
        """The network as it is used after training, a copy: with normalisation, if any, in its gains and biases.

        Each weight has memory of its own, while those of the network in training lie in one piece.
        """
        found = deepcopy(self.network)
        found.mirrored_views = self._looks_at_mirror_images()
        for name, normalisation in self.gradients.normalisations.items():
            weights = found.layer_weights()[name]
            assert weights.bias is not None
            weights.gains.data, weights.bias.data = folded(weights.gains.detach(), normalisation)
        return found

    def _looks_at_mirror_images(self) -> bool:
        wanted = self.acceleration is not None and self.acceleration.mirrored_views
        return wanted and self.augmenter is not None and self.augmenter.rule.flip

    def step(self, images: Tensor, labels: Tensor, mirrored: Tensor | None = None) -> None:
        """One optimiser step on a batch: bytes shaped (count, height, width, channels), and labels.

        The mean cross-entropy and the number of rightly classified images, both from before the step, are added to
        the meter.

        Args:
            mirrored: as for :meth:`Augmenter.augmented`.

        Raises:
            WorkerLost: another worker has ended; everything is as before the step.
        """
        count = len(labels)
        first, end = self.workers.share(count)
        gradients, found = self.gradients, [(ZERO, ZERO)] * self.team.size
        moved = isinstance(self.rule, Muon)
        in_threads = (gradients.in_threads or moved) and self.workers.size == 1
        left = 1 - self.state.steps / self.steps if self.steps else 1.0
        gradients.prepare(images.shape[1])

        def step(rank: int) -> None:
            start, stop = (first + row for row in self.team.share(end - first, rank))
            masks = None if self.masks is None else replace(self.masks, first=self.samples + start)
            rows, mine = Rows(start, stop, count), images[start:stop]
            if self.augmenter is not None:
                turn = None if mirrored is None else mirrored[start:stop]
                mine = self.augmenter.augmented(mine, self.samples + start, turn)
            found[rank] = gradients.found(rank, mine, labels[start:stop], rows, masks)
            if in_threads:
                self.team.wait()
                gradients.update(rank, self.rule, self.state, left)

        self.team.run(step)
        loss, right = (torch.stack(parts).sum() for parts in zip(*found, strict=True))
        if in_threads:
            self.state = optim.counted(self.state)
        else:
            whole = gradients.whole()
            whole, loss, right = self.workers.sum([whole, loss.to(whole.dtype), right.to(whole.dtype)])
            if moved:
                gradients.replace(whole)
                gradients.update(0, self.rule, self.state, left)
                self.state = optim.counted(self.state)
            else:
                self.state = optim.step(self.rule, self.state, [self.parameters.values], [whole])
                gradients.renew_copies()
        for normalisation in gradients.normalisations.values():
            normalisation.settle()
        self.samples += count
        self.meter.add(loss, right, count)


def epochs_of(
    training: Training,
    training_part: DevicePart,
    validation_part: DevicePart,
    epochs: int,
    batch_size: int,
    on_progress: OnProgress | None = None,
    after_step: Callable[[], None] | None = None,
    advance: Callable[[], None] | None = None,
) -> Iterator[Epoch]:
    """Train on from where the training stands, and yield each epoch when it is over.

    Images are taken in their order, the same in every epoch, unless the training has orders of its own; then what does
    not fill a batch at the end of an epoch is left out.

    Args:
        after_step: called after every step, with weights, state and meter in accord.
        advance: takes one or more of the training's next steps, as :class:`gradus.training.graphs.Grouped` does; None
            takes one.

    Raises:
        Diverged: the loss is no longer a finite number.
        WorkerLost: as for :meth:`Training.step`.
    """
    steps = steps_of(len(training_part), batch_size, training.order_key is not None)
    training.steps = steps * epochs
    parts = Parts(training, training_part)
    while len(training.epochs) < epochs:
        meter, number = training.meter, len(training.epochs) + 1
        meter.start()
        parts.begin(number)
        while meter.steps < steps:
            if advance is None:
                training.step(*parts.batch(meter.steps * batch_size, batch_size))
            else:
                advance()
            meter.check(number, steps)
            if on_progress is not None and meter.is_due(steps):
                figures = meter.figures()
                on_progress(Progress(number, epochs, figures.steps, steps, *figures.means(), meter.rate()))
            if after_step is not None:
                after_step()
        loss, accuracy = meter.means()
        validation_loss, validation_accuracy = evaluation(
            training.current_network(), validation_part, training.arithmetic, training.workers, training.team
        )
        if not validation_loss + loss < float("inf"):
            raise Diverged(f"the validation loss after epoch {number}")
        training.epochs.append(Epoch(loss, accuracy, validation_loss, validation_accuracy, meter.seconds()))
        training.meter = meter.renewed()
        yield training.epochs[-1]


def steps_of(images: int, batch_size: int, whole_batches: bool) -> int:
    """Optimiser steps an epoch."""
    return images // batch_size if whole_batches else -(-images // batch_size)


class Parts:
    """The training images as a training takes them: in the order of an epoch, and of the side of a step."""

    def __init__(self, training: Training, part: DevicePart) -> None:
        self.training, self.whole, self.current = training, part, part
        self.mirrored: Tensor | None = None
        self.smaller: dict[int, Tensor] = {}

    def begin(self, epoch: int) -> None:
        """Lay out the order of an epoch, counted from 1, and which images it mirrors."""
        if self.training.augmenter is not None:
            self.mirrored = self.training.augmenter.in_turn(self.whole.images, epoch)
        key = self.training.order_key
        if key is not None:
            generator = torch.Generator().manual_seed(random_word(key, epoch) >> 1)
            self.current = self.whole.reordered(torch.randperm(len(self.whole), generator=generator))

    def batch(self, start: int, size: int) -> tuple[Tensor, Tensor, Tensor | None]:
        """Images and labels of the training's next step, and which of them are mirrored, where that is known."""
        training, whole = self.training, self.whole.images.shape[1]
        sides = () if training.acceleration is None else training.acceleration.sides
        side = side_at(sides, training.state.steps, training.steps, whole)
        part = self.current
        if side != whole:
            if side not in self.smaller:
                self.smaller = {side: self._resized(side)}
            part = replace(part, images=self.smaller[side])
        mirrored = self.mirrored
        if mirrored is not None:
            places = slice(start, start + size)
            mirrored = mirrored[places if part.indices is None else part.indices[places]]
        return *part.batch(start, size), mirrored

    def _resized(self, side: int) -> Tensor:
        images, team = self.whole.images, self.training.team
        found = torch.empty((len(images), side, side, images.shape[3]), dtype=images.dtype, device=images.device)

        def task(rank: int) -> None:
            first, end = team.share(len(images), rank)
            for start in range(first, end, 1000):
                stop = min(start + 1000, end)
                found[start:stop] = resized(images[start:stop], side)

        team.run(task)
        return found
