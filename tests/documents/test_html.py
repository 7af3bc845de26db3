"""The HTML writer: complete, self-contained, inert, and readable in a real browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import pytest

from gradus.documents.blocks import Document, Math, PageAnchor, Text
from gradus.documents.html import html


class Elements(HTMLParser):
    """All elements of a page, with the text of scripts, styles and formulas."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.texts.append((self.found[-1][0] if self.found else "", data))

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.found if name == tag]

    def text_of(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag and text.strip()]


def test_every_block_is_on_the_page(page: Document) -> None:
    written = html(page)
    assert "<h1>Homework 5</h1>" in written and "Ada L., Emmy N." in written and "Machine learning" in written
    assert '<h2 id="part-3">Part 3</h2>' in written
    assert '<span class="math inline">a^2 &lt; b</span>' in written
    assert '<div class="math display">x_{1} + x_{2}' in written
    assert '<span class="math display">\\frac{1}{2}</span>' in written
    assert '<th scope="col">value <span class="math inline">v</span></th>' in written and "<td>b | c</td>" in written
    assert "<figcaption>Two <em>rows</em></figcaption>" in written
    assert 'class="width-40"' in written and ".width-40 { width: 40%; }" in written
    assert 'alt="A single neuron"' in written
    assert "print(&#x27;out&#x27;" in written and '<pre class="output"><samp>output put' in written
    assert "for the notebook" not in written
    assert 'class="answer-space height-25"' in written and ".height-25 { min-height: 25mm; }" in written
    assert '<th class="align-right">right</th>' in written


def test_an_anchor_stands_where_an_answer_starts_and_not_where_it_ends() -> None:
    written = html(Document("t", (PageAnchor("1.3", "first"), Text("x"), PageAnchor("1.3", "last"))))
    assert written.count('id="answer-1.3"') == 1


def test_ids_are_unique_and_the_contents_lead_to_headings() -> None:
    twice = Document("t", (PageAnchor("a", "first"), *(Text("## Same\n\n### Answer a\n\n#### Content"),) * 3))
    elements = Elements(html(twice))
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [attributes["href"].removeprefix("#") for attributes in elements.named("a")]
    assert len(targets) == 1 + 6 and set(targets) <= set(ids)


def test_nothing_is_loaded_from_elsewhere(page: Document, hostile: Document) -> None:
    for document in (page, hostile):
        written = html(document)
        for tag, attributes in Elements(written).found:
            for name, value in attributes.items():
                if name in ("src", "href", "srcset", "data", "poster", "action", "background") and tag != "a":
                    assert value.startswith("data:image/"), (tag, name, value[:60])
        assert not Elements(written).named("link") and "@import" not in written
        assert set(re.findall(r"url\((data:[\w/+-]+|[^)]{0,30})", written)) == {"data:font/woff2"}
    assert written.count("url(data:font/woff2") == len(
        list(files("gradus.documents").joinpath("vendor/katex/fonts").iterdir())
    )


def test_the_security_policy_admits_the_page_s_own_parts_only(page: Document) -> None:
    elements = Elements(html(page))
    policy = next(meta["content"] for meta in elements.named("meta") if "http-equiv" in meta)

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    scripts, (style,) = elements.text_of("script"), elements.text_of("style")
    wanted = " ".join(f"'sha256-{digest(script)}'" for script in scripts)
    assert len(scripts) == 2
    assert policy.startswith(f"default-src 'none'; script-src {wanted}; style-src 'sha256-{digest(style)}'; ")
    assert "unsafe" not in policy
    assert not any("style" in attributes for _, attributes in elements.found)


def test_hostile_text_stays_text(hostile: Document) -> None:
    elements = Elements(html(hostile))
    allowed = {"html", "head", "meta", "title", "style", "script", "body", "a", "div", "header", "p", "h1", "h2", "nav"}
    allowed |= {"details", "summary", "ul", "li", "main", "section", "span", "code", "pre", "samp", "figure", "img"}
    allowed |= {"figcaption", "table", "thead", "tbody", "tr", "th", "td"}
    assert {tag for tag, _ in elements.found} <= allowed
    assert len(elements.named("script")) == 2
    assert all(image["src"].startswith("data:image/svg+xml;base64,") for image in elements.named("img"))
    for _, attributes in elements.found:
        assert not [name for name in attributes if name.startswith("on")]
        assert "script:" not in attributes.get("href", "").lower()


