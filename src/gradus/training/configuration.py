"""The configuration of a training run: what a recipe chooses, as frozen values without PyTorch."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from gradus.exact.learnability.initialisation import GLOROT, Initialisation
from gradus.exact.networks.layers import Architecture
from gradus.runs.request import Optimizer, Precision


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


@dataclass(frozen=True)
class Muon:
    """Muon (Jordan et al., 2024) for the gains of convolutions, and Nesterov's momentum for all else.

    The gains of a convolution are a matrix G with a row for each filter.  With gradient g, steps t from 0 of T in all::

        v <- momentum * v + g
        G <- sqrt(filters) * G / |G|
        G <- G - learning_rate * (1 - t / T) * orthogonalised(g + momentum * v)

    The norm of G is fixed, since batch normalisation makes the network's outputs independent of it.  All else moves by
    v <- nesterov_momentum * v - a * g; w <- w + nesterov_momentum * v - a * g, where a is the rate that falls to 0 in
    the same way, and g + weight_decay * w stands for the gradient g of a dense layer's gains.
    """

    learning_rate: float = 0.16
    momentum: float = 0.6
    nesterov_momentum: float = 0.85
    dense_rate: float = 0.005
    shift_rate: float = 24.0
    weight_decay: float = 0.0


OptimizerRule: TypeAlias = Sgd | Adam | Muon


@dataclass(frozen=True)
class Augmentation:
    """Random changes of the training images, new ones in every epoch.

    Attributes:
        flip: whether each image is mirrored left to right, with probability 1/2 or in turns.
        alternating: whether it goes in turns: an image that was mirrored in one epoch is not in the next, and only
            the first is random (Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024).
        shift: the most pixels by which each is moved, up or down and left or right, every distance equally likely.
        cutout: side of a square that is made grey, anywhere in the image; for smaller images it is smaller alike.
        mirrored_edges: what comes in from outside is what lies inside, mirrored at the edge, in place of black.
    """

    flip: bool = True
    shift: int = 4
    mirrored_edges: bool = field(default=False, repr=False)
    cutout: int = field(default=0, repr=False)
    alternating: bool = field(default=False, repr=False)


@dataclass(frozen=True)
class Acceleration:
    """What makes a training reach its accuracy sooner; the trained network is an ordinary one but for its two views.

    Every convolution but the first is followed, before its ReLU, by batch normalisation with a shift and no factor;
    after training it is part of the gains and biases.  The gains of the first convolution are not trained: they whiten
    the images' patches.

    Attributes:
        sides: (share of the run, side to which images are made smaller), one after the other.
        label_smoothing: share of the label that is spread over all classes.
        memory: share of the running mean and variance that a step leaves as it is.
        mirrored_views: whether the trained network looks at every image and at its mirror image, where training images
            are mirrored.
    """

    sides: tuple[tuple[Fraction, int], ...] = ()
    label_smoothing: float = 0.2
    memory: float = 0.6
    mirrored_views: bool = True


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
        accelerated: by normalisation, whitening and smaller images; None trains the network as it stands.
        shuffled: whether every epoch has an order of its own, and leaves out what fills no batch.
        epochs: how many the recipe is meant for, where it says.
        precision: in which it is meant to be trained.
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
    accelerated: Acceleration | None = field(default=None, repr=False)
    shuffled: bool = field(default=False, repr=False)
    epochs: int = field(default=1, repr=False)
    precision: Precision = field(default="fp32", repr=False)

    @property
    def optimizer(self) -> Optimizer:
        """The one that is used unless another one is asked for."""
        return "adam" if "adam" in self.optimizers else next(iter(self.optimizers))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all that the recipe fixes, so that a changed recipe is another run."""
        # What a configuration does not have is left out, so that ids of runs from before there was any hold.
        more = [repr(part) for part in (self.augmentation, self.accelerated) if part is not None]
        named: dict[str, object] = {"shuffled": self.shuffled}
        if self.augmentation is not None:
            named |= {
                "mirrored_edges": self.augmentation.mirrored_edges,
                "cutout": self.augmentation.cutout,
                "alternating": self.augmentation.alternating,
            }
        more += [f"{name}={value!r}" for name, value in named.items() if value]
        return hashlib.sha256(" ".join([repr(self), *more]).encode()).hexdigest()
