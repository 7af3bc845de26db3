"""Linear programs over a box, solved exactly: the simplex method in integers, by Bland's rule, within a budget of work.

The tableau is kept in integers over one common denominator, the last pivot, as in Edmonds' and Bareiss' elimination:
each update ``(a p - b c) / d`` divides without a remainder.  Bland's rule takes the first improving column and, among
equal ratios, the row whose variable comes first, so the method never cycles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm

from gradus.errors import WorkFailed


class BudgetSpent(WorkFailed):
    """The work that was allowed is done, and the question is still open."""


@dataclass
class Budget:
    """How many entries of tableaus may still be computed.

    >>> budget = Budget(10)
    >>> budget.spend(4)
    >>> budget.left
    6
    """

    left: int

    def spend(self, entries: int) -> None:
        """Take so many entries off.

        Raises:
            BudgetSpent: fewer are left.
        """
        if entries > self.left:
            self.left = 0
            raise BudgetSpent("the budget of exact work is spent")
        self.left -= entries


@dataclass(frozen=True)
class HalfSpace:
    """All x with ``normal . x <= bound``."""

    normal: tuple[Fraction, ...]
    bound: Fraction


@dataclass(frozen=True)
class Optimum:
    """The largest value of the objective, and a vertex at which it is taken."""

    value: Fraction
    point: tuple[Fraction, ...]


def maximum(
    objective: Sequence[Fraction],
    box: Sequence[tuple[Fraction, Fraction]],
    half_spaces: Sequence[HalfSpace],
    budget: Budget,
) -> Optimum | None:
    """The maximum of ``objective . x`` over the points of a box that lie in all half-spaces; None if there are none.

    Args:
        objective: n coefficients.
        box: n pairs (lower, upper), lower <= upper.
        half_spaces: with normals of n entries.
        budget: what the work is taken off.

    Raises:
        BudgetSpent: the budget does not suffice.

    >>> one = Fraction(1)
    >>> found = maximum([one, one], [(Fraction(0), one)] * 2, [HalfSpace((one, 2 * one), one)], Budget(1000))
    >>> found.value, found.point
    (Fraction(1, 1), (Fraction(1, 1), Fraction(0, 1)))
    """
    n, m = len(box), len(box) + len(half_spaces)
    budget.spend((n + 1) * (m + 2))
    lower = [low for low, _ in box]
    rows = [_integers([*h.normal, h.bound - _dot(h.normal, lower)]) for h in half_spaces]
    for i, (low, high) in enumerate(box):
        rows.append(_integers([Fraction(int(i == j)) for j in range(n)] + [high - low]))
    tableau = _Tableau(rows, [-c for c in _integers([*objective, Fraction(0)])], list(range(n)), list(range(n, n + m)))
    if not tableau.made_feasible(budget):
        return None
    tableau.climb(budget)
    point = tuple(low + x for low, x in zip(lower, tableau.point(n), strict=True))
    return Optimum(_dot(objective, point), point)


@dataclass
class _Tableau:
    """Rows ``a . nonbasic + d basic = b``, last entry b; the objective's row has the negated coefficients."""

    rows: list[list[int]]
    objective: list[int]
    columns: list[int]
    basis: list[int]
    d: int = field(default=1)

    def made_feasible(self, budget: Budget) -> bool:
        """Phase 1: an artificial variable x0 lifts all negative right-hand sides, and is then driven to 0."""
        worst = min(range(len(self.rows)), key=lambda i: self.rows[i][-1], default=0)
        if not self.rows or self.rows[worst][-1] >= 0:
            return True
        saved, artificial = self.objective, len(self.columns) + len(self.rows)
        for row in self.rows:
            row.insert(-1, -1)
        saved.insert(-1, 0)
        self.columns.append(artificial)
        goal = [0] * (len(self.columns) - 1) + [1, 0]
        self._pivot(worst, len(self.columns) - 1, [saved, goal], budget)
        self._climb(goal, [saved, goal], budget)
        if goal[-1] != 0:
            return False
        if artificial in self.basis:
            leaving = self.basis.index(artificial)
            entering = next((j for j, a in enumerate(self.rows[leaving][:-1]) if a), None)
            if entering is None:
                del self.rows[leaving], self.basis[leaving]
            else:
                self._pivot(leaving, entering, [saved], budget)
        if artificial in self.columns:
            column = self.columns.index(artificial)
            for row_entries in [*self.rows, saved]:
                del row_entries[column]
            del self.columns[column]
        return True

    def climb(self, budget: Budget) -> None:
        """Phase 2: pivots until no column improves the objective."""
        self._climb(self.objective, [self.objective], budget)

    def point(self, n: int) -> list[Fraction]:
        """The values of the first n variables."""
        values = dict(zip(self.basis, (Fraction(row[-1], self.d) for row in self.rows), strict=True))
        return [values.get(i, Fraction(0)) for i in range(n)]

    def _climb(self, goal: list[int], goals: list[list[int]], budget: Budget) -> None:
        while True:
            improving = [j for j in range(len(self.columns)) if goal[j] < 0]
            if not improving:
                return
            column = min(improving, key=lambda j: self.columns[j])
            candidates = [i for i, row in enumerate(self.rows) if row[column] > 0]
            row = min(
                candidates, key=lambda i: (Fraction(self.rows[i][-1], self.rows[i][column]), self.basis[i])
            )  # never empty: the box bounds every direction
            self._pivot(row, column, goals, budget)

    def _pivot(self, r: int, s: int, goals: list[list[int]], budget: Budget) -> None:
        budget.spend((len(self.rows) + len(goals)) * (len(self.columns) + 1))
        pivot_row = self.rows[r]
        p, d = pivot_row[s], self.d
        sign = 1 if p > 0 else -1
        for row in (*self.rows, *goals):
            if row is not pivot_row:
                a = row[s]
                row[:] = [sign * ((x * p - a * y) // d) for x, y in zip(row, pivot_row, strict=True)]
                row[s] = -sign * a
        if sign < 0:
            pivot_row[:] = [-x for x in pivot_row]
        pivot_row[s] = sign * d
        self.d = abs(p)
        self.columns[s], self.basis[r] = self.basis[r], self.columns[s]


def _integers(values: Sequence[Fraction]) -> list[int]:
    """A positive multiple of the values in integers."""
    common = lcm(*(value.denominator for value in values))
    return [value.numerator * (common // value.denominator) for value in values]


def _dot(first: Sequence[Fraction], second: Sequence[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(first, second, strict=True)), Fraction(0))
