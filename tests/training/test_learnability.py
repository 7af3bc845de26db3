"""The proof of what is frozen against real training runs: they never disagree, and a wrong proof is found out."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
import torch

from exact.learnability_networks import random_conditions, random_network
from gradus import training
from gradus.errors import WorkFailed
from gradus.evidence.learnability import Rule, confrontation_requests, confronted, contradictions
from gradus.exact.learnability import states as learnability_states
from gradus.exact.learnability.initialisation import Initialisation
from gradus.exact.learnability.maps import simulated_gradients
from gradus.exact.learnability.numeric import NumericNetwork
from gradus.exact.learnability.ranges import ZERO_RANGE, Range
from gradus.exact.learnability.verdicts import Conditions, Learnability, learnability
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import forward, loss_backward
from gradus.exact.networks.layers import Architecture, Conv2D, Dense, Dropout, Flatten, MaxPool2D, hw5_cnn
from gradus.exact.networks.network import Network
from gradus.runs import RunRecord, RunRequest
from gradus.training import optim, small_networks
from gradus.training.configuration import Adam, Sgd
from gradus.training.dropout import Masks
from gradus.training.loop import Training
from gradus.training.model import initialised, weights_of
from gradus.training.small_networks import SmallModel, sample_losses

RULES: tuple[Rule, ...] = ("gd", "momentum", "adam")


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def records(found: Learnability, rule: Rule) -> dict[RunRequest, Any]:
    made: dict[RunRequest, Any] = {}
    for request in confrontation_requests(found, rule):
        try:
            made[request] = training.run(request)
        except WorkFailed:  # a squared loss may diverge
            continue
    return made


def question(seed: int) -> tuple[Learnability, Rule]:
    rng = Random(f"learnability {seed}")
    network, rule = random_network(rng), rng.choice(RULES)
    return learnability(network, random_conditions(rng, network, rule)), rule


def test_proof_and_runs_never_disagree_on_200_networks() -> None:
    outcomes: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    for seed in range(200):
        found, rule = question(seed)
        rows = confronted(found, records(found, rule), rule)
        assert not contradictions(rows), (seed, found.subject, found.conditions, contradictions(rows))
        outcomes.update(v.outcome for v in found.verdicts)
        shown.update(row.outcome for row in rows if row.agrees and row.outcome)
    assert outcomes["frozen"] > 400 and outcomes["learns"] > 400 and outcomes["decays"] > 20
    assert outcomes["undecided"] < 0.05 * sum(outcomes.values())
    assert shown["frozen"] > 0.9 * outcomes["frozen"] and shown["learns"] > 0.9 * outcomes["learns"]


def test_without_the_fixed_point_the_claim_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no gradient at the start may well have one later."""
    real = learnability_states.fixed_point

    def first_round_only(*args: Any) -> learnability_states.FixedPoint:
        return learnability_states.FixedPoint(real(*args).rounds[:1], frozenset())

    monkeypatch.setattr("gradus.exact.learnability.verdicts.fixed_point", first_round_only)
    assert refuted(40)


def test_ranges_that_forget_the_bias_are_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    real = learnability_states.rounded_sum

    def without_the_last(terms: Any) -> Range:
        return real(list(terms)[:-1])

    monkeypatch.setattr(learnability_states, "rounded_sum", without_the_last)
    assert refuted(40)


def test_a_claim_that_takes_every_relu_for_dead_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learnability_states, "has_no_slope", lambda activation, slope, z: activation == "relu")
    assert refuted(20)


