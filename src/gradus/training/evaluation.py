"""Loss and accuracy of a network on images, with dropout off."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gradus.training.data.dataset import Indices, Part
from gradus.training.device import sum_type
from gradus.training.model import Network, scaled
from gradus.training.team import Team
from gradus.training.workers import ALONE, Workers

EVALUATION_BATCH = 250


@dataclass(frozen=True, eq=False)
class DevicePart:
    """Images on a run's device, and those among them that are meant, in their order.

    Attributes:
        images: uint8 shaped (count of all, height, width, channels).
        labels: int64 shaped (count of all,).
        indices: int64 shaped (count,), positions in both; None means all, in the order in which they lie.
    """

    images: Tensor
    labels: Tensor
    indices: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels if self.indices is None else self.indices)

    def batch(self, start: int, size: int) -> tuple[Tensor, Tensor]:
        """Images as bytes, shaped (up to ``size``, height, width, channels), and their labels."""
        if self.indices is None:
            return self.images[start : start + size], self.labels[start : start + size]
        chosen = self.indices[start : start + size]
        return self.images.index_select(0, chosen), self.labels.index_select(0, chosen)

    def reordered(self, order: Tensor) -> DevicePart:
        """The same images in another order, of positions in this one."""
        order = order.to(self.labels.device)
        return replace(self, indices=order if self.indices is None else self.indices[order])

    def chosen(self, indices: Indices) -> DevicePart:
        """The images at these positions of all, in this order; no image is copied."""
        return DevicePart(self.images, self.labels, torch.from_numpy(indices).to(self.labels.device))


def on_device(part: Part, device: torch.device) -> DevicePart:
    """The images and labels, moved to the device once and for all; on the processor they stay where they are."""
    with warnings.catch_warnings():
        # Data that was read from a cache is mapped into memory for reading only, and nothing writes to it.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        images = torch.from_numpy(np.ascontiguousarray(part.images))
        labels = torch.from_numpy(np.ascontiguousarray(part.labels))
    return DevicePart(images.to(device), labels.to(device))


def arithmetic(device: torch.device, autocast: torch.dtype | None) -> torch.autocast | nullcontext[None]:
    """A block in which networks multiply in this type; in that of their weights if it is None."""
    return nullcontext() if autocast is None else torch.autocast(device.type, autocast)


def evaluation(
    network: Network,
    part: DevicePart,
    autocast: torch.dtype | None = None,
    workers: Workers = ALONE,
    team: Team | None = None,
    batch_size: int = EVALUATION_BATCH,
) -> tuple[float, float]:
    """Mean cross-entropy in nats and the share classified rightly; the batch size changes rounding only.

    Raises:
        WorkerLost: another of the workers, who share the batches, has ended.
    """
    device = part.labels.device
    loss = torch.zeros((), dtype=sum_type(device), device=device)
    right = torch.zeros((), dtype=torch.int64, device=device)
    starts = range(0, len(part), batch_size)
    first, end = workers.share(len(starts))
    team = Team() if team is None else team
    losses, rights = [loss.clone() for _ in range(team.size)], [right.clone() for _ in range(team.size)]

    @torch.inference_mode()
    def task(rank: int) -> None:
        begin, stop = team.share(end - first, rank)
        for start in starts[first + begin : first + stop]:
            images, labels = part.batch(start, batch_size)
            with arithmetic(device, autocast):
                logits = network(scaled(images, network.dtype)).to(network.dtype)
            losses[rank] += functional.cross_entropy(logits, labels, reduction="sum")
            rights[rank] += (logits.argmax(1) == labels).sum()

    team.run(task)
    loss, right = torch.stack(losses).sum(), torch.stack(rights).sum()
    loss, right = workers.sum([loss, right.to(loss.dtype)])
    return loss.item() / len(part), int(right.item()) / len(part)
