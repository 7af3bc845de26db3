"""``gradus train fast``: the rung for an accuracy, going on, and what contradicts."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from gradus.cli import run, train
from gradus.runs import Progress, read_record
from training.conftest import write_images

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["train", *arguments])
        printed = capfd.readouterr()
        assert "Traceback" not in printed.err
        return code, printed.out, printed.err

    return call


def record_of(printed: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(printed)
    return found


SMALL = ("--device", "cpu", "--precision", "fp32", "--set", "images=512", "--epochs", "1")


def test_the_accuracy_aimed_at_is_a_setting_of_the_run(call: Call, tmp_path: Path) -> None:
    code, out, err = call("fast", "--target-accuracy", "0.8", *SMALL, "--json")
    assert code == 0, err
    printed = record_of(out)
    request = printed["record"]["request"]
    assert request["settings"] == [["images", "512"], ["target_accuracy", "0.8"]]
    assert (request["recipe"], request["optimizer"], request["epochs"]) == ("fast", "muon", 1)
    assert printed["record"]["data"]["training"] == 512
    # The other way to write it names the same run, which is not made again.
    code, out, _ = call("fast", "--set", "target_accuracy=.80", *SMALL, "--optimizer", "muon", "--json")
    assert code == 0 and (record_of(out)["run"], record_of(out)["trained"]) == (printed["run"], False)
    code, out, _ = call("fast", "--target-accuracy", "0.8", "--set", "target_accuracy=0.8", *SMALL)
    assert code == 0 and "not made again" in out
    assert f"run {printed['run']} (fast, images=512, target_accuracy=0.8)" in out
    assert (tmp_path / "runs" / printed["run"] / "weights.safetensors").is_file()


def test_the_recipe_says_how_long_and_how(call: Call, tmp_path: Path) -> None:
    write_images(tmp_path / "images")
    code, out, err = call("fast", "--data", "images", "--set", "batch_size=40", "--device", "cpu", "--json")
    assert code == 0, err
    request = record_of(out)["record"]["request"]
    from gradus.training.device import resolved_precision
    from gradus.training.recipes.fast import RUNGS

    assert (request["optimizer"], request["epochs"]) == ("muon", RUNGS[0].epochs)
    assert request["precision"] == resolved_precision("auto", "cpu")
    assert len(record_of(out)["record"]["epochs"]) == RUNGS[0].epochs


def test_a_run_that_was_interrupted_goes_on(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_images(tmp_path / "images")
    options = ("fast", "--target-accuracy", "0.75", "--data", "images", "--set", "batch_size=40", "--device", "cpu")
    more = ("--precision", "fp32", "--epochs", "3")

    @contextmanager
    def watched(*_: object) -> Iterator[Callable[[Progress], None]]:
        def press(p: Progress) -> None:
            if p.epoch == 2:
                os.kill(os.getpid(), signal.SIGINT)

        yield press

    with monkeypatch.context() as patch:
        patch.setattr(train, "watched", watched)
        code, out, err = call(*options, *more)
    assert (code, out) == (1, "") and "gradus train --resume" in err
    (place,) = (tmp_path / "runs").iterdir()
    for wrong in (["--target-accuracy", "0.85"], ["--optimizer", "adam"], ["--epochs", "2"], ["--precision", "bf16"]):
        code, _, err = call("--resume", place.name[:6], *wrong)
        assert code == 2 and "contradicts the run that is to go on" in err
    for right in ([], ["--target-accuracy", "0.75"], ["--set", "batch_size=40"]):
        code, out, err = call("--resume", place.name[:6], *right)
        assert code == 0 and place.name in out, err
    whole = record_of(call(*options, *more, "--runs", "whole", "--json")[1])["record"]
    assert whole["final_weights"] == read_record(place).final_weights


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["fast", "--target-accuracy", "0.95"],
            "target_accuracy = 0.95: must be at most 0.9; write target_accuracy=0.9",
        ),
        (["fast", "--target-accuracy", "0"], "must be a share between 0 and 1, both left out; write"),
        (["fast", "--target-accuracy", "-0.5"], "must be a share between 0 and 1"),
        (["fast", "--target-accuracy", "abc"], "must be a share between 0 and 1"),
        (["fast", "--target-accuracy", ""], "must be a share between 0 and 1"),
        (["--target-accuracy", "0.8"], "is a setting of the recipe fast; train fast, or leave it out"),
        (["hw5", "--set", "target_accuracy=0.8"], "is a setting of the recipe fast"),
        (
            ["fast", "--target-accuracy", "0.8", "--set", "target_accuracy=0.85"],
            "--target-accuracy = 0.8: contradicts --set target_accuracy=0.85; give one of them",
        ),
        (["fast", "--optimizer", "sgd"], "optimizer = sgd: must be one of muon"),
        (["hw5", "--optimizer", "muon"], "optimizer = muon: must be one of adam, sgd"),
        (["fast", "--set", "biases=no"], "would leave batch normalisation without its shifts"),
        (["fast", "--set", "initialisation=zeros"], "has gains of length 0"),
        (["fast", "--set", "shift=30"], "must be less than 24"),
        (["fast", "--set", "batch_size=5000"], "at most 4750, the number of training images"),
        (["fast", "--set", "images=20"], "at most 20, the number of training images"),
        (["fast", "--set", "momentum=0.5"], "is a setting of sgd, and the optimizer is muon"),
    ],
)
def test_what_is_wrong_is_one_line(call: Call, arguments: list[str], said: str) -> None:
    code, out, err = call(*arguments, "--device", "cpu")
    assert (code, out) == (2, "")
    (line,) = [line for line in err.splitlines() if line.startswith("gradus:")]
    assert said in line


def test_recipe_and_setting_are_listed(call: Call) -> None:
    code, out, _ = call("--list")
    assert code == 0 and "\nfast  " in out and "--target-accuracy" in out and "target_accuracy " in out
    listed = record_of(call("--list", "--json")[1])
    assert "fast" in listed["recipes"] and "target_accuracy" in listed["settings"]
