"""Optimisers and the whole network against Keras 3 in float64, from the same weights and batches."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
if find_spec("keras") is None:
    pytest.skip("keras is not installed", allow_module_level=True)

import torch
from torch.nn import functional

from gradus.exact.layers import hw5_cnn
from gradus.runs.request import Optimizer
from gradus.training import optim
from gradus.training.loop import Training
from gradus.training.model import described, initialised, set_weights, weights_of
from gradus.training.recipes.hw5 import hw5

PEER = Path(__file__).with_name("keras_peer.py")


def keras_says(folder: Path, given: dict[str, Any]) -> dict[str, np.ndarray]:
    np.savez(folder / "in.npz", **given)
    subprocess.run([sys.executable, PEER, folder / "in.npz", folder / "out.npz"], check=True, timeout=120)
    return dict(np.load(folder / "out.npz"))


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_twenty_steps_of_an_optimiser(name: Optimizer, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    weight, gradients = rng.normal(size=(7, 3)), rng.normal(size=(20, 7, 3))
    gradients[3:6, 0] = 0  # entries that come to rest and go on
    expected = keras_says(tmp_path, {"optimizer": name, "weight0": weight, "gradients": gradients})["weights"]
    rule = hw5(10).optimizers[name]
    weights = [torch.from_numpy(weight.copy())]
    state = optim.initial_state(rule, weights)
    for gradient, after in zip(gradients, expected, strict=True):
        state = optim.step(rule, state, weights, [torch.from_numpy(gradient)])
        np.testing.assert_allclose(weights[0].numpy(), after, rtol=0, atol=1e-12)
    assert state.steps == 20


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_loss_gradients_and_weights_of_the_network(name: Optimizer, tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    network = initialised(hw5_cnn(), torch.Generator().manual_seed(7)).double()
    start = {key: value + 0.01 * rng.normal(size=value.shape) for key, value in weights_of(network).items()}
    set_weights(network, start)
    images, labels = rng.random((3, 4, 32, 32, 3)), rng.integers(0, 10, (3, 4))
    given: dict[str, Any] = {"optimizer": name, "images": images, "labels": labels}
    expected = keras_says(tmp_path, given | {f"weight{i}": value for i, value in enumerate(start.values())})

    batches = [
        (torch.from_numpy(x).permute(0, 3, 1, 2), torch.from_numpy(y)) for x, y in zip(images, labels, strict=True)
    ]
    loss = functional.cross_entropy(network(batches[0][0]), batches[0][1])
    assert loss.item() == pytest.approx(float(expected["loss"]), abs=1e-12)
    gradients = torch.autograd.grad(loss, list(network.parameters()))
    for i, gradient in enumerate(gradients):
        np.testing.assert_allclose(described(gradient).numpy(), expected[f"gradient{i}"], rtol=0, atol=1e-10)

    training = Training(network, hw5(10).optimizers[name], dropout=None)
    for batch in batches:
        training.step(*batch)
    for i, (key, weight) in enumerate(weights_of(network).items()):
        np.testing.assert_allclose(weight, expected[f"weight{i}"], rtol=0, atol=1e-10, err_msg=key)
