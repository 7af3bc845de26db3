"""Answers are decided by what they must satisfy: every right variant is right, every wrong one wrong with a witness."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradus.answers import criteria
from gradus.answers.answer import Answer, Basis, Exact, Family, Minimisers, Parts
from gradus.answers.reading import read_answer
from gradus.answers.verdict import Verdict, verdict
from gradus.exact import (
    Matrix,
    Number,
    Vector,
    least_squares,
    null_space,
    pseudo_inverse,
    rank,
    row_space,
    svd,
    unit_minimisers,
)
from gradus.problems.registry import AnyKind, all_kinds
from gradus.sets import Problem, read_set, set_file

PROBLEMS = {problem.id: problem for problem in read_set(set_file("hw5")).problems}


def decided(id: str, *texts: str) -> Verdict:
    problem: Problem = PROBLEMS[id]
    expected = problem.kind.solve(problem.params, {}).answer
    given = read_answer(texts, expected)
    return verdict(given, expected, problem.kind.mistakes(problem.params), problem.kind.criterion(problem.params))


RIGHT = [
    ("3.1", ["A = 3 4; 3 4; b = (2, 3)"]),
    ("3.1", ["A = [[3, 4], [3, 4]]", "b = [3, 2]"]),
    ("3.2", ["1"]),
    ("3.2", ["2/2"]),
    ("3.3", ["(3/5, 4/5)"]),
    ("3.3", ["-1/5 (3, 4)"]),
    ("3.4", ["(-4/5, 3/5)"]),
    ("3.4", ["0.8 -0.6"]),
    ("3.5", ["3/5 -4/5; 4/5 3/5"]),
    ("3.5", ["-3/5 4/5; -4/5 -3/5"]),
    ("3.5", ["1/5 [3 4; 4 -3]"]),
    ("3.6", ["U = 1/sqrt(2) [1 -1; 1 1]", "Sigma = 5*sqrt(2) 0; 0 0"]),
    ("3.6", ["U = -sqrt(2)/2 -sqrt(1/2); -1/sqrt(2) √2/2; Sigma = sqrt(50) 0; 0 0"]),
    ("3.7", ["1/50 [3 3; 4 4]"]),
    ("3.7", ["0.06 0.06; 0.08 0.08"]),
    ("3.8", ["(3/10, 2/5)"]),
    ("3.8", ["1/10 (3, 4)"]),
    ("3.9", ["(3/10, 2/5) + k*(-4/5, 3/5)"]),
    ("3.9", ["(0, 5/8) + t*(4, -3)"]),
    ("3.9", ["(5/6 - 4s, 3s)"]),
    ("3.9", ["(3/10 - 4/5 k + 8 m, 2/5 + 3/5 k - 6 m)"]),
    ("3.10", ["±(4/5, -3/5)"]),
    ("3.10", ["(-4/5, 3/5), (4/5, -3/5), (4/5, -3/5)"]),
    ("3.10", ["unit vectors in span{(-4, 3)}"]),
]

WRONG = [
    ("3.1", ["A = 3 3; 4 4", "b = 2 3"], "Row 1 says 3x + 3y = 2"),
    ("3.1", ["A = 3 4; 3 4", "b = 2 2"], "Row 2 says 3x + 4y = 2"),
    ("3.1", ["A = 3 4 2; 3 4 3", "b = 2 3"], "augmented matrix"),
    ("3.2", ["2"], "only 1 non-zero row"),
    ("3.2", ["0"], "column 1 of A is not zero"),
    ("3.2", ["3"], "at most 2"),
    ("3.2", ["1/2"], "whole number"),
    ("3.3", ["(3, 4)"], "has length 5, not 1"),
    ("3.3", ["(1/sqrt(2), 1/sqrt(2))"], "not orthogonal to (-4, 3)"),
    ("3.3", ["(3/5, 4/5), (3/5, 4/5)"], "their scalar product is 1"),
    ("3.3", ["{}"], "dimension 1, and 0 vectors are given"),
    ("3.3", ["(1, 0, 0)"], "has 3 entries, not 2"),
    ("3.4", ["(4/5, 3/5)"], "A x = (24/5, 24/5)"),
    ("3.4", ["(-4, 3)"], "has length 5, not 1"),
    ("3.5", ["3/5 7/5; 4/5 0"], "Column 2 of V has length 7/5, not 1."),
    ("3.5", ["-4/5 3/5; 3/5 4/5"], "singular values must descend"),
    ("3.5", ["1 0; 0 1"], "scalar product is 24"),
    ("3.5", ["3/5; 4/5"], "V must be 2 x 2, and is 2 x 1"),
    ("3.6", ["U = 1 0; 0 1", "Sigma = 5*sqrt(2) 0; 0 0"], "A A^T u1 is not sigma1^2 u1"),
    ("3.6", ["U = 1/sqrt(2) [1 -1; 1 1]", "Sigma = 50 0; 0 0"], "square roots"),
    ("3.6", ["U = 1/sqrt(2) [1 -1; 1 1]", "Sigma = -5*sqrt(2) 0; 0 0"], "never negative"),
    ("3.6", ["U = 1/sqrt(2) [-1 1; 1 1]", "Sigma = 0 0; 0 5*sqrt(2)"], "must descend"),
    ("3.6", ["U = 1/sqrt(2) [1 -1; 1 1]", "Sigma = 5*sqrt(2) 1; 0 0"], "its entry (1, 2) is 1"),
    ("3.6", ["U = 5 -1; 5 1", "Sigma = 5*sqrt(2) 0; 0 0"], "Column 1 of U has length 5*sqrt(2), not 1."),
    ("3.7", ["3 3; 4 4"], "A X A is not A: its entry (1, 1) is 150, not 3."),
    ("3.7", ["1/3 0; 0 0"], "A X is not symmetric"),
    ("3.7", ["0 0; 0 0"], "A X A is not A"),
    ("3.8", ["(0, 5/8)"], "not the shortest"),
    ("3.8", ["(1, 0)"], "its residual has length 1, and the least is sqrt(2)/2"),
    ("3.8", ["(1, 0, 0)"], "has 3 entries, and A has 2 columns"),
    ("3.9", ["(3/10, 2/5)"], "Not all solutions are given: (-37/10, 17/5)"),
    ("3.9", ["(3/10, 2/5) + k*(4/5, 3/5)"], "With k = 1 the family gives (11/10, 1), whose residual"),
    ("3.9", ["(3/10, 2/5) + t*(4, -3) + s*(1, 1)"], "With s = 1, all else 0, the family gives"),
    ("3.9", ["(1, 1) + k*(-4, 3)"], "(1, 1) is no least-squares solution"),
    ("3.10", ["(4/5, -3/5)"], "Not all are given: (-4/5, 3/5)"),
    ("3.10", ["±(4, -3)"], "(4, -3) is no unit vector: it has length 5."),
    ("3.10", ["unit vectors in span{(1, 0), (0, 1)}"], "A x = (3, 3)"),
    ("3.10", ["unit vectors in span{(0, 0)}"], "no unit vector"),
]


@pytest.mark.parametrize(("id", "texts"), RIGHT)
def test_right_answers_of_homework_5(id: str, texts: list[str]) -> None:
    assert decided(id, *texts) == Verdict("right")


@pytest.mark.parametrize(("id", "texts", "witness"), WRONG)
def test_wrong_answers_of_homework_5(id: str, texts: list[str], witness: str) -> None:
    found = decided(id, *texts)
    assert found.outcome == "wrong"
    assert witness in found.reason.replace("\\", "")


def test_the_four_vectors_that_are_not_all_minimisers() -> None:
    found = decided("3.10", "(4/5, 3/5), (-4/5, 3/5), (4/5, -3/5), (-4/5, -3/5)")
    assert found.outcome == "wrong"
    assert "A x = (24/5, 24/5)" in found.reason
    assert "Only the sign of the whole vector is free" in found.reason, "the mistake is recognised in any order"


def test_what_goes_beyond_the_budget_is_undecided() -> None:
    A = Matrix.of("1 sqrt(2) 0; 0 1 sqrt(3); 1 0 1")
    given = Minimisers("points", (Vector.of("1 0 0"),))

    def out_of_budget(answer: Answer) -> Verdict:
        from gradus.errors import UnsupportedError

        raise UnsupportedError("A", A.text, "is too much", "")

    found = verdict(given, Minimisers("points", ()), (), out_of_budget)
    assert found.outcome == "undecided" and "is too much" in found.reason


DECIDED = [kind for kind in all_kinds() if kind.criterion(kind.sample(Random(1), 1)) is not None]


def test_all_of_part_3_is_decided_by_criteria() -> None:
    assert {PROBLEMS[f"3.{i}"].kind.name for i in range(1, 11)} == {kind.name for kind in DECIDED}


@pytest.mark.parametrize("kind", DECIDED, ids=lambda kind: kind.name)
def test_criteria_agree_with_answers_and_mistakes(kind: AnyKind) -> None:
    for level in range(1, kind.levels + 1):
        for seed in range(6):
            params = kind.sample(Random(f"{kind.name} {level} {seed}"), level)
            criterion = kind.criterion(params)
            assert criterion is not None
            assert criterion(kind.solve(params, {}).answer) == Verdict("right")
            for mistake in kind.mistakes(params):
                found = criterion(mistake.answer)
                assert found.outcome == "wrong" and len(found.reason) > 20, mistake


ROTATIONS = ((3, 4, 5), (5, 12, 13), (-8, 15, 17))


def turned(vectors: tuple[Vector, ...], rng: Random) -> tuple[Vector, ...]:
    """Another orthonormal basis of the same space."""
    basis = [v * rng.choice((1, -1)) for v in vectors]
    for i in range(len(basis) - 1):
        a, b, c = rng.choice(ROTATIONS)
        u, v = basis[i], basis[i + 1]
        basis[i], basis[i + 1] = (u * a + v * b) / c, (u * -b + v * a) / c
    return tuple(rng.sample(basis, len(basis)))


def as_floats(vectors: tuple[Vector, ...]) -> np.ndarray:
    return np.array([[float(x) for x in v] for v in vectors])


matrices = st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(
    lambda shape: st.lists(
        st.lists(st.integers(-3, 3), min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0]
    ).map(Matrix.of)
)
seeds = st.integers(0, 10**6).map(Random)


@given(matrices, seeds)
@settings(max_examples=30, deadline=None)
def test_any_basis_is_right_and_a_bent_one_wrong(A: Matrix, rng: Random) -> None:
    for space, criterion in (
        (row_space(A), criteria.row_space_basis(A)),
        (null_space(A), criteria.null_space_basis(A)),
    ):
        basis = turned(space, rng)
        assert criterion(Basis(basis)).outcome == "right"
        if not basis:
            continue
        assert np.allclose(as_floats(basis) @ as_floats(basis).T, np.eye(len(basis)))
        assert criterion(Basis(basis[1:])).outcome == "wrong"
        assert criterion(Basis((basis[0] * 2, *basis[1:]))).outcome == "wrong"
        bent = basis[0] + Vector(tuple(Number.of(int(i == 0)) for i in range(len(basis[0]))))
        assert criterion(Basis((bent, *basis[1:]))).outcome == ("right" if bent == -basis[0] else "wrong")


@given(matrices, st.lists(st.integers(-3, 3), min_size=4, max_size=4), seeds)
@settings(max_examples=30, deadline=None)
def test_any_description_of_the_family_is_right(A: Matrix, sides: list[int], rng: Random) -> None:
    b = Vector.of(sides[: A.shape[0]])
    found, criterion = least_squares(A, b), criteria.solution_family(A, b)
    shift = [d * rng.randint(-3, 3) for d in found.directions]
    point = sum(shift, found.min_norm)
    directions = [d * rng.choice((2, -1)) for d in found.directions]
    directions = [d + directions[0] * rng.randint(0, 2) if i else d for i, d in enumerate(directions)]
    assert criterion(Family(point, tuple(directions))).outcome == "right"
    normal = as_floats((point,)) @ as_floats(A.columns) @ as_floats(A.columns).T
    assert np.allclose(normal, as_floats((b,)) @ as_floats(A.columns).T), "the oracle agrees: a least-squares solution"
    shortest = criteria.minimum_norm_solution(A, b)
    assert shortest(Exact(found.min_norm)).outcome == "right"
    assert (shortest(Exact(point)).outcome == "right") == (point == found.min_norm)
    if directions:
        assert criterion(Family(point, tuple(directions[1:]))).outcome == "wrong"
    if A:
        off = Family(point + row_space(A)[0], tuple(directions))
        assert criterion(off).outcome == "wrong"
        wide = Family(point, (*directions, row_space(A)[0]))
        assert "k" in criterion(wide).reason and criterion(wide).outcome == "wrong"


@given(matrices, st.integers(0, 15), st.integers(-2, 2))
@settings(max_examples=30, deadline=None)
def test_the_pseudo_inverse_is_the_only_right_one(A: Matrix, entry: int, change: int) -> None:
    X = pseudo_inverse(A)
    i, j = entry % len(X.rows), entry % len(X.rows[0])
    rows = [[x + change if (p, q) == (i, j) else x for q, x in enumerate(row)] for p, row in enumerate(X.rows)]
    given = Exact(Matrix.of(rows))
    assert np.allclose(as_floats(A.columns).T @ as_floats(X.columns).T @ as_floats(A.columns).T, as_floats(A.columns).T)
    assert (criteria.pseudo_inverse(A)(given).outcome == "right") == (change == 0)


@given(matrices, st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_one_rank_is_right(A: Matrix, claimed: int) -> None:
    outcome = criteria.rank(A)(Exact(Number.of(claimed))).outcome
    assert (outcome == "right") == (claimed == np.linalg.matrix_rank(as_floats(A.columns)) == rank(A))


FRAMES = (((3, 4), (-4, 3), 5), ((1, 2, 2), (2, 1, -2), (2, -2, 1), 3), ((2, 3, 6), (3, -6, 2), (6, 2, -3), 7))


@given(st.sampled_from(FRAMES), st.sampled_from(FRAMES), st.lists(st.integers(0, 3), min_size=3, max_size=3), seeds)
@settings(max_examples=30, deadline=None)
def test_any_singular_vectors_are_right(left: tuple, right: tuple, values: list[int], rng: Random) -> None:
    """A = sum of s u v^T with known factors; equal singular values allow any basis of their space."""
    *us, c = left
    *vs, d = right
    U, V = ([Vector.of(w) / size for w in frame] for frame, size in ((us, c), (vs, d)))
    s = sorted(values, reverse=True)[: min(len(U), len(V))]
    Sigma = Matrix.of([[s[i] if i == j else 0 for j in range(len(V))] for i in range(len(U))])
    A = Matrix.from_columns(U) @ Sigma @ Matrix.from_columns(V).T
    signed_U = Matrix.from_columns([u * rng.choice((1, -1)) for u in U])
    signed_V = Matrix.from_columns([v * rng.choice((1, -1)) for v in V])
    right_V, left_U = criteria.right_factor(A), criteria.left_factors(A)
    assert right_V(Exact(signed_V)).outcome == "right"
    assert left_U(Parts({"U": Exact(signed_U), "Sigma": Exact(Sigma)})).outcome == "right"
    if s[0] == s[1]:
        mixed = Matrix.from_columns([*turned((V[0], V[1]), rng), *V[2:]])
        assert right_V(Exact(mixed)).outcome == "right"
    else:
        swapped = Matrix.from_columns([V[1], V[0], *V[2:]])
        assert "descend" in right_V(Exact(swapped)).reason
        swapped = Matrix.from_columns([U[1], U[0], *U[2:]])
        assert left_U(Parts({"U": Exact(swapped), "Sigma": Exact(Sigma)})).outcome == "wrong"
        a, b, size = ROTATIONS[0]
        mixed = Matrix.from_columns([(V[0] * a + V[1] * b) / size, (V[0] * -b + V[1] * a) / size, *V[2:]])
        assert "not orthogonal" in right_V(Exact(mixed)).reason
    assert left_U(Parts({"U": Exact(signed_U), "Sigma": Exact(Sigma + Sigma)})).outcome == ("wrong" if A else "right")


@given(matrices.filter(lambda A: A.shape[1] > rank(A) and A.shape[1] > 1), seeds)
@settings(max_examples=30, deadline=None)
def test_minimisers_as_points_or_as_a_span(A: Matrix, rng: Random) -> None:
    found, criterion = unit_minimisers(A), criteria.unit_minimisers(A)
    if found.kind == "points":
        v = found.vectors[0]
        assert criterion(Minimisers("points", (-v, v))).outcome == "right"
        assert criterion(Minimisers("sphere", (v * 3,))).outcome == "right"
        assert "Not all" in criterion(Minimisers("points", (v,))).reason
    else:
        span = [w * 2 for w in turned(found.vectors, rng)]
        assert criterion(Minimisers("sphere", (*span, span[0] + span[1]))).outcome == "right"
        assert "Not all" in criterion(Minimisers("sphere", tuple(span[1:]))).reason
        signed = tuple(w for v in found.vectors for w in (v, -v))
        assert "Not all" in criterion(Minimisers("points", signed)).reason
    if A:
        r = row_space(A)[0]
        assert "A x is not 0" in criterion(Minimisers("points", (r, -r))).reason
        assert "A x is not 0" in criterion(Minimisers("sphere", (*found.vectors, r))).reason


def test_minimisers_with_a_positive_least_value() -> None:
    A = Matrix.of("2 0; 0 1; 0 0")
    criterion = criteria.unit_minimisers(A)
    assert criterion(Minimisers("points", (Vector.of("0 1"), Vector.of("0 -1")))).outcome == "right"
    reason = criterion(Minimisers("points", (Vector.of("1 0"), Vector.of("-1 0")))).reason
    assert "whose squared norm is 4, and 1 is possible" in reason
    sphere = criteria.unit_minimisers(Matrix.of("1 0; 0 1"))
    assert sphere(Minimisers("sphere", (Vector.of("1 1"), Vector.of("0 2")))).outcome == "right"
    assert sphere(Minimisers("points", (Vector.of("1 0"), Vector.of("-1 0")))).outcome == "wrong"


@pytest.mark.parametrize("rows", ["1 1; 0 1", "1 1 0; 0 1 1; 0 0 1", "1 2; 3 4; 5 6"])
def test_singular_vectors_with_nested_roots_or_roots_of_polynomials(rows: str) -> None:
    A = Matrix.of(rows)
    found = svd(A)
    right_V, left_U = criteria.right_factor(A), criteria.left_factors(A)
    flipped = Matrix.from_columns([-found.V.column(0), *found.V.columns[1:]])
    assert any(x.is_algebraic for row in flipped.rows for x in row)
    assert right_V(read_answer([flipped.text], Exact(found.V))) == Verdict("right")
    swapped = Matrix.from_columns(found.V.columns[::-1])
    assert "must descend" in right_V(Exact(swapped)).reason
    U = Matrix.from_columns([-u for u in found.U.columns])
    assert left_U(Parts({"U": Exact(U), "Sigma": Exact(found.Sigma)})) == Verdict("right")
    swapped = Matrix.from_columns([found.U.column(1), found.U.column(0), *found.U.columns[2:]])
    assert left_U(Parts({"U": Exact(swapped), "Sigma": Exact(found.Sigma)})).outcome != "right"
    minimisers = unit_minimisers(A)
    points = read_answer([Minimisers("points", minimisers.vectors[::-1]).text], Minimisers("points", ()))
    assert criteria.unit_minimisers(A)(points) == Verdict("right")
