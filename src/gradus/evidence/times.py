"""Running times of runs, and their ratio."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from gradus.errors import InputError
from gradus.runs import RunRecord


@dataclass(frozen=True)
class EpochTime:
    """How long an epoch of a run takes, training and validation together.

    Attributes:
        first_s: seconds of the first epoch, which also pays for warming up.
        later_s: seconds of the epochs after it, in their order; may be empty.

    >>> time = EpochTime(20.5, (17.0, 16.0, 16.5))
    >>> time.typical_s, time.warmed_up
    (16.5, True)
    """

    first_s: float
    later_s: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        shortest = min((self.first_s, *self.later_s))
        if not shortest > 0:
            raise InputError("time_s", shortest, "must be a positive number of seconds", "train again")

    @property
    def typical_s(self) -> float:
        """The median of the later epochs; the first one's time where there is no other."""
        return median(self.later_s) if self.later_s else self.first_s

    @property
    def warmed_up(self) -> bool:
        """Whether the typical time leaves the first epoch out."""
        return bool(self.later_s)


@dataclass(frozen=True)
class TimeRatio:
    """How many times as long an epoch of ``slow`` takes as one of ``fast``; may be below 1.

    >>> TimeRatio(EpochTime(213.0), EpochTime(17.0)).value
    12.529411764705882
    """

    slow: EpochTime
    fast: EpochTime

    @property
    def value(self) -> float:
        """The ratio of the typical times."""
        return self.slow.typical_s / self.fast.typical_s

    @property
    def like_with_like(self) -> bool:
        """Whether both or neither of the times leave the first epoch out.

        >>> TimeRatio(EpochTime(213.0), EpochTime(20.0, (17.0,))).like_with_like
        False
        """
        return self.slow.warmed_up == self.fast.warmed_up


def epoch_time(record: RunRecord) -> EpochTime:
    """The epochs' times of a run.

    Raises:
        InputError: the record has no epoch.

    >>> from types import SimpleNamespace as Some  # stands for a record here, with what is read of it
    >>> epoch_time(Some(epochs=[Some(time_s=20.5), Some(time_s=17.0)]))
    EpochTime(first_s=20.5, later_s=(17.0,))
    """
    if not record.epochs:
        raise InputError("run record", record.id, "has no epoch", "train again")
    first, *later = (epoch.time_s for epoch in record.epochs)
    return EpochTime(first, tuple(later))


def time_ratio(slow: RunRecord, fast: RunRecord) -> TimeRatio:
    """How many times as long an epoch of ``slow`` takes as one of ``fast``.

    With one epoch a run, both times hold the warming up.  One timing a side says nothing of how timings scatter.

    >>> from types import SimpleNamespace as Some  # stands for a record here, with what is read of it
    >>> time_ratio(Some(epochs=[Some(time_s=204.0)]), Some(epochs=[Some(time_s=17.0)])).value
    12.0
    """
    return TimeRatio(epoch_time(slow), epoch_time(fast))
