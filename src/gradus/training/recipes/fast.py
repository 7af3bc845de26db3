"""Networks and schedules that reach an accuracy in little time: a ladder of rungs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from gradus.exact.networks.layers import Architecture, Conv2D, Dense, Flatten, Layer, MaxPool2D
from gradus.training.configuration import Acceleration, Augmentation, Configuration, Muon

SIDE = 32


@dataclass(frozen=True)
class Rung:
    """One network and one schedule, which do not depend on the data.

    Attributes:
        accuracy: the test accuracy, on small photographs of ten kinds, that it is meant for.
        blocks: of each block the filters, and how many convolutions come after the one with the pooling.
        epochs, batch_size: of the schedule.
        learning_rate: Muon's, at the start: no higher, the longer the run.
        shift: the most pixels by which images are moved: no fewer, the longer the run.
        sides: (share of the run, side of the images).
    """

    accuracy: Fraction
    blocks: tuple[tuple[int, int], ...]
    epochs: int
    batch_size: int
    learning_rate: float
    shift: int
    sides: tuple[tuple[Fraction, int], ...]


WHITE = 24
"""Filters of the first convolution, 2 x 2: twelve eigenvectors, and their negatives."""


SMALLER_FIRST = ((Fraction(3, 5), 24), (Fraction(2, 5), SIDE))
GROWING = ((Fraction(7, 20), 20), (Fraction(7, 20), 24), (Fraction(3, 10), SIDE))


RUNGS = (
    Rung(Fraction(75, 100), ((16, 0), (64, 1), (128, 1)), 1, 256, 0.2, 0, SMALLER_FIRST),
    Rung(Fraction(80, 100), ((32, 0), (64, 1), (128, 1)), 3, 256, 0.16, 1, SMALLER_FIRST),
    Rung(Fraction(85, 100), ((64, 0), (128, 1), (256, 1)), 6, 256, 0.1, 1, GROWING),
    Rung(Fraction(90, 100), ((64, 1), (256, 1), (256, 1)), 17, 256, 0.1, 2, GROWING),
)
"""The ladder, from the bottom."""


def fast(classes: int, rung: Rung = RUNGS[0]) -> Configuration:
    """The configuration of a rung: a whitening convolution, blocks of convolutions, Muon, falling rates.

    >>> fast(10).batch_size
    256
    """
    rate = rung.batch_size / 256
    return Configuration(
        architecture=_architecture(classes, rung),
        optimizers={
            "muon": Muon(
                learning_rate=rung.learning_rate,
                dense_rate=0.00463 * rate,
                shift_rate=24.0 * rate,
                weight_decay=0.00133,
            )
        },
        batch_size=rung.batch_size,
        validation_share=Fraction(1, 20),
        augmentation=Augmentation(shift=rung.shift, mirrored_edges=True, alternating=True),
        accelerated=Acceleration(rung.sides),
        shuffled=True,
        epochs=rung.epochs,
        precision="auto",
    )


def rung_for(accuracy: Fraction) -> Rung | None:
    """The lowest rung that is meant for that accuracy or more.

    >>> rung_for(Fraction(77, 100)).accuracy
    Fraction(4, 5)
    """
    return next((rung for rung in RUNGS if rung.accuracy >= accuracy), None)


def _architecture(classes: int, rung: Rung) -> Architecture:
    side = SIDE - 1
    layers: list[Layer] = [Conv2D(WHITE, kernel=(2, 2))]
    for filters, more in rung.blocks:
        layers += [Conv2D(filters, padding="same"), MaxPool2D()]
        layers += [Conv2D(filters, padding="same")] * more
        side //= 2
    layers += [MaxPool2D(side), Flatten(), Dense(classes, "softmax")]
    return Architecture((SIDE, SIDE, 3), tuple(layers))
