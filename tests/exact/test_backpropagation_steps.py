"""The worked solution: what its steps say, whether their self-checks hold, and whether these can fail."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from exact.test_gradient_expressions import random_network, random_target
from exact.test_networks import HW5
from gradus.documents.latex import parse
from gradus.errors import InputError, UnsupportedError
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import forward
from gradus.exact.networks.backpropagation_steps import backpropagation_steps, kink_steps
from gradus.exact.networks.difference_checks import difference_check, one_sided_check
from gradus.exact.networks.forward_steps import equal, forward_steps, loss_step
from gradus.exact.networks.gradient_entries import entries_step
from gradus.exact.networks.kinks import kink_derivatives
from gradus.exact.networks.matrix_lines import MOST_LISTED
from gradus.exact.networks.measures import Measure
from gradus.exact.networks.network import LossName, Network
from gradus.exact.numbers.number import Number
from gradus.exact.steps import Step


def layer(activation: str, *neurons: tuple[list[Any], Any], **more: Any) -> dict[str, Any]:
    return {"activation": activation, "neurons": [{"gains": g, "bias": b} for g, b in neurons], **more}


def network(*layers: dict[str, Any], inputs: int = 2) -> Network:
    return Network.of({"inputs": [f"x{i}" for i in range(1, inputs + 1)], "layers": list(layers)})


def formulas(steps: tuple[Step, ...]) -> str:
    return " ".join(f"{step.before} {step.after}" for step in steps)


def test_homework_5_as_a_person_writes_it() -> None:
    steps = backpropagation_steps(Network.of(HW5), Vector.of([0, 3]))
    assert [step.claim for step in steps] == [
        "The values of hidden layer 1.",
        "The values of the output layer.",
        "The Jacobians of layer 2.",
        "Back through layer 2.",
        "The Jacobians of layer 1.",
        "Back through layer 1.",
        "The entries, weight by weight.",
    ]
    assert r"z_{1} &= w_{1}x_1 + w_{2}x_2 + w_{3} = 1 \cdot 0 + (-2) \cdot 3 + 0 = -6" in steps[0].after
    assert r"h_1 &= \max(0, z_{1}) = 0,\quad H(z_{1}) = 0" in steps[0].after
    assert r"y &= \max(0, z_{3}) = 4,\quad H(z_{3}) = 1" in steps[1].after
    assert r"\begin{bmatrix} 0 & 3 & 1 \end{bmatrix} && (1 \times 3)" in steps[2].after
    assert (
        r"\begin{bmatrix} 0 & 0 & 0 & 0 & 0 & 0 \\ 0 & 0 & 0 & 0 & 3 & 1 \end{bmatrix} && (2 \times 6)"
        in steps[4].after
    )
    assert r"\begin{bmatrix} 0 & 0 & 0 & 0 & 3 & 1 \end{bmatrix} && (1 \times 6)" in steps[5].after
    assert r"\begin{bmatrix} 0 & 0 & 0 & 0 & 3 & 1 & 0 & 3 & 1 \end{bmatrix}" in steps[6].after
    assert len(steps[6].checks) == 2


@pytest.mark.parametrize("asked", ["inputs", 0, 1, 2])
def test_the_recursion_stops_where_it_is_asked_to(asked: str | int) -> None:
    steps = backpropagation_steps(Network.of(HW5), Vector.of([0, 3]), with_respect_to=asked)
    expected = {"inputs": "2 & 1", 0: "2 & 1", 1: "-1 & 1", 2: "1"}[asked]
    assert rf"\begin{{bmatrix}} {expected} \end{{bmatrix}}" in steps[-1].after
    backs = [step for step in steps if step.claim.startswith("Back through")]
    assert len(backs) == 2 - (0 if asked == "inputs" else int(asked))
    assert r"\mathbf{w}" not in formulas(steps)


def test_a_kink_has_a_step_with_both_sides() -> None:
    steps = backpropagation_steps(Network.of(HW5), Vector.of([2, 1]))
    kink = next(step for step in steps if "kink" in step.claim)
    assert kink.claim == "A kink: the sum of $h_1$ is exactly 0." and "$H(0) = 0$" in kink.reason
    left, right = (
        rf"\frac{{\partial^{side} y}}{{\partial w_{{1}}}} = {value}," for side, value in (("-", 0), ("+", -2))
    )
    assert left in kink.after and right in kink.after and r"\text{by the convention: } 0" in kink.after
    assert kink.after.count(r"\partial^+") == 3
    assert [check.holds for check in kink.checks] == [True]
    assert len(steps[-1].checks) == 1, "differences have no limit at a kink"


def test_a_kink_that_does_not_matter_and_a_kink_of_the_loss() -> None:
    dead_end = network(layer("relu", ([1, -2], 0), ([2, 1], 0)), layer("identity", ([0, 1], 1)))
    assert "exists all the same" in kink_step(dead_end, Vector.of([2, 1])).reason
    hinge = network(layer("identity", ([1, 0], 0)))
    step = kink_step(hinge, Vector.of([1, 0]), target=Vector.of([1]), loss="hinge")
    assert step.claim == "A kink: the loss has no derivative."
    assert r"\frac{\partial^- \ell}{\partial w_{1}} = -1" in step.after


def kink_step(net: Network, x: Vector, **asked: Any) -> Step:
    values, measure = forward(net, x), Measure.of(net, **asked)
    (step,) = kink_steps(net, values, measure.backward(net, values), measure)
    return step


LOSSES: list[tuple[LossName | None, str, int]] = [
    (None, "relu", 1),
    (None, "leaky_relu", 2),
    (None, "softmax", 3),
    (None, "tanh", 1),
    ("squared", "relu", 1),
    ("squared", "sigmoid", 2),
    ("cross-entropy", "softmax", 3),
    ("cross-entropy", "sigmoid", 1),
    ("hinge", "identity", 1),
    ("hinge", "identity", 3),
]


@pytest.mark.parametrize(("loss", "last", "outputs"), LOSSES)
def test_every_self_check_holds_and_every_formula_is_in_the_subset(
    loss: LossName | None, last: str, outputs: int
) -> None:
    for seed in range(4):
        rng = Random(f"steps {loss} {last} {seed}")
        net, x = random_network(
            rng, ["relu", "leaky_relu", "tanh"] if seed == 3 else ["relu", "leaky_relu"], last, outputs
        )
        target = random_target(rng, loss, outputs) if loss else None
        output = None if loss else net.outputs[0]
        for asked in ("weights", "inputs", len(net.layers) - 1):
            steps = backpropagation_steps(net, x, output, target, loss, asked)
            assert all(check.holds for step in steps for check in step.checks)
            assert any(step.checks for step in steps)
            for latex in (latex for step in steps for latex in (step.before, step.after) if latex):
                parse(latex)


@pytest.mark.parametrize(("loss", "last", "outputs"), LOSSES)
def test_the_checks_can_fail(loss: LossName | None, last: str, outputs: int) -> None:
    """An entry that is wrong by 1/100 is found out, by the symbols and by the differences."""
    rng = Random(f"wrong {loss} {last}")
    net, x = random_network(rng, ["identity"], last, outputs, layers=2)
    target = random_target(rng, loss, outputs) if loss else None
    values = forward(net, x)
    measure = Measure.of(net, None if loss else net.outputs[0], target, loss)
    back = measure.backward(net, values)
    wrong = Vector((*back.gradient.entries[:-1], back.gradient[-1] + Number.of("1/100")))
    step = entries_step(net, values, replace(back, gradient=wrong), measure)
    assert not step.checks[0].holds
    if not values.kinks and not back.at_loss_kink:
        assert not difference_check(net, values, measure, None, wrong)[0].holds


def test_the_one_sided_check_can_fail() -> None:
    net, x = Network.of(HW5), Vector.of([2, 1])
    kinks = kink_derivatives(net, x)
    wrong = (replace(kinks[0], right=kinks[0].right + 1), *kinks[1:])
    assert one_sided_check(net, forward(net, x), Measure("y"), kinks)[0].holds
    assert not one_sided_check(net, forward(net, x), Measure("y"), wrong)[0].holds


def test_large_layers_are_abridged_by_a_stated_rule() -> None:
    wide = network(
        layer("relu", *[([1] * 20, j) for j in range(15)]),
        layer("softmax", *[([j] * 15, 0) for j in range(3)]),
        inputs=20,
    )
    steps = backpropagation_steps(wide, Vector.of([1] * 20), target=Vector.of([1, 0, 0]), loss="cross-entropy")
    assert "more than 12 inputs or neurons" in steps[0].reason and r"\text{(15 neurons)}" in steps[0].after
    jacobian = next(step for step in steps if step.claim == "The Jacobians of layer 1.")
    assert r"(15 \times 315)" in jacobian.after and r"(1, 1)=1,\; (1, 2)=1" in jacobian.after
    assert jacobian.after.count("(1, ") == 1 + MOST_LISTED and "first entries other than 0" in jacobian.reason
    assert all(check.holds for step in steps for check in step.checks)


def test_forward_steps_of_each_activation() -> None:
    cases = {
        "leaky_relu": r"y &= \max\left(z_{1}, \frac{1}{100}\,z_{1}\right) = -\frac{1}{50},\quad "
        r"\frac{\partial y}{\partial z_{1}} = \frac{1}{100}",
        "identity": r"y &= z_{1} = -2",
        "sigmoid": r"y &= \sigma(z_{1}) = ",
        "tanh": r"y &= \tanh(z_{1}) = -\tanh",
    }
    for activation, expected in cases.items():
        net = network(layer(activation, ([1, -1], 0)))
        assert expected in forward_steps(net, forward(net, Vector.of([0, 2])), slopes=True)[0].after
    even = network(layer("softmax", ([1, -1], 0), ([1, -1], 0)))
    assert r"\operatorname{softmax}(\mathbf{z}) = (\frac{1}{2}, \frac{1}{2})" in formulas(
        forward_steps(even, forward(even, Vector.of([0, 2])))
    )


def test_a_sum_of_many_inputs_takes_more_lines() -> None:
    net = network(layer("identity", ([1] * 8, 0)), inputs=8)
    assert forward_steps(net, forward(net, Vector.of([1] * 8)))[0].after.count(r"\\") == 4


@pytest.mark.parametrize(
    ("last", "count", "target", "loss", "expected"),
    [
        ("identity", 1, [2], "squared", r"\frac{1}{2} (y - t)^2 = \frac{1}{2} (3 - 2)^2 = \frac{1}{2}"),
        ("identity", 1, [-1], "hinge", r"\max(0, 1 - t\,y) = \max(0, 1 - (-1) \cdot 3) = 4"),
        ("identity", 2, [0, 1], "hinge", r"\max\left(0, 1 + y_1 - y_2\right) = \max(0, 1 + 3 - 3) = 1"),
        ("softmax", 2, [0, 1], "cross-entropy", r"-\sum_i t_i \log y_i = "),
        ("sigmoid", 1, [0], "cross-entropy", r"-t \log y - (1 - t) \log (1 - y) = "),
    ],
)
def test_the_loss_with_its_numbers(last: str, count: int, target: list[int], loss: LossName, expected: str) -> None:
    net = network(layer(last, *[([1, 1], 0)] * count))
    assert expected in loss_step(net, forward(net, Vector.of([1, 2])).output, Vector.of(target), loss).after


def test_numbers_that_are_long_are_rounded_and_say_so() -> None:
    net = network(layer("sigmoid", ([1, 0], 0), ([0, 1], 0)), layer("tanh", ([1, 1], 0)))
    y = forward(net, Vector.of([1, 2])).output[0]
    expected = math.tanh(1 / (1 + math.exp(-1)) + 1 / (1 + math.exp(-2)))
    assert equal(y).endswith(rf"\approx {expected:.6g}")
    assert equal(Number.of("sqrt(2)")) == r"= \sqrt{2}"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"loss": "squared"}, "is missing, and the squared loss needs one"),
        ({"output": "y", "target": Vector.of([1])}, "cannot be named together with a target"),
        ({"target": Vector.of([1])}, "must be one of squared, cross-entropy, hinge"),
        ({"target": Vector.of([1, 2]), "loss": "squared"}, "must have 1 entries"),
        ({"output": "z"}, "must be one of y"),
        ({"with_respect_to": "bias"}, "must be weights, inputs, or the number of a layer"),
    ],
)
def test_wrong_questions_are_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        backpropagation_steps(Network.of(HW5), Vector.of([0, 3]), **asked)


def test_an_undecided_equality_leaves_its_check_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of sigmoids within sigmoids two forms of one number may be beyond what is decided; the steps still stand."""

    def undecided(*_: object) -> list[bool]:
        raise UnsupportedError("number", None, "cannot be told from 0", "choose other weights")

    layer = {"activation": "sigmoid", "neurons": [{"gains": [1], "bias": 1}]}
    network = Network.of({"inputs": ["x"], "layers": [layer]})
    whole = backpropagation_steps(network, Vector.of([1]))
    monkeypatch.setattr("gradus.exact.networks.recursion_steps._rows_hold", undecided)
    found = backpropagation_steps(network, Vector.of([1]))
    assert [step.claim for step in found] == [step.claim for step in whole]
    assert sum(len(step.checks) for step in found) == sum(len(step.checks) for step in whole) - 1
