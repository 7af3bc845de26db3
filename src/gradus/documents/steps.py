"""The steps of a worked solution as blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gradus.documents.blocks import Block, Math, Text
from gradus.documents.latex_unicode import display_width
from gradus.exact.steps import Check, Step

_ONE_LINE: Final = 56
_HOLDS, _FAILS = "✓", "✗"


def step_blocks(steps: Sequence[Step]) -> tuple[Block, ...]:
    """The steps as a numbered derivation.

    Each step is a paragraph (number, claim in bold, reason), its formulas on display, and a line for each self-check
    with a tick, or with a cross and the word "fails".  Short formulas before and after stand on one line with an
    arrow between them.  A single step has no number.

    Raises:
        LatexError: a formula is not in the subset of :mod:`gradus.documents.latex`.

    >>> step_blocks([Step("Scale", "Divide by 5.", "(3, 4)", "(3, 4)/5")])
    (Text(markdown='**Scale.** Divide by 5.'), Math(latex='(3, 4) \\\\quad\\\\longrightarrow\\\\quad (3, 4)/5'))
    """
    numbered = len(steps) > 1
    return tuple(
        block for number, step in enumerate(steps, 1) for block in _step(step, f"{number}. " if numbered else "")
    )


def _step(step: Step, number: str) -> list[Block]:
    claim = step.claim.strip()
    stop = "" if claim[-1:] in (".", "?", "!", ":") else "."
    lead = f"**{number}{claim}{stop}**" if claim else f"**{number.strip()}**"
    blocks: list[Block] = [Text(f"{lead} {step.reason.strip()}".strip()), *_formulas(step.before, step.after)]
    if step.checks:
        blocks.append(Text(_checks(step.checks)))
    return blocks


def _formulas(before: str, after: str) -> list[Block]:
    present = [latex for latex in (before.strip(), after.strip()) if latex]
    if len(present) < 2 or _fits_one_line(*present):
        return [Math(" \\quad\\longrightarrow\\quad ".join(present))] if present else []
    return [Math(present[0]), Text("becomes"), Math(present[1])]


def _fits_one_line(before: str, after: str) -> bool:
    aligned = any("\\\\" in latex and "matrix" not in latex for latex in (before, after))
    return not aligned and display_width(before) + display_width(after) <= _ONE_LINE


def _checks(checks: Sequence[Check]) -> str:
    lines = [f"*Check:* {check.statement.strip()} {_mark(check)}" for check in checks]
    return lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines)


def _mark(check: Check) -> str:
    return _HOLDS if check.holds else f"{_FAILS} **fails**"
