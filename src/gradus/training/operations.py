"""What a forward and a backward pass are made of, in PyTorch: each operation, and its gradients by hand.

Images are shaped (count, channels, height, width) and channels-last in memory.  Gradients are those of the mean loss of
the whole batch.  :mod:`gradus.training.kernels.operations` does some of this in fewer passes over memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor
from torch.nn import functional

from gradus.exact.networks.layers import Conv2D
from gradus.training.device import sum_type
from gradus.training.dropout import Masks
from gradus.training.normalisation import EPSILON, Normalisation

GREY = 120
"""Byte of what is cut out: about the mean of photographs."""

_PART = 2**31 - 1


@dataclass(frozen=True)
class Dropping:
    """Dropout of some rows: the rate, which of the network's dropout layers it is, and the masks."""

    rate: Fraction
    layer: int
    masks: Masks


@dataclass(frozen=True, eq=False)
class Saved:
    """What a forward pass leaves for the backward pass.

    Attributes:
        factor: what the gradient is multiplied by, entry by entry: 0 where a value was dropped or ReLU was 0.
        indices: of the pooling's choices.
        before: the values before pooling.
    """

    factor: Tensor | None = None
    indices: Tensor | None = None
    before: Tensor | None = None


@dataclass(eq=False)
class Weights:
    """Gains and bias of a layer in the type of the arithmetic, and where their gradients are written.

    Attributes:
        gains, bias: as :mod:`gradus.training.model` stores them; there may be no bias.
        gains_gradient, bias_gradient: of the same shapes and layouts.
    """

    gains: Tensor
    bias: Tensor | None
    gains_gradient: Tensor
    bias_gradient: Tensor | None


