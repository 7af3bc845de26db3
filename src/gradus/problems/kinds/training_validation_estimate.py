"""One run of SGD on the processor: is its validation accuracy a fair estimate of its test accuracy?"""

from __future__ import annotations

from random import Random

from gradus.answers.answer import Measured, Measurements
from gradus.documents.blocks import Block, Text
from gradus.evidence.accuracy import Accuracies, Difference, Proportion, accuracies, is_guessing
from gradus.exact.steps import Check, Step
from gradus.problems.problem import Kind, Records, Solution
from gradus.problems.training_runs import (
    accuracy_table,
    found_record,
    measured,
    seeds_caveat,
    shown_runs,
    solution,
    unanswered,
)
from gradus.problems.training_setting import TrainingParams, setting
from gradus.problems.wording import counted, decimal, interval, share
from gradus.runs import NotRun, RunRecord, RunRequest

PARTS = ("training_accuracy", "validation_accuracy", "test_accuracy", "difference")


class ValidationEstimate(Kind[TrainingParams]):
    """One run of SGD on the processor: is its validation accuracy a fair estimate of its test accuracy?"""

    name = "training/validation-estimate"
    title = "Validation accuracy as an estimate of test accuracy"
    Params = TrainingParams
    answer = Measurements
    levels = 1

    def sample(self, rng: Random, level: int) -> TrainingParams:
        return TrainingParams(seed=rng.randrange(10**6))

    def statement(self, params: TrainingParams) -> tuple[Block, ...]:
        return (
            *setting(params.data),
            Text(
                f"Train the network for {counted(params.epochs, 'epoch')} of SGD, without hardware acceleration.\n\n"
                "Show your call to `train` and the outputs it generates. Is validation accuracy a reasonably good "
                "estimate of test accuracy?"
            ),
        )

    def runs_needed(self, params: TrainingParams) -> tuple[RunRequest, ...]:
        return (params.request("sgd", "cpu"),)

    def solve(self, params: TrainingParams, records: Records) -> Solution:
        record = found_record(records, params.request("sgd", "cpu"))
        if isinstance(record, NotRun):
            return unanswered(PARTS, record)
        found = accuracies(record)
        difference = Difference(found.validation, found.test)
        parts = {
            "training_accuracy": Measured(found.training.share, None, record.id),
            "validation_accuracy": measured(found.validation, record),
            "test_accuracy": measured(found.test, record),
            "difference": Measured(difference.value, difference.interval, record.id),
        }
        return solution(
            Measurements(parts, _conclusion(difference)),
            shown_runs(record),
            accuracy_table({"": record}),
            _sampling_error(found),
            _difference(difference),
            _unbiased(difference),
            _training_accuracy(record, found),
            *_chance(record),
            Text(seeds_caveat()),
        )

    def mistakes(self, params: TrainingParams) -> tuple[()]:
        return ()


def _conclusion(difference: Difference) -> str:
    validation, test = difference.first, difference.second
    values = (
        f"The validation accuracy {share(validation.share)} and the test accuracy {share(test.share)} differ by "
        f"{share(abs(difference.value))}, with a standard error of {share(difference.standard_error)}"
    )
    if difference.consistent:
        return (
            f"Yes. {values}: sampling alone explains that, and nothing was chosen by means of the validation images, "
            "so that the estimate is unbiased."
        )
    return (
        f"In general yes, but not in this run. {values}: that is more than sampling explains at the level of "
        "95\u00a0%, although nothing was chosen by means of the validation images."
    )


def _sampling_error(found: Accuracies) -> Step:
    return Step(
        "Both accuracies are shares of a finite number of images, and have a sampling error.",
        r"Given the trained weights, each new image is classified rightly with the same probability $\pi$. The share "
        r"$p$ of right ones among $n$ independent images has the mean $\pi$ and the standard deviation "
        r"$\sqrt{\pi (1 - \pi) / n}$, in which $p$ stands for the unknown $\pi$.",
        before=r"\operatorname{SE}(p) = \sqrt{\frac{p (1 - p)}{n}}",
        after=rf"{_error('validation', found.validation)} \\ {_error('test', found.test)}".join(
            (r"\begin{aligned} ", r" \end{aligned}")
        ),
        checks=(_whole("validation", found.validation), _whole("test", found.test)),
    )


