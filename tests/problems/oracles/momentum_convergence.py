"""A long run of momentum with 250 digits; where the velocity is left open, with a part along every eigenvector."""

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np


def check(params: Any, answer: Any) -> None:
    Q = hessian(params)
    n = len(Q)
    centre = vector(params.stationary_point, [0] * n)
    start = vector(params.start, centre)
    open_velocity = np.linalg.eigh(np.array(Q, dtype=float))[1] @ np.ones(n)
    velocity = vector(params.velocity, [0] * n if params.start is not None else list(map(Fraction, open_velocity)))
    mu, rate = Fraction(params.mu.text), Fraction(params.learning_rate.text)
    assert answer.value is comes_back(Q, [a - b for a, b in zip(start, centre, strict=True)], velocity, mu, rate)


def comes_back(Q: Any, away: Any, velocity: Any, mu: Fraction, rate: Fraction) -> bool:
    """400 iterations with 250 digits, since a start on the stable direction amplifies rounding at every iteration."""
    mpmath.mp.dps = 250
    A = [[ratio(rate * x) for x in row] for row in Q]
    u, v, m = [ratio(x) for x in away], [ratio(x) for x in velocity], ratio(mu)
    largest = max(map(abs, (*u, *v)))
    for _ in range(400):
        v = [m * b - sum(a * x for a, x in zip(row, u, strict=True)) for row, b in zip(A, v, strict=True)]
        u = [a + b for a, b in zip(u, v, strict=True)]
    return bool(max(map(abs, u)) < largest / 10**6)


def ratio(x: Any) -> Any:
    return mpmath.mpf(Fraction(x).numerator) / Fraction(x).denominator


def hessian(params: Any) -> list[list[Fraction]]:
    if params.hessian is not None:
        return [[Fraction(x.text) for x in row] for row in params.hessian.rows]
    values = vector(params.curvatures, [1, -1])
    return [[x if i == j else Fraction(0) for j in range(len(values))] for i, x in enumerate(values)]


def vector(given: Any, otherwise: Any) -> list[Fraction]:
    return [Fraction(x) for x in otherwise] if given is None else [Fraction(x.text) for x in given]
