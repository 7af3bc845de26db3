"""Writing a document in the formats that were asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradus.cli.output import error_line, plain, write_file
from gradus.errors import GradusError, InputError

if TYPE_CHECKING:
    from rich.console import Console

    from gradus.documents.blocks import Document

FORMATS = ("json", "html", "pdf", "ipynb")
"""In the order in which they are written: the quickest first."""


def chosen_formats(text: str | None, default: tuple[str, ...]) -> tuple[str, ...]:
    """The formats that a comma-separated list names, in the order of writing.

    Raises:
        InputError: a name is not a format, or there is none.
    """
    if text is None:
        return default
    names = [part.strip() for part in text.split(",") if part.strip()]
    for name in names or [text]:
        if name not in FORMATS:
            raise InputError("--format", name, "is not a format", f"choose among {', '.join(sorted(FORMATS))}")
    return tuple(format for format in FORMATS if format in names)


def write_pages(
    document: Document,
    answers: dict[str, Any],
    name: str,
    formats: Iterable[str],
    folder: Path,
    console: Console,
) -> int:
    """Write ``name.<format>`` for each format; one that fails does not keep the others from being written.

    Returns:
        The largest exit code of what failed; 0 if nothing did.
    """
    writers: dict[str, Callable[[], Sequence[Path]]] = {
        "json": lambda: _write_json(answers, folder / f"{name}.json"),
        "html": lambda: _write_html(document, folder / f"{name}.html"),
        "pdf": lambda: _write_pdf(document, folder / f"{name}.pdf"),
        "ipynb": lambda: _write_notebook(document, folder / f"{name}.ipynb", console),
    }
    code = 0
    for format in formats:
        file = folder / f"{name}.{format}"
        try:
            with console.status(plain(f"writing {file}")):
                written = writers[format]()
        except GradusError as error:
            error.add_note(f"{file} was not written")
            console.print(error_line(error))
            code = max(code, error.exit_code)
        else:
            console.print(f"wrote {' and '.join(map(str, written))}")
    return code


def _write_json(answers: dict[str, Any], file: Path) -> Sequence[Path]:
    write_file(file, (json.dumps(answers, ensure_ascii=False, indent=2) + "\n").encode())
    return (file,)


def _write_html(document: Document, file: Path) -> Sequence[Path]:
    from gradus.documents.html import html

    write_file(file, html(document).encode())
    return (file,)


def _write_pdf(document: Document, file: Path) -> Sequence[Path]:
    """The PDF and, beside it, ``pages.json``: ``problems-pages.json`` for the pages without answers."""
    from gradus.documents.pdf import pages_json, pdf

    made = pdf(document)
    write_file(file, made.bytes)
    pages = file.with_name("pages.json" if file.stem == "solution" else f"{file.stem}-pages.json")
    write_file(pages, f"{pages_json(made.pages)}\n".encode())
    return file, pages


def _write_notebook(document: Document, file: Path, console: Console) -> Sequence[Path]:
    from gradus.cli.installation import install_command
    from gradus.documents.notebook import execute, notebook, notebook_bytes

    with console.status("running the notebook's cells") as status:
        made = execute(
            notebook(document, install_command()),
            file.parent,
            lambda done, total: status.update(f"running the notebook: cell {done} of {total}"),
        )
    write_file(file, notebook_bytes(made))
    return (file,)
