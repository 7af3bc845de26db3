"""Why the steps after a saddle point do not simply decay."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from gradus.answers.answer import Prose
from gradus.answers.verdict import Mistake
from gradus.documents.blocks import Block, Table, Text
from gradus.exact.matrices import Vector
from gradus.exact.momentum import State, trajectory
from gradus.exact.numbers import ONE, Number
from gradus.exact.steps import Check, Step
from gradus.problems.momentum import MuParam, VelocityName, entries, multiple, rounded, setting
from gradus.problems.momentum_figure import ALPHA, SADDLE, momentum_figure
from gradus.problems.problem import Kind, Params, Records, Solution

SHOWN = (1, 2, 3, 5, 10, 20)
"""The iterations in the table of the worked solution."""


class DecayArgumentParams(Params):
    """The momentum coefficient, and the letter for the velocity."""

    mu: MuParam
    velocity: VelocityName = "a"


class DecayArgument(Kind[DecayArgumentParams]):
    """An explanation, judged by a person."""

    name = "momentum/decay-argument"
    title = "After the saddle point"
    Params = DecayArgumentParams
    answer = Prose

    def sample(self, rng: Random, level: int) -> DecayArgumentParams:
        tenths = {1: (5, 6, 8, 9), 2: (4, 7), 3: (3, 9)}[level]
        return DecayArgumentParams(mu=Number.of(Fraction(rng.choice(tenths), 10)), velocity=rng.choice("abcdu"))

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
        return Solution(answer, answer.text, (_step(params), _table(params), momentum_figure(params.mu)), _code(params))

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
    states = _states(mu, 2)
    expected = Vector(tuple(mu * (mu - ALPHA * c) for c in SADDLE))
    two = (
        rf"\mathbf{{v}}_{{t+2}} = \mu^2 {a} - \alpha Q \mu {a} = \mu\, (\mu I - \alpha Q)\, {a} \neq \mu^2 {a} "
        rf"\quad \text{{unless }} Q {a} = \mathbf{{0}}"
    )
    statement = (
        rf"Two exact iterations on the saddle $\frac{{1}}{{2}}(w_1^2 - w_2^2)$ with $\alpha = {ALPHA.latex}$ from "
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
    states = _states(params.mu, max(SHOWN))
    rows = tuple(
        (
            f"{k}",
            *(f"${rounded(v)}$" for v in states[k].velocity),
            f"${rounded(params.mu**k)}$",
        )
        for k in SHOWN
    )
    caption = (
        rf"Steps on $\frac{{1}}{{2}}(w_1^2 - w_2^2)$ with $\alpha = {ALPHA.latex}$ from the saddle point with "
        r"the velocity $(1, 1)$, to four digits, beside $\mu^k$."
    )
    header = ("$k$", r"step along $\lambda = 1$", r"step along $\lambda = -1$", r"$\mu^k$")
    return Table(header, rows, caption)


def _states(mu: Number, iterations: int) -> tuple[State, ...]:
    start = State(Vector.of([0, 0]), Vector((ONE, ONE)))
    return trajectory(mu, ALPHA, SADDLE, start, iterations)


def _code(params: DecayArgumentParams) -> str:
    return "\n".join(
        [
            "from gradus.exact.matrices import Vector",
            "from gradus.exact.momentum import State, trajectory",
            "from gradus.exact.numbers import Number",
            "",
            f'mu, alpha = Number.of("{params.mu.text}"), Number.of("{ALPHA.text}")',
            "start = State(Vector.of([0, 0]), Vector.of([1, 1]))",
            "for k, state in enumerate(trajectory(mu, alpha, Vector.of([1, -1]), start, 5)):",
            "    print(k, [float(v) for v in state.velocity], float(mu**k))",
        ]
    )


KIND = DecayArgument()
