"""How Laurent polynomials in atoms are written: ``1 - 3*tanh(1/3)^2/4`` and as LaTeX."""

from __future__ import annotations

from collections.abc import Sequence

from gradus.exact.numbers.number import ONE, Number
from gradus.exact.transcendental.laurent import Monomial


def written(terms: Sequence[tuple[Monomial, Number]]) -> str:
    """The terms in the plain grammar, with the functions by name.

    >>> from gradus.exact.transcendental.functions import tanh
    >>> written((1 - tanh(Number.of(2)) / 2).expanded)
    '1 - tanh(2)/2'
    """
    return _joined([_term_text(m, c) for m, c in terms])


def written_latex(terms: Sequence[tuple[Monomial, Number]]) -> str:
    r"""The terms as LaTeX.

    >>> from gradus.exact.transcendental.functions import tanh
    >>> print(written_latex((1 - tanh(Number.of(2)) / 2).expanded))
    1 - \frac{\tanh\left(2\right)}{2}
    """
    return _joined([_term_latex(m, c) for m, c in terms])


def _joined(terms: list[tuple[bool, str]]) -> str:
    (negative, first), *rest = terms
    return " ".join([("-" if negative else "") + first, *(f"{'-' if minus else '+'} {shown}" for minus, shown in rest)])


def _term_text(monomial: Monomial, coefficient: Number) -> tuple[bool, str]:
    negative, over, under = _parts(coefficient)
    raised = [(atom.text + (f"^{abs(e)}" if abs(e) > 1 else ""), e) for atom, e in monomial]
    top = [x for x in (over.text if over != ONE else "",) if x] + [shown for shown, e in raised if e > 0]
    if over.is_sum:
        top[0] = f"({over.text})"
    below = [shown for shown in (str(under) if under > 1 else "",) if shown] + [shown for shown, e in raised if e < 0]
    bottom = "*".join(below) if len(below) < 2 else f"({'*'.join(below)})"
    return negative, ("*".join(top) or "1") + (f"/{bottom}" if below else "")


def _term_latex(monomial: Monomial, coefficient: Number) -> tuple[bool, str]:
    negative, over, under = _parts(coefficient)
    lead = "" if over == ONE else rf"\left({over.latex}\right)" if over.is_sum else over.latex
    top = (lead + r"\,".join(atom.latex(e) for atom, e in monomial if e > 0)) or "1"
    below = (str(under) if under > 1 else "") + r"\,".join(atom.latex(-e) for atom, e in monomial if e < 0)
    return negative, rf"\frac{{{top}}}{{{below}}}" if below else top


def _parts(coefficient: Number) -> tuple[bool, Number, int]:
    """Sign, numerator and, of a rational coefficient, denominator."""
    if not coefficient.is_rational:
        return False, coefficient, 1
    f = coefficient.as_fraction()
    return f < 0, Number.of(abs(f.numerator)), f.denominator
