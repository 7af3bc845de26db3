"""Where the labels of a picture of a linear system in two unknowns stand.

Labels are put one after another where they hide nothing: beyond the end of their line or beside it.  Where the
equations themselves find no such place, the lines carry the numbers of their equations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import hypot

from gradus.exact.linear_algebra.least_squares import LeastSquares
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.numbers.number import Number
from gradus.problems.figure_geometry import Box, Point, Segment
from gradus.problems.system_plane import LEFT, SIZE, TOP, Line, Plane, plane_of

EQUATION, FAMILY, POINT, NULL = "#1f5fa8", "#1f7a46", "#b4451f", "#7a3f9d"
FONT, HEIGHT = 13.0, 17.0
LONGEST = 24
"""Most characters of an equation that stands beside its line."""

MOST_EQUATIONS = 5
CROSSED = 5.0
"""The cost of a place where a label crosses a line or hides a point; crossing only an axis costs 1."""


@dataclass(frozen=True)
class Label:
    """A label: its SVG content, its colour, and the room it takes in pixels."""

    content: str
    colour: str
    box: Box


@dataclass(frozen=True)
class Picture:
    """A laid out picture, in pixels.

    Attributes:
        plane: the window of the plane.
        lines: every line with its part in the window.
        family: the line of the solutions where they form one.
        point: the minimum-norm solution.
        arrows: the null directions, from the origin.
        labels: all labels.
        numbered: whether lines are labelled by the numbers of their equations.
    """

    plane: Plane
    lines: tuple[tuple[Line, Segment], ...]
    family: Segment | None
    point: Point
    arrows: tuple[Segment, ...]
    labels: tuple[Label, ...]
    numbered: bool


def laid_out(A: Matrix, b: Vector, solutions: LeastSquares) -> Picture:
    """The picture with a place for every label.

    >>> from gradus.exact.linear_algebra.least_squares import least_squares
    >>> A, b = Matrix.of("3 4; 3 4"), Vector.of("2 3")
    >>> laid_out(A, b, least_squares(A, b)).numbered
    False
    """
    plane, found = plane_of(A, b, solutions)
    x, directions = solutions.min_norm, solutions.directions
    lines = tuple((line, plane.clipped(line.near, line.direction)) for line in found)
    family = plane.clipped(x, directions[0]) if len(directions) == 1 else None
    arrows = tuple(plane.arrow_along(n) for n in directions)
    bare = Picture(plane, lines, family, plane.place(x), arrows, (), numbered=False)
    equations = [equation_text(A.rows[line.equations[0] - 1], b[line.equations[0] - 1]) for line in found]
    if len(equations) <= MOST_EQUATIONS and all(len(text) <= LONGEST for text in equations):
        labels, cost = _labels(bare, equations)
        if cost < CROSSED:
            return replace(bare, labels=labels)
    labels, _ = _labels(bare, [", ".join(f"({i})" for i in line.equations) for line in found])
    return replace(bare, labels=labels, numbered=True)


def _labels(picture: Picture, texts: Sequence[str]) -> tuple[tuple[Label, ...], float]:
    """All labels, and the cost of the worst place of a line's label."""
    segments = [s for _, s in picture.lines] + ([picture.family] if picture.family else [])
    origin = picture.plane.pixel(0, 0)
    marks = [*segments, *picture.arrows, Segment(origin, picture.point)]
    axes = axis_segments(picture.plane)
    labels: list[Label] = []

    def put(content: str, length: float, colour: str, places: Iterable[Box], own: Segment | None = None) -> float:
        """The first of the best places that no label has."""
        others = [mark for mark in marks if mark is not own]
        taken = [label.box for label in labels]
        free = [box for box in places if not any(box.meets(other, 3) for other in taken)]
        costs = [(_cost(box, others, axes, [origin, picture.point]), i) for i, box in enumerate(free)]
        if not costs:
            return 100 * CROSSED
        cost, best = min(costs)
        labels.append(Label(content, colour, free[best]))
        return cost

    put(_bold("x") + "*", 2, POINT, _around(picture.point, _width(2)))
    for i, arrow in enumerate(picture.arrows):
        index = "₁₂"[i] if len(picture.arrows) > 1 else ""
        put(_bold("n") + index, 2, NULL, _beside(arrow, _width(2), (1.0, 0.8, 0.6)), arrow)
    if picture.family:
        put('<tspan font-style="italic">S</tspan>', 1, FAMILY, _along(picture, picture.family, 1), picture.family)
    worst = 0.0
    for (_, segment), text in zip(picture.lines, texts, strict=True):
        worst = max(worst, put(text, len(text), EQUATION, _along(picture, segment, len(text)), segment))
    return tuple(labels), worst


