"""Many epochs of Adam: the learning curve as a plot, and whether longer training would help."""

from __future__ import annotations

from random import Random
from typing import Annotated

from pydantic import Field

from gradus.answers.answer import Measured, Measurements
from gradus.documents.blocks import Block, Table, Text
from gradus.evidence.accuracy import accuracies
from gradus.evidence.curves import SHORTEST, LearningCurve, Trend, learning_curve
from gradus.problems.learning_curve import accuracy_figure
from gradus.problems.problem import Kind, Records, Solution
from gradus.problems.training_runs import found_record, measured, seeds_caveat, shown_runs, solution, unanswered
from gradus.problems.training_setting import TrainingParams, setting_sentence
from gradus.problems.wording import counted, decimal, interval, share
from gradus.runs import NotRun, RunRequest

PARTS = ("training_accuracy", "validation_accuracy", "test_accuracy", "gap", "validation_slope")

_SMALL_RISE = 0.02
_AVERAGED = 3
"""The epochs that are averaged for the best one."""


class LongerTrainingParams(TrainingParams):
    """The run: by default 30 epochs."""

    epochs: Annotated[int, Field(strict=True, ge=1, le=1000)] = 30


class LongerTraining(Kind[LongerTrainingParams]):
    """Many epochs of Adam: the learning curve as a plot, and whether longer training would help."""

    name = "training/longer-training"
    title = "The learning curve, and whether longer training helps"
    Params = LongerTrainingParams
    answer = Measurements
    levels = 1

    def sample(self, rng: Random, level: int) -> LongerTrainingParams:
        return LongerTrainingParams(seed=rng.randrange(10**6), epochs=rng.choice((12, 20, 30)))

    def statement(self, params: LongerTrainingParams) -> tuple[Block, ...]:
        return (
            Text(
                f"{setting_sentence(params.data)}\n\n"
                f"Train for {counted(params.epochs, 'epoch')} of *Adam* with its default parameters.\n\n"
                "Plot both training accuracy and validation accuracy as functions of the epoch number in one "
                "diagram; label the axes, and add a legend. Would the classifier perform much better if it were "
                "trained for longer? Explain briefly."
            ),
        )

    def runs_needed(self, params: LongerTrainingParams) -> tuple[RunRequest, ...]:
        return (params.request("adam"),)

    def solve(self, params: LongerTrainingParams, records: Records) -> Solution:
        record = found_record(records, params.request("adam"))
        if isinstance(record, NotRun):
            return unanswered(PARTS, record)
        found, curve = accuracies(record), learning_curve(record)
        slope = curve.validation
        parts = {
            "training_accuracy": Measured(found.training.share, None, record.id),
            "validation_accuracy": measured(found.validation, record),
            "test_accuracy": measured(found.test, record),
            "gap": Measured(curve.gap.value, curve.gap.interval, record.id),
            "validation_slope": Measured(slope.slope, slope.interval, record.id)
            if slope
            else Measured(None, None, None, f"a curve of {counted(curve.epochs, 'epoch')} has no trend"),
        }
        return solution(
            Measurements(parts, conclusion(curve)),
            shown_runs(record),
            accuracy_figure(record, caption="Accuracy in each epoch."),
            *_trend_blocks(curve),
            Text(_gap(curve)),
            *([Text(_best(curve))] if curve.epochs >= _AVERAGED else []),
            Text(seeds_caveat()),
        )

    def mistakes(self, params: LongerTrainingParams) -> tuple[()]:
        return ()


def conclusion(curve: LearningCurve) -> str:
    """Whether more epochs would help, in words."""
    trend = curve.validation
    if trend is None:
        return (
            f"It cannot be said: a curve of {counted(curve.epochs, 'epoch')} is too short to see whether it levels off "
            f"(at least {SHORTEST} are needed)."
        )
    low, high = trend.gain(trend.points)
    more = (
        f"{counted(trend.points, 'more epoch')} would change the validation accuracy by between {share(low)} and "
        f"{share(high)}"
    )
    if trend.verdict == "level":
        end = "no longer rises" if trend.may_fall else "has levelled off"
        return f"No. The validation accuracy {end}: at the trend of its last epochs, {more}. {_ahead(curve)}"
    if trend.verdict == "rising":
        return (
            f"Yes, it probably would perform better for a while. The validation accuracy still rises: if the trend "
            f"of its end went on, {more}; curves bend, so that this is an upper estimate."
        )
    if trend.verdict == "falling":
        return (
            f"No, it would get worse. The validation accuracy falls: if the trend of its last epochs went on, {more}. "
            f"{_ahead(curve)}"
        )
    return (
        f"This run does not settle it. The validation accuracy scatters too much about its trend: if that went on, "
        f"{more}, which may be a gain, a loss or nothing."
    )


