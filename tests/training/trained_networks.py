"""Networks of many forms, with weights that are all different, for the tests of what goes out of gradus."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import torch

from gradus.exact.networks.layers import Architecture, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from gradus.training.model import Network, scaled, set_weights, weights_of
from gradus.training.recipes.deeper import deeper
from gradus.training.recipes.hw5 import hw5
from gradus.training.recipes.wider import wider
from gradus.training.weights_file import TrainedNetwork

SHARE = Fraction(1, 4)
ARCHITECTURES = {
    "hw5": hw5(10).architecture,
    "deeper": deeper(10).architecture,
    "wider": wider(3).architecture,
    "even kernels": Architecture(
        (9, 8, 3),
        (
            *(Conv2D(4, (2, 4), "same"), Dropout(SHARE), Conv2D(5, (4, 2), "same", "linear"), MaxPool2D()),
            *(Conv2D(6, (2, 3)), Flatten(), Dense(7, "linear"), Dense(3, "softmax")),
        ),
    ),
    "pooled by three": Architecture(
        (11, 10, 1), (Conv2D(3, (1, 5), "same"), MaxPool2D(3), Flatten(), Flatten(), Dense(2, "softmax"))
    ),
    "mirror images": Architecture((6, 7, 3), (Conv2D(4, (3, 3), "same"), MaxPool2D(), Flatten(), Dense(3, "softmax"))),
    "no convolution": Architecture((4, 4, 3), (Flatten(), Dense(2, "softmax"))),
    "vectors": Architecture((6,), (Dense(5), Dropout(SHARE), Dense(4, "softmax"))),
}
CLASSES = ("day", "night", "Größe 1\n2", "\\", *"abcdef")


def trained(name: str, biases: bool = True) -> TrainedNetwork:
    """A network with normally distributed weights, scaled so that all classes are possible."""
    rng = np.random.default_rng(8)
    network = Network(ARCHITECTURES[name], biases, mirrored_views=name == "mirror images")
    weights = {
        key: rng.normal(size=value.shape) * (0.1 if value.ndim == 1 else (2 / value[..., 0].size) ** 0.5)
        for key, value in weights_of(network).items()
    }
    set_weights(network, weights)
    (count,) = weights[[key for key in weights if key.endswith("gains")][-1]].shape[1:]
    return TrainedNetwork(network, CLASSES[:count], "0123456789ab")


def images_for(network: TrainedNetwork, count: int) -> np.ndarray:
    """Float32 between 0 and 1, channels last: noise, and smooth images with a dark edge, in turns."""
    rng = np.random.default_rng(9)
    shape = (count, *network.architecture.input_shape)
    images = rng.random(shape)
    if len(shape) == 4:
        rows, columns = np.meshgrid(*(np.linspace(0, 1, side) for side in shape[1:3]), indexing="ij")
        images[1::2] = ((rows * columns) ** 0.5)[None, :, :, None] * images[1::2, :1, :1]
    return (np.floor(images * 256) / 255).clip(0, 1).astype(np.float32)


def probabilities(network: TrainedNetwork, images: np.ndarray) -> np.ndarray:
    """What gradus says."""
    with torch.inference_mode():
        if images.ndim == 2:
            return network.network(torch.from_numpy(images)).softmax(1).numpy()
        pixels = torch.from_numpy((images * 255).round().astype(np.uint8))
        return network.network(scaled(pixels)).softmax(1).numpy()
