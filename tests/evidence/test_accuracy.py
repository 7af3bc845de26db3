"""Accuracies and their differences against SciPy, published intervals and exact coverage."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gradus.errors import InputError
from gradus.evidence.accuracy import Difference, Proportion

proportions = st.integers(1, 20_000).flatmap(
    lambda n: st.builds(Proportion, st.integers(0, n), st.just(n)),
)


@given(proportions)
def test_interval_is_wilsons(p: Proportion) -> None:
    low, high = stats.binomtest(p.correct, p.total).proportion_ci(method="wilson")
    assert p.interval == pytest.approx((low, high), abs=1e-12)


@given(proportions)
def test_standard_error_is_the_binomials(p: Proportion) -> None:
    assert p.standard_error == pytest.approx(stats.binom(p.total, p.share).std() / p.total, abs=1e-12)


@given(proportions)
def test_share_gives_the_proportion_back(p: Proportion) -> None:
    assert Proportion.of_share(p.share, p.total) == p


@pytest.mark.parametrize("share", [0.3905, -0.001, 1.001, float("nan")])
def test_share_that_is_no_count_is_refused(share: float) -> None:
    with pytest.raises(InputError, match="whole number of 1000 images"):
        Proportion.of_share(share, 1000)


@pytest.mark.parametrize(("correct", "total"), [(0, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(correct: int, total: int) -> None:
    with pytest.raises(InputError):
        Proportion(correct, total)


# Newcombe, "Interval estimation for the difference between independent proportions", Statistics in Medicine 17 (1998),
# table II, method 10.
@pytest.mark.parametrize(
    ("first", "second", "interval"),
    [
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((6, 7), (2, 7), (0.0582, 0.8062)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
        ((0, 10), (0, 20), (-0.1611, 0.2775)),
        ((0, 10), (0, 10), (-0.2775, 0.2775)),
        ((10, 10), (0, 20), (0.6791, 1.0)),
        ((10, 10), (0, 10), (0.6075, 1.0)),
    ],
)
def test_difference_interval_is_newcombes(
    first: tuple[int, int], second: tuple[int, int], interval: tuple[float, float]
) -> None:
    assert Difference(Proportion(*first), Proportion(*second)).interval == pytest.approx(interval, abs=5e-5)


def test_difference_of_the_course_run() -> None:
    difference = Difference(Proportion(3925, 10_000), Proportion(3906, 10_000))
    assert difference.value == pytest.approx(0.0019)
    assert round(difference.standard_error, 4) == 0.0069
    assert difference.consistent


@pytest.mark.parametrize(("second", "consistent"), [(3925, True), (3800, True), (3780, False), (4070, False)])
def test_consistent_agrees_with_the_z_test_away_from_the_border(second: int, consistent: bool) -> None:
    difference = Difference(Proportion(3925, 10_000), Proportion(second, 10_000))
    pooled = (3925 + second) / 20_000
    z = difference.value / sqrt(pooled * (1 - pooled) * 2 / 10_000)
    assert (2 * stats.norm.sf(abs(z)) > 0.05) == consistent == difference.consistent


@pytest.mark.parametrize("p", [0.02, 0.3, 0.5, 0.95])
def test_interval_covers_the_truth_about_19_times_in_20(p: float) -> None:
    n = 200
    covered = sum(stats.binom.pmf(k, n, p) for k in range(n + 1) if (i := Proportion(k, n).interval)[0] <= p <= i[1])
    assert 0.92 < covered < 0.98
