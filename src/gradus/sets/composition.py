"""A problem set and its solutions as one document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from gradus.documents.blocks import AnswerSpace, Block, Document, PageAnchor, Text
from gradus.documents.markdown import escaped, markdown_tokens
from gradus.sets.problem_blocks import answer_blocks, problem_blocks
from gradus.sets.problem_set import Part, Problem, ProblemSet, Prose
from gradus.sets.solving import Solved, Unsolved


def solutions_document(
    problem_set: ProblemSet, answers: Sequence[Solved | Unsolved], members: Sequence[str] = ()
) -> Document:
    """The set with worked solutions: every problem that was tried, each with the prose that leads to it."""
    tried = {answer.problem.id: answer for answer in answers}
    blocks: list[Block] = []
    for part in _belonging(problem_set.parts, tried):
        if isinstance(part, Prose):
            blocks.append(Text(part.markdown))
        else:
            blocks += _tried_blocks(tried[part.id])
    title = f"{problem_set.title}: worked solutions"
    return Document(title, tuple(blocks), problem_set.course, tuple(members))


def problems_document(problem_set: ProblemSet, problems: Sequence[Problem], members: Sequence[str] = ()) -> Document:
    """The set without answers: each of these problems with room to write."""
    blocks: list[Block] = []
    for part in _belonging(problem_set.parts, {problem.id for problem in problems}):
        if isinstance(part, Prose):
            blocks.append(Text(part.markdown))
        else:
            space = (PageAnchor(part.id, "first"), AnswerSpace(part.id), PageAnchor(part.id, "last"))
            blocks += [*problem_blocks(part), *space]
    return Document(problem_set.title, tuple(blocks), problem_set.course, tuple(members))


def _tried_blocks(answer: Solved | Unsolved) -> Sequence[Block]:
    problem = answer.problem
    if isinstance(answer, Solved):
        return (*problem_blocks(problem), *answer_blocks(problem.id, answer.solution))
    reason = Text(f"#### Answer\n\nNot solved: {escaped(answer.reason)}")
    edges = (PageAnchor(problem.id, "first"), reason, PageAnchor(problem.id, "last"))
    # Its statement may be what cannot be printed, so that only its heading is.
    return (problem_blocks(problem)[0], *edges)


def _belonging(parts: Sequence[Part], ids: Iterable[str]) -> Iterable[Part]:
    """The parts that belong to a choice of problems: all of them if all problems are chosen; else those problems, the
    prose right before each, and the headings that it stands under."""
    wanted = set(ids)
    if wanted >= {part.id for part in parts if isinstance(part, Problem)}:
        yield from parts
        return
    waiting: list[Prose] = []
    for part in parts:
        if isinstance(part, Prose):
            waiting = [*_headings_above(waiting, part), part]
        elif part.id in wanted:
            yield from waiting
            waiting = []
            yield part


def _headings_above(waiting: Sequence[Prose], prose: Prose) -> Iterable[Prose]:
    """Of prose that is not printed, the headings under which the next prose stands."""
    (level, _), *_ = [*_headings(prose), (7, "")]
    above: dict[int, Prose] = {}
    for earlier in waiting:
        for depth, text in _headings(earlier):
            above = {d: p for d, p in above.items() if d < depth}
            above[depth] = Prose(f"{'#' * depth} {text}", earlier.line)
    return [above[depth] for depth in sorted(above) if depth < level]


def _headings(prose: Prose) -> Iterable[tuple[int, str]]:
    tokens = markdown_tokens(prose.markdown)
    for opened, inline in pairwise(tokens):
        if opened.type == "heading_open":
            yield int(opened.tag[1:]), inline.content
