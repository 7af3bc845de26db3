"""Linear forms and systems of equations, as LaTeX."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.numbers.number import Number, sqrt


def indexed(letter: str, count: int) -> tuple[str, ...]:
    """``x_1, ..., x_count``.

    >>> indexed("x", 2)
    ('x_1', 'x_2')
    """
    return tuple(f"{letter}_{{{i}}}" if i > 9 else f"{letter}_{i}" for i in range(1, count + 1))


def factor_latex(factor: Number) -> str:
    r"""A number as a factor in front of something: nothing for 1, ``-`` for -1, parentheses round a sum.

    >>> factor_latex(Number.of("-1")), factor_latex(Number.of("1 + sqrt(2)"))
    ('-', '\\left(1 + \\sqrt{2}\\right)')
    """
    if factor.is_sum:
        return rf"\left({factor.latex}\right)"
    return {"1": "", "-1": "-"}.get(factor.latex, factor.latex)


def root_latex(square: Number) -> str:
    r"""The square root of a number, and what it simplifies to where that is something else.

    >>> print(root_latex(Number.of(50)), root_latex(Number.of(2)))
    \sqrt{50} = 5\sqrt{2} \sqrt{2}
    """
    root, simplified = rf"\sqrt{{{square.latex}}}", sqrt(square).latex
    return root if root == simplified else f"{root} = {simplified}"


def linear_form(coefficients: Iterable[Number], names: Sequence[str]) -> str:
    r"""A sum of multiples of names, terms with coefficient 0 left out; ``0`` if nothing is left.

    >>> linear_form(Vector.of("3 -1 0"), ("x", "y", "z"))
    '3x - y'
    """
    form = ""
    for coefficient, name in zip(coefficients, names, strict=True):
        if not coefficient:
            continue
        term = factor_latex(coefficient) + name
        joined = f" - {term[1:]}" if term.startswith("-") else f" + {term}"
        form = form + joined if form else term
    return form or "0"


def equations(A: Matrix, b: Vector, names: Sequence[str]) -> str:
    r"""The system A x = b, one equation a line, aligned at the equality signs.

    Args:
        A: m x n.
        b: m right-hand sides.
        names: n names of the unknowns.

    >>> print(equations(Matrix.of("3 4; 3 0"), Vector.of("2 3"), ("x", "y")))
    \begin{aligned} 3x + 4y &= 2 \\ 3x &= 3 \end{aligned}
    """
    lines = [rf"{linear_form(row, names)} &= {side.latex}" for row, side in zip(A.rows, b, strict=True)]
    return aligned(lines)


def aligned(lines: Iterable[str]) -> str:
    r"""Lines with their alignment signs ``&``, in one ``aligned`` environment.

    >>> print(aligned(["x &= 1", "y &= 2"]))
    \begin{aligned} x &= 1 \\ y &= 2 \end{aligned}
    """
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"
