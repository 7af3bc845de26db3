"""One run on the processor and the same on a GPU: accuracies, what differs, and the ratio of the running times."""

from __future__ import annotations

from random import Random

from gradus.answers.answer import Measured, Measurements
from gradus.documents.blocks import Block, Table, Text
from gradus.documents.markdown import escaped
from gradus.evidence.accuracy import Difference, accuracies
from gradus.evidence.comparison import Comparison, comparison
from gradus.evidence.times import TimeRatio, time_ratio
from gradus.problems.problem import Kind, Records, Solution
from gradus.problems.training_runs import (
    accuracy_table,
    found_record,
    measured,
    missing,
    not_run,
    shown_runs,
    solution,
)
from gradus.problems.training_setting import TrainingParams, setting_sentence
from gradus.problems.wording import counted, interval, listed, ratio, seconds, share
from gradus.runs import NotRun, RunRecord, RunRequest

CPU_PARTS = ("cpu_validation_accuracy", "cpu_test_accuracy")
GPU_PARTS = ("gpu_validation_accuracy", "gpu_test_accuracy")
BOTH_PARTS = ("test_difference", "time_ratio")


class Accelerator(Kind[TrainingParams]):
    """One run on the processor and the same on a GPU: accuracies, what differs, and the ratio of the running times."""

    name = "training/accelerator"
    title = "The same training on an accelerator"
    Params = TrainingParams
    answer = Measurements
    levels = 1

    def sample(self, rng: Random, level: int) -> TrainingParams:
        return TrainingParams(seed=rng.randrange(10**6))

    def statement(self, params: TrainingParams) -> tuple[Block, ...]:
        return (
            Text(
                f"{setting_sentence(params.data)}\n\n"
                f"Train for {counted(params.epochs, 'epoch')} of SGD with no hardware acceleration, and again on a "
                "GPU.\n\nAre the accuracy values the same? Explain why or why not. What is the approximate ratio of "
                "the running times, processor to GPU?"
            ),
        )

    def runs_needed(self, params: TrainingParams) -> tuple[RunRequest, ...]:
        return (params.request("sgd", "cpu"), params.request("sgd", "cuda"))

    def solve(self, params: TrainingParams, records: Records) -> Solution:
        cpu, gpu = (found_record(records, request) for request in self.runs_needed(params))
        if isinstance(cpu, RunRecord) and isinstance(gpu, RunRecord):
            return _both(cpu, gpu)
        parts = _parts(CPU_PARTS, cpu) | _parts(GPU_PARTS, gpu)
        absent = tuple(found for found in (cpu, gpu) if isinstance(found, NotRun))
        parts |= missing(BOTH_PARTS, absent[-1])
        shown = tuple(shown_runs(found) for found in (cpu, gpu) if isinstance(found, RunRecord))
        return solution(
            Measurements(parts, _open_conclusion(cpu, gpu)), *shown, *not_run(*absent), _expected(), _original()
        )

    def mistakes(self, params: TrainingParams) -> tuple[()]:
        return ()


def _parts(names: tuple[str, str], found: RunRecord | NotRun) -> dict[str, Measured]:
    if isinstance(found, NotRun):
        return missing(names, found)
    ended = accuracies(found)
    return {names[0]: measured(ended.validation, found), names[1]: measured(ended.test, found)}


def _both(cpu: RunRecord, gpu: RunRecord) -> Solution:
    difference = Difference(accuracies(gpu).test, accuracies(cpu).test)
    common, times = comparison(cpu, gpu), time_ratio(cpu, gpu)
    runs = f"{cpu.id},{gpu.id}"
    parts = _parts(CPU_PARTS, cpu) | _parts(GPU_PARTS, gpu)
    parts["test_difference"] = Measured(difference.value, difference.interval, runs)
    parts["time_ratio"] = Measured(times.value, None, runs)
    return solution(
        Measurements(parts, f"{_verdict(common, difference)} {_cause(common)} {_time_verdict(times)}"),
        shown_runs(cpu, gpu),
        accuracy_table({"processor": cpu, "GPU": gpu}),
        _common_table(common),
        _difference_text(common, difference),
        _times_text(times),
        _original(),
    )


def _verdict(common: Comparison, difference: Difference) -> str:
    gpu, cpu = difference.first, difference.second
    if common.same_accuracies:
        return f"Yes, to the last image: the test accuracy is {share(cpu.share)} on both devices."
    values = f"the test accuracy is {share(cpu.share)} on the processor and {share(gpu.share)} on the GPU"
    if difference.consistent:
        return f"Not the same, but close: {values}, a difference within the sampling error of the test images."
    return f"No: {values}, a difference beyond the sampling error of the test images."


def _cause(common: Comparison) -> str:
    if common.same_end:
        return "Even the final weights are equal bit for bit."
    if common.same_accuracies:
        return "The final weights differ all the same, so that equal counts are a coincidence."
    different = _differences(common)
    same = [name for name, equal in (("split", common.same_split), ("initial weights", common.same_start)) if equal]
    kept = f"The {listed(same)} {'are' if same != ['split'] else 'is'} the same; " if same else ""
    if not different:
        rest = "the records show no difference between the runs that would explain it."
    else:
        rest = f"what differs is {listed(different)}."
    return f"{kept}{rest}" if kept else rest[0].upper() + rest[1:]


