"""How fast hw5's network is trained: gradus, Keras 3 on its three backends, plain PyTorch, and the machine's roof.

    python benchmarks/training.py                        # an epoch of 40,000 images, all programs in turns
    python benchmarks/training.py --images 3200 --rounds 3 --only gradus --only TensorFlow
    python benchmarks/training.py --epoch --scaling --profile --ladder --homework

Batches of 32, Adam, dropout on, the recipe of docs/training.md, on real images.  Every program lives in a process of
its own and is stopped while it is not its turn.  An epoch is timed without reading the images and without validation;
what comes before (imports, compilation, the first steps) is left out and told as the time to the first step.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from training_programs import PROGRAMS, Program
from training_roof import training_flops
from training_rounds import Task, alternating, on_threads, tell, training_images
from training_table import epoch_report, epoch_summary, epoch_table

from gradus.errors import GradusError
from gradus.exact.networks.layers import hw5_cnn

SECTIONS = ("epoch", "settings", "scaling", "profile", "ladder", "homework")
LIBRARIES = ("gradus", "torch", "keras", "tensorflow", "jax", "jaxlib", "numpy")

Section = Callable[[argparse.Namespace, Task], tuple[dict[str, Any], str]]
"""Figures for the JSON file, and the section's text in Markdown."""


def main() -> None:
    options = _options()
    chosen = [section for section in SECTIONS if getattr(options, section)] or ["epoch"]
    try:
        with training_images(options.data, options.images) as task:
            for section in chosen:
                figures, text = _section(section)(options, task)
                _add(options.out, section, figures)
                print(f"\n## {section}\n\n{text}\n\n{_machine_line(_machine())}", flush=True)
    except GradusError as error:
        sys.exit(
            f"benchmarks/training.py: {error}\n"
            "Name the images by --data: a folder with train/<class>/* and test/<class>/*, or cifar10."
        )
    print(f"\nwritten: {options.out}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="the speed of training hw5's network, beside its peers")
    parser.add_argument(
        "--data", default="~/.cache/gradus", help="a folder of images, or a data set's name (default: %(default)s)"
    )
    parser.add_argument("--images", type=int, help="training images of an epoch (default: all that the split gives)")
    parser.add_argument("--rounds", type=int, default=5, help="epochs of each program, in turns (default: 5)")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="programs whose name contains this; may be repeated"
    )
    parser.add_argument("--seconds", type=float, default=900.0, help="limit of a turn (default: 900)")
    parser.add_argument("--threads", type=int, help="processors that each may use (default: all)")
    parser.add_argument("--out", type=Path, default=Path("out/bench/training.json"))
    parser.add_argument("--full", action="store_true", help="for --homework: let Keras train all 30 epochs")
    sections = parser.add_argument_group("sections (default: --epoch)")
    sections.add_argument(
        "--epoch", action="store_true", help="one epoch: gradus, and each peer as it comes and at its best"
    )
    sections.add_argument(
        "--settings", action="store_true", help="one epoch with all settings that were tried for the peers"
    )
    sections.add_argument(
        "--scaling", action="store_true", help="gradus against batch size, number of images, processors"
    )
    sections.add_argument("--profile", action="store_true", help="a step of gradus by cause")
    sections.add_argument(
        "--ladder", action="store_true", help="time and test accuracy of each rung of the recipe fast"
    )
    sections.add_argument("--homework", action="store_true", help="Keras's 30 epochs beside the recipe fast")
    options = parser.parse_args()
    for name in ("images", "rounds", "threads"):
        if getattr(options, name) is not None and getattr(options, name) < 1:
            parser.error(f"--{name} must be at least 1")
    options.data = str(Path(options.data).expanduser()) if "/" in options.data else options.data
    return options


def _section(name: str) -> Section:
    import training_sections

    sections: dict[str, Section] = {
        "epoch": lambda options, task: _epoch(_chosen(options.only, ("gradus", "as it comes", "best")), options, task),
        "settings": lambda options, task: _epoch(_chosen(options.only, None), options, task),
        "scaling": training_sections.scaling,
        "profile": training_sections.profile,
        "ladder": training_sections.ladder,
        "homework": training_sections.homework,
    }
    return sections[name]


def _chosen(only: Sequence[str], roles: Sequence[str] | None) -> list[Program]:
    return [
        program
        for program in PROGRAMS
        if (roles is None or program.role in roles)
        and (not only or any(part.lower() in program.name.lower() for part in only))
    ]


def _epoch(programs: Sequence[Program], options: argparse.Namespace, task: Task) -> tuple[dict[str, Any], str]:
    if not programs:
        sys.exit(f"benchmarks/training.py: no program's name contains {' or '.join(options.only)}")
    task = on_threads(task, options.threads)
    rows, roofs = alternating(programs, task, options.rounds, options.seconds, tell)
    flops = training_flops(hw5_cnn(10))
    summary = "\n".join(f"- {line}" for line in epoch_summary(rows, roofs, task.count, flops))
    figures = {"rounds": options.rounds, **epoch_report(rows, roofs, task.count, flops)}
    about = f"{task.count:,} images in batches of {task.batch_size}, medians of {options.rounds} rounds"
    return figures, f"{about}\n\n{epoch_table(rows, roofs, task.count, flops)}\n\n{summary}"


def _add(out: Path, section: str, figures: dict[str, Any]) -> None:
    """Write the section into the file, beside those that other runs have left there."""
    report = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
    report[section] = {"date": date.today().isoformat(), "machine": _machine(), **figures}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _machine() -> dict[str, Any]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in LIBRARIES},
    }


def _machine_line(machine: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {number or 'absent'}" for name, number in machine["versions"].items())
    processor = f"{machine['processor']}, {machine['cores']} cores"
    return f"{date.today().isoformat()}; {processor}; Python {machine['python']}, {versions}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
