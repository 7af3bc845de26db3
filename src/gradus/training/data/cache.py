"""Decoded images kept on disk: decoded once, and mapped into memory from then on.

An entry is one file: a line with the format's version, a line of JSON with the classes, the numbers of images and the
data set's fingerprint, blanks up to a page's end, all images, and all labels.  The fingerprint is taken again whenever
an entry is opened, so that a torn or altered one is never trained on.  Processes that map the same entry share its
memory.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gradus.errors import OutputError
from gradus.runs.files import write_whole
from gradus.training.data.dataset import SIDE, Dataset, Part

OnMessage: TypeAlias = Callable[[str], None]

FOLDER_VARIABLE = "GRADUS_CACHE_DIR"
MAX_ENTRIES = 8
"""Most entries that are kept; the ones written first go first."""

_FORMAT = b"gradus decoded images 1\n"
_PAGE = 4096
_LONGEST_HEADER = 16 * 2**20
_IMAGE_BYTES = SIDE * SIDE * 3
_LABEL_BYTES = 8
_DRAFT_LIFE_S = 24 * 3600


@dataclass(frozen=True)
class Source:
    """Where images come from.

    Attributes:
        name: the data set's name.
        place: what is decoded; a source's entry takes the place of its older one.
        state: changes whenever the images may have changed.
    """

    name: str
    place: str
    state: str


def cache_folder() -> Path:
    """The folder for what can be made again: ``$GRADUS_CACHE_DIR``, or ``gradus`` in the user's cache folder.

    That is ``$XDG_CACHE_HOME`` or ``~/.cache``, ``~/Library/Caches`` on macOS, and ``%LOCALAPPDATA%`` on Windows.

    Raises:
        OutputError: there is no home folder to find it in.
    """
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen).absolute()
    if (xdg := os.environ.get("XDG_CACHE_HOME", "")) and Path(xdg).is_absolute():
        return Path(xdg) / "gradus"
    if sys.platform == "win32" and (local := os.environ.get("LOCALAPPDATA")):
        return Path(local) / "gradus"
    try:
        home = Path.home()
    except RuntimeError as error:
        raise OutputError("cache folder", None, "there is no home folder", f"set {FOLDER_VARIABLE}") from error
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "gradus"


def decoded_folder() -> Path:
    """The folder of the entries.

    Raises:
        OutputError: as for :func:`cache_folder`.
    """
    return cache_folder() / "decoded"


def entry_file(source: Source) -> Path:
    """The file of the source's entry, be it there or not.

    Raises:
        OutputError: as for :func:`cache_folder`.
    """
    return decoded_folder() / f"{place_name(source.place)}-{_short_hash(source.state)}.images"


def place_name(place: str) -> str:
    """What the names of a place's files in :func:`decoded_folder` begin with."""
    return _short_hash(place)


def kept(source: Source, decode: Callable[[], Dataset], on_message: OnMessage) -> Dataset:
    """The source's data set, mapped read-only from its entry; decoded first where there is no whole one.

    Where the entry cannot be written the images stay in memory.

    Args:
        decode: reads the images; called at most once.
        on_message: is told what was wrong with an entry, and why there will be none.

    Raises:
        whatever ``decode`` raises.
    """
    try:
        file = entry_file(source)
    except OutputError as error:
        on_message(f"the decoded images are not kept: {error}")
        return decode()
    try:
        return _opened(file, source)
    except FileNotFoundError:
        pass
    except (_UnusableEntry, OSError) as error:
        on_message(f"{file} {_said(error)}: the images are decoded again")
    dataset = decode()
    try:
        _write(file, source, dataset)
        return _opened(file, source)
    except (_UnusableEntry, OSError) as error:
        on_message(f"{file} {_said(error)}: the images stay in memory, and are decoded again next time")
        return dataset


class _UnusableEntry(Exception):
    """What is wrong with an entry."""


