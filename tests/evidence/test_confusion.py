"""Confusion matrices against NumPy, and the pictures of runs: nothing overlaps, everything can be seen and read."""

from __future__ import annotations

import re
from random import Random
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradus.documents.drawing import drawn
from gradus.documents.plotting import INK, fitted, text_width
from gradus.errors import UnsupportedError
from gradus.evidence.confusion import Confusion, confident_mistakes, confusion
from gradus.evidence.confusion_figure import confusion_figure
from gradus.evidence.history_figure import COLOURS, MOST, History, history_figure
from gradus.evidence.mistakes_figure import ShownMistake, mistakes_figure
from gradus.runs import Epoch

SVG = "{http://www.w3.org/2000/svg}"


@given(
    st.integers(2, 6).flatmap(lambda n: st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), min_size=1))
)
def test_the_matrix_is_numpys(pairs: list[tuple[int, int]]) -> None:
    labels, said = zip(*pairs, strict=True)
    n = max(*labels, *said, 1) + 1
    found = confusion([str(k) for k in range(n)], labels, said)
    expected = np.histogram2d(labels, said, bins=n, range=[[-0.5, n - 0.5]] * 2)[0]
    assert np.array_equal(found.counts, expected)
    assert found.total.share == np.mean(np.equal(labels, said))
    for k in range(n):
        recall, precision, other = found.recall(k), found.precision(k), found.most_often_taken_for(k)
        assert (recall.share if recall else None) == (expected[k, k] / s if (s := expected[k].sum()) else None)
        assert (precision.share if precision else None) == (expected[k, k] / s if (s := expected[:, k].sum()) else None)
        others = np.where(np.arange(n) == k, 0, expected[k])
        assert other == (int(others.argmax()) if others.any() else None)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.floats(0, 1)), max_size=30), st.integers(1, 9))
def test_the_most_confident_mistakes_are_chosen(images: list[tuple[int, int, float]], most: int) -> None:
    labels, said, p = ([image[k] for image in images] for k in range(3))
    found = confident_mistakes(labels, said, p, most)
    wrong = [k for k in range(len(images)) if labels[k] != said[k]]
    assert len(found) == min(most, len(wrong)) and all(m.image in wrong for m in found)
    assert [m.probability for m in found] == sorted((p[k] for k in wrong), reverse=True)[:most]
    assert all((labels[m.image], said[m.image], p[m.image]) == (m.true, m.predicted, m.probability) for m in found)


def made_matrix(n: int, name: str) -> Confusion:
    rng = Random(n)
    rows = [[rng.randrange(40) for _ in range(n)] for _ in range(n)]
    for k in range(n):
        rows[k][k] = rng.randrange(12_000)
    return Confusion(tuple(name.format(k) for k in range(n)), tuple(map(tuple, rows)))


def boxes(svg: str) -> tuple[list[tuple[float, float, float, float]], float, float]:
    """The rectangles that upright and turned texts fill, (left, top, right, bottom), and the picture's size."""
    root = ElementTree.fromstring(svg)
    found = []
    moved = {child: group for group in root.iter(f"{SVG}g") for child in group}
    for text in root.iter(f"{SVG}text"):
        size = float(text.get("font-size", "15"))
        width = text_width(text.text or "", size)
        x, y = float(text.get("x", "0")), float(text.get("y", "0"))
        before = {"start": 0.0, "middle": width / 2, "end": width}[text.get("text-anchor", "start")]
        left, top, right, bottom = x - before, y - 0.7 * size, x - before + width, y + 0.2 * size
        if text in moved:
            dx, dy = map(float, re.findall(r"[-\d.]+", moved[text].get("transform", ""))[:2])
            left, top, right, bottom = dx + top, dy - right, dx + bottom, dy - left
        found.append((left, top, right, bottom))
    return found, float(root.get("width", "0")), float(root.get("height", "0"))


def check_texts(svg: str) -> None:
    found, width, height = boxes(svg)
    for left, top, right, bottom in found:
        assert -1 <= left and right <= width + 1 and -1 <= top and bottom <= height + 1
    for k, (a, b, c, d) in enumerate(found):
        for e, f, g, h in found[:k]:
            assert not (a < g - 0.5 and e < c - 0.5 and b < h - 0.5 and f < d - 0.5), "texts overlap"


