"""Groups of steps as the GPU takes them: the same numbers as step by step, and nothing that a graph could not hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from gradus.exact.networks.layers import Architecture, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from gradus.runs import RunRequest
from gradus.runs.record import Epoch
from gradus.training import device, graphs, meter, operations
from gradus.training.augmentation import Augmenter
from gradus.training.configuration import Adam, Augmentation, OptimizerRule, Sgd
from gradus.training.device import deterministic
from gradus.training.dropout import Masks
from gradus.training.evaluation import DevicePart
from gradus.training.graphs import CudaGraphs, Grouped, Unrecorded, grouped
from gradus.training.loop import Training, epochs_of
from gradus.training.meter import Diverged, Meter
from gradus.training.model import initialised
from gradus.training.optim import state_tensors
from gradus.training.random_words import random_words
from gradus.training.readings import Reading
from gradus.training.snapshot import Clock, restore, snapshot

CPU = torch.device("cpu")
NETWORK = Architecture(
    (8, 8, 3),
    (
        *(Conv2D(4, padding="same"), Conv2D(4), MaxPool2D(), Dropout(Fraction(1, 4))),
        *(Flatten(), Dense(8), Dropout(Fraction(1, 3)), Dense(3, "softmax")),
    ),
)
RULES = [Sgd(0.05, 0.7, 0.01), Sgd(0.05, 0.7, weight_decay=1e-3), Adam(0.01), Adam(0.01, weight_decay=1e-3)]


def training(
    rule: OptimizerRule = RULES[0], arithmetic: torch.dtype | None = None, random: bool = True, on: str = "cpu"
) -> Training:
    network = initialised(NETWORK, torch.Generator().manual_seed(1)).to(on)
    augmenter = Augmenter(Augmentation(shift=2), 11) if random else None
    return Training(network, rule, Masks(-(7**20) % 2**63) if random else None, augmenter, arithmetic)


def images(count: int, on: str = "cpu") -> DevicePart:
    """Images of which some are chosen, in an order of their own."""
    generator = torch.Generator().manual_seed(2)
    pixels = torch.randint(0, 256, (count + 5, 8, 8, 3), dtype=torch.uint8, generator=generator)
    labels = torch.randint(0, 3, (count + 5,), generator=generator)
    chosen = torch.randperm(count + 5, generator=generator)[:count]
    return DevicePart(pixels.to(on), labels.to(on), chosen.to(on))


@pytest.fixture(autouse=True)
def groups_of_four(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "IN_ONE_GO", 4)


def trained(one: Training, part: DevicePart, epochs: int, advance: Callable[[], None] | None) -> list[Epoch]:
    found = epochs_of(one, part, replace(part, indices=None), epochs, 4, advance=advance)
    return [replace(epoch, time_s=0.0) for epoch in found]


def everything(one: Training) -> list[Tensor]:
    copies = one.gradients.copies
    found = [one.parameters.values, *state_tensors(one.state).values(), one.meter.loss, one.meter.right]
    return found if copies is None else [*found, copies]


def counts(one: Training) -> tuple[int, ...]:
    return one.samples, one.state.steps, one.meter.steps, one.meter.seen


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("arithmetic", [None, torch.bfloat16])
@pytest.mark.parametrize("random", [False, True])
def test_groups_of_steps_give_the_numbers_of_single_steps(
    rule: OptimizerRule, arithmetic: torch.dtype | None, random: bool
) -> None:
    # Two epochs of 10 whole batches, 4 + 4 + 2, and a last batch of 3.
    part, plain, group = images(43), training(rule, arithmetic, random), training(rule, arithmetic, random)
    advance = Grouped(group, part, 4, Unrecorded())
    plain_epochs, group_epochs = trained(plain, part, 2, None), trained(group, part, 2, advance)
    assert counts(plain) == counts(group) == (86, 22, 0, 0)
    assert advance.replays.keys() == {(4, 4), (2, 4), (1, 3)}
    assert advance.counters.tolist() == [86, 22, 43]
    for one, other in zip(everything(plain), everything(group), strict=True):
        if isinstance(rule, Sgd):
            assert torch.equal(one, other)
        else:  # rounded elsewhere: Adam moves a weight by its rate even where its gradient is next to nothing
            torch.testing.assert_close(one, other, rtol=0, atol=4e-3 if one.dtype == torch.bfloat16 else 1e-5)
    assert [epoch.training_accuracy for epoch in plain_epochs] == [epoch.training_accuracy for epoch in group_epochs]


def test_how_steps_are_grouped_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for most in (1, 3, 16):
        monkeypatch.setattr(graphs, "IN_ONE_GO", most)
        one = training(RULES[2], torch.bfloat16)
        part = images(43)
        found.append((trained(one, part, 2, Grouped(one, part, 4, Unrecorded())), everything(one)))
    for epochs, tensors in found[1:]:
        assert epochs == found[0][0]
        assert all(torch.equal(*pair) for pair in zip(tensors, found[0][1], strict=True))


class Forgetful:
    """As a graph does: what the processor has counted stays, in the function, as it was when this was recorded."""

    def __init__(self, one: Training) -> None:
        self.training = one

    def recorded(self, function: Callable[[], None], written: Sequence[Tensor]) -> Callable[[], None]:
        one = self.training
        then = (one.samples, one.state.steps, one.meter.seen, one.meter.steps)

        def put(samples: int, steps: int, seen: int, steps_of_epoch: int) -> None:
            one.samples, one.state = samples, replace(one.state, steps=steps)
            one.meter.seen, one.meter.steps = seen, steps_of_epoch

        def replay() -> None:
            now = (one.samples, one.state.steps, one.meter.seen, one.meter.steps)
            put(*then)
            function()
            put(*now)

        return replay


@pytest.mark.parametrize("rule", RULES)
def test_what_is_replayed_needs_nothing_that_the_processor_counts(rule: OptimizerRule) -> None:
    part, one, other = images(43), training(rule), training(rule)
    expected = trained(one, part, 2, Grouped(one, part, 4, Unrecorded()))
    assert trained(other, part, 2, Grouped(other, part, 4, Forgetful(other))) == expected
    assert all(torch.equal(*pair) for pair in zip(everything(one), everything(other), strict=True))


def test_large_batches_come_in_small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "MOST_IMAGES", 8)
    assert [Grouped(training(), images(43), size, Unrecorded()).most for size in (1, 4, 8, 20)] == [4, 2, 1, 1]


def test_a_run_that_goes_on_between_two_groups_ends_with_the_same_bits() -> None:
    class Stop(Exception):
        pass

    part, whole, broken, resumed = images(43), *(training(RULES[2]) for _ in range(3))
    expected = trained(whole, part, 2, Grouped(whole, part, 4, Unrecorded()))
    taken = []

    def after_step() -> None:
        taken.append(broken.meter.steps)
        if len(taken) == 6:  # 4, 8, 10, 11 of the first epoch; 4, 8 of the second one
            raise Stop

    advance = Grouped(broken, part, 4, Unrecorded())
    with pytest.raises(Stop):
        list(epochs_of(broken, part, replace(part, indices=None), 2, 4, None, after_step, advance))
    assert taken == [4, 8, 10, 11, 4, 8]
    request = RunRequest("hw5", "pictograms", "adam")
    restore(resumed, snapshot(broken, request, Clock(0.0, 0.0), {}))
    trained(resumed, part, 2, Grouped(resumed, part, 4, Unrecorded()))
    assert [replace(epoch, time_s=0.0) for epoch in resumed.epochs] == expected
    assert counts(resumed) == counts(whole)
    assert all(torch.equal(*pair) for pair in zip(everything(whole), everything(resumed), strict=True))


class OnDevice(TorchDispatchMode):
    """Fails where the processor reads a number of the device, or makes a tensor that would have to be copied to it.

    Meta tensors stand for the device: they have shapes and no values, so that nothing can depend on these.
    """

    def __init__(self, types: Sequence[torch.dtype] = ()) -> None:
        super().__init__()
        self.refused, self.calls = types, 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        aten = torch.ops.aten
        assert func is not aten._local_scalar_dense.default, "the processor waits for a number"
        assert func is not aten.lift_fresh.default, "a tensor of the processor's numbers is copied"
        self.calls += 1
        if func is aten._fused_adam_.tensor_lr:  # which is unknown for meta tensors
            assert all(tensor.is_meta for tensors in (*args, [kwargs["lr"]]) for tensor in tensors)
            return None
        found = func(*args, **(kwargs or {}))
        for tensor in found if isinstance(found, tuple | list) else (found,):
            if isinstance(tensor, Tensor):
                assert tensor.device.type == "meta", f"{func} makes a tensor on the processor"
                assert tensor.dtype not in self.refused, f"{func} gives {tensor.dtype}"
        return found


class NoPythonNumbers(TorchFunctionMode):
    """Fails where a tensor is made from numbers of Python, which the mode above does not see for meta tensors."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert func not in (torch.tensor, torch.as_tensor, torch.from_numpy, Tensor.new_tensor), f"{func} copies"
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("arithmetic", [None, torch.bfloat16])
def test_nothing_in_a_group_waits_for_the_device_or_copies_to_it(
    rule: OptimizerRule, arithmetic: torch.dtype | None
) -> None:
    advance = Grouped(training(rule, arithmetic, on="meta"), images(43, "meta"), 4, Unrecorded())
    with OnDevice() as watched, NoPythonNumbers():
        advance.take(4, 4)
        advance.take(1, 3)
    assert watched.calls > 300


