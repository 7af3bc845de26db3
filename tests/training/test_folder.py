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
from gradus.training import data
from gradus.training.data import folder, load, loaded
from gradus.training.data.cache import decoded_folder, place_name


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


def test_data_that_were_loaded_are_had_by_their_fingerprint_without_a_look_at_the_files(images: Path) -> None:
    first = load(str(images))
    shutil.rmtree(images)
    assert loaded(str(images), first.fingerprint) is first
    assert loaded(str(images), "0" * 64) is None and loaded("pictograms", first.fingerprint) is None
    forget()
    assert loaded(str(images), first.fingerprint) is None


def test_the_fingerprint_is_that_of_the_images_and_not_of_the_place(images: Path, tmp_path: Path) -> None:
    first = load(str(images)).fingerprint
    shutil.copytree(images, tmp_path / "copy")
    (tmp_path / "copy/train/.hidden").touch()
    (tmp_path / "copy/test/day/.hidden").touch()
    assert load(str(tmp_path / "copy")).fingerprint == first


def forget() -> None:
    """As in a new process."""
    data._last.clear()
    data._named.clear()


def test_a_new_process_takes_the_images_from_the_cache(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(str(images))
    before = sorted(images.rglob("*"))
    forget()
    monkeypatch.setattr(folder, "_decoded", None)
    second = load(str(images))
    assert second is not first
    assert second.fingerprint == first.fingerprint
    assert (second.name, second.classes) == ("images", ("day", "night"))
    assert sorted(images.rglob("*")) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda image: os.utime(image, (1, 1)),
        lambda image: image.rename(image.with_name("x.png")),
        lambda image: image.write_bytes(image.read_bytes() + b"\0"),
        lambda image: image.unlink(),
        lambda image: shutil.copy(image, image.with_name("x.png")),
        lambda image: image.rename(image.parent.parent / "night/x.png"),
    ],
)
def test_any_change_in_the_folder_lets_it_be_read_again(images: Path, change: Callable[[Path], object]) -> None:
    load(str(images))
    change(images / "train/day/7.png")
    seen: list[tuple[int, int]] = []
    dataset = load(str(images), lambda done, total: seen.append((done, total)))
    assert seen[-1][1] == len(dataset.training) + len(dataset.test)


def test_an_altered_cache_is_reported_and_the_images_are_decoded_again(
    images: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = load(str(images)).fingerprint
    (entry,) = entries_of(images)
    entry.write_bytes(entry.read_bytes()[:-1] + b"\1")
    forget()
    assert load(str(images)).fingerprint == first
    assert f"{entry} was altered" in caplog.text
    told: list[str] = []
    entry.write_bytes(b"")
    forget()
    assert load(str(images), on_message=told.append).fingerprint == first
    assert len(told) == 1


def test_a_cache_folder_among_the_images_is_not_used(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADUS_CACHE_DIR", str(images / "train/day"))
    told: list[str] = []
    before = sorted(images.rglob("*"))
    assert len(load(str(images), on_message=told.append).training) == 100
    assert "lies among the images" in told[0]
    assert sorted(images.rglob("*")) == before


def entries_of(images: Path) -> list[Path]:
    return list(decoded_folder().glob(f"{place_name(str(images.resolve()))}-*"))


def spoil(images: Path) -> list[str]:
    """Twelve images of several faults; returns how they are to be listed."""
    for number in range(1, 10):
        (images / f"train/day/{number}.png").write_bytes(b"no image")
    Image.new("RGB", (31, 32)).save(images / "train/night/1.png")
    Image.new("L", (32, 32)).save(images / "train/night/2.png")
    whole = (images / "test/day/1.png").read_bytes()
    (images / "test/day/1.png").write_bytes(whole[: len(whole) // 2])
    return [
        *(f"train/day/{number}.png (is no JPEG or PNG image)" for number in range(1, 10)),
        "train/night/1.png (is 31 x 32, not 32 x 32)",
        "train/night/2.png (is L, not RGB)",
        "test/day/1.png (is broken)",
    ]


def test_all_bad_images_are_listed_in_a_file_and_ten_in_the_message(images: Path) -> None:
    bad = spoil(images)
    with pytest.raises(DataError) as caught:
        load(str(images))
    message = str(caught.value)
    (file,) = entries_of(images)
    assert f"12 of 140 images cannot be used: {', '.join(bad[:10])} and 2 more; all are listed in {file}" in message
    assert "\n" not in message
    listed = file.read_text().splitlines()
    assert [line.partition(" (")[0] for line in listed] == [line.partition(" (")[0] for line in bad]
    assert listed[:11] == bad[:11]
    assert caught.value.exit_code == 2
    for line in listed:
        (images / line.partition(" (")[0]).unlink()
    assert len(load(str(images)).training) == 89
    assert not file.exists()


def test_all_bad_images_are_in_the_message_where_no_file_can_be_written(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADUS_CACHE_DIR", "/dev/null/cache")
    bad = spoil(images)
    with pytest.raises(DataError) as caught:
        load(str(images))
    assert all(line.partition(" (")[0] in str(caught.value) for line in bad)


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
