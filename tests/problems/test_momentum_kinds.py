"""What the verdict on momentum says, beyond what every kind must satisfy."""

from __future__ import annotations

from typing import Any

import pytest

from gradus.answers.answer import YesNo
from gradus.documents.blocks import Figure, Text
from gradus.errors import InputError
from gradus.exact.steps import Step
from gradus.problems.kinds.momentum_convergence import KIND
from gradus.problems.problem import Solution


def summary(curvatures: str, velocity: str | None = None) -> str:
    params = KIND.Params(mu="9/10", curvatures=curvatures, velocity=velocity)
    return KIND.solve(params, {}).summary


@pytest.mark.parametrize(
    ("curvatures", "words"),
    [
        ("1 0", "Along $w_2$ the iterates settle elsewhere, if the velocity has a component there."),
        ("-1 0", "Along $w_1$ the iterates leave; along $w_2$ the iterates settle elsewhere, each if the velocity"),
        ("1 2", "no velocity leads away"),
    ],
)
def test_without_a_velocity_the_verdict_depends_on_its_components(curvatures: str, words: str) -> None:
    assert words in summary(curvatures)


def test_with_a_velocity_it_does_not() -> None:
    assert summary("1 0", "1 1") == "**No.** Along $w_2$ the iterates settle elsewhere."
    assert summary("1 0", "1 0").startswith("**Yes.**")


def solved(**params: Any) -> Solution:
    return KIND.solve(KIND.Params(**({"mu": "9/10"} | params)), {})


def words(solution: Solution) -> str:
    parts = [f"{p.claim} {p.reason}" for p in solution.body if isinstance(p, Step)]
    return " ".join([solution.summary, *parts])


@pytest.mark.parametrize(
    ("params", "answer", "said"),
    [
        ({"hessian": "0 1; 1 0", "velocity": "1 1"}, True, r"Along $\mathbf{e}_1$, with $\lambda = 1$"),
        ({"hessian": "0 1; 1 0", "velocity": "1 2"}, False, r"Along $\mathbf{e}_2$ the iterates leave"),
        ({"hessian": "0 0; 0 0", "start": "0 0", "velocity": "0 1"}, False, "settle elsewhere at $u = 9$"),
        ({"hessian": "0 0; 0 0", "start": "1 0"}, False, "nothing moves the iterates, which stay at $u = 1$"),
        ({"curvatures": "0 0", "start": "9 1", "velocity": "-1 0"}, False, "nothing moves"),
        ({"curvatures": "0", "start": "9", "velocity": "-1"}, True, "the other eigenvalue"),
        ({"curvatures": "-15/2", "mu": "1/2", "start": "1", "velocity": "-3"}, True, "$u_1 / u_0 = \\frac{1}{4}$"),
        ({"curvatures": "-15/2", "mu": "1/2", "start": "1", "velocity": "-2"}, False, "leave"),
        ({"curvatures": "38", "start": "1"}, False, "period of two"),
        ({"curvatures": "1 -1", "mu": 0}, True, "no velocity is carried on"),
        ({"curvatures": "1", "mu": 0, "start": "3"}, True, "come back"),
        ({"curvatures": "1", "start": "0", "stationary_point": "2"}, True, "come back"),
        ({"hessian": "2 1 0; 1 0 1; 0 1 -1", "velocity": "1 0 1"}, False, r"\lambda \approx -1.7"),
    ],
)
def test_any_hessian_start_and_velocity(params: dict[str, Any], answer: bool, said: str) -> None:
    solution = solved(**params)
    assert solution.answer == YesNo(answer)
    assert said in words(solution)


def test_a_zero_start_is_not_the_stationary_point() -> None:
    descent = KIND.Params(mu="9/10", curvatures="0", start="0", stationary_point="2", velocity="0").descent
    assert descent.start.text == "(0)" and descent.verdict.convergence == "elsewhere"


def test_the_statement_shows_what_is_given() -> None:
    params = KIND.Params(mu="1/2", hessian="2 1; 1 2", start="1 0", velocity="0 1", stationary_point="3 -1/2")
    text = " ".join(block.markdown for block in KIND.statement(params) if isinstance(block, Text))
    assert r"Q = \begin{bmatrix} 2 & 1 \\ 1 & 2 \end{bmatrix}" in text
    assert r"\mathbf{w}^* = (3, -\frac{1}{2})" in text and "starts at $(1, 0)$" in text
    shifted = KIND.Params(mu="1/2", curvatures="2 1", velocity="0 1", stationary_point="3 -1/2")
    assert r"(w_1 - 3)^2 + (w_2 + \frac{1}{2})^2" in KIND.statement(shifted)[0].markdown


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"hessian": "1 2; 3 4"}, "must be symmetric"),
        ({"hessian": "1 0; 0 1", "curvatures": "1 1"}, "does not go with hessian"),
        ({"hessian": "1 0; 0 1", "start": "1"}, "2 entries"),
        ({"curvatures": "1", "start": "1 2"}, "1 entry"),
        ({"curvatures": "1 1 1 1 1 1 1"}, "at most 6"),
        ({"hessian": "sqrt(2)"}, "must be rational"),
        ({"mu": "1"}, "below 1"),
        ({"curvatures": "1", "learning_rate": "-1"}, "must be positive"),
    ],
)
def test_what_does_not_fit_is_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises((InputError, ValueError), match=message):
        KIND.Params(**({"mu": "9/10"} | params))


def test_the_worked_solution_ends_in_a_picture_where_something_moves() -> None:
    assert any(isinstance(part, Figure) for part in solved(hessian="2 1; 1 2", start="1 0").body)
    assert not any(isinstance(part, Figure) for part in solved(curvatures="1 0", mu=0).body)
