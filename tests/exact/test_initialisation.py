"""What training from zeros changes, against a real training loop."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from gradus.errors import InputError
from gradus.exact.learnability.initialisation import Tensor, gradients_from_zero, zero_start
from gradus.exact.linear_algebra.matrices import Vector

CASES = [(layers, biases, relu) for layers in range(4) for biases in (True, False) for relu in (True, False)]


@pytest.mark.parametrize(("hidden_layers", "biases", "relu"), CASES)
def test_tensors_that_are_frozen_stay_bit_identical_in_training(hidden_layers: int, biases: bool, relu: bool) -> None:
    torch = pytest.importorskip("torch")
    changed = trained(torch, hidden_layers, biases, relu)
    claimed = zero_start(hidden_layers, biases, relu)
    assert {t.text for t in claimed.learning} == {name for name, moved in changed.items() if moved}
    assert {t.text for t in claimed.frozen} == {name for name, moved in changed.items() if not moved}


def trained(torch: Any, hidden_layers: int, biases: bool, relu: bool, zero_inputs: bool = False) -> dict[str, bool]:
    """Which tensors differ in any bit from their zeros after 12 steps of momentum on random data."""
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(30, 5, generator=generator) * (0.0 if zero_inputs else 1.0)
    labels = torch.randint(0, 2, (30,), generator=generator)  # of three classes, so the classes' shares differ
    sizes = [5, *([4] * hidden_layers), 3]
    modules: list[Any] = []
    for k, (m, n) in enumerate(pairwise(sizes), start=1):
        linear = torch.nn.Linear(m, n, bias=biases)
        for parameter in linear.parameters():
            torch.nn.init.zeros_(parameter)
        modules += [linear] + ([torch.nn.ReLU()] if relu or k < len(sizes) - 1 else [])
    network = torch.nn.Sequential(*modules)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.5, momentum=0.9)
    for step in range(12):
        optimizer.zero_grad()
        batch = slice(10 * (step % 3), 10 * (step % 3) + 10)
        torch.nn.functional.cross_entropy(network(x[batch]), labels[batch]).backward()
        optimizer.step()
    linears = [module for module in network if isinstance(module, torch.nn.Linear)]
    changed = {}
    for k, linear in enumerate(linears, start=1):
        for role, tensor in (("gains", linear.weight), ("biases", linear.bias)):
            if tensor is not None:
                changed[f"{role} of layer {k}"] = bool((tensor != 0).any())
    return changed


def test_zero_inputs_freeze_the_gains_even_without_a_hidden_layer() -> None:
    torch = pytest.importorskip("torch")
    changed = trained(torch, 0, biases=True, relu=False, zero_inputs=True)
    claimed = zero_start(0, input_zero=True)
    assert (
        {t.text for t in claimed.learning}
        == {name for name, moved in changed.items() if moved}
        == {"biases of layer 1"}
    )


@pytest.mark.parametrize("hidden_layers", [0, 1, 2])
@pytest.mark.parametrize("relu", [True, False])
def test_exact_gradients_agree_with_torch(hidden_layers: int, relu: bool) -> None:
    torch = pytest.importorskip("torch")
    sizes, x, label = (2, *([3] * hidden_layers), 3), Vector.of("2, -1/2"), 1
    p = Vector.of("1/3, 1/3, 1/3") if relu else Vector.of("1/2, 1/3, 1/6")
    tensors = {}
    value = torch.tensor([float(e) for e in x], dtype=torch.float64)
    for k, (m, n) in enumerate(pairwise(sizes), start=1):
        gains = torch.zeros(n, m, dtype=torch.float64, requires_grad=True)
        bias = torch.zeros(n, 1, dtype=torch.float64)
        if k == len(sizes) - 1 and not relu:
            bias = torch.log(torch.tensor([[float(e)] for e in p], dtype=torch.float64))
        bias.requires_grad_()
        tensors[Tensor(k, "gains")], tensors[Tensor(k, "biases")] = gains, bias
        value = gains @ value + bias[:, 0]
        value = torch.relu(value) if relu or k < len(sizes) - 1 else value
    (-torch.log_softmax(value, 0)[label]).backward()
    exact = gradients_from_zero(sizes, x, label, p, relu)
    assert exact.keys() == tensors.keys()
    for tensor, gradient in exact.items():
        given = [[float(e) for e in row] for row in gradient.rows]
        np.testing.assert_allclose(given, tensors[tensor].grad.numpy(), atol=1e-14)


def test_the_claim_is_what_the_recursion_finds_for_any_probabilities() -> None:
    for hidden_layers in range(4):
        sizes = (2, *([3] * hidden_layers), 3)
        for p in ("1/3, 1/3, 1/3", "1/2, 1/3, 1/6", "1/100, 1/100, 98/100"):
            gradients = gradients_from_zero(sizes, Vector.of([1, -2]), 2, Vector.of(p))
            assert {t for t, g in gradients.items() if g} == set(zero_start(hidden_layers).learning)


@pytest.mark.parametrize(
    ("sizes", "x", "label", "p", "message"),
    [
        ((2,), "1 2", 0, "1/2, 1/2", "sizes"),
        ((2, 0, 2), "1 2", 0, "1/2, 1/2", "sizes"),
        ((2, 2), "1 2 3", 0, "1/2, 1/2", "must have 2 entries"),
        ((2, 2), "1 2", 2, "1/2, 1/2", "from 0 to 1"),
        ((2, 2), "1 2", 0, "1/2, 1/3", "with the sum 1"),
        ((2, 2), "1 2", 0, "1, 0", "positive"),
    ],
)
def test_wrong_arguments_are_explained(sizes: tuple[int, ...], x: str, label: int, p: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        gradients_from_zero(sizes, Vector.of(x), label, Vector.of(p))


def test_a_negative_number_of_layers_is_refused() -> None:
    with pytest.raises(InputError, match="0 or more"):
        zero_start(-1)
