"""Several processes train as one does, and none of them is left over."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch._C._distributed_c10d import TCPStore

from gradus.errors import InputError, WorkFailed
from gradus.runs import OnProgress, Progress, RunRequest
from gradus.training import processes, run
from gradus.training.augmentation import Augmenter
from gradus.training.checkpoint import newest_checkpoint
from gradus.training.dropout import Masks
from gradus.training.loop import Training
from gradus.training.model import initialised
from gradus.training.recipes.augmented import augmented
from gradus.training.snapshot import Clock, snapshot
from gradus.training.workers import ALONE, WorkerLost, Workers
from training.outcomes import outcome, small_request

HERE = Path(__file__).parent
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}


def request(images: Path) -> RunRequest:
    """Of a recipe that the other processes know as well."""
    return replace(small_request(images), recipe="augmented", epochs=2)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[str]]:
    """The processes that are started."""
    found: list[subprocess.Popen[str]] = []
    start = processes._worker

    def kept(told: dict[str, object]) -> subprocess.Popen[str]:
        found.append(start(told))
        return found[-1]

    monkeypatch.setattr(processes, "_worker", kept)
    return found


def in_epoch(number: int, act: Callable[[], None]) -> OnProgress:
    done = False

    def watch(progress: Progress) -> None:
        nonlocal done
        if progress.epoch == number and not done:
            done = True
            act()

    return watch


def test_two_workers_do_what_one_process_does_to_rounding() -> None:
    store = TCPStore("127.0.0.1", 0, 2, is_master=True, wait_for_workers=False)
    command = [sys.executable, str(HERE / "two_workers.py")]
    both = [
        subprocess.Popen([*command, str(rank), str(store.port)], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        for rank in range(2)
    ]
    for worker in both:
        found = json.loads(worker.communicate(timeout=120)[0])
        assert found["told"] == ["first", ""]
        for kind, tolerance in (("double", 1e-12), ("single", 1e-6)):
            assert found[kind].pop("moved") > 1e-3
            assert max(found[kind].values()) < tolerance, found


def test_runs_of_two_workers_go_on_after_losing_one_and_after_ctrl_c(
    shared_images: Path, tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    threads = torch.get_num_threads()
    whole = outcome(run(request(shared_images), folder=tmp_path / "whole", workers=2), tmp_path / "whole")
    said: list[str] = []
    with pytest.raises(WorkFailed) as failed:
        lose = in_epoch(1, lambda: started[1].kill())
        run(request(shared_images), lose, tmp_path / "lost", workers=2, checkpoint_every_s=0, on_message=said.append)
    assert str(failed.value).startswith("worker 1 was ended by SIGKILL: worker 0 of 2: another worker has ended")
    assert f"go on with gradus train --resume {tmp_path / 'lost'}" in str(failed.value)
    found = newest_checkpoint(tmp_path / "lost")
    assert found is not None and f"kept up to epoch 1, step {found.facts.step}:" in str(failed.value)

    shutil.copytree(tmp_path / "lost", tmp_path / "alone")
    with pytest.raises(KeyboardInterrupt):
        stop = in_epoch(2, lambda: signal.raise_signal(signal.SIGINT))
        run(request(shared_images), stop, tmp_path / "lost", workers=2, on_message=said.append)
    record = run(request(shared_images), folder=tmp_path / "lost", workers=2, on_message=said.append)
    assert record.workers == 2 and outcome(record, tmp_path / "lost") == whole
    assert [text.partition(";")[0] for text in said] == [
        f"the run goes on after epoch 1 of 2, step {found.facts.step}",
        "the run was stopped",
        "the run goes on after epoch 2 of 2, step 1",
    ]

    alone = run(request(shared_images), folder=tmp_path / "alone", on_message=said.append)
    assert "workers than before: the weights may differ by rounding" in said[-1]
    assert alone.epochs[-1].training_loss == pytest.approx(record.epochs[-1].training_loss, rel=1e-4)
    assert [worker.poll() for worker in started] == [0, -signal.SIGKILL, -signal.SIGKILL, 0]
    assert torch.get_num_threads() == threads


class Losing(Workers):
    """Two workers of whom the other one ends during the step."""

    def sum(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        raise WorkerLost("gone")


def test_a_step_that_loses_a_worker_leaves_everything_as_it_was() -> None:
    configuration = augmented(10)
    network = initialised(configuration.architecture, torch.Generator().manual_seed(0))
    assert configuration.augmentation is not None
    training = Training(
        network,
        configuration.optimizers["adam"],
        Masks(1),
        Augmenter(configuration.augmentation, 2),
        workers=Losing(0, 2),
    )
    images = torch.arange(6 * 32 * 32 * 3).remainder(251).to(torch.uint8).view(6, 32, 32, 3)
    before = all_of(training)
    assert {"weights/conv1.gains", "first_moment/dense1.bias", "samples"} < before.keys()
    with pytest.raises(WorkerLost):
        training.step(images, torch.arange(6))
    after = all_of(training)
    assert after.keys() == before.keys() and all(torch.equal(after[name], before[name]) for name in before)
    assert (training.state.steps, training.samples, training.meter.steps, training.meter.seen) == (0, 0, 0, 0)
    training.workers = ALONE  # and it can go on
    training.step(images, torch.arange(6))
    assert not torch.equal(all_of(training)["weights/conv1.bias"], before["weights/conv1.bias"])
    assert training.samples == 6


def all_of(training: Training) -> dict[str, torch.Tensor]:
    """All that a checkpoint keeps of a training."""
    request = RunRequest("augmented", "pictograms", "adam", device="cpu")
    return dict(snapshot(training, request, Clock(0.0, 0.0), {}).tensors)


def test_workers_end_with_the_process_that_started_them(shared_images: Path, tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from gradus.runs import RunRequest\n"
        "from gradus.training import processes, run\n"
        "start = processes._worker\n"
        "def told(what):\n"
        "    worker = start(what)\n"
        "    print(worker.pid, flush=True)\n"
        "    return worker\n"
        "processes._worker = told\n"
        "die = lambda progress: os.kill(os.getpid(), signal.SIGKILL)\n"
        "run(RunRequest('hw5', sys.argv[1], 'sgd', device='cpu'), die, workers=2)\n"
    )
    command = [sys.executable, "-c", program, str(shared_images)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT, timeout=120)
    assert done.returncode == -signal.SIGKILL
    # The worker shares its output, which has been closed: it is gone.
    assert done.stdout.strip().isdigit()


def test_torchrun_brings_its_own_workers(shared_images: Path, tmp_path: Path) -> None:
    script = [str(HERE / "shared_run.py"), str(shared_images), str(tmp_path), "1"]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *script]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=120)
    assert done.returncode == 0, done.stderr
    one, other = (json.loads(line) for line in done.stdout.splitlines())
    assert one == other and one[:2] == [2, False]
    assert {file.name for file in tmp_path.iterdir()} == {"0"}, "another worker than the first one has written"
    assert (tmp_path / "0" / "weights.safetensors").exists()


def test_a_worker_that_cannot_start_ends_the_run(
    shared_images: Path, monkeypatch: pytest.MonkeyPatch, started: list[subprocess.Popen[str]]
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(WorkFailed, match="worker 1 has ended with exit code 1 before the run began"):
        run(request(shared_images), workers=2)
    assert started[0].poll() == 1


def test_ctrl_c_while_workers_start_ends_them(
    shared_images: Path, monkeypatch: pytest.MonkeyPatch, started: list[subprocess.Popen[str]]
) -> None:
    start = processes._worker

    def interrupted(told: dict[str, object]) -> subprocess.Popen[str]:
        signal.raise_signal(signal.SIGINT)
        return start(told)

    monkeypatch.setattr(processes, "_worker", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(request(shared_images), workers=2)
    assert started[0].poll() == -signal.SIGKILL


@pytest.mark.parametrize("count", [0, -1, 257])
def test_a_number_of_workers_that_is_not_usable_is_refused(count: int, shared_images: Path) -> None:
    with pytest.raises(InputError, match=f"workers = {count}: must be from 1 to 256"):
        run(request(shared_images), workers=count)


def test_torchrun_and_workers_do_not_go_together(shared_images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match="does not go with torchrun"):
        run(request(shared_images), workers=2)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_shares_are_contiguous_and_almost_equal(size: int) -> None:
    for count in range(20):
        shares = [Workers(rank, size).share(count) for rank in range(size)]
        assert [end for _, end in shares[:-1]] == [first for first, _ in shares[1:]]
        assert (shares[0][0], shares[-1][1]) == (0, count)
        lengths = {end - first for first, end in shares}
        assert max(lengths) - min(lengths) <= 1
