"""The problem sets that come with gradus: one Markdown file each."""

from __future__ import annotations

from pathlib import Path

from gradus.errors import InputError, nearest

_FOLDER = Path(__file__).parent


def bundled_names() -> tuple[str, ...]:
    """The names of the bundled sets, sorted.

    >>> "hw5" in bundled_names()
    True
    """
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.md")))


def set_file(name: str) -> Path:
    """The file of a set given by a path or by a bundled name; a path wins when both exist.

    Raises:
        InputError: there is neither; the remedy names the nearest bundled set.
    """
    path = Path(name)
    try:
        if path.is_file():
            return path
    except (OSError, ValueError) as error:
        raise InputError("set", name, "is not the name of a file", "give a path or a bundled set") from error
    if name in bundled_names():
        return _FOLDER / f"{name}.md"
    if path.is_dir():
        raise InputError("set", name, "is a folder", "give the problem-set file in it")
    remedy = nearest(name, bundled_names(), f"give a path, or one of: {', '.join(bundled_names())}")
    raise InputError("set", name, "is neither a file nor a bundled set", remedy)
