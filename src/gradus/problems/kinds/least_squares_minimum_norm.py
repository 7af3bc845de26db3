"""The minimum-norm least-squares solution of A x = b."""

from __future__ import annotations

from random import Random
from typing import ClassVar

from gradus.answers import criteria
from gradus.answers.answer import Exact
from gradus.answers.verdict import Criterion, Mistake
from gradus.documents.blocks import Block, Text
from gradus.exact.linear_algebra.least_squares import least_squares
from gradus.exact.linear_algebra.least_squares_steps import minimum_norm_steps
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.linear_algebra.row_reduction import row_reduction
from gradus.exact.linear_algebra.svd import exact_svd
from gradus.exact.numbers.number import ZERO
from gradus.exact.steps import Step
from gradus.problems.linear_systems import SystemParams, given_system, matrix_code, vector_line
from gradus.problems.matrix_samples import construction, right_hand_side
from gradus.problems.mistakes import distinct
from gradus.problems.problem import Kind, Records, Solution
from gradus.problems.system_figure import figure_in_two_unknowns


class MinimumNorm(Kind[SystemParams]):
    """An exact vector."""

    name: ClassVar[str] = "least-squares/minimum-norm"
    title: ClassVar[str] = "The minimum-norm least-squares solution"
    Params = SystemParams
    answer = Exact

    def sample(self, rng: Random, level: int) -> SystemParams:
        built = construction(rng, level, with_null_space=True)
        return SystemParams(A=built.A, b=right_hand_side(rng, built))

    def statement(self, params: SystemParams) -> tuple[Block, ...]:
        asked = (
            r"Find the minimum-norm least-squares solution $\mathbf{x}^*$ of the system $A\mathbf{x} = \mathbf{b}$: "
            r"the shortest of all $\mathbf{x}$ that make $\lVert A\mathbf{x} - \mathbf{b} \rVert$ least."
        )
        return (*given_system(params.A, params.b), Text(asked))

    def solve(self, params: SystemParams, records: Records) -> Solution:
        solutions = least_squares(params.A, params.b)
        answer = Exact(solutions.min_norm)
        code = matrix_code(
            params.A, "Matrix, Vector, least_squares", vector_line(params.b),
            "print(least_squares(A, b).min_norm.text)",
        )  # fmt: skip
        figure = figure_in_two_unknowns(params.A, params.b, solutions)
        body: tuple[Step | Block, ...] = (*minimum_norm_steps(params.A, params.b), *figure)
        return Solution(answer, rf"$\mathbf{{x}}^* = {answer.latex}$.", body, code)

    def criterion(self, params: SystemParams) -> Criterion:
        return criteria.minimum_norm_solution(params.A, params.b)

    def mistakes(self, params: SystemParams) -> tuple[Mistake, ...]:
        A, b = params.A, params.b
        candidates = [
            (
                Exact(_basic_solution(A, b)),
                "This is a least-squares solution, but not the shortest: it has a component in the null space of $A$.",
            ),
            (
                Exact(A.T @ b),
                r"This is $A^\top\mathbf{b}$: the singular values must be inverted, as in $A^{\dagger}$.",
            ),
        ]
        if (decomposition := exact_svd(A)) is not None:
            wrong = decomposition.V @ decomposition.Sigma_plus @ decomposition.U @ b
            candidates.append((Exact(wrong), r"The last factor of $A^{\dagger}$ must be $U^\top$, not $U$."))
        return distinct(Exact(least_squares(A, b).min_norm), candidates)


def _basic_solution(A: Matrix, b: Vector) -> Vector:
    """The solution of the normal equations with all free variables 0."""
    G, h = A.T @ A, A.T @ b
    augmented = Matrix(tuple((*row, side) for row, side in zip(G.rows, h, strict=True)))
    reduction = row_reduction(augmented)
    entries = [ZERO] * A.shape[1]
    for i, pivot in enumerate(reduction.pivots):
        entries[pivot] = reduction.reduced[i, A.shape[1]]
    return Vector(tuple(entries))


KIND = MinimumNorm()
