"""The matrix V of the singular value decomposition."""

from __future__ import annotations

from random import Random
from typing import ClassVar

from gradus.answers import criteria
from gradus.answers.answer import Exact
from gradus.answers.verdict import Criterion, Mistake
from gradus.documents.blocks import Block, Text
from gradus.exact.linear_algebra.matrices import Matrix
from gradus.exact.linear_algebra.subspaces import primitive
from gradus.exact.linear_algebra.svd import svd
from gradus.exact.linear_algebra.svd_steps import right_factor_steps
from gradus.problems.linear_systems import MatrixParams, given_matrix, matrix_code, v_convention
from gradus.problems.matrix_samples import construction
from gradus.problems.mistakes import distinct
from gradus.problems.problem import Kind, Records, Solution


class RightSingularVectors(Kind[MatrixParams]):
    """An exact matrix."""

    name: ClassVar[str] = "svd/right-singular-vectors"
    title: ClassVar[str] = "The matrix V of the singular value decomposition"
    Params = MatrixParams
    answer = Exact

    def sample(self, rng: Random, level: int) -> MatrixParams:
        return MatrixParams(A=construction(rng, level).A)

    def statement(self, params: MatrixParams) -> tuple[Block, ...]:
        asked = (
            rf"Write the matrix $V$ in the singular value decomposition $A = U\Sigma V^\top$. {v_convention(params.A)}"
        )
        return (*given_matrix(params.A), Text(asked))

    def solve(self, params: MatrixParams, records: Records) -> Solution:
        answer = Exact(svd(params.A).V)
        code = matrix_code(params.A, "Matrix, svd", "print(svd(A).V.text)")
        return Solution(answer, f"$V = {answer.latex}$.", right_factor_steps(params.A), code)

    def criterion(self, params: MatrixParams) -> Criterion:
        return criteria.right_factor(params.A)

    def mistakes(self, params: MatrixParams) -> tuple[Mistake, ...]:
        A = params.A
        decomposition = svd(A)
        V = decomposition.V
        if not decomposition.has_square_roots_only:
            return distinct(Exact(V), _irrational_mistakes(V))
        candidates = (
            (V.T, r"This is $V^\top$: the singular vectors must be the columns of $V$, not its rows."),
            (Matrix.from_columns(V.columns[::-1]), "The columns must be in the order of descending singular values."),
            (
                Matrix.from_columns([primitive(v) if V.is_rational else v * v.dot(v) * 2 for v in V.columns]),
                "The columns must have length 1.",
            ),
            (
                decomposition.U,
                r"These are eigenvectors of $AA^\top$, hence the columns of $U$; $V$ belongs to $A^\top A$.",
            ),
        )
        wrong = [(Exact(W), why) for W, why in candidates if not _is_right_factor(A, W)]
        return distinct(Exact(V), wrong)


def _irrational_mistakes(V: Matrix) -> list[tuple[Exact, str]]:
    """Wrong by construction: conjugate singular values differ, so the first is not the last."""
    return [
        (
            Exact(Matrix.from_columns(V.columns[::-1])),
            "The columns must be in the order of descending singular values.",
        ),
        (Exact(V * 2), "The columns must have length 1."),
    ]


def _is_right_factor(A: Matrix, W: Matrix) -> bool:
    """Whether some decomposition of A has W as its V: W orthogonal, and (A W)^T (A W) diagonal and descending."""
    n = A.shape[1]
    if W.shape != (n, n) or W.T @ W != Matrix.identity(n):
        return False
    gram = (A @ W).T @ (A @ W)
    diagonal = all(not gram[i, j] for i in range(n) for j in range(n) if i != j)
    return diagonal and all(gram[i, i] >= gram[i + 1, i + 1] for i in range(n - 1))


KIND = RightSingularVectors()