def _cost(box: Box, marks: Iterable[Segment], axes: Iterable[Segment], dots: Iterable[Point]) -> float:
    crossed = sum(mark.inside(box) is not None for mark in marks)
    hidden = sum(box.meets(Box(dot, 11, 11)) for dot in dots)
    return CROSSED * (crossed + hidden) + sum(axis.inside(box) is not None for axis in axes)


def _along(picture: Picture, line: Segment, length: int) -> Iterator[Box]:
    """Places for the label of a line: beyond an end on the right or the upper edge, then beside it in the window."""
    width, frame = _width(length), picture.plane.frame
    right, top = LEFT + SIZE, TOP
    for end in (line.start, line.end):
        if end.x > right - 0.5:
            yield Box(Point(right + 7 + width / 2, min(end.y, TOP + SIZE - HEIGHT / 2 - 1)), width, HEIGHT)
    for end in (line.start, line.end):
        if end.y < top + 0.5 and end.x < right - 0.5:
            yield Box(Point(max(end.x, width / 2 + 6), top - 5 - HEIGHT / 2), width, HEIGHT)
    shares = sorted((i / 40 for i in range(2, 39)), key=lambda t: -abs(t - 0.5))
    for box in _beside(line, width, shares):
        apart_x = abs(box.centre.x - frame.centre.x) + width / 2
        if apart_x < SIZE / 2 - 2 and abs(box.centre.y - frame.centre.y) + HEIGHT / 2 < SIZE / 2 - 2:
            yield box


def _beside(line: Segment, width: float, shares: Iterable[float]) -> Iterator[Box]:
    """Boxes that touch the line from either side."""
    dx, dy = line.end.x - line.start.x, line.end.y - line.start.y
    length = hypot(dx, dy) or 1.0
    nx, ny = -dy / length, dx / length
    reach = abs(nx) * width / 2 + abs(ny) * HEIGHT / 2 + 4
    for t in shares:
        at = line.at(t)
        for side in (reach, -reach):
            yield Box(Point(at.x + side * nx, at.y + side * ny), width, HEIGHT)


def _around(point: Point, width: float) -> Iterator[Box]:
    for distance in (1.0, 1.5, 2.2):
        for dx, dy in ((1, -1), (1, 1), (-1, -1), (-1, 1), (1, 0), (0, -1), (-1, 0), (0, 1)):
            x, y = point.x + dx * (width / 2 + 5 * distance), point.y + dy * (HEIGHT / 2 + 4 * distance)
            yield Box(Point(x, y), width, HEIGHT)


def _width(characters: float) -> float:
    return 0.64 * FONT * characters + 3


def axis_segments(plane: Plane) -> list[Segment]:
    """The parts of the two axes in the window."""
    origin = plane.pixel(0, 0)
    across = Segment(Point(LEFT, origin.y), Point(LEFT + SIZE, origin.y))
    return [across, Segment(Point(origin.x, TOP), Point(origin.x, TOP + SIZE))]


def equation_text(row: Iterable[Number], side: Number) -> str:
    """An equation as plain text.

    >>> equation_text(Vector.of("-1/2 sqrt(2)"), Number.of("-3"))
    '\N{MINUS SIGN}1/2 x₁ + √2 x₂ = \N{MINUS SIGN}3'
    """
    text = ""
    for coefficient, name in zip(row, ("x₁", "x₂"), strict=True):
        if coefficient:
            term = _factor(coefficient) + name
            text += term if not text else f" - {term[1:]}" if term.startswith("-") else f" + {term}"
    return minus(f"{text or '0'} = {_roots(side.text)}")


def minus(text: str) -> str:
    """The text with true minus signs."""
    return text.replace("-", "\N{MINUS SIGN}")


def _factor(x: Number) -> str:
    text = _roots(x.text)
    if text in ("1", "-1"):
        return text[:-1]
    if " " in text:
        return f"({text})"
    return text if text.lstrip("-").isdigit() else f"{text} "


def _roots(text: str) -> str:
    return re.sub(r"sqrt\((\d+)\)", r"√\1", text).replace("sqrt", "√").replace("*", "")


def _bold(letter: str) -> str:
    return f'<tspan font-weight="bold">{letter}</tspan>'
