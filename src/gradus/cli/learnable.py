"""``gradus learnable``: what training can change, from an initialisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import click

from gradus.cli.output import json_option, messages, print_json
from gradus.cli.page_files import page_options, time_limit_option, write_pages
from gradus.cli.time_limit import time_limit
from gradus.errors import InputError, SelfCheckFailed, nearest

if TYPE_CHECKING:
    from gradus.documents.blocks import Block, Document
    from gradus.evidence.learnability import Compared
    from gradus.exact.learnability.verdicts import Learnability
    from gradus.exact.networks.network import Network
    from gradus.runs import NotRun, RunRecord

HW5 = "hw5-cnn"

Rule = Literal["gd", "momentum", "adam"]


@dataclass(frozen=True)
class Question:
    """What is asked, as it was written on the command line."""

    subject: str
    init: str | None
    rule: Rule
    weight_decay: bool
    biases: bool
    dropout: str | None
    inputs: Literal["reals", "unit"]
    loss: str | None
    relu_before_softmax: bool

    def command(self, out: Path) -> str:
        """The command line that asks this and trains."""
        import shlex

        options = {"--init": self.init, "--dropout": self.dropout, "--loss": self.loss, "--out": str(out)}
        options |= {"--optimizer": self.rule, "--inputs": self.inputs}
        flags = {
            "--weight-decay": self.weight_decay,
            "--no-biases": not self.biases,
            "--relu-before-softmax": self.relu_before_softmax,
        }
        named = [part for name, value in options.items() if value is not None for part in (name, value)]
        chosen = [name for name, on in flags.items() if on]
        return shlex.join(["gradus", "learnable", self.subject, "--confront", *named, *chosen])


@dataclass(frozen=True)
class Confronted:
    """The runs, and what each weight or tensor did in them."""

    runs: tuple[RunRecord | NotRun, ...]
    rows: tuple[Compared, ...]
    unfinished: bool


@click.command("learnable")
@click.argument("subject", metavar=f"FILE|{HW5}")
@click.option("--init", metavar="START", help="zeros, constant[:C], glorot, given, or gains=...,biases=... with these.")
@click.option("--optimizer", "rule", type=click.Choice(get_args(Rule)), default="gd", show_default=True)
@click.option("--weight-decay", is_flag=True, help="Each step also shrinks the weights (L2).")
@click.option("--no-biases", is_flag=True, help="Leave all biases out.")
@click.option("--dropout", type=click.Choice(["on", "off"]), help=f"In training, for {HW5}.  [default: on]")
@click.option("--relu-before-softmax", is_flag=True, help=f"Give the last layer a ReLU of its own, for {HW5}.")
@click.option(
    "--inputs", type=click.Choice(["reals", "unit"]), default="reals", show_default=True, help="Where inputs lie."
)
@click.option("--loss", metavar="NAME", help="squared, cross-entropy or hinge; else the file's, or the usual one.")
@click.option("--confront", is_flag=True, help="Train, and compare every weight with the proof.")
@click.option("--steps", is_flag=True, help="Show the proof.")
@json_option
@page_options("the proof")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("out/learnable"),
    show_default=True,
    metavar="DIR",
    help="Where --confront keeps its runs.",
)
@time_limit_option(" (training not counted)")
def command(
    subject: str,
    init: str | None,
    rule: Rule,
    weight_decay: bool,
    no_biases: bool,
    dropout: str | None,
    relu_before_softmax: bool,
    inputs: Literal["reals", "unit"],
    loss: str | None,
    confront: bool,
    steps: bool,
    as_json: bool,
    html: Path | None,
    pdf: Path | None,
    out: Path,
    limit: float,
) -> int:
    """Which weights training can change from an initialisation, and which are frozen, whatever the inputs and labels.

    FILE is a network file (see `gradus net --example`), or - for stdin; hw5-cnn is the network of homework 5. Without
    --init a file's own weights are the start, and Glorot's rule for hw5-cnn. What is frozen is proved; what learns
    has a witness.
    """
    if steps and as_json:
        raise InputError("--json", None, "does not go with --steps", "choose one of them")
    question = Question(subject, init, rule, weight_decay, not no_biases, dropout, inputs, loss, relu_before_softmax)
    remedy = "give a smaller network, or more time with --time-limit"
    with time_limit(limit, remedy):
        from gradus.exact.learnability.conditions import changed_conditions

        found = _found(question)
        changes = changed_conditions(found)
    confronted = _confronted(found, rule, question, out) if confront else None
    with time_limit(limit, remedy):
        write_pages(lambda: _document(found, changes, confronted, question), html, pdf)
        if as_json:
            from gradus.cli.learnable_json import learnability_json

            print_json(learnability_json(found, changes, confronted, question))
        else:
            _print(_blocks(found, changes, confronted), found, steps)
    _refuse_contradictions(confronted.rows if confronted else ())
    return int(confronted is not None and confronted.unfinished)


def _found(question: Question) -> Learnability:
    from gradus.exact.learnability.initialisation import GIVEN, GLOROT, Initialisation
    from gradus.exact.learnability.verdicts import Conditions, learnability
    from gradus.exact.networks.layers import Architecture, hw5_cnn
    from gradus.exact.networks.network import Network

    subject: Architecture | Network = hw5_cnn() if question.subject == HW5 else _network(question.subject)
    is_file = isinstance(subject, Network)
    if is_file and (question.dropout is not None or question.relu_before_softmax):
        option = "--dropout" if question.dropout is not None else "--relu-before-softmax"
        raise InputError(option, question.dropout, f"is for {HW5}: a network file has its layers only", "leave it out")
    if not is_file and question.loss not in (None, "cross-entropy"):
        raise InputError("--loss", question.loss, f"is cross-entropy for {HW5}", "leave it out")
    start = (GIVEN if is_file else GLOROT) if question.init is None else _named(Initialisation.of, question.init)
    conditions = Conditions(
        start,
        question.biases,
        question.dropout != "off",
        question.weight_decay,
        question.rule,
        question.inputs,
        question.relu_before_softmax,
        _loss(question.loss) if is_file else None,
    )
    try:
        return learnability(subject, conditions)
    except InputError as error:
        if error.argument != "initialisation":
            raise
        raise type(error)("--init", error.value, error.rule, error.remedy) from error


def _network(file: str) -> Network:
    from gradus.cli.net import network_argument

    if not (file == "-" or Path(file).suffix or Path(file).exists()):
        raise InputError("FILE", file, f"is neither a file nor {HW5}", nearest(file, (HW5,), "give a network file"))
    return network_argument(file)


def _named(read: Any, text: str) -> Any:
    try:
        return read(text)
    except InputError as error:
        raise type(error)("--init", error.value, error.rule, error.remedy) from error


def _loss(name: str | None) -> Any:
    from gradus.exact.networks.network import LOSSES

    if name is not None and name not in LOSSES:
        raise InputError("--loss", name, f"must be one of {', '.join(LOSSES)}", nearest(name, LOSSES, "choose one"))
    return name


def _confronted(found: Learnability, rule: Rule, question: Question, out: Path) -> Confronted:
    from gradus.cli.output import writable_folder
    from gradus.cli.training_runs import trained
    from gradus.evidence.learnability import confrontation_requests, confronted
    from gradus.runs import RunStore

    requests = confrontation_requests(found, rule)
    store = RunStore(writable_folder(out) / "runs")
    runs = trained(requests, "cpu", store, lambda _: question.command(out), messages())
    made = tuple(runs.records[request] for request in requests)
    return Confronted(made, confronted(found, runs.records, rule), runs.unfinished)


def _refuse_contradictions(rows: Sequence[Compared]) -> None:
    from gradus.evidence.learnability import contradictions

    if wrong := contradictions(rows):
        names = ", ".join(row.name for row in wrong[:6])
        raise SelfCheckFailed(f"the runs contradict the proof in {names}: this is a bug of gradus")


def _blocks(
    found: Learnability, changes: Sequence[tuple[str, Learnability]], confronted: Confronted | None
) -> tuple[Block, ...]:
    from gradus.documents.blocks import Text
    from gradus.documents.markdown import escaped
    from gradus.problems.learnability import learnability_blocks
    from gradus.runs import NotRun

    blocks = learnability_blocks(found, changes, confronted.rows if confronted else ())
    missing = [r.reason for r in confronted.runs if isinstance(r, NotRun)] if confronted else []
    return (*blocks, *(Text(f"Not run: {escaped(reason)}.") for reason in dict.fromkeys(missing)))


def _print(blocks: tuple[Block, ...], found: Learnability, steps: bool) -> None:
    from rich.console import Console

    from gradus.documents.steps import step_blocks
    from gradus.documents.terminal import print_blocks
    from gradus.exact.learnability.steps import learnability_steps
    from gradus.problems.learnability import recursion_of

    console = Console(highlight=False)
    print_blocks(blocks, console)
    if steps:
        print_blocks((*recursion_of(found), *step_blocks(learnability_steps(found))), console)


def _document(
    found: Learnability,
    changes: Sequence[tuple[str, Learnability]],
    confronted: Confronted | None,
    question: Question,
) -> Document:
    from gradus.documents.blocks import Document, Text
    from gradus.documents.steps import step_blocks
    from gradus.exact.learnability.steps import learnability_steps
    from gradus.exact.networks.network import Network
    from gradus.problems.learnability import recursion_of

    picture: tuple[Block, ...] = ()
    if isinstance(found.subject, Network) and len(found.subject.neurons) <= 60:
        from gradus.problems.network_figure import network_picture

        picture = (network_picture(found.subject),)
    own = {HW5: "the network of homework 5", "-": "the network from stdin"}
    name = own.get(question.subject, Path(question.subject).name)
    return Document(
        f"What training can change in {name}",
        (
            *picture,
            *_blocks(found, changes, confronted),
            Text("## Proof"),
            *recursion_of(found),
            *step_blocks(learnability_steps(found)),
        ),
    )
