"""The picture of a descent: what it draws, in which coordinates, and that it can be read."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.momentum.descent import Descent, Quadratic, open_velocity
from gradus.exact.numbers.number import Number
from gradus.problems.momentum_drawing import tick_text, ticks
from gradus.problems.momentum_figure import CHART, descent_figure, momentum_figure
from gradus.problems.momentum_landscape import LEFT, SIZE, TOP, view_of

SVG = "{http://www.w3.org/2000/svg}"


def descent(hessian: str, mu: str = "9/10", start: str | None = None, velocity: str | None = None) -> Descent:
    quadratic = Quadratic.around_zero(Matrix.of(hessian))
    zero = Vector.of([0] * quadratic.dimension)
    begun = zero if start is None else Vector.of(start)
    pushed = open_velocity(quadratic) if velocity is None and start is None else Vector.of(velocity or zero)
    return Descent(quadratic, Number.of(mu), Number.of("1/10"), begun, pushed)


SHAPES = {
    "saddle": "2 1; 1 -1",
    "bowl": "2 1; 1 2",
    "dome": "-2 0; 0 -1",
    "valley": "1 1; 1 1",
    "ridge": "-1 0; 0 0",
    "plain": "0 0; 0 0",
}


@pytest.mark.parametrize("compare", [False, True])
@pytest.mark.parametrize("hessian", [*SHAPES.values(), "3", "-1", "0", "4 1 0; 1 3 1; 0 1 -1"])
@pytest.mark.parametrize("mu", ["0", "9/10"])
def test_every_shape_is_drawn_with_finite_numbers(hessian: str, mu: str, compare: bool) -> None:
    for run in (descent(hessian, mu), descent(hessian, mu, start=" ".join(["2"] * len(hessian.split(";"))))):
        figure = descent_figure(run, compare=compare)
        root = ElementTree.fromstring(figure.svg)
        assert "nan" not in figure.svg and "inf" not in figure.svg
        assert root.find(f"{SVG}title") is not None and root.get("role") == "img"
        assert figure.alt.startswith("Left: ") and figure.caption


@pytest.mark.parametrize(("shape", "hessian"), SHAPES.items())
def test_the_alternative_text_names_the_shape_and_the_fate(shape: str, hessian: str) -> None:
    assert f"level lines of a {shape}" in descent_figure(descent(hessian)).alt


def test_a_level_line_is_one() -> None:
    """Along the eigenvectors, and turned: the heights at the corners of every drawn line of a bowl agree."""
    run = descent("2 1; 1 2", start="1 3")
    view = view_of(run.quadratic, [(1.0, 3.0)])
    assert view.value(1, 3) == pytest.approx(float(run.quadratic.value(Vector.of("1 3"))))
    reach = 1.12 * max(abs(float(x)) for state in run.path(40) for x in state.weights)
    svg = descent_figure(run).svg
    lines = re.findall(r'<polyline points="([^"]+)" fill="none" stroke="#b9c4cf"', svg)
    heights = []
    for line in lines:
        points = [tuple(map(float, point.split(","))) for point in line.split()]
        if len(points) < 60:
            continue
        values = [
            view.value((x - LEFT) / SIZE * 2 * reach - reach, reach - (y - TOP) / SIZE * 2 * reach) for x, y in points
        ]
        heights.append(values[0])
        assert max(values) - min(values) < 0.02 * max(values)
    assert len(heights) == 5 and heights == sorted(heights)


def test_methods_have_marks_of_their_own() -> None:
    svg = descent_figure(descent("2 1; 1 2", start="1 3"), compare=True).svg
    assert svg.count('fill="#b4451f"/>') > 40
    assert re.search(r'<rect [^>]*fill="#1f6fb4"', svg) and re.search(r'<path [^>]*fill="#3f7d33"', svg)
    assert {"momentum", "Nesterov", "Adam"} <= set(re.findall(r">([A-Za-z]+)</text>", svg))


def test_texts_stay_inside_and_apart() -> None:
    """Even in the font of equal widths that the PDF has."""
    for figure in (momentum_figure(Number.of("9/10")), descent_figure(descent("4 1 0; 1 3 1; 0 1 -1"), compare=True)):
        root = ElementTree.fromstring(figure.svg)
        width, height = float(root.get("width", "0")), float(root.get("height", "0"))
        boxes = []
        for text in root.iter(f"{SVG}text"):
            if text.get("transform"):
                continue
            wide, x, y = 7.3 * len(text.text or ""), float(text.get("x", "0")), float(text.get("y", "0"))
            left = x - {"middle": wide / 2, "end": wide, "start": 0}[text.get("anchor") or text.get("text-anchor", "")]
            assert left >= 0 and left + wide <= width + 3 and 10 <= y <= height
            boxes.append((left, left + wide, y, text.text))
        for i, (a, b, y, word) in enumerate(boxes):
            for c, d, z, other in boxes[:i]:
                assert b <= c or d <= a or abs(y - z) >= 12, (word, other)


def test_steps_of_length_zero_are_said_and_not_drawn() -> None:
    figure = descent_figure(descent("0 0; 0 0", start="1 1"))
    assert "every step has the length 0" in figure.svg


def test_the_picture_of_the_example_leaves_the_saddle_and_bends() -> None:
    figure = momentum_figure(Number.of("9/10"))
    assert "saddle" in figure.alt and "leaves" in figure.alt and "decay of mu^k" in figure.alt
    assert figure.svg.count("<circle") >= 2 * 10
    assert f'x="{CHART:g}"' in figure.svg


def test_ticks_are_round_and_few() -> None:
    for low, high in ((-3.1, 3.1), (0.0, 1e-6), (-4e7, 9e7), (999.0, 1001.0), (-0.05, 0.4)):
        found = ticks(low, high)
        assert 1 <= len(found) <= 7 and all(low - 1e-9 <= x <= high * (1 + 1e-9) for x in found)
    assert tick_text(0.30000000000000004, 0.1) == "0.3" and tick_text(-1000.0, 500.0) == "−1000"
