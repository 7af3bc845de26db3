"""Fresh problems about matrices have pleasant numbers, in the answer and on the way to it."""

from __future__ import annotations

import re
from random import Random

import pytest

from gradus.exact import SVD, Matrix, Step, rank, svd
from gradus.problems.matrix_samples import MOST, construction, right_hand_side
from gradus.problems.problem import Solution
from gradus.problems.registry import find_kind

KINDS = (
    "least-squares/system",
    "linear-algebra/rank",
    "linear-algebra/row-space",
    "linear-algebra/null-space",
    "svd/right-singular-vectors",
    "svd/left-factors",
    "least-squares/pseudo-inverse",
    "least-squares/minimum-norm",
    "least-squares/all-solutions",
    "least-squares/unit-minimisers",
)
LARGEST_ENTRY = {1: 30, 2: 12, 3: 20}
LARGEST_PRINTED = {1: 900, 2: 250, 3: 250}
"""Largest integer in a worked solution, coefficients of a characteristic polynomial (bounded by MOST) left aside."""


def integers(latex: str) -> list[int]:
    """All integers of two digits and more in a formula or a sentence."""
    return [int(digits) for digits in re.findall(r"\d{2,}", latex)]


def printed(solution: Solution) -> list[int]:
    steps = [part for part in solution.body if isinstance(part, Step)]
    texts = [solution.summary]
    for step in steps:
        texts += [step.claim, step.reason, step.before, step.after, *(check.statement for check in step.checks)]
    return [n for text in texts for n in integers(text)]


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("name", KINDS)
def test_no_number_of_a_worked_solution_is_large(name: str, level: int) -> None:
    kind = find_kind(name)
    bound = MOST[level] if name == "svd/right-singular-vectors" else LARGEST_PRINTED[level]
    for seed in range(15):
        params = kind.sample(Random(seed), level)
        assert max(printed(kind.solve(params, {})), default=0) <= bound, params.A.text


@pytest.mark.parametrize("level", [1, 2, 3])
def test_entries_are_small_and_samples_differ(level: int) -> None:
    matrices = [construction(Random(seed), level).A for seed in range(200)]
    assert all(abs(x) <= LARGEST_ENTRY[level] for A in matrices for row in A.rows for x in row)
    assert len(set(matrices)) >= 60


def test_every_level_is_what_it_says() -> None:
    for seed in range(60):
        A = construction(Random(seed), 1).A
        assert A.shape == (2, 2) and rank(A) == 1
    assert {construction(Random(seed), 2).A.shape for seed in range(60)} == {(3, 2), (2, 3)}
    found = [svd(construction(Random(seed), 3).A) for seed in range(60)]
    assert all(has_repeated_value(each) or has_surds(each) for each in found)
    assert sum(map(has_repeated_value, found)) > 10 and sum(map(has_surds, found)) > 10


def has_repeated_value(found: SVD) -> bool:
    values = [value for value in found.singular_values if value]
    return len(set(values)) < len(values)


def has_surds(found: SVD) -> bool:
    return not all(factor.is_rational for factor in (found.U, found.Sigma, found.V))


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_matrix_is_its_construction(level: int) -> None:
    for seed in range(30):
        built = construction(Random(seed), level, with_null_space=True)
        A = built.A
        assert rank(A) == len(built.terms) < A.shape[1]
        assert {value * value for value in svd(A).singular_values if value} == {
            p.dot(p) * q.dot(q) * scale**2 for scale, p, q in built.terms
        }
        assert all(not A.T @ w for w in built.left_null)
        assert len(right_hand_side(Random(seed), built)) == A.shape[0]
        assert Matrix.of(A.text) == A
