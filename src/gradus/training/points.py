"""Samples for small networks: those of a request, or random ones."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from gradus.exact.learnability.ranges import double
from gradus.exact.numbers.number import Number
from gradus.training.seeds import stream_seed
from gradus.training.small_settings import SmallConfiguration

Rows: TypeAlias = list[list[float]]
Samples: TypeAlias = tuple[Rows, Rows]
"""Inputs shaped (count, inputs) and targets shaped (count, outputs)."""

TRAINING, VALIDATION, TEST = 24, 8, 8


@dataclass(frozen=True)
class Points:
    """The three parts of the data."""

    training: Samples
    validation: Samples
    test: Samples

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all values."""
        return hashlib.sha256(json.dumps([self.training, self.validation, self.test]).encode()).hexdigest()


def points_of(configuration: SmallConfiguration, seed: int) -> Points:
    """The samples of the configuration, which then serve for all three parts, or random ones.

    Random inputs are multiples of 1/64 between -2 and 2, or 0 and 1; random targets suit the loss.

    Raises:
        InputError: a sample's entry is not a number.
    """
    if configuration.samples is not None:
        inputs = [[double(Number.of(e)) for e in x] for x, _ in configuration.samples]
        targets = [[double(Number.of(e)) for e in t] for _, t in configuration.samples]
        return Points((inputs, targets), (inputs, targets), (inputs, targets))
    rng = Random(stream_seed(seed, "points"))
    training, validation, test = (_random(configuration, count, rng) for count in (TRAINING, VALIDATION, TEST))
    return Points(training, validation, test)


def _random(configuration: SmallConfiguration, count: int, rng: Random) -> Samples:
    low, high = (0, 64) if configuration.unit_inputs else (-128, 128)
    size = len(configuration.network.inputs)
    inputs = [[rng.randint(low, high) / 64 for _ in range(size)] for _ in range(count)]
    return inputs, [_target(configuration, rng) for _ in range(count)]


def _target(configuration: SmallConfiguration, rng: Random) -> list[float]:
    size = len(configuration.network.outputs)
    if configuration.loss == "squared":
        return [rng.randint(-128, 128) / 64 for _ in range(size)]
    if size == 1 and configuration.network.layers[-1].activation != "softmax":
        return [rng.choice((1.0, -1.0 if configuration.loss == "hinge" else 0.0))]
    label = rng.randrange(size)
    return [float(i == label) for i in range(size)]
