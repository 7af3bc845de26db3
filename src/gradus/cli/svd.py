"""``gradus svd``: the singular value decomposition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gradus.cli.matrix_command import Result, matrix_command

if TYPE_CHECKING:
    from gradus.exact import Matrix, Step


THIN = click.option("--thin", is_flag=True, help="Only what belongs to singular values other than 0.")


@matrix_command("svd", max_side=12, options=(THIN,))
def command(A: Matrix, thin: bool) -> Result:
    """The singular value decomposition A = U Sigma V^T, exactly."""
    from gradus.cli.formulas import matrix_formula
    from gradus.exact.linear_algebra.svd import svd

    found = svd(A, full=not thin)
    U, Sigma, V = found.U, found.Sigma, found.V
    formulas = (matrix_formula("U", U), matrix_formula(r"\Sigma", Sigma), matrix_formula("V", V))
    json = {
        "rank": found.rank,
        "singular_values": [x.as_json() for x in found.singular_values],
        "U": U.as_json(),
        "V": V.as_json(),
        "Sigma": Sigma.as_json(),
    }
    return Result("Singular value decomposition", formulas, json, lambda: _steps(A))


def _steps(A: Matrix) -> tuple[Step, ...]:
    """V first, then U and Sigma, whose derivation begins by stating V again."""
    from gradus.exact.linear_algebra.svd_steps import left_factor_steps, right_factor_steps

    right, left = right_factor_steps(A), left_factor_steps(A)
    return (*right, *(left[1:] if left[0].after == right[-1].after else left))
