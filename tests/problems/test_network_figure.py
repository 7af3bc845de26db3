"""The picture of a network: complete, without overlaps measured in its own font, and a pure function."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations
from random import Random
from xml.etree import ElementTree

import numpy as np
import pytest

from gradus.exact.networks.network import ACTIVATIONS, Network
from gradus.exact.numbers.number import Number
from gradus.problems.figure_geometry import Box, Point, Segment, text_width
from gradus.problems.network_figure import network_alt, network_figure, network_picture
from gradus.problems.network_labels import ACTIVATION_NAMES, exact_text, value_text
from gradus.problems.network_layout import MAX_HEIGHT, MAX_WIDTH, RADIUS, laid_out

SVG = "{http://www.w3.org/2000/svg}"
SIZES = [(2, 2, 1), (1, 1), (3, 3, 1), (2, 2, 2, 1), (4, 4, 4), (3, 4, 5, 3), (6, 5, 1), (1, 12), (12, 1), (2, 6, 4, 2)]
SHORT = ["0", "-3", "7/12", "1", "-2", "3/4", "-11/12", "10"]
LONG = [*SHORT, "sqrt(2)/2", "-123456/98765", "3*sqrt(5)/7", "0.001234567", "123456789", "1 + sqrt(2) + sqrt(3)"]
SANS = {
    275: "'", 278: "ijl", 295: "IJ", 318: " ,.·", 337: r"/:;\|", 352: "f", 361: "-", 390: "()[]", 392: "t", 401: "!",
    411: "r", 460: '"', 500: "*_`–", 521: "s", 525: "z", 531: "?", 550: "c", 557: "L", 575: "F", 579: "k", 592: "vxy",
    603: "P", 611: "TY", 612: "o", 613: "a", 615: "e", 632: "E", 634: "hnu", 635: "Sbdgpq", 636: "$0123456789{}",
    637: "√", 656: "K", 684: "AV", 685: "XZ", 686: "B", 695: "R", 698: "C", 732: "U", 748: "N", 752: "H", 770: "D",
    775: "G", 780: "&", 787: "OQ", 818: "w", 838: "#+<=>^~−≈", 863: "M", 950: "%", 974: "m", 989: "W", 1000: "@…",
}  # fmt: skip
"""Advances of DejaVu Sans in thousandths of the size, from the font file; in DejaVu Sans Mono all are 602."""

ADVANCES = {character: advance / 1000 for advance, characters in SANS.items() for character in characters}
BLACK = 0.5
"""Widths of lines and rims, about which shapes may come closer."""


def network(sizes: tuple[int, ...], seed: int, missing: float = 0.0, values: list[str] = SHORT) -> Network:
    rng = Random(seed)
    sources = [f"x{i + 1}" for i in range(sizes[0])]
    inputs, layers = sources, []
    for k, size in enumerate(sizes[1:], start=1):
        names = [f"n{k}_{j + 1}" for j in range(size)]
        neurons = [
            {
                "name": name,
                "gains": {s: rng.choice(values) for s in sources if rng.random() >= missing},
                "bias": rng.choice(values),
            }
            for name in names
        ]
        smooth = ("softmax",) if k == len(sizes) - 1 else ()
        layers.append({"activation": rng.choice([*ACTIVATIONS[:-1], *smooth]), "neurons": neurons})
        sources = names
    return Network.of({"inputs": inputs, "layers": layers})


def advance(text: str, size: float) -> float:
    """In DejaVu Sans or, as in the PDF, in DejaVu Sans Mono, whichever is wider."""
    return size * max(sum(ADVANCES[character] for character in text), 0.602 * len(text))


@dataclass(frozen=True)
class Picture:
    """What an SVG draws: the boxes of its texts, its lines, and its circles as (centre, radius)."""

    texts: list[tuple[str, Box]]
    lines: list[Segment]
    circles: list[tuple[Point, float]]
    size: tuple[float, float]


def parsed(svg: str) -> Picture:
    root = ElementTree.fromstring(svg)
    at = {kind: list(root.iter(SVG + kind)) for kind in ("text", "line", "circle")}
    lines = [Segment(*(Point(float(e.attrib[f"x{i}"]), float(e.attrib[f"y{i}"])) for i in (1, 2))) for e in at["line"]]
    circles = [(Point(float(e.attrib["cx"]), float(e.attrib["cy"])), float(e.attrib["r"])) for e in at["circle"]]
    return Picture(
        [box_of(e) for e in at["text"]], lines, circles, (float(root.attrib["width"]), float(root.attrib["height"]))
    )


def box_of(text: ElementTree.Element) -> tuple[str, Box]:
    """The text and the box of its capitals: from the base line to 0.76 of the size above it."""
    size = float(text.attrib["font-size"])
    width = advance(text.text or "", size)
    for span in text:
        width += advance(span.text or "", float(span.attrib.get("font-size", size))) + advance(span.tail or "", size)
    x, y = float(text.attrib["x"]), float(text.attrib["y"])
    centre = {"start": x + width / 2, "middle": x, "end": x - width / 2}[text.attrib["text-anchor"]]
    return "".join(text.itertext()), Box(Point(centre, y - 0.38 * size), width, 0.76 * size)


def overlaps(svg: str) -> list[object]:
    """Everything that touches something it must not touch."""
    picture, found = parsed(svg), []
    rows: dict[int, list[tuple[str, Box]]] = {}
    for text, box in picture.texts:
        rows.setdefault(int(box.centre.y // 40), []).append((text, box))
        if not inside(box, picture.size):
            found.append(("outside", text))
    for row, texts in rows.items():
        near = [*texts, *rows.get(row + 1, [])]
        found += [(a, b) for (a, x), (b, y) in combinations(near, 2) if x.meets(y)]
    for line in picture.lines:
        low, high = sorted((line.start.y, line.end.y))
        for row in range(int((low - 20) // 40), int((high + 20) // 40) + 1):
            found += [(text, line) for text, box in rows.get(row, []) if line.inside(box)]
    for centre, radius in picture.circles:
        for row in range(int((centre.y - 40) // 40), int((centre.y + 40) // 40) + 1):
            found += [(text, centre) for text, box in rows.get(row, []) if crosses_rim(box, centre, radius)]
    found += [(picture.lines[i], picture.circles[j]) for i, j in entered(picture.lines, picture.circles)]
    for (a, r), (b, s) in combinations(picture.circles, 2):
        if ((a.x - b.x) ** 2 + (a.y - b.y) ** 2) ** 0.5 < r + s:
            found.append((a, b))
    return found


def inside(box: Box, size: tuple[float, float]) -> bool:
    x, y = box.centre.x, box.centre.y
    return box.width / 2 < x < size[0] - box.width / 2 and box.height / 2 < y < size[1] - box.height / 2


def crosses_rim(box: Box, centre: Point, radius: float) -> bool:
    """Whether a box holds a point of the circle's rim."""
    dx, dy = abs(box.centre.x - centre.x), abs(box.centre.y - centre.y)
    nearest = (max(dx - box.width / 2, 0) ** 2 + max(dy - box.height / 2, 0) ** 2) ** 0.5
    farthest = ((dx + box.width / 2) ** 2 + (dy + box.height / 2) ** 2) ** 0.5
    return nearest < radius - BLACK and farthest > radius + BLACK


