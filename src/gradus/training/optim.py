"""Optimisers as pure functions of explicit state: :func:`initial_state` and :func:`step`.

The tensors of weights and state are handed over to :func:`step`, which writes the new values in their place and
returns the state to use from then on; the old state must not be used again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TypeAlias, assert_never

import torch
from torch import Tensor
from torch.optim.adam import adam as torch_adam

from gradus.training.configuration import Adam, OptimizerRule, Sgd


@dataclass(frozen=True, eq=False)
class SgdState:
    """Steps done, and the velocity of each weight."""

    steps: int
    velocities: list[Tensor]


@dataclass(frozen=True, eq=False)
class AdamState:
    """Steps done (also as tensors, which PyTorch's kernel counts up), and both moments of each weight."""

    steps: int
    counters: list[Tensor]
    first_moments: list[Tensor]
    second_moments: list[Tensor]


State: TypeAlias = SgdState | AdamState


def initial_state(rule: OptimizerRule, weights: Sequence[Tensor]) -> State:
    """The state before the first step: no steps, zero velocities or moments, shaped and laid out as the weights."""
    match rule:
        case Sgd():
            return SgdState(0, _zeros(weights))
        case Adam():
            counters = [torch.zeros((), dtype=torch.float32, device=weight.device) for weight in weights]
            return AdamState(0, counters, _zeros(weights), _zeros(weights))
        case _:
            assert_never(rule)


def step(rule: OptimizerRule, state: State, weights: Sequence[Tensor], gradients: Sequence[Tensor]) -> State:
    """One step by the rule's formula, written into ``weights``; gradients are laid out in memory as the weights.

    >>> weights, gradients = [torch.tensor([1.0])], [torch.tensor([2.0])]
    >>> rule = Sgd(learning_rate=0.25, momentum=0.5)
    >>> state = initial_state(rule, weights)
    >>> state = step(rule, state, weights, gradients)
    >>> state = step(rule, state, weights, gradients)
    >>> weights[0].item()
    -0.25
    """
    if rule.weight_decay:
        with torch.no_grad():
            gradients = torch._foreach_add(list(gradients), list(weights), alpha=rule.weight_decay)
    match rule, state:
        case Sgd(), SgdState():
            return _sgd_step(rule, state, weights, gradients)
        case Adam(), AdamState():
            return _adam_step(rule, state, weights, gradients)
        case _:
            raise TypeError(f"{type(state).__name__} is not a state of {type(rule).__name__}")


def learning_rate(rule: Sgd, iteration: int) -> float:
    """The decayed learning rate of an iteration, counted from 0 across epochs.

    >>> learning_rate(Sgd(0.01, 0.7, 0.001), 1000)
    0.005
    """
    return rule.learning_rate / (1 + rule.decay * iteration)


@torch.no_grad()
def _sgd_step(rule: Sgd, state: SgdState, weights: Sequence[Tensor], gradients: Sequence[Tensor]) -> SgdState:
    torch._foreach_mul_(state.velocities, rule.momentum)
    torch._foreach_add_(state.velocities, list(gradients), alpha=-learning_rate(rule, state.steps))
    torch._foreach_add_(list(weights), state.velocities)
    return SgdState(state.steps + 1, state.velocities)


@torch.no_grad()
def _adam_step(rule: Adam, state: AdamState, weights: Sequence[Tensor], gradients: Sequence[Tensor]) -> AdamState:
    steps = state.steps + 1
    # PyTorch divides by sqrt(v) / sqrt(1 - beta2^t) + eps.  With eps = epsilon / sqrt(1 - beta2^t) that is Keras'
    # formula, and one pass over memory by the fused kernel does the whole step.
    torch_adam(
        list(weights),
        list(gradients),
        state.first_moments,
        state.second_moments,
        [],
        state.counters,
        fused=True,
        amsgrad=False,
        beta1=rule.beta1,
        beta2=rule.beta2,
        lr=rule.learning_rate,
        weight_decay=0.0,
        eps=rule.epsilon / sqrt(1 - rule.beta2**steps),
        maximize=False,
    )
    return AdamState(steps, state.counters, state.first_moments, state.second_moments)


def state_tensors(state: State) -> dict[str, list[Tensor]]:
    """What a state remembers of each weight, by name; the tensors themselves, not copies."""
    match state:
        case SgdState():
            return {"velocity": state.velocities}
        case AdamState():
            return {"first_moment": state.first_moments, "second_moment": state.second_moments}
        case _:
            assert_never(state)


def state_after(rule: OptimizerRule, steps: int, tensors: Mapping[str, list[Tensor]]) -> State:
    """The state after so many steps that remembers these tensors, as :func:`state_tensors` names them."""
    match rule:
        case Sgd():
            return SgdState(steps, tensors["velocity"])
        case Adam():
            moments = tensors["first_moment"]
            counters = [torch.full((), steps, dtype=torch.float32, device=moment.device) for moment in moments]
            return AdamState(steps, counters, moments, tensors["second_moment"])
        case _:
            assert_never(rule)


def _zeros(weights: Sequence[Tensor]) -> list[Tensor]:
    return [torch.zeros_like(weight, requires_grad=False) for weight in weights]
