"""Labelled images, and their split into training and validation parts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil, floor
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gradus.errors import DataError

SIDE = 32
"""Height and width of every image, in pixels."""

Indices: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Part:
    """Images, uint8 shaped (count, height, width, channels), and their labels, int64 shaped (count,)."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Indices) -> Part:
        """The images at these positions, in this order, as a copy."""
        return Part(self.images[indices], self.labels[indices])

    def spread(self, count: int | None) -> Part:
        """Images from the whole part, evenly spread over it, so many; all of them for None."""
        if count is None or count >= len(self):
            return self
        return self.take(np.arange(count, dtype=np.int64) * len(self) // count)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set: its classes (label k is ``classes[k]``), its training images and its test images."""

    name: str
    classes: tuple[str, ...]
    training: Part
    test: Part

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of class names, images and labels, in their order; the data set's name is left out."""
        digest = hashlib.sha256(json.dumps(self.classes).encode())
        for part in (self.training, self.test):
            digest.update(json.dumps(part.images.shape).encode())
            digest.update(np.ascontiguousarray(part.images).data)
            digest.update(np.ascontiguousarray(part.labels, dtype="<i8").data)
        return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class Split:
    """Positions of the training and of the validation images among the data set's training images."""

    training: Indices
    validation: Indices

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of both lists of positions."""
        digest = hashlib.sha256()
        for indices in (self.training, self.validation):
            digest.update(f"{len(indices)};".encode())
            digest.update(np.ascontiguousarray(indices, dtype="<i8").data)
        return digest.hexdigest()


def random_split(count: int, validation_share: Fraction, seed: int) -> Split:
    """A plain random split: all orders of the ``count`` images are equally likely, and classes are not balanced.

    The share is rounded up to whole images.  Training goes through the images in the order given here, in every epoch.

    Raises:
        DataError: a part would be empty.

    >>> split = random_split(10, Fraction(1, 5), seed=1)
    >>> len(split.training), len(split.validation), sorted([*split.training, *split.validation]) == list(range(10))
    (8, 2, True)
    """
    validation = _validation_count(count, validation_share)
    order = _random_order(count, seed)
    return Split(training=order[validation:], validation=order[:validation])


def stratified_split(labels: NDArray[np.int64], validation_share: Fraction, seed: int) -> Split:
    """A random split in which every class has the same share of the validation images as of all images.

    As many images as in :func:`random_split` go to validation.  A class's share is rounded down, and the images that
    are still missing come one each from the classes whose shares lost most, the lower label first among equals.
    Images are in random order in both parts.

    Args:
        labels: the label of each image, shaped (count,).

    Raises:
        DataError: a part would be empty, or would have no image of a class.

    >>> labels = np.array([0, 1, 1] * 10)
    >>> split = stratified_split(labels, Fraction(1, 5), seed=1)
    >>> np.bincount(labels[split.training]).tolist(), np.bincount(labels[split.validation]).tolist()
    ([8, 16], [2, 4])
    """
    total = _validation_count(len(labels), validation_share)
    quotas = _quotas(np.bincount(labels).tolist(), validation_share, total)
    order = _random_order(len(labels), seed)
    chosen = np.zeros(len(labels), dtype=np.bool_)
    for label, quota in enumerate(quotas):
        chosen[np.flatnonzero(labels[order] == label)[:quota]] = True
    return Split(training=order[~chosen], validation=order[chosen])


def _quotas(counts: list[int], share: Fraction, total: int) -> list[int]:
    """How many images of each class go to validation, by largest remainders."""
    exact = [count * share for count in counts]
    quotas = [floor(value) for value in exact]
    by_remainder = sorted(range(len(counts)), key=lambda label: (quotas[label] - exact[label], label))
    for label in by_remainder[: total - sum(quotas)]:
        quotas[label] += 1
    for label, (count, quota) in enumerate(zip(counts, quotas, strict=True)):
        if count and not 0 < quota < count:
            rule = f"is too few to split off {share} for validation and have the class in both parts"
            raise DataError(f"training images of class {label}", count, rule, "give more or take the plain split")
    return quotas


def _validation_count(count: int, share: Fraction) -> int:
    validation = ceil(count * share)
    if not 0 < validation < count:
        rule = f"is too few to split off {share} for validation"
        raise DataError("training images", count, rule, "give more training images")
    return validation


def _random_order(count: int, seed: int) -> Indices:
    # Sorting random numbers gives the same order in every version of NumPy; `permutation` does not promise that.
    return np.argsort(np.random.Generator(np.random.PCG64(seed)).random(count), kind="stable").astype(np.int64)
