"""The reader of problem-set files: the format, and one clear message for everything that breaks it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradus.errors import GradusError, InputError, SetFileError
from gradus.exact.linear_algebra.matrices import Matrix
from gradus.sets import Problem, Prose, bundled_names, parsed_set, read_set, set_file
from gradus.sets.strict_yaml import mapping

HEAD = "---\ntitle: A set\ncourse: A course\npoints: 10\ngroup_size: 2\n---\n"


def block(kind: str, *lines: str) -> str:
    return "\n".join([f"```{{problem}} {kind}", *lines, "```", ""])


RANK = block("linear-algebra/rank", 'id: "3.2"', "A: [[3, 4], [3, 4]]", "points: 2")


def read(text: str) -> list[Problem]:
    return list(parsed_set(text, "a", "a.md").problems)


def message(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parsed_set(text, "a", "a.md")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_whole_file() -> None:
    found = parsed_set(f"{HEAD}# Part\n\nProse with $x^2$.\n\n{RANK}\nMore.\n", "a", "a.md")
    assert (found.title, found.course, found.points, found.group_size) == ("A set", "A course", 10, 2)
    first, problem, last = found.parts
    assert isinstance(first, Prose) and first.line == 7 and first.markdown.startswith("# Part")
    assert isinstance(problem, Problem)
    assert (problem.id, problem.kind.name, problem.points, problem.place) == (
        "3.2",
        "linear-algebra/rank",
        2,
        "a.md:11",
    )
    assert problem.params.A == Matrix.of("3 4; 3 4")  # type: ignore[attr-defined]
    assert last == Prose("More.", 17)


def test_decimals_are_read_exactly_and_ids_stay_text() -> None:
    (problem,) = read(block("linear-algebra/rank", "id: 3.10", "A: [[0.1, 1/3], [sqrt(2), -2]]"))
    assert problem.id == "3.10"
    assert problem.params.A == Matrix.of('[["1/10","1/3"],["sqrt(2)","-2"]]')  # type: ignore[attr-defined]


def test_shared_values() -> None:
    head = "---\ntitle: t\ngiven:\n  A: [[1, 2]]\n---\n"
    (problem,) = read(head + block("linear-algebra/rank", "id: a", "A: $A"))
    assert problem.params.A == Matrix.of("1 2")  # type: ignore[attr-defined]
    assert "a.md:8: A = $B: is not under 'given' in the front matter; did you mean $A?" in message(
        head + block("linear-algebra/rank", "id: a", "A: $B")
    )


@pytest.mark.parametrize(
    ("text", "place", "parts"),
    [
        (block("linear-algebra/rnak", "id: a", "A: [[1]]"), "a.md:1", ["linear-algebra/rnak", "linear-algebra/rank?"]),
        (block("linear-algebra/rank", "id: a"), "a.md:1", ["A", "is missing", "linear-algebra/rank"]),
        (block("linear-algebra/rank", "id: a", "A: [[1, 2], [3]]"), "a.md:3", ["row 2 has 1 entry", "[[1, 2], [3]]"]),
        (block("linear-algebra/rank", "id: a", "A: [[1, z]]"), "a.md:3", ["entry (1, 2)", "z"]),
        (block("linear-algebra/rank", "id: a", "A: []"), "a.md:3", ["at least one row"]),
        (block("linear-algebra/rank", "id: a", "A: 7"), "a.md:3", ["A = 7", "list of rows"]),
        (block("linear-algebra/rank", "id: a", "A: [[.nan]]"), "a.md:3", [".nan"]),
        (block("linear-algebra/rank", "id: a", "A: [[1]]", "Aa: 1"), "a.md:4", ["Aa", "did you mean A?"]),
        (block("linear-algebra/rank", "A: [[1]]"), "a.md:1", ["id", "is missing"]),
        (block("linear-algebra/rank", "id: 'a b'", "A: [[1]]"), "a.md:2", ["id = a b"]),
        (block("linear-algebra/rank", "id: a", "A: [[1]]", "points: many"), "a.md:4", ["points = many"]),
        (block("linear-algebra/rank", "id: a", "A: [[1]]", "A: [[2]]"), "a.md:4", ["A stands twice"]),
        (block("linear-algebra/rank", "id: a", "A: &x [[1]]", "b: *x"), "a.md:4", ["aliases"]),
        (block("linear-algebra/rank", "id: a", "A: !!python/object:os.x [1]"), "a.md:3", ["python/object"]),
        (block("linear-algebra/rank", "id: a", "A: [[1]"), "a.md:4", ["YAML"]),
        (block("linear-algebra/rank", "just words"), "a.md:2", ["name: value"]),
        (RANK + RANK, "a.md:6", ["id = 3.2", "stands twice", "a.md:1"]),
        ("```{problem} linear-algebra/rank\nid: a\nA: [[1]]\n", "a.md:1", ["not closed"]),
        ("```{exercise} x\n```\n", "a.md:1", ["{exercise} x"]),
        ("---\ntitle: t\n", "a.md:1", ["front matter", "not closed"]),
        ("---\ntitel: t\n---\n", "a.md:2", ["titel", "did you mean title?"]),
        ("---\ntitle: t\npoints: -1\n---\n", "a.md:3", ["points = -1"]),
        ("One.\n\nTwo $\\fooo x$.\n", "a.md:3", ["\\fooo"]),
        ("Only prose.\n", "a.md:1", ["has no problem"]),
        ("", "a.md:1", ["has no problem"]),
        ("- item\n\n  ```{problem} linear-algebra/rank\n  id: a\n  A: [[1]]\n  ```\n", "a.md:3", ["left margin"]),
        ("```problem linear-algebra/rank\nid: a\nA: [[1]]\n```\n", "a.md:1", ["write {problem}"]),
        ("---\ntitle: [1]\n---\n" + RANK, "a.md:2", ["title", "must be text"]),
        (block("momentum/next-step", "id: a", "mu: 2"), "a.md:3", ["mu = 2: must"]),
        (block("least-squares/minimum-norm", "id: a", "A: [[1, 2]]", "b: [1, 2, 3]"), "a.md:4", ["b = "]),
        (block("network/fully-connected", "id: a", "network: 3"), "a.md:3", ["network = 3: must"]),
        (block("training/optimisers", "id: a", "epochs: many"), "a.md:3", ["epochs = many: must be a whole number"]),
    ],
)
def test_one_clear_message(text: str, place: str, parts: list[str]) -> None:
    said = message(text)
    assert said.startswith(place + ":"), said
    assert all(part in said for part in parts), said


def test_a_byte_that_is_not_utf8(tmp_path: Path) -> None:
    file = tmp_path / "latin.md"
    file.write_bytes(b"# One\n\nCaf\xe9\n")
    with pytest.raises(SetFileError, match=r"latin.md:3: byte 0xe9: is not UTF-8; save the file as UTF-8"):
        read_set(file)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_set(tmp_path / "none.md")
    big = tmp_path / "big.md"
    big.write_bytes(b"a" * 2_000_001)
    with pytest.raises(SetFileError, match="2,000,000"):
        read_set(big)


def test_bundled_sets_are_found_by_name_and_their_nearest_is_named(tmp_path: Path) -> None:
    assert "hw5" in bundled_names()
    assert set_file("hw5").name == "hw5.md"
    with pytest.raises(InputError, match="did you mean hw5"):
        set_file("hw4")
    with pytest.raises(InputError, match="is a folder"):
        set_file(str(tmp_path))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_no_text_ends_in_anything_but_an_error_of_ours(text: str) -> None:
    for source in (text, f"```{{problem}} linear-algebra/rank\n{text}\n```\n", f"---\n{text}\n---\n"):
        try:
            parsed_set(source, "a", "a.md")
        except GradusError as error:
            assert "\n" not in str(error)


@settings(max_examples=100, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=20))
def test_any_json_value_is_a_parameter_or_an_error_of_ours(value: object) -> None:
    import json

    source = block("linear-algebra/rank", "id: a", f"A: {json.dumps(value)}")
    try:
        parsed_set(source, "a", "a.md")
    except GradusError as error:
        assert "\n" not in str(error)


def test_deep_nesting_ends_in_a_message() -> None:
    with pytest.raises(SetFileError, match="nested too deep"):
        mapping("a: " + "[" * 5000 + "]" * 5000, "a.md", 1)
