"""Optimisers, the whole network in the training loop, and what an epoch reports, against Keras 3."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from fractions import Fraction
from importlib.util import find_spec
from itertools import combinations, product
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from gradus.exact.networks.layers import Architecture, Conv2D, Dense, Dropout, Flatten, MaxPool2D, hw5_cnn
from gradus.runs.request import Optimizer
from gradus.training import optim
from gradus.training.configuration import Adam
from gradus.training.dropout import Masks
from gradus.training.evaluation import DevicePart
from gradus.training.loop import Training, epochs_of
from gradus.training.model import described, initialised, scaled, set_weights, weights_of
from gradus.training.recipes.hw5 import hw5
from gradus.training.team import Team
from training.fast import operations, team_of

PEER = Path(__file__).with_name("keras_peer.py")
NAMES: tuple[Optimizer, ...] = ("sgd", "adam")
STEPS = 20
SMALL = Architecture((8, 9, 3), (Conv2D(4, (2, 3), "same"), MaxPool2D(), Flatten(), Dense(5, "softmax")))

Given: TypeAlias = dict[str, Any]
Answers: TypeAlias = dict[tuple[str, Optimizer, str], Given]


def single_weight() -> Given:
    rng = np.random.default_rng(5)
    gradients = rng.normal(size=(STEPS, 7, 3))
    gradients[3:6, 0] = 0  # entries that come to rest and go on
    return {"weight0": rng.normal(size=(7, 3)), "gradients": gradients}


def batches() -> Given:
    """Twenty batches of four images, and weights of hw5's network, none of them zero."""
    rng = np.random.default_rng(6)
    images = rng.integers(0, 256, (STEPS, 4, 32, 32, 3), dtype=np.uint8)
    return {"images": images, "labels": rng.integers(0, 10, (STEPS, 4))} | start(hw5_cnn(), rng)


def few_images() -> Given:
    """27 images to train on and ten to validate on, that can be told apart, and weights of a small network."""
    rng = np.random.default_rng(7)
    labels = rng.integers(0, 5, 37)
    images = rng.integers(0, 100, (37, 8, 9, 3)) + 30 * labels[:, None, None, None]
    return {"images": images.astype(np.uint8), "labels": labels} | start(SMALL, rng)


def start(architecture: Architecture, rng: np.random.Generator) -> Given:
    network = initialised(architecture, torch.Generator().manual_seed(7))
    return {
        f"weight{i}": value + 0.01 * rng.normal(size=value.shape)
        for i, value in enumerate(weights_of(network).values())
    }


TASKS = {"weight": single_weight, "network": batches, "epochs": few_images}
CASES = [*product(TASKS, NAMES, ["float64"]), *product(["network"], NAMES, ["float32"])]


@pytest.fixture(scope="module")
def keras_says(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Keras' answers to all tasks, in one process, since it is slow to start."""
    if find_spec("keras") is None:
        pytest.skip("Keras is not installed")
    folder = tmp_path_factory.mktemp("keras")
    files = {case: folder / f"{'-'.join(case)}.in.npz" for case in CASES}
    for (task, name, dtype), file in files.items():
        np.savez(file, task=task, optimizer=name, dtype=dtype, **TASKS[task]())
    subprocess.run([sys.executable, PEER, *files.values()], check=True, timeout=300)
    return {case: dict(np.load(file.with_name(f"{'-'.join(case)}.out.npz"))) for case, file in files.items()}


def begun(
    architecture: Architecture, given: Given, name: Optimizer, dtype: torch.dtype, team: Team | None = None
) -> Training:
    """A training without dropout, from the given weights; a team uses the kernels."""
    network = initialised(architecture, torch.Generator()).to(dtype)
    set_weights(network, {key: given[f"weight{i}"] for i, key in enumerate(weights_of(network))})
    if team is None:
        return Training(network, hw5(10).optimizers[name], masks=None)
    return Training(network, hw5(10).optimizers[name], masks=None, team=team, operations=operations(True))


@contextmanager
def gradients_seen(training: Training) -> Iterator[list[list[Tensor]]]:
    """The gradients that the loop hands to the optimiser, step by step, weight by weight."""
    seen: list[list[Tensor]] = []
    real = optim.step

    def step(rule: Any, state: Any, weights: Any, gradients: Sequence[Tensor]) -> Any:
        (whole,) = gradients
        seen.append([gradient.clone() for gradient in training.parameters.views(whole)])
        return real(rule, state, weights, gradients)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optim, "step", step)
        yield seen


