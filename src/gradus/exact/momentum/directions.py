"""Gradient descent with momentum, exactly, on the quadratic model of the risk around a stationary point.

The form is v <- mu v - alpha g, w <- w + v, the learning rate inside the velocity.  Along one eigenvector of the
Hessian, with curvature lambda and the distance u from the stationary point, g = lambda u, and one step is::

    [u, v] <- M [u, v],      M = [[1 - alpha lambda, mu], [-alpha lambda, mu]],

with trace 1 + mu - alpha lambda and determinant mu.  The characteristic polynomial has the values p(1) = alpha lambda
and p(-1) = 2 (1 + mu) - alpha lambda, and its discriminant is (1 + mu - alpha lambda)^2 - 4 mu.

Nesterov's form takes the gradient at w + mu v instead; there, with c = alpha lambda::

    M = [[1 - c, mu (1 - c)], [-c, mu (1 - c)]],      p(1) = c,  p(-1) = 2 (1 + mu) - c (1 + 2 mu).

In both at most one eigenvalue has an absolute value of 1 or more: the larger one if p(1) <= 0, the smaller one if
p(-1) <= 0.  Since u_(k+2) = T u_(k+1) - D u_k with trace T and determinant D, it shows in the iterates unless
u_1 = r u_0 for the other eigenvalue r, that is, unless p(u_1 / u_0) = 0 there: a test without square roots.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from gradus.errors import InputError
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.numbers.field_numbers import quadratic_roots, root_of
from gradus.exact.numbers.number import ONE, ZERO, Number

Method: TypeAlias = Literal["momentum", "nesterov"]
"""Where the gradient is taken: at w, or at w + mu v."""

Fate: TypeAlias = Literal["returns", "stays", "leaves", "settles elsewhere", "period two"]
"""Where the iterates end along one eigenvector; ``stays``: they are in the stationary point from the start on."""

Motion: TypeAlias = Literal["none", "monotone", "waves", "alternating"]
"""``waves``: complex eigenvalues; ``alternating``: the dominant one is negative, the sign changes every step.

``monotone`` holds in the long run: iterates that start elsewhere may turn once, or pass the stationary point once.
"""

Convergence: TypeAlias = Literal["to the stationary point", "elsewhere", "not at all"]
"""Whether and where the iterates converge."""

CONVERGENCE: dict[Fate, Convergence] = {
    "returns": "to the stationary point",
    "stays": "to the stationary point",
    "settles elsewhere": "elsewhere",
    "period two": "not at all",
    "leaves": "not at all",
}
"""What a fate means for convergence."""

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
        curvature: the eigenvalue lambda of the Hessian.
        matrix: the 2 x 2 iteration matrix M of (u, v).
        fate: where the iterates end.
        motion: how they get there.
        limit: of u, where the iterates have one; otherwise None.
        swing: where they keep a period of two: u_k - (-1)^k swing -> 0; otherwise None.
        start: u in the beginning.
        velocity: v in the beginning.

    >>> found = direction(Number.of("9/10"), Number.of("1/10"), Number.of(-1), ONE)
    >>> found.fate, found.motion, found.limit
    ('leaves', 'monotone', None)
    """

    curvature: Number
    matrix: Matrix
    fate: Fate
    motion: Motion
    limit: Number | None
    swing: Number | None = None
    start: Number = ZERO
    velocity: Number = ONE

    @property
    def convergence(self) -> Convergence:
        """The first verdict: whether the iterates converge, and where.

        >>> direction(Number.of("9/10"), Number.of("1/10"), ZERO, ONE).convergence
        'elsewhere'
        """
        return CONVERGENCE[self.fate]

    @property
    def oscillates(self) -> bool:
        """The second verdict: whether the iterates keep changing sides.

        >>> direction(Number.of("9/10"), Number.of("1/10"), ONE, ONE).oscillates
        True
        """
        return self.motion in ("waves", "alternating")

    @property
    def trace(self) -> Number:
        """Of M."""
        return self.matrix[0, 0] + self.matrix[1, 1]

    @property
    def determinant(self) -> Number:
        """Of M."""
        return self.matrix[0, 0] * self.matrix[1, 1] - self.matrix[0, 1] * self.matrix[1, 0]

    @property
    def is_stable(self) -> bool:
        """Whether both eigenvalues of M lie inside the unit circle, so that the iterates return from everywhere."""
        return _unstable(self.trace, self.determinant) is None

    @property
    def eigenvalues(self) -> tuple[Number, Number] | None:
        """Of M, the larger absolute value first; None when they are complex.

        Raises:
            UnsupportedError: their polynomial has too high a degree.
        """
        return real_eigenvalues(self.matrix)

    @property
    def complex_eigenvalues(self) -> tuple[Number, Number] | None:
        """The real part and the positive imaginary part of the eigenvalues of M; None when they are real.

        Raises:
            UnsupportedError: their polynomial has too high a degree.

        >>> [x.text for x in direction(Number.of("1/4"), ONE, ONE, ONE).complex_eigenvalues or ()]
        ['1/8', 'sqrt(15)/8']
        """
        square = 4 * self.determinant - self.trace * self.trace
        return (self.trace / 2, root_of(square) / 2) if square.sign() > 0 else None


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


