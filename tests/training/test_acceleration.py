"""How an accelerated training begins, goes through its images, and goes on."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from gradus.exact.networks.layers import Architecture, Conv2D, Dense, Flatten, MaxPool2D, output_shapes
from gradus.runs import RunRequest
from gradus.runs.files import write_whole
from gradus.training import checkpoint as checkpoints
from gradus.training import run
from gradus.training.acceleration import at_side, resized, side_at, start
from gradus.training.augmentation import Augmenter
from gradus.training.checkpoint import newest_checkpoint
from gradus.training.configuration import Acceleration, Augmentation, Muon
from gradus.training.dropout import Masks
from gradus.training.evaluation import DevicePart
from gradus.training.loop import Training, epochs_of, steps_of
from gradus.training.model import initialised, scaled
from gradus.training.recipes.fast import RUNGS, fast
from gradus.training.requests import asked
from gradus.training.stages import Rows
from training.fast import generator, numbers, operations
from training.outcomes import Killed, Outcome, outcome

# The beginning ------------------------------------------------------------------------------------------------------


def smooth(count: int, side: int = 32) -> Tensor:
    """Images whose neighbouring pixels are alike, as bytes."""
    values = torch.rand(count, 3, side // 4, side // 4, generator=generator(1))
    return functional.interpolate(values, (side, side), mode="bicubic").clamp(0, 1).mul(255).byte().permute(0, 2, 3, 1)


def test_the_first_convolution_whitens_and_others_hand_on_their_inputs() -> None:
    network, images = initialised(fast(10).architecture, generator(2)), smooth(60)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(7 if parameter.ndim > 1 else 0)
    start(network, images, generator(3))
    weights = network.layer_weights()
    first = weights["conv1"]
    whitened = functional.conv2d(scaled(images), first.gains, first.bias).detach().double()
    rows = whitened[:, :12].permute(0, 2, 3, 1).flatten(0, 2)
    assert rows.mean(0).abs().max() < 0.05
    covariance = rows.t() @ rows / len(rows)
    diagonal = covariance.diagonal()
    assert (covariance - covariance.diagonal().diag()).abs().max() < 0.02
    assert diagonal.max() < 1.01 and diagonal[0] > 0.99 and (diagonal.diff() < 1e-3).all()

    for name in ("conv2", "conv3", "conv4", "conv5", "conv6"):
        gains = weights[name].gains.detach()
        filters, channels = gains.shape[:2]
        same = min(filters, channels)
        x = numbers(4, 2, channels, 6, 6)
        assert torch.equal(
            functional.conv2d(x, gains, padding=1)[:, :same].round(decimals=5), x[:, :same].round(decimals=5)
        )
        drawn, limit = gains[same:], 1 / sqrt(channels * 9)
        if len(drawn):
            assert drawn.abs().max() <= limit
            assert drawn.std().item() == pytest.approx(limit / sqrt(3), rel=0.05)
    last = weights["dense1"].gains.detach()
    limit = 1 / sqrt(last.shape[1]) / 9
    assert limit * 0.95 < last.abs().max() <= limit
    assert all(weights[name].bias.abs().max() == 0 for name in weights if name != "conv1")  # type: ignore[union-attr]


def test_the_beginning_follows_from_generator_and_images() -> None:
    def started(seed: int, images: Tensor) -> dict[str, Tensor]:
        network = initialised(fast(10).architecture, generator(2))
        start(network, images, generator(seed))
        return {name: tensor.detach() for name, tensor in network.named_parameters()}

    images = smooth(20)
    one, same, other, elsewhere = started(3, images), started(3, images), started(4, images), started(3, images.flip(1))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert torch.equal(one["conv1.gains"], other["conv1.gains"]) and not torch.equal(
        one["dense1.gains"], other["dense1.gains"]
    )
    assert not torch.equal(one["conv1.gains"], elsewhere["conv1.gains"])
    assert torch.equal(one["conv3.gains"], elsewhere["conv3.gains"])


# Smaller images -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rung", RUNGS, ids=lambda rung: str(float(rung.accuracy)))
@pytest.mark.parametrize("side", [16, 20, 24, 28, 32])
def test_the_network_for_smaller_images_ends_in_one_place_too(rung: object, side: int) -> None:
    whole = fast(10, rung).architecture  # type: ignore[arg-type]
    small = at_side(whole, side)
    assert small.input_shape == (side, side, 3)
    assert [type(layer) for layer in small.layers] == [type(layer) for layer in whole.layers]
    shapes = output_shapes(small)
    end = next(number for number, layer in enumerate(small.layers) if isinstance(layer, Flatten))
    assert shapes[end - 1][:2] == (1, 1) and shapes[end] == output_shapes(whole)[end]
    changed = [number for number, pair in enumerate(zip(small.layers, whole.layers, strict=True)) if pair[0] != pair[1]]
    assert changed == ([] if small.layers[end - 1] == whole.layers[end - 1] else [end - 1])


def test_a_network_that_ends_otherwise_keeps_its_layers() -> None:
    layers = (Conv2D(4), MaxPool2D(), Flatten(), Dense(3, "softmax"))
    found = at_side(Architecture((8, 8, 3), layers), 6)
    assert found == Architecture((6, 6, 3), layers)


def test_sides_take_their_shares_of_the_run() -> None:
    sides = ((Fraction(3, 5), 24), (Fraction(2, 5), 32))
    for steps, small in ((5, 3), (10, 6), (7, 5), (1, 1)):
        assert [side_at(sides, step, steps, 32) for step in range(steps)] == [24] * small + [32] * (steps - small)
    assert side_at((), 3, 5, 30) == 30
    assert [side_at(((Fraction(1, 2), 16),), step, 4, 32) for step in range(4)] == [16, 16, 32, 32]
    assert side_at(sides, 5, 5, 32) == 32


@pytest.mark.parametrize("side", [24, 16, 31])
def test_images_are_made_smaller_as_by_pillow(side: int) -> None:
    images = torch.randint(0, 256, (4, 32, 32, 3), dtype=torch.uint8, generator=generator(5))
    found = resized(images, side)
    assert found.shape == (4, side, side, 3) and found.dtype == torch.uint8 and found.is_contiguous()
    for before, after in zip(images.numpy(), found.numpy(), strict=True):
        exact = np.asarray(Image.fromarray(before).resize((side, side), Image.Resampling.BILINEAR))
        assert np.abs(exact.astype(int) - after.astype(int)).max() <= 1
    assert torch.equal(resized(images, 32), images)
    assert (resized(torch.full((1, 32, 32, 3), 255, dtype=torch.uint8), side) == 255).all()


# Epochs -------------------------------------------------------------------------------------------------------------

TINY = Architecture((8, 8, 3), (Conv2D(4, (2, 2)), Conv2D(4), MaxPool2D(5), Flatten(), Dense(3, "softmax")))


def seen(
    key: int | None, count: int, batch_size: int, epochs: int, sides: tuple[tuple[Fraction, int], ...] = ()
) -> list[list[list[int]]]:
    """The images of each epoch's batches, by their numbers, which all their pixels show."""
    training = Training(initialised(TINY, generator(1)), Muon(), None, acceleration=Acceleration(sides), order_key=key)
    images = torch.arange(count, dtype=torch.uint8)[:, None, None, None].expand(-1, 8, 8, 3).contiguous()
    part = DevicePart(images, torch.arange(count) % 3)
    taken: list[list[int]] = []
    step = training.step

    def watched(images: Tensor, labels: Tensor, mirrored: Tensor | None = None) -> None:
        assert mirrored is None
        numbers = images[:, 0, 0, 0].tolist()
        assert (images == images[:, :1, :1, :1]).all() and labels.tolist() == [number % 3 for number in numbers]
        taken.append([*numbers, *[images.shape[1]][: bool(sides)]])
        step(images, labels)

    training.step = watched  # type: ignore[method-assign]
    found = []
    for _ in epochs_of(training, part, part.chosen(np.arange(2)), epochs, batch_size):
        found.append(list(taken))
        taken.clear()
    return found


