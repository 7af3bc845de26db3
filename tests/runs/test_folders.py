"""Runs by their folders: what is read of finished and unfinished ones, and how one is named."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import pytest

from gradus.errors import InputError
from gradus.runs import Epoch, RunRequest, RunStore
from gradus.runs.folders import found_runs, read_run, run_folder
from problems.records import made_record

EPOCHS = (Epoch(2.3, 0.1, 2.25, 0.125, 1.5), Epoch(2.0, 0.25, 1.75, 0.375, 1.25))


def begun(runs: Path, seed: int, lines: str = "") -> Path:
    folder = RunStore(runs).begin(RunRequest("hw5", "pictograms", "adam", epochs=9, seed=seed, device="cpu"))
    if lines:
        (folder / "metrics.jsonl").write_text(lines)
    return folder


def line(number: int) -> str:
    return json.dumps({"epoch": number, **asdict(EPOCHS[number - 1])}) + "\n"


@pytest.mark.parametrize(
    ("lines", "done"),
    [
        ("", 0),
        (line(1) + line(2), 2),
        (line(1) + line(2)[:40], 1),
        (line(1) + "[]\n" + line(2), 1),
        (line(1) + '{"epoch": 2, "training_loss": NaN}\n', 1),
    ],
)
def test_an_unfinished_run_is_as_far_as_its_metrics_say(tmp_path: Path, lines: str, done: int) -> None:
    found = read_run(begun(tmp_path, 1, lines))
    assert (found.epochs, found.record) == (EPOCHS[:done], None)
    assert found.request.seed == 1 and found.id == found.folder.name


def test_runs_are_listed_in_the_order_in_which_they_were_begun(tmp_path: Path) -> None:
    folders = [begun(tmp_path, seed) for seed in range(4)]
    for age, folder in zip((30, 10, 40, 20), folders, strict=True):
        os.utime(folder / "request.json", (1e9 - age, 1e9 - age))
    record = made_record(RunRequest("hw5", "pictograms", "adam"))
    RunStore(tmp_path).save(record)
    (tmp_path / "notes").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/request.json").write_text('{"recipe": 5}')
    errors: list[InputError] = []
    found = found_runs(tmp_path, errors.append)
    assert [run.request.seed for run in found[:4]] == [2, 0, 3, 1]
    assert found[4].record == record and found[4].epochs == record.epochs
    assert len(errors) == 1 and "is not a request of this version" in str(errors[0])
    assert found_runs(tmp_path / "none", errors.append) == ()


def test_a_run_is_named_by_its_id_its_beginning_or_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = sorted(begun(tmp_path / "runs", seed) for seed in range(40))
    runs = tmp_path / "runs"
    first = folders[0]
    for name in (first.name, first.name[:8], str(first)):
        assert run_folder(name, runs) == first
    monkeypatch.chdir(tmp_path)
    assert run_folder(f"runs/{first.name}/", Path("elsewhere")).resolve() == first
    shared = next(a.name[0] for a, b in pairwise(folders) if a.name[0] == b.name[0])
    with pytest.raises(InputError, match="stands for several runs"):
        run_folder(shared, runs)
    for name in ("", "zz", "runs", first.name + "0"):
        with pytest.raises(InputError, match=r"several|no such run"):
            run_folder(name, runs)
    with pytest.raises(InputError, match="there is no such run in elsewhere"):
        run_folder(first.name, Path("elsewhere"))


def test_requests_survive_being_written(tmp_path: Path) -> None:
    request = RunRequest("hw5", "a/b", "sgd", 3, 2**40, "cpu", "bf16", "f" * 64, "0" * 64, (("images", "8"),))
    assert read_run(RunStore(tmp_path).begin(request)).request == request
    with pytest.raises(InputError, match="cannot be written"):
        RunStore(Path("/dev/null/runs")).begin(replace(request, seed=1))
