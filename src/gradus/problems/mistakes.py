"""Wrong answers as a kind lists them: each differs from the right one and from those before it."""

from __future__ import annotations

from collections.abc import Iterable

from gradus.answers.answer import Answer
from gradus.answers.verdict import Mistake


def distinct(right: Answer, candidates: Iterable[tuple[Answer, str]]) -> tuple[Mistake, ...]:
    """The candidates (wrong answer, explanation) without those that happen to be right or to repeat an earlier one.

    >>> from gradus.answers.answer import YesNo
    >>> distinct(YesNo(True), [(YesNo(True), "no mistake"), (YesNo(False), "first"), (YesNo(False), "again")])
    (Mistake(answer=YesNo(value=False), explanation='first'),)
    """
    found: list[Mistake] = []
    for answer, explanation in candidates:
        if answer != right and all(answer != mistake.answer for mistake in found):
            found.append(Mistake(answer, explanation))
    return tuple(found)
