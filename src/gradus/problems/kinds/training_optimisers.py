"""One run with Adam and one with SGD: accuracies and running times compared."""

from __future__ import annotations

from math import ceil
from random import Random

from gradus.answers.answer import Measured, Measurements
from gradus.documents.blocks import Block, Table, Text
from gradus.documents.markdown import escaped
from gradus.evidence.accuracy import Difference, accuracies, is_guessing
from gradus.evidence.comparison import Comparison, comparison
from gradus.evidence.times import TimeRatio, time_ratio
from gradus.problems.problem import Kind, Records, Solution
from gradus.problems.training_runs import (
    found_record,
    measured,
    missing,
    not_run,
    seeds_caveat,
    shown_runs,
    solution,
)
from gradus.problems.training_setting import (
    BATCH_SIZE,
    DECAY,
    LEARNING_RATE,
    MOMENTUM,
    TrainingParams,
    setting_sentence,
)
from gradus.problems.wording import counted, interval, ratio, seconds, share
from gradus.runs import NotRun, Optimizer, RunRecord, RunRequest

BOTH_PARTS = ("validation_difference", "test_difference", "time_ratio")

_SIMILAR_TIME = 1.1


class Optimisers(Kind[TrainingParams]):
    """One run with Adam and one with SGD: accuracies and running times compared."""

    name = "training/optimisers"
    title = "Adam compared with SGD"
    Params = TrainingParams
    answer = Measurements
    levels = 1

    def sample(self, rng: Random, level: int) -> TrainingParams:
        return TrainingParams(seed=rng.randrange(10**6))

    def statement(self, params: TrainingParams) -> tuple[Block, ...]:
        return (
            Text(
                f"{setting_sentence(params.data)} *SGD* has the learning rate ${LEARNING_RATE}$, the momentum "
                f"${MOMENTUM}$ and the rate decay ${DECAY}$.\n\n"
                f"Train for {counted(params.epochs, 'epoch')} with the *Adam* optimiser and its default parameters, "
                f"which adapts the step size, and for {counted(params.epochs, 'epoch')} with SGD, on the accelerator "
                "if there is one.\n\nCompare the accuracies and the running times of the two."
            ),
        )

    def runs_needed(self, params: TrainingParams) -> tuple[RunRequest, ...]:
        return (params.request("sgd"), params.request("adam"))

    def solve(self, params: TrainingParams, records: Records) -> Solution:
        sgd, adam = (found_record(records, request) for request in self.runs_needed(params))
        if isinstance(sgd, RunRecord) and isinstance(adam, RunRecord):
            return _both(sgd, adam)
        absent = tuple(found for found in (sgd, adam) if isinstance(found, NotRun))
        parts = _parts("sgd", sgd) | _parts("adam", adam) | missing(BOTH_PARTS, absent[-1])
        shown = tuple(shown_runs(found) for found in (sgd, adam) if isinstance(found, RunRecord))
        reasons = " ".join(dict.fromkeys(f"Not run: {escaped(found.reason)}." for found in absent))
        return solution(Measurements(parts, reasons), *shown, *not_run(*absent))

    def mistakes(self, params: TrainingParams) -> tuple[()]:
        return ()


def _parts(optimizer: Optimizer, found: RunRecord | NotRun) -> dict[str, Measured]:
    names = (f"{optimizer}_validation_accuracy", f"{optimizer}_test_accuracy")
    if isinstance(found, NotRun):
        return missing(names, found)
    ended = accuracies(found)
    return {names[0]: measured(ended.validation, found), names[1]: measured(ended.test, found)}


def _both(sgd: RunRecord, adam: RunRecord) -> Solution:
    validation = Difference(accuracies(adam).validation, accuracies(sgd).validation)
    test = Difference(accuracies(adam).test, accuracies(sgd).test)
    times, common = time_ratio(adam, sgd), comparison(sgd, adam)
    runs = f"{sgd.id},{adam.id}"
    parts = _parts("sgd", sgd) | _parts("adam", adam)
    parts["validation_difference"] = Measured(validation.value, validation.interval, runs)
    parts["test_difference"] = Measured(test.value, test.interval, runs)
    parts["time_ratio"] = Measured(times.value, None, runs)
    return solution(
        Measurements(parts, f"{_verdict(test, sgd, adam)} {_time_verdict(times, common)}"),
        shown_runs(sgd, adam),
        _table(sgd, adam, validation, test),
        _fairness(common, validation, test),
        _reason(test, sgd),
        _times_text(times, common),
        Text(seeds_caveat("one run of each optimiser")),
    )


