"""All least-squares solutions of A x = b."""

from __future__ import annotations

from random import Random
from typing import ClassVar

from gradus.answers import criteria
from gradus.answers.answer import Family
from gradus.answers.verdict import Criterion, Mistake
from gradus.documents.blocks import Block, Text
from gradus.exact.linear_algebra.least_squares import LeastSquares, least_squares
from gradus.exact.linear_algebra.least_squares_steps import all_solutions_steps
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.linear_algebra.subspaces import row_space
from gradus.exact.linear_algebra.svd import exact_svd
from gradus.exact.steps import Step
from gradus.problems.linear_systems import SystemParams, given_system, matrix_code, vector_line
from gradus.problems.matrix_samples import construction, right_hand_side
from gradus.problems.mistakes import distinct
from gradus.problems.problem import Kind, Records, Solution
from gradus.problems.system_figure import figure_in_two_unknowns


class AllSolutions(Kind[SystemParams]):
    """A family: one solution, and the directions of the null space."""

    name: ClassVar[str] = "least-squares/all-solutions"
    title: ClassVar[str] = "The set of all least-squares solutions"
    Params = SystemParams
    answer = Family

    def sample(self, rng: Random, level: int) -> SystemParams:
        built = construction(rng, level, with_null_space=True)
        return SystemParams(A=built.A, b=right_hand_side(rng, built))

    def statement(self, params: SystemParams) -> tuple[Block, ...]:
        asked = (
            r"Give an expression for the set $S$ of all least-squares solutions of the system "
            r"$A\mathbf{x} = \mathbf{b}$: all $\mathbf{x}$ that make $\lVert A\mathbf{x} - \mathbf{b} \rVert$ least."
        )
        return (*given_system(params.A, params.b), Text(asked))

    def solve(self, params: SystemParams, records: Records) -> Solution:
        solutions = least_squares(params.A, params.b)
        answer = _family(solutions)
        code = matrix_code(
            params.A, "Matrix, Vector, least_squares", vector_line(params.b), "solutions = least_squares(A, b)",
            "print(Family(solutions.min_norm, solutions.directions).text)", answer="Family",
        )  # fmt: skip
        figure = figure_in_two_unknowns(params.A, params.b, solutions)
        body: tuple[Step | Block, ...] = (*all_solutions_steps(params.A, params.b), *figure)
        return Solution(answer, f"$S = {answer.latex}$.", body, code)

    def criterion(self, params: SystemParams) -> Criterion:
        return criteria.solution_family(params.A, params.b)

    def mistakes(self, params: SystemParams) -> tuple[Mistake, ...]:
        A, b = params.A, params.b
        right = _family(least_squares(A, b))
        candidates = [
            (
                Family(right.point, ()),
                "This is one solution only: every vector of the null space of $A$ can be added to it.",
            )
        ]
        if (wrong := _untransposed_point(A, b)) is not None and A @ (wrong - right.point):
            why = (
                r"The point is wrong, since $\mathbf{c} = U^\top\mathbf{b}$ was computed with $U$ in place of $U^\top$."
            )
            candidates.append((Family(wrong, right.directions), why))
        if A:
            why = (
                r"The directions lie in the row space of $A$, not in its null space: adding them changes $A\mathbf{x}$."
            )
            candidates.append((Family(right.point, row_space(A)), why))
        return distinct(right, candidates)


def _family(solutions: LeastSquares) -> Family:
    return Family(solutions.min_norm, solutions.directions)


def _untransposed_point(A: Matrix, b: Vector) -> Vector | None:
    decomposition = exact_svd(A)
    if decomposition is None:
        return None
    return decomposition.V @ (decomposition.Sigma_plus @ (decomposition.U @ b))


KIND = AllSolutions()
