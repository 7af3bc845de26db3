"""The notebook writer: blocks -> cells, and a notebook that was really executed."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gradus.documents.blocks import (
    AnswerSpace,
    Block,
    Code,
    Document,
    Figure,
    Math,
    PageAnchor,
    Table,
    Text,
)
from gradus.documents.drawing import drawn
from gradus.documents.markdown import escaped
from gradus.documents.notebook_execution import KERNEL, execute
from gradus.documents.notebook_markdown import display_math, inert_markdown, sections, table_markdown

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["execute", "notebook", "notebook_bytes", "png"]

_TEXT_WIDTH_PX: Final = 1000
_METADATA: Final[dict[str, Any]] = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": KERNEL},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


@dataclass
class _Cell:
    kind: str
    parts: list[str]
    problem: str = ""
    answer: str = ""

    @property
    def source(self) -> str:
        return "\n\n".join(part for part in self.parts if part)


def notebook(document: Document, install: str) -> NotebookNode:
    """The document as a notebook in format 4.5, not yet executed.

    A heading, a figure, code and an answer space each start a cell; other text, formulas and tables are gathered.
    Cells between two page anchors carry ``{"gradus": {"problem": id}}`` in their metadata, answer spaces
    ``{"gradus": {"problem": id, "answer": true}}``.  Cell ids come from the position: equal documents give equal
    notebooks.

    Args:
        document: what to write.
        install: the command that installs gradus, shown to who does not have it.

    Raises:
        WorkFailed: a figure's SVG cannot be drawn.

    >>> nb = notebook(Document("Steps", (Text("One."), Math("x^2"), Code("print(1)"))), "pip install gradus")
    >>> [cell.cell_type for cell in nb.cells]
    ['markdown', 'code', 'markdown', 'code']
    """
    import nbformat

    node_of: Callable[[dict[str, Any]], NotebookNode] = nbformat.from_dict

    cells = [*_head(document, install), *_cells(document.blocks)]
    metadata = _METADATA | {"title": document.title}
    if document.members:
        metadata["authors"] = [{"name": name} for name in document.members]
    content = {
        "cells": [_cell(cell, index) for index, cell in enumerate(cells, 1)],
        "metadata": metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    node = node_of(content)
    nbformat.validate(node)
    return node


def notebook_bytes(nb: NotebookNode) -> bytes:
    r"""The notebook as the bytes of an ``.ipynb`` file, UTF-8, with sorted keys.

    >>> notebook_bytes(notebook(Document("Steps", ()), "pip install gradus"))[:12]
    b'{\n "cells": '
    """
    import nbformat

    written: Callable[..., str] = nbformat.writes
    return written(nb, version=4).rstrip("\n").encode() + b"\n"


def _head(document: Document, install: str) -> Iterator[_Cell]:
    lines = [f"# {escaped(document.title)}"]
    if document.course:
        lines.append(escaped(document.course))
    if document.members:
        lines.append(", ".join(map(escaped, document.members)))
    lines.append(
        "The code cells of this notebook call *gradus*. Where it is not installed yet, run this command once "
        "(in Colab: in a code cell, with `!` in front), then run the cells from top to bottom:"
    )
    lines.append("\n".join(f"    {line}" for line in install.splitlines()))
    yield _Cell("markdown", lines)
    message = f"gradus is not installed. Run this command, then this cell again:\n    {install}"
    yield _Cell(
        "code",
        [
            "try:\n    import gradus\n"
            f"except ModuleNotFoundError:\n    print({message!r})\n"
            'else:\n    print("gradus", gradus.__version__)'
        ],
    )


def _cells(blocks: Iterable[Block]) -> Iterator[_Cell]:
    open_cell: _Cell | None = None
    problem = ""
    for block in blocks:
        if isinstance(block, Text | Math | Table):
            for part in _parts(block):
                if open_cell is not None and part.startswith("#"):
                    yield open_cell
                    open_cell = None
                if open_cell is None:
                    open_cell = _Cell("markdown", [], problem)
                open_cell.parts.append(part)
            continue
        if open_cell is not None:
            yield open_cell
            open_cell = None
        match block:
            case PageAnchor():
                problem = block.problem if block.edge == "first" else ""
            case Figure():
                yield _Cell("markdown", [_figure(block), inert_markdown(block.caption)], problem)
            case Code():
                yield _Cell("code", [block.source], problem)
            case AnswerSpace():
                yield _Cell("markdown", ["*Your answer here*"], block.problem, block.problem)
    if open_cell is not None:
        yield open_cell


def _parts(block: Text | Math | Table) -> list[str]:
    match block:
        case Text():
            return sections(block.markdown)
        case Math():
            return [display_math(block.latex)]
        case Table():
            return [table_markdown(block)]


def _cell(cell: _Cell, index: int) -> dict[str, Any]:
    about: dict[str, Any] = {"problem": cell.problem} if cell.problem else {}
    if cell.answer:
        about["answer"] = True
    content: dict[str, Any] = {
        "id": f"cell-{index}",
        "cell_type": cell.kind,
        "metadata": {"gradus": about} if about else {},
        "source": cell.source,
    }
    return content | ({"execution_count": None, "outputs": []} if cell.kind == "code" else {})


def _figure(figure: Figure) -> str:
    # JupyterLab shows no SVG attachments, Colab neither SVG nor attachments; both show PNG from a data URI.
    data = base64.b64encode(png(figure)).decode()
    return f"![{escaped(figure.alt)}](data:image/png;base64,{data})"


def png(figure: Figure) -> bytes:
    """The figure drawn on a transparent ground, as wide as its share of a text 1000 pixels wide.

    Raises:
        WorkFailed: the SVG cannot be drawn.

    >>> png(Figure('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "nothing"))[1:4]
    b'PNG'
    """
    return drawn(figure.svg, _TEXT_WIDTH_PX * figure.width, f"figure '{figure.alt}'")
