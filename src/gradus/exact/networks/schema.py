"""The JSON schema of a network file, made of the one list of activations and losses."""

from __future__ import annotations

from typing import Any

from gradus.exact.networks.network import (
    ACTIVATIONS,
    LOSSES,
    MAX_LAYERS,
    MAX_WEIGHTS,
    MAX_WIDTH,
)
from gradus.exact.networks.rules import NAME_PATTERN

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_NUMBER = {
    "description": "An exact number: an integer, p/q, a decimal, or text such as sqrt(2)/2.",
    "oneOf": [{"type": "number"}, {"type": "string", "minLength": 1, "pattern": r"[0-9]"}],
}


def network_schema() -> dict[str, Any]:
    """The schema, JSON Schema 2020-12.

    It says everything about the form of a file but what depends on the rest of it: that names differ, that edges come
    from the layer before, and that there is a gain for each of its outputs.

    >>> sorted(network_schema()["properties"])
    ['inputs', 'layers', 'loss']
    """
    name = {"type": "string", "pattern": f"^{NAME_PATTERN}$"}
    gains = {
        "description": "One gain for each output of the layer before, or the gains of the edges by their source.",
        "oneOf": [
            {"type": "array", "items": _ref("number"), "minItems": 1},
            {"type": "object", "propertyNames": _ref("name"), "additionalProperties": _ref("number")},
        ],
    }
    neuron = _mapping({"name": _ref("name"), "gains": gains, "bias": _ref("number")}, ["gains", "bias"])
    return {
        "$schema": DIALECT,
        "title": "A small network",
        "description": "Layers of neurons with exact gains and biases, as gradus reads them from YAML or JSON.",
        **_mapping(
            {
                "inputs": {"type": "array", "items": _ref("name"), "minItems": 1, "maxItems": MAX_WEIGHTS},
                "layers": {"type": "array", "items": _ref("layer"), "minItems": 1, "maxItems": MAX_LAYERS},
                "loss": {"enum": [*LOSSES, None]},
            },
            ["inputs", "layers"],
        ),
        "$defs": {"name": name, "number": _NUMBER, "neuron": neuron, "layer": _layer()},
    }


def _layer() -> dict[str, Any]:
    """A layer; only a leaky ReLU has a slope."""
    neurons = {"type": "array", "items": _ref("neuron"), "minItems": 1, "maxItems": MAX_WIDTH}
    fields = {"activation": {"enum": list(ACTIVATIONS)}, "slope": _ref("number"), "neurons": neurons}
    leaky = {"properties": {"activation": {"const": "leaky_relu"}}}
    return {
        **_mapping(fields, ["activation", "neurons"]),
        "if": {"required": ["slope"]},
        "then": leaky,
    }


def _mapping(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}
