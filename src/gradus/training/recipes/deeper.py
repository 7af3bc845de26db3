"""hw5 with more convolutional layers: the first suggestion of Problem 4.5."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from gradus.exact.networks.layers import Architecture, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from gradus.training.configuration import Configuration
from gradus.training.recipes.hw5 import hw5


def deeper(classes: int) -> Configuration:
    """Three groups of convolutions in place of two, 32, 64 and 128 filters wide; all else as in ``hw5``.

    >>> from gradus.exact.networks.layers import parameter_count
    >>> parameter_count(deeper(10).architecture)
    1341226
    """
    quarter, half = Fraction(1, 4), Fraction(1, 2)
    groups = [
        layer
        for filters in (32, 64, 128)
        for layer in (Conv2D(filters, padding="same"), Conv2D(filters, padding="same"), MaxPool2D(), Dropout(quarter))
    ]
    head = (Flatten(), Dense(512), Dropout(half), Dense(classes, "softmax"))
    return replace(hw5(classes), architecture=Architecture((32, 32, 3), (*groups, *head)))
