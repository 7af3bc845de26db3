"""hw5 with more images to train on: the second suggestion of Problem 4.5."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from gradus.training.configuration import Configuration
from gradus.training.recipes.hw5 import hw5


def more_training_data(classes: int) -> Configuration:
    """A twentieth of the images validates, in place of a fifth, and the others train; all else as in ``hw5``.

    >>> more_training_data(10).validation_share
    Fraction(1, 20)
    """
    return replace(hw5(classes), validation_share=Fraction(1, 20))