@pytest.mark.parametrize(
    "careless",
    [
        lambda x: x.sum().item(),
        lambda x: x[x > 0],
        lambda x: x + torch.tensor([1.0], device=x.device),
        lambda x: x[torch.arange(2)],
        lambda x: x.new_tensor([1.0]),
    ],
)
def test_the_guard_sees_what_it_is_there_for(careless: Callable[[Tensor], object]) -> None:
    with pytest.raises((AssertionError, RuntimeError)), OnDevice(), NoPythonNumbers():
        careless(torch.zeros(3, device="meta"))


@pytest.mark.parametrize("rule", RULES)
def test_steps_without_float64_where_the_device_has_none(rule: OptimizerRule, monkeypatch: pytest.MonkeyPatch) -> None:
    """Single steps, as an Apple GPU takes them."""
    for module in (device, meter, operations):
        monkeypatch.setattr(module, "sum_type", lambda device: torch.float32, raising=False)
    one, part = training(rule, on="meta"), images(8, "meta")
    with OnDevice([torch.float64, torch.complex128]):
        one.step(*part.batch(0, 4))
    assert one.meter.loss.dtype == torch.float32


def test_words_from_a_number_on_the_device() -> None:
    for first in (0, 5, 2**40 + 3):
        assert torch.equal(random_words(2**63 - 9, torch.tensor(first), 7), random_words(2**63 - 9, first, 7))


