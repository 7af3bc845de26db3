"""Code and its output as Typst strings, folded to the width of the page."""

from __future__ import annotations

from typing import Final

from gradus.documents.latex_typst import typst_string

_COLUMN_PT: Final = 431.0
_CHARACTER_PT: Final = 4.94
_CONTINUED: Final = "↪ "


def listing(text: str, indent: int = 0) -> str:
    r"""A Typst string of code or output, whose lines fit a column that is narrower by ``indent`` points.

    >>> print(listing("a = 1\nb = 2"))
    "a = 1\u{a}b = 2"
    """
    columns = max(20, int((_COLUMN_PT - indent) / _CHARACTER_PT))
    return typst_string("\n".join(folded(line, columns) for line in text.expandtabs(4).strip("\n").split("\n")))


def folded(line: str, columns: int) -> str:
    """A line cut into lines of at most so many characters, the further ones marked by an arrow.

    >>> print(folded("abcdefgh", 5))
    abcde
    ↪ fgh
    """
    if len(line) <= columns:
        return line
    step = columns - len(_CONTINUED)
    rest = (line[i : i + step] for i in range(columns, len(line), step))
    return "\n".join([line[:columns], *(_CONTINUED + part for part in rest)])
