"""Muon: its steps by an independent calculation in NumPy, in any layout, at rates that fall to 0."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradus.exact.networks.layers import Architecture, Conv2D, Dense, Flatten, MaxPool2D
from gradus.training import muon
from gradus.training.configuration import Acceleration, Muon
from gradus.training.evaluation import DevicePart
from gradus.training.loop import Training, epochs_of
from gradus.training.model import initialised
from gradus.training.muon import move, move_matrix, orthogonalised
from gradus.training.optim import SgdState
from gradus.training.team import Team
from training.fast import assert_near, generator, numbers, operations, team_of

SMALL = Architecture(
    (8, 8, 3),
    (Conv2D(4, (2, 2)), Conv2D(8, padding="same"), MaxPool2D(), Conv2D(6), Flatten(), Dense(3, "softmax")),
)
RULE = Muon(learning_rate=0.2, dense_rate=0.01, shift_rate=0.5, weight_decay=0.01)


def iterated(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """What three rounds make of singular values."""
    for _ in range(3):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    return values


def by_svd(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The orthogonalised matrix: the same singular vectors, and singular values that have been iterated."""
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    found: NDArray[np.float64] = (left * iterated(values / np.linalg.norm(matrix))) @ right
    return found


@pytest.mark.parametrize("shape", [(6, 6), (5, 40), (40, 5), (1, 9), (32, 288)])
def test_singular_vectors_stay_and_singular_values_are_iterated(shape: tuple[int, int]) -> None:
    matrix = numbers(1, *shape).double() * 7
    found = orthogonalised(matrix)
    assert_near(found, torch.from_numpy(by_svd(matrix.numpy())), 1e-6)
    # Every singular value from 1/50 of the matrix's norm on ends between 0.68 and 1.21.
    kept = torch.linalg.svdvals(matrix) >= torch.linalg.vector_norm(matrix) / 50
    values = torch.linalg.svdvals(found)[: kept.sum()]
    assert kept.sum() > len(kept) / 2 and values.min() > 0.68 and values.max() < 1.21
    assert_near(orthogonalised(1000 * matrix), found, 1e-6)


def test_the_iteration_draws_singular_values_to_one() -> None:
    share = np.linspace(0.02, 1, 10_001)
    assert 0.68 < iterated(share).min() and iterated(share).max() < 1.21
    assert (np.abs(iterated(share) - 1) < 0.33).all()


def test_in_bfloat16_and_of_nothing() -> None:
    matrix = numbers(2, 16, 100)
    rough = orthogonalised(matrix.bfloat16())
    assert rough.dtype == torch.bfloat16
    assert_near(rough, torch.from_numpy(by_svd(matrix.double().numpy())), 0.1)
    assert torch.equal(orthogonalised(torch.zeros(3, 4)), torch.zeros(3, 4))


@pytest.mark.parametrize("shape", [(6, 4, 3, 3), (8, 16, 2, 2), (5, 3, 1, 1), (40, 2, 3, 3)])
def test_a_step_is_that_of_the_formula(shape: tuple[int, int, int, int]) -> None:
    gains, velocity = numbers(3, *shape).double(), numbers(4, *shape).double()
    g, v = gains.numpy().reshape(shape[0], -1).copy(), velocity.numpy().reshape(shape[0], -1).copy()
    for seed, rate in ((5, 0.3), (6, 0.1), (7, 0.0)):
        gradient = numbers(seed, *shape).double()
        move_matrix(gains, velocity, gradient, rate, 0.6, torch.float64)
        d = gradient.numpy().reshape(shape[0], -1)
        v = 0.6 * v + d
        g = sqrt(shape[0]) * g / np.linalg.norm(g) - rate * by_svd(d + 0.6 * v)
        assert_near(gains, torch.from_numpy(g.reshape(shape)), 1e-6)
        assert_near(velocity, torch.from_numpy(v.reshape(shape)), 1e-12)
    assert torch.linalg.vector_norm(gains).item() == pytest.approx(sqrt(shape[0]), rel=1e-12)  # the last rate was 0


def test_the_layout_in_memory_does_not_matter() -> None:
    layouts = (torch.contiguous_format, torch.channels_last)
    moved = []
    for layout in layouts:
        gains, velocity, gradient = (
            numbers(seed, 6, 4, 3, 3).double().contiguous(memory_format=layout) for seed in (8, 9, 10)
        )
        for _ in range(2):
            if layout == torch.channels_last:
                move_matrix(gains, velocity, gradient, 0.2, 0.6, torch.float64)
            else:  # rows in another order of columns
                _moved_in_order(gains, velocity, gradient)
        moved.append((gains, velocity))
    assert_near(moved[0][0], moved[1][0], 1e-12)
    assert_near(moved[0][1], moved[1][1], 1e-12)


