"""hw5 on images that are shifted and mirrored at random."""

from __future__ import annotations

from dataclasses import replace

from gradus.training.configuration import Augmentation, Configuration
from gradus.training.recipes.hw5 import hw5


def augmented(classes: int) -> Configuration:
    """Every training image is mirrored with probability 1/2 and shifted by up to 4 pixels; all else as in ``hw5``.

    >>> augmented(10).augmentation
    Augmentation(flip=True, shift=4)
    """
    return replace(hw5(classes), augmentation=Augmentation())