def flat(lists: list[list[int]]) -> list[int]:
    return list(chain.from_iterable(lists))


def test_every_epoch_has_an_order_of_its_own_and_leaves_out_what_fills_no_batch() -> None:
    found = seen(key=11, count=23, batch_size=5, epochs=12)
    orders = [flat(epoch) for epoch in found]
    assert all(len(epoch) == 4 and all(len(batch) == 5 for batch in epoch) for epoch in found)
    assert all(len(set(order)) == 20 for order in orders) and len({tuple(order) for order in orders}) == 12
    assert len({frozenset(order) for order in orders}) > 6, "the same images are always left out"
    # Of twelve epochs an image is left out of 1.6 on average.
    assert min(Counter(flat(orders)).values()) >= 5 and len(Counter(flat(orders))) == 23
    assert all(order != list(range(20)) for order in orders)


def test_the_order_follows_from_key_and_epoch_alone() -> None:
    long = seen(key=11, count=23, batch_size=5, epochs=4)
    assert seen(key=11, count=23, batch_size=5, epochs=2) == long[:2]
    assert [flat(epoch)[:18] for epoch in seen(11, 23, 6, 3)] == [flat(epoch)[:18] for epoch in long[:3]]
    assert seen(key=12, count=23, batch_size=5, epochs=2) != long[:2]


