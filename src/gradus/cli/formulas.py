"""Exact values as formulas: LaTeX, and rounded decimals beside what is not rational."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Context, Decimal
from typing import TYPE_CHECKING

from gradus.cli.matrix_command import Formula
from gradus.exact.linear_algebra.equations import aligned
from gradus.exact.linear_algebra.matrices import entry_limit

if TYPE_CHECKING:
    from gradus.answers.answer import Answer
    from gradus.exact import Matrix, Number, Vector

_SIX_DIGITS = Context(prec=6)
_APPROXIMATELY = r"\approx"


def number_formula(name: str, x: Number) -> Formula:
    """A number, with six digits if it is not rational.

    >>> from gradus.exact import sqrt
    >>> number_formula("x", sqrt(2)).lines
    ('x = \\\\sqrt{2} \\\\approx 1.41421',)
    """
    bare = x.is_rational or _APPROXIMATELY in x.latex
    return Formula(name, x.latex, x.text, "" if bare else rf"{x.latex} \approx {_decimal(x)}")


def vector_formula(name: str, v: Vector) -> Formula:
    """A vector as a column."""
    return _formula(name, v.factored_latex, v.text, tuple(v), _decimals([[x] for x in v]))


def matrix_formula(name: str, A: Matrix) -> Formula:
    """A matrix, a common factor before it."""
    return _formula(name, A.factored_latex, A.text, [x for row in A.rows for x in row], _decimals(A.rows), A.shape[1])


def answer_formula(name: str, answer: Answer, vectors: Sequence[Vector] = ()) -> Formula:
    """An answer, with the decimals of the vectors that it consists of."""
    decimals = r",\; ".join(_decimals([[x] for x in v]) for v in vectors)
    return _formula(name, answer.latex, answer.text, [x for v in vectors for x in v], decimals)


def _formula(name: str, latex: str, text: str, numbers: Sequence[Number], decimals: str, columns: int = 1) -> Formula:
    if all(x.is_rational for x in numbers):
        return Formula(name, latex, text)
    letters, legend = _letters(numbers, columns)
    shown = latex
    for long in sorted(letters, key=len, reverse=True):
        shown = shown.replace(long, letters[long])
    return Formula(name, latex, text, rf"{shown} \approx {decimals}", aligned(legend) if legend else "")


def _letters(numbers: Sequence[Number], columns: int) -> tuple[dict[str, str], list[str]]:
    """A letter for every number that is written as the root of a polynomial, one for x and -x; and their values.

    A table shortens long entries to their first digits; those are replaced by the letter too, unless another entry
    has the same digits.
    """
    limit = entry_limit(columns)
    shortened = Counter(x.latex_within(limit) for x in {*numbers, *(-x for x in numbers)})
    letters: dict[str, str] = {}
    legend: list[str] = []
    for x in numbers:
        if _APPROXIMATELY not in x.latex or x.latex in letters:
            continue
        positive, letter = abs(x), rf"\alpha_{{{len(legend) + 1}}}"
        for value, sign in ((positive, ""), (-positive, "-")):
            forms = [value.latex, *(f for f in [value.latex_within(limit)] if shortened[f] == 1)]
            letters |= dict.fromkeys(forms, sign + letter)
        legend.append(f"{letter} &= {positive.latex}")
    return letters, legend


def _decimals(rows: Sequence[Sequence[Number]]) -> str:
    body = r" \\ ".join(" & ".join(map(_decimal, row)) for row in rows)
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


def _decimal(x: Number) -> str:
    digits, _, exponent = f"{_SIX_DIGITS.plus(Decimal(x.decimal)):g}".partition("e")
    return digits + (rf" \cdot 10^{{{int(exponent)}}}" if exponent else "")
