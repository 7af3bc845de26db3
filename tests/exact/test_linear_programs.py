"""The exact simplex method against SciPy's, and against itself on degenerate programs."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pytest
from scipy.optimize import linprog

from gradus.exact.linear_algebra.linear_programs import Budget, BudgetSpent, HalfSpace, maximum

F = Fraction


def random_program(rng: Random) -> tuple[list[Fraction], list[tuple[Fraction, Fraction]], list[HalfSpace]]:
    n = rng.randint(1, 5)
    box = [(low, low + F(rng.randint(0, 8), 2)) for low in (F(rng.randint(-6, 2), 3) for _ in range(n))]
    normals = [tuple(F(rng.randint(-3, 3), rng.randint(1, 3)) for _ in range(n)) for _ in range(rng.randint(0, 6))]
    rows = [HalfSpace(normal, F(rng.randint(-4, 6), 2)) for normal in normals]
    return [F(rng.randint(-4, 4)) for _ in range(n)], box, rows


def test_random_programs_agree_with_scipy() -> None:
    rng, infeasible = Random(11), 0
    for _ in range(300):
        objective, box, rows = random_program(rng)
        found = maximum(objective, box, rows, Budget(10**6))
        peer = linprog(
            [-float(c) for c in objective],
            A_ub=np.array([[float(a) for a in row.normal] for row in rows]) if rows else None,
            b_ub=[float(row.bound) for row in rows] or None,
            bounds=[(float(low), float(high)) for low, high in box],
        )
        if found is None:
            infeasible += 1
            assert peer.status == 2
            continue
        assert peer.status == 0 and float(found.value) == pytest.approx(-peer.fun, abs=1e-7)
        assert all(low <= x <= high for x, (low, high) in zip(found.point, box, strict=True))
        for row in rows:
            assert sum(a * x for a, x in zip(row.normal, found.point, strict=True)) <= row.bound
    assert 20 < infeasible < 200


def test_a_degenerate_program_ends() -> None:
    """Many half-spaces through one vertex."""
    box = [(F(0), F(1))] * 3
    rows = [HalfSpace((F(i), F(1), F(-i)), F(0)) for i in range(-4, 5)]
    found = maximum([F(1), F(-1), F(1)], box, rows, Budget(10**6))
    assert found is not None and found.value == 2


def test_the_budget_ends_the_work() -> None:
    with pytest.raises(BudgetSpent):
        maximum([F(1)] * 40, [(F(0), F(1))] * 40, [], Budget(2000))
