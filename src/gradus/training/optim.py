"""Optimisers as pure functions of explicit state: :func:`initial_state` and :func:`step`.

The tensors of weights and state are handed over to :func:`step`, which writes the new values in their place and
returns the state to use from then on; the old state must not be used again.
"""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import Array
from dataclasses import dataclass, replace
from math import sqrt
from typing import TypeAlias, assert_never

import torch
from torch import Tensor
from torch.optim.adam import adam as torch_adam

from gradus.training.configuration import Adam, Muon, OptimizerRule, Sgd
from gradus.training.kernels import Library, Run


@dataclass(frozen=True, eq=False)
class SgdState:
    """Steps done, and the velocity of each weight."""

    steps: int
    velocities: list[Tensor]


@dataclass(frozen=True, eq=False)
class AdamState:
    """Steps done, and both moments of each weight."""

    steps: int
    first_moments: list[Tensor]
    second_moments: list[Tensor]


State: TypeAlias = SgdState | AdamState


def initial_state(rule: OptimizerRule, weights: Sequence[Tensor]) -> State:
    """The state before the first step: no steps, zero velocities or moments, shaped and laid out as the weights."""
    match rule:
        case Sgd() | Muon():
            return SgdState(0, _zeros(weights))
        case Adam():
            return AdamState(0, _zeros(weights), _zeros(weights))
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
    if rule.weight_decay and not isinstance(rule, Muon):
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
    counters = [torch.full((), state.steps, dtype=torch.float32, device=weight.device) for weight in weights]
    # PyTorch divides by sqrt(v) / sqrt(1 - beta2^t) + eps.  With eps = epsilon / sqrt(1 - beta2^t) that is Keras'
    # formula, and one pass over memory by the fused kernel does the whole step.
    torch_adam(
        list(weights),
        list(gradients),
        state.first_moments,
        state.second_moments,
        [],
        counters,
        fused=True,
        amsgrad=False,
        beta1=rule.beta1,
        beta2=rule.beta2,
        lr=rule.learning_rate,
        weight_decay=0.0,
        eps=rule.epsilon / sqrt(1 - rule.beta2**steps),
        maximize=False,
    )
    return AdamState(steps, state.first_moments, state.second_moments)


def step_of_runs(
    library: Library, runs: Array[Run], rule: OptimizerRule, state: State, weights: Tensor, copies: Tensor | None
) -> None:
    """What :func:`step` does, for some runs of one tensor of float32 weights, by the kernels; writes the state, too.

    Args:
        runs: which weights, and where their gradients are.
        copies: of the weights in bfloat16, which are written on the way.
    """
    target = None if copies is None else copies.data_ptr()
    most = (runs, len(runs), weights.data_ptr(), rule.weight_decay, target)
    match rule, state:
        case Sgd(), SgdState():
            rate = learning_rate(rule, state.steps)
            library.loaded.sgd(*most, rate, rule.momentum, state.velocities[0].data_ptr())
        case Adam(), AdamState():
            number = state.steps + 1
            rate = rule.learning_rate * sqrt(1 - rule.beta2**number) / (1 - rule.beta1**number)
            moments = (state.first_moments[0].data_ptr(), state.second_moments[0].data_ptr())
            library.loaded.adam(*most, rate, rule.beta1, rule.beta2, rule.epsilon, *moments)
        case _:
            raise TypeError(f"{type(state).__name__} is not a state of {type(rule).__name__}")


def counted(state: State) -> State:
    """The state after :func:`step_of_runs` for all weights."""
    return replace(state, steps=state.steps + 1)


def state_tensors(state: State) -> dict[str, Tensor]:
    """What a state of one tensor of weights remembers of it, by name; the tensors themselves, not copies."""
    match state:
        case SgdState():
            (velocity,) = state.velocities
            return {"velocity": velocity}
        case AdamState():
            (first,), (second,) = state.first_moments, state.second_moments
            return {"first_moment": first, "second_moment": second}
        case _:
            assert_never(state)


def _zeros(weights: Sequence[Tensor]) -> list[Tensor]:
    return [torch.zeros_like(weight, requires_grad=False) for weight in weights]
