"""Which prose stands in a document."""

from __future__ import annotations

from gradus.documents.blocks import Document, Text
from gradus.sets import parsed_set
from gradus.sets.composition import problems_document


def problem(id: str) -> str:
    return f"```{{problem}} linear-algebra/rank\nid: {id}\nA: [[1, 2]]\n```\n"


SET = parsed_set(
    f"Intro.\n\n# Head A\n\nAbout A.\n\n{problem('r')}\n## Section\n\n{problem('s')}\n"
    f"# Head B\n\n{problem('t')}\nTail.\n",
    "a",
    "a.md",
)


def shown(*ids: str) -> str:
    document: Document = problems_document(SET, SET.only(ids))
    return " ".join(block.markdown for block in document.blocks if isinstance(block, Text))


def test_the_whole_set_keeps_all_its_prose() -> None:
    text = shown("r", "s", "t")
    assert all(piece in text for piece in ("Intro.", "# Head A", "About A.", "## Section", "# Head B", "Tail."))


def test_a_choice_keeps_the_headings_that_it_stands_under() -> None:
    text = shown("s")
    assert "# Head A" in text and "## Section" in text and "Problem s" in text
    assert "About A." not in text and "Head B" not in text and "Tail." not in text


def test_headings_that_were_left_behind_are_not_shown() -> None:
    assert "Head A" not in shown("t") and "# Head B" in shown("t")
    assert shown("r").startswith("Intro.")
