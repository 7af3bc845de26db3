"""One problem and its answer as blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradus.documents.blocks import Block, Code, PageAnchor, Text
from gradus.documents.steps import step_blocks
from gradus.exact.steps import Step
from gradus.problems.problem import Solution
from gradus.sets.problem_set import Problem


def problem_blocks(problem: Problem) -> tuple[Block, ...]:
    """A problem's heading and statement."""
    points = "" if problem.points is None else f" ({problem.points} point{'' if problem.points == 1 else 's'})"
    return (Text(f"### Problem {problem.id}{points}"), *problem.kind.statement(problem.params))


def answer_blocks(id: str, solution: Solution) -> tuple[Block, ...]:
    """The answer to a problem between its page anchors: the summary, the worked steps, the cell that recomputes it."""
    code = (Code(solution.code, notebook_only=True),) if solution.code else ()
    return (
        PageAnchor(id, "first"),
        Text(f"#### Answer\n\n{solution.summary}"),
        *_body_blocks(solution.body),
        *code,
        PageAnchor(id, "last"),
    )


def _body_blocks(body: Sequence[Step | Block]) -> Iterable[Block]:
    """Steps that follow each other are numbered together; the other blocks stay where they are."""
    steps: list[Step] = []
    for part in body:
        if isinstance(part, Step):
            steps.append(part)
            continue
        yield from step_blocks(steps)
        steps = []
        yield part
    yield from step_blocks(steps)
