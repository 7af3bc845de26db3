"""Architectures as plain mappings, for JSON, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from fractions import Fraction
from typing import Any, cast

from gradus.errors import InputError, nearest
from gradus.exact.networks.layers import Architecture, Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D

_KINDS: dict[str, type[Layer]] = {kind.__name__: kind for kind in (Conv2D, MaxPool2D, Dropout, Flatten, Dense)}


def architecture_mapping(architecture: Architecture) -> dict[str, Any]:
    """The input's shape, and of each layer its kind and fields; fractions as text.

    >>> architecture_mapping(Architecture((4,), (Dropout(Fraction(1, 4)), Dense(3, "softmax"))))["layers"]
    [{'kind': 'Dropout', 'rate': '1/4'}, {'kind': 'Dense', 'units': 3, 'activation': 'softmax'}]
    """
    layers = [
        {"kind": type(layer).__name__} | {field.name: _plain(getattr(layer, field.name)) for field in fields(layer)}
        for layer in architecture.layers
    ]
    return {"input_shape": list(architecture.input_shape), "layers": layers}


def architecture_of(value: object) -> Architecture:
    """The architecture that a mapping describes; the inverse of :func:`architecture_mapping`.

    Raises:
        InputError: a key is missing, unknown or of the wrong form, or the layers do not fit each other.

    >>> architecture_of({"input_shape": [4], "layers": [{"kind": "Dens", "units": 3}]})
    Traceback (most recent call last):
    gradus.errors.InputError: layers[1].kind = Dens: must be one of Conv2D, MaxPool2D, Dropout, Flatten, Dense; \
did you mean Dense?
    """
    if not isinstance(value, Mapping) or set(value) != {"input_shape", "layers"}:
        raise InputError("architecture", value, "must be a mapping with input_shape and layers", "give both")
    shape, layers = value["input_shape"], value["layers"]
    if not _is_list(shape) or not all(_is_size(side) for side in shape):
        raise InputError("input_shape", shape, "must be a list of positive integers", "e.g. [32, 32, 3]")
    if not _is_list(layers):
        raise InputError("layers", layers, "must be a list of mappings", "write [{kind: Dense, units: 3}]")
    return Architecture(tuple(shape), tuple(_layer(layer, f"layers[{n}]") for n, layer in enumerate(layers, start=1)))


def _layer(value: object, place: str) -> Layer:
    if not isinstance(value, Mapping) or "kind" not in value:
        raise InputError(place, value, "must be a mapping with kind", "write kind: Dense")
    kind = value["kind"]
    if not isinstance(kind, str) or kind not in _KINDS:
        remedy = nearest(str(kind), _KINDS, "choose one of them")
        raise InputError(f"{place}.kind", kind, f"must be one of {', '.join(_KINDS)}", remedy)
    known = {field.name: field for field in fields(_KINDS[kind])}
    given = {name: content for name, content in value.items() if name != "kind"}
    for name in given:
        if name not in known:
            remedy = nearest(str(name), known, "leave it out")
            raise InputError(place, name, f"{kind} knows only {', '.join(known) or 'no field'}", remedy)
    try:
        made = _KINDS[kind](**{name: _content(name, content, place) for name, content in given.items()})
    except TypeError as error:
        raise InputError(place, dict(value), f"a field of {kind} is missing", f"give {', '.join(known)}") from error
    except InputError as error:
        raise error.at(place) from error
    return made


def _content(name: str, value: object, place: str) -> Any:
    if name == "rate":
        # No exponents: a short text can ask for a number of a billion digits.
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,18}(/0*[1-9][0-9]{0,17})?", value):
            return _refused(name, value, place)
        return Fraction(value)
    if name == "kernel":
        good = _is_list(value) and len(cast("Sequence[object]", value)) == 2
        return (
            tuple(cast("Sequence[int]", value))
            if good and all(map(_is_size, cast("Sequence[object]", value)))
            else _refused(name, value, place)
        )
    if name in ("filters", "units", "size"):
        return value if _is_size(value) else _refused(name, value, place)
    return value if isinstance(value, str) else _refused(name, value, place)


def _refused(name: str, value: object, place: str) -> Any:
    rules = {
        "rate": ("must be a fraction as text", "'1/4' say"),
        "kernel": ("must be two positive integers", "[3, 3] say"),
    }
    rule, remedy = rules.get(name, ("is not of the right form", "give a positive integer, or a name as text"))
    raise InputError(f"{place}.{name}", value, rule, remedy)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Fraction) else list(value) if isinstance(value, tuple) else value


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 1 << 24
