"""The terminal writer and formulas in Unicode."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from gradus.documents.blocks import Block, Code, Document, Text
from gradus.documents.latex_unicode import display_lines, inline_text
from gradus.documents.terminal import print_blocks
from gradus.errors import LatexError

MATRIX = r"\begin{bmatrix} 1 & -2 \\ 10 & 4 \end{bmatrix}"


def printed(*blocks: Block, width: int = 80) -> str:
    out = io.StringIO()
    print_blocks(blocks, Console(file=out, width=width))
    return out.getvalue()


def drawn(latex: str, width: int = 80) -> str:
    return "\n" + "\n".join(display_lines(latex, width))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_every_block_is_printed_within_the_width(page: Document, width: int) -> None:
    text = printed(*page.blocks, width=width)
    assert max(map(cell_len, text.splitlines())) <= width
    for wanted in ("Part 3", "An old rule: a² < b, code, a link (https://example.org).", "• one", "  quoted",
                   "The norm ‖x‖", "x₁ + x₂", "value v", "b | c", "Two rows", "A single neuron", "The neuron n",
                   "print('out'", "output put", "Answer to 3.8", "left  ", "2. second", "x = 1"):  # fmt: skip
        assert wanted in text, wanted
    assert "for the notebook" not in text


def test_nothing_but_text_goes_into_a_pipe(page: Document) -> None:
    assert "\x1b" not in printed(*page.blocks)


def test_without_colour_a_terminal_gets_none(page: Document) -> None:
    out = io.StringIO()
    print_blocks(page.blocks, Console(file=out, width=80, force_terminal=True, no_color=True, color_system="truecolor"))
    assert "\x1b[3" not in out.getvalue().replace("\x1b[3m", ""), "a colour code; italics are no colour"


def test_text_cannot_command_the_terminal() -> None:
    text = printed(Text("a \x1b]0;title\x07 b `\x9b2J` \u202e c [bold]d[/bold]"), Code("\x1b[2J", "\x1b[31m"))
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)
    assert "␛]0;title␇" in text and "[bold]d[/bold]" in text and "␛[2J" in text


def test_hostile_blocks_are_printed_or_refused(hostile: Document) -> None:
    for block in hostile.blocks:
        try:
            assert "\x1b" not in printed(block)
        except LatexError as error:
            assert "formula = " in str(error)


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (MATRIX, "[1 −2; 10 4]"),
        (r"\frac{a}{b} + \frac{1}{2x}", "a/b + 1/(2x)"),
        (r"\frac{a + b}{c} - \frac{2x}{3}", "(a + b)/c − 2x/3"),
        (r"\frac{\partial y}{\partial \mathbf{w}} = \frac{\partial f}{\partial a b}", "∂y/∂𝐰 = ∂f/(∂ab)"),
        (rf"A {MATRIX} {MATRIX} x", "A [1 −2; 10 4] [1 −2; 10 4] x"),
        (r"A^+ = V \Sigma^+ U^\top", "A⁺ = VΣ⁺Uᵀ"),
        (r"x_{t+1}^2, x_{\alpha}, e^{-x/2}, y^{(k)}, f''", "xₜ₊₁², x_α, e^(−x/2), y⁽ᵏ⁾, f″"),
        (r"5\sqrt{2} + \sqrt{a + b} + \sqrt[3]{x}", "5√2 + √(a + b) + ³√x"),
        (r"-1 + (-2) = -3, a = -b", "−1 + (−2) = −3, a = −b"),
        (r"\max_{i} x_i \le \sin 2\theta", "maxᵢ xᵢ ≤ sin 2θ"),
        (r"f(x) = \begin{cases} x & \text{if } x > 0 \\ 0 & \text{else} \end{cases}", "f(x) = {x, if x > 0; 0, else"),
        (r"\mathbb{R}^n \ni \mathbf{x}, \hat y, A^{\mathsf T}, \overline{ab}", "ℝⁿ ∋ 𝐱, y\u0302, Aᵀ, a\u0305b\u0305"),
        (
            r"\underbrace{a + b}_{\text{two}}, \boxed{x}, \overset{!}{=}, \binom nk",
            "a + b [two], [x], =^!, (n choose k)",
        ),
    ],
)
def test_formulas_on_one_line(latex: str, text: str) -> None:
    assert inline_text(latex) == text


@pytest.mark.parametrize(
    ("latex", "picture"),
    [
        (rf"A = {MATRIX}", """
A = ⎡ 1  −2⎤
    ⎣10   4⎦"""),
        (r"\frac{a + b}{2} = x", """
a + b
───── = x
  2"""),
        (r"\left( \frac{a}{b} \right)^2", """
⎛a⎞²
⎜─⎟
⎝b⎠"""),
        (r"\sqrt{\frac{a}{b}}", """
 ┌──
 │ a
 │ ─
╲│ b"""),
        (r"\sum_{i=1}^{n} x_i^{1/2}", """
  n     1/2
  ∑   xᵢ
i = 1"""),
        (r"\begin{aligned} a &= b + c \\ &= -d \end{aligned}", """
a = b + c
  = −d"""),
        (r"\left[ \begin{array}{c|c} a & b \\ \hline c & d \end{array} \right]", """
⎡a │ b⎤
⎢─────⎥
⎣c │ d⎦"""),
        (r"\underbrace{a + b}_{\text{two}}", """
a + b
╰─┬─╯
 two"""),
        (r"x_{1,2}^{a/b}", """
 a/b
x
 1,2"""),
    ],
)  # fmt: skip
def test_formulas_laid_out(latex: str, picture: str) -> None:
    assert drawn(latex) == picture


def test_a_wide_formula_is_broken_before_its_signs() -> None:
    sum_ = " + ".join(f"x_{{{n}}}" for n in range(1, 10))
    assert drawn(f"y = {sum_}", 30) == "\ny = x₁ + x₂ + x₃ + x₄ + x₅\n    + x₆ + x₇ + x₈ + x₉"
    row = "&".join(["1000"] * 20)
    lines = display_lines(rf"A = \begin{{bmatrix}}{row}\end{{bmatrix}}", 40)
    assert max(map(cell_len, lines)) <= 40 and "".join(lines).count("1000") == 20


def test_every_macro_of_the_subset_has_a_form(formulas: dict[str, str]) -> None:
    for name, latex in formulas.items():
        for nested in (
            latex,
            rf"\frac{{{latex}}}{{2}}" if "*}" not in latex else latex,
            rf"\sqrt{{{latex}}}^{{{latex}}}",
        ):
            flat = inline_text(nested)
            assert "\\" not in flat.replace("\\", "", name.count("backslash") * 9), (name, flat)
            assert "\n" not in flat
            assert display_lines(nested, 60)


def test_the_lines_of_a_box_are_equally_wide(formulas: dict[str, str]) -> None:
    from gradus.documents import latex, latex_unicode

    for source in formulas.values():
        box = latex_unicode._box(latex.parse(rf"a {source} \frac{{1}}{{2}}"), latex_unicode._Mode(flat=False))
        assert len({cell_len(line) for line in box.lines}) == 1, source
        assert 0 <= box.baseline < box.height
