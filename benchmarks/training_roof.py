"""What the machine can do at best: the rate of a large matrix product, and the work of an epoch to hold against it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from gradus.exact.networks.layers import Architecture, Conv2D, Dense, output_shapes

SIZES = (1024, 2048, 4096)
"""Rows and columns of the square matrices that are multiplied."""

CONVOLUTIONS = ((32, 64, 56), (32, 128, 28), (32, 256, 14))
"""Batches, channels (in and out) and sides of images of 3 x 3 convolutions."""

LEAST_S = 0.3
"""Seconds that each size is repeated for; the fastest repetition counts."""


def training_flops(architecture: Architecture) -> int:
    """Floating-point operations that training on one image needs: additions and multiplications of the products.

    A layer takes part in three products of equal cost: forward, and backward towards its weights and its inputs; the
    first layer needs no gradient of its inputs.

    >>> from gradus.exact.networks.layers import hw5_cnn
    >>> training_flops(hw5_cnn())
    122677248
    """
    before, forward = architecture.input_shape, []
    for layer, after in zip(architecture.layers, output_shapes(architecture), strict=True):
        if isinstance(layer, Conv2D):
            forward.append(2 * prod(layer.kernel) * before[-1] * prod(after))
        elif isinstance(layer, Dense):
            forward.append(2 * prod(before) * prod(after))
        before = after
    return 3 * sum(forward) - forward[0]


class Roof:
    """Measures anew in each turn.

    Convolutions count for fp32 alone: PyTorch's float32 product is MKL's, which leaves AVX-512 unused on some
    processors, so that oneDNN's convolutions are faster than it there.
    """

    def started(self) -> dict[str, Any]:
        import torch

        return {"threads": torch.get_num_threads()}

    def turn(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Operations a second: the best of each, by precision and kind, and the roof."""
        found = {
            "bf16": {"product": max(_product_rate(size, "bfloat16") for size in SIZES)},
            "fp32": {
                "product": max(_product_rate(size, "float32") for size in SIZES),
                "convolution": max(_convolution_rate(*shape) for shape in CONVOLUTIONS),
            },
        }
        return {precision: {**rates, "roof": max(rates.values())} for precision, rates in found.items()}


def program(given: Mapping[str, Any]) -> Roof:
    return Roof()


def _product_rate(size: int, name: str) -> float:
    import torch

    a, b = (torch.randn(size, size).to(getattr(torch, name)) for _ in range(2))
    out = torch.empty_like(a)
    return 2 * size**3 / _fastest_s(lambda: torch.matmul(a, b, out=out))


def _convolution_rate(count: int, channels: int, side: int) -> float:
    import torch

    images = torch.randn(count, channels, side, side).to(memory_format=torch.channels_last)
    gains = torch.randn(channels, channels, 3, 3).to(memory_format=torch.channels_last)
    work = 2 * 9 * channels**2 * count * (side - 2) ** 2
    with torch.inference_mode():
        return work / _fastest_s(lambda: torch.nn.functional.conv2d(images, gains))


def _fastest_s(call: Callable[[], Any]) -> float:
    call()
    times: list[float] = []
    while sum(times) < LEAST_S or len(times) < 3:
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return min(times)
