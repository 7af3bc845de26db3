"""Does hw5's network reach the same test accuracy in gradus and in Keras 3?

    python benchmarks/keras_agreement.py FOLDER --seeds 5

trains both on the images of FOLDER (``train/<class>/*`` and ``test/<class>/*``), one epoch by default, for every seed
and both optimisers, in turns and each run in a process of its own.  A seed fixes the split, which both take from
gradus; initial weights and dropout masks are drawn by each program from its own generator.  What was measured is kept
in the JSON file, so that a run that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from math import sqrt
from pathlib import Path
from statistics import mean, stdev
from typing import Any

PROGRAMS = ("keras", "gradus")


def main() -> None:
    options = _options()
    if options.one:
        program, optimizer, seed = options.one
        print(json.dumps(_one(program, options.folder, optimizer, int(seed), options.epochs)))
        return
    done: dict[str, dict[str, Any]] = json.loads(options.out.read_text()) if options.out.exists() else {}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    for program, optimizer, seed in _schedule(options.seeds):
        key = f"{program} {optimizer} {options.epochs} {seed}"
        if key not in done:
            done[key] = _in_a_process(options, program, optimizer, seed)
            options.out.write_text(json.dumps(done, indent=1) + "\n")
        print(f"{key}: test accuracy {done[key]['test_accuracy']:.4f}, {done[key]['seconds']:.0f} s", flush=True)
    print(_table(done, options.seeds, options.epochs))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="hw5's accuracies in gradus and in Keras, over seeds")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("out/bench/keras_agreement.json"))
    parser.add_argument("--one", nargs=3, metavar=("PROGRAM", "OPTIMIZER", "SEED"), help=argparse.SUPPRESS)
    return parser.parse_args()


def _schedule(seeds: int) -> Iterator[tuple[str, str, int]]:
    for seed in range(seeds):
        for optimizer in ("sgd", "adam"):
            # Who goes first changes, so that a slow quarter of an hour does not fall on one program.
            for program in PROGRAMS if seed % 2 == 0 else PROGRAMS[::-1]:
                yield program, optimizer, seed


def _in_a_process(options: argparse.Namespace, program: str, optimizer: str, seed: int) -> dict[str, Any]:
    command = [sys.executable, __file__, str(options.folder), "--epochs", str(options.epochs)]
    ran = subprocess.run(
        [*command, "--one", program, optimizer, str(seed)], stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _one(program: str, folder: Path, optimizer: str, seed: int, epochs: int) -> dict[str, Any]:
    began = time.perf_counter()
    found = (_keras if program == "keras" else _gradus)(folder, optimizer, seed, epochs)
    return {**found, "seconds": time.perf_counter() - began}


def _gradus(folder: Path, optimizer: str, seed: int, epochs: int) -> dict[str, Any]:
    from gradus.runs import RunRequest
    from gradus.training import run

    record = run(RunRequest("hw5", str(folder), optimizer, epochs, seed, "cpu"))  # type: ignore[arg-type]
    return {
        "validation_accuracy": record.epochs[-1].validation_accuracy,
        "test_accuracy": record.test_accuracy,
        "test_loss": record.test_loss,
    }


def _keras(folder: Path, optimizer: str, seed: int, epochs: int) -> dict[str, Any]:
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import numpy as np

    from gradus.training.data import load
    from gradus.training.data.dataset import random_split
    from gradus.training.recipes.hw5 import hw5
    from gradus.training.seeds import stream_seed

    dataset = load(str(folder))
    share = hw5(len(dataset.classes)).validation_share
    split = random_split(len(dataset.training), share, stream_seed(seed, "split"))
    keras.utils.set_random_seed(seed + 1)
    model = _keras_cnn(len(dataset.classes))
    rate = keras.optimizers.schedules.InverseTimeDecay(0.01, 1, 0.001)
    rule = keras.optimizers.SGD(rate, momentum=0.7) if optimizer == "sgd" else keras.optimizers.Adam()
    model.compile(loss="sparse_categorical_crossentropy", optimizer=rule, metrics=["accuracy"])

    def scaled(indices: Any) -> tuple[Any, Any]:
        return dataset.training.images[indices].astype(np.float32) / 255, dataset.training.labels[indices]

    x, y = scaled(split.training)
    validation = scaled(split.validation)
    history = model.fit(
        x, y, batch_size=32, epochs=epochs, shuffle=False, validation_data=validation, verbose=0
    ).history
    test_loss, test_accuracy = model.evaluate(
        dataset.test.images.astype(np.float32) / 255, dataset.test.labels, verbose=0
    )
    return {
        "validation_accuracy": history["val_accuracy"][-1],
        "test_accuracy": test_accuracy,
        "test_loss": test_loss,
    }


def _keras_cnn(classes: int) -> Any:
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def _table(done: dict[str, dict[str, Any]], seeds: int, epochs: int) -> str:
    from scipy.stats import t

    lines = [f"{'':10}{'Keras':>20}{'gradus':>20}{'difference':>14}{'95 % interval':>22}{'p (Welch)':>12}"]
    for optimizer in ("sgd", "adam"):
        sides = [[done[f"{p} {optimizer} {epochs} {s}"]["test_accuracy"] for s in range(seeds)] for p in PROGRAMS]
        difference, error, freedom = _welch(sides[1], sides[0])
        half = float(t.ppf(0.975, freedom)) * error
        p = 2 * float(t.sf(abs(difference) / error, freedom))
        shown = [f"{mean(side):.4f} ± {stdev(side):.4f}" for side in sides]
        interval = f"{difference - half:+.4f} to {difference + half:+.4f}"
        lines.append(f"{optimizer:10}{shown[0]:>20}{shown[1]:>20}{difference:>+14.4f}{interval:>22}{p:>12.3f}")
    return "\n".join(lines)


def _welch(a: Sequence[float], b: Sequence[float]) -> tuple[float, float, float]:
    """The difference of the means, its standard error and Welch's degrees of freedom."""
    va, vb = stdev(a) ** 2 / len(a), stdev(b) ** 2 / len(b)
    freedom = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1))
    return mean(a) - mean(b), sqrt(va + vb), freedom


if __name__ == "__main__":
    main()
