"""``gradus train``: one training run, begun, gone on with, or read."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradus.cli.output import aligned, data_dir_option, json_option, messages, print_json, runs_option
from gradus.cli.watching import reading, watched
from gradus.errors import InputError, shortened
from gradus.runs.store import RECORD

if TYPE_CHECKING:
    from rich.console import Console

    from gradus.runs import RunRecord, RunRequest, RunStore

CHECKPOINT_EVERY_S = 60.0

_LONGEST_NAME = 24

_FILES = ("record.json", "weights.safetensors", "metrics.jsonl", "events.out.tfevents.gradus")

_OWN = ("recipe", "data", "optimizer", "epochs", "device", "precision", "seed")


class _TrainCommand(click.Command):
    """Lists recipes and settings below the options; they are read only for the help."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        try:
            from gradus.training.recipes import CHANGES
            from gradus.training.settings import SETTINGS
        except ModuleNotFoundError:  # without the extra there is nothing to train with
            return
        with formatter.section("Recipes"):
            formatter.write_dl(list(CHANGES.items()))
        with formatter.section("Settings, each --set NAME=VALUE"):
            formatter.write_dl([(name, known.meaning) for name, known in SETTINGS.items()])


@click.command("train", cls=_TrainCommand)
@click.argument("recipe", default="hw5", metavar="[RECIPE]")
@click.option(
    "--data", metavar="NAME|DIR", default="pictograms", show_default=True, help="A built-in data set or a folder."
)
@data_dir_option
@click.option("--optimizer", type=click.Choice(["sgd", "adam", "muon"]), help="By default the recipe's own: adam.")
@click.option("--epochs", type=int, metavar="N", help="Passes over the images; by default the recipe's own: 1.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), default="auto", show_default=True)
@click.option(
    "--precision",
    type=click.Choice(["auto", "fp32", "bf16"]),
    help="auto: bf16 where the hardware multiplies it.  By default fp32, but auto for fast.",
)
@click.option(
    "--seed",
    type=int,
    metavar="N",
    default=0,
    show_default=True,
    help="Of split, initial weights, dropout, augmentation and the order of the images.",
)
@click.option("--target-accuracy", metavar="SHARE", help="Of the recipe fast: the rung that is meant for it.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Override what the recipe fixes.")
@click.option("--resume", metavar="RUN", help="Go on with this run: its id, the beginning of it, or its folder.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    default=1,
    show_default=True,
    help="Processes that share each batch.",
)
@click.option(
    "--checkpoint-every",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    default=CHECKPOINT_EVERY_S,
    callback=lambda context, option, seconds: _number(seconds),
    show_default=True,
    help="Between checkpoints within an epoch; there is one after every epoch.",
)
@runs_option
@click.option("--list", "lists", is_flag=True, help="List the recipes and settings.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@json_option
def command(
    data_dir: Path | None,
    resume: str | None,
    workers: int,
    checkpoint_every: float,
    runs: Path,
    lists: bool,
    quiet: bool,
    as_json: bool,
    **asked_for: Any,
) -> int:
    """Train the network of a recipe, and keep record, weights and metrics in the folder of runs.

    Equal runs are made once.  A run that was interrupted, by Ctrl-C or by anything else, goes on where it was when the
    same command is given again, or with --resume; its weights are then those of a run without interruption.

    The default precision is fp32, so that a run is the same everywhere; bf16 is faster where the hardware has it.
    """
    from gradus.cli.training_runs import needing_training

    with needing_training():
        if lists:
            _list(as_json)
            return 0
        request, store = _asked(asked_for, runs) if resume is None else _resumed(resume, runs, asked_for)
        _train(request, store, _How(data_dir, workers, checkpoint_every, quiet), as_json)
    return 0


def _number(seconds: float) -> float:
    if isnan(seconds):
        raise InputError("--checkpoint-every", seconds, "must be a number of seconds", "write 60, say")
    return seconds


@dataclass(frozen=True)
class _How:
    """What does not change a run's result, but rounding."""

    data_dir: Path | None
    workers: int
    checkpoint_every_s: float
    quiet: bool


def _train(request: RunRequest, store: RunStore, how: _How, as_json: bool) -> None:
    console = messages()
    console.quiet = not _is_first()
    resolved = _resolved(request, how, console)
    record, made = _finished(resolved, store), False
    if record is None:
        record, made = _trained(resolved, store, how, console), True
    if _is_first():
        _report(record, store.path(resolved), made, as_json)


def _is_first() -> bool:
    """Whether this is the only process, or the one among torchrun's that writes and prints."""
    return os.environ.get("RANK", "0") == "0" or "WORLD_SIZE" not in os.environ


def _list(as_json: bool) -> None:
    from gradus.training.recipes import CHANGES
    from gradus.training.settings import SETTINGS

    meanings = {name: known.meaning for name, known in SETTINGS.items()}
    if as_json:
        print_json({"recipes": CHANGES, "settings": meanings})
        return
    recipes = aligned(list(CHANGES.items()))
    settings = aligned(list(meanings.items()))
    click.echo("\n".join(["Recipes:", *recipes, "", "Settings:", *settings]))


def _asked(asked_for: dict[str, Any], runs: Path) -> tuple[RunRequest, RunStore]:
    from gradus.runs import RunStore
    from gradus.training.requests import asked

    return asked(**_with_settings(asked_for)), RunStore(runs)


def _with_settings(asked_for: dict[str, Any]) -> dict[str, Any]:
    """Options with the settings as a mapping, the accuracy aimed at among them."""
    target, settings = asked_for["target_accuracy"], _settings(asked_for["settings"])
    if target is not None and settings.setdefault("target_accuracy", target) != target:
        rule = f"contradicts --set target_accuracy={settings['target_accuracy']}"
        raise InputError("--target-accuracy", target, rule, "give one of them")
    return {name: value for name, value in asked_for.items() if name != "target_accuracy"} | {"settings": settings}


def _settings(given: tuple[str, ...]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for text in given:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise InputError("--set", text, "must be a name and a value", "write --set batch_size=64, say")
        if name in settings:
            raise InputError("--set", text, "names a setting for the second time", "give each once")
        settings[name] = value
    return settings


def _resumed(name: str, runs: Path, asked_for: dict[str, Any]) -> tuple[RunRequest, RunStore]:
    """The request of a run that was begun, and the store that it lies in.

    Raises:
        InputError: there is no such run, or an option says something else than its request.
    """
    from gradus.runs import RunStore
    from gradus.runs.folders import read_run, run_folder

    folder = run_folder(name, runs).resolve()
    found = read_run(folder)
    if folder.name != found.id:
        rule = f"must have the name {found.id}, which belongs to its request"
        raise InputError("run folder", folder, rule, "rename it")
    given = {option: asked_for[option] for option in _OWN if _is_given(option)}
    _refuse_contradictions(found.request, given, _with_settings(asked_for)["settings"])
    return found.request, RunStore(folder.parent)


def _is_given(option: str) -> bool:
    return click.get_current_context().get_parameter_source(option) is click.core.ParameterSource.COMMANDLINE


def _refuse_contradictions(request: RunRequest, given: dict[str, Any], settings: dict[str, str]) -> None:
    from gradus.training.requests import asked, placed

    for option, value in given.items():
        own = getattr(request, option)
        same = placed(value) == placed(own) if option == "data" else value in (own, "auto")
        if not same:
            name = "recipe" if option == "recipe" else f"--{option}"
            rule = f"contradicts the run that is to go on, which has {own}"
            raise InputError(name, value, rule, "leave it out, or train without --resume")
    wanted = dict(request.settings) | settings
    both = asked(request.recipe, request.data, request.optimizer, settings=wanted) if settings else request
    if both.settings != request.settings:
        own = " ".join(f"{name}={value}" for name, value in request.settings) or "none"
        rule = f"contradicts the run that is to go on, whose settings are: {own}"
        raise InputError("--set", " ".join(f"{n}={v}" for n, v in settings.items()), rule, "leave it out")


def _resolved(request: RunRequest, how: _How, console: Console) -> RunRequest:
    from gradus import training

    with reading(console, request.data) as (on_load, on_download):
        return training.resolve(
            request, on_load, data_dir=how.data_dir, on_download=on_download, on_message=console.print
        )


def _finished(request: RunRequest, store: RunStore) -> RunRecord | None:
    """The record of an equal run, if its weights are still there as well."""
    from gradus.training.weights_file import WEIGHTS

    return store.find(request) if (store.path(request) / WEIGHTS).is_file() else None


def _trained(request: RunRequest, store: RunStore, how: _How, console: Console) -> RunRecord:
    from gradus import training

    folder = store.begin(request) if _is_first() else store.path(request)
    if (folder / RECORD).exists():
        console.print(f"the record or the weights in {folder} cannot be used, and are made again")
    title = f"{request.optimizer}, {shortened(Path(request.data).name, _LONGEST_NAME)}"
    with nullcontext() if how.quiet else watched(console, title) as shown:
        record = training.run(
            request,
            shown,
            folder,
            data_dir=how.data_dir,
            on_message=console.print,
            checkpoint_every_s=how.checkpoint_every_s,
            workers=how.workers,
            data_are_known=how.workers == 1,
        )
    if _is_first():
        store.save(record, console.print)
    return record


def _report(record: RunRecord, folder: Path, made: bool, as_json: bool) -> None:
    from gradus.runs import record_report

    if as_json:
        print_json({"run": record.id, "folder": str(folder), "trained": made, "record": record.as_json()})
        return
    if not made:
        click.echo("This run was made before; it is read, and not made again.\n")
    click.echo(record_report(record, _every(len(record.epochs))))
    files = ", ".join(name for name in _FILES if (folder / name).exists())
    settings = "".join(f", {name}={value}" for name, value in record.request.settings)
    click.echo(f"\nrun {record.id} ({record.request.recipe}{settings}), in {folder}: {files}")


def _every(epochs: int) -> int:
    """Which epochs a summary shows, so that there are at most some twelve."""
    steps = [step * power for power in (1, 10, 100, 1000) for step in (1, 2, 5)]
    return next((step for step in steps if epochs <= 10 * step), epochs)
