"""Recipes: functions of the number of classes that return one full configuration."""

from __future__ import annotations

from collections.abc import Callable

from gradus.errors import InputError, nearest
from gradus.training.configuration import Configuration
from gradus.training.recipes.augmented import augmented
from gradus.training.recipes.deeper import deeper
from gradus.training.recipes.fast import fast
from gradus.training.recipes.hw5 import hw5
from gradus.training.recipes.more_training_data import more_training_data
from gradus.training.recipes.wider import wider

RECIPES: dict[str, Callable[[int], Configuration]] = {
    "hw5": hw5,
    "deeper": deeper,
    "more-training-data": more_training_data,
    "wider": wider,
    "augmented": augmented,
    "fast": fast,
}

CHANGES: dict[str, str] = {
    "hw5": "the network, split, batches of 32 and optimisers of homework 5",
    "deeper": "three groups of convolutions in place of two: 32, 64 and 128 filters",
    "more-training-data": "a twentieth of the images validates in place of a fifth; the others train",
    "wider": "twice as many filters in every convolution",
    "augmented": "every training image is mirrored or not, and shifted by up to 4 pixels, at random",
    "fast": "another network, which reaches --target-accuracy in little time",
}
"""What each recipe is, or changes in hw5."""

SMALL_NETWORK = "small-network"
"""The recipe of :mod:`gradus.training.small_networks`, whose network and data stand in a request's settings."""


def recipe_named(name: str) -> Callable[[int], Configuration]:
    """The recipe of that name.

    Raises:
        InputError: there is none.

    >>> recipe_named("more-training-data")(10).batch_size
    32
    """
    if name not in RECIPES:
        rule = f"must be one of {', '.join(RECIPES)}"
        raise InputError("recipe", name, rule, nearest(name, RECIPES, "choose one of them"))
    return RECIPES[name]