def _moved_in_order(gains: Tensor, velocity: Tensor, gradient: Tensor) -> None:
    velocity.mul_(0.6).add_(gradient)
    along = (gradient + 0.6 * velocity).flatten(1)
    gains.mul_(sqrt(len(gains)) / gains.norm()).sub_(orthogonalised(along).view_as(gains), alpha=0.2)


def test_other_weights_move_by_nesterovs_momentum() -> None:
    weights, velocity = (numbers(seed, 5, 3).double() for seed in (11, 12))
    w, v = weights.clone(), velocity.clone()
    for seed, rate in ((13, 0.3), (14, 0.1)):
        gradient = numbers(seed, 5, 3).double()
        move(weights, velocity, gradient, rate, 0.85)
        v = 0.85 * v - rate * gradient
        w = w + 0.85 * v - rate * gradient
    assert_near(weights, w, 1e-12)
    assert_near(velocity, v, 1e-12)


# In the loop --------------------------------------------------------------------------------------------------------


def training_of(team: Team | None = None, arithmetic: torch.dtype | None = None, fast: bool = False) -> Training:
    return Training(
        initialised(SMALL, generator(1)),
        RULE,
        None,
        arithmetic=arithmetic,
        team=team or Team(),
        operations=operations(fast),
        acceleration=Acceleration(),
    )


def part(count: int) -> DevicePart:
    images = torch.randint(0, 256, (count, 8, 8, 3), dtype=torch.uint8, generator=generator(2))
    return DevicePart(images, torch.randint(0, 3, (count,), generator=generator(3)))


def test_a_step_moves_each_weight_by_its_rule() -> None:
    training = training_of()
    training.steps = 4
    given = part(10)
    training.gradients.prepare(8)
    for _ in range(2):
        before = training.parameters.by_name([view.clone() for view in training.parameters.views()])
        assert isinstance(training.state, SgdState)
        velocities = training.state.velocities[0].clone()
        old = training.parameters.by_name(training.parameters.views(velocities))
        left = 1 - training.state.steps / 4
        training.step(*given.batch(0, 10))
        found = training.parameters.by_name(training.parameters.views())
        for name, weight in found.items():
            gradient, expected, velocity = training.gradients.written[0][name], before[name], old[name]
            if name.startswith("conv1"):
                assert torch.equal(weight, expected)
                continue
            if weight.ndim == 4:
                assert weight.is_contiguous(memory_format=torch.channels_last)
                move_matrix(expected, velocity, gradient, 0.2 * left, 0.6, torch.float32)
            elif name == "dense1.gains":
                move(expected, velocity, gradient + 0.01 * expected, 0.01 * left, 0.85)
            else:
                move(expected, velocity, gradient, (0.5 if name.startswith("conv") else 0.01) * left, 0.85)
            assert not torch.equal(weight, dict(initialised(SMALL, generator(1)).named_parameters())[name])
            assert_near(weight, expected, 1e-6)


def test_rates_fall_linearly_to_zero_over_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    rates: dict[str, list[float]] = {"matrix": [], "other": []}

    def matrix(gains: Tensor, velocity: Tensor, gradient: Tensor, rate: float, *rest: object) -> None:
        rates["matrix"].append(rate)

    def other(weights: Tensor, velocity: Tensor, gradient: Tensor, rate: float, momentum: float) -> None:
        rates["other"].append(rate)

    monkeypatch.setattr(muon, "move_matrix", matrix)
    monkeypatch.setattr(muon, "move", other)
    training = training_of()
    training.order_key = 5
    list(epochs_of(training, part(23), part(4), 2, 7))  # two epochs of three steps
    falling = [1 - step / 6 for step in range(6)]
    assert rates["matrix"] == pytest.approx([0.2 * left for left in falling for _ in range(2)])
    assert sorted(rates["other"]) == pytest.approx(
        sorted(rate * left for left in falling for rate in (0.5, 0.5, 0.01, 0.01))
    )


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("arithmetic", [None, torch.bfloat16])
def test_threads_share_out_the_weights(size: int, arithmetic: torch.dtype | None) -> None:
    given, found = part(12), []
    for members in (1, size):
        with team_of(members) as team:
            training = training_of(team, arithmetic, fast=True)
            shares = [training.gradients._share(rank) for rank in range(members)]
            assert sorted(name for share in shares for name in share) == sorted(
                name for name in training.parameters.names if not name.startswith("conv1")
            )
            for _ in range(1 if arithmetic else 3):
                training.step(*given.batch(0, 12))
            copies = training.gradients.copies
            assert copies is None or torch.equal(copies, training.parameters.values.bfloat16())
            found.append(training.parameters.values.clone())
    assert_near(found[1], found[0], 1e-4 if arithmetic is None else 0.1)  # a step makes small singular values large
