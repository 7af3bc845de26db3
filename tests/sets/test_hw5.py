"""The bundled set hw5 against the right answers of the course."""

from __future__ import annotations

from typing import Any

import pytest

from gradus.sets import ProblemSet, read_set, set_file, solved

IDS = [f"{part}.{number}" for part, count in ((1, 3), (2, 5), (3, 10), (4, 5)) for number in range(1, count + 1)]

RIGHT: dict[str, Any] = {
    "1.1": True,
    "1.2": "4",
    "1.3": ["0", "0", "0", "0", "3", "1", "0", "3", "1"],
    "2.2": {"without_biases": True, "with_biases": False},
    "2.3": "9/10*a",
    "2.5": False,
    "3.1": {"A": [["3", "4"], ["3", "4"]], "b": ["2", "3"]},
    "3.2": "1",
    "3.3": ["3/5", "4/5"],
    "3.4": ["-4/5", "3/5"],
    "3.5": [["3/5", "-4/5"], ["4/5", "3/5"]],
    "3.6": {
        "U": [["sqrt(2)/2", "-sqrt(2)/2"], ["sqrt(2)/2", "sqrt(2)/2"]],
        "Sigma": [["5*sqrt(2)", "0"], ["0", "0"]],
    },
    "3.7": [["3/50", "3/50"], ["2/25", "2/25"]],
    "3.8": ["3/10", "2/5"],
    "3.9": {"point": ["3/10", "2/5"], "directions": [["-4/5", "3/5"]]},
    "3.10": {"kind": "points", "points": [["-4/5", "3/5"], ["4/5", "-3/5"]]},
}


@pytest.fixture(scope="module")
def hw5() -> ProblemSet:
    return read_set(set_file("hw5"))


def texts(answer: Any) -> Any:
    """An answer's JSON with every number replaced by its text."""
    if isinstance(answer, dict):
        return answer["text"] if "text" in answer else {name: texts(part) for name, part in answer.items()}
    return [texts(part) for part in answer] if isinstance(answer, list) else answer


def test_it_has_every_problem_and_its_points_add_up(hw5: ProblemSet) -> None:
    assert [problem.id for problem in hw5.problems] == IDS
    assert sum(problem.points or 0 for problem in hw5.problems) == hw5.points == 100


@pytest.mark.parametrize("id", RIGHT)
def test_the_answer_is_the_right_one(hw5: ProblemSet, id: str) -> None:
    (problem,) = hw5.only([id])
    assert texts(solved(problem, {}).solution.answer.as_json()) == RIGHT[id]


def test_other_data_reaches_every_problem_that_trains(hw5: ProblemSet) -> None:
    requests = {problem.id: problem.kind.runs_needed(problem.params) for problem in hw5.with_data("elsewhere").problems}
    assert {id for id, asked in requests.items() if asked} >= {"4.1", "4.2", "4.3", "4.4"}
    assert all(request.data in ("elsewhere", "points") for asked in requests.values() for request in asked)
