"""Data sets by name, and folders of images."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from gradus.errors import InputError, OutputError, nearest
from gradus.training.data import cifar10, pictograms
from gradus.training.data.cache import OnMessage, Source, decoded_folder, kept, place_name
from gradus.training.data.dataset import Dataset
from gradus.training.data.download import OnDownload
from gradus.training.data.folder import OnLoad, folder_dataset, listing

__all__ = ["BUILT_IN", "OnDownload", "OnLoad", "OnMessage", "load", "loaded"]

BUILT_IN = {
    "cifar10": "60,000 photographs of ten kinds of animal and vehicle; downloaded once, 170 MB",
    "pictograms": "6,000 drawn signs of ten kinds; nothing is downloaded",
}
"""The data sets that have a name, and what they are."""

_log = logging.getLogger("gradus")
_last: dict[str, Dataset] = {}
"""The data set that was loaded last, by the state of its source."""
_named: dict[str, Dataset] = {}
"""The same, by the name that was asked for."""


def load(
    name: str,
    on_load: OnLoad | None = None,
    *,
    data_dir: Path | None = None,
    on_download: OnDownload | None = None,
    on_message: OnMessage = _log.warning,
) -> Dataset:
    """The built-in data set of that name, or the images in the folder of that name.

    Decoded images are kept in the cache folder (``$GRADUS_CACHE_DIR``, or ``gradus`` in the user's cache folder), and
    mapped read-only from there the next time.  A folder is read again when the names, sizes or times of its files have
    changed.

    Args:
        on_load: is told how many images are decoded, and how many there are.
        data_dir: where the archive of ``cifar10`` lies or will lie; None for the cache folder.
        on_download: is told how many bytes of an archive are there, and how many it has.
        on_message: is told what does not stop the work: that the cache was altered, or cannot be written.

    Raises:
        InputError: there is neither a data set nor a folder of that name.
        DataError: the folder or an image in it, or the archive, is not what it must be; or there is no network.
        OutputError: the archive cannot be written.
    """
    found = _loaded(name, on_load, data_dir, on_download, on_message)
    _named.clear()
    _named[name] = found
    return found


def loaded(name: str, fingerprint: str) -> Dataset | None:
    """The data set that was loaded last in this process, if that was by this name, and it is that of the fingerprint.

    Its images are those that the fingerprint means, whatever has become of their files, which are not looked at again.
    """
    found = _named.get(name)
    return found if found is not None and found.fingerprint == fingerprint else None


def _loaded(
    name: str,
    on_load: OnLoad | None,
    data_dir: Path | None,
    on_download: OnDownload | None,
    on_message: OnMessage,
) -> Dataset:
    if name == "pictograms":
        source = Source(name, name, pictograms.FINGERPRINT)
        return _once(source.state, lambda: kept(source, pictograms.pictograms, on_message))
    if name == "cifar10":
        return _once(cifar10.ARCHIVE.md5, lambda: cifar10.cifar10(on_message, data_dir, on_load, on_download))
    folder = _folder(name)
    if folder is None:
        rule = f"must be one of {', '.join(BUILT_IN)}, or a folder with train/<class>/* and test/<class>/*"
        raise InputError("data", name, rule, nearest(name, BUILT_IN, "choose one of them"))
    return _of_folder(folder, on_load, on_message)


def _of_folder(folder: Path, on_load: OnLoad | None, on_message: OnMessage) -> Dataset:
    files = listing(folder)
    place = folder.resolve()
    source = Source(place.name, str(place), files.fingerprint)

    def read() -> Dataset:
        if (cache := _decoded_folder()) is not None and any(place / part in cache.parents for part in files.names):
            on_message(f"the decoded images are not kept, since the cache folder {cache} lies among the images")
            return folder_dataset(files, on_load)
        unusable = cache and cache / f"{place_name(source.place)}-unusable.txt"
        return kept(source, lambda: folder_dataset(files, on_load, unusable), on_message)

    return _once(f"{place}\0{files.fingerprint}", read)


def _once(state: str, read: Callable[[], Dataset]) -> Dataset:
    if state not in _last:
        dataset = read()
        _last.clear()
        _last[state] = dataset
    return _last[state]


def _decoded_folder() -> Path | None:
    try:
        return decoded_folder().resolve()
    except OutputError:
        return None


def _folder(name: str) -> Path | None:
    try:
        folder = Path(name).expanduser()
        return folder if folder.is_dir() else None
    except (OSError, RuntimeError, ValueError):  # too long, an unknown user's home, a null character
        return None
