"""Where everything stands in the picture of a network.

Three styles are tried, the first that fits a page is taken:

* equations: every edge carries ``w3 = -2``;
* gains: every edge carries its gain alone, and the circles carry the numbers of the biases;
* tables: the edges carry nothing, the circles carry names, and tables below the picture hold the gains.

A label stands on its own edge, which is interrupted there, and touches no other edge, label, circle or name: places
along the edge are tried in turn, and the layers move apart until every label has one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from gradus.exact.networks.network import Network, Weight
from gradus.problems.figure_geometry import Box, Point, Segment, text_width
from gradus.problems.network_labels import CAPTION_FONT, NAME_FONT, SMALL, Style, caption, label_width, short_name
from gradus.problems.network_tables import GainTable, gain_tables, rounded_tables, shelved

RADIUS = 21.0
MARGIN = 16.0
ARROW = 26.0
NUMBERING = "w1, w2, ...: neuron by neuron, its gains from top to bottom, then its bias"
"""What is written below a picture whose edges carry no numbers."""

LABEL_HEIGHT, LABEL_GAP = 17.0, 6.0
NAME_HEIGHT = 12.0
MAX_WIDTH, MAX_HEIGHT = 1000.0, 900.0
"""The largest picture with labels on its edges; shrunk to the width of a page it can still be read.  It may be as wide
as the same network without labels."""

MAX_LABELS = 30
"""Most labels between two layers; more have never been seen to fit."""

MAX_NODES = 130
"""Most inputs and neurons of a picture that shows them all; of longer layers only the ends are drawn."""

HEAD, TAIL = 7, 3
"""So many of the first and of the last of a layer are drawn where not all are."""

GAPS_X = (130.0, 160.0, 190.0, 225.0, 265.0, 310.0, 360.0, 420.0, 490.0, 570.0)
GAPS_Y = (80.0, 64.0, 100.0, 125.0, 155.0, 190.0)
STEEPEST = 2.4
"""The steepest edge of a picture with labels; a steeper one would touch the circle above or below its own."""

TABLE_GAP_Y, INPUT_GAP_Y, TABLE_STEEPEST = 47.0, 27.0, 1.7
_PLACES = tuple(sorted((i / 40 for i in range(3, 38)), key=lambda t: abs(t - 0.42)))
"""Places for a label along its edge, as shares of its length, the preferred first."""


@dataclass(frozen=True)
class Label:
    """The label of one edge: the weight, and the room it takes."""

    weight: Weight
    box: Box


@dataclass(frozen=True)
class Drawing:
    """A laid out network; sizes in pixels.

    Attributes:
        network: what is drawn.
        style: what the edges carry.
        columns: the names that are drawn, layer by layer, the inputs first; None stands for those left out.
        places: the centres of the inputs and neurons that are drawn.
        edges: the edges between them, by the number of their weight.
        labels: the labels of the edges.
        tables: the tables of gains, each with its upper left corner.
        captions_y: the height at which the activations are written.
        width: of the whole picture.
        height: of the whole picture.
    """

    network: Network
    style: Style
    columns: tuple[tuple[str | None, ...], ...]
    places: dict[str, Point]
    edges: dict[int, Segment]
    labels: tuple[Label, ...]
    tables: tuple[tuple[GainTable, Point], ...]
    captions_y: float
    width: float
    height: float

    @property
    def column_x(self) -> tuple[float, ...]:
        """Where each layer stands, the inputs first."""
        return tuple(self.places[next(name for name in names if name)].x for names in self.columns)


def laid_out(network: Network) -> Drawing:
    """The drawing in the first style that fits.

    >>> net = Network.of({"inputs": ["x"], "layers": [{"activation": "relu", "neurons": [{"gains": [2], "bias": 1}]}]})
    >>> laid_out(net).style, len(laid_out(net).labels)
    ('equations', 1)
    """
    between = [sum(len(neuron.gains) for neuron in layer.neurons) for layer in network.layers]
    tabled = _tabled(network)
    if max(between) <= MAX_LABELS and None not in chain(*tabled.columns):
        room = max(MAX_WIDTH, tabled.width)
        styles: tuple[Style, ...] = ("equations", "gains")
        for style in styles:
            for gap_y in GAPS_Y:
                if (drawing := _labelled(network, style, gap_y, room)) is not None:
                    return _with_tables(drawing, rounded_tables(network, style))
    if None in chain(*tabled.columns):
        return tabled
    return _with_tables(tabled, (*gain_tables(network), *rounded_tables(network, "tables")))


def _labelled(network: Network, style: Style, gap_y: float, room: float) -> Drawing | None:
    """The drawing with labels on its edges; None if it would be wider than the room, or a label finds no place."""
    columns = [network.inputs, *(layer.names for layer in network.layers)]
    tallest = max(map(len, columns))
    middle = MARGIN + RADIUS + 6 + gap_y * (tallest - 1) / 2
    if tallest > 1 and 2 * middle > MAX_HEIGHT:
        return None
    rows = [{name: middle + (i - (len(c) - 1) / 2) * gap_y for i, name in enumerate(c)} for c in columns]
    spans = _spans(network, style, rows, room)
    if spans is None:
        return None
    x = _left(network)
    places = {name: Point(x, y) for name, y in rows[0].items()}
    edges: dict[int, Segment] = {}
    labels: list[Label] = []
    for span, row in zip(spans, rows[1:], strict=True):
        edges |= {number: _shifted(edge, x) for number, edge in span.edges.items()}
        labels += [_shifted_label(label, x) for label in span.labels]
        x += span.width
        places |= {name: Point(x, y) for name, y in row.items()}
    bottom = 2 * middle + (22 if style == "equations" else 40)
    width = max(x + _right(network), 0 if style == "equations" else text_width(NUMBERING, SMALL) + 2 * MARGIN)
    return Drawing(network, style, tuple(columns), places, edges, tuple(labels), (), 2 * middle + 10, width, bottom)


@dataclass(frozen=True)
class _Span:
    """What lies between two layers, from the centres of the one at x = 0 to those of the other at x = width."""

    width: float
    edges: dict[int, Segment]
    labels: tuple[Label, ...]


def _spans(network: Network, style: Style, rows: Sequence[dict[str, float]], room: float) -> list[_Span] | None:
    """All spans, none wider than needed, those with the most edges tried first; None if they do not fit the room."""
    weights = _edge_weights(network)
    least = [_least_gap(network, layer, into, rows) for layer, into in enumerate(weights, start=1)]
    spare = room - _left(network) - _right(network) - sum(least)
    found: dict[int, _Span] = {}
    for k in sorted(range(len(weights)), key=lambda k: (-len(weights[k]), k)):
        widths = [least[k], *(gap for gap in GAPS_X if least[k] < gap <= least[k] + spare)] if spare >= 0 else []
        # What finds no place in the widest span finds none in a narrower one, as a rule.
        widest = _span(network, k + 1, weights[k], rows, style, widths[-1]) if widths else None
        if widest is None:
            return None
        spans = (_span(network, k + 1, weights[k], rows, style, width) for width in widths[:-1])
        span = next((span for span in spans if span is not None), widest)
        spare -= span.width - least[k]
        found[k] = span
    return [found[k] for k in range(len(weights))]


def _span(
    network: Network,
    layer: int,
    weights: Sequence[Weight],
    rows: Sequence[dict[str, float]],
    style: Style,
    width: float,
) -> _Span | None:
    """The span before a layer at this width; None if a label finds no place, or a name stands in an edge's way."""
    places = {name: Point(x, y) for x, k in ((0.0, layer - 1), (width, layer)) for name, y in rows[k].items()}
    edges = {w.number: _rim_to_rim(places, w, network) for w in weights}
    obstacles = _obstacles(network, layer, places)
    if any(edge.inside(box) for box in obstacles.names for edge in edges.values()):
        return None
    labels = _placed(weights, edges, (*obstacles.names, *obstacles.nodes), style)
    return None if labels is None else _Span(width, edges, tuple(labels))


