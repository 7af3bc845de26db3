"""Whole runs, on a small folder of images."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gradus.errors import InputError, OutputError, WorkFailed
from gradus.runs import Epoch, Progress, RunRecord, RunRequest
from gradus.runs.store import run_id
from gradus.training import resolve, run
from gradus.training.configuration import Sgd
from gradus.training.data.dataset import Part
from gradus.training.dropout import Masks
from gradus.training.evaluation import evaluation, on_device
from gradus.training.loop import Training, epochs_of
from gradus.training.model import initialised
from gradus.training.recipes.hw5 import hw5
from gradus.training.seeds import stream_seed


def request(images: Path, epochs: int = 1, seed: int = 0) -> RunRequest:
    return RunRequest("hw5", str(images), "adam", epochs=epochs, seed=seed, device="cpu")


@pytest.fixture(scope="module")
def record(shared_images: Path) -> RunRecord:
    return run(request(shared_images, epochs=4))


def test_a_run_learns(record: RunRecord) -> None:
    assert record.ended == "completed"
    assert [len(record.epochs), record.data.training, record.data.validation, record.data.test] == [4, 80, 20, 40]
    assert record.epochs[-1].validation_accuracy >= 0.9
    assert record.test_accuracy >= 0.9
    assert record.epochs[-1].training_loss < record.epochs[0].training_loss


def test_a_record_is_complete_and_survives_json(record: RunRecord) -> None:
    assert record.id == run_id(record.request)
    assert record.request.device == "cpu"
    assert record.request.data_fingerprint == record.data.fingerprint
    assert record.parameters == 1_250_858 - 8 * 513
    assert set(record.versions) - {"kernels"} == {"gradus", "Python", "PyTorch", "NumPy"}
    assert record.device_name
    assert record.threads == torch.get_num_threads()
    assert 0 < record.first_step_s < record.total_s
    assert record.peak_memory_bytes is not None and record.peak_memory_bytes > 50 * 2**20
    assert record.initial_weights.keys() == record.final_weights.keys()
    assert all(record.initial_weights[name] != record.final_weights[name] for name in record.final_weights)
    assert RunRecord.from_json(json.dumps(record.as_json())) == record


def test_equal_requests_give_equal_bits_and_other_seeds_do_not(record: RunRecord, shared_images: Path) -> None:
    again = run(resolve(request(shared_images, epochs=4)))
    assert again.final_weights == record.final_weights
    assert [replace(e, time_s=0) for e in again.epochs] == [replace(e, time_s=0) for e in record.epochs]
    other = run(request(shared_images, seed=1))
    assert other.data.split_fingerprint != record.data.split_fingerprint
    for name, fingerprint in other.initial_weights.items():
        assert (fingerprint != record.initial_weights[name]) == name.endswith("gains")
        assert other.final_weights[name] != record.final_weights[name]


def test_streams_are_independent() -> None:
    seeds = {stream_seed(seed, stream) for seed in range(50) for stream in ("split", "weights", "dropout")}
    assert len(seeds) == 150
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_settings_are_left_as_they_were(shared_images: Path) -> None:
    def settings() -> list[object]:
        return [
            torch.are_deterministic_algorithms_enabled(),
            torch.backends.cudnn.deterministic,
            torch.backends.cudnn.benchmark,
            torch.get_num_threads(),
            torch.get_rng_state().tolist(),
            np.random.get_state()[1].tolist(),
            dict(os.environ),
        ]

    before = settings()
    run(request(shared_images))
    assert settings() == before


def test_metrics_and_progress_stream(shared_images: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    file = tmp_path / "new/run/metrics.jsonl"

    def watch(progress: Progress) -> None:
        seen.append(progress)
        assert len(file.read_text().splitlines()) == progress.epoch - 1

    record = run(request(shared_images, epochs=2), watch, file.parent)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line.pop("epoch") for line in lines] == [1, 2]
    assert tuple(Epoch(**line) for line in lines) == record.epochs
    assert [p.epoch for p in seen if p.step == p.steps] == [1, 2]
    last = seen[-1]
    assert (last.epochs, last.steps) == (2, 3)
    assert (last.loss, last.accuracy) == (record.epochs[1].training_loss, record.epochs[1].training_accuracy)
    assert last.images_per_s > 0


def test_an_interrupt_passes_and_leaves_whole_lines(shared_images: Path, tmp_path: Path) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.epoch == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(request(shared_images, epochs=5), interrupt, tmp_path)
    text = (tmp_path / "metrics.jsonl").read_text()
    assert text.endswith("\n")
    assert [json.loads(line)["epoch"] for line in text.splitlines()] == [1, 2]
    assert not torch.are_deterministic_algorithms_enabled()


def small_part(count: int) -> Part:
    rng = np.random.default_rng(count)
    return Part(rng.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8), rng.integers(0, 10, count))


def test_running_figures_are_means_over_images_from_before_each_step() -> None:
    configuration, cpu = hw5(10), torch.device("cpu")
    part, validation = on_device(small_part(70), cpu), on_device(small_part(40), cpu)
    network = initialised(configuration.architecture, torch.Generator().manual_seed(1))
    twin = initialised(configuration.architecture, torch.Generator().manual_seed(1))
    rule = configuration.optimizers["sgd"]
    training = Training(network, rule, Masks(2))
    (epoch,) = epochs_of(training, part, validation, epochs=1, batch_size=32)

    by_hand = Training(twin, rule, Masks(2))
    losses, right = [], 0
    for start, stop in ((0, 32), (32, 64), (64, 70)):
        images, labels = part.images[start:stop], part.labels[start:stop]
        logits = twin(images.permute(0, 3, 1, 2) / 255, Masks(2, first=start))
        losses += torch.nn.functional.cross_entropy(logits, labels, reduction="none").tolist()
        right += int((logits.argmax(1) == labels).sum())
        by_hand.step(images, labels)
    assert len(losses) == 70
    assert epoch.training_loss == pytest.approx(np.mean(losses), rel=1e-6)
    assert epoch.training_accuracy == right / 70
    assert training.state.steps == 3
    assert (epoch.validation_loss, epoch.validation_accuracy) == evaluation(network, validation)


def test_iterations_are_counted_across_epochs() -> None:
    cpu = torch.device("cpu")
    network = initialised(hw5(10).architecture, torch.Generator().manual_seed(1))
    training = Training(network, Sgd(0.01, 0.7, 0.001), None)
    list(epochs_of(training, on_device(small_part(40), cpu), on_device(small_part(8), cpu), 3, batch_size=32))
    assert training.state.steps == 6


def test_evaluation_does_not_depend_on_the_batches() -> None:
    network = initialised(hw5(10).architecture, torch.Generator().manual_seed(3))
    part = on_device(small_part(50), torch.device("cpu"))
    whole, pieces = evaluation(network, part, batch_size=50), evaluation(network, part, batch_size=7)
    assert whole[0] == pytest.approx(pieces[0], rel=1e-6)
    assert whole[1] == pieces[1]


def test_a_loss_that_is_no_number_ends_the_run() -> None:
    cpu = torch.device("cpu")
    network = initialised(hw5(10).architecture, torch.Generator().manual_seed(1))
    epochs = epochs_of(
        Training(network, Sgd(1e30), None), on_device(small_part(64), cpu), on_device(small_part(8), cpu), 2, 32
    )
    with pytest.raises(WorkFailed, match="epoch 1"):
        list(epochs)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"recipe": "hw6"}, r"recipe = hw6: must be one of hw5, deeper, .*; did you mean hw5\?"),
        ({"epochs": 0}, "epochs = 0: must be at least 1"),
        ({"data": "pictogrms"}, "did you mean pictograms"),
        ({"optimizer": "rmsprop"}, "optimizer = rmsprop: must be one of adam, sgd"),
        ({"device": "tpu"}, "device = tpu: must be one of auto, cpu, cuda, mps"),
        ({"data_fingerprint": "0" * 64}, "has changed"),
    ],
)
def test_wrong_requests_are_refused(shared_images: Path, change: dict[str, object], message: str) -> None:
    wrong = replace(request(shared_images), **change)
    for begin in (run, resolve):
        with pytest.raises(InputError, match=message):
            begin(wrong)


def test_a_gpu_that_is_not_there_is_refused(shared_images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="finds no GPU"):
        run(replace(request(shared_images), device="cuda"))
    assert resolve(replace(request(shared_images), device="auto")).device == "cpu"


def test_a_folder_that_cannot_be_written_is_refused(shared_images: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        run(request(shared_images), folder=tmp_path / "file" / "run")


def test_without_pytorch_the_extra_is_named() -> None:
    program = (
        "import sys; sys.modules['torch'] = None; sys.path_importer_cache.clear()\n"
        "import gradus.training as training\n"
        "from gradus.errors import MissingExtra\n"
        "from gradus.runs import RunRequest\n"
        "try: training.run(RunRequest('hw5', 'pictograms', 'sgd'))\n"
        "except MissingExtra as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "training needs the extra 'train', which is not installed" in done.stdout


def test_importing_the_room_does_not_load_pytorch() -> None:
    program = "import sys, gradus.training; print(sorted({'torch', 'PIL', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
