"""The picture of a linear system in two unknowns: lines, least-squares solutions, and the null direction, to scale."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import chain
from math import hypot

from gradus.documents.blocks import Figure
from gradus.exact.linear_algebra.least_squares import LeastSquares
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.problems.figure_geometry import Point, Segment
from gradus.problems.system_labels import (
    EQUATION,
    FONT,
    NULL,
    POINT,
    Label,
    Picture,
    axis_segments,
    laid_out,
    minus,
)
from gradus.problems.system_plane import LEFT, SIZE, TOP, Plane
from gradus.problems.system_words import system_alt, system_caption

INK, MUTED, GRID, PANEL, SOLUTIONS = "#1c2733", "#66727e", "#d5dbe1", "#fbfaf7", "#8fd0a8"
FONTS = "DejaVu Sans, Helvetica, Arial, sans-serif"


def system_figure(A: Matrix, b: Vector, solutions: LeastSquares) -> Figure:
    """The lines of A x = b (m x 2) in the plane with its least-squares solutions, equal units on both axes.

    >>> from gradus.exact.linear_algebra.least_squares import least_squares
    >>> A, b = Matrix.of("3 4; 3 4"), Vector.of("2 3")
    >>> system_figure(A, b, least_squares(A, b)).svg.count("<circle")
    2
    """
    picture = laid_out(A, b, solutions)
    right = max([LEFT + SIZE, *(label.box.centre.x + label.box.width / 2 for label in picture.labels)])
    width, height = right + 18, TOP + SIZE + 46
    body = "".join(chain(_axes(picture.plane), _drawn(picture, solutions), map(_label, picture.labels)))
    alt = system_alt(A, b, solutions, picture)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" font-family="{FONTS}" font-size="{FONT:g}">'
        f"<title>{escape(alt)}</title>"
        f'<rect width="{width:.0f}" height="{height:.0f}" rx="10" fill="{PANEL}"/>{body}</svg>'
    )
    return Figure(svg, alt, system_caption(A, b, solutions, picture), width=0.85)


def figure_in_two_unknowns(A: Matrix, b: Vector, solutions: LeastSquares) -> tuple[Figure, ...]:
    """The picture where A has two columns, otherwise nothing.

    >>> from gradus.exact.linear_algebra.least_squares import least_squares
    >>> A, b = Matrix.of("1 2 3"), Vector.of("1")
    >>> figure_in_two_unknowns(A, b, least_squares(A, b))
    ()
    """
    return (system_figure(A, b, solutions),) if A.shape[1] == 2 else ()


def _axes(plane: Plane) -> Iterator[str]:
    bottom, right = TOP + SIZE, LEFT + SIZE
    for place, label in plane.ticks(0):
        x = plane.pixel(place, 0).x
        yield _line(Segment(Point(x, TOP), Point(x, bottom + 4)), GRID, 1)
        yield _text(_tick(label), x, bottom + 18, INK, "middle")
    for place, label in plane.ticks(1):
        y = plane.pixel(0, place).y
        yield _line(Segment(Point(LEFT - 4, y), Point(right, y)), GRID, 1)
        yield _text(_tick(label), LEFT - 8, y + 4.5, INK, "end")
    for axis in axis_segments(plane):
        yield _line(axis, MUTED, 1.3)
    yield f'<rect x="{LEFT:g}" y="{TOP:g}" width="{SIZE:g}" height="{SIZE:g}" fill="none" stroke="{MUTED}"/>'
    units = f'<tspan> in units of 10</tspan><tspan font-size="9.5" dy="-4">{minus(str(plane.power))}</tspan>'
    units = units if plane.has_units else ""
    yield _text("x₁" + units, LEFT + SIZE / 2, bottom + 37, INK, "middle")
    middle = TOP + SIZE / 2
    yield f'<g transform="translate(17 {middle:g}) rotate(-90)">{_text("x₂" + units, 0, 0, INK, "middle")}</g>'


def _tick(label: str) -> str:
    return f'<tspan font-size="12">{minus(label)}</tspan>'


def _drawn(picture: Picture, solutions: LeastSquares) -> Iterator[str]:
    if len(solutions.directions) == 2:
        where = f'x="{LEFT:g}" y="{TOP:g}" width="{SIZE:g}" height="{SIZE:g}"'
        yield f'<rect {where} fill="{SOLUTIONS}" fill-opacity="0.3"/>'
    if picture.family:
        yield _line(picture.family, SOLUTIONS, 6)
    for _, segment in picture.lines:
        yield _line(segment, EQUATION, 1.6)
    origin = picture.plane.pixel(0, 0)
    if solutions.min_norm:
        yield _line(Segment(origin, picture.point), POINT, 1.4, dashed=True)
    for arrow in picture.arrows:
        yield _arrow(arrow)
    yield _dot(origin, INK, 2.6)
    yield _dot(picture.point, POINT, 4.4)


def _line(segment: Segment, colour: str, width: float, dashed: bool = False) -> str:
    start, end = segment.start, segment.end
    ends = f'x1="{start.x:.2f}" y1="{start.y:.2f}" x2="{end.x:.2f}" y2="{end.y:.2f}"'
    dashes = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<line {ends} stroke="{colour}" stroke-width="{width:g}"{dashes}/>'


def _arrow(arrow: Segment) -> str:
    dx, dy = arrow.end.x - arrow.start.x, arrow.end.y - arrow.start.y
    length = hypot(dx, dy)
    dx, dy = dx / length, dy / length
    tip = arrow.end
    corners = [tip, *(Point(tip.x - 10 * dx - 4.5 * s * dy, tip.y - 10 * dy + 4.5 * s * dx) for s in (1, -1))]
    points = " ".join(f"{p.x:.2f},{p.y:.2f}" for p in corners)
    shaft = _line(Segment(arrow.start, Point(tip.x - 8 * dx, tip.y - 8 * dy)), NULL, 2.2)
    return f'{shaft}<polygon points="{points}" fill="{NULL}"/>'


def _dot(place: Point, colour: str, radius: float) -> str:
    return f'<circle cx="{place.x:.2f}" cy="{place.y:.2f}" r="{radius:g}" fill="{colour}"/>'


def _text(content: str, x: float, y: float, colour: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{content}</text>'


def _label(label: Label) -> str:
    """Beyond the right edge labels begin at the end of their line, however wide the letters of the reader's font."""
    box, halo = label.box, f'stroke="{PANEL}" stroke-width="3" stroke-linejoin="round" paint-order="stroke"'
    outside = box.centre.x - box.width / 2 > LEFT + SIZE
    x, anchor = (box.centre.x - box.width / 2, "start") if outside else (box.centre.x, "middle")
    where = f'x="{x:.1f}" y="{box.centre.y + 4.6:.1f}" text-anchor="{anchor}"'
    return f'<text {where} fill="{label.colour}" {halo}>{label.content}</text>'
