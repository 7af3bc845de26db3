"""The picture of a small network: inputs on the left, gains on the edges, biases in the hollow circles.

The picture brings its own light panel, so that it reads the same in print and on a dark page.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import chain

from gradus.documents.blocks import Figure
from gradus.exact.networks.network import Network, Neuron
from gradus.exact.numbers.number import Number
from gradus.problems.figure_geometry import FAMILY, Point, Segment, text_width
from gradus.problems.network_labels import (
    CAPTION_FONT,
    FONT,
    LONGEST_BIAS,
    NAME_FONT,
    SMALL,
    caption,
    label_text,
    short_name,
    value_text,
)
from gradus.problems.network_layout import ARROW, NUMBERING, RADIUS, Drawing, Label, laid_out, name_box
from gradus.problems.network_tables import CELL_FONT, ROW_HEIGHT, GainTable

INK, EDGE, MUTED, RULE, PANEL = "#1c2733", "#5c7389", "#5f6b77", "#c9d1d9", "#fbfaf7"

PAGE_WIDTH, PAGE_WIDTH_MM = 760.0, 160.0
MOST_HEIGHT_MM = 195.0
"""So that it stands on a page with the title, and leaves no page empty."""
"""The width of a page's text, in pixels of the picture at its best size, and in millimetres."""

MAX_DESCRIBED = 150
"""Most weights that the description of a picture lists one by one."""


def network_picture(network: Network) -> Figure:
    """The picture with its description, as large as it is best read, for a page.

    >>> net = Network.of({"inputs": ["x"], "layers": [{"activation": "relu", "neurons": [{"gains": [2], "bias": 1}]}]})
    >>> network_picture(net).width < 0.5
    True
    """
    drawing = laid_out(network)
    width = min(1.0, drawing.width / PAGE_WIDTH)
    height_mm = min(max(62.0, PAGE_WIDTH_MM * width * drawing.height / drawing.width), MOST_HEIGHT_MM)
    return Figure(_svg(drawing), network_alt(network), width=round(width, 2), height_mm=round(height_mm))


def network_figure(network: Network) -> str:
    """The network as an SVG document.

    Of a network with more than :data:`gradus.problems.network_layout.MAX_NODES` inputs and neurons only the ends of
    the long layers are drawn.

    >>> net = Network.of({"inputs": ["x"], "layers": [{"activation": "relu", "neurons": [{"gains": [2], "bias": 1}]}]})
    >>> network_figure(net).count("<circle")
    2
    """
    return _svg(laid_out(network))


def _svg(drawing: Drawing) -> str:
    parts = (_edges(drawing), _labels(drawing), _circles(drawing), _names(drawing), _captions(drawing))
    tables = (_table(table, corner) for table, corner in drawing.tables)
    body = "".join(chain(*parts, _numbering(drawing), *tables))
    size = f'width="{drawing.width:.0f}" height="{drawing.height:.0f}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {drawing.width:.0f} {drawing.height:.0f}" '
        f'role="img" font-family="{FAMILY}"><title>{escape(network_alt(drawing.network))}</title>'
        f'<rect {size} rx="10" fill="{PANEL}"/>{body}</svg>'
    )


def network_alt(network: Network) -> str:
    """What the picture shows, in words: all weights, or the layers where the weights are many.

    >>> net = Network.of({"inputs": ["x"], "layers": [{"activation": "relu", "neurons": [{"gains": [2], "bias": 1}]}]})
    >>> network_alt(net)
    'A network with the input x. Neuron y (ReLU): gain 2 from x (w1), bias 1 (w2).'
    """
    weights = len(network.weights)
    inputs = ("input " if len(network.inputs) == 1 else "inputs ") + _listed(network.inputs)
    sentences = [f"A network with the {inputs}."]
    numbers = iter(range(1, weights + 1))
    for number, layer in enumerate(network.layers, start=1):
        if weights <= MAX_DESCRIBED:
            sentences += [_neuron_alt(neuron, caption(network, number), numbers) for neuron in layer.neurons]
        else:
            sentences.append(_layer_alt(network, number))
    return " ".join(sentences)


