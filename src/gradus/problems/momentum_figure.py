"""The picture of momentum on a quadratic: the path on the level lines, and the step lengths beside mu^k."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise
from math import hypot, log10

from gradus.documents.blocks import Figure
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.linear_algebra.svd import diagonal
from gradus.exact.momentum.descent import Descent, Quadratic
from gradus.exact.momentum.directions import State
from gradus.exact.numbers.number import Number
from gradus.problems.momentum import entries, quadratic_latex
from gradus.problems.momentum_comparison import compared_paths
from gradus.problems.momentum_drawing import COLOURS, LINE, MUTED, PANEL, mark, polyline, text
from gradus.problems.momentum_landscape import LEFT, SIZE, TOP, Floats, landscape, view_of

SADDLE = Vector.of([1, -1])
"""The curvatures of the saddle (w_1^2 - w_2^2) / 2 in the examples."""

ALPHA = Number.of("1/10")
"""The learning rate in the examples."""

VELOCITY = Vector.of(["2", "1/2"])
"""The velocity in the saddle point, in the picture."""

ITERATIONS = 40
"""Most iterations in a picture."""

AT_LEAST, GROWTH = 8, 2.5
"""A path that leaves is shown for so many iterations, and on until it is so many times farther away than then."""

DECADES = 12
"""The chart of lengths covers at most so many powers of ten."""

CHART = LEFT + SIZE + 72
FAMILY = "DejaVu Sans, Helvetica, Arial, sans-serif"


def momentum_figure(mu: Number, curvatures: Vector = SADDLE, learning_rate: Number = ALPHA) -> Figure:
    """The path from a saddle point with the velocity (2, 1/2), and the lengths of its steps, for the coefficient mu.

    Args:
        curvatures: two, along the axes.

    >>> momentum_figure(Number.of("9/10")).svg.startswith("<svg")
    True
    """
    saddle = Quadratic.around_zero(diagonal(tuple(curvatures), 2, 2))
    figure = descent_figure(Descent(saddle, mu, learning_rate, saddle.stationary_point, VELOCITY))
    beginning = f"from the saddle point with the velocity ${entries(VELOCITY)}$"
    constants = rf"$\alpha = {learning_rate.latex}$, $\mu = {mu.latex}$"
    caption = rf"Momentum on $\frac{{1}}{{2}}({quadratic_latex(curvatures)})$ {beginning}, {constants}. {_LINES}"
    return Figure(figure.svg, figure.alt, caption, width=0.95, height_mm=76)


_LINES = "Solid level lines lie above the stationary point (black), dotted ones below it; the ring is the start."


def descent_figure(descent: Descent, iterations: int = ITERATIONS, compare: bool = False) -> Figure:
    """The path of a descent with a given velocity, and the lengths of its steps beside mu^k.

    With more than two weights, the plane of the two eigenvectors along which the path reaches farthest.

    Args:
        iterations: at most so many are drawn, and never more than ITERATIONS; fewer where the path leaves.
        compare: draw Nesterov's form and Adam as well.

    >>> bowl = Quadratic.around_zero(diagonal((Number.of(3), Number.of(1)), 2, 2))
    >>> start, mu, alpha = Vector.of("1 1"), Number.of("9/10"), Number.of("1/10")
    >>> "bowl" in descent_figure(Descent(bowl, mu, alpha, start, Vector.of("0 0"))).alt
    True
    """
    shown = min(iterations, ITERATIONS)
    paths = {"momentum": _away(descent, descent.path(shown))}
    if compare:
        paths |= compared_paths(descent, shown)
    last = _last_shown(paths["momentum"])
    paths = {name: path[: last + 1] for name, path in paths.items()}
    lengths = {name: [hypot(*_minus(b, a)) for a, b in pairwise(path)] for name, path in paths.items()}
    decay = _decay(float(descent.mu), lengths["momentum"])
    view = view_of(descent.quadratic, paths["momentum"])
    body = "".join([*landscape(view, paths), *_chart(lengths, decay)])
    width, height = CHART + SIZE + 24, TOP + SIZE + 46
    alt = _alt(descent, lengths, decay)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" font-family="{FAMILY}" font-size="12">'
        f"<title>{escape(alt)}</title>"
        f'<rect width="{width:.0f}" height="{height:.0f}" rx="10" fill="{PANEL}"/>{body}</svg>'
    )
    constants = rf"$\alpha = {descent.learning_rate.latex}$, $\mu = {descent.mu.latex}$"
    count = len(lengths["momentum"])
    caption = f"The first {count} iterations of momentum with {constants}. {_LINES}"
    return Figure(svg, alt, caption, width=0.95, height_mm=76)


def _away(descent: Descent, states: Sequence[State]) -> list[Floats]:
    centre = descent.quadratic.stationary_point
    return [tuple(float(x) for x in state.weights - centre) for state in states]


def _last_shown(path: Sequence[Floats]) -> int:
    """The last iteration before the path is far beyond where it was in the beginning."""
    near = max(hypot(*point) for point in path[: AT_LEAST + 1])
    beyond = (k for k, point in enumerate(path) if k > AT_LEAST and hypot(*point) > GROWTH * near)
    return next(beyond, len(path)) - 1


def _minus(a: Floats, b: Floats) -> Floats:
    return tuple(x - y for x, y in zip(a, b, strict=True))


def _decay(mu: float, lengths: Sequence[float]) -> list[tuple[int, float]]:
    """(iteration, mu^k times the first length that is not 0)."""
    first = next((k for k, length in enumerate(lengths) if length), None)
    if first is None or not mu:
        return []
    return [(k + 1, lengths[first] * mu ** (k - first)) for k in range(first, len(lengths))]


def _alt(descent: Descent, lengths: Mapping[str, Sequence[float]], decay: Sequence[tuple[int, float]]) -> str:
    steps = lengths["momentum"]
    fate = {
        "to the stationary point": "comes back to the stationary point",
        "elsewhere": "settles at another point",
        "not at all": "leaves" if not descent.verdict.bounded else "does not settle",
    }[descent.verdict.convergence]
    telling = [d for d in descent.directions if d.fate == "leaves"] or descent.directions
    waves = ", in oscillations" if any(d.oscillates for d in telling) else ""
    others = [name for name in lengths if name != "momentum"]
    beside = f" Beside it {' and '.join(others)}, for comparison." if others else ""
    ends = f"from {steps[0]:.3g} to {steps[-1]:.3g}" if steps else "none"
    curve = f", beside the exponential decay of mu^k, which ends at {decay[-1][1]:.2g}" if decay else ""
    where = "The risk" if descent.quadratic.dimension == 1 else f"Level lines of a {descent.quadratic.shape}"
    return (
        (
            f"Left: {where} and the path of momentum with mu = {descent.mu.text}, which {fate}{waves}.{beside} "
            f"Right: over {len(steps)} iterations the lengths of the steps, {ends}{curve}."
        )
        .replace("Left: T", "Left: t")
        .replace("Left: L", "Left: l")
    )


def _chart(lengths: Mapping[str, Sequence[float]], decay: Sequence[tuple[int, float]]) -> Iterator[str]:
    """All sequences on a logarithmic axis of whole decades; a step of length 0 has no place there."""
    series = {name: [(k, v) for k, v in enumerate(steps, 1) if v] for name, steps in lengths.items()}
    positive = [v for points in (*series.values(), decay) for _, v in points]
    yield from _legend(series, bool(decay))
    yield f'<rect x="{CHART:g}" y="{TOP:g}" width="{SIZE:g}" height="{SIZE:g}" fill="none" stroke="{MUTED}"/>'
    yield text("iteration k", CHART + SIZE / 2, TOP + SIZE + 34)
    if not positive:
        yield text("every step has the length 0", CHART + SIZE / 2, TOP + SIZE / 2, MUTED)
        return
    high = int(-(log10(max(positive)) // -1))
    low = min(max(int(log10(min(positive)) // 1), high - DECADES), high - 1)
    last = max(max((len(steps) for steps in lengths.values()), default=1), 2)

    def place(k: float, value: float) -> tuple[float, float]:
        share = (high - log10(value)) / (high - low)
        return CHART + SIZE * (k - 1) / (last - 1), TOP + SIZE * share

    yield from _chart_axes(low, high, last)
    if decay:
        yield polyline([place(k, v) for k, v in decay if v >= 10.0**low], MUTED, 1.8, "6 4")
    for name, points in reversed(list(series.items())):
        inside = [place(k, v) for k, v in points if v >= 10.0**low]
        yield polyline(inside, COLOURS[name], 1.7)
        yield "".join(mark(name, *point) for point in inside)


def _chart_axes(low: int, high: int, last: int) -> Iterator[str]:
    for power in range(high, low - 1, -(1 + (high - low) // 9)):
        y = TOP + SIZE * (high - power) / (high - low)
        yield polyline([(CHART, y), (CHART + SIZE, y)], LINE, 1)
        label = f"{10.0**power:g}" if -4 < power < 5 else f"1e{power}".replace("-", "\N{MINUS SIGN}")
        yield text(label, CHART - 7, y + 4, anchor="end")
    every = next(step for step in (1, 2, 5, 10, 20) if (last - 1) / step <= 9)
    for k in (1, *range(every, last + 1, every)) if every > 1 else range(1, last + 1):
        yield text(str(k), CHART + SIZE * (k - 1) / (last - 1), TOP + SIZE + 17)


def _legend(series: Mapping[str, object], decay: bool) -> Iterator[str]:
    """Names in two columns above the chart, so that they fit with a font of equal widths too."""
    items = [(name, COLOURS[name], "") for name in series]
    if len(items) == 1:
        items = [("length of step", COLOURS["momentum"], "")]
    if decay:
        items.append(("decay of μᵏ", MUTED, "6 4"))
    for i, (name, colour, dashes) in enumerate(items):
        x, y = CHART + 136 * (i % 2), TOP - 12 - 18 * ((len(items) - 1) // 2 - i // 2)
        yield polyline([(x, y - 4), (x + 22, y - 4)], colour, 1.8, dashes)
        if not dashes:
            yield mark("momentum" if name == "length of step" else name, x + 11, y - 4)
        yield text(name, x + 28, y, colour, anchor="start")
