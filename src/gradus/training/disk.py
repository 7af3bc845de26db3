"""Writing that waits for a full disk, never leaves half a line, and lets only one run use a folder."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from gradus.errors import InputError, OutputError
from gradus.training.checkpoint import OnMessage
from gradus.training.stopping import Stopping

FULL = (errno.ENOSPC, errno.EDQUOT)
LOOKS_EVERY_S = 5.0
LOCK = ".lock"

T = TypeVar("T")


def until_written(write: Callable[[], T], folder: Path, stopping: Stopping, on_message: OnMessage) -> T:
    """Write; while the disk is full, wait, say so once, and try again.

    Raises:
        OutputError: the folder cannot be written for another reason.
        KeyboardInterrupt: the run was asked to stop while it waited.
    """
    waited = False
    while True:
        try:
            written = write()
        except OSError as error:
            if error.errno not in FULL:
                raise _unwritable(folder, error) from error
        else:
            if waited:
                on_message(f"the disk of {folder} has space again: the run goes on")
            return written
        if not waited:
            on_message(f"the disk of {folder} is full: the run waits until there is space; Ctrl-C ends it")
            waited = True
        _wait(stopping)


def append_whole(file: Path, content: bytes) -> None:
    """Append to a file all of the content, or nothing.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    # Without a buffer, since one that could not be emptied is written once more when the file is closed.
    with file.open("ab", buffering=0) as stream:
        size = stream.tell()
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[stream.write(rest) :]
            os.fsync(stream.fileno())
        except BaseException:
            os.truncate(file, size)
            raise


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """No other process claims the folder while the block runs; it is made if it is not there.

    The system gives the claim up when the process ends, in whatever way.  Where it knows no such locks nothing is
    claimed.

    Raises:
        InputError: another run claims it.
        OutputError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        if error.errno not in FULL:
            raise _unwritable(folder, error) from error
        yield  # the first thing that is written will wait for space
        return
    try:
        if not _locked(descriptor):
            rule = "is in use: the same run is going on in another process"
            raise InputError("runs folder", folder, rule, "wait until it has ended, or stop it")
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    """Lock an open file until it is closed; whether no other process had locked it."""
    try:
        import fcntl
    except ImportError:  # not a POSIX system
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _unwritable(folder: Path, error: OSError) -> OutputError:
    rule = f"cannot be written ({error.strerror})"
    return OutputError("runs folder", folder, rule, "choose a folder that can be written")


def _wait(stopping: Stopping) -> None:
    until = time.monotonic() + LOOKS_EVERY_S
    while time.monotonic() < until:
        if stopping.requested:
            raise KeyboardInterrupt
        time.sleep(0.05)