def iteration_matrix(mu: Number, learning_rate: Number, curvature: Number, method: Method = "momentum") -> Matrix:
    """M of (u, v) along one eigenvector, 2 x 2.

    >>> iteration_matrix(Number.of("9/10"), Number.of("1/10"), Number.of(1)).text
    '9/10 9/10; -1/10 9/10'
    >>> iteration_matrix(Number.of("9/10"), Number.of("1/10"), Number.of(1), "nesterov").text
    '9/10 81/100; -1/10 81/100'
    """
    c = learning_rate * curvature
    carried = mu if method == "momentum" else mu * (ONE - c)
    return Matrix(((ONE - c, carried), (-c, carried)))


def real_eigenvalues(matrix: Matrix) -> tuple[Number, Number] | None:
    """The eigenvalues of a 2 x 2 matrix, the larger absolute value first; None when they are not real.

    Raises:
        UnsupportedError: their polynomial has too high a degree.

    >>> [r.text for r in real_eigenvalues(Matrix.of("2 1; 1 2")) or ()]
    ['3', '1']
    >>> real_eigenvalues(Matrix.of("0 -1; 1 0")) is None
    True
    """
    trace = matrix[0, 0] + matrix[1, 1]
    determinant = matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0]
    if (trace * trace - 4 * determinant).sign() < 0:
        return None
    smaller, larger = quadratic_roots(trace, determinant)
    return (smaller, larger) if trace.sign() < 0 else (larger, smaller)


def stability_bound(mu: Number, method: Method = "momentum") -> Number:
    """The number that alpha lambda > 0 must stay below, so that the iterates return from everywhere.

    >>> stability_bound(Number.of("9/10")).text, stability_bound(Number.of("9/10"), "nesterov").text
    ('19/5', '19/14')
    """
    bound = 2 * (ONE + mu)
    return bound if method == "momentum" else bound / (ONE + 2 * mu)


def direction(
    mu: Number,
    learning_rate: Number,
    curvature: Number,
    velocity: Number,
    start: Number = ZERO,
    method: Method = "momentum",
) -> Direction:
    """What happens along one eigenvector, from the distance ``start`` with this component of the velocity.

    Raises:
        InputError: mu is outside [0, 1), or the learning rate is not positive.

    >>> direction(Number.of("9/10"), Number.of("1/10"), ZERO, ONE).limit
    Number('9')
    >>> stable = direction(Number.of("1/2"), Number.of("3/4"), Number.of(-1), Number.of(-3), ONE)
    >>> stable.fate, [r.text for r in stable.eigenvalues or ()]
    ('returns', ['2', '1/4'])
    """
    check_constants(mu, learning_rate)
    matrix = iteration_matrix(mu, learning_rate, curvature, method)
    trace, determinant = matrix[0, 0] + matrix[1, 1], matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0]
    following = matrix[0, 0] * start + matrix[0, 1] * velocity
    fate = _fate(trace, determinant, start, following)
    limit = swing = None
    if fate in ("returns", "stays"):
        limit = ZERO
    elif fate == "settles elsewhere":
        limit = (following - determinant * start) / (ONE - determinant)
    elif fate == "period two":
        swing = ((trace + 1) * start - following) / (trace + 2)
    motion = _motion(trace, determinant, start, following)
    return Direction(curvature, matrix, fate, motion, limit, swing, start, velocity)


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


def _unstable(trace: Number, determinant: Number) -> Literal["larger", "smaller"] | None:
    """Which eigenvalue has an absolute value of 1 or more, by the signs of p(1) and p(-1)."""
    if (ONE - trace + determinant).sign() <= 0:
        return "larger"
    return "smaller" if (ONE + trace + determinant).sign() <= 0 else None


def _alone(trace: Number, determinant: Number, start: Number, following: Number) -> tuple[Number, int] | None:
    """The eigenvalue r with u_k = r^k u_0, and 1 or -1 as it is the larger or the smaller; None if both show."""
    if not start:
        return None
    ratio = following / start
    if ratio * ratio - trace * ratio + determinant:
        return None
    return ratio, (2 * ratio - trace).sign()


def _fate(trace: Number, determinant: Number, start: Number, following: Number) -> Fate:
    """From u_0 and u_1.  p(1) is ONE - trace + determinant, p(-1) is ONE + trace + determinant."""
    if not start and not following:
        return "stays"
    unstable = _unstable(trace, determinant)
    if unstable is None:
        return "returns"
    alone = _alone(trace, determinant, start, following)
    if alone is not None and alone[1] == (-1 if unstable == "larger" else 1):
        return "returns"
    if unstable == "larger":
        return "leaves" if ONE - trace + determinant else "settles elsewhere"
    return "leaves" if ONE + trace + determinant else "period two"


def _motion(trace: Number, determinant: Number, start: Number, following: Number) -> Motion:
    if start == following and (not start or not ONE - trace + determinant):
        return "none"
    if (trace * trace - 4 * determinant).sign() < 0:
        return "waves"
    alone = _alone(trace, determinant, start, following)
    dominant = trace if alone is None else alone[0]
    return "alternating" if dominant.sign() < 0 else "monotone"
