"""Images in a folder: ``train/<class>/*`` and ``test/<class>/*``, 32 x 32 RGB, JPEG or PNG."""

from __future__ import annotations

import hashlib
import os
import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gradus.errors import DataError
from gradus.training.data.dataset import SIDE, Dataset, Part

OnLoad: TypeAlias = Callable[[int, int], None]

_PARTS = ("train", "test")
_NAMED = 10
_CHUNK = 200


@dataclass(frozen=True)
class Listing:
    """The image files of a folder, in their order, before any is read.

    Attributes:
        files: the files of each part, ``train`` and ``test``, as pairs (path, label).
        fingerprint: SHA-256 of the folder, and of all files' names, sizes and times of change.
    """

    folder: Path
    classes: tuple[str, ...]
    files: dict[str, list[tuple[Path, int]]]
    fingerprint: str


def natural_order(name: str) -> tuple[tuple[int, str], ...]:
    """A sorting key that orders runs of digits by their value.

    >>> sorted(["10.png", "9.png", "1.png"], key=natural_order)
    ['1.png', '9.png', '10.png']
    """
    pieces = re.split(r"([0-9]+)", name)
    return (*((int(piece), "") if piece.isdecimal() else (-1, piece) for piece in pieces), (-2, name))


def listing(folder: Path) -> Listing:
    """The classes and image files of a folder, sorted by :func:`natural_order`.

    Names that begin with a dot are left out.

    Raises:
        DataError: a part is missing, the classes of the parts differ, there is only one, or one has no images.
    """
    classes = _classes(folder)
    files: dict[str, list[tuple[Path, int]]] = {}
    digest = hashlib.sha256(str(folder.resolve()).encode(errors="surrogateescape"))
    for part in _PARTS:
        files[part] = []
        empty = []
        for label, name in enumerate(classes):
            entries = _entries(folder / part / name)
            if not entries:
                empty.append(f"{part}/{name}")
            for entry in entries:
                files[part].append((Path(entry.path), label))
                digest.update(_signature(entry))
        if empty:
            rule = f"these classes have no images: {_some(empty)}"
            raise DataError("data", folder, rule, "add images or remove the class from train and test")
    return Listing(folder, classes, files, digest.hexdigest())


def folder_dataset(files: Listing, on_load: OnLoad | None = None) -> Dataset:
    """The data set of a listed folder, decoded on all processors.

    Args:
        on_load: called now and then with the number of images read and the number of all.

    Raises:
        DataError: images are broken, of another size, or not RGB in JPEG or PNG; names the first ten of them.
    """
    paths = [path for part in _PARTS for path, _ in files.files[part]]
    images, problems = _decoded(paths, on_load)
    if problems:
        rule = f"{len(problems)} of {len(paths)} images cannot be used: {_some(problems)}"
        raise DataError("data", files.folder, rule, "mend or remove them")
    labels = {part: np.array([label for _, label in files.files[part]], dtype=np.int64) for part in _PARTS}
    training = len(labels["train"])
    return Dataset(
        name=files.folder.resolve().name,
        classes=files.classes,
        training=Part(images[:training], labels["train"]),
        test=Part(images[training:], labels["test"]),
    )


def _classes(folder: Path) -> tuple[str, ...]:
    missing = [part for part in _PARTS if not (folder / part).is_dir()]
    if missing:
        rule = f"must hold train/<class>/* and test/<class>/*, but has no folder {' and no folder '.join(missing)}"
        raise DataError("data", folder, rule, "put the images there, a folder a class")
    found = {part: [entry.name for entry in _entries(folder / part) if entry.is_dir()] for part in _PARTS}
    alone = [f"{part}/{name}" for part in _PARTS for name in found[part] if not all(name in found[p] for p in _PARTS)]
    if alone:
        rule = f"train and test must have the same classes, but these are in one only: {_some(alone)}"
        raise DataError("data", folder, rule, "add the missing folders")
    if len(found["train"]) < 2:
        rule = f"needs at least two classes, but train has {len(found['train'])}"
        raise DataError("data", folder, rule, "make a folder for each class")
    return tuple(found["train"])


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            visible = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise DataError("data", folder, f"cannot be read ({error.strerror})", "mind its permissions") from error
    return sorted(visible, key=lambda entry: natural_order(entry.name))


def _signature(entry: os.DirEntry[str]) -> bytes:
    try:
        status = entry.stat()
    except OSError:  # a dangling link, which decoding reports
        return entry.path.encode(errors="surrogateescape")
    return f"{entry.path}\0{status.st_size}\0{status.st_mtime_ns}\0".encode(errors="surrogateescape")


def _decoded(paths: Sequence[Path], on_load: OnLoad | None) -> tuple[NDArray[np.uint8], list[str]]:
    from PIL import Image

    images = np.empty((len(paths), SIDE, SIDE, 3), dtype=np.uint8)
    problems: list[str] = []
    done = 0
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        with warnings.catch_warnings():
            # Its size is wrong anyway, and the error says so.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            starts = range(0, len(paths), _CHUNK)
            for found in pool.map(lambda start: _decode(paths, images, start), starts):
                problems += found
                done = min(done + _CHUNK, len(paths))
                if on_load is not None:
                    on_load(done, len(paths))
    finally:
        pool.shutdown(cancel_futures=True)
    return images, problems


def _decode(paths: Sequence[Path], images: NDArray[np.uint8], start: int) -> list[str]:
    problems = []
    for position in range(start, min(start + _CHUNK, len(paths))):
        try:
            images[position] = _pixels(paths[position])
        except _ImageError as error:
            problems.append(f"{'/'.join(paths[position].parts[-3:])} ({error})")
    return problems


class _ImageError(Exception):
    """What is wrong with one image."""


def _pixels(path: Path) -> NDArray[np.uint8]:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path, formats=("JPEG", "PNG")) as image:
            if image.size != (SIDE, SIDE):
                raise _ImageError(f"is {image.width} x {image.height}, not {SIDE} x {SIDE}")
            if image.mode != "RGB":
                raise _ImageError(f"is {image.mode}, not RGB")
            return np.asarray(image)
    except UnidentifiedImageError as error:
        raise _ImageError("is no JPEG or PNG image") from error
    except Image.DecompressionBombError as error:
        raise _ImageError(f"is not {SIDE} x {SIDE}") from error
    except OSError as error:
        raise _ImageError(error.strerror or "is broken") from error
    except (SyntaxError, ValueError, EOFError, struct.error, zlib.error) as error:
        raise _ImageError("is broken") from error


def _some(names: Iterable[str]) -> str:
    names = list(names)
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
