"""``gradus train``: runs are made once, go on after an interruption, and what is wrong is one line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("torch")
PIL_Image = pytest.importorskip("PIL.Image")

from gradus.cli import run, train, training_runs  # noqa: E402
from gradus.cli.training_runs import needing_training  # noqa: E402
from gradus.cli.watching import _lines, duration  # noqa: E402
from gradus.errors import MissingExtra  # noqa: E402
from gradus.runs import Progress, read_record  # noqa: E402
from gradus.training import data  # noqa: E402
from training.conftest import write_images  # noqa: E402

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with 2 x 50 training and 2 x 20 test images in ``images``."""
    write_images(tmp_path / "images")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(folder: Path, capfd: pytest.CaptureFixture[str]) -> Call:
    def call(*arguments: str, data: str = "images") -> tuple[int, str, str]:
        options = [] if "--resume" in arguments else ["--data", data]
        code = run(["train", *arguments, *options])
        printed = capfd.readouterr()
        assert "Traceback" not in printed.err
        return code, printed.out, printed.err

    return call


def interrupt_in_epoch(monkeypatch: pytest.MonkeyPatch, epoch: int, module: ModuleType = train) -> None:
    """Ctrl-C is pressed as soon as this epoch has begun."""

    @contextmanager
    def watched(*_: object) -> Iterator[Callable[[Progress], None]]:
        def press(p: Progress) -> None:
            if p.epoch == epoch:
                os.kill(os.getpid(), signal.SIGINT)

        yield press

    monkeypatch.setattr(module, "watched", watched)


def test_a_run_is_made_once_and_tells_where_its_files_lie(call: Call, folder: Path) -> None:
    code, out, err = call("--epochs", "2", "--device", "cpu")
    assert code == 0, err
    (place,) = (folder / "runs").iterdir()
    record = read_record(place)
    assert f"test accuracy: {record.test_accuracy:.4f}" in out and f"run {record.id} (hw5), in runs/{record.id}" in out
    for name in ("record.json", "weights.safetensors", "metrics.jsonl"):
        assert name in out and (place / name).is_file()
    made = (place / "weights.safetensors").stat().st_mtime_ns
    spelled = ("--epochs", "2", "--device", "cpu", "--set", "batch_size=32", "--quiet")
    code, out, err = call(*spelled, data="./images/")
    assert code == 0 and "not made again" in out and (place / "weights.safetensors").stat().st_mtime_ns == made
    code, out, _ = call(*spelled, "--json")
    printed = json.loads(out)
    assert (printed["run"], printed["trained"]) == (record.id, False)
    assert printed["record"]["test_accuracy"] == record.test_accuracy
    (place / "weights.safetensors").unlink()
    code, out, err = call(*spelled, "--json")
    assert "made again" in err and json.loads(out)["trained"] and (place / "weights.safetensors").is_file()
    assert read_record(place).final_weights == record.final_weights


def test_an_interrupted_run_goes_on_to_the_same_weights(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    options = ("deeper", "--epochs", "3", "--device", "cpu", "--optimizer", "sgd", "--set", "momentum=0.5")
    with monkeypatch.context() as patch:
        interrupt_in_epoch(patch, 2)
        code, out, err = call(*options)
    assert (code, out) == (1, "") and "gradus train --resume" in err and "epoch 2" in err
    (place,) = (folder / "runs").iterdir()
    assert not (place / "record.json").exists()
    assert run(["runs", "--json"]) == 0
    (listed,) = json.loads(capfd.readouterr().out)["runs"]
    assert (listed["state"], listed["epochs_done"], listed["run"]) == ("unfinished", 1, place.name)

    for wrong in (["--epochs", "4"], ["--optimizer", "adam"], ["--seed", "1"], ["--set", "momentum=0.9"], ["wider"]):
        code, _, err = call("--resume", place.name[:6], *wrong)
        assert code == 2 and "contradicts the run that is to go on" in err
    for right in ([], ["--set", "momentum=.50", "--device", "auto", "--data", "images/"]):
        code, out, err = call("--resume", place.name[:6], *right)
        assert code == 0 and place.name in out, err
    assert "not made again" in out
    whole = call(*options, "--runs", "whole", "--json")
    assert json.loads(whole[1])["record"]["final_weights"] == read_record(place).final_weights


def test_the_same_command_goes_on_by_itself_and_from_elsewhere(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        interrupt_in_epoch(patch, 2)
        assert call("--epochs", "2", "--device", "cpu")[0] == 1
    (place,) = (folder / "runs").iterdir()
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    code, out, err = call("--epochs", "2", "--device", "cpu", "--runs", "../runs", data="../images")
    assert code == 0 and "goes on after epoch 2" in err and f"run {place.name}" in out
    code, out, _ = call("--resume", str(place))
    assert code == 0 and "not made again" in out


SET = """
```{problem} training/longer-training
id: "1"
data: images
epochs: 3
```
"""


def test_the_runs_of_problems_go_on_as_well(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "mine.md").write_text(SET)
    solve = ["solve", "mine.md", "--device", "cpu", "--format", "json"]
    with monkeypatch.context() as patch:
        interrupt_in_epoch(patch, 2, training_runs)
        assert run(solve) == 1
    err = capfd.readouterr().err
    assert "Interrupted" in err and "gradus train --resume out/mine/runs/" in err
    (place,) = (folder / "out/mine/runs").iterdir()
    assert run(solve) == 0
    assert "the run goes on after epoch 2" in capfd.readouterr().err
    whole = json.loads(call("--epochs", "3", "--device", "cpu", "--json")[1])["record"]
    assert read_record(place).final_weights == whole["final_weights"]


def test_solve_takes_the_folder_of_archives(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "mine.md").write_text(SET)
    assert run(["solve", "mine.md", "--data", "cifar10", "--data-dir", "/dev/null/here", "--format", "json"]) == 2
    assert "/dev/null/here" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["hw6"], 2, "did you mean hw5?"),
        (["small-network"], 2, "must be one of hw5"),
        (["--epochs", "0"], 2, "epochs = 0"),
        (["--seed", "-1"], 2, "seed = -1"),
        (["--set", "momentm=1"], 2, "did you mean momentum?"),
        (["--set", "momentum=0.5"], 2, "is a setting of sgd"),
        (["--set", "batch_size"], 2, "must be a name and a value"),
        (["--set", "images=9", "--set", "images=8"], 2, "for the second time"),
        (["--set", "batch_size=81"], 2, "at most 80, the number of training images"),
        (["--set", "learning_rate=1e5", "--optimizer", "sgd", "--set", "batch_size=4"], 1, "at step"),
        (["--resume", "nothing"], 2, "there is no such run in runs"),
        (["--runs", "/dev/null/runs"], 2, "cannot be written"),
        (["--workers", "257"], 2, "workers = 257"),
        (["--checkpoint-every", "nan"], 2, "must be a number of seconds"),
    ],
)
def test_what_is_wrong_is_one_line(call: Call, arguments: list[str], code: int, said: str) -> None:
    found, out, err = call(*arguments, "--device", "cpu")
    assert (found, out) == (code, "")
    (line,) = [line for line in err.splitlines() if line.startswith("gradus:")]
    assert said in line


