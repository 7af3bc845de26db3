"""What is asked of one training run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

Optimizer: TypeAlias = Literal["sgd", "adam"]
Device: TypeAlias = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True)
class RunRequest:
    """One training run, before it is run.  Equal requests are run once.

    Attributes:
        recipe: name of the recipe, which fixes network, batch size, loss and the optimisers' constants.
        data: name of a built-in data set, or a folder with ``train/<class>/*`` and ``test/<class>/*`` images.
        optimizer: ``sgd`` or ``adam``.
        epochs: passes over the training images, at least 1.
        seed: of the split, the initial weights and the dropout masks.
        device: ``cpu``, ``cuda`` or, until it is resolved, ``auto``.
        data_fingerprint: SHA-256 of the decoded images and labels; empty until it is resolved.

    >>> RunRequest("hw5", "pictograms", "adam", epochs=30).seed
    0
    """

    recipe: str
    data: str
    optimizer: Optimizer
    epochs: int = 1
    seed: int = 0
    device: Device = "auto"
    data_fingerprint: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class NotRun:
    """A run that was asked for and not made: why, and the command that makes it."""

    request: RunRequest
    reason: str
    command: str
