"""The JSON schema of a network file: it takes every network that is read, and no file with a wrong form."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import jsonschema
import pytest

from gradus.errors import InputError
from gradus.exact.networks.network import ACTIVATIONS, LOSSES, Network
from gradus.exact.networks.schema import network_schema

VALID: dict[str, Any] = {
    "inputs": ["x1", "x2"],
    "layers": [
        {"activation": "leaky_relu", "slope": "1/10", "neurons": [{"gains": [1, -2], "bias": "0.5"}]},
        {"activation": "softmax", "neurons": [{"name": "cat", "gains": {"h1": "sqrt(2)"}, "bias": "1/3"}]},
    ],
    "loss": "cross-entropy",
}


def validator() -> jsonschema.Draft202012Validator:
    schema = network_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def is_valid(value: object) -> bool:
    return bool(validator().is_valid(value))


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    value = deepcopy(VALID)
    change(value)
    return value


def test_a_valid_file_is_valid() -> None:
    validator().validate(VALID)
    assert Network.of(VALID).weights.text == "(1, -2, 1/2, sqrt(2), 1/3)"
    validator().validate(changed(lambda v: v["layers"][0]["neurons"][0].update(bias=0.5)))
    validator().validate(changed(lambda v: v.pop("loss")))
    validator().validate(changed(lambda v: v["layers"][0]["neurons"][0].update(gains={})))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", [*LOSSES, None])
def test_every_activation_and_loss_is_known(activation: str, loss: str | None) -> None:
    layer = {"activation": activation, "neurons": [{"gains": [1], "bias": 0}]}
    network = Network.of({"inputs": ["x"], "layers": [layer], "loss": loss})
    validator().validate(network.as_mapping())


BROKEN = {
    "no mapping": lambda v: v.clear(),
    "no inputs": lambda v: v.pop("inputs"),
    "no layers": lambda v: v["layers"].clear(),
    "an input that is no name": lambda v: v["inputs"].append("2x"),
    "an input that is a number": lambda v: v["inputs"].append(3),
    "an unknown field": lambda v: v.update(layer=[]),
    "an unknown loss": lambda v: v.update(loss="square"),
    "an unknown activation": lambda v: v["layers"][0].update(activation="rellu"),
    "a slope of a soft-max": lambda v: v["layers"][1].update(slope=0),
    "no neurons": lambda v: v["layers"][0]["neurons"].clear(),
    "no bias": lambda v: v["layers"][0]["neurons"][0].pop("bias"),
    "no gains": lambda v: v["layers"][0]["neurons"][0].pop("gains"),
    "no gain in the list": lambda v: v["layers"][0]["neurons"][0]["gains"].clear(),
    "a gain that is a list": lambda v: v["layers"][0]["neurons"][0].update(gains=[[1], 2]),
    "a gain that is true": lambda v: v["layers"][0]["neurons"][0].update(gains=[True, 2]),
    "a bias that is empty": lambda v: v["layers"][0]["neurons"][0].update(bias=""),
    "a bias without digits": lambda v: v["layers"][0]["neurons"][0].update(bias="nan"),
    "a source that is no name": lambda v: v["layers"][1]["neurons"][0].update(gains={"h 1": 2}),
    "a misspelt field": lambda v: v["layers"][1]["neurons"][0].update(bais=2),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_with_a_wrong_form_is_refused_by_both(name: str) -> None:
    value = changed(BROKEN[name])
    assert not is_valid(value)
    with pytest.raises(InputError):
        Network.of(value)


def test_the_schema_does_not_say_what_needs_the_whole_file() -> None:
    twice = changed(lambda v: v["layers"][1]["neurons"][0].update(name="x1"))
    assert is_valid(twice)
    with pytest.raises(InputError, match="used twice"):
        Network.of(twice)
