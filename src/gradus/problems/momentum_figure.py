"""The picture of momentum at a saddle point: the path on the level lines, and the step lengths beside mu^k."""

from __future__ import annotations

from collections.abc import Iterator
from math import log10

from gradus.documents.blocks import Figure
from gradus.exact.matrices import Vector
from gradus.exact.momentum import State, trajectory
from gradus.exact.numbers import Number
from gradus.problems.momentum import entries

SADDLE = Vector.of([1, -1])
"""The curvatures of the saddle (w_1^2 - w_2^2) / 2 in the examples."""

ALPHA = Number.of("1/10")
"""The learning rate in the examples."""

VELOCITY = Vector.of(["2", "1/2"])
"""The velocity in the saddle point, in the picture."""

ITERATIONS = 10
LEVELS = (1.0, 4.0, 9.0, 16.0, 25.0)
INK, LINE, PATH, MUTED, PANEL = "#1c2733", "#b9c4cf", "#b4451f", "#66727e", "#fbfaf7"
FAMILY = "DejaVu Sans, Helvetica, Arial, sans-serif"
SIZE, LEFT, RIGHT, TOP = 260.0, 34.0, 360.0, 34.0


def momentum_figure(mu: Number) -> Figure:
    """The path from the saddle point with the velocity (2, 1/2), and the lengths of its steps, for the coefficient mu.

    >>> momentum_figure(Number.of("9/10")).svg.startswith("<svg")
    True
    """
    start = State(Vector.of([0, 0]), VELOCITY)
    states = trajectory(mu, ALPHA, SADDLE, start, ITERATIONS)
    path = [(float(s.weights[0]), float(s.weights[1])) for s in states]
    lengths = [float(s.velocity[0]) ** 2 + float(s.velocity[1]) ** 2 for s in states]
    steps = [length**0.5 for length in lengths]
    decay = [steps[0] * float(mu) ** k for k in range(len(states))]
    body = "".join([*_plane(path), *_chart(steps, decay)])
    width, height = RIGHT + SIZE + 24, TOP + SIZE + 40
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" font-family="{FAMILY}" font-size="12">'
        f'<rect width="{width:.0f}" height="{height:.0f}" rx="10" fill="{PANEL}"/>{body}</svg>'
    )
    alt = (
        f"Left: level lines of a saddle and the path of momentum with mu = {mu.text}, which starts in the saddle "
        f"point and bends away along the negative curvature. Right: over {ITERATIONS} iterations the "
        f"lengths of the steps, "
        f"from {steps[0]:.2f} to {steps[-1]:.2f}, do not follow the exponential decay of mu^k, which ends at "
        f"{decay[-1]:.2g}."
    )
    beginning = f"from the saddle point with the velocity ${entries(VELOCITY)}$"
    constants = rf"$\alpha = {ALPHA.latex}$, $\mu = {mu.latex}$"
    caption = rf"Momentum on $\frac{{1}}{{2}}(w_1^2 - w_2^2)$ {beginning}, {constants}."
    return Figure(svg, alt, caption, width=0.9)


def _plane(path: list[tuple[float, float]]) -> Iterator[str]:
    reach = 1.08 * max(max(abs(x), abs(y)) for x, y in path)

    def place(x: float, y: float) -> tuple[float, float]:
        return LEFT + SIZE * (x + reach) / (2 * reach), TOP + SIZE * (reach - y) / (2 * reach)

    yield _text("level lines and path", LEFT + SIZE / 2, TOP - 13, MUTED)
    for level in LEVELS:
        yield from _hyperbolas(reach * reach * level / 30, reach, place)
    corners = [(-reach, -reach), (reach, reach)], [(-reach, reach), (reach, -reach)]
    for line in corners:
        yield _polyline([place(*end) for end in line], LINE, 1)
    yield f'<rect x="{LEFT}" y="{TOP}" width="{SIZE}" height="{SIZE}" fill="none" stroke="{MUTED}"/>'
    yield _polyline([place(*point) for point in path], PATH, 1.8)
    yield "".join(_dot(*place(*point), PATH) for point in path)
    yield _dot(*place(0, 0), INK, 4)
    yield _text("w₁ (curvature 1)", LEFT + SIZE / 2, TOP + SIZE + 18, INK)
    yield _text("w₂ (curvature −1)", LEFT - 12, TOP + SIZE / 2, INK, turned=True)


def _hyperbolas(level: float, reach: float, place: object) -> Iterator[str]:
    """x^2 - y^2 = +-level inside the square."""
    assert callable(place)
    if level >= reach * reach:
        return
    end = (reach * reach - level) ** 0.5
    along = [-end + 2 * end * i / 40 for i in range(41)]
    across = [(level + t * t) ** 0.5 for t in along]
    for sign in (1, -1):
        yield _polyline([place(sign * c, t) for t, c in zip(along, across, strict=True)], LINE, 1)
        yield _polyline([place(t, sign * c) for t, c in zip(along, across, strict=True)], LINE, 1)


def _chart(steps: list[float], decay: list[float]) -> Iterator[str]:
    """Both sequences on a logarithmic axis of whole decades."""
    low = int(min(log10(v) for v in (*steps, *decay)) // 1)
    high = int(-(max(log10(v) for v in (*steps, *decay)) // -1))

    def place(k: int, value: float) -> tuple[float, float]:
        return RIGHT + SIZE * k / (len(steps) - 1), TOP + SIZE * (high - log10(value)) / (high - low)

    for shift, name, colour, dashed in ((0, "length of step", PATH, False), (126, "exponential decay", MUTED, True)):
        yield _polyline([(RIGHT + shift, TOP - 17), (RIGHT + shift + 22, TOP - 17)], colour, 1.8, dashed)
        yield f'<text x="{RIGHT + shift + 28:.1f}" y="{TOP - 13:.1f}" fill="{colour}">{name}</text>'
    for power in range(high, low - 1, -(1 + (high - low) // 9)):
        x, y = place(0, 10.0**power)
        yield _polyline([(x, y), (x + SIZE, y)], LINE, 1)
        yield f'<text x="{x - 7:.1f}" y="{y + 4:.1f}" text-anchor="end" fill="{INK}">{10.0**power:g}</text>'
    for values, colour, dashed in ((decay, MUTED, True), (steps, PATH, False)):
        yield _polyline([place(k, v) for k, v in enumerate(values)], colour, 1.8, dashed)
    yield "".join(_dot(*place(k, v), PATH) for k, v in enumerate(steps))
    last = len(steps) - 1
    yield _text("iteration", RIGHT + SIZE / 2, TOP + SIZE + 32, INK)
    for k in range(0, last + 1, 2):
        yield _text(str(k), place(k, 1)[0], TOP + SIZE + 16, INK)


def _polyline(points: list[tuple[float, float]], colour: str, width: float, dashed: bool = False) -> str:
    where = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashes = ' stroke-dasharray="6 4"' if dashed else ""
    return f'<polyline points="{where}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dashes}/>'


def _dot(x: float, y: float, colour: str, radius: float = 2.6) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{colour}"/>'


def _text(text: str, x: float, y: float, colour: str, turned: bool = False) -> str:
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" fill="{colour}"{turn}>{text}</text>'
