"""Lines of LaTeX with a matrix and its shape; one that is too large is shown by its first entries other than 0.

A matrix with more than :data:`MOST_COLUMNS` rows or columns, or too wide for a line, is too large.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from gradus.exact.networks.forward_steps import is_short, shown
from gradus.exact.numbers.number import ZERO, Number, decimal

MOST_COLUMNS = 12
"""Most columns of a matrix that is shown entry by entry."""
MOST_CHARACTERS = 60
"""Widest row of a matrix that is shown entry by entry, in characters of its entries' plain text."""
MATRIX_DIGITS = 3
"""Digits of a rounded entry of a matrix."""
MOST_LISTED = 4
"""Most entries that stand for a matrix too large to be shown."""

ABRIDGED = (
    f"A matrix with more than {MOST_COLUMNS} rows or columns, or too wide for a line, is given by its first entries "
    "other than 0."
)


@dataclass(frozen=True)
class MatrixLine:
    """A line of LaTeX, or a matrix from its sign of equality on, its shape, and whether it is shown whole."""

    latex: str
    shape: str = ""
    whole: bool = True


def row_entries(row: Iterable[Number]) -> Iterator[tuple[int, int, Number]]:
    """The entries of a row other than 0, as (row, column, value) counted from 0.

    >>> list(row_entries([Number.of(0), Number.of(3)]))
    [(0, 1, Number('3'))]
    """
    return ((0, j, x) for j, x in enumerate(row) if x)


def matrix_line(rows: int, columns: int, entries: Iterator[tuple[int, int, Number]]) -> MatrixLine:
    r"""A matrix by its entries other than 0, with its sign of equality and its shape: whole, or the first of them.

    Args:
        rows: how many rows it has.
        columns: how many columns it has.
        entries: its entries other than 0, as (row, column, value) counted from 0; no more are taken than are shown.

    >>> matrix_line(1, 2, row_entries([Number.of(0), Number.of(3)]))
    MatrixLine(latex='= \\begin{bmatrix} 0 & 3 \\end{bmatrix}', shape='1 \\times 2', whole=True)
    >>> matrix_line(1, 50, row_entries([Number.of(0), Number.of(3)])).latex
    '\\colon\\; (1, 2)=3'
    """
    if max(rows, columns) <= MOST_COLUMNS:
        table = [[ZERO] * columns for _ in range(rows)]
        for i, j, x in entries:
            table[i][j] = x
        if all(sum(len(_plain(x)) + 1 for x in line) <= MOST_CHARACTERS for line in table):
            sign = "=" if all(is_short(x) for line in table for x in line) else r"\approx"
            body = r" \\ ".join(" & ".join(shown(x, MATRIX_DIGITS) for x in line) for line in table)
            return MatrixLine(rf"{sign} \begin{{bmatrix}} {body} \end{{bmatrix}}", f"{rows} \\times {columns}")
        entries = ((i, j, x) for i, line in enumerate(table) for j, x in enumerate(line) if x)
    first = list(islice(entries, MOST_LISTED))
    listed = r",\; ".join(rf"({i + 1}, {j + 1}){_eq(x)}{shown(x, MATRIX_DIGITS)}" for i, j, x in first)
    rest = r",\; \dots" if next(entries, None) is not None else ""
    latex = rf"\colon\; {listed}{rest}" if first else r"= \mathbf{0}"
    return MatrixLine(latex, f"{rows} \\times {columns}", whole=not first)


def equation_line(left: str, formula: str, matrix: MatrixLine) -> MatrixLine:
    r"""``left = formula = matrix``, its shape beside it, with the alignment signs of an ``aligned`` environment.

    >>> print(equation_line("A", "B C", MatrixLine("= 0", "1 \\times 1")).latex)
    A &= B C = 0 && (1 \times 1)
    """
    middle = f"= {formula} " if formula else ""
    return MatrixLine(f"{left} &{middle}{matrix.latex} && ({matrix.shape})", whole=matrix.whole)


def vector_name(letter: str, k: int) -> str:
    r"""The vector x, z or w of layer k.

    >>> print(vector_name("x", 2))
    \mathbf{x}^{(2)}
    """
    return rf"\mathbf{{{letter}}}^{{({k})}}"


def derivative(top: str, letter: str, k: int) -> str:
    r"""The derivative of something in the vector x, z or w of layer k.

    >>> print(derivative("y", "x", 2))
    \frac{\partial y}{\partial \mathbf{x}^{(2)}}
    """
    return rf"\frac{{\partial {top}}}{{\partial {vector_name(letter, k)}}}"


def chain(top: str, middle: tuple[str, int], bottom: tuple[str, int]) -> str:
    r"""The two factors of a derivative by the chain rule.

    >>> chain("y", ("x", 2), ("x", 1)).count("frac")
    2
    """
    return rf"{derivative(top, *middle)} \, {derivative(vector_name(*middle), *bottom)}"


def _eq(x: Number) -> str:
    return "=" if is_short(x) else r"\approx"


def _plain(x: Number) -> str:
    return x.text if is_short(x) else decimal(x, MATRIX_DIGITS)