def test_other_devices_take_single_steps() -> None:
    assert grouped(training(), images(43), 4) is None


class Late:
    """A reading that arrives when it is told to."""

    made: list[Late]

    def __init__(self, loss: Tensor, right: Tensor) -> None:
        self.read, self.there = (loss.item(), int(right.item())), False
        self.made.append(self)

    def is_there(self) -> bool:
        return self.there

    def values(self) -> tuple[float, int]:
        assert self.there, "it would have had to wait"
        return self.read


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> Meter:
    """A meter as on a GPU; it is always time for a report."""
    Late.made = []
    monkeypatch.setattr(Reading, "begun", Late)
    monkeypatch.setattr(meter, "_REPORTS_EVERY_S", 0.0)
    found = Meter(CPU)
    found.device = torch.device("cuda")
    return found


def test_on_a_gpu_progress_is_told_of_what_has_arrived(late: Meter) -> None:
    due = []
    for step in range(1, 5):
        late.add(torch.tensor(2.0 * step), torch.tensor(step), 4)
        if step == 3:
            Late.made[0].there = True
        late.check(1, steps=4)
        if late.is_due(4):
            figures = late.figures()
            due.append((step, figures.steps, figures.means()))
    assert due == [(3, 1, (0.5, 0.25)), (4, 4, (1.25, 0.625))]


def test_on_a_gpu_divergence_is_seen_when_it_has_arrived_and_at_the_end(late: Meter) -> None:
    nan, none = torch.tensor(float("nan")), torch.tensor(0)
    late.add(nan, none, 4)
    late.check(2, steps=9)
    late.add(nan, none, 4)
    late.check(2, steps=9)
    Late.made[0].there = True
    with pytest.raises(Diverged, match="the loss of epoch 2 at or before step 1 is not"):
        late.check(2, steps=9)
    with pytest.raises(Diverged, match="the loss of epoch 2 at or before step 2 is not"):
        late.check(2, steps=2)


def test_a_meter_is_renewed_in_place() -> None:
    old = Meter(CPU)
    old.add(torch.tensor(2.0), torch.tensor(1), 4)
    new = old.renewed()
    assert new.loss is old.loss and new.right is old.right
    assert (new.loss.item(), new.right.item(), new.seen, new.steps) == (0, 0, 0, 0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("arithmetic", [None, torch.bfloat16])
def test_graphs_give_the_bits_of_the_same_calls(rule: OptimizerRule, arithmetic: torch.dtype | None) -> None:
    part, found = images(43, "cuda"), []
    with deterministic(torch.device("cuda")):
        for recorder in (CudaGraphs(), Unrecorded()):
            one = training(rule, arithmetic, on="cuda")
            found.append((trained(one, part, 3, Grouped(one, part, 4, recorder)), everything(one)))
        assert grouped(one, part, 4) is not None
    (epochs, tensors), (other_epochs, others) = found
    assert epochs == other_epochs
    assert all(torch.equal(*pair) for pair in zip(tensors, others, strict=True))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_graphs_never_wait_within_an_epoch() -> None:
    part, one = images(43, "cuda"), training(RULES[2], on="cuda")
    advance = Grouped(one, part, 4, CudaGraphs())
    trained(one, part, 1, advance)
    advance()
    torch.cuda.set_sync_debug_mode("error")
    try:
        advance()
        one.meter.check(2, 99)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert counts(one) == (75, 19, 8, 32)