def _edge_weights(network: Network) -> list[list[Weight]]:
    """The weights of the edges into each layer."""
    numbers = iter(network.numbered_weights)
    layers = []
    for layer in network.layers:
        count = sum(len(neuron.gains) + 1 for neuron in layer.neurons)
        layers.append([w for w in (next(numbers) for _ in range(count)) if w.source is not None])
    return layers


def _left(network: Network) -> float:
    return MARGIN + 16 + max(text_width(short_name(name), NAME_FONT) for name in network.inputs)


def _right(network: Network) -> float:
    """Room to the right of the outputs' centres: the circle, the arrow, the name."""
    named = RADIUS + ARROW + 8 + max(text_width(short_name(name), NAME_FONT) for name in network.outputs)
    return max(named, text_width(caption(network, len(network.layers)), CAPTION_FONT) / 2) + MARGIN


def _least_gap(network: Network, layer: int, weights: Iterable[Weight], rows: Sequence[dict[str, float]]) -> float:
    """The least distance of a layer from the one before: for the captions, and so that no edge is too steep."""
    captions = (text_width(caption(network, k), CAPTION_FONT) / 2 for k in (layer - 1, layer))
    heights = [abs(rows[layer][w.neuron] - rows[layer - 1][w.source or ""]) for w in weights]
    return max(GAPS_X[0], sum(captions) + 12, max(heights, default=0.0) / STEEPEST)


