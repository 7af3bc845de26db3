"""``gradus data``: the list, a folder, and what goes wrong."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from gradus.cli import run

PIL_Image = pytest.importorskip("PIL.Image")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    noise = random.Random(0)
    for part, name, count in (("train", "a", 4), ("train", "b", 3), ("test", "a", 2), ("test", "b", 1)):
        (tmp_path / part / name).mkdir(parents=True)
        for number in range(count):
            image = PIL_Image.frombytes("RGB", (32, 32), noise.randbytes(32 * 32 * 3))
            image.save(tmp_path / part / name / f"{number}.png")
    return tmp_path


def test_the_data_sets_are_listed(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["data"]) == 0
    text = capfd.readouterr().out
    assert run(["data", "--json"]) == 0
    listed = json.loads(capfd.readouterr().out)["data"]
    assert [item["name"] for item in listed] == ["cifar10", "pictograms"]
    assert all(item["name"] in text and item["description"] in text for item in listed)


def test_a_folder_is_read_and_counted(images: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["data", str(images), "--json"]) == 0
    described = json.loads(capfd.readouterr().out)
    assert described["classes"] == [
        {"name": "a", "training": 4, "test": 2},
        {"name": "b", "training": 3, "test": 1},
    ]
    assert (described["training"], described["test"]) == (7, 3)
    assert run(["data", str(images)]) == 0
    text = capfd.readouterr().out
    assert [line.split() for line in text.splitlines()[3:6]] == [["a", "4", "2"], ["b", "3", "1"], ["all", "7", "3"]]
    assert described["fingerprint"] in text


def test_a_cache_that_cannot_be_written_is_a_message_and_no_error(
    images: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADUS_CACHE_DIR", "/dev/null/cache")
    assert run(["data", str(images), "--json"]) == 0
    printed = capfd.readouterr()
    assert json.loads(printed.out)["training"] == 7
    assert "the images stay in memory" in printed.err


def test_what_cannot_be_read_is_one_line(images: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (images / "train/a/0.png").write_bytes(b"no image")
    assert run(["data", str(images)]) == 2
    error = capfd.readouterr().err
    assert error.count("\n") == 1 and "train/a/0.png (is no JPEG or PNG image)" in error


def test_an_archive_put_there_by_hand_is_checked(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(b"short")
    assert run(["data", "cifar10", "--data-dir", str(tmp_path)]) == 2
    assert "it has 5 bytes, and must have 170,052,171" in capfd.readouterr().err
