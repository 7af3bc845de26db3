"""Momentum, Nesterov's form and Adam in floating point, for any function whose gradient is a Python callable.

What a run shows here is no proof.  Near a stationary point the second derivatives decide, and the verdict that they
give is a local one: it holds for starts near enough, and says nothing about where iterates go that leave.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot, isfinite, sqrt
from typing import Literal, TypeAlias

from gradus.errors import InputError
from gradus.exact.momentum.directions import Method

Point: TypeAlias = tuple[float, ...]
Gradient: TypeAlias = Callable[[Point], Sequence[float]]

DIFFERENCE = 1e-4
"""Half the distance of central differences, relative to the size of the coordinate or 1."""

CLOSE = 1e-5
"""alpha lambda closer than this to the edge of a case decides nothing, since differences have errors."""

LocalAnswer: TypeAlias = Literal["comes back", "leaves", "undecided"]


@dataclass(frozen=True)
class LocalVerdict:
    """What the second derivatives at a stationary point say about iterates that start near it.

    Attributes:
        answer: ``comes back`` from everywhere near; ``leaves`` from almost everywhere near; ``undecided`` where a
            curvature is 0, or at the edge of stability, as far as the differences show.
        curvatures: the eigenvalues of the estimated Hessian, descending.
    """

    answer: LocalAnswer
    curvatures: Point
    scope: Literal["local"] = "local"


def descend(
    gradient: Gradient,
    start: Sequence[float],
    velocity: Sequence[float],
    learning_rate: float,
    mu: float,
    iterations: int,
    method: Method = "momentum",
) -> tuple[Point, ...]:
    """The weights of v <- mu v - alpha g, w <- w + v, the start first; the path ends where a number is not finite.

    Raises:
        InputError: the constants are outside their range, or the lengths differ.

    >>> path = descend(lambda w: (4 * w[0] ** 3,), (1.0,), (0.0,), 0.1, 0.5, 3)
    >>> [round(w[0], 4) for w in path]
    [1.0, 0.6, 0.3136, 0.1581]
    """
    _check(learning_rate, iterations, mu)
    w, v = _point("start", start), _point("velocity", velocity)
    if len(w) != len(v):
        raise InputError("velocity", velocity, f"must have {len(w)} entries", "give start and velocity one length")
    path = [w]
    for _ in range(iterations):
        at = w if method == "momentum" else tuple(a + mu * b for a, b in zip(w, v, strict=True))
        slope = _slope(gradient, at)
        v = tuple(mu * b - learning_rate * g for b, g in zip(v, slope, strict=True))
        w = tuple(a + b for a, b in zip(w, v, strict=True))
        if not all(map(isfinite, w)):
            break
        path.append(w)
    return tuple(path)


def adam(
    gradient: Gradient,
    start: Sequence[float],
    learning_rate: float,
    iterations: int,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
) -> tuple[Point, ...]:
    """The weights of Adam as Keras computes them, the start first.

    m <- m + (1 - beta_1)(g - m), s <- s + (1 - beta_2)(g^2 - s), and
    w <- w - alpha sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(s) + epsilon).

    Raises:
        InputError: the constants are outside their range.

    >>> [round(w[0], 4) for w in adam(lambda w: (2 * w[0],), (1.0,), 0.1, 3)]
    [1.0, 0.9, 0.8004, 0.7016]
    """
    _check(learning_rate, iterations, beta_1, beta_2)
    w = _point("start", start)
    m, s = (0.0,) * len(w), (0.0,) * len(w)
    path = [w]
    for t in range(1, iterations + 1):
        g = _slope(gradient, w)
        m = tuple(a + (1 - beta_1) * (b - a) for a, b in zip(m, g, strict=True))
        s = tuple(a + (1 - beta_2) * (b * b - a) for a, b in zip(s, g, strict=True))
        rate = learning_rate * sqrt(1 - beta_2**t) / (1 - beta_1**t)
        w = tuple(x - rate * a / (sqrt(b) + epsilon) for x, a, b in zip(w, m, s, strict=True))
        if not all(map(isfinite, w)):
            break
        path.append(w)
    return tuple(path)


def local_verdict(
    gradient: Gradient, point: Sequence[float], learning_rate: float, mu: float, method: Method = "momentum"
) -> LocalVerdict:
    """Whether iterates that start near a stationary point come back to it, by the Hessian there.

    Args:
        gradient: of a twice differentiable function.
        point: the stationary point.

    Raises:
        InputError: the gradient at the point is not 0, or the constants are outside their range.

    >>> local_verdict(lambda w: (w[0] - w[0] ** 3, -w[1]), (0.0, 0.0), 0.1, 0.9).answer
    'leaves'
    >>> local_verdict(lambda w: (4 * w[0] ** 3,), (0.0,), 0.1, 0.9).answer
    'undecided'
    """
    _check(learning_rate, 0, mu)
    at = _point("point", point)
    slope, hessian = _slope(gradient, at), _differences(gradient, at)
    size = max((abs(x) for row in hessian for x in row), default=0.0)
    if hypot(*slope) > 1e-6 * max(1.0, size):
        rule = f"is not stationary: the gradient there has the length {hypot(*slope):.3g}"
        raise InputError("point", tuple(at), rule, "give a stationary point")
    curvatures = tuple(sorted(_eigenvalues(hessian), reverse=True))
    bound = 2 * (1 + mu) / (1 if method == "momentum" else 1 + 2 * mu)
    close = CLOSE * max(1.0, learning_rate * size)
    margins = [min(c, bound - c) for c in (learning_rate * x for x in curvatures)]
    answer: LocalAnswer = "leaves" if min(margins) < -close else "comes back" if min(margins) > close else "undecided"
    return LocalVerdict(answer, curvatures)


def _differences(gradient: Gradient, at: Point) -> list[list[float]]:
    """The Hessian by central differences of the gradient, made symmetric."""
    n = len(at)
    columns = []
    for j in range(n):
        h = DIFFERENCE * max(1.0, abs(at[j]))
        ends = [_slope(gradient, tuple(x + (s * h if i == j else 0.0) for i, x in enumerate(at))) for s in (1, -1)]
        columns.append([(a - b) / (2 * h) for a, b in zip(*ends, strict=True)])
    return [[(columns[i][j] + columns[j][i]) / 2 for j in range(n)] for i in range(n)]


def _eigenvalues(symmetric: list[list[float]]) -> list[float]:
    """By Jacobi's rotations, which make the largest entry outside the diagonal 0 one at a time."""
    A, n = [list(row) for row in symmetric], len(symmetric)
    for _ in range(60 * n * n):
        pairs = [(abs(A[i][j]), i, j) for i in range(n) for j in range(i)]
        size, p, q = max(pairs, default=(0.0, 0, 0))
        if size <= 1e-15 * max(abs(x) for row in A for x in row):
            break
        theta = (A[q][q] - A[p][p]) / (2 * A[p][q])
        t = (1 if theta >= 0 else -1) / (abs(theta) + hypot(1, theta))
        c = 1 / hypot(1, t)
        _rotate(A, p, q, c, t * c)
    return [A[i][i] for i in range(n)]


