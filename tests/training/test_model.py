"""The network, its start, its dropout, and the optimisers' states."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import numpy as np
import pytest
import torch
from torch.nn import functional

from gradus.errors import InputError
from gradus.exact.networks.layers import (
    Architecture,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    hw5_cnn,
    parameter_shapes,
)
from gradus.training import optim
from gradus.training.configuration import Adam, Sgd
from gradus.training.dropout import Masks
from gradus.training.model import Network, initialised, set_weights, weights_of

SMALL = Architecture(
    (9, 8, 3),
    (
        *(Conv2D(4, (2, 3), "same"), Conv2D(5, (3, 2)), MaxPool2D(), Dropout(Fraction(1, 4))),
        *(Flatten(), Dense(6, "linear"), Dense(3, "softmax")),
    ),
)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_mirrored_views_are_the_mean_of_both() -> None:
    plain = initialised(SMALL, generator(2))
    both = Network(SMALL, mirrored_views=True)
    set_weights(both, weights_of(plain))
    images = np.random.default_rng(3).random((6, 3, 9, 8), dtype=np.float32)
    with torch.no_grad():
        one, other = (plain(torch.from_numpy(view.copy())) for view in (images, images[..., ::-1]))
        found = both(torch.from_numpy(images))
    torch.testing.assert_close(found, (one + other) / 2)
    assert (one - other).abs().max() > 0.01


def test_what_is_no_image_has_no_mirror_image() -> None:
    with pytest.raises(InputError, match=r"mirrored_views = inputs shaped \(4\): are no images; leave it out"):
        Network(Architecture((4,), (Dense(2, "softmax"),)), mirrored_views=True)


def plain_logits(weights: dict[str, np.ndarray], images: np.ndarray) -> np.ndarray:
    """SMALL in NumPy, straight from the definitions; images are (count, height, width, channels)."""

    def convolved(values: np.ndarray, gains: np.ndarray, bias: np.ndarray) -> np.ndarray:
        rows, columns = gains.shape[:2]
        height, width = values.shape[1] - rows + 1, values.shape[2] - columns + 1
        out = np.zeros((len(values), height, width, gains.shape[3])) + bias
        for i in range(rows):
            for j in range(columns):
                out += values[:, i : i + height, j : j + width] @ gains[i, j]
        return np.maximum(out, 0)

    padded = np.pad(images, ((0, 0), (0, 1), (1, 1), (0, 0)))
    values = convolved(padded, weights["conv1.gains"], weights["conv1.bias"])
    values = convolved(values, weights["conv2.gains"], weights["conv2.bias"])
    pooled = np.zeros((len(values), 3, 3, 5))
    for i in range(3):
        for j in range(3):
            pooled[:, i, j] = values[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max(axis=(1, 2))
    hidden = pooled.reshape(len(values), -1) @ weights["dense1.gains"] + weights["dense1.bias"]
    return hidden @ weights["dense2.gains"] + weights["dense2.bias"]


def test_logits_are_those_of_the_definitions() -> None:
    rng = np.random.default_rng(0)
    weights = {name: rng.normal(size=shape) for name, shape in parameter_shapes(SMALL).items()}
    network = Network(SMALL).double()
    set_weights(network, weights)
    images = rng.normal(size=(4, 9, 8, 3))
    logits = network(torch.from_numpy(images).permute(0, 3, 1, 2)).detach().numpy()
    np.testing.assert_allclose(logits, plain_logits(weights, images), rtol=1e-12, atol=1e-12)
    for name, values in weights_of(network).items():
        np.testing.assert_array_equal(values, weights[name])


def test_weights_start_uniform_between_the_limits_of_glorot_and_biases_at_zero() -> None:
    weights = weights_of(initialised(hw5_cnn(), generator(1)))
    fans = {"conv2.gains": 9 * 32 + 9 * 32, "conv3.gains": 9 * 32 + 9 * 64, "dense1.gains": 2304 + 512}
    for name, fan in fans.items():
        limit, values = sqrt(6 / fan), weights[name].ravel()
        assert 0.99 * limit < np.abs(values).max() <= limit * (1 + 1e-6)
        assert abs(values.mean()) < 4 * limit / sqrt(3 * values.size)
        assert values.var() == pytest.approx(limit**2 / 3, rel=0.05)
    assert not any(weights[name].any() for name in weights if name.endswith("bias"))


@pytest.mark.parametrize("rate", [Fraction(1, 4), Fraction(1, 2), Fraction(1, 3)])
def test_dropout_keeps_the_share_and_the_mean(rate: Fraction) -> None:
    values = torch.ones(64, 3, 40, 41).contiguous(memory_format=torch.channels_last)
    dropped = Masks(2).dropped_out(values, rate, layer=0)
    assert dropped.unique().tolist() == [0, pytest.approx(float(1 / (1 - rate)))]
    share = (dropped == 0).double().mean().item()
    assert abs(share - rate) < 4 * sqrt(rate * (1 - rate) / values.numel())
    assert dropped.is_contiguous(memory_format=torch.channels_last)
    # Neighbours are independent: in an image, from image to image, and from one dropout layer to the next.
    gone = dropped == 0
    other = Masks(2).dropped_out(values, rate, layer=1) == 0
    for one, next_to_it in ((gone[..., 1:], gone[..., :-1]), (gone[1:], gone[:-1]), (gone, other)):
        both = (one & next_to_it).double().mean().item()
        assert both == pytest.approx(float(rate**2), abs=0.005)


def test_dropout_is_on_with_masks_only() -> None:
    network, images = initialised(SMALL, generator(3)), torch.rand(5, 3, 9, 8)
    assert not torch.equal(network(images, Masks(4)), network(images, Masks(4, first=5)))
    assert not torch.equal(network(images, Masks(4)), network(images, Masks(3)))
    assert torch.equal(network(images), network(images))
    assert torch.equal(network(images, Masks(4)), network(images, Masks(4)))


@pytest.mark.parametrize("rate", [Fraction(1, 4), Fraction(1, 3)])
@pytest.mark.parametrize("shape", [(7, 3, 5, 4), (7, 1, 1, 9), (7, 5, 1, 1), (7, 13)])
def test_any_part_of_a_batch_gets_the_masks_of_the_whole(rate: Fraction, shape: tuple[int, ...]) -> None:
    values = torch.ones(shape)
    if len(shape) == 4:
        values = values.contiguous(memory_format=torch.channels_last)
    whole = Masks(5, first=18).dropped_out(values, rate, layer=1)
    assert 0 < (whole == 0).sum() < whole.numel()
    for first, end in ((0, 3), (3, 7), (2, 3), (7, 7)):
        part = Masks(5, first=18 + first).dropped_out(values[first:end].clone(), rate, layer=1)
        assert torch.equal(part, whole[first:end])


def test_relu_after_pooling_has_the_gradients_of_relu_before() -> None:
    architecture = Architecture((6, 6, 2), (Conv2D(3), MaxPool2D(), Flatten(), Dense(2, "softmax")))
    network = initialised(architecture, generator(5)).double()
    images = torch.rand(8, 2, 6, 6, dtype=torch.float64)
    weights = dict(network.named_parameters())
    before = functional.relu(functional.conv2d(images, weights["conv1.gains"], weights["conv1.bias"]))
    flat = functional.max_pool2d(before, 2).permute(0, 2, 3, 1).flatten(1)
    expected = functional.linear(flat, weights["dense1.gains"], weights["dense1.bias"])
    logits = network(images)
    assert torch.equal(logits, expected)
    targets = torch.arange(8) % 2
    for one, other in zip(
        torch.autograd.grad(functional.cross_entropy(logits, targets), list(weights.values())),
        torch.autograd.grad(functional.cross_entropy(expected, targets), list(weights.values())),
        strict=True,
    ):
        assert torch.equal(one, other)


def test_a_network_ends_with_its_only_soft_max() -> None:
    for wrong in (
        (Dense(3),),
        (Dense(3, "softmax"), Dense(3, "softmax")),
        (Dense(3, "softmax"), Dropout(Fraction(1, 2))),
    ):
        with pytest.raises(InputError, match="soft-max"):
            Network(Architecture((4,), wrong))


def test_the_rate_decays_by_iterations_and_stands_inside_the_velocity() -> None:
    rule = Sgd(learning_rate=0.5, momentum=0.5, decay=1.0)
    weights = [torch.zeros(1, dtype=torch.float64)]
    state = optim.initial_state(rule, weights)
    # v: -1/2, then -1/4 - 1/4, then -1/4 - 1/6.
    for expected in (-1 / 2, -1, -17 / 12):
        state = optim.step(rule, state, weights, [torch.ones(1, dtype=torch.float64)])
        assert weights[0].item() == pytest.approx(expected, abs=1e-15)


def test_states_belong_to_their_rule() -> None:
    weights = [torch.zeros(1)]
    with pytest.raises(TypeError, match="SgdState is not a state of Adam"):
        optim.step(Adam(), optim.initial_state(Sgd(), weights), weights, weights)
