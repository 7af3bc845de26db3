"""Network files: YAML or JSON that describes a small network, and where in the file an error stands."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from gradus.errors import InputError, UnsupportedError
from gradus.exact.networks.network import Network
from gradus.sets.strict_yaml import MAX_DIGITS, marked_mapping

MAX_CHARACTERS = 4_000_000
"""Most characters of a network file."""


def network_in(text: str, file: str) -> Network:
    """The network that the text of a network file describes; numbers are read exactly, ``0.1`` is a tenth.

    Args:
        text: YAML or JSON; :mod:`gradus.exact.networks.mapping` says what it holds.
        file: the file's name, for errors.

    Raises:
        InputError: it breaks the format; the message names file and line.
        UnsupportedError: it is beyond a limit.

    >>> last = '{"activation": "relu", "neurons": [{"gains": [0.1], "bias": 1}]}'
    >>> network_in('{"inputs": ["x"], "layers": [' + last + "]}", "a.json").weights.text
    '(1/10, 1)'
    >>> network_in("inputs: [x]\\nlayers:\\n  - {activation: relu, neurons: [{gains: [1, 2], bias: 0}]}", "a.yaml")
    Traceback (most recent call last):
    gradus.errors.InputError: a.yaml:3: layers[1].neurons[1].gains = [1, 2]: must hold one gain for each of x, and \
holds 2; where edges are missing, write the gains by name: {h1: -1}
    """
    if len(text) > MAX_CHARACTERS:
        rule = f"must have at most {MAX_CHARACTERS:,} characters, and has {len(text):,}"
        raise UnsupportedError("network file", None, rule, "give a smaller network", file)
    value, lines = _json(text), None
    if value is None:
        value, lines = _marked(text, file)
    if not value:
        raise InputError("network file", None, "is empty", "write inputs: [x1, x2] and layers: [...]", file)
    try:
        return Network.of(value)
    except InputError as error:
        lines = _marked(text, file)[1] if lines is None else lines
        raise error.at(f"{file}:{_line(error.argument, lines)}") from error


def _marked(text: str, file: str) -> tuple[dict[str, Any], dict[str, int]]:
    """The mapping, and the lines of its parts."""
    # JSON may be indented with tabs, which YAML does not allow; within its strings there are none.
    return marked_mapping(text.replace("\t", " ") if text.lstrip().startswith("{") else text, file)


def _json(text: str) -> dict[str, Any] | None:
    """The mapping of a JSON text with its decimals as text; None if it is no JSON, or not what is read as YAML.

    JSON is YAML too, but reading YAML takes twenty times as long.
    """
    if not text.lstrip().startswith("{"):
        return None
    try:
        value: dict[str, Any] = json.loads(
            text, parse_float=_plain, parse_int=_whole, parse_constant=str, object_pairs_hook=_unrepeated
        )
    except (ValueError, RecursionError):
        return None
    return value


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a repeated key")
    return value


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= MAX_DIGITS else text


def _plain(text: str) -> str:
    """A decimal without an exponent: ``1.5e-3``, which JSON allows and the plain grammar does not, is ``0.0015``."""
    exponent = text.lower().partition("e")[2]
    if not exponent or len(text) > MAX_DIGITS or abs(int(exponent)) > MAX_DIGITS:
        return text
    return f"{Decimal(text):f}"


def _line(place: str, lines: dict[str, int]) -> int:
    """The line of the innermost part of the file that a place such as ``layers[1].neurons[2].name`` lies in."""
    while place:
        if place in lines:
            return lines[place]
        place = place[: max(place.rfind("."), place.rfind("["), 0)]
    return 1