def entered(lines: list[Segment], circles: list[tuple[Point, float]]) -> list[tuple[int, int]]:
    """Which lines come closer to which centres than the circles' radii."""
    starts, ends = (
        np.array([[p.x, p.y] for p in points]) for points in zip(*((e.start, e.end) for e in lines), strict=True)
    )
    centres, radii = np.array([[c.x, c.y] for c, _ in circles]), np.array([radius for _, radius in circles])
    along, to = (ends - starts)[:, None], centres[None] - starts[:, None]
    t = np.clip((to * along).sum(axis=2) / (along**2).sum(axis=2), 0, 1)
    distances = np.linalg.norm(to - t[..., None] * along, axis=2)
    return [(int(i), int(j)) for i, j in np.argwhere(distances < radii - BLACK)]


@pytest.mark.parametrize("sizes", SIZES)
def test_nothing_overlaps(sizes: tuple[int, ...]) -> None:
    for seed, values in enumerate([SHORT, LONG]):
        assert overlaps(network_figure(network(sizes, seed, values=values))) == []


def test_nothing_overlaps_in_random_networks_up_to_60_neurons() -> None:
    styles = set()
    for seed in range(300):
        rng = Random(seed)
        left = rng.choice([6, 12, 25, 60])
        sizes = [rng.randint(1, min(left, 20))]
        while left and len(sizes) < 9:
            sizes.append(rng.randint(1, min(left, 20)))
            left -= sizes[-1]
        net = network(tuple(sizes), seed, rng.choice([0.0, 0.3, 0.7]), rng.choice([SHORT, LONG]))
        assert overlaps(network_figure(net)) == [], (seed, sizes)
        styles.add(laid_out(net).style)
    assert styles == {"equations", "gains", "tables"}