def _error(name: str, p: Proportion) -> str:
    fraction = rf"\frac{{{p.share:.4f} \cdot {1 - p.share:.4f}}}{{{p.total}}}"
    return rf"\operatorname{{SE}}_{{\text{{{name}}}}} &= \sqrt{{{fraction}}} = {p.standard_error:.4f}"


def _whole(name: str, p: Proportion) -> Check:
    right, wrong = p.correct, p.total - p.correct
    spread = (right * (1 - p.share) ** 2 + wrong * p.share**2) / p.total**2
    statement = (
        f"For {name}, {right:,} images right and {wrong:,} wrong, counted as 1 and 0, have a mean with the standard "
        f"error {share(spread**0.5)}."
    )
    return Check(statement, abs(spread**0.5 - p.standard_error) < 1e-12)


def _difference(difference: Difference) -> Step:
    low, high = difference.interval
    mirrored = Difference(difference.second, difference.first).interval
    inside = "contains" if difference.consistent else "does not contain"
    return Step(
        f"The 95\u00a0% interval of their difference {inside} 0.",
        "The two sets have no image in common, so that the variances add up. The interval combines the Wilson "
        "intervals of the two accuracies (Newcombe's method), which is valid for small sets too.",
        before=r"\operatorname{SE}(p_{\text{v}} - p_{\text{t}}) = "
        r"\sqrt{\operatorname{SE}_{\text{validation}}^2 + \operatorname{SE}_{\text{test}}^2}",
        after=rf"p_{{\text{{v}}}} - p_{{\text{{t}}}} = {decimal(difference.value)}, \qquad "
        rf"\operatorname{{SE}} = {difference.standard_error:.4f}, \qquad [{decimal(low)}, {decimal(high)}]",
        checks=(
            Check(
                f"The interval of $p_{{\\text{{t}}}} - p_{{\\text{{v}}}}$ is the mirror image, {interval(mirrored)}.",
                abs(mirrored[0] + high) < 1e-12 and abs(mirrored[1] + low) < 1e-12,
            ),
        ),
    )


def _unbiased(difference: Difference) -> Text:
    why = (
        "Why the estimate is unbiased: the validation images were drawn at random from the same collection as the "
        "training images, the network was not trained on them, and no choice (of the weights, the number of epochs, "
        "the network or the optimiser) was made by looking at them. To the trained network they are as new as the "
        "test images, and as good a sample as these where both are images of one kind. That ends as soon as one of "
        "several networks is kept because its validation accuracy is the highest: then that accuracy is too high on "
        "average."
    )
    if difference.consistent:
        return Text(why)
    return Text(
        f"{why}\n\nA difference as large as this one therefore has one of two causes: chance, which makes one in "
        "twenty such comparisons look like this, or test images that are of another kind than the training images, "
        "so that the validation images do not stand for them."
    )


def _training_accuracy(record: RunRecord, found: Accuracies) -> Text:
    training, validation = found.training, found.validation
    ahead = Difference(training, validation)
    during = "during the epoch" if len(record.epochs) == 1 else "during the last epoch"
    how = (
        f"is a mean taken {during}, while the network was still learning, and with dropout on; the validation "
        "accuracy is taken after it, with dropout off"
    )
    lead = f"The training accuracy {share(training.share)}"
    if ahead.consistent:
        return Text(
            f"{lead} is within sampling error of the validation accuracy {share(validation.share)}, although it "
            f"{how}. It is no estimate of the test accuracy all the same: the network was trained on these images."
        )
    if ahead.value < 0:
        return Text(
            f"{lead} is lower than the validation accuracy {share(validation.share)} because it {how}. It does not "
            "mean that the network knows the training images less well."
        )
    return Text(
        f"{lead} is higher than the validation accuracy {share(validation.share)}, although it {how}, which both "
        "lower it: the network already fits the images it was trained on better than new ones."
    )


def _chance(record: RunRecord) -> tuple[Text, ...]:
    """A word of caution where the network does no better than guessing."""
    classes = len(record.data.classes)
    if not is_guessing(record):
        return ()
    return (
        Text(
            f"Guessing among {classes} equally frequent classes gets a share of {share(1 / classes)} right. By "
            "its interval the test accuracy is not above that: so short a training has not yet taught the network "
            "anything that shows."
        ),
    )


KIND = ValidationEstimate()