def _differences(common: Comparison) -> list[str]:
    versions = f"the version of {listed(common.changed_versions)}" if common.changed_versions else ""
    found = (
        (not common.same_data, "the data"),
        (not common.same_split, "the split"),
        (not common.same_start, "the initial weights"),
        (not common.same_device, "the dropout masks"),
        (not common.same_machine, "the rounding of the arithmetic"),
        (bool(versions), versions),
    )
    return [name for differs, name in found if differs]


def _common_table(common: Comparison) -> Table:
    def cell(same: bool) -> str:
        return "the same" if same else "different"

    versions = f"different: {listed(common.changed_versions)}" if common.changed_versions else "the same"
    rows = (
        ("images", cell(common.same_data), "fingerprints of the data"),
        ("split into training and validation", cell(common.same_split), "fingerprints of the split"),
        (
            "initial weights",
            cell(common.same_start),
            f"{common.equal_start} of {common.tensors} tensors equal bit for bit",
        ),
        ("dropout masks", cell(common.same_device), "each sort of device draws its own"),
        ("rounding", cell(common.same_machine), "each device adds up in its own order"),
        ("software", versions, "versions in the records"),
        ("final weights", cell(common.same_end), "fingerprints of the tensors"),
    )
    return Table(("What", "In the two runs", "Known from"), rows, caption="What the two runs have in common.")


def _difference_text(common: Comparison, difference: Difference) -> Text:
    bounds = (
        f"The two test accuracies differ by {share(difference.value)} (GPU minus processor), with a standard error "
        f"of {share(difference.standard_error)} and the 95\u00a0% interval {interval(difference.interval)}. Both "
        "networks were tested on the same images and tend to fail on the same ones, so that this standard error, "
        "which takes them as independent, is on the safe side."
    )
    if not common.same_data:
        return Text("The two runs did not see the same images, so that their accuracies cannot be compared.")
    if common.same_end:
        return Text(f"{bounds} The final weights are equal, so that nothing else could have come out.")
    if common.same_split and common.same_start and not common.same_device:
        return Text(
            f"{bounds}\n\nThe split and the initial weights are no explanation here, since the seed fixes both. "
            "Training multiplies small differences: from the first step on, other units are dropped and sums are "
            f"rounded in another way, and the weights drift apart. {_reading(difference)}"
        )
    return Text(
        f"{bounds}\n\nTraining multiplies differences: whatever is not the same in the table above leads the weights "
        "apart from the first step on."
    )


def _reading(difference: Difference) -> str:
    if difference.consistent:
        return "There is no sign that one device learns better than the other."
    return (
        "The two trained networks really differ, then; but one run a side is one draw of masks and rounding, and no "
        "proof that one device learns better than the other."
    )


def _time_verdict(times: TimeRatio) -> str:
    if times.value >= 1:
        return f"An epoch takes {ratio(times.value)} times as long on the processor as on the GPU."
    return (
        f"The GPU is the slower one here: the ratio of processor to GPU is {ratio(times.value)}, "
        f"so that an epoch takes {ratio(1 / times.value)} times as long on the GPU."
    )


def _times_text(times: TimeRatio) -> Text:
    values = (
        f"An epoch with its validation takes {seconds(times.slow.typical_s)} on the processor and "
        f"{seconds(times.fast.typical_s)} on the GPU, a ratio of {ratio(times.value)}."
    )
    if times.slow.warmed_up and times.fast.warmed_up:
        how = "These are medians over the epochs after the first, which also pays for warming up."
    elif times.like_with_like:
        how = (
            "Each is a single timing of a first epoch, which also pays for warming up; that weighs more on the GPU, "
            "where everything else is short. One timing of each cannot show how timings scatter, so no interval is "
            "given."
        )
    else:
        how = "One of them leaves its first epoch out and the other does not, so that the ratio is a rough one."
    return Text(f"{values} {how}")


def _open_conclusion(cpu: RunRecord | NotRun, gpu: RunRecord | NotRun) -> str:
    absent = " ".join(
        f"On the {name}: not run: {escaped(found.reason)}."
        for name, found in (("processor", cpu), ("GPU", gpu))
        if isinstance(found, NotRun)
    )
    present = [(n, f) for n, f in (("processor", cpu), ("GPU", gpu)) if isinstance(f, RunRecord)]
    values = " ".join(
        f"On the {name} the test accuracy is {share(accuracies(found).test.share)}, and an epoch takes "
        f"{seconds(found.epochs[-1].time_s)}."
        for name, found in present
    )
    return " ".join(filter(None, (values, absent, "Accuracies and times are compared once both runs are made.")))


def _expected() -> Text:
    return Text(
        "What to expect, before it is measured: the seed fixes the split and the initial weights, which are drawn on "
        "the processor whatever the device, so that these are the same. The dropout masks are not (each sort of "
        "device has its own generator of random numbers), nor is the rounding (each adds up in its own order). "
        "Training multiplies such differences, so that the accuracies should come out close, and not equal."
    )


def _original() -> Text:
    return Text(
        "In the course's own notebook two more things change from one run to the next: the images are split anew, "
        "and the initial weights are drawn anew, both without a fixed seed. There, unequal accuracies are to be "
        "expected even on one device, and cannot be put down to the accelerator."
    )


KIND = Accelerator()
