"""Ways to improve the classifier, with reasons that agree with what its learning curve shows."""

from __future__ import annotations

from math import sqrt
from random import Random
from typing import Annotated

from pydantic import Field

from gradus.answers.answer import Prose
from gradus.documents.blocks import Block, Table, Text
from gradus.evidence.accuracy import accuracies
from gradus.evidence.curves import LearningCurve, learning_curve
from gradus.exact.networks.layers import Architecture, hw5_cnn
from gradus.problems.problem import Kind, Records, Solution
from gradus.problems.training_runs import found_record
from gradus.problems.training_setting import VALIDATION_PERCENT, TrainingParams, setting_sentence
from gradus.problems.training_suggestions import deeper, dense_share, size, wider
from gradus.problems.wording import counted, share
from gradus.runs import NotRun, RunRecord, RunRequest

_LESS_VALIDATION = 10
_NEARLY_ALL = 0.9


class ImprovementsParams(TrainingParams):
    """The run that the suggestions start from: by default 30 epochs."""

    epochs: Annotated[int, Field(strict=True, ge=1, le=1000)] = 30


class Improvements(Kind[ImprovementsParams]):
    """Ways to improve the classifier, with reasons that agree with what its learning curve shows."""

    name = "training/improvements"
    title = "Ways to improve the classifier"
    Params = ImprovementsParams
    answer = Prose
    levels = 1

    def sample(self, rng: Random, level: int) -> ImprovementsParams:
        return ImprovementsParams(seed=rng.randrange(10**6), epochs=rng.choice((12, 20, 30)))

    def statement(self, params: ImprovementsParams) -> tuple[Block, ...]:
        return (
            Text(
                f"{setting_sentence(params.data)} It is trained with *Adam* for {counted(params.epochs, 'epoch')}.\n\n"
                "Suggest at least three different ways to improve the performance of this classifier, and explain "
                "for each why it would help. Do *not* implement them, and keep to techniques of the course (batch "
                "normalisation is not one of them)."
            ),
        )

    def runs_needed(self, params: ImprovementsParams) -> tuple[RunRequest, ...]:
        return (params.request("adam"),)

    def solve(self, params: ImprovementsParams, records: Records) -> Solution:
        found = found_record(records, params.request("adam"))
        record = None if isinstance(found, NotRun) else found
        curve = learning_curve(record) if record else None
        classes = len(record.data.classes) if record else 10
        items = (_more_images(record, curve), _more_layers(classes, curve), _more_filters(classes, curve))
        suggestions = "\n".join(f"{number}. {item}" for number, item in enumerate(items, 1))
        answer = Prose(f"{_start(curve)}\n\n{suggestions}\n\n{_combined(curve)}")
        summary = (
            "Train on a larger part of the images, add convolutional layers, and use more filters in each; the "
            "reasons, and the price of each, are below."
        )
        return Solution(answer, summary, (Text(answer.text), _sizes(classes)))

    def mistakes(self, params: ImprovementsParams) -> tuple[()]:
        return ()


def _start(curve: LearningCurve | None) -> str:
    if curve is None:
        return (
            "Which way helps most depends on what holds the network back. If its training accuracy is well above its "
            "validation accuracy, it over-fits, and needs more images or less freedom; if the two are alike, it "
            "under-fits, and needs more freedom or more training."
        )
    measured = (
        f"After {counted(curve.epochs, 'epoch')} the training accuracy is {share(curve.gap.first.share)} and the "
        f"validation accuracy {share(curve.gap.second.share)}"
    )
    if curve.gap_verdict == "ahead":
        return (
            f"{measured}: the network over-fits. What narrows that gap comes first; what gives the network more "
            "freedom needs a counterweight."
        )
    if curve.gap_verdict == "close":
        return (
            f"{measured}, no more apart than sampling explains: there is no sign of over-fitting, so that more "
            "freedom can help by itself."
        )
    return (
        f"{measured}, which is the higher of the two since dropout is off while it is taken: there is no sign of "
        "over-fitting, so that more freedom can help by itself."
    )


def _more_images(record: RunRecord | None, curve: LearningCurve | None) -> str:
    lead = (
        f"**More training images in the split.** Set apart {_LESS_VALIDATION}\u00a0% of the images for validation in "
        f"place of {VALIDATION_PERCENT}\u00a0%"
    )
    if record is None:
        more = 100 * (VALIDATION_PERCENT - _LESS_VALIDATION) / (100 - VALIDATION_PERCENT)
        numbers = f"and train on the rest, {more:g}\u00a0% more than before"
    else:
        validation = record.data.validation
        moved = validation - round(validation * _LESS_VALIDATION / VALIDATION_PERCENT)
        before, after = record.data.training, record.data.training + moved
        numbers = f"and train on {after:,} images in place of {before:,}"
    reason = (
        "A network with far more weights than training images fits chance features of those images; the more images, "
        "the fewer features they share by chance, and the closer is the risk on them to the risk on new ones."
    )
    role = (
        " This removes a cause of the measured gap."
        if curve is not None and curve.gap_verdict == "ahead"
        else " Without over-fitting, little is to be expected of it."
        if curve is not None
        else ""
    )
    return f"{lead}, {numbers}. {reason}{role} {_validation_price(record)}"


