"""An orthonormal basis of the row space of A; a unit vector where the rank is 1."""

from __future__ import annotations

from random import Random
from typing import ClassVar

from gradus.answers import criteria
from gradus.answers.answer import Basis
from gradus.answers.verdict import Criterion, Mistake
from gradus.documents.blocks import Block, Text
from gradus.exact.linear_algebra.row_reduction import rank, row_reduction
from gradus.exact.linear_algebra.subspace_steps import row_space_steps
from gradus.exact.linear_algebra.subspaces import column_space, null_space, orthogonal, row_space
from gradus.problems.linear_systems import MatrixParams, given_matrix, matrix_code
from gradus.problems.matrix_samples import construction
from gradus.problems.mistakes import distinct
from gradus.problems.problem import Kind, Records, Solution

_SIGN = "Choose the sign such that the first non-zero entry is positive."
_CONVENTION = (
    "To make the answer unique, start from the non-zero rows of the reduced row echelon form, make them orthonormal by "
    "Gram and Schmidt from the first to the last, and give each vector the sign that makes its first non-zero entry "
    "positive."
)


class RowSpace(Kind[MatrixParams]):
    """An orthonormal basis, perhaps empty."""

    name: ClassVar[str] = "linear-algebra/row-space"
    title: ClassVar[str] = "An orthonormal basis of the row space"
    Params = MatrixParams
    answer = Basis

    def sample(self, rng: Random, level: int) -> MatrixParams:
        return MatrixParams(A=construction(rng, level, with_null_space=True).A)

    def statement(self, params: MatrixParams) -> tuple[Block, ...]:
        if rank(params.A) == 1:
            asked = rf"Give a **unit** column vector $\mathbf{{r}}$ that spans the row space of $A$. {_SIGN}"
        else:
            asked = f"Give an orthonormal basis of the row space of $A$, as column vectors. {_CONVENTION}"
        return (*given_matrix(params.A), Text(asked))

    def solve(self, params: MatrixParams, records: Records) -> Solution:
        answer = Basis(row_space(params.A))
        summary = {
            0: rf"The row space is ${answer.latex}$, and its basis is empty.",
            1: rf"The row space of $A$ is spanned by $\mathbf{{r}} = {answer.latex}$.",
        }.get(len(answer.vectors), f"An orthonormal basis of the row space of $A$ is ${answer.latex}$.")
        code = matrix_code(params.A, "Matrix, row_space", "print(Basis(row_space(A)).text)", answer="Basis")
        return Solution(answer, summary, row_space_steps(params.A), code)

    def criterion(self, params: MatrixParams) -> Criterion:
        return criteria.row_space_basis(params.A)

    def mistakes(self, params: MatrixParams) -> tuple[Mistake, ...]:
        A = params.A
        return distinct(
            Basis(row_space(A)),
            (
                (
                    Basis(orthogonal(row_reduction(A).rows)),
                    "The direction is right, but the vectors must have length 1.",
                ),
                (Basis(column_space(A)), "This spans the column space of $A$, not its row space."),
                (
                    Basis(null_space(A)),
                    "This spans the null space of $A$, which is orthogonal to the row space.",
                ),
            ),
        )


KIND = RowSpace()
