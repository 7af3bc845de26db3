"""What is compared of two runs, and ways for a run to come to its end too early."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from gradus.exact.networks.layers import Architecture, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from gradus.runs import Epoch, RunRecord, RunRequest
from gradus.training.configuration import Configuration
from gradus.training.recipes import RECIPES
from gradus.training.recipes.augmented import augmented


@dataclass(frozen=True)
class Outcome:
    """All that two runs of one request must have in common, bit for bit: everything but times."""

    final_weights: dict[str, str]
    epochs: tuple[Epoch, ...]
    test: tuple[float, float]
    metrics: tuple[dict[str, Any], ...]
    weights_file: bytes


def outcome(record: RunRecord, folder: Path) -> Outcome:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["time_s"] for line in lines] == [epoch.time_s for epoch in record.epochs]
    return Outcome(
        dict(record.final_weights),
        tuple(replace(epoch, time_s=0.0) for epoch in record.epochs),
        (record.test_loss, record.test_accuracy),
        tuple({**line, "time_s": 0.0} for line in lines),
        (folder / "weights.safetensors").read_bytes(),
    )


def tiny(classes: int) -> Configuration:
    """A recipe like ``augmented``, with a network that is trained in no time."""
    drop = Dropout(Fraction(1, 4))
    layers = (Conv2D(4), MaxPool2D(), drop, Flatten(), Dense(8), drop, Dense(classes, "softmax"))
    return replace(augmented(classes), architecture=Architecture((32, 32, 3), layers))


@pytest.fixture(scope="module", autouse=True)
def tiny_recipe() -> Iterator[None]:
    """For a module that imports it: the recipe ``tiny`` is known."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RECIPES, "tiny", tiny)
        yield


def small_request(images: Path, **changes: Any) -> RunRequest:
    """Three epochs of five steps, which draw from every random stream; the last batch holds 8 images."""
    settings = (("batch_size", "18"),)
    return replace(RunRequest("tiny", str(images), "adam", 3, device="cpu", settings=settings), **changes)


class Killed(BaseException):
    """Nothing in gradus catches it, as nothing catches SIGKILL."""
