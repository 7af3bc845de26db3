"""The operations of a pass with the compiled kernels, on the processor; what they do not know PyTorch does."""

from __future__ import annotations

from ctypes import byref, c_double, c_int64
from dataclasses import dataclass
from threading import BrokenBarrierError

import torch
from torch import Tensor

from gradus.exact.networks.layers import Conv2D
from gradus.training.dropout import bytes_threshold
from gradus.training.kernels import Library
from gradus.training.normalisation import EPSILON, Normalisation
from gradus.training.operations import GREY, Dropping, Operations, Saved, Weights

_TYPES = (torch.float32, torch.bfloat16)
_IN_ONE_GO = 16
"""Filters are taken in sixteens."""

_MOST_TAPS = 12
"""As in ``first_convolution.h``."""


@dataclass(frozen=True, eq=False)
class Chosen(Saved):
    """What the kernels leave: which of each square was taken, or what came out, and the factor of gradients."""

    choice: Tensor | None = None
    outputs: Tensor | None = None
    scale: float = 1.0


class FastOperations(Operations):
    """Numbers of float32 and bfloat16; other types are left to PyTorch."""

    def __init__(self, library: Library) -> None:
        self.library = library

    def scaled(self, images: Tensor, dtype: torch.dtype) -> Tensor:
        if dtype not in _TYPES:
            return super().scaled(images, dtype)
        images = images.contiguous()
        out = torch.empty(images.shape, dtype=dtype)
        self.library.of("scaled", dtype)(images.data_ptr(), out.data_ptr(), images.numel())
        return out.permute(0, 3, 1, 2)

    def convolution(self, x: Tensor, weights: Weights, layer: Conv2D, relu: bool) -> Tensor:
        if x.dtype not in _TYPES or not _has_few_channels(x, layer):
            return super().convolution(x, weights, layer, relu)
        window = _window(x, layer)
        *_, height, width = window
        out = torch.empty((len(x), height, width, layer.filters), dtype=x.dtype)
        x, gains, bias = _images(x), _images(weights.gains), weights.bias
        self.library.of("first_convolution", x.dtype)(
            *(x.data_ptr(), len(x), *window),
            *(gains.data_ptr(), None if bias is None else bias.data_ptr(), relu, out.data_ptr()),
        )
        return out.permute(0, 3, 1, 2)

    def convolution_gradients(
        self, gradient: Tensor, x: Tensor, weights: Weights, layer: Conv2D, inputs: bool, masked: bool
    ) -> Tensor | None:
        found = weights.gains_gradient
        fit = found.dtype == torch.float32 and found.is_contiguous(memory_format=torch.channels_last)
        if x.dtype not in _TYPES or inputs or not fit or not _has_few_channels(x, layer):
            return super().convolution_gradients(gradient, x, weights, layer, inputs, masked)
        x, gradient, bias = _images(x), _images(gradient), weights.bias_gradient
        self.library.of("first_convolution_gradients", x.dtype)(
            *(x.data_ptr(), len(x), *_window(x, layer), gradient.data_ptr()),
            *(found.data_ptr(), None if bias is None else bias.data_ptr()),
        )
        return None

    def pooled(self, x: Tensor, size: int, relu: bool, drop: Dropping | None) -> tuple[Tensor, Saved]:
        if size != 2 or x.dtype not in _TYPES or not _is_plain(drop):
            return super().pooled(x, size, relu, drop)
        rows, channels, height, width = x.shape
        shape = (rows, height // 2, width // 2, channels)
        out, choice = torch.empty(shape, dtype=x.dtype), torch.empty(shape, dtype=torch.uint8)
        key, threshold, scale, first = _dropped(drop)
        images = _images(x)
        self.library.of("pooled", x.dtype)(
            images.data_ptr(),
            *(rows, height, width, channels, relu, key, threshold, scale, first),
            *(out.data_ptr(), choice.data_ptr()),
        )
        return out.permute(0, 3, 1, 2), Chosen(choice=choice, before=x, scale=scale)

    def pooled_gradient(self, gradient: Tensor, size: int, saved: Saved) -> Tensor:
        if not isinstance(saved, Chosen) or saved.choice is None or saved.before is None:
            return super().pooled_gradient(gradient, size, saved)
        rows, channels, height, width = saved.before.shape
        gradient, out = _images(gradient), torch.empty((rows, height, width, channels), dtype=gradient.dtype)
        self.library.of("pooled_gradient", gradient.dtype)(
            gradient.data_ptr(),
            saved.choice.data_ptr(),
            *(rows, height, width, channels, saved.scale),
            out.data_ptr(),
        )
        return out.permute(0, 3, 1, 2)

    def pooled_convolution_gradients(
        self,
        gradient: Tensor,
        size: int,
        saved: Saved,
        x: Tensor,
        weights: Weights,
        layer: Conv2D,
        inputs: bool,
        masked: bool,
    ) -> Tensor | None:
        rows, channels, height, width = x.shape
        filters = len(weights.gains)
        fit = layer.kernel == (3, 3) and not filters % _IN_ONE_GO
        if not isinstance(saved, Chosen) or saved.choice is None or not fit:
            return super().pooled_convolution_gradients(gradient, size, saved, x, weights, layer, inputs, masked)
        assert weights.gains_gradient.dtype == torch.float32
        bias = weights.bias_gradient
        if bias is None:
            bias = torch.empty(filters)
        weights.gains_gradient.zero_()
        bias.zero_()
        out = torch.empty((rows, height, width, channels), dtype=x.dtype) if inputs else None
        x, gradient = _images(x), _images(gradient)
        self.library.of("pooled_convolution_gradients", x.dtype)(
            *(rows, height, width, channels, filters, _padding(layer)[0]),
            *(x.data_ptr(), weights.gains.data_ptr(), gradient.data_ptr()),
            *(saved.choice.data_ptr(), saved.scale, masked),
            *(weights.gains_gradient.data_ptr(), bias.data_ptr(), None if out is None else out.data_ptr()),
        )
        return None if out is None else out.permute(0, 3, 1, 2)

    def activated(
        self, values: Tensor, relu: bool, drop: Dropping | None, columns: slice | None = None, width: int = 0
    ) -> tuple[Tensor, Saved]:
        if values.ndim != 2 or values.dtype not in _TYPES or not _is_plain(drop) or not (relu or drop is None):
            return super().activated(values, relu, drop, columns, width)
        if not relu:
            return values, Saved()
        key, threshold, scale, first = _dropped(drop)
        rows, count = values.shape
        start, whole = (0, count) if columns is None else (columns.start, width)
        self.library.of("activated", values.dtype)(
            values.data_ptr(), rows, count, values.stride(0), start, whole, relu, key, threshold, scale, first
        )
        return values, Chosen(outputs=values, scale=scale)

    def activated_gradient(self, gradient: Tensor, saved: Saved) -> Tensor:
        if not isinstance(saved, Chosen) or saved.outputs is None:
            return super().activated_gradient(gradient, saved)
        outputs = saved.outputs
        gradient = gradient.clone()
        rows, count = gradient.shape
        self.library.of("activated_gradient", gradient.dtype)(
            *(gradient.data_ptr(), outputs.data_ptr(), rows, count),
            *(gradient.stride(0), outputs.stride(0), saved.scale),
        )
        return gradient

    def dense_gradients(
        self, gradient: Tensor, x: Tensor, gains_gradient: Tensor, bias_gradient: Tensor | None
    ) -> None:
        if gradient.dtype not in _TYPES:
            super().dense_gradients(gradient, x, gains_gradient, bias_gradient)
            return
        if gains_gradient.dtype == gradient.dtype:
            torch.mm(gradient.t(), x, out=gains_gradient)
        else:
            gains_gradient.copy_(gradient.t() @ x)
        if bias_gradient is not None:
            rows, count = gradient.shape
            self.library.of("column_sums", gradient.dtype)(
                gradient.data_ptr(), rows, count, gradient.stride(0), bias_gradient.data_ptr()
            )

    def batch_normalised(
        self, x: Tensor, normalisation: Normalisation, count: int, relu: bool
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        if x.dtype not in _TYPES or normalisation.workers.size > 1 or normalisation.shift.dtype != torch.float32:
            return super().batch_normalised(x, normalisation, count, relu)
        x = _images(x)
        rows, channels, height, width = x.shape
        statistics, out = torch.empty((2, channels), dtype=torch.float64), torch.empty_like(x)
        mean, factor = statistics
        together = self.library.of("batch_normalised", x.dtype)(
            *(x.data_ptr(), rows * height * width, channels, count),
            *(normalisation.shift.data_ptr(), EPSILON, relu, *_sums(normalisation, "forward")),
            *(mean.data_ptr(), factor.data_ptr(), normalisation.latest.data_ptr(), out.data_ptr()),
        )
        if not together:
            raise BrokenBarrierError
        return out, (mean, factor)

    def batch_normalised_gradient(
        self,
        gradient: Tensor,
        x: Tensor,
        y: Tensor,
        normalisation: Normalisation,
        statistics: tuple[Tensor, Tensor],
        count: int,
        relu: bool,
        shift_gradient: Tensor,
    ) -> Tensor:
        if x.dtype not in _TYPES or normalisation.workers.size > 1 or shift_gradient.dtype != torch.float32:
            return super().batch_normalised_gradient(
                gradient, x, y, normalisation, statistics, count, relu, shift_gradient
            )
        gradient, x = _images(gradient), _images(x)
        rows, channels, height, width = x.shape
        mean, factor = statistics
        out = torch.empty_like(x)
        together = self.library.of("batch_normalised_gradient", x.dtype)(
            *(gradient.data_ptr(), x.data_ptr(), y.data_ptr(), rows * height * width, channels, count, relu),
            *_sums(normalisation, "backward"),
            *(mean.data_ptr(), factor.data_ptr(), shift_gradient.data_ptr(), out.data_ptr()),
        )
        if not together:
            raise BrokenBarrierError
        return out

    def moments(self, x: Tensor) -> Tensor:
        if x.dtype not in _TYPES:
            return super().moments(x)
        rows, channels, height, width = x.shape
        x, found = _images(x), torch.zeros((2, channels), dtype=torch.float64)
        self.library.of("moments", x.dtype)(
            x.data_ptr(), rows * height * width, channels, found[0].data_ptr(), found[1].data_ptr()
        )
        return found

    def normalised(self, x: Tensor, factor: Tensor, offset: Tensor, relu: bool) -> Tensor:
        if x.dtype not in _TYPES:
            return super().normalised(x, factor, offset, relu)
        x = _images(x)
        rows, channels, height, width = x.shape
        factor, offset, out = factor.float(), offset.float(), torch.empty_like(x)
        self.library.of("normalised", x.dtype)(
            *(x.data_ptr(), rows * height * width, channels, factor.data_ptr(), offset.data_ptr(), relu),
            out.data_ptr(),
        )
        return out

    def gradient_moments(self, gradient: Tensor, x: Tensor, y: Tensor, relu: bool) -> Tensor:
        if x.dtype not in _TYPES:
            return super().gradient_moments(gradient, x, y, relu)
        gradient, x = _images(gradient), _images(x)
        rows, channels, height, width = x.shape
        found = torch.zeros((2, channels), dtype=torch.float64)
        self.library.of("gradient_moments", x.dtype)(
            *(gradient.data_ptr(), x.data_ptr(), y.data_ptr(), rows * height * width, channels, relu),
            *(found[0].data_ptr(), found[1].data_ptr()),
        )
        return found

    def normalised_gradient(
        self, gradient: Tensor, x: Tensor, y: Tensor, relu: bool, factor: Tensor, slope: Tensor, offset: Tensor
    ) -> Tensor:
        if x.dtype not in _TYPES:
            return super().normalised_gradient(gradient, x, y, relu, factor, slope, offset)
        gradient, x = _images(gradient), _images(x)
        rows, channels, height, width = x.shape
        each = [tensor.float() for tensor in (factor, slope, offset)]
        out = torch.empty_like(x)
        self.library.of("normalised_gradient", x.dtype)(
            *(gradient.data_ptr(), x.data_ptr(), y.data_ptr(), rows * height * width, channels, relu),
            *(tensor.data_ptr() for tensor in (*each, out)),
        )
        return out

    def augmented(self, images: Tensor, words: Tensor, shift: int, mirrored: Tensor, mirrored_edges: bool) -> Tensor:
        images, out = images.contiguous(), torch.empty(images.shape, dtype=torch.uint8)
        mirrored = mirrored.to(torch.uint8)
        self.library.loaded.augmented(
            *(images.data_ptr(), words.data_ptr(), *images.shape, shift, mirrored.data_ptr(), mirrored_edges),
            out.data_ptr(),
        )
        return out

    def cut_out(self, images: Tensor, words: Tensor, square: int) -> Tensor:
        images = images.contiguous()
        self.library.loaded.cut_out(images.data_ptr(), words.data_ptr(), *images.shape, square, GREY)
        return images

    def cross_entropy(
        self, logits: Tensor, labels: Tensor, count: int, smoothing: float = 0.0
    ) -> tuple[Tensor, Tensor, Tensor]:
        if logits.dtype not in _TYPES:
            return super().cross_entropy(logits, labels, count, smoothing)
        logits, labels = logits.contiguous(), labels.contiguous()
        gradient, loss, right = torch.empty_like(logits), c_double(0), c_int64(0)
        rows, classes = logits.shape
        self.library.of("cross_entropy", logits.dtype)(
            *(logits.data_ptr(), labels.data_ptr(), rows, classes, smoothing, count),
            *(gradient.data_ptr(), byref(loss), byref(right)),
        )
        return torch.tensor(loss.value, dtype=torch.float64), torch.tensor(right.value), gradient


def _has_few_channels(x: Tensor, layer: Conv2D) -> bool:
    """Whether a row of the window has so few numbers that the kernels for the first convolution are the fastest."""
    return x.shape[1] * layer.kernel[1] <= _MOST_TAPS


def _window(x: Tensor, layer: Conv2D) -> tuple[int, ...]:
    """A convolution as those kernels take it: images, gains, what is padded above and to the left, and outputs."""
    _, channels, height, width = x.shape
    down, across = layer.kernel
    if layer.padding == "valid":
        return (height, width, channels, layer.filters, down, across, 0, 0, height - down + 1, width - across + 1)
    return (height, width, channels, layer.filters, down, across, (down - 1) // 2, (across - 1) // 2, height, width)


def _sums(normalisation: Normalisation, when: str) -> tuple[int | None, int, int, int]:
    """Where the threads add up the sums of a pass, as the kernels take it: barrier, parts, how many, and which."""
    team, channels = normalisation.team, len(normalisation.shift)
    parts = team.shared((normalisation.name, when), (team.size, 2, channels), torch.float64)
    return team.barrier, parts.data_ptr(), team.size, normalisation.rank


def _images(x: Tensor) -> Tensor:
    """The same values, channels-last in memory without gaps."""
    return x.contiguous(memory_format=torch.channels_last)


def _is_plain(drop: Dropping | None) -> bool:
    return drop is None or bytes_threshold(drop.rate) is not None


def _dropped(drop: Dropping | None) -> tuple[int, int, float, int]:
    """Key, threshold, scale and first image of a dropout, as the kernels take them."""
    if drop is None:
        return 0, 0, 1.0, 0
    return (
        drop.masks.layer_key(drop.layer),
        bytes_threshold(drop.rate) or 0,
        float(1 / (1 - drop.rate)),
        drop.masks.first,
    )


def _padding(layer: Conv2D) -> list[int]:
    return [0, 0] if layer.padding == "valid" else [size // 2 for size in layer.kernel]
