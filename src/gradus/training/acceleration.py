"""How an accelerated training begins, and smaller images for its first part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import sqrt

import torch
from torch import Generator, Tensor
from torch.nn import functional

from gradus.exact.networks.layers import Architecture, Flatten, MaxPool2D, output_shapes
from gradus.training.model import Network
from gradus.training.normalisation import whitening_gains

WHITENED_FROM = 600
"""Training images whose patches are looked at."""

_FLATTER = 9.0
"""What the gains of the last layer are divided by at the start, so that the first outputs are almost equal."""


@torch.no_grad()
def start(network: Network, images: Tensor, generator: Generator) -> None:
    """Set the weights from which an accelerated training begins.

    The first convolution whitens.  In every other one the first filters hand on their inputs unchanged, and the rest
    are drawn uniformly between -l and l, l = 1 / sqrt(fan_in); so are the gains of the last layer, divided by 9.

    Args:
        images: bytes shaped (count, height, width, channels), to take patches from.
    """
    first, *others = network.layer_weights().values()
    gains, bias = whitening_gains(_patches(images, first.gains.shape[2:]), len(first.gains))
    first.gains.copy_(gains)
    if first.bias is not None:
        first.bias.copy_(bias)
    for module in others:
        shape = module.gains.shape
        drawn = torch.rand(shape, generator=generator).mul_(2).sub_(1) / sqrt(shape[1:].numel())
        if drawn.ndim == 4:
            torch.nn.init.dirac_(drawn[: shape[1]])
        else:
            drawn /= _FLATTER
        module.gains.copy_(drawn)


def at_side(architecture: Architecture, side: int) -> Architecture:
    """The network for images of another side: where it takes the maximum of whole images in the end, it does again.

    >>> from gradus.exact.networks.layers import Conv2D, Dense
    >>> layers = (Conv2D(8), MaxPool2D(6), Flatten(), Dense(10, "softmax"))
    >>> at_side(Architecture((8, 8, 3), layers), 6).layers[1]
    MaxPool2D(size=4)
    """
    if architecture.input_shape[0] == side:
        return architecture
    shapes, shape = output_shapes(architecture), (side, side, architecture.input_shape[2])
    layers = list(architecture.layers)
    end = next(number for number, layer in enumerate(layers) if isinstance(layer, Flatten))
    if isinstance(layers[end - 1], MaxPool2D) and shapes[end - 1][:2] == (1, 1):
        before = output_shapes(Architecture(shape, tuple(layers[: end - 1])))[-1]
        layers[end - 1] = MaxPool2D(before[0])
    return replace(architecture, input_shape=shape, layers=tuple(layers))


def side_at(sides: Sequence[tuple[Fraction, int]], step: int, steps: int, whole: int) -> int:
    """The side of the images in a step of a run.

    >>> [side_at(((Fraction(1, 2), 16), (Fraction(1, 2), 32)), step, 4, 32) for step in range(4)]
    [16, 16, 32, 32]
    """
    end = Fraction(0)
    for share, side in sides:
        end += share
        if step < end * steps:
            return side
    return whole


def resized(images: Tensor, side: int) -> Tensor:
    """Bytes shaped (count, height, width, channels) made smaller, by bilinear interpolation with antialiasing."""
    if images.shape[1] == side:
        return images
    # On the processor PyTorch does this on the bytes themselves, in an eighth of the time.
    values = images.permute(0, 3, 1, 2)
    values = values if images.device.type == "cpu" else values.float()
    found = functional.interpolate(values, (side, side), mode="bilinear", antialias=True, align_corners=False)
    found = found if found.dtype == torch.uint8 else found.round_().clamp_(0, 255).to(torch.uint8)
    return found.permute(0, 2, 3, 1).contiguous()


def _patches(images: Tensor, size: torch.Size) -> Tensor:
    """All patches of some images, from 0 to 1, shaped (count, channels, height, width)."""
    values = images[:WHITENED_FROM].permute(0, 3, 1, 2).float().div_(255)
    pieces = values.unfold(2, size[0], 1).unfold(3, size[1], 1)
    return pieces.permute(0, 2, 3, 1, 4, 5).reshape(-1, values.shape[1], *size)