def _ahead(curve: LearningCurve) -> str:
    training = curve.training
    if curve.gap_verdict == "ahead":
        lead = f"The training accuracy is ahead of it by {share(curve.gap.value)}"
        if training is not None and training.verdict == "rising":
            return f"{lead}, and still rises: more epochs would fit those images still better, and new ones no better."
        return f"{lead}: the network fits the training images better than new ones, and more epochs do not mend that."
    if curve.gap_verdict == "close":
        return (
            "The training accuracy is no higher, within sampling error, so that over-fitting is not what holds it back."
        )
    return (
        f"The training accuracy, taken with dropout on, is even {share(-curve.gap.value)} lower, so that "
        "over-fitting is not what holds it back."
    )


def _trend_blocks(curve: LearningCurve) -> tuple[Block, ...]:
    if curve.validation is None or curve.training is None:
        return ()
    rows = tuple(_trend_row(name, t) for name, t in (("validation", curve.validation), ("training", curve.training)))
    explained = (
        f"A straight line is fitted by least squares to the last {curve.validation.points} epochs. Its slope has a "
        "standard error, from the scatter of the accuracies about the line; the interval takes that scatter as "
        "independent from epoch to epoch, which is not quite true, so that it is a guide and not a guarantee."
    )
    header = ("Accuracy", "Slope an epoch", "Standard error", "95\u00a0% interval", "Verdict")
    return (Text(explained), Table(header, rows, caption="Trends at the end of the curves."))


def _trend_row(name: str, trend: Trend) -> tuple[str, ...]:
    low, high = trend.interval
    verdict = {
        "level": "no longer rises" if trend.may_fall else "level",
        "rising": "rising",
        "falling": "falling",
        "unclear": "not clear",
        "too short": "",
    }
    return (
        name,
        f"${decimal(trend.slope, 5)}$",
        f"${trend.standard_error:.5f}$",
        f"$[{decimal(low, 5)}, {decimal(high, 5)}]$",
        verdict[trend.verdict],
    )


def _gap(curve: LearningCurve) -> str:
    training, validation = curve.gap.first.share, curve.gap.second.share
    values = (
        f"In the last epoch the training accuracy is {share(training)} and the validation accuracy "
        f"{share(validation)}: a gap of {share(curve.gap.value)}, with the 95\u00a0% interval "
        f"{interval(curve.gap.interval)}."
    )
    if curve.gap_verdict == "ahead":
        return (
            f"{values} The network fits the images it was trained on better than new ones, that is, it over-fits; "
            "the gap is even wider than it looks, since dropout is on while the training accuracy is taken."
        )
    if curve.gap_verdict == "close":
        return f"{values} The interval contains 0: there is no sign of over-fitting yet."
    return (
        f"{values} The training accuracy is the lower one, since it is taken with dropout on and while the weights "
        "change: there is no sign of over-fitting."
    )


def _best(curve: LearningCurve) -> str:
    best = (
        f"Averaged over three neighbouring epochs, the validation accuracy is highest about epoch {curve.best_epoch} "
        f"({share(curve.best_accuracy)}), and the validation loss is least about epoch {curve.lowest_loss_epoch}"
    )
    if curve.lowest_loss_epoch == curve.epochs:
        return f"{best}, which is the last one: by the loss, the network was still improving."
    rise = f"from there to the end the loss rises by ${curve.loss_rise:.3f}$ nats"
    if curve.loss_rise < _SMALL_RISE * curve.lowest_loss:
        return f"{best}; {rise}, which is hardly anything."
    sure = ", as it does when a network grows sure of its mistakes" if curve.gap_verdict == "ahead" else ""
    return (
        f"{best}; {rise}{sure}. To keep the network of the best epoch is a choice made by means of the "
        f"validation images, whose accuracy then is no longer an unbiased "
        "estimate."
    )


KIND = LongerTraining()
