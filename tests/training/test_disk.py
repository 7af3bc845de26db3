"""A full disk: the run waits, loses nothing, and goes on."""

from __future__ import annotations

import errno
import io
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gradus.errors import InputError, OutputError
from gradus.runs.files import remove_drafts, write_whole
from gradus.training import checkpoint, disk, journal, run, weights_file
from gradus.training.disk import append_whole, claimed, until_written
from gradus.training.stopping import Stopping
from training.outcomes import Outcome, outcome, small_request, tiny_recipe

__all__ = ["tiny_recipe"]

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "LOOKS_EVERY_S", 0.01)


@pytest.fixture(scope="module")
def whole(shared_images: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("whole")
    return outcome(run(small_request(shared_images, epochs=2), folder=folder), folder)


def full_at(patch: pytest.MonkeyPatch, module: Any, name: str, call: int, times: int) -> None:
    """The disk is full at the call of that number, and so many times."""
    calls = 0
    write: Callable[..., None] = getattr(module, name)

    def tried(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if call <= calls < call + times:
            raise FULL
        write(*arguments)

    patch.setattr(module, name, tried)


@pytest.mark.parametrize(
    ("module", "name", "call"),
    [
        *((checkpoint, "write_whole", 2), (weights_file, "write_whole", 1)),
        *((journal, "write_whole", 1), (journal, "write_whole", 2)),
        *((journal, "append_whole", 3), (journal, "append_whole", 4)),
    ],
)
def test_a_full_disk_pauses_the_run_and_nothing_is_lost(
    module: Any, name: str, call: int, whole: Outcome, shared_images: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        full_at(patch, module, name, call, times=3)
        record = run(small_request(shared_images, epochs=2), folder=tmp_path, on_message=said.append)
    assert said == [
        f"the disk of {tmp_path} is full: the run waits until there is space; Ctrl-C ends it",
        f"the disk of {tmp_path} has space again: the run goes on",
    ]
    assert outcome(record, tmp_path) == whole


def test_ctrl_c_ends_the_pause_and_the_run_can_go_on(whole: Outcome, shared_images: Path, tmp_path: Path) -> None:
    said: list[str] = []

    def interrupt(message: str) -> None:
        said.append(message)
        if "is full" in message:
            signal.raise_signal(signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        full_at(patch, checkpoint, "write_whole", 2, times=10**9)
        run(small_request(shared_images, epochs=2), folder=tmp_path, on_message=interrupt)
    assert said[1] == f"the run was stopped; kept up to epoch 1: go on with gradus train --resume {tmp_path}"
    assert outcome(run(small_request(shared_images, epochs=2), folder=tmp_path), tmp_path) == whole


def test_other_failures_end_the_run(shared_images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(checkpoint, "write_whole", broken)
    with pytest.raises(OutputError, match="cannot be written \\(Input/output error\\)"):
        run(small_request(shared_images), folder=tmp_path)


def test_what_was_written_is_returned_without_a_word(tmp_path: Path) -> None:
    assert until_written(lambda: 7, tmp_path, Stopping(), pytest.fail) == 7


class _Filling(io.FileIO):
    """A file on a disk that has space for five bytes, is full once, and then has space again."""

    left = 5

    def write(self, content: Any) -> int:
        if not self.left:
            self.left = 5
            raise FULL
        written = super().write(bytes(content)[: self.left])
        self.left -= written
        return written


def test_half_a_line_is_never_left(tmp_path: Path) -> None:
    def opened(path: Path, mode: str, buffering: int = -1) -> io.FileIO | io.BufferedWriter:
        file = _Filling(path, mode)
        return io.BufferedWriter(file) if buffering else file

    file = tmp_path / "lines"
    append_whole(file, b"one\n")
    with pytest.MonkeyPatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(Path, "open", opened)
        append_whole(file, b"two and three\n")
    assert file.read_bytes() == b"one\n"
    append_whole(file, b"two\n")
    assert file.read_bytes() == b"one\ntwo\n"


def test_a_claim_ends_with_its_block_and_keeps_others_out(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    with claimed(folder):
        with pytest.raises(InputError, match="in use"), claimed(folder):
            pytest.fail("claimed twice")
        # The refusal gives up nothing.
        with pytest.raises(InputError, match="in use"), claimed(folder):
            pytest.fail("claimed twice")
    with claimed(folder):
        assert [file.name for file in folder.iterdir()] == [".lock"]


def test_a_folder_without_space_for_the_claim_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> int:
        raise FULL

    monkeypatch.setattr(disk.os, "open", full)
    with claimed(tmp_path):
        pass


def test_only_drafts_are_removed(tmp_path: Path) -> None:
    kept = [".lock", "metrics.jsonl", ".hidden.txt", ".draft.0123456789aG", "a.b.0123456789ab"]
    for name in (*kept, ".metrics.jsonl.0123456789ab"):
        write_whole(tmp_path / name, b"")
    remove_drafts(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(kept)
    remove_drafts(tmp_path / "missing")