def _rim_to_rim(places: dict[str, Point], weight: Weight, network: Network) -> Segment:
    source, target = places[weight.source or ""], places[weight.neuron]
    dx, dy = target.x - source.x, target.y - source.y
    length = (dx * dx + dy * dy) ** 0.5
    start = 5.0 if weight.source in network.inputs else RADIUS
    near, far = start / length, (RADIUS + 1) / length
    return Segment(Point(source.x + dx * near, source.y + dy * near), Point(target.x - dx * far, target.y - dy * far))


def name_box(name: str, place: Point) -> Box:
    """The room of a hidden neuron's name below its circle."""
    return Box(Point(place.x, place.y + RADIUS + 8), text_width(short_name(name), SMALL) + 2, NAME_HEIGHT)


@dataclass(frozen=True)
class _Obstacles:
    """What no label may touch: names below circles, and the circles and dots themselves."""

    names: tuple[Box, ...]
    nodes: tuple[Box, ...]


def _obstacles(network: Network, layer: int, places: dict[str, Point]) -> _Obstacles:
    """The obstacles between a layer and the one before."""
    near = (*network.sources(layer - 1), *network.sources(layer))
    inputs, outputs = set(network.inputs), set(network.outputs)
    hidden = [name for name in near if name not in inputs and name not in outputs]
    sides = {name: 12.0 if name in inputs else 2 * RADIUS + 6 for name in near}
    return _Obstacles(
        tuple(name_box(name, places[name]) for name in hidden),
        tuple(Box(places[name], side, side) for name, side in sides.items()),
    )


def _placed(
    weights: Sequence[Weight], edges: dict[int, Segment], obstacles: Sequence[Box], style: Style
) -> list[Label] | None:
    """Labels edge by edge, those with the fewest free places first; None when one finds none."""
    lines = {number: _Line.along(edge) for number, edge in edges.items()}
    clear = _between(obstacles)
    options: dict[Weight, list[Box]] = {}
    for weight in sorted(weights, key=lambda w: -abs(lines[w.number].slope)):  # steep ones fail first
        own, width = edges[weight.number], label_width(weight, style)
        rivals = [line for number, line in lines.items() if number != weight.number]
        free = [box for box in _boxes(own, width) if not any(line.enters(box) for line in rivals)]
        options[weight] = [box for box in free if clear(box) or not any(map(box.meets, obstacles))]
        if not options[weight]:
            return None
    labels: list[Label] = []
    for weight in sorted(options, key=lambda w: (len(options[w]), w.number)):
        left = (box for box in options[weight] if not any(box.meets(label.box, LABEL_GAP) for label in labels))
        if (first := next(left, None)) is None:
            return None
        labels.append(Label(weight, first))
    return sorted(labels, key=lambda label: label.weight.number)


def _between(obstacles: Iterable[Box]) -> Callable[[Box], bool]:
    """Whether a box lies in the middle, where no obstacle reaches from the layers at either side."""
    sides = [(box.centre.x, box.width / 2) for box in obstacles]
    first, last = min(sides)[0], max(sides)[0]
    left = max(x + half for x, half in sides if x == first)
    right = min(x - half for x, half in sides if x == last)
    return lambda box: left <= box.centre.x - box.width / 2 and box.centre.x + box.width / 2 <= right


