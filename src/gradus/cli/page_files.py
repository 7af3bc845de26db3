"""What the commands share that write one page of mathematics: their options, and the writing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradus.cli.output import messages, write_file

if TYPE_CHECKING:
    from gradus.documents.blocks import Document


def page_options(content: str) -> Callable[[Any], Any]:
    """``--html`` and ``--pdf``, for a page with this content; the function takes ``html`` and ``pdf``."""

    def decorated(function: Any) -> Any:
        for name, page in (("--pdf", "PDF"), ("--html", "web page")):
            help_text = f"Write a {page} with {content}."
            function = click.option(name, type=click.Path(path_type=Path), metavar="FILE", help=help_text)(function)
        return function

    return decorated


def time_limit_option(note: str = "") -> Callable[[Any], Any]:
    """``--time-limit``, in seconds; the function takes ``limit``."""
    return click.option(
        "--time-limit",
        "limit",
        type=click.FloatRange(min=0, min_open=True, max=1e6),
        default=60,
        show_default=True,
        metavar="SECONDS",
        help=f"Give up after so long{note}.",
    )


def write_pages(document: Callable[[], Document], html: Path | None, pdf: Path | None) -> None:
    """Write the document, which is made only if it is wanted, where it was asked for.

    Raises:
        OutputError: a file cannot be written.
    """
    if html is None and pdf is None:
        return
    page = document()
    if html is not None:
        from gradus.documents.html import html as html_page

        write_file(html, html_page(page).encode(), "name another file")
        messages().print(f"wrote {html}")
    if pdf is not None:
        from gradus.documents.pdf import pdf as pdf_page

        write_file(pdf, pdf_page(page).bytes, "name another file")
        messages().print(f"wrote {pdf}")
