"""The learning curve of a run as a figure: training and validation accuracy over the epochs.

It is written as SVG by hand, so that equal records give equal bytes.  All ink has a contrast of more than 3 (text more
than 4) to white as well as to a dark page, and the two curves differ in dash and marker as well as in colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from gradus.documents.blocks import Figure
from gradus.documents.plotting import FAMILY, INK, Place, epoch_ticks, scale, text_at, ticks
from gradus.problems.wording import counted
from gradus.runs import RunRecord

_WIDTH, _HEIGHT = 560, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 14, 16, 52
_CURVES: Final = {"training": ("#d06000", ""), "validation": ("#2a7fd0", "7 4")}

_ROW, _LEGEND_WIDTH = 22, 125

Corner: TypeAlias = tuple[int, int]


def accuracy_figure(record: RunRecord, caption: str = "") -> Figure:
    """Training and validation accuracy of each epoch, axes labelled, with a legend.

    The vertical axis runs over the accuracies that occur, not from 0 to 1; its ticks say so.
    """
    training = [epoch.training_accuracy for epoch in record.epochs]
    validation = [epoch.validation_accuracy for epoch in record.epochs]
    count = len(record.epochs)
    levels = ticks(min(*training, *validation), max(*training, *validation), 6)
    x = scale(1 if count > 1 else 0, max(count, 2), _LEFT + 10, _WIDTH - _RIGHT - 10)
    y = scale(levels[0], levels[-1], _HEIGHT - _BOTTOM, _TOP)
    numbers = [n for n in epoch_ticks(count) if n >= 1]
    legend = _legend_place(training, validation, levels)
    parts = [
        *_grid(levels, y, legend),
        *_epoch_axis(numbers, x),
        *_curve("training", training, x, y),
        *_curve("validation", validation, x, y),
        *_legend(legend),
    ]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="{FAMILY}" font-size="15">' + "".join(parts) + "</svg>"
    )
    alt = (
        f"Training and validation accuracy over {counted(count, 'epoch')}: training from {training[0]:.3f} to "
        f"{training[-1]:.3f}, validation from {validation[0]:.3f} to {validation[-1]:.3f}."
    )
    return Figure(svg, alt, caption, width=0.72)


def _grid(levels: Sequence[float], y: Place, legend: Corner) -> list[str]:
    digits = max(len(f"{level:g}".partition(".")[2]) for level in levels)
    lines = [
        f'<path d="{_grid_line(y(v), legend)}" stroke="{INK}" stroke-opacity="0.35" stroke-width="1"/>'
        + text_at(_LEFT - 8, y(v) + 5, f"{v:.{digits}f}", "end")
        for v in levels
    ]
    middle = (_TOP + _HEIGHT - _BOTTOM) / 2
    turned = f'<g transform="translate(16 {middle:.1f}) rotate(-90)">{text_at(0, 0, "accuracy", "middle")}</g>'
    return [*lines, turned]


def _grid_line(y: float, legend: Corner) -> str:
    """A line across the plot, broken where it would run through the legend."""
    left, top = legend
    if not top - _ROW / 2 < y < top + 1.5 * _ROW:
        return f"M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"
    return f"M{_LEFT} {y:.1f}H{max(left - 8, _LEFT)}M{left + _LEGEND_WIDTH} {y:.1f}H{_WIDTH - _RIGHT}"


def _epoch_axis(numbers: Sequence[int], x: Place) -> list[str]:
    base = _HEIGHT - _BOTTOM
    axis = f'<path d="M{_LEFT} {base}H{_WIDTH - _RIGHT}" stroke="{INK}" stroke-width="1.2"/>'
    marks = [
        f'<path d="M{x(n):.1f} {base}v5" stroke="{INK}" stroke-width="1.2"/>'
        + text_at(x(n), base + 21, str(n), "middle")
        for n in numbers
    ]
    return [axis, *marks, text_at((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, "epoch", "middle")]


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


def _legend_place(training: Sequence[float], validation: Sequence[float], levels: Sequence[float]) -> Corner:
    """Left end and first line of the legend, in the first corner that the curves leave free."""
    low, high = levels[0], levels[-1]
    left, right = _LEFT + 16, _WIDTH - _RIGHT - _LEGEND_WIDTH
    top, bottom = _TOP + 16, _HEIGHT - _BOTTOM - 2 * _ROW
    half = len(training) // 2
    earlier, later = [*training[: half + 1], *validation[: half + 1]], [*training[half:], *validation[half:]]
    free: tuple[tuple[bool, Corner], ...] = (
        (min(later) > low + 0.35 * (high - low), (right, bottom)),
        (max(earlier) < high - 0.35 * (high - low), (left, top)),
        (max(later) < high - 0.35 * (high - low), (right, top)),
        (min(earlier) > low + 0.35 * (high - low), (left, bottom)),
    )
    return next((corner for is_free, corner in free if is_free), (left, top))


def _legend(place: Corner) -> list[str]:
    left, top = place
    parts = []
    for row, name in enumerate(_CURVES):
        y = top + _ROW * row
        parts += [
            _stroke(name, f'<path d="M{left} {y}h36" fill="none" {{}}/>'),
            _marker(name, left + 18, y),
            text_at(left + 44, y + 5, name, "start"),
        ]
    return parts
