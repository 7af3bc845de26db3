"""Nesterov's form and Adam beside momentum, on the same quadratic with the same learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.momentum.descent import Descent
from gradus.exact.momentum.paths import Point, adam

ADAM_NOTE = "Adam has no velocity of its own: where the start is stationary, it begins after momentum's first step."


def nesterov(descent: Descent) -> Descent:
    """The same descent with the gradient at w + mu v."""
    return replace(descent, method="nesterov")


def adam_path(descent: Descent, iterations: int) -> tuple[Point, ...]:
    """Adam's weights relative to the stationary point, in floating point; the start is momentum's.

    A stationary point is one for Adam too, so that from there the first step is momentum's.

    >>> from gradus.exact.linear_algebra.matrices import Matrix, Vector
    >>> from gradus.exact.momentum.descent import Quadratic
    >>> from gradus.exact.numbers.number import Number
    >>> bowl = Quadratic.around_zero(Matrix.of("2"))
    >>> run = Descent(bowl, Number.of("1/2"), Number.of("1/10"), Vector.of("1"), Vector.of("0"))
    >>> [round(w[0], 3) for w in adam_path(run, 2)]
    [1.0, 0.9, 0.8]
    """
    hessian = [[float(x) for x in row] for row in descent.quadratic.hessian.rows]
    centre = descent.quadratic.stationary_point

    def gradient(w: Sequence[float]) -> list[float]:
        return [sum(a * x for a, x in zip(row, w, strict=True)) for row in hessian]

    start = descent.start
    begun: list[Point] = []
    if iterations and not descent.quadratic.gradient(start):
        begun, start = [_floats(start - centre)], descent.path(1)[1].weights
    return (*begun, *adam(gradient, _floats(start - centre), float(descent.learning_rate), iterations - len(begun)))


def compared_paths(descent: Descent, iterations: int) -> dict[str, list[Point]]:
    """The paths of Nesterov's form and of Adam, relative to the stationary point."""
    centre = descent.quadratic.stationary_point
    states = nesterov(descent).path(iterations)
    return {
        "Nesterov": [_floats(state.weights - centre) for state in states],
        "Adam": list(adam_path(descent, iterations)),
    }


def _floats(vector: Vector) -> Point:
    return tuple(float(x) for x in vector)
