"""All unit vectors x at which the norm of A x is least."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import ClassVar

from gradus.answers import criteria
from gradus.answers.answer import Minimisers
from gradus.answers.verdict import Criterion, Mistake
from gradus.documents.blocks import Block, Text
from gradus.exact.linear_algebra.least_squares import UnitMinimisers, unit_minimisers
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.linear_algebra.svd import exact_svd
from gradus.exact.linear_algebra.unit_minimiser_steps import unit_minimiser_steps
from gradus.problems.linear_systems import MatrixParams, given_matrix, matrix_code
from gradus.problems.matrix_samples import construction
from gradus.problems.mistakes import distinct
from gradus.problems.problem import Kind, Records, Solution


class UnitVectorMinimisers(Kind[MatrixParams]):
    """Two opposite unit vectors, or a unit sphere."""

    name: ClassVar[str] = "least-squares/unit-minimisers"
    title: ClassVar[str] = "Unit vectors that a matrix shortens most"
    Params = MatrixParams
    answer = Minimisers

    def sample(self, rng: Random, level: int) -> MatrixParams:
        return MatrixParams(A=construction(rng, level, with_null_space=level == 1).A)

    def statement(self, params: MatrixParams) -> tuple[Block, ...]:
        asked = (
            r"Find **all** the solutions of $\hat{\mathbf{x}} = \arg\min_{\lVert \mathbf{x} \rVert = 1} "
            r"\lVert A\mathbf{x} \rVert$."
        )
        return (*given_matrix(params.A), Text(asked))

    def solve(self, params: MatrixParams, records: Records) -> Solution:
        minimisers = unit_minimisers(params.A)
        answer = Minimisers(minimisers.kind, minimisers.vectors)
        count = "There are exactly two minimisers" if minimisers.kind == "points" else "The set of minimisers is"
        code = matrix_code(
            params.A, "Matrix, unit_minimisers", "minimisers = unit_minimisers(A)",
            "print(Minimisers(minimisers.kind, minimisers.vectors).text)", answer="Minimisers",
        )  # fmt: skip
        return Solution(answer, f"{count}: ${answer.latex}$.", unit_minimiser_steps(params.A), code)

    def criterion(self, params: MatrixParams) -> Criterion:
        return criteria.unit_minimisers(params.A)

    def mistakes(self, params: MatrixParams) -> tuple[Mistake, ...]:
        minimisers = unit_minimisers(params.A)
        right = Minimisers(minimisers.kind, minimisers.vectors)
        return distinct(right, [*_too_many_or_few(minimisers), *_maximisers(params.A, minimisers)])


def _too_many_or_few(minimisers: UnitMinimisers) -> list[tuple[Minimisers, str]]:
    v = minimisers.vectors[0]
    if minimisers.kind == "sphere":
        signed = tuple(w for u in minimisers.vectors for w in (u, -u))
        why = "These are minimisers, but not all: the smallest singular value is repeated, so combinations count too."
        return [(Minimisers("points", signed), why)]
    flipped = _sign_changes(v)
    why = (
        "Only the sign of the whole vector is free. Changing the signs of single entries gives other directions, which "
        f"$A$ shortens less, such as ${flipped[-1].factored_latex}$."
    )
    return [
        (Minimisers("points", flipped), why),
        (Minimisers("points", (v,)), "The opposite vector is a minimiser as well."),
    ]


def _sign_changes(v: Vector) -> tuple[Vector, ...]:
    """v, its opposite, and every other choice of signs of its non-zero entries."""
    choices = [(x, -x) if x else (x,) for x in v]
    others = [Vector(signs) for signs in product(*choices)]
    return (v, -v, *(w for w in others if w not in (v, -v)))


def _maximisers(A: Matrix, minimisers: UnitMinimisers) -> list[tuple[Minimisers, str]]:
    decomposition = exact_svd(A)
    if decomposition is None:
        return []
    first, least = decomposition.V.column(0), minimisers.vectors[0]
    if (A @ first).norm() == (A @ least).norm():
        return []
    return [
        (Minimisers("points", (first, -first)), r"At these vectors $\lVert A\mathbf{x} \rVert$ is largest, not least.")
    ]


KIND = UnitVectorMinimisers()
