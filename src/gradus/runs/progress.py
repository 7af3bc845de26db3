"""What a run says of itself while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Progress:
    """The state of a run after one optimiser step.

    Attributes:
        epoch: the current epoch, from 1; ``epochs``: how many there will be.
        step: optimiser steps done in this epoch; ``steps``: how many it has.
        loss, accuracy: running training means over this epoch so far.
        images_per_s: training images a second in this epoch so far.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    accuracy: float
    images_per_s: float


OnProgress: TypeAlias = Callable[[Progress], None]
