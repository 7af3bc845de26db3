"""Decoded images on disk: kept, shared, altered, torn, and where they cannot be written."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gradus.errors import OutputError
from gradus.training.data import cache
from gradus.training.data.cache import Source, cache_folder, entry_file, kept
from gradus.training.data.dataset import Dataset, Part

SOURCE = Source("shapes", "/somewhere/shapes", "state 1")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADUS_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache/decoded"


def made(seed: int = 0, training: int = 30, test: int = 7) -> Dataset:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (training + test, 32, 32, 3), dtype=np.uint8)
    labels = rng.integers(0, 2, training + test)
    parts = Part(images[:training], labels[:training]), Part(images[training:], labels[training:])
    return Dataset("shapes", ("flat", "r\udcf6und ☃"), *parts)


def never() -> Dataset:
    raise AssertionError("decoded again")


def no_message(message: str) -> None:
    raise AssertionError(message)


def mapping(array: np.ndarray) -> object:
    """What an array's memory belongs to in the end."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array.base


def test_what_was_decoded_is_mapped_read_only_the_next_time(folder: Path) -> None:
    original = made()
    for dataset in (kept(SOURCE, lambda: original, no_message), kept(SOURCE, never, no_message)):
        assert dataset.classes == original.classes
        assert dataset.fingerprint == original.fingerprint
        for part, other in ((dataset.training, original.training), (dataset.test, original.test)):
            np.testing.assert_array_equal(part.images, other.images)
            np.testing.assert_array_equal(part.labels, other.labels)
            assert part.labels.dtype == np.int64
            assert type(mapping(part.images)).__name__ == "mmap"
            for array in (part.images, part.labels):
                assert array.flags.c_contiguous and not array.flags.writeable
        assert dataset.training.images.ctypes.data % 4096 == 0
    assert [file.name for file in folder.iterdir()] == [entry_file(SOURCE).name]


def test_the_fingerprint_is_taken_from_what_is_mapped() -> None:
    kept(SOURCE, made, no_message)
    dataset = kept(SOURCE, never, no_message)
    copy = Dataset(dataset.name, dataset.classes, dataset.training, dataset.test)
    assert copy.fingerprint == dataset.fingerprint


def test_another_state_or_place_has_its_own_entry_and_replaces_the_old_one_of_its_place(folder: Path) -> None:
    kept(SOURCE, made, no_message)
    kept(Source("shapes", "/elsewhere", "state 1"), lambda: made(1), no_message)
    (folder / f"{cache.place_name(SOURCE.place)}-unusable.txt").touch()
    newer = Source("shapes", SOURCE.place, "state 2")
    assert kept(newer, lambda: made(2), no_message).fingerprint == made(2).fingerprint
    assert len(list(folder.iterdir())) == 2
    assert not entry_file(SOURCE).exists()
    assert kept(newer, never, no_message).fingerprint == made(2).fingerprint


def test_there_are_never_more_than_so_many_entries(folder: Path) -> None:
    for number in range(cache.MAX_ENTRIES + 3):
        source = Source("shapes", f"place {number}", "state")
        kept(source, lambda: made(0, 2, 1), no_message)
        os.utime(entry_file(source), (number, number))
    assert len(list(folder.iterdir())) == cache.MAX_ENTRIES
    assert kept(source, never, no_message)
    assert not entry_file(Source("shapes", "place 2", "state")).exists()
    assert entry_file(Source("shapes", "place 3", "state")).exists()


def test_drafts_that_a_killed_writer_left_are_removed_when_they_are_old(folder: Path) -> None:
    folder.mkdir(parents=True)
    old, new = folder / ".a-b.images.0123", folder / ".a-b.images.4567"
    for draft in (old, new):
        draft.touch()
    os.utime(old, (0, 0))
    kept(SOURCE, made, no_message)
    assert not old.exists()
    assert new.exists()


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 1)


def cut_to_nothing(file: Path) -> None:
    os.truncate(file, 0)


def longer(file: Path) -> None:
    with file.open("ab") as stream:
        stream.write(b"x")


def flipped(position: int) -> Callable[[Path], None]:
    def flip(file: Path) -> None:
        content = bytearray(file.read_bytes())
        content[position] ^= 1
        file.write_bytes(content)

    return flip


def replaced(old: bytes, new: bytes) -> Callable[[Path], None]:
    def replace(file: Path) -> None:
        content = file.read_bytes()
        assert content.count(old) == 1
        file.write_bytes(content.replace(old, new))

    return replace


