"""Whether a given answer is right: exact equality of exact objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gradus.answers.answer import Answer


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
    """``right``, ``wrong`` (and why) or ``undecided`` (to a person).

    >>> Verdict("wrong", "It is not equal to the exact answer.").outcome
    'wrong'
    """

    outcome: Literal["right", "wrong", "undecided"]
    reason: str = ""


def verdict(given: Answer, expected: Answer, mistakes: Sequence[Mistake] = ()) -> Verdict:
    """Compare a given answer with the expected one.

    Prose and measured answers are undecided unless they are the expected object itself.

    >>> from gradus.answers.answer import YesNo
    >>> verdict(YesNo(True), YesNo(False), [Mistake(YesNo(True), "A has rank 1.")]).reason
    'A has rank 1.'
    """
    if given == expected:
        return Verdict("right")
    for mistake in mistakes:
        if given == mistake.answer:
            return Verdict("wrong", mistake.explanation)
    if type(given) is not type(expected):
        return Verdict("wrong", f"The answer must be of the type '{expected.type}', not '{given.type}'.")
    if expected.decided_by != "mathematics":
        return Verdict("undecided", f"Answers of the type '{expected.type}' go to a person.")
    return Verdict("wrong", "It is not equal to the exact answer.")
