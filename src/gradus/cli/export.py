"""``gradus export``: a trained network in another library's format."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from gradus.cli.output import json_option, print_json, runs_option
from gradus.errors import OutputError

_FILES: Final = {"keras": "model.keras", "onnx": "model.onnx", "torch-export": "model.pt2"}
_LAYOUTS: Final = {
    "keras": "(count, 32, 32, 3)",
    "onnx": "(count, 3, 32, 32)",
    "torch-export": "(count, 3, 32, 32)",
}


@click.command("export")
@click.argument("run", metavar="RUN")
@click.option("--to", type=click.Choice(list(_FILES)), required=True, help="The format.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What to write (default: model.keras, model.onnx or model.pt2 in the run's folder).",
)
@runs_option
@json_option
def command(run: str, to: str, out: Path | None, runs: Path, as_json: bool) -> None:
    """Write the network of a finished run so that another library loads it without gradus.

    RUN is a run's id, the beginning of it, or its folder.  The network takes images, float32 from 0 to 1, and gives the
    probability of each class.
    """
    from gradus.cli.training_runs import needing_training
    from gradus.runs.folders import run_folder

    folder = run_folder(run, runs)
    with needing_training():
        from gradus.training.export import export
        from gradus.training.weights_file import read_weights
    trained = read_weights(folder)
    file = out or folder / _FILES[to]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        export(trained, to, file)
    except OSError as error:
        rule = f"cannot be written ({error.strerror or error})"
        raise OutputError("output", file, rule, "choose another with --out") from error
    if as_json:
        described = {"images": _LAYOUTS[to], "classes": list(trained.classes)}
        print_json({"run": trained.run, "format": to, "file": str(file), "bytes": file.stat().st_size} | described)
    else:
        click.echo(f"wrote {file} ({file.stat().st_size / 1e6:.1f} MB): images {_LAYOUTS[to]}, float32 from 0 to 1")
