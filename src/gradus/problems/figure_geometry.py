"""Points, boxes, segments and the width of text: what the pictures of problems are laid out with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FAMILY = "DejaVu Sans, Helvetica, Arial, sans-serif"
"""The fonts of the pictures; the PDF, which has only its own, takes DejaVu Sans Mono."""

_MONO = 0.602
_CAPITAL = 0.79
_OTHER = 0.64
_ADVANCES: Mapping[str, float] = dict.fromkeys("m", 0.98) | dict.fromkeys("wM", 0.87) | dict.fromkeys("W@%…", 1.0)
_SIGNS = frozenset("=+\N{MINUS SIGN}≈<>")


@dataclass(frozen=True)
class Point:
    """A place in the picture, in pixels from its upper left corner."""

    x: float
    y: float


@dataclass(frozen=True)
class Box:
    """An upright rectangle around a centre.

    >>> Box(Point(0, 0), 4, 2).meets(Box(Point(5, 0), 4, 2)), Box(Point(0, 0), 4, 2).meets(Box(Point(3, 0), 4, 2))
    (False, True)
    """

    centre: Point
    width: float
    height: float

    def meets(self, other: Box, gap: float = 0.0) -> bool:
        """Whether the two overlap, or have less than ``gap`` between them sideways."""
        apart_x = abs(self.centre.x - other.centre.x) - (self.width + other.width) / 2
        apart_y = abs(self.centre.y - other.centre.y) - (self.height + other.height) / 2
        return apart_x < gap and apart_y < 0


@dataclass(frozen=True)
class Segment:
    """A straight line between two points.

    >>> Segment(Point(0, 0), Point(10, 0)).inside(Box(Point(5, 0), 2, 2))
    (0.4, 0.6)
    """

    start: Point
    end: Point

    def at(self, t: float) -> Point:
        """The point at a share of the length, 0 at the start and 1 at the end."""
        return Point(self.start.x + t * (self.end.x - self.start.x), self.start.y + t * (self.end.y - self.start.y))

    def inside(self, box: Box) -> tuple[float, float] | None:
        """The part of the segment within the box as shares of its length; None if it misses the box."""
        low, high = 0.0, 1.0
        for start, end, centre, size in (
            (self.start.x, self.end.x, box.centre.x, box.width),
            (self.start.y, self.end.y, box.centre.y, box.height),
        ):
            first, last = centre - size / 2 - start, centre + size / 2 - start
            length = end - start
            if length == 0:
                if first > 0 or last < 0:
                    return None
                continue
            near, far = sorted((first / length, last / length))
            low, high = max(low, near), min(high, far)
        return (low, high) if low < high else None


def text_width(text: str, size: float) -> float:
    """The most room that a text takes, in pixels: in DejaVu Sans or, as in the PDF, DejaVu Sans Mono.

    Args:
        text: the text, on one line.
        size: the font size in pixels.

    >>> text_width("10", 10.0), text_width("w = 1", 10.0) > text_width("x = 1", 10.0)
    (12.8, True)
    """
    return size * sum(map(_advance, text))


def _advance(character: str) -> float:
    if character in " /,.()·":
        return _MONO
    if character in _SIGNS:
        return 0.84
    return _ADVANCES.get(character, _CAPITAL if character.isupper() else _OTHER)
