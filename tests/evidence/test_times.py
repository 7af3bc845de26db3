"""Running times, their ratio, and what two runs have in common."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gradus.errors import InputError
from gradus.evidence.comparison import comparison
from gradus.evidence.times import EpochTime, epoch_time, time_ratio
from gradus.runs import RunRecord, RunRequest
from problems.records import made_record


def run(times: list[float], device: str = "cpu") -> RunRecord:
    assert device in ("cpu", "cuda")
    request = RunRequest("hw5", "pictograms", "sgd", len(times), device="cuda" if device == "cuda" else "cpu")
    return made_record(request, [0.3] * len(times), [0.4] * len(times), times=times)


def test_first_epoch_is_left_out_where_there_are_others() -> None:
    found = epoch_time(run([9.0, 2.0, 4.0, 3.0]))
    assert (found.typical_s, found.warmed_up) == (3.0, True)


def test_ratio_of_single_epochs() -> None:
    found = time_ratio(run([213.0]), run([17.0], "cuda"))
    assert found.value == pytest.approx(12.53, abs=0.01)
    assert found.like_with_like and not found.slow.warmed_up


def test_ratio_of_unlike_times_says_so() -> None:
    assert not time_ratio(run([5.0]), run([5.0, 1.0])).like_with_like


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan")])
def test_times_that_are_none_are_refused(seconds: float) -> None:
    with pytest.raises(InputError, match="positive number of seconds"):
        EpochTime(seconds)


def test_runs_of_one_seed_share_split_and_start() -> None:
    found = comparison(run([1.0]), run([1.0], "cuda"))
    assert found.same_data and found.same_split and found.same_start and found.same_accuracies
    assert not (found.same_end or found.same_device or found.same_machine)
    assert found.equal_start == found.tensors == 12


def test_each_difference_is_seen() -> None:
    first = run([1.0])
    weights = {**first.initial_weights, "conv1.bias": "other"}
    assert not comparison(first, replace(first, data=replace(first.data, fingerprint="x"))).same_data
    assert not comparison(first, replace(first, data=replace(first.data, split_fingerprint="x"))).same_split
    changed = comparison(first, replace(first, initial_weights=weights))
    assert (changed.same_start, changed.equal_start) == (False, 11)
    assert comparison(first, replace(first, versions={**first.versions, "PyTorch": "2.11.0"})).changed_versions == (
        "PyTorch",
    )
    assert not comparison(first, replace(first, test_accuracy=0.5)).same_accuracies
    other = comparison(first, replace(first, device_name="Another processor"))
    assert other.same_device and not other.same_machine
    assert comparison(first, first).same_end


def test_records_without_fingerprints_are_not_called_equal() -> None:
    bare = replace(run([1.0]), initial_weights={}, final_weights={})
    found = comparison(bare, bare)
    assert not found.same_start and not found.same_end
