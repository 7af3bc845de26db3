"""The tables of gains below the picture of a network whose edges cannot carry them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gradus.exact.networks.network import Network, Neuron
from gradus.exact.numbers.number import Number
from gradus.problems.figure_geometry import Point, text_width
from gradus.problems.network_labels import LONGEST_CELL, Style, exact_text, longest, short_name, value_text

CELL_FONT, ROW_HEIGHT, COLUMN_GAP = 11.0, 17.0, 12.0
MAX_COLUMNS = 12
"""A table with more columns of gains than this, and than rows, lies on its side."""

MAX_ROUNDED, MAX_ROWS, LONGEST_EXACT = 48, 12, 60
"""Most rounded weights that are listed, most of them in one table, and most characters of one."""

SPACE = 28.0
"""Between two tables, in pixels."""


@dataclass(frozen=True)
class GainTable:
    """The weights of one layer.

    Attributes:
        title: which layer.
        rows: the cells, the header first; all rows have the same length.

    >>> GainTable("layer 1", (("", "x"), ("y", "2"))).height
    53.0
    """

    title: str
    rows: tuple[tuple[str, ...], ...]

    @property
    def widths(self) -> tuple[float, ...]:
        """The width of each column with the gap after it, in pixels."""
        columns = zip(*self.rows, strict=True)
        return tuple(max(text_width(cell, CELL_FONT) for cell in column) + COLUMN_GAP for column in columns)

    @property
    def width(self) -> float:
        """The width of the whole, in pixels."""
        return max(sum(self.widths), text_width(self.title, CELL_FONT))

    @property
    def height(self) -> float:
        """The height of the whole with its title, in pixels."""
        return ROW_HEIGHT * (len(self.rows) + 1) + 2


def gain_tables(network: Network) -> tuple[GainTable, ...]:
    """One table a layer: a row a neuron, a column a source, then the bias and the numbers of the row's weights.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": {"x2": "1/2"}, "bias": 1}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden]})
    >>> gain_tables(net)[0].rows
    (('', 'x1', 'x2', 'bias', 'weights'), ('y', '·', '1/2', '1', 'w1–w2'))
    """
    first, tables = 1, []
    for number, layer in enumerate(network.layers, start=1):
        sources = network.sources(number - 1)
        rows = [("", *map(short_name, sources), "bias", "weights")]
        for neuron in layer.neurons:
            last = first + len(neuron.gains)
            rows.append((short_name(neuron.name), *_cells(neuron, sources), _numbers(first, last)))
            first = last + 1
        missing = any("·" in row for row in rows)
        title = f"Gains and biases of layer {number}" + (" (· no edge)" if missing else "")
        tables.append(GainTable(title, _turned(rows)))
    return tuple(tables)


def rounded_tables(network: Network, style: Style) -> tuple[GainTable, ...]:
    """The exact values of the weights that are rounded in the picture, as far as they are few.

    >>> last = {"activation": "identity", "neurons": [{"gains": [1], "bias": "1234567/89"}]}
    >>> rounded_tables(Network.of({"inputs": ["x"], "layers": [last]}), "equations")[0].rows
    (('weight', 'exactly'), ('w2', '1234567/89'))
    """
    limits = ((w, longest(style, w.source is None)) for w in network.numbered_weights)
    rows = [(f"w{w.number}", _cut(exact_text(w.value))) for w, limit in limits if value_text(w.value, limit)[0] == "≈"]
    if len(rows) > MAX_ROUNDED:
        rows = [*rows[: MAX_ROUNDED - 1], (f"{len(rows) - MAX_ROUNDED + 1} more", "…")]
    parts = [rows[i : i + MAX_ROWS] for i in range(0, len(rows), MAX_ROWS)]
    return tuple(GainTable("Rounded above", (("weight", "exactly"), *part)) for part in parts)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_EXACT else f"{text[: LONGEST_EXACT - 1]}…"


def _numbers(first: int, last: int) -> str:
    return f"w{first}" if first == last else f"w{first}–w{last}"


def _cells(neuron: Neuron, sources: Iterable[str]) -> tuple[str, ...]:
    gains = dict(neuron.gains)

    def cell(value: Number) -> str:
        sign, text = value_text(value, LONGEST_CELL)
        return text if sign == "=" else f"≈{text}"

    return (*(cell(gains[s]) if s in gains else "·" for s in sources), cell(neuron.bias))


def _turned(rows: list[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """The rows, or the columns where there are many sources and fewer neurons."""
    columns = len(rows[0]) - 3
    return tuple(zip(*rows, strict=True)) if columns > max(MAX_COLUMNS, len(rows) - 1) else tuple(rows)


def shelved(
    tables: Iterable[GainTable], width: float, corner: Point
) -> tuple[tuple[tuple[GainTable, Point], ...], Point]:
    """Tables side by side in rows as wide as allowed, each with its corner, and the lower right end of all.

    >>> table = GainTable("layer 1", (("", "x"), ("y", "2")))
    >>> placed, end = shelved([table, table], 100, Point(0, 0))
    >>> [(corner.x, corner.y) for _, corner in placed], end.y
    ([(0, 0), (0, 81.0)], 134.0)
    """
    placed: list[tuple[GainTable, Point]] = []
    x, y, below, right = corner.x, corner.y, corner.y, corner.x
    for table in tables:
        if x > corner.x and x + table.width > width:
            x, y = corner.x, below + SPACE
        placed.append((table, Point(x, y)))
        below, right = max(below, y + table.height), max(right, x + table.width)
        x += table.width + SPACE
    return tuple(placed), Point(right, below)
