"""Writing files so that they are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from secrets import token_hex


def write_whole(file: Path, content: bytes) -> None:
    """Write a draft beside the file, sync it and rename it; several writers at once do not disturb each other.

    Raises:
        OSError: the folder or the file cannot be written; the draft is removed and the old file is still there.
    """
    draft = file.with_name(f".{file.name}.{token_hex(6)}")
    try:
        with draft.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
