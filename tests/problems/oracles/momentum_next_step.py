"""One iteration of momentum in NumPy on a random quadratic with a saddle point."""

from fractions import Fraction
from typing import Any

import numpy as np


def check(params: Any, answer: Any) -> None:
    factor, letter = answer.text.split("*")
    assert letter == params.velocity
    rng = np.random.default_rng(1)
    H = rng.normal(size=(4, 4))
    H = H + H.T
    saddle, a = rng.normal(size=4), rng.normal(size=4)
    w, v = saddle.copy(), a.copy()
    v = float(Fraction(params.mu.text)) * v - 0.01 * H @ (w - saddle)
    np.testing.assert_allclose(v, float(Fraction(factor)) * a, rtol=1e-14)
