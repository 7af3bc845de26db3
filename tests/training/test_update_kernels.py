"""The optimisers' steps by the kernels, against those in PyTorch."""

from __future__ import annotations

from ctypes import Array
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from gradus.training import optim
from gradus.training.configuration import Adam, OptimizerRule, Sgd
from gradus.training.kernels import Run
from training.fast import kernels, numbers

RULES = (
    Sgd(0.125, 0.75, 0.5),
    Sgd(0.1, 0.0),
    Sgd(0.1, 0.9, weight_decay=0.01),
    Adam(),
    Adam(0.01, 0.8, 0.95, 1e-3, weight_decay=0.1),
)
COUNTS = (1, 15, 16, 17, 100, 1000)
GAP = 3
"""Numbers between the runs, which nothing may touch."""


def runs_of(gradients: list[Tensor], narrow: Tensor | None = None) -> Array[Run]:
    """One for each of COUNTS; the gradients of the last come from ``narrow``, if there is one."""
    found, first = [], GAP
    for number, count in enumerate(COUNTS):
        run = Run(first=first, count=count, sources=len(gradients))
        for source, gradient in enumerate(gradients):
            run.gradients[source] = gradient[first:].data_ptr()
        if narrow is not None and number == len(COUNTS) - 1:
            run.sources, run.in_bfloat16 = len(narrow), 1
            for source, gradient in enumerate(narrow):
                run.gradients[source] = gradient.data_ptr()
        found.append(run)
        first += count + GAP
    return (Run * len(found))(*found)


def inside() -> Tensor:
    """Which numbers belong to a run."""
    places, first = torch.zeros(sum(COUNTS) + GAP * (len(COUNTS) + 1), dtype=torch.bool), GAP
    for count in COUNTS:
        places[first : first + count] = True
        first += count + GAP
    return places


def both(state: optim.State) -> list[Tensor]:
    return list(optim.state_tensors(state).values())


@pytest.mark.parametrize("rule", RULES, ids=repr)
@pytest.mark.parametrize("sources", [1, 2, 3, 8])
@pytest.mark.parametrize("narrow", [False, True])
def test_steps_are_those_of_pytorch(rule: OptimizerRule, sources: int, narrow: bool) -> None:
    library, places = kernels(), inside()
    start = numbers(1, len(places))
    weights, exact = start.clone(), [start.double()]
    copies = torch.full_like(weights, 7.0, dtype=torch.bfloat16)
    state, exact_state = optim.initial_state(rule, [weights]), optim.initial_state(rule, exact)
    last = slice(len(places) - GAP - COUNTS[-1], len(places) - GAP)
    for step in range(5):
        gradients = [numbers(100 * step + source, len(places)) for source in range(sources)]
        small = numbers(100 * step + 50, 2, COUNTS[-1], dtype=torch.bfloat16) if narrow else None
        total = torch.stack(gradients).double().sum(0)
        if small is not None:
            total[last] = small.double().sum(0)
        optim.step_of_runs(library, runs_of(gradients, small), rule, state, weights, copies)
        state = optim.counted(state)
        exact_state = optim.step(rule, exact_state, exact, [total])
    assert state.steps == exact_state.steps == 5
    # Adam's 1 - beta2 in float32 is off by 1.3e-5, which is half as much in a step of up to the rate.
    assert torch.allclose(weights[places].double(), exact[0][places], rtol=0, atol=3e-6)
    for ours, theirs in zip(both(state), both(exact_state), strict=True):
        assert torch.allclose(ours[places].double(), theirs[places], rtol=2e-5, atol=2e-6)
    assert torch.equal(copies[places], weights.to(torch.bfloat16)[places])
    untouched = [(weights, start), (copies, torch.full_like(copies, 7.0)), *((s, 0 * s) for s in both(state))]
    assert all(torch.equal(now[~places], before[~places]) for now, before in untouched)


@pytest.mark.parametrize("rule", [Sgd(0.1), Adam()], ids=repr)
def test_copies_are_optional_and_numbers_that_are_none_stay_visible(rule: OptimizerRule) -> None:
    places = inside()
    gradient = numbers(2, len(places))
    gradient[GAP + 1 + GAP + 3] = float("nan")
    results = []
    for copies in (None, torch.zeros(len(places), dtype=torch.bfloat16)):
        weights = numbers(1, len(places))
        optim.step_of_runs(kernels(), runs_of([gradient]), rule, optim.initial_state(rule, [weights]), weights, copies)
        assert weights.isnan().sum() == 1
        results.append(weights)
    assert copies is not None and copies.isnan().sum() == 1
    assert torch.equal(results[0].nan_to_num(9.0), results[1].nan_to_num(9.0))


def test_copies_are_rounded_to_the_nearest_and_ties_to_even() -> None:
    bits = torch.arange(-(2**15), 2**15, dtype=torch.int32) * 2**16  # all values of bfloat16
    near = torch.cat([bits + more for more in (0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF)])
    weights = near.view(torch.float32).clone()
    weights = weights[weights.abs() > 1e-30].contiguous()  # numbers that the processor need not flush
    weights = weights[weights.isfinite()]
    gradient, copies = torch.zeros_like(weights), torch.zeros(len(weights), dtype=torch.bfloat16)
    run = Run(first=0, count=len(weights), sources=1)
    run.gradients[0] = gradient.data_ptr()
    rule = Sgd(0.0, 0.0)
    optim.step_of_runs(kernels(), (Run * 1)(run), rule, optim.initial_state(rule, [weights]), weights, copies)
    assert len(weights) > 200_000
    assert torch.equal(copies, weights.to(torch.bfloat16))


def test_states_belong_to_their_rule() -> None:
    weights = torch.zeros(16)
    state = optim.initial_state(Sgd(), [weights])
    with pytest.raises(TypeError, match="SgdState is not a state of Adam"):
        optim.step_of_runs(kernels(), runs_of([weights]), Adam(), state, weights, None)
    assert optim.counted(replace(state, steps=4)).steps == 5
