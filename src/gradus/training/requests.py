"""Requests from what a user gives: names and values checked before any data are read, and one spelling for each run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import get_args

from gradus.errors import InputError, nearest
from gradus.runs.request import Device, Optimizer, Precision, RunRequest
from gradus.training.data import BUILT_IN
from gradus.training.recipes import recipe_named
from gradus.training.settings import TARGET, configured, rung_setting

LARGEST_SEED = 2**63 - 1

_NAMED = "gradus train --list lists the recipes, and gradus data the data sets"

_MANY = 10
"""Classes of the configuration on which settings are tried out; they do not depend on it."""


def asked(
    recipe: str,
    data: str | Path,
    optimizer: Optimizer | None = None,
    epochs: int | None = None,
    seed: int = 0,
    device: Device = "auto",
    precision: Precision | None = None,
    settings: Mapping[str, object] | None = None,
) -> RunRequest:
    """The request for a run of one of the recipes.

    Optimiser, epochs and precision are the recipe's own where they are not given.  Two ways to write the same make one
    request: a folder stands with its whole path, numbers in one form, and settings that say what the recipe says anyway
    are left out.

    Raises:
        InputError: the recipe, optimiser, a setting or the seed is none that there is, or out of bounds.

    >>> asked("hw5", "pictograms", settings={"batch_size": 32, "learning_rate": "2e-3"}).settings
    (('learning_rate', '0.002'),)
    """
    for name, text, kinds in (("recipe", recipe, str), ("data", data, str | Path)):
        if not isinstance(text, kinds):
            raise InputError(name, text, "must be a name" if name == "recipe" else "must be a name or a folder", _NAMED)
    base = recipe_named(recipe)(_MANY)
    given = sorted((name, _text(name, value)) for name, value in (settings or {}).items())
    optimizer = base.optimizer if optimizer is None else optimizer
    _check_one_of("optimizer", optimizer, get_args(Optimizer))
    _check_one_of("device", device, get_args(Device))
    if precision is not None:
        _check_one_of("precision", precision, get_args(Precision))
    own = configured(base, given, optimizer)
    epochs = own.epochs if epochs is None else epochs
    for name, value, least in (("epochs", epochs, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST_SEED:
            bounds = f"{least} or more" if not isinstance(value, int) or value < least else f"at most {LARGEST_SEED}"
            raise InputError(name, value, f"must be a whole number, {bounds}", f"give {name} {least}, say")
    chosen = [rung_setting(value) for name, value in given if name == TARGET]
    rung = configured(base, chosen)
    others = (setting for setting in given if setting[0] != TARGET and configured(rung, [setting]) != rung)
    changing = tuple(sorted([*(chosen if rung != base else []), *others]))
    return RunRequest(
        recipe, placed(data), optimizer, epochs, seed, device, precision or own.precision, settings=changing
    )


def placed(data: str | Path) -> str:
    """The name of a data set; a folder's whole path, so that a run can go on from anywhere.

    >>> placed("pictograms")
    'pictograms'
    """
    if str(data) in BUILT_IN:
        return str(data)
    with suppress(OSError, RuntimeError, ValueError):  # reading it says what is wrong with it
        folder = Path(data).expanduser()
        return str(folder.resolve()) if folder.is_dir() else str(data)
    return str(data)


def _check_one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        remedy = nearest(str(value), known, "choose one of them")
        raise InputError(name, value, f"must be one of {', '.join(known)}", remedy)


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        words = ("on", "off") if name == "dropout" else ("yes", "no")
        return words[not value]
    if isinstance(value, Fraction):
        return str(value)
    text = str(value).strip()
    with suppress(ValueError, OverflowError):
        read = float(text)
        return str(int(read)) if read == int(read) and abs(read) < 2**53 else repr(read)
    return text
