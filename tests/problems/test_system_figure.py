"""The picture of a system in two unknowns: everything at its place, to scale, readable, and a pure function."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise
from random import Random
from xml.etree import ElementTree

import pytest

from gradus.exact import LeastSquares, Matrix, Vector, least_squares
from gradus.problems.figure_geometry import Point, Segment
from gradus.problems.registry import find_kind
from gradus.problems.system_figure import figure_in_two_unknowns, system_figure
from gradus.problems.system_labels import Picture, equation_text, laid_out
from gradus.problems.system_plane import SIZE

SVG = "{http://www.w3.org/2000/svg}"
SYSTEMS = {
    "parallel": ("3 4; 3 4", "2 3"),
    "unique": ("1 0; 0 2", "1 2"),
    "over-determined": ("1 2; 3 -1; 2 2", "1 2 3"),
    "equal lines and a zero row": ("1 1; 2 2; 0 0; 1 0", "1 2 5 3"),
    "zero matrix": ("0 0; 0 0", "1 0"),
    "homogeneous": ("1 2; 2 4", "0 0"),
    "steep": ("1000000 1; 0 1", "5 3"),
    "flat": ("0 5", "10"),
    "huge": ("5*10^30 -7*10^30; 1 1", "10^30 10^31"),
    "beyond doubles": ("1 1; 1 1", "10^400 2*10^400"),
    "tiny": ("1/3 1/100000", "1/10^9"),
    "surds": ("1+sqrt(2) sqrt(3)-1/7; 1 0", "sqrt(5)+1 2"),
    "close together": ("1 1; 1 1; 1 1", "100 101 102"),
    "eight lines": ("1 -1; 2 1; 1 3; 0 1; 4 -3; 1 0; 2 -5; 7 1", "1 2 3 4 5 6 7 8"),
}


def system(name: str) -> tuple[Matrix, Vector, LeastSquares]:
    A, b = Matrix.of(SYSTEMS[name][0]), Vector.of(SYSTEMS[name][1])
    return A, b, least_squares(A, b)


def random_system(seed: int) -> tuple[Matrix, Vector, LeastSquares]:
    rng = Random(seed)
    entries = rng.choice(([0, 1, -1, 2], range(-9, 10), [0, 1, Fraction(1, 3), Fraction(-7, 1000), 10**6]))
    rows = rng.randint(1, 8)
    A = Matrix.of([[rng.choice(entries) for _ in range(2)] for _ in range(rows)])
    if rng.random() < 0.4:
        A = Matrix.of([[row * A[0, 0], row * A[0, 1]] for row in rng.choices([1, 2, -1, 0], k=rows)])
    b = Vector.of([rng.choice(entries) for _ in range(rows)])
    return A, b, least_squares(A, b)


def exact_pixel(picture: Picture, point: Vector) -> tuple[float, float]:
    """Where a point belongs, in exact arithmetic from the window alone."""
    plane, frame = picture.plane, picture.plane.frame
    scale = Fraction(SIZE) / (2 * Fraction(plane.half))
    x, y = (Fraction(c.as_fraction()) / Fraction(10) ** plane.power for c in point)
    shift = [x - Fraction(plane.centre[0]), y - Fraction(plane.centre[1])]
    return float(Fraction(frame.centre.x) + scale * shift[0]), float(Fraction(frame.centre.y) - scale * shift[1])


def distance(segment: Segment, x: float, y: float) -> float:
    """From a point to the line through a segment, in pixels."""
    dx, dy = segment.end.x - segment.start.x, segment.end.y - segment.start.y
    return abs(dx * (y - segment.start.y) - dy * (x - segment.start.x)) / (dx * dx + dy * dy) ** 0.5


@pytest.mark.parametrize("seed", range(60))
def test_lines_and_points_are_where_they_belong(seed: int) -> None:
    A, b, solutions = random_system(seed)
    picture = laid_out(A, b, solutions)
    x, y = exact_pixel(picture, solutions.min_norm)
    assert abs(picture.point.x - x) < 1e-6 and abs(picture.point.y - y) < 1e-6
    drawn = {i: segment for line, segment in picture.lines for i in line.equations}
    assert set(drawn) == {i for i, row in enumerate(A.rows, start=1) if any(row)}
    for i, segment in drawn.items():
        a = A.row(i - 1)
        foot = a * (b[i - 1] / a.dot(a))
        other = foot + Vector((-a[1], a[0])) * (1 / max(abs(a[0]), abs(a[1])))
        for point in (foot, other):
            assert distance(segment, *exact_pixel(picture, point)) < 1e-4
        assert segment.inside(picture.plane.frame) is not None
    if picture.family:
        assert distance(picture.family, *exact_pixel(picture, solutions.min_norm)) < 1e-6


def test_the_arrow_is_the_unit_vector_and_points_along_the_solutions() -> None:
    picture = laid_out(*system("parallel"))
    assert picture.plane.arrow_is_unit and picture.family
    (arrow,) = picture.arrows
    x, y = exact_pixel(picture, Vector.of("-4/5 3/5"))
    assert (arrow.end.x, arrow.end.y) == (pytest.approx(x), pytest.approx(y))
    assert (arrow.start.x, arrow.start.y) == pytest.approx(exact_pixel(picture, Vector.of("0 0")))
    family = picture.family
    across = Segment(Point(0, 0), Point(family.end.x - family.start.x, family.end.y - family.start.y))
    assert distance(across, arrow.end.x - arrow.start.x, arrow.end.y - arrow.start.y) < 1e-6


@pytest.mark.parametrize("name", SYSTEMS)
def test_both_axes_have_the_same_unit_and_the_same_ticks(name: str) -> None:
    plane = laid_out(*system(name)).plane
    one, two = plane.pixel(0, 0), plane.pixel(plane.half, plane.half)
    assert two.x - one.x == pytest.approx(one.y - two.y)
    steps = {round((b - a) / plane.half, 9) for i in (0, 1) for (a, _), (b, _) in pairwise(plane.ticks(i))}
    assert len(steps) == 1
    for axis in (0, 1):
        labels = [label for _, label in plane.ticks(axis)]
        assert 2 <= len(labels) <= 7 and len(set(labels)) == len(labels)
        assert all(len(label) <= 5 for label in labels), labels
        shift = 0 if plane.has_units else plane.power
        for place, label in plane.ticks(axis):
            assert float(label) == pytest.approx(place * 10.0**shift, abs=1e-12)


def assert_readable(picture: Picture) -> None:
    boxes = [label.box for label in picture.labels]
    for one, two in combinations(boxes, 2):
        assert not one.meets(two)
    frame = picture.plane.frame
    for box in boxes:
        assert box.centre.x - box.width / 2 > 0 and box.centre.y - box.height / 2 > 0
        assert box.centre.y + box.height / 2 < frame.centre.y + frame.height / 2


def expected_labels(picture: Picture) -> int:
    return len(picture.lines) + len(picture.arrows) + 1 + (picture.family is not None)


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_part_has_a_label_and_labels_do_not_overlap(name: str) -> None:
    picture = laid_out(*system(name))
    assert_readable(picture)
    assert len(picture.labels) == expected_labels(picture)


def test_labels_do_not_overlap_in_many_systems() -> None:
    for seed in range(250):
        picture = laid_out(*random_system(seed))
        assert_readable(picture)
        assert len(picture.labels) == expected_labels(picture), seed


def test_an_equation_beside_its_line_crosses_no_other_line() -> None:
    shown = [p for p in (laid_out(*random_system(seed)) for seed in range(120)) if p.lines and not p.numbered]
    assert len(shown) > 30
    for picture in shown:
        for label, (_, own) in zip(picture.labels[-len(picture.lines) :], picture.lines, strict=True):
            assert all(s is own or s.inside(label.box) is None for _, s in picture.lines)


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_picture_is_a_well_formed_pure_function(name: str) -> None:
    figure = system_figure(*system(name))
    assert figure == system_figure(*system(name))
    root = ElementTree.fromstring(figure.svg)
    assert root.findtext(f"{SVG}title") == figure.alt
    assert "nan" not in figure.svg and "inf" not in figure.svg.replace("in units", "")
    wide = [e for e in root.iter(f"{SVG}line") if e.get("stroke-width") == "6"]
    assert len(wide) == (len(system(name)[2].directions) == 1)
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    for text in root.iter(f"{SVG}text"):
        assert 0 <= float(text.get("x", "0")) <= width and 0 <= float(text.get("y", "0")) <= height


def test_equations_without_a_line_and_with_the_same_line_are_named() -> None:
    figure = system_figure(*system("equal lines and a zero row"))
    for text in (figure.alt, figure.caption):
        assert "Equations 1 and 2 have the same line." in text
        assert "Equation 3 has no line: it reads " in text


def test_equations_are_written_as_one_writes_them() -> None:
    rows = {"1 -1": "x₁ − x₂ = 5", "0 -3": "−3x₂ = 5", "-2/3 sqrt(2)": "−2/3 x₁ + √2 x₂ = 5", "0 0": "0 = 5"}
    for row, text in rows.items():
        assert equation_text(Vector.of(row), Vector.of("5")[0]) == text
    assert equation_text(Vector.of(["1+sqrt(2)", "0"]), Vector.of("-1")[0]) == "(1 + √2)x₁ = −1"


@pytest.mark.parametrize("kind", ["least-squares/minimum-norm", "least-squares/all-solutions"])
def test_solutions_in_two_unknowns_have_the_picture(kind: str) -> None:
    found = find_kind(kind)
    for A, b, pictures in (("3 4; 3 4", ["2", "3"], 1), ("1 2 2; 2 4 4", ["1", "1"], 0)):
        params = found.Params(A=A, b=b)
        expected = figure_in_two_unknowns(params.A, params.b, least_squares(params.A, params.b))
        body = found.solve(params, {}).body
        assert len(expected) == pictures
        assert [part for part in body if type(part).__name__ == "Figure"] == list(expected)
