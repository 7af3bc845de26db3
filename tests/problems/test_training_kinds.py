"""The kinds of Part 4: every sentence that depends on the data follows the record, in each direction."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from math import hypot
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from gradus.answers.answer import Measured, Measurements, Prose
from gradus.documents.blocks import Code, Figure, Table, Text
from gradus.documents.markdown import escaped
from gradus.errors import InputError
from gradus.exact.networks.layers import Architecture, Conv2D, MaxPool2D, hw5_cnn, output_shapes, parameter_count
from gradus.exact.steps import Step
from gradus.problems.learning_curve import accuracy_figure, ticks
from gradus.problems.problem import Records, Solution
from gradus.problems.registry import AnyKind, find_kind
from gradus.problems.training_setting import data_phrase
from gradus.problems.training_suggestions import deeper, receptive_field, wider
from gradus.problems.wording import code_span
from gradus.runs import NotRun, RunRecord, RunRequest, RunStore, record_report
from gradus.runs.store import run_id
from problems.conformance import printed
from problems.records import levelling_curve, made_record, no_records, recorded, typical_record, typical_records

ESTIMATE = find_kind("training/validation-estimate")
ACCELERATOR = find_kind("training/accelerator")
OPTIMISERS = find_kind("training/optimisers")
LONGER = find_kind("training/longer-training")
IMPROVEMENTS = find_kind("training/improvements")
KINDS = (ESTIMATE, ACCELERATOR, OPTIMISERS, LONGER, IMPROVEMENTS)

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def requests(kind: AnyKind) -> tuple[RunRequest, ...]:
    return kind.runs_needed(kind.Params())


def solved(kind: AnyKind, *records: RunRecord | NotRun) -> Solution:
    return kind.solve(kind.Params(), dict(zip(requests(kind), records, strict=True)))


def words(solution: Solution) -> str:
    """All that a solution says, but for its code and figures."""
    parts = [solution.summary]
    for part in solution.body:
        if isinstance(part, Text):
            parts.append(part.markdown)
        elif isinstance(part, Step):
            parts += [part.claim, part.reason, part.before, part.after, *(c.statement for c in part.checks)]
        elif isinstance(part, Table):
            parts += [part.caption, *(cell for row in part.rows for cell in row)]
    return "\n".join(parts)


def measurements(solution: Solution) -> dict[str, Measured]:
    assert isinstance(solution.answer, Measurements)
    return dict(solution.answer.parts)


@every_kind
def test_missing_runs_are_reported_with_their_command(kind: AnyKind) -> None:
    solution = kind.solve(kind.Params(), no_records(requests(kind), "PyTorch is [not] here"))
    if kind is IMPROVEMENTS:
        assert isinstance(solution.answer, Prose) and "1. **" in solution.answer.text
        return
    assert r"ot run: PyTorch is \[not\] here" in solution.summary
    assert "gradus solve hw5 --only 4.2 --device cuda" in words(solution)
    for part in measurements(solution).values():
        assert part == Measured(None, None, None, "PyTorch is [not] here")


@every_kind
def test_records_that_nobody_gave_count_as_not_run(kind: AnyKind) -> None:
    assert kind.solve(kind.Params(), {}).summary


@every_kind
def test_interrupted_runs_are_not_evaluated(kind: AnyKind) -> None:
    records: Records = {r: replace(typical_record(r), ended="interrupted") for r in requests(kind)}
    solution = kind.solve(kind.Params(), records)
    if kind is not IMPROVEMENTS:
        assert "the run was interrupted after" in solution.summary
        assert all(part.value is None for part in measurements(solution).values())


@every_kind
def test_code_prints_what_its_block_says(kind: AnyKind, tmp_path: Path) -> None:
    """The notebook's cells, run in the output folder, print the output that page and PDF show."""
    records = typical_records(requests(kind))
    for record in records.values():
        assert isinstance(record, RunRecord)
        RunStore(tmp_path / "runs").save(record)
    cells = [part for part in kind.solve(kind.Params(), records).body if isinstance(part, Code)]
    assert len(cells) == (0 if kind is IMPROVEMENTS else 1)
    for cell in cells:
        assert printed(cell.source, tmp_path) == f"{cell.output}\n"


