"""The PDF: every formula and text arrives whole, inside the page, on the page that pages.json says."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections import Counter

import numpy as np
import pypdf
import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gradus.documents.blocks import AnswerSpace, Block, Code, Document, Figure, Math, PageAnchor, Table, Text
from gradus.documents.latex_macros import MACROS
from gradus.documents.pdf import pages_json, pdf
from gradus.documents.typst import typst_source
from gradus.errors import InputError, LatexError, WorkFailed

A4_MM = (210, 297)
MARGIN_MM = 26
DOTS_PER_MM = 3

# Formulas as a course writes them, each with its letters and digits in any order (capitals and Greek included).
CORPUS = [
    (r"A x = b", "Axb"),
    (r"3x + 4y = 2", "3x4y2"),
    (r"\operatorname{rank}(A) = 1", "rankA1"),
    (r"A = U \Sigma V^\top", "AUΣV"),
    (r"A^+ = V \Sigma^+ U^\top", "AVΣU"),
    (r"A^{\mathsf T} A \hat x = A^{\mathsf T} b", "ATAxATb"),
    (r"U = \frac{1}{\sqrt{2}} \begin{bmatrix} 1 & -1 \\ 1 & 1 \end{bmatrix}", "U121111"),
    (r"\Sigma = \begin{pmatrix} 5\sqrt{2} & 0 \\ 0 & 0 \end{pmatrix}", "Σ52000"),
    (r"A^+ = \frac{1}{50} \begin{bmatrix} 3 & 3 \\ 4 & 4 \end{bmatrix}", "A1503344"),
    (r"x^\ast = \left( \tfrac{3}{10}, \tfrac{4}{10} \right)", "x310410"),
    (r"S = \{ x^* + k n \mid k \in \mathbb{R} \}", "SxknkR"),
    (r"\lVert A x - b \rVert_2^2 \to \min_x", "Axb22minx"),
    (r"\|x\| = \sqrt{x_1^2 + \dots + x_n^2}", "xx12xn2"),
    (r"\langle u, v \rangle = u^\top v = \sum_{i=1}^{n} u_i v_i", "uvuvi1nuivi"),
    (r"\det(A - \lambda I) = 0", "detAλI0"),
    (r"\begin{vmatrix} a & b \\ c & d \end{vmatrix} = ad - bc", "abcdadbc"),
    (r"\ker A \perp \operatorname{im} A^\top", "kerAimA"),
    (r"\dim \ker A = n - \operatorname{rank} A", "dimkerAnrankA"),
    (r"A v_i = \sigma_i u_i, \quad i = 1, \ldots, r", "Aviσiuii1r"),
    (r"\left[\begin{array}{cc|c} 3 & 4 & 2 \\ 3 & 4 & 3 \end{array}\right]", "342343"),
    (r"\begin{array}{r|l} 1 & 23 \\ \hline 45 & 6 \end{array}", "123456"),
    (r"\lambda_{1,2} = \frac{a + d \pm \sqrt{(a - d)^2 + 4bc}}{2}", "λ12adad24bc2"),
    (r"P = A (A^\top A)^{-1} A^\top", "PAAA1A"),
    (r"\mathcal{N}(A) \oplus \mathcal{R}(A^\top) = \mathbb{R}^n", "NARARn"),
    (r"z_1 = 1 \cdot 0 - 2 \cdot 3 + 0 = -6", "z1102306"),
    (r"h = \max(0, z)", "hmax0z"),
    (r"y = \phi(w^\top x + b)", "yϕwxb"),
    (r"H(z) = \begin{cases} 1 & \text{if } z > 0, \\ 0 & \text{otherwise} \end{cases}", "Hz1ifz00otherwise"),
    (r"\frac{\partial y}{\partial w_i} = H(z)\, x_i", "ywiHzxi"),
    (r"\nabla_w L(w)", "wLw"),
    (r"\delta^{(l)} = \left( W^{(l+1)} \right)^\top \delta^{(l+1)} \odot \phi'(z^{(l)})", "δlWl1δl1ϕzl"),
    (r"\frac{\mathrm{d} L}{\mathrm{d} t} = 0", "dLdt0"),
    (r"\sigma(z) = \frac{1}{1 + e^{-z}}", "σz11ez"),
    (r"p_c = \frac{\exp(z_c)}{\sum_{k=1}^{C} \exp(z_k)}", "pcexpzck1Cexpzk"),
    (r"\operatorname{diag}(p) - p p^\top", "diagppp"),
    (r"L(\theta) = -\frac{1}{N} \sum_{n=1}^N \log p_\theta(y_n \mid x_n)", "Lθ1Nn1Nlogpθynxn"),
    (r"\hat\theta = \operatorname*{arg\,min}_\theta L(\theta) + \lambda \lVert \theta \rVert_2^2", "θargminθLθλθ22"),
    (r"v_{t+1} = \mu v_t - \alpha g_t", "vt1μvtαgt"),
    (r"w_{t+1} \gets w_t + v_{t+1}", "wt1wtvt1"),
    (r"\alpha_t = \frac{\alpha_0}{1 + \text{decay} \cdot t}", "αtα01decayt"),
    (r"0 < \alpha\lambda < 2(1 + \mu)", "0αλ21μ"),
    (r"m_t = \beta_1 m_{t-1} + (1 - \beta_1) g_t", "mtβ1mt11β1gt"),
    (r"\varepsilon = 10^{-7}", "ε107"),
    (
        r"w \leftarrow w - \alpha \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t} \cdot \frac{m}{\sqrt{v} + \varepsilon}",
        "wwα1β2t1β1tmvε",
    ),
    (r"\mathbb{E}[X] = \mu, \quad \operatorname{Var}(X) = \sigma^2", "EXμVarXσ2"),
    (r"X \sim \mathcal{N}(0, 1)", "XN01"),
    (r"\binom{n}{k} = \frac{n!}{k!\,(n-k)!}", "nknknk"),
    (r"\hat p \pm 1.96 \sqrt{\frac{\hat p (1 - \hat p)}{n}}", "p196p1pn"),
    (r"\lim_{n \to \infty} \mu^n a = 0", "limnμna0"),
    (r"\int_0^1 x^2 \, \mathrm{d}x = \frac{1}{3}", "01x2dx13"),
    (r"f: \mathbb{R}^n \to \mathbb{R}, \; x \mapsto \tfrac12 x^\top Q x", "fRnRx12xQx"),
    (r"\sqrt[3]{2} \notin \mathbb{Q}", "32Q"),
    (r"\underbrace{1 + \dots + 1}_{n \text{ times}} = n", "11ntimesn"),
    (r"\overline{z} \overset{!}{=} z", "zz"),
    (r"\sum_{\substack{i < j \\ i, j \le n}} a_{ij}", "ijijnaij"),
    (r"a \equiv b \pmod{m}", "abmodm"),
    (r"\forall \varepsilon > 0 \; \exists \delta > 0", "ε0δ0"),
    (r"A \subseteq B \iff A \cap B = A \setminus \emptyset", "ABABA"),
    (r"\boxed{x = 4}", "x4"),
    (r"\mathbf{x}, \boldsymbol{\theta}, \mathtt{relu}, \mathit{ab}", "xθreluab"),
    (r"\begin{aligned} h_1 &= \max(-6, 0) = 0, \\ h_2 &= \max(3, 0) = 3. \end{aligned}", "h1max600h2max303"),
    (r"\begin{align*} a &= b, & c &= d \\ e &= f, & g &= h \end{align*}", "abcdefgh"),
    (r"\left( \begin{aligned} u &= 1 \\ v &= 2 \end{aligned} \middle| w \right)", "u1v2w"),
    (r"32 \times 32 \times 3 = 3072, \; 1{,}250{,}858", "3232330721250858"),
    (r"\bigl| \tfrac{a}{b} \bigr| \not\le c", "abc"),
]


def texts(made: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(made)).pages]


def compact(text: str) -> str:
    """Without blanks, and with the letters of mathematics as plain ones."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def written(*blocks: Block, title: str = "Title") -> str:
    return compact("".join(texts(pdf(Document(title, blocks)).bytes)))


