"""Stationary points at given weights: what the problem says beyond what every kind must satisfy."""

from __future__ import annotations

from typing import Any

import pytest

from gradus.documents.blocks import Table
from gradus.errors import InputError, UnsupportedError
from gradus.exact.steps import Step
from gradus.problems.kinds.learning_stationary_point import KIND
from gradus.problems.problem import Solution


def neuron(activation: str, gain: int, bias: int, loss: str | None = None) -> dict[str, Any]:
    layer = {"activation": activation, "neurons": [{"gains": [gain], "bias": bias}]}
    return {"inputs": ["x"], "layers": [layer]} | ({"loss": loss} if loss else {})


def solved(**params: Any) -> Solution:
    return KIND.solve(KIND.Params(**params), {})


@pytest.mark.parametrize(
    ("params", "without", "with_", "words"),
    [
        ({"network": neuron("relu", 2, -5), "input": [1]}, True, True, "In every gain the derivative is 0."),
        ({"network": neuron("relu", 2, -2), "input": [1]}, False, False, "the left derivative of $y$ is $0$"),
        ({"network": neuron("relu", 2, 0), "input": [0]}, True, False, "the bias of $y$, the left derivative"),
        ({"network": neuron("identity", 2, 0), "input": [0]}, True, False, "the derivative of $y$ in $w_{2}$"),
        ({"network": neuron("sigmoid", 0, 0), "input": [3]}, False, False, r"is $\frac{3}{4}$"),
        ({"network": neuron("tanh", 1, 0), "input": [1]}, False, False, "the derivative of $y$"),
        (
            {"network": neuron("identity", 2, 1, "squared"), "input": [1], "target": [3]},
            True,
            True,
            "In every weight the derivative is 0.",
        ),
        (
            {"network": neuron("identity", 1, 0), "input": [1], "target": [1], "loss": "hinge"},
            False,
            False,
            "the left derivative of the loss is $-1$ and the right one $0$",
        ),
    ],
)
def test_verdicts_and_their_reasons(params: dict[str, Any], without: bool, with_: bool, words: str) -> None:
    solution = solved(**params)
    assert solution.answer.as_json() == {"without_biases": without, "with_biases": with_}
    assert words in solution.summary
    assert any(step.checks for step in solution.body if isinstance(step, Step))


def test_one_sided_derivatives_stand_in_the_table() -> None:
    (table,) = (part for part in solved(network=neuron("relu", 2, -2), input=[1]).body if isinstance(part, Table))
    assert [row[2] for row in table.rows] == ["left $0$, right $1$"] * 2


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"network": neuron("relu", 1, 1)}, "input"),
        ({"network": neuron("relu", 1, 1), "input": [1, 2]}, "1 entries|1 entry"),
        ({"network": neuron("relu", 1, 1), "input": [1], "classes": 3}, "does not go with"),
        ({"network": neuron("relu", 1, 1), "input": [1], "target": [1]}, "loss"),
        ({"input": [1]}, "goes with a network only"),
    ],
)
def test_what_does_not_fit_is_refused(params: dict[str, Any], message: str) -> None:
    with pytest.raises((InputError, ValueError), match=message):
        KIND.Params(**params)


def test_what_partial_derivatives_do_not_decide_is_refused() -> None:
    first = {"activation": "identity", "neurons": [{"gains": [0], "bias": 0}, {"gains": [0], "bias": 0}]}
    folds = [{"gains": [1, 0], "bias": 0}, {"gains": [0, 1], "bias": 0}, {"gains": [1, 1], "bias": 0}]
    last = {"activation": "relu", "neurons": [{"gains": [1, 1, -1], "bias": 0}]}
    network = {"inputs": ["x"], "layers": [first, {"activation": "relu", "neurons": folds}, last]}
    with pytest.raises(UnsupportedError, match="partial derivatives do not decide"):
        solved(network=network, input=[1])
