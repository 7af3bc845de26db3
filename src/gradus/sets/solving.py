"""From problems to their solutions: which runs are needed, and each problem solved."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gradus.errors import GradusError
from gradus.problems.problem import Records, Solution
from gradus.runs import RunRequest
from gradus.sets.problem_set import Problem


@dataclass(frozen=True)
class Solved:
    """A problem with its solution, and the seconds that solving took (training not included)."""

    problem: Problem
    solution: Solution
    seconds: float

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.problem.id,
            "kind": self.problem.kind.name,
            "answer": self.solution.answer.as_json(),
            "seconds": round(self.seconds, 6),
        }


def runs_needed(problems: Iterable[Problem]) -> tuple[RunRequest, ...]:
    """The runs that these problems need, each once, in the order in which they are first needed."""
    return tuple(dict.fromkeys(r for problem in problems for r in problem.kind.runs_needed(problem.params)))


def solved(problem: Problem, records: Records) -> Solved:
    """Solve one problem.

    Raises:
        GradusError: it cannot be solved; the message starts with the problem's place and id.
    """
    start = time.perf_counter()
    try:
        solution = problem.kind.solve(problem.params, records)
    except GradusError as error:
        error.add_note(f"{problem.place}: problem {problem.id}")
        raise
    return Solved(problem, solution, time.perf_counter() - start)