def test_without_scripts_the_formulas_are_read_as_latex(page: Document) -> None:
    texts = [text for _, text in Elements(html(page)).texts]
    assert "a^2 < b" in texts and "\\frac{1}{2}" in texts


def test_no_line_breaks_between_a_formula_and_its_comma(probe: Callable[..., Any]) -> None:
    text = " ".join(f"{'aaaa'[: 1 + k % 4]} $x_{{{k}}} = {k}$, " for k in range(150))
    assert (
        html(Document("t", (Text("$a$."),))).count('<span class="nobreak"><span class="math inline">a</span>.</span>')
        == 1
    )
    script = """(page, window) => [...page.querySelectorAll(".math")].map((formula) => {
      const range = page.createRange();
      range.setStart(formula.nextSibling, 0);
      range.setEnd(formula.nextSibling, 1);
      const last = [...formula.querySelectorAll(".katex-html > *")].at(-1);
      return [range.toString(), range.getBoundingClientRect().left >= last.getBoundingClientRect().left];
    })"""
    assert probe(html(Document("t", (Text(text),))), 390, script) == [[",", True]] * 150


def test_equal_documents_give_equal_pages(page: Document) -> None:
    assert html(page) == html(Document(page.title, tuple(page.blocks), page.course, page.members))


def test_katex_shows_every_macro_of_the_subset(formulas: dict[str, str]) -> None:
    if (node := shutil.which("node")) is None:
        pytest.skip("no node on this machine: the macros are not tried in KaTeX")
    script = """
        const katex = require(process.argv[1]), failed = {};
        for (const [name, latex] of Object.entries(JSON.parse(require("fs").readFileSync(0)))) {
          try { katex.renderToString(latex, {displayMode: true, throwOnError: true, strict: "error"}); }
          catch (error) { failed[name] = error.message; }
        }
        console.log(JSON.stringify(failed));"""
    library = str(files("gradus.documents").joinpath("vendor/katex/katex.min.js"))
    tried = formulas | {"a macro that KaTeX does not know": "\\nosuchmacro"}
    done = subprocess.run(
        [node, "-e", script, library], input=json.dumps(tried), capture_output=True, text=True, check=True
    )
    assert list(json.loads(done.stdout)) == ["a macro that KaTeX does not know"]


LOOK = """(page, window) => ({
  errors: page.documentElement.dataset.formulaErrors,
  box: page.getElementById("formula-errors").hidden,
  list: page.querySelector("#formula-errors ul").textContent,
  typeset: page.querySelectorAll(".math .katex-html").length,
  source: page.querySelector(".math.failed")?.textContent,
  width: page.documentElement.scrollWidth,
  contents: page.querySelector("nav details")?.open,
  wide: page.querySelectorAll(".math.wide").length,
  font: [...page.fonts].some((font) => font.family.includes("KaTeX_Main") && font.status === "loaded"),
  paper: window.getComputedStyle(page.body).backgroundColor,
  picture: page.querySelector("img")?.naturalWidth,
})"""


@pytest.mark.parametrize(("width", "dark"), [(390, False), (1280, True)])
def test_a_browser_shows_the_page(page: Document, probe: Callable[..., Any], width: int, dark: bool) -> None:
    seen = probe(html(page), width, LOOK, dark)
    assert seen["errors"] == "0" and seen["box"] is True
    assert seen["typeset"] == html(page).count('class="math ')
    assert seen["width"] == width, "the page itself must not scroll sideways"
    assert seen["contents"] is (width > 1000)
    assert seen["wide"] == 1
    assert seen["font"] is True and seen["picture"] == 80
    assert seen["paper"] == ("rgb(23, 25, 29)" if dark else "rgb(255, 254, 251)")


def test_a_browser_says_which_formulas_it_cannot_show(probe: Callable[..., Any]) -> None:
    document = Document("t", (Math("\\nosuchmacro <b>"), Math("x"), Math("\\href{javascript:alert(1)}{y}")))
    seen = probe(html(document), 800, LOOK)
    assert seen["errors"] == "1" and seen["box"] is False
    assert "\\nosuchmacro" in seen["list"] and seen["source"] == "\\nosuchmacro <b>"
