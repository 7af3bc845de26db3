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
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gradus.errors import DataError
from gradus.runs.files import write_whole
from gradus.training.data.dataset import SIDE, Dataset, Part

if TYPE_CHECKING:
    from PIL.Image import Image

OnLoad: TypeAlias = Callable[[int, int], None]

_PARTS = ("train", "test")
_NAMED = 10
_CHUNK = 200


@dataclass(frozen=True)
class Listing:
    """The image files of a folder, before any is read.

    Attributes:
        names: the names of each class's files, in the order of the classes; ``train`` and ``test``.
        fingerprint: SHA-256 of all files' names, sizes and times of change.
    """

    folder: Path
    classes: tuple[str, ...]
    names: dict[str, list[list[str]]]
    fingerprint: str

    def paths(self, part: str) -> list[Path]:
        """A part's files, class by class, and within a class sorted by :func:`natural_order`."""
        folders = [self.folder / part / name for name in self.classes]
        return [
            folder / name
            for folder, names in zip(folders, self.names[part], strict=True)
            for name in sorted(names, key=natural_order)
        ]

    def labels(self, part: str) -> NDArray[np.int64]:
        """The labels of a part's files."""
        return np.repeat(np.arange(len(self.classes)), [len(names) for names in self.names[part]]).astype(np.int64)


def natural_order(name: str) -> tuple[tuple[int, str], ...]:
    """A sorting key that orders runs of digits by their value.

    >>> sorted(["10.png", "9.png", "1.png"], key=natural_order)
    ['1.png', '9.png', '10.png']
    """
    pieces = re.split(r"([0-9]+)", name)
    return (*((int(piece), "") if piece.isdecimal() else (-1, piece) for piece in pieces), (-2, name))


def listing(folder: Path) -> Listing:
    """The classes and image files of a folder; classes are sorted by :func:`natural_order`.

    Names that begin with a dot are left out.

    Raises:
        DataError: a part is missing, the classes of the parts differ, there is only one, or one has no images.
    """
    classes = _classes(folder)
    names: dict[str, list[list[str]]] = {part: [] for part in _PARTS}
    digest = hashlib.sha256()
    for part in _PARTS:
        for name in classes:
            # This is done before every run, so it has no more than it needs for each of the many files.
            signatures = sorted(_signature(entry) for entry in _entries(folder / part / name))
            names[part].append([signature[0] for signature in signatures])
            digest.update(repr((part, name, signatures)).encode())
        empty = [f"{part}/{name}" for name, found in zip(classes, names[part], strict=True) if not found]
        if empty:
            rule = f"these classes have no images: {_some(empty)}"
            raise DataError("data", folder, rule, "add images or remove the class from train and test")
    return Listing(folder, classes, names, digest.hexdigest())


def folder_dataset(files: Listing, on_load: OnLoad | None = None, unusable: Path | None = None) -> Dataset:
    """The data set of a listed folder, decoded on all processors.

    Args:
        on_load: called now and then with the number of images read and the number of all.
        unusable: where to write the list of images that cannot be used, one a line.

    Raises:
        DataError: images are broken, of another size, or not RGB in JPEG or PNG.  All of them are in the file
            ``unusable``, and the first ten in the message; all in the message where there is no such file.
    """
    paths = {part: files.paths(part) for part in _PARTS}
    training = len(paths["train"])
    images, problems = _decoded([*paths["train"], *paths["test"]], on_load)
    if problems:
        raise _unusable_images(files.folder, problems, len(images), unusable)
    return Dataset(
        name=files.folder.resolve().name,
        classes=files.classes,
        training=Part(images[:training], files.labels("train")),
        test=Part(images[training:], files.labels("test")),
    )


def _unusable_images(folder: Path, problems: list[str], total: int, file: Path | None) -> DataError:
    named = ", ".join(problems)
    if len(problems) > _NAMED and file is not None:
        with suppress(OSError):  # then the message is long
            file.parent.mkdir(parents=True, exist_ok=True)
            lines = (f"{problem}\n".encode(errors="surrogateescape") for problem in problems)
            write_whole(file, *lines)
            named = f"{_some(problems)}; all are listed in {file}"
    return DataError(
        "data", folder, f"{len(problems)} of {total} images cannot be used: {named}", "mend or remove them"
    )


def _classes(folder: Path) -> tuple[str, ...]:
    missing = [part for part in _PARTS if not (folder / part).is_dir()]
    if missing:
        rule = f"must hold train/<class>/* and test/<class>/*, but has no folder {' and no folder '.join(missing)}"
        raise DataError("data", folder, rule, "put the images there, a folder a class")
    found = {
        part: sorted((e.name for e in _entries(folder / part) if e.is_dir()), key=natural_order) for part in _PARTS
    }
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
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise DataError("data", folder, f"cannot be read ({error.strerror})", "mind its permissions") from error


def _signature(entry: os.DirEntry[str]) -> tuple[str, int, int]:
    try:
        status = entry.stat()
    except OSError:  # a dangling link, which decoding reports
        return entry.name, -1, 0
    return entry.name, status.st_size, status.st_mtime_ns


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
            images[position] = pixels(paths[position])
        except UnusableImage as error:
            problems.append(f"{'/'.join(paths[position].parts[-3:])} ({error})")
    return problems


class UnusableImage(Exception):
    """What is wrong with one image."""


def pixels(path: Path, resize: bool = False) -> NDArray[np.uint8]:
    """An image in JPEG or PNG, shaped (32, 32, 3).

    Args:
        resize: take any size and colours: the image turned as its camera held it, its middle square, scaled by Lanczos'
            filter; what is transparent becomes white.

    Raises:
        UnusableImage: it cannot be read, or it is not 32 x 32 and RGB.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path, formats=("JPEG", "PNG")) as image:
            if resize:
                return _resized(image)
            if image.size != (SIDE, SIDE):
                raise UnusableImage(f"is {image.width} x {image.height}, not {SIDE} x {SIDE}")
            if image.mode != "RGB":
                raise UnusableImage(f"is {image.mode}, not RGB")
            return np.asarray(image)
    except UnidentifiedImageError as error:
        raise UnusableImage("is no JPEG or PNG image") from error
    except Image.DecompressionBombError as error:
        raise UnusableImage(f"is not {SIDE} x {SIDE}") from error
    except OSError as error:
        raise UnusableImage(error.strerror or "is broken") from error
    except (SyntaxError, ValueError, EOFError, struct.error, zlib.error) as error:
        raise UnusableImage("is broken") from error


def _resized(image: Image) -> NDArray[np.uint8]:
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        coloured = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", coloured.size, "white"), coloured)
    return np.asarray(ImageOps.fit(upright.convert("RGB"), (SIDE, SIDE), Image.Resampling.LANCZOS))


def _some(names: Iterable[str]) -> str:
    names = list(names)
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