def test_overlaps_would_be_found() -> None:
    svg = network_figure(network((2, 2, 1), 0))
    assert overlaps(svg) == []
    label = next(text for text in re.findall("<text.*?</text>", svg) if "= " in text)
    x, y = (float(re.search(rf'{name}="([0-9.]+)"', label).group(1)) for name in "xy")
    moved = label.replace(f'x="{x:.1f}"', f'x="{x + 20:.1f}"')
    assert overlaps(svg.replace("</svg>", f"{moved}</svg>"))
    assert overlaps(svg.replace("</svg>", label.replace(f'y="{y:.1f}"', f'y="{y + 25:.1f}"') + "</svg>"))
    assert overlaps(svg.replace("</svg>", label.replace(f'x="{x:.1f}"', 'x="5.0"') + "</svg>"))


def test_a_picture_with_labels_fits_a_page() -> None:
    for sizes in [(3, 5, 4, 2), (4, 4, 4), (6, 5, 1)]:
        drawing = laid_out(network(sizes, 0, values=["1", "-2", "3"]))
        assert drawing.style != "tables"
        assert drawing.width <= MAX_WIDTH and drawing.height <= MAX_HEIGHT + 40
    assert 0.3 < network_picture(network((2, 2, 1), 0)).width < 0.8
    assert network_picture(network((8, 8, 8), 0)).height_mm > 100


def test_the_estimate_of_widths_is_no_less_than_the_font() -> None:
    for text in (*LONG, *map(exact_text, map(Number.of, LONG)), "w12 = −2", "≈1.2e−5", "leaky ReLU, 1/100", "tempe…e7"):
        assert advance(text, 13) <= text_width(text, 13) <= 1.5 * advance(text, 13) + 4, text


@pytest.mark.parametrize("sizes", SIZES[:5])
def test_every_weight_is_written_once(sizes: tuple[int, ...]) -> None:
    net = network(sizes, 4, missing=0.2)
    texts = ["".join(t.itertext()) for t in ElementTree.fromstring(network_figure(net)).iter(f"{SVG}text")]
    numbered = laid_out(net).style == "equations"
    for weight in net.numbered_weights:
        value = weight.value.text.replace("-", "\N{MINUS SIGN}")
        if weight.source is None:
            assert texts.count(f"w{weight.number}") == 1
            assert value in texts
        else:
            assert texts.count(f"w{weight.number} = {value}") == 1 if numbered else value in texts
    assert {*net.inputs, *(caption for caption in map(str, texts) if "ReLU" in caption)} <= set(texts)


def test_labels_stand_on_their_own_edges() -> None:
    for sizes in SIZES:
        drawing = laid_out(network(sizes, 2, missing=0.3))
        for label in drawing.labels:
            edge = drawing.edges[label.weight.number]
            assert edge.inside(label.box) is not None
            source, target = (drawing.places[name] for name in (label.weight.source, label.weight.neuron))
            assert abs(edge.end.x - target.x) <= RADIUS + 1 and abs(edge.start.x - source.x) <= RADIUS + 1


