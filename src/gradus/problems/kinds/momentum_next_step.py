"""The next step of momentum at a saddle point."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from gradus.answers.answer import Symbolic
from gradus.answers.verdict import Mistake
from gradus.documents.blocks import Block, Text
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.momentum.directions import next_velocity
from gradus.exact.numbers.number import ONE, ZERO, Number
from gradus.exact.steps import Check, Step
from gradus.problems.mistakes import distinct
from gradus.problems.momentum import UPDATE, MuParam, VelocityName, entries, multiple, setting
from gradus.problems.problem import Kind, Params, Records, Solution


class NextStepParams(Params):
    """The momentum coefficient, and the letter for the velocity."""

    mu: MuParam
    velocity: VelocityName = "a"


class NextStep(Kind[NextStepParams]):
    """A multiple of the velocity."""

    name = "momentum/next-step"
    title = "Momentum at a saddle point"
    Params = NextStepParams
    answer = Symbolic

    def sample(self, rng: Random, level: int) -> NextStepParams:
        denominators = {1: (2, 4, 5, 10), 2: (8, 20, 50), 3: (3, 6, 7, 9, 12)}[level]
        denominator = rng.choice(denominators)
        mu = Number.of(Fraction(rng.randint(1, denominator - 1), denominator))
        return NextStepParams(mu=mu, velocity=rng.choice("abcdu"))

    def statement(self, params: NextStepParams) -> tuple[Block, ...]:
        ask = r"What is the step $\mathbf{v}_{t+1}$ of iteration $t$?"
        return (*setting(params.mu, params.velocity), Text(ask))

    def solve(self, params: NextStepParams, records: Records) -> Solution:
        answer = _answer(params.mu, params)
        step = Step(
            r"The gradient at a saddle point is $\mathbf{0}$, so only the first term is left.",
            "A saddle point is a stationary point of the risk.",
            before=UPDATE,
            after=rf"\mathbf{{v}}_{{t+1}} = \mu\, \mathbf{{{params.velocity}}} - \alpha\, \mathbf{{0}} = "
            rf"{answer.latex}",
            checks=(_check(params.mu),),
        )
        fine_print = Text(
            r"**Fine print.** This is exact because $\nabla L$ is the gradient of the whole risk. In "
            r"stochastic gradient "
            r"descent the gradient $\mathbf{g}$ that a mini-batch gives at $\mathbf{w}_t$ need not be "
            r"zero; there the step "
            r"is $\mu\mathbf{v}_t - \alpha\mathbf{g}$, which equals this one on average only."
        )
        return Solution(answer, rf"$\mathbf{{v}}_{{t+1}} = {answer.latex}$.", (step, fine_print), _code(params))

    def mistakes(self, params: NextStepParams) -> tuple[Mistake, ...]:
        mu = params.mu
        candidates = [
            (ONE, r"The velocity is multiplied by $\mu$ at every iteration, where the gradient is zero too."),
            (mu * mu, r"One iteration multiplies the velocity by $\mu$ once, not twice."),
            (ZERO, "The gradient is zero, but the velocity is not: momentum carries on."),
            (ONE - mu, r"The velocity is multiplied by $\mu$, not by $1 - \mu$."),
        ]
        return distinct(_answer(mu, params), ((_answer(factor, params), why) for factor, why in candidates))


def _answer(factor: Number, params: NextStepParams) -> Symbolic:
    return Symbolic(*multiple(factor, params.velocity))


def _check(mu: Number) -> Check:
    """One exact iteration on a quadratic saddle, from its saddle point."""
    velocity, rate = Vector.of([10, -20]), Number.of("1/10")
    slope = Vector(tuple(c * w for c, w in zip((1, -1), Vector.of([0, 0]), strict=True)))
    after = next_velocity(mu, velocity, rate, slope)
    statement = (
        rf"One exact iteration on $\frac{{1}}{{2}}(w_1^2 - w_2^2)$ from $\mathbf{{0}}$ with the velocity "
        rf"${entries(velocity)}$ and $\alpha = {rate.latex}$ gives ${entries(after)}$."
    )
    return Check(statement, after == velocity * mu)


def _code(params: NextStepParams) -> str:
    return "\n".join(
        [
            "from gradus.exact import Vector",
            "from gradus.exact.momentum.directions import next_velocity",
            "from gradus.exact.numbers.number import ONE, Number",
            "",
            "# Along the direction of the velocity, whose component is 1 there; the gradient is 0.",
            f'step = next_velocity(Number.of("{params.mu.text}"), Vector.of([1]), ONE, Vector.of([0]))',
            f'print(f"{{step[0].text}}*{params.velocity}")',
        ]
    )


KIND = NextStep()
