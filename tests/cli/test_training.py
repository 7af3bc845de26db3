"""Solving what needs training: runs are made once, kept, and survive Ctrl-C and bad data."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
PIL_Image = pytest.importorskip("PIL.Image")

SET = """
```{problem} linear-algebra/rank
id: "1"
A: [[1, 2], [2, 4]]
```

```{problem} training/validation-estimate
id: "2"
data: images
```

```{problem} training/longer-training
id: "3"
data: images
epochs: %d
```
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder with 2 x 20 + 2 x 10 noisy images in ``images``."""
    noise = random.Random(0)
    for part, count in (("train", 20), ("test", 10)):
        for number, name in enumerate(("dark", "light")):
            (tmp_path / "images" / part / name).mkdir(parents=True)
            for index in range(count):
                pixels = bytes(noise.randrange(120) + 130 * number for _ in range(32 * 32 * 3))
                file = tmp_path / "images" / part / name / f"{index}.png"
                PIL_Image.frombytes("RGB", (32, 32), pixels).save(file)
    return tmp_path


def start(folder: Path, epochs: int, *options: str) -> subprocess.Popen[str]:
    (folder / "mine.md").write_text(SET % epochs)
    command = [sys.executable, "-m", "gradus", "solve", "mine.md", "--device", "cpu"]
    return subprocess.Popen(
        [*command, *options],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=240)
    assert "Traceback" not in err, err
    return process.returncode, out, err


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    for _ in range(2400):
        if condition():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    pytest.fail("it did not come to that point")


def answers(folder: Path) -> dict[str, Any]:
    result = json.loads((folder / "out/mine/solution.json").read_text())
    return {problem["id"]: problem["answer"] for problem in result["problems"]}


def records(folder: Path) -> list[Path]:
    return sorted((folder / "out/mine/runs").glob("*/record.json"))


def test_runs_are_made_once_and_read_afterwards(folder: Path) -> None:
    code, _, err = finished(start(folder, 2, "--format", "json,ipynb"))
    assert code == 0, err
    first = {file: file.stat().st_mtime_ns for file in records(folder)}
    assert len(first) == 2 and "read from" not in err
    before = answers(folder)
    assert before["2"]["test_accuracy"]["run"] in {file.parent.name for file in first}
    notebook = json.loads((folder / "out/mine/solution.ipynb").read_text())
    printed = "".join(
        "".join(output.get("text", "")) for cell in notebook["cells"] for output in cell.get("outputs", ())
    )
    assert "test loss" in printed and "Error" not in printed
    code, _, err = finished(start(folder, 2, "--format", "json"))
    assert code == 0 and err.count("read from") == 2
    assert {file: file.stat().st_mtime_ns for file in records(folder)} == first
    assert answers(folder) == before


def test_ctrl_c_keeps_and_writes_what_was_finished(folder: Path) -> None:
    process = start(folder, 1000, "--format", "json,html,pdf")
    metrics = lambda: list((folder / "out/mine/runs").glob("*/metrics.jsonl"))  # noqa: E731
    wait_for(lambda: len(metrics()) == 2 and all(file.stat().st_size > 0 for file in metrics()), process)
    process.send_signal(signal.SIGINT)
    code, _, err = finished(process)
    assert code == 1 and "Interrupted" in err
    assert len(records(folder)) == 1, "the finished run is kept, the other has no record"
    found = answers(folder)
    assert found["1"]["text"] == "1"
    assert found["2"]["test_accuracy"]["value"] is not None
    unfinished = [part for part in found["3"].values() if isinstance(part, dict)]
    assert unfinished and all(part["value"] is None and "Ctrl-C" in part["reason"] for part in unfinished)
    assert (folder / "out/mine/solution.html").exists() and (folder / "out/mine/solution.pdf").exists()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda images: (images / "train/dark/3.png").write_bytes(b"no image"), "train/dark/3.png"),
        (lambda images: PIL_Image.new("RGB", (33, 32)).save(images / "test/light/2.png"), "test/light/2.png"),
        (lambda images: [file.unlink() for file in (images / "test/light").iterdir()], "light"),
    ],
    ids=["broken file", "wrong size", "empty class"],
)
def test_bad_images_are_one_message(folder: Path, spoil: Callable[[Path], object], said: str) -> None:
    spoil(folder / "images")
    code, out, err = finished(start(folder, 1, "--format", "json"))
    assert (code, out) == (2, "")
    (line,) = [line for line in err.splitlines() if line.startswith("gradus:")]
    assert said in line
