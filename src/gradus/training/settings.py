"""Settings of a request: what overrides the values that a recipe fixes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeAlias

from gradus.errors import InputError, nearest
from gradus.exact.learnability.initialisation import Initialisation
from gradus.exact.networks.layers import Dropout
from gradus.training.configuration import Configuration

Setting: TypeAlias = tuple[str, str]


def configured(configuration: Configuration, settings: Iterable[Setting]) -> Configuration:
    """The configuration with these settings.

    ``initialisation``, ``biases`` (yes or no), ``dropout`` (on or off), ``images`` (of each part), ``weight_decay``.

    Raises:
        InputError: there is no setting of that name, or its value cannot be read.

    >>> from gradus.training.recipes.hw5 import hw5
    >>> configured(hw5(10), [("initialisation", "zeros"), ("images", "64")]).images
    64
    """
    for name, value in settings:
        if name not in _CHANGES:
            known = sorted(_CHANGES)
            raise InputError("setting", name, f"must be one of {', '.join(known)}", nearest(name, known, "choose one"))
        configuration = _CHANGES[name](configuration, value)
    return configuration


def whole(name: str, value: str) -> int:
    """A positive whole number.

    Raises:
        InputError: it is none.
    """
    if not (value.isascii() and value.isdigit() and len(value) < 10 and int(value) > 0):
        raise InputError(f"setting {name}", value, "must be a whole number, 1 or more", f"write {name}=64, say")
    return int(value)


def number(name: str, value: str, largest: float) -> float:
    """A number from 0 up to the largest one.

    Raises:
        InputError: it is none.
    """
    try:
        read = float(value)
    except ValueError:
        read = -1.0
    if not 0 <= read <= largest:
        raise InputError(f"setting {name}", value, f"must be a number from 0 to {largest:g}", f"write {name}=0.01, say")
    return read


def choice(name: str, value: str, yes: str, no: str) -> bool:
    """Which of two words it is.

    Raises:
        InputError: it is neither.
    """
    if value not in (yes, no):
        raise InputError(f"setting {name}", value, f"must be {yes} or {no}", f"write {name}={yes}")
    return value == yes


def _with_dropout(configuration: Configuration, value: str) -> Configuration:
    if choice("dropout", value, "on", "off"):
        return configuration
    architecture = configuration.architecture
    layers = tuple(layer for layer in architecture.layers if not isinstance(layer, Dropout))
    return replace(configuration, architecture=replace(architecture, layers=layers))


def _with_decay(configuration: Configuration, value: str) -> Configuration:
    decay = number("weight_decay", value, 1)
    rules = {name: replace(rule, weight_decay=decay) for name, rule in configuration.optimizers.items()}
    return replace(configuration, optimizers=rules)


_CHANGES: dict[str, Callable[[Configuration, str], Configuration]] = {
    "initialisation": lambda c, v: replace(c, initialisation=Initialisation.of(v)),
    "biases": lambda c, v: replace(c, biases=choice("biases", v, "yes", "no")),
    "dropout": _with_dropout,
    "images": lambda c, v: replace(c, images=whole("images", v)),
    "weight_decay": _with_decay,
}