def ink(document: Document) -> list[np.ndarray]:
    """Of every page where it is not white."""
    source = typst_source(document).encode()
    made = typst.compile(source, format="png", ppi=DOTS_PER_MM * 25.4, ignore_system_fonts=True)
    pages = made if isinstance(made, list) else [made]
    return [np.asarray(Image.open(io.BytesIO(page)).convert("L")) < 200 for page in pages]


def is_inside(document: Document) -> bool:
    """Whether no page has ink in its left and right margins; half a millimetre is for what overhangs by design."""
    edge = round((MARGIN_MM - 0.7) * DOTS_PER_MM)
    return not any(page[:, :edge].any() or page[:, -edge:].any() for page in ink(document))


def wide_matrix(columns: int) -> str:
    row = " & ".join(rf"\frac{{{n}}}{{7}}" for n in range(1000, 1000 + columns))
    return rf"\begin{{bmatrix}} {row} \\ {row} \end{{bmatrix}}"


def svg(width: int, height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<rect width="{width}" height="{height}" fill="#135"/></svg>'
    )


def test_every_macro_is_drawn_and_reads_as_its_character(formulas: dict[str, str]) -> None:
    blocks = tuple(
        block for latex in formulas.values() for block in (Text("@@"), Math(latex), Text(f"in line ${latex}$."))
    )
    drawn = written(*blocks).split("@@")[1:]
    assert len(drawn) == len(formulas)
    shown = ("ordinary", "relation", "large", "function")
    unread = []
    for name, text in zip(formulas, drawn, strict=True):
        macro = MACROS.get(name)
        if macro is None or name in ("\\overline", "\\underline"):
            continue
        if macro.role == "accent":
            assert unicodedata.normalize("NFKD", text).count(macro.unicode) == 2, name
        elif macro.role in shown and text.count(compact(macro.unicode)) < 2:
            unread.append(name)
    # The fonts have one glyph for the dotless letter and its accented forms, and call it by the dotted letter's name.
    assert unread == ["\\imath", "\\jmath"]


