"""Whether a given answer is right: by a criterion that it must satisfy, or by equality with the exact one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from gradus.answers.answer import Answer, Basis, Minimisers
from gradus.documents.markdown import escaped
from gradus.errors import UnsupportedError


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that people give, and why it is wrong (Markdown with LaTeX).

    >>> from gradus.answers.answer import YesNo
    >>> Mistake(YesNo(True), "One missing edge is enough.").explanation
    'One missing edge is enough.'
    """

    answer: Answer
    explanation: str


@dataclass(frozen=True)
class Verdict:
    """``right``, ``wrong`` (and why) or ``undecided`` (to a person); the reason is Markdown with LaTeX.

    >>> Verdict("wrong", "It is not equal to the exact answer.").outcome
    'wrong'
    """

    outcome: Literal["right", "wrong", "undecided"]
    reason: str = ""


Criterion: TypeAlias = Callable[[Answer], Verdict]
"""Decides an answer by what it must satisfy; every answer that satisfies it is right, however it is written."""


def verdict(
    given: Answer, expected: Answer, mistakes: Sequence[Mistake] = (), criterion: Criterion | None = None
) -> Verdict:
    """Decide a given answer.

    With a criterion, that decides: an answer that satisfies it is right; one that does not is wrong, for the first
    reason that it names, followed by the explanation of the mistake if it is a known one.  Without a criterion, the
    answer must equal the expected one.  Prose and measured answers are undecided unless they are the expected object
    itself.

    >>> from gradus.answers.answer import YesNo
    >>> verdict(YesNo(True), YesNo(False), [Mistake(YesNo(True), "A has rank 1.")]).reason
    'A has rank 1.'
    """
    if given == expected:
        return Verdict("right")
    found = _decided(given, criterion) if criterion is not None and type(given) is type(expected) else None
    if found is not None and found.outcome == "right":
        return found
    for mistake in mistakes:
        if _same(given, mistake.answer):
            witness = f"{found.reason} " if found is not None and found.outcome == "wrong" else ""
            return Verdict("wrong", f"{witness}{mistake.explanation}")
    if found is not None:
        return found
    if type(given) is not type(expected):
        return Verdict("wrong", f"The answer must be of the type '{expected.type}', not '{given.type}'.")
    if expected.decided_by != "mathematics":
        return Verdict("undecided", f"Answers of the type '{expected.type}' go to a person.")
    return Verdict("wrong", "It is not equal to the exact answer.")


def _decided(given: Answer, criterion: Criterion) -> Verdict:
    try:
        return criterion(given)
    except UnsupportedError as error:
        return Verdict("undecided", escaped(f"gradus cannot decide it: {error}"))


def _same(given: Answer, mistake: Answer) -> bool:
    """Equality, but for the order of a basis or of a list of points."""
    if isinstance(given, Minimisers) and isinstance(mistake, Minimisers):
        return given.kind == mistake.kind and set(given.vectors) == set(mistake.vectors)
    if isinstance(given, Basis) and isinstance(mistake, Basis):
        return len(given.vectors) == len(mistake.vectors) and set(given.vectors) == set(mistake.vectors)
    return given == mistake