def test_training_with_h_of_0_equal_to_1_refutes_the_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof needs H(0) = 0: with the derivative 1 there, a ReLU behind zero weights lets its bias learn."""

    class Relu(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, z: Any) -> Any:
            ctx.save_for_backward(z)
            return z.clamp(min=0)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * (ctx.saved_tensors[0] >= 0)

    found = learnability(zeros_with_relu(), Conditions(Initialisation.of("zeros")))
    assert {v.outcome for v in found.verdicts} == {"frozen"}
    assert not contradictions(confronted(found, records(found, "gd")))
    monkeypatch.setattr(small_networks, "_activated", lambda layer, values: Relu.apply(values))
    assert contradictions(confronted(found, records(found, "gd")))


def zeros_with_relu() -> Network:
    layer = {"activation": "relu", "neurons": [{"gains": [0, 0], "bias": 0}] * 2}
    return Network.of({"inputs": ["x1", "x2"], "layers": [layer, layer]})


def refuted(seeds: int) -> bool:
    for seed in range(seeds):
        found, rule = question(seed)
        if contradictions(confronted(found, records(found, rule), rule)):
            return True
    return False


@pytest.mark.parametrize("rule", [Sgd(1 / 32), Sgd(1 / 32, 0.875), Adam(1 / 64), Sgd(1 / 32, weight_decay=0.125)])
def test_copies_stay_copies_within_rounding(rule: Any) -> None:
    seen = 0
    for seed in range(60):
        rng = Random(f"copies {seed}")
        network = random_network(rng)
        conditions = Conditions(Initialisation.of(rng.choice(("given", "constant:1/4"))))
        found = learnability(network, conditions)
        if not found.copies:
            continue
        assert isinstance(found.subject, Network) and found.conditions.loss
        model = SmallModel(found.subject, True, found.conditions.loss)
        if not descended(model, rule, found.conditions.loss, seed):
            continue
        for copies in found.copies:
            layer = found.subject.layers[copies.stage - 1]
            rows = [layer.names.index(unit) for unit in copies.units]
            gains = [np.sort(model.gains[copies.stage - 1][i].detach().numpy()) for i in rows]
            biases = [model.biases[copies.stage - 1][i].item() for i in rows]
            for other, bias in zip(gains[1:], biases[1:], strict=True):
                np.testing.assert_allclose(other, gains[0], rtol=2e-3, atol=2e-3)
                np.testing.assert_allclose(bias, biases[0], rtol=2e-3, atol=2e-3)
            seen += 1
    assert seen > 15


def descended(model: SmallModel, rule: Any, loss: Any, seed: int) -> bool:
    """Twelve steps on random samples; whether the weights stayed finite."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(12, model.gains[0].shape[1], generator=generator)
    outputs = model.gains[-1].shape[0]
    labels = torch.randint(0, outputs, (12,), generator=generator)
    targets = torch.nn.functional.one_hot(labels, outputs).float()
    weights = list(model.parameters())
    state = optim.initial_state(rule, weights)
    for _ in range(12):
        total = sample_losses(model, loss, model(inputs), targets).mean()
        gradients = torch.autograd.grad(total, weights, allow_unused=True)
        filled = [torch.zeros_like(w) if g is None else g for w, g in zip(weights, gradients, strict=True)]
        state = optim.step(rule, state, weights, filled)
    return all(bool(w.isfinite().all()) and float(w.detach().abs().max()) < 1e3 for w in weights)


def test_neurons_that_start_unlike_do_not_count_as_copies() -> None:
    """The refinement finds what tells neurons apart: a weight that leaves them, as well as one that enters them."""
    hidden = {"activation": "relu", "neurons": [{"gains": [1], "bias": 0}] * 3}
    last = {"activation": "identity", "neurons": [{"gains": [1, 1, 2], "bias": 0}]}
    found = learnability(Network.of({"inputs": ["x"], "layers": [hidden, last]}))
    assert [c.units for c in found.copies] == [("h1", "h2")]


