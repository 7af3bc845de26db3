"""What are A and b, if a system of linear equations is written A x = b?"""

from __future__ import annotations

import re
from random import Random
from typing import ClassVar

from pydantic import field_validator, model_validator

from gradus.answers import criteria
from gradus.answers.answer import Exact, Parts
from gradus.answers.verdict import Criterion, Mistake
from gradus.documents.blocks import Block, Math, Text
from gradus.errors import InputError
from gradus.exact.linear_algebra.equations import aligned, equations, indexed, linear_form
from gradus.exact.linear_algebra.matrices import Matrix
from gradus.exact.steps import Check, Step
from gradus.problems.linear_systems import SystemParams, matrix_code, vector_line
from gradus.problems.matrix_samples import construction, right_hand_side
from gradus.problems.mistakes import distinct
from gradus.problems.problem import Kind, Records, Solution


class SystemWithUnknowns(SystemParams):
    """A linear system; ``unknowns`` are one letter each, perhaps with an index (``x_1``)."""

    unknowns: tuple[str, ...] | None = None

    @field_validator("unknowns")
    @classmethod
    def _are_letters(cls, unknowns: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for name in unknowns or ():
            if not re.fullmatch(r"[A-Za-z](_[0-9])?", name):
                raise InputError("unknowns", name, "must be one letter, perhaps with an index", "write x or x_1")
        if unknowns and len(set(unknowns)) < len(unknowns):
            raise InputError("unknowns", ", ".join(unknowns), "must all be different", "rename one")
        return unknowns

    @model_validator(mode="after")
    def _one_for_each_column(self) -> SystemWithUnknowns:
        columns = self.A.shape[1]
        if self.unknowns is not None and len(self.unknowns) != columns:
            rule = f"has {len(self.unknowns)} names, and A has {columns} columns"
            raise InputError("unknowns", ", ".join(self.unknowns), rule, "give one name for each column")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the unknowns, given or usual."""
        columns = self.A.shape[1]
        return self.unknowns or (("x", "y", "z")[:columns] if columns <= 3 else indexed("x", columns))


class System(Kind[SystemWithUnknowns]):
    """A matrix and a vector."""

    name: ClassVar[str] = "least-squares/system"
    title: ClassVar[str] = "A linear system in matrix form"
    Params = SystemWithUnknowns
    answer = Parts

    def sample(self, rng: Random, level: int) -> SystemWithUnknowns:
        built = construction(rng, level)
        return SystemWithUnknowns(A=built.A, b=right_hand_side(rng, built))

    def statement(self, params: SystemWithUnknowns) -> tuple[Block, ...]:
        unknowns = r" \\ ".join(params.names)
        return (
            Text("Consider the linear system"),
            Math(equations(params.A, params.b, params.names)),
            Text(
                r"Write it in the form $A\mathbf{x} = \mathbf{b}$ with "
                rf"$\mathbf{{x}} = \begin{{bmatrix}} {unknowns} \end{{bmatrix}}$. What are $A$ and $\mathbf{{b}}$?"
            ),
        )

    def solve(self, params: SystemWithUnknowns, records: Records) -> Solution:
        A, b = params.A, params.b
        answer = _answer(params)
        reread = [linear_form(row, params.names) for row in A.rows]
        shown = equations(A, b, params.names)
        step = Step(
            "Read the coefficients row by row",
            "Row $i$ of $A$ holds the coefficients of equation $i$, in the order of the unknowns and 0 where one is "
            r"missing; entry $i$ of $\mathbf{b}$ is its right-hand side.",
            before=shown,
            after=answer.latex,
            checks=(
                Check(
                    r"Multiplying out $A\mathbf{x} = \mathbf{b}$ gives the equations back.",
                    aligned(f"{row} &= {x.latex}" for row, x in zip(reread, b, strict=True)) == shown,
                ),
            ),
        )
        code = matrix_code(A, "Matrix, Vector", vector_line(b), 'print("A =", A.text)', 'print("b =", b.text)')
        return Solution(answer, f"${answer.latex}$.", (step,), code)

    def criterion(self, params: SystemWithUnknowns) -> Criterion:
        return criteria.system(params.A, params.b, params.names)

    def mistakes(self, params: SystemWithUnknowns) -> tuple[Mistake, ...]:
        A, b = params.A, params.b
        augmented = Matrix(tuple((*row, side) for row, side in zip(A.rows, b, strict=True)))
        return distinct(
            _answer(params),
            (
                (
                    Parts({"A": Exact(A.T), "b": Exact(b)}),
                    "The coefficients of one equation belong in one row of $A$; here they stand in a column.",
                ),
                (
                    Parts({"A": Exact(A), "b": Exact(-b)}),
                    r"The right-hand sides keep their signs: $\mathbf{b}$ stands on the right of the equality sign.",
                ),
                (
                    Parts({"A": Exact(augmented), "b": Exact(b)}),
                    r"This is the augmented matrix; the right-hand sides belong in $\mathbf{b}$ only.",
                ),
            ),
        )


def _answer(params: SystemWithUnknowns) -> Parts:
    return Parts({"A": Exact(params.A), "b": Exact(params.b)})


KIND = System()
