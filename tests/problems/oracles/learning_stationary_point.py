"""Central differences of the classifier in NumPy at w = 0."""

from itertools import pairwise
from typing import Any

import numpy as np


def check(params: Any, answer: Any) -> None:
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
