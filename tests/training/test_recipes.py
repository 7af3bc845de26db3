"""What each recipe fixes, next to the constants of homework 5, and that each can be trained."""

from __future__ import annotations

from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from gradus.errors import InputError
from gradus.exact.networks.layers import (
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    hw5_cnn,
    output_shapes,
    parameter_count,
)
from gradus.runs import RunRequest
from gradus.training import RECIPES, run
from gradus.training.configuration import Adam, Augmentation, Configuration, Sgd
from gradus.training.recipes import recipe_named

RECIPE_NAMES = ("hw5", "deeper", "more-training-data", "wider", "augmented", "fast")


def test_these_are_all() -> None:
    assert tuple(RECIPES) == RECIPE_NAMES


def test_hw5_has_the_constants_of_the_homework() -> None:
    recipe = RECIPES["hw5"](10)
    assert recipe.optimizers == {
        "sgd": Sgd(learning_rate=0.01, momentum=0.7, decay=0.001, weight_decay=0.0),
        "adam": Adam(learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-7, weight_decay=0.0),
    }
    assert (recipe.batch_size, recipe.validation_share, recipe.augmentation) == (32, Fraction(1, 5), None)
    assert (recipe.biases, recipe.images, recipe.initialisation.text) == (True, None, "glorot")


def test_the_network_of_hw5_layer_by_layer() -> None:
    network = RECIPES["hw5"](10).architecture
    quarter, half = Dropout(Fraction(1, 4)), Dropout(Fraction(1, 2))
    assert network.input_shape == (32, 32, 3)
    assert network.layers == (
        *(Conv2D(32, (3, 3), "same", "relu"), Conv2D(32, (3, 3), "valid", "relu"), MaxPool2D(2), quarter),
        *(Conv2D(64, (3, 3), "same", "relu"), Conv2D(64, (3, 3), "valid", "relu"), MaxPool2D(2), quarter),
        *(Flatten(), Dense(512, "relu"), half, Dense(10, "softmax")),
    )
    assert list(output_shapes(network))[::4] == [(32, 32, 32), (15, 15, 64), (2304,)]
    assert parameter_count(network) == 1_250_858


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("deeper", {"architecture"}),
        ("more-training-data", {"validation_share"}),
        ("wider", {"architecture"}),
        ("augmented", {"augmentation"}),
    ],
)
@pytest.mark.parametrize("classes", [2, 10])
def test_each_suggestion_changes_one_thing(name: str, changed: set[str], classes: int) -> None:
    plain, other = RECIPES["hw5"](classes), RECIPES[name](classes)
    assert {f.name for f in fields(Configuration) if getattr(plain, f.name) != getattr(other, f.name)} == changed
    assert other.architecture.layers[-1] == Dense(classes, "softmax")
    # Dropout, dense layers, and the form of the convolutions stay.
    assert [layer for layer in other.architecture.layers if isinstance(layer, Dense)][:1] == [Dense(512)]
    assert {layer.kernel for layer in other.architecture.layers if isinstance(layer, Conv2D)} == {(3, 3)}


def test_what_the_suggestions_change() -> None:
    def filters(name: str) -> list[int]:
        return [layer.filters for layer in RECIPES[name](10).architecture.layers if isinstance(layer, Conv2D)]

    assert filters("hw5") == [32, 32, 64, 64]
    assert filters("wider") == [64, 64, 128, 128]
    assert filters("deeper") == [32, 32, 64, 64, 128, 128]
    assert output_shapes(RECIPES["deeper"](10).architecture)[-5] == (4, 4, 128)
    assert RECIPES["more-training-data"](10).validation_share == Fraction(1, 20)
    assert RECIPES["augmented"](10).augmentation == Augmentation(flip=True, shift=4)


def test_fingerprints_tell_recipes_and_numbers_of_classes_apart() -> None:
    prints = {RECIPES[name](classes).fingerprint for name in RECIPES for classes in (2, 10)}
    assert len(prints) == 2 * len(RECIPES)
    assert all(RECIPES[name](10).fingerprint == RECIPES[name](10).fingerprint for name in RECIPES)
    plain = RECIPES["hw5"](10)
    for change in ({"batch_size": 33}, {"validation_share": Fraction(1, 4)}, {"architecture": hw5_cnn(11)}):
        assert replace(plain, **change).fingerprint != plain.fingerprint


@pytest.mark.parametrize("name", RECIPE_NAMES)
def test_each_is_trained(name: str, shared_images: Path) -> None:
    settings = (("batch_size", "8"), ("images", "16"))
    optimizer = RECIPES[name](2).optimizer
    request = RunRequest(name, str(shared_images), optimizer, epochs=1, device="cpu", settings=settings)
    record = run(request)
    assert record.parameters == parameter_count(RECIPES[name](2).architecture)
    assert len(record.epochs) == 1 and record.final_weights != record.initial_weights


def test_an_unknown_recipe_is_one_clear_error() -> None:
    with pytest.raises(InputError, match=r"must be one of .*; did you mean wider"):
        recipe_named("widder")


def test_recipes_are_hashable_and_frozen() -> None:
    recipe: Any = RECIPES["hw5"](10)
    with pytest.raises(AttributeError):
        recipe.batch_size = 3
