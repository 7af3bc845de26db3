"""Blocks as the Markdown of notebook cells, safe in every program that opens a notebook."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from gradus.documents.blocks import Table
from gradus.documents.markdown import markdown_tokens

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

# Code of one or more lines, formulas, escaped characters: what is read before everything else.
_LITERAL: Final = re.compile(
    r"(?P<code>(?<![`\\])(?P<ticks>`+)(?!`)[\s\S]+?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<math>\$\$[^$]+\$\$|\$(?=\S)(?:\\.|[^$\\])+?(?<=\S)\$(?!\d))"
    r"|(?P<escape>\\[\s\S])"
)
_TAG: Final = re.compile(r"<(?=[A-Za-z/!?])(?!https?://|mailto:)")
_OPENING: Final = re.compile(r"<|\](?=[(:\[])")
_ENTITIES: Final = {"<": "&lt;", "]": "&#93;"}


def display_math(latex: str) -> str:
    """A displayed formula.

    >>> display_math("a < b")
    '$$\\na \\\\lt b\\n$$'
    """
    return f"$$\n{_formula(latex)}\n$$"


def inert_markdown(markdown: str) -> str:
    """The Markdown with raw HTML shown as text, and without links that run scripts.

    Programs that open notebooks read raw HTML; our Markdown has none.

    >>> inert_markdown("$a<b$, `<i>` and <b>bold</b>")
    '$a\\\\lt b$, `<i>` and &lt;b>bold&lt;/b>'
    >>> print(inert_markdown("From $5 to $6, $x$"))
    From \\$5 to \\$6, $x$
    """
    # A dollar that is none of our formulas' would start one in programs that pair dollars in another way.
    quoted = _outside_code(markdown, lambda text: _TAG.sub("&lt;", text).replace("$", "\\$"))
    if _is_inert(quoted):
        return quoted
    # Whoever writes so means harm: what only looks like a code span is not spared either.
    return _outside_blocks(markdown, lambda text: _OPENING.sub(lambda match: _ENTITIES[match.group()], text))


def sections(markdown: str) -> list[str]:
    """The text cut before each of its headings that is not inside a list or a quotation; each part inert.

    >>> sections("Start.\\n\\n## One\\n\\nText.")
    ['Start.', '## One\\n\\nText.']
    """
    lines = _lines(markdown)
    starts = [
        token.map[0]
        for token in markdown_tokens(markdown)
        if token.type == "heading_open" and token.map and token.level == 0
    ]
    edges = sorted({0, *starts, len(lines)})
    parts = ("".join(lines[a:b]).strip("\n") for a, b in pairwise(edges))
    return [inert_markdown(part) for part in parts if part.strip()]


def table_markdown(table: Table) -> str:
    """A table in Markdown, its caption in front.

    >>> print(table_markdown(Table(("n", "size"), (("1", r"$|x|$"),), "Sizes")))
    Sizes
    <BLANKLINE>
    | n | size |
    | --- | --- |
    | 1 | $\\vert x\\vert $ |
    """
    rows = [table.header, *table.rows]
    lines = ["| " + " | ".join(map(_cell, row)) + " |" for row in rows]
    lines.insert(1, "| " + " | ".join("---" for _ in table.header) + " |")
    caption = [inert_markdown(table.caption), ""] if table.caption else []
    return "\n".join([*caption, *lines])


def _cell(text: str) -> str:
    return _outside_code(inert_markdown(" ".join(text.split())), _bar_escaped, _bar_named)


def _bar_escaped(text: str) -> str:
    return text.replace("|", "\\|")


def _bar_named(math: str) -> str:
    # In a table a bar would end the cell, even inside a formula.
    return math.replace("\\|", "\\Vert ").replace("|", "\\vert ")


def _formula(latex: str) -> str:
    # "<" could be read as the start of a tag, and a blank line ends a formula.
    return re.sub(r"\s*\n\s*", "\n", latex.strip()).replace("<", "\\lt ").replace("\\lt  ", "\\lt ")


def _outside_code(markdown: str, prose: Callable[[str], str], math: Callable[[str], str] = _formula) -> str:
    """The text with its prose and its formulas changed, and its code left as it is."""
    return _outside_blocks(markdown, lambda text: _changed(text, prose, math))


def _outside_blocks(markdown: str, change: Callable[[str], str]) -> str:
    """The text changed, but for its blocks of code."""
    lines = _lines(markdown)
    tokens = markdown_tokens(markdown)
    code = [token.map for token in tokens if token.type in ("fence", "code_block") and token.map]
    out: list[str] = []
    at = 0
    for start, end in [*code, [len(lines), len(lines)]]:
        out += [change("".join(lines[at:start])), "".join(lines[start:end])]
        at = end
    return "".join(out)


def _lines(markdown: str) -> list[str]:
    # As Markdown counts them; Python would also break lines at form feeds and the like.
    return re.findall(r"[^\n]*\n|[^\n]+$", re.sub(r"\r\n?", "\n", markdown))


def _changed(text: str, prose: Callable[[str], str], math: Callable[[str], str]) -> str:
    out: list[str] = []
    at = 0
    for match in _LITERAL.finditer(text):
        out.append(prose(text[at : match.start()]))
        found = match.group()
        if match["math"]:
            marks = "$$" if found.startswith("$$") else "$"
            found = marks + math(found[len(marks) : -len(marks)]) + marks
        elif found == "\\|":
            found = found if prose is _bar_escaped else prose(found)
        elif match["code"]:
            found = found.replace("|", "\\|") if prose is _bar_escaped else found
        out.append(found)
        at = match.end()
    return "".join([*out, prose(text[at:])])


def _is_inert(markdown: str) -> bool:
    reader = _permissive_reader()
    tokens = [child for token in reader.parse(markdown) for child in (token, *(token.children or ()))]
    if any(token.type in ("html_block", "html_inline") for token in tokens):
        return False
    targets = [str(token.attrGet("href") or token.attrGet("src") or "") for token in tokens]
    safe = _safe_link()
    return all(safe(target) for target in targets)


def _safe_link() -> Callable[[str], bool]:
    from markdown_it.common.normalize_url import validateLink

    return validateLink


@cache
def _permissive_reader() -> MarkdownIt:
    """A reader as the most generous program that opens notebooks would be."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    reader = MarkdownIt("commonmark", {"html": True}).enable("table").use(dollarmath_plugin)
    reader.validateLink = lambda url: True  # type: ignore[method-assign]
    return reader
