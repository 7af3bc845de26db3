"""The picture of a network: complete, without overlaps, and a pure function."""

from __future__ import annotations

from itertools import combinations
from random import Random
from xml.etree import ElementTree

import pytest

from gradus.exact.networks import Network
from gradus.problems.network_figure import RADIUS, Box, Drawing, laid_out, network_alt, network_figure

SVG = "{http://www.w3.org/2000/svg}"
SIZES = [(2, 2, 1), (1, 1), (3, 3, 1), (2, 2, 2, 1), (4, 4, 4), (3, 4, 5, 3), (6, 5, 1), (1, 12), (12, 1), (2, 6, 4, 2)]


def network(sizes: tuple[int, ...], seed: int, missing: float = 0.0) -> Network:
    rng = Random(seed)
    sources = [f"x{i + 1}" for i in range(sizes[0])]
    inputs, layers = sources, []
    for k, size in enumerate(sizes[1:], start=1):
        names = [f"n{k}_{j + 1}" for j in range(size)]
        neurons = [
            {
                "name": name,
                "gains": {
                    s: rng.choice(["1", "-2", "3/4", "-11/12", "10"]) for s in sources if rng.random() >= missing
                },
                "bias": rng.choice(["0", "-3", "7/12"]),
            }
            for name in names
        ]
        layers.append({"activation": rng.choice(["relu", "identity"]), "neurons": neurons})
        sources = names
    return Network.of({"inputs": inputs, "layers": layers})


@pytest.mark.parametrize("sizes", SIZES)
def test_labels_overlap_nothing(sizes: tuple[int, ...]) -> None:
    for seed in range(3):
        assert_free(laid_out(network(sizes, seed)))


def assert_free(drawing: Drawing) -> None:
    assert {label.weight.number for label in drawing.labels} == set(drawing.edges)
    boxes = {label.weight.number: label.box for label in drawing.labels}
    for first, second in combinations(boxes.values(), 2):
        assert not first.meets(second)
    circles = [Box(drawing.places[n.name], 2 * RADIUS, 2 * RADIUS) for n in drawing.network.neurons]
    for number, box in boxes.items():
        assert not any(box.meets(circle) for circle in circles)
        assert all(edge.inside(box) is None for other, edge in drawing.edges.items() if other != number)
        assert drawing.edges[number].inside(box) is not None
        assert 0 < box.centre.x - box.width / 2 and box.centre.x + box.width / 2 < drawing.width
        assert 0 < box.centre.y - box.height / 2 and box.centre.y + box.height / 2 < drawing.height


def test_a_segment_that_crosses_a_box_is_found() -> None:
    drawing = laid_out(network((2, 2, 1), 0))
    edge = drawing.edges[1]
    assert edge.inside(Box(edge.at(0.5), 10, 10)) is not None
    middle = edge.at(0.5)
    assert edge.inside(Box(type(middle)(middle.x, middle.y + 20), 10, 10)) is None


@pytest.mark.parametrize("sizes", SIZES[:5])
def test_every_weight_is_written_once(sizes: tuple[int, ...]) -> None:
    net = network(sizes, 4, missing=0.2)
    texts = ["".join(t.itertext()) for t in ElementTree.fromstring(network_figure(net)).iter(f"{SVG}text")]
    for weight in net.numbered_weights:
        value = weight.value.text.replace("-", "\N{MINUS SIGN}")
        if weight.source is None:
            assert texts.count(f"w{weight.number}") == 1
            assert value in texts
        else:
            assert texts.count(f"w{weight.number} = {value}") == 1
    assert all(name in texts for name in net.inputs)


def test_the_alt_text_tells_all_weights() -> None:
    net = network((3, 2, 1), 5, missing=0.3)
    alt = network_alt(net)
    for weight in net.numbered_weights:
        what = "bias" if weight.source is None else "gain"
        where = "" if weight.source is None else f" from {weight.source}"
        assert f"{what} {weight.value.text}{where} (w{weight.number})" in alt


def test_the_picture_is_a_pure_function_and_holds_nothing_active() -> None:
    first, second = (network_figure(network((3, 3, 1), 6)) for _ in range(2))
    assert first == second
    tags = {element.tag.removeprefix(SVG) for element in ElementTree.fromstring(first).iter()}
    assert tags <= {"svg", "title", "rect", "line", "polygon", "text", "tspan", "circle"}
    assert "currentColor" not in first


def test_a_network_too_large_for_free_labels_is_drawn_all_the_same() -> None:
    drawing = laid_out(network((14, 14), 7))
    assert len(drawing.labels) == 196
