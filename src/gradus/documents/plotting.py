"""Axes, ticks and text of plots that are written as SVG by hand, so that equal values give equal bytes.

Ink has a contrast of more than 4 to white as well as to a dark page.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from html import escape
from math import ceil, floor, log10
from typing import Final, TypeAlias

INK: Final = "#767676"
FAMILY: Final = "Libertinus Serif, Georgia, serif"

Place: TypeAlias = Callable[[float], float]

_NARROW: Final = frozenset("ijltfrI.,:;'!|()[] ")
_WIDE: Final = frozenset("mwMW%@…")


def ticks(low: float, high: float, wanted: int) -> tuple[float, ...]:
    """Round values, 1, 2 or 5 times a power of ten apart, that reach over an interval: about ``wanted`` of them.

    >>> ticks(0.23, 0.76, 6)
    (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
    """
    span = max(high - low, 1e-3)
    power = 10.0 ** floor(log10(span / wanted))
    step = min((k * power for k in (1, 2, 5, 10)), key=lambda s: abs(span / s - wanted))
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return tuple(round(n * step, 10) for n in range(first, max(last, first + 1) + 1))


def epoch_ticks(count: int) -> tuple[int, ...]:
    """The epochs named on the axis: all up to ten, else 1 and round ones.

    >>> epoch_ticks(30)
    (1, 5, 10, 15, 20, 25, 30)
    """
    if count <= 10:
        return tuple(range(1, count + 1))
    step = next(s for k in range(5) for s in (5 * 10**k, 10 * 10**k, 20 * 10**k) if count / s <= 8)
    return (1, *range(step, count + 1, step))


def scale(low: float, high: float, start: float, end: float) -> Place:
    """The straight map that takes ``low`` to ``start`` and ``high`` to ``end``.

    >>> scale(0, 1, 100, 50)(0.5)
    75.0
    """
    return lambda value: start + (value - low) / (high - low) * (end - start)


def text_at(x: float, y: float, content: str, anchor: str, size: float | None = None) -> str:
    """A text with its baseline's start, middle or end at a point; ``size`` in pixels, None for the picture's own.

    >>> text_at(1, 2, "a < b", "start")
    '<text x="1.0" y="2.0" fill="#767676" text-anchor="start">a &lt; b</text>'
    """
    sized = "" if size is None else f' font-size="{size:g}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{INK}" text-anchor="{anchor}"{sized}>{escape(content)}</text>'


def upright(x: float, y: float, content: str, anchor: str, size: float | None = None) -> str:
    """A text that runs upwards through a point."""
    return f'<g transform="translate({x:.1f} {y:.1f}) rotate(-90)">{text_at(0, 0, content, anchor, size)}</g>'


def text_width(content: str, size: float) -> float:
    """An upper estimate of a text's width in pixels.

    >>> text_width("mm", 10) > text_width("ii", 10)
    True
    """
    return size * sum(map(_advance, content))


def fitted(content: str, size: float, width: float) -> str:
    """The text on one line, cut with an ellipsis where it would be wider.

    >>> fitted("a long name of a class", 15, 80)
    'a long na…'
    """
    line = " ".join(content.split())
    if text_width(line, size) <= width:
        return line
    while line and text_width(line + "…", size) > width:
        line = line[:-1]
    return line.rstrip() + "…"


def svg_document(width: float, height: float, parts: list[str], size: float = 15) -> str:
    """A complete SVG document, ``size`` pixels the height of its font."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" font-family="{FAMILY}" font-size="{size:g}">'
        + "".join(parts)
        + "</svg>"
    )


def _advance(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if character in _WIDE:
        return 1.0
    if character in _NARROW:
        return 0.36
    return 0.72 if character.isupper() else 0.53