@pytest.mark.parametrize("n", [2, 6, 7, 12, 13, 25, 26, 50, 51, 100])
@pytest.mark.parametrize("name", ["c{}", "a class <{}> & with a name that is far too long for any picture"])
def test_matrices_of_any_size_can_be_read(n: int, name: str) -> None:
    svg = confusion_figure(made_matrix(n, name))
    assert svg.count("<rect") == n * n + 5
    check_texts(svg)


@pytest.mark.parametrize(("runs", "epochs"), [(1, 1), (1, 30), (2, 7), (MOST, 250)])
def test_curves_can_be_read(runs: int, epochs: int) -> None:
    curve = [Epoch(2.3 / n, 1 - 1 / (n + 1), 2.4 / n, 1 - 1.1 / (n + 1), 1.0) for n in range(1, epochs + 1)]
    svg = history_figure([History(f"run {k} " + "of a name that is long " * 9, curve) for k in range(runs)])
    check_texts(svg)
    assert svg.count("<polyline") == 4 * runs
    assert all(f">{word}<" in svg for word in ("accuracy", "loss (nats)", "epoch", "training", "validation"))
    assert drawn(svg, 720, "curves", "white").startswith(b"\x89PNG")


def test_points_stand_where_their_values_are() -> None:
    epochs = [Epoch(2.0, 0.25, 1.0, 0.75, 1.0), Epoch(1.5, 0.5, 1.25, 0.5, 1.0)]
    lines = [
        [tuple(map(float, point.split(","))) for point in line.split()]
        for line in re.findall(r'<polyline points="([^"]*)"', history_figure([History("one", epochs)]))
    ]
    (ta, va, tl, vl) = [[y for _, y in line] for line in lines]
    assert ta[1] == va[1] and ta[0] - ta[1] == pytest.approx(va[1] - va[0], abs=0.2), "accuracies"
    assert tl[0] < tl[1] < vl[1] < vl[0], "losses: higher is further up"
    assert [x for x, _ in lines[0]] == sorted(x for x, _ in lines[0])


def test_training_and_validation_are_told_apart_after_one_epoch() -> None:
    svg = history_figure([History(name, [Epoch(2.0, 0.25, 1.0, 0.75, 1.0)]) for name in ("one", "other")])
    for colour, shape in zip(COLOURS, ("circle", "polygon"), strict=False):
        filled = len(re.findall(rf'<{shape} [^>]*fill="{colour}"', svg))
        hollow = len(re.findall(rf'<{shape} [^>]*fill="none" stroke="{colour}"', svg))
        assert (filled, hollow) == (3, 2), "both values of each, and one in the legend"


def test_too_many_runs_are_refused() -> None:
    epochs = [Epoch(2.0, 0.25, 1.0, 0.75, 1.0)]
    with pytest.raises(UnsupportedError, match="too many for one picture"):
        history_figure([History("one", epochs)] * (MOST + 1))


def test_all_ink_is_seen_on_white_and_on_dark() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    for colour in (*COLOURS, INK):
        assert 1.05 / (luminance(colour) + 0.05) > 3, colour
        assert (luminance(colour) + 0.05) / (luminance("#16181d") + 0.05) > 3, colour
    assert len(set(COLOURS)) == MOST


def test_the_sheet_of_mistakes_can_be_read() -> None:
    long = "a class <&> of a name that is far too long"
    for count in (1, 6, 7, 24):
        svg = mistakes_figure([ShownMistake(b"png", long, "cat", 1 - k / 100) for k in range(count)])
        check_texts(svg)
        assert svg.count("<image") == count and "p = 1.0000" in svg


@given(st.text(max_size=60), st.floats(20, 400))
def test_fitted_text_fits_on_one_line(text: str, width: float) -> None:
    found = fitted(text, 15, width)
    assert text_width(found, 15) <= width and "\n" not in found
    assert found == " ".join(text.split()) or found.endswith("…")
