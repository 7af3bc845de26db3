"""A long run of momentum in NumPy, started in the stationary point."""

from fractions import Fraction
from typing import Any

import numpy as np


def check(params: Any, answer: Any) -> None:
    curvatures = np.array([float(Fraction(c.text)) for c in params.curvatures])
    n = len(curvatures)
    v = np.ones(n) if params.velocity is None else np.array([float(Fraction(x.text)) for x in params.velocity])
    mu, rate = float(Fraction(params.mu.text)), float(Fraction(params.learning_rate.text))
    w, largest = np.zeros(n), np.abs(v).max()
    for _ in range(3000):
        v = mu * v - rate * curvatures * w
        w = w + v
        if np.abs(w).max() > 1e12 * largest:
            break
    assert answer.value is bool(np.abs(w).max() < 1e-6 * largest)
