"""The matrices U and Sigma of the singular value decomposition."""

from __future__ import annotations

from random import Random
from typing import ClassVar

from gradus.answers import criteria
from gradus.answers.answer import Exact, Parts
from gradus.answers.verdict import Criterion, Mistake
from gradus.documents.blocks import Block, Text
from gradus.exact.linear_algebra.matrices import Matrix
from gradus.exact.linear_algebra.svd import SVD, diagonal, svd
from gradus.exact.linear_algebra.svd_steps import left_factor_steps
from gradus.problems.linear_systems import (
    MatrixParams,
    given_matrix,
    matrix_code,
    u_convention,
    v_convention,
)
from gradus.problems.matrix_samples import construction
from gradus.problems.mistakes import distinct
from gradus.problems.problem import Kind, Records, Solution


class LeftFactors(Kind[MatrixParams]):
    """Two exact matrices."""

    name: ClassVar[str] = "svd/left-factors"
    title: ClassVar[str] = "The matrices U and Sigma of the singular value decomposition"
    Params = MatrixParams
    answer = Parts

    def sample(self, rng: Random, level: int) -> MatrixParams:
        return MatrixParams(A=construction(rng, level).A)

    def statement(self, params: MatrixParams) -> tuple[Block, ...]:
        asked = (
            r"Compute the matrices $U$ and $\Sigma$ in the singular value decomposition $A = U\Sigma V^\top$. "
            rf"[Hint: compute $U\Sigma = AV$ first.] {v_convention(params.A)} "
            f"{u_convention(params.A)}".rstrip()
        )
        return (*given_matrix(params.A), Text(asked))

    def solve(self, params: MatrixParams, records: Records) -> Solution:
        answer = _answer(svd(params.A))
        code = matrix_code(
            params.A, "Matrix, svd", "decomposition = svd(A)", 'print("U =", decomposition.U.text)',
            'print("Sigma =", decomposition.Sigma.text)',
        )  # fmt: skip
        return Solution(answer, f"${answer.latex}$.", left_factor_steps(params.A), code)

    def criterion(self, params: MatrixParams) -> Criterion:
        return criteria.left_factors(params.A)

    def mistakes(self, params: MatrixParams) -> tuple[Mistake, ...]:
        A = params.A
        decomposition = svd(A)
        U, Sigma = decomposition.U, decomposition.Sigma
        squares = diagonal(decomposition.squares[: min(A.shape)], *A.shape)
        squared = r"The diagonal holds the eigenvalues of $A^\top A$; singular values are their square roots."
        if not decomposition.has_square_roots_only:
            return distinct(_answer(decomposition), [(Parts({"U": Exact(U), "Sigma": Exact(squares)}), squared)])
        candidates = (
            (U, squares, squared),
            (U.T, Sigma, r"This is $U^\top$: the left singular vectors must be the columns of $U$."),
            (
                _unscaled(A, decomposition),
                Sigma,
                r"The columns of $U$ must have length 1: divide those of $AV$ by the singular values.",
            ),
        )
        wrong = [
            (Parts({"U": Exact(W), "Sigma": Exact(S)}), why)
            for W, S, why in candidates
            if not _are_left_factors(A, decomposition, W, S)
        ]
        return distinct(_answer(decomposition), wrong)


def _answer(decomposition: SVD) -> Parts:
    return Parts({"U": Exact(decomposition.U), "Sigma": Exact(decomposition.Sigma)})


def _unscaled(A: Matrix, decomposition: SVD) -> Matrix:
    """The columns of A V left as they are, in place of those of U."""
    images, r = (A @ decomposition.V).columns, decomposition.rank
    return Matrix.from_columns([*images[:r], *decomposition.U.columns[r:]])


def _are_left_factors(A: Matrix, decomposition: SVD, U: Matrix, Sigma: Matrix) -> bool:
    """Whether some decomposition of A has these factors: U orthogonal, and A A^T = U Sigma Sigma^T U^T."""
    orthogonal = U.T @ U == Matrix.identity(A.shape[0])
    return Sigma == decomposition.Sigma and orthogonal and A @ A.T @ U == U @ Sigma @ Sigma.T


KIND = LeftFactors()
