"""The strict LaTeX subset: what it reads, what it refuses, and where it says that the fault is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradus.documents.latex import MAX_DEPTH, MAX_LENGTH, parse
from gradus.documents.latex_macros import DELIMITERS, ENVIRONMENTS, MACROS, styled
from gradus.documents.latex_tree import Fenced, Fraction, Grid, Letter, Number, Operator, Scripts, Sequence, Words
from gradus.documents.latex_typst import typst_math
from gradus.errors import LatexError

REFUSED = [
    (r"a + \alhpa", r"unknown macro \alhpa at column 5", r"did you mean \alpha?"),
    (r"\argmax_x f", r"unknown macro \argmax at column 1", r"write \operatorname*{arg\,max}"),
    (r"\trace A", r"unknown macro \trace at column 1", r"\operatorname{trace}"),
    ("x +\n\\color{red}", r"unknown macro \color at line 2, column 1", "no colours"),
    (r"E = 1 \tag{3}", r"unknown macro \tag at column 7", "in the text"),
    ("{a", "brace { is not closed at column 1", "add }"),
    ("a}", "stray } at column 2", "missing {"),
    ("a & b", "stray & at column 3", "aligned"),
    (r"a \\ b", r"stray \\ at column 3", r"\begin{aligned}"),
    ("x^", "^ lacks its argument at column 2", "braces"),
    ("x^a^b", "second ^ on one base at column 4", "braces"),
    ("x_1_2", "second _ on one base at column 4", "braces"),
    ("f^2'", "a prime follows a superscript at column 4", "f'^2"),
    (r"\frac{1}", r"\frac lacks its argument at column 1", "braces"),
    (r"\sqrt\frac12", r"\sqrt is followed by \frac at column 6", "braces"),
    (r"\left( a", r"\left lacks its \right at column 1", r"\right."),
    (r"a \right)", r"stray \right at column 3", r"\left"),
    (r"\left a \right)", r"\left is followed by a at column 7", "fence"),
    (r"\bigl. x", r"\bigl has no fence at column 1", "fence"),
    (r"\begin{pmat} 1 \end{pmat}", "unknown environment pmat at column 8", "did you mean pmatrix?"),
    (r"\begin{align} 1 \end{align}", "unknown environment align at column 8", "aligned"),
    (r"\begin{pmatrix} 1 \end{bmatrix}", r"\end{bmatrix} closes \begin{pmatrix} at column 24", r"\end{pmatrix}"),
    (r"\begin{pmatrix} 1 ", "environment pmatrix is not closed at column 1", r"\end{pmatrix}"),
    (r"\begin{array}{cx} 1 \end{array}", "column x at column 16", "l, c, r"),
    (r"\begin{array}{c} 1 & 2 \end{array}", "environment array with 2 columns at column 1", "at most 1"),
    (r"\begin{cases} 1 & 2 & 3 \end{cases}", "environment cases with 3 columns at column 1", "at most 2"),
    (r"\text{if $x$}", "$ inside text at column 10", "write"),
    (r"\text{a \alpha}", r"\alpha inside text at column 9", "formula"),
    (r"\operatorname{}", r"\operatorname has no name at column 1", "rank"),
    (r"x \limits_a", r"\limits does not follow an operator at column 3", r"\sum"),
    (r"\not x", r"\not before x at column 6", r"\in"),
    (r"50% off", "character % at column 3", r"write \%"),
    ("α + 1", "character α (U+03B1 GREEK SMALL LETTER ALPHA) at column 1", r"write \alpha"),
    ("é", "character é (U+00E9 LATIN SMALL LETTER E WITH ACUTE) at column 1", r"\text{"),
    ("a\\", "a lone backslash at column 2", r"\backslash"),
    (r"\hline", r"stray \hline at column 1", "array"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "rule", "remedy"), REFUSED, ids=[source for source, _, _ in REFUSED])
def test_a_refusal_names_the_place_and_the_remedy(source: str, rule: str, remedy: str) -> None:
    with pytest.raises(LatexError) as caught:
        parse(source)
    assert caught.value.argument == "formula" and caught.value.value == source
    assert caught.value.rule == rule
    assert remedy in caught.value.remedy


def test_trees() -> None:
    x, two = Letter("x"), Number("2")
    assert parse("x_i^2") == parse("x^2_i") == Scripts(x, Letter("i"), two)
    assert parse("x^10") == Sequence((Scripts(x, None, Number("1")), Number("0")))
    assert parse(r"\frac12") == parse(r"\frac{1}{2}") == Fraction(Number("1"), two)
    assert parse("f''^2") == Scripts(Letter("f"), None, two, primes=2)
    assert parse("1.5") == Number("1.5") and parse("{x}") == x
    assert parse(r"\text{ if }") == Words(" if ")
    assert parse(r"\max_x") == Scripts(Operator("max", True), x)
    assert parse(r"\left. x \right|") == Fenced(None, x, DELIMITERS["|"])
    grid = parse(r"\begin{array}{c|c} x & 2 \\[3pt] \hline x \\ \end{array}")
    assert grid == Grid("array", ((x, two), (x, Sequence(()))), "c|c", (1,))


def test_bounds() -> None:
    parse("{" * MAX_DEPTH + "x" + "}" * MAX_DEPTH)
    for opening in (
        "{",
        r"\frac{",
        r"\sqrt{",
        r"\left(",
        r"\begin{matrix}",
        "x^{",
        r"\mathbf",
        r"\displaystyle",
        r"\substack{",
    ):
        with pytest.raises(LatexError, match="nested deeper than 64 at column"):
            parse(opening * (MAX_DEPTH + 1))
    parse("x" * MAX_LENGTH)
    with pytest.raises(LatexError, match="at most 20000 characters, this one has 20001"):
        parse("x" * (MAX_LENGTH + 1))


PIECES = st.sampled_from(
    [*MACROS, *ENVIRONMENTS, "{", "}", "^", "_", "'", "&", "x", "2", " ", "\n", r"\begin{", r"\end{", "é", "$"]
)


@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=40))
def test_any_source_is_a_tree_or_a_latex_error(source: str) -> None:
    try:
        tree = parse(source)
    except LatexError as error:
        place = re.search(r"column (\d+)$", error.rule)
        assert place and 1 <= int(place[1]) <= len(source) + 1
    else:
        assert typst_math(tree) != ""


def test_alphabets() -> None:
    assert "".join(styled(MACROS[r"\mathbb"], c) for c in "RNQ1") == "ℝℕℚ𝟙"
    assert "".join(styled(MACROS[r"\mathcal"], c) for c in "ABL") == "𝒜ℬℒ"
    assert "".join(styled(MACROS[r"\mathfrak"], c) for c in "CgR") == "ℭ𝔤ℜ"
    assert "".join(styled(MACROS[r"\mathit"], c) for c in "xh+") == "𝑥ℎ+"
    assert styled(MACROS[r"\boldsymbol"], "θ") == "𝜽"


def test_nothing_in_typst_form_pairs_divides_or_separates_by_itself() -> None:
    typst = typst_math(
        parse(r"f(a/b, c; d) : [0, 1) \to \{x\} | y | < z > * - + ! ? @ _\# \& \$ \%".replace("_", r"\_"))
    )
    bare = re.sub(r'"[^"]*"|\\_', "", typst)
    assert not set("/;[]{}|<>*-+!?@_#&$%:").intersection(bare)
    assert bare.count("(") == bare.count("class(")