def test_formulas_of_a_course_arrive_letter_by_letter() -> None:
    blocks = tuple(block for latex, _ in CORPUS for block in (Text("@@"), Math(latex)))
    drawn = written(*blocks).split("@@")[1:]
    # Page numbers and running heads stand between the formulas.
    for (latex, letters), text in zip(CORPUS, drawn, strict=True):
        body = re.sub(r"\d+/\d+(Title)?$", "", text)
        found = Counter(character for character in body if character.isalnum())
        assert found == Counter(unicodedata.normalize("NFKC", letters)), latex


@pytest.mark.parametrize(("character", "code"), [("😀", "U+1F600 GRINNING FACE"), ("漢", "U+6F22"), ("\x07", "U+0007")])
@pytest.mark.parametrize("place", ["text", "title", "cell", "code", "formula"])
def test_a_character_that_no_font_has_is_named(character: str, code: str, place: str) -> None:
    block: Block = Text("x")
    match place:
        case "text":
            block = Text(f"before {character} after")
        case "cell":
            block = Table(("head",), ((f"before {character} after",),))
        case "code":
            block = Code(f"# before {character} after")
        case "formula":
            block = Math(rf"\text{{before {character} after}}")
    title = f"before {character} after" if place == "title" else "Title"
    with pytest.raises(InputError) as caught:
        pdf(Document(title, (block,)))
    assert code in caught.value.rule
    assert f"before {character} after" in str(caught.value.value)


def test_a_broken_picture_is_a_failure_with_its_message() -> None:
    with pytest.raises(WorkFailed, match="SVG"):
        pdf(Document("Title", (Figure("<svg", "nothing"),)))


def test_a_formula_outside_the_subset_is_refused() -> None:
    for block in (Math(r"\foo"), Text(r"a $\foo$"), Table(("a",), ((r"$\foo$",),)), Figure(svg(9, 9), "a", r"$\foo$")):
        with pytest.raises(LatexError, match=r"unknown macro \\foo at column 1"):
            pdf(Document("Title", (block,)))


ANY_TEXT = st.text(max_size=60) | st.text("#$*_@<>\\`\"'[]{}()|&;~-+=.!:/%^\n\t 1aé", max_size=60)


@settings(max_examples=120, deadline=None)
@given(ANY_TEXT, ANY_TEXT)
def test_any_text_is_set_or_refused_by_name(first: str, second: str) -> None:
    blocks = (
        Text(first),
        Table(("h",), ((second,),), first),
        Code(first, second),
        Figure(svg(2, 1), "alt" + first, second),
    )
    try:
        made = pdf(Document(second, blocks, first, (second, first)))
    except InputError:
        return
    assert made.bytes.startswith(b"%PDF")


