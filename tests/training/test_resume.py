"""Runs that were ended at any moment go on to the bits of one that was left alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch import Tensor

from gradus.errors import InputError
from gradus.runs import Progress
from gradus.runs.files import write_whole
from gradus.runs.request import run_id
from gradus.training import checkpoint as checkpoints
from gradus.training import resolve, run
from gradus.training.checkpoint import Checkpoint, newest_checkpoint, read_checkpoint, write_checkpoint
from gradus.training.loop import Training
from gradus.training.recipes import RECIPES, hw5
from training.outcomes import Killed, Outcome, outcome, small_request, tiny_recipe

__all__ = ["tiny_recipe"]

KILLS = Path(__file__).parents[2] / "benchmarks" / "kills.py"


@pytest.fixture(scope="module")
def whole(shared_images: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A run that was left alone."""
    folder = tmp_path_factory.mktemp("whole")
    return outcome(run(small_request(shared_images), folder=folder), folder)


@pytest.fixture(scope="module")
def broken_off(shared_images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was killed after 9 of its 15 steps, with the checkpoints of steps 7, 8 and 9."""
    folder = tmp_path_factory.mktemp("broken") / "run"
    with pytest.MonkeyPatch.context() as patch:
        kill_at_write(patch, 10, torn=True)
        with pytest.raises(Killed):
            run(small_request(shared_images), folder=folder, checkpoint_every_s=0)
    return folder


@pytest.fixture
def folder(broken_off: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(broken_off, tmp_path / "run"))


def kill_at_write(patch: pytest.MonkeyPatch, number: int, torn: bool) -> None:
    """Kill the run while it writes a checkpoint, or just after that has got its name."""
    writes = 0

    def write(file: Path, content: bytes) -> None:
        nonlocal writes
        writes += 1
        if writes < number:
            write_whole(file, content)
        elif torn:
            file.with_name(f".{file.name}.0123456789ab").write_bytes(content[: len(content) // 2])
            raise Killed
        else:
            write_whole(file, content)
            raise Killed

    patch.setattr(checkpoints, "write_whole", write)


def steps_of(folder: Path) -> list[int]:
    return sorted(int(file.name.partition("-")[0]) for file in (folder / "checkpoints").iterdir())


def newest_file(folder: Path) -> Path:
    return max((folder / "checkpoints").iterdir())


@pytest.mark.parametrize(("number", "torn"), [(1, True), (1, False), (5, False), (6, True), (14, True), (15, False)])
def test_a_run_killed_while_it_writes_goes_on_to_the_same_bits(
    number: int, torn: bool, whole: Outcome, shared_images: Path, tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        kill_at_write(patch, number, torn)
        run(small_request(shared_images), folder=tmp_path, checkpoint_every_s=0)
    said: list[str] = []
    record = run(small_request(shared_images), folder=tmp_path, on_message=said.append)
    assert outcome(record, tmp_path) == whole
    assert len(said) == (number > 1 or not torn) and all("the run goes on after epoch" in text for text in said)
    assert not [file for file in tmp_path.rglob(".*") if file.name != ".lock"], "drafts are left over"


def test_processes_killed_at_random_moments_go_on_to_the_same_bits(shared_images: Path) -> None:
    settings = ["--images", "80", "--batch-size", "8", "--epochs", "2", "--every", "0.05"]
    command = [sys.executable, str(KILLS), "--kills", "3", "--data", str(shared_images), *settings]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 of 3 killed runs went on to bit-identical weights and figures" in done.stdout


def test_three_checkpoints_are_kept_and_the_run_goes_on_from_the_newest(
    folder: Path, whole: Outcome, shared_images: Path
) -> None:
    assert [file.name for file in folder.rglob(".*") if file.name != ".lock"] != [], "the kill left no draft"
    said: list[str] = []
    record = run(small_request(shared_images), folder=folder, on_message=said.append)
    assert said == ["the run goes on after epoch 2 of 3, step 4"]
    assert outcome(record, folder) == whole
    assert steps_of(folder) == [9, 10, 15]


def test_a_finished_run_takes_no_step_and_has_the_same_figures(
    whole: Outcome, shared_images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps, step = [0], Training.step

    def counted(training: Training, images: Tensor, labels: Tensor, mirrored: Tensor | None) -> None:
        steps[0] += 1
        step(training, images, labels, mirrored)

    monkeypatch.setattr(Training, "step", counted)
    first = run(small_request(shared_images), folder=tmp_path)
    assert steps == [15]
    seen: list[Progress] = []
    again = run(small_request(shared_images), seen.append, tmp_path, on_message=lambda message: None)
    assert (steps, seen, outcome(again, tmp_path)) == ([15], [], whole)
    assert (again.epochs, again.first_step_s) == (first.epochs, first.first_step_s)


def torn(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def altered(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def of_another_version(file: Path) -> None:
    found = read_checkpoint(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoints, "FORMAT", "1")
        write_checkpoint(file.parents[1], found)


def of_another_run(file: Path) -> None:
    found = read_checkpoint(file)
    other = replace(found.facts.request, seed=7)
    write_checkpoint(file.parents[1], Checkpoint(replace(found.facts, request=other), found.tensors))


def other_facts(file: Path, **changes: Any) -> Checkpoint:
    found = read_checkpoint(file)
    return Checkpoint(replace(found.facts, **changes), found.tensors)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (torn, "is torn or was altered, since its checksum differs"),
        (emptied, "is torn or was altered"),
        (altered, "is torn or was altered"),
        (
            of_another_version,
            "is from another version of gradus (its format is 1, that of this version 2); go on with the",
        ),
        (of_another_run, "is of another run"),
    ],
)
def test_the_checkpoint_before_a_bad_one_is_used(
    damage: Callable[[Path], None], message: str, folder: Path, whole: Outcome, shared_images: Path
) -> None:
    damage(newest_file(folder))
    said: list[str] = []
    record = run(small_request(shared_images), folder=folder, on_message=said.append)
    assert message in said[0] and said[0].endswith("the checkpoint before it is used")
    assert said[1:] == ["the run goes on after epoch 2 of 3, step 3"]
    assert outcome(record, folder) == whole


def test_without_any_good_checkpoint_the_run_begins_anew(folder: Path, whole: Outcome, shared_images: Path) -> None:
    for file in (folder / "checkpoints").iterdir():
        altered(file)
    said: list[str] = []
    seen: list[int] = []

    def watch(progress: Progress) -> None:
        # What is written now must last, although files of later steps are there.
        if progress.step == progress.steps and progress.epoch == 2:
            seen.extend(steps_of(folder))

    record = run(small_request(shared_images), watch, folder, on_message=said.append)
    assert len(said) == 4 and said[2].endswith("there is none before it") and "the run begins anew" in said[3]
    assert seen == [5, 7, 8, 9]
    assert outcome(record, folder) == whole


def test_a_folder_of_another_run_is_refused(folder: Path, shared_images: Path) -> None:
    before = sorted(folder.rglob("*"))
    with pytest.raises(InputError, match=r"holds checkpoints of another run, [0-9a-f]{12}, than the one"):
        run(small_request(shared_images, seed=1), folder=folder, on_message=lambda message: None)
    assert {*before} - {*folder.rglob("*")} <= {file for file in before if file.name.startswith(".")}
    assert steps_of(folder) == [7, 8, 9]


def test_another_spelling_of_the_data_is_the_same_run(folder: Path, whole: Outcome, shared_images: Path) -> None:
    said: list[str] = []
    spelled = replace(small_request(shared_images), data=f"{shared_images}/../{shared_images.name}/")
    assert outcome(run(spelled, folder=folder, on_message=said.append), folder) == whole
    assert said == ["the run goes on after epoch 2 of 3, step 4"]


def test_a_checkpoint_with_other_tensors_is_said_to_be_from_another_version(folder: Path, shared_images: Path) -> None:
    found = read_checkpoint(newest_file(folder))
    for file in (folder / "checkpoints").iterdir():
        file.unlink()
    left = {name: tensor for name, tensor in found.tensors.items() if name != "samples"}
    write_checkpoint(folder, Checkpoint(replace(found.facts, versions={"gradus": "0.0.9"}), left))
    rule = (
        "step 9: is from another version of gradus (0.0.9), which kept other tensors; go on with the version that wrote"
    )
    with pytest.raises(InputError, match=re.escape(rule)):
        run(small_request(shared_images), folder=folder, on_message=lambda message: None)


def test_other_circumstances_are_told(folder: Path, shared_images: Path) -> None:
    file = newest_file(folder)
    versions = {**read_checkpoint(file).facts.versions, "PyTorch": "1.0"}
    write_checkpoint(folder, other_facts(file, threads=99, versions=versions))
    said: list[str] = []
    run(small_request(shared_images), folder=folder, on_message=said.append)
    assert said[1].startswith("other threads and PyTorch than before: the weights may differ by rounding")


def test_data_that_changed_are_refused(images: Path, tmp_path: Path) -> None:
    request = resolve(small_request(images, epochs=1))
    Image.fromarray(np.zeros((32, 32, 3), dtype=np.uint8)).save(images / "train" / "day" / "1.png")
    # Unless they are to be taken as they were read.
    assert run(request, data_are_known=True).data.fingerprint == request.data_fingerprint
    with pytest.raises(InputError, match="has changed since the run was asked for"):
        run(request, folder=tmp_path)


def test_a_recipe_that_changed_is_refused(shared_images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = resolve(small_request(shared_images))
    monkeypatch.setitem(RECIPES, "tiny", hw5)
    with pytest.raises(InputError, match="recipe = tiny: has changed since"):
        run(request, folder=tmp_path)


def test_a_folder_in_use_is_refused(shared_images: Path, tmp_path: Path) -> None:
    messages: list[str] = []

    def another(progress: Progress) -> None:
        with pytest.raises(InputError, match="is in use: the same run is going on in another process") as refused:
            run(small_request(shared_images), folder=tmp_path)
        messages.append(str(refused.value))

    run(small_request(shared_images, epochs=1), another, tmp_path)
    assert messages


def test_checkpoints_say_what_they_are(folder: Path, shared_images: Path) -> None:
    found = newest_checkpoint(folder)
    assert found is not None
    assert (found.facts.steps, found.facts.step, len(found.facts.epochs), found.facts.seen) == (9, 4, 1, 72)
    assert run_id(found.facts.request) == run_id(resolve(small_request(shared_images)))
    groups = {name.partition("/")[0] for name in found.tensors}
    assert groups == {"weights", "first_moment", "second_moment", "samples"}
    assert found.tensors["samples"].tolist() == [80 + 72]
    assert re.fullmatch(r"000000009-[0-9a-f]{24}\.safetensors", newest_file(folder).name)
