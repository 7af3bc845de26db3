"""What commands print and write."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradus.errors import GradusError, InputError, OutputError
from gradus.runs.files import write_whole

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else on stdout.")

data_dir_option = click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where a downloaded archive lies or will lie (default: the cache folder, $GRADUS_CACHE_DIR).",
)
runs_option = click.option(
    "--runs",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    default=Path("runs"),
    show_default=True,
    help="Where runs are kept, a folder each.",
)


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def messages() -> Console:
    """The console for progress and messages: stderr, so that stdout holds nothing but answers.

    Texts are printed as they are: what a user named ``[/b]`` is no markup, and a long line is not folded.
    """
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def plain(text: str) -> Text:
    """A text for a status or a bar, which would else read markup in it."""
    from rich.text import Text

    return Text(text)


def error_line(error: GradusError) -> str:
    """The one line that a command prints of an error: where it happened, and the message."""
    return "gradus: " + ": ".join([*getattr(error, "__notes__", ()), str(error)])


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


def refuse_other_pictures(file: Path | None, option: str) -> None:
    """Pictures are SVG, whatever a file is called; a name that promises another form is a mistake.

    Raises:
        InputError: the file's name ends like that of another form.
    """
    if file is not None and file.suffix.lower() in (".png", ".jpg", ".jpeg", ".gif", ".pdf", ".html"):
        raise InputError(option, str(file), "is written as SVG", "name a file that ends in .svg")


_OTHER_FOLDER = "choose another with --out"


def write_file(file: Path, content: bytes, remedy: str = _OTHER_FOLDER) -> None:
    """Write a file so that it is there whole or not at all.

    Args:
        remedy: what the error tells the user to do where the file cannot be written.

    Raises:
        OutputError: it cannot be written.
    """
    if file.is_dir():
        raise OutputError("output", str(file), "cannot be written (Is a directory)", remedy)
    try:
        write_whole(file, content)
    except OSError as error:
        raise _unwritable(file, error, remedy) from error


def _unwritable(path: Path, error: OSError, remedy: str = _OTHER_FOLDER) -> OutputError:
    return OutputError("output", str(path), f"cannot be written ({error.strerror})", remedy)


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """Rows of cells as lines with columns two blanks apart; those in ``right`` end where the widest cell ends.

    >>> aligned([("epoch", "loss"), ("1", "2.3")], right=(0,))
    ['epoch  loss', '    1  2.3']
    """
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        blanks = [" " * (width - cell_len(cell)) for width, cell in zip(widths, row, strict=True)]
        cells = [
            blank + cell if k in right else cell + blank
            for k, (blank, cell) in enumerate(zip(blanks, row, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines
