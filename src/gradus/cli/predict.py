"""``gradus predict``: what a trained network says of images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradus.cli.output import aligned, json_option, messages, print_json, runs_option
from gradus.errors import DataError, InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@click.command("predict")
@click.argument("run", metavar="RUN")
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--top", type=int, metavar="K", default=3, show_default=True, help="How many classes to name.")
@click.option("--resize", is_flag=True, help="Take images of any size: their middle square, scaled to 32 x 32.")
@runs_option
@json_option
def command(run: str, images: tuple[Path, ...], top: int, resize: bool, runs: Path, as_json: bool) -> int:
    """The most probable classes of images, by the network of a finished run.

    RUN is a run's id, the beginning of it, or its folder.  Images are 32 x 32 RGB in JPEG or PNG, as those that it was
    trained on.  Those that cannot be used are listed, all of them; the others are answered, and the exit code is 2.
    """
    from gradus.cli.training_runs import needing_training
    from gradus.runs.folders import run_folder

    if top < 1:
        raise InputError("--top", top, "must be at least 1", "give 1 or more")
    folder = run_folder(run, runs)
    with needing_training():
        import numpy as np

        from gradus.training.images import read_images
        from gradus.training.probabilities import probabilities
        from gradus.training.weights_file import read_weights
    trained = read_weights(folder)
    good, unusable = read_images(images, resize)
    pixels = np.stack(list(good.values())) if good else np.empty((0, 32, 32, 3), dtype=np.uint8)
    found = {
        file: _best(row, trained.classes, top)
        for file, row in zip(good, probabilities(trained.network, pixels), strict=True)
    }
    _print_unusable(unusable, resize)
    if as_json:
        answers = [
            {"image": str(file), "classes": [{"class": name, "probability": p} for name, p in best]}
            for file, best in found.items()
        ]
        bad = [{"image": str(file), "reason": reason} for file, reason in unusable.items()]
        print_json({"run": trained.run, "images": answers, "unusable": bad})
    elif found:
        rows = [(str(file), *(f"{name} {p:.3f}" for name, p in best)) for file, best in found.items()]
        click.echo("\n".join(aligned(rows)))
    return DataError.exit_code if unusable else 0


def _best(row: NDArray[np.float32], classes: tuple[str, ...], top: int) -> list[tuple[str, float]]:
    """The most probable classes, the first of equal ones first."""
    order = sorted(range(len(classes)), key=lambda k: (-float(row[k]), k))
    return [(classes[k], float(row[k])) for k in order[:top]]


def _print_unusable(unusable: dict[Path, str], resize: bool) -> None:
    console = messages()
    for file, reason in unusable.items():
        console.print(f"gradus: {file}: {reason}")
    if unusable and not resize and any("not 32 x 32" in reason or "not RGB" in reason for reason in unusable.values()):
        console.print("gradus: --resize takes images of other sizes and colours")
