"""The tree of a formula: what :func:`gradus.documents.latex.parse` returns and the writers read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from gradus.documents.latex_macros import Macro


@dataclass(frozen=True)
class Letter:
    """One Latin letter, a variable.

    >>> from gradus.documents.latex import parse
    >>> parse("x")
    Letter(text='x')
    """

    text: str


@dataclass(frozen=True)
class Number:
    """Digits, with a decimal point when it stands between digits.

    >>> from gradus.documents.latex import parse
    >>> parse("2.5")
    Number(text='2.5')
    """

    text: str


@dataclass(frozen=True)
class Symbol:
    r"""A character or macro without arguments: its forms and its role are the table's.

    >>> from gradus.documents.latex import parse
    >>> parse(r"\leq").macro.unicode
    '≤'
    """

    macro: Macro


@dataclass(frozen=True)
class Space:
    r"""A horizontal space.

    >>> from gradus.documents.latex import parse
    >>> parse(r"\quad").macro.name
    '\\quad'
    """

    macro: Macro


@dataclass(frozen=True)
class Sequence:
    """Nodes side by side; also what braces hold.

    >>> from gradus.documents.latex import parse
    >>> parse("xy").items
    (Letter(text='x'), Letter(text='y'))
    """

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Words:
    r"""Plain text inside a formula (``\text``); spaces count.

    >>> from gradus.documents.latex import parse
    >>> parse(r"\text{if }")
    Words(text='if ', style='roman')
    """

    text: str
    style: Literal["roman", "bold", "italic", "mono"] = "roman"


@dataclass(frozen=True)
class Operator:
    r"""A named operator such as sin, max or ``\operatorname*{arg\,max}``; ``limits``: scripts go above and below.

    >>> from gradus.documents.latex import parse
    >>> parse(r"\max")
    Operator(text='max', limits=True)
    """

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

    >>> from gradus.documents.latex import parse
    >>> parse("x_1'").primes
    1
    """

    base: Node
    sub: Node | None = None
    sup: Node | None = None
    primes: int = 0
    limits: bool | None = None


@dataclass(frozen=True)
class Fraction:
    r"""A fraction, or a binomial coefficient where ``bar`` is False; ``size`` fixes display or text size.

    >>> from gradus.documents.latex import parse
    >>> parse(r"\binom{n}{2}").bar
    False
    """

    numerator: Node
    denominator: Node
    bar: bool = True
    size: Literal["", "display", "inline"] = ""


@dataclass(frozen=True)
class Root:
    r"""A square root, or the root of that index.

    >>> from gradus.documents.latex import parse
    >>> parse(r"\sqrt[3]{x}").index
    Number(text='3')
    """

    radicand: Node
    index: Node | None = None


@dataclass(frozen=True)
class Fenced:
    r"""``\left ... \right``: fences as tall as the body; None where the fence is the empty dot.

    >>> from gradus.documents.latex import parse
    >>> parse(r"\left( x \right.").right is None
    True
    """

    left: Macro | None
    body: Node
    right: Macro | None


@dataclass(frozen=True)
class Delimiter:
    r"""One fence that is not paired: ``\middle`` (``size`` None: as tall as its ``Fenced``) or ``\bigl`` and so on.

    >>> from gradus.documents.latex import parse
    >>> parse(r"\bigl(").macro.name
    '('
    """

    macro: Macro
    size: Macro | None


@dataclass(frozen=True)
class Grid:
    r"""An environment: rows of cells, all rows equally long.

    Attributes:
        environment: its name, a key of ``latex_macros.ENVIRONMENTS``, or ``substack``.
        rows: the cells, row by row.
        columns: of an array the letters l, c, r and the rules ``|`` between them; otherwise empty.
        rules: the row numbers that a horizontal rule stands above, counted from 0.

    >>> from gradus.documents.latex import parse
    >>> len(parse(r"\begin{bmatrix} 1 & 0 \\ 0 & 1 \end{bmatrix}").rows)
    2
    """

    environment: str
    rows: tuple[tuple[Node, ...], ...]
    columns: str = ""
    rules: tuple[int, ...] = ()


@dataclass(frozen=True)
class Styled:
    r"""A body in another alphabet (``\mathbf``).

    >>> from gradus.documents.latex import parse
    >>> parse(r"\mathbf{x}").macro.name
    '\\mathbf'
    """

    macro: Macro
    body: Node


@dataclass(frozen=True)
class Accented:
    r"""A body under an accent (``\hat``).

    >>> from gradus.documents.latex import parse
    >>> parse(r"\hat{x}").body
    Letter(text='x')
    """

    macro: Macro
    body: Node


@dataclass(frozen=True)
class Decorated:
    r"""A body with a brace, a box, or made invisible; ``Scripts`` around it hold a brace's note.

    >>> from gradus.documents.latex import parse
    >>> parse(r"\boxed{x}").body
    Letter(text='x')
    """

    macro: Macro
    body: Node


@dataclass(frozen=True)
class Stacked:
    r"""A base with something set over or under it.

    >>> from gradus.documents.latex import parse
    >>> parse(r"\overset{!}{=}").over is None
    False
    """

    base: Node
    over: Node | None = None
    under: Node | None = None
    relation: bool = False


@dataclass(frozen=True)
class Negated:
    r"""A relation struck through; ``text`` is its one character.

    >>> from gradus.documents.latex import parse
    >>> parse(r"\not\in").text
    '∉'
    """

    text: str


@dataclass(frozen=True)
class Switched:
    r"""The rest of a group in another size (``\displaystyle``).

    >>> from gradus.documents.latex import parse
    >>> parse(r"\displaystyle x").body
    Letter(text='x')
    """

    macro: Macro
    body: Node


Node: TypeAlias = (
    Letter | Number | Symbol | Space | Sequence | Words | Operator | Scripts | Fraction | Root | Fenced | Delimiter
    | Grid | Styled | Accented | Decorated | Stacked | Negated | Switched
)  # fmt: skip
