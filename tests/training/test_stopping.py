"""Ctrl-C, and runs that cannot go on: what is kept, and what is said."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from gradus.errors import InputError, WorkFailed
from gradus.runs import OnProgress, Progress
from gradus.training import run, stopping
from gradus.training.checkpoint import newest_checkpoint
from gradus.training.configuration import Sgd
from gradus.training.device import memory_named
from gradus.training.loop import Training
from gradus.training.recipes import RECIPES, hw5
from training.outcomes import Outcome, outcome, small_request, tiny_recipe

__all__ = ["tiny_recipe"]


@pytest.fixture(scope="module")
def whole(shared_images: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("whole")
    return outcome(run(small_request(shared_images), folder=folder), folder)


def at_first(act: Callable[[], None]) -> OnProgress:
    """Act after the first step."""
    done = False

    def watch(progress: Progress) -> None:
        nonlocal done
        if not done:
            done = True
            act()

    return watch


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_after_the_step_and_says_how_to_go_on(
    number: signal.Signals, whole: Outcome, shared_images: Path, tmp_path: Path
) -> None:
    before = signal.getsignal(number)
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupt = at_first(lambda: signal.raise_signal(number))
        run(small_request(shared_images), interrupt, tmp_path / "a run", on_message=said.append)
    place = f"'{tmp_path / 'a run'}'"
    assert said == [f"the run was stopped; kept up to epoch 1, step 1: go on with gradus train --resume {place}"]
    assert signal.getsignal(number) == before
    record = run(small_request(shared_images), folder=tmp_path / "a run", on_message=said.append)
    assert said[1:] == ["the run goes on after epoch 1 of 3, step 1"]
    assert outcome(record, tmp_path / "a run") == whole


def test_a_second_signal_ends_at_once(shared_images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "AS_ONE_S", -1.0)
    said: list[str] = []

    def twice() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(small_request(shared_images), at_first(twice), tmp_path, on_message=said.append)
    assert said == ["the run was stopped; nothing was kept yet"]
    assert not (tmp_path / "checkpoints").exists()


def test_signals_that_come_together_are_one(shared_images: Path, tmp_path: Path) -> None:
    def twice() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):
        run(small_request(shared_images), at_first(twice), tmp_path, on_message=lambda message: None)
    found = newest_checkpoint(tmp_path)
    assert found is not None and found.facts.steps == 1


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stopping.stopping() as state:
            signal.raise_signal(signal.SIGINT)
            assert not state.requested
            assert signal.getsignal(signal.SIGTERM) != before
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_beside_the_main_thread_nothing_is_changed() -> None:
    handlers = []

    def look() -> None:
        with stopping.stopping() as state:
            handlers.append((signal.getsignal(signal.SIGINT), state.requested))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert handlers == [(signal.getsignal(signal.SIGINT), False)]


def test_what_a_watcher_raises_passes_through(whole: Outcome, shared_images: Path, tmp_path: Path) -> None:
    class OfTheCaller(Exception):
        pass

    def fail(progress: Progress) -> None:
        if progress.epoch == 2:
            raise OfTheCaller

    with pytest.raises(OfTheCaller):
        run(small_request(shared_images), fail, tmp_path)
    said: list[str] = []
    record = run(small_request(shared_images), folder=tmp_path, on_message=said.append)
    assert said == ["the run goes on after epoch 1 of 3"]
    assert outcome(record, tmp_path) == whole


def test_a_loss_that_is_no_number_stops_the_run_at_its_step(
    shared_images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poisoned(training: Training, *batch: Any) -> None:
        step(training, *batch)
        if training.state.steps == 8:
            training.parameters.views()[0].fill_(float("nan"))
            training.gradients.renew_copies()

    step = Training.step
    monkeypatch.setattr(Training, "step", poisoned)
    request = small_request(shared_images)
    said: list[str] = []
    for every_s, message in ((1e9, "the loss of epoch 2 at step 4"), (0, "conv1.gains after step 3 of epoch 2")):
        with pytest.raises(WorkFailed, match=f"training diverged: {message} is not a finite number") as failed:
            run(request, folder=tmp_path, on_message=said.append, checkpoint_every_s=every_s)
        assert "going on would end here again; train with a smaller learning rate" in str(failed.value)
    assert said == [
        "the last checkpoint before training diverged is that of epoch 1",
        "the run goes on after epoch 1 of 3",
        "the last checkpoint before training diverged is that of epoch 2, step 2",
    ]
    found = newest_checkpoint(tmp_path)
    assert found is not None and found.facts.steps == 7
    assert all(tensor.isfinite().all() for tensor in found.tensors.values())


def test_a_learning_rate_that_is_too_large_is_said(
    shared_images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECIPES, "hw5", lambda classes: replace(hw5(classes), optimizers={"adam": Sgd(1e30)}))
    with pytest.raises(WorkFailed, match="diverged: the loss of epoch 1 at step 2 is not a finite number"):
        run(small_request(shared_images, recipe="hw5"), folder=tmp_path)
    assert newest_checkpoint(tmp_path) is None


TOO_LITTLE = "[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory: you tried to allocate"


@pytest.mark.parametrize(
    "error", [RuntimeError(TOO_LITTLE), torch.OutOfMemoryError("CUDA out of memory"), MemoryError()]
)
def test_too_little_memory_is_said(
    error: Exception, shared_images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(training: Training, *batch: Any) -> None:
        if training.state.steps == 6:
            raise error
        step(training, *batch)

    step = Training.step
    monkeypatch.setattr(Training, "step", fail)
    with pytest.raises(WorkFailed) as failed:
        run(small_request(shared_images), folder=tmp_path)
    assert str(failed.value) == (
        "there is not enough memory for batches of 18 images; close other programs, or use smaller batches "
        f"(--set batch_size=9); kept up to epoch 1: go on with gradus train --resume {tmp_path}"
    )


def test_pytorch_says_too_little_memory_as_expected() -> None:
    with (
        pytest.raises(WorkFailed, match=r"not enough memory for batches of 1 images; close other programs$"),
        memory_named(1),
    ):
        torch.empty(1 << 60, dtype=torch.uint8)
    with pytest.raises(RuntimeError, match="size"), memory_named(1):
        torch.zeros(2) @ torch.zeros(3)


def test_a_batch_larger_than_the_set_is_refused(shared_images: Path, tmp_path: Path) -> None:
    request = small_request(shared_images, settings=(("batch_size", "81"),))
    with pytest.raises(InputError, match="batch_size = 81: must be at most 80, the number of training images"):
        run(request, folder=tmp_path)
