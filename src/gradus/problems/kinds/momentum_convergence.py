"""Does training with momentum come back to the stationary point that it has run into?"""

from __future__ import annotations

from fractions import Fraction
from random import Random

from pydantic import model_validator

from gradus.answers.answer import YesNo
from gradus.answers.verdict import Mistake
from gradus.documents.blocks import Block, Math, Table, Text
from gradus.errors import InputError
from gradus.exact.equations import factor_latex
from gradus.exact.matrices import Vector
from gradus.exact.momentum import (
    Direction,
    State,
    always_comes_back,
    check_constants,
    comes_back,
    directions,
    trajectory,
)
from gradus.exact.numbers import ONE, ZERO, Number, sqrt
from gradus.exact.steps import Check, Step
from gradus.problems.momentum import UPDATE, MuParam, check_short, entries, rounded, setting, shown
from gradus.problems.momentum_directions import FATES, direction_step
from gradus.problems.problem import Kind, NumberParam, Params, Records, Solution, VectorParam

MOST_DIRECTIONS = 6

SHOWN = (0, 1, 2, 5, 10, 20, 40)


class ConvergenceParams(Params):
    """The quadratic model: curvatures along the eigenvectors, and the velocity's components (left out: any)."""

    mu: MuParam
    curvatures: VectorParam = Vector.of([1, -1])
    learning_rate: NumberParam = Number.of("1/10")
    velocity: VectorParam | None = None

    @model_validator(mode="after")
    def _fits(self) -> ConvergenceParams:
        check_constants(self.mu, self.learning_rate)
        check_short("curvatures", *self.curvatures)
        if len(self.curvatures) > MOST_DIRECTIONS:
            rule = f"must be at most {MOST_DIRECTIONS} numbers, to fit on a page"
            raise InputError("curvatures", self.curvatures.text, rule, "leave some out")
        check_short("learning_rate", self.learning_rate)
        check_short("velocity", *(self.velocity or (ZERO,)))
        if self.velocity is not None and len(self.velocity) != len(self.curvatures):
            rule = f"must have {len(self.curvatures)} entries, one for each curvature"
            raise InputError("velocity", self.velocity.text, rule, "add or leave out entries")
        return self


class Convergence(Kind[ConvergenceParams]):
    """Yes or no."""

    name = "momentum/convergence"
    title = "Does momentum come back?"
    Params = ConvergenceParams
    answer = YesNo

    def sample(self, rng: Random, level: int) -> ConvergenceParams:
        """Level 1: a saddle, any velocity; level 2: a given velocity; level 3: three directions, steep curvatures."""
        mu = Number.of(Fraction(rng.choice((5, 6, 8, 9)), 10))
        if level == 1:
            return ConvergenceParams(mu=mu, curvatures=Vector.of([rng.randint(1, 3), -rng.randint(1, 3)]))
        count = level
        velocity = Vector.of([rng.choice((-2, -1, 1, 2)) for _ in range(count)])
        curvatures = [Number.of(rng.randint(1, 5)) for _ in range(count)]
        odd = rng.randrange(count)
        fate = rng.choice(("returns", "misses", "leaves", "settles", "steep"))
        if fate in ("misses", "leaves", "settles"):
            curvatures[odd] = ZERO if fate == "settles" else -Number.of(rng.randint(1, 3))
        if fate == "misses":
            velocity = Vector(tuple(ZERO if i == odd else v for i, v in enumerate(velocity)))
        if fate == "steep":
            curvatures[odd] = 20 * (ONE + mu) + (rng.randint(0, 2) if level == 3 else 1)
        return ConvergenceParams(mu=mu, curvatures=Vector(tuple(curvatures)), velocity=velocity)

    def statement(self, params: ConvergenceParams) -> tuple[Block, ...]:
        if _is_bare(params):
            ask = (
                r"Does training, from there on, always come back and converge to $\mathbf{w}_t$ in the end, whatever "
                r"$\mathbf{a}$ is? Give your reasons."
            )
            return (*setting(params.mu, "a"), Text(ask))
        return _quadratic_statement(params)

    def solve(self, params: ConvergenceParams, records: Records) -> Solution:
        answer = _answer(params)
        velocity = _velocity(params)
        found = directions(params.mu, params.learning_rate, params.curvatures, velocity)
        body: tuple[Step | Block, ...] = (
            _iteration(params),
            _criterion(params),
            _cases(params),
            Text(_lead(params)),
            *(
                direction_step(params.mu, params.learning_rate, number, d, v)
                for number, (d, v) in enumerate(zip(found, velocity, strict=True), 1)
            ),
            _run_table(params, velocity),
            Text(_local(params)),
        )
        return Solution(answer, f"**{answer.text.capitalize()}.** {_because(params, found)}", body, _code(params))

    def mistakes(self, params: ConvergenceParams) -> tuple[Mistake, ...]:
        right = _answer(params)
        why = (
            r"Momentum multiplies the velocity by $\mu < 1$, but the gradient feeds it again outside $\mathbf{w}_t$: "
            "along negative curvature it pushes away, along curvature 0 nothing pulls back, and too large a step "
            "overshoots."
            if not right.value
            else "Every component of the velocity lies along positive curvature, and the steps are small enough."
        )
        return (Mistake(YesNo(not right.value), why),)


