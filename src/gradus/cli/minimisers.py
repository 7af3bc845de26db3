"""``gradus minimisers``: the unit vectors at which the norm of A x is least."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradus.cli.matrix_command import Result, matrix_command
from gradus.errors import UnsupportedError

if TYPE_CHECKING:
    from gradus.exact import Matrix, Number, Vector


@matrix_command("minimisers", max_side=12)
def command(A: Matrix) -> Result:
    """All unit vectors x at which the norm of A x is least, exactly: two points, or the unit sphere of a subspace."""
    from gradus.answers.answer import Minimisers
    from gradus.cli.formulas import answer_formula, number_formula
    from gradus.exact.linear_algebra.least_squares import unit_minimisers
    from gradus.exact.linear_algebra.unit_minimiser_steps import unit_minimiser_steps

    found = unit_minimisers(A)
    answer = Minimisers(found.kind, found.vectors)
    minimum = _norm_of_image(A, found.vectors[0])
    formulas = (
        answer_formula("X", answer, found.vectors),
        number_formula(r"\min_{\lVert \mathbf{x} \rVert = 1} \lVert A\mathbf{x} \rVert", minimum),
    )
    json = answer.as_json() | {"minimum": minimum.as_json()}
    return Result("Unit minimisers", formulas, json, lambda: unit_minimiser_steps(A))


def _norm_of_image(A: Matrix, x: Vector) -> Number:
    """The norm of A x at a minimiser; the smallest singular value where the norm alone does not simplify."""
    from gradus.exact.linear_algebra.svd import svd

    try:
        return (A @ x).norm()
    except UnsupportedError:
        return svd(A).singular_values[-1]
