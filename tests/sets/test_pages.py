"""The pages of the solved hw5: what ``pages.json`` says against the text that stands on those pages."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass

import pytest

from gradus.documents.html import html
from gradus.documents.notebook import notebook
from gradus.documents.pdf import pages_json, pdf
from gradus.sets import ProblemSet, Solved, read_set, runs_needed, set_file, solved
from gradus.sets.composition import problems_document, solutions_document
from problems.records import typical_records

pypdf = pytest.importorskip("pypdf")


@dataclass(frozen=True)
class Printed:
    problem_set: ProblemSet
    answers: tuple[Solved, ...]
    texts: tuple[str, ...]
    pages: dict[str, tuple[int, int]]


@pytest.fixture(scope="module")
def printed() -> Printed:
    hw5 = read_set(set_file("hw5"))
    records = typical_records(runs_needed(hw5.problems))
    answers = tuple(solved(problem, records) for problem in hw5.problems)
    made = pdf(solutions_document(hw5, answers, ["Ada Lovelace"]))
    texts = tuple(" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(made.bytes)).pages)
    listed = json.loads(pages_json(made.pages))["problems"]
    return Printed(hw5, answers, texts, {p["id"]: (p["first"], p["last"]) for p in listed})


def test_every_problem_is_listed_in_order(printed: Printed) -> None:
    assert list(printed.pages) == [problem.id for problem in printed.problem_set.problems]
    edges = [edge for pair in printed.pages.values() for edge in pair]
    assert edges == sorted(edges) and edges[0] >= 1 and edges[-1] <= len(printed.texts)


def test_the_answer_stands_between_its_own_heading_and_the_next(printed: Printed) -> None:
    heading = {
        id: next(n for n, text in enumerate(printed.texts, 1) if f"Problem {id} (" in text) for id in printed.pages
    }
    ids = list(printed.pages)
    for id, following in zip(ids, [*ids[1:], None], strict=True):
        first, last = printed.pages[id]
        assert heading[id] <= first <= last <= (heading[following] if following else len(printed.texts))


def test_the_words_of_the_answer_stand_on_its_pages(printed: Printed) -> None:
    for item in printed.answers:
        first, last = printed.pages[item.problem.id]
        on_pages = _letters(" ".join(printed.texts[first - 1 : last]))
        sentence = max(re.split(r"\$[^$]*\$|[*`_.:;\[\]()]", item.solution.summary), key=len)
        assert _letters(sentence) in on_pages, (item.problem.id, sentence)


def test_the_first_and_last_page_are_not_just_the_whole_document(printed: Printed) -> None:
    assert len(printed.texts) > 10
    assert all(last - first <= 3 for first, last in printed.pages.values())


def test_members_are_named_in_every_format(printed: Printed) -> None:
    document = solutions_document(printed.problem_set, printed.answers, ["Ada Lovelace"])
    assert "Ada Lovelace" in printed.texts[0]
    assert "Ada Lovelace" in html(document)
    assert "Ada Lovelace" in notebook(document, "pip install gradus").cells[0].source


def test_the_problems_alone_show_no_answer(printed: Printed) -> None:
    page = html(problems_document(printed.problem_set, printed.problem_set.problems))
    assert page.count('class="answer-space') == len(printed.problem_set.problems)
    assert "Check:" not in page and "#### Answer" not in page


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text)
