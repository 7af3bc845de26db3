"""How the picture of a network writes its numbers, names and activations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

from gradus.exact.networks.network import Network, Weight
from gradus.exact.numbers.number import Number, decimal
from gradus.problems.figure_geometry import text_width

Style: TypeAlias = Literal["equations", "gains", "tables"]
"""What the edges carry: ``w3 = -2``, the gain alone, or nothing because tables hold the gains."""

FONT, SMALL, NAME_FONT, CAPTION_FONT = 13.0, 9.5, 15.0, 11.5
LONGEST_GAIN, LONGEST_BIAS, LONGEST_CELL, LONGEST_NAME = 11, 6, 9, 8
"""Most characters of a gain on its edge, a bias in its circle, a number in a table, a name; longer ones are rounded or
cut."""

ACTIVATION_NAMES: Mapping[str, str] = {
    "relu": "ReLU",
    "leaky_relu": "leaky ReLU",
    "identity": "linear",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "softmax": "soft-max",
}


def value_text(x: Number, longest: int) -> tuple[str, str]:
    """How a picture writes a number, and ``=``, or ``≈`` where it is rounded to fit.

    >>> value_text(Number.of("-3*sqrt(5)/7"), 11), value_text(Number.of("123456789/1000"), 6)
    (('=', '−3√5/7'), ('≈', '1.2e5'))
    """
    exact = exact_text(x)
    if len(exact) <= longest:
        return "=", exact
    digits = 4
    while len(rounded := _short_decimal(x, digits)) > longest - 1 and digits > 1:
        digits -= 1
    return "≈", rounded.replace("-", "\N{MINUS SIGN}")


def exact_text(x: Number) -> str:
    """A number as a picture writes it, however long.

    >>> exact_text(Number.of("1 - 3*sqrt(5)/7"))
    '1−3√5/7'
    """
    roots = x.text if x.is_algebraic else re.sub(r"(?<=\d)\*√", "√", re.sub(r"sqrt\((\d+)\)", r"√\1", x.text))
    return roots.replace("*", "·").replace("-", "\N{MINUS SIGN}").replace(" ", "")


def _short_decimal(x: Number, digits: int) -> str:
    """The decimal with so many digits, in scientific form where that is shorter."""
    plain = decimal(x, digits)
    mantissa, _, exponent = plain.partition("e")
    whole = mantissa.lstrip("-").partition(".")[0]
    if not exponent and len(whole) > max(digits, 4):
        sign = "-" if mantissa.startswith("-") else ""
        kept = whole[:digits].rstrip("0") or "0"
        mantissa = sign + kept[0] + (f".{kept[1:]}" if kept[1:] else "")
        exponent = str(len(whole) - 1)
    return f"{mantissa}e{exponent}" if exponent else mantissa


def longest(style: Style, bias: bool) -> int:
    """Most characters of a gain or a bias in a picture of this style.

    >>> longest("equations", bias=True), longest("tables", bias=True)
    (6, 9)
    """
    return LONGEST_CELL if style == "tables" else LONGEST_BIAS if bias else LONGEST_GAIN


def short_name(name: str) -> str:
    """A name that fits into a circle.

    >>> short_name("h10_12"), short_name("temperature7")
    ('h10_12', 'tempe…e7')
    """
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}…{name[-2:]}"


def label_text(weight: Weight, style: Style) -> tuple[str, str]:
    """The name and the value of an edge's label: ``("w", "= −2")``, or without a name.

    >>> label_text(Weight(3, "h1", "x", Number.of(-2)), "equations")
    ('w', '= −2')
    """
    sign, value = value_text(weight.value, LONGEST_GAIN)
    if style == "equations":
        return "w", f"{sign} {value}"
    return "", value if sign == "=" else f"{sign}{value}"


def label_width(weight: Weight, style: Style) -> float:
    """The most room that the label of an edge takes, with a little space before and after it."""
    name, value = label_text(weight, style)
    if not name:
        return text_width(value, FONT) + 4
    return text_width(f"{name} {value}", FONT) + text_width(str(weight.number), SMALL) + 4


def caption(network: Network, layer: int) -> str:
    """What stands below a layer: ``inputs``, or its activation.

    >>> net = Network.of({"inputs": ["x"], "layers": [{"activation": "relu", "neurons": [{"gains": [2], "bias": 1}]}]})
    >>> caption(net, 0), caption(net, 1)
    ('inputs', 'ReLU')
    """
    if layer == 0:
        return "inputs"
    kind = network.layers[layer - 1]
    name = ACTIVATION_NAMES[kind.activation]
    slope = getattr(kind, "slope", None)
    return name if slope is None or kind.activation != "leaky_relu" else f"{name}, {value_text(slope, 8)[1]}"
