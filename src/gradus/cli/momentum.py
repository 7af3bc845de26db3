"""``gradus momentum``: does descent with momentum on a quadratic come back to its stationary point?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradus.cli.arguments import MathematicalCommand, matrix_argument, vector_argument
from gradus.cli.output import json_option, messages, print_json, refuse_other_pictures, write_file
from gradus.cli.page_files import page_options, time_limit_option, write_pages
from gradus.cli.time_limit import time_limit
from gradus.errors import InputError, UnsupportedError

if TYPE_CHECKING:
    from gradus.cli.momentum_blocks import Report
    from gradus.exact import Matrix, Number, Vector
    from gradus.exact.momentum.descent import Descent

MAX_SIDE = 12
"""Most rows of the Hessian."""

MAX_PAGE_SIDE = 6
"""The same where worked steps are written."""


@click.command("momentum", cls=MathematicalCommand)
@click.option("--hessian", required=True, metavar="Q", help='Symmetric, in rows: "2 0; 0 -1"; @FILE and - are read.')
@click.option("--alpha", required=True, metavar="NUMBER", help="The learning rate, above 0.")
@click.option("--mu", required=True, metavar="NUMBER", help="The momentum coefficient, at least 0 and below 1.")
@click.option("--start", metavar="VECTOR", help="Where it starts; left out: in the stationary point.")
@click.option("--velocity", metavar="VECTOR", help="The velocity; left out: any one, or 0 if a start is given.")
@click.option("--stationary-point", "centre", metavar="VECTOR", help="Left out: 0.")
@click.option("--steps", type=int, metavar="N", help="Print so many iterations, computed exactly; at most 1,000.")
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Write a picture, SVG.")
@click.option("--compare", is_flag=True, help="Nesterov's form and Adam as well.")
@json_option
@page_options("worked steps")
@time_limit_option()
def command(
    hessian: str,
    alpha: str,
    mu: str,
    start: str | None,
    velocity: str | None,
    centre: str | None,
    steps: int | None,
    plot: Path | None,
    compare: bool,
    as_json: bool,
    html: Path | None,
    pdf: Path | None,
    limit: float,
) -> None:
    """Does v <- mu v - alpha g, w <- w + v come back to the stationary point of 1/2 (w - w*)^T Q (w - w*)?

    Decided exactly along each eigenvector of Q: whether the iterates converge, and where, and whether they oscillate.
    Numbers are exact: integers, p/q, decimals, sqrt(x).  At most 12 rows, and 6 with --html and --pdf.

    Beyond quadratics, Q is the matrix of second derivatives in a stationary point, and the verdict a local one.
    """
    _check_stdin(hessian, start, velocity, centre)
    refuse_other_pictures(plot, "plot")
    with time_limit(limit, "give a smaller Hessian or fewer iterations, or more time with --time-limit"):
        descent = _descent(
            _bounded(matrix_argument(hessian, "hessian"), bool(html or pdf)),
            _number(alpha, "alpha"),
            _number(mu, "mu"),
            _vector(start, "start"),
            _vector(velocity, "velocity"),
            _vector(centre, "stationary-point"),
        )
        found = _report(descent, steps, compare)
        _write(found, plot, html, pdf)
    if as_json:
        from gradus.cli.momentum_json import report_json

        print_json(report_json(found))
    else:
        _print(found)


def _check_stdin(*arguments: str | None) -> None:
    if sum(argument == "-" for argument in arguments) > 1:
        raise InputError("stdin", "-", "cannot be read twice", "give one argument in place")


def _number(text: str, name: str) -> Number:
    from gradus.exact.numbers.number import Number

    try:
        return Number.of(text.strip())
    except InputError as error:
        raise type(error)(name, text, error.rule, error.remedy) from error


def _vector(text: str | None, name: str) -> Vector | None:
    return None if text is None else vector_argument(text, name)


def _bounded(Q: Matrix, with_pages: bool) -> Matrix:
    size = f"{Q.shape[0]} x {Q.shape[1]}"
    if max(Q.shape) > MAX_SIDE:
        raise UnsupportedError("hessian", size, f"must have at most {MAX_SIDE} rows and columns", "give a smaller one")
    if with_pages and max(Q.shape) > MAX_PAGE_SIDE:
        rule = f"worked steps are for at most {MAX_PAGE_SIDE} rows and columns"
        raise UnsupportedError("hessian", size, rule, "leave out --html and --pdf")
    return Q


def _descent(
    Q: Matrix, alpha: Number, mu: Number, start: Vector | None, velocity: Vector | None, centre: Vector | None
) -> Descent:
    from gradus.exact.linear_algebra.matrices import Vector
    from gradus.exact.momentum.descent import Descent, Quadratic
    from gradus.exact.numbers.number import ZERO

    zero = Vector((ZERO,) * Q.shape[0])
    at_rest = zero if velocity is None and start is not None else velocity
    middle = zero if centre is None else centre
    try:
        return Descent(Quadratic(Q, middle), mu, alpha, middle if start is None else start, at_rest)
    except InputError as error:
        names = {"learning_rate": "alpha", "stationary_point": "stationary-point", "A": "hessian"}
        raise type(error)(names.get(error.argument, error.argument), error.value, error.rule, error.remedy) from error


def _report(descent: Descent, steps: int | None, compare: bool) -> Report:
    from gradus.cli.momentum_blocks import report

    try:
        return report(descent, steps, compare)
    except InputError as error:
        name = "steps" if error.argument == "iterations" else error.argument
        raise type(error)(name, error.value, error.rule, error.remedy) from error


def _write(found: Report, plot: Path | None, html: Path | None, pdf: Path | None) -> None:
    from gradus.cli.momentum_blocks import page

    if plot is not None:
        write_file(plot, found.figure.svg.encode(), "name another file")
        messages().print(f"wrote {plot}")
    write_pages(lambda: page(found), html, pdf)


def _print(found: Report) -> None:
    from rich.console import Console

    from gradus.cli.momentum_blocks import summary
    from gradus.documents.terminal import print_blocks

    print_blocks(summary(found), Console(highlight=False))