def _said(error: _UnusableEntry | OSError) -> str:
    return f"cannot be used ({error.strerror})" if isinstance(error, OSError) else str(error)


@dataclass(frozen=True)
class _Header:
    state: str
    classes: tuple[str, ...]
    training: int
    test: int
    fingerprint: str

    @property
    def images(self) -> int:
        return self.training + self.test


def _opened(file: Path, source: Source) -> Dataset:
    with file.open("rb") as stream:
        header = _read_header(stream.readline(len(_FORMAT)), stream.readline(_LONGEST_HEADER))
        start, size = stream.tell(), os.fstat(stream.fileno()).st_size
        if header.state != source.state:
            raise _UnusableEntry("holds other images")
        if size != start + header.images * (_IMAGE_BYTES + _LABEL_BYTES):
            raise _UnusableEntry("is torn")
        images: NDArray[np.uint8] = np.memmap(stream, np.uint8, "r", start, (header.images, SIDE, SIDE, 3))
        stream.seek(start + images.nbytes)
        labels = np.frombuffer(stream.read(header.images * _LABEL_BYTES), dtype="<i8").astype(np.int64)
    # A plain view, so that what is computed from it is no memmap itself.
    dataset = _dataset(source.name, header, np.asarray(images), labels)
    if dataset.fingerprint != header.fingerprint:
        raise _UnusableEntry("was altered, since its checksum differs")
    return dataset


def _read_header(version: bytes, line: bytes) -> _Header:
    if version != _FORMAT:
        raise _UnusableEntry("is no cache of this version")
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _UnusableEntry("has a broken header") from error
    if not _is_header(fields):
        raise _UnusableEntry("has a broken header")
    return _Header(**{**fields, "classes": tuple(fields["classes"])})


def _is_header(fields: Any) -> bool:
    return (
        isinstance(fields, dict)
        and fields.keys() == _Header.__dataclass_fields__.keys()
        and all(isinstance(fields[name], str) for name in ("state", "fingerprint"))
        and all(type(fields[name]) is int and fields[name] > 0 for name in ("training", "test"))
        and isinstance(fields["classes"], list)
        and all(isinstance(name, str) for name in fields["classes"])
    )


def _dataset(name: str, header: _Header, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Dataset:
    labels.setflags(write=False)
    cut = header.training
    return Dataset(name, header.classes, Part(images[:cut], labels[:cut]), Part(images[cut:], labels[cut:]))


def _write(file: Path, source: Source, dataset: Dataset) -> None:
    parts = (dataset.training, dataset.test)
    header = {
        "state": source.state,
        "classes": dataset.classes,
        "training": len(dataset.training),
        "test": len(dataset.test),
        "fingerprint": dataset.fingerprint,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    _remove_old(file)  # before the new one is written, for whose sake there may be too little space
    write_whole(
        file,
        _padded(_FORMAT + json.dumps(header).encode()),
        *(np.ascontiguousarray(part.images).data.cast("B") for part in parts),
        *(part.labels.astype("<i8").tobytes() for part in parts),
    )


def _padded(header: bytes) -> bytes:
    """The header with blanks and the line's end, so that the images begin on a page."""
    return header + b" " * (-(len(header) + 1) % _PAGE) + b"\n"


def _remove_old(file: Path) -> None:
    """Remove the place's older files, the oldest entries where there are too many, and what broken writers left."""
    folder, place = file.parent, file.name.partition("-")[0]
    same_place = [old for old in folder.glob(f"{place}-*") if old != file]
    others = sorted((entry for entry in folder.glob("*-*.images") if not entry.name.startswith(place)), key=_age_s)
    drafts = [draft for draft in folder.glob(".*.images.*") if _age_s(draft) > _DRAFT_LIFE_S]
    for old in (*same_place, *others[MAX_ENTRIES - 1 :], *drafts):
        with suppress(OSError):  # another process was quicker, or still has it open
            old.unlink()


def _age_s(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except OSError:
        return 0.0


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]