def _neuron_alt(neuron: Neuron, activation: str, numbers: Iterator[int]) -> str:
    gains = [f"gain {g.text} from {source} (w{next(numbers)})" for source, g in neuron.gains]
    bias = f"bias {neuron.bias.text} (w{next(numbers)})"
    return f"Neuron {neuron.name} ({activation}): {', '.join([*gains, bias])}."


def _layer_alt(network: Network, number: int) -> str:
    names = network.layers[number - 1].names
    edges = sum(len(neuron.gains) for neuron in network.layers[number - 1].neurons)
    possible = len(names) * len(network.sources(number - 1))
    joined = "fully connected" if edges == possible else f"with {edges} of {possible} possible edges"
    neurons = "neuron" if len(names) == 1 else "neurons"
    return f"Layer {number} ({caption(network, number)}): {len(names)} {neurons}, {_listed(names)}, {joined}."


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) <= 12 else f"{names[0]}, {names[1]}, ..., {names[-1]}"


def _edges(drawing: Drawing) -> Iterator[str]:
    boxes = {label.weight.number: label.box for label in drawing.labels}
    bare = drawing.style == "tables"
    for number, edge in drawing.edges.items():
        gap = edge.inside(boxes[number]) if number in boxes else None
        if gap is None:
            yield _line(edge.start, edge.end, 0.8 if bare else 1.4)
        else:
            yield _line(edge.start, edge.at(gap[0])) + _line(edge.at(gap[1]), edge.end)
        yield "" if bare else _arrowhead(edge)
    for name in drawing.network.outputs:
        if name in drawing.places:
            place = drawing.places[name]
            edge = Segment(Point(place.x + RADIUS, place.y), Point(place.x + RADIUS + ARROW, place.y))
            yield _line(edge.start, edge.end) + _arrowhead(edge)


def _line(start: Point, end: Point, width: float = 1.4, colour: str = EDGE) -> str:
    ends = f'x1="{start.x:.1f}" y1="{start.y:.1f}" x2="{end.x:.1f}" y2="{end.y:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width:g}"/>'


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
        yield _label(label, *label_text(label.weight, drawing.style))


def _label(label: Label, name: str, value: str) -> str:
    centre = label.box.centre
    where = f'x="{centre.x:.1f}" y="{centre.y + 4.6:.1f}" font-size="{FONT:g}" text-anchor="middle" fill="{INK}"'
    if not name:
        return f"<text {where}>{escape(value)}</text>"
    sign, _, number = value.partition(" ")
    return (
        f'<text {where}><tspan fill="{MUTED}">{name}</tspan>'
        f'<tspan fill="{MUTED}" font-size="{SMALL:g}" dy="3">{label.weight.number}</tspan>'
        f'<tspan fill="{MUTED}" dy="-3"> {sign} </tspan>{escape(number)}</text>'
    )


def _circles(drawing: Drawing) -> Iterator[str]:
    """Dots for the inputs; circles with the bias below, and above it the bias's number or the neuron's name."""
    for name in drawing.network.inputs:
        if name in drawing.places:
            place = drawing.places[name]
            yield f'<circle cx="{place.x:.1f}" cy="{place.y:.1f}" r="4" fill="{INK}"/>'
    number = 0
    for neuron in drawing.network.neurons:
        number += len(neuron.gains) + 1
        if neuron.name in drawing.places:
            place = drawing.places[neuron.name]
            where = f'cx="{place.x:.1f}" cy="{place.y:.1f}" r="{RADIUS:g}"'
            yield f'<circle {where} fill="#ffffff" stroke="{INK}" stroke-width="1.6"/>'
            yield _bias(neuron.bias, place)
            above = short_name(neuron.name) if drawing.style == "tables" else f"w{number}"
            yield _text(above, Point(place.x, place.y - 6), _fitted(above, SMALL, 32), MUTED)


