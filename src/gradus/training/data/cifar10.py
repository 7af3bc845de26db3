"""``cifar10``: the 60,000 images of CIFAR-10 (Krizhevsky, 2009), read from its binary archive.

A record of the binary form is one byte with the label and 3,072 bytes with the pixels: the red, then the green, then
the blue plane, each row by row.  The form is described at https://www.cs.toronto.edu/~kriz/cifar.html; the pickled one
is never read.
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator
from gzip import BadGzipFile, GzipFile
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np
from numpy.typing import NDArray

from gradus.errors import DataError
from gradus.training.data.cache import OnMessage, Source, cache_folder, kept
from gradus.training.data.dataset import SIDE, Dataset, Part
from gradus.training.data.download import OnDownload, RemoteFile, downloaded
from gradus.training.data.folder import OnLoad

ARCHIVE = RemoteFile(
    address="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    size=170_052_171,
    md5="c32a1d4ab5d03f1284b67883e8d87530",
)
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
BATCH_IMAGES = 10_000

_FOLDER = "cifar-10-batches-bin"
_TRAINING = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
_TEST = "test_batch.bin"
_NAMES = "batches.meta.txt"
_WANTED = (_NAMES, *_TRAINING, _TEST)
_RECORD_BYTES = 1 + 3 * SIDE * SIDE
_MOST_NAMES_BYTES = 4096
_MOST_OTHER_BYTES = 2**20
_MOST_MEMBERS = 100


def cifar10(
    on_message: OnMessage,
    data_dir: Path | None = None,
    on_load: OnLoad | None = None,
    on_download: OnDownload | None = None,
    archive: RemoteFile = ARCHIVE,
    batch_images: int = BATCH_IMAGES,
) -> Dataset:
    """The data set, from its entry in the cache, else from the archive, which is downloaded where it is not there.

    Args:
        data_dir: where the archive lies or will lie; None for :func:`cache_folder`.
        on_load: is told how many images are decoded, and how many there are.
        on_download: is told how many bytes of the archive are there, and how many it has.
        archive: the archive and its checksum.
        batch_images: how many images each of its six batches holds.

    Raises:
        DataError: there is no archive and it cannot be downloaded, or it is not what it must be.
        OutputError: the archive cannot be written.
    """

    def decode() -> Dataset:
        return read_archive(downloaded(archive, data_dir or cache_folder(), on_download), on_load, batch_images)

    return kept(Source("cifar10", "cifar10", archive.md5), decode, on_message)


def read_archive(file: Path, on_load: OnLoad | None = None, batch_images: int = BATCH_IMAGES) -> Dataset:
    """The data set in an archive of the binary form; its members are read one by one, and nothing is unpacked.

    Raises:
        DataError: the archive is torn or has members with paths or sizes that it must not have, or links; a batch is
            missing or twice there; a label is no class; the classes are not the known ten.
    """
    batches: dict[str, NDArray[np.uint8]] = {}
    names = False
    for name, content in _members(file, batch_images):
        if name in batches or (names and name == _NAMES):
            raise _bad(file, f"holds {name} twice")
        if name == _NAMES:
            _check_names(file, content)
            names = True
        else:
            batches[name] = np.frombuffer(content, dtype=np.uint8).reshape(batch_images, _RECORD_BYTES)
        if on_load is not None:
            on_load(len(batches) * batch_images, 6 * batch_images)
    if missing := [name for name in _WANTED if name not in batches and not (names and name == _NAMES)]:
        raise _bad(file, f"lacks {', '.join(missing)}")
    training, test = (_part(file, [batches.pop(name) for name in part]) for part in (_TRAINING, (_TEST,)))
    return Dataset("cifar10", CLASSES, training, test)


def _members(file: Path, batch_images: int) -> Iterator[tuple[str, bytes]]:
    """The wanted members' names and contents, in the archive's order."""
    batch_bytes = batch_images * _RECORD_BYTES
    most = 6 * batch_bytes + 2 * _MOST_OTHER_BYTES
    try:
        with (
            file.open("rb") as stream,
            _Unzipped(file, stream, most) as unzipped,
            tarfile.open(fileobj=unzipped, mode="r|") as archive,
        ):
            yield from _contents(file, archive, batch_bytes)
            while unzipped.read(2**16):  # to its end, where its checksum is
                pass
    except (tarfile.TarError, EOFError, zlib.error, BadGzipFile, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise _bad(file, f"is torn or no such archive ({error})") from error
    except OSError as error:
        raise _bad(file, f"cannot be read ({error.strerror or error})") from error


def _contents(file: Path, archive: tarfile.TarFile, batch_bytes: int) -> Iterator[tuple[str, bytes]]:
    for number, member in enumerate(archive, start=1):
        path = PurePosixPath(member.name)
        if number > _MOST_MEMBERS:
            raise _bad(file, f"has more than {_MOST_MEMBERS} members")
        if path.is_absolute() or ".." in path.parts:
            raise _bad(file, f"holds the path {member.name!r}, which leads out of it")
        if not (member.isdir() or member.type in (tarfile.REGTYPE, tarfile.AREGTYPE)):
            raise _bad(file, f"holds {member.name!r}, which is no plain file")
        known = path.parts[:-1] == (_FOLDER,) and path.name in _WANTED and not member.isdir()
        least, most = _sizes(path.name, batch_bytes) if known else (0, _MOST_OTHER_BYTES)
        if not least <= member.size <= most:
            raise _bad(file, f"holds {member.name!r} of {member.size:,} bytes, which must have {least:,} to {most:,}")
        if known and (content := archive.extractfile(member)) is not None:
            yield path.name, _whole(file, member, content)


def _sizes(name: str, batch_bytes: int) -> tuple[int, int]:
    return (1, _MOST_NAMES_BYTES) if name == _NAMES else (batch_bytes, batch_bytes)


def _whole(file: Path, member: tarfile.TarInfo, stream: IO[bytes]) -> bytes:
    content = stream.read()
    if len(content) != member.size:
        raise _bad(file, f"ends within {member.name!r}")
    return content


class _Unzipped(GzipFile):
    """Gives so many bytes and no more, whatever a compressed file holds."""

    def __init__(self, file: Path, stream: IO[bytes], most: int) -> None:
        super().__init__(fileobj=stream)
        self.file, self.left = file, most

    def read(self, size: int | None = -1) -> bytes:
        content = super().read(size)
        self.left -= len(content)
        if self.left < 0:
            raise _bad(self.file, "is larger unpacked than it can be")
        return content


def _check_names(file: Path, content: bytes) -> None:
    names = tuple(content.decode("ascii", errors="replace").split())
    if names != CLASSES:
        raise _bad(file, f"names other classes than {', '.join(CLASSES)}")


def _part(file: Path, batches: list[NDArray[np.uint8]]) -> Part:
    """Batches of records, in their order, as images with channels last."""
    count = sum(len(batch) for batch in batches)
    images = np.empty((count, SIDE, SIDE, 3), dtype=np.uint8)
    start = 0
    for batch in batches:
        planes = batch[:, 1:].reshape(-1, 3, SIDE, SIDE)
        images[start : start + len(batch)] = planes.transpose(0, 2, 3, 1)
        start += len(batch)
    labels = np.concatenate([batch[:, 0] for batch in batches]).astype(np.int64)
    if labels.max() >= len(CLASSES):
        raise _bad(file, f"holds the label {labels.max()}, and there are {len(CLASSES)} classes")
    return Part(images, labels)


def _bad(file: Path, rule: str) -> DataError:
    return DataError("data", file, rule, f"remove it, and {ARCHIVE.name} is downloaded again")