def _answer(params: ConvergenceParams) -> YesNo:
    if params.velocity is None:
        return YesNo(always_comes_back(params.mu, params.learning_rate, params.curvatures))
    return YesNo(comes_back(params.mu, params.learning_rate, params.curvatures, params.velocity))


def _velocity(params: ConvergenceParams) -> Vector:
    return Vector((ONE,) * len(params.curvatures)) if params.velocity is None else params.velocity


def _is_bare(params: ConvergenceParams) -> bool:
    """Any velocity, on a saddle: the answer does not depend on the model's numbers, and the statement omits them."""
    signs = {c.sign() for c in params.curvatures}
    return params.velocity is None and {1, -1} <= signs


def _lead(params: ConvergenceParams) -> str:
    if _is_bare(params):
        saddle = rf"$\frac{{1}}{{2}}({_quadratic(params.curvatures)})$"
        return rf"For example, on the saddle {saddle} with $\alpha = {params.learning_rate.latex}$:"
    if params.velocity is None:
        return "Here, along each eigenvector, for a velocity with the component 1 there:"
    return "Here, along each eigenvector:"


def _quadratic(curvatures: Vector) -> str:
    terms = [(c, f"w_{i}^2") for i, c in enumerate(curvatures, start=1) if c]
    signed = [("-" if c.sign() < 0 else "+", ("" if abs(c) == 1 else abs(c).latex) + w) for c, w in terms]
    text = " ".join(f"{sign} {term}" for sign, term in signed) or "0"
    return text.removeprefix("+ ").replace("- ", "-", 1) if text.startswith("-") else text.removeprefix("+ ")


def _quadratic_statement(params: ConvergenceParams) -> tuple[Block, ...]:
    n = len(params.curvatures)
    weights = ", ".join(f"w_{i}" for i in range(1, n + 1))
    before = (
        f"The risk $L(\\mathbf{{w}}) = \\frac{{1}}{{2}}({_quadratic(params.curvatures)})$ of the weights "
        f"$\\mathbf{{w}} = ({weights})$ is minimised by gradient descent with momentum, with $\\mu = "
        f"{shown(params.mu)}$ and "
        f"$\\alpha = {shown(params.learning_rate)}$:"
    )
    velocity = "" if params.velocity is None else f" with the velocity $\\mathbf{{v}}_t = {entries(params.velocity)}$"
    ask = "Do the weights" if params.velocity is not None else "Do the weights, whatever the velocity is then,"
    after = (
        f"Iteration $t$ starts in the stationary point $\\mathbf{{w}}_t = \\mathbf{{0}}${velocity}. {ask} converge to "
        "$\\mathbf{w}_t$ in the end? Give your reasons."
    )
    return Text(before), Math(UPDATE), Text(after)


def _iteration(params: ConvergenceParams) -> Step:
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
        checks=tuple(_characteristic_check(params, c) for c in params.curvatures),
    )


def _criterion(params: ConvergenceParams) -> Step:
    """Jury's criterion for a polynomial whose constant term mu lies strictly between 0 and 1."""
    mu = params.mu
    given = [params.learning_rate * c for c in params.curvatures]
    values = all(_at(mu, c, ONE) == c and _at(mu, c, -ONE) == 2 * (ONE + mu) - c for c in given)
    return Step(
        r"The iterates come back exactly if $0 < \alpha\lambda < 2(1 + \mu)$.",
        r"The eigenvalues of $M$ are the roots of $p$, and their product is $\mu$, between 0 and 1. "
        r"Complex ones have the "
        r"absolute value $\sqrt{\mu} < 1$. Real ones have the same sign, and not both an absolute value "
        r"of 1 or more; so "
        r"one of them is above 1 exactly if $p(1) < 0$, and one below $-1$ exactly if $p(-1) < 0$. The start $u = 0$, "
        r"$v \neq 0$ is no eigenvector of $M$, for $M$ maps it to $(\mu v, \mu v)$; so it has a part "
        r"along both eigenvectors, "
        "where there are two, and an eigenvalue of absolute value 1 or more shows.",
        after=r"p(1) = \alpha\lambda, \qquad p(-1) = 2(1 + \mu) - \alpha\lambda",
        checks=(Check("These are the values of $p$ for each $\\lambda$ below.", values),),
    )


def _at(mu: Number, c: Number, r: Number) -> Number:
    """The characteristic polynomial p(r) for alpha lambda = c."""
    return r * r - (ONE + mu - c) * r + mu


