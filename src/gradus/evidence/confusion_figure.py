"""A confusion matrix as a picture, for any number of classes with names of any length.

Cells are opaque, so that they look the same on a white and on a dark page; counts stand in them where there is room.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Final

from gradus.documents.plotting import fitted, svg_document, text_at, text_width, upright
from gradus.evidence.confusion import Confusion

_LONGEST_NAME: Final = 170.0
_GAP: Final = 8
_TITLE: Final = 26
_LEGEND: Final = 54

_SCALE: Final = ((0.0, (240, 245, 251)), (0.35, (125, 178, 221)), (0.7, (36, 103, 170)), (1.0, (8, 40, 90)))


@dataclass(frozen=True)
class _Layout:
    """Sizes in pixels: of a cell, of the fonts in cells (0 for none) and of names, and of the margins."""

    cell: float
    in_cell: float
    name: float
    left: float
    below: float


def confusion_figure(found: Confusion) -> str:
    """The SVG: a row for each true class, a column for each predicted one, darker for a larger share of the row.

    >>> svg = confusion_figure(Confusion(("cat", "dog"), ((3, 1), (0, 4))))
    >>> svg.count("<rect"), "true class" in svg, "predicted class" in svg
    (9, True, True)
    """
    n = len(found.classes)
    layout = _layout(found)
    side = n * layout.cell
    width = max(layout.left + side + 16, 300.0)
    height = 16 + side + layout.below + _LEGEND
    parts = [*_cells(found, layout), *_names(found, layout), *_titles(layout, side), *_legend(height - _LEGEND)]
    return svg_document(width, height, parts)


def _layout(found: Confusion) -> _Layout:
    n = len(found.classes)
    largest = max(max(row) for row in found.counts)
    cell, in_cell, name = next(sizes for most, sizes in _SIZES if n <= most)
    if in_cell and text_width(f"{largest:,}", in_cell) > cell - 4:
        in_cell = 0.0 if n > 30 else max(8.0, in_cell * (cell - 4) / text_width(f"{largest:,}", in_cell))
    longest = max(text_width(fitted(c, name, _LONGEST_NAME), name) for c in found.classes)
    return _Layout(cell, in_cell, name, _TITLE + longest + _GAP, longest + _GAP + _TITLE)


_SIZES: Final = (
    (6, (56.0, 16.0, 15.0)),
    (12, (42.0, 14.0, 15.0)),
    (25, (30.0, 11.0, 14.0)),
    (50, (17.0, 0.0, 13.0)),
    (10**9, (12.0, 0.0, 10.5)),
)
"""Up to so many classes: cell, font in it, font of names."""


def _cells(found: Confusion, layout: _Layout) -> list[str]:
    parts = []
    for i, row in enumerate(found.counts):
        count = sum(row)
        for j, value in enumerate(row):
            share = value / count if count else 0.0
            x, y = layout.left + j * layout.cell, 16 + i * layout.cell
            title = f"{found.classes[i]} taken for {found.classes[j]}: {value:,} of {count:,}"
            parts.append(_cell(x, y, layout.cell, share, title))
            if layout.in_cell and value:
                parts.append(_count(x, y, layout, value, share))
    return parts


def _cell(x: float, y: float, side: float, share: float, title: str = "") -> str:
    told = f"<title>{escape(title)}</title>" if title else ""
    edge = side - 1 if side > 8 else side
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{edge:.1f}" height="{edge:.1f}" fill="{_colour(share)}">{told}</rect>'


def _count(x: float, y: float, layout: _Layout, value: int, share: float) -> str:
    ink = "#ffffff" if share > 0.45 else "#10202f"
    middle, base = x + layout.cell / 2, y + layout.cell / 2 + 0.34 * layout.in_cell
    return (
        f'<text x="{middle:.1f}" y="{base:.1f}" fill="{ink}" text-anchor="middle" '
        f'font-size="{layout.in_cell:.3g}">{value:,}</text>'
    )


def _colour(share: float) -> str:
    for (low, start), (high, end) in pairwise(_SCALE):
        if share <= high:
            t = (share - low) / (high - low)
            return "#" + "".join(f"{round(a + t * (b - a)):02x}" for a, b in zip(start, end, strict=True))
    raise ValueError(f"share: {share} is more than 1")


def _names(found: Confusion, layout: _Layout) -> list[str]:
    parts = []
    side = len(found.classes) * layout.cell
    for k, name in enumerate(found.classes):
        shown = fitted(name, layout.name, _LONGEST_NAME)
        middle = (k + 0.5) * layout.cell + 0.34 * layout.name
        parts.append(text_at(layout.left - _GAP, 16 + middle, shown, "end", layout.name))
        parts.append(upright(layout.left + middle, 16 + side + _GAP, shown, "end", layout.name))
    return parts


def _titles(layout: _Layout, side: float) -> list[str]:
    bottom = 16 + side + layout.below
    return [
        upright(16, 16 + side / 2, "true class", "middle"),
        text_at(layout.left + side / 2, bottom - 6, "predicted class", "middle"),
    ]


def _legend(top: float) -> list[str]:
    """Which colour means which share of a row."""
    levels = (0.0, 0.25, 0.5, 0.75, 1.0)
    left, step = 16.0, 34.0
    parts = [text_at(left, top + 14, "share of the true class’s images", "start", 13)]
    for k, level in enumerate(levels):
        parts.append(_cell(left + k * step, top + 22, 14, level))
        parts.append(text_at(left + k * step + 7, top + 49, f"{level:g}", "middle", 12))
    return parts
