"""Learning curves: whether one still rises at its end, where it was best, and what more epochs would bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal, TypeAlias

from gradus.errors import InputError
from gradus.evidence.accuracy import LEVEL, Difference, Interval, accuracies
from gradus.evidence.student import t_quantile
from gradus.runs import RunRecord

Verdict: TypeAlias = Literal["too short", "rising", "level", "falling", "unclear"]
Gap: TypeAlias = Literal["ahead", "close", "behind"]

SHORTEST = 6
"""Epochs that a curve must have to be judged."""

MATERIAL = 0.02
"""A gain in accuracy that counts as better: two images in a hundred."""

_SMALLEST_TAIL = 4


@dataclass(frozen=True)
class Trend:
    """The least-squares line through the last third of a curve, at least its last four points.

    Attributes:
        points: how many epochs the line is fitted to.
        slope: change an epoch.
        standard_error: of the slope, from the scatter about the line; it takes the epochs' deviations as independent,
            which consecutive epochs are not quite, so that the interval is a guide and not a guarantee.

    >>> Trend(points=10, slope=0.01, standard_error=0.001).verdict
    'rising'
    """

    points: int
    slope: float
    standard_error: float

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the slope, from Student's t with ``points - 2`` degrees of freedom.

        >>> low, high = Trend(points=10, slope=0.01, standard_error=0.001).interval
        >>> round(low, 4), round(high, 4)
        (0.0077, 0.0123)
        """
        half = t_quantile(LEVEL, self.points - 2) * self.standard_error
        return (self.slope - half, self.slope + half)

    def gain(self, epochs: int) -> Interval:
        """What so many more epochs would add if the line went on, at 95 %; curves bend, so rarely as much.

        >>> low, high = Trend(points=10, slope=0.01, standard_error=0.001).gain(20)
        >>> round(low, 3), round(high, 3)
        (0.154, 0.246)
        """
        low, high = self.interval
        return (low * epochs, high * epochs)

    @property
    def verdict(self) -> Verdict:
        """What the line says of its next ``points`` epochs.

        ``level``: they gain less than :data:`MATERIAL`; ``rising``, ``falling``: the slope differs from 0, and may
        matter; ``unclear``: they may gain that much, or nothing.

        >>> [Trend(10, slope, 0.0005).verdict for slope in (0.01, 0.0005, -0.01)], Trend(10, 0.002, 0.002).verdict
        (['rising', 'level', 'falling'], 'unclear')
        """
        low, high = self.gain(self.points)
        if high < 0 and low <= -MATERIAL:
            return "falling"
        if high < MATERIAL:
            return "level"
        return "rising" if low > 0 else "unclear"

    @property
    def may_fall(self) -> bool:
        """Whether the line allows a loss of :data:`MATERIAL` or more over its next ``points`` epochs.

        >>> Trend(10, -0.001, 0.002).may_fall, Trend(10, 0.001, 0.0001).may_fall
        (True, False)
        """
        return self.gain(self.points)[0] <= -MATERIAL


@dataclass(frozen=True)
class LearningCurve:
    """What the accuracies and losses of a run say, epoch by epoch.

    Attributes:
        epochs: how many there are.
        validation: trend of the validation accuracy; None where the curve is too short.
        training: trend of the training accuracy; None where the curve is too short.
        best_epoch: the epoch, from 1, about which the mean validation accuracy of three neighbours is highest.
        best_accuracy: that mean.
        lowest_loss_epoch: the epoch, from 1, about which the mean validation loss of three neighbours is least.
        lowest_loss: that mean, in nats.
        loss_rise: its rise from there to the end, in nats.
        gap: last training accuracy minus last validation accuracy.
    """

    epochs: int
    validation: Trend | None
    training: Trend | None
    best_epoch: int
    best_accuracy: float
    lowest_loss_epoch: int
    lowest_loss: float
    loss_rise: float
    gap: Difference

    @property
    def verdict(self) -> Verdict:
        """What the trend of the validation accuracy says, or that there are too few epochs for one."""
        return "too short" if self.validation is None else self.validation.verdict

    @property
    def gap_verdict(self) -> Gap:
        """Whether the training accuracy is ahead of the validation accuracy by more than sampling explains."""
        if self.gap.consistent:
            return "close"
        return "ahead" if self.gap.value > 0 else "behind"


def trend(values: Sequence[float]) -> Trend:
    """The trend at the end of a curve.

    Raises:
        InputError: there are fewer than four values.

    >>> round(trend([0.0, 0.0, 0.5, 0.6, 0.7, 0.8]).slope, 12)
    0.1
    """
    if len(values) < _SMALLEST_TAIL:
        rule = f"must have at least {_SMALLEST_TAIL} epochs"
        raise InputError("curve", list(values), rule, "train for more epochs")
    tail = values[-max(_SMALLEST_TAIL, len(values) // 3) :]
    n = len(tail)
    centre, mean = (n - 1) / 2, sum(tail) / n
    spread = sum((x - centre) ** 2 for x in range(n))
    slope = sum((x - centre) * (y - mean) for x, y in enumerate(tail)) / spread
    residue = sum((y - mean - slope * (x - centre)) ** 2 for x, y in enumerate(tail))
    return Trend(n, slope, sqrt(residue / (n - 2) / spread))


def smoothed(values: Sequence[float]) -> tuple[float, ...]:
    """Each value's mean with its neighbours; the first and the last have one neighbour.

    >>> smoothed([0, 3, 6, 0])
    (1.5, 3.0, 3.0, 3.0)
    """
    windows = [values[max(0, i - 1) : i + 2] for i in range(len(values))]
    return tuple(sum(window) / len(window) for window in windows)


def learning_curve(record: RunRecord) -> LearningCurve:
    """The learning curve of a run.

    Raises:
        InputError: the record has no epoch, or an accuracy that is no whole number of images.

    >>> from types import SimpleNamespace as Some  # stands for a record here, with what is read of it
    >>> shares = (0.25, 0.5, 0.75, 0.75, 0.5, 0.5)
    >>> epochs = [Some(training_accuracy=s, validation_accuracy=s, validation_loss=1 - s) for s in shares]
    >>> record = Some(epochs=epochs, test_accuracy=0.5, data=Some(training=8, validation=4, test=4))
    >>> found = learning_curve(record)
    >>> found.best_epoch, round(found.best_accuracy, 3), found.gap_verdict
    (3, 0.667, 'close')
    """
    last = accuracies(record)
    validation = [epoch.validation_accuracy for epoch in record.epochs]
    training = [epoch.training_accuracy for epoch in record.epochs]
    means = smoothed(validation)
    losses = smoothed([epoch.validation_loss for epoch in record.epochs])
    long_enough = len(validation) >= SHORTEST
    best, lowest = max(means), min(losses)
    return LearningCurve(
        epochs=len(validation),
        validation=trend(validation) if long_enough else None,
        training=trend(training) if long_enough else None,
        best_epoch=means.index(best) + 1,
        best_accuracy=best,
        lowest_loss_epoch=losses.index(lowest) + 1,
        lowest_loss=lowest,
        loss_rise=losses[-1] - lowest,
        gap=Difference(last.training, last.validation),
    )