def _boxes(edge: Segment, width: float) -> Iterator[Box]:
    """The places of a label along its edge; within the edge's own columns, so that layers do not disturb each other."""
    for t in _PLACES:
        centre = edge.at(t)
        if edge.start.x - 4 <= centre.x - width / 2 and centre.x + width / 2 <= edge.end.x - 8:
            yield Box(centre, width, LABEL_HEIGHT)


@dataclass(frozen=True)
class _Line:
    """An edge, which runs from left to right, as y = y0 + slope (x - x0) for x from x0 to x1."""

    x0: float
    x1: float
    y0: float
    slope: float

    @staticmethod
    def along(edge: Segment) -> _Line:
        slope = (edge.end.y - edge.start.y) / (edge.end.x - edge.start.x)
        return _Line(edge.start.x, edge.end.x, edge.start.y, slope)

    def enters(self, box: Box) -> bool:
        """Whether it enters a box, or comes within a pixel of it sideways."""
        half = box.width / 2 + 1
        low, high = max(box.centre.x - half, self.x0), min(box.centre.x + half, self.x1)
        if low >= high:
            return False
        # At the middle of the stretch the line is as far from the box's middle as its own rise there allows.
        middle = self.y0 + self.slope * ((low + high) / 2 - self.x0)
        return abs(middle - box.centre.y) < box.height / 2 + abs(self.slope) * (high - low) / 2


def _tabled(network: Network) -> Drawing:
    """The drawing with bare edges; of a network with very many neurons only the ends of its layers."""
    names = [network.inputs, *(layer.names for layer in network.layers)]
    complete = sum(map(len, names)) <= MAX_NODES
    columns = [tuple(column) if complete else _ends(column) for column in names]
    gaps = [INPUT_GAP_Y, *(TABLE_GAP_Y for _ in network.layers)]
    heights = [gap * (len(column) - 1) for gap, column in zip(gaps, columns, strict=True)]
    middle = MARGIN + RADIUS + 6 + max(heights) / 2
    x, places = _left(network), {}
    for layer, column in enumerate(columns):
        if layer:
            captions = sum(text_width(caption(network, k), CAPTION_FONT) / 2 for k in (layer - 1, layer))
            height = (heights[layer] + heights[layer - 1]) / 2
            x += max(GAPS_X[0], captions + 12, height / TABLE_STEEPEST)
        for row, name in enumerate(column):
            if name is not None:
                places[name] = Point(x, middle - heights[layer] / 2 + row * gaps[layer])
    shown = (w for weights in _edge_weights(network) for w in weights if {w.source, w.neuron} <= places.keys())
    edges = {w.number: _rim_to_rim(places, w, network) for w in shown}
    bottom, width = 2 * middle + 22, x + _right(network)
    return Drawing(network, "tables", tuple(columns), places, edges, (), (), bottom - 12, width, bottom)


def _with_tables(drawing: Drawing, tables: Sequence[GainTable]) -> Drawing:
    """The drawing, in the middle, with tables below it."""
    if not tables:
        return drawing
    placed, end = shelved(tables, max(drawing.width, MAX_WIDTH) - MARGIN, Point(MARGIN, drawing.height + 14))
    width = max(drawing.width, end.x + MARGIN)
    dx = (width - drawing.width) / 2
    return replace(
        drawing,
        places={name: Point(place.x + dx, place.y) for name, place in drawing.places.items()},
        edges={number: _shifted(edge, dx) for number, edge in drawing.edges.items()},
        labels=tuple(_shifted_label(label, dx) for label in drawing.labels),
        tables=placed,
        width=width,
        height=end.y + MARGIN,
    )


def _shifted(edge: Segment, dx: float) -> Segment:
    return Segment(Point(edge.start.x + dx, edge.start.y), Point(edge.end.x + dx, edge.end.y))


def _shifted_label(label: Label, dx: float) -> Label:
    centre = Point(label.box.centre.x + dx, label.box.centre.y)
    return replace(label, box=replace(label.box, centre=centre))


def _ends(names: Sequence[str]) -> tuple[str | None, ...]:
    if len(names) <= HEAD + TAIL + 2:
        return tuple(names)
    return (*names[:HEAD], None, *names[-TAIL:])