PRINTED = "abcxyzäßçñøĄŽабвгдαβγω0123456789#$*_@<>\\`[]{}()|&;~-+=.!:/%^?,€§¶†ﬁ—"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(PRINTED, min_size=1, max_size=60), min_size=1, max_size=8))
def test_letters_come_out_as_they_went_in(words: list[str]) -> None:
    text = " ".join(words)
    escaped = re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
    blocks = (Text(f"A {escaped}"), Text(f"- B {escaped} Z"), Table(("C",), ((f"D {escaped}",),)), Code(text, ""))
    drawn = written(*blocks, title=f"E {text}").replace("↪", "")
    plain = compact(text)
    for expected in (f"A{plain}", f"B{plain}Z", f"D{plain}", f"E{plain}"):
        assert expected in drawn
    assert drawn.count(plain) >= 5


def test_wide_formulas_are_scaled_into_the_column() -> None:
    wide = wide_matrix(40)
    sum_ = " + ".join(f"x_{{{n}}}" for n in range(80))
    blocks = (
        Math(wide), Text(f"In line ${wide}$ and $a + {wide} + b$, ${sum_}$, $\\left({sum_}\\right)$."),
        Text(f"- in a list\n  - deeper ${wide}$\n\n    $${wide}$$\n\n> quoted ${wide}$"),
        PageAnchor("1", "first"), Math(wide), Text(f"In the answer: ${wide}$"), PageAnchor("1", "last"),
        Table(("a", "b"), ((f"${wide}$", "words " * 30),)),
    )  # fmt: skip
    assert is_inside(Document("Title", blocks))


def test_long_tokens_and_lines_of_code_break() -> None:
    token = "abcdefghij" * 40
    blocks = (
        Text(f"{token} `{token}` **{token}** [{token}](https://example.org/{token})"),
        Text(f"- {token}\n\n> {token}\n\n```\n{token}\n```"),
        Code(f"x = '{token}'", token), Table((token, "b"), ((token, token),), token),
        PageAnchor("1", "first"), Code(f"x = '{token}'", token), Text(token), PageAnchor("1", "last"),
    )  # fmt: skip
    assert is_inside(Document(f"T {token}", blocks, token, (token,)))
    drawn = written(*blocks).replace("↪", "")
    assert drawn.count(token) >= 10


def test_the_margin_check_sees_what_runs_off() -> None:
    document = Document("Title", (Table(tuple("abcdefghij"), (tuple("abcdefghij"),)),))
    assert is_inside(document)
    source = typst_source
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "typst_source", lambda made: f"{source(made)}\n#box(width: 40cm, fill: red)[x]")
        assert not is_inside(document)


def test_code_goes_on_over_pages_and_loses_no_line() -> None:
    source = "\n".join(f"line_{n:03d} = {n}" for n in range(150))
    output = "\n".join(f"printed {n:03d}" for n in range(150))
    pages = texts(pdf(Document("Title", (Code(source, output),))).bytes)
    assert len(pages) >= 4
    found = re.findall(r"line_(\d{3})|printed (\d{3})", "\n".join(pages))
    assert ["".join(pair) for pair in found] == [f"{n:03d}" for n in range(150)] * 2


def test_code_for_the_notebook_only_stays_out() -> None:
    assert "secret" not in written(Code("secret", "secret", notebook_only=True), Text("x"))


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=5, max_size=14))
def test_pages_are_where_the_answers_stand(lengths: list[tuple[int, int]]) -> None:
    blocks: list[Block] = []
    for n, (before, within) in enumerate(lengths):
        start: Block = (Text(f"### start{n}x"), Text(f"start{n}x"), Math(rf"\text{{start{n}x}}"))[n % 3]
        end: Block = (Text(f"end{n}x"), Code("pass", f"end{n}x"), Table(("h",), ((f"end{n}x",),)))[n % 3]
        blocks += [Text("## Heading\n\n" + "Line.\n\n" * before), PageAnchor(str(n), "first"), start]
        blocks += [Text("Line.\n\n" * within), end, PageAnchor(str(n), "last")]
    made = pdf(Document("Title", tuple(blocks)))
    pages = [compact(text) for text in texts(made.bytes)]
    assert list(made.pages) == [str(n) for n in range(len(lengths))]
    for n in range(len(lengths)):
        first, last = made.pages[str(n)]
        assert f"start{n}x" in pages[first - 1] and f"end{n}x" in pages[last - 1]
    assert [entry["id"] for entry in json.loads(pages_json(made.pages))["problems"]] == list(made.pages)


