"""A document as a PDF file, set by Typst with its own fonts: no TeX, no network, and always the same bytes."""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from gradus.documents.blocks import Document
from gradus.documents.typst import typst_source
from gradus.errors import InputError, WorkFailed

if TYPE_CHECKING:
    from typst import Fonts, TypstError

# This standard makes the exporter refuse a glyph that no font has; otherwise it draws an empty box without a word.
_STANDARD: Final = "a-2b"
_GLYPH: Final = re.compile(r'the text `"(.*?)"` could not be displayed')
_ESCAPE: Final = re.compile(r"\\u\{([0-9a-f]+)\}")
_NEARBY: Final = 20
_TIMESTAMP: Final = 0
_compiling: Final = threading.Lock()


@dataclass(frozen=True)
class Pdf:
    """A compiled document.

    Attributes:
        bytes: the PDF file.
        pages: of every problem the first and the last page of its answer, counted from 1, in reading order.

    >>> Pdf(b"%PDF-", {"1.1": (1, 2)}).pages["1.1"]
    (1, 2)
    """

    bytes: bytes
    pages: Mapping[str, tuple[int, int]]


def pdf(document: Document) -> Pdf:
    """The PDF of a document, on A4, with its pages.

    Raises:
        InputError: a formula or text that cannot be set, or a character that no font has.
        WorkFailed: Typst refused the document.

    >>> from gradus.documents.blocks import Math
    >>> made = pdf(Document("Sums", (Math("1 + 1 = 2"),)))
    >>> made.bytes[:5], made.pages
    (b'%PDF-', {})
    """
    import typst

    source = typst_source(document).encode()
    with _compiling:
        try:
            made = typst.compile(
                source,
                format="pdf",
                font_paths=_fonts(),
                ignore_system_fonts=True,
                pdf_standards=[_STANDARD],
                timestamp=_TIMESTAMP,
            )
            page_map = typst.query(
                source, "<page-map>", "value", one=True, font_paths=_fonts(), ignore_system_fonts=True
            )
        except typst.TypstError as error:
            raise _explained(error, document) from error
    return Pdf(made, _pages(page_map))


def pages_json(pages: Mapping[str, tuple[int, int]]) -> str:
    """The text of ``pages.json``.

    >>> pages_json({"1.1": (1, 2)})
    '{"problems": [{"id": "1.1", "first": 1, "last": 2}]}'
    """
    problems = [{"id": problem, "first": first, "last": last} for problem, (first, last) in pages.items()]
    return json.dumps({"problems": problems}, ensure_ascii=False)


@cache
def _fonts() -> Fonts:
    from typst import Fonts

    return Fonts(include_system_fonts=False)


def _pages(page_map: str) -> dict[str, tuple[int, int]]:
    pages: dict[str, tuple[int, int]] = {}
    for entry in json.loads(page_map):
        problem, page = entry["problem"], entry["page"]
        pages[problem] = (pages.get(problem, (page, page))[0], page)
    return pages


def _explained(error: TypstError, document: Document) -> InputError | WorkFailed:
    missing = _GLYPH.search(error.message)
    if missing is None:
        return WorkFailed(f"Typst could not set the document: {' '.join(error.message.split())}")
    character = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), missing[1])[:1]
    name = unicodedata.name(character, "without a name")
    rule = f"no font of the PDF has the character {character!r} (U+{ord(character):04X} {name})"
    return InputError("document", _around(character, document), rule, "write it in another way")


def _around(character: str, document: Document) -> str | None:
    """The text on both sides of the first place where a character stands; None where only an entity spells it."""
    for text in _strings(document):
        if (at := text.find(character)) >= 0:
            return text[max(0, at - _NEARBY) : at + _NEARBY]
    return None


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _strings(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _strings(getattr(value, field.name))
