"""Networks near that of homework 5: what a suggestion would change in its size and in what its filters see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from gradus.exact.networks.layers import (
    Architecture,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    hw5_cnn,
    output_shapes,
    parameter_count,
)


@dataclass(frozen=True)
class Size:
    """What a network costs and sees.

    Attributes:
        parameters: number of trainable parameters.
        flattened: number of values that reach the first fully connected layer.
        receptive_field: side, in pixels, of the largest square of the image that one of these values depends on.

    >>> size(wider(10)).parameters
    2625098
    """

    parameters: int
    flattened: int
    receptive_field: int


def size(network: Architecture) -> Size:
    """The size of a convolutional network.

    >>> size(hw5_cnn())
    Size(parameters=1250858, flattened=2304, receptive_field=16)
    """
    flattened = next(
        shape[0]
        for layer, shape in zip(network.layers, output_shapes(network), strict=True)
        if isinstance(layer, Flatten)
    )
    return Size(parameter_count(network), flattened, receptive_field(network))


def receptive_field(network: Architecture) -> int:
    """The side of the largest square of input pixels that one value before the flattening depends on.

    Along one axis, value i of a layer depends on the pixels from ``start + i * distance`` on, ``side`` of them; those
    beyond the border are zeros of the padding and do not count.

    >>> receptive_field(hw5_cnn())
    16
    """
    start, distance, side = 0, 1, 1
    pixels = count = network.input_shape[0]
    for layer, shape in zip(network.layers, output_shapes(network), strict=True):
        if isinstance(layer, Flatten):
            break
        count = shape[0]
        if isinstance(layer, Conv2D):
            start -= (layer.kernel[0] - 1) // 2 * distance if layer.padding == "same" else 0
            side += (layer.kernel[0] - 1) * distance
        elif isinstance(layer, MaxPool2D):
            side += (layer.size - 1) * distance
            distance *= layer.size
    starts = (start + i * distance for i in range(count))
    return max(min(first + side, pixels) - max(first, 0) for first in starts)


def deeper(classes: int) -> Architecture:
    """The network of homework 5 with a third pair of convolutions, of 128 filters, after the second.

    >>> receptive_field(deeper(10))
    31
    """
    network = hw5_cnn(classes)
    flatten = next(i for i, layer in enumerate(network.layers) if isinstance(layer, Flatten))
    third = (Conv2D(128, padding="same"), Conv2D(128), MaxPool2D(), Dropout(Fraction(1, 4)))
    return Architecture(network.input_shape, (*network.layers[:flatten], *third, *network.layers[flatten:]))


def wider(classes: int) -> Architecture:
    """The network of homework 5 with twice as many filters in each convolution.

    >>> wider(10).layers[0].filters
    64
    """
    network = hw5_cnn(classes)
    layers = (replace(x, filters=2 * x.filters) if isinstance(x, Conv2D) else x for x in network.layers)
    return Architecture(network.input_shape, tuple(layers))


def dense_share(network: Architecture) -> Fraction:
    """The share of the parameters that the fully connected layers hold.

    >>> round(float(dense_share(hw5_cnn())), 3)
    0.948
    """
    before, dense = network.input_shape, 0
    for layer, shape in zip(network.layers, output_shapes(network), strict=True):
        if isinstance(layer, Dense):
            dense += (before[0] + 1) * layer.units
        before = shape
    return Fraction(dense, parameter_count(network))
