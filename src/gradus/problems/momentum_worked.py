"""A descent with momentum on a quadratic, worked: the iteration, the criterion, each direction, and an exact run."""

from __future__ import annotations

from gradus.documents.blocks import Block, Table
from gradus.exact.linear_algebra.equations import aligned, factor_latex, linear_form
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.linear_algebra.symmetric_spectra import Eigenpair
from gradus.exact.momentum.descent import Descent
from gradus.exact.momentum.directions import Direction, iteration_matrix
from gradus.exact.numbers.number import ONE, Number, sqrt
from gradus.exact.steps import Check, Step
from gradus.problems.momentum import entries, equal, rounded
from gradus.problems.momentum_directions import FATES, Labelled, direction_step, labelled

SHOWN = (0, 1, 2, 5, 10, 20, 40)
"""The iterations in the table of a run."""


def setting_steps(descent: Descent) -> tuple[Step | Block, ...]:
    """The eigenvectors where they are not the axes, the iteration along each, the criterion, and its cases.

    >>> from gradus.exact.momentum.descent import Quadratic
    >>> bowl = Quadratic.around_zero(Matrix.of("2 1; 1 2"))
    >>> descent = Descent(bowl, Number.of("9/10"), Number.of("1/10"), Vector.of("0 0"), Vector.of("1 0"))
    >>> [type(part).__name__ for part in setting_steps(descent)]
    ['Step', 'Step', 'Step', 'Table']
    """
    found = labelled(descent)
    decomposition = () if all(item.is_axis for item in found) else (_eigenvector_step(descent, found),)
    return (*decomposition, _iteration(descent), _criterion(descent), _cases(descent))


def direction_steps(descent: Descent) -> tuple[Step, ...]:
    """One step for each eigenvector."""
    mu, alpha = descent.mu, descent.learning_rate
    return tuple(direction_step(mu, alpha, item.name, item.direction) for item in labelled(descent))


def verdict_step(descent: Descent) -> Step:
    r"""Where all the weights end, with the limit checked to be a point that the iteration leaves alone.

    >>> from gradus.exact.momentum.descent import Quadratic
    >>> valley = Quadratic.around_zero(Matrix.of("1 0; 0 0"))
    >>> run = Descent(valley, Number.of("9/10"), Number.of("1/10"), Vector.of("0 0"), Vector.of("1 1"))
    >>> verdict_step(run).claim
    'All together, the weights converge, but not to the stationary point that was given.'
    """
    verdict = descent.verdict
    claim = {
        "to the stationary point": "All together, the weights converge to the stationary point.",
        "elsewhere": "All together, the weights converge, but not to the stationary point that was given.",
        "not at all": "All together, the weights do not converge"
        + (", but stay bounded." if verdict.bounded else ", and leave every bound."),
    }[verdict.convergence]
    if verdict.limit is None:
        return Step(claim, because(labelled(descent), anyhow=descent.velocity is None))
    limit = verdict.limit
    rests = not descent.quadratic.gradient(limit)
    check = Check(rf"The gradient at ${entries(limit)}$ is $\mathbf{{0}}$.", rests)
    reason = r"Along each eigenvector the limit is known; their sum is the limit of the weights."
    return Step(claim, reason, after=rf"\mathbf{{w}} \to {limit.factored_latex}", checks=(check,))


def run_table(descent: Descent, velocity: Vector) -> Table:
    """The weights of an exact run."""
    run = Descent(descent.quadratic, descent.mu, descent.learning_rate, descent.start, velocity, descent.method).path(
        max(SHOWN)
    )
    header = ("$k$", *(f"$w_{i}$" for i in range(1, len(velocity) + 1)))
    rows = tuple((f"{k}", *(f"${rounded(w)}$" for w in run[k].weights)) for k in SHOWN)
    start = entries(descent.start) if descent.start else r"\mathbf{0}"
    return Table(
        header,
        rows,
        rf"The weights after $k$ iterations from ${start}$ with the velocity "
        rf"${entries(velocity)}$: an exact run, shown to four digits.",
    )


def because(found: tuple[Labelled, ...], anyhow: bool) -> str:
    """Along which eigenvectors the iterates do not come back.

    Args:
        anyhow: the velocity is left open.
    """
    bad = [
        rf"along ${item.name}$ {FATES[item.direction.fate]}"
        for item in found
        if item.direction.fate not in ("returns", "stays")
    ]
    if not bad:
        return ""
    each = "each " if len(bad) > 1 else ""
    condition = f", {each}if the velocity has a component there" if anyhow else ""
    return bad[0][0].upper() + "; ".join(bad)[1:] + f"{condition}."


