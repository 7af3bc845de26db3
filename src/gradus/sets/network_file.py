"""Network files: YAML or JSON that describes a small network, and where in the file an error stands."""

from __future__ import annotations

from gradus.errors import InputError, UnsupportedError
from gradus.exact.networks.network import Network
from gradus.sets.strict_yaml import marked_mapping

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
    # JSON may be indented with tabs, which YAML does not allow; within its strings there are none.
    value, lines = marked_mapping(text.replace("\t", " ") if text.lstrip().startswith("{") else text, file)
    if not value:
        raise InputError("network file", None, "is empty", "write inputs: [x1, x2] and layers: [...]", file)
    try:
        return Network.of(value)
    except InputError as error:
        raise error.at(f"{file}:{_line(error.argument, lines)}") from error


def _line(place: str, lines: dict[str, int]) -> int:
    """The line of the innermost part of the file that a place such as ``layers[1].neurons[2].name`` lies in."""
    while place:
        if place in lines:
            return lines[place]
        place = place[: max(place.rfind("."), place.rfind("["), 0)]
    return 1
