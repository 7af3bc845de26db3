"""Training on an NVIDIA GPU: groups of steps are recorded as CUDA graphs, and replayed.

What changes from step to step lies on the device: the numbers of the image and of the step, from which masks, changes
of images, rates and the next batches follow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor

from gradus.training import device_optim
from gradus.training.configuration import Adam, Sgd
from gradus.training.dropout import Masks, drawn
from gradus.training.evaluation import DevicePart
from gradus.training.loop import Training
from gradus.training.optim import state_tensors
from gradus.training.stages import Rows

IN_ONE_GO = 16
"""Steps of a group: their masks are drawn, and their images cut, in a few large kernels in place of many small ones."""

MOST_IMAGES = 2**13
"""Images of a group at most, since their masks lie in memory together."""

_AHEAD = 2
"""Groups that the processor may be ahead of the GPU, which so is never idle, and yet soon stops when asked to."""

_CUDA: Any = torch.cuda
"""Its streams and events have no types."""


class Recorder(Protocol):
    """How a function of no arguments and no result is recorded."""

    def recorded(self, function: Callable[[], None], written: Sequence[Tensor]) -> Callable[[], None]:
        """What does the same as the function each time that it is called.

        Args:
            function: reads and writes tensors that live on, and makes the same calls of the device each time.
            written: all that it writes and that is read again later.
        """
        ...


class Unrecorded:
    """Calls the function again."""

    def recorded(self, function: Callable[[], None], written: Sequence[Tensor]) -> Callable[[], None]:
        return function


class CudaGraphs:
    """Records CUDA graphs, which share their memory, since one is replayed after the other."""

    def __init__(self) -> None:
        self.pool, self.stream = torch.cuda.graph_pool_handle(), _CUDA.Stream()
        self.replayed: deque[torch.cuda.Event] = deque()

    def recorded(self, function: Callable[[], None], written: Sequence[Tensor]) -> Callable[[], None]:
        # Libraries set themselves up, and choose kernels, at the first call, which must not be recorded.
        before = [tensor.clone() for tensor in written]
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            function()
            for tensor, value in zip(written, before, strict=True):
                tensor.copy_(value)
        torch.cuda.current_stream().wait_stream(self.stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self.pool, stream=self.stream):
            function()
        return partial(self._replay, graph)

    def _replay(self, graph: torch.cuda.CUDAGraph) -> None:
        graph.replay()
        over = _CUDA.Event(blocking=True)
        over.record()
        self.replayed.append(over)
        if len(self.replayed) > _AHEAD:
            self.replayed.popleft().synchronize()


@dataclass(eq=False)
class GroupMasks(Masks):
    """The masks of a group of steps: those of a layer are drawn for all of them when the first one asks.

    Attributes:
        first: the number of a step's first image within the group.
        number: that of the group's first image, an int64 scalar on the device.
        count: images of the group.
    """

    number: Tensor = field(kw_only=True)
    count: int = field(kw_only=True)
    layers: dict[int, Tensor] = field(default_factory=dict)

    def kept_rows(self, rows: int, row: int, rate: Fraction, layer: int, device: torch.device) -> Tensor:
        if layer not in self.layers:
            self.layers[layer] = drawn(self.layer_key(layer), self.number, self.count, row, rate, device)
        return self.layers[layer][self.first : self.first + rows]


class Grouped:
    """Takes the steps of a training group by group; every call takes the next group.

    A group ends with the whole batches of an epoch at the latest, and a smaller last batch is one of its own.  How
    steps are grouped changes no number.

    Args:
        training: its weights, state, sums and counters are in accord after every call, and may be changed between calls
            as long as their tensors stay the same.
        part: the training images, in their order.
    """

    def __init__(self, training: Training, part: DevicePart, batch_size: int, recorder: Recorder) -> None:
        assert isinstance(training.rule, Sgd | Adam) and training.workers.size == training.team.size == 1
        self.training, self.rule, self.part, self.recorder = training, training.rule, part, recorder
        self.batch_size, self.most = batch_size, max(1, min(IN_ONE_GO, MOST_IMAGES // batch_size))
        device = part.labels.device
        self.order = torch.arange(len(part), device=device) if part.indices is None else part.indices
        # Images so far, steps so far, and images so far in this epoch.
        self.counters = torch.zeros(3, dtype=torch.int64, device=device)
        self.counted = (0, 0, 0)
        training.gradients.prepare(part.images.shape[1])
        self.replays: dict[tuple[int, int], Callable[[], None]] = {}

    def __call__(self) -> None:
        """Take the next group of steps of the epoch that is going on."""
        training, meter = self.training, self.training.meter
        left = len(self.order) - meter.seen
        whole = left // self.batch_size
        group = steps, size = (min(self.most, whole), self.batch_size) if whole else (1, left)
        if self._told() != self.counted:
            self.counters.copy_(torch.tensor(self._told()))
        if group not in self.replays:
            self.replays[group] = self.recorder.recorded(partial(self.take, *group), self._written())
        self.replays[group]()
        training.samples += steps * size
        training.state = replace(training.state, steps=training.state.steps + steps)
        meter.count(steps * size, steps)
        self.counted = self._told()

    def take(self, steps: int, size: int) -> None:
        """What the device does in a group of so many steps of so many images."""
        training, gradients = self.training, self.training.gradients
        samples, done, seen = (self.counters[place] for place in range(3))
        count = steps * size
        chosen = self.order.index_select(0, torch.arange(count, device=seen.device).add_(seen))
        images, labels = self.part.images.index_select(0, chosen), self.part.labels.index_select(0, chosen)
        if training.augmenter is not None:
            images = training.augmenter.augmented(images, samples)
        masks = None if training.masks is None else GroupMasks(training.masks.key, number=samples, count=count)
        rates = device_optim.rates(self.rule, done, steps)
        for step in range(steps):
            rows = slice(step * size, (step + 1) * size)
            own = None if masks is None else replace(masks, first=rows.start)
            loss, right = gradients.found(0, images[rows], labels[rows], Rows(0, size, size), own)
            values = training.parameters.values
            device_optim.step(self.rule, training.state, values, gradients.whole(), rates[step])
            gradients.renew_copies()
            training.meter.sum_up(loss, right)
        for counter, more in ((samples, count), (done, steps), (seen, count)):
            counter.add_(more)

    def _told(self) -> tuple[int, int, int]:
        """What the counters are, as the processor knows it."""
        training = self.training
        return training.samples, training.state.steps, training.meter.seen

    def _written(self) -> list[Tensor]:
        training, meter = self.training, self.training.meter
        copies = training.gradients.copies
        found = [training.parameters.values, *state_tensors(training.state).values(), meter.loss, meter.right]
        return [self.counters, *found] if copies is None else [self.counters, *found, copies]


def grouped(training: Training, part: DevicePart, batch_size: int) -> Grouped | None:
    """What takes a training's steps on an NVIDIA GPU; None where they are better taken one by one."""
    alone = training.workers.size == training.team.size == 1
    plain = training.acceleration is None and training.order_key is None and isinstance(training.rule, Sgd | Adam)
    plain = plain and not (training.augmenter is not None and training.augmenter.rule.alternating)
    if part.labels.device.type != "cuda" or not alone or not plain:
        return None
    return Grouped(training, part, batch_size, CudaGraphs())