def _characteristic_check(params: ConvergenceParams, curvature: Number) -> Check:
    """Cayley-Hamilton: M^2 - trace M + det I = 0."""
    (d,) = directions(params.mu, params.learning_rate, Vector((curvature,)), Vector((ONE,)))
    M, trace = d.matrix, ONE + params.mu - params.learning_rate * curvature
    rest = M @ M - M * trace + type(M).identity(2) * params.mu
    return Check(rf"For $\lambda = {curvature.latex}$ the matrix satisfies $p(M) = 0$.", not rest)


def _cases(params: ConvergenceParams) -> Table:
    mu = params.mu
    reach, bound = mu / (ONE - mu), 2 * (ONE + mu)
    low, high = (ONE - sqrt(mu)) ** 2, (ONE + sqrt(mu)) ** 2
    rows = (
        (r"$\lambda < 0$", r"real, one above $1$, for $p(1) < 0$", "leaves"),
        (r"$\lambda = 0$", r"$1$ and $\mu$", rf"settles at $u = \frac{{\mu v}}{{1 - \mu}} = {factor_latex(reach)}v$"),
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
        (r"$\alpha\lambda = 2(1 + \mu)$", r"$-1$ and $-\mu$", "keeps a bounded period of two"),
        (r"$\alpha\lambda > 2(1 + \mu)$", r"real, one below $-1$, for $p(-1) < 0$", "leaves, changing sides"),
    )
    numbers = (
        rf"$(1 - \sqrt{{\mu}})^2 \approx {rounded(low)}$, $(1 + \sqrt{{\mu}})^2 \approx {rounded(high)}$, "
        rf"$2(1 + \mu) = {bound.latex}$"
    )
    caption = rf"The iterates from $u = 0$ with $v \neq 0$; for $\mu = {mu.latex}$, {numbers}."
    return Table(("Case", "Eigenvalues of $M$", "$u$"), rows, caption)


def _run_table(params: ConvergenceParams, velocity: Vector) -> Table:
    start = State(Vector((ZERO,) * len(velocity)), velocity)
    run = trajectory(params.mu, params.learning_rate, params.curvatures, start, max(SHOWN))
    header = ("$k$", *(f"$w_{i}$" for i in range(1, len(velocity) + 1)))
    rows = tuple((f"{k}", *(f"${rounded(w)}$" for w in run[k].weights)) for k in SHOWN)
    return Table(
        header,
        rows,
        rf"The weights after $k$ iterations from $\mathbf{{0}}$ with the velocity "
        rf"${entries(velocity)}$: an exact run, shown to four digits.",
    )


def _because(params: ConvergenceParams, found: tuple[Direction, ...]) -> str:
    if _is_bare(params):
        return (
            r"At a saddle point there is a direction of negative curvature. On the quadratic model of the "
            r"risk, as soon "
            r"as $\mathbf{a}$ has a component along it, however small, the iterates leave $\mathbf{w}_t$ for good."
        )
    anyhow = params.velocity is None
    bad = [rf"along $w_{i}$ {FATES[d.fate]}" for i, d in enumerate(found, 1) if d.fate not in ("returns", "stays")]
    if bad:
        each = "each " if len(bad) > 1 else ""
        condition = f", {each}if the velocity has a component there" if anyhow else ""
        return bad[0][0].upper() + "; ".join(bad)[1:] + f"{condition}."
    if anyhow:
        return "Along every direction the curvature is positive and small enough, so that no velocity leads away."
    return "Along every direction in which the velocity has a component, the curvature is positive and small enough."


def _local(params: ConvergenceParams) -> str:
    if not _is_bare(params):
        exact = "The risk is quadratic here, so the verdict is exact"
        same = "; any multiple of the velocity other than 0 has the same."
        return f"{exact}." if params.velocity is None else exact + same
    return (
        "**Fine print.** 'No' does not mean 'never': if $\\mathbf{a}$ has no component along negative or zero "
        "curvature, and $\\alpha\\lambda < 2(1 + \\mu)$ along the others, the iterates do come back. Where the risk is "
        "not quadratic, the model describes it near $\\mathbf{w}_t$ only: once the iterates are far away, "
        "they may go anywhere, even back. And there are degenerate saddle points, where the curvature is nowhere "
        "negative: there this model cannot tell. To show that training need not come back, one saddle is enough."
    )


def _code(params: ConvergenceParams) -> str:
    lines = [
        "from gradus.exact.matrices import Vector",
        "from gradus.exact.momentum import always_comes_back, comes_back",
        "from gradus.exact.numbers import Number",
        "",
        f'mu, alpha = Number.of("{params.mu.text}"), Number.of("{params.learning_rate.text}")',
        f'curvatures = Vector.of("{params.curvatures.text}")',
    ]
    call = "always_comes_back(mu, alpha, curvatures)"
    if params.velocity is not None:
        call = f'comes_back(mu, alpha, curvatures, Vector.of("{params.velocity.text}"))'
    return "\n".join([*lines, f'print("yes" if {call} else "no")'])


KIND = Convergence()
