"""A few iterations of momentum on a quadratic by hand, in the plain form or in Nesterov's."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from pydantic import Field, model_validator

from gradus.answers.answer import Answer, Exact, Parts
from gradus.answers.verdict import Mistake
from gradus.documents.blocks import Block, Math, Text
from gradus.errors import InputError
from gradus.exact.linear_algebra.equations import aligned
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.momentum.descent import Descent, Quadratic
from gradus.exact.momentum.directions import Method, State
from gradus.exact.numbers.number import ZERO, Number
from gradus.exact.steps import Check, Step
from gradus.problems.mistakes import distinct
from gradus.problems.momentum import UPDATE, MuOrZeroParam, check_short, entries, shown
from gradus.problems.problem import Kind, MatrixParam, NumberParam, Params, Records, Solution, VectorParam

MOST_WEIGHTS = 4

NESTEROV = (
    r"\mathbf{v}_{t+1} = \mu\, \mathbf{v}_t - \alpha\, \nabla L(\mathbf{w}_t + \mu\, \mathbf{v}_t), \qquad "
    r"\mathbf{w}_{t+1} = \mathbf{w}_t + \mathbf{v}_{t+1}"
)
"""Nesterov's form, the gradient taken where the velocity alone would lead."""


class IterationsParams(Params):
    """The Hessian, the constants, where it starts with which velocity, and how many iterations are asked for."""

    hessian: MatrixParam
    mu: MuOrZeroParam
    learning_rate: NumberParam = Number.of("1/10")
    start: VectorParam
    velocity: VectorParam | None = None
    stationary_point: VectorParam | None = None
    iterations: int = Field(default=2, ge=1, le=4)
    method: Method = "momentum"

    @model_validator(mode="after")
    def _fits(self) -> IterationsParams:
        if max(self.hessian.shape) > MOST_WEIGHTS:
            rule = f"must have at most {MOST_WEIGHTS} rows, to be followed by hand"
            raise InputError("hessian", self.hessian.text, rule, "give a smaller one")
        check_short("hessian", *(x for row in self.hessian.rows for x in row))
        check_short("learning_rate", self.learning_rate)
        for name in ("start", "velocity", "stationary_point"):
            check_short(name, *(getattr(self, name) or ()))
        _ = self.descent  # what does not fit together is refused here
        return self

    @property
    def descent(self) -> Descent:
        """The descent that the parameters describe."""
        zero = Vector((ZERO,) * self.hessian.shape[0])
        centre = zero if self.stationary_point is None else self.stationary_point
        velocity = zero if self.velocity is None else self.velocity
        return Descent(Quadratic(self.hessian, centre), self.mu, self.learning_rate, self.start, velocity, self.method)


class Iterations(Kind[IterationsParams]):
    """Two exact vectors: the velocity and the weights in the end."""

    name = "momentum/iterations"
    title = "Momentum by hand"
    Params = IterationsParams
    answer = Parts

    def sample(self, rng: Random, level: int) -> IterationsParams:
        """Level 1: one step along two axes; level 2: two; level 3: a Hessian that couples, or Nesterov's form."""
        p, q = rng.choice((1, 2, 4)), rng.choice((-2, -1, 1, 3))
        off = rng.choice((-1, 1, 2)) if level == 3 else 0
        return IterationsParams(
            hessian=Matrix.of([[p, off], [off, q]]),
            mu=Number.of(Fraction(rng.choice((1, 4, 3)), 5) if level > 1 else Fraction(1, 2)),
            learning_rate=Number.of(Fraction(1, rng.choice((5, 10)))),
            start=Vector.of([rng.choice((-2, 1, 2, 3)), rng.choice((-1, 1, 2))]),
            velocity=Vector.of([rng.choice((-1, 0, 1)), rng.choice((1, 2))]),
            iterations=1 if level == 1 else 2,
            method="nesterov" if level == 3 and rng.random() < 0.4 else "momentum",
        )

    def statement(self, params: IterationsParams) -> tuple[Block, ...]:
        centre = params.stationary_point
        moved = r"(\mathbf{w} - \mathbf{w}^*)" if centre else r"\mathbf{w}"
        where = rf" and $\mathbf{{w}}^* = {entries(centre)}$" if centre else ""
        before = (
            rf"The risk $L(\mathbf{{w}}) = \frac{{1}}{{2}}{moved}^\top Q\,{moved}$ with $Q = {params.hessian.latex}$"
            rf"{where} is minimised with $\mu = {shown(params.mu)}$ and $\alpha = {shown(params.learning_rate)}$:"
        )
        state = params.descent.path(0)[0]
        k = params.iterations
        many = "one iteration" if k == 1 else f"{k} iterations"
        after = (
            rf"It starts with $\mathbf{{w}}_0 = {entries(state.weights)}$ and $\mathbf{{v}}_0 = "
            rf"{entries(state.velocity)}$. Find the velocity $\mathbf{{v}} = \mathbf{{v}}_{k}$ and the weights "
            rf"$\mathbf{{w}} = \mathbf{{w}}_{k}$ after {many}, exactly."
        )
        return Text(before), Math(NESTEROV if params.method == "nesterov" else UPDATE), Text(after)

    def solve(self, params: IterationsParams, records: Records) -> Solution:
        run = params.descent.path(params.iterations)
        answer = _parts(run[-1])
        steps = tuple(_step(params, k, run[k - 1], run[k]) for k in range(1, len(run)))
        k = params.iterations
        summary = (
            rf"$\mathbf{{v}}_{k} = {entries(run[-1].velocity)}$ and $\mathbf{{w}}_{k} = {entries(run[-1].weights)}$."
        )
        return Solution(answer, summary, steps, _code(params))

    def mistakes(self, params: IterationsParams) -> tuple[Mistake, ...]:
        other: Method = "momentum" if params.method == "nesterov" else "nesterov"
        swapped = params.model_copy(update={"method": other}).descent.path(params.iterations)[-1]
        candidates: list[tuple[Answer, str]] = [
            (_parts(_wrong(params, old=True)), "The weights move by the new velocity, not by the old one."),
            (_parts(_wrong(params, sign=-1)), r"The gradient is subtracted: it points uphill."),
            (_parts(_wrong(params, carried=False)), r"The old velocity is carried on, times $\mu$."),
            (_parts(swapped), _WHERE[params.method]),
            (_parts(_wrong(params, extra=1)), "That is one iteration more than was asked for."),
        ]
        return distinct(_parts(params.descent.path(params.iterations)[-1]), candidates)


