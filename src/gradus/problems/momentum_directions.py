"""What momentum does along one eigenvector of the Hessian, worked: the verdict, and an exact run that bears it out."""

from __future__ import annotations

from itertools import pairwise

from gradus.errors import UnsupportedError
from gradus.exact.equations import factor_latex
from gradus.exact.matrices import Vector
from gradus.exact.momentum import Direction, Fate, Motion, State, trajectory
from gradus.exact.numbers import ONE, ZERO, Number, sqrt
from gradus.exact.steps import Check, Step
from gradus.problems.momentum import rounded

RUN = 40
"""Iterations of the exact runs in the self-checks."""


FATES: dict[Fate, str] = {
    "returns": "the iterates come back",
    "stays": "the velocity has no component, and the iterates stay",
    "leaves": "the iterates leave",
    "settles elsewhere": "the iterates settle elsewhere",
    "period two": "the iterates keep a period of two",
}
"""What a fate is called in a sentence."""

_MOTIONS: dict[Motion, str] = {
    "none": "",
    "monotone": "",
    "waves": ", in waves",
    "alternating": ", changing sides at every step",
}


def direction_step(mu: Number, learning_rate: Number, number: int, d: Direction, velocity: Number) -> Step:
    r"""What happens along eigenvector number ``number``, from 1, started at u = 0 with that velocity.

    >>> from gradus.exact.momentum import direction
    >>> mu, alpha = Number.of("9/10"), Number.of("1/10")
    >>> direction_step(mu, alpha, 2, direction(mu, alpha, ZERO, ONE), ONE).claim
    'Along $w_2$, with $\\lambda = 0$ and $v = 1$: the iterates settle elsewhere at $u = 9$.'
    """
    c = learning_rate * d.curvature
    limit = rf" at $u = {d.limit.latex}$" if d.fate == "settles elsewhere" and d.limit is not None else ""
    return Step(
        rf"Along $w_{number}$, with $\lambda = {d.curvature.latex}$ and $v = {velocity.latex}$: "
        f"{FATES[d.fate]}{limit}{_MOTIONS[d.motion]}.",
        rf"Here $\alpha\lambda = {c.latex}$, $p(1) = {c.latex}$ and $p(-1) = {(2 * (ONE + mu) - c).latex}$.",
        after=rf"M = {d.matrix.latex}{_roots(d, mu)}",
        checks=tuple(_run_checks(mu, learning_rate, d, velocity)),
    )


def _eigenvalues(d: Direction) -> tuple[Number, Number] | None:
    """The real eigenvalues, or None when there are none, or when they are too large to be written down."""
    try:
        return d.eigenvalues
    except UnsupportedError:
        return None


def _roots(d: Direction, mu: Number) -> str:
    if d.motion == "waves":
        return rf", \qquad |r| = \sqrt{{\det M}} = {sqrt(mu).latex}"
    roots = _eigenvalues(d)
    return rf", \qquad r = {roots[0].latex}, \quad r = {roots[1].latex}" if roots else ""


def _run_checks(mu: Number, learning_rate: Number, d: Direction, velocity: Number) -> list[Check]:
    """Statements about an exact run along one eigenvector that its fate entails."""
    start = State(Vector((ZERO,)), Vector((velocity,)))
    run = trajectory(mu, learning_rate, Vector((d.curvature,)), start, RUN)
    u = [state.weights[0] for state in run]
    checks = []
    if roots := _eigenvalues(d):
        products = roots[0] * roots[1] == mu, roots[0] + roots[1] == _trace(d)
        checks.append(
            Check(r"The eigenvalues have the product $\mu$ and the sum $1 + \mu - \alpha\lambda$.", all(products))
        )
    if d.fate == "stays":
        checks.append(Check(f"In {RUN} exact iterations $u$ stays 0.", not any(u)))
    elif d.fate == "settles elsewhere" and d.limit is not None:
        formula = all(x == d.limit * (ONE - mu**k) for k, x in enumerate(u))
        checks.append(Check(rf"In {RUN} exact iterations $u_k = {d.limit.latex}\,(1 - \mu^k)$.", formula))
    elif d.fate == "period two":
        size = mu * velocity / (ONE - mu)
        formula = all(x == size * ((-mu) ** k - Number.of((-1) ** k)) for k, x in enumerate(u))
        formula_latex = rf"{factor_latex(size)}\left((-\mu)^k - (-1)^k\right)"
        statement = rf"In {RUN} exact iterations $u_k = {formula_latex}$, bounded and not convergent."
        checks.append(Check(statement, formula))
    elif d.fate == "leaves":
        growing = all(abs(b) > abs(a) for a, b in pairwise(u))
        end = rounded(abs(u[-1]))
        checks.append(Check(rf"In {RUN} exact iterations $|u|$ grows at every one, to ${end}$.", growing))
    else:
        checks.append(_energy_check(mu, learning_rate, d, run))
    return checks


def _trace(d: Direction) -> Number:
    return d.matrix[0, 0] + d.matrix[1, 1]


def _energy_check(mu: Number, learning_rate: Number, d: Direction, run: tuple[State, ...]) -> Check:
    r"""What a run that comes back must satisfy, besides the signs of p(1) and p(-1) that prove that it does.

    With T = 1 + mu - alpha lambda, the iteration u_{k+1} = T u_k - mu u_{k-1} makes
    E_k = u_k^2 - T u_k u_{k-1} + mu u_{k-1}^2 shrink by exactly the factor mu, since E is, up to a factor, the
    determinant of two successive states, and det M = mu.
    """
    T = _trace(d)
    pairs = [(a.weights[0], b.weights[0]) for a, b in pairwise(run)]
    energies = [b * b - T * a * b + mu * a * a for a, b in pairs]
    shrinks = all(after == mu * before for before, after in pairwise(energies))
    end = rounded(abs(run[-1].weights[0]))
    statement = (
        rf"In {RUN} exact iterations $u_{{k+1}}^2 - T u_{{k+1}} u_k + \mu u_k^2$, with the trace $T = "
        rf"{T.latex}$ of $M$, "
        rf"shrinks by the factor $\mu$ each time, and $|u|$ ends at ${end}$; $p(1) > 0$ and $p(-1) > 0$."
    )
    c = learning_rate * d.curvature
    return Check(statement, shrinks and c.sign() > 0 and (2 * (ONE + mu) - c).sign() > 0)
