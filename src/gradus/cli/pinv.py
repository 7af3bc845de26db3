"""``gradus pinv``: the pseudo-inverse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradus.cli.matrix_command import Result, matrix_command

if TYPE_CHECKING:
    from gradus.exact import Matrix


@matrix_command("pinv", max_side=100)
def command(A: Matrix) -> Result:
    """The Moore-Penrose pseudo-inverse of A, exactly."""
    from gradus.cli.formulas import matrix_formula
    from gradus.exact.linear_algebra.least_squares import pseudo_inverse
    from gradus.exact.linear_algebra.least_squares_steps import pseudo_inverse_steps

    X = pseudo_inverse(A)
    formulas = (matrix_formula(r"A^{\dagger}", X),)
    return Result("Pseudo-inverse", formulas, {"pseudo_inverse": X.as_json()}, lambda: pseudo_inverse_steps(A))
