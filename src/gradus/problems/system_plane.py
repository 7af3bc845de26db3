"""The geometry of a linear system in two unknowns: which part of the plane to draw, and where everything lies in it.

Everything is exact up to :meth:`Plane.place`, which turns exact coordinates into pixels.  Coordinates are first divided
by a power of ten, so that no size of numbers is too much for a double.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import floor, hypot, log10

from gradus.exact.linear_algebra.least_squares import LeastSquares
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.numbers.number import ZERO, Number
from gradus.problems.figure_geometry import Box, Point, Segment

SIZE, LEFT, TOP = 280.0, 76.0, 34.0
MARGIN = 0.62
"""Half the side of the window as a share of the extent of what it must show."""

ORIGIN = Vector((ZERO, ZERO))


@dataclass(frozen=True)
class Line:
    """The line of one or several equations a_1 x_1 + a_2 x_2 = b.

    Attributes:
        equations: numbers of the equations, from 1.
        normal: (a_1, a_2), not zero.
        near: the point of the line that is closest to the minimum-norm solution.
    """

    equations: tuple[int, ...]
    normal: Vector
    near: Vector

    @property
    def direction(self) -> Vector:
        """A direction of the line.

        >>> lines(Matrix.of("3 4"), Vector.of("2"), ORIGIN)[0].direction.text
        '(-4, 3)'
        """
        return Vector((-self.normal[1], self.normal[0]))


def lines(A: Matrix, b: Vector, x: Vector) -> tuple[Line, ...]:
    """The lines of A x = b (m x 2): equations with the same line are one, rows of zeros have none.

    Args:
        x: the point to which ``near`` refers.

    >>> [line.equations for line in lines(Matrix.of("1 1; 2 2; 0 0; 1 0"), Vector.of("1 2 5 3"), ORIGIN)]
    [(1, 2), (4,)]
    """
    found: list[Line] = []
    for number, (row, side) in enumerate(zip(A.rows, b, strict=True), start=1):
        a = Vector(row)
        if not a:
            continue
        near = x + a * ((side - a.dot(x)) / a.dot(a))
        same = (i for i, line in enumerate(found) if line.near == near and not a.dot(line.direction))
        if (i := next(same, None)) is None:
            found.append(Line((number,), a, near))
        else:
            found[i] = Line((*found[i].equations, number), found[i].normal, near)
    return tuple(found)


@dataclass(frozen=True)
class Plane:
    """The square window of the plane that is drawn, with equal units on both axes.

    Attributes:
        power: coordinates are divided by 10^power before they become doubles.
        centre: the middle of the window, in these units.
        half: half the side of the window, in these units.
        arrow: the length of an arrow for a unit vector, in these units.
        arrow_is_unit: whether the arrow has its true length 1; else only its direction is right.
    """

    power: int
    centre: tuple[float, float]
    half: float
    arrow: float
    arrow_is_unit: bool

    @property
    def frame(self) -> Box:
        """The window in pixels."""
        return Box(Point(LEFT + SIZE / 2, TOP + SIZE / 2), SIZE, SIZE)

    def place(self, point: Vector) -> Point:
        """The pixel of an exact point.

        >>> plane = window(ORIGIN, (), ())
        >>> plane.place(ORIGIN)
        Point(x=216.0, y=174.0)
        """
        return self.pixel(*_scaled(point, self.power))

    def pixel(self, x: float, y: float) -> Point:
        """The pixel of a point in the units of the window."""
        step = SIZE / (2 * self.half)
        return Point(LEFT + SIZE / 2 + step * (x - self.centre[0]), TOP + SIZE / 2 - step * (y - self.centre[1]))

    def clipped(self, through: Vector, direction: Vector) -> Segment:
        """The part of a line that lies in the window; ``through`` must lie in it."""
        dx, dy = unit(direction)
        at, reach = self.place(through), 3 * SIZE
        whole = Segment(Point(at.x - reach * dx, at.y + reach * dy), Point(at.x + reach * dx, at.y - reach * dy))
        start, end = whole.inside(self.frame) or (0.5, 0.5)
        return Segment(whole.at(start), whole.at(end))

    def arrow_along(self, direction: Vector) -> Segment:
        """The arrow from the origin along a unit vector."""
        dx, dy = unit(direction)
        return Segment(self.pixel(0, 0), self.pixel(self.arrow * dx, self.arrow * dy))

    def ticks(self, axis: int) -> tuple[tuple[float, str], ...]:
        """Places (in the units of the window) and labels of the ticks of axis 0 or 1, the same distance apart on both.

        >>> [label for _, label in window(ORIGIN, (), ()).ticks(0)]
        ['-1', '-0.5', '0', '0.5', '1']
        """
        step = _step(2 * self.half / 6)
        low, high = self.centre[axis] - self.half, self.centre[axis] + self.half
        numbers = range(-floor(-low / float(step)), floor(high / float(step)) + 1)
        shift = 0 if self.has_units else self.power
        return tuple((n * float(step), _plain((n * step).scaleb(shift))) for n in numbers)

    @property
    def has_units(self) -> bool:
        """Whether the labels of the ticks are multiples of 10^power."""
        return not -1 <= self.power <= 3


def window(x: Vector, shown: Iterable[Line], directions: Iterable[Vector]) -> Plane:
    """The window that shows the origin, the minimum-norm solution, every line, and the null directions.

    >>> window(Vector.of("3*10^9, 4*10^9"), (), ()).power
    9
    """
    points = [ORIGIN, x, *(line.near for line in shown)]
    power = max((_decimal(c).adjusted() for p in points for c in p if c), default=0)
    places = [_scaled(p, power) for p in points]
    extent = max(max(p[i] for p in places) - min(p[i] for p in places) for i in (0, 1))
    one = 10.0**-power if -300 < power < 300 else 0.0
    is_unit = not extent or 0.3 * extent <= one <= 2.5 * extent
    arrow = one if is_unit else 0.5 * extent
    for n in directions:
        dx, dy = unit(n)
        places.append((arrow * dx, arrow * dy))
    low, high = ([least(p[i] for p in places) for i in (0, 1)] for least in (min, max))
    half = MARGIN * max(high[0] - low[0], high[1] - low[1]) or 1.3
    centre = ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2)
    return Plane(power, centre, half, arrow, is_unit)


def plane_of(A: Matrix, b: Vector, solutions: LeastSquares) -> tuple[Plane, tuple[Line, ...]]:
    """The window for a system and its lines.

    >>> from gradus.exact.linear_algebra.least_squares import least_squares
    >>> A, b = Matrix.of("3 4; 3 4"), Vector.of("2 3")
    >>> len(plane_of(A, b, least_squares(A, b))[1])
    2
    """
    shown = lines(A, b, solutions.min_norm)
    return window(solutions.min_norm, shown, solutions.directions), shown


def unit(direction: Vector) -> tuple[float, float]:
    """A direction as a pair of doubles of length 1.

    >>> unit(Vector.of("-4*10^400, 3*10^400"))
    (-0.8, 0.6)
    """
    power = max(_decimal(c).adjusted() for c in direction if c)
    x, y = _scaled(direction, power)
    return x / hypot(x, y), y / hypot(x, y)


def _scaled(point: Vector, power: int) -> tuple[float, float]:
    x, y = (float(_decimal(c).scaleb(-power)) for c in point)
    return x, y


def _decimal(x: Number) -> Decimal:
    return Decimal(x.decimal)


def _step(least: float) -> Decimal:
    """The smallest of 1, 2 or 5 times a power of ten that is not below ``least``."""
    power = floor(log10(least))
    return next(Decimal(k).scaleb(power) for k in (1, 2, 5, 10) if k * 10.0**power >= least * (1 - 1e-9))


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) if value else "0"
