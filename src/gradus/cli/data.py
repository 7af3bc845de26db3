"""``gradus data``: the data sets, and what is in one of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradus.cli.output import data_dir_option, json_option, messages, print_json
from gradus.cli.watching import reading
from gradus.errors import MissingExtra

if TYPE_CHECKING:
    from types import ModuleType

    from gradus.training.data.dataset import Dataset


@click.command("data")
@click.argument("name", metavar="[NAME|DIR]", required=False)
@data_dir_option
@json_option
def command(name: str | None, data_dir: Path | None, as_json: bool) -> None:
    """List the data sets; with NAME or a folder of images read it, and tell its classes and how many images it has.

    A folder holds train/<class>/* and test/<class>/*, 32 x 32 RGB images in JPEG or PNG.  What was decoded is kept, so
    that a run that trains on it starts at once.
    """
    sets = _data_sets()
    if name is None:
        _list(sets.BUILT_IN, as_json)
        return
    dataset = _loaded(sets, name, data_dir)
    if as_json:
        print_json(_described(dataset))
    else:
        _show(_described(dataset))


def _data_sets() -> ModuleType:
    try:
        from gradus.training import data
    except ModuleNotFoundError as error:
        if error.name not in ("numpy", "PIL"):
            raise
        raise MissingExtra("reading images", "train") from error
    return data


def _list(sets: dict[str, str], as_json: bool) -> None:
    if as_json:
        print_json({"data": [{"name": name, "description": description} for name, description in sets.items()]})
        return
    for name, description in sets.items():
        click.echo(f"{name}\n    {description}")


def _loaded(sets: ModuleType, name: str, data_dir: Path | None) -> Dataset:
    console = messages()
    with reading(console, name) as (on_load, on_download):
        dataset: Dataset = sets.load(
            name, on_load, data_dir=data_dir, on_download=on_download, on_message=console.print
        )
    return dataset


def _described(dataset: Dataset) -> dict[str, Any]:
    import numpy as np

    counts = {
        part: np.bincount(images.labels, minlength=len(dataset.classes)).tolist()
        for part, images in (("training", dataset.training), ("test", dataset.test))
    }
    return {
        "name": dataset.name,
        "classes": [
            {"name": name, "training": training, "test": test}
            for name, training, test in zip(dataset.classes, counts["training"], counts["test"], strict=True)
        ],
        "training": len(dataset.training),
        "test": len(dataset.test),
        "fingerprint": dataset.fingerprint,
    }


def _show(described: dict[str, Any]) -> None:
    rows = [*described["classes"], {**described, "name": "all"}]
    width = max(len(row["name"]) for row in rows)
    click.echo(f"{described['name']}: {len(described['classes'])} classes\n")
    click.echo(f"{'class':{width}}  {'training':>8}  {'test':>8}")
    for row in rows:
        click.echo(f"{row['name']:{width}}  {row['training']:8,}  {row['test']:8,}")
    click.echo(f"\nfingerprint  {described['fingerprint']}")
