"""Batch normalisation: its statistics while a network trains, and how it becomes part of gains and biases."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gradus.training.team import Team
from gradus.training.workers import Workers

EPSILON = 1e-5
"""What is added to a variance."""


@dataclass(frozen=True, eq=False)
class Normalisation:
    """The normalisation of a convolution's outputs.

    Attributes:
        name: of the convolution.
        shift: what is added after it, shaped (filters,).
        mean, variance: running over the steps, shaped (filters,); :meth:`settle` writes them in place.
        latest: mean and variance of the batch that was seen last, shaped (2, filters); written in place.
        memory: the share of both that a step leaves as it is.
        team, workers: the threads and processes among which a batch is shared out.
        rank: the thread that looks at it.
    """

    name: str
    shift: Tensor
    mean: Tensor
    variance: Tensor
    latest: Tensor
    memory: float
    team: Team
    workers: Workers
    rank: int = 0

    def seen_by(self, rank: int) -> Normalisation:
        """The same, for another thread."""
        return replace(self, rank=rank)

    def batch_statistics(self, moments: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Mean and variance of each channel over the whole batch, which :meth:`settle` puts into the running ones.

        Args:
            moments: sums of the values and of their squares over this thread's part, shaped (2, filters).
            count: how many values a channel has in the whole batch.
        """
        mean, square = self.summed(moments, "forward") / count
        variance = (square - mean * mean).clamp_(min=0)
        if self.rank == 0:
            self.latest.copy_(torch.stack([mean, variance]))
        return mean, variance

    def settle(self) -> None:
        """Put the statistics of the last batch into the running ones: a step that is not done leaves those alone."""
        for running, latest in zip((self.mean, self.variance), self.latest, strict=True):
            running.lerp_(latest, 1 - self.memory)

    def summed(self, part: Tensor, when: str = "backward") -> Tensor:
        """The sum of the parts of all threads and processes."""
        if self.workers.size > 1:
            return self.workers.sum([part])[0]
        if self.team.size == 1:
            return part
        parts = self.team.shared((self.name, when), (self.team.size, *part.shape), part.dtype)
        parts[self.rank] = part
        self.team.wait()
        return parts.sum(0)


def folded(gains: Tensor, normalisation: Normalisation) -> tuple[Tensor, Tensor]:
    """Gains (filters first) and biases of a convolution that gives what the normalised one gives.

    By the running mean and variance: gains / sqrt(variance + epsilon), and shift - mean / sqrt(variance + epsilon).
    """
    factor = 1 / (normalisation.variance + EPSILON).sqrt()
    return gains * factor.view(-1, 1, 1, 1), normalisation.shift - normalisation.mean * factor


def whitening_gains(patches: Tensor, filters: int, epsilon: float = 5e-4) -> tuple[Tensor, Tensor]:
    """Gains and biases of a convolution whose outputs are uncorrelated and of equal variance (Page, 2019).

    The first half of the filters are the eigenvectors of the covariance of the patches, the largest first, divided by
    the root of eigenvalue + epsilon; the others are the negatives of the first, since ReLU comes after it.

    Args:
        patches: of images from 0 to 1, shaped (count, channels, height, width).
        filters: even, and at most twice the size of a patch.

    Returns:
        Gains shaped (filters, channels, height, width), and biases shaped (filters,).
    """
    count = len(patches)
    center = patches.mean((0, 2, 3), keepdim=True)
    # A channel that never changes has nothing to be divided by.
    spread = patches.std((0, 2, 3), keepdim=True).clamp_(min=1 / 255)
    rows = ((patches - center) / spread).reshape(count, -1).double()
    values, vectors = torch.linalg.eigh(rows.t() @ rows / count)
    values, vectors = values.flip(0)[: filters // 2], vectors.flip(1)[:, : filters // 2]
    # An eigenvector's sign is arbitrary: its largest entry is made positive.
    largest = vectors.gather(0, vectors.abs().argmax(0, keepdim=True))
    half = (
        (vectors * largest.sign() / (values.clamp(min=0) + epsilon).sqrt()).t().reshape(-1, *patches.shape[1:]).float()
    )
    gains = torch.cat([half, -half]) / spread
    return gains, -(gains * center).sum((1, 2, 3))
