"""Recipes: functions of the number of classes that return one full configuration."""

from __future__ import annotations

from collections.abc import Callable

from gradus.errors import InputError, nearest
from gradus.training.configuration import Configuration
from gradus.training.recipes.hw5 import hw5

RECIPES: dict[str, Callable[[int], Configuration]] = {recipe.__name__: recipe for recipe in (hw5,)}

SMALL_NETWORK = "small-network"
"""The recipe of :mod:`gradus.training.small_networks`, whose network and data stand in a request's settings."""


def recipe_named(name: str) -> Callable[[int], Configuration]:
    """The recipe of that name.

    Raises:
        InputError: there is none.
    """
    if name not in RECIPES:
        known = sorted((*RECIPES, SMALL_NETWORK))
        rule = f"must be one of {', '.join(known)}"
        raise InputError("recipe", name, rule, nearest(name, known, "choose one of them"))
    return RECIPES[name]
