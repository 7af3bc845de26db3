"""Folders of images, whole and broken."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gradus.errors import DataError, InputError
from gradus.training.data import load


def test_images_are_read_in_natural_order(images: Path) -> None:
    dataset = load(str(images))
    assert dataset.classes == ("day", "night")
    assert dataset.training.images.shape == (100, 32, 32, 3)
    assert dataset.training.labels.tolist() == [0] * 50 + [1] * 50
    assert len(dataset.test) == 40
    for position, name in ((0, "day/1.png"), (9, "day/10.png"), (51, "night/2.png")):
        with Image.open(images / "train" / name) as image:
            np.testing.assert_array_equal(dataset.training.images[position], np.asarray(image))


def test_progress_ends_with_all_images(images: Path) -> None:
    seen: list[tuple[int, int]] = []
    load(str(images), lambda done, total: seen.append((done, total)))
    assert seen[-1] == (140, 140)


def test_an_unchanged_folder_is_read_once_and_a_changed_one_again(images: Path) -> None:
    first = load(str(images))
    assert load(str(images)) is first
    Image.new("RGB", (32, 32)).save(images / "train/day/1.png")
    second = load(str(images))
    assert second.fingerprint != first.fingerprint
    assert not second.training.images[0].any()


def test_the_fingerprint_is_that_of_the_images_and_not_of_the_place(images: Path, tmp_path: Path) -> None:
    first = load(str(images)).fingerprint
    shutil.copytree(images, tmp_path / "copy")
    (tmp_path / "copy/train/.hidden").touch()
    (tmp_path / "copy/test/day/.hidden").touch()
    assert load(str(tmp_path / "copy")).fingerprint == first


def test_all_bad_images_are_counted_and_ten_are_named(images: Path) -> None:
    for number in range(1, 10):
        (images / f"train/day/{number}.png").write_bytes(b"no image")
    Image.new("RGB", (31, 32)).save(images / "train/night/1.png")
    Image.new("L", (32, 32)).save(images / "train/night/2.png")
    whole = (images / "test/day/1.png").read_bytes()
    (images / "test/day/1.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError) as caught:
        load(str(images))
    message = str(caught.value)
    assert "12 of 140 images cannot be used" in message
    assert "train/day/9.png (is no JPEG or PNG image)" in message
    assert "train/night/1.png (is 31 x 32, not 32 x 32)" in message
    assert message.count(".png (") == 10
    assert "and 2 more" in message
    assert caught.value.exit_code == 2


def corrupted(images: Path) -> None:
    file = images / "train/day/3.png"
    content = bytearray(file.read_bytes())
    content[60:90] = bytes(30)
    file.write_bytes(content)


def truncated_jpeg(images: Path) -> None:
    Image.effect_noise((32, 32), 80).convert("RGB").save(images / "train/day/3.jpg")
    content = (images / "train/day/3.jpg").read_bytes()
    (images / "train/day/3.jpg").write_bytes(content[: len(content) // 2])


def gif(images: Path) -> None:
    Image.new("RGB", (32, 32)).save(images / "train/day/3.gif")


def huge(images: Path) -> None:
    Image.new("1", (20_000, 10_000)).save(images / "train/day/3.png")


def dangling_link(images: Path) -> None:
    (images / "train/day/3.png").unlink()
    (images / "train/day/3.png").symlink_to(images / "nowhere.png")


def folder_for_image(images: Path) -> None:
    (images / "train/day/more").mkdir()


def empty_class(images: Path) -> None:
    shutil.rmtree(images / "test/night")
    (images / "test/night").mkdir()


def class_in_one_part(images: Path) -> None:
    shutil.rmtree(images / "test/night")


def one_class(images: Path) -> None:
    shutil.rmtree(images / "test/night")
    shutil.rmtree(images / "train/night")


def no_test(images: Path) -> None:
    shutil.rmtree(images / "test")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (corrupted, r"1 of 140 .*train/day/3.png \(is broken"),
        (truncated_jpeg, r"1 of 141 .*train/day/3.jpg \(is broken"),
        (gif, r"train/day/3.gif \(is no JPEG or PNG"),
        (huge, r"train/day/3.png \(is (20000 x 10000, )?not 32 x 32"),
        (dangling_link, r"train/day/3.png \(No such file"),
        (folder_for_image, r"train/day/more \(Is a directory"),
        (empty_class, "no images: test/night"),
        (class_in_one_part, "in one only: train/night"),
        (one_class, "at least two classes"),
        (no_test, "has no folder test"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_damage_is_reported(images: Path, damage: Callable[[Path], None], message: str) -> None:
    damage(images)
    with pytest.raises(DataError, match=message):
        load(str(images))


@pytest.mark.skipif(os.geteuid() == 0, reason="everything is readable to root")
def test_an_unreadable_class_is_reported(images: Path) -> None:
    (images / "train/day").chmod(0)
    with pytest.raises(DataError, match="cannot be read"):
        load(str(images))


def test_unknown_names_get_the_nearest() -> None:
    with pytest.raises(InputError, match=r"data = pictogram: .*pictograms.*did you mean pictograms\?"):
        load("pictogram")


@pytest.mark.parametrize("name", ["", "~nobody-of-that-name/images", "x" * 5000, "nul\0"])
def test_names_that_no_folder_can_have_are_refused(name: str) -> None:
    if name:
        with pytest.raises(InputError, match="data = "):
            load(name)
    else:
        with pytest.raises(DataError, match="has no folder train"):
            load(name)