def _bias(bias: Number, place: Point) -> str:
    sign, value = value_text(bias, LONGEST_BIAS)
    text = value if sign == "=" else f"≈{value}"
    return _text(text, Point(place.x, place.y + 9), _fitted(text, FONT + 1, 33), INK)


def _fitted(text: str, size: float, width: float) -> float:
    """The font size, or the smaller one at which the text is just so wide."""
    return min(size, size * width / text_width(text, size))


def _names(drawing: Drawing) -> Iterator[str]:
    """Of inputs to their left, of outputs to their right, and of other neurons below their circles."""
    for name, place in drawing.places.items():
        if name in drawing.network.inputs:
            yield _name_text(name, Point(place.x - 10, place.y + 5), "end")
        elif name in drawing.network.outputs:
            yield _name_text(name, Point(place.x + RADIUS + ARROW + 5, place.y + 5), "start")
        elif drawing.style != "tables":
            box = name_box(name, place)
            yield _text(short_name(name), Point(box.centre.x, box.centre.y + 3.4), SMALL, MUTED)


def _captions(drawing: Drawing) -> Iterator[str]:
    """The activation of each layer, and the number of those that are not drawn."""
    for layer, (x, column) in enumerate(zip(drawing.column_x, drawing.columns, strict=True)):
        yield _text(caption(drawing.network, layer), Point(x, drawing.captions_y), CAPTION_FONT, MUTED)
        if None in column:
            below = next(drawing.places[name] for name in column[column.index(None) + 1 :] if name)
            above = next(drawing.places[name] for name in reversed(column[: column.index(None)]) if name)
            left_out = len(drawing.network.sources(layer)) - len(column) + 1
            y, more = (above.y + below.y) / 2, f"{left_out} more"
            width = text_width(more, CAPTION_FONT) + 6
            yield f'<rect x="{x - width / 2:.1f}" y="{y - 9:.1f}" width="{width:.1f}" height="18" fill="{PANEL}"/>'
            yield _text(more, Point(x, y + 4), CAPTION_FONT, MUTED)


def _numbering(drawing: Drawing) -> Iterator[str]:
    if drawing.style == "gains":
        yield _text(NUMBERING, Point(drawing.width / 2, drawing.captions_y + 20), SMALL, MUTED)


def _table(table: GainTable, corner: Point) -> Iterator[str]:
    yield _text(table.title, Point(corner.x, corner.y + 12), CELL_FONT, INK, "start")
    widths = table.widths
    for i, row in enumerate(table.rows):
        y, x = corner.y + 12 + ROW_HEIGHT * (i + 1), corner.x
        if i == 1:
            yield _line(Point(x, y - 13), Point(x + sum(widths), y - 13), 0.8, RULE)
        for j, (cell, width) in enumerate(zip(row, widths, strict=True)):
            if cell:
                end, colour = (x if j == 0 else x + width - 6), MUTED if i == 0 or j == 0 else INK
                yield _text(cell, Point(end, y), CELL_FONT, colour, "end" if j else "start")
            x += width


def _text(text: str, place: Point, size: float, fill: str, anchor: str = "middle") -> str:
    where = f'x="{place.x:.1f}" y="{place.y:.1f}" font-size="{size:.1f}"'
    return f'<text {where} text-anchor="{anchor}" fill="{fill}">{escape(text)}</text>'


def _name_text(name: str, place: Point, anchor: str) -> str:
    shown = short_name(name)
    head, _, tail = shown.partition("_")
    letters = head.rstrip("0123456789") if tail.isdigit() or not tail else shown
    index = shown[len(letters) :].lstrip("_").replace("_", ",")
    small = f'<tspan font-size="{SMALL + 1:g}" dy="3">{index}</tspan>' if index else ""
    where = f'x="{place.x:.1f}" y="{place.y:.1f}" font-size="{NAME_FONT:g}" text-anchor="{anchor}"'
    return f'<text {where} font-style="italic" fill="{INK}">{escape(letters)}{small}</text>'
