"""Does training with momentum come back to a stationary point and converge there?"""

from __future__ import annotations

from fractions import Fraction
from random import Random

from pydantic import model_validator

from gradus.answers.answer import YesNo
from gradus.answers.verdict import Mistake
from gradus.documents.blocks import Block, Math, Text
from gradus.errors import InputError
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.linear_algebra.svd import diagonal
from gradus.exact.momentum.descent import Descent, Quadratic, open_velocity
from gradus.exact.numbers.number import ONE, ZERO, Number
from gradus.exact.steps import Step
from gradus.problems.momentum import UPDATE, MuOrZeroParam, check_short, entries, quadratic_latex, setting, shown
from gradus.problems.momentum_directions import is_held, labelled
from gradus.problems.momentum_figure import descent_figure
from gradus.problems.momentum_worked import because, direction_steps, run_table, setting_steps, verdict_step
from gradus.problems.problem import Kind, MatrixParam, NumberParam, Params, Records, Solution, VectorParam

MOST_DIRECTIONS = 6

SADDLE = Vector.of([1, -1])
"""The curvatures where neither they nor a Hessian are given."""


class ConvergenceParams(Params):
    """The quadratic model: its Hessian, or the curvatures along the axes (left out: 1 and -1), and the learning rate.

    The velocity left out: any one, or 0 where a start is given.  The start left out: the stationary point, which is 0
    unless it is given.
    """

    mu: MuOrZeroParam
    curvatures: VectorParam | None = None
    hessian: MatrixParam | None = None
    learning_rate: NumberParam = Number.of("1/10")
    start: VectorParam | None = None
    velocity: VectorParam | None = None
    stationary_point: VectorParam | None = None

    @model_validator(mode="after")
    def _fits(self) -> ConvergenceParams:
        if self.curvatures is not None and self.hessian is not None:
            raise InputError("curvatures", self.curvatures.text, "does not go with hessian", "leave out one of the two")
        name = "curvatures" if self.hessian is None else "hessian"
        rows = (self.along_axes,) if self.hessian is None else self.hessian.rows
        if max(len(row) for row in rows) > MOST_DIRECTIONS:
            rule = f"must be at most {MOST_DIRECTIONS} numbers, to fit on a page"
            value = self.along_axes.text if self.hessian is None else self.hessian.text
            raise InputError(name, value, rule, "leave some out")
        check_short(name, *(x for row in rows for x in row))
        check_short("learning_rate", self.learning_rate)
        for vector in ("start", "velocity", "stationary_point"):
            check_short(vector, *(getattr(self, vector) or ()))
        _ = self.descent  # what does not fit together is refused here
        return self

    @property
    def along_axes(self) -> Vector:
        """The curvatures, given or not."""
        return SADDLE if self.curvatures is None else self.curvatures

    @property
    def descent(self) -> Descent:
        """The descent that the parameters describe."""
        n = len(self.along_axes) if self.hessian is None else self.hessian.shape[0]
        hessian = diagonal(tuple(self.along_axes), n, n) if self.hessian is None else self.hessian
        zero = Vector((ZERO,) * hessian.shape[0])
        centre = zero if self.stationary_point is None else self.stationary_point
        start = centre if self.start is None else self.start
        velocity = zero if self.velocity is None and self.start is not None else self.velocity
        return Descent(Quadratic(hessian, centre), self.mu, self.learning_rate, start, velocity)

    @property
    def is_bare(self) -> bool:
        """Any velocity in a saddle point: the answer does not depend on the model's numbers, nor the statement."""
        signs = {pair.eigenvalue.sign() for pair in self.descent.quadratic.eigenpairs}
        return self.hessian is None and self.descent.velocity is None and bool(self.mu) and {1, -1} <= signs


