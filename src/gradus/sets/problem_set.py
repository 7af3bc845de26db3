"""A problem set as a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from gradus.errors import InputError, nearest
from gradus.problems.problem import Params
from gradus.problems.registry import AnyKind


@dataclass(frozen=True)
class Prose:
    """Markdown between the problems; ``line`` is where it starts in the file."""

    markdown: str
    line: int


@dataclass(frozen=True)
class Problem:
    """One problem: its id, kind and parameters; ``place`` is ``file:line``."""

    id: str
    kind: AnyKind
    params: Params
    points: int | None = None
    place: str = ""


Part: TypeAlias = Prose | Problem


@dataclass(frozen=True)
class ProblemSet:
    """A problem set, in the order of its file.

    Attributes:
        name: short name, that of its file.
        title, course: plain text.
        points: what the whole set is worth; None if the file does not say.
        group_size: most members of a group; None if the file does not say.
        parts: prose and problems in reading order.
    """

    name: str
    title: str
    parts: tuple[Part, ...]
    course: str = ""
    points: int | None = None
    group_size: int | None = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(part for part in self.parts if isinstance(part, Problem))

    def only(self, ids: Sequence[str]) -> tuple[Problem, ...]:
        """The problems with these ids, in the order of the set.

        Raises:
            InputError: an id is not in the set; the remedy names the nearest.
        """
        known = [problem.id for problem in self.problems]
        for id in ids:
            if id not in known:
                remedy = nearest(id, known, "gradus show lists them")
                raise InputError("problem", id, f"is not in the set {self.name}", remedy)
        return tuple(problem for problem in self.problems if problem.id in ids)

    def with_data(self, data: str) -> ProblemSet:
        """The same set with every problem that trains set to train on other data."""
        return replace(self, parts=tuple(_with_data(part, data) for part in self.parts))


def _with_data(part: Part, data: str) -> Part:
    if isinstance(part, Prose) or "data" not in type(part.params).model_fields:
        return part
    return replace(part, params=part.params.model_copy(update={"data": data}))