def test_numeric_and_exact_gradients_are_those_of_autograd() -> None:
    checked = 0
    for seed in range(60):
        rng = Random(f"numeric {seed}")
        network = random_network(rng)
        found = learnability(network, random_conditions(rng, network))
        assert isinstance(found.subject, Network) and found.conditions.loss
        loss, biases = found.conditions.loss, found.conditions.biases
        model = SmallModel(found.subject, biases, loss).double()
        model.masks = [mask.double() for mask in model.masks]
        x = [rng.randint(-8, 8) / 4 for _ in network.inputs]
        target = [0.0] * len(network.outputs)
        target[rng.randrange(len(target))] = 1.0
        values = model(torch.tensor([x], dtype=torch.float64))
        total = sample_losses(model, loss, values, torch.tensor([target], dtype=torch.float64)).sum()
        parts = torch.autograd.grad(total, list(model.parameters()), allow_unused=True)
        filled = [torch.zeros_like(w) if g is None else g for w, g in zip(model.parameters(), parts, strict=True)]
        with torch.no_grad():
            for weight, gradient in zip(model.parameters(), filled, strict=True):
                weight.copy_(gradient)
        wanted = {name: value.item() for name, value in model.values_by_weight().items()}
        numeric = NumericNetwork(found.subject, [float(w) for w in found.subject.weights], biases).gradient(
            x, target, loss
        )
        exact_x, exact_t = (Vector.of([str(Fraction(e)) for e in v]) for v in (x, target))
        exact = loss_backward(found.subject, forward(found.subject, exact_x), exact_t, loss).gradient
        for name, value in wanted.items():
            np.testing.assert_allclose(numeric[int(name[1:]) - 1], value, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(float(exact[int(name[1:]) - 1]), value, rtol=1e-9, atol=1e-9)
            checked += value != 0
    assert checked > 100


SMALL = Architecture(
    (6, 7, 2),
    (
        *(Conv2D(3, padding="same"), Conv2D(4, kernel=(2, 3)), MaxPool2D(), Dropout(Fraction(1, 4))),
        *(Flatten(), Dense(5), Dropout(Fraction(1, 2)), Dense(3, "softmax")),
    ),
)
TINY = Architecture((1, 1, 2), (Conv2D(3, padding="same"), Flatten(), Dense(4), Dense(3, "softmax")))
FLAT = Architecture((4,), (Dense(3), Dense(3, "linear"), Dense(2, "softmax")))
PIXEL = Architecture((1, 1, 4), (Flatten(), *FLAT.layers))


@pytest.mark.parametrize("architecture", [SMALL, TINY, PIXEL])
@pytest.mark.parametrize(
    "start", ["zeros", "constant:1/8", "constant:-1/8", "gains=zeros,biases=constant:1/8", "glorot"]
)
@pytest.mark.parametrize("biases", [True, False])
def test_frozen_tensors_of_architectures_keep_their_bits(architecture: Architecture, start: str, biases: bool) -> None:
    inputs = Random(f"{start} {biases}").choice(("reals", "unit"))
    found = learnability(architecture, Conditions(Initialisation.of(start), biases, inputs=inputs))
    for rule in (Sgd(0.125), Sgd(0.125, 0.75), Adam()):
        network = initialised(architecture, torch.Generator().manual_seed(1), Initialisation.of(start), biases)
        before = weights_of(network)
        run = Training(network, rule, Masks(2))
        generator = torch.Generator().manual_seed(3)
        for _ in range(8):
            images = torch.rand(4, *shaped(architecture), generator=generator)
            images = images if inputs == "unit" else images * 4 - 2
            images = (images * 255).permute(0, 2, 3, 1)  # as bytes are, which a step scales and turns
            run.step(images, torch.randint(0, found.form.outputs, (4,), generator=generator))
        after = weights_of(network)
        for verdict in found.verdicts:
            name = verdict.parameter.name
            same = (before[name] == after[name]) & (np.signbit(before[name]) == np.signbit(after[name]))
            if verdict.outcome == "frozen" and not verdict.parameter.note:
                assert same.all(), (name, rule)
            if verdict.parameter.note:  # the entries of a kernel that never meet the image
                assert same.sum() >= verdict.parameter.size
            if verdict.outcome == "learns" and start != "glorot":
                assert not same.all() or not moves_here(found, name), (name, rule)


def moves_here(found: Learnability, name: str) -> bool:
    """Whether random images must move a tensor, too: the last bias always, by any label."""
    last = found.form.parameters[-1]
    return last.role == "bias" and name == last.name


def shaped(architecture: Architecture) -> tuple[int, ...]:
    shape = architecture.input_shape
    return (shape[2], shape[0], shape[1]) if len(shape) == 3 else shape


@pytest.mark.parametrize("architecture", [SMALL, TINY, FLAT])
@pytest.mark.parametrize("start", ["constant:1/8", "constant:-1/8", "gains=zeros,biases=constant:1/8"])
def test_simulated_descent_is_that_of_autograd(architecture: Architecture, start: str) -> None:
    """One map for all copies computes what the whole network computes: the first step's gradients, tensor by tensor."""
    bare = Architecture(
        architecture.input_shape, tuple(layer for layer in architecture.layers if not isinstance(layer, Dropout))
    )
    simulated = simulated_gradients(bare, Initialisation.of(start), True, False, False)[0]
    network = initialised(bare, torch.Generator(), Initialisation.of(start)).double()
    height, width = (
        architecture.input_shape[:2] if len(architecture.input_shape) == 3 else (1, architecture.input_shape[0])
    )
    ramp = torch.tensor(
        [[(i + j + 1) / (height + width) for j in range(width)] for i in range(height)], dtype=torch.float64
    )
    channels = architecture.input_shape[2] if len(architecture.input_shape) == 3 else 1
    images = ramp.expand(1, channels, height, width) if len(architecture.input_shape) == 3 else ramp.reshape(1, -1)
    loss = torch.nn.functional.cross_entropy(network(images), torch.zeros(1, dtype=torch.long))
    names = [name for name, _ in network.named_parameters()]
    for name, gradient in zip(names, torch.autograd.grad(loss, list(network.parameters())), strict=True):
        np.testing.assert_allclose(simulated[name], gradient.abs().max().item(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("start", "rule"), [("zeros", "momentum"), ("zeros", "adam"), ("glorot", "gd")])
def test_homework_5s_network_bears_the_proof_out(start: str, rule: Rule) -> None:
    torch.set_num_threads(2)
    found = learnability(hw5_cnn(), Conditions(Initialisation.of(start)))
    (request,) = confrontation_requests(found, rule)
    small = dict(request.settings) | {"images": "64"}
    shorter = RunRequest(request.recipe, request.data, request.optimizer, settings=tuple(sorted(small.items())))
    record = training.run(shorter)
    assert (record.data.training, record.data.validation, record.data.test) == (64, 64, 64)
    rows = confronted(found, {request: record}, rule)
    assert all(row.agrees for row in rows)
    moved = {row.name for row in rows if not row.unchanged}
    assert moved == ({"dense2.bias"} if start == "zeros" else {row.name for row in rows})


def test_a_tampered_record_contradicts() -> None:
    found = learnability(zeros_with_relu(), Conditions(Initialisation.of("zeros")))
    made = records(found, "gd")
    request, record = next(iter(made.items()))
    assert isinstance(record, RunRecord)
    other = {**record.final_weights, "w1": "0" * 64}
    forged = RunRecord(**{**vars(record), "final_weights": other})
    assert [row.name for row in contradictions(confronted(found, {request: forged}))] == ["w1"]
    assert ZERO_RANGE.is_zero
