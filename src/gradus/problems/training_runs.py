"""What the problems about training runs share: their parameters, the setting in words, and how a run is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePath
from typing import Annotated, Final, Literal

from pydantic import Field

from gradus.answers.answer import Measured, Measurements
from gradus.documents.blocks import Block, Code, Table, Text
from gradus.errors import InputError
from gradus.evidence.accuracy import Interval, Proportion
from gradus.exact.layers import (
    Architecture,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool2D,
    hw5_cnn,
    output_shapes,
    parameter_count,
    parameter_names,
    parameter_shapes,
)
from gradus.exact.steps import Step
from gradus.problems.problem import Params, Records, Solution
from gradus.runs import Device, NotRun, Optimizer, RunRecord, RunRequest, record_report

BATCH_SIZE: Final = 32
LEARNING_RATE: Final = 0.01
MOMENTUM: Final = 0.7
DECAY: Final = 0.001
VALIDATION_PERCENT: Final = 20

_CONDENSED_ABOVE: Final = 10
_BUILT_IN: Final = {
    "pictograms": "the data set `pictograms`: 32 × 32 colour images in ten classes, drawn by a program",
    "cifar10": "the data set CIFAR-10: 32 × 32 colour photographs in ten classes",
}


class TrainingParams(Params):
    """The run or runs that a problem is about.

    Attributes:
        recipe: the network and the settings.
        data: name of a built-in data set, or a folder with ``train/<class>/*`` and ``test/<class>/*`` images.
        seed: of the split, the initial weights and the dropout masks.
        epochs: passes over the training images.
    """

    recipe: Literal["hw5"] = "hw5"
    data: Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00-\x1f]*\S[^\x00-\x1f]*$")] = "pictograms"
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**63)] = 0
    epochs: Annotated[int, Field(strict=True, ge=1, le=1000)] = 1

    def request(self, optimizer: Optimizer, device: Device = "auto") -> RunRequest:
        """The request for one of the problem's runs."""
        return RunRequest(self.recipe, self.data, optimizer, self.epochs, self.seed, device)


def data_phrase(data: str) -> str:
    """The data in words, Markdown.

    >>> data_phrase("photos/birds")
    'the 32 × 32 colour images in the folder `birds`, which has a folder for each class'
    """
    folder = code_span(PurePath(data).name or data)
    return _BUILT_IN.get(data, f"the 32 × 32 colour images in the folder {folder}, which has a folder for each class")


def setting(data: str) -> tuple[Block, ...]:
    """The data, the split, the network and how it is trained, in full."""
    built_in = data in _BUILT_IN
    classes = "" if built_in else " The counts of the last layer are for ten classes."
    network = hw5_cnn()
    return (
        Text(
            f"This part uses {data_phrase(data)}, with images for training and others for testing. "
            f"At random, {VALIDATION_PERCENT} % of the training images are set apart for validation; the network is "
            f"trained on the rest. Pixels are scaled to lie between 0 and 1."
        ),
        Table(
            ("Layer", "Output", "Parameters"),
            _layer_rows(network),
            caption=f"The network, {parameter_count(network):,} parameters in all.{classes}",
        ),
        Text(
            f"Training minimises the categorical cross-entropy with batches of {BATCH_SIZE} images, in the same order "
            f"in every epoch (no shuffling). Two optimisers are at hand. *SGD* has the learning rate "
            f"${LEARNING_RATE}$, the momentum ${MOMENTUM}$ and the decay ${DECAY}$: at iteration $t = 0, 1, \\ldots$ "
            rf"its rate is ${LEARNING_RATE} / (1 + {DECAY}\, t)$. *Adam* has its defaults: the learning rate $0.001$, "
            r"$\beta_1 = 0.9$, $\beta_2 = 0.999$, $\epsilon = 10^{-7}$."
        ),
    )


def setting_sentence(data: str) -> str:
    """The setting in one sentence, for a problem whose reader has seen :func:`setting`, or does not need it all."""
    return (
        f"The network and the settings are those of hw5 (a convolutional network of four convolutions and two fully "
        f"connected layers, with dropout; cross-entropy; batches of {BATCH_SIZE}), and the images are "
        f"{data_phrase(data)}."
    )


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "epoch"), counted(1200, "image")
    ('one epoch', '1,200 images')
    """
    return f"one {noun}" if number == 1 else f"{number:,} {noun}s"


def share(value: float) -> str:
    """A share, or a difference of shares, as inline LaTeX."""
    return f"${value:.4f}$"


def interval(bounds: Interval) -> str:
    """An interval of shares as inline LaTeX."""
    return f"$[{bounds[0]:.4f}, {bounds[1]:.4f}]$"


def code_span(text: str) -> str:
    """A text as a Markdown code span, whatever backticks it holds."""
    line = " ".join(text.split())
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    return f"{fence} {line} {fence}" if line.startswith("`") or line.endswith("`") else f"{fence}{line}{fence}"


def plain(text: str) -> str:
    """A text as Markdown that shows it as it is, on one line."""
    return re.sub(r"([\\`*_{}\[\]<>#$|!&~])", r"\\\1", " ".join(text.split()))


def found_record(records: Records, request: RunRequest) -> RunRecord | NotRun:
    """The completed record of a request, or why there is none."""
    found = records.get(request)
    if found is None:
        return NotRun(request, "no record of this run was given", f"gradus solve {request.recipe}")
    if isinstance(found, NotRun) or (found.ended == "completed" and found.epochs):
        return found
    done = f"after {len(found.epochs)} of {counted(request.epochs, 'epoch')}"
    return NotRun(request, f"the run was {found.ended} {done}", f"gradus solve {request.recipe}")


def shown_run(record: RunRecord) -> Code:
    """The call that made a run, in a comment, and the code that prints its record, with what it prints."""
    every = 5 if len(record.epochs) > _CONDENSED_ABOVE else 1
    argument = f", every={every}" if every > 1 else ""
    asked = record.request
    source = (
        f"# The call that trained this network:\n"
        f"#     run(RunRequest({asked.recipe!r}, {asked.data!r}, {asked.optimizer!r}, epochs={asked.epochs}, "
        f"seed={asked.seed}, device={asked.device!r}))\n"
        f"from gradus.runs import read_record, record_report\n\n"
        f"record = read_record({f'runs/{record.id}'!r})\n"
        f"print(record_report(record{argument}))"
    )
    return Code(source, output=record_report(record, every))


def accuracy_table(record: RunRecord, caption: str = "") -> Table:
    """Training, validation and test accuracy of a run with their sampling errors."""
    last = record.epochs[-1]
    validation, test = validation_accuracy(record), test_accuracy(record)
    return Table(
        ("Accuracy", "Images", "Value", "Standard error", "95 % interval"),
        (
            ("training, while it went on", f"{record.data.training:,}", share(last.training_accuracy), "", ""),
            ("validation, at the end", *_proportion_cells(validation)),
            ("test, at the end", *_proportion_cells(test)),
        ),
        caption=caption,
    )


def validation_accuracy(record: RunRecord) -> Proportion:
    """The validation accuracy after the last epoch."""
    return Proportion.of_share(record.epochs[-1].validation_accuracy, record.data.validation)


def training_accuracy(record: RunRecord) -> Proportion:
    """The training accuracy of the last epoch, as counted while the weights changed."""
    return Proportion.of_share(record.epochs[-1].training_accuracy, record.data.training)


def test_accuracy(record: RunRecord) -> Proportion:
    """The test accuracy."""
    return Proportion.of_share(record.test_accuracy, record.data.test)


def measured(proportion: Proportion, record: RunRecord) -> Measured:
    """A counted accuracy as a measured answer."""
    return Measured(proportion.share, proportion.interval, record.id)


def missing(names: Iterable[str], why: NotRun) -> dict[str, Measured]:
    """The measured answers that a run which was not made leaves open."""
    return {name: Measured(None, None, None, why.reason) for name in names}


def not_run(why: NotRun) -> Text:
    """That a run was not made, why, and the command that makes it."""
    command = " ".join(why.command.split())
    return Text(f"Not run: {plain(why.reason)}. This command runs it:\n\n~~~~sh\n{command}\n~~~~")


def solution(answer: Measurements, *body: Step | Block) -> Solution:
    """A solution whose summary is the conclusion of its answer."""
    return Solution(answer, answer.conclusion, body)


def unanswered(names: Iterable[str], why: NotRun) -> Solution:
    """The solution of a problem none of whose runs was made."""
    answer = Measurements(missing(names, why), f"Not run: {plain(why.reason)}.")
    return solution(answer, not_run(why))


def seeds_caveat(runs: str = "one run") -> str:
    """What intervals from single runs do not cover."""
    return (
        f"The intervals say how far the finite number of images makes an accuracy uncertain. How far it changes with "
        f"the seed, {runs} cannot show."
    )


def ran_as(record: RunRecord, request: RunRequest) -> RunRecord:
    """A record as if it had been asked for by this request."""
    return replace(record, request=replace(request, device=record.request.device))


def _proportion_cells(p: Proportion) -> tuple[str, str, str, str]:
    return (f"{p.total:,}", share(p.share), share(p.standard_error), interval(p.interval))


def _layer_rows(network: Architecture) -> tuple[tuple[str, str, str], ...]:
    shapes = parameter_shapes(network)
    rows = []
    for layer, name, output in zip(network.layers, parameter_names(network), output_shapes(network), strict=True):
        size = _size(shapes[f"{name}.gains"]) + _size(shapes[f"{name}.bias"]) if name else 0
        rows.append((layer_phrase(layer), " × ".join(map(str, output)), f"{size:,}" if size else ""))
    return tuple(rows)
