"""The strokes of the pictures of momentum: colours, lines, marks and texts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import floor, log10
from typing import TypeAlias

Place: TypeAlias = tuple[float, float]

INK, LINE, MUTED, PANEL = "#1c2733", "#b9c4cf", "#66727e", "#fbfaf7"
BELOW = "#8fa9c4"
COLOURS = {"momentum": "#b4451f", "Nesterov": "#1f6fb4", "Adam": "#3f7d33"}
"""Each method has a colour, and a mark of its own for those who cannot tell colours apart."""


def polyline(points: Sequence[Place], colour: str, width: float, dashes: str = "") -> str:
    """A line through points.

    >>> polyline([(0, 0), (1, 2)], "#000", 1)
    '<polyline points="0.0,0.0 1.0,2.0" fill="none" stroke="#000" stroke-width="1"/>'
    """
    where = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<polyline points="{where}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dashed}/>'


def mark(name: str, x: float, y: float, size: float = 2.6) -> str:
    """A method's mark: a disc, a square or a diamond.

    >>> mark("momentum", 1, 2)
    '<circle cx="1.0" cy="2.0" r="2.6" fill="#b4451f"/>'
    """
    colour = COLOURS[name]
    if name == "momentum":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:g}" fill="{colour}"/>'
    if name == "Nesterov":
        return (
            f'<rect x="{x - size:.1f}" y="{y - size:.1f}" width="{2 * size:g}" height="{2 * size:g}" fill="{colour}"/>'
        )
    r = 1.4 * size
    return (
        f'<path d="M{x:.1f} {y - r:.1f} L{x + r:.1f} {y:.1f} L{x:.1f} {y + r:.1f} L{x - r:.1f} {y:.1f} Z" '
        f'fill="{colour}"/>'
    )


def ring(x: float, y: float, colour: str, radius: float) -> str:
    """An open circle."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="none" stroke="{colour}" stroke-width="1.6"/>'


def text(words: str, x: float, y: float, colour: str = INK, anchor: str = "middle", turned: bool = False) -> str:
    """Words at a place; ``turned`` writes upwards.

    >>> text("a < b", 1, 2)
    '<text x="1.0" y="2.0" text-anchor="middle" fill="#1c2733">a &lt; b</text>'
    """
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{turn}>{escape(words)}</text>'


def window(x: float, y: float, side: float, content: str) -> str:
    """The content, cut off at the edges of a square."""
    return (
        f'<svg x="{x:g}" y="{y:g}" width="{side:g}" height="{side:g}" viewBox="{x:g} {y:g} {side:g} {side:g}">'
        f"{content}</svg>"
    )


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round values in an interval, at most so many.

    >>> ticks(-3.1, 3.1)
    [-2.0, 0.0, 2.0]
    """
    span = high - low
    step = 10.0 ** floor(log10(span / most))
    step *= next(factor for factor in (1, 2, 5, 10) if span / (factor * step) <= most)
    first = int(-(-low // step))
    return [k * step for k in range(first, int(high // step) + 1)]


def tick_text(value: float, step: float) -> str:
    """A tick's value with a proper minus sign, and no more digits than the step needs.

    >>> tick_text(-0.30000000000000004, 0.1), tick_text(2e6, 1e6)
    ('−0.3', '2e6')
    """
    if value and not 1e-3 <= abs(step) < 1e5:
        shown = f"{value:.6g}" if "e" in f"{value:.6g}" else f"{value:e}"
        mantissa, _, exponent = shown.partition("e")
        shown = f"{float(mantissa):.4g}e{int(exponent)}"
    else:
        decimals = max(0, -floor(log10(step) + 1e-9)) if step else 0
        shown = f"{value:.{decimals}f}" if decimals else f"{value:.0f}"
    return shown.replace("-", "\N{MINUS SIGN}")
