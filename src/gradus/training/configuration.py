"""The configuration of a training run: what a recipe chooses, as frozen values without PyTorch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from gradus.exact.learnability.initialisation import GLOROT, Initialisation
from gradus.exact.networks.layers import Architecture
from gradus.runs.request import Optimizer


@dataclass(frozen=True)
class Sgd:
    """Stochastic gradient descent with momentum, in the form of the course and of Keras.

    With gradient g and iterations t counted from 0 across epochs::

        alpha_t = learning_rate / (1 + decay * t)
        v <- momentum * v - alpha_t * g
        w <- w + v

    The learning rate stands inside the velocity v, so that this differs from PyTorch's form when it decays.
    With weight decay (L2) g + weight_decay * w stands for g.
    """

    learning_rate: float = 0.01
    momentum: float = 0.0
    decay: float = 0.0
    weight_decay: float = field(default=0.0, repr=False)


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba, 2015) in the form of Keras, which is that of the paper's section 2, last paragraph.

    With gradient g, steps t counted from 1, and squares taken entry by entry::

        m <- beta1 * m + (1 - beta1) * g
        v <- beta2 * v + (1 - beta2) * g^2
        w <- w - learning_rate * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)

    PyTorch adds its epsilon to the corrected square root instead.
    With weight decay (L2) g + weight_decay * w stands for g.
    """

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-7
    weight_decay: float = field(default=0.0, repr=False)


OptimizerRule: TypeAlias = Sgd | Adam


@dataclass(frozen=True)
class Augmentation:
    """Random changes of the training images, new ones in every epoch.

    Attributes:
        flip: whether each image is mirrored left to right, with probability 1/2.
        shift: the most pixels by which each is moved, up or down and left or right, every distance equally likely.
    """

    flip: bool = True
    shift: int = 4


@dataclass(frozen=True)
class Configuration:
    """One full configuration, except data, seed, device, optimiser and epochs, which the request chooses.

    Attributes:
        architecture: the network; its last layer is a soft-max over the classes.
        optimizers: the rule of each optimiser that a request may name.
        batch_size: images a step; the last batch of an epoch holds what is left.
        validation_share: share of the data set's training images that is split off for validation.
        augmentation: how the training images are changed; None leaves them as they are.
        initialisation: how gains and biases start.
        biases: whether the layers have any.
        images: how many images of each part are used; None uses all.
        stratified: whether every class has the same share of the validation images as of all training images.
    """

    architecture: Architecture
    optimizers: Mapping[Optimizer, OptimizerRule]
    batch_size: int
    validation_share: Fraction
    augmentation: Augmentation | None = field(default=None, repr=False)
    # What settings alone change stands in the request, and so in a run's id, already.
    initialisation: Initialisation = field(default=GLOROT, repr=False)
    biases: bool = field(default=True, repr=False)
    images: int | None = field(default=None, repr=False)
    stratified: bool = field(default=False, repr=False)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all that the recipe fixes, so that a changed recipe is another run."""
        # Without augmentation it is what it was when there was none, so that ids of runs hold.
        fixed = repr(self) if self.augmentation is None else f"{self!r} {self.augmentation!r}"
        return hashlib.sha256(fixed.encode()).hexdigest()
