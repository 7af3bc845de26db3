"""Accuracies as proportions, with the sampling error of a finite set of images."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, sqrt
from statistics import NormalDist
from typing import NamedTuple, TypeAlias

from gradus.errors import InputError
from gradus.runs import RunRecord

Interval: TypeAlias = tuple[float, float]

LEVEL = 0.95
"""Level of every interval in this room."""

_WHOLE = 1e-3


@dataclass(frozen=True)
class Proportion:
    """The share of ``total`` independent images that was classified rightly.

    Raises:
        InputError: there are no images, or not between none and all of them are right.

    >>> validation = Proportion(3925, 10_000)
    >>> f"{validation.share:.4f} +- {validation.standard_error:.4f}"
    '0.3925 +- 0.0049'
    """

    correct: int
    total: int

    def __post_init__(self) -> None:
        if self.total < 1:
            raise InputError("total", self.total, "must be a positive number of images", "give at least one")
        if not 0 <= self.correct <= self.total:
            rule = f"must be between 0 and the {self.total} images"
            raise InputError("correct", self.correct, rule, "count the right ones among them")

    @staticmethod
    def of_share(share: float, total: int) -> Proportion:
        """The proportion behind an accuracy between 0 and 1 on ``total`` images.

        Raises:
            InputError: the share is no whole number of images.

        >>> Proportion.of_share(0.3906, 10_000).correct
        3906
        """
        correct = round(share * total) if 0 <= share <= 1 else -1
        if correct < 0 or abs(share * total - correct) > _WHOLE:
            rule = f"must be a whole number of {total} images, divided by {total}"
            raise InputError("accuracy", share, rule, "train again; the record was changed")
        return Proportion(correct, total)

    @property
    def share(self) -> float:
        """The share of right ones, from 0 to 1."""
        return self.correct / self.total

    @property
    def standard_error(self) -> float:
        """sqrt(p (1 - p) / n): the binomial standard deviation at the share itself."""
        return sqrt(self.share * (1 - self.share) / self.total)

    @property
    def interval(self) -> Interval:
        """The Wilson score interval at 95 % (Wilson, 1927), which holds near 0 and 1 and for few images too.

        >>> low, high = Proportion(10, 10).interval
        >>> round(low, 3), high
        (0.722, 1.0)
        """
        n, p, z = self.total, self.share, _quantile()
        centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        low = 0.0 if self.correct == 0 else max(0.0, centre - half)
        return (low, 1.0 if self.correct == n else min(1.0, centre + half))


@dataclass(frozen=True)
class Difference:
    """The difference ``first`` - ``second`` of two proportions, taken as independent.

    Where both were counted on the same images (two networks on one test set), they are paired: networks tend to fail
    on the same images, and then the standard error is less than the one given here, which is on the safe side.

    >>> difference = Difference(Proportion(3925, 10_000), Proportion(3906, 10_000))
    >>> f"{difference.value:.4f} +- {difference.standard_error:.4f}", difference.consistent
    ('0.0019 +- 0.0069', True)
    """

    first: Proportion
    second: Proportion

    @property
    def value(self) -> float:
        """The first share less the second."""
        return self.first.share - self.second.share

    @property
    def standard_error(self) -> float:
        """That of the two shares, added as for independent ones."""
        return hypot(self.first.standard_error, self.second.standard_error)

    @property
    def interval(self) -> Interval:
        """Newcombe's hybrid score interval at 95 % (Newcombe, 1998, method 10).

        >>> low, high = Difference(Proportion(56, 70), Proportion(48, 80)).interval
        >>> round(low, 4), round(high, 4)
        (0.0524, 0.3339)
        """
        (low_1, high_1), (low_2, high_2) = self.first.interval, self.second.interval
        p_1, p_2 = self.first.share, self.second.share
        return (
            self.value - hypot(p_1 - low_1, high_2 - p_2),
            self.value + hypot(high_1 - p_1, p_2 - low_2),
        )

    @property
    def consistent(self) -> bool:
        """Whether the interval contains 0, so that sampling alone may explain the difference."""
        low, high = self.interval
        return low <= 0 <= high


class Accuracies(NamedTuple):
    """What a run got right at its end.

    Attributes:
        training: in the last epoch, counted while the weights changed and with dropout on.
        validation, test: after the last epoch, with dropout off.

    >>> Accuracies(Proportion(3, 4), Proportion(2, 4), Proportion(1, 4)).test.share
    0.25
    """

    training: Proportion
    validation: Proportion
    test: Proportion


def accuracies(record: RunRecord) -> Accuracies:
    """The accuracies at the end of a run.

    Raises:
        InputError: the record has no epoch, or an accuracy that is no whole number of images.

    >>> from types import SimpleNamespace as Some  # stands for a record here, with what is read of it
    >>> epochs = [Some(training_accuracy=0.25, validation_accuracy=0.5)]
    >>> data = Some(training=8, validation=4, test=4, classes=("cat", "dog"))
    >>> record = Some(epochs=epochs, test_accuracy=0.75, data=data)
    >>> accuracies(record).test
    Proportion(correct=3, total=4)
    """
    if not record.epochs:
        raise InputError("run record", record.id, "has no epoch", "train again")
    last = record.epochs[-1]
    return Accuracies(
        Proportion.of_share(last.training_accuracy, record.data.training),
        Proportion.of_share(last.validation_accuracy, record.data.validation),
        Proportion.of_share(record.test_accuracy, record.data.test),
    )


def is_guessing(record: RunRecord) -> bool:
    """Whether the test accuracy is no higher, by its interval, than guessing among equally frequent classes gives.

    >>> from types import SimpleNamespace as Some  # stands for a record here, with what is read of it
    >>> epochs = [Some(training_accuracy=0.25, validation_accuracy=0.5)]
    >>> data = Some(training=8, validation=4, test=4, classes=("cat", "dog"))
    >>> record = Some(epochs=epochs, test_accuracy=0.75, data=data)
    >>> is_guessing(record)
    True
    """
    return accuracies(record).test.interval[0] <= 1 / len(record.data.classes)


def _quantile() -> float:
    return NormalDist().inv_cdf((1 + LEVEL) / 2)
