"""Every operation of the kernels against its definition in double precision, and against autograd."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from gradus.exact.networks.layers import Conv2D, Padding
from gradus.training.dropout import Masks
from gradus.training.kernels.operations import FastOperations
from gradus.training.operations import Dropping, Operations, Saved, Weights
from gradus.training.random_words import random_words
from training.fast import TYPES, assert_near, generator, numbers, operations

PLAIN = Operations()
QUARTER, HALF, THIRD = Fraction(1, 4), Fraction(1, 2), Fraction(1, 3)
SHARE = {torch.float32: 1e-5, torch.bfloat16: 2**-7}
"""Of the largest entry: how far an operation in that type may be from double precision.  A value in bfloat16 is off by
2^-9 of itself, and there are up to three roundings."""


def dropping(rate: Fraction | None) -> Dropping | None:
    return None if rate is None else Dropping(rate, 1, Masks(31, first=12))


def doubled(weights: Weights) -> Weights:
    bias = None if weights.bias is None else weights.bias.double()
    return with_gradients(weights.gains.double(), bias, torch.float64)


def with_gradients(gains: Tensor, bias: Tensor | None, dtype: torch.dtype) -> Weights:
    """The places for gradients hold something else before."""
    places = [None if tensor is None else torch.full_like(tensor, 5.0, dtype=dtype) for tensor in (gains, bias)]
    assert places[0] is not None
    return Weights(gains, bias, places[0], places[1])


def convolution_of(
    channels: int, filters: int, kernel: tuple[int, int], dtype: torch.dtype, bias: bool = True
) -> Weights:
    gains = numbers(1, filters, channels, *kernel, dtype=dtype)
    return with_gradients(gains, numbers(2, filters, dtype=dtype) if bias else None, torch.float32)


def autograd_of_pooled(y: Tensor, size: int, relu: bool, drop: Dropping | None, gradient: Tensor) -> list[Tensor]:
    """Output, and gradient by y, from the definitions."""
    y = y.double().requires_grad_()
    out = functional.max_pool2d(y, size)
    out = out.relu() if relu else out
    if drop is not None:
        out = drop.masks.dropped_out(out, drop.rate, drop.layer)
    return [out.detach(), *torch.autograd.grad(out, y, gradient.double())]


POOLED = (
    # channels, filters, height, width, padding, rows
    (16, 16, 6, 6, "same", 2),
    (16, 32, 9, 8, "valid", 3),
    (32, 16, 7, 11, "same", 1),
    (48, 64, 8, 5, "valid", 2),
    (32, 32, 40, 38, "valid", 1),
    (64, 64, 5, 5, "valid", 4),
    (16, 48, 4, 4, "valid", 1),
    (24, 16, 6, 6, "same", 2),
    (3, 16, 8, 8, "same", 2),
    (20, 32, 7, 6, "valid", 2),
    (16, 20, 6, 6, "same", 2),
    (5, 7, 9, 9, "valid", 2),
    (16, 16, 6, 6, "same", 0),
)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize(("channels", "filters", "height", "width", "padding", "rows"), POOLED)
@pytest.mark.parametrize("rate", [None, Fraction(0), QUARTER, HALF, THIRD])
def test_gradients_through_pooling_are_those_of_autograd(
    channels: int,
    filters: int,
    height: int,
    width: int,
    padding: Padding,
    rows: int,
    rate: Fraction | None,
    dtype: torch.dtype,
) -> None:
    fast, layer = operations(True), Conv2D(filters, (3, 3), padding, "linear")
    x = numbers(3, rows, channels, height, width, dtype=dtype).clamp_(min=-0.5)
    for relu, (bias, inputs, masked) in product(
        (False, True), ((True, True, False), (False, True, True), (True, False, True))
    ):
        weights = convolution_of(channels, filters, (3, 3), dtype, bias)
        y = fast.convolution(x, weights, layer, relu=False)
        assert_near(y, PLAIN.convolution(x.double(), doubled(weights), layer, relu=False), SHARE[dtype])
        out, saved = fast.pooled(y, 2, relu, dropping(rate))
        gradient = numbers(4, *out.shape, dtype=dtype)
        exact, by_y = autograd_of_pooled(y, 2, relu, dropping(rate), gradient)
        assert_near(out, exact, SHARE[dtype])
        found = fast.pooled_convolution_gradients(gradient, 2, saved, x, weights, layer, inputs, masked)

        leaves = [
            x.double().requires_grad_(),
            *(t.double().requires_grad_() for t in (weights.gains, weights.bias) if t is not None),
        ]
        again = functional.conv2d(leaves[0], leaves[1], padding=1 if padding == "same" else 0)
        again = again if weights.bias is None else again + leaves[2][:, None, None]
        exact_gradients = torch.autograd.grad(again, leaves, by_y)
        assert_near(weights.gains_gradient, exact_gradients[1], SHARE[dtype])
        if weights.bias_gradient is not None:
            assert_near(weights.bias_gradient, exact_gradients[2], SHARE[dtype])
        assert (found is not None) == inputs
        if found is not None:
            assert found.dtype == dtype
            assert_near(found, exact_gradients[0] * (x > 0) if masked else exact_gradients[0], SHARE[dtype])


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("channels", [1, 3, 15, 16, 17, 40])
@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize(("height", "width", "rows"), [(6, 6, 3), (7, 9, 1), (3, 4, 2), (6, 8, 0)])
def test_pooling(channels: int, size: int, height: int, width: int, rows: int, dtype: torch.dtype) -> None:
    fast = operations(True)
    x = numbers(5, rows, channels, height, width, dtype=dtype).mul_(2).round_()  # with many equal ones
    for relu, rate in product((False, True), (None, QUARTER, THIRD)):
        out, saved = fast.pooled(x.clone(memory_format=torch.preserve_format), size, relu, dropping(rate))
        gradient = numbers(6, *out.shape, dtype=dtype)
        exact, by_x = autograd_of_pooled(x, size, relu, dropping(rate), gradient)
        assert_near(out, exact, SHARE[dtype])
        assert_near(fast.pooled_gradient(gradient, size, saved), by_x, SHARE[dtype])


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("kernel", [(3, 3), (2, 4), (1, 1), (5, 3), (1, 4)])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("channels", "filters", "rows"), [(3, 32, 2), (16, 16, 1), (5, 7, 3), (1, 1, 1), (16, 8, 0)])
def test_convolutions(
    kernel: tuple[int, int], padding: Padding, channels: int, filters: int, rows: int, dtype: torch.dtype
) -> None:
    fast, layer = operations(True), Conv2D(filters, kernel, padding, "linear")
    x = numbers(7, rows, channels, 7, 8, dtype=dtype)
    for relu, bias in product((False, True), (False, True)):
        weights = convolution_of(channels, filters, kernel, dtype, bias)
        exact = doubled(weights)
        out = fast.convolution(x, weights, layer, relu)
        assert_near(out, PLAIN.convolution(x.double(), exact, layer, relu), SHARE[dtype])
        if rows:
            assert out.is_contiguous(memory_format=torch.channels_last)
        gradient = numbers(8, *out.shape, dtype=dtype)
        found = fast.convolution_gradients(gradient, x, weights, layer, True, True)
        expected = PLAIN.convolution_gradients(gradient.double(), x.double(), exact, layer, True, True)
        assert found is not None and expected is not None
        for one, other in (
            (found, expected),
            (weights.gains_gradient, exact.gains_gradient),
            *([(weights.bias_gradient, exact.bias_gradient)] if bias else []),
        ):
            assert one is not None and other is not None
            assert_near(one, other, SHARE[dtype])


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("width", [1, 10, 16, 17, 50])
@pytest.mark.parametrize("rows", [0, 1, 5])
@pytest.mark.parametrize("rate", [None, Fraction(0), QUARTER, HALF, THIRD])
def test_activation_and_dropout(width: int, rows: int, rate: Fraction | None, dtype: torch.dtype) -> None:
    fast, drop = operations(True), dropping(rate)
    whole, gradients = numbers(9, rows, width, dtype=dtype), numbers(10, rows, width, dtype=dtype)
    for relu, columns in product((False, True), (None, slice(0, width), slice(width // 3, width - width // 4))):
        part = slice(None) if columns is None else columns
        x = whole.double().requires_grad_()
        exact = x.relu() if relu else x
        exact = exact if drop is None else drop.masks.dropped_out(exact, drop.rate, drop.layer)
        (by_x,) = torch.autograd.grad(exact, x, gradients.double())
        out, saved = fast.activated(whole[:, part].clone(), relu, drop, columns, width if columns else 0)
        assert_near(out, exact[:, part].detach(), SHARE[dtype])
        before = gradients.clone()
        assert_near(fast.activated_gradient(gradients[:, part], saved), by_x[:, part], SHARE[dtype])
        assert torch.equal(gradients, before), "a gradient that others may use is written"


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize(("rows", "units", "inputs"), [(0, 3, 4), (1, 1, 1), (5, 17, 33), (32, 64, 16), (3, 100, 7)])
@pytest.mark.parametrize("narrow", [False, True])
def test_gradients_of_dense_layers(rows: int, units: int, inputs: int, narrow: bool, dtype: torch.dtype) -> None:
    fast = operations(True)
    for some in (slice(None), slice(units // 3, units)):
        gradient, x = numbers(11, rows, units, dtype=dtype)[:, some], numbers(12, rows, inputs, dtype=dtype)
        gains = torch.full((gradient.shape[1], inputs), 5.0, dtype=dtype if narrow else torch.float32)
        for bias in (torch.full((gradient.shape[1],), 5.0), None):
            fast.dense_gradients(gradient, x, gains, bias)
            assert_near(gains, gradient.double().t() @ x.double(), SHARE[dtype])
            if bias is not None:
                assert_near(bias, gradient.double().sum(0), 1e-5)


def test_scaling_is_exact_to_the_last_bit() -> None:
    for count, dtype in product((1, 2, 5, 16), TYPES):
        images = torch.randint(0, 256, (count, 5, 7, 3), dtype=torch.uint8, generator=generator(13))
        for some in (images, images[:, ::2], torch.arange(256, dtype=torch.uint8).view(1, 16, 16, 1)):
            found, expected = operations(True).scaled(some, dtype), PLAIN.scaled(some, dtype)
            assert found.dtype == dtype and torch.equal(found, expected)
    images = torch.zeros(0, 5, 7, 3, dtype=torch.uint8)
    assert operations(True).scaled(images, torch.bfloat16).shape == (0, 3, 5, 7)


@pytest.mark.parametrize("dtype", (*TYPES, torch.float64), ids=str)
@pytest.mark.parametrize("classes", [2, 3, 10, 16, 17, 100])
@pytest.mark.parametrize("smoothing", [0.0, 0.25])
@pytest.mark.parametrize("fast", [False, True])
def test_cross_entropy(classes: int, smoothing: float, fast: bool, dtype: torch.dtype) -> None:
    for rows, spread, count in ((0, 1.0, 4), (1, 1.0, 1), (7, 3.0, 20), (5, 1e4, 5)):
        logits = numbers(14, rows, classes, dtype=dtype).mul_(spread)
        labels = torch.randint(0, classes, (rows,), generator=generator(15))
        exact = logits.double().requires_grad_()
        expected = functional.cross_entropy(exact, labels, reduction="sum", label_smoothing=smoothing)
        (by_logits,) = torch.autograd.grad(expected / count, exact)
        loss, right, gradient = operations(fast).cross_entropy(logits, labels, count, smoothing)
        assert loss.item() == pytest.approx(expected.item(), rel=1e-6, abs=1e-6)
        assert int(right) == (exact.argmax(1) == labels).sum()
        assert gradient.dtype == dtype
        assert_near(gradient, by_logits, SHARE.get(dtype, 1e-12))


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("fast", [False, True])
def test_cross_entropy_of_numbers_without_bound(fast: bool, dtype: torch.dtype) -> None:
    """A class that is out of the question costs nothing; no number for any class is none for the loss."""
    logits, labels = torch.zeros(2, 11, dtype=dtype), torch.tensor([3, 4])
    logits[:, 7] = float("-inf")
    loss, _, gradient = operations(fast).cross_entropy(logits, labels, 2)
    assert loss.item() == pytest.approx(2 * torch.tensor(10.0).log().item()) and gradient.isfinite().all()
    for place in range(11):
        logits = numbers(16, 2, 11, dtype=dtype)
        logits[1, place] = float("nan")
        assert operations(fast).cross_entropy(logits, labels, 2)[0].isnan()


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("channels", [1, 16, 37])
def test_what_is_no_number_stays_visible(channels: int, dtype: torch.dtype) -> None:
    fast, nan = operations(True), float("nan")
    for relu, place in product((False, True), range(4)):
        x = numbers(17, 1, channels, 4, 4, dtype=dtype)
        x[0, channels - 1, 2 + place // 2, place % 2] = nan
        out = fast.pooled(x, 2, relu, None)[0]
        assert out.isnan().sum() == 1 and out[0, channels - 1, 1, 0].isnan()
        layer, weights = Conv2D(8, (1, 1), "same", "linear"), convolution_of(channels, 8, (1, 1), dtype)
        assert fast.convolution(x, weights, layer, relu).isnan().sum() == 8
        values = numbers(18, 3, channels, dtype=dtype)
        values[1, channels - 1] = nan
        assert fast.activated(values.clone(), relu, dropping(Fraction(0)))[0].isnan().sum() == 1
    bias, gains = torch.zeros(channels), torch.zeros(channels, 4)
    values = numbers(19, 3, channels, dtype=dtype)
    values[2, channels - 1] = nan
    fast.dense_gradients(values, numbers(20, 3, 4, dtype=dtype), gains, bias)
    assert bias.isnan().tolist() == [False] * (channels - 1) + [True] and gains[-1].isnan().all()
    if channels == 16:
        layer, weights = Conv2D(16, (3, 3), "same", "linear"), convolution_of(16, 16, (3, 3), dtype)
        y, x = numbers(21, 1, 16, 4, 4, dtype=dtype), numbers(22, 1, 16, 4, 4, dtype=dtype)
        out, saved = fast.pooled(y, 2, False, None)
        gradient = torch.ones_like(out)
        gradient[0, 5, 0, 1] = nan
        fast.pooled_convolution_gradients(gradient, 2, saved, x, weights, layer, False, False)
        assert weights.bias_gradient is not None and weights.bias_gradient.isnan().sum() == 1
        assert weights.gains_gradient[5].isnan().all() and weights.gains_gradient.isnan().sum() == 9 * 16


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("channels", [1, 16, 24, 64, 80, 100])
@pytest.mark.parametrize(("rows", "height", "width"), [(2, 3, 5), (1, 1, 1), (3, 20, 20), (0, 2, 2)])
@pytest.mark.parametrize("relu", [False, True])
def test_normalisation(channels: int, rows: int, height: int, width: int, relu: bool, dtype: torch.dtype) -> None:
    fast = operations(True)
    x, gradient = (numbers(seed, rows, channels, height, width, dtype=dtype) for seed in (23, 24))
    factor, offset, slope = (numbers(seed, channels) for seed in (25, 26, 27))
    assert_near(fast.moments(x), PLAIN.moments(x.double()), 5e-6)
    y = fast.normalised(x, factor, offset, relu)
    exact = x.double() * factor.double()[:, None, None] + offset.double()[:, None, None]
    assert_near(y, exact.relu() if relu else exact, SHARE[dtype])
    own = gradient.double() * (y > 0) if relu else gradient.double()
    sums = torch.stack([own.sum((0, 2, 3)), (own * x.double()).sum((0, 2, 3))])
    assert_near(fast.gradient_moments(gradient, x, y, relu), sums, 5e-6)
    assert_near(PLAIN.gradient_moments(gradient.double(), x.double(), y, relu), sums, 1e-12)
    exact = own * factor.double()[:, None, None] + x.double() * slope.double()[:, None, None]
    exact = exact + offset.double()[:, None, None]
    assert_near(fast.normalised_gradient(gradient, x, y, relu, factor, slope, offset), exact, SHARE[dtype])


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (40, 9, 8, 3), (3, 5, 6, 4), (0, 4, 4, 3)])
@pytest.mark.parametrize("mirrored_edges", [False, True])
def test_augmentation_is_the_same_to_the_byte(shape: tuple[int, ...], mirrored_edges: bool) -> None:
    images = torch.randint(1, 256, shape, dtype=torch.uint8, generator=generator(28))
    words = random_words(29, 5, shape[0])
    for shift, some in product((0, 1, 3, 31), (words < 0, words < 1, torch.zeros_like(words) > 0)):
        if mirrored_edges and shift >= min(shape[1:3]):
            continue  # a line goes on mirrored for less than its length
        found = operations(True).augmented(images, words, shift, some, mirrored_edges)
        assert torch.equal(found, PLAIN.augmented(images, words, shift, some, mirrored_edges))


@pytest.mark.parametrize("name", ["scaled", "pooled", "activated", "cross_entropy", "dense_gradients", "moments"])
def test_doubles_are_left_to_pytorch(name: str) -> None:
    fast, x, images = operations(True), numbers(30, 2, 16, 4, 4).double(), torch.ones(2, 4, 4, 3, dtype=torch.uint8)
    both: list[tuple[object, ...]] = []
    for by in (fast, PLAIN):
        gains, bias = torch.zeros(16, 16, dtype=torch.float64), torch.zeros(16, dtype=torch.float64)
        flat = x[:, :, 0, 0].clone()
        match name:
            case "scaled":
                found = by.scaled(images, torch.float64)
            case "pooled":
                found, _ = by.pooled(x, 2, True, dropping(QUARTER))
            case "activated":
                found, _ = by.activated(flat, True, dropping(QUARTER))
            case "cross_entropy":
                found = by.cross_entropy(flat, torch.tensor([1, 2]), 2)[2]
            case "moments":
                found = by.moments(x)
            case _:
                by.dense_gradients(flat, flat, gains, bias)
                found = torch.cat([gains, bias[None]])
        assert found.dtype == torch.float64
        both.append((found,))
    assert torch.equal(both[0][0], both[1][0])  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 2), (1, 1), (4, 2), (2, 4)])
@pytest.mark.parametrize(("channels", "filters"), [(3, 32), (3, 24), (1, 5), (3, 80), (2, 33), (7, 16)])
def test_first_convolutions(
    channels: int,
    filters: int,
    kernel: tuple[int, int],
    padding: Padding,
    dtype: torch.dtype,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fast, layer = operations(True), Conv2D(filters, kernel, padding, "relu")
    assert isinstance(fast, FastOperations)
    asked, of = set(), fast.library.of
    monkeypatch.setattr(fast.library, "of", lambda name, dtype: asked.add(name) or of(name, dtype))
    shapes = [(3, 7, 6), (1, 5, 27), (0, 4, 4), *[(2, 2, 3)][: padding == "same"]]
    for (rows, height, width), bias, relu in product(shapes, (True, False), (True, False)):
        weights = convolution_of(channels, filters, kernel, dtype, bias)
        exact = doubled(weights)
        x = numbers(31, rows, channels, height, width, dtype=dtype)
        out = fast.convolution(x, weights, layer, relu)
        assert_near(out, PLAIN.convolution(x.double(), exact, layer, relu), SHARE[dtype] / 2)
        gradient = numbers(32, *out.shape, dtype=dtype)
        assert fast.convolution_gradients(gradient, x, weights, layer, False, False) is None
        PLAIN.convolution_gradients(gradient.double(), x.double(), exact, layer, False, False)
        share = 1e-5 if channels * kernel[1] <= 12 else SHARE[dtype]
        assert_near(weights.gains_gradient, exact.gains_gradient, share)
        if bias:
            assert weights.bias_gradient is not None and exact.bias_gradient is not None
            assert_near(weights.bias_gradient, exact.bias_gradient, share)
    few = channels * kernel[1] <= 12
    assert asked == ({"first_convolution", "first_convolution_gradients"} if few else set())


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_what_is_no_number_is_seen_by_its_windows_alone(dtype: torch.dtype) -> None:
    layer, weights = Conv2D(16, (3, 3), "same", "relu"), convolution_of(3, 16, (3, 3), dtype)
    x = numbers(33, 1, 3, 9, 20, dtype=dtype)
    x[0, 0, 4, 10] = float("nan")
    seen = operations(True).convolution(x, weights, layer, relu=True).isnan()
    assert seen[:, :, 3:6, 9:12].all() and seen.sum() == 16 * 9


@pytest.mark.parametrize("rate", [None, QUARTER, THIRD])
def test_plain_operations_have_the_gradients_of_autograd(rate: Fraction | None) -> None:
    """In double precision, to rounding; what the kernels are compared with."""
    drop, layer = dropping(rate), Conv2D(5, (2, 3), "same", "linear")
    x = numbers(31, 3, 4, 7, 9).double()
    weights = doubled(convolution_of(4, 5, (2, 3), torch.float32))
    assert weights.bias is not None and weights.bias_gradient is not None
    for size, relu in product((2, 3), (False, True)):
        y = PLAIN.convolution(x, weights, layer, relu=False)
        out, saved = PLAIN.pooled(y, size, relu, drop)
        gradient = numbers(32, *out.shape).double()
        found = PLAIN.pooled_convolution_gradients(gradient, size, saved, x, weights, layer, True, True)
        leaves = [tensor.detach().clone().requires_grad_() for tensor in (x, weights.gains, weights.bias)]
        padded = functional.pad(leaves[0], (1, 1, 0, 1))
        exact, by_y = autograd_of_pooled(y, size, relu, drop, gradient)
        again = functional.conv2d(padded, leaves[1], leaves[2])
        assert_near(y, again.detach(), 1e-14)
        by_x, by_gains, by_bias = torch.autograd.grad(again, leaves, by_y)
        assert found is not None
        for one, other in (
            (out, exact),
            (found, by_x * (x > 0)),
            (weights.gains_gradient, by_gains),
            (weights.bias_gradient, by_bias),
        ):
            assert_near(one, other, 1e-13)
    assert isinstance(saved, Saved)
