"""The pseudo-inverse of A."""

from __future__ import annotations

from random import Random
from typing import ClassVar

from gradus.answers import criteria
from gradus.answers.answer import Exact
from gradus.answers.verdict import Criterion, Mistake
from gradus.documents.blocks import Block, Text
from gradus.exact.linear_algebra.least_squares import pseudo_inverse
from gradus.exact.linear_algebra.least_squares_steps import pseudo_inverse_steps
from gradus.exact.linear_algebra.matrices import Matrix
from gradus.exact.linear_algebra.svd import exact_svd
from gradus.problems.linear_systems import MatrixParams, given_matrix, matrix_code
from gradus.problems.matrix_samples import construction
from gradus.problems.mistakes import distinct
from gradus.problems.problem import Kind, Records, Solution


class PseudoInverse(Kind[MatrixParams]):
    """An exact matrix."""

    name: ClassVar[str] = "least-squares/pseudo-inverse"
    title: ClassVar[str] = "The pseudo-inverse of a matrix"
    Params = MatrixParams
    answer = Exact

    def sample(self, rng: Random, level: int) -> MatrixParams:
        return MatrixParams(A=construction(rng, level).A)

    def statement(self, params: MatrixParams) -> tuple[Block, ...]:
        return (*given_matrix(params.A), Text(r"Compute the pseudo-inverse $A^{\dagger}$ of $A$."))

    def solve(self, params: MatrixParams, records: Records) -> Solution:
        answer = Exact(pseudo_inverse(params.A))
        code = matrix_code(params.A, "Matrix, pseudo_inverse", "print(pseudo_inverse(A).text)")
        return Solution(answer, rf"$A^{{\dagger}} = {answer.latex}$.", pseudo_inverse_steps(params.A), code)

    def criterion(self, params: MatrixParams) -> Criterion:
        return criteria.pseudo_inverse(params.A)

    def mistakes(self, params: MatrixParams) -> tuple[Mistake, ...]:
        A = params.A
        return distinct(Exact(pseudo_inverse(A)), [*_mixed_factors(A), *_naive_inverses(A)])


def _mixed_factors(A: Matrix) -> list[tuple[Exact, str]]:
    decomposition = exact_svd(A)
    if decomposition is None:
        return []
    U, V, plus = decomposition.U, decomposition.V, decomposition.Sigma_plus
    turned = decomposition.Sigma.T
    mixed = (
        (
            V @ turned @ U,
            r"Two factors are mixed up: $\Sigma^{\dagger}$ holds the inverted singular values where $\Sigma$ holds the "
            r"singular values themselves, and the last factor is $U^\top$, not $U$.",
        ),
        (
            V @ turned @ U.T,
            r"The singular values are not inverted: this is $A^\top$. The middle factor must be $\Sigma^{\dagger}$.",
        ),
        (V @ plus @ U, r"The last factor must be $U^\top$, not $U$."),
    )
    return [(Exact(wrong), why) for wrong, why in mixed]


def _naive_inverses(A: Matrix) -> list[tuple[Exact, str]]:
    entries = Matrix(tuple(tuple(x.reciprocal() if x else x for x in row) for row in A.T.rows))
    return [
        (Exact(A.T), r"This is $A^\top$; it is the pseudo-inverse only if all non-zero singular values are 1."),
        (Exact(entries), "A matrix is not inverted entry by entry."),
    ]


KIND = PseudoInverse()
