"""Architectures as mappings: there and back, and everything else is one clear error."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradus.errors import InputError
from gradus.exact.networks.architecture_mapping import architecture_mapping, architecture_of
from gradus.exact.networks.layers import Architecture, Conv2D, Dense, Dropout, Flatten, MaxPool2D, hw5_cnn

SIZES = st.integers(1, 6)
ACTIVATIONS = st.sampled_from(["linear", "relu"])
CONVOLUTIONS = st.builds(Conv2D, SIZES, st.tuples(SIZES, SIZES), st.just("same"), ACTIVATIONS)
DROPOUTS = st.builds(Dropout, st.fractions(0, 1, max_denominator=1000).filter(lambda rate: rate < 1))
IMAGES = st.lists(CONVOLUTIONS | DROPOUTS | st.just(MaxPool2D(1)), max_size=5)
VECTORS = st.lists(st.builds(Dense, SIZES, ACTIVATIONS) | DROPOUTS, max_size=4)
ARCHITECTURES = st.builds(
    lambda shape, images, vectors: Architecture(shape, (*images, Flatten(), *vectors)),
    st.tuples(SIZES, SIZES, SIZES),
    IMAGES,
    VECTORS,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(ARCHITECTURES)
def test_there_and_back_through_json(architecture: Architecture) -> None:
    mapping = architecture_mapping(architecture)
    assert architecture_of(mapping) == architecture
    assert architecture_of(json.loads(json.dumps(mapping))) == architecture


@given(JSON)
def test_whatever_else_is_given_is_one_clear_error(value: Any) -> None:
    with pytest.raises(InputError) as caught:
        architecture_of(value)
    assert "\n" not in str(caught.value)


@settings(max_examples=300)
@given(st.data())
def test_a_mapping_that_is_broken_somewhere(data: st.DataObject) -> None:
    """One value anywhere in hw5's mapping is something else: an architecture all the same, or one clear error."""
    mapping = json.loads(json.dumps(architecture_mapping(hw5_cnn())))
    holder, key = data.draw(st.sampled_from(list(_places(mapping))))
    holder[key] = data.draw(JSON)
    try:
        read = architecture_of(mapping)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert json.loads(json.dumps(architecture_mapping(read))) == mapping | {"layers": _filled(mapping["layers"])}


def _places(value: Any) -> Any:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield value, key
        yield from _places(inner)


def _filled(layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rates in lowest terms, as they are written."""
    return [layer | ({"rate": str(Fraction(layer["rate"]))} if "rate" in layer else {}) for layer in layers]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([{"kind": "Dense"}, {"kind": "Flatten"}], r"layers\[1\] = .*a field of Dense is missing"),
        ([{"kind": "Flatten", "size": 2}], r"layers\[1\] = size: Flatten knows only no field"),
        ([{"kind": "Flatten"}, {"kind": "Dense", "units": 0}], r"layers\[2\].units = 0"),
        ([{"kind": "Dense", "units": True}], r"layers\[1\].units = True"),
        ([{"kind": "Dense", "units": 2.0}], r"layers\[1\].units = 2.0"),
        ([{"kind": "Dense", "unit": 2}], "did you mean units"),
        ([{"kind": "Dropout", "rate": 0.25}], "must be a fraction as text"),
        ([{"kind": "Dropout", "rate": "1/0"}], "must be a fraction as text"),
        ([{"kind": "Dropout", "rate": "1e999999999"}], "must be a fraction as text|below 1"),
        ([{"kind": "Dropout", "rate": "1"}], r"layers\[1\]: rate = 1: must be at least 0 and below 1"),
        ([{"kind": "Conv2D", "filters": 2, "kernel": [3]}], "must be two positive integers"),
        ([{"kind": "Conv2D", "filters": 2, "kernel": [3, 0]}], "must be two positive integers"),
        ([{"kind": "Conv2D", "filters": 2, "padding": "full"}], "must be one of same, valid"),
        ([{"kind": "Conv2D", "filters": 2, "activation": ["relu"]}], "is not of the right form"),
        ([{"kind": ["Conv2D"]}], "must be one of Conv2D"),
        ([{"kind": "Dense", "units": 3}], "put Flatten first"),
        (["Dense"], "must be a mapping with kind"),
        ("Dense", "must be a list of mappings"),
    ],
)
def test_errors_say_where_and_what(layers: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        architecture_of({"input_shape": [32, 32, 3], "layers": layers})


@pytest.mark.parametrize("shape", [[], [3, 3], [1, 2, 3, 4], [0, 3, 3], [3, 3, 1.0], "333", None, [1 << 25, 1, 1]])
def test_shapes_of_inputs(shape: Any) -> None:
    with pytest.raises(InputError, match="input_shape"):
        architecture_of({"input_shape": shape, "layers": []})
