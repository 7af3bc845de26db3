"""What is the rank of A?"""

from __future__ import annotations

from random import Random
from typing import ClassVar

from gradus.answers import criteria
from gradus.answers.answer import Exact
from gradus.answers.verdict import Criterion, Mistake
from gradus.documents.blocks import Block, Text
from gradus.exact.linear_algebra.row_reduction import rank, rank_steps
from gradus.exact.numbers.number import Number
from gradus.problems.linear_systems import MatrixParams, given_matrix, matrix_code
from gradus.problems.matrix_samples import construction
from gradus.problems.mistakes import distinct
from gradus.problems.problem import Kind, Records, Solution


class Rank(Kind[MatrixParams]):
    """An exact number."""

    name: ClassVar[str] = "linear-algebra/rank"
    title: ClassVar[str] = "The rank of a matrix"
    Params = MatrixParams
    answer = Exact

    def sample(self, rng: Random, level: int) -> MatrixParams:
        return MatrixParams(A=construction(rng, level).A)

    def statement(self, params: MatrixParams) -> tuple[Block, ...]:
        return (*given_matrix(params.A), Text("What is the rank of $A$?"))

    def solve(self, params: MatrixParams, records: Records) -> Solution:
        answer = Exact(Number.of(rank(params.A)))
        code = matrix_code(params.A, "Matrix, rank", "print(rank(A))")
        return Solution(answer, f"The rank of $A$ is ${answer.latex}$.", rank_steps(params.A), code)

    def criterion(self, params: MatrixParams) -> Criterion:
        return criteria.rank(params.A)

    def mistakes(self, params: MatrixParams) -> tuple[Mistake, ...]:
        A = params.A
        m, n = A.shape
        r = rank(A)
        non_zero_rows = sum(1 for i in range(m) if A.row(i))
        return distinct(
            Exact(Number.of(r)),
            (
                (
                    Exact(Number.of(non_zero_rows)),
                    "This counts the non-zero rows of $A$ itself; they must be counted after elimination.",
                ),
                (
                    Exact(Number.of(n - r)),
                    "This is the dimension of the null space: the number of columns less the rank.",
                ),
                (Exact(Number.of(n)), "This is the number of columns, and these are not independent."),
                (Exact(Number.of(m)), "This is the number of rows, and these are not independent."),
            ),
        )


KIND = Rank()
