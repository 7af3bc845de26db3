"""What commands print and write."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradus.errors import OutputError

if TYPE_CHECKING:
    from rich.console import Console

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else on stdout.")


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def messages() -> Console:
    """The console for progress and messages: stderr, so that stdout holds nothing but answers."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def writable_folder(folder: Path) -> Path:
    """The folder, made and tried out before any work begins.

    Raises:
        OutputError: it cannot be written.
    """
    probe = folder / f".gradus-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise _unwritable(folder, error) from error
    return folder


def write_file(file: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    draft = file.with_name(f".{file.name}.new")
    try:
        draft.write_bytes(content)
        draft.replace(file)
    except OSError as error:
        raise _unwritable(file, error) from error


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError("output", str(path), f"cannot be written ({error.strerror})", "choose another with --out")
