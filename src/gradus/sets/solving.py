"""From problems to their solutions: which runs are needed, and each problem solved."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gradus.documents.blocks import Document
from gradus.documents.typst import typst_source
from gradus.errors import GradusError
from gradus.problems.problem import Records, Solution
from gradus.runs import RunRequest
from gradus.sets.problem_blocks import answer_blocks, problem_blocks
from gradus.sets.problem_set import Problem


@dataclass(frozen=True)
class Solved:
    """A problem with its solution, and the seconds that solving took (training not included)."""

    problem: Problem
    solution: Solution
    seconds: float
    exit_code: int = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.problem.id,
            "kind": self.problem.kind.name,
            "answer": self.solution.answer.as_json(),
            "seconds": round(self.seconds, 6),
        }


@dataclass(frozen=True)
class Unsolved:
    """A problem that could not be solved: why, and the exit code of the reason."""

    problem: Problem
    reason: str
    exit_code: int

    def as_json(self) -> dict[str, Any]:
        return {"id": self.problem.id, "kind": self.problem.kind.name, "answer": None, "reason": self.reason}


def runs_needed(problems: Iterable[Problem]) -> tuple[RunRequest, ...]:
    """The runs that these problems need, each once, in the order in which they are first needed."""
    return tuple(dict.fromkeys(r for problem in problems for r in problem.kind.runs_needed(problem.params)))


def solved(problem: Problem, records: Records) -> Solved:
    """Solve one problem.

    Raises:
        GradusError: it cannot be solved, or what it says cannot be printed; a note holds the problem's place and id.
    """
    start = time.perf_counter()
    try:
        solution = problem.kind.solve(problem.params, records)
        seconds = time.perf_counter() - start
        # A formula that no writer can set is this problem's failure, and not that of the whole page.
        typst_source(Document("", (*problem_blocks(problem), *answer_blocks(problem.id, solution))))
    except GradusError as error:
        error.add_note(f"{problem.place}: problem {problem.id}")
        raise
    return Solved(problem, solution, seconds)
