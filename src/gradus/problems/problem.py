"""What a kind of problem is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Annotated, Any, ClassVar, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator

from gradus.answers.answer import Answer
from gradus.answers.verdict import Criterion, Mistake
from gradus.documents.blocks import Block
from gradus.errors import SelfCheckFailed
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.numbers.number import Number
from gradus.exact.steps import Step
from gradus.runs import NotRun, RunRecord, RunRequest

Records: TypeAlias = Mapping[RunRequest, RunRecord | NotRun]
"""For every request of ``runs_needed`` its record, or why there is none."""


def _text_rows(matrix: Matrix) -> list[list[str]]:
    return [[x.text for x in row] for row in matrix.rows]


NumberParam: TypeAlias = Annotated[
    Number, PlainValidator(lambda v: Number.of(v)), PlainSerializer(lambda x: x.text, return_type=str)
]
VectorParam: TypeAlias = Annotated[
    Vector, PlainValidator(Vector.of), PlainSerializer(lambda v: [x.text for x in v], return_type=list[str])
]
MatrixParam: TypeAlias = Annotated[
    Matrix, PlainValidator(Matrix.of), PlainSerializer(_text_rows, return_type=list[list[str]])
]


class Params(BaseModel):
    """The parameters of one problem: frozen, JSON-able, unknown names refused.

    >>> class Size(Params):
    ...     side: NumberParam
    >>> Size(side="0.1").model_dump(mode="json")
    {'side': '1/10'}
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


@dataclass(frozen=True)
class Solution:
    """A worked solution.

    Attributes:
        answer: the answer, the very object that is printed and compared with.
        summary: the answer as one or two sentences of Markdown with LaTeX, printed first.
        body: worked steps and other blocks, in reading order.
        code: a few lines of Python that recompute the answer with gradus, for the notebook; empty if there is nothing
            to recompute.

    Raises:
        SelfCheckFailed: a self-check of a step does not hold.

    >>> from gradus.answers.answer import YesNo
    >>> from gradus.exact.steps import Check
    >>> Solution(YesNo(True), "Yes.", (Step("$1 + 1 = 3$", "", checks=(Check("$3 - 1 = 1$", 3 - 1 == 1),)),))
    Traceback (most recent call last):
    gradus.errors.SelfCheckFailed: self-check failed, the solution is not printed: $3 - 1 = 1$
    """

    answer: Answer
    summary: str
    body: tuple[Step | Block, ...] = ()
    code: str = ""

    def __post_init__(self) -> None:
        failed = [c.statement for part in self.body if isinstance(part, Step) for c in part.checks if not c.holds]
        if failed:
            raise SelfCheckFailed(f"self-check failed, the solution is not printed: {'; '.join(failed)}")


P = TypeVar("P", bound=Params)


class Kind(ABC, Generic[P]):
    """One kind of problem.  A kind is one file in ``problems/kinds``, and its name is the file's.

    ``least-squares/minimum-norm`` stands in ``least_squares_minimum_norm.py``, which binds ``KIND`` to an instance.

    Attributes:
        name: the name in problem-set files.
        title: a few words for headings and the catalogue.
        Params: the parameter model.
        answer: the type of answer that it takes.
        levels: how many levels of difficulty ``sample`` knows.

    >>> from gradus.problems.registry import find_kind
    >>> kind = find_kind("linear-algebra/rank")
    >>> kind.solve(kind.Params(A="3 4; 3 4"), {}).answer.text
    '1'
    """

    name: ClassVar[str]
    title: ClassVar[str]
    Params: ClassVar[type[Any]]
    answer: ClassVar[type[Answer]]
    levels: ClassVar[int] = 3

    @abstractmethod
    def sample(self, rng: Random, level: int) -> P:
        """A fresh instance with pleasant numbers, at a level from 1 to ``levels``; built backwards from its answer."""

    @abstractmethod
    def statement(self, params: P) -> tuple[Block, ...]:
        """What is asked.  Never shows the answer."""

    def runs_needed(self, params: P) -> tuple[RunRequest, ...]:
        """The training runs whose records ``solve`` needs."""
        return ()

    @abstractmethod
    def solve(self, params: P, records: Records) -> Solution:
        """The exact answer, or the measured one, with the worked steps.

        Raises:
            UnsupportedError: the instance is beyond what gradus can do exactly; says what the limit is.
        """

    @abstractmethod
    def mistakes(self, params: P) -> tuple[Mistake, ...]:
        """Wrong answers that people give, each computed by the wrong rule; none equals the right answer."""

    def criterion(self, params: P) -> Criterion | None:
        """What decides an answer where several are right; None where only the exact answer itself is."""
        return None