def test_anchors_must_pair_up() -> None:
    first, last = PageAnchor("1", "first"), PageAnchor("1", "last")
    for blocks in (
        (first,),
        (last,),
        (first, first),
        (last, first),
        (first, PageAnchor("2", "last")),
        (first, last) * 2,
    ):
        with pytest.raises(InputError, match="anchor"):
            pdf(Document("Title", blocks))


FOLLOWERS = {
    "text": Text("follower " + "and more words " * 30), "formula": Math(r"\text{follower} = \frac{1}{2}"),
    "lines": Math(r"\begin{aligned} \text{follower} &= 1 \\ b &= 2 \end{aligned}"),
    "table": Table(("follower", "b"), (("1", "2"), ("3", "4"))), "code": Code("follower = 1", "1\n2"),
    "figure": Figure(svg(300, 100), "A box", "follower"), "scaled": Math(rf"\text{{follower}} {wide_matrix(30)}"),
}  # fmt: skip


@pytest.mark.parametrize("kind", FOLLOWERS)
def test_a_heading_stays_with_what_follows(kind: str) -> None:
    for lines in range(24, 34):
        blocks = (Text("Line.\n\n" * lines), Text("### Heading"), FOLLOWERS[kind])
        pages = texts(pdf(Document("Title", blocks)).bytes)
        assert any("Heading" in page and "follower" in page for page in pages), lines


def test_figures_leave_no_large_blank() -> None:
    for lines in range(0, 32, 2):
        blocks = (Text("Line.\n\n" * lines), Figure(svg(300, 900), "A tower", "Tower", 1.0), Text("Line.\n\n" * 40))
        for page in ink(Document("Title", blocks))[:-1]:
            bottom = page[: round((A4_MM[1] - 20) * DOTS_PER_MM)]
            assert np.flatnonzero(bottom.any(axis=1))[-1] > 0.6 * A4_MM[1] * DOTS_PER_MM, lines


def test_alternative_texts_are_in_the_file() -> None:
    made = pdf(Document("Title", (Figure(svg(9, 9), "Two boxes"), Math(r"\frac{1}{2}")))).bytes
    objects = pypdf.PdfReader(io.BytesIO(made))
    found = {
        str(o["/Alt"])
        for n in range(1, len(objects.xref[0]) + 1)
        if isinstance(o := objects.get_object(n), dict) and "/Alt" in o
    }
    assert {"Two boxes", r"\frac{1}{2}"} <= found


def test_answer_space_is_as_tall_as_asked_and_breaks_over_pages() -> None:
    def boxes(height_mm: int) -> int:
        return sum(
            int(page[:, 30 * DOTS_PER_MM : 180 * DOTS_PER_MM].any())
            for page in ink(Document("T", (AnswerSpace("1", height_mm),)))
        )

    assert boxes(30) == 1 and boxes(700) == 3


REPEATED = Document(
    "Title",
    (Text("# A\n\n$x$ and *y*"), PageAnchor("1", "first"), Figure(svg(3, 2), "A box"), Code("a = 1", "1"),
     Table(("a",), (("1",),)), PageAnchor("1", "last")),
    "Course", ("Ada", "Emmy"),
)  # fmt: skip

PROGRAM = """
import hashlib, sys
sys.path[:0] = {path!r}
from gradus.documents.blocks import *
from gradus.documents.pdf import pdf
print(hashlib.sha256(pdf({document!r}).bytes).hexdigest())
"""


def test_equal_documents_give_equal_bytes_here_and_in_another_process() -> None:
    here = {hashlib.sha256(pdf(REPEATED).bytes).hexdigest() for _ in range(2)}
    program = PROGRAM.format(path=sys.path, document=REPEATED)
    environment = os.environ | {"PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "1234567890"}
    other = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert here == {other.stdout.strip()}
    head = pypdf.PdfReader(io.BytesIO(pdf(REPEATED).bytes)).metadata
    assert head is not None and head["/CreationDate"] == head["/ModDate"] == "D:19700101000000Z"
