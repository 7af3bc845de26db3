"""The learning curve of a run as a figure: training and validation accuracy over the epochs.

It is written as SVG by hand, so that equal records give equal bytes.  All ink has a contrast of more than 3 (text more
than 4) to white as well as to a dark page, and the two curves differ in dash and marker as well as in colour.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor, log10
from typing import Final

from gradus.documents.blocks import Figure
from gradus.runs import RunRecord

_WIDTH, _HEIGHT = 560, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 14, 16, 52
_TEXT: Final = "#767676"
_CURVES: Final = {"training": ("#d06000", ""), "validation": ("#2a7fd0", "7 4")}

Place = Callable[[float], float]


def accuracy_figure(record: RunRecord, caption: str = "") -> Figure:
    """Training and validation accuracy of each epoch, axes labelled, with a legend.

    The vertical axis runs over the accuracies that occur, not from 0 to 1; its ticks say so.
    """
    training = [epoch.training_accuracy for epoch in record.epochs]
    validation = [epoch.validation_accuracy for epoch in record.epochs]
    count = len(record.epochs)
    levels = ticks(min(*training, *validation), max(*training, *validation), 6)
    x = _scale(1 if count > 1 else 0, max(count, 2), _LEFT + 10, _WIDTH - _RIGHT - 10)
    y = _scale(levels[0], levels[-1], _HEIGHT - _BOTTOM, _TOP)
    numbers = [n for n in epoch_ticks(count) if n >= 1]
    parts = [
        *_grid(levels, y),
        *_epoch_axis(numbers, x),
        *_curve("training", training, x, y),
        *_curve("validation", validation, x, y),
        *_legend(_below_curves(training, validation, levels)),
    ]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="Libertinus Serif, Georgia, serif" font-size="15">'
        + "".join(parts)
        + "</svg>"
    )
    alt = (
        f"Training and validation accuracy over {count} epochs: training from {training[0]:.3f} to {training[-1]:.3f}, "
        f"validation from {validation[0]:.3f} to {validation[-1]:.3f}."
    )
    return Figure(svg, alt, caption, width=0.8)


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


def _scale(low: float, high: float, start: float, end: float) -> Place:
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _grid(levels: Sequence[float], y: Place) -> list[str]:
    digits = max(len(f"{level:g}".partition(".")[2]) for level in levels)
    lines = [
        f'<path d="M{_LEFT} {y(v):.1f}H{_WIDTH - _RIGHT}" stroke="{_TEXT}" stroke-opacity="0.35" stroke-width="1"/>'
        + _text(_LEFT - 8, y(v) + 5, f"{v:.{digits}f}", "end")
        for v in levels
    ]
    middle = (_TOP + _HEIGHT - _BOTTOM) / 2
    turned = f'<g transform="translate(16 {middle:.1f}) rotate(-90)">{_text(0, 0, "accuracy", "middle")}</g>'
    return [*lines, turned]


def _epoch_axis(numbers: Sequence[int], x: Place) -> list[str]:
    base = _HEIGHT - _BOTTOM
    axis = f'<path d="M{_LEFT} {base}H{_WIDTH - _RIGHT}" stroke="{_TEXT}" stroke-width="1.2"/>'
    marks = [
        f'<path d="M{x(n):.1f} {base}v5" stroke="{_TEXT}" stroke-width="1.2"/>'
        + _text(x(n), base + 21, str(n), "middle")
        for n in numbers
    ]
    return [axis, *marks, _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, "epoch", "middle")]


def _curve(name: str, values: Sequence[float], x: Place, y: Place) -> list[str]:
    points = [(x(n), y(v)) for n, v in enumerate(values, 1)]
    line = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
    markers = [_marker(name, px, py) for px, py in points] if len(points) <= 60 else []
    return [_stroke(name, f'<polyline points="{line}" fill="none" {{}}/>'), *markers]


def _stroke(name: str, element: str) -> str:
    colour, dashes = _CURVES[name]
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return element.format(f'stroke="{colour}" stroke-width="2" stroke-linejoin="round"{dashed}')


def _marker(name: str, x: float, y: float) -> str:
    colour = _CURVES[name][0]
    if name == "training":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
    return f'<rect x="{x - 3:.1f}" y="{y - 3:.1f}" width="6" height="6" fill="{colour}"/>'


def _below_curves(training: Sequence[float], validation: Sequence[float], levels: Sequence[float]) -> bool:
    """Whether the lower right corner is free for the legend; otherwise the upper left one is."""
    right = [*training[len(training) // 2 :], *validation[len(validation) // 2 :]]
    return min(right) > levels[0] + 0.35 * (levels[-1] - levels[0])


def _legend(lower_right: bool) -> list[str]:
    left = _WIDTH - _RIGHT - 150 if lower_right else _LEFT + 16
    top = _HEIGHT - _BOTTOM - 46 if lower_right else _TOP + 16
    parts = []
    for row, name in enumerate(_CURVES):
        y = top + 22 * row
        parts += [
            _stroke(name, f'<path d="M{left} {y}h36" fill="none" {{}}/>'),
            _marker(name, left + 18, y),
            _text(left + 44, y + 5, name, "start"),
        ]
    return parts


def _text(x: float, y: float, content: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{_TEXT}" text-anchor="{anchor}">{content}</text>'
