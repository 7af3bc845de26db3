"""What the problems say of the recipe is what the recipe does: the rooms cannot import each other, so a test looks."""

from __future__ import annotations

from fractions import Fraction

from gradus.documents.blocks import Text
from gradus.problems import training_setting as said
from gradus.training.configuration import Adam, Sgd
from gradus.training.recipes import recipe_named


def test_the_statement_describes_the_recipe() -> None:
    recipe = recipe_named("hw5")(10)
    assert recipe.architecture == said.hw5_cnn()
    assert recipe.batch_size == said.BATCH_SIZE
    assert recipe.validation_share == Fraction(said.VALIDATION_PERCENT, 100)
    assert recipe.optimizers["sgd"] == Sgd(said.LEARNING_RATE, said.MOMENTUM, said.DECAY)


def test_the_statement_gives_adams_constants() -> None:
    text = " ".join(block.markdown for block in said.setting("pictograms") if isinstance(block, Text))
    assert recipe_named("hw5")(10).optimizers["adam"] == Adam(0.001, 0.9, 0.999, 1e-7)
    assert all(constant in text for constant in ("0.001", "0.9", "0.999", "10^{-7}"))