@every_kind
def test_statements_fit_every_data_set(kind: AnyKind) -> None:
    for data, named in (("pictograms", "`pictograms`"), ("a/b c/birds", "folder `birds`")):
        shown = " ".join(b.markdown for b in kind.statement(kind.Params(data=data)) if isinstance(b, Text))
        assert named in shown and "a/b c" not in shown


@pytest.mark.parametrize(
    "wrong",
    [{"recipe": "hw6"}, {"data": ""}, {"data": " "}, {"data": "a\nb"}, {"seed": -1}, {"seed": True}, {"epochs": 0},
     {"epochs": "3"}, {"epoch": 3}],
)  # fmt: skip
@every_kind
def test_bad_parameters_are_refused(kind: AnyKind, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        kind.Params(**wrong)


def test_equal_runs_are_asked_for_once() -> None:
    assert requests(ACCELERATOR)[0] == requests(ESTIMATE)[0]
    assert requests(IMPROVEMENTS) == requests(LONGER)
    assert requests(OPTIMISERS)[0].device == "auto"


def estimate(training: float, validation: float, test: float) -> Solution:
    (request,) = requests(ESTIMATE)
    return solved(ESTIMATE, made_record(request, [training], [validation], test))


def test_estimate_follows_the_record() -> None:
    near, far = estimate(0.25, 0.38, 0.375), estimate(0.25, 0.38, 0.25)
    assert near.summary.startswith("Yes.") and "$0.3800$" in near.summary and "$0.3750$" in near.summary
    assert "contains 0" in words(near) and "does not contain 0" not in words(near)
    assert far.summary.startswith("In general yes, but not in this run") and "$0.2500$" in far.summary
    assert "does not contain 0" in words(far) and "of another kind" in words(far)
    assert measurements(near)["difference"].value == pytest.approx(0.005)
    (low_v, high_v), (low_t, high_t) = (binomtest(k, 1000).proportion_ci(method="wilson") for k in (380, 250))
    bounds = (0.13 - hypot(0.38 - low_v, high_t - 0.25), 0.13 + hypot(high_v - 0.38, 0.25 - low_t))
    assert measurements(far)["difference"].interval == pytest.approx(bounds)


def test_estimate_explains_the_training_accuracy_each_way() -> None:
    assert "is lower than the validation accuracy" in words(estimate(0.25, 0.38, 0.38))
    assert "is within sampling error of" in words(estimate(0.38, 0.38, 0.38))
    assert "is higher than the validation accuracy" in words(estimate(0.5, 0.38, 0.38))


def test_estimate_says_when_the_network_only_guesses() -> None:
    assert "Guessing among 10 equally frequent classes" in words(estimate(0.1, 0.11, 0.118))
    assert "Guessing" not in words(estimate(0.25, 0.38, 0.375))


def accelerator(**changes: Any) -> Solution:
    cpu, gpu = (made_record(request) for request in requests(ACCELERATOR))
    return solved(ACCELERATOR, cpu, replace(gpu, **changes))


def test_accelerator_compares_accuracies_each_way() -> None:
    assert accelerator().summary.startswith("Yes, to the last image")
    close = accelerator(test_accuracy=0.39)
    assert close.summary.startswith("Not the same, but close") and "$0.3900$" in close.summary
    assert "no sign that one device learns better" in words(close)
    far = accelerator(test_accuracy=0.5)
    assert far.summary.startswith("No:") and "no proof that one device" in words(far)


def test_accelerator_names_what_differs() -> None:
    common = accelerator(test_accuracy=0.39)
    assert "The split and initial weights are the same" in common.summary
    assert "what differs is the dropout masks and the rounding of the arithmetic" in common.summary
    (cpu, _) = (made_record(request) for request in requests(ACCELERATOR))
    split = accelerator(test_accuracy=0.39, data=replace(cpu.data, split_fingerprint="other"))
    assert "The initial weights are the same" in split.summary and "what differs is the split," in split.summary
    start = accelerator(test_accuracy=0.39, initial_weights=dict.fromkeys(cpu.initial_weights, "other"))
    assert "The split is the same" in start.summary and "the initial weights," in start.summary
    assert "0 of 12 tensors" in words(start)
    other = accelerator(test_accuracy=0.39, data=replace(cpu.data, fingerprint="other"))
    assert "cannot be compared" in words(other)
    same = accelerator(final_weights=cpu.final_weights)
    assert "equal bit for bit" in same.summary


def test_accelerator_reports_the_ratio_each_way() -> None:
    fast = accelerator()
    assert "12.5 times as long on the processor" in fast.summary
    assert measurements(fast)["time_ratio"].value == pytest.approx(12.5)
    slow_epochs = (replace(made_record(requests(ACCELERATOR)[1]).epochs[0], time_s=40.0),)
    slow = accelerator(epochs=slow_epochs)
    assert "The GPU is the slower one" in slow.summary and "2.00 times as long on the GPU" in slow.summary


def test_accelerator_without_gpu_keeps_what_was_measured() -> None:
    cpu, gpu = requests(ACCELERATOR)
    solution = solved(
        ACCELERATOR, made_record(cpu), NotRun(gpu, "no GPU on this machine", "gradus solve --device cuda")
    )
    assert "On the GPU: not run: no GPU on this machine." in solution.summary
    assert "gradus solve --device cuda" in words(solution)
    parts = measurements(solution)
    assert parts["cpu_test_accuracy"].value == 0.375
    assert parts["gpu_test_accuracy"].reason == parts["time_ratio"].reason == "no GPU on this machine"


def optimisers(adam: float, adam_s: float = 22.0, **changes: Any) -> Solution:
    sgd_request, adam_request = requests(OPTIMISERS)
    record = made_record(adam_request, [0.3], [adam], adam, [adam_s])
    return solved(OPTIMISERS, made_record(sgd_request), replace(record, **changes))


def test_optimisers_are_ranked_by_the_record() -> None:
    better, worse, equal = optimisers(0.55), optimisers(0.2), optimisers(0.38)
    assert "Adam is ahead of SGD" in better.summary and "$0.5500$ against $0.3750$" in better.summary
    assert "SGD is ahead of Adam" in worse.summary and "did not pay" in words(worse)
    assert "cannot be told apart" in equal.summary and "neither helped nor harmed" in words(equal)
    assert measurements(worse)["test_difference"].value == pytest.approx(-0.175)


def test_optimisers_that_only_guess_are_called_so() -> None:
    guesses = [made_record(request, [0.1], [0.11], 0.115) for request in requests(OPTIMISERS)]
    assert "Neither does better than guessing yet" in solved(OPTIMISERS, *guesses).summary
    assert "guessing" not in optimisers(0.38).summary


def test_optimisers_are_timed_by_the_record() -> None:
    assert "Adam takes longer: 1.25 times" in optimisers(0.55, 25.0).summary
    assert "about the same: Adam takes 1.05 times" in optimisers(0.55, 21.0).summary
    assert "Adam takes less time: 0.50 times" in optimisers(0.55, 10.0).summary
    assert "not comparable" in optimisers(0.55, device_name="Another processor").summary


def test_optimisers_must_start_alike_to_be_compared() -> None:
    assert "same split and the same initial weights" in words(optimisers(0.55))
    assert "not the optimiser's alone" in words(optimisers(0.55, initial_weights={"conv1.bias": "other"}))


def longer(training: list[float], validation: list[float]) -> Solution:
    params = LONGER.Params(epochs=len(validation))
    (request,) = LONGER.runs_needed(params)
    return LONGER.solve(params, {request: made_record(request, training, validation)})


LEVEL = levelling_curve(30, 0.5, 0.75)
RISING = [0.3 + 0.015 * n for n in range(30)]
NOISY = [0.5 + 0.1 * (-1) ** n for n in range(30)]


@pytest.mark.parametrize(
    ("training", "validation", "start", "words_in_summary"),
    [
        (RISING[:], LEVEL, "No. The validation accuracy has levelled off", "The training accuracy"),
        ([v + 0.15 + 0.0025 * n for n, v in enumerate(LEVEL)], LEVEL, "No.", "and still rises"),
        ([v + 0.2 for v in LEVEL], LEVEL, "No.", "do not mend that"),
        (LEVEL, LEVEL, "No.", "within sampling error"),
        ([v - 0.2 for v in LEVEL], LEVEL, "No.", "lower"),
        (RISING, RISING, "Yes, it probably would", "upper estimate"),
        (RISING, RISING[::-1], "No, it would get worse", "falls"),
        (RISING, NOISY, "This run does not settle it", "scatters"),
        (RISING[:4], RISING[:4], "It cannot be said: a curve of 4 epochs is too short", "at least 6"),
    ],
)
def test_longer_training_follows_the_curve(
    training: list[float], validation: list[float], start: str, words_in_summary: str
) -> None:
    solution = longer(training, validation)
    assert solution.summary.startswith(start) and words_in_summary in solution.summary
    assert any(isinstance(part, Figure) for part in solution.body)


def test_recorded_adam_has_levelled_off() -> None:
    solution = solved(LONGER, *map(recorded, requests(LONGER)))
    assert solution.summary.startswith("No. The validation accuracy no longer rises")
    assert "and still rises" in solution.summary and "it over-fits" in words(solution)


def test_longer_training_says_what_the_loss_did() -> None:
    over = words(longer(LEVEL, LEVEL[:20] + [0.75 - 0.02 * n for n in range(10)]))
    assert "the loss rises by" in over and "sure of its mistakes" in over
    assert "hardly anything" in words(longer(LEVEL, LEVEL)) or "which is the last one" in words(longer(LEVEL, LEVEL))
    assert "which is the last one" in words(longer(RISING, RISING))


def improvements(training: list[float], validation: list[float]) -> str:
    (request,) = requests(IMPROVEMENTS)
    answer = solved(IMPROVEMENTS, made_record(request, training, validation)).answer
    assert isinstance(answer, Prose)
    return answer.text


def test_improvements_agree_with_the_learning_curve() -> None:
    over = improvements([v + 0.2 for v in LEVEL], LEVEL)
    assert "over-fits" in over and "needs a counterweight" in over and "removes a cause" in over
    assert "Training for longer is not among them" in over and "4,500 images in place of 4,000" in over
    assert "no sign of over-fitting" not in over and "there is no over-fitting" not in over
    under = improvements([v - 0.2 for v in RISING], RISING)
    assert "no sign of over-fitting" in under and "still rises" in under and "Without over-fitting" in under
    assert "the network over-fits" not in under and "counterweight" not in under
    close = improvements(LEVEL, LEVEL)
    assert "no more apart than sampling explains" in close


def test_improvements_stay_within_the_course() -> None:
    for text in (
        improvements(RISING, LEVEL),
        solved(IMPROVEMENTS, *no_records(requests(IMPROVEMENTS)).values()).summary,
    ):
        assert "normalis" not in text.lower()
    assert improvements(RISING, LEVEL).count("\n1. ") == improvements(RISING, LEVEL).count("\n3. ") == 1


@pytest.mark.parametrize("network", [hw5_cnn(), deeper(10), wider(10)])
def test_receptive_field_is_what_pixels_reach(network: Architecture) -> None:
    """Each pixel of one row is switched on by itself and followed through the layers."""
    reached = np.eye(network.input_shape[1], dtype=bool)
    for layer in network.layers:
        if isinstance(layer, Conv2D):
            k = layer.kernel[1]
            edge = (k - 1) // 2 if layer.padding == "same" else 0
            padded = np.pad(reached, ((0, 0), (edge, edge)))
            reached = np.any([padded[:, i : padded.shape[1] - k + 1 + i] for i in range(k)], axis=0)
        elif isinstance(layer, MaxPool2D):
            cut = reached.shape[1] // layer.size * layer.size
            reached = reached[:, :cut].reshape(len(reached), -1, layer.size).any(axis=2)
    flattened = next(s for s in reversed(output_shapes(network)) if len(s) == 3)
    assert reached.shape[1] == flattened[1]
    assert receptive_field(network) == reached.sum(axis=0).max()


def test_report_shows_the_epochs_asked_for() -> None:
    record = typical_record(RunRequest("hw5", "pictograms", "adam", 12))
    numbers = [line.split()[0] for line in record_report(record, every=5).splitlines() if "/12" in line]
    assert numbers == ["1/12", "5/12", "10/12", "12/12"]
    assert len([line for line in record_report(record).splitlines() if "/12" in line]) == 12
    assert max(map(len, record_report(record).splitlines())) <= 80
    changed = record_report(replace(record, test_accuracy=0.123))
    assert "test accuracy: 0.1230" in changed and changed != record_report(record)


def test_figure_is_the_same_in_another_process() -> None:
    code = (
        "from problems.records import typical_record\nfrom gradus.runs import RunRequest\n"
        "from gradus.problems.learning_curve import accuracy_figure\n"
        "print(accuracy_figure(typical_record(RunRequest('hw5', 'pictograms', 'adam', 30))).svg)"
    )
    tests = Path(__file__).parents[1]
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tests, capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}
    )
    record = typical_record(RunRequest("hw5", "pictograms", "adam", 30))
    assert run.stdout == accuracy_figure(record).svg + "\n"


