"""What each ingredient of ``fast`` buys, and whether bfloat16 changes accuracies: runs that differ in one thing alone.

    python benchmarks/training_choices.py --data DIR              # both
    python benchmarks/training_choices.py --data DIR --ablation --rung 0.85 --seeds 5
    python benchmarks/training_choices.py --data DIR --precision --epochs 3

Accuracies are of validation images, a fifth of the training images; a seed fixes the split, the same for all rows.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch
from torch import Tensor
from training_table import table

from gradus.runs.record import RunRecord
from gradus.training import acceleration, recipes, run
from gradus.training.configuration import Acceleration, Augmentation, Configuration
from gradus.training.recipes.fast import SIDE, fast, rung_for
from gradus.training.requests import asked

Change = Callable[[Configuration], Configuration]


@dataclass(frozen=True)
class Row:
    """What is left out or exchanged; ``precision`` is that of the run."""

    words: str
    change: Change = lambda configuration: configuration
    precision: Any = "auto"
    whitens: bool = True


def _augmentation(**values: Any) -> Change:
    def change(configuration: Configuration) -> Configuration:
        return replace(configuration, augmentation=replace(configuration.augmentation or Augmentation(), **values))

    return change


def _acceleration(**values: Any) -> Change:
    def change(configuration: Configuration) -> Configuration:
        return replace(configuration, accelerated=replace(configuration.accelerated or Acceleration(), **values))

    return change


ABLATION = (
    Row("all of it"),
    Row("in fp32", precision="fp32"),
    Row("whole images from the beginning", _acceleration(sides=((Fraction(1), SIDE),))),
    Row("random gains in the first convolution", whitens=False),
    Row("one view in the end", _acceleration(mirrored_views=False)),
    Row("images mirrored at random, not in turns", _augmentation(alternating=False)),
    Row("images never mirrored, one view", _augmentation(flip=False)),
    Row("no shifts", _augmentation(shift=0)),
    Row("black edges", _augmentation(mirrored_edges=False)),
    Row("labels not smoothed", _acceleration(label_smoothing=0.0)),
    Row("the same order in every epoch", lambda configuration: replace(configuration, shuffled=False)),
)


def main() -> None:
    options = _options()
    both = not (options.ablation or options.precision)
    if both or options.ablation:
        print(_ablation(options), flush=True)
    if both or options.precision:
        print(_precisions(options), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="what the ingredients of fast buy, and whether bf16 costs accuracy")
    parser.add_argument("--data", default="~/.cache/gradus", help="a folder of images (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each row (default: %(default)s)")
    parser.add_argument("--rung", type=Fraction, default=Fraction(4, 5), help="of fast's ladder (default: 0.8)")
    parser.add_argument("--epochs", type=int, default=1, help="of hw5, for --precision (default: %(default)s)")
    parser.add_argument("--ablation", action="store_true")
    parser.add_argument("--precision", action="store_true")
    options = parser.parse_args()
    options.data = str(Path(options.data).expanduser())
    return options


def _ablation(options: argparse.Namespace) -> str:
    rung = rung_for(options.rung)
    assert rung is not None
    rows: list[list[str]] = []
    whole = 0.0
    for row in ABLATION:
        _choose(row, rung)
        records = [
            _record("fast", options, seed, epochs=rung.epochs, precision=row.precision) for seed in range(options.seeds)
        ]
        accuracy = mean(record.epochs[-1].validation_accuracy for record in records)
        seconds = mean(sum(epoch.time_s for epoch in record.epochs) for record in records)
        whole = whole or accuracy
        points = f"{100 * (accuracy - whole):+.1f}" if rows else ""
        rows.append([row.words, f"{accuracy:.4f}", points, f"{seconds:.1f}"])
        _tell(" | ".join(rows[-1]))
    heads = (f"rung {float(rung.accuracy):g}", "accuracy", "points", "epochs, s")
    return f"mean of {options.seeds} seeds\n\n{table(heads, rows)}\n"


def _choose(row: Row, rung: Any) -> None:
    """Let ``fast`` be what the row says."""

    def changed(classes: int) -> Configuration:
        return row.change(replace(fast(classes, rung), validation_share=Fraction(1, 5)))

    recipes.RECIPES["fast"] = changed
    acceleration.whitening_gains = WHITENING if row.whitens else _random_gains


WHITENING = acceleration.whitening_gains


def _random_gains(patches: Tensor, filters: int) -> tuple[Tensor, Tensor]:
    """In place of those that whiten: of the same size and as centred, in random directions."""
    gains, _ = WHITENING(patches, filters)
    # The patches of another seed are others, and draw other directions.
    drawn = torch.randn(gains.shape, generator=torch.Generator().manual_seed(int(1e6 * patches.sum())))
    drawn *= gains.norm() / drawn.norm()
    return drawn, -(drawn * patches.mean((0, 2, 3), keepdim=True)).sum((1, 2, 3))


def _precisions(options: argparse.Namespace) -> str:
    rows, differences = [], []
    for seed in range(options.seeds):
        found = {
            precision: _record("hw5", options, seed, epochs=options.epochs, optimizer="adam", precision=precision)
            for precision in ("fp32", "bf16")
        }
        one, other = (record.epochs[-1].validation_accuracy for record in found.values())
        differences.append(100 * (other - one))
        rows.append([str(seed), f"{one:.4f}", f"{other:.4f}", f"{differences[-1]:+.2f}"])
        _tell(" | ".join(rows[-1]))
    spread = f" ± {stdev(differences) / len(differences) ** 0.5:.2f} (standard error)" if len(differences) > 1 else ""
    rows.append(["mean", "", "", f"{mean(differences):+.2f}{spread}"])
    heads = ("seed", "fp32", "bf16", "bf16 - fp32, points")
    return f"hw5, Adam, {options.epochs} epochs\n\n{table(heads, rows)}\n"


def _record(recipe: str, options: argparse.Namespace, seed: int, **more: Any) -> RunRecord:
    return run(asked(recipe, options.data, seed=seed, device="cpu", **more))


def _tell(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


if __name__ == "__main__":
    main()
