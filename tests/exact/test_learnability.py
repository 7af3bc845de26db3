"""What training can change: homework 5's network, the conditions of the answer, dead neurons, copies, witnesses."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exact.learnability_networks import random_conditions, random_network
from gradus.errors import InputError
from gradus.exact.learnability.conditions import changed_conditions
from gradus.exact.learnability.initialisation import GIVEN, GLOROT, ZEROS, Initialisation, TensorStart, zero_start
from gradus.exact.learnability.ranges import REALS, UNIT, ZERO_RANGE, Range, activated, product, rounded_sum
from gradus.exact.learnability.steps import learnability_steps
from gradus.exact.learnability.verdicts import Conditions, Learnability, Outcome, learnability
from gradus.exact.learnability.witnesses import Sample, Witness
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import forward, loss_backward
from gradus.exact.networks.layers import (
    Architecture,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    hw5_cnn,
    parameter_count,
)
from gradus.exact.networks.network import Network
from gradus.exact.numbers.number import Number


def neuron(gains: Any, bias: Any = 0) -> dict[str, Any]:
    return {"gains": gains, "bias": bias}


def network(*layers: tuple[str, list[dict[str, Any]]], inputs: int = 2) -> Network:
    return Network.of(
        {
            "inputs": [f"x{i}" for i in range(1, inputs + 1)],
            "layers": [{"activation": activation, "neurons": neurons} for activation, neurons in layers],
        }
    )


def named(found: Learnability, outcome: Outcome) -> set[str]:
    return {v.parameter.name for v in found.having(outcome)}


def start(text: str, **conditions: Any) -> Conditions:
    return Conditions(Initialisation.of(text), **conditions)


# Homework 5's network


def test_from_zeros_only_the_last_bias_of_homework_5s_network_learns() -> None:
    found = learnability(hw5_cnn(), start("zeros"))
    assert named(found, "learns") == {"dense2.bias"} and not named(found, "undecided")
    assert found.count("frozen") == parameter_count(hw5_cnn()) - 10
    assert not found.sees_input
    causes = {v.parameter.name: v.cause for v in found.having("frozen")}
    assert causes["conv1.gains"] == "row" and causes["dense2.gains"] == "input" and causes["conv1.bias"] == "row"
    assert len(found.fixed_point.rounds) == 2


@pytest.mark.parametrize("text", ["glorot", "constant:1/10", "gains=zeros,biases=constant:1/10"])
def test_from_other_starts_nothing_is_frozen(text: str) -> None:
    found = learnability(hw5_cnn(), start(text))
    assert found.count("learns") == parameter_count(hw5_cnn()) and found.sees_input


def test_dropout_tells_copies_apart_and_without_it_they_stay() -> None:
    on, off = (learnability(hw5_cnn(), start("constant:1/10", dropout=dropout)) for dropout in (True, False))
    assert {c.layer: c.broken_by for c in on.copies} == {
        "conv1": "",
        "conv2": "dropout",
        "conv3": "",
        "conv4": "dropout",
        "dense1": "dropout",
    }
    assert [c.count for c in off.copies] == [32, 32, 64, 64, 512] and not any(c.broken_by for c in off.copies)
    assert not learnability(hw5_cnn(), start("glorot")).copies
    zeros = learnability(hw5_cnn(), start("zeros"))
    assert not any(c.broken_by for c in zeros.copies), "what is frozen stays a copy under dropout as well"


def test_the_conditions_belong_to_the_answer() -> None:
    changes = dict(changed_conditions(learnability(hw5_cnn(), start("zeros"))))
    assert not changes["without biases"].having("learns", "undecided")
    assert not changes["with a ReLU before the soft-max"].having("learns", "undecided")
    assert not changes["without a hidden layer"].having("frozen", "undecided")
    assert changed_conditions(learnability(hw5_cnn(), start("glorot"))) == ()


@pytest.mark.parametrize("hidden", range(4))
@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("relu", [True, False])
def test_zero_start_is_what_the_interpretation_finds(hidden: int, biases: bool, relu: bool) -> None:
    dense = Architecture((5,), (*[Dense(4)] * hidden, Dense(3, "softmax")))
    found = learnability(dense, start("zeros", biases=biases, relu_before_softmax=relu))
    claimed = zero_start(hidden, biases, relu)
    names = {f"dense{t.layer}.{'gains' if t.role == 'gains' else 'bias'}" for t in claimed.learning}
    assert named(found, "learns") == names
    assert len(found.having("frozen")) == len(claimed.frozen)


def test_one_class_and_taps_beyond_the_image_are_frozen() -> None:
    one = learnability(Architecture((4,), (Dense(3), Dense(1, "softmax"))), start("glorot"))
    assert not one.having("learns", "undecided")
    tiny = Architecture((1, 2, 3), (Conv2D(2, padding="same"), Flatten(), Dense(2, "softmax")))
    found = learnability(tiny, start("glorot"))
    frozen = [(v.parameter.name, v.parameter.size, v.cause) for v in found.having("frozen")]
    assert frozen == [("conv1.gains", (9 - 3) * 3 * 2, "nothing")]
    assert found.count("learns") == parameter_count(tiny) - 36


def test_pooling_cuts_off_what_a_kernel_would_see() -> None:
    cut = Architecture(
        (1, 3, 1), (Conv2D(1, kernel=(1, 5), padding="same"), MaxPool2D(1), Flatten(), Dense(2, "softmax"))
    )
    assert not learnability(cut, start("glorot")).having("frozen")
    short = Architecture(
        (2, 3, 1), (Conv2D(1, kernel=(1, 5), padding="same"), MaxPool2D(2), Flatten(), Dense(2, "softmax"))
    )
    (dead,) = learnability(short, start("glorot")).having("frozen")
    assert dead.parameter.size == 1, "the leftmost tap meets the image at the third column only, which is cut off"


# Networks with explicit weights


def test_a_neuron_that_nothing_can_wake_is_frozen_and_so_is_what_it_feeds() -> None:
    net = network(("relu", [neuron([0, 0], -1), neuron([1, 2])]), ("identity", [neuron([3, 1])]))
    found = learnability(net)
    assert named(found, "frozen") == {"w1", "w2", "w3", "w7"}
    assert {v.parameter.name: v.cause for v in found.having("frozen")} == {
        "w1": "slope",
        "w2": "slope",
        "w3": "slope",
        "w7": "input",
    }
    assert named(found, "learns") == {"w4", "w5", "w6", "w8", "w9"}


def test_where_the_inputs_lie_decides_whether_a_neuron_is_dead() -> None:
    net = network(("relu", [neuron([-1, -2])]), ("identity", [neuron([1])]))
    assert named(learnability(net, Conditions(GIVEN, inputs="unit")), "frozen") == {"w1", "w2", "w3", "w4"}
    assert not learnability(net).having("frozen")


def test_a_neuron_at_its_threshold_is_not_called_dead_where_rounding_could_wake_it() -> None:
    """3/10 x - 3/10 is at most 0 on [0, 1], but single precision may say otherwise; with -2/5 it cannot."""
    for bias, outcome in (("-3/10", "undecided"), ("-2/5", "frozen")):
        net = network(("relu", [neuron(["1/10", "1/10", "1/10"], bias)]), ("identity", [neuron([1])]), inputs=3)
        found = learnability(net, Conditions(GIVEN, inputs="unit"))
        assert {"w1", "w2", "w3", "w4", "w5"} == named(found, outcome)


def test_zero_gains_of_one_layer_only_learn_in_the_end() -> None:
    """Zero input gains: the hidden bias and the last gains learn first, and the input gains after them."""
    net = network(("tanh", [neuron([0, 0])]), ("identity", [neuron([2])]))
    found = learnability(net)
    assert named(found, "learns") == {"w1", "w2", "w3", "w4", "w5"}
    steps = {v.parameter.name: v.witness.step for v in found.verdicts if isinstance(v.witness, Witness)}
    assert steps["w1"] == 1 and steps["w4"] == 2
    both = learnability(net, start("zeros"))
    assert named(both, "frozen") == {"w1", "w2", "w3", "w4"} and named(both, "learns") == {"w5"}
    leaky = replace(net, layers=(replace(net.layers[0], activation="leaky_relu"), net.layers[1]))
    assert not learnability(leaky).having("frozen")


def test_a_neuron_without_a_way_out_is_frozen() -> None:
    net = network(("identity", [neuron([1, 1]), neuron([1, 1])]), ("identity", [neuron({"h1": 1})]))
    found = learnability(net)
    assert {v.parameter.name for v in found.having("frozen")} == {"w4", "w5", "w6"}
    assert {v.cause for v in found.having("frozen")} == {"row"}


def test_weight_decay_keeps_zeros_and_moves_other_frozen_weights() -> None:
    net = network(("relu", [neuron([0, 0], -1)]), ("identity", [neuron([3])]))
    plain = learnability(net, Conditions(GIVEN))
    assert named(plain, "frozen") == {"w1", "w2", "w3", "w4"}
    decaying = learnability(net, Conditions(GIVEN, weight_decay=True, optimizer="gd"))
    assert named(decaying, "frozen") == {"w1", "w2"} and named(decaying, "decays") == {"w3", "w4"}
    momentum = learnability(net, Conditions(GIVEN, weight_decay=True, optimizer="momentum"))
    assert not momentum.having("frozen"), "momentum may carry the bias past 0, and then the neuron wakes"


def test_copies_need_equal_ways_in_and_out() -> None:
    hidden = [neuron([1, 2], 1), neuron([1, 2], 1), neuron([1, 2], 1), neuron([1, 2], 1), neuron([1, 2], 2)]
    net = network(("relu", hidden), ("identity", [neuron([3, 3, 3, 4, 3])]))
    assert [c.units for c in learnability(net).copies] == [("h1", "h2", "h3")]
    # Swapped gains over sources that are copies themselves count as equal.
    deep = network(
        ("relu", [neuron([1, 2])] * 2), ("relu", [neuron([1, 5]), neuron([5, 1])]), ("identity", [neuron([1, 1])])
    )
    assert [c.units for c in learnability(deep).copies] == [("h1_1", "h1_2"), ("h2_1", "h2_2")]
    missing = network(("relu", [neuron({"x1": 1}), neuron({"x1": 1, "x2": 0})]), ("identity", [neuron([1, 1])]))
    assert not learnability(missing).copies, "a gain of 0 can learn, and a missing edge cannot"


def test_outputs_are_no_copies_for_their_labels_differ() -> None:
    net = network(("softmax", [neuron([1, 2])] * 3))
    assert not learnability(net).copies


# Witnesses


@pytest.mark.parametrize("seed", range(25))
def test_witnesses_of_the_first_step_are_exact(seed: int) -> None:
    rng = Random(f"witness {seed}")
    net = random_network(rng, smooth=False)
    found = learnability(net, random_conditions(rng, net))
    assert isinstance(found.subject, Network)
    for v in found.having("learns"):
        assert isinstance(v.witness, Witness)
        if v.witness.step == 1 and v.witness.is_exact:
            gradient = exact_gradient(found.subject, v.witness.samples[0], found.conditions.loss)
            value = gradient[int(v.parameter.name[1:]) - 1]
            assert value and value == Number.of(v.witness.gradient)
        if found.conditions.inputs == "unit":
            assert all(0 <= e <= 1 for s in v.witness.samples for e in s.input)


def exact_gradient(net: Network, sample: Sample, loss: Any) -> Vector:
    return loss_backward(net, forward(net, sample.input), sample.target, loss).gradient


def test_soft_max_witnesses_are_exact_too() -> None:
    net = network(("tanh", [neuron([1, -2], 1)]), ("softmax", [neuron([1]), neuron([2], 1)]))
    found = learnability(net)
    assert not found.having("frozen", "undecided")
    first = found.verdicts[0].witness
    assert isinstance(first, Witness) and first.is_exact and "softmax" in first.gradient


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.data())
def test_frozen_gradients_are_exactly_zero_in_every_reachable_state(seed: int, data: st.DataObject) -> None:
    """Not along one run, but with anything in the weights that may move, at any input and target."""
    rng = Random(seed)
    net = random_network(rng, smooth=False)
    conditions = replace(random_conditions(rng, net), weight_decay=False)
    found = learnability(net, conditions)
    assert isinstance(found.subject, Network)
    free = {int(found.form.parameters[i].name[1:]) - 1 for i in found.fixed_point.last.free}
    quarters = st.integers(-20, 20).map(lambda n: Fraction(n, 4))
    anything = data.draw(st.lists(quarters, min_size=len(net.weights), max_size=len(net.weights)))
    moved = [
        Number.of(v) if i in free else w for i, (w, v) in enumerate(zip(found.subject.weights, anything, strict=True))
    ]
    unit = st.integers(0, 8).map(lambda n: Fraction(n, 8))
    inputs = unit if conditions.inputs == "unit" else quarters
    x = data.draw(st.lists(inputs, min_size=len(net.inputs), max_size=len(net.inputs)))
    label = data.draw(st.integers(0, len(net.outputs) - 1))
    target = Vector.of([int(i == label) for i in range(len(net.outputs))])
    sample = Sample(Vector(tuple(Number.of(e) for e in x)), target)
    gradient = exact_gradient(found.subject.with_weights(Vector(tuple(moved))), sample, found.conditions.loss)
    assert not any(gradient[int(v.parameter.name[1:]) - 1] for v in found.having("frozen"))


def test_numbers_beyond_all_doubles_are_no_traceback() -> None:
    huge, tiny = f"{'1' + '0' * 250}", f"1/1{'0' * 250}"
    net = network(
        ("relu", [neuron([huge, tiny], tiny)] * 2), ("relu", [neuron([huge, huge], 1)]), ("tanh", [neuron([huge])])
    )
    found = learnability(net)
    assert not found.having("frozen") and found.verdicts
    assert all(check.holds for step in learnability_steps(found) for check in step.checks)


# The proof


@pytest.mark.parametrize("seed", range(30))
def test_every_proof_can_be_written_and_its_checks_hold(seed: int) -> None:
    rng = Random(f"steps {seed}")
    net = random_network(rng)
    steps = learnability_steps(learnability(net, random_conditions(rng, net)))
    assert all(check.holds for step in steps for check in step.checks)
    assert all(step.claim and step.reason for step in steps)


def test_the_proof_speaks_of_the_recursion() -> None:
    steps = learnability_steps(learnability(hw5_cnn(), start("zeros")))
    claims = " ".join(step.claim for step in steps)
    assert r"$\mathbf{x}^{(k)} = \mathbf{0}$ for $k = 1, 2, 3, 4, 5$" in claims
    assert "every weight but `dense2.bias` never changes" in claims
    assert "By (2) with $k = 6$" in steps[2].reason
    assert steps[3].checks[0].holds


# Ranges


def test_ranges_keep_signs_and_widen_everything_else() -> None:
    assert product(REALS, ZERO_RANGE).is_zero and not product(Range(5e-324, 5e-324), Range(1e-9, 1e-9)).is_zero
    assert rounded_sum([(Range(-0.5, 0.0), 1), (Range(-1.0, -1.0), 1)]).is_never_positive
    assert not rounded_sum([(Range(1.0, 1.0), 1), (Range(-1.0, -1.0), 1)]).is_never_positive
    assert rounded_sum([(Range(1.0, 1.0), 1), (Range(-1.001, -1.001), 1)]).is_never_positive
    assert rounded_sum([(ZERO_RANGE, 1)]).is_zero and rounded_sum([(UNIT, 3)]).low == 0
    tiny = Range.around(Number.of("1/10") ** 400)
    assert not tiny.is_zero and tiny.low >= 0
    assert Range.around(-(Number.of(10) ** 400)).is_never_positive


@given(st.floats(-30, 30, allow_subnormal=False), st.floats(0, 5))
def test_activations_of_ranges_hold_the_activations_of_their_values(low: float, width: float) -> None:
    from math import exp, tanh

    z = Range(low, low + width)
    middle = low + width / 2
    for activation, value in (
        ("relu", max(middle, 0.0)),
        ("tanh", tanh(middle)),
        ("sigmoid", 1 / (1 + exp(-middle))),
        ("identity", middle),
    ):
        found = activated(activation, None, z)
        assert found.low <= value <= found.high
    leaky = activated("leaky_relu", Number.of("1/4"), z)
    assert leaky.low <= (middle if middle > 0 else middle / 4) <= leaky.high


# Initialisations and wrong arguments


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("zeros", "zeros"),
        ("constant", "constant:1/10"),
        ("constant:0.5", "constant:1/2"),
        ("constant:0", "zeros"),
        ("glorot", "glorot"),
        ("given", "given"),
        ("gains=glorot,biases=zeros", "glorot"),
        (" gains = constant:2 , biases = zeros ", "gains=constant:2,biases=zeros"),
        ("gains=given,biases=constant:-1", "gains=given,biases=constant:-1"),
    ],
)
def test_initialisations_are_read_and_written(text: str, canonical: str) -> None:
    read = Initialisation.of(text)
    assert read.text == canonical and Initialisation.of(canonical) == read


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ones",
        "zeros:1",
        "constant:x",
        "constant:",
        "gains=zeros,gains=zeros",
        "biases=zeros",
        "a=b",
        "gains=,biases=",
    ],
)
def test_wrong_initialisations_are_one_clear_error(text: str) -> None:
    with pytest.raises(InputError, match="initialisation"):
        Initialisation.of(text)


def test_biases_are_never_drawn() -> None:
    with pytest.raises(InputError, match="biases are not drawn"):
        Initialisation(TensorStart("zeros"), TensorStart("glorot"))


def test_what_cannot_be_asked_is_one_clear_error() -> None:
    with pytest.raises(InputError, match="soft-max"):
        learnability(Architecture((4,), (Dense(3),)))
    with pytest.raises(InputError, match="soft-max"):
        learnability(Architecture((4, 4, 1), (MaxPool2D(),)))
    with pytest.raises(InputError, match="no given weights"):
        learnability(hw5_cnn(), Conditions(GIVEN))
    net = network(("relu", [neuron([1, 1])]))
    with pytest.raises(InputError, match="for architectures"):
        learnability(net, Conditions(ZEROS, relu_before_softmax=True))
    with pytest.raises(InputError, match="cross-entropy"):
        learnability(net, Conditions(ZEROS, loss="cross-entropy"))
    assert learnability(Architecture((2,), (Dropout(Fraction(1, 2)), Dense(2, "softmax"))), Conditions(GLOROT)).verdicts