@pytest.mark.parametrize("epochs", [1, 2, 7, 30, 75, 1000])
def test_figure_has_axes_legend_and_all_points(epochs: int) -> None:
    record = typical_record(RunRequest("hw5", "pictograms", "adam", epochs))
    figure = accuracy_figure(record)
    root = ElementTree.fromstring(figure.svg)
    names = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"epoch", "accuracy", "training", "validation", "1"} <= names
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    for line in root.iter("{http://www.w3.org/2000/svg}polyline"):
        points = [tuple(map(float, point.split(","))) for point in line.get("points", "").split()]
        assert len(points) == epochs
        assert all(0 < x < width and 0 < y < height for x, y in points)


def test_figure_places_values_where_the_axis_says() -> None:
    record = made_record(RunRequest("hw5", "pictograms", "adam", 2), [0.2, 0.4], [0.3, 0.6])
    root = ElementTree.fromstring(accuracy_figure(record).svg)
    labels = {
        element.text: float(element.get("y", 0)) - 5
        for element in root.iter("{http://www.w3.org/2000/svg}text")
        if element.get("text-anchor") == "end"
    }
    training, validation = root.iter("{http://www.w3.org/2000/svg}polyline")
    heights = [float(p.split(",")[1]) for line in (training, validation) for p in line.get("points", "").split()]
    assert heights == [labels["0.20"], labels["0.40"], labels["0.30"], labels["0.60"]]


