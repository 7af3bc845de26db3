"""The picture of a small network: inputs on the left, gains on the edges, biases in the hollow circles.

A label stands on its own edge, which is interrupted there, and touches no other edge, label or circle: places along
the edge are tried in turn, and the picture grows until every label has one.  The picture brings its own light panel,
so that it reads the same in print and on a dark page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from html import escape
from itertools import chain

from gradus.exact.networks import Network, Weight

RADIUS = 21.0
FONT = 13.0
SMALL = 9.5
MARGIN = 16.0
LABEL_HEIGHT, LABEL_GAP = 17.0, 6.0
MAX_GROWTH = 14
STRETCHES = (1.0, 1.4, 1.8, 2.4)
PLACES = tuple(sorted((i / 60 for i in range(7, 54)), key=lambda t: abs(t - 0.42)))
"""Places for a label along its edge, as shares of its length, the preferred first."""

INK, EDGE, MUTED, PANEL = "#1c2733", "#5c7389", "#66727e", "#fbfaf7"
FAMILY = "DejaVu Sans, Helvetica, Arial, sans-serif"


@dataclass(frozen=True)
class Point:
    """A place in the picture, in pixels from its upper left corner."""

    x: float
    y: float


@dataclass(frozen=True)
class Box:
    """An upright rectangle around a centre.

    >>> Box(Point(0, 0), 4, 2).meets(Box(Point(5, 0), 4, 2)), Box(Point(0, 0), 4, 2).meets(Box(Point(3, 0), 4, 2))
    (False, True)
    """

    centre: Point
    width: float
    height: float

    def meets(self, other: Box, gap: float = 0.0) -> bool:
        """Whether the two overlap, or have less than ``gap`` between them sideways."""
        apart_x = abs(self.centre.x - other.centre.x) - (self.width + other.width) / 2
        apart_y = abs(self.centre.y - other.centre.y) - (self.height + other.height) / 2
        return apart_x < gap and apart_y < 0


@dataclass(frozen=True)
class Segment:
    """A straight edge between the rims of two circles.

    >>> Segment(Point(0, 0), Point(10, 0)).inside(Box(Point(5, 0), 2, 2))
    (0.4, 0.6)
    """

    start: Point
    end: Point

    def at(self, t: float) -> Point:
        """The point at a share of the length, 0 at the start and 1 at the end."""
        return Point(self.start.x + t * (self.end.x - self.start.x), self.start.y + t * (self.end.y - self.start.y))

    def inside(self, box: Box) -> tuple[float, float] | None:
        """The part of the segment within the box as shares of its length; None if it misses the box."""
        low, high = 0.0, 1.0
        for start, end, centre, size in (
            (self.start.x, self.end.x, box.centre.x, box.width),
            (self.start.y, self.end.y, box.centre.y, box.height),
        ):
            first, last = centre - size / 2 - start, centre + size / 2 - start
            length = end - start
            if length == 0:
                if first > 0 or last < 0:
                    return None
                continue
            near, far = sorted((first / length, last / length))
            low, high = max(low, near), min(high, far)
        return (low, high) if low < high else None


@dataclass(frozen=True)
class Label:
    """The label of one edge: the weight, and the room it takes."""

    weight: Weight
    box: Box


@dataclass(frozen=True)
class Drawing:
    """A laid out network: places of inputs and neurons, edges by weight number, labels; sizes in pixels."""

    network: Network
    places: dict[str, Point]
    edges: dict[int, Segment]
    labels: tuple[Label, ...]
    width: float
    height: float


def network_figure(network: Network) -> str:
    """The network as an SVG document.

    >>> net = Network.of({"inputs": ["x"], "layers": [{"activation": "relu", "neurons": [{"gains": [2], "bias": 1}]}]})
    >>> network_figure(net).count("<circle")
    2
    """
    drawing = laid_out(network)
    body = "".join(chain(_edges(drawing), _labels(drawing), _circles(drawing), _names(drawing), _captions(drawing)))
    size = f'width="{drawing.width:.0f}" height="{drawing.height:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {drawing.width:.0f} {drawing.height:.0f}" '
        f'role="img" font-family="{FAMILY}"><title>{escape(network_alt(network))}</title>'
        f'<rect {size} rx="10" fill="{PANEL}"/>{body}</svg>'
    )


def network_alt(network: Network) -> str:
    """What the picture shows, in words, with all weights.

    >>> net = Network.of({"inputs": ["x"], "layers": [{"activation": "relu", "neurons": [{"gains": [2], "bias": 1}]}]})
    >>> network_alt(net)
    'A network with the input x. Neuron y (ReLU): gain 2 from x (w1), bias 1 (w2).'
    """
    inputs = ("input " if len(network.inputs) == 1 else "inputs ") + ", ".join(network.inputs)
    numbers = iter(network.numbered_weights)
    sentences = [f"A network with the {inputs}."]
    for layer in network.layers:
        for neuron in layer.neurons:
            gains = [f"gain {g.text} from {source} (w{next(numbers).number})" for source, g in neuron.gains]
            bias = f"bias {neuron.bias.text} (w{next(numbers).number})"
            sentences.append(f"Neuron {neuron.name} ({_caption(layer.activation)}): {', '.join([*gains, bias])}.")
    return " ".join(sentences)


def laid_out(network: Network) -> Drawing:
    """The drawing with the smallest growth at which every label finds a free place.

    In a network too large for that, labels without a free place stand where they are preferred.

    >>> net = Network.of({"inputs": ["x"], "layers": [{"activation": "relu", "neurons": [{"gains": [2], "bias": 1}]}]})
    >>> len(laid_out(net).labels)
    1
    """
    for growth in range(MAX_GROWTH + 1):
        for stretch in STRETCHES:
            drawing = _frame(network, 1 + 0.2 * growth, stretch)
            if (labels := _placed(drawing)) is not None:
                return replace(drawing, labels=labels)
    return replace(drawing, labels=_placed_anyhow(drawing))


def _frame(network: Network, growth: float, stretch: float) -> Drawing:
    """The drawing without its labels."""
    columns = [network.inputs, *(layer.names for layer in network.layers)]
    gap_x, gap_y = 160.0 * stretch * min(growth, 2.2), 80.0 * growth
    left = MARGIN + 26 + 8 * max(len(name) for name in network.inputs)
    middle = MARGIN + RADIUS + 6 + gap_y * (max(map(len, columns)) - 1) / 2
    places = {
        name: Point(left + column * gap_x, middle + (row - (len(names) - 1) / 2) * gap_y)
        for column, names in enumerate(columns)
        for row, name in enumerate(names)
    }
    edges = {
        w.number: _rim_to_rim(places[w.source], places[w.neuron], w.source in network.inputs)
        for w in network.numbered_weights
        if w.source is not None
    }
    right = left + gap_x * (len(columns) - 1) + RADIUS + 44 + 8 * max(len(name) for name in network.outputs) + MARGIN
    return Drawing(network, places, edges, (), right, 2 * middle + 22)


def _rim_to_rim(source: Point, target: Point, from_input: bool) -> Segment:
    dx, dy = target.x - source.x, target.y - source.y
    length = (dx * dx + dy * dy) ** 0.5
    start = 5.0 if from_input else RADIUS
    near, far = start / length, (RADIUS + 1) / length
    return Segment(Point(source.x + dx * near, source.y + dy * near), Point(target.x - dx * far, target.y - dy * far))


def _placed(drawing: Drawing) -> tuple[Label, ...] | None:
    """Labels edge by edge, those with the fewest free places first; None when one finds none."""
    options: dict[Weight, list[Box]] = {}
    for weight, rivals in _edges_between_layers(drawing):
        circles = [Box(drawing.places[n.name], 2 * RADIUS + 6, 2 * RADIUS + 6) for n in drawing.network.neurons]
        boxes = [_box(drawing, weight, t) for t in PLACES]
        options[weight] = [box for box in boxes if _is_free(box, circles, rivals)]
        if not options[weight]:
            return None
    labels: list[Label] = []
    for weight in sorted(options, key=lambda w: (len(options[w]), w.number)):
        taken = [label.box for label in labels]
        free = (box for box in options[weight] if not any(box.meets(other, LABEL_GAP) for other in taken))
        if (first := next(free, None)) is None:
            return None
        labels.append(Label(weight, first))
    return tuple(sorted(labels, key=lambda label: label.weight.number))


def _placed_anyhow(drawing: Drawing) -> tuple[Label, ...]:
    return tuple(Label(weight, _box(drawing, weight, PLACES[0])) for weight, _ in _edges_between_layers(drawing))


def _edges_between_layers(drawing: Drawing) -> Iterator[tuple[Weight, list[Segment]]]:
    """Every weight of an edge, with the other edges between the same two layers."""
    for layer in drawing.network.layers:
        weights = [w for w in drawing.network.numbered_weights if w.neuron in layer.names and w.source is not None]
        for weight in weights:
            yield weight, [drawing.edges[w.number] for w in weights if w != weight]


def _box(drawing: Drawing, weight: Weight, t: float) -> Box:
    return Box(drawing.edges[weight.number].at(t), _label_width(weight), LABEL_HEIGHT)


def _is_free(box: Box, circles: Iterable[Box], edges: Iterable[Segment]) -> bool:
    return not any(box.meets(circle) for circle in circles) and all(edge.inside(box) is None for edge in edges)


def _label_width(weight: Weight) -> float:
    return 0.66 * FONT * (len(weight.value.text) + 3.6) + 0.62 * SMALL * len(str(weight.number))


def _edges(drawing: Drawing) -> Iterator[str]:
    boxes = {label.weight.number: label.box for label in drawing.labels}
    for number, edge in drawing.edges.items():
        gap = edge.inside(boxes[number]) or (0.5, 0.5)
        yield _line(edge.start, edge.at(gap[0]))
        yield _line(edge.at(gap[1]), edge.end)
        yield _arrowhead(edge)
    for name in drawing.network.outputs:
        place = drawing.places[name]
        edge = Segment(Point(place.x + RADIUS, place.y), Point(place.x + RADIUS + 26, place.y))
        yield _line(edge.start, edge.end) + _arrowhead(edge)


def _line(start: Point, end: Point) -> str:
    ends = f'x1="{start.x:.1f}" y1="{start.y:.1f}" x2="{end.x:.1f}" y2="{end.y:.1f}"'
    return f'<line {ends} stroke="{EDGE}" stroke-width="1.4"/>'


def _arrowhead(edge: Segment) -> str:
    dx, dy = edge.end.x - edge.start.x, edge.end.y - edge.start.y
    length = (dx * dx + dy * dy) ** 0.5
    dx, dy = dx / length, dy / length
    tip = edge.end
    corners = [(tip.x - 7 * dx - 3 * s * dy, tip.y - 7 * dy + 3 * s * dx) for s in (1, -1)]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in [(tip.x, tip.y), *corners])
    return f'<polygon points="{points}" fill="{EDGE}"/>'


def _labels(drawing: Drawing) -> Iterator[str]:
    for label in drawing.labels:
        yield _weight_text(label.weight, label.box.centre)


def _weight_text(weight: Weight, centre: Point) -> str:
    value = weight.value.text.replace("-", "\N{MINUS SIGN}")
    return (
        f'<text x="{centre.x:.1f}" y="{centre.y + 4.6:.1f}" font-size="{FONT:g}" text-anchor="middle" fill="{INK}">'
        f'<tspan fill="{MUTED}">w</tspan><tspan fill="{MUTED}" font-size="{SMALL:g}" dy="3">{weight.number}</tspan>'
        f'<tspan fill="{MUTED}" dy="-3"> = </tspan>{escape(value)}</text>'
    )


def _circles(drawing: Drawing) -> Iterator[str]:
    for name in drawing.network.inputs:
        place = drawing.places[name]
        yield f'<circle cx="{place.x:.1f}" cy="{place.y:.1f}" r="4" fill="{INK}"/>'
    for weight in drawing.network.numbered_weights:
        if weight.source is None:
            place = drawing.places[weight.neuron]
            where = f'cx="{place.x:.1f}" cy="{place.y:.1f}" r="{RADIUS:g}"'
            yield f'<circle {where} fill="#ffffff" stroke="{INK}" stroke-width="1.6"/>'
            value = weight.value.text.replace("-", "\N{MINUS SIGN}")
            size = min(FONT + 1, 1.5 * RADIUS / (0.6 * len(value)))
            yield _text(value, Point(place.x, place.y + 10), size, INK)
            yield _text(f"w{weight.number}", Point(place.x, place.y - 6), SMALL, MUTED)


def _names(drawing: Drawing) -> Iterator[str]:
    for name in drawing.network.inputs:
        place = drawing.places[name]
        yield _name_text(name, Point(place.x - 10, place.y + 5), "end")
    for name in drawing.network.outputs:
        place = drawing.places[name]
        yield _name_text(name, Point(place.x + RADIUS + 31, place.y + 5), "start")


def _captions(drawing: Drawing) -> Iterator[str]:
    y = drawing.height - 12
    columns = [drawing.network.inputs[0], *(layer.names[0] for layer in drawing.network.layers)]
    captions = ["inputs", *(_caption(layer.activation) for layer in drawing.network.layers)]
    for name, caption in zip(columns, captions, strict=True):
        yield _text(caption, Point(drawing.places[name].x, y), 11.5, MUTED)


def _caption(activation: str) -> str:
    return {"relu": "ReLU", "identity": "linear", "softmax": "soft-max"}[activation]


def _text(text: str, place: Point, size: float, fill: str) -> str:
    where = f'x="{place.x:.1f}" y="{place.y:.1f}" font-size="{size:.1f}"'
    return f'<text {where} text-anchor="middle" fill="{fill}">{escape(text)}</text>'


def _name_text(name: str, place: Point, anchor: str) -> str:
    letters = name.rstrip("0123456789")
    index = name[len(letters) :]
    small = f'<tspan font-size="{SMALL + 1:g}" dy="3">{index}</tspan>' if index else ""
    where = f'x="{place.x:.1f}" y="{place.y:.1f}" font-size="15" text-anchor="{anchor}"'
    return f'<text {where} font-style="italic" fill="{INK}">{escape(letters)}{small}</text>'