class Convergence(Kind[ConvergenceParams]):
    """Yes or no."""

    name = "momentum/convergence"
    title = "Does momentum come back?"
    Params = ConvergenceParams
    answer = YesNo

    def sample(self, rng: Random, level: int) -> ConvergenceParams:
        """Level 1: a saddle, any velocity; level 2: a given velocity, or a start; level 3: a Hessian that is no
        diagonal matrix, three directions, or a start on or beside the direction that leads back."""
        mu = Number.of(Fraction(rng.choice((5, 6, 8, 9)), 10))
        if level == 1:
            return ConvergenceParams(mu=mu, curvatures=Vector.of([rng.randint(1, 3), -rng.randint(1, 3)]))
        if level == 3 and rng.random() < 0.7:
            return _coupled(rng, mu) if rng.random() < 0.6 else _held(rng)
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
        if params.is_bare:
            ask = (
                r"Does training, from there on, always come back and converge to $\mathbf{w}_t$ in the end, whatever "
                r"$\mathbf{a}$ is? Give your reasons."
            )
            return (*setting(params.mu, "a"), Text(ask))
        return _quadratic_statement(params)

    def solve(self, params: ConvergenceParams, records: Records) -> Solution:
        answer, descent = _answer(params), params.descent
        velocity = _shown_velocity(params)
        # along the axes, any velocity is shown by one whose components are 1
        shown_run = Descent(descent.quadratic, descent.mu, descent.learning_rate, descent.start, velocity)
        body: tuple[Step | Block, ...] = (
            *setting_steps(descent),
            Text(_lead(params)),
            *direction_steps(descent),
            *(() if params.is_bare else (verdict_step(descent),)),
            run_table(descent, velocity),
            *_figure(params, shown_run),
            Text(_local(params)),
        )
        return Solution(answer, f"**{answer.text.capitalize()}.** {_because(params)}", body, _code(params))

    def mistakes(self, params: ConvergenceParams) -> tuple[Mistake, ...]:
        right = _answer(params)
        held = any(is_held(d) for d in params.descent.directions)
        why = (
            r"Momentum multiplies the velocity by $\mu < 1$, but the gradient feeds it again outside $\mathbf{w}_t$: "
            "along negative curvature it pushes away, along curvature 0 nothing pulls back, and too large a step "
            "overshoots."
            if not right.value
            else "An eigenvalue outside the unit circle does no harm if start and velocity have no part along it."
            if held
            else "Every component of the velocity lies along positive curvature, and the steps are small enough."
        )
        return (Mistake(YesNo(not right.value), why),)


def _figure(params: ConvergenceParams, run: Descent) -> tuple[Block, ...]:
    """Nothing where the statement leaves the model open, or nothing moves."""
    moves = any(d.motion != "none" for d in run.directions)
    return (descent_figure(run),) if moves and not params.is_bare else ()


def _coupled(rng: Random, mu: Number) -> ConvergenceParams:
    """A Hessian with the eigenvectors (1, 1) and (1, -1); the velocity along one of them, or beside it."""
    first, second = rng.choice(((3, 1), (3, -1), (1, -1), (4, 2), (2, 0), (4, -2)))
    p, q = Fraction(first + second, 2), Fraction(first - second, 2)
    hessian = Matrix.of([[p, q], [q, p]])
    size = rng.choice((-2, -1, 1, 2))
    velocity = Vector.of([size, rng.choice((size, size, size + 1))])
    return ConvergenceParams(mu=mu, hessian=hessian, velocity=velocity)


def _held(rng: Random) -> ConvergenceParams:
    """Negative curvature with rational eigenvalues r and mu/r of M, and a start along the one inside or beside it."""
    mu, r = rng.choice(
        ((Fraction(1, 2), Fraction(1, 4)), (Fraction(4, 5), Fraction(2, 5)), (Fraction(1, 2), Fraction(1, 3)))
    )
    c = 1 + mu - r - mu / r
    start = rng.choice((1, 2, -1))
    velocity = (r - 1 + c) * start / mu + rng.choice((0, 0, Fraction(1, 10)))
    return ConvergenceParams(
        mu=Number.of(mu),
        curvatures=Vector.of([rng.randint(1, 4), c * 10]),
        start=Vector.of([rng.choice((1, 2)), start]),
        velocity=Vector.of([0, velocity]),
    )


def _answer(params: ConvergenceParams) -> YesNo:
    return YesNo(params.descent.verdict.comes_back)


def _shown_velocity(params: ConvergenceParams) -> Vector:
    """The one that is given; where it is left open, one with a component along every eigenvector."""
    given = params.descent.velocity
    return open_velocity(params.descent.quadratic) if given is None else given


def _lead(params: ConvergenceParams) -> str:
    if params.is_bare:
        saddle = rf"$\frac{{1}}{{2}}({quadratic_latex(params.along_axes)})$"
        return rf"For example, on the saddle {saddle} with $\alpha = {params.learning_rate.latex}$:"
    if params.descent.velocity is None:
        return "Here, along each eigenvector, for a velocity with the component 1 there:"
    return "Here, along each eigenvector:"


