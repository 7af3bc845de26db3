"""``gradus lstsq``: all least-squares solutions of a linear system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradus.cli.matrix_command import Formula, Result, matrix_command

if TYPE_CHECKING:
    from gradus.exact import Matrix, Vector


@matrix_command("lstsq", max_side=100, with_b=True)
def command(A: Matrix, b: Vector) -> Result:
    """All x that make the norm of A x - b least, exactly: the shortest, and the directions that may be added to it."""
    from gradus.answers.answer import Family
    from gradus.cli.formulas import answer_formula, number_formula, vector_formula
    from gradus.exact.linear_algebra.least_squares import least_squares
    from gradus.exact.linear_algebra.least_squares_steps import all_solutions_steps

    found = least_squares(A, b)
    norm = found.residual.norm()
    formulas: tuple[Formula, ...] = (
        vector_formula(r"\mathbf{x}^*", found.min_norm),
        answer_formula("S", Family(found.min_norm, found.directions)),
        vector_formula(r"A\mathbf{x}^* - \mathbf{b}", found.residual),
        number_formula(r"\lVert A\mathbf{x}^* - \mathbf{b} \rVert", norm),
    )
    json = {
        "min_norm": found.min_norm.as_json(),
        "directions": [d.as_json() for d in found.directions],
        "residual": found.residual.as_json(),
        "residual_norm": norm.as_json(),
    }
    return Result("Least-squares solutions", formulas, json, lambda: all_solutions_steps(A, b))
