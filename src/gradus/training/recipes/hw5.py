"""The recipe of homework 5, Part 4."""

from __future__ import annotations

from fractions import Fraction

from gradus.exact.networks.layers import hw5_cnn
from gradus.training.configuration import Adam, Configuration, Sgd


def hw5(classes: int) -> Configuration:
    """The network, split, batch size and optimisers of homework 5, for images of the given number of classes.

    >>> hw5(10).optimizers["sgd"]
    Sgd(learning_rate=0.01, momentum=0.7, decay=0.001)
    """
    return Configuration(
        architecture=hw5_cnn(classes),
        optimizers={"sgd": Sgd(learning_rate=0.01, momentum=0.7, decay=0.001), "adam": Adam()},
        batch_size=32,
        validation_share=Fraction(1, 5),
    )
