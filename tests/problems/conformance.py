"""What every kind of problem must satisfy, as checks that take the kind.

``test_conformance.py`` runs them over the registry, ``test_broken_kinds.py`` over kinds that are broken on purpose.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console

from gradus.answers.verdict import verdict
from gradus.documents.blocks import Code, Document, Figure, Math, Table, Text
from gradus.documents.html import html
from gradus.documents.notebook import notebook
from gradus.documents.pdf import pdf
from gradus.documents.terminal import print_blocks
from gradus.exact.steps import Step
from gradus.problems.problem import Params, Records
from gradus.problems.registry import AnyKind, module_name
from gradus.runs import RunRequest
from gradus.sets.problem_blocks import answer_blocks, problem_blocks
from gradus.sets.problem_set import Problem

ORACLES = Path(__file__).with_name("oracles")
__all__ = ["Random", "RunRequest"]
SHORTEST_TELLING = 5
"""Answers shorter than this (a rank, a yes) stand in many texts by chance, so their absence is not asked for."""


def samples(kind: AnyKind, seeds: int) -> Iterator[Params]:
    """Instances at every level, for so many seeds."""
    for level in range(1, kind.levels + 1):
        for seed in range(seeds):
            yield kind.sample(Random(f"{kind.name} {level} {seed}"), level)


def check_reproducible(kind: AnyKind, records: Records) -> None:
    for level in range(1, kind.levels + 1):
        first, second = (kind.sample(Random(7), level) for _ in range(2))
        assert first == second, "sample must depend on the generator alone"
        assert kind.solve(first, records) == kind.solve(second, records), "solve must be a function"
        assert kind.statement(first) == kind.statement(second)


def check_varied(kind: AnyKind) -> None:
    instances = {p.model_dump_json() for p in samples(kind, 12)}
    assert len(instances) >= min(3, kind.levels), "different seeds must give different instances"


def check_json_round_trip(kind: AnyKind) -> None:
    for params in samples(kind, 5):
        back = kind.Params.model_validate(params.model_dump(mode="json"))
        assert back == kind.Params.model_validate_json(params.model_dump_json()) == params, "JSON loses something"


def check_answer_type(kind: AnyKind, records: Records) -> None:
    for params in samples(kind, 3):
        answer = kind.solve(params, records).answer
        assert isinstance(answer, kind.answer), "the answer is not of the type that the kind names"
        if answer.decided_by != "a person":
            assert answer.text and answer.latex


def check_own_answer_accepted(kind: AnyKind, records: Records, seeds: int = 8) -> None:
    for params in samples(kind, seeds):
        answer = kind.solve(params, records).answer
        found = verdict(answer, kind.solve(params, records).answer, kind.mistakes(params))
        assert found.outcome == "right", "the kind refuses its own answer"


def check_mistakes_rejected(kind: AnyKind, records: Records, seeds: int = 8) -> None:
    for params in samples(kind, seeds):
        mistakes = kind.mistakes(params)
        answer = kind.solve(params, records).answer
        if kind.answer.decided_by == "mathematics":
            assert mistakes, "a kind that mathematics decides knows at least one mistake"
        for mistake in mistakes:
            found = verdict(mistake.answer, answer, mistakes)
            assert (found.outcome, found.reason) == ("wrong", mistake.explanation), mistake
            assert len(mistake.explanation) > 20, "an explanation says why"


def check_oracle(kind: AnyKind, records: Records, seeds: int = 8) -> None:
    """The exact result agrees with ``oracles/<module>.py``, which is independent of gradus."""
    file = ORACLES / f"{module_name(kind.name)}.py"
    assert file.exists(), f"tests/problems/oracles/{file.name} is missing"
    spec = importlib.util.spec_from_file_location(f"oracle_{file.stem}", file)
    assert spec is not None and spec.loader is not None
    oracle = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(oracle)
    for params in samples(kind, seeds):
        oracle.check(params, kind.solve(params, records).answer)


def check_statement_hides_answer(kind: AnyKind, records: Records) -> None:
    for params in samples(kind, 5):
        answer = kind.solve(params, records).answer
        shown = _squeezed(" ".join(_texts(kind.statement(params))))
        for form in (answer.text, answer.latex):
            if len(_squeezed(form)) >= SHORTEST_TELLING:
                assert _squeezed(form) not in shown, "the statement shows the answer"


def check_no_floats(kind: AnyKind, records: Records) -> None:
    for params in samples(kind, 5):
        floats = [value for value in _leaves(kind.solve(params, records).answer) if isinstance(value, float)]
        assert not floats, f"an exact answer holds floats: {floats}"


def check_worked(kind: AnyKind, records: Records) -> None:
    """An exact answer comes with steps, and with self-checks that were computed and held."""
    for params in samples(kind, 3):
        solution = kind.solve(params, records)
        steps = [part for part in solution.body if isinstance(part, Step)]
        assert solution.summary.strip()
        if kind.answer.decided_by == "mathematics":
            assert steps and any(step.checks for step in steps), "a worked solution has steps with self-checks"
        assert all(check.holds for step in steps for check in step.checks)


def check_code_runs(kind: AnyKind, records: Records, folder: Path) -> None:
    """The cell that recomputes the answer runs; an exact answer it prints, one line a part."""
    for level in range(1, kind.levels + 1):
        solution = kind.solve(kind.sample(Random(3), level), records)
        if kind.answer.decided_by == "mathematics":
            assert solution.code.strip(), "an exact answer can be recomputed in the notebook"
            shown = "; ".join(printed(solution.code, folder).strip().splitlines())
            assert _squeezed(shown) == _squeezed(solution.answer.text), "the cell prints another answer"
        elif solution.code.strip():
            assert printed(solution.code, folder).strip()


def printed(source: str, folder: Path) -> str:
    """What a cell prints, run in a folder; the value of a last expression is not shown."""
    output = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(output):
        exec(compile(source, "cell", "exec"), {"__name__": "__main__"})
    return output.getvalue()


def check_every_writer(kind: AnyKind, records: Records, seeds: int = 1) -> None:
    """Notebook, web page, PDF and terminal render statement and solution; the PDF finds each answer's pages."""
    blocks: list[Any] = []
    ids = []
    for number, params in enumerate(samples(kind, seeds), start=1):
        problem = Problem(f"{number}", kind, params, points=number)
        ids.append(problem.id)
        blocks += [*problem_blocks(problem), *answer_blocks(problem.id, kind.solve(params, records))]
    document = Document(kind.title, tuple(blocks))
    assert "<main" in html(document)
    assert len(notebook(document, "pip install gradus").cells) > len(ids)
    assert sorted(pdf(document).pages) == sorted(ids)
    console = Console(file=io.StringIO(), width=80)
    print_blocks(document.blocks, console)
    assert isinstance(console.file, io.StringIO) and len(console.file.getvalue()) > 100


def _texts(blocks: Any) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, Text):
            yield block.markdown
        elif isinstance(block, Math):
            yield block.latex
        elif isinstance(block, Table):
            yield " ".join((*block.header, *(cell for row in block.rows for cell in row), block.caption))
        elif isinstance(block, Figure):
            yield f"{block.svg} {block.alt} {block.caption}"
        elif isinstance(block, Code):
            yield f"{block.source} {block.output}"


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _leaves(value: Any) -> Iterator[Any]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _leaves(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value
