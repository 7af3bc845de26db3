"""Trends against NumPy's regression, and each verdict on a learning curve in each direction."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gradus.errors import InputError
from gradus.evidence.curves import LearningCurve, Trend, learning_curve, smoothed, trend
from gradus.evidence.student import t_probability, t_quantile
from gradus.runs import RunRequest
from problems.records import levelling_curve, made_record


@given(st.floats(1e-3, 50), st.integers(1, 60))
def test_t_probability_is_scipys(t: float, degrees: int) -> None:
    expected = stats.t.cdf(t, degrees) - stats.t.cdf(-t, degrees)
    assert t_probability(t, degrees) == pytest.approx(expected, abs=1e-12)


@given(st.floats(0.01, 0.999), st.integers(1, 60))
def test_t_quantile_is_scipys(level: float, degrees: int) -> None:
    assert t_quantile(level, degrees) == pytest.approx(stats.t.ppf((1 + level) / 2, degrees), rel=1e-9)


@pytest.mark.parametrize(("level", "degrees"), [(0, 3), (1, 3), (0.95, 0)])
def test_t_quantile_refuses(level: float, degrees: int) -> None:
    with pytest.raises(InputError):
        t_quantile(level, degrees)


@given(st.lists(st.floats(0, 1), min_size=4, max_size=60))
def test_trend_is_the_regression_of_the_last_third(values: list[float]) -> None:
    found = trend(values)
    tail = values[-found.points :]
    assert found.points == max(4, len(values) // 3)
    (slope, _), covariance = np.polyfit(np.arange(len(tail)), tail, 1, cov=True)
    assert found.slope == pytest.approx(slope, abs=1e-9)
    assert found.standard_error == pytest.approx(np.sqrt(covariance[0, 0]), abs=1e-9)
    half = stats.t.ppf(0.975, found.points - 2) * np.sqrt(covariance[0, 0])
    assert found.interval == pytest.approx((slope - half, slope + half), abs=1e-7)


def test_trend_needs_four_epochs() -> None:
    with pytest.raises(InputError, match="at least 4 epochs"):
        trend([0.1, 0.2, 0.3])


def test_smoothed_is_a_moving_mean() -> None:
    values = [Random(1).random() for _ in range(9)]
    middle = np.convolve(values, np.ones(3) / 3, "valid")
    assert smoothed(values) == pytest.approx([np.mean(values[:2]), *middle, np.mean(values[-2:])])
    assert smoothed([0.5]) == (0.5,)


def curve(training: list[float], validation: list[float]) -> LearningCurve:
    request = RunRequest("hw5", "pictograms", "adam", len(validation))
    return learning_curve(made_record(request, training, validation))


LEVEL = levelling_curve(30, 0.5, 0.75)
RISING = [0.3 + 0.015 * n for n in range(30)]
FALLING = RISING[::-1]
NOISY = [0.5 + 0.1 * (-1) ** n for n in range(30)]


@pytest.mark.parametrize(
    ("validation", "verdict"),
    [(LEVEL, "level"), (RISING, "rising"), (FALLING, "falling"), (NOISY, "unclear"), (RISING[:5], "too short")],
)
def test_verdict(validation: list[float], verdict: str) -> None:
    assert curve(validation, validation).verdict == verdict


@pytest.mark.parametrize(("shift", "verdict"), [(0.1, "ahead"), (0.0, "close"), (-0.1, "behind")])
def test_gap(shift: float, verdict: str) -> None:
    found = curve([v + shift for v in LEVEL], LEVEL)
    assert found.gap_verdict == verdict
    assert found.gap.value == pytest.approx(shift, abs=1e-3)


def test_best_epoch_is_that_of_the_smoothed_curve() -> None:
    """One lucky epoch (the third) does not make the best one."""
    validation = [0.3, 0.3, 0.52, 0.3, 0.4, 0.5, 0.5, 0.5, 0.4, 0.3]
    found = curve(validation, validation)
    assert (found.best_epoch, found.lowest_loss_epoch) == (7, 7)
    assert found.best_accuracy == pytest.approx(0.5)
    assert found.loss_rise == pytest.approx(2.3 * (0.5 - 0.35))


def test_verdict_of_a_small_but_certain_rise_is_level() -> None:
    """A slope may differ from 0 for certain and still not matter."""
    slow = [0.7 + 0.001 * n for n in range(30)]
    found = curve(slow, slow)
    assert found.validation is not None and found.validation.interval[0] > 0
    assert found.verdict == "level"


def test_a_curve_that_can_only_lose_does_not_rise() -> None:
    """Whether it is flat or falls may be open; that it gains little is not."""
    wavering = [*LEVEL[:20], 0.76, 0.75, 0.77, 0.76, 0.75, 0.76, 0.75, 0.74, 0.75, 0.75]
    found = curve(wavering, wavering)
    assert found.validation is not None
    low, high = found.validation.gain(10)
    assert low < -0.02 and -0.02 < high < 0.02
    assert (found.verdict, found.validation.may_fall) == ("level" if high >= 0 else "falling", True)


@given(st.floats(-0.02, 0.02), st.floats(0, 0.01))
def test_verdicts_follow_the_gain(slope: float, error: float) -> None:
    """The rule once more, said from the other side."""
    low, high = Trend(10, slope, error).gain(10)
    wanted = (
        "level"
        if high < 0.02 and (high >= 0 or low > -0.02)
        else "falling"
        if high < 0
        else "rising"
        if low > 0
        else "unclear"
    )
    assert Trend(10, slope, error).verdict == wanted
