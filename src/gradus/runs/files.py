"""Writing files so that they are there whole or not at all."""

from __future__ import annotations

import os
import re
from pathlib import Path
from secrets import token_hex

_DRAFT = re.compile(r"\..+\.[0-9a-f]{12}")


def write_whole(file: Path, *content: bytes | memoryview) -> None:
    """Write a draft beside the file, sync it and rename it; several writers at once do not disturb each other.

    Args:
        content: the pieces of the content, one after the other.

    Raises:
        OSError: the folder or the file cannot be written; the draft is removed and the old file is still there.
    """
    draft = file.with_name(f".{file.name}.{token_hex(6)}")
    try:
        with draft.open("xb") as stream:
            stream.writelines(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
        _sync_names(file.parent)
    finally:
        draft.unlink(missing_ok=True)


def remove_drafts(folder: Path) -> None:
    """Remove the drafts that processes which were killed while they wrote have left in a folder.

    Only for a folder in which nobody else writes.

    Raises:
        OSError: the folder cannot be written.
    """
    if folder.is_dir():
        for file in folder.iterdir():
            if _DRAFT.fullmatch(file.name):
                file.unlink(missing_ok=True)


def _sync_names(folder: Path) -> None:
    """Make a renaming last through a power cut; only POSIX lets a folder be synced."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
