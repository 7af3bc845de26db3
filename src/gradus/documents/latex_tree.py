"""The tree of a formula: what :func:`gradus.documents.latex.parse` returns and the writers read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from gradus.documents.latex_macros import Macro


@dataclass(frozen=True)
class Letter:
    """One Latin letter, a variable."""

    text: str


@dataclass(frozen=True)
class Number:
    """Digits, with a decimal point when it stands between digits."""

    text: str


@dataclass(frozen=True)
class Symbol:
    """A character or macro without arguments: its forms and its role are the table's."""

    macro: Macro


@dataclass(frozen=True)
class Space:
    """A horizontal space."""

    macro: Macro


@dataclass(frozen=True)
class Sequence:
    """Nodes side by side; also what braces hold."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Words:
    """Plain text inside a formula (``\\text``); spaces count."""

    text: str
    style: Literal["roman", "bold", "italic", "mono"] = "roman"


@dataclass(frozen=True)
class Operator:
    """A named operator such as sin, max or ``\\operatorname*{arg\\,max}``; ``limits``: scripts go above and below."""

    text: str
    limits: bool


@dataclass(frozen=True)
class Scripts:
    """A base with its scripts.

    Attributes:
        base: what carries the scripts; an empty sequence when nothing does.
        sub: below right, or None.
        sup: above right, or None; primes come before it.
        primes: the number of primes.
        limits: True above and below, False at the side, None as the base has it.
    """

    base: Node
    sub: Node | None = None
    sup: Node | None = None
    primes: int = 0
    limits: bool | None = None


@dataclass(frozen=True)
class Fraction:
    """A fraction, or a binomial coefficient where ``bar`` is False; ``size`` fixes display or text size."""

    numerator: Node
    denominator: Node
    bar: bool = True
    size: Literal["", "display", "inline"] = ""


@dataclass(frozen=True)
class Root:
    """A square root, or the root of that index."""

    radicand: Node
    index: Node | None = None


@dataclass(frozen=True)
class Fenced:
    """``\\left ... \\right``: fences as tall as the body; None where the fence is the empty dot."""

    left: Macro | None
    body: Node
    right: Macro | None


@dataclass(frozen=True)
class Delimiter:
    """One fence that is not paired: ``\\middle`` (``size`` None: as tall as its ``Fenced``) or ``\\bigl`` and so on."""

    macro: Macro
    size: Macro | None


@dataclass(frozen=True)
class Grid:
    """An environment: rows of cells, all rows equally long.

    Attributes:
        environment: its name, a key of ``latex_macros.ENVIRONMENTS``, or ``substack``.
        rows: the cells, row by row.
        columns: of an array the letters l, c, r and the rules ``|`` between them; otherwise empty.
        rules: the row numbers that a horizontal rule stands above, counted from 0.
    """

    environment: str
    rows: tuple[tuple[Node, ...], ...]
    columns: str = ""
    rules: tuple[int, ...] = ()


@dataclass(frozen=True)
class Styled:
    """A body in another alphabet (``\\mathbf``)."""

    macro: Macro
    body: Node


@dataclass(frozen=True)
class Accented:
    """A body under an accent (``\\hat``)."""

    macro: Macro
    body: Node


@dataclass(frozen=True)
class Decorated:
    """A body with a brace, a box, or made invisible; ``Scripts`` around it hold a brace's note."""

    macro: Macro
    body: Node


@dataclass(frozen=True)
class Stacked:
    """A base with something set over or under it."""

    base: Node
    over: Node | None = None
    under: Node | None = None
    relation: bool = False


@dataclass(frozen=True)
class Negated:
    """A relation struck through; ``text`` is its one character."""

    text: str


@dataclass(frozen=True)
class Switched:
    """The rest of a group in another size (``\\displaystyle``)."""

    macro: Macro
    body: Node


Node: TypeAlias = (
    Letter | Number | Symbol | Space | Sequence | Words | Operator | Scripts | Fraction | Root | Fenced | Delimiter
    | Grid | Styled | Accented | Decorated | Stacked | Negated | Switched
)  # fmt: skip
