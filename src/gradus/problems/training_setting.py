"""The setting of the problems about training, in words: data, split, network, optimisers; and their parameters."""

from __future__ import annotations

from math import prod
from pathlib import PurePath
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from gradus.documents.blocks import Block, Table, Text
from gradus.exact.networks.layers import (
    Architecture,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool2D,
    hw5_cnn,
    output_shapes,
    parameter_count,
    parameter_names,
    parameter_shapes,
)
from gradus.problems.problem import Params
from gradus.problems.wording import code_span
from gradus.runs import Device, Optimizer, RunRequest

BATCH_SIZE: Final = 32
LEARNING_RATE: Final = 0.01
MOMENTUM: Final = 0.7
DECAY: Final = 0.001
VALIDATION_PERCENT: Final = 20

_ACTIVATIONS: Final = {"linear": "no activation", "relu": "ReLU", "softmax": "soft-max"}
_BUILT_IN: Final = {
    "pictograms": "the data set `pictograms`: 32\u00a0×\u00a032 colour images in ten classes, drawn by a program",
    "cifar10": "the data set CIFAR-10: 32\u00a0×\u00a032 colour photographs of animals and vehicles in ten classes",
}


DataName: TypeAlias = Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00-\x1f]*\S[^\x00-\x1f]*$")]
"""A built-in data set or a folder, as a parameter of a problem."""


class TrainingParams(Params):
    """The run or runs that a problem is about.

    Attributes:
        recipe: the network and the settings.
        data: name of a built-in data set, or a folder with ``train/<class>/*`` and ``test/<class>/*`` images.
        seed: of the split, the initial weights and the dropout masks.
        epochs: passes over the training images.

    >>> TrainingParams(epochs=30).request("adam").epochs
    30
    """

    recipe: Literal["hw5"] = "hw5"
    data: DataName = "pictograms"
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**63)] = 0
    epochs: Annotated[int, Field(strict=True, ge=1, le=1000)] = 1

    def request(self, optimizer: Optimizer, device: Device = "auto") -> RunRequest:
        """The request for one of the problem's runs."""
        return RunRequest(self.recipe, self.data, optimizer, self.epochs, self.seed, device)


def data_phrase(data: str) -> str:
    r"""The data in words, Markdown.

    >>> data_phrase("cifar10")
    'the data set CIFAR-10: 32\xa0×\xa032 colour photographs of animals and vehicles in ten classes'
    >>> data_phrase("photos/birds")
    'the 32\xa0×\xa032 colour images in the folder `birds`, which has a folder for each class'
    """
    folder = code_span(PurePath(data).name or data)
    return _BUILT_IN.get(
        data, f"the 32\u00a0×\u00a032 colour images in the folder {folder}, which has a folder for each class"
    )


def setting(data: str) -> tuple[Block, ...]:
    """The data, the split, the network and how it is trained, in full.

    >>> [type(block).__name__ for block in setting("pictograms")]
    ['Text', 'Table', 'Text']
    """
    built_in = data in _BUILT_IN
    classes = "" if built_in else " The counts of the last layer are for ten classes."
    network = hw5_cnn()
    return (
        Text(
            f"This part uses {data_phrase(data)}, with images for training and others for testing. "
            f"At random, {VALIDATION_PERCENT}\u00a0% of the training images are set apart for validation; the "
            f"network is trained on the rest. Pixels are scaled to lie between 0 and 1."
        ),
        Table(
            ("Layer", "Output", "Parameters"),
            _layer_rows(network),
            caption=f"The network, {parameter_count(network):,} parameters in all.{classes}",
        ),
        Text(
            f"Training minimises the categorical cross-entropy with batches of {BATCH_SIZE} images, in the same "
            f"order in every epoch (no shuffling). Two optimisers are at hand. *SGD* has the learning rate "
            f"${LEARNING_RATE}$, the momentum ${MOMENTUM}$ and the decay ${DECAY}$: at iteration $t = 0, 1, \\ldots$ "
            rf"its rate is ${LEARNING_RATE} / (1 + {DECAY}\, t)$. *Adam* has its defaults: the learning rate "
            r"$0.001$, $\beta_1 = 0.9$, $\beta_2 = 0.999$, $\epsilon = 10^{-7}$."
        ),
    )


def setting_sentence(data: str) -> str:
    """The setting in one sentence, for a problem whose reader has seen :func:`setting`, or does not need it all.

    >>> setting_sentence("photos/birds").endswith("a folder for each class.")
    True
    """
    return (
        f"The network and the settings are those of homework 5 (a convolutional network of four "
        f"convolutions and two fully "
        f"connected layers, with dropout; cross-entropy; batches of {BATCH_SIZE}), and the network is trained on "
        f"{data_phrase(data)}."
    )


def layer_phrase(layer: Layer) -> str:
    r"""A layer in words.

    >>> layer_phrase(Conv2D(32, padding="same"))
    'convolution, 32 filters 3\xa0×\xa03, same size, ReLU'
    """
    match layer:
        case Conv2D():
            edges = "same size" if layer.padding == "same" else "valid part"
            height, width = layer.kernel
            filters = f"{layer.filters} filters {height}\u00a0×\u00a0{width}"
            return f"convolution, {filters}, {edges}, {_ACTIVATIONS[layer.activation]}"
        case MaxPool2D():
            return f"max-pooling {layer.size}\u00a0×\u00a0{layer.size}"
        case Dropout():
            return f"dropout {float(layer.rate):g}"
        case Flatten():
            return "flatten"
        case Dense():
            return f"fully connected, {layer.units} units, {_ACTIVATIONS[layer.activation]}"


def _layer_rows(network: Architecture) -> tuple[tuple[str, str, str], ...]:
    shapes = parameter_shapes(network)
    rows = []
    for layer, name, output in zip(network.layers, parameter_names(network), output_shapes(network), strict=True):
        size = sum(prod(shapes[f"{name}.{part}"]) for part in ("gains", "bias")) if name else 0
        rows.append((layer_phrase(layer), "\u00a0×\u00a0".join(map(str, output)), f"{size:,}" if size else ""))
    return tuple(rows)
