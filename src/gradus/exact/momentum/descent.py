"""Descent with momentum on a quadratic with any symmetric Hessian, exactly: the verdicts, and the iterates.

L(w) = 1/2 (w - w*)^T Q (w - w*).  In an orthogonal basis of eigenvectors of Q the iteration falls apart into one of two
numbers for each, which :mod:`~gradus.exact.momentum.directions` decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm

from gradus.errors import InputError, UnsupportedError
from gradus.exact.linear_algebra.matrices import Matrix, Vector, integers
from gradus.exact.linear_algebra.symmetric_spectra import Eigenpair, check_symmetric, eigenpairs
from gradus.exact.momentum.directions import Convergence, Direction, Method, State, check_constants, direction
from gradus.exact.numbers.field_numbers import FieldNumber
from gradus.exact.numbers.number import ONE, ZERO, Number

MAX_ITERATIONS = 1_000
"""Most iterations of one exact path."""

MAX_BITS = 40_000
"""Most bits of the denominators of a path's last state; they grow with every iteration."""


@dataclass(frozen=True)
class Quadratic:
    """L(w) = 1/2 (w - w*)^T Q (w - w*).

    Raises:
        InputError: Q is not symmetric, or w* has another length.

    >>> bowl = Quadratic(Matrix.of("2 1; 1 2"), Vector.of("1 0"))
    >>> bowl.gradient(Vector.of("2 0")).text, bowl.value(Vector.of("2 0")).text, bowl.shape
    ('(2, 1)', '1', 'bowl')
    """

    hessian: Matrix
    stationary_point: Vector

    def __post_init__(self) -> None:
        check_symmetric(self.hessian, "hessian")
        _check_length("stationary_point", self.stationary_point, self.dimension)

    @staticmethod
    def around_zero(hessian: Matrix) -> Quadratic:
        """With the stationary point 0.

        >>> Quadratic.around_zero(Matrix.of("2 0; 0 -1")).shape
        'saddle'
        """
        return Quadratic(hessian, Vector((ZERO,) * hessian.shape[0]))

    @property
    def dimension(self) -> int:
        """The number of weights."""
        return self.hessian.shape[0]

    @cached_property
    def eigenpairs(self) -> tuple[Eigenpair, ...]:
        """Eigenvalues of Q, descending, with an orthogonal basis of eigenvectors.

        Raises:
            UnsupportedError: see :mod:`~gradus.exact.linear_algebra.symmetric_spectra`.
        """
        return eigenpairs(self.hessian)

    @property
    def shape(self) -> str:
        """``bowl``, ``dome``, ``saddle``, ``valley`` (a bowl, flat somewhere), ``ridge`` or ``plain``."""
        signs = {pair.eigenvalue.sign() for pair in self.eigenpairs}
        if {1, -1} <= signs:
            return "saddle"
        names = {(1,): "bowl", (-1,): "dome", (0, 1): "valley", (-1, 0): "ridge", (0,): "plain"}
        return names[tuple(sorted(signs))]

    def gradient(self, weights: Vector) -> Vector:
        """Q (w - w*)."""
        return self.hessian @ (weights - self.stationary_point)

    def value(self, weights: Vector) -> Number:
        """L(w)."""
        return (weights - self.stationary_point).dot(self.gradient(weights)) / 2


@dataclass(frozen=True)
class Verdict:
    """Where all the weights end.

    Attributes:
        convergence: whether the iterates converge, and where.
        limit: the weights to which they converge; None if they do not.
        oscillates: whether they keep changing sides along some eigenvector.
        bounded: whether they stay bounded.
    """

    convergence: Convergence
    limit: Vector | None
    oscillates: bool
    bounded: bool

    @property
    def comes_back(self) -> bool:
        """Whether they converge to the stationary point."""
        return self.convergence == "to the stationary point"


