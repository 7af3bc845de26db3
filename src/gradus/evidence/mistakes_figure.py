"""A sheet of images that a network took for something else, with both classes and its probability."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from gradus.documents.plotting import fitted, svg_document, text_at

COLUMNS: Final = 6

_IMAGE, _TILE, _ROW = 96, 128, 162
_SIZE: Final = 13.0


@dataclass(frozen=True)
class ShownMistake:
    """An image as PNG, the name of its class, that of the predicted class, and its probability."""

    png: bytes
    true: str
    predicted: str
    probability: float


def mistakes_figure(mistakes: Sequence[ShownMistake]) -> str:
    """The SVG, complete in itself, in rows of six.

    >>> mistakes_figure([ShownMistake(b"", "cat", "dog", 0.987)]).count("<text")
    3
    """
    columns = min(COLUMNS, max(1, len(mistakes)))
    rows = -(-len(mistakes) // COLUMNS)
    parts = [
        part
        for k, mistake in enumerate(mistakes)
        for part in _tile(mistake, 8 + k % COLUMNS * _TILE, 8 + k // COLUMNS * _ROW)
    ]
    return svg_document(16 + columns * _TILE, 8 + rows * _ROW, parts, _SIZE)


def _tile(mistake: ShownMistake, x: int, y: int) -> list[str]:
    data = base64.b64encode(mistake.png).decode()
    room = _TILE - 10.0
    told = f"{mistake.true} taken for {mistake.predicted}"
    picture = (
        f'<image x="{x + (_TILE - _IMAGE) // 2}" y="{y}" width="{_IMAGE}" height="{_IMAGE}" '
        f'xlink:href="data:image/png;base64,{data}"><title>{escape(told)}</title></image>'
    )
    lines = (
        fitted(f"is {mistake.true}", _SIZE, room),
        fitted(f"said {mistake.predicted}", _SIZE, room),
        f"p = {mistake.probability:.4f}",
    )
    middle = x + _TILE / 2
    return [
        picture,
        *(text_at(middle, y + _IMAGE + 16 + 16 * k, line, "middle", _SIZE) for k, line in enumerate(lines)),
    ]
