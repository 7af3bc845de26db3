"""``gradus subspaces``: the four subspaces of a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradus.cli.matrix_command import Result, matrix_command

if TYPE_CHECKING:
    from gradus.exact import Matrix, Step


@matrix_command("subspaces", max_side=30)
def command(A: Matrix) -> Result:
    """Orthonormal bases of the four subspaces of A, exactly: row space, null space, column space, left null space."""
    from gradus.answers.answer import Basis
    from gradus.cli.formulas import answer_formula
    from gradus.exact.linear_algebra.subspace_steps import null_space_steps, row_space_steps
    from gradus.exact.linear_algebra.subspaces import column_space, left_null_space, null_space, row_space

    bases = {
        "row_space": row_space(A),
        "null_space": null_space(A),
        "column_space": column_space(A),
        "left_null_space": left_null_space(A),
    }
    formulas = tuple(
        answer_formula(rf"\text{{{name.replace('_', ' ')}}}\;", Basis(basis), basis) for name, basis in bases.items()
    )
    json = {name: [v.as_json() for v in basis] for name, basis in bases.items()}
    return Result(
        "The four subspaces", formulas, json, lambda: (*row_space_steps(A), *null_space_steps(A), _transposed_step(A))
    )


def _transposed_step(A: Matrix) -> Step:
    from gradus.answers.answer import Basis
    from gradus.exact.linear_algebra.row_reduction import rank
    from gradus.exact.linear_algebra.subspaces import column_space, is_orthonormal, left_null_space
    from gradus.exact.steps import Check, Step

    columns, left = column_space(A), left_null_space(A)
    return Step(
        "Column space and left null space",
        r"They are the row space and the null space of $A^\top$, and found in the same way.",
        after=rf"\text{{column space: }} {Basis(columns).latex} \qquad \text{{left null space: }} {Basis(left).latex}",
        checks=(
            Check("Together these vectors are orthonormal.", is_orthonormal((*columns, *left))),
            Check(r"$A^\top\mathbf{u} = \mathbf{0}$ for those of the left null space.", not any(A.T @ u for u in left)),
            Check("Those of the column space are as many as the rank.", len(columns) == rank(A)),
        ),
    )
