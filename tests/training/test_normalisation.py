"""Batch normalisation by hand: PyTorch's own gradients, whole batches in any number of parts, and none afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from gradus.exact.networks.layers import Architecture, Conv2D, Dense, Flatten, MaxPool2D, Padding
from gradus.training.configuration import Acceleration, Muon, Sgd
from gradus.training.loop import Training
from gradus.training.model import Network, initialised, scaled
from gradus.training.normalisation import EPSILON, Normalisation, folded, whitening_gains
from gradus.training.operations import Operations, Weights
from gradus.training.stages import NormalisedConvolutionStage, Rows, Tail
from gradus.training.team import Team
from gradus.training.workers import ALONE, WorkerLost, Workers
from training.fast import TYPES, assert_near, generator, numbers, operations, team_of

COUNT = 7
"""Images of the batch: threads have unequal shares."""


def normalisation_of(shift: Tensor, team: Team | None = None, workers: Workers = ALONE) -> Normalisation:
    mean, variance = torch.zeros_like(shift), torch.ones_like(shift)
    return Normalisation("conv2", shift, mean, variance, torch.stack([mean, variance]), 0.75, team or Team(), workers)


class Stages:
    """The stage of each thread, over one set of weights."""

    def __init__(
        self,
        layer: Conv2D,
        channels: int,
        tail: Tail,
        by: Operations,
        dtype: torch.dtype,
        team: Team | None = None,
        inputs: bool = True,
    ) -> None:
        self.team = team or Team()
        gains = numbers(1, layer.filters, channels, *layer.kernel, dtype=dtype)
        exact = torch.promote_types(dtype, torch.float32)
        self.shift = numbers(2, layer.filters, dtype=exact)
        self.normalisation = normalisation_of(self.shift, self.team)
        self.weights = [
            Weights(
                gains,
                self.shift.to(dtype),
                torch.full_like(gains, 5, dtype=exact),
                torch.full_like(self.shift, 5, dtype=exact),
            )
            for _ in range(self.team.size)
        ]
        self.stages = [
            NormalisedConvolutionStage(layer, tail, weights, by, self.normalisation.seen_by(rank), inputs)
            for rank, weights in enumerate(self.weights)
        ]

    def both_passes(self, x: Tensor, gradient: Tensor) -> list[Tensor]:
        """Outputs, and the gradients by inputs, gains and shift, of the whole batch."""
        outputs, by_inputs = [torch.empty(0)] * self.team.size, [torch.empty(0)] * self.team.size

        def task(rank: int) -> None:
            first, end = self.team.share(len(x), rank)
            rows = Rows(first, end, len(x))
            part = x[first:end].contiguous(memory_format=torch.channels_last)
            outputs[rank] = self.stages[rank].forward(part, rows, None)
            found = self.stages[rank].backward(gradient[first:end], rows)
            assert found is not None
            by_inputs[rank] = found

        self.team.run(task)
        self.normalisation.settle()
        shift = [weights.bias_gradient for weights in self.weights if weights.bias_gradient is not None]
        gains = [weights.gains_gradient for weights in self.weights]
        return [torch.cat(outputs), torch.cat(by_inputs), torch.stack(gains).sum(0), torch.stack(shift).sum(0)]


def by_autograd(layer: Conv2D, tail: Tail, leaves: Sequence[Tensor], gradient: Tensor) -> list[Tensor]:
    """The same by PyTorch, in double precision."""
    x, gains, shift = (leaf.detach().double().requires_grad_() for leaf in leaves)
    height, width = ((size - 1 if layer.padding == "same" else 0) for size in layer.kernel)
    padded = functional.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2))
    values = functional.conv2d(padded, gains)
    values = functional.max_pool2d(values, tail.pool) if tail.pool > 1 else values
    values = functional.batch_norm(values, None, None, None, shift, training=True, eps=1e-5)
    out: Tensor = values.relu() if tail.relu else values
    found = torch.autograd.grad(out, (x, gains, shift), gradient.double())
    return [out.detach(), *found]


def gradient_for(layer: Conv2D, pool: int, height: int, width: int, dtype: torch.dtype) -> Tensor:
    if layer.padding == "valid":
        height, width = height - layer.kernel[0] + 1, width - layer.kernel[1] + 1
    return numbers(4, COUNT, layer.filters, height // pool, width // pool, dtype=dtype)


@pytest.mark.parametrize(
    ("kernel", "padding"), [((3, 3), "same"), ((3, 3), "valid"), ((2, 3), "same"), ((1, 1), "valid")]
)
@pytest.mark.parametrize("pool", [1, 2, 3])
@pytest.mark.parametrize("relu", [False, True])
def test_a_stage_has_the_gradients_of_autograd(
    kernel: tuple[int, int], padding: Padding, pool: int, relu: bool
) -> None:
    layer, tail = Conv2D(6, kernel, padding), Tail(pool=pool, normalised=True, relu=relu)
    x, gradient = numbers(3, COUNT, 4, 9, 8).double(), gradient_for(layer, pool, 9, 8, torch.float64)
    stages = Stages(layer, 4, tail, Operations(), torch.float64)
    expected = by_autograd(layer, tail, (x, stages.weights[0].gains, stages.shift), gradient)
    for found, exact in zip(stages.both_passes(x, gradient), expected, strict=True):
        assert exact.abs().max() > 0.01
        assert_near(found, exact, 1e-10)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize(
    ("channels", "filters", "pool", "padding"),
    [(16, 32, 2, "same"), (16, 16, 1, "same"), (24, 48, 2, "valid"), (5, 7, 1, "valid"), (3, 20, 3, "same")],
)
def test_the_kernels_give_the_same(
    channels: int, filters: int, pool: int, padding: Padding, dtype: torch.dtype
) -> None:
    layer, tail = Conv2D(filters, (3, 3), padding), Tail(pool=pool, normalised=True, relu=True)
    x, gradient = numbers(3, COUNT, channels, 10, 9, dtype=dtype), gradient_for(layer, pool, 10, 9, dtype)
    fast = Stages(layer, channels, tail, operations(True), dtype)
    found = fast.both_passes(x, gradient)
    assert found[0].dtype == found[1].dtype == dtype
    if dtype == torch.float32:
        expected = by_autograd(layer, tail, (x, fast.weights[0].gains, fast.shift), gradient)
        for one, exact in zip(found, expected, strict=True):
            assert_near(one, exact, 2e-5)
        return
    # In bfloat16 the choices of the maximum and of ReLU are those of rounded values: the same passes in PyTorch.
    plain = Stages(layer, channels, tail, Operations(), dtype).both_passes(x, gradient)
    for one, other in zip(found, plain, strict=True):
        assert_near(one, other, 2**-6)


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("pool", [1, 2])
def test_threads_normalise_by_the_whole_batch(size: int, fast: bool, pool: int) -> None:
    layer, tail = Conv2D(32, (3, 3), "same"), Tail(pool=pool, normalised=True, relu=True)
    # The images differ, so that the statistics of a part are not those of the batch.
    x = (numbers(3, COUNT, 16, 8, 8) + torch.arange(COUNT)[:, None, None, None]) / 3
    gradient = gradient_for(layer, pool, 8, 8, torch.float32)
    alone = Stages(layer, 16, tail, operations(fast), torch.float32)
    expected = alone.both_passes(x, gradient)
    with team_of(size) as team:
        shared = Stages(layer, 16, tail, operations(fast), torch.float32, team)
        for _ in range(2):  # memory that is shared is used again
            found = shared.both_passes(x, gradient)
    for one, other in zip(found, expected, strict=True):
        assert_near(one, other, 1e-5)
    alone.both_passes(x, gradient)
    assert_near(shared.normalisation.mean, alone.normalisation.mean, 1e-5)
    assert_near(shared.normalisation.variance, alone.normalisation.variance, 1e-5)


class Recording(Workers):
    """Two workers that have the same rows."""

    def sum(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        return [2 * tensor for tensor in tensors]


def test_processes_sum_up_statistics_and_their_gradients() -> None:
    """A worker whose peer has the same rows finds what one process finds that has all of them twice."""
    layer, tail = Conv2D(6, (3, 3), "same"), Tail(pool=2, normalised=True, relu=True)
    x, gradient = numbers(3, 4, 3, 6, 6).double(), numbers(4, 4, 6, 3, 3).double()
    whole = Stages(layer, 3, tail, Operations(), torch.float64)
    expected = whole.both_passes(torch.cat([x, x]), torch.cat([gradient, gradient]))
    part = Stages(layer, 3, tail, Operations(), torch.float64)
    shared = normalisation_of(part.shift, workers=Recording(0, 2))
    stage = NormalisedConvolutionStage(layer, tail, part.weights[0], Operations(), shared)
    out, by_x = stage.forward(x, Rows(0, 4, 8), None), stage.backward(gradient, Rows(0, 4, 8))
    shared.settle()
    assert by_x is not None and part.weights[0].bias_gradient is not None
    assert_near(out, expected[0][:4], 1e-12)
    assert_near(by_x, expected[1][:4], 1e-12)
    assert_near(2 * part.weights[0].gains_gradient, expected[2], 1e-12)
    assert_near(2 * part.weights[0].bias_gradient, expected[3], 1e-12)
    assert_near(shared.variance, whole.normalisation.variance, 1e-12)


def test_running_statistics_are_those_of_the_batches_and_fade() -> None:
    found = normalisation_of(torch.zeros(5, dtype=torch.float64))
    mean, variance = torch.zeros(5, dtype=torch.float64), torch.ones(5, dtype=torch.float64)
    for seed in range(4):
        x = numbers(seed, 6, 5, 3, 4).double() * (seed + 1) + seed
        batch = found.batch_statistics(Operations().moments(x), 6 * 3 * 4)
        exact = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
        mean, variance = 0.75 * mean + 0.25 * exact[0], 0.75 * variance + 0.25 * exact[1]
        assert_near(batch[0], exact[0], 1e-12)
        assert_near(batch[1], exact[1], 1e-12)
        found.seen_by(1).batch_statistics(Operations().moments(x), 6 * 3 * 4)  # the first thread alone writes
        found.settle()
    assert_near(found.mean, mean, 1e-12)
    assert_near(found.variance, variance, 1e-12)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("channels", [1, 16, 40])
def test_statistics_are_those_of_the_definition_in_one_kernel_too(channels: int, dtype: torch.dtype) -> None:
    x, gradient = (numbers(seed, 5, channels, 3, 4, dtype=dtype) + 1 for seed in (3, 4))
    x[:, -1] = 0.1  # of rounding alone has a negative variance
    shift, count = numbers(5, channels), 60
    both = []
    for by in (operations(True), Operations()):
        normalisation, shift_gradient = normalisation_of(shift), torch.zeros(channels)
        y, statistics = by.batch_normalised(x, normalisation, count, True)
        found = by.batch_normalised_gradient(gradient, x, y, normalisation, statistics, count, True, shift_gradient)
        both.append((*statistics, normalisation.latest, y, shift_gradient, found))
        exact = x.double()
        mean, variance = exact.mean((0, 2, 3)), exact.var((0, 2, 3), correction=0)
        assert_near(statistics[0], mean, 1e-6)
        assert_near(statistics[1][:-1], 1 / (variance[:-1] + EPSILON).sqrt(), 1e-5)
        assert_near(normalisation.latest[0], mean, 1e-6)
        assert normalisation.latest[1].min() >= 0
    for place, (one, other) in enumerate(zip(*both, strict=True)):
        assert one.dtype == other.dtype
        # Of a channel of equal values the factor, 1 / sqrt(epsilon), enlarges what rounding has left.
        rest = (slice(None), slice(0, -1)) if one.ndim == 4 else (..., slice(0, -1))
        assert_near(one[rest], other[rest], 2e-2 if place > 2 and dtype == torch.bfloat16 else 1e-5)


@pytest.mark.parametrize("passes", [1, 2])
def test_threads_that_wait_in_a_kernel_are_let_go_where_another_one_fails(passes: int) -> None:
    class Mishap(Exception):
        pass

    by, x, shift_gradient = operations(True), numbers(7, 4, 16, 3, 3), torch.zeros(16)
    with team_of(2) as team:
        normalisation = normalisation_of(torch.zeros(16), team)
        reached = []

        def task(rank: int) -> None:
            mine = normalisation.seen_by(rank)
            if rank and passes == 1:
                raise Mishap
            y, statistics = by.batch_normalised(x, mine, 72, True)
            if rank:
                raise Mishap
            by.batch_normalised_gradient(x, x, y, mine, statistics, 72, True, shift_gradient)
            reached.append(rank)

        with pytest.raises(Mishap):
            team.run(task)
        assert not reached
    assert team.barrier is None and team.size == 1
    y, _ = by.batch_normalised(x, normalisation, 36, True)  # now one thread alone
    assert y.isfinite().all()


def test_what_is_no_number_stays_one() -> None:
    x = numbers(6, 2, 16, 3, 3)
    x[0, 3, 1, 1] = float("nan")
    normalisation = normalisation_of(torch.zeros(16))
    y, (mean, factor) = operations(True).batch_normalised(x, normalisation, 18, True)
    assert y[:, 3].isnan().all() and mean[3].isnan() and factor[3].isnan() and normalisation.latest[:, 3].isnan().all()
    assert y.isnan().sum() == 18


def test_equal_values_have_no_negative_variance() -> None:
    x = torch.full((3, 16, 5, 5), 0.1)  # and not as it lies in a pass
    for by, some in product((Operations(), operations(True)), (x, x.contiguous(memory_format=torch.channels_last))):
        mean, variance = normalisation_of(torch.zeros(16)).batch_statistics(by.moments(some), 75)
        assert variance.min() >= 0 and variance.max() < 1e-7
        assert_near(mean, torch.full((16,), 0.1), 1e-6)


@pytest.mark.parametrize("channels", [1, 17, 40])
@pytest.mark.parametrize("rows", [1, 2])
def test_a_million_values_are_summed_to_six_digits(channels: int, rows: int) -> None:
    fast = operations(True)
    x = numbers(5, rows, channels, 1000 // rows, 1000) + 3
    exact = x.double()
    for one, other in zip(fast.moments(x), (exact.sum((0, 2, 3)), exact.square().sum((0, 2, 3))), strict=True):
        assert ((one - other).abs() <= 1e-6 * other).all()
    ones = torch.ones_like(x)
    sums = fast.gradient_moments(x, ones, ones, True)
    assert ((sums - exact.sum((0, 2, 3))).abs() <= 1e-6 * sums).all()


# A whole network ----------------------------------------------------------------------------------------------------

LAYERS = (
    *(Conv2D(8, (2, 2)), Conv2D(16, padding="same"), MaxPool2D(), Conv2D(20, padding="same")),
    *(Conv2D(16), MaxPool2D(5), Flatten(), Dense(3, "softmax")),
)
SMALL = Architecture((15, 15, 3), LAYERS)


def small_network() -> Network:
    """With shifts that are not zero, and biases of the first layer."""
    network = initialised(SMALL, generator(1))
    with torch.no_grad():
        for weight in network.parameters():
            if weight.ndim == 1:
                weight.copy_(torch.randn(weight.shape, generator=generator(weight.numel())) / 5)
    return network


def batch(count: int = 12) -> tuple[Tensor, Tensor]:
    images = torch.randint(0, 256, (count, 15, 15, 3), dtype=torch.uint8, generator=generator(3))
    return images, torch.randint(0, 3, (count,), generator=generator(4))


def training_of(network: Network, fast: bool = False, team: Team | None = None, workers: Workers = ALONE) -> Training:
    return Training(
        network,
        Muon(dense_rate=0.05, shift_rate=0.05),
        None,
        team=team or Team(),
        workers=workers,
        operations=operations(fast),
        acceleration=Acceleration(label_smoothing=0.25, memory=0.5),
    )


def by_layers(network: Network, x: Tensor, running: Sequence[tuple[Tensor, Tensor]] | None) -> Tensor:
    """Logits by PyTorch's own batch normalisation: of this batch, or by running means and variances.

    It comes after pooling, but before that of the whole image.
    """
    named = dict(network.named_parameters())
    values = functional.conv2d(x, named["conv1.gains"], named["conv1.bias"]).relu()
    for number, (padding, pool) in enumerate(((1, 2), (1, 1), (0, 1)), 2):
        gains, shift = (named[f"conv{number}.{kind}"] for kind in ("gains", "bias"))
        values = functional.max_pool2d(functional.conv2d(values, gains, padding=padding), pool)
        mean, variance = (None, None) if running is None else running[number - 2]
        values = functional.batch_norm(values, mean, variance, None, shift, running is None, 0.0, 1e-5).relu()
    values = functional.max_pool2d(values, 5)
    return functional.linear(values.permute(0, 2, 3, 1).flatten(1), named["dense1.gains"], named["dense1.bias"])


def test_the_gradients_of_a_network_are_those_of_autograd() -> None:
    network = small_network().double()
    training, (images, labels) = training_of(network), batch()
    training.gradients.prepare(15)
    loss, _ = training.gradients.found(0, images, labels, Rows(0, 12, 12), None)
    logits = by_layers(network, scaled(images, torch.float64), None)
    expected = functional.cross_entropy(logits, labels, label_smoothing=0.25)
    assert loss.item() / 12 == pytest.approx(expected.item(), rel=1e-10)
    expected.backward()  # type: ignore[no-untyped-call]
    for name, weight in network.named_parameters():
        if not name.startswith("conv1."):
            assert weight.grad is not None and weight.grad.abs().max() > 1e-4
            assert_near(training.gradients.written[0][name], weight.grad, 1e-10)


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_trained_network_gives_what_the_normalised_one_gives(fast: bool, size: int) -> None:
    with team_of(size) as team:
        training = training_of(small_network(), fast, team)
        for _ in range(3):
            training.step(*batch())
    running = [(norm.mean, norm.variance) for norm in training.gradients.normalisations.values()]
    assert len(running) == 3 and min(mean.abs().max() for mean, _ in running) > 0.1
    x, trained = scaled(batch()[0]), training.trained_network()
    with torch.no_grad():
        expected = by_layers(training.network, x, running)
        assert expected.abs().max() > 0.1
        assert_near(trained(x), expected, 1e-5)
        assert not torch.allclose(training.network(x), expected, atol=1e-2)
    assert torch.equal(trained.layer_weights()["conv1"].gains, training.network.layer_weights()["conv1"].gains)


def test_folding_leaves_the_training_as_it_is() -> None:
    training = training_of(small_network())
    training.step(*batch())
    before = training.parameters.values.clone()
    first, second = (training.trained_network() for _ in range(2))
    assert torch.equal(training.parameters.values, before)
    assert all(torch.equal(*pair) for pair in zip(first.parameters(), second.parameters(), strict=True))
    normalisation = training.gradients.normalisations["conv2"]
    gains, bias = folded(training.network.layer_weights()["conv2"].gains.detach(), normalisation)
    root = (normalisation.variance + EPSILON).sqrt()
    assert_near(gains * root[:, None, None, None], training.network.layer_weights()["conv2"].gains.detach(), 1e-6)
    assert_near(bias * root, normalisation.shift * root - normalisation.mean, 1e-5)


@pytest.mark.parametrize("accelerated", [False, True])
def test_a_trained_network_is_a_copy_and_what_is_evaluated_between_steps_is_none(accelerated: bool) -> None:
    network = small_network()
    training = training_of(network) if accelerated else Training(network, Sgd(0.1), None)
    training.step(*batch())
    before, trained = training.parameters.values.clone(), training.trained_network()
    assert (training.current_network() is training.network) is not accelerated
    x = scaled(batch()[0])
    with torch.no_grad():
        assert torch.equal(trained(x), training.current_network()(x))
        for weight in trained.parameters():
            weight.zero_()
    assert torch.equal(training.parameters.values, before)


# Whitening ----------------------------------------------------------------------------------------------------------


def patches(count: int = 4000) -> Tensor:
    """Correlated ones from 0 to 1, shaped (count, 3, 2, 2), whose channels have unequal means and spreads.

    Each is there with its mirror images, so that all four places have one mean.
    """
    shape = count // 4, 3, 2, 2
    mixed = torch.rand(count // 4, 1, 1, 1, generator=generator(5)) + torch.rand(shape, generator=generator(6))
    mixed = mixed * torch.tensor([1.0, 0.75])
    mixed = torch.cat([mixed.flip(list(along)) for along in ((), (2,), (3,), (2, 3))])
    return mixed / 2 * torch.tensor([1.0, 0.5, 0.25])[:, None, None] + torch.tensor([0.0, 0.1, 0.3])[:, None, None]


@pytest.mark.parametrize(("filters", "epsilon"), [(24, 5e-4), (24, 0.5), (10, 5e-4), (2, 0.01)])
def test_whitened_patches_are_uncorrelated(filters: int, epsilon: float) -> None:
    given = patches()
    gains, bias = whitening_gains(given, filters, epsilon)
    assert gains.shape == (filters, 3, 2, 2) and bias.shape == (filters,) and gains.dtype == bias.dtype == torch.float32
    outputs = functional.conv2d(given.double(), gains.double(), bias.double()).flatten(1)
    assert outputs.mean(0).abs().max() < 1e-4
    rows = (given - given.mean((0, 2, 3), keepdim=True)) / given.std((0, 2, 3), keepdim=True)
    values = torch.linalg.svdvals(rows.flatten(1).double()).square() / len(given)  # the largest first
    values = values[: filters // 2]
    half = outputs[:, : filters // 2]
    assert_near(half.t() @ half / len(given), torch.diag(values / (values + epsilon)), 1e-5)
    assert torch.equal(gains[filters // 2 :], -gains[: filters // 2])
    assert_near(bias[filters // 2 :], -bias[: filters // 2], 1e-6)


def test_whitening_has_one_sign_whatever_the_order_of_the_patches() -> None:
    given = patches()[:1000]  # without mirror images, in which entries may be equally large
    gains, _ = whitening_gains(given, 24)
    assert torch.equal(gains, whitening_gains(given.clone(), 24)[0])
    # Rounding differs with the order, and an eigenvector's sign must not.
    other, _ = whitening_gains(given.flip(0), 24)
    assert_near(other, gains, 1e-3)
    spread = given.std((0, 2, 3), keepdim=True)
    largest = (gains[:12] * spread).flatten(1)
    assert (largest.gather(1, largest.abs().argmax(1, keepdim=True)) > 0).all()


class Losing(Workers):
    """Two workers, of whom the other one ends when so many sums have been made."""

    left = 0

    def sum(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        if not Losing.left:
            raise WorkerLost("gone")
        Losing.left -= 1
        return list(tensors)


@pytest.mark.parametrize("sums", range(7))
def test_a_step_that_loses_a_worker_leaves_the_statistics_as_they_were(sums: int) -> None:
    """Three sums forward, three backward, and that of the gradients."""
    training = training_of(small_network(), workers=Losing(0, 2))
    running = [part for norm in training.gradients.normalisations.values() for part in (norm.mean, norm.variance)]
    Losing.left = 7
    training.step(*batch())
    before = [part.clone() for part in (training.parameters.values, *running)]
    Losing.left = sums
    with pytest.raises(WorkerLost):
        training.step(*batch())
    assert all(torch.equal(*pair) for pair in zip(before, [training.parameters.values, *running], strict=True))