def _rotate(A: list[list[float]], p: int, q: int, c: float, s: float) -> None:
    for row in A:
        row[p], row[q] = c * row[p] - s * row[q], s * row[p] + c * row[q]
    A[p], A[q] = (
        [c * x - s * y for x, y in zip(A[p], A[q], strict=True)],
        [s * x + c * y for x, y in zip(A[p], A[q], strict=True)],
    )


def _slope(gradient: Gradient, at: Point) -> Point:
    try:
        slope = tuple(float(g) for g in gradient(at))
    except OverflowError:
        return (float("inf"),) * len(at)
    if len(slope) != len(at):
        raise InputError("gradient", slope, f"must return {len(at)} numbers", "return one for each coordinate")
    return slope


def _point(name: str, values: Sequence[float]) -> Point:
    point = tuple(float(x) for x in values)
    if not point or not all(map(isfinite, point)):
        raise InputError(name, list(values), "must be finite numbers, one or more", "give one for each weight")
    return point


def _check(learning_rate: float, iterations: int, *coefficients: float) -> None:
    if not (isfinite(learning_rate) and learning_rate > 0):
        raise InputError("learning_rate", learning_rate, "must be positive", "0.1 say")
    if iterations < 0:
        raise InputError("iterations", iterations, "must not be negative", "0 gives the start alone")
    for mu in coefficients:
        if not 0 <= mu < 1:
            raise InputError("mu", mu, "must be at least 0 and below 1", "0.9 is usual")