class Operations:
    """The operations in PyTorch, for any device and type of numbers."""

    def scaled(self, images: Tensor, dtype: torch.dtype) -> Tensor:
        """Bytes shaped (count, height, width, channels) as numbers from 0 to 1, (count, channels, height, width)."""
        exact = torch.promote_types(dtype, torch.float32)
        return images.to(exact).div_(255).permute(0, 3, 1, 2).to(dtype)

    def convolution(self, x: Tensor, weights: Weights, layer: Conv2D, relu: bool) -> Tensor:
        """The convolution, and ReLU after it."""
        before, padding = _padded(x, layer)
        values = functional.conv2d(before, weights.gains, weights.bias, padding=padding)
        return values.relu_() if relu else values

    def convolution_gradients(
        self, gradient: Tensor, x: Tensor, weights: Weights, layer: Conv2D, inputs: bool, masked: bool
    ) -> Tensor | None:
        """Write the gradients by the weights; the one by the inputs, if ``inputs``, is returned.

        Args:
            gradient: by the convolution's outputs, before ReLU.
            masked: the inputs went through ReLU, and the gradient is meant by what went in.
        """
        before, padding = _padded(x, layer)
        by_input, by_gains, by_bias = torch.ops.aten.convolution_backward(
            gradient,
            before,
            weights.gains,
            None if weights.bias is None else [len(weights.bias)],
            [1, 1],
            padding,
            [1, 1],
            False,
            [0, 0],
            1,
            [inputs, True, weights.bias is not None],
        )
        weights.gains_gradient.copy_(by_gains)
        if weights.bias_gradient is not None:
            weights.bias_gradient.copy_(by_bias)
        if not inputs:
            return None
        found = _cut(by_input, x, layer)
        return found.mul_(x > 0) if masked else found

    def pooled(self, x: Tensor, size: int, relu: bool, drop: Dropping | None) -> tuple[Tensor, Saved]:
        """The largest value of each square, then ReLU, then dropout."""
        values, indices = torch.ops.aten.max_pool2d_with_indices(x, [size, size])
        values, saved = self.activated(values, relu, drop)
        return values, Saved(saved.factor, indices, x)

    def pooled_gradient(self, gradient: Tensor, size: int, saved: Saved) -> Tensor:
        """The gradient by the values before pooling."""
        assert saved.before is not None and saved.indices is not None
        found: Tensor = torch.ops.aten.max_pool2d_with_indices_backward(
            self.activated_gradient(gradient, saved),
            saved.before,
            [size, size],
            [size, size],
            [0, 0],
            [1, 1],
            False,
            saved.indices,
        )
        return found

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
        """As :meth:`convolution_gradients`, from the gradient by what :meth:`pooled` gave of its outputs."""
        return self.convolution_gradients(
            self.pooled_gradient(gradient, size, saved), x, weights, layer, inputs, masked
        )

    def activated(
        self, values: Tensor, relu: bool, drop: Dropping | None, columns: slice | None = None, width: int = 0
    ) -> tuple[Tensor, Saved]:
        """ReLU, then dropout; may be done in place.

        Args:
            columns: which columns of rows of ``width`` the values are, where they are not whole rows.
        """
        if relu:
            values = values.relu_()
        factor = (values > 0).to(values.dtype) if relu else None
        if drop is not None:
            whole = values if columns is None else values.new_empty(len(values), width)
            kept = drop.masks.kept(whole, drop.rate, drop.layer)
            mask = (kept if columns is None else kept[:, columns]).to(values.dtype).mul_(float(1 / (1 - drop.rate)))
            values = values * mask
            factor = mask if factor is None else factor.mul_(mask)
        return values, Saved(factor)

    def activated_gradient(self, gradient: Tensor, saved: Saved) -> Tensor:
        """The gradient by what went into :meth:`activated`."""
        return gradient if saved.factor is None else gradient * saved.factor

    def dense(self, x: Tensor, gains: Tensor, bias: Tensor | None) -> Tensor:
        """Gains times x, plus bias; gains are shaped (units, inputs)."""
        return functional.linear(x, gains, bias)

    def dense_gradients(
        self, gradient: Tensor, x: Tensor, gains_gradient: Tensor, bias_gradient: Tensor | None
    ) -> None:
        """Write the gradients by gains and bias."""
        gains_gradient.copy_(gradient.t() @ x)
        if bias_gradient is not None:
            bias_gradient.copy_(gradient.sum(0))

    def batch_normalised(
        self, x: Tensor, normalisation: Normalisation, count: int, relu: bool
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Values normalised by the mean and variance of the whole batch, and ReLU after it.

        Args:
            x: this thread's part of the batch.
            count: how many values a channel has in the whole batch.

        Returns:
            The values; and each channel's mean and 1 / sqrt(variance + epsilon).
        """
        mean, variance = normalisation.batch_statistics(self.moments(x), count)
        factor = 1 / (variance + EPSILON).sqrt()
        return self.normalised(x, factor, normalisation.shift - mean * factor, relu), (mean, factor)

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
        """The gradient by x, from that by y, which :meth:`batch_normalised` gave.

        Args:
            statistics: what came with y.
            shift_gradient: this thread's part of the gradient by the shift is written into it.
        """
        mean, factor = statistics
        moments = self.gradient_moments(gradient, x, y, relu)
        shift_gradient.copy_(moments[0])
        total, product = normalisation.summed(moments)
        # With z = (x - mean) factor the gradient by x is factor (g - mean(g) - z mean(g z)).
        along = factor * (product - mean * total) / count
        slope = -factor * factor * along
        offset = -factor * total / count - mean * slope
        return self.normalised_gradient(gradient, x, y, relu, factor, slope, offset)

    def moments(self, x: Tensor) -> Tensor:
        """Sums over each channel of the values and of their squares, shaped (2, channels), in float64 if there is."""
        exact = x.to(sum_type(x.device))
        return torch.stack([exact.sum((0, 2, 3)), (exact * exact).sum((0, 2, 3))])

    def normalised(self, x: Tensor, factor: Tensor, offset: Tensor, relu: bool) -> Tensor:
        """Factor times x plus offset, channel by channel, and ReLU after it."""
        exact = torch.promote_types(x.dtype, torch.float32)
        values = (x.to(exact) * _each(factor.to(exact)) + _each(offset.to(exact))).to(x.dtype)
        return values.relu_() if relu else values

    def gradient_moments(self, gradient: Tensor, x: Tensor, y: Tensor, relu: bool) -> Tensor:
        """Sums over each channel of the gradient by what goes into ReLU, and of its products with x."""
        exact = gradient.to(sum_type(x.device))
        exact = exact * (y > 0) if relu else exact
        return torch.stack([exact.sum((0, 2, 3)), (exact * x).sum((0, 2, 3))])

    def normalised_gradient(
        self, gradient: Tensor, x: Tensor, y: Tensor, relu: bool, factor: Tensor, slope: Tensor, offset: Tensor
    ) -> Tensor:
        """Factor times the gradient by what goes into ReLU, plus slope times x, plus offset, channel by channel."""
        exact = torch.promote_types(x.dtype, torch.float32)
        own = gradient.to(exact)
        own = own * (y > 0) if relu else own
        found = own * _each(factor.to(exact)) + x.to(exact) * _each(slope.to(exact)) + _each(offset.to(exact))
        return found.to(x.dtype)

    def augmented(self, images: Tensor, words: Tensor, shift: int, mirrored: Tensor, mirrored_edges: bool) -> Tensor:
        """Bytes shaped (count, height, width, channels), each image shifted and mirrored.

        Args:
            words: one random word an image, 31 bits of it for each of the two shifts.
            shift: the most pixels of a shift.
            mirrored: which images are mirrored.
            mirrored_edges: what comes in from outside is what lies inside, mirrored at the edge, in place of black.
        """
        count, height, width, _ = images.shape
        if shift:
            rows, columns = (((words >> bits) & _PART).mul_(2 * shift + 1) >> 31 for bits in (0, 31))
            moved = torch.nn.functional.pad(images, (0, 0, shift, shift, shift, shift))
            if mirrored_edges:
                inside = [_mirrored_at_edges(size, shift, images.device) for size in (height, width)]
                moved = images.index_select(1, inside[0]).index_select(2, inside[1])
            rows = rows[:, None] + torch.arange(height, device=images.device)
            columns = columns[:, None] + torch.arange(width, device=images.device)
            each = torch.arange(count, device=images.device)[:, None, None]
            images = moved[each, rows[:, :, None], columns[:, None, :]]
        return torch.where(mirrored[:, None, None, None], images.flip(2), images)

    def cut_out(self, images: Tensor, words: Tensor, square: int) -> Tensor:
        """The images, each with a grey square of that side; 31 bits of its word give each coordinate.

        May be done in place.
        """
        _, height, width, _ = images.shape
        masks = []
        for bits, size in ((0, height), (31, width)):
            corner = ((words >> bits) & _PART).mul_(size - square + 1) >> 31
            at = torch.arange(size, device=images.device)
            masks.append((at >= corner[:, None]) & (at < corner[:, None] + square))
        inside = masks[0][:, :, None] & masks[1][:, None, :]
        return images.masked_fill(inside[..., None], GREY)

    def cross_entropy(
        self, logits: Tensor, labels: Tensor, count: int, smoothing: float = 0.0
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Sum over the rows, how many are classified rightly, and the gradient of the sum divided by ``count``.

        Args:
            smoothing: share of each label that is spread over all classes.
        """
        exact = logits.to(torch.promote_types(logits.dtype, torch.float32))
        loss = functional.cross_entropy(exact, labels, reduction="sum", label_smoothing=smoothing)
        classes = torch.arange(logits.shape[1], device=logits.device)
        target = (labels[:, None] == classes).to(exact.dtype).mul_(1 - smoothing).add_(smoothing / len(classes))
        gradient = exact.softmax(1).sub_(target).div_(count)
        return loss, (exact.argmax(1) == labels).sum(), gradient.to(logits.dtype)


def _each(channels: Tensor) -> Tensor:
    """One number a channel, shaped so that images can be multiplied by it."""
    return channels[:, None, None]


def _mirrored_at_edges(size: int, by: int, device: torch.device) -> Tensor:
    """Positions of a line that goes on mirrored for ``by`` on both sides.

    >>> _mirrored_at_edges(4, 2, torch.device("cpu")).tolist()
    [2, 1, 0, 1, 2, 3, 2, 1]
    """
    turn = max(2 * size - 2, 1)
    at = torch.arange(-by, size + by, device=device).abs() % turn
    return torch.where(at < size, at, turn - at)


def _padded(x: Tensor, layer: Conv2D) -> tuple[Tensor, list[int]]:
    """The images as the convolution takes them, and the padding that is left to it."""
    if layer.padding == "valid":
        return x, [0, 0]
    height, width = (size - 1 for size in layer.kernel)
    if height % 2 or width % 2:
        return functional.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2)), [0, 0]
    return x, [height // 2, width // 2]


def _cut(gradient: Tensor, x: Tensor, layer: Conv2D) -> Tensor:
    """Without what :func:`_padded` has added."""
    if gradient.shape == x.shape:
        return gradient
    top, left = ((size - 1) // 2 for size in layer.kernel)
    return gradient[:, :, top : top + x.shape[2], left : left + x.shape[3]]
