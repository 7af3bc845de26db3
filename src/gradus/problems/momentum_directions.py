"""What momentum does along one eigenvector of the Hessian, worked: the verdict, and an exact run that bears it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from gradus.errors import UnsupportedError
from gradus.exact.linear_algebra.equations import factor_latex
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.linear_algebra.symmetric_spectra import Eigenpair
from gradus.exact.momentum.descent import Descent
from gradus.exact.momentum.directions import Direction, Fate, Motion
from gradus.exact.numbers.field_numbers import root_of
from gradus.exact.numbers.number import ONE, Number
from gradus.exact.steps import Check, Step
from gradus.problems.momentum import equal, rounded

RUN = 40
"""Iterations of the exact runs in the self-checks."""

LONG = 90
"""Eigenvalues whose LaTeX is longer are left out of the formula of the matrix."""

FATES: dict[Fate, str] = {
    "returns": "the iterates come back",
    "stays": "the velocity has no component, and the iterates stay",
    "leaves": "the iterates leave",
    "settles elsewhere": "the iterates settle elsewhere",
    "period two": "the iterates keep a period of two",
}
"""What a fate is called in a sentence."""

MOTIONS: dict[Motion, str] = {
    "none": "",
    "monotone": "",
    "waves": ", in waves",
    "alternating": ", changing sides at every step",
}
"""What a motion adds to the sentence."""


@dataclass(frozen=True)
class Labelled:
    """One eigenvector with its name, and what happens along it.

    Attributes:
        name: LaTeX; the weight's own name where the eigenvector is a coordinate axis.
        is_axis: whether it is one.
    """

    name: str
    is_axis: bool
    pair: Eigenpair
    direction: Direction


def labelled(descent: Descent) -> tuple[Labelled, ...]:
    """The directions of a descent: coordinate axes in their order, otherwise eigenvectors e_1, e_2, ... as they are.

    >>> from gradus.exact.linear_algebra.matrices import Matrix
    >>> from gradus.exact.momentum.descent import Quadratic
    >>> saddle, zero = Quadratic.around_zero(Matrix.of("-1 0; 0 2")), Vector.of("0 0")
    >>> mu, alpha = Number.of("9/10"), Number.of("1/10")
    >>> [(found.name, found.direction.fate) for found in labelled(Descent(saddle, mu, alpha, zero, None))]
    [('w_1', 'leaves'), ('w_2', 'returns')]
    """
    found = list(zip(descent.quadratic.eigenpairs, descent.directions, strict=True))
    axes = [_axis(pair.vector) for pair, _ in found]
    if None not in axes:
        by_axis = sorted(zip(axes, found, strict=True), key=lambda item: item[0] or 0)
        return tuple(Labelled(f"w_{axis}", True, *both) for axis, both in by_axis)
    return tuple(Labelled(rf"\mathbf{{e}}_{i}", False, *both) for i, both in enumerate(found, 1))


def _axis(vector: Vector) -> int | None:
    """The number, from 1, of the only non-zero entry; None if there are several."""
    places = [i for i, x in enumerate(vector, 1) if x]
    return places[0] if len(places) == 1 and vector[places[0] - 1] == ONE else None


def direction_step(mu: Number, learning_rate: Number, name: str, d: Direction) -> Step:
    r"""What happens along one eigenvector.

    >>> from gradus.exact.momentum.directions import direction
    >>> mu, alpha = Number.of("9/10"), Number.of("1/10")
    >>> direction_step(mu, alpha, "w_2", direction(mu, alpha, Number.of(0), ONE)).claim
    'Along $w_2$, with $\\lambda = 0$ and $v = 1$: the iterates settle elsewhere at $u = 9$.'
    """
    c = learning_rate * d.curvature
    begin = f"$u {equal(d.start)}$ and $v {equal(d.velocity)}$" if d.start else f"$v {equal(d.velocity)}$"
    joined = "," if d.start else " and"
    values = rf"Here $\alpha\lambda {equal(c)}$, $p(1) {equal(c)}$ and $p(-1) {equal(2 * (ONE + mu) - c)}$."
    return Step(
        rf"Along ${name}$, with $\lambda {equal(d.curvature)}${joined} {begin}: {fate_phrase(d)}.",
        values + _stable_reason(d),
        after=rf"M = {d.matrix.latex}{_roots(d)}",
        checks=tuple(_run_checks(mu, learning_rate, d)),
    )


def fate_phrase(d: Direction) -> str:
    r"""Both verdicts in words.

    >>> from gradus.exact.momentum.directions import direction
    >>> fate_phrase(direction(Number.of("9/10"), Number.of("1/10"), ONE, ONE))
    'the iterates come back, in waves'
    """
    if d.fate == "stays" and not d.start and d.velocity:
        return "nothing is carried on, and the iterates stay"
    if d.motion == "none" and d.fate == "settles elsewhere":
        return rf"nothing moves the iterates, which stay at $u {equal(d.start)}$"
    limit = rf" at $u {equal(d.limit)}$" if d.fate == "settles elsewhere" and d.limit is not None else ""
    swing = rf", near $\pm {factor_latex(abs(d.swing)) or '1'}$" if d.swing is not None and d.start else ""
    return f"{FATES[d.fate]}{limit}{MOTIONS[d.motion]}{swing}"


def is_held(d: Direction) -> bool:
    """Whether the iterates return for the sake of their start alone: an eigenvalue of 1 or more does not show."""
    return d.fate == "returns" and not d.is_stable


def _stable_reason(d: Direction) -> str:
    if not is_held(d):
        return ""
    ratio = following(d) / d.start
    return (
        rf" An eigenvalue of $M$ has an absolute value of 1 or more; but $u_1 / u_0 {equal(ratio)}$ is the other "
        r"eigenvalue, so start and velocity lie in its direction, and $u_k = (u_1 / u_0)^k\, u_0$."
    )


def following(d: Direction) -> Number:
    """u after one iteration.

    >>> from gradus.exact.momentum.directions import direction
    >>> following(direction(Number.of("9/10"), Number.of("1/10"), ONE, ONE)).text
    '9/10'
    """
    return d.matrix[0, 0] * d.start + d.matrix[0, 1] * d.velocity


def eigenvalues_latex(d: Direction) -> str:
    r"""The eigenvalues of M, exact; empty where they are too large to be written down.

    >>> from gradus.exact.momentum.directions import direction
    >>> print(eigenvalues_latex(direction(Number.of("9/10"), Number.of("1/10"), ONE, ONE)))
    r = \frac{9}{10} \pm \frac{3}{10}i
    """
    try:
        real, pair = d.eigenvalues, d.complex_eigenvalues
    except UnsupportedError:
        return ""
    if pair is not None:
        first, second = pair[0].latex, _imaginary(pair[1])
        return rf"r = {first} \pm {second}" if pair[0] else rf"r = \pm {second}"
    return rf"r = {real[0].latex}, \quad r = {real[1].latex}" if real is not None else ""


def _imaginary(size: Number) -> str:
    return factor_latex(size) + "i"


def _roots(d: Direction) -> str:
    values = eigenvalues_latex(d)
    if d.motion == "waves":
        modulus = rf"|r| = \sqrt{{\det M}} = {_modulus(d)}"
        return rf", \qquad {values}, \quad {modulus}" if 0 < len(values) <= LONG else rf", \qquad {modulus}"
    return rf", \qquad {values}" if 0 < len(values) <= LONG else ""


def _modulus(d: Direction) -> str:
    return root_of(d.determinant).latex


def _run(d: Direction) -> list[Number]:
    """u over RUN iterations, exactly."""
    values, state = [d.start], Vector((d.start, d.velocity))
    for _ in range(RUN):
        state = d.matrix @ state
        values.append(state[0])
    return values


def _run_checks(mu: Number, learning_rate: Number, d: Direction) -> list[Check]:
    """Statements about an exact run along one eigenvector that its fate entails."""
    u = _run(d)
    checks = _root_checks(mu, d)
    if d.fate == "stays":
        checks.append(Check(f"In {RUN} exact iterations $u$ stays 0.", not any(u)))
    elif d.fate == "settles elsewhere" and d.limit is not None:
        checks.append(_settling_check(mu, d, d.limit, u))
    elif d.fate == "period two" and d.swing is not None:
        checks.append(_period_check(mu, d, d.swing, u))
    elif d.fate == "leaves":
        checks.append(_leaving_check(d, u))
    elif is_held(d):
        ratio = u[1] / u[0]
        powers = all(b == ratio * a for a, b in pairwise(u))
        checks.append(Check(f"In {RUN} exact iterations each $u$ is $u_1 / u_0$ times the one before.", powers))
    else:
        checks.append(_energy_check(mu, learning_rate, d, u))
    return checks


def _root_checks(mu: Number, d: Direction) -> list[Check]:
    try:
        roots = d.eigenvalues
        if roots is None or any(r.is_algebraic for r in roots):
            return []
        holds = roots[0] * roots[1] == mu and roots[0] + roots[1] == d.trace
    except UnsupportedError:
        return []
    return [Check(r"The eigenvalues have the product $\mu$ and the sum $1 + \mu - \alpha\lambda$.", holds)]


def _settling_check(mu: Number, d: Direction, limit: Number, u: Sequence[Number]) -> Check:
    rest = d.start - limit
    formula = all(x == limit + rest * mu**k for k, x in enumerate(u))
    shown = rf"{limit.latex}\,(1 - \mu^k)"
    if d.start:
        shown = f"{limit.latex} + ({rest.latex})\\,\\mu^k" if rest else limit.latex
    return Check(rf"In {RUN} exact iterations $u_k = {shown}$.", formula)


def _period_check(mu: Number, d: Direction, swing: Number, u: Sequence[Number]) -> Check:
    rest = d.start - swing
    formula = all(x == swing * (-1) ** k + rest * (-mu) ** k for k, x in enumerate(u))
    shown = rf"{factor_latex(-swing)}\left((-\mu)^k - (-1)^k\right)"
    if d.start:
        shown = rf"({swing.latex})(-1)^k + ({rest.latex})(-\mu)^k"
    return Check(rf"In {RUN} exact iterations $u_k = {shown}$, bounded and not convergent.", formula)


def _leaving_check(d: Direction, u: Sequence[Number]) -> Check:
    """Growth at every iteration from some on; where the run is too short for it, what makes it certain."""
    sizes = [abs(x) for x in u]
    shrinking = [k for k, (a, b) in enumerate(pairwise(sizes), 1) if b <= a]
    since = shrinking[-1] if shrinking else 0
    if since <= RUN // 2:
        end = rounded(sizes[-1])
        when = "at every one" if not since else f"at every one from iteration {since + 1} on"
        return Check(rf"In {RUN} exact iterations $|u|$ grows {when}, to ${end}$.", _grows(sizes[since:]))
    ratio = u[1] / u[0]
    shows = bool(ratio * ratio - d.trace * ratio + d.determinant) or abs(ratio) > 1
    return Check(r"$u_1 / u_0$ is not the eigenvalue inside the unit circle, so the other one shows.", shows)


def _grows(sizes: Sequence[Number]) -> bool:
    return all(b > a for a, b in pairwise(sizes))


def _energy_check(mu: Number, learning_rate: Number, d: Direction, u: Sequence[Number]) -> Check:
    r"""What a run that comes back must satisfy, besides the signs of p(1) and p(-1) that prove that it does.

    With T = 1 + mu - alpha lambda, the iteration u_{k+1} = T u_k - mu u_{k-1} makes
    E_k = u_k^2 - T u_k u_{k-1} + mu u_{k-1}^2 shrink by exactly the factor mu, since E is, up to a factor, the
    determinant of two successive states, and det M = mu.
    """
    T = d.trace
    energies = [b * b - T * a * b + mu * a * a for a, b in pairwise(u)]
    shrinks = all(after == mu * before for before, after in pairwise(energies))
    end = rounded(abs(u[-1]))
    statement = (
        rf"In {RUN} exact iterations $u_{{k+1}}^2 - T u_{{k+1}} u_k + \mu u_k^2$, with the trace $T "
        rf"{equal(T)}$ of $M$, "
        rf"shrinks by the factor $\mu$ each time, and $|u|$ ends at ${end}$; $p(1) > 0$ and $p(-1) > 0$."
    )
    c = learning_rate * d.curvature
    return Check(statement, shrinks and c.sign() > 0 and (2 * (ONE + mu) - c).sign() > 0)
