"""The programs of ``benchmarks/training.py`` train one and the same network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from training_process import Ended, TurnTaking
from training_programs import PROGRAMS, Program
from training_rounds import Task, training_images

from gradus.training.requests import asked
from gradus.training.run import planned

START_S = 200.0
NAMES = (
    *("gradus, bf16", "PyTorch, fp32, eager", "PyTorch, bf16, eager"),
    *(f"Keras on {backend}, fp32, as it comes" for backend in ("TensorFlow", "PyTorch", "JAX")),
)


@pytest.fixture(scope="module")
def task() -> Iterator[Task]:
    """Three batches, the last one smaller."""
    with training_images("pictograms", 80) as task:
        yield task


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """gradus' initial weights, in the order and layouts of Keras."""
    from gradus.training.model import weights_of
    from gradus.training.workers import ALONE

    file = tmp_path_factory.mktemp("weights") / "weights.npz"
    plan = planned(asked("hw5", "pictograms", device="cpu"))
    with plan.team(ALONE, print) as team:
        np.savez(file, **weights_of(plan.begun(ALONE, team).network))
    return file


def found(name: str, task: Task, weights: Path) -> tuple[int, float]:
    """Parameters, and the mean loss of the batches of an epoch, each from before its step, dropout off."""
    program = next(program for program in PROGRAMS if program.name == name)
    worker = TurnTaking(given(program, task, weights), program.environment, START_S)
    try:
        return worker.started["parameters"], worker.turn({"images": task.count}, START_S)["loss"]
    finally:
        worker.close()


def given(program: Program, task: Task, weights: Path) -> dict[str, object]:
    ours = {"settings": {"dropout": "off"}}
    options = {**program.options, **(ours if program.kind == "gradus" else {"dropout": False, "weights": str(weights)})}
    return {**task.given(replace(program, options=options)), "warm_up": 0}


@pytest.fixture(scope="module")
def ours(task: Task, weights: Path) -> float:
    parameters, loss = found("gradus, fp32", task, weights)
    assert parameters == 1_250_858
    return loss


@pytest.mark.parametrize("name", NAMES)
def test_the_same_network_and_steps(name: str, ours: float, task: Task, weights: Path) -> None:
    try:
        parameters, loss = found(name, task, weights)
    except Ended as reason:
        if "not installed" in str(reason):
            pytest.skip(str(reason))
        raise
    assert parameters == 1_250_858
    assert loss == pytest.approx(ours, abs=0.02 if "bf16" in name else 2e-4)


def test_every_name_is_one_program() -> None:
    assert len({program.name for program in PROGRAMS}) == len(PROGRAMS)
    assert {*NAMES, "gradus, fp32"} <= {program.name for program in PROGRAMS}
