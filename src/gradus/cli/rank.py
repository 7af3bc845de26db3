"""``gradus rank``: the rank of a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradus.cli.matrix_command import Formula, Result, matrix_command

if TYPE_CHECKING:
    from gradus.exact import Matrix


@matrix_command("rank", max_side=100)
def command(A: Matrix) -> Result:
    """The rank of a matrix A, exactly."""
    from gradus.exact.linear_algebra.row_reduction import rank, rank_steps

    r = rank(A)
    formula = Formula(r"\operatorname{rank} A", str(r), str(r))
    return Result("Rank", (formula,), {"rank": r}, lambda: rank_steps(A))
