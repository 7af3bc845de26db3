"""Markdown with dollar mathematics, read once for all writers.

CommonMark and tables; ``$inline$`` and ``$$display$$`` LaTeX (a dollar beside a digit or a blank is a dollar); raw
HTML is not read, so that it appears as text.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from gradus.errors import InputError

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

MAX_NESTING: Final = 30


def markdown_tokens(text: str) -> list[Token]:
    """The tokens of markdown-it for a Markdown text; formulas are ``math_inline``, ``math_inline_double`` (display
    within a paragraph) and ``math_block`` tokens whose content is the LaTeX.

    Raises:
        InputError: lists, quotes or emphasis are nested deeper than 30.

    >>> [token.type for token in markdown_tokens("Let $x$ be.")]
    ['paragraph_open', 'inline', 'paragraph_close']
    >>> [token.type for token in inline_tokens("$r$: rank 1")]
    ['math_inline', 'text']
    >>> [token.type for token in inline_tokens("Let $x$ be <b>.")]
    ['text', 'math_inline', 'text']
    """
    tokens = _reader().parse(text)
    _check_nesting(text, tokens)
    return tokens


def inline_tokens(text: str) -> list[Token]:
    """The inline tokens of one line of Markdown: a table's cell, a caption.

    Raises:
        InputError: emphasis is nested deeper than 30.

    >>> [token.type for token in inline_tokens("*a* $b$")]
    ['em_open', 'text', 'em_close', 'text', 'math_inline']
    """
    tokens = _reader().parseInline(text)
    _check_nesting(text, tokens)
    return [child for token in tokens for child in token.children or ()]


def escaped(text: str) -> str:
    r"""A plain text as Markdown that shows it as it is, on one line.

    >>> print(escaped("a_b costs\n$5"))
    a\_b costs \$5
    """
    return re.sub(r"([\\`*_{}\[\]<>#$|!&~])", r"\\\1", " ".join(text.split()))


@cache
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    # markdown-it drops what lies deeper than maxNesting without a word; ours is reported long before.
    reader = MarkdownIt("commonmark", {"html": False, "maxNesting": 4 * MAX_NESTING}).enable("table")
    reader.core.ruler.before("inline", "first_dollar", _shield_first_dollar)
    return reader.use(dollarmath_plugin, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True)


def _shield_first_dollar(state: StateCore) -> None:
    """The plugin looks at the character before a dollar, and before the first one that is by accident the last of the
    text: without a blank at its end, ``$r$: rank 1`` would lose its formula to the digit."""
    for token in state.tokens:
        if token.type == "inline" and token.content.startswith("$") and token.content[-1].isdigit():
            token.content += " "


def _check_nesting(text: str, tokens: list[Token]) -> None:
    deepest = max((t.level for token in tokens for t in (token, *(token.children or ()))), default=0)
    if deepest > 2 * MAX_NESTING:
        raise InputError("text", text, f"lists, quotes and emphasis nest at most {MAX_NESTING} deep", "flatten it")
