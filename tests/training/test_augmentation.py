"""Random changes of training images."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
import torch

from gradus.training.augmentation import Augmenter
from gradus.training.configuration import Augmentation


def augmenter(key: int = 1, **rule: object) -> Augmenter:
    return Augmenter(Augmentation(**rule), key)  # type: ignore[arg-type]


def images(count: int, height: int = 9, width: int = 8, channels: int = 3) -> torch.Tensor:
    """No byte is zero, so that what comes in from outside is known."""
    rng = np.random.default_rng(2)
    return torch.from_numpy(rng.integers(1, 256, (count, height, width, channels), dtype=np.uint8))


def moved(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """By the definition, pixel by pixel."""
    out = np.zeros_like(image)
    height, width, _ = image.shape
    for row in range(height):
        for column in range(width):
            if 0 <= row - down < height and 0 <= column - right < width:
                out[row, column] = image[row - down, column - right]
    return out


def change_of(before: np.ndarray, after: np.ndarray, reach: int) -> tuple[int, int, bool]:
    """Which move, and whether it was mirrored; exactly one fits."""
    found = [
        (down, right, flipped)
        for down in range(-reach, reach + 1)
        for right in range(-reach, reach + 1)
        for flipped in (False, True)
        if np.array_equal(moved(before, down, right)[:, ::-1] if flipped else moved(before, down, right), after)
    ]
    (change,) = found
    return change


def test_every_image_is_moved_and_mirrored_by_numbers_of_its_own() -> None:
    reach, before = 2, images(400, 5, 4)
    after = augmenter(shift=reach).augmented(before, 0)
    assert after.shape == before.shape and after.dtype == torch.uint8
    changes = [change_of(*pair, reach) for pair in zip(before.numpy(), after.numpy(), strict=True)]
    counts = np.zeros((5, 5))
    for down, right, _ in changes:
        counts[down + reach, right + reach] += 1
    expected = 400 / 25
    assert ((counts - expected) ** 2 / expected).sum() < 52  # chi-squared with 24 degrees of freedom: p = 0.0008
    share = sum(flipped for *_, flipped in changes) / 400
    assert abs(share - 0.5) < 4 * sqrt(0.25 / 400)
    # Mirrored or not is independent of the move.
    to_the_right = [flipped for _, right, flipped in changes if right > 0]
    assert abs(sum(to_the_right) / len(to_the_right) - 0.5) < 4 * sqrt(0.25 / len(to_the_right))


def test_each_change_alone() -> None:
    before = images(60)
    for after in (
        augmenter(flip=True, shift=0).augmented(before, 0),
        augmenter(flip=False, shift=1).augmented(before, 0),
    ):
        assert not torch.equal(after, before)
    only_mirrored = augmenter(flip=True, shift=0).augmented(before, 0)
    kept = (only_mirrored == before).all(dim=(1, 2, 3)) | (only_mirrored == before.flip(2)).all(dim=(1, 2, 3))
    assert kept.all()
    only_shifted = augmenter(flip=False, shift=1).augmented(before, 0)
    assert all(not change_of(*pair, 1)[2] for pair in zip(before.numpy(), only_shifted.numpy(), strict=True))
    assert torch.equal(augmenter(flip=False, shift=0).augmented(before, 0), before)


def test_equal_keys_change_equally_and_each_image_anew() -> None:
    before = images(1).repeat(30, 1, 1, 1)
    copy = before.clone()
    first = augmenter(3).augmented(before, 0)
    assert torch.equal(first, augmenter(3).augmented(before, 0))
    assert not torch.equal(first, augmenter(3).augmented(before, 30))
    assert not torch.equal(first, augmenter(4).augmented(before, 0))
    assert len({image.numpy().tobytes() for image in first}) > 20  # of 162 ways
    assert torch.equal(before, copy)  # the data set stays as it is


def test_epochs_that_alternate() -> None:
    before = images(1000, 1, 1, 1)
    first, second, third = (augmenter(alternating=True).in_turn(before, epoch) for epoch in (1, 2, 3))
    assert first is not None and second is not None and third is not None
    assert torch.equal(first, ~second) and torch.equal(first, third)
    assert abs(first.double().mean() - 0.5) < 4 * sqrt(0.25 / 1000)
    other = augmenter(2, alternating=True).in_turn(before, 1)
    assert other is not None and 400 < (first ^ other).sum() < 600
    assert augmenter().in_turn(before, 1) is None
    assert augmenter(flip=False, alternating=True).in_turn(before, 1) is None


def test_the_images_that_are_to_be_mirrored_are() -> None:
    before, chosen = images(50), torch.arange(50) % 3 == 0
    after = augmenter(shift=0).augmented(before, 0, chosen)
    assert torch.equal(after, torch.where(chosen[:, None, None, None], before.flip(2), before))


def test_any_part_of_a_batch_is_changed_as_in_the_whole() -> None:
    before = images(30)
    whole = augmenter(5).augmented(before, 100)
    for first, end in ((0, 7), (7, 30), (12, 13), (30, 30)):
        assert torch.equal(augmenter(5).augmented(before[first:end], 100 + first), whole[first:end])


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (1, 3, 5, 4), (2, 32, 32, 3)])
def test_shapes_and_the_furthest_moves(shape: tuple[int, int, int, int]) -> None:
    before = images(*shape)
    for shift in (0, 1, 31):
        after = augmenter(shift=shift).augmented(before, 0)
        assert after.shape == shape and set(after.unique().tolist()) <= {0, *before.unique().tolist()}
