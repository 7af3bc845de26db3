"""The HTML writer: a document as one page that needs nothing besides itself.

KaTeX, its fonts and the figures are part of the page, a security policy forbids it to load anything, and where scripts
are off the formulas are read as LaTeX.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from gradus.documents.blocks import AnswerSpace, Block, Code, Document, Figure, Math, PageAnchor, Table, Text
from gradus.documents.html_markdown import Outline, code_html, inline_html, markdown_html, math_html

_FONT: Final = re.compile(r"url\((fonts/[\w-]+\.woff2)\) format\(\"woff2\"\)(?:,url\([^)]*\) format\(\"[a-z]+\"\))*")


def html(document: Document) -> str:
    """The document as one self-contained HTML page.

    Headings become sections of the table of contents; the answer to a problem starts at the element with the id
    ``answer-<problem>``.  Code that is for the notebook only is left out.  Equal documents give equal pages.

    Raises:
        InputError: Markdown nested too deeply.

    >>> page = html(Document("Steps", (Text("## One"), Math("x^2"))))
    >>> '<h2 id="one">One</h2>' in page, '<div class="math display">x^2</div>' in page
    (True, True)
    """
    outline = Outline(
        {"content", "formula-errors"} | {_anchor(b) for b in document.blocks if isinstance(b, PageAnchor)}
    )
    body = "".join(_block(block, outline) for block in document.blocks)
    style = _katex_style() + _resource("html_page.css") + _sizes(document.blocks)
    scripts = (_resource("vendor/katex/katex.min.js"), _resource("html_page.js"))
    contents = _contents(outline)
    return (
        '<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, scripts)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(document.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#content">Skip to the content</a>\n'
        f'<div class="{"page" if contents else "page single"}">\n{_header(document)}{contents}'
        f'<main id="content">\n{_ERRORS}{body}</main>\n</div>\n'
        + "".join(f"<script>{script}</script>\n" for script in scripts)
        + "</body>\n</html>\n"
    )


_ERRORS: Final = (
    '<section id="formula-errors" role="alert" hidden>\n<p>These formulas cannot be shown:</p>\n<ul></ul>\n</section>\n'
)


def _header(document: Document) -> str:
    course = f'<p class="course">{escape(document.course)}</p>\n' if document.course else ""
    members = f'<p class="members">{escape(", ".join(document.members))}</p>\n' if document.members else ""
    return f"<header>\n{course}<h1>{escape(document.title)}</h1>\n{members}</header>\n"


def _contents(outline: Outline) -> str:
    if not outline.entries:
        return ""
    top = min(level for level, _, _ in outline.entries)
    items = "".join(
        f'<li class="{"top" if level == top else "deeper"}"><a href="#{escape(name)}">{text}</a></li>\n'
        for level, name, text in outline.entries
    )
    summary = "<summary>Contents</summary>"
    return f'<nav aria-label="Contents">\n<details open>\n{summary}\n<ul>\n{items}</ul>\n</details>\n</nav>\n'


def _block(block: Block, outline: Outline) -> str:
    match block:
        case Text(markdown):
            return markdown_html(markdown, outline)
        case Math(latex):
            return math_html(latex, display=True, element="div") + "\n"
        case Table():
            return _table(block)
        case Figure():
            return _figure(block)
        case Code(source, output, notebook_only):
            return "" if notebook_only else code_html(source, output, "python")
        case AnswerSpace(problem, height):
            label = escape(f"Space for the answer to problem {problem}")
            return f'<div class="answer-space height-{height}" role="note" aria-label="{label}"></div>\n'
        case PageAnchor():
            return f'<div class="anchor" id="{escape(_anchor(block))}"></div>\n' if block.edge == "first" else ""


def _anchor(anchor: PageAnchor) -> str:
    return "answer-" + re.sub(r"\s+", "-", anchor.problem)


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{inline_html(cell)}</th>' for cell in table.header)
    rows = "".join("<tr>" + "".join(f"<td>{inline_html(cell)}</td>" for cell in row) + "</tr>\n" for row in table.rows)
    return (
        f'<figure class="table">{_caption(table.caption)}<div class="scroll"><table>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div></figure>\n"
    )


def _figure(figure: Figure) -> str:
    # As an image the SVG can neither run scripts, nor load anything, nor clash with another one's ids and styles.
    data = base64.b64encode(figure.svg.encode()).decode()
    image = f'<img class="width-{_percent(figure)}" src="data:image/svg+xml;base64,{data}" alt="{escape(figure.alt)}">'
    return f"<figure>{image}{_caption(figure.caption)}</figure>\n"


def _caption(caption: str) -> str:
    return f"<figcaption>{inline_html(caption)}</figcaption>" if caption else ""


def _percent(figure: Figure) -> int:
    return round(100 * figure.width)


def _sizes(blocks: Sequence[Block]) -> str:
    """The rules for the sizes that occur; as attributes the security policy would not admit them."""
    widths = sorted({_percent(block) for block in blocks if isinstance(block, Figure)})
    heights = sorted({block.height_mm for block in blocks if isinstance(block, AnswerSpace)})
    rules = [f".width-{width} {{ width: {width}%; }}" for width in widths]
    rules += [f".height-{height} {{ min-height: {height}mm; }}" for height in heights]
    return "".join(f"{rule}\n" for rule in rules)


def _policy(style: str, scripts: Sequence[str]) -> str:
    allowed = " ".join(map(_digest, scripts))
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_digest(style)}; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _resource(path: str) -> str:
    return _file(path).read_text(encoding="utf-8")


@cache
def _katex_style() -> str:
    """The style sheet of KaTeX with its fonts inside."""
    return _FONT.sub(lambda match: _font(match.group(1)), _resource("vendor/katex/katex.min.css"))


def _font(path: str) -> str:
    data = base64.b64encode(_file(f"vendor/katex/{path}").read_bytes()).decode()
    return f'url(data:font/woff2;base64,{data}) format("woff2")'


def _file(path: str) -> Traversable:
    return files("gradus.documents").joinpath(path)