@dataclass(frozen=True)
class Descent:
    """Momentum on a quadratic, from weights and a velocity.

    Attributes:
        velocity: the one before the first iteration; None stands for any velocity, and then the start must be the
            stationary point: the verdicts hold for one that has a component along every eigenvector.

    Raises:
        InputError: mu is outside [0, 1), the learning rate is not positive, or a vector's length does not match.
        UnsupportedError: numbers with square roots meet eigenvalues that are none.

    >>> saddle = Quadratic.around_zero(Matrix.of("0 1; 1 0"))
    >>> mu, alpha, start = Number.of("9/10"), Number.of("1/10"), Vector.of("1 1")
    >>> Descent(saddle, mu, alpha, start, Vector.of("0 0")).verdict.comes_back
    True
    >>> Descent(saddle, mu, alpha, start, Vector.of("0 1/1000")).verdict.convergence
    'not at all'
    """

    quadratic: Quadratic
    mu: Number
    learning_rate: Number
    start: Vector
    velocity: Vector | None
    method: Method = "momentum"

    def __post_init__(self) -> None:
        check_constants(self.mu, self.learning_rate)
        _check_length("start", self.start, self.quadratic.dimension)
        if self.velocity is not None:
            _check_length("velocity", self.velocity, self.quadratic.dimension)
        elif self.start != self.quadratic.stationary_point:
            rule = "must be the stationary point where the velocity is left open"
            raise InputError("start", self.start.text, rule, "give a velocity")
        _check_rational(self)

    @cached_property
    def directions(self) -> tuple[Direction, ...]:
        """What happens along each eigenvector, with the coefficients of the eigenvector for start and velocity."""
        away = self.start - self.quadratic.stationary_point
        return tuple(
            direction(
                self.mu,
                self.learning_rate,
                pair.eigenvalue,
                ONE if self.velocity is None else pair.component(self.velocity),
                pair.component(away),
                self.method,
            )
            for pair in self.quadratic.eigenpairs
        )

    @cached_property
    def verdict(self) -> Verdict:
        """Both verdicts for all the weights together."""
        found = self.directions
        kinds = {d.convergence for d in found}
        convergence: Convergence = (
            "not at all"
            if "not at all" in kinds
            else "elsewhere"
            if "elsewhere" in kinds
            else "to the stationary point"
        )
        bounded = all(d.fate != "leaves" for d in found)
        limit = None if "not at all" in kinds else self._limit()
        return Verdict(convergence, limit, any(d.oscillates for d in found), bounded)

    def _limit(self) -> Vector:
        limit = self.quadratic.stationary_point
        for pair, d in zip(self.quadratic.eigenpairs, self.directions, strict=True):
            if d.limit:
                limit = limit + pair.vector * d.limit
        return limit

    def path(self, iterations: int) -> tuple[State, ...]:
        """The first states, the start included, exactly.

        Raises:
            InputError: the number is negative, or the velocity is left open.
            UnsupportedError: it is above MAX_ITERATIONS, or the numbers grow too long.

        >>> saddle = Quadratic.around_zero(Matrix.of("1 0; 0 -1"))
        >>> run = Descent(saddle, Number.of("9/10"), Number.of("1/10"), Vector.of("0 0"), Vector.of("1 1")).path(2)
        >>> [state.weights.text for state in run]
        ['(0, 0)', '(9/10, 9/10)', '(81/50, 9/5)']
        """
        if self.velocity is None:
            raise InputError("velocity", None, "must be given for a path", "give one entry for each weight")
        if iterations < 0:
            raise InputError("iterations", iterations, "must not be negative", "0 gives the start alone")
        if iterations > MAX_ITERATIONS:
            rule = f"must be at most {MAX_ITERATIONS:,}"
            raise UnsupportedError("iterations", iterations, rule, "give fewer; the verdict needs none")
        away = self.start - self.quadratic.stationary_point
        step, state = self.step_matrix, Vector((*away, *self.velocity))
        if step.is_rational and all(x.is_rational for x in (*state, *self.quadratic.stationary_point)):
            return self._rational_path(step, state, iterations)
        states = [self._state(state)]
        for _ in range(iterations):
            state = step @ state
            states.append(self._state(state))
        return tuple(states)

    @property
    def step_matrix(self) -> Matrix:
        """One iteration as a matrix of (w - w*, v), 2n x 2n.

        >>> saddle = Quadratic.around_zero(Matrix.of("-1"))
        >>> Descent(saddle, Number.of("9/10"), Number.of("1/10"), Vector.of("0"), None).step_matrix.text
        '11/10 9/10; 1/10 9/10'
        """
        n = self.quadratic.dimension
        pull = self.quadratic.hessian * self.learning_rate
        near = Matrix.identity(n) - pull
        carried = (Matrix.identity(n) if self.method == "momentum" else near) * self.mu
        return Matrix(
            tuple((*near.rows[i], *carried.rows[i]) for i in range(n))
            + tuple((*(-pull).rows[i], *carried.rows[i]) for i in range(n))
        )

    def _rational_path(self, step: Matrix, state: Vector, iterations: int) -> tuple[State, ...]:
        """In integers over a common denominator, which saves the greatest common divisors of every sum."""
        M, s = integers(step)
        fractions = [x.as_fraction() for x in state]
        scale = lcm(*(x.denominator for x in fractions))
        if iterations * s.bit_length() > MAX_BITS:
            rule = f"needs denominators of {iterations * s.bit_length():,} bits, and {MAX_BITS:,} is the limit"
            raise UnsupportedError("iterations", iterations, rule, "give fewer, or numbers with fewer digits")
        numerators = [int(x * scale) for x in fractions]
        states = [self._state(state)]
        for _ in range(iterations):
            numerators = [sum(map(int.__mul__, row, numerators)) for row in M]
            scale *= s
            states.append(self._state(Vector(tuple(Number.of(Fraction(x, scale)) for x in numerators))))
        return tuple(states)

    def _state(self, state: Vector) -> State:
        n = self.quadratic.dimension
        return State(Vector(state.entries[:n]) + self.quadratic.stationary_point, Vector(state.entries[n:]))


