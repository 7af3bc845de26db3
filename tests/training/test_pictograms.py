"""The built-in data set and the split."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradus.errors import DataError
from gradus.training import data
from gradus.training.data import load
from gradus.training.data import pictograms as module
from gradus.training.data.dataset import random_split, stratified_split
from gradus.training.data.pictograms import FINGERPRINT, SIGNS, pictograms


def test_classes_are_balanced_and_the_images_are_always_the_same() -> None:
    dataset = pictograms()
    assert dataset.training.images.shape == (5000, 32, 32, 3)
    assert dataset.test.images.shape == (1000, 32, 32, 3)
    assert dataset.training.images.dtype == np.uint8
    assert np.bincount(dataset.training.labels).tolist() == [500] * 10
    assert np.bincount(dataset.test.labels).tolist() == [100] * 10
    assert dataset.fingerprint == FINGERPRINT


def test_the_images_are_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    load("pictograms")
    data._last.clear()
    monkeypatch.setattr(module, "pictograms", None)
    assert load("pictograms").fingerprint == FINGERPRINT


def test_no_image_is_there_twice() -> None:
    dataset = load("pictograms")
    images = np.concatenate([dataset.training.images, dataset.test.images]).reshape(6000, -1)
    assert len({image.tobytes() for image in images}) == 6000


@pytest.mark.parametrize("name", list(SIGNS))
def test_signs_lie_inside_their_frame(name: str) -> None:
    axis = np.linspace(-3, 3, 121)
    x, y = np.meshgrid(axis, axis)
    for thickness in (0.0, 1.0):
        inside = SIGNS[name](x, y, np.full_like(x, thickness)) < 0
        assert 0.03 < inside.mean() * 9 < 1
        assert np.abs(x[inside]).max() <= 1.05
        assert np.abs(y[inside]).max() <= 1.05


@given(st.integers(2, 300), st.integers(0, 2**63 - 1))
def test_splits_are_disjoint_complete_and_reproducible(count: int, seed: int) -> None:
    split = random_split(count, Fraction(1, 5), seed)
    assert len(split.validation) == -(-count // 5)
    assert sorted([*split.training, *split.validation]) == list(range(count))
    again = random_split(count, Fraction(1, 5), seed)
    assert again.fingerprint == split.fingerprint
    assert again.training.tolist() == split.training.tolist()


def test_splits_are_shuffled_and_depend_on_the_seed() -> None:
    first, second = (random_split(1000, Fraction(1, 5), seed) for seed in (1, 2))
    assert first.fingerprint != second.fingerprint
    for split in (first, second):
        # The mean position has a standard error of 20.
        assert abs(split.validation.mean() - 499.5) < 100
        assert np.abs(np.diff(split.training)).mean() > 200


def test_a_split_without_images_is_refused() -> None:
    with pytest.raises(DataError, match="too few"):
        random_split(1, Fraction(1, 5), 0)


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=6).filter(lambda counts: sum(counts) > 1),
    st.fractions(Fraction(1, 20), Fraction(19, 20), max_denominator=20),
    st.integers(0, 2**63 - 1),
)
def test_stratified_splits_share_every_class_alike(counts: list[int], share: Fraction, seed: int) -> None:
    labels = np.random.default_rng(seed % 1000).permutation(np.repeat(np.arange(len(counts)), counts))
    try:
        split = stratified_split(labels, share, seed)
    except DataError:
        # A class that is there could only be refused where its rounded share leaves nothing on one side.
        assert any(count and (count * share < 1 or count * (1 - share) < 1) for count in counts)
        return
    validation = np.bincount(labels[split.validation], minlength=len(counts))
    assert len(split.validation) == ceil(sum(counts) * share) == validation.sum()
    assert sorted([*split.training, *split.validation]) == list(range(sum(counts)))
    for count, number in zip(counts, validation, strict=True):
        assert abs(number - count * share) < 1
        assert not count or 0 < number < count
    again = stratified_split(labels, share, seed)
    assert (again.fingerprint, again.training.tolist()) == (split.fingerprint, split.training.tolist())


def test_the_missing_images_come_from_the_classes_that_lost_most() -> None:
    labels = np.repeat(np.arange(4), [10, 13, 14, 12])  # shares of 2, 2.6, 2.8 and 2.4: 10 images in all
    assert np.bincount(labels[stratified_split(labels, Fraction(1, 5), 0).validation]).tolist() == [2, 3, 3, 2]
    labels = np.repeat(np.arange(3), [13, 13, 13])  # 7.8 rounded up: two of three equals get one more
    assert np.bincount(labels[stratified_split(labels, Fraction(1, 5), 0).validation]).tolist() == [3, 3, 2]


def test_stratified_splits_are_shuffled_and_depend_on_the_seed() -> None:
    labels = np.repeat(np.arange(10), 100)
    first, second = (stratified_split(labels, Fraction(1, 5), seed) for seed in (1, 2))
    assert first.fingerprint != second.fingerprint
    assert first.fingerprint != random_split(1000, Fraction(1, 5), 1).fingerprint
    for split in (first, second):
        for part in (split.training, split.validation):
            assert part.dtype == np.int64
            assert np.abs(np.diff(part)).mean() > 200
        # Every image of a class has the same chance: the mean place in its class has a standard error of 2.
        assert abs((split.validation % 100).mean() - 49.5) < 10


@pytest.mark.parametrize("counts", [[1], [20, 1], [23, 2]])
def test_a_stratified_split_without_a_class_is_refused(counts: list[int]) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    with pytest.raises(DataError, match=r"training images.* is too few"):
        stratified_split(labels, Fraction(1, 5), 0)