def _validation_price(record: RunRecord | None) -> str:
    factor = sqrt(VALIDATION_PERCENT / _LESS_VALIDATION)
    price = f"Its price: the validation accuracy becomes less certain, by a factor of about ${factor:.2f}$"
    if record is None:
        return f"{price}."
    error = accuracies(record).validation.standard_error
    return f"{price} (a standard error of {share(error * factor)} in place of {share(error)})."


def _more_layers(classes: int, curve: LearningCurve | None) -> str:
    now, then = size(hw5_cnn(classes)), size(deeper(classes))
    side = hw5_cnn(classes).input_shape[0]
    sees = f"on up to {then.receptive_field}\u00a0×\u00a0{then.receptive_field}"
    nearly = ", nearly all of it" if then.receptive_field > _NEARLY_ALL * side else ""
    parameters = "fewer" if then.parameters < now.parameters else "more"
    end = ", so that the added depth need not widen the gap" if _ahead(curve) and parameters == "fewer" else ""
    return (
        f"**More convolutional layers.** Add a third pair of convolutions (128 filters each) with its pooling. Now a "
        f"value that reaches the fully connected layers depends on "
        f"{now.receptive_field}\u00a0×\u00a0{now.receptive_field} pixels of the {side}\u00a0×\u00a0{side} image, "
        f"then {sees}{nearly}; deeper layers combine the simple features of earlier ones into parts and whole "
        f"objects. The pooling also cuts the values that are flattened from {now.flattened:,} to {then.flattened:,}, "
        f"and since the first fully connected layer holds most of the parameters, the network has {parameters} of "
        f"them: {then.parameters:,} in place of {now.parameters:,}{end}. Its price: more computing, and a deeper "
        "network is harder to train."
    )


def _more_filters(classes: int, curve: LearningCurve | None) -> str:
    now, then = size(hw5_cnn(classes)), size(wider(classes))
    lead = (
        "**More filters in each convolution.** With twice as many, each layer can tell apart more kinds of edges, "
        f"colours and textures at each place. The network then has {then.parameters:,} parameters in place of "
        f"{now.parameters:,}."
    )
    price = "Its price: about four times the computing in most convolutions."
    if _ahead(curve):
        return (
            f"{lead} More parameters by themselves make over-fitting worse, and the measured gap says that this "
            "matters here: to gain on new images it needs a counterweight, such as more training images, a higher "
            f"dropout rate, or stopping when the validation accuracy no longer rises. {price}"
        )
    risk = "there is no over-fitting yet that this would make worse" if curve else "over-fitting must be watched"
    return f"{lead} That helps as long as the network under-fits; {risk}. {price}"


def _combined(curve: LearningCurve | None) -> str:
    if curve is None:
        return "Each change should be judged on the validation images, and the test images be used once, at the end."
    longer = {
        "rising": "Simply training for longer is a fourth way here, since the validation accuracy still rises.",
        "level": "Training for longer is not among them: the validation accuracy no longer rises.",
        "falling": "Training for longer is not among them: the validation accuracy falls.",
        "unclear": "Whether training for longer would help, the run does not settle.",
        "too short": "Whether training for longer would help, so few epochs do not show.",
    }[curve.verdict]
    return (
        f"{longer} Each change should be judged on the validation images, and the test images be used once, at the end."
    )


def _ahead(curve: LearningCurve | None) -> bool:
    return curve is not None and curve.gap_verdict == "ahead"


def _sizes(classes: int) -> Table:
    networks = (
        ("as it is", hw5_cnn(classes)),
        ("a third pair of convolutions", deeper(classes)),
        ("twice as many filters", wider(classes)),
    )
    header = ("Network", "Parameters", "In fully connected layers", "Values flattened", "Pixels seen")
    return Table(header, tuple(_size_row(*pair) for pair in networks), caption="What the suggestions change in size.")


def _size_row(name: str, network: Architecture) -> tuple[str, ...]:
    found = size(network)
    return (
        name,
        f"{found.parameters:,}",
        f"{float(100 * dense_share(network)):.0f}\u00a0%",
        f"{found.flattened:,}",
        f"{found.receptive_field}\u00a0×\u00a0{found.receptive_field}",
    )


KIND = Improvements()