def some_of(tensors: Sequence[Tensor]) -> np.ndarray:
    """As in the peer."""
    entries = [described(tensor.detach()).numpy().ravel() for tensor in tensors]
    return np.concatenate([entry[:: max(1, entry.size // 1000)] for entry in entries])


@pytest.mark.parametrize("name", NAMES)
def test_twenty_steps_of_an_optimiser(name: Optimizer, keras_says: Answers) -> None:
    given, rule = single_weight(), hw5(10).optimizers[name]
    weights = [torch.from_numpy(given["weight0"])]
    state = optim.initial_state(rule, weights)
    for gradient, after in zip(given["gradients"], keras_says["weight", name, "float64"]["weights"], strict=True):
        state = optim.step(rule, state, weights, [torch.from_numpy(gradient)])
        np.testing.assert_allclose(weights[0].numpy(), after, rtol=0, atol=1e-12)
    assert state.steps == STEPS


@pytest.mark.parametrize("name", NAMES)
def test_losses_gradients_and_weights_of_twenty_steps_of_the_network(name: Optimizer, keras_says: Answers) -> None:
    given, expected = batches(), keras_says["network", name, "float64"]
    training = begun(hw5_cnn(), given, name, torch.float64)
    before = 0.0
    with gradients_seen(training) as gradients:
        for i, (images, labels) in enumerate(zip(given["images"], given["labels"], strict=True)):
            training.step(torch.from_numpy(images), torch.from_numpy(labels))
            sum_so_far = training.meter.loss.item()
            assert (sum_so_far - before) / 4 == pytest.approx(expected["losses"][i], abs=1e-10)
            before = sum_so_far
            np.testing.assert_allclose(some_of(gradients[i]), expected["gradients"][i], rtol=0, atol=1e-10)
            np.testing.assert_allclose(some_of(training.weights), expected["weights"][i], rtol=0, atol=1e-10)
    for i, (key, weight) in enumerate(weights_of(training.network).items()):
        assert weight.dtype == np.float64 and np.abs(weight - given[f"weight{i}"]).max() > 1e-3
        np.testing.assert_allclose(weight, expected[f"weight{i}"], rtol=0, atol=1e-10, err_msg=key)


# What was measured stands in docs/training.md; these bounds leave room for other processors.  Adam moves a weight by
# its full rate even where the gradient is nothing but rounding, so that a few weights go their own way.
@pytest.mark.parametrize(("name", "largest", "rms"), [("sgd", 1e-5, 1e-7), ("adam", 2e-2, 3e-4)])
@pytest.mark.parametrize("threads", [None, 2])
def test_the_deviation_of_single_precision(
    name: Optimizer, largest: float, rms: float, threads: int | None, keras_says: Answers
) -> None:
    given, exact, theirs = batches(), keras_says["network", name, "float64"], keras_says["network", name, "float32"]
    sums = [0.0]
    with nullcontext() if threads is None else team_of(threads) as team:
        training = begun(hw5_cnn(), given, name, torch.float32, team)
        for images, labels in zip(given["images"], given["labels"], strict=True):
            training.step(torch.from_numpy(images), torch.from_numpy(labels))
            sums.append(training.meter.loss.item())
    ours = weights_of(training.network)
    assert all(weight.dtype == np.float32 for weight in ours.values())
    runs = {
        "gradus in fp32": (np.diff(sums) / 4, flat(ours.values())),
        "Keras in fp32": (theirs["losses"], flat(theirs[f"weight{i}"] for i in range(12))),
        "fp64": (exact["losses"], flat(exact[f"weight{i}"] for i in range(12))),
    }
    for one, other in combinations(runs, 2):
        loss, weight = (np.abs(a - b) for a, b in zip(runs[one], runs[other], strict=True))
        root = float(np.sqrt((weight**2).mean()))
        print(f"{name}: {one} - {other}: loss {loss.max():.1e}, weights {weight.max():.1e}, rms {root:.1e}")
        assert 0 < weight.max() < largest and root < rms and loss.max() < 1e-2


def flat(weights: Iterable[np.ndarray]) -> np.ndarray:
    return np.concatenate([weight.ravel() for weight in weights]).astype(np.float64)


@pytest.mark.parametrize("name", NAMES)
def test_an_epoch_reports_what_fit_reports(name: Optimizer, keras_says: Answers) -> None:
    """Loss and accuracy run over the images of all batches, the small one too, each from before its step."""
    given, expected = few_images(), keras_says["epochs", name, "float64"]
    training = begun(SMALL, given, name, torch.float64)
    part = DevicePart(torch.from_numpy(given["images"]), torch.from_numpy(given["labels"]))
    halves = (part.chosen(np.arange(27)), part.chosen(np.arange(27, 37)))
    for i, epoch in enumerate(epochs_of(training, *halves, epochs=3, batch_size=8)):
        assert epoch.training_loss == pytest.approx(expected["loss"][i], abs=1e-6)
        assert epoch.validation_loss == pytest.approx(expected["val_loss"][i], abs=1e-6)
        assert epoch.training_accuracy == pytest.approx(expected["accuracy"][i], abs=1e-6)
        assert epoch.validation_accuracy == pytest.approx(expected["val_accuracy"][i], abs=1e-6)
    assert 0 < expected["accuracy"][0] != expected["accuracy"][-1]


def test_training_accuracy_runs_along_with_dropout_on() -> None:
    """Loss and accuracy of an epoch are those that each batch had before its step, with the masks of that step."""
    rng = np.random.default_rng(8)
    architecture = replace(SMALL, layers=(*SMALL.layers[:-1], Dropout(Fraction(1, 2)), SMALL.layers[-1]))
    training = Training(initialised(architecture, torch.Generator().manual_seed(1)), Adam(), Masks(2))
    images = torch.from_numpy(rng.integers(0, 256, (27, 8, 9, 3), dtype=np.uint8))
    part = DevicePart(images, torch.from_numpy(rng.integers(0, 5, 27)))
    twin = initialised(architecture, torch.Generator().manual_seed(1))
    state = optim.initial_state(Adam(), list(twin.parameters()))
    loss_sum = right = 0.0
    for start in range(0, 27, 8):
        batch, labels = part.batch(start, 8)
        logits = twin(scaled(batch), Masks(2, first=start))
        loss = functional.cross_entropy(logits, labels)
        loss_sum += loss.item() * len(labels)
        right += (logits.argmax(1) == labels).sum().item()
        gradients = torch.autograd.grad(loss, list(twin.parameters()))
        state = optim.step(Adam(), state, list(twin.parameters()), gradients)
    (epoch,) = epochs_of(training, part, part, epochs=1, batch_size=8)
    assert epoch.training_loss == pytest.approx(loss_sum / 27, rel=1e-5)
    assert epoch.training_accuracy == pytest.approx(right / 27, abs=1e-12)
    logits = twin(scaled(images))  # validation: after the epoch, with dropout off
    assert epoch.validation_accuracy == pytest.approx((logits.argmax(1) == part.labels).double().mean().item())
    assert epoch.validation_loss != pytest.approx(epoch.training_loss, rel=0.01)
