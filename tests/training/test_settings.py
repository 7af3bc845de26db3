"""Settings of a request: read, refused, honoured by a run, and part of its id."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
import torch

from gradus.errors import InputError, UnsupportedError, WorkFailed
from gradus.exact.learnability.initialisation import Initialisation
from gradus.exact.networks.layers import Dropout, hw5_cnn
from gradus.runs import RunRecord, RunRequest
from gradus.runs.store import run_id
from gradus.training import RECIPES, optim, resolve, run
from gradus.training.configuration import Acceleration, Adam, Augmentation, Muon, Sgd
from gradus.training.model import initialised, weights_of
from gradus.training.recipes.augmented import augmented
from gradus.training.recipes.fast import RUNGS, fast
from gradus.training.recipes.hw5 import hw5
from gradus.training.settings import configured

NETWORK = {
    "inputs": ["x1", "x2"],
    "layers": [
        {"activation": "relu", "neurons": [{"gains": {"x2": "1/2"}, "bias": 0}, {"gains": [1, -1], "bias": 1}]},
        {"activation": "identity", "neurons": [{"gains": [1, 2], "bias": 0}]},
    ],
}


def small(**settings: str) -> RunRequest:
    given = {"network": json.dumps(NETWORK), "loss": "squared", "learning_rate": "0.015625"} | settings
    return RunRequest("small-network", "points", "sgd", settings=tuple(sorted(given.items())))


def test_without_settings_ids_and_fingerprints_are_what_they_were() -> None:
    request = RunRequest("hw5", "pictograms", "sgd", device="cpu")
    assert "settings" not in request.as_json()
    assert run_id(request) == "3ae82092e59c"
    assert hw5(10).fingerprint == "a7b15b3c87258f6e6d2640f39a909b4a3922ffd8faf55bf875a46ef808f77bdd"
    assert run_id(replace(request, settings=(("initialisation", "zeros"),))) != run_id(request)


@pytest.mark.parametrize(
    ("recipe", "fingerprint"),
    [
        ("hw5", "a7b15b3c87258f6e6d2640f39a909b4a3922ffd8faf55bf875a46ef808f77bdd"),
        ("deeper", "f9376b80aab9cefdc914ed750cb3e5e7c499b4d9e7aa3416182061bb44a0c1b9"),
        ("more-training-data", "d225d74f6785d71d98d9a7bb798a8c343b5cbb5c1ed61a90116e414e137aea60"),
        ("wider", "189bf70e67c59ee98343b16e0d33f2095811597138d35404f0b5500dca3648c3"),
        ("augmented", "74409508023232fcc61abd71bf4fda9bd589814f2a58f0467638f3c7613f9ed4"),
    ],
)
def test_fingerprints_of_recipes_are_what_they_were(recipe: str, fingerprint: str) -> None:
    assert RECIPES[recipe](10).fingerprint == fingerprint


def test_configurations_that_differ_have_different_fingerprints() -> None:
    plain, image = hw5(10), Augmentation()
    found = [
        plain,
        replace(plain, shuffled=True),
        replace(plain, accelerated=Acceleration()),
        replace(plain, augmentation=image),
        replace(plain, augmentation=image, shuffled=True),
        replace(plain, augmentation=replace(image, mirrored_edges=True)),
        replace(plain, augmentation=replace(image, mirrored_edges=True), shuffled=True),
        replace(plain, augmentation=replace(image, cutout=1)),
        replace(plain, augmentation=replace(image, cutout=1), shuffled=True),
        replace(plain, augmentation=replace(image, alternating=True)),
        replace(plain, accelerated=Acceleration(mirrored_views=False)),
    ]
    assert len({configuration.fingerprint for configuration in found}) == len(found)


def test_settings_must_be_sorted_and_named_once() -> None:
    for settings in ((("b", "1"), ("a", "1")), (("a", "1"), ("a", "2"))):
        with pytest.raises(InputError, match="sorted by name"):
            RunRequest("hw5", "pictograms", "sgd", settings=settings)


def test_records_with_and_without_settings_are_read_back() -> None:
    for request in (small(), RunRequest("small-network", "points", "adam", settings=small().settings)):
        record = run(request)
        assert RunRecord.from_json(json.dumps(record.as_json())) == record
    plain = RunRecord(**{**vars(record), "request": RunRequest("hw5", "pictograms", "sgd"), "id": ""})
    plain = replace(plain, id=run_id(plain.request))
    assert RunRecord.from_json(json.dumps(plain.as_json())) == plain
    assert "settings" not in plain.as_json()["request"] and asdict(plain)["request"]["settings"] == ()


def test_each_setting_changes_its_part_of_the_configuration() -> None:
    plain = hw5(10)
    assert configured(plain, []) == plain
    changed = configured(
        plain,
        [
            ("biases", "no"),
            ("dropout", "off"),
            ("images", "5"),
            ("initialisation", "constant:1/4"),
            ("weight_decay", "0.5"),
        ],
    )
    assert (changed.biases, changed.images, changed.initialisation.text) == (False, 5, "constant:1/4")
    assert len(changed.architecture.layers) == len(plain.architecture.layers) - 3
    assert all(rule.weight_decay == 0.5 for rule in changed.optimizers.values())
    assert changed.architecture != plain.architecture and changed.batch_size == plain.batch_size


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("initialisaton", "zeros", "did you mean initialisation"),
        ("initialisation", "ones", "must be zeros"),
        ("images", "0", "whole number"),
        ("images", "many", "whole number"),
        ("biases", "maybe", "must be yes or no"),
        ("dropout", "0.5", "must be on or off"),
        ("weight_decay", "nan", "a number from 0 to 1"),
        ("weight_decay", "-1", "a number from 0 to 1"),
        ("weight_decay", "x", "a number from 0 to 1"),
    ],
)
def test_wrong_settings_are_one_clear_error(name: str, value: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        configured(hw5(10), [(name, value)])


@pytest.mark.parametrize("start", ["zeros", "constant:1/4", "gains=zeros,biases=constant:-2", "glorot"])
def test_weights_start_as_asked_for(start: str) -> None:
    weights = weights_of(initialised(hw5_cnn(), torch.Generator().manual_seed(1), Initialisation.of(start)))
    asked = Initialisation.of(start)
    for name, values in weights.items():
        own = asked.gains if name.endswith("gains") else asked.biases
        if own.is_uniform:
            assert (values == float(own.value)).all() and not np.signbit(values[values == 0]).any()
        else:
            assert len(np.unique(values)) > values.size / 2
    without = weights_of(initialised(hw5_cnn(), torch.Generator().manual_seed(1), asked, biases=False))
    assert sorted(without) == sorted(name for name in weights if name.endswith("gains"))
    np.testing.assert_array_equal(without["conv1.gains"], weights["conv1.gains"])


def test_given_weights_are_refused_for_an_architecture() -> None:
    with pytest.raises(InputError, match="no given weights"):
        initialised(hw5_cnn(), torch.Generator(), Initialisation.of("given"))


@pytest.mark.parametrize("rule", [Sgd(0.25, 0.5, weight_decay=0.125), Adam(0.25, weight_decay=0.125)])
def test_weight_decay_is_that_of_pytorch(rule: Any) -> None:
    weights = [torch.tensor([1.0, -2.0, 0.0])]
    twin = torch.nn.Parameter(weights[0].clone())
    peer = (
        torch.optim.SGD([twin], lr=0.25, momentum=0.5, weight_decay=0.125)
        if isinstance(rule, Sgd)
        else torch.optim.Adam([twin], lr=0.25, eps=1e-12, weight_decay=0.125)
    )
    rule = rule if isinstance(rule, Sgd) else replace(rule, epsilon=1e-12)
    state = optim.initial_state(rule, weights)
    for step in range(6):
        gradient = torch.tensor([0.5 - step, 0.25, 0.0])
        twin.grad = gradient.clone()
        peer.step()
        state = optim.step(rule, state, weights, [gradient])
    np.testing.assert_allclose(weights[0].numpy(), twin.detach().numpy(), rtol=1e-5)
    assert weights[0][2] == 0 and not np.signbit(weights[0][2].item())


# Small networks


def test_a_small_run_is_what_pytorch_does_by_hand() -> None:
    points = [[["1", "-1/2"], ["3"]], [["-2", "1"], ["0"]]]
    record = run(small(points=json.dumps(points), batch_size="1", learning_rate="0.125"))
    w = {name: torch.tensor(v, requires_grad=True) for name, v in start().items()}
    losses = []
    for x, t in (((1.0, -0.5), 3.0), ((-2.0, 1.0), 0.0)):
        h1 = torch.relu(w["w1"] * x[1] + w["w2"])
        h2 = torch.relu(w["w3"] * x[0] + w["w4"] * x[1] + w["w5"])
        loss = (w["w6"] * h1 + w["w7"] * h2 + w["w8"] - t) ** 2 / 2
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, list(w.values()))
        w = {n: (v - 0.125 * g).detach().requires_grad_() for (n, v), g in zip(w.items(), gradients, strict=True)}
    changed = {n for n, v in start().items() if v != w[n].item()}
    assert changed == {n for n in record.final_weights if record.final_weights[n] != record.initial_weights[n]}
    assert record.parameters == 8 and record.data.training == 2
    assert record.epochs[0].training_loss == pytest.approx(sum(losses) / 2)


def start() -> dict[str, float]:
    return dict(zip((f"w{i}" for i in range(1, 9)), (0.5, 0.0, 1.0, -1.0, 1.0, 1.0, 2.0, 0.0), strict=True))


def test_runs_of_small_networks_are_reproducible_and_differ_by_their_settings() -> None:
    first, again, other = run(small()), run(small()), run(small(inputs="unit"))
    assert (first.id, first.final_weights) == (again.id, again.final_weights)
    assert first.id != other.id and first.data.fingerprint != other.data.fingerprint
    assert resolve(small()).configuration_fingerprint == first.request.configuration_fingerprint
    drawn = [run(replace(small(initialisation="glorot"), seed=seed)).initial_weights for seed in (0, 1)]
    assert drawn[0] != drawn[1]


def test_biases_can_be_left_out_and_missing_edges_stay_missing() -> None:
    record = run(small(biases="no", initialisation="glorot"))
    assert list(record.initial_weights) == ["w1", "w3", "w4", "w6", "w7"]


@pytest.mark.parametrize("loss", ["squared", "hinge"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_every_loss_and_optimiser_trains(loss: str, optimizer: Any) -> None:
    record = run(replace(small(loss=loss, momentum="0.5"), optimizer=optimizer, epochs=3))
    assert len(record.epochs) == 3 and record.final_weights != record.initial_weights


def test_a_run_that_diverges_is_said_to() -> None:
    with pytest.raises(WorkFailed, match="diverged"):
        run(replace(small(learning_rate="1000"), epochs=30))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": "{"}, "is not JSON"),
        ({"network": "[]"}, "network"),
        ({"network": "[" * 100_000}, "is not JSON"),
        ({"loss": "absolute"}, "must be one of squared"),
        ({"loss": "cross-entropy"}, "cross-entropy"),
        ({"points": "[]"}, "pairs of 2 inputs and 1 targets"),
        ({"points": '[[["1"], ["2"]]]'}, "pairs of 2 inputs"),
        ({"points": "[[[1, 2], [3]]]"}, "numbers as text"),
        ({"points": '[[["1", "x"], ["2"]]]'}, "x"),
        ({"colour": "red"}, "must be one of batch_size"),
        ({"momentum": "2"}, "a number from 0 to 1"),
        ({"batch_size": "-1"}, "whole number"),
    ],
)
def test_wrong_small_settings_are_one_clear_error(change: dict[str, str], message: str) -> None:
    for begin in (run, resolve):
        with pytest.raises(InputError, match=message):
            begin(small(**change))


def test_wrong_small_requests_are_refused() -> None:
    with pytest.raises(InputError, match="must be points"):
        run(replace(small(), data="pictograms"))
    with pytest.raises(InputError, match="at least 1"):
        run(replace(small(), epochs=0))
    with pytest.raises(InputError, match="is missing"):
        run(RunRequest("small-network", "points", "sgd"))
    with pytest.raises(InputError, match="has changed"):
        run(replace(small(), data_fingerprint="0" * 64))
    neurons = [{"gains": [0] * 80, "bias": 0}] * 70
    wide = {"inputs": [f"x{i}" for i in range(80)], "layers": [{"activation": "relu", "neurons": neurons}]}
    with pytest.raises(UnsupportedError, match="at most 5,000 weights"):
        run(small(network=json.dumps(wide)))


@pytest.mark.parametrize("recipe", RECIPES.values())
def test_settings_change_what_they_name_in_every_recipe(recipe: Any) -> None:
    plain = recipe(10)
    # A normalised network needs its shifts.
    biases = [("biases", "no")] if plain.accelerated is None else []
    changed = configured(plain, [*biases, ("dropout", "off"), ("images", "5"), ("weight_decay", "0.5")])
    layers = [layer for layer in plain.architecture.layers if not isinstance(layer, Dropout)]
    rules = {name: replace(rule, weight_decay=0.5) for name, rule in plain.optimizers.items()}
    architecture = replace(plain.architecture, layers=tuple(layers))
    assert changed == replace(plain, architecture=architecture, biases=not biases, images=5, optimizers=rules)


def test_the_order_of_settings_does_not_matter() -> None:
    pairs = [("biases", "no"), ("dropout", "off"), ("images", "5"), ("initialisation", "zeros"), ("weight_decay", "1")]
    assert configured(hw5(10), pairs) == configured(hw5(10), pairs[::-1])


def test_augmentation_can_be_taken_from_its_recipe_and_added_to_another() -> None:
    off = configured(augmented(10), [("flip", "no"), ("shift", "0")])
    assert off == hw5(10) and off.fingerprint == hw5(10).fingerprint
    assert configured(hw5(10), [("flip", "yes"), ("shift", "4")]) == augmented(10)
    assert configured(augmented(10), [("flip", "no")]).augmentation == Augmentation(flip=False, shift=4)


@pytest.mark.parametrize("value", ["1e999999999", "1E-99999999", "1/0", "0", "1", "-1/5", "nan", "1/5" * 10, "١/٥x"])
def test_a_share_that_is_none_is_one_clear_error_at_once(value: str) -> None:
    with pytest.raises(InputError, match="must be a share between 0 and 1"):
        configured(hw5(10), [("validation_share", value)])


@pytest.mark.parametrize("rung", RUNGS)
def test_the_rates_of_fast_that_go_with_the_batch_size_follow_it(rung: Any) -> None:
    plain = fast(10, rung)
    for size in (rung.batch_size, 64, 250, 1000):
        changed = configured(plain, [("batch_size", str(size)), ("learning_rate", "0.25"), ("weight_decay", "0.5")])
        expected = fast(10, replace(rung, batch_size=size)).optimizers["muon"]
        found = changed.optimizers["muon"]
        assert isinstance(found, Muon) and isinstance(expected, Muon) and changed.batch_size == size
        assert (found.learning_rate, found.weight_decay) == (0.25, 0.5)
        assert (found.dense_rate, found.shift_rate) == pytest.approx((expected.dense_rate, expected.shift_rate))
    assert configured(plain, [("batch_size", str(rung.batch_size))]) == plain
    assert configured(hw5(10), [("batch_size", "64")]) == replace(hw5(10), batch_size=64)


def test_a_setting_of_another_optimiser_names_what_can_be_set() -> None:
    for recipe, optimizer, setting, remedy in (
        (fast(10), "muon", "momentum", "leave it out; of muon learning_rate and weight_decay can be set"),
        (fast(10), "adam", "momentum", "leave it out"),
        (hw5(10), "adam", "momentum", "leave it out, or train with sgd"),
        (hw5(10), "sgd", "beta1", "leave it out, or train with adam"),
    ):
        chosen: Any = optimizer
        with pytest.raises(InputError) as refused:
            configured(recipe, [(setting, "0.9")], chosen)
        assert refused.value.remedy == remedy
