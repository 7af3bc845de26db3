"""The steps of :mod:`gradus.training.optim` with the rate as a number on the device.

A recorded step is replayed with the numbers that the device holds then, and not with those that the processor knew when
it was recorded.
"""

from __future__ import annotations

from typing import TypeAlias, assert_never

import torch
from torch import Tensor

from gradus.training.configuration import Adam, Sgd
from gradus.training.device import sum_type
from gradus.training.optim import AdamState, SgdState, State

DeviceRule: TypeAlias = Sgd | Adam
"""The rules whose steps are here."""

_FAR = 1e9
"""A step so late that both powers of beta are 0."""


def rates(rule: DeviceRule, done: Tensor, count: int) -> Tensor:
    """The rates of the next ``count`` steps, shaped (count,): Adam's with both its corrections, SGD's decayed.

    Args:
        done: steps done so far, an int64 scalar on the device.

    >>> rates(Sgd(0.01, 0.7, 0.001), torch.tensor(1000), 1).tolist()
    [0.005]
    """
    exact = sum_type(done.device)
    numbers = torch.arange(count, device=done.device).add_(done).to(exact)
    match rule:
        case Sgd():
            return torch.full_like(numbers, rule.learning_rate).div_(1 + rule.decay * numbers)
        case Adam():
            numbers = numbers + 1
            first, second = 1 - rule.beta1**numbers, 1 - rule.beta2**numbers
            return rule.learning_rate * second.sqrt() / first
        case _:
            assert_never(rule)


@torch.no_grad()
def step(rule: DeviceRule, state: State, weights: Tensor, gradients: Tensor, rate: Tensor) -> None:
    """One step, written into ``weights`` and the tensors of the state; its number of steps is left to the caller.

    Args:
        rate: the step's entry of :func:`rates`.
    """
    if rule.weight_decay:
        gradients = torch.add(gradients, weights, alpha=rule.weight_decay)
    match rule, state:
        case Sgd(), SgdState():
            (velocity,) = state.velocities
            velocity.mul_(rule.momentum).addcmul_(gradients, rate.to(velocity.dtype), value=-1)
            weights.add_(velocity)
        case Adam(), AdamState():
            # So late there is nothing left to correct, and PyTorch's formula is Keras' with the corrections in the
            # rate, which alone the fused kernel takes from the device.
            torch._fused_adam_(
                [weights],
                [gradients],
                state.first_moments,
                state.second_moments,
                [],
                [weights.new_full((), _FAR, dtype=torch.float32)],
                lr=rate.to(torch.float32),
                beta1=rule.beta1,
                beta2=rule.beta2,
                weight_decay=0.0,
                eps=rule.epsilon,
                amsgrad=False,
                maximize=False,
            )
        case _:
            raise TypeError(f"{type(state).__name__} is not a state of {type(rule).__name__}")