def test_ticks_reach_over_the_interval() -> None:
    for low, high in ((0.0, 1.0), (0.23, 0.24), (0.5, 0.5), (0.999, 1.0), (0.1, 0.95)):
        found = ticks(low, high, 6)
        assert found[0] <= low and found[-1] >= high and 2 <= len(found) <= 12


def test_markdown_is_made_harmless() -> None:
    assert escaped("a*b_[c]($d) <e>\nf") == r"a\*b\_\[c\](\$d) \<e\> f"
    assert code_span("a`b") == "``a`b``" and code_span("`a") == "`` `a ``"
    assert (
        data_phrase("x/$y`z")
        == "the 32\u00a0×\u00a032 colour images in the folder ``$y`z``, which has a folder for each class"
    )


@every_kind
def test_recorded_runs_are_told_as_they_were(kind: AnyKind) -> None:
    """The records that training wrote: every accuracy in the answer is one of theirs."""
    records = {r: recorded(r) for r in requests(kind) if r.device != "cuda"}
    shown = words(kind.solve(kind.Params(), records))
    for request, record in records.items():
        assert (record.id, record.ended) == (run_id(record.request), "completed")
        resolved = replace(request, device="cpu", data_fingerprint=record.data.fingerprint)
        assert replace(record.request, configuration_fingerprint="") == resolved
        assert record.parameters == parameter_count(hw5_cnn()) and len(record.epochs) == request.epochs
        assert f"${record.epochs[-1].validation_accuracy:.4f}$" in shown or kind is ACCELERATOR
        assert f"${record.test_accuracy:.4f}$" in shown or kind in (LONGER, IMPROVEMENTS)