def test_missing_edges_are_missing() -> None:
    net = network((3, 4, 2), 3, missing=0.5)
    assert 0 < len(laid_out(net).edges) == sum(len(neuron.gains) for neuron in net.neurons) < 20


def test_tables_hold_every_gain_and_say_which_edges_are_missing() -> None:
    net = network((8, 8, 8), 3, missing=0.1)
    drawing = laid_out(net)
    assert drawing.style == "tables" and not drawing.labels
    rows = {row[0]: row for table, _ in drawing.tables for row in table.rows}
    first = 1
    for number, layer in enumerate(net.layers, start=1):
        for neuron in layer.neurons:
            gains = dict(neuron.gains)
            cells = [exact_text(gains[s]) if s in gains else "·" for s in net.sources(number - 1)]
            last = first + len(gains)
            assert rows[neuron.name] == (neuron.name, *cells, exact_text(neuron.bias), f"w{first}–w{last}")
            first = last + 1


def test_rounded_numbers_are_given_exactly_below() -> None:
    net = network((2, 2, 1), 1, values=["-123456789/98765", "sqrt(2)+1234567/89"])
    texts = "\n".join(text for text, _ in parsed(network_figure(net)).texts)
    assert "≈" in texts
    for weight in net.numbered_weights:
        assert re.search(rf"^w{weight.number}$", texts, re.MULTILINE) and exact_text(weight.value) in texts


@pytest.mark.parametrize(
    ("value", "longest", "shown"),
    [
        ("-2", 6, ("=", "−2")),
        ("123456789", 6, ("≈", "1.2e8")),
        ("-123456789", 6, ("≈", "−1e8")),
        ("9999999", 6, ("≈", "1e7")),
        ("1/3000000000", 6, ("≈", "3e−10")),
        ("sqrt(2)+20*sqrt(3)", 6, ("≈", "36.06")),
        ("sqrt(2)+2*sqrt(3)", 11, ("=", "√2+2√3")),
        ("root(x^3 - 2, 1)", 11, ("≈", "1.26")),
    ],
)
def test_numbers_are_rounded_to_fit(value: str, longest: int, shown: tuple[str, str]) -> None:
    assert value_text(Number.of(value), longest) == shown


def test_every_activation_is_named() -> None:
    assert set(ACTIVATION_NAMES) == set(ACTIVATIONS)


def test_the_alt_text_tells_all_weights() -> None:
    net = network((3, 2, 1), 5, missing=0.3)
    alt = network_alt(net)
    for weight in net.numbered_weights:
        what = "bias" if weight.source is None else "gain"
        where = "" if weight.source is None else f" from {weight.source}"
        assert f"{what} {weight.value.text}{where} (w{weight.number})" in alt


def test_the_alt_text_of_many_weights_stays_short() -> None:
    alt = network_alt(network((20, 20, 19), 5))
    assert len(alt) < 500 and "Layer 2 (" in alt and "19 neurons, n2_1, n2_2, ..., n2_19, fully connected." in alt


def test_the_picture_is_a_pure_function_and_holds_nothing_active() -> None:
    for sizes in ((3, 3, 1), (12, 12, 3)):
        first, second = (network_figure(network(sizes, 6)) for _ in range(2))
        assert first == second
        tags = {element.tag.removeprefix(SVG) for element in ElementTree.fromstring(first).iter()}
        assert tags <= {"svg", "title", "rect", "line", "polygon", "text", "tspan", "circle"}
        assert "currentColor" not in first


def test_of_a_large_network_the_ends_of_its_layers_are_drawn() -> None:
    drawing = laid_out(network((200, 30, 12), 7))
    assert [len(column) for column in drawing.columns] == [11, 11, 12] and not drawing.tables
    texts = [text for text, _ in parsed(network_figure(network((200, 30, 12), 7))).texts]
    assert "190 more" in texts and "20 more" in texts
