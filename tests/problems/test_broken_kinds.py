"""Kinds that are broken on purpose: each conformance check must fail on the kind that breaks it."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gradus.answers.answer import Exact, YesNo
from gradus.answers.verdict import Mistake
from gradus.documents.blocks import Block, Math, Text
from gradus.errors import LatexError, SelfCheckFailed
from gradus.exact.numbers.number import Number
from gradus.exact.steps import Check, Step
from gradus.problems.kinds.linear_algebra_rank import KIND as RANK
from gradus.problems.problem import Params, Records, Solution
from problems import conformance as suite

Rank: Any = type(RANK)


class Unreproducible(Rank):
    counter = itertools.count(1)

    def sample(self, rng: Random, level: int) -> Params:
        return super().sample(Random(next(self.counter)), level)


class Monotonous(Rank):
    def sample(self, rng: Random, level: int) -> Params:
        return super().sample(Random(1), 1)


class Forgetful(Rank):
    """Its JSON form drops a digit."""

    class Params(RANK.Params):  # type: ignore[name-defined, misc]
        def model_dump(self, **options: Any) -> dict[str, Any]:
            return super().model_dump(**options) | {"A": [["1"]]}

    def sample(self, rng: Random, level: int) -> Params:
        return self.Params(A=super().sample(rng, level).A)


class WrongType(Rank):
    answer = YesNo


class Answering(Rank):
    """Solves with an answer that a subclass chooses."""

    def given(self, right: Exact) -> Exact:
        return right

    def solve(self, params: Params, records: Records) -> Solution:
        solution = super().solve(params, records)
        return dataclasses.replace(solution, answer=self.given(solution.answer))


class Fickle(Answering):
    counter = itertools.count(1)

    def given(self, right: Exact) -> Exact:
        return Exact(Number.of(next(self.counter)))


class Wrong(Answering):
    def given(self, right: Exact) -> Exact:
        return Exact(right.value + 1)


class Floating(Answering):
    def given(self, right: Exact) -> Exact:
        return Exact(1.0)  # type: ignore[arg-type]


class Faultless(Rank):
    def mistakes(self, params: Params) -> tuple[Mistake, ...]:
        return ()


class SelfContradicting(Rank):
    """Counts the right answer among the mistakes."""

    def mistakes(self, params: Params) -> tuple[Mistake, ...]:
        return (Mistake(self.solve(params, {}).answer, "This is the right answer, called a mistake."),)


class Telling(Answering):
    """Its statement shows the answer."""

    def given(self, right: Exact) -> Exact:
        return Exact(right.value + 12345678)

    def statement(self, params: Params) -> tuple[Block, ...]:
        return (*super().statement(params), Text(f"It is {self.solve(params, {}).answer.text}."))


class Stepless(Rank):
    def solve(self, params: Params, records: Records) -> Solution:
        return dataclasses.replace(super().solve(params, records), body=())


class Codeless(Rank):
    def solve(self, params: Params, records: Records) -> Solution:
        return dataclasses.replace(super().solve(params, records), code="")


class Unrunnable(Rank):
    def solve(self, params: Params, records: Records) -> Solution:
        return dataclasses.replace(super().solve(params, records), code="print(nothing_of_that_name)")


class Miscalculating(Rank):
    """Its cell runs, and prints another answer."""

    def solve(self, params: Params, records: Records) -> Solution:
        return dataclasses.replace(super().solve(params, records), code="print(99)")


class Unwritable(Rank):
    def statement(self, params: Params) -> tuple[Block, ...]:
        return (Math(r"\nosuchmacro"),)


Case = tuple[type[Any], Callable[[Any], None], type[Exception], str]
"""A broken kind, the check that it breaks, the exception and words of its message; an oracle's message is empty."""

CASES: list[Case] = [
    (Unreproducible, lambda kind: suite.check_reproducible(kind, {}), AssertionError, "depend on the generator"),
    (Monotonous, suite.check_varied, AssertionError, "different instances"),
    (Forgetful, suite.check_json_round_trip, AssertionError, "JSON loses something"),
    (WrongType, lambda kind: suite.check_answer_type(kind, {}), AssertionError, "not of the type"),
    (Fickle, lambda kind: suite.check_own_answer_accepted(kind, {}), AssertionError, "refuses its own answer"),
    (Faultless, lambda kind: suite.check_mistakes_rejected(kind, {}), AssertionError, "at least one mistake"),
    (SelfContradicting, lambda kind: suite.check_mistakes_rejected(kind, {}), AssertionError, "called a mistake"),
    (Wrong, lambda kind: suite.check_oracle(kind, {}), AssertionError, "^$"),
    (Telling, lambda kind: suite.check_statement_hides_answer(kind, {}), AssertionError, "shows the answer"),
    (Floating, lambda kind: suite.check_no_floats(kind, {}), AssertionError, "holds floats"),
    (Stepless, lambda kind: suite.check_worked(kind, {}), AssertionError, "steps with self-checks"),
    (Codeless, lambda kind: suite.check_code_runs(kind, {}, Path()), AssertionError, "recomputed in the notebook"),
    (Unrunnable, lambda kind: suite.check_code_runs(kind, {}, Path()), NameError, "nothing_of_that_name"),
    (Miscalculating, lambda kind: suite.check_code_runs(kind, {}, Path()), AssertionError, "prints another answer"),
    (Unwritable, lambda kind: suite.check_every_writer(kind, {}), LatexError, "nosuchmacro"),
]


@pytest.mark.parametrize(
    ("broken", "check", "exception", "words"), CASES, ids=[broken.__name__ for broken, *_ in CASES]
)
def test_a_broken_kind_fails_its_check(
    broken: type[Any], check: Callable[[Any], None], exception: type[Exception], words: str
) -> None:
    check(RANK)
    with pytest.raises(exception, match=words):
        check(broken())


def test_a_self_check_that_fails_stops_the_solution() -> None:
    wrong = Step("$1 + 1 = 3$", "As some say.", checks=(Check("$3 - 1 = 1$", 3 - 1 == 1),))
    with pytest.raises(SelfCheckFailed, match=r"\$3 - 1 = 1\$"):
        Solution(YesNo(True), "Yes.", (wrong,))
