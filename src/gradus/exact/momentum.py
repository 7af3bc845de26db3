"""Gradient descent with momentum, exactly, on the quadratic model of the risk around a stationary point.

The form is v <- mu v - alpha g, w <- w + v, the learning rate inside the velocity.  Along one eigenvector of the
Hessian, with curvature lambda and the distance u from the stationary point, g = lambda u, and one step is::

    [u, v] <- M [u, v],      M = [[1 - alpha lambda, mu], [-alpha lambda, mu]],

with trace 1 + mu - alpha lambda and determinant mu.  The characteristic polynomial has the values p(1) = alpha lambda
and p(-1) = 2 (1 + mu) - alpha lambda, and its discriminant is (1 + mu - alpha lambda)^2 - 4 mu.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from gradus.errors import InputError
from gradus.exact.matrices import Matrix, Vector
from gradus.exact.numbers import ONE, ZERO, Number, sqrt

Fate: TypeAlias = Literal["returns", "stays", "leaves", "settles elsewhere", "period two"]
"""Where the iterates end that start in the stationary point with some velocity."""

Motion: TypeAlias = Literal["none", "monotone", "waves", "alternating"]
"""``waves``: complex eigenvalues; ``alternating``: the dominant eigenvalue is negative, the sign changes every step."""


_LENGTHS = "give all vectors one length"


@dataclass(frozen=True)
class State:
    """Weights and velocity just before an iteration.

    >>> State(Vector.of([0, 0]), Vector.of([1, 1])).velocity.text
    '(1, 1)'
    """

    weights: Vector
    velocity: Vector


@dataclass(frozen=True)
class Direction:
    """What momentum does along one eigenvector of the Hessian.

    Attributes:
        matrix: the 2 x 2 iteration matrix M of (u, v).
        fate: where the iterates end, started at u = 0 with this component of the velocity.
        motion: how they get there.
        limit: of u, where the iterates have one; otherwise None.

    >>> found = direction(Number.of("9/10"), Number.of("1/10"), Number.of(-1), ONE)
    >>> found.fate, found.motion, found.limit
    ('leaves', 'monotone', None)
    """

    curvature: Number
    matrix: Matrix
    fate: Fate
    motion: Motion
    limit: Number | None

    @property
    def eigenvalues(self) -> tuple[Number, Number] | None:
        """Of M, the larger absolute value first; None when they are complex, with the absolute value sqrt(mu) both.

        Raises:
            UnsupportedError: their square root is of a number too large to be simplified.
        """
        return real_eigenvalues(self.matrix)


def next_velocity(mu: Number, velocity: Vector, learning_rate: Number, gradient: Vector) -> Vector:
    """mu v - alpha g; at a stationary point of the whole risk g = 0, and it is mu v.

    >>> next_velocity(Number.of("9/10"), Vector.of([10, -20]), Number.of("1/10"), Vector.of([0, 0])).text
    '(9, -18)'
    """
    return velocity * mu - gradient * learning_rate


def trajectory(
    mu: Number, learning_rate: Number, curvatures: Vector, start: State, iterations: int
) -> tuple[State, ...]:
    """The first states of momentum descent on sum_i lambda_i w_i^2 / 2, the start included.

    Raises:
        InputError: the vectors differ in length, or ``iterations`` is negative.

    >>> mu, alpha = Number.of("9/10"), Number.of("1/10")
    >>> start = State(Vector.of([0, 0]), Vector.of([1, 1]))
    >>> [s.weights.text for s in trajectory(mu, alpha, Vector.of([1, -1]), start, 2)]
    ['(0, 0)', '(9/10, 9/10)', '(81/50, 9/5)']
    """
    if iterations < 0:
        raise InputError("iterations", iterations, "must not be negative", "0 gives the start alone")
    for name, vector in (("weights", start.weights), ("velocity", start.velocity)):
        if len(vector) != len(curvatures):
            raise InputError(
                name, vector.text, f"must have {len(curvatures)} entries, one for each curvature", _LENGTHS
            )
    states = [start]
    for _ in range(iterations):
        weights, velocity = states[-1].weights, states[-1].velocity
        slope = Vector(tuple(c * w for c, w in zip(curvatures, weights, strict=True)))
        velocity = next_velocity(mu, velocity, learning_rate, slope)
        states.append(State(weights + velocity, velocity))
    return tuple(states)


def iteration_matrix(mu: Number, learning_rate: Number, curvature: Number) -> Matrix:
    """M of (u, v) along one eigenvector, 2 x 2.

    >>> iteration_matrix(Number.of("9/10"), Number.of("1/10"), Number.of(1)).text
    '9/10 9/10; -1/10 9/10'
    """
    c = learning_rate * curvature
    return Matrix(((ONE - c, mu), (-c, mu)))


def real_eigenvalues(matrix: Matrix) -> tuple[Number, Number] | None:
    """The eigenvalues of a 2 x 2 matrix, the larger absolute value first; None when they are not real.

    Raises:
        UnsupportedError: they are not sums of square roots of rationals.

    >>> [r.text for r in real_eigenvalues(Matrix.of("2 1; 1 2")) or ()]
    ['3', '1']
    >>> real_eigenvalues(Matrix.of("0 -1; 1 0")) is None
    True
    """
    trace = matrix[0, 0] + matrix[1, 1]
    discriminant = trace * trace - 4 * (matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0])
    if discriminant.sign() < 0:
        return None
    root = sqrt(discriminant)
    first, second = (trace + root) / 2, (trace - root) / 2
    return (second, first) if trace.sign() < 0 else (first, second)


def direction(mu: Number, learning_rate: Number, curvature: Number, velocity: Number) -> Direction:
    """What happens along one eigenvector, from the stationary point with this component of the velocity.

    Raises:
        InputError: mu is outside [0, 1), or the learning rate is not positive.

    >>> direction(Number.of("9/10"), Number.of("1/10"), ZERO, ONE).limit
    Number('9')
    """
    check_constants(mu, learning_rate)
    matrix = iteration_matrix(mu, learning_rate, curvature)
    fate = _fate(mu, learning_rate * curvature, moving=bool(mu * velocity))
    limits = {"returns": ZERO, "stays": ZERO, "settles elsewhere": mu * velocity / (ONE - mu)}
    motion: Motion = "none" if fate == "stays" else _motion(mu, learning_rate * curvature)
    return Direction(curvature, matrix, fate, motion, limits.get(fate))


def directions(mu: Number, learning_rate: Number, curvatures: Vector, velocity: Vector) -> tuple[Direction, ...]:
    """:func:`direction` for every eigenvector.

    Raises:
        InputError: the vectors differ in length; or as :func:`direction`.

    >>> mu, alpha = Number.of("9/10"), Number.of("1/10")
    >>> [d.fate for d in directions(mu, alpha, Vector.of([1, -1, 0]), Vector.of([1, 0, 1]))]
    ['returns', 'stays', 'settles elsewhere']
    """
    if len(curvatures) != len(velocity):
        raise InputError(
            "velocity", velocity.text, f"must have {len(curvatures)} entries, one for each curvature", _LENGTHS
        )
    return tuple(direction(mu, learning_rate, c, v) for c, v in zip(curvatures, velocity, strict=True))


def comes_back(mu: Number, learning_rate: Number, curvatures: Vector, velocity: Vector) -> bool:
    """Whether the iterates that start in the stationary point with that velocity converge to it.

    >>> mu, alpha = Number.of("9/10"), Number.of("1/10")
    >>> comes_back(mu, alpha, Vector.of([1, -1]), Vector.of([1, 0]))
    True
    >>> comes_back(mu, alpha, Vector.of([1, -1]), Vector.of([1, 1]))
    False
    """
    return all(d.fate in ("returns", "stays") for d in directions(mu, learning_rate, curvatures, velocity))


def always_comes_back(mu: Number, learning_rate: Number, curvatures: Vector) -> bool:
    """Whether the iterates converge to the stationary point whatever the velocity with which they start there.

    Raises:
        InputError: as :func:`check_constants`.

    >>> always_comes_back(Number.of("9/10"), Number.of("1/10"), Vector.of([1, 37]))
    True
    >>> always_comes_back(Number.of("9/10"), Number.of("1/10"), Vector.of([1, -1]))
    False
    """
    return comes_back(mu, learning_rate, curvatures, Vector((ONE,) * len(curvatures)))


def check_constants(mu: Number, learning_rate: Number) -> None:
    """Raises InputError unless 0 <= mu < 1 and the learning rate is positive.

    >>> check_constants(ONE, Number.of("1/10"))
    Traceback (most recent call last):
    gradus.errors.InputError: mu = 1: must be at least 0 and below 1; 0.9 is usual
    """
    if not 0 <= mu < 1:
        raise InputError("mu", mu.text, "must be at least 0 and below 1", "0.9 is usual")
    if learning_rate.sign() <= 0:
        raise InputError("learning_rate", learning_rate.text, "must be positive", "0.1 say")


def _fate(mu: Number, c: Number, moving: bool) -> Fate:
    """c is alpha lambda.  Both eigenvalues lie inside the unit circle iff p(1) > 0, p(-1) > 0 and mu < 1."""
    if not moving:
        return "stays"
    if not c:
        return "settles elsewhere"
    edge = (2 * (ONE + mu) - c).sign()
    if c.sign() < 0 or edge < 0:
        return "leaves"
    return "returns" if edge > 0 else "period two"


def _motion(mu: Number, c: Number) -> Motion:
    trace = ONE + mu - c
    if (trace * trace - 4 * mu).sign() < 0:
        return "waves"
    return "alternating" if trace.sign() < 0 else "monotone"
