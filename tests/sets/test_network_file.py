"""Network files: the same network from YAML and JSON, and the line of what is wrong."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradus.errors import InputError, UnsupportedError
from gradus.exact.networks.network import Network
from gradus.sets.network_file import network_in

FILE = """\
inputs: [x1, x2]
layers:
  - activation: relu
    neurons:
      - gains: [1, -2]
        bias: 0
      - gains:
          x2: 0.1
        bias: 1/3
  - activation: identity
    neurons:
      - {gains: [1, 1], bias: 0}
"""


def test_yaml_and_json_give_the_same_network() -> None:
    network = network_in(FILE, "net.yaml")
    assert network.weights.text == "(1, -2, 0, 1/10, 1/3, 1, 1, 0)"
    for indent in (None, 1, "\t"):
        assert network_in(json.dumps(network.as_mapping(), indent=indent), "net.json") == network


@pytest.mark.parametrize(
    ("old", "new", "line", "place"),
    [
        ("[1, -2]", "[1]", 5, "layers[1].neurons[1].gains"),
        ("bias: 0\n", "bias: 1/0\n", 6, "layers[1].neurons[1].bias"),
        ("x2: 0.1", "x2: abc", 8, "layers[1].neurons[2].gains.x2"),
        ("x2: 0.1", "x9: 1", 7, "layers[1].neurons[2].gains"),
        ("[1, 1]", "[1, one]", 12, "layers[2].neurons[1].gains[2]"),
        ("identity", "sotfmax", 10, "layers[2].activation"),
        ("{gains", "{name: x1, gains", 12, "layers[2].neurons[1].name"),
        ("[x1, x2]", "[x1, 3]", 1, "inputs"),
        ("- activation: relu", "- acivation: relu", 3, "layers[1]"),
    ],
)
def test_an_error_names_its_line_and_place(old: str, new: str, line: int, place: str) -> None:
    assert FILE.count(old) == 1
    with pytest.raises(InputError) as caught:
        network_in(FILE.replace(old, new), "net.yaml")
    assert (caught.value.place, caught.value.argument) == (f"net.yaml:{line}", place)
    assert caught.value.rule and caught.value.remedy


def test_exponents_are_read_where_json_allows_them() -> None:
    text = '{"inputs": ["x"], "layers": [{"activation": "relu", "neurons": [{"gains": [1.5e-3], "bias": -2E2}]}]}'
    assert network_in(text, "net.json").weights.text == "(3/2000, -200)"
    with pytest.raises(InputError) as caught:
        network_in(text.replace("1.5e-3", "1e-999999999"), "net.json")
    assert caught.value.value == "1e-999999999"


def test_a_repeated_key_of_json_is_refused_with_its_line() -> None:
    with pytest.raises(InputError) as caught:
        network_in('{"inputs": ["x"],\n"inputs": ["y"],\n"layers": []}', "net.json")
    assert caught.value.place == "net.json:2" and "stands twice" in caught.value.rule


def test_a_limit_stays_a_limit() -> None:
    wide = {"inputs": ["x"], "layers": [{"activation": "relu", "neurons": [{"gains": [1], "bias": 0}] * 1001}]}
    with pytest.raises(UnsupportedError) as caught:
        network_in(json.dumps(wide), "net.json")
    assert caught.value.place == "net.json:1"


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda b: b.decode("latin-1")))
def test_no_text_ends_in_anything_but_an_input_error(text: str) -> None:
    for file in (text, FILE[:40] + text + FILE[40:]):
        try:
            found = network_in(file, "any")
        except InputError as error:
            assert str(error)
        else:
            assert isinstance(found, Network)