def test_without_a_key_images_come_as_they_lie_with_the_rest_at_the_end() -> None:
    assert seen(key=None, count=7, batch_size=3, epochs=2) == [[[0, 1, 2], [3, 4, 5], [6]]] * 2
    assert (steps_of(7, 3, False), steps_of(7, 3, True), steps_of(6, 3, True), steps_of(6, 3, False)) == (3, 2, 2, 2)


def test_smaller_images_are_those_of_the_order() -> None:
    small = seen(11, 23, 5, 2, ((Fraction(3, 5), 6), (Fraction(2, 5), 8)))
    assert [[batch[:-1] for batch in epoch] for epoch in small] == seen(11, 23, 5, 2)
    assert [batch[-1] for epoch in small for batch in epoch] == [6] * 5 + [8] * 3


@pytest.mark.parametrize("key", [None, 11])
def test_what_one_epoch_mirrors_the_next_one_does_not(key: int | None) -> None:
    augmenter = Augmenter(Augmentation(shift=0, alternating=True), 7)
    training = Training(initialised(TINY, generator(1)), Muon(), None, augmenter, order_key=key)
    count, columns = 40, torch.arange(8, dtype=torch.uint8)[None, None, :, None]
    numbers = torch.arange(count, dtype=torch.uint8)[:, None, None, None].expand(-1, 8, 1, 3)
    images = torch.cat([numbers, columns[:, :, 1:].expand(count, 8, -1, 3)], 2).contiguous()  # the number stands left
    part = DevicePart(images, torch.zeros(count, dtype=torch.int64)).chosen(np.arange(3, count))
    taken: list[tuple[int, bool]] = []
    found = training.gradients.found

    def watched(rank: int, images: Tensor, labels: Tensor, rows: Rows, masks: Masks | None) -> tuple[Tensor, Tensor]:
        for image in images[:, 0, :, 0].tolist():
            mirrored = image[1:] != list(range(1, 8))
            assert image[:-1] == list(range(7, 0, -1)) if mirrored else image[1:] == list(range(1, 8))
            taken.append((image[-1 if mirrored else 0], mirrored))
        return found(rank, images, labels, rows, masks)

    training.gradients.found = watched  # type: ignore[method-assign]
    epochs = []
    for _ in epochs_of(training, part, part.chosen(np.arange(2)), 3, 37):
        epochs.append(dict(taken))
        taken.clear()
    assert [len(epoch) for epoch in epochs] == [37] * 3 and set(epochs[0]) == set(range(3, count))
    assert all(epochs[0][number] != epochs[1][number] == (not epochs[2][number]) for number in epochs[0])
    assert 8 <= sum(epochs[0].values()) <= 29


# Random changes -----------------------------------------------------------------------------------------------------


def by_definition(image: np.ndarray, down: int, across: int, mirrored: bool, edges: bool) -> np.ndarray:
    """Pixel (y, x) is that at (y + down, x + across): outside black, or what NumPy's padding by reflection has."""
    reach = max(abs(down), abs(across))
    around = [(reach, reach), (reach, reach), (0, 0)]
    wide = np.pad(image, around, mode="reflect") if edges else np.pad(image, around)
    height, width, _ = image.shape
    moved = wide[reach + down : reach + down + height, reach + across : reach + across + width]
    return moved[:, ::-1] if mirrored else moved