def open_velocity(quadratic: Quadratic) -> Vector:
    """A small whole velocity with a component along every eigenvector, to show what the verdict for any one means.

    >>> open_velocity(Quadratic.around_zero(Matrix.of("0 1; 1 0"))).text
    '(1, 2)'
    """
    n = quadratic.dimension
    candidates = [[1] * n, [*range(1, n + 1)], *([pow(k, i, 7) + i * k for i in range(n)] for k in range(2, 4 * n + 8))]
    for entries in candidates:
        velocity = Vector.of(entries)
        if all(pair.component(velocity) for pair in quadratic.eigenpairs):
            return velocity
    return Vector(tuple(Number.of((n * n + 1) ** i) for i in range(n)))


def _check_length(name: str, vector: Vector, n: int) -> None:
    if len(vector) != n:
        rule = f"must have {n} {'entry' if n == 1 else 'entries'}, one for each row of the Hessian"
        raise InputError(name, vector.text, rule, "add or leave out entries")


def _check_rational(descent: Descent) -> None:
    """Eigenvalues that are no sums of square roots are computed with rational numbers only."""
    if not any(isinstance(pair.eigenvalue, FieldNumber) for pair in descent.quadratic.eigenpairs):
        return
    given = {
        "mu": Vector((descent.mu,)),
        "learning_rate": Vector((descent.learning_rate,)),
        "start": descent.start,
        "velocity": descent.start if descent.velocity is None else descent.velocity,
        "stationary_point": descent.quadratic.stationary_point,
    }
    for name, vector in given.items():
        if not all(x.is_rational for x in vector):
            rule = "must be rational where an eigenvalue of the Hessian is no sum of square roots"
            value = vector.text if len(vector) > 1 else vector[0].text
            raise UnsupportedError(name, value, rule, "round it, or choose another Hessian")
