"""Steps as blocks."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from gradus.documents.blocks import Document, Math, Text
from gradus.documents.html import html
from gradus.documents.notebook import notebook
from gradus.documents.steps import step_blocks
from gradus.documents.terminal import print_blocks
from gradus.errors import LatexError
from gradus.exact.steps import Check, Step

LONG = " + ".join(f"x_{{{n}}}" for n in range(12))


def test_steps_are_numbered_when_there_are_several() -> None:
    blocks = step_blocks([Step("First", "Because."), Step("Is it so?", "Yes."), Step("Third.", "")])
    assert blocks == (Text("**1. First.** Because."), Text("**2. Is it so?** Yes."), Text("**3. Third.**"))
    assert step_blocks([Step("Only", "Because.")]) == (Text("**Only.** Because."),)
    assert step_blocks([]) == ()


def test_short_formulas_stand_on_one_line_and_long_ones_below_each_other() -> None:
    assert step_blocks([Step("a", "b", "x", "y")])[1:] == (Math("x \\quad\\longrightarrow\\quad y"),)
    assert step_blocks([Step("a", "b", LONG, "y")])[1:] == (Math(LONG), Text("becomes"), Math("y"))
    two_lines = "\\begin{aligned} a \\\\ b \\end{aligned}"
    assert step_blocks([Step("a", "b", two_lines, "y")])[1:] == (Math(two_lines), Text("becomes"), Math("y"))


@pytest.mark.parametrize(("before", "after"), [("x", ""), ("", "x")])
def test_one_formula_stands_alone(before: str, after: str) -> None:
    assert step_blocks([Step("a", "b", before, after)])[1:] == (Math("x"),)


def test_a_check_that_fails_says_so() -> None:
    good, bad = Check("$1 = 1$", True), Check("$1 = 2$", False)
    assert step_blocks([Step("a", "b", checks=(good,))])[1:] == (Text("*Check:* $1 = 1$ ✓"),)
    assert step_blocks([Step("a", "b", checks=(bad,))])[1:] == (Text("*Check:* $1 = 2$ ✗ **fails**"),)
    assert step_blocks([Step("a", "b", checks=(good, bad))])[1:] == (
        Text("- *Check:* $1 = 1$ ✓\n- *Check:* $1 = 2$ ✗ **fails**"),
    )


def test_a_formula_outside_the_subset_is_an_error() -> None:
    with pytest.raises(LatexError, match="nosuchmacro"):
        step_blocks([Step("a", "b", "\\nosuchmacro", "y")])


def test_steps_read_well_in_every_writer() -> None:
    step = Step("$A$ has rank $1$", "Since $a < b$.", "a", "b", (Check("$A A^+ A = A$", True),))
    blocks = step_blocks([step, step])
    page = html(Document("t", blocks))
    assert '<strong>1. <span class="math inline">A</span> has rank <span class="nobreak">' in page
    assert page.count('<em>Check:</em> <span class="math inline">A A^+ A = A</span> ✓') == 2
    assert "**2. $A$ has rank $1$.** Since $a \\lt b$." in notebook(Document("t", blocks), "pip").cells[-1].source
    out = io.StringIO()
    print_blocks(blocks, Console(file=out, width=70))
    assert out.getvalue().startswith("1. A has rank 1. Since a < b.\n\n    a   ⟶   b\n\nCheck: AA⁺A = A ✓\n\n2. A has")