def _eigenvector_step(descent: Descent, found: tuple[Labelled, ...]) -> Step:
    Q = descent.quadratic.hessian
    pairs = [item.pair for item in found]
    holds = all(Q @ pair.vector == pair.vector * pair.eigenvalue for pair in pairs)
    orthogonal = all(not a.vector.dot(b.vector) for i, a in enumerate(pairs) for b in pairs[:i] if _one_field(a, b))
    lines = [
        rf"\lambda_{i} &= {pair.eigenvalue.latex}, & {item.name} &= {pair.vector.latex}"
        for i, (item, pair) in enumerate(zip(found, pairs, strict=True), 1)
    ]
    away = descent.start - descent.quadratic.stationary_point
    parts = [f"the velocity {_combination([d.direction.velocity for d in found], found)}"]
    if away:
        parts.insert(0, f"the distance {_combination([d.direction.start for d in found], found)}")
    known = "" if descent.velocity is None else f" In them, {' and '.join(parts)}."
    return Step(
        r"The matrix $Q$ of second derivatives has an orthogonal basis of eigenvectors.",
        f"It is symmetric.{known}",
        before=f"Q = {Q.latex}",
        after=aligned(lines),
        checks=(
            Check(r"$Q\,\mathbf{e} = \lambda\,\mathbf{e}$ for each.", holds),
            Check("The eigenvectors are orthogonal.", orthogonal),
        ),
    )


def _one_field(a: Eigenpair, b: Eigenpair) -> bool:
    """Numbers of different fields are not multiplied; eigenvectors of different eigenvalues are orthogonal anyway."""
    first, second = a.eigenvalue, b.eigenvalue
    return first == second or not (first.is_algebraic or second.is_algebraic)


def _combination(coefficients: list[Number], found: tuple[Labelled, ...]) -> str:
    simple = all(not x.is_algebraic for x in coefficients)
    if simple:
        return f"is ${linear_form(coefficients, [item.name for item in found])}$"
    return "has the components " + ", ".join(f"${rounded(x)}$" for x in coefficients)


def _iteration(descent: Descent) -> Step:
    return Step(
        "Along each eigenvector of the second derivatives, momentum is a linear iteration of its own.",
        r"On the quadratic model of the risk around $\mathbf{w}_t$, let $u$ be the component of $\mathbf{w} - "
        r"\mathbf{w}_t$ and $v$ that of the velocity along an eigenvector with curvature $\lambda$. The "
        r"gradient's component is "
        r"$\lambda u$. The matrix has the trace $1 + \mu - \alpha\lambda$ and the determinant $\mu$.",
        before=r"v \leftarrow \mu v - \alpha \lambda u, \qquad u \leftarrow u + v",
        after=r"\begin{bmatrix} u \\ v \end{bmatrix} \leftarrow M \begin{bmatrix} u \\ v \end{bmatrix}, \qquad "
        r"M = \begin{bmatrix} 1 - \alpha\lambda & \mu \\ -\alpha\lambda & \mu \end{bmatrix}, \qquad "
        r"p(r) = r^2 - (1 + \mu - \alpha\lambda)\, r + \mu",
        checks=tuple(_characteristic_check(descent, item.direction) for item in labelled(descent)),
    )


def _characteristic_check(descent: Descent, d: Direction) -> Check:
    """Cayley-Hamilton: M^2 - trace M + det I = 0."""
    M = iteration_matrix(descent.mu, descent.learning_rate, d.curvature)
    trace = ONE + descent.mu - descent.learning_rate * d.curvature
    rest = M @ M - M * trace + Matrix.identity(2) * descent.mu
    return Check(rf"For $\lambda {equal(d.curvature)}$ the matrix satisfies $p(M) = 0$.", not rest)


def _criterion(descent: Descent) -> Step:
    """Jury's criterion for a polynomial whose constant term mu lies in [0, 1)."""
    mu = descent.mu
    given = [descent.learning_rate * d.curvature for d in descent.directions]
    values = all(_at(mu, c, ONE) == c and _at(mu, c, -ONE) == 2 * (ONE + mu) - c for c in given)
    product = "and their product is $\\mu$, between 0 and 1. " if mu else "and one of them is $\\mu = 0$. "
    sign = "Real ones have the same sign, and not both an absolute value of 1 or more; so " if mu else "So "
    waves = r"Complex ones have the absolute value $\sqrt{\mu} < 1$. " if mu else ""
    return Step(
        _criterion_claim(descent),
        rf"The eigenvalues of $M$ are the roots of $p$, {product}{waves}{sign}"
        r"one of them is above 1 exactly if $p(1) < 0$, and one below $-1$ exactly if $p(-1) < 0$. "
        + _whether_it_shows(descent),
        after=r"p(1) = \alpha\lambda, \qquad p(-1) = 2(1 + \mu) - \alpha\lambda",
        checks=(Check("These are the values of $p$ for each $\\lambda$ below.", values),),
    )


