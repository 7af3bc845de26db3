"""Why the steps after a saddle point do not simply decay."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from pydantic import model_validator

from gradus.answers.answer import Prose
from gradus.answers.verdict import Mistake
from gradus.documents.blocks import Block, Table, Text
from gradus.errors import InputError
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.momentum.directions import State, check_constants, trajectory
from gradus.exact.numbers.number import ONE, Number
from gradus.exact.steps import Check, Step
from gradus.problems.momentum import (
    MuParam,
    VelocityName,
    check_short,
    entries,
    multiple,
    quadratic_latex,
    rounded,
    setting,
)
from gradus.problems.momentum_figure import ALPHA, SADDLE, momentum_figure
from gradus.problems.problem import Kind, NumberParam, Params, Records, Solution, VectorParam

SHOWN = (1, 2, 3, 5, 10, 20)
"""The iterations in the table of the worked solution."""


class DecayArgumentParams(Params):
    """The momentum coefficient, the letter for the velocity, and the saddle of the example: curvatures along two axes,
    one positive and one negative, and the learning rate."""

    mu: MuParam
    velocity: VelocityName = "a"
    curvatures: VectorParam = SADDLE
    learning_rate: NumberParam = ALPHA

    @model_validator(mode="after")
    def _is_saddle(self) -> DecayArgumentParams:
        check_short("curvatures", *self.curvatures)
        check_short("learning_rate", self.learning_rate)
        check_constants(self.mu, self.learning_rate)
        if len(self.curvatures) != 2 or sorted(c.sign() for c in self.curvatures) != [-1, 1]:
            rule = "must be two numbers, one positive and one negative"
            raise InputError("curvatures", self.curvatures.text, rule, "1 -1, say")
        return self


class DecayArgument(Kind[DecayArgumentParams]):
    """An explanation, judged by a person."""

    name = "momentum/decay-argument"
    title = "After the saddle point"
    Params = DecayArgumentParams
    answer = Prose

    def sample(self, rng: Random, level: int) -> DecayArgumentParams:
        tenths = {1: (5, 6, 8, 9), 2: (4, 7), 3: (3, 9)}[level]
        mu, letter = Number.of(Fraction(rng.choice(tenths), 10)), rng.choice("abcdu")
        if level < 3:
            return DecayArgumentParams(mu=mu, velocity=letter)
        curvatures = Vector.of(rng.choice(([2, -1], [1, -2], [-1, 3], [3, -2])))
        rate = Number.of(Fraction(1, rng.choice((5, 10, 20))))
        return DecayArgumentParams(mu=mu, velocity=letter, curvatures=curvatures, learning_rate=rate)

    def statement(self, params: DecayArgumentParams) -> tuple[Block, ...]:
        claim = (
            r"A fellow student concludes that the steps die out exponentially from then on, $\mathbf{v}_{t+k} = "
            rf"\mu^k\, \mathbf{{{params.velocity}}}$ for all $k \geq 1$, since the point is a saddle and "
            rf"$\mu$ does not "
            "change. Explain what is wrong with this conclusion."
        )
        return (*setting(params.mu, params.velocity), Text(claim))

    def solve(self, params: DecayArgumentParams, records: Records) -> Solution:
        answer = Prose(_explanation(params))
        figure = momentum_figure(params.mu, params.curvatures, params.learning_rate)
        body = (_step(params), _table(params), figure)
        return Solution(answer, answer.text, body, _code(params))

    def mistakes(self, params: DecayArgumentParams) -> tuple[Mistake, ...]:
        wrong = Prose(r"The steps decay, only more slowly than $\mu^k$.")
        why = (
            r"Along negative curvature they grow in the long run, and along curvature 0 they decay "
            r"exactly like $\mu^k$."
        )
        return (Mistake(wrong, why),)


def _explanation(params: DecayArgumentParams) -> str:
    _, moved = multiple(params.mu, params.velocity)
    return (
        r"The argument needs a zero gradient at every iteration, and has it at the first one only. The first step "
        rf"leads to $\mathbf{{w}}_{{t+1}} = \mathbf{{w}}_t + {moved}$, which is another point; there the "
        rf"gradient is not "
        r"zero in general, and enters the next step: $\mathbf{v}_{t+2} = \mu\, \mathbf{v}_{t+1} - \alpha\, \nabla "
        r"L(\mathbf{w}_{t+1})$."
    )


def _step(params: DecayArgumentParams) -> Step:
    mu, a = params.mu, rf"\mathbf{{{params.velocity}}}"
    states = _states(params, 2)
    expected = Vector(tuple(mu * (mu - params.learning_rate * c) for c in params.curvatures))
    two = (
        rf"\mathbf{{v}}_{{t+2}} = \mu^2 {a} - \alpha Q \mu {a} = \mu\, (\mu I - \alpha Q)\, {a} \neq \mu^2 {a} "
        rf"\quad \text{{unless }} Q {a} = \mathbf{{0}}"
    )
    statement = (
        rf"Two exact iterations on the saddle $\frac{{1}}{{2}}({quadratic_latex(params.curvatures)})$ with "
        rf"$\alpha = {params.learning_rate.latex}$ from "
        rf"$\mathbf{{0}}$ with the velocity $(1, 1)$ give the step ${entries(states[2].velocity)}$, not "
        rf"${entries(Vector((mu * mu,) * 2))}$."
    )
    return Step(
        "Already the second step is another one.",
        rf"Let $Q$ be the matrix of second derivatives at $\mathbf{{w}}_t$. On the quadratic model of the risk the "
        rf"gradient at $\mathbf{{w}}_t + \mu {a}$ is $Q \mu {a}$: along negative curvature the step is larger than "
        rf"$\mu^2 {a}$, and along positive curvature it is smaller, or turns round.",
        after=two,
        checks=(Check(statement, states[2].velocity == expected != Vector((mu * mu,) * 2)),),
    )


def _table(params: DecayArgumentParams) -> Table:
    states = _states(params, max(SHOWN))
    rows = tuple(
        (
            f"{k}",
            *(f"${rounded(v)}$" for v in states[k].velocity),
            f"${rounded(params.mu**k)}$",
        )
        for k in SHOWN
    )
    caption = (
        rf"Steps on $\frac{{1}}{{2}}({quadratic_latex(params.curvatures)})$ with "
        rf"$\alpha = {params.learning_rate.latex}$ from the saddle point with "
        r"the velocity $(1, 1)$, to four digits, beside $\mu^k$."
    )
    header = ("$k$", *(rf"step along $\lambda = {c.latex}$" for c in params.curvatures), r"$\mu^k$")
    return Table(header, rows, caption)


def _states(params: DecayArgumentParams, iterations: int) -> tuple[State, ...]:
    start = State(Vector.of([0, 0]), Vector((ONE, ONE)))
    return trajectory(params.mu, params.learning_rate, params.curvatures, start, iterations)


def _code(params: DecayArgumentParams) -> str:
    return "\n".join(
        [
            "from gradus.exact import Vector",
            "from gradus.exact.momentum.directions import State, trajectory",
            "from gradus.exact import Number",
            "",
            f'mu, alpha = Number.of("{params.mu.text}"), Number.of("{params.learning_rate.text}")',
            "start = State(Vector.of([0, 0]), Vector.of([1, 1]))",
            f'curvatures = Vector.of("{params.curvatures.text}")',
            "for k, state in enumerate(trajectory(mu, alpha, curvatures, start, 5)):",
            "    print(k, [float(v) for v in state.velocity], float(mu**k))",
        ]
    )


KIND = DecayArgument()
