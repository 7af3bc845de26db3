"""Accuracy and loss of one or several runs over their epochs, in one picture.

Several runs differ in colour and marker, and training and validation in the line and in whether markers are filled; of
a single run they differ in all of these.  All ink has a contrast of more than 3 to white as well as to a dark page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, pi, sin
from typing import Final

from gradus.documents.plotting import (
    INK,
    Place,
    epoch_ticks,
    fitted,
    scale,
    svg_document,
    text_at,
    ticks,
    upright,
)
from gradus.errors import UnsupportedError
from gradus.runs import Epoch

COLOURS: Final = ("#d06000", "#2a7fd0", "#2a9050", "#b060c8", "#c8506e", "#857f10", "#14908f", "#8b7264")
MOST: Final = len(COLOURS)
"""Most runs in one picture: as many colours can be told apart."""

_WIDTH, _PANEL, _ROW = 720, 270, 22
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 16, 14, 50
_MOST_MARKERS = 60
_DASHES: Final = {"training": "", "validation": "7 4"}

_CORNERS: Final = (0, 4, 3, 5, 6, 3, 4, 5)
"""Corners of each run's marker; 0 is a circle."""
_TURNS: Final = (0.0, 0.5, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0)
"""How far, in half turns between two corners, each is turned."""


@dataclass(frozen=True)
class History:
    """The epochs of one run, and what it is called."""

    name: str
    epochs: Sequence[Epoch]


def history_figure(histories: Sequence[History]) -> str:
    """The SVG: accuracies above, losses below, the legend at the foot.

    Raises:
        UnsupportedError: there are more runs than colours.

    >>> svg = history_figure([History("adam", (Epoch(2.3, 0.1, 2.2, 0.2, 1.0), Epoch(2.1, 0.2, 2.0, 0.3, 1.0)))])
    >>> svg.count("<polyline"), all(word in svg for word in ("accuracy", "loss", "epoch", "training", "validation"))
    (4, True)
    """
    if len(histories) > MOST:
        rule = f"are too many for one picture, which has at most {MOST}"
        raise UnsupportedError("runs", len(histories), rule, "give fewer")
    count = max(len(history.epochs) for history in histories)
    x = scale(1 if count > 1 else 0, max(count, 2), _LEFT + 10, _WIDTH - _RIGHT - 10)
    panels: list[tuple[str, Callable[[Epoch], float], Callable[[Epoch], float]]] = [
        ("accuracy", lambda e: e.training_accuracy, lambda e: e.validation_accuracy),
        ("loss (nats)", lambda e: e.training_loss, lambda e: e.validation_loss),
    ]
    parts = []
    for number, (title, training, validation) in enumerate(panels):
        curves = [
            (_look(k, line, histories), line, [value(epoch) for epoch in history.epochs])
            for k, history in enumerate(histories)
            for line, value in (("training", training), ("validation", validation))
        ]
        parts += _panel(number * _PANEL, title, curves, x, count)
    foot = 2 * _PANEL
    parts += _legend(histories, foot)
    rows = len(histories) + 1
    return svg_document(_WIDTH, foot + rows * _ROW + 10, parts)


def _look(k: int, line: str, histories: Sequence[History]) -> int:
    """Which colour and marker a curve has."""
    return int(line == "validation") if len(histories) == 1 else k


def _panel(top: float, title: str, curves: list[tuple[int, str, list[float]]], x: Place, count: int) -> list[str]:
    values = [value for _, _, line in curves for value in line]
    levels = ticks(min(values), max(values), 5)
    base = top + _PANEL - _BOTTOM
    y = scale(levels[0], levels[-1], base, top + _TOP)
    parts = [*_grid(levels, y), upright(16, (top + _TOP + base) / 2, title, "middle"), *_epoch_axis(base, x, count)]
    for k, line, points in curves:
        parts += _curve(k, line, [(x(n), y(value)) for n, value in enumerate(points, 1)])
    return parts


def _grid(levels: Sequence[float], y: Place) -> list[str]:
    digits = max(len(f"{level:.10g}".partition(".")[2]) for level in levels)
    return [
        f'<path d="M{_LEFT} {y(v):.1f}H{_WIDTH - _RIGHT}" stroke="{INK}" stroke-opacity="0.35"/>'
        + text_at(_LEFT - 8, y(v) + 5, f"{v:.{digits}f}", "end")
        for v in levels
    ]


def _epoch_axis(base: float, x: Place, count: int) -> list[str]:
    parts = [f'<path d="M{_LEFT} {base:.1f}H{_WIDTH - _RIGHT}" stroke="{INK}" stroke-width="1.2"/>']
    for n in epoch_ticks(count):
        parts.append(f'<path d="M{x(n):.1f} {base:.1f}v5" stroke="{INK}" stroke-width="1.2"/>')
        parts.append(text_at(x(n), base + 20, str(n), "middle"))
    return [*parts, text_at((_LEFT + _WIDTH - _RIGHT) / 2, base + 40, "epoch", "middle")]


def _curve(k: int, line: str, points: list[tuple[float, float]]) -> list[str]:
    path = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
    drawn = f'<polyline points="{path}" fill="none" {_stroke(k, line)}/>'
    return [drawn, *(_marker(k, px, py, line) for px, py in points)] if len(points) <= _MOST_MARKERS else [drawn]


def _stroke(k: int, line: str, colour: str = "") -> str:
    dashes = f' stroke-dasharray="{_DASHES[line]}"' if _DASHES[line] else ""
    return f'stroke="{colour or COLOURS[k]}" stroke-width="2" stroke-linejoin="round"{dashes}'


def _marker(k: int, x: float, y: float, line: str, colour: str = "") -> str:
    """Filled for training and hollow for validation, which after a single epoch have no lines to tell them apart."""
    colour, corners, turn = colour or COLOURS[k], _CORNERS[k], _TURNS[k]
    paint = f'fill="{colour}"' if line == "training" else f'fill="none" stroke="{colour}" stroke-width="1.6"'
    if not corners:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" {paint}/>'
    angles = [2 * pi * (n + turn) / corners + pi / 2 for n in range(corners)]
    points = " ".join(f"{x + 4.2 * cos(a):.1f},{y - 4.2 * sin(a):.1f}" for a in angles)
    return f'<polygon points="{points}" {paint}/>'


def _legend(histories: Sequence[History], top: float) -> list[str]:
    y, alone = top + 6, len(histories) == 1
    parts = []
    for line, left in (("training", _LEFT), ("validation", _LEFT + 150)):
        look = _look(0, line, histories)
        colour = "" if alone else INK
        parts.append(f'<path d="M{left} {y}h36" fill="none" {_stroke(look, line, colour)}/>')
        parts.append(_marker(look, left + 18, y, line, colour))
        parts.append(text_at(left + 44, y + 5, line, "start"))
    for k, history in enumerate(histories):
        y = top + 6 + (k + 1) * _ROW
        left = _LEFT if alone else _LEFT + 44
        if not alone:
            parts.append(f'<path d="M{_LEFT} {y}h36" fill="none" {_stroke(k, "training")}/>')
            parts.append(_marker(k, _LEFT + 18, y, "training"))
        parts.append(text_at(left, y + 5, fitted(history.name, 15, _WIDTH - left - _RIGHT), "start"))
    return parts
