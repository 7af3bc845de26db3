"""Every kind of problem passes the same checks; a new kind is one new file and inherits them all."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradus.errors import InputError
from gradus.problems.problem import Records
from gradus.problems.registry import AnyKind, all_kinds, find_kind, module_name, modules
from problems import conformance as suite
from problems.records import typical_records

KINDS = all_kinds()
EXACT = [kind for kind in KINDS if kind.answer.decided_by == "mathematics"]


def records(kind: AnyKind) -> Records:
    """Recorded runs for every instance that the checks draw."""
    return typical_records([r for params in suite.samples(kind, 12) for r in kind.runs_needed(params)] + _fixed(kind))


def _fixed(kind: AnyKind) -> list[suite.RunRequest]:
    return [
        r
        for level in range(1, kind.levels + 1)
        for seed in (3, 7)
        for r in kind.runs_needed(kind.sample(suite.Random(seed), level))
    ]


every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
every_exact_kind = pytest.mark.parametrize("kind", EXACT, ids=lambda kind: kind.name)


@every_kind
def test_reproducible(kind: AnyKind) -> None:
    suite.check_reproducible(kind, records(kind))


@every_kind
def test_varied(kind: AnyKind) -> None:
    suite.check_varied(kind)


@every_kind
def test_json_round_trip(kind: AnyKind) -> None:
    suite.check_json_round_trip(kind)


@every_kind
def test_answer_type(kind: AnyKind) -> None:
    suite.check_answer_type(kind, records(kind))


@every_kind
def test_own_answer_accepted(kind: AnyKind) -> None:
    suite.check_own_answer_accepted(kind, records(kind))


@every_kind
def test_mistakes_rejected(kind: AnyKind) -> None:
    suite.check_mistakes_rejected(kind, records(kind))


@every_exact_kind
def test_oracle(kind: AnyKind) -> None:
    suite.check_oracle(kind, records(kind))


@every_kind
def test_statement_hides_answer(kind: AnyKind) -> None:
    suite.check_statement_hides_answer(kind, records(kind))


@every_exact_kind
def test_no_floats(kind: AnyKind) -> None:
    suite.check_no_floats(kind, records(kind))


@every_kind
def test_worked(kind: AnyKind) -> None:
    suite.check_worked(kind, records(kind))


@every_kind
def test_code_runs(kind: AnyKind, tmp_path: Path) -> None:
    suite.check_code_runs(kind, records(kind), tmp_path)


@every_kind
def test_every_writer(kind: AnyKind) -> None:
    suite.check_every_writer(kind, records(kind))


def test_the_registry_finds_each_file_by_its_kind() -> None:
    assert len(KINDS) == len(modules()) >= 23
    assert all(find_kind(kind.name) is kind for kind in KINDS)
    assert sorted(module_name(kind.name) for kind in KINDS) == list(modules())


def test_an_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"least-squares/minimum-nrom.*did you mean least-squares/minimum-norm\?"):
        find_kind("least-squares/minimum-nrom")