def test_recorded_adam_is_ahead_of_recorded_sgd() -> None:
    solution = solved(OPTIMISERS, *map(recorded, requests(OPTIMISERS)))
    assert "Adam is ahead of SGD" in solution.summary and "same split and the same initial weights" in words(solution)


SETTINGS = {"0.01", "1.41", "0.95"}
"""Decimals that may be typed: the first learning rate of SGD, and the factor that halving the validation set costs."""


@every_kind
def test_no_measured_number_is_typed(kind: AnyKind) -> None:
    """Two records that share no figure give texts that share no figure."""
    epochs = kind.Params().epochs
    figures = []
    for shift, seconds, images in ((0.0, 20.125, (4000, 1000, 1000)), (0.1371, 31.375, (4403, 1301, 1109))):
        records = {}
        for k, request in enumerate(requests(kind)):
            rise = 0.01 * (1 - shift) + 0.001 * k
            ripple = [(0.003 + 0.02 * shift) * (n * n % 7) for n in range(epochs)]
            training = [0.2013 + shift * (1 + 2 * k) + 0.01 * k + 1.1 * rise * n + ripple[n] for n in range(epochs)]
            validation = [0.3127 + shift * (1 + k) + rise * n + 2 * ripple[n] for n in range(epochs)]
            times = [seconds * (1 + k + shift * k)] * epochs
            records[request] = made_record(request, training, validation, 0.3517 + shift * (k + 1), times, images)
        figures.append(set(re.findall(r"\d+\.\d+", words(kind.solve(kind.Params(), records)))))
    assert len(figures[0]) > 4
    assert figures[0] & figures[1] <= SETTINGS


@every_kind
def test_any_record_gives_whole_sentences(kind: AnyKind) -> None:
    rng = Random(5)
    for _ in range(60):
        params = kind.Params(epochs=rng.choice((1, 2, 5, 6, 7, 11, 30)))
        n = params.epochs
        records = {
            request: made_record(
                request,
                [rng.choice((0.0, rng.random(), 1.0)) for _ in range(n)],
                [rng.choice((0.0, rng.random(), 1.0)) for _ in range(n)],
                rng.choice((0.0, rng.random(), 1.0)),
                [rng.uniform(0.01, 900) for _ in range(n)],
                (rng.randrange(1, 50_000), rng.randrange(1, 10_000), rng.randrange(1, 10_000)),
            )
            for request in kind.runs_needed(params)
        }
        shown = words(kind.solve(params, records))
        assert not re.search(r"\bnan\b|\binf\b|None|[{][a-z_]+[.(:]|  |\$-0\.0000\$", shown), shown


def test_counts_that_are_none_are_an_error_and_no_guess() -> None:
    (request,) = requests(ESTIMATE)
    with pytest.raises(InputError, match="whole number of 1000 images"):
        solved(ESTIMATE, replace(made_record(request), test_accuracy=0.37512))
