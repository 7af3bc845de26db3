"""The landscape of a quadratic in two of its directions: level lines, and the paths of descent methods on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import cos, hypot, pi, sin

from gradus.exact.momentum.descent import Quadratic
from gradus.problems.momentum_drawing import (
    BELOW,
    COLOURS,
    INK,
    LINE,
    MUTED,
    Place,
    mark,
    polyline,
    ring,
    text,
    tick_text,
    ticks,
    window,
)

SIZE, LEFT, TOP = 260.0, 62.0, 52.0
LEVELS = (0.25, 0.5, 0.75, 1.0, 1.25)
"""Distances from the stationary point of the level lines along their direction, as shares of the half width."""

Floats = tuple[float, ...]


@dataclass(frozen=True)
class View:
    """Two directions of a quadratic, and where its eigenvectors point in them.

    Attributes:
        axes: orthonormal vectors; one where there is one weight only.
        names: what the axes are called.
        offsets: what the tick 0 away from the stationary point is labelled.
        curvatures: along the eigenvectors in the plane.
        turn: (cos, sin) of the first eigenvector in the plane; the second is a quarter turn on.
    """

    axes: tuple[Floats, ...]
    names: tuple[str, ...]
    offsets: Floats
    curvatures: Floats
    turn: Place

    def project(self, point: Floats) -> Floats:
        """The coordinates in the plane of a point relative to the stationary point."""
        return tuple(sum(a * x for a, x in zip(axis, point, strict=True)) for axis in self.axes)

    def value(self, *place: float) -> float:
        """The height above the stationary point at a place in the plane."""
        if len(place) == 1:
            return self.curvatures[0] * place[0] ** 2 / 2
        (x, y), (c, s) = place, self.turn
        p, q = c * x + s * y, -s * x + c * y
        return (self.curvatures[0] * p * p + self.curvatures[1] * q * q) / 2


def view_of(quadratic: Quadratic, path: Sequence[Floats]) -> View:
    """The plane of the two weights, or that of the two eigenvectors along which a path reaches farthest.

    Args:
        path: points relative to the stationary point.

    >>> from gradus.exact.linear_algebra.matrices import Matrix
    >>> view_of(Quadratic.around_zero(Matrix.of("2 0; 0 -1")), [(1.0, 1.0)]).names
    ('w₁', 'w₂')
    """
    pairs = quadratic.eigenpairs
    units = [_unit([float(x) for x in pair.vector]) for pair in pairs]
    values = [float(pair.eigenvalue) for pair in pairs]
    centre = tuple(float(x) for x in quadratic.stationary_point)
    if quadratic.dimension == 1:
        return View(((1.0,),), ("w",), centre, (values[0],), (1.0, 0.0))
    if quadratic.dimension == 2:
        first, second = units
        ordered = first[0] * second[1] - first[1] * second[0] > 0
        e = first if ordered else second
        curvatures = (values[0], values[1]) if ordered else (values[1], values[0])
        return View(((1.0, 0.0), (0.0, 1.0)), ("w₁", "w₂"), centre, curvatures, (e[0], e[1]))
    reach = [max(abs(sum(a * x for a, x in zip(unit, point, strict=True))) for point in path) for unit in units]
    i, j = sorted(sorted(range(len(units)), key=lambda k: -reach[k])[:2])
    names = tuple(f"along e{_lowered(k + 1)}, λ = {_short(values[k])}" for k in (i, j))
    return View((units[i], units[j]), names, (0.0, 0.0), (values[i], values[j]), (1.0, 0.0))


def landscape(view: View, paths: Mapping[str, Sequence[Floats]]) -> Iterator[str]:
    """The left panel: the paths of the methods by name, points relative to the stationary point.

    >>> from gradus.exact.linear_algebra.matrices import Matrix
    >>> bowl = view_of(Quadratic.around_zero(Matrix.of("2 0; 0 1")), [(1.0, 1.0)])
    >>> "".join(landscape(bowl, {"momentum": [(1.0, 1.0), (0.5, 0.5)]})).count("<circle")
    4
    """
    places = {name: [view.project(point) for point in path] for name, path in paths.items()}
    reach = 1.12 * (_reach(list(places.values())) or 1.0)
    yield from _profile(view, places, reach) if len(view.axes) == 1 else _plane(view, places, reach)


def _reach(paths: Sequence[Sequence[Floats]]) -> float:
    """How far the first path goes; others may double it, and are cut off beyond."""
    first, *others = (max(max(map(abs, place)) for place in path) for path in paths)
    farthest = max(others, default=0.0)
    return max(first, min(farthest, 2 * first or farthest))


def _plane(view: View, places: Mapping[str, Sequence[Floats]], reach: float) -> Iterator[str]:
    def at(x: float, y: float) -> Place:
        return LEFT + SIZE * (x + reach) / (2 * reach), TOP + SIZE * (reach - y) / (2 * reach)

    yield text("level lines and path", LEFT + SIZE / 2, TOP - 12, MUTED)
    inside = "".join([*_level_lines(view, reach, at), *_paths(places, at)])
    yield window(LEFT, TOP, SIZE, inside)
    yield _frame()
    yield from _axis(view.offsets[0], reach, horizontal=True)
    yield from _axis(view.offsets[1], reach, horizontal=False)
    yield text(view.names[0], LEFT + SIZE / 2, TOP + SIZE + 34)
    yield text(view.names[1], LEFT - 46, TOP + SIZE / 2, turned=True)


def _level_lines(view: View, reach: float, at: Callable[..., Place]) -> Iterator[str]:
    """Solid above the stationary point, dotted below; where both occur, the two lines at its own height as well."""
    c, s = view.turn

    def drawn(points: Sequence[Place], colour: str, dashes: str = "") -> str:
        return polyline([at(c * p - s * q, s * p + c * q) for p, q in points], colour, 1, dashes)

    for first, second, swapped in ((0, 1, False), (1, 0, True)):
        a, b = view.curvatures[first], view.curvatures[second]
        if not a or (a * b > 0 and swapped):
            continue
        colour, dashes = (LINE, "") if a > 0 else (BELOW, "2 3")
        for level in LEVELS:
            for points in _curves(a, b, level * reach, 1.5 * reach, view):
                yield drawn([(q, p) if swapped else (p, q) for p, q in points], colour, dashes)
    a, b = view.curvatures
    if a * b < 0:
        slope = (-a / b) ** 0.5
        far = 1.5 * reach / max(1.0, slope)
        for sign in (1, -1):
            yield drawn([(-far, -sign * slope * far), (far, sign * slope * far)], LINE)


def _curves(a: float, b: float, size: float, far: float, view: View) -> Iterator[list[Place]]:
    """The points (p, q) with a p^2 + b q^2 = a size^2 (for a bowl: of the larger curvature), q at most far."""
    if a * b > 0:
        height = max(a, b, key=abs) * size * size
        r, t = (height / a) ** 0.5, (height / b) ** 0.5
        steps = 72 if max(r, t) < 8 * far else 720
        yield [(r * cos(2 * pi * k / steps), t * sin(2 * pi * k / steps)) for k in range(steps + 1)]
        return
    along = [far * k / 32 for k in range(-32, 33)] if b else [-far, far]
    for sign in (1, -1):
        yield [(sign * (size * size - b / a * q * q) ** 0.5, q) for q in along]


def _paths(places: Mapping[str, Sequence[Floats]], at: Callable[..., Place]) -> Iterator[str]:
    for name, path in reversed(list(places.items())):
        points = [at(*place) for place in path]
        yield polyline(points, COLOURS[name], 1.7)
        yield "".join(mark(name, *point) for point in points)
    start = next(iter(places.values()))[0]
    x, y = at(*start)
    yield ring(x, y, INK, 6)
    x, y = at(*(0.0,) * len(start))
    yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.6" fill="{INK}"/>'


def _profile(view: View, places: Mapping[str, Sequence[Floats]], reach: float) -> Iterator[str]:
    """One weight: the risk itself, with the iterates on it."""
    height = 1.12 * abs(view.value(reach)) or 1.0
    low = 0.08 if view.curvatures[0] > 0 else 0.92 if view.curvatures[0] < 0 else 0.5

    def at(x: float) -> Place:
        share = low + view.value(x) / height * 0.88
        return LEFT + SIZE * (x + reach) / (2 * reach), TOP + SIZE * (1 - share)

    yield text("risk and path", LEFT + SIZE / 2, TOP - 12, MUTED)
    curve = polyline([at(reach * k / 40) for k in range(-40, 41)], LINE, 1.5)
    yield window(LEFT, TOP, SIZE, "".join([curve, *_paths(places, at)]))
    yield _frame()
    yield from _axis(view.offsets[0], reach, horizontal=True)
    yield text(view.names[0], LEFT + SIZE / 2, TOP + SIZE + 34)
    yield text("L(w)", LEFT - 14, TOP + SIZE / 2, turned=True)


def _frame() -> str:
    return f'<rect x="{LEFT:g}" y="{TOP:g}" width="{SIZE:g}" height="{SIZE:g}" fill="none" stroke="{MUTED}"/>'


def _axis(centre: float, reach: float, horizontal: bool) -> Iterator[str]:
    found = ticks(centre - reach, centre + reach)
    step = found[1] - found[0] if len(found) > 1 else abs(found[0]) or 1.0
    for value in found:
        share = (value - centre + reach) / (2 * reach)
        if horizontal:
            x, y = LEFT + SIZE * share, TOP + SIZE
            yield polyline([(x, y), (x, y + 4)], MUTED, 1) + text(tick_text(value, step), x, y + 17)
        else:
            x, y = LEFT, TOP + SIZE * (1 - share)
            yield polyline([(x - 4, y), (x, y)], MUTED, 1) + text(tick_text(value, step), x - 7, y + 4, anchor="end")


def _unit(vector: Sequence[float]) -> Floats:
    length = hypot(*vector)
    return tuple(x / length for x in vector)


def _lowered(number: int) -> str:
    return "".join(chr(0x2080 + int(digit)) for digit in str(number))


def _short(value: float) -> str:
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")