@pytest.mark.parametrize("fast_ones", [False, True])
@pytest.mark.parametrize("edges", [False, True])
@pytest.mark.parametrize("shift", [0, 1, 2])
def test_each_change_is_one_of_those_meant_and_all_occur_alike(fast_ones: bool, edges: bool, shift: int) -> None:
    count = 500
    before = torch.randint(1, 256, (count, 5, 6, 3), dtype=torch.uint8, generator=generator(6))
    rule = Augmentation(shift=shift, mirrored_edges=edges)
    after = Augmenter(rule, 7, operations(fast_ones)).augmented(before, 100)
    reach = range(-shift, shift + 1)
    ways = [(down, across, mirrored) for down in reach for across in reach for mirrored in (False, True)]
    found: Counter[tuple[int, int, bool]] = Counter()
    for one, other in zip(before.numpy(), after.numpy(), strict=True):
        (way,) = [way for way in ways if np.array_equal(by_definition(one, *way, edges), other)]
        found[way] += 1
    expected = count / len(ways)
    statistic = sum((found[way] - expected) ** 2 / expected for way in ways)
    assert statistic < len(ways) - 1 + 4 * sqrt(2 * (len(ways) - 1))
    assert set(found) == set(ways)


def test_the_kernels_change_the_same_bytes() -> None:
    images = torch.randint(0, 256, (50, 24, 24, 3), dtype=torch.uint8, generator=generator(8))
    for rule in (
        Augmentation(shift=2, mirrored_edges=True),
        Augmentation(shift=23, mirrored_edges=True),
        Augmentation(flip=False, shift=4),
        Augmentation(shift=1, cutout=9),
        Augmentation(flip=False, shift=0, cutout=31, mirrored_edges=True),
    ):
        one, other = (Augmenter(rule, 9, operations(fast)).augmented(images.clone(), 3) for fast in (False, True))
        assert torch.equal(one, other) and not torch.equal(one, images)


# Runs ---------------------------------------------------------------------------------------------------------------


def request(images: Path, **changes: object) -> RunRequest:
    """Three epochs of four steps; the images grow after eight of the twelve; 3 of 95 are left out."""
    found = asked("fast", str(images), epochs=3, device="cpu", precision="fp32", settings={"batch_size": 23})
    return replace(found, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def whole(shared_images: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A run that was left alone."""
    folder = tmp_path_factory.mktemp("whole")
    return outcome(run(request(shared_images), folder=folder), folder)


def test_equal_requests_give_equal_bits_and_other_seeds_others(
    whole: Outcome, shared_images: Path, tmp_path: Path
) -> None:
    record = run(request(shared_images), folder=tmp_path / "again")
    assert outcome(record, tmp_path / "again") == whole
    assert record.initial_weights["conv1.gains"] == record.final_weights["conv1.gains"]
    changed = {name for name, print in record.final_weights.items() if record.initial_weights[name] != print}
    assert changed == set(record.final_weights) - {"conv1.gains", "conv1.bias"}
    other = run(request(shared_images, seed=1))
    assert other.final_weights != record.final_weights


@pytest.mark.parametrize("writes", [1, 2, 6, 8, 11])
def test_a_run_that_was_killed_goes_on_to_the_same_bits(
    writes: int, whole: Outcome, shared_images: Path, tmp_path: Path
) -> None:
    """In the midst of an epoch, at its end, and before and after the images grow."""
    done = 0

    def write(file: Path, content: bytes) -> None:
        nonlocal done
        write_whole(file, content)
        done += 1
        if done == writes:
            raise Killed

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(checkpoints, "write_whole", write)
        run(request(shared_images), folder=tmp_path, checkpoint_every_s=0)
    found = newest_checkpoint(tmp_path)
    assert found is not None and found.facts.steps == writes
    assert {"running/conv2.mean", "running/conv6.variance", "velocity/conv3.gains"} < found.tensors.keys()
    said: list[str] = []
    assert outcome(run(request(shared_images), folder=tmp_path, on_message=said.append), tmp_path) == whole
    assert len(said) == 1 and said[0].startswith("the run goes on after epoch")


def test_two_processes_do_what_one_does_to_rounding(shared_images: Path) -> None:
    alone, shared = (run(request(shared_images, epochs=1), workers=workers) for workers in (1, 2))
    assert (alone.workers, shared.workers) == (1, 2)
    assert shared.epochs[0].training_loss == pytest.approx(alone.epochs[0].training_loss, rel=1e-3)
    assert shared.test_loss == pytest.approx(alone.test_loss, rel=0.01)
