"""The terminal writer: blocks through rich, formulas laid out in Unicode."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from markdown_it.tree import SyntaxTreeNode
from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table as Grid
from rich.text import Text as Line

from gradus.documents.blocks import AnswerSpace, Block, Code, Figure, Math, PageAnchor, Table, Text
from gradus.documents.latex_unicode import display_lines, inline_text
from gradus.documents.markdown import inline_tokens, markdown_tokens

_INDENT: Final = 4
_STYLES: Final = {"strong": "bold", "em": "italic", "code_inline": "cyan", "link": "underline"}
_HEADINGS: Final = {"h1": "bold underline", "h2": "bold underline", "h3": "bold"}
_MM_PER_LINE: Final = 6


def print_blocks(blocks: Iterable[Block], console: Console) -> None:
    """Print the blocks, each followed by a blank line.

    Formulas are laid out over several lines for the console's width; a figure is its description in a frame; page
    anchors and code for the notebook only are left out.  Control characters are shown as symbols, so that no text
    can command the terminal.

    Raises:
        LatexError: a formula is not in the subset of :mod:`gradus.documents.latex`.

    >>> print_blocks([Text("So $x^2 = 4$."), Math(r"x = \\pm 2")], Console(width=60))
    So x² = 4.
    <BLANKLINE>
        x = ±2
    <BLANKLINE>
    """
    for block in blocks:
        for renderable in _renderables(block):
            console.print(renderable, highlight=False, soft_wrap=False)
            console.print()


def plain_line(text: str) -> str:
    """Inline Markdown with LaTeX as one line of plain text.

    >>> plain_line("The *rank* of $A$.")
    'The rank of A.'
    """
    return _inline_text(text).plain


def _renderables(block: Block) -> Iterable[RenderableType]:
    match block:
        case Text(markdown):
            return _markdown(markdown)
        case Math(latex):
            return [_Formula(latex)]
        case Table():
            return [_table(block)]
        case Figure():
            return [_figure(block)]
        case Code(source, output, notebook_only):
            return [] if notebook_only else [_code(source, output, "python")]
        case AnswerSpace(problem, height):
            title = Line(f"Answer to {_visible(problem)}")
            return [Panel("", title=title, title_align="left", height=max(3, height // _MM_PER_LINE))]
        case PageAnchor():
            return []


class _Formula:
    """A displayed formula, laid out when the room is known."""

    def __init__(self, latex: str) -> None:
        self.latex = latex

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in display_lines(self.latex, max(20, options.max_width - _INDENT)):
            yield Line(" " * _INDENT + _visible(line), no_wrap=True, overflow="ignore")


def _table(table: Table) -> RenderableType:
    grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for cell in table.header:
        grid.add_column(_inline_text(cell))
    for row in table.rows:
        grid.add_row(*map(_inline_text, row))
    return Group(_caption(table.caption), grid) if table.caption else grid


def _figure(figure: Figure) -> RenderableType:
    panel = Panel(Line(_visible(figure.alt)), title="Figure", title_align="left", box=box.ROUNDED)
    return Group(panel, _caption(figure.caption)) if figure.caption else panel


def _caption(text: str) -> Line:
    line = _inline_text(text)
    line.stylize("italic")
    return line


def _code(source: str, output: str = "", language: str = "") -> RenderableType:
    shown: RenderableType = Line(_visible(source.rstrip()))
    if language == "python":
        shown = Syntax(
            _visible(source.rstrip()), "python", theme="ansi_dark", background_color="default", word_wrap=True
        )
    parts: list[RenderableType] = [Padding(shown, (0, 0, 0, _INDENT))]
    if output.strip():
        parts += ["", Padding(Line(_visible(output.rstrip()), style="dim"), (0, 0, 0, _INDENT))]
    return Group(*parts)


def _markdown(text: str) -> Iterator[RenderableType]:
    for node in SyntaxTreeNode(markdown_tokens(text)).children:
        yield _node(node)


def _node(node: SyntaxTreeNode) -> RenderableType:
    match node.type:
        case "heading":
            return Line.assemble(*_spans(node.children), style=_HEADINGS.get(node.tag, "italic"))
        case "paragraph":
            return _paragraph(node)
        case "bullet_list" | "ordered_list":
            return _list(node)
        case "blockquote":
            return Padding(Group(*_spaced(node.children)), (0, 0, 0, 2), style="italic")
        case "math_block":
            return _Formula(node.content)
        case "fence" | "code_block":
            language = (node.info or "").split(" ")[0]
            return _code(node.content, language=language)
        case "table":
            return _markdown_table(node)
        case "hr":
            return Rule(style="dim")
        case _:
            return Line(_visible(node.content))


def _spaced(nodes: Iterable[SyntaxTreeNode]) -> Iterator[RenderableType]:
    """The nodes with a blank line between them, but for the items of a tight list."""
    for number, node in enumerate(nodes):
        if number and not node.hidden and node.type not in ("bullet_list", "ordered_list"):
            yield ""
        yield _node(node)


def _paragraph(node: SyntaxTreeNode) -> RenderableType:
    """Text, cut where a formula is displayed in the midst of it."""
    parts: list[RenderableType] = []
    running: list[SyntaxTreeNode] = []
    for child in node.children[0].children if node.children else []:
        if child.type == "math_inline_double":
            parts += [*_line(running), _Formula(child.content)]
            running = []
        elif running or child.type != "softbreak":
            running.append(child)
    parts += _line(running)
    return parts[0] if len(parts) == 1 else Group(*parts)


def _line(nodes: list[SyntaxTreeNode]) -> list[RenderableType]:
    line = Line.assemble(*_spans(nodes))
    line.rstrip()
    line = line[len(line.plain) - len(line.plain.lstrip()) :]
    return [line] if line.plain else []


def _list(node: SyntaxTreeNode) -> RenderableType:
    grid = Grid.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True, justify="right")
    grid.add_column()
    start = int(node.attrs.get("start", 1))
    loose = any(not child.hidden for item in node.children for child in item.children if child.type == "paragraph")
    for number, item in enumerate(node.children):
        marker = "•" if node.type == "bullet_list" else f"{start + number}."
        if loose and number:
            grid.add_row("", "")
        grid.add_row(marker, Group(*_spaced(item.children)))
    return Padding(grid, (0, 0, 0, 1))


def _markdown_table(node: SyntaxTreeNode) -> RenderableType:
    grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    rows = [
        [Line.assemble(*_spans(cell.children)) for cell in row.children]
        for part in node.children
        for row in part.children
    ]
    for cell, head in zip(rows[0], node.children[0].children[0].children, strict=True):
        grid.add_column(cell, justify="right" if "right" in str(head.attrs.get("style")) else "left")
    for row in rows[1:]:
        grid.add_row(*row)
    return grid


def _inline_text(text: str) -> Line:
    return Line.assemble(*_spans(SyntaxTreeNode(inline_tokens(text)).children))


def _spans(nodes: Iterable[SyntaxTreeNode], style: str = "") -> Iterator[tuple[str, str]]:
    for node in nodes:
        match node.type:
            case "inline" | "strong" | "em" | "link":
                yield from _spans(node.children, f"{style} {_STYLES.get(node.type, '')}".strip())
                if node.type == "link" and (target := str(node.attrs.get("href", ""))) != _plain(node):
                    yield f" ({_visible(target)})", style
            case "math_inline" | "math_inline_double":
                yield _visible(inline_text(node.content)), style
            case "code_inline":
                yield _visible(node.content), f"{style} {_STYLES['code_inline']}".strip()
            case "softbreak":
                yield " ", style
            case "hardbreak":
                yield "\n", style
            case "image":
                yield f"[{_plain(node) or 'picture'}]", style
            case _:
                yield _visible(node.content), style


def _plain(node: SyntaxTreeNode) -> str:
    return "".join(text for text, _ in _spans(node.children))


def _visible(text: str) -> str:
    """The text with control characters, and those that turn the writing direction, made visible."""
    return "".join(_symbol(character) for character in text)


def _symbol(character: str) -> str:
    if character in "\n\t":
        return character
    if character < " ":
        return chr(0x2400 + ord(character))
    kind = unicodedata.category(character)
    hidden = kind in ("Cc", "Cs") or unicodedata.bidirectional(character) in _TURNS
    return "�" if hidden else character


_TURNS: Final = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
