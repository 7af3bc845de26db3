"""The kinds of Parts 1 and 2: the answers of homework 5, their fine print, and what is said about wrong parameters."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from exact.test_networks import HW5
from gradus.answers.answer import Prose
from gradus.documents.blocks import Table, Text
from gradus.exact.networks.backpropagation import forward
from gradus.exact.steps import Step
from gradus.problems.problem import Solution
from gradus.problems.registry import find_kind
from gradus.problems.small_networks import sampled_network

X = {"input": [0, 3]}


def solved(kind: str, **params: Any) -> Solution:
    found = find_kind(kind)
    return found.solve(found.Params.model_validate(params), {})


def wrong_answers(kind: str, **params: Any) -> dict[str, str]:
    found = find_kind(kind)
    return {m.answer.text: m.explanation for m in found.mistakes(found.Params.model_validate(params))}


def text_of(solution: Solution) -> str:
    parts = []
    for part in solution.body:
        if isinstance(part, Step):
            parts += [part.claim, part.reason, part.before, part.after]
        elif isinstance(part, Table):
            parts += [cell for row in part.rows for cell in row]
        elif isinstance(part, Text):
            parts.append(part.markdown)
    return " ".join([solution.summary, *parts])


@pytest.mark.parametrize(
    ("kind", "params", "answer"),
    [
        ("network/fully-connected", {"network": HW5}, True),
        ("network/output", {"network": HW5, **X}, {"text": "4", "latex": "4", "decimal": "4"}),
        ("learning/stationary-point", {}, {"without_biases": True, "with_biases": False}),
        ("momentum/next-step", {"mu": "0.9"}, {"text": "9/10*a", "latex": r"\frac{9}{10}\,\mathbf{a}"}),
        ("momentum/convergence", {"mu": "0.9"}, False),
    ],
)
def test_homework_5(kind: str, params: dict[str, Any], answer: Any) -> None:
    assert solved(kind, **params).answer.as_json() == answer


def test_homework_5_gradient() -> None:
    answer = solved("network/gradient", network=HW5, **X).answer
    assert [entry["text"] for entry in answer.as_json()] == list("000031031")


def test_homework_5_mistakes() -> None:
    outputs = wrong_answers("network/output", network=HW5, **X)
    assert set(outputs) == {"10", "3", "9"}
    gradients = wrong_answers("network/gradient", network=HW5, **X)
    assert "factors $H(z)$ are missing" in gradients["(0, -3, -1, 0, 3, 1, 0, 3, 1)"]
    steps = wrong_answers("momentum/next-step", mu="0.9")
    assert set(steps) == {"a", "81/100*a", "0", "1/10*a"}


def test_the_output_neurons_own_relu_counts() -> None:
    negative = deepcopy(HW5)
    negative["layers"][1]["neurons"][0]["bias"] = -5
    assert solved("network/output", network=negative, **X).answer.text == "0"
    assert "The output neuron applies" in wrong_answers("network/output", network=negative, **X)["-2"]
    assert solved("network/gradient", network=negative, **X).answer.text == "(0, 0, 0, 0, 0, 0, 0, 0, 0)"
    gradients = wrong_answers("network/gradient", network=negative, **X)
    assert "output neuron's own" in gradients["(0, 0, 0, 0, 3, 1, 0, 3, 1)"]


def test_a_kink_is_said_out_loud() -> None:
    solution = solved("network/gradient", network=HW5, input=[2, 1])
    assert "A kink" in text_of(solution) and "$h_1$" in text_of(solution)
    assert "A kink" not in text_of(solved("network/gradient", network=HW5, **X))


@pytest.mark.parametrize("level", [1, 2, 3])
def test_samples_have_active_and_inactive_neurons_and_no_kinks(level: int) -> None:
    for seed in range(300):
        network, x = sampled_network(Random(seed), level)
        values = forward(network, x)
        for computed in values.layers[:-1]:
            assert {z.sign() for z in computed.pre_activations} == {1, -1}
        assert values.output[0] > 0
        assert all(abs(w) <= 4 for w in network.weights)


@pytest.mark.parametrize("kind", ["network/output", "network/gradient"])
def test_every_sample_has_a_mistake(kind: str) -> None:
    found = find_kind(kind)
    for level in (1, 2, 3):
        assert all(found.mistakes(found.sample(Random(seed), level)) for seed in range(300))


def test_both_answers_are_sampled() -> None:
    for kind in ("network/fully-connected", "momentum/convergence"):
        found = find_kind(kind)
        answers = {found.solve(found.sample(Random(seed), 3), {}).answer.as_json() for seed in range(30)}
        assert answers == {True, False}


@pytest.mark.parametrize(
    ("kind", "params", "message"),
    [
        ("network/output", {"network": HW5, "input": [0, 3, 1]}, "must have 2 entries"),
        ("network/output", {"network": HW5, "input": [0.5, 3]}, "must be an exact number"),
        ("network/output", {"network": {"inputs": ["x1"]}, "input": [0]}, "layers is missing"),
        ("network/gradient", {"network": HW5, "input": [0, 3], "output": "z"}, "must be one of y"),
        ("momentum/next-step", {"mu": "1"}, "between 0 and 1"),
        ("momentum/next-step", {"mu": "0"}, "between 0 and 1"),
        ("momentum/next-step", {"mu": "0.9", "velocity": "ab"}, "one small letter"),
        ("momentum/convergence", {"mu": "0.9", "velocity": [1, 2, 3]}, "must have 2 entries"),
        ("momentum/convergence", {"mu": "0.9", "learning_rate": "0"}, "must be positive"),
        ("momentum/convergence", {"mu": "0.9", "curvatures": ["sqrt(2)"]}, "must be rational"),
        ("momentum/convergence", {"mu": "sqrt(2)/2"}, "must be rational"),
        ("momentum/decay-argument", {"mu": "0.9999999999999"}, "at most 9 digits"),
    ],
)
def test_wrong_parameters_are_explained(kind: str, params: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        find_kind(kind).Params.model_validate(params)


@pytest.mark.parametrize("hidden_layers", [None, 0, 1, 3])
@pytest.mark.parametrize("biases", [True, False])
def test_zero_initialisation_claims_what_holds(hidden_layers: int | None, biases: bool) -> None:
    solution = solved("learning/zero-initialisation", hidden_layers=hidden_layers, biases=biases)
    assert isinstance(solution.answer, Prose)
    text = solution.answer.text
    assert ("training from zeros works" in text) == (hidden_layers == 0)
    assert ("Only these biases ever change" in text) == (hidden_layers != 0 and biases)
    assert ("so no weight changes" in text) == (hidden_layers != 0 and not biases)
    assert all(number in text_of(solution) for number in ("(1)", "(2)", "(3)"))
    assert any(step.checks for step in solution.body if isinstance(step, Step))


@pytest.mark.parametrize(
    ("params", "without", "with_"),
    [
        ({"hidden_layers": 0}, False, False),
        ({"hidden_layers": 0, "input_zero": True}, True, False),
        ({"hidden_layers": 1}, True, False),
        ({"hidden_layers": 4, "classes": 2, "input_zero": True}, True, False),
    ],
)
def test_stationary_point(params: dict[str, Any], without: bool, with_: bool) -> None:
    answer = solved("learning/stationary-point", **params).answer
    assert answer.as_json() == {"without_biases": without, "with_biases": with_}


@pytest.mark.parametrize(
    ("params", "answer", "words"),
    [
        ({"velocity": [1, 0]}, True, "the iterates stay"),
        ({"velocity": [0, 0]}, True, "the iterates stay"),
        ({"velocity": [1, 1]}, False, "the iterates leave"),
        ({"curvatures": [1, 0]}, False, "the iterates settle elsewhere at $u = 9$"),
        ({"curvatures": [38]}, False, "the iterates keep a period of two"),
        ({"curvatures": [39]}, False, "the iterates leave, changing sides"),
        ({"curvatures": [37]}, True, "the iterates come back, in waves"),
        ({"curvatures": ["379/10"]}, True, "the iterates come back, in waves"),
        ({"curvatures": ["1/50000"]}, True, "the iterates come back"),
        ({"mu": "1/4", "curvatures": ["9/4"], "learning_rate": 1}, True, "the iterates come back, changing sides"),
        ({"mu": "1/4", "curvatures": ["1/4"], "learning_rate": 1}, True, "the iterates come back."),
    ],
)
def test_convergence_in_all_cases(params: dict[str, Any], answer: bool, words: str) -> None:
    solution = solved("momentum/convergence", **({"mu": "9/10"} | params))
    assert solution.answer.as_json() is answer
    assert words in text_of(solution)


def test_the_fine_print_is_there() -> None:
    assert "mini-batch" in text_of(solved("momentum/next-step", mu="0.9"))
    convergence = text_of(solved("momentum/convergence", mu="0.9"))
    assert "9v" in convergence and "near $\\mathbf{w}_t$ only" in convergence
    zero = text_of(solved("learning/zero-initialisation"))
    assert "a ReLU of its own in front of the soft-max" in zero


TWO_CLASSES = {
    "inputs": ["x1", "x2"],
    "layers": [
        {"activation": "leaky_relu", "slope": "1/2", "neurons": [{"gains": [1, -2], "bias": 0}]},
        {"activation": "softmax", "neurons": [{"gains": [1], "bias": 2}, {"gains": [-1], "bias": -2}]},
    ],
    "loss": "cross-entropy",
}
"""At x = (0, 2) the sums are -4, then 0 and 0."""


@pytest.mark.parametrize(
    ("params", "answer"),
    [
        ({"network": HW5, "target": [2], "loss": "squared"}, "(0, 0, 0, 0, 6, 2, 0, 6, 2)"),
        ({"network": HW5, "target": [-1], "loss": "hinge"}, "(0, 0, 0, 0, 3, 1, 0, 3, 1)"),
        ({"network": HW5, "target": [1], "loss": "hinge"}, "(0, 0, 0, 0, 0, 0, 0, 0, 0)"),
        ({"network": HW5, "with_respect_to": "inputs"}, "(2, 1)"),
        ({"network": HW5, "with_respect_to": 1}, "(-1, 1)"),
        ({"network": HW5, "with_respect_to": 2}, "(1)"),
        ({"network": TWO_CLASSES, "target": [1, 0], "input": [0, 2]}, "(0, -1, -1/2, 1, -1/2, -1, 1/2)"),
        ({"network": TWO_CLASSES, "output": "y1", "input": [0, 2], "with_respect_to": 1}, "(1/2)"),
    ],
)
def test_gradients_of_losses_and_in_layers(params: dict[str, Any], answer: str) -> None:
    solution = solved("network/gradient", **({"input": [0, 3]} | params))
    assert solution.answer.text == answer
    assert any(step.checks for step in solution.body if isinstance(step, Step))


@pytest.mark.parametrize(
    ("params", "answer", "text"),
    [
        ({"network": HW5, "target": [2], "loss": "squared"}, "2", r"\ell = 2"),
        ({"network": HW5, "target": [-1], "loss": "hinge"}, "5", r"\ell = 5"),
        ({"network": TWO_CLASSES, "input": [0, 2], "output": "y2"}, "1/2", r"y_2 = \frac{1}{2}"),
        ({"network": TWO_CLASSES, "input": [0, 2], "target": ["1/4", "3/4"]}, "log(2)", r"\log\left(2\right)"),
    ],
)
def test_losses_and_single_outputs(params: dict[str, Any], answer: str, text: str) -> None:
    solution = solved("network/output", **({"input": [0, 3]} | params))
    assert solution.answer.text == answer and text in solution.summary


def test_values_that_are_no_roots_are_exact_and_rounded_beside() -> None:
    solution = solved("network/output", network=TWO_CLASSES, input=[0, 1], target=[1, 0])
    assert "log" in solution.answer.text and r"\approx" in solution.summary
    gradient = solved("network/gradient", network=TWO_CLASSES, input=[0, 1], target=[1, 0])
    assert r"has the entries $" in gradient.summary and "agrees to nine digits" in str(gradient.body[-1])


def test_mistakes_with_a_loss() -> None:
    wrong = wrong_answers("network/gradient", network=HW5, input=[0, 3], target=[2], loss="squared")
    assert "points uphill" in wrong["(0, 0, 0, 0, -6, -2, 0, -6, -2)"]
    assert "not $2(y - t)$" in wrong["(0, 0, 0, 0, 12, 4, 0, 12, 4)"]
    assert "the gradient of the output" in wrong["(0, 0, 0, 0, 3, 1, 0, 3, 1)"]
    outputs = wrong_answers("network/output", network=HW5, input=[0, 3], target=[2], loss="squared")
    assert "factor $\\frac{1}{2}$" in outputs["4"] or "output itself" in outputs["4"]


@pytest.mark.parametrize(
    ("kind", "params", "message"),
    [
        (
            "network/gradient",
            {"with_respect_to": "bias"},
            "must be weights, inputs, or the number of a layer from 0 to 2",
        ),
        ("network/gradient", {"with_respect_to": 3}, "number of a layer from 0 to 2"),
        ("network/gradient", {"target": [1]}, "must be one of squared, cross-entropy, hinge"),
        ("network/gradient", {"loss": "squared"}, "the squared loss needs one"),
        ("network/gradient", {"target": [1], "loss": "cross-entropy"}, "soft-max"),
        ("network/gradient", {"target": [2], "loss": "hinge"}, "must be 1 or -1"),
        ("network/output", {"target": [1, 2], "loss": "squared"}, "must have 1 entries"),
        ("network/output", {"target": [1], "loss": "quadratic"}, "squared"),
        ("network/output", {"target": [1], "loss": "squared", "output": "y"}, "cannot be named together"),
        ("network/output", {"output": "z"}, "must be one of y"),
    ],
)
def test_wrong_measures_are_explained(kind: str, params: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        find_kind(kind).Params.model_validate({"network": HW5, "input": [0, 3]} | params)


def test_levels_bring_the_new_activations_and_losses() -> None:
    found = find_kind("network/gradient")
    drawn = [found.sample(Random(seed), level) for level in (1, 2, 3) for seed in range(60)]
    assert {p.loss for p in drawn} == {None, "squared", "cross-entropy", "hinge"}
    activations = {layer.activation for p in drawn for layer in p.network.layers}
    assert activations == {"relu", "leaky_relu", "identity", "sigmoid", "softmax"}
    assert {p.with_respect_to for p in drawn} == {"weights", "inputs"}
    for params in drawn:
        entries = found.solve(params, {}).answer.value
        assert all(len(entry.text) <= 6 for entry in entries), (params, entries.text)
