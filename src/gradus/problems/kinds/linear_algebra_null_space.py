"""An orthonormal basis of the null space of A; a unit vector where it is a line."""

from __future__ import annotations

from random import Random
from typing import ClassVar

from gradus.answers import criteria
from gradus.answers.answer import Basis
from gradus.answers.verdict import Criterion, Mistake
from gradus.documents.blocks import Block, Text
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.linear_algebra.row_reduction import row_reduction
from gradus.exact.linear_algebra.subspace_steps import null_space_steps
from gradus.exact.linear_algebra.subspaces import (
    left_null_space,
    null_space,
    null_space_vectors,
    orthogonal,
    orthonormal,
    row_space,
)
from gradus.problems.linear_systems import MatrixParams, given_matrix, matrix_code
from gradus.problems.matrix_samples import construction
from gradus.problems.mistakes import distinct
from gradus.problems.problem import Kind, Records, Solution

_SIGN = "Choose the sign such that the free variable is positive."
_CONVENTION = (
    r"If it is $\{\mathbf{0}\}$, say so. To make the answer unique, set one free variable of the reduced row echelon "
    "form at a time to 1 and the others to 0, and make these solutions orthonormal by Gram and Schmidt, from the first "
    "free variable to the last."
)


class NullSpace(Kind[MatrixParams]):
    """An orthonormal basis, perhaps empty."""

    name: ClassVar[str] = "linear-algebra/null-space"
    title: ClassVar[str] = "An orthonormal basis of the null space"
    Params = MatrixParams
    answer = Basis

    def sample(self, rng: Random, level: int) -> MatrixParams:
        return MatrixParams(A=construction(rng, level, with_null_space=True).A)

    def statement(self, params: MatrixParams) -> tuple[Block, ...]:
        if len(row_reduction(params.A).free) == 1:
            asked = rf"Give a **unit** column vector $\mathbf{{n}}$ that spans the null space of $A$. {_SIGN}"
        else:
            asked = f"Give an orthonormal basis of the null space of $A$. {_CONVENTION}"
        return (*given_matrix(params.A), Text(asked))

    def solve(self, params: MatrixParams, records: Records) -> Solution:
        answer = Basis(null_space(params.A))
        summary = {
            0: rf"The null space of $A$ is ${answer.latex}$: the columns of $A$ are independent.",
            1: rf"The null space of $A$ is spanned by $\mathbf{{n}} = {answer.latex}$.",
        }.get(len(answer.vectors), f"An orthonormal basis of the null space of $A$ is ${answer.latex}$.")
        code = matrix_code(params.A, "Matrix, null_space", "print(Basis(null_space(A)).text)", answer="Basis")
        return Solution(answer, summary, null_space_steps(params.A), code)

    def criterion(self, params: MatrixParams) -> Criterion:
        return criteria.null_space_basis(params.A)

    def mistakes(self, params: MatrixParams) -> tuple[Mistake, ...]:
        A = params.A
        solutions = null_space_vectors(A)
        return distinct(
            Basis(null_space(A)),
            (
                (
                    Basis(_with_lost_signs(A)),
                    "The signs are lost: a term that moves to the other side of an equation changes its sign.",
                ),
                (Basis(orthogonal(solutions)), "The direction is right, but the vectors must have length 1."),
                (Basis(row_space(A)), "This spans the row space of $A$, which is orthogonal to the null space."),
                (
                    Basis(left_null_space(A)),
                    r"This solves $A^\top\mathbf{x} = \mathbf{0}$, not $A\mathbf{x} = \mathbf{0}$.",
                ),
            ),
        )


def _with_lost_signs(A: Matrix) -> tuple[Vector, ...]:
    """The pivot entries with the sign that they have in the reduced row echelon form."""
    reduction = row_reduction(A)
    wrong = [
        Vector(tuple(-x if j in reduction.pivots else x for j, x in enumerate(solution)))
        for solution in null_space_vectors(A)
    ]
    return orthonormal(wrong)


KIND = NullSpace()
