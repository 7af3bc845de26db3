"""The built-in data set and the split."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradus.errors import DataError
from gradus.training.data import load
from gradus.training.data.dataset import random_split
from gradus.training.data.pictograms import SIGNS, pictograms


def test_classes_are_balanced_and_the_images_are_always_the_same() -> None:
    dataset = pictograms()
    assert dataset.training.images.shape == (5000, 32, 32, 3)
    assert dataset.test.images.shape == (1000, 32, 32, 3)
    assert dataset.training.images.dtype == np.uint8
    assert np.bincount(dataset.training.labels).tolist() == [500] * 10
    assert np.bincount(dataset.test.labels).tolist() == [100] * 10
    assert dataset.fingerprint == "0a72cbd71bcca56d8ba7b0ada030fda091282128f0f08955f91496ad6f033510"


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
