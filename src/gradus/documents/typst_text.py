"""Markdown as Typst content."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from gradus.documents.latex import Node, parse
from gradus.documents.latex_tree import Grid, Symbol
from gradus.documents.latex_tree import Sequence as Group
from gradus.documents.latex_typst import typst_display, typst_math, typst_string
from gradus.documents.markdown import markdown_tokens
from gradus.documents.typst_code import listing

if TYPE_CHECKING:
    from markdown_it.token import Token

_LONG_TOKEN: Final = 24
_CHUNK: Final = 4
_LONG_FORMULA: Final = 25
_LEAD_IN: Final = 420
_LIST_INDENT: Final = 16
_QUOTE_INDENT: Final = 12
_MAX_LINK: Final = 2000
_BREAK: Final = "#box();"
_BLANKS: Final = re.compile(r"[ \t\r\n]+")
_LONG_WORD: Final = re.compile(rf"([^ \t\r\n]{{{_LONG_TOKEN + 1},}})")


def markdown_content(text: str, indent: int = 0, leads: bool = False) -> str:
    """Typst markup of a Markdown text.

    Args:
        text: Markdown with dollar mathematics.
        indent: points by which the column is narrower than the page's.
        leads: whether the text leads to a formula, table or code, so that a short last paragraph stays with it.

    Raises:
        LatexError: a formula is not in the subset.

    >>> markdown_content("*One* # two")
    '#emph[#"One";]#" # two";\\n\\n'
    """
    return _Writer(markdown_tokens(text), indent, leads).blocks("")


def plain_text(text: str) -> str:
    """Typst markup of plain text; very long tokens may break anywhere.

    >>> plain_text('a "b"')
    '#"a ";#smartquote();#"b";#smartquote();'
    """
    return "".join(_run(part) for part in _LONG_WORD.split(" ".join(_BLANKS.split(text))) if part)


def inline_content(tokens: Sequence[Token], indent: int = 0) -> str:
    """Typst markup of inline Markdown tokens.

    >>> from gradus.documents.markdown import inline_tokens
    >>> inline_content(inline_tokens("*a*, `b`"))
    '#emph[#"a";]#", ";#raw("b");'
    """
    return "".join(_inline(token, indent) for token in tokens)


def unbreakable(tokens: Sequence[Token]) -> list[str]:
    """Typst contents that no line can break: the formulas and the longest words.

    >>> from gradus.documents.markdown import inline_tokens
    >>> unbreakable(inline_tokens("a longer word"))
    ['raw("longer")', 'raw("word")', 'raw("a")']
    """
    formulas = [f"[{_formula(t.content, 0)}]" for t in tokens if t.type.startswith("math")]
    words = {word[:_LONG_TOKEN] for t in tokens if t.type in ("text", "code_inline") for word in t.content.split()}
    longest = sorted(words, key=lambda word: (-len(word), word))[:3]
    return formulas + [f"raw({typst_string(word)})" for word in longest]


class _Writer:
    """Walks the block tokens; ``at`` is the next one, ``indent`` the points that lists and quotes take."""

    def __init__(self, tokens: Sequence[Token], indent: int, leads: bool) -> None:
        self.tokens, self.at, self.indent, self.leads = tokens, 0, indent, leads
        self.containers: dict[str, Callable[[Token], str]] = {
            "paragraph_open": self.paragraph, "heading_open": self.heading, "blockquote_open": self.quote,
            "bullet_list_open": self.items, "ordered_list_open": self.items, "table_open": self.table,
        }  # fmt: skip

    def blocks(self, end: str) -> str:
        """Blocks up to the token that closes their container."""
        out = ""
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token.type == end:
                break
            out += self.block(token)
        return out

    def block(self, token: Token) -> str:
        if token.type in self.containers:
            return self.containers[token.type](token)
        match token.type:
            case "inline":
                return inline_content(token.children or (), self.indent)
            case "math_block":
                return displayed(token.content)
            case "fence" | "code_block":
                return f"#fenced({listing(token.content, self.indent)})\n"
            case "hr":
                return "#line(length: 100%, stroke: hair)\n"
            case _:
                raise AssertionError(f"the Markdown reader gave a token that this writer lacks: {token.type}")

    def paragraph(self, token: Token) -> str:
        content = self.tokens[self.at].content
        body = self.blocks("paragraph_close")
        following = self.tokens[self.at].type if self.at < len(self.tokens) else ""
        short = len(content) <= _LEAD_IN and "$$" not in content
        if short and (following == "math_block" or (self.leads and not following)):
            return f"#lead-in[{body}]\n"
        return f"{body}\n" if token.hidden else f"{body}\n\n"

    def heading(self, token: Token) -> str:
        return f"#heading(level: {token.tag[1:]})[{self.blocks('heading_close')}]\n"

    def quote(self, token: Token) -> str:
        return f"#quoted[{self.inside('blockquote_close', _QUOTE_INDENT)}]\n"

    def inside(self, end: str, narrower: int) -> str:
        self.indent += narrower
        body = self.blocks(end)
        self.indent -= narrower
        return body

    def items(self, token: Token) -> str:
        ordered = token.type == "ordered_list_open"
        end = "ordered_list_close" if ordered else "bullet_list_close"
        entries, tight = [], True
        while self.tokens[self.at].type != end:
            tight = tight and not self.loose(self.at + 1)
            self.at += 1
            entries.append(f"[{self.inside('list_item_close', _LIST_INDENT)}]")
        self.at += 1
        start = f"start: {token.attrs.get('start', 1)}, " if ordered else ""
        name = "enum" if ordered else "list"
        return f"#{name}({start}tight: {str(tight).lower()}, {', '.join(entries)})\n"

    def loose(self, at: int) -> bool:
        return self.tokens[at].type == "paragraph_open" and not self.tokens[at].hidden

    def table(self, token: Token) -> str:
        rows: list[list[Token]] = []
        aligns: list[str] = []
        while (current := self.tokens[self.at]).type != "table_close":
            self.at += 1
            if current.type == "tr_open":
                rows.append([])
            elif current.type == "inline":
                rows[-1].append(current)
            elif current.type == "th_open":
                aligns.append(str(current.attrs.get("style", "text-align:left")).removeprefix("text-align:"))
        self.at += 1
        return table_content(aligns, [[cell.children or [] for cell in row] for row in rows], self.indent)


def table_content(aligns: Sequence[str], rows: Sequence[Sequence[Sequence[Token]]], indent: int) -> str:
    r"""Typst markup of a table: the alignment of its columns, then its rows, the first being the header.

    >>> from gradus.documents.markdown import inline_tokens
    >>> table_content(["left"], [[inline_tokens("n")], [inline_tokens("1")]], 0)
    '#tabular(("left",), ([#"n";],), (([#"1";],),), ((raw("n"), raw("1"),),))\n'
    """
    written = [[f"[{inline_content(cell, indent)}]" for cell in row] for row in rows]
    unbroken = [[piece for cell in column for piece in unbreakable(cell)] for column in zip(*rows, strict=True)]
    body = typst_array([typst_array(row) for row in written[1:]])
    pieces = typst_array([typst_array(column) for column in unbroken])
    return f"#tabular({typst_array([typst_string(a) for a in aligns])}, {typst_array(written[0])}, {body}, {pieces})\n"


def displayed(latex: str) -> str:
    r"""Typst markup of a displayed formula.

    Raises:
        LatexError: the formula is not in the subset.

    >>> displayed("x^2")
    '#shown("x^2", $attach(x, t: 2)$, lines: 1)\n'
    """
    tree = parse(latex)
    lines = len(tree.rows) if isinstance(tree, Grid) else 1
    return f"#shown({typst_string(latex.strip())}, ${typst_display(tree)}$, lines: {lines})\n"


def typst_array(items: Sequence[str]) -> str:
    """A Typst array of these expressions.

    >>> typst_array(["1"]), typst_array([])
    ('(1,)', '()')
    """
    return f"({', '.join(items)}{',' if items else ''})"


def _inline(token: Token, indent: int) -> str:
    match token.type:
        case "text" | "text_special":
            return plain_text(token.content)
        case "code_inline":
            return (
                f"#raw({typst_string(token.content)});"
                if len(token.content) <= _LONG_TOKEN
                else _long_code(token.content)
            )
        case "math_inline":
            return _formula(token.content, indent)
        case "math_inline_double":
            return displayed(token.content)
        case "softbreak":
            return " "
        case "hardbreak":
            return "#linebreak();"
        case "em_open":
            return "#emph["
        case "strong_open":
            return "#strong["
        case "em_close" | "strong_close" | "link_close":
            return "]"
        case "link_open":
            return _link(str(token.attrs.get("href", "")))
        case "image":
            return f"#emph[{inline_content(token.children or (), indent)}]"
        case _:
            raise AssertionError(f"the Markdown reader gave a token that this writer lacks: {token.type}")


def _link(target: str) -> str:
    """Only addresses on the web and of mail become links; of others the text remains."""
    usable = target.startswith(("https://", "http://", "mailto:")) and len(target) <= _MAX_LINK
    return f"#link({typst_string(target)})[" if usable else "#["


def _formula(latex: str, indent: int) -> str:
    tree = parse(latex)
    body, alt = typst_math(tree), typst_string(latex)
    if len(latex) < _LONG_FORMULA:
        return f"#math.equation(alt: {alt}, ${body}$);"
    pieces = typst_array([f"${typst_math(piece)}$" for piece in _pieces(tree)])
    return f"#inlined({alt}, {indent}pt, ${body}$, {pieces});"


def _pieces(tree: Node) -> list[Node]:
    """What stays in one line: the parts of a formula between its relations and binary operators."""
    items = tree.items if isinstance(tree, Group) else (tree,)
    pieces: list[list[Node]] = [[]]
    for item in items:
        pieces[-1].append(item)
        if isinstance(item, Symbol) and item.macro.role in ("relation", "binary"):
            pieces.append([])
    return [Group(tuple(piece)) for piece in pieces if piece]


def _run(text: str) -> str:
    """A stretch of text without long words, or one long word, which may break anywhere."""
    return _BREAK.join(_quoted(part) for part in _chunks(text)) if _LONG_WORD.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    """A string, but for its quotation marks, which become typographic ones."""
    marks = {'"': "#smartquote();", "'": "#smartquote(double: false);"}
    parts = re.split("([\"'])", text)
    return "".join(marks.get(part) or f"#{typst_string(part)};" for part in parts if part)


def _long_code(text: str) -> str:
    """Code of which the long words may break."""
    words = (part for part in _LONG_WORD.split(text) if part)
    return "".join(_BREAK.join(f"#raw({typst_string(part)});" for part in _chunks(word)) for word in words)


def _chunks(word: str) -> list[str]:
    """A long token in pieces of a few characters, between which a line may break."""
    if not _LONG_WORD.fullmatch(word):
        return [word]
    chunks = [""]
    for character in word:
        joins = unicodedata.category(character) in ("Mn", "Me", "Mc", "Cf") or chunks[-1].endswith("\u200d")
        if len(chunks[-1]) >= _CHUNK and not joins:
            chunks.append("")
        chunks[-1] += character
    return chunks