def _criterion_claim(descent: Descent) -> str:
    if not descent.mu and not _is_elsewhere(descent):
        return r"Iterates that start beside the stationary point come back exactly if $0 < \alpha\lambda < 2$."
    whatever = ", whatever the start." if _is_elsewhere(descent) else "."
    return r"The iterates come back exactly if $0 < \alpha\lambda < 2(1 + \mu)$" + whatever


def _is_elsewhere(descent: Descent) -> bool:
    return descent.start != descent.quadratic.stationary_point


def _whether_it_shows(descent: Descent) -> str:
    if _is_elsewhere(descent):
        return (
            r"Outside that range an eigenvalue of absolute value 1 or more shows, unless start and velocity lie in the "
            r"direction of the other one: unless $u_1 / u_0$ is that other root of $p$, for $u_{k+2} = T u_{k+1} - "
            r"\mu u_k$ with the trace $T$."
        )
    if not descent.mu:
        return r"With $\mu = 0$ no velocity is carried on: from $u = 0$ the first step is 0, and all others are."
    return (
        r"The start $u = 0$, "
        r"$v \neq 0$ is no eigenvector of $M$, for $M$ maps it to $(\mu v, \mu v)$; so it has a part "
        r"along both eigenvectors, "
        "where there are two, and an eigenvalue of absolute value 1 or more shows."
    )


def _at(mu: Number, c: Number, r: Number) -> Number:
    """The characteristic polynomial p(r) for alpha lambda = c."""
    return r * r - (ONE + mu - c) * r + mu


def _cases(descent: Descent) -> Table:
    mu = descent.mu
    held = ", unless it starts in the stable direction" if _is_elsewhere(descent) else ""
    rows = [
        (r"$\lambda < 0$", r"real, one above $1$, for $p(1) < 0$", f"leaves{held}"),
        (r"$\lambda = 0$", r"$1$ and $\mu$", _settling(descent)),
        *(_rows_with_momentum() if mu else _rows_without()),
        (r"$\alpha\lambda = 2(1 + \mu)$", r"$-1$ and $-\mu$", f"keeps a bounded period of two{held}"),
        (r"$\alpha\lambda > 2(1 + \mu)$", r"real, one below $-1$, for $p(-1) < 0$", f"leaves, changing sides{held}"),
    ]
    low, high, bound = (ONE - sqrt(mu)) ** 2, (ONE + sqrt(mu)) ** 2, 2 * (ONE + mu)
    corners = (
        rf"$(1 - \sqrt{{\mu}})^2 \approx {rounded(low)}$, $(1 + \sqrt{{\mu}})^2 \approx {rounded(high)}$, "
        if mu
        else ""
    )
    start = r"$u = 0$ with $v \neq 0$" if not _is_elsewhere(descent) else "$u$ with the velocity $v$"
    if not mu:
        start = r"$u \neq 0$ (without momentum the velocity does not count)"
    caption = rf"The iterates from {start}; for $\mu = {mu.latex}$, {corners}$2(1 + \mu) = {bound.latex}$."
    return Table(("Case", "Eigenvalues of $M$", "$u$"), tuple(rows), caption)


def _settling(descent: Descent) -> str:
    if not descent.mu:
        return "stays at $u$"
    value = f"{factor_latex(descent.mu / (ONE - descent.mu))}v"
    if _is_elsewhere(descent):
        return rf"settles at $u + \frac{{\mu v}}{{1 - \mu}}$, where the fraction is ${value}$"
    return rf"settles at $u = \frac{{\mu v}}{{1 - \mu}} = {value}$"


def _rows_with_momentum() -> tuple[tuple[str, str, str], ...]:
    return (
        (r"$0 < \alpha\lambda \leq (1 - \sqrt{\mu})^2$", "real, between $0$ and $1$", "comes back without oscillation"),
        (
            r"$(1 - \sqrt{\mu})^2 < \alpha\lambda < (1 + \sqrt{\mu})^2$",
            r"complex, of absolute value $\sqrt{\mu}$",
            "comes back in waves",
        ),
        (
            r"$(1 + \sqrt{\mu})^2 \leq \alpha\lambda < 2(1 + \mu)$",
            "real, between $-1$ and $0$",
            "comes back, changing sides",
        ),
    )


def _rows_without() -> tuple[tuple[str, str, str], ...]:
    return (
        (r"$0 < \alpha\lambda \leq 1$", r"$0$ and $1 - \alpha\lambda \geq 0$", "comes back without oscillation"),
        (r"$1 < \alpha\lambda < 2$", r"$0$ and $1 - \alpha\lambda > -1$", "comes back, changing sides"),
    )
