"""Run records for tests.

``made_record`` and ``typical_record`` are made by hand, with plausible shapes and no claim to have been measured;
``recorded`` reads a record that training wrote (``fixtures/``: data set ``pictograms``, seed 0, on a processor).
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import exp
from pathlib import Path

from gradus.exact.networks.layers import hw5_cnn, parameter_count, parameter_shapes
from gradus.problems.problem import Records
from gradus.runs import DataSummary, Epoch, NotRun, RunRecord, RunRequest, read_record
from gradus.runs.store import run_id

FIXTURES = Path(__file__).with_name("fixtures")
TRAINING, VALIDATION, TEST = 4000, 1000, 1000


def made_record(
    request: RunRequest,
    training: Sequence[float] = (0.25,),
    validation: Sequence[float] = (0.38,),
    test: float = 0.375,
    times: Sequence[float] | None = None,
    images: tuple[int, int, int] = (TRAINING, VALIDATION, TEST),
) -> RunRecord:
    """A record of that request with these accuracies; shares are rounded to whole images."""
    device = "cpu" if request.device == "auto" else request.device
    resolved = replace(request, device=device, data_fingerprint=_hash(f"data {request.data}"))
    n, v, t = images
    times = times or [20.0 if device == "cpu" else 1.6] * len(training)
    epochs = tuple(
        Epoch(2.3 * (1 - a), round(a * n) / n, 2.3 * (1 - b), round(b * v) / v, s)
        for a, b, s in zip(training, validation, times, strict=True)
    )
    names = parameter_shapes(hw5_cnn())
    return RunRecord(
        id=run_id(resolved),
        request=resolved,
        data=DataSummary(
            request.data,
            resolved.data_fingerprint,
            _hash(f"split {request.seed}"),
            tuple("abcdefghij"),
            n,
            v,
            t,
        ),
        versions={"gradus": "0.1.0", "Python": "3.11.2", "PyTorch": "2.13.0", "NumPy": "2.4.6"},
        device_name="Example processor" if device == "cpu" else "Example GPU",
        threads=2,
        parameters=parameter_count(hw5_cnn()),
        epochs=epochs,
        test_loss=2.3 * (1 - test),
        test_accuracy=round(test * t) / t,
        first_step_s=0.4,
        total_s=sum(times) + 1.5,
        peak_memory_bytes=600 * 2**20,
        initial_weights={name: _hash(f"start {request.seed} {name}") for name in names},
        final_weights={name: _hash(f"end {resolved} {name}") for name in names},
    )


def levelling_curve(epochs: int, start: float, end: float, speed: float = 0.35) -> list[float]:
    """Accuracies that rise from ``start`` and level off at ``end``, with a small deterministic ripple."""
    ripple = [0.004 * (((7 * n) % 5) - 2) / 2 for n in range(epochs)]
    return [end - (end - start) * exp(-speed * n) + ripple[n] for n in range(epochs)]


def typical_record(request: RunRequest) -> RunRecord:
    """A plausible record for any request of Part 4, and of a zero start: then the last biases alone have moved."""
    if request.setting("initialisation") == "zeros" or request.recipe == "small-network":
        return zero_start_record(request)
    if request.optimizer == "sgd":
        return made_record(
            request,
            levelling_curve(request.epochs, 0.21, 0.7, 0.2),
            levelling_curve(request.epochs, 0.37, 0.68, 0.2),
            0.372,
        )
    count = request.epochs
    return made_record(
        request,
        levelling_curve(count, 0.42, 0.93, 0.15),
        levelling_curve(count, 0.56, 0.79),
        0.561 if count == 1 else 0.783,
    )


def zero_start_record(request: RunRequest) -> RunRecord:
    """A record of a run from zeros that moved the biases of the last layer, and without a hidden layer its gains."""
    record = made_record(request)
    moving = {"dense2.bias"}
    names = list(record.initial_weights)
    if network := request.setting("network"):
        layers = json.loads(network)["layers"]
        count = sum(len(n["gains"]) + 1 for layer in layers for n in layer["neurons"])
        last = layers[-1]["neurons"]
        size = len(last[0]["gains"]) + 1
        names = [f"w{i}" for i in range(1, count + 1)]
        biases = {f"w{count - size * i}" for i in range(len(last))}
        if request.setting("biases") == "no":
            hidden = itertools.accumulate(len(n["gains"]) + 1 for layer in layers for n in layer["neurons"])
            names = [name for name in names if name not in {f"w{i}" for i in hidden}]
            biases = set()
        moving = biases if len(layers) > 1 else set(names)
    start = {name: _hash(f"start {name}") for name in names}
    end = {name: _hash(f"end {name}") if name in moving else value for name, value in start.items()}
    return replace(record, initial_weights=start, final_weights=end)


def recorded(request: RunRequest) -> RunRecord:
    """The recorded run of that optimiser and number of epochs."""
    return read_record(FIXTURES / f"{request.optimizer}-{request.epochs}.json")


def typical_records(requests: Iterable[RunRequest]) -> Records:
    return {request: typical_record(request) for request in requests}


def no_records(requests: Iterable[RunRequest], reason: str = "no GPU on this machine") -> Records:
    return {request: NotRun(request, reason, "gradus solve hw5 --only 4.2 --device cuda") for request in requests}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
