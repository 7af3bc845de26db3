"""The iterations in fractions, and central differences of the risk for the gradient."""

from fractions import Fraction
from typing import Any


def check(params: Any, answer: Any) -> None:
    Q = [[Fraction(x.text) for x in row] for row in params.hessian.rows]
    n = len(Q)
    centre = [Fraction(0)] * n if params.stationary_point is None else numbers(params.stationary_point)
    mu, rate = Fraction(params.mu.text), Fraction(params.learning_rate.text)

    def risk(w: list[Fraction]) -> Fraction:
        u = [a - b for a, b in zip(w, centre, strict=True)]
        return sum((Q[i][j] * u[i] * u[j] for i in range(n) for j in range(n)), Fraction(0)) / 2

    w, v = numbers(params.start), [Fraction(0)] * n if params.velocity is None else numbers(params.velocity)
    for _ in range(params.iterations):
        at = w if params.method == "momentum" else [a + mu * b for a, b in zip(w, v, strict=True)]
        slope = [(risk(moved(at, i, 1)) - risk(moved(at, i, -1))) / 2 for i in range(n)]
        v = [mu * b - rate * g for b, g in zip(v, slope, strict=True)]
        w = [a + b for a, b in zip(w, v, strict=True)]
    assert numbers(answer.parts["w"].value) == w
    assert numbers(answer.parts["v"].value) == v


def moved(w: list[Fraction], i: int, step: int) -> list[Fraction]:
    return [x + (step if i == j else 0) for j, x in enumerate(w)]


def numbers(vector: Any) -> list[Fraction]:
    return [Fraction(x.text) for x in vector]
