"""What the commands about one matrix share: arguments, options, limits, and the forms of their output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradus.cli.arguments import MathematicalCommand, matrix_argument, vector_argument
from gradus.cli.output import json_option, print_json
from gradus.cli.page_files import page_options, time_limit_option, write_pages
from gradus.cli.time_limit import time_limit
from gradus.errors import InputError, UnsupportedError

if TYPE_CHECKING:
    from gradus.documents.blocks import Document
    from gradus.exact import Matrix, Number, Step

MAX_STEPS_SIDE = 8
"""Most rows and columns of a matrix whose worked steps fit a page."""

MAX_BITS = 400_000
"""Most bits of all the entries of a matrix together."""


@dataclass(frozen=True)
class Formula:
    """One line of a result, ``name = value``.

    Attributes:
        name: what it is the value of, LaTeX.
        exact: the exact value, LaTeX.
        plain: the same in the plain grammar.
        shown: how a page shows it, LaTeX: with decimals, and letters in place of long numbers; as ``exact`` if empty.
        legend: what the letters stand for, LaTeX; empty if there are none.
    """

    name: str
    exact: str
    plain: str
    shown: str = ""
    legend: str = ""

    @property
    def latex(self) -> str:
        return f"{self.name} = {self.exact}"

    @property
    def lines(self) -> tuple[str, ...]:
        """The formulas of a page that shows it."""
        shown = f"{self.name} = {self.shown or self.exact}"
        return (shown, self.legend) if self.legend else (shown,)


@dataclass(frozen=True)
class Result:
    """What a command found: as formulas, as JSON, and how its worked steps are made."""

    title: str
    formulas: tuple[Formula, ...]
    json: dict[str, Any]
    steps: Callable[[], tuple[Step, ...]]


def matrix_command(
    name: str, max_side: int, with_b: bool = False, options: tuple[Callable[[Any], Any], ...] = ()
) -> Callable[[Any], click.Command]:
    """Makes a command of a function from a matrix, and perhaps a right-hand side, to a :class:`Result`.

    Args:
        name: the command's name.
        max_side: most rows and most columns that it takes.
        with_b: whether it takes a right-hand side.
        options: options of its own, whose values the function takes by name.
    """

    def decorated(work: Callable[..., Result]) -> click.Command:
        def called(
            matrix: str,
            steps: bool,
            as_json: bool,
            as_latex: bool,
            html: Path | None,
            pdf: Path | None,
            limit: float,
            right_hand_side: str | None = None,
            **own: Any,
        ) -> None:
            _one_form(steps, as_json, as_latex)
            if "-" == matrix == right_hand_side:
                raise InputError("b", "-", "cannot be read from stdin, where A comes from", "give b in place")
            A = _bounded(matrix_argument(matrix), max_side, bool(steps or html or pdf))
            given = [A] if right_hand_side is None else [A, vector_argument(right_hand_side)]
            with time_limit(limit, "give a smaller matrix, or more time with --time-limit"):
                result = work(*given, **own)
                made = result.steps() if steps or html or pdf else ()
            write_pages(lambda: _document(result, given, made), html, pdf)
            if as_json:
                print_json(result.json)
            elif as_latex:
                click.echo("\n".join(formula.latex for formula in result.formulas))
            else:
                _print(result, made if steps else ())

        called.__doc__ = f"{work.__doc__}\n\n{_about_arguments(max_side, with_b)}"
        command: Callable[..., Any] = called
        for option in reversed((*options, *_OPTIONS)):
            command = option(command)
        if with_b:
            command = click.argument("right_hand_side", metavar="b")(command)
        command = click.argument("matrix", metavar="A")(command)
        return click.command(name, cls=MathematicalCommand)(command)

    return decorated


_OPTIONS = (
    click.option("--steps", is_flag=True, help="Show the worked steps."),
    json_option,
    click.option("--latex", "as_latex", is_flag=True, help="Print LaTeX and nothing else."),
    page_options("the steps"),
    time_limit_option(),
)


def _about_arguments(max_side: int, with_b: bool) -> str:
    b = " b, a vector, is given in the same way." if with_b else ""
    return (
        'A is written in rows, "3 4; 3 4", or read: from a file with @FILE, from stdin with -. Entries are exact: '
        f"integers, p/q, decimals, sqrt(x).{b} At most {max_side} rows and columns, and {MAX_STEPS_SIDE} with steps."
    )


def _one_form(steps: bool, as_json: bool, as_latex: bool) -> None:
    chosen = [n for n, on in (("--steps", steps), ("--json", as_json), ("--latex", as_latex)) if on]
    if len(chosen) > 1:
        raise InputError(chosen[1], None, f"does not go with {chosen[0]}", "choose one of them")


def _bounded(A: Matrix, max_side: int, with_steps: bool) -> Matrix:
    size = f"{A.shape[0]} x {A.shape[1]}"
    if max(A.shape) > max_side:
        raise UnsupportedError(
            "A", size, f"must have at most {max_side} rows and columns here", "give a smaller matrix"
        )
    if with_steps and max(A.shape) > MAX_STEPS_SIDE:
        rule = f"worked steps are for at most {MAX_STEPS_SIDE} rows and columns"
        raise UnsupportedError("A", size, rule, "leave out --steps, --html and --pdf")
    bits = sum(_bits(x) for row in A.rows for x in row)
    if bits > MAX_BITS:
        rule = f"must have at most {MAX_BITS:,} bits in all its entries, and has {bits:,}"
        raise UnsupportedError("A", size, rule, "give smaller numbers")
    return A


def _bits(x: Number) -> int:
    if x.is_algebraic:
        return sum(c.bit_length() for c in x.coefficients)
    return sum(c.numerator.bit_length() + c.denominator.bit_length() for _, c in x.terms)


def _print(result: Result, steps: tuple[Step, ...]) -> None:
    from rich.console import Console

    from gradus.documents.blocks import Math
    from gradus.documents.latex import MAX_LENGTH
    from gradus.documents.steps import step_blocks
    from gradus.documents.terminal import print_blocks

    console = Console(highlight=False)
    for formula in result.formulas:
        if max(map(len, formula.lines)) <= MAX_LENGTH:
            print_blocks(map(Math, formula.lines), console)
        else:
            click.echo(f"{formula.name} =\n{formula.plain.replace('; ', chr(10))}\n")
    print_blocks(step_blocks(steps), console)


def _document(result: Result, given: list[Any], steps: tuple[Step, ...]) -> Document:
    from gradus.documents.blocks import Document, Math, Text
    from gradus.documents.steps import step_blocks

    names = ("A", r"\mathbf{b}")
    shown = r" \qquad ".join(f"{name} = {value.latex}" for name, value in zip(names, given, strict=False))
    results = tuple(Math(line) for formula in result.formulas for line in formula.lines)
    blocks = (Text("Given"), Math(shown), Text("## Result"), *results, Text("## Steps"), *step_blocks(steps))
    return Document(result.title, blocks)
