"""Central differences of the classifier in NumPy at w = 0; of a given network, differences to both sides."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np


def check(params: Any, answer: Any) -> None:
    if params.network is not None:
        for name, biases in (("without_biases", False), ("with_biases", True)):
            assert answer.parts[name].value is bool(steepest_side(params, biases) < 1e-3), name
        return
    layers = 2 if params.hidden_layers is None else params.hidden_layers
    x = np.zeros(3) if params.input_zero else np.array([1.5, -2.0, 0.5])
    sizes = [3, *([4] * layers), params.classes or 2]
    for name, biases in (("without_biases", False), ("with_biases", True)):
        assert answer.parts[name].value is bool(steepest(x, sizes, biases) < 1e-3), name


def steepest(x: np.ndarray, sizes: list[int], biases: bool) -> float:
    """The largest difference quotient in any weight, and along 20 random directions."""
    count = sum(n * m + (n if biases else 0) for m, n in pairwise(sizes))
    rng = np.random.default_rng(0)
    directions = [*np.eye(count), *(d / np.linalg.norm(d) for d in rng.normal(size=(20, count)))]
    step = 1e-5
    return max(np.abs(f(x, sizes, biases, step * d) - f(x, sizes, biases, -step * d)).max() / step for d in directions)


def f(x: np.ndarray, sizes: list[int], biases: bool, weights: np.ndarray) -> np.ndarray:
    taken, value = 0, x
    for k, (m, n) in enumerate(pairwise(sizes), start=1):
        z = weights[taken : taken + n * m].reshape(n, m) @ value
        taken += n * m
        if biases:
            z, taken = z + weights[taken : taken + n], taken + n
        value = np.maximum(z, 0) if k < len(sizes) - 1 else np.exp(z) / np.exp(z).sum()
    return value


def steepest_side(params: Any, biases: bool) -> float:
    """The largest one-sided difference quotient in any weight that counts, and along 20 random directions."""
    mapping = params.network.as_mapping()
    flat, counts = [], []
    for layer in mapping["layers"]:
        for neuron in layer["neurons"]:
            flat += [*map(float, map(Fraction, neuron["gains"])), float(Fraction(neuron["bias"]))]
            counts += [1.0] * len(neuron["gains"]) + [float(biases)]
    weights, mask = np.array(flat), np.array(counts)
    rng = np.random.default_rng(1)
    directions = [*np.eye(len(mask)), *(d / np.linalg.norm(d) for d in rng.normal(size=(20, len(mask))))]
    step, start = 1e-6, measured(params, mapping, weights)
    return max(
        np.abs(measured(params, mapping, weights + side * step * mask * d) - start).max() / step
        for d in directions
        for side in (1, -1)
    )


def measured(params: Any, mapping: Any, weights: np.ndarray) -> np.ndarray:
    """The outputs, or the squared loss."""
    taken, value = 0, np.array([float(Fraction(x.text)) for x in params.input])
    for layer in mapping["layers"]:
        n, m = len(layer["neurons"]), len(value)
        table = weights[taken : taken + n * (m + 1)].reshape(n, m + 1)
        taken += n * (m + 1)
        z = table[:, :-1] @ value + table[:, -1]
        if layer["activation"] == "softmax":
            value = np.exp(z) / np.exp(z).sum()
        else:
            value = np.maximum(z, 0) if layer["activation"] == "relu" else z
    if params.target is None:
        return value
    target = np.array([float(Fraction(t.text)) for t in params.target])
    assert params.loss == "squared"
    return np.array([((value - target) ** 2).sum() / 2])
