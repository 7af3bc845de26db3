"""The blocks that a written page is made of.  Every writer renders every block.

Text is Markdown (CommonMark and tables) with ``$inline$`` and ``$$display$$`` LaTeX; raw HTML is shown as text, never
passed on.  The LaTeX is the strict subset of :mod:`gradus.documents.latex`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True)
class Text:
    """Markdown with LaTeX; headings are written ``##``.

    >>> Text("The norm of $x$ is *not* 0.").markdown
    'The norm of $x$ is *not* 0.'
    """

    markdown: str


@dataclass(frozen=True)
class Math:
    r"""One displayed formula, LaTeX without dollar signs.

    >>> Math(r"\lVert x \rVert = 5").latex
    '\\lVert x \\rVert = 5'
    """

    latex: str


@dataclass(frozen=True)
class Table:
    """A table; header and cells are inline Markdown with LaTeX, all rows as long as the header.

    Raises:
        ValueError: a row is longer or shorter than the header; a fault of the program.

    >>> Table(("$k$", "$u_k$"), (("1", "0.9"), ("2", "1.71"))).rows[1]
    ('2', '1.71')
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.header) for row in self.rows):
            raise ValueError(f"rows: every row of a Table must have {len(self.header)} cells, as its header has")


@dataclass(frozen=True)
class Figure:
    """A picture.

    Attributes:
        svg: the picture, a complete SVG document that can be read on white and on a dark page.
        alt: what it shows, plain text, for those who cannot see it; never empty.
        caption: inline Markdown with LaTeX.
        width: share of the text's width, 0 to 1.
        height_mm: the most that it may be tall on a printed page, in millimetres; it is made narrower if need be.

    >>> Figure("<svg xmlns='http://www.w3.org/2000/svg'/>", "nothing").width
    0.6
    """

    svg: str
    alt: str
    caption: str = ""
    width: float = 0.6
    height_mm: float = 62

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise ValueError("alt: a Figure needs a text that says what it shows")


@dataclass(frozen=True)
class Code:
    """Source code and the output that running it prints.

    Attributes:
        source: the code, Python.
        output: what it prints; the notebook's executed cell prints the same.
        notebook_only: shown in the notebook only (a cell that recomputes an exact answer, where the problem set
            accepts no software as an argument).

    >>> Code("print(1 + 1)", output="2").notebook_only
    False
    """

    source: str
    output: str = ""
    notebook_only: bool = False


@dataclass(frozen=True)
class AnswerSpace:
    """Room for a student's answer to one problem.

    >>> AnswerSpace("1.1", height_mm=50).problem
    '1.1'
    """

    problem: str
    height_mm: int = 30


@dataclass(frozen=True)
class PageAnchor:
    """Where the answer to a problem starts (``first``) or ends (``last``).

    >>> [PageAnchor("1.1", "first"), Text("The answer."), PageAnchor("1.1", "last")][0].problem
    '1.1'
    """

    problem: str
    edge: Literal["first", "last"]


Block: TypeAlias = Text | Math | Table | Figure | Code | AnswerSpace | PageAnchor


@dataclass(frozen=True)
class Document:
    """A whole page: its head and its blocks.

    Attributes:
        title: plain text.
        course: plain text, may be empty.
        members: names of the group's members, plain text.
        blocks: the body, in reading order.

    >>> len(Document("Homework", (Text("One."), Math("x^2")), members=("Ada",)).blocks)
    2
    """

    title: str
    blocks: tuple[Block, ...]
    course: str = ""
    members: tuple[str, ...] = ()
