"""Optimisers and the whole network against Keras 3 in float64, from the same weights and batches."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from gradus.exact.networks.layers import hw5_cnn
from gradus.runs.request import Optimizer
from gradus.training import optim
from gradus.training.loop import Training
from gradus.training.model import described, initialised, set_weights, weights_of
from gradus.training.recipes.hw5 import hw5

pytestmark = pytest.mark.skipif(find_spec("keras") is None, reason="keras is not installed")

PEER = Path(__file__).with_name("keras_peer.py")
NAMES: tuple[Optimizer, ...] = ("sgd", "adam")


def single_weight() -> dict[str, Any]:
    rng = np.random.default_rng(5)
    gradients = rng.normal(size=(20, 7, 3))
    gradients[3:6, 0] = 0  # entries that come to rest and go on
    return {"weight0": rng.normal(size=(7, 3)), "gradients": gradients}


def batches() -> dict[str, Any]:
    """Three batches of four images, and a network's weights, none of them zero."""
    rng = np.random.default_rng(6)
    network = initialised(hw5_cnn(), torch.Generator().manual_seed(7))
    weights = [value + 0.01 * rng.normal(size=value.shape) for value in weights_of(network).values()]
    given = {"images": rng.random((3, 4, 32, 32, 3)), "labels": rng.integers(0, 10, (3, 4))}
    return given | {f"weight{i}": weight for i, weight in enumerate(weights)}


@pytest.fixture(scope="module")
def keras_says(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, Optimizer], dict[str, Any]]:
    """What Keras makes of both tasks with both optimisers, in one process, since it is slow to start."""
    folder = tmp_path_factory.mktemp("keras")
    tasks = {"weight": single_weight(), "network": batches()}
    cases = [(task, name) for task in tasks for name in NAMES]
    for task, name in cases:
        np.savez(folder / f"{task}-{name}.in.npz", optimizer=name, **tasks[task])
    subprocess.run([sys.executable, PEER, *sorted(folder.glob("*.in.npz"))], check=True, timeout=300)
    return {(task, name): dict(np.load(folder / f"{task}-{name}.out.npz")) for task, name in cases}


@pytest.mark.parametrize("name", NAMES)
def test_twenty_steps_of_an_optimiser(name: Optimizer, keras_says: dict[tuple[str, Optimizer], Any]) -> None:
    given, rule = single_weight(), hw5(10).optimizers[name]
    weights = [torch.from_numpy(given["weight0"])]
    state = optim.initial_state(rule, weights)
    for gradient, after in zip(given["gradients"], keras_says["weight", name]["weights"], strict=True):
        state = optim.step(rule, state, weights, [torch.from_numpy(gradient)])
        np.testing.assert_allclose(weights[0].numpy(), after, rtol=0, atol=1e-12)
    assert state.steps == 20


@pytest.mark.parametrize("name", NAMES)
def test_loss_gradients_and_weights_of_the_network(
    name: Optimizer, keras_says: dict[tuple[str, Optimizer], Any]
) -> None:
    given, expected = batches(), keras_says["network", name]
    network = initialised(hw5_cnn(), torch.Generator().manual_seed(7)).double()
    set_weights(network, {key: given[f"weight{i}"] for i, key in enumerate(weights_of(network))})
    pairs = zip(given["images"], given["labels"], strict=True)
    steps = [(torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(labels)) for images, labels in pairs]

    loss = functional.cross_entropy(network(steps[0][0]), steps[0][1])
    assert loss.item() == pytest.approx(float(expected["loss"]), abs=1e-12)
    gradients = torch.autograd.grad(loss, list(network.parameters()))
    for i, gradient in enumerate(gradients):
        np.testing.assert_allclose(described(gradient).numpy(), expected[f"gradient{i}"], rtol=0, atol=1e-10)

    training = Training(network, hw5(10).optimizers[name], dropout=None)
    for images, labels in steps:
        training.step(images, labels)
    for i, (key, weight) in enumerate(weights_of(network).items()):
        np.testing.assert_allclose(weight, expected[f"weight{i}"], rtol=0, atol=1e-10, err_msg=key)
