"""One of two workers that train a network of double numbers: ``python two_workers.py RANK PORT`` prints what differs.

Each worker also trains alone, on whole batches, and compares.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import torch

from gradus.training.augmentation import Augmenter
from gradus.training.configuration import Augmentation
from gradus.training.dropout import Masks
from gradus.training.evaluation import DevicePart, evaluation
from gradus.training.loop import Training
from gradus.training.model import initialised
from gradus.training.processes import group_of
from gradus.training.recipes import hw5
from gradus.training.workers import ALONE, Workers

COUNTS = (8, 7, 1, 5, 1)
"""Images of the batches: in some the workers have unequal shares, and in some one has none."""

CPU = torch.device("cpu")


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def trained(workers: Workers, double: bool) -> Training:
    network = initialised(hw5(10).architecture, generator(1))
    training = Training(
        network.double() if double else network,
        hw5(10).optimizers["sgd"],
        Masks(2),
        Augmenter(Augmentation(), 3),
        workers=workers,
    )
    data = generator(4)
    for count in COUNTS:
        images = torch.randint(0, 256, (count, 32, 32, 3), dtype=torch.uint8, generator=data)
        training.step(images, torch.randint(0, 10, (count,), generator=data))
    return training


def largest(one: Sequence[torch.Tensor], other: Sequence[torch.Tensor]) -> float:
    return max((a - b).abs().max().item() for a, b in zip(one, other, strict=True))


def compared(workers: Workers, double: bool) -> dict[str, float]:
    alone, shared = trained(ALONE, double), trained(workers, double)
    start = list(initialised(hw5(10).architecture, generator(1)).parameters())
    part = DevicePart(
        torch.randint(0, 256, (23, 32, 32, 3), dtype=torch.uint8, generator=generator(5)),
        torch.randint(0, 10, (23,), generator=generator(6)),
    )
    figures = [evaluation(training.network, part, None, training.workers, batch_size=5) for training in (alone, shared)]
    return {
        "moved": largest(start, alone.weights),
        "weights": largest(alone.weights, shared.weights),
        "loss": abs(alone.meter.means()[0] - shared.meter.means()[0]),
        "accuracy": abs(alone.meter.means()[1] - shared.meter.means()[1]),
        "evaluated loss": abs(figures[0][0] - figures[1][0]),
        "evaluated accuracy": abs(figures[0][1] - figures[1][1]),
    }


def main(rank: int, port: int) -> None:
    with group_of("cpu", port, rank, 2) as workers:
        found: dict[str, object] = {"double": compared(workers, True), "single": compared(workers, False)}
        found["told"] = [workers.first_says(text, CPU).decode() for text in ((b"first", b"second")[rank], b"")]
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
