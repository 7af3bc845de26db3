"""A document as the source of a Typst document.

What authors wrote goes into Typst strings, never into its markup, so that no character of theirs means anything to it.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from gradus.documents.blocks import AnswerSpace, Block, Code, Document, Figure, Math, PageAnchor, Table, Text
from gradus.documents.latex import parse
from gradus.documents.latex_typst import typst_display, typst_string
from gradus.documents.markdown import inline_tokens
from gradus.documents.typst_code import listing
from gradus.documents.typst_text import (
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

    >>> typst_source(Document("Sums", (Math("1 + 1 = 2"),))).endswith('shown("1 + 1 = 2", $1 plus 1 eq 2$)\\n')
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
    for block in blocks:
        if isinstance(block, PageAnchor):
            out += _edge(block)
            indent = _OUTLINE if block.edge == "first" else 0
        else:
            out += _block(block, indent)
    return out


def _edge(anchor: PageAnchor) -> str:
    name = typst_string(anchor.problem)
    return f"#answer[#opened({name})\n" if anchor.edge == "first" else f"#closed({name})]\n"


def _block(block: Text | Math | Table | Figure | Code | AnswerSpace, indent: int) -> str:
    match block:
        case Text(markdown):
            return markdown_content(markdown, indent)
        case Math(latex):
            return f"#shown({typst_string(latex)}, ${typst_display(parse(latex))}$)\n"
        case Table():
            return _table(block, indent)
        case Figure(svg, alt, caption, width):
            note = f"[{inline_content(inline_tokens(caption), indent)}]" if caption else "none"
            share = f"{100 * min(max(width, 0.05), 1):.4g}%"
            return f"#picture({typst_string(svg)}, {typst_string(alt)}, {share}, {note})\n"
        case Code(notebook_only=True):
            return ""
        case Code(source, output):
            printed = f"#printed({listing(output, indent)})\n" if output.strip() else ""
            return f"#listing({listing(source, indent)})\n{printed}"
        case AnswerSpace(_, height_mm):
            return f"#space({height_mm}mm)\n"


def _table(table: Table, indent: int) -> str:
    if not table.header:
        return ""
    rows = [[inline_tokens(cell) for cell in row] for row in (table.header, *table.rows)]
    caption = f"#caption[{inline_content(inline_tokens(table.caption), indent)}]\n" if table.caption else ""
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
    open_problem, seen = "", set[str]()
    for block in blocks:
        if not isinstance(block, PageAnchor):
            continue
        expected = open_problem if block.edge == "last" else ""
        wrong = open_problem != expected or (
            block.problem in seen if block.edge == "first" else block.problem != open_problem
        )
        if wrong or not block.problem:
            rule = f"the page anchor '{block.edge}' of this problem stands out of order"
            raise InputError("blocks", block.problem, rule, "give each answer one first and then one last anchor")
        open_problem = block.problem if block.edge == "first" else ""
        seen.add(block.problem)
    if open_problem:
        raise InputError("blocks", open_problem, "its answer has no last page anchor", "add PageAnchor(id, 'last')")