def of_other_images(file: Path) -> None:
    other = Source("shapes", "/elsewhere", "state 9")
    kept(other, lambda: made(9), no_message)
    entry_file(other).replace(file)


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (cut, "is torn"),
        (longer, "is torn"),
        (cut_to_nothing, "no cache of this version"),
        (flipped(5000), "altered, since its checksum differs"),
        (flipped(4096 + 36 * 3072), "altered, since its checksum differs"),
        (flipped(-8), "altered, since its checksum differs"),
        (replaced(b'"flat"', b'"Flat"'), "altered, since its checksum differs"),
        (replaced(b'"training": 30, "test": 7', b'"training": 29, "test": 8'), "checksum differs"),
        (replaced(b'"training": 30', b'"training": -3'), "broken header"),
        (replaced(b'"training": 30', b'"training": 3e'), "broken header"),
        (replaced(b'"flat", ', b'["fla", '), "broken header"),
        (replaced(b'"flat"', b"123456"), "broken header"),
        (replaced(b"images 1\n", b"images 2\n"), "no cache of this version"),
        (replaced(b'{"state": "state 1", ', b"[" * 20_000), "broken header"),
        (of_other_images, "holds other images"),
    ],
)
def test_an_altered_entry_is_found_out_and_made_again(alter: Callable[[Path], None], message: str) -> None:
    kept(SOURCE, made, no_message)
    alter(entry_file(SOURCE))
    told: list[str] = []
    assert kept(SOURCE, made, told.append).fingerprint == made().fingerprint
    assert len(told) == 1
    assert message in told[0]
    assert str(entry_file(SOURCE)) in told[0] and "decoded again" in told[0]
    kept(SOURCE, never, no_message)


def test_a_full_disk_leaves_the_images_in_memory(folder: Path) -> None:
    told: list[str] = []
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limit[1]))
    try:
        dataset = kept(SOURCE, made, told.append)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert dataset.fingerprint == made().fingerprint
    assert len(told) == 1
    assert "(File too large): the images stay in memory" in told[0]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("place", ["/dev/null/cache", "/proc/gradus"])
def test_a_folder_that_cannot_be_written_leaves_the_images_in_memory(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("GRADUS_CACHE_DIR", place)
    told: list[str] = []
    assert kept(SOURCE, made, told.append).fingerprint == made().fingerprint
    assert told and "stay in memory" in told[-1]


def test_errors_of_decoding_pass(folder: Path) -> None:
    def full() -> Dataset:
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        kept(SOURCE, full, no_message)


def test_writers_at_the_same_time_do_not_disturb_each_other() -> None:
    found: list[str] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        found.append(kept(SOURCE, made, no_message).fingerprint)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [made().fingerprint] * 4


def test_an_entry_that_is_replaced_stays_readable_for_who_has_it_open() -> None:
    dataset = kept(SOURCE, made, no_message)
    kept(Source("shapes", SOURCE.place, "state 2"), lambda: made(2), no_message)
    np.testing.assert_array_equal(dataset.training.images, made().training.images)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_processes_share_the_memory() -> None:
    """A second process that reads every image has them as shared pages of the file, and not as memory of its own."""
    kept(SOURCE, lambda: made(0, 3000, 500), no_message)
    script = f"""
from gradus.training.data.cache import Source, kept
dataset = kept(Source("shapes", {SOURCE.place!r}, {SOURCE.state!r}), None, print)
dataset.training.images.sum()
entry = False
for line in open("/proc/self/smaps"):
    if "-" in line.split()[0]:
        entry = line.rstrip().endswith(".images")
    elif entry and line.startswith(("Rss", "Private_Dirty", "Anonymous")):
        print(line.split()[0], line.split()[1])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    figures = dict(line.split() for line in done.stdout.splitlines())
    assert int(figures["Rss:"]) >= 3500 * 3
    assert figures["Private_Dirty:"] == figures["Anonymous:"] == "0"


def test_the_folder_is_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("GRADUS_CACHE_DIR")
    monkeypatch.setenv("HOME", "/home/ada")
    for value, wanted in (
        ("/caches", "/caches/gradus"),
        ("relative", "/home/ada/.cache/gradus"),
        ("", "/home/ada/.cache/gradus"),
    ):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert cache_folder() == Path(wanted)
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder() == Path("/home/ada/Library/Caches/gradus")


def test_without_a_home_the_images_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("GRADUS_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(OutputError, match="set GRADUS_CACHE_DIR"):
        cache_folder()
    told: list[str] = []
    assert kept(SOURCE, made, told.append).fingerprint == made().fingerprint
    assert "GRADUS_CACHE_DIR" in told[0]
