"""A document as the source of a Typst document.

What authors wrote goes into Typst strings, never into its markup, so that no character of theirs means anything to it.
"""

from __future__ import annotations

from importlib.resources import files
from itertools import zip_longest
from typing import Final

from gradus.documents.blocks import AnswerSpace, Block, Code, Document, Figure, Math, PageAnchor, Table, Text
from gradus.documents.latex_typst import typst_string
from gradus.documents.markdown import inline_tokens
from gradus.documents.typst_code import listing
from gradus.documents.typst_text import (
    displayed,
    inline_content,
    markdown_content,
    plain_text,
    table_content,
    typst_array,
)
from gradus.errors import InputError

_OUTLINE: Final = 12
"""Points by which the rule beside an answer narrows the column."""


def typst_source(document: Document) -> str:
    """The Typst source of a document, complete in itself.

    Raises:
        InputError: a formula or a text is outside what the writers know; page anchors do not pair up.

    >>> typst_source(Document("Sums", (Math("1 + 1 = 2"),))).endswith("$1 plus 1 eq 2$, lines: 1)\\n")
    True
    """
    _check_anchors(document.blocks)
    title = f"[{plain_text(document.title)}]"
    names = typst_array([typst_string(name) for name in document.members])
    members = typst_array([f"[{plain_text(name)}]" for name in document.members])
    settings = f"title: {typst_string(document.title)}, head-title: {title}, authors: {names}"
    head = f"document-head({title}, [{plain_text(document.course)}], {members})"
    design = files("gradus.documents").joinpath("page.typ").read_text(encoding="utf-8")
    body = _body(document.blocks)
    return f"{design}\n#show: conf.with({settings})\n#{head}\n{body}"


def _body(blocks: tuple[Block, ...]) -> str:
    """All blocks; those between two anchors stand inside the answer's frame."""
    out, indent = "", 0
    for block, following in zip_longest(blocks, blocks[1:]):
        if isinstance(block, PageAnchor):
            out += _edge(block)
            indent = _OUTLINE if block.edge == "first" else 0
        elif isinstance(block, Text):
            out += markdown_content(block.markdown, indent, leads=isinstance(following, Math | Table | Code))
        else:
            out += _block(block, indent)
    return out


def _edge(anchor: PageAnchor) -> str:
    name = typst_string(anchor.problem)
    return f"#answer[#opened({name})\n" if anchor.edge == "first" else f"#closed({name})]\n"


def _block(block: Math | Table | Figure | Code | AnswerSpace, indent: int) -> str:
    match block:
        case Math(latex):
            return displayed(latex)
        case Table():
            return _table(block, indent)
        case Figure(svg, alt, caption, width, height_mm):
            note = f"[{inline_content(inline_tokens(caption), indent)}]" if caption else "none"
            share = f"{100 * min(max(width, 0.05), 1):.4g}%"
            most = f"{min(max(height_mm, 10), 235):g}mm"
            return f"#picture({typst_string(svg)}, {typst_string(alt)}, {share}, {most}, {note})\n"
        case Code(notebook_only=True):
            return ""
        case Code(source, output):
            printed = f"#printed({listing(output, indent)})\n" if output.strip() else ""
            return f"#listing({listing(source, indent)}, {str(bool(printed)).lower()})\n{printed}"
        case AnswerSpace(_, height_mm):
            return f"#space({height_mm}mm)\n"


def _table(table: Table, indent: int) -> str:
    if not table.header:
        return ""
    rows = [[inline_tokens(cell) for cell in row] for row in (table.header, *table.rows)]
    written = inline_content(inline_tokens(table.caption), indent)
    caption = f"#caption(above: 1.3em, sticky: true)[{written}]\n" if table.caption else ""
    aligns = [_alignment([row[i] for row in table.rows]) for i in range(len(table.header))]
    return caption + table_content(aligns, rows, indent)


def _alignment(column: list[str]) -> str:
    """Numbers line up at the right, everything else at the left."""
    filled = [cell.strip(" $%") for cell in column if cell.strip()]
    return "right" if filled and all(_is_number(cell) for cell in filled) else "left"


def _is_number(cell: str) -> bool:
    digits = cell.lstrip("-+−").replace(",", "").replace(".", "", 1)
    return digits.isascii() and digits.isdigit()


def _check_anchors(blocks: tuple[Block, ...]) -> None:
    anchors = [block for block in blocks if isinstance(block, PageAnchor)]
    seen = set[str]()
    for first, last in zip_longest(anchors[::2], anchors[1::2]):
        paired = last is not None and (first.edge, last.edge) == ("first", "last") and first.problem == last.problem
        if not paired or first.problem in seen:
            rule = f"the page anchor {first.edge!r} of this problem is out of order"
            raise InputError("blocks", first.problem, rule, "give each answer one first and then one last anchor")
        seen.add(first.problem)