_WHERE: dict[Method, str] = {
    "momentum": r"The gradient is taken at $\mathbf{w}_t$; at $\mathbf{w}_t + \mu\mathbf{v}_t$ it is Nesterov's form.",
    "nesterov": r"The gradient is taken at $\mathbf{w}_t + \mu\mathbf{v}_t$ here, and not at $\mathbf{w}_t$.",
}


def _parts(state: State) -> Parts:
    return Parts({"v": Exact(state.velocity), "w": Exact(state.weights)})


def _point(params: IterationsParams, state: State) -> Vector:
    """Where the gradient is taken."""
    return state.weights + state.velocity * params.mu if params.method == "nesterov" else state.weights


def _wrong(params: IterationsParams, old: bool = False, sign: int = 1, carried: bool = True, extra: int = 0) -> State:
    """The iterations with one rule broken."""
    state = params.descent.path(0)[0]
    for _ in range(params.iterations + extra):
        pull = params.descent.quadratic.gradient(_point(params, state)) * params.learning_rate * sign
        velocity = (state.velocity * params.mu if carried else state.velocity * 0) - pull
        state = State(state.weights + (state.velocity if old else velocity), velocity)
    return state


def _step(params: IterationsParams, k: int, before: State, after: State) -> Step:
    quadratic = params.descent.quadratic
    at = _point(params, before)
    gradient = quadratic.gradient(at)
    where = rf"\mathbf{{w}}_{k - 1}"
    lines = []
    if params.method == "nesterov":
        where += rf" + \mu\mathbf{{v}}_{k - 1}"
        lines.append(rf"{where} &= {entries(at)}")
    lines += [
        rf"\nabla L({where}) &= {entries(gradient)}",
        rf"\mathbf{{v}}_{k} &= {params.mu.latex}\,{entries(before.velocity)} - {params.learning_rate.latex}\,"
        rf"{entries(gradient)} = {entries(after.velocity)}",
        rf"\mathbf{{w}}_{k} &= {entries(before.weights)} + {entries(after.velocity)} = {entries(after.weights)}",
    ]
    factor = r"the distance from $\mathbf{w}^*$" if quadratic.stationary_point else "the point"
    reason = f"The gradient of the quadratic is $Q$ times {factor}."
    return Step(f"Iteration {k}.", reason, after=aligned(lines), checks=(_check(params, at, gradient, after, before),))


def _check(params: IterationsParams, at: Vector, gradient: Vector, after: State, before: State) -> Check:
    """The gradient by exact central differences, which a quadratic allows, and the update with it."""
    quadratic = params.descent.quadratic
    n = quadratic.dimension
    units = Matrix.identity(n).columns
    slopes = Vector(tuple((quadratic.value(at + e) - quadratic.value(at - e)) / 2 for e in units))
    moved = after.velocity == before.velocity * params.mu - slopes * params.learning_rate
    statement = "The gradient is that of central differences $(L(\\mathbf{w} + \\mathbf{e}_i) - L(\\mathbf{w} - "
    statement += "\\mathbf{e}_i))/2$, which are exact for a quadratic."
    return Check(statement, slopes == gradient and moved and after.weights == before.weights + after.velocity)


def _code(params: IterationsParams) -> str:
    descent = params.descent
    velocity = Vector((ZERO,) * descent.quadratic.dimension) if descent.velocity is None else descent.velocity
    method = ', "nesterov"' if params.method == "nesterov" else ""
    return "\n".join(
        [
            "from gradus.exact import Matrix, Vector",
            "from gradus.exact.momentum.descent import Descent, Quadratic",
            "from gradus.exact import Number",
            "",
            f'Q, centre = Matrix.of("{params.hessian.text}"), Vector.of("{descent.quadratic.stationary_point.text}")',
            f'mu, alpha = Number.of("{params.mu.text}"), Number.of("{params.learning_rate.text}")',
            f'start, velocity = Vector.of("{descent.start.text}"), Vector.of("{velocity.text}")',
            f"descent = Descent(Quadratic(Q, centre), mu, alpha, start, velocity{method})",
            f"last = descent.path({params.iterations})[-1]",
            'print("v =", last.velocity.text)',
            'print("w =", last.weights.text)',
        ]
    )


KIND = Iterations()