def test_a_gpu_that_is_not_there_is_told(call: Call) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    code, out, err = call("--device", "cuda")
    assert (code, out) == (2, "") and "PyTorch finds no GPU on this machine; use cpu or auto" in err


def _spoil_many(images: Path) -> None:
    for number in range(1, 13):
        (images / f"train/day/{number}.png").write_bytes(b"no image")
    PIL_Image.new("RGB", (33, 32)).save(images / "test/night/2.png")


def _remove(images: Path, pattern: str) -> None:
    for file in images.glob(pattern):
        file.unlink()


def _leave_one_class(images: Path) -> None:
    import shutil

    for part in ("train", "test"):
        shutil.rmtree(images / part / "night")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda images: _remove(images, "test/day/*"), "these classes have no images: test/day"),
        (_leave_one_class, "needs at least two classes, but train has 1"),
        (_spoil_many, "13 of 140 images cannot be used"),
    ],
)
def test_bad_folders_are_one_line(call: Call, folder: Path, spoil: Callable[[Path], None], said: str) -> None:
    spoil(folder / "images")
    code, out, err = call("--device", "cpu")
    assert (code, out) == (2, "")
    (line,) = [line for line in err.splitlines() if line.startswith("gradus:")]
    assert said in line
    if "13 of" in said:
        listed = Path(line.partition("all are listed in ")[2].partition(";")[0]).read_text()
        assert all(f"train/day/{n}.png" in listed for n in range(1, 13)) and "33 x 32" in listed
    assert not (folder / "runs").exists(), "nothing was begun"


def test_an_altered_cache_is_told_and_decoded_again(call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADUS_CACHE_DIR", str(folder / "cache"))
    data._last.clear()
    first = json.loads(call("--device", "cpu", "--json")[1])
    (entry,) = (folder / "cache/decoded").iterdir()
    content = bytearray(entry.read_bytes())
    content[-10_000] ^= 1
    entry.write_bytes(content)
    data._last.clear()
    code, out, err = call("--device", "cpu", "--json", "--runs", "again")
    assert code == 0 and "was altered, since its checksum differs: the images are decoded again" in err
    assert json.loads(out)["record"]["final_weights"] == first["record"]["final_weights"]


def test_recipes_and_settings_are_listed(call: Call) -> None:
    code, out, _ = call("--list")
    assert code == 0 and "more-training-data" in out and "validation_share" in out
    assert json.loads(call("--list", "--json")[1])["recipes"].keys() >= {"hw5", "augmented"}


def test_help_lists_recipes_without_loading_torch() -> None:
    source = "import sys\nfrom gradus.cli import run\nrun(['train', '--help'])\nprint('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=60, check=True)
    assert "more-training-data" in done.stdout and "learning_rate" in done.stdout
    assert done.stdout.splitlines()[-1] == "False"


def test_what_is_missing_is_named() -> None:
    for module in ("torch", "numpy.typing", "safetensors"):
        with pytest.raises(MissingExtra, match="needs the extra 'train'"), needing_training():
            raise ModuleNotFoundError(f"No module named {module!r}", name=module)
    with pytest.raises(ModuleNotFoundError), needing_training():
        raise ModuleNotFoundError("No module named 'ours'", name="ours")


def test_without_a_terminal_there_is_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    clock = iter([0.0, 1.0, 5.0, 7.0, 11.0, 11.5])
    monkeypatch.setattr("gradus.cli.watching.time.monotonic", lambda: next(clock))

    class Console:
        def print(self, text: str) -> None:
            told.append(text)

    shown: Any = _lines(Console(), "adam")  # type: ignore[arg-type]
    for step in (10, 20, 30, 40, 50):
        shown(Progress(2, 3, step, 100, 1.5, 0.25, 640.0))
    assert told == [
        "adam: epoch 2/3  loss 1.500  acc 0.250  640 images/s  1 min 12 s left",
        "adam: epoch 2/3  loss 1.500  acc 0.250  640 images/s  53 s left",
    ]
    assert duration(53.4) == "53 s"