def _risk(params: ConvergenceParams) -> str:
    n = params.descent.quadratic.dimension
    weights = ", ".join(f"w_{i}" for i in range(1, n + 1))
    centre = params.stationary_point
    if params.hessian is None:
        return (
            f"The risk $L(\\mathbf{{w}}) = \\frac{{1}}{{2}}({quadratic_latex(params.along_axes, centre)})$ of the "
            f"weights $\\mathbf{{w}} = ({weights})$"
        )
    moved = r"(\mathbf{w} - \mathbf{w}^*)" if centre else r"\mathbf{w}"
    where = rf" and $\mathbf{{w}}^* = {entries(centre)}$" if centre else ""
    return (
        rf"The risk $L(\mathbf{{w}}) = \frac{{1}}{{2}}{moved}^\top Q\,{moved}$ with $Q = {params.hessian.latex}${where}"
    )


def _quadratic_statement(params: ConvergenceParams) -> tuple[Block, ...]:
    before = (
        f"{_risk(params)} is minimised by gradient descent with momentum, with $\\mu = {shown(params.mu)}$ and "
        f"$\\alpha = {shown(params.learning_rate)}$:"
    )
    velocity = "" if params.velocity is None else f" with the velocity $\\mathbf{{v}}_t = {entries(params.velocity)}$"
    ask = "Do the weights" if params.descent.velocity is not None else "Do the weights, whatever the velocity is then,"
    centre = entries(params.stationary_point) if params.stationary_point else r"\mathbf{0}"
    if params.start is None:
        begin = f"Iteration $t$ starts in the stationary point $\\mathbf{{w}}_t = {centre}${velocity}."
        return (
            Text(before),
            Math(UPDATE),
            Text(f"{begin} {ask} converge to $\\mathbf{{w}}_t$ in the end? Give your reasons."),
        )
    still = " with the velocity $\\mathbf{0}$" if params.velocity is None else velocity
    begin = f"Training starts at ${entries(params.start)}${still}."
    end = f"{ask} converge to the stationary point ${centre}$ in the end? Give your reasons."
    return Text(before), Math(UPDATE), Text(f"{begin} {end}")


def _because(params: ConvergenceParams) -> str:
    if params.is_bare:
        return (
            r"At a saddle point there is a direction of negative curvature. On the quadratic model of the "
            r"risk, as soon "
            r"as $\mathbf{a}$ has a component along it, however small, the iterates leave $\mathbf{w}_t$ for good."
        )
    found = labelled(params.descent)
    anyhow = params.descent.velocity is None
    if bad := because(found, anyhow):
        return bad
    held = [item.name for item in found if is_held(item.direction)]
    if held:
        return (
            f"Along ${', '.join(held)}$ an eigenvalue has an absolute value of 1 or more, but start and velocity lie "
            "in the direction of the other one, which is inside the unit circle."
        )
    if anyhow:
        if not params.mu:
            return r"With $\mu = 0$ no velocity is carried on, so that the iterates never leave the stationary point."
        return "Along every direction the curvature is positive and small enough, so that no velocity leads away."
    what = "the velocity" if params.start is None else "the start or the velocity"
    return f"Along every direction in which {what} has a component, the curvature is positive and small enough."


def _local(params: ConvergenceParams) -> str:
    if not params.is_bare:
        exact = "The risk is quadratic here, so the verdict is exact"
        same = "; any multiple of the velocity other than 0 has the same."
        return exact + same if params.velocity is not None and params.start is None else f"{exact}."
    return (
        "**Fine print.** 'No' does not mean 'never': if $\\mathbf{a}$ has no component along negative or zero "
        "curvature, and $\\alpha\\lambda < 2(1 + \\mu)$ along the others, the iterates do come back. Where the risk is "
        "not quadratic, the model describes it near $\\mathbf{w}_t$ only: once the iterates are far away, "
        "they may go anywhere, even back. And there are degenerate saddle points, where the curvature is nowhere "
        "negative: there this model cannot tell. To show that training need not come back, one saddle is enough."
    )


def _code(params: ConvergenceParams) -> str:
    lines = [
        "from gradus.exact import Matrix, Vector",
        "from gradus.exact.momentum.descent import Descent, Quadratic",
        "from gradus.exact import Number",
        "",
    ]
    descent = params.descent
    velocity = "None" if descent.velocity is None else f'Vector.of("{descent.velocity.text}")'
    remark = "  # None: any velocity" if descent.velocity is None else ""
    return "\n".join(
        [
            *lines,
            f'mu, alpha = Number.of("{params.mu.text}"), Number.of("{params.learning_rate.text}")',
            f'Q, centre = Matrix.of("{descent.quadratic.hessian.text}"), '
            f'Vector.of("{descent.quadratic.stationary_point.text}")',
            f'start, velocity = Vector.of("{descent.start.text}"), {velocity}{remark}',
            "descent = Descent(Quadratic(Q, centre), mu, alpha, start, velocity)",
            'print("yes" if descent.verdict.comes_back else "no")',
        ]
    )


KIND = Convergence()
