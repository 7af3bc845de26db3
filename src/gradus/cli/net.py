"""``gradus net``: a small network from a file, its values, gradients and structure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradus.cli.arguments import MathematicalCommand, file_text, matrix_argument, vector_argument
from gradus.cli.output import json_option, messages, print_json, refuse_other_pictures, write_file
from gradus.cli.page_files import page_options, time_limit_option, write_pages
from gradus.cli.time_limit import time_limit
from gradus.errors import InputError, nearest

if TYPE_CHECKING:
    from gradus.cli.net_answer import NetAnswer
    from gradus.exact.linear_algebra.matrices import Vector
    from gradus.exact.networks.network import Network

EXAMPLE = """\
# gradus net FILE --input "0 3"
inputs: [x1, x2]
layers:
  - activation: relu          # relu, leaky_relu (with slope), identity, sigmoid, tanh; softmax in the last layer
    neurons:
      - {gains: [1, -2], bias: 0}
      - {gains: [2, 1], bias: 0}
  - activation: relu
    neurons:
      - {gains: {h1: -1, h2: 1}, bias: 1}      # by name, where edges are missing; numbers: 3, 1/3, 0.25, sqrt(2)
"""


@dataclass(frozen=True)
class NetOptions:
    """What is asked of the network, as it was written on the command line."""

    input: str | None
    target: str | None
    loss: str | None
    output: str | None
    grad: str
    symbolic: bool
    structure: bool
    box: str | None


@click.command("net", cls=MathematicalCommand)
@click.argument("file", metavar="FILE", required=False)
@click.option("--input", metavar="VECTOR", help='The input: "0 3".')
@click.option("--target", metavar="VECTOR|NAME", help="Differentiate a loss: its target, or the output of the class.")
@click.option("--loss", metavar="NAME", help="squared, cross-entropy or hinge; else the loss that the file names.")
@click.option("--output", metavar="NAME", help="The output to differentiate, where there are several.")
@click.option(
    "--grad", metavar="weights|inputs|LAYER", default="weights", show_default=True, help="In what: or a layer."
)
@click.option("--symbolic", is_flag=True, help="Show the derivatives as products, too.")
@click.option("--structure", is_flag=True, help="Show layers, missing edges, equal and dead neurons, too.")
@click.option(
    "--box", metavar="ROWS", help='Which neurons are dead for all inputs in a box: "0 1; -1 1", a row an input.'
)
@click.option("--steps", is_flag=True, help="Show the worked steps.")
@click.option("--draw", type=click.Path(path_type=Path), metavar="FILE", help="Write the picture, an SVG.")
@json_option
@click.option("--latex", "as_latex", is_flag=True, help="Print LaTeX and nothing else.")
@page_options("the steps")
@click.option("--schema", is_flag=True, help="Print the JSON schema of a network file.")
@click.option("--example", is_flag=True, help="Print a network file to start from.")
@time_limit_option()
def command(
    file: str | None,
    input: str | None,
    target: str | None,
    loss: str | None,
    output: str | None,
    grad: str,
    symbolic: bool,
    structure: bool,
    box: str | None,
    steps: bool,
    draw: Path | None,
    as_json: bool,
    as_latex: bool,
    html: Path | None,
    pdf: Path | None,
    schema: bool,
    example: bool,
    limit: float,
) -> None:
    """A small network: its structure, and for an input its values and exact gradient.

    FILE is YAML or JSON, or - for stdin; --example prints one. Without --input the layers, the gains and the structure
    are shown.
    """
    if schema or example:
        _print_form(schema, example, file)
        return
    options = NetOptions(input, target, loss, output, grad, symbolic, structure, box)
    _check(file, options, draw, steps, as_json, as_latex)
    with time_limit(limit, "give a smaller network, or more time with --time-limit"):
        network = network_argument(file or "")
        answer = _answer(network, options, steps or bool((html or pdf) and input is not None), steps)
        if draw is not None:
            from gradus.problems.network_figure import network_figure

            write_file(draw, network_figure(network).encode(), "name another file")
            messages().print(f"wrote {draw}")
        write_pages(answer.document, html, pdf)
        if as_json:
            print_json(answer.json())
        elif as_latex:
            click.echo("\n".join(answer.latex()))
        else:
            _print(answer, steps)


def network_argument(file: str) -> Network:
    """The network in a file, or in stdin for ``-``.

    Raises:
        InputError: the file cannot be read, or is no network; the message says where.
    """
    from gradus.sets.network_file import MAX_CHARACTERS, network_in

    text = file_text(file, "network file", MAX_CHARACTERS, "give the path of a network file, or - for stdin")
    return network_in(text, "stdin" if file == "-" else file)


def _print_form(schema: bool, example: bool, file: str | None) -> None:
    if schema and example:
        raise InputError("--example", None, "does not go with --schema", "choose one of them")
    if file is not None:
        option = "--schema" if schema else "--example"
        raise InputError(
            "FILE",
            file,
            f"does not go with {option}, which needs none",
            f"leave one of them out, or see {option} alone",
        )
    if example:
        click.echo(EXAMPLE, nl=False)
        return
    from gradus.exact.networks.schema import network_schema

    click.echo(json.dumps(network_schema(), indent=2))


def _check(
    file: str | None, options: NetOptions, draw: Path | None, steps: bool, as_json: bool, as_latex: bool
) -> None:
    """What can be said of the options before any file is read."""
    if file is None:
        raise InputError("FILE", None, "is missing", "give a network file, or see --example")
    chosen = [n for n, on in (("--steps", steps), ("--json", as_json), ("--latex", as_latex)) if on]
    if len(chosen) > 1:
        raise InputError(chosen[1], None, f"does not go with {chosen[0]}", "choose one of them")
    if options.output is not None and (options.target is not None or options.loss is not None):
        other = "--target" if options.target is not None else "--loss"
        raise InputError(
            "--output", options.output, f"does not go with {other}", "a loss is differentiated, or an output"
        )
    if options.input is None:
        needing = [("--target", options.target is not None), ("--steps", steps)]
        for name in (name for name, on in needing if on):
            raise InputError(name, None, "needs an input", 'add --input "0 3", say')
        asking = (("--loss", options.loss), ("--output", options.output), ("--grad", options.grad))
        for name, value in asking if not options.symbolic else ():
            if value not in (None, "weights"):
                raise InputError(name, value, "needs an input, or --symbolic", 'add --input "0 3", say')
    elif options.loss is not None and options.target is None:
        raise InputError("--loss", options.loss, "needs a target", "add --target")
    refuse_other_pictures(draw, "--draw")
    if [file, options.input, options.target, options.box].count("-") > 1:
        raise InputError("-", None, "can be read once only", "give the others in place, or as @file")


def _answer(network: Network, options: NetOptions, steps: bool, steps_asked: bool) -> NetAnswer:
    from gradus.cli.net_answer import NetAnswer, NetQuestion
    from gradus.exact.networks.gradient_expressions import layer_meant
    from gradus.exact.networks.losses import chosen_loss
    from gradus.exact.networks.network import LOSSES

    loss = next((name for name in LOSSES if name == options.loss), None)
    if options.loss is not None and loss is None:
        raise InputError("--loss", options.loss, f"must be one of {', '.join(LOSSES)}", nearest(options.loss, LOSSES))
    grad = int(options.grad) if options.grad.isdecimal() and len(options.grad) < 9 else options.grad
    try:
        layer_meant(network, grad)
    except InputError as error:
        raise InputError("--grad", options.grad, error.rule, error.remedy) from error
    if options.output is not None and options.output not in network.outputs:
        remedy = nearest(options.output, network.outputs, "name one of them")
        raise InputError("--output", options.output, f"must be one of {_listed(network.outputs)}", remedy)
    if loss is not None or options.target is not None:
        with _renamed({"loss": "--loss"}):
            chosen_loss(network, loss)
    if steps_asked and options.target is None and options.output is None and len(network.outputs) > 1:
        rule = f"must be named for --steps: one of {_listed(network.outputs)}"
        raise InputError("--output", None, rule, "or give a --target")
    question = NetQuestion(
        network,
        None if options.input is None else _input(network, options.input),
        None if options.target is None else _target(network, options.target),
        loss,
        options.output,
        grad,
        options.symbolic,
        options.structure,
        None if options.box is None else _box(network, options.box),
    )
    with _renamed({"target": "--target", "loss": "--loss"}):
        return NetAnswer.to(question, steps)


@contextmanager
def _renamed(names: Mapping[str, str]) -> Iterator[None]:
    """Has errors name the option in which the user wrote what is wrong."""
    try:
        yield
    except InputError as error:
        if error.argument not in names:
            raise
        raise type(error)(names[error.argument], error.value, error.rule, error.remedy) from error


def _entries(names: tuple[str, ...]) -> str:
    return f"{len(names)} entries, one for each of {_listed(names)}" if len(names) > 1 else f"1 entry, for {names[0]}"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) <= 8 else f"{', '.join(names[:3])}, ..., {names[-1]}"


def _input(network: Network, text: str) -> Vector:
    x = vector_argument(text, "--input")
    if len(x) != len(network.inputs):
        rule = f"must have {_entries(network.inputs)}, and has {len(x)}"
        raise InputError("--input", x.text, rule, "give one number for each input of the network")
    return x


def _target(network: Network, text: str) -> Vector:
    """One number an output; the name of an output stands for 1 there and 0 elsewhere."""
    from gradus.exact.linear_algebra.matrices import Vector

    names = network.outputs
    if len(names) > 1 and text.strip() in names:
        return Vector.of([int(name == text.strip()) for name in names])
    try:
        target = vector_argument(text, "--target")
    except InputError as error:
        if len(names) > 1 and text.strip().isidentifier():
            rule = f"is no number and no output; the outputs are {_listed(names)}"
            raise InputError("--target", text, rule, nearest(text, names, "name one of them")) from error
        raise
    if len(target) != len(names):
        rule = f"must have {_entries(names)}, and has {len(target)}"
        remedy = "give one number for each output" + (", or the name of one" if len(names) > 1 else "")
        raise InputError("--target", target.text, rule, remedy)
    return target


def _box(network: Network, text: str) -> tuple[tuple[object, object], ...]:
    rows = matrix_argument(text, "--box").rows
    if len(rows) != len(network.inputs) or any(len(row) != 2 for row in rows):
        rule = f"must have {len(network.inputs)} rows, one for each of {_listed(network.inputs)}, of two numbers each"
        raise InputError("--box", text, rule, 'write "0 1; -1 1", the lower and the upper end of each input')
    for name, (low, high) in zip(network.inputs, rows, strict=True):
        if low > high:
            rule = f"the interval of {name} is empty"
            raise InputError("--box", f"{low.text} {high.text}", rule, "write the lower end first")
    return tuple((low, high) for low, high in rows)


def _print(answer: NetAnswer, with_steps: bool) -> None:
    from rich.console import Console

    from gradus.documents.terminal import print_blocks

    print_blocks(answer.blocks(with_steps), Console(highlight=False))