def _verdict(test: Difference, sgd: RunRecord, adam: RunRecord) -> str:
    after = f"After {counted(len(adam.epochs), 'epoch')}"
    bounds = (
        f"a difference (Adam minus SGD) of {share(test.value)} with the 95\u00a0% interval {interval(test.interval)}"
    )
    if test.consistent:
        values = f"test accuracy {share(test.first.share)} with Adam and {share(test.second.share)} with SGD"
        guessing = " Neither does better than guessing yet." if is_guessing(sgd) and is_guessing(adam) else ""
        return f"{after} Adam and SGD cannot be told apart: {values}, {bounds}, which contains 0.{guessing}"
    better, worse = ("Adam", "SGD") if test.value > 0 else ("SGD", "Adam")
    first, second = (test.first, test.second) if test.value > 0 else (test.second, test.first)
    values = f"test accuracy {share(first.share)} against {share(second.share)}"
    return f"{after} {better} is ahead of {worse}: {values}, {bounds}."


def _table(sgd: RunRecord, adam: RunRecord, validation: Difference, test: Difference) -> Table:
    def row(name: str, record: RunRecord) -> tuple[str, ...]:
        found = accuracies(record)
        shares = (found.training.share, found.validation.share, found.test.share)
        return (name, *map(share, shares), seconds(record.epochs[-1].time_s))

    difference = accuracies(adam).training.share - accuracies(sgd).training.share
    return Table(
        ("Optimiser", "Training", "Validation", "Test", "Last epoch"),
        (
            row("SGD", sgd),
            row("Adam", adam),
            ("Adam minus SGD", share(difference), share(validation.value), share(test.value), ""),
            ("95\u00a0% interval", "", interval(validation.interval), interval(test.interval), ""),
        ),
        caption="Accuracies and times.",
    )


def _fairness(common: Comparison, validation: Difference, test: Difference) -> Text:
    equal = [name for name, same in (("split", common.same_split), ("initial weights", common.same_start)) if same]
    if common.same_data and len(equal) == 2:
        start = (
            "Both runs start from the same split and the same initial weights (their fingerprints are equal), so "
            "that neither explains the difference."
        )
    else:
        start = (
            "The two runs do not start from the same data, split and initial weights (their fingerprints differ), so "
            "that the difference is not the optimiser's alone."
        )
    agree = (validation.value > 0) == (test.value > 0) and validation.consistent == test.consistent
    sets = (
        "Validation and test images tell the same story."
        if agree
        else "Validation and test images do not tell quite the same story, which warns against leaning on either."
    )
    return Text(
        f"{start} {sets} Both networks were tested on the same images and tend to fail on the same ones, so that the "
        "interval, which takes them as independent, is on the safe side."
    )


def _reason(test: Difference, sgd: RunRecord) -> Text:
    steps = ceil(sgd.data.training / BATCH_SIZE) * len(sgd.epochs)
    last = LEARNING_RATE / (1 + DECAY * (steps - 1))
    rates = (
        f"SGD gives all weights one learning rate, ${LEARNING_RATE}$ in the first step and ${last:.5f}$ in the last "
        f"of {steps:,}. Adam divides each weight's step by a running estimate of the size of that weight's gradient, "
        "so that weights with small gradients move about as far as the others."
    )
    if test.consistent:
        return Text(f"{rates} In this run that neither helped nor harmed by more than sampling explains.")
    if test.value > 0:
        return Text(f"{rates} That is the likely cause of its lead, though one run of each does not prove it.")
    return Text(
        f"{rates} Here that did not pay: steps of nearly full size in every weight can also overshoot, and a "
        "well-chosen single rate can be the better choice."
    )


def _time_verdict(times: TimeRatio, common: Comparison) -> str:
    if not common.same_machine:
        return "The running times are not comparable, since the runs were made on different devices."
    if 1 / _SIMILAR_TIME < times.value < _SIMILAR_TIME:
        return f"The running times are about the same: Adam takes {ratio(times.value)} times as long as SGD."
    if times.value > 1:
        return f"Adam takes longer: {ratio(times.value)} times as long as SGD."
    return f"Adam takes less time: {ratio(times.value)} times as long as SGD."


def _times_text(times: TimeRatio, common: Comparison) -> Text:
    values = f"An epoch takes {seconds(times.slow.typical_s)} with Adam and {seconds(times.fast.typical_s)} with SGD."
    if not common.same_machine:
        return Text(f"{values} The devices differ, so that their ratio says nothing of the optimisers.")
    cost = (
        "Both do the same forward and backward passes; Adam keeps two running means a weight where SGD keeps one "
        "velocity, and so does somewhat more arithmetic a step."
    )
    surprise = (
        " That it was not slower here is most likely scatter of the timings, for instance the warming up of the first "
        "run."
        if times.value < 1
        else ""
    )
    return Text(f"{values} {cost}{surprise}")


KIND = Optimisers()
