"""A problem set and its solutions as one document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradus.documents.blocks import AnswerSpace, Block, Code, Document, PageAnchor, Text
from gradus.documents.steps import step_blocks
from gradus.exact.steps import Step
from gradus.problems.problem import Solution
from gradus.sets.problem_set import Part, Problem, ProblemSet, Prose
from gradus.sets.solving import Solved


def solutions_document(problem_set: ProblemSet, solved: Sequence[Solved], members: Sequence[str] = ()) -> Document:
    """The set with worked solutions: every problem that was solved, each with the prose that leads to it."""
    solutions = {item.problem.id: item.solution for item in solved}
    blocks: list[Block] = []
    for part in _with_leading_prose(problem_set.parts, solutions):
        if isinstance(part, Prose):
            blocks.append(Text(part.markdown))
        else:
            blocks += [*problem_blocks(part), *answer_blocks(part.id, solutions[part.id])]
    title = f"{problem_set.title}: worked solutions"
    return Document(title, tuple(blocks), problem_set.course, tuple(members))


def problems_document(problem_set: ProblemSet, problems: Sequence[Problem], members: Sequence[str] = ()) -> Document:
    """The set without answers: each of these problems with room to write."""
    blocks: list[Block] = []
    for part in _with_leading_prose(problem_set.parts, {problem.id for problem in problems}):
        if isinstance(part, Prose):
            blocks.append(Text(part.markdown))
        else:
            space = (PageAnchor(part.id, "first"), AnswerSpace(part.id), PageAnchor(part.id, "last"))
            blocks += [*problem_blocks(part), *space]
    return Document(problem_set.title, tuple(blocks), problem_set.course, tuple(members))


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


def _with_leading_prose(parts: Sequence[Part], ids: Iterable[str]) -> Iterable[Part]:
    """The parts that belong to a choice of problems: those problems, and prose unless all that follows it, up to the
    next prose, was left out."""
    wanted = set(ids)
    waiting: Prose | None = None
    for part in parts:
        if isinstance(part, Prose):
            waiting = part
        elif part.id in wanted:
            if waiting is not None:
                yield waiting
                waiting = None
            yield part
