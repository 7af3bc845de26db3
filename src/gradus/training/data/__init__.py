"""Data sets by name, and folders of images."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from gradus.errors import InputError, nearest
from gradus.training.data.dataset import Dataset
from gradus.training.data.folder import OnLoad, folder_dataset, listing
from gradus.training.data.pictograms import pictograms

__all__ = ["BUILT_IN", "OnLoad", "load"]

BUILT_IN: dict[str, Callable[[], Dataset]] = {"pictograms": lru_cache(maxsize=1)(pictograms)}

_last_folder: dict[str, Dataset] = {}


def load(name: str, on_load: OnLoad | None = None) -> Dataset:
    """The built-in data set of that name, or the images in the folder of that name.

    A folder is read again only when the names, sizes or times of its files have changed.

    Raises:
        InputError: there is neither a data set nor a folder of that name.
        DataError: the folder or an image in it is not what it must be.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]()
    folder = _folder(name)
    if folder is None:
        rule = f"must be one of {', '.join(sorted(BUILT_IN))}, or a folder with train/<class>/* and test/<class>/*"
        raise InputError("data", name, rule, nearest(name, BUILT_IN, "choose one of them"))
    files = listing(folder)
    if files.fingerprint not in _last_folder:
        dataset = folder_dataset(files, on_load)
        _last_folder.clear()
        _last_folder[files.fingerprint] = dataset
    return _last_folder[files.fingerprint]


def _folder(name: str) -> Path | None:
    try:
        folder = Path(name).expanduser()
        return folder if folder.is_dir() else None
    except (OSError, RuntimeError, ValueError):  # too long, an unknown user's home, a null character
        return None
