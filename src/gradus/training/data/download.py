"""One known file from the network: resumed where it was cut off, and used only when size and checksum are right."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from io import BufferedRandom, BufferedReader
from pathlib import Path
from typing import TypeAlias
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from gradus.errors import DataError, OutputError

OnDownload: TypeAlias = Callable[[int, int], None]
"""Called with the bytes that are there and the bytes of the whole file."""

TIMEOUT_S = 30.0
_CHUNK = 2**18
_FRUITLESS = 3
_PAUSE_S = 1.0


@dataclass(frozen=True)
class RemoteFile:
    """A file at an address, and how it is known to be the right one: its size in bytes and its MD5 in hexadecimal."""

    address: str
    size: int
    md5: str

    @property
    def name(self) -> str:
        """The last part of the address.

        >>> RemoteFile("https://www.example.org/sets/cats.tar.gz", 1, "").name
        'cats.tar.gz'
        """
        return urlsplit(self.address).path.rpartition("/")[2]


def downloaded(remote: RemoteFile, folder: Path, on_download: OnDownload | None = None) -> Path:
    """The file in the folder, downloaded now if it is not there.

    What was received is kept in ``<name>.part``, where the next call goes on if this one ends early.  A connection
    that is cut is taken up again at once, until three times in a row brought nothing.

    Raises:
        DataError: the file in the folder or at the address is not the known one; the network cannot be reached or the
            connection breaks again and again (the message says how to get the file by hand).
        OutputError: the folder cannot be written.
    """
    file = folder / remote.name
    if file.exists():
        return _checked(file, remote)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder / f"{remote.name}.part") as part:
            if file.exists():  # another process was at it
                return _checked(file, remote)
            _fill(part, remote, on_download)
            part.flush()
            os.fsync(part.fileno())
            (folder / f"{remote.name}.part").replace(file)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return file


def _checked(file: Path, remote: RemoteFile) -> Path:
    try:
        with file.open("rb") as stream:
            difference = _difference(stream, remote)
    except OSError as error:
        raise DataError("data", file, f"cannot be read ({error.strerror})", "mind its permissions") from error
    if difference:
        rule = f"is not the file at {remote.address}: {difference}"
        raise DataError("data", file, rule, "remove it, and it is downloaded; or put the right one there")
    return file


def _difference(stream: BufferedRandom | BufferedReader, remote: RemoteFile) -> str:
    size = _size(stream)
    if size != remote.size:
        return f"it has {size:,} bytes, and must have {remote.size:,}"
    stream.seek(0)
    md5 = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return "" if md5 == remote.md5 else f"its MD5 is {md5}, and must be {remote.md5}"


@contextmanager
def _alone(part: Path) -> Iterator[BufferedRandom]:
    """The file, opened for appending, for one process at a time; it is never removed, so that all wait for the same."""
    with part.open("a+b") as stream:
        if os.name == "posix":
            import fcntl

            with suppress(OSError):  # some network disks have no locks
                fcntl.flock(stream, fcntl.LOCK_EX)
        yield stream


def _fill(part: BufferedRandom, remote: RemoteFile, on_download: OnDownload | None) -> None:
    """Bring the part to the whole file, checked."""
    resumed = _size(part) > 0
    _receive_all(part, remote, on_download)
    if resumed and _difference(part, remote):
        # What was there before may have been torn, which a fresh start mends.
        part.truncate(0)
        _receive_all(part, remote, on_download)
    if difference := _difference(part, remote):
        part.truncate(0)
        raise _wrong(remote, difference)


def _receive_all(part: BufferedRandom, remote: RemoteFile, on_download: OnDownload | None) -> None:
    most = before = _size(part)
    fruitless, patience = 0, 1
    while before != remote.size:
        reason, final = "the connection was cut", False
        try:
            _receive(part, remote, on_download)
        except _Unreachable as error:
            reason, final = str(error), error.final
        reached = _size(part)
        if reached != before:
            patience = _FRUITLESS
        fruitless = 0 if reached > most else fruitless + 1
        if final or fruitless == patience:
            raise _by_hand(remote, Path(part.name).parent, reason, reached)
        most, before = max(most, reached), reached
        time.sleep(_PAUSE_S * fruitless)


def _size(part: BufferedRandom | BufferedReader) -> int:
    return part.seek(0, os.SEEK_END)


class _Unreachable(Exception):
    """Why nothing more came; ``final`` if trying again is of no use."""

    def __init__(self, reason: str, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


def _receive(part: BufferedRandom, remote: RemoteFile, on_download: OnDownload | None) -> None:
    """Append what one connection brings."""
    offset = _size(part)
    if offset > remote.size:
        offset = part.truncate(0)
    with _answer(part, remote, offset) as response:
        if response.status != 206 or not response.headers.get("Content-Range", "").startswith(f"bytes {offset}-"):
            offset = part.truncate(0)
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and offset + int(length) != remote.size:
            part.truncate(0)
            raise _wrong(remote, f"it has {offset + int(length):,} bytes, and must have {remote.size:,}")
        while chunk := _chunk(response):
            if offset + len(chunk) > remote.size:
                part.truncate(0)
                raise _wrong(remote, f"it has more than {remote.size:,} bytes")
            offset += part.write(chunk)
            if on_download is not None:
                on_download(offset, remote.size)


@contextmanager
def _answer(part: BufferedRandom, remote: RemoteFile, offset: int) -> Iterator[HTTPResponse]:
    headers = {"User-Agent": "gradus"} | ({"Range": f"bytes={offset}-"} if offset else {})
    try:
        response = urlopen(Request(remote.address, headers=headers), timeout=TIMEOUT_S)
    except HTTPError as error:
        if error.code == 416:  # there is no more to have of what should go on here
            part.truncate(0)
        final = 400 <= error.code < 500 and error.code not in (408, 416, 429)
        raise _Unreachable(f"the server answers {error.code} {error.reason}", final) from error
    except URLError as error:
        reason = error.reason
        raise _Unreachable(
            reason.strerror if isinstance(reason, OSError) and reason.strerror else f"{reason}"
        ) from error
    except (OSError, HTTPException) as error:
        raise _Unreachable(str(error) or "no answer") from error
    with response:
        yield response


def _chunk(response: HTTPResponse) -> bytes:
    try:
        return response.read1(_CHUNK)
    except (OSError, HTTPException) as error:
        raise _Unreachable(str(error) or "the connection was cut") from error


def _wrong(remote: RemoteFile, difference: str) -> DataError:
    rule = f"is not the known file: {difference}"
    return DataError("address", remote.address, rule, f"get {remote.name} elsewhere and give its folder as --data-dir")


def _by_hand(remote: RemoteFile, folder: Path, reason: str, received: int) -> DataError:
    kept = f"; {received:,} of {remote.size:,} bytes are kept, and the next try goes on from there" if received else ""
    remedy = f"or get {remote.name} by hand and put it into {folder}"
    rule = f"cannot be downloaded from {remote.address} ({reason}){kept}"
    return DataError("data", remote.name, rule, f"try again later, {remedy}")


def _unwritable(folder: Path, error: OSError) -> OutputError:
    rule = f"cannot be written ({error.strerror})"
    return OutputError("data folder", folder, rule, "choose another with --data-dir; what was received is kept")
