"""Markdown -> the HTML of our pages; what Markdown quotes is escaped, formulas become elements for the typesetter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from gradus.documents.markdown import inline_tokens, markdown_tokens

_HIGHEST, _LISTED = 2, 3
_CLOSING = (",", ".", ";", ":", "!", "?", ")")


@dataclass
class Outline:
    """The headings of a page as they are met.

    Attributes:
        taken: the ids that are in use on the page.
        entries: level (2 to 3), id and HTML of the headings that the table of contents lists.

    >>> outline = Outline()
    >>> markdown_html("## Norms", outline) and outline.entries
    [(2, 'norms', 'Norms')]
    """

    taken: set[str] = field(default_factory=set)
    entries: list[tuple[int, str, str]] = field(default_factory=list)

    def fresh_id(self, text: str) -> str:
        """An id made from the text that no other element has.

        >>> outline = Outline({"norms"})
        >>> outline.fresh_id("Norms"), outline.fresh_id("Norms")
        ('norms-2', 'norms-3')
        """
        stem = re.sub(r"[^\w]+", "-", text.lower()).strip("-") or "section"
        name, number = stem, 1
        while name in self.taken:
            number += 1
            name = f"{stem}-{number}"
        self.taken.add(name)
        return name


def markdown_html(text: str, outline: Outline) -> str:
    """The HTML of a Markdown text; its headings get ids and are entered into the outline.

    >>> markdown_html("## Norm of $x$", Outline())
    '<h2 id="norm-of-x">Norm of <span class="math inline">x</span></h2>\\n'
    """
    tokens = markdown_tokens(text)
    _number_headings(tokens, outline)
    return _render(tokens)


def inline_html(text: str) -> str:
    """The HTML of one line of Markdown.

    >>> inline_html("*a* <b>")
    '<em>a</em> &lt;b&gt;'
    """
    return _inline(inline_tokens(text))


def math_html(latex: str, display: bool, element: str = "span") -> str:
    """A formula as the element that the page's script typesets; without scripts its LaTeX is read.

    >>> math_html("a < b", display=False)
    '<span class="math inline">a &lt; b</span>'
    """
    return f'<{element} class="math {"display" if display else "inline"}">{escape(latex.strip())}</{element}>'


def code_html(source: str, output: str = "", language: str = "") -> str:
    r"""Code with what it prints.

    >>> code_html("1 < 2", language="python")
    '<div class="code"><pre><code class="language-python">1 &lt; 2</code></pre></div>\n'
    """
    kind = f' class="language-{escape(language)}"' if language else ""
    printed = f'<pre class="output"><samp>{escape(output.rstrip())}</samp></pre>' if output.strip() else ""
    return f'<div class="code"><pre><code{kind}>{escape(source.rstrip())}</code></pre>{printed}</div>\n'


def _number_headings(tokens: Sequence[Token], outline: Outline) -> None:
    for opening, inline, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opening.type != "heading_open":
            continue
        level = max(_HIGHEST, int(opening.tag[1:]))
        opening.tag = closing.tag = f"h{level}"
        children = [token for token in inline.children or () if token.type not in ("link_open", "link_close")]
        name = outline.fresh_id("".join(token.content for token in children))
        opening.attrSet("id", name)
        if level <= _LISTED:
            outline.entries.append((level, name, _inline(children)))


def _render(tokens: Sequence[Token]) -> str:
    html: str = _Renderer().render(tokens, _options(), {})
    return html


def _inline(tokens: Sequence[Token]) -> str:
    html: str = _Renderer().renderInline(tokens, _options(), {})
    return html


def _options() -> OptionsDict:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False, "xhtmlOut": False}).options


class _Renderer(RendererHTML):
    """markdown-it's renderer; each method is the rule for the token of its name."""

    def math_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        formula = math_html(tokens[idx].content, display=False)
        mark = _mark_after(tokens, idx)
        return f'<span class="nobreak">{formula}{mark}</span>' if mark else formula

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return escape(tokens[idx].content[len(_mark_after(tokens, idx - 1)) :])

    def math_inline_double(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return math_html(tokens[idx].content, display=True)

    def math_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return math_html(tokens[idx].content, display=True, element="div") + "\n"

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        language = re.match(r"[\w+-]*", tokens[idx].info.strip())
        return code_html(tokens[idx].content, language=language.group() if language else "")

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return code_html(tokens[idx].content)

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        # A picture from elsewhere would be fetched when the page is opened: it becomes a link.
        token = tokens[idx]
        source = escape(str(token.attrGet("src") or ""))
        text = escape(self.renderInlineAsText(token.children or [], options, env)) or source
        return (
            f'<img src="{source}" alt="{text}">'
            if source.startswith("data:image/")
            else f'<a href="{source}">{text}</a>'
        )

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return '<div class="scroll"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return _aligned_cell(tokens[idx])

    def td_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return _aligned_cell(tokens[idx])


def _mark_after(tokens: Sequence[Token], index: int) -> str:
    """The punctuation right after an inline formula; a browser would break the line between the two."""
    if index < 0 or tokens[index].type != "math_inline" or index + 1 == len(tokens):
        return ""
    following = tokens[index + 1]
    return following.content[:1] if following.type == "text" and following.content[:1] in _CLOSING else ""


def _aligned_cell(token: Token) -> str:
    # The reader writes the alignment as an inline style, which the page's security policy does not admit.
    style: Any = token.attrGet("style") or ""
    align = str(style).removeprefix("text-align:")
    return f'<{token.tag} class="align-{align}">' if align in ("center", "right") else f"<{token.tag}>"
