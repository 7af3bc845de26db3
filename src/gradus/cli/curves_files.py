"""What ``gradus curves`` computes and writes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gradus.cli.output import write_file
from gradus.evidence.confusion import ConfidentMistake, Confusion, confident_mistakes, confusion
from gradus.evidence.history_figure import History, history_figure
from gradus.runs.folders import FoundRun

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gradus.training.data import OnDownload, OnLoad, OnMessage

MOST_MISTAKES = 24

_GROUND = "white"
_SCALE = 2
"""Pixels of a PNG to one of the SVG."""


@dataclass(frozen=True, eq=False)
class Tested:
    """What a run's network says of the test images.

    Attributes:
        pictures: the images of the mistakes, uint8 shaped (32, 32, 3).
    """

    confusion: Confusion
    mistakes: tuple[ConfidentMistake, ...]
    pictures: tuple[NDArray[np.uint8], ...]


def tested(
    run: FoundRun, on_load: OnLoad, on_download: OnDownload, data_dir: Path | None, on_message: OnMessage
) -> Tested:
    """Try a finished run's network on its test images, on the processor, at the run's precision.

    Raises:
        InputError: its weights are not there, or its data have changed.
        DataError: its data cannot be read.
        MissingExtra: PyTorch is not installed.
    """
    from dataclasses import replace

    from gradus.training.probabilities import probabilities
    from gradus.training.run import planned
    from gradus.training.weights_file import read_weights

    trained = read_weights(run.folder)
    asked = replace(run.request, device="cpu")
    plan = planned(asked, on_load, data_dir=data_dir, on_download=on_download, on_message=on_message)
    found = probabilities(trained.network, plan.test.images, run.request.precision)
    predicted = found.argmax(1)
    labels, said = plan.test.labels.tolist(), predicted.tolist()
    mistakes = confident_mistakes(labels, said, found.max(1).tolist(), MOST_MISTAKES)
    pictures = tuple(plan.test.images[mistake.image] for mistake in mistakes)
    return Tested(confusion(trained.classes, labels, said), mistakes, pictures)


def write_history(folder: Path, runs: Sequence[FoundRun], labels: Sequence[str]) -> list[Path]:
    """The epochs of each run as CSV, and the curves of all in one picture."""
    files = []
    for run in runs:
        name = "history.csv" if len(runs) == 1 else f"history-{run.id}.csv"
        rows = [{"epoch": n, **asdict(epoch)} for n, epoch in enumerate(run.epochs, start=1)]
        files.append(_write_csv(folder / name, list(rows[0]), (row.values() for row in rows)))
    svg = history_figure([History(label, run.epochs) for run, label in zip(runs, labels, strict=True)])
    return files + _write_pictures(folder / "learning-curves", svg)


def write_tested(folder: Path, found: Tested) -> list[Path]:
    """Confusion matrix, accuracies class by class, and the most confident mistakes, as CSV and pictures."""
    from gradus.evidence.confusion_figure import confusion_figure
    from gradus.evidence.mistakes_figure import ShownMistake, mistakes_figure

    matrix, classes = found.confusion, found.confusion.classes
    folder.mkdir(parents=True, exist_ok=True)
    rows = [(name, *row) for name, row in zip(classes, matrix.counts, strict=True)]
    files = [
        _write_csv(folder / "confusion.csv", ["true class", *classes], rows),
        _write_csv(folder / "classes.csv", ["class", "images", "right", "accuracy", "precision"], _class_rows(matrix)),
        *_write_pictures(folder / "confusion", confusion_figure(matrix)),
    ]
    if not found.mistakes:
        return files
    shown = [
        ShownMistake(_png(picture), classes[mistake.true], classes[mistake.predicted], mistake.probability)
        for mistake, picture in zip(found.mistakes, found.pictures, strict=True)
    ]
    told = [(m.image, classes[m.true], classes[m.predicted], m.probability) for m in found.mistakes]
    files.append(_write_csv(folder / "mistakes.csv", ["test image", "true", "predicted", "probability"], told))
    return files + _write_pictures(folder / "mistakes", mistakes_figure(shown))


def _class_rows(found: Confusion) -> Iterable[tuple[object, ...]]:
    for i, name in enumerate(found.classes):
        recall, precision = found.recall(i), found.precision(i)
        counts = (recall.total, recall.correct, recall.share) if recall else (0, 0, "")
        yield (name, *counts, precision.share if precision else "")


def _write_csv(file: Path, header: Sequence[str], rows: Iterable[Iterable[object]]) -> Path:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_file(file, text.getvalue().encode())
    return file


def _write_pictures(stem: Path, svg: str) -> list[Path]:
    from gradus.documents.drawing import drawn

    width = float(svg.partition('width="')[2].partition('"')[0])
    files = [stem.with_suffix(".svg"), stem.with_suffix(".png")]
    write_file(files[0], svg.encode())
    write_file(files[1], drawn(svg, _SCALE * width, stem.name, _GROUND))
    return files


def _png(picture: NDArray[np.uint8]) -> bytes:
    """Three times as large, each pixel a square, so that no program smooths it."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(picture).resize((96, 96), Image.Resampling.NEAREST).save(stream, "png")
    return stream.getvalue()
