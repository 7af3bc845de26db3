"""Parameters and phrases that the problems about one matrix or one linear system share."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from pydantic import field_validator, model_validator

from gradus.documents.blocks import Block, Math, Text
from gradus.errors import UnsupportedError
from gradus.exact.linear_algebra.least_squares import require_right_hand_side
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.linear_algebra.row_reduction import rank
from gradus.exact.linear_algebra.svd import svd
from gradus.problems.problem import MatrixParam, Params, VectorParam

MAX_SIDE: Final = 8
"""Most rows and most columns of a matrix whose worked steps still fit on a page."""


class MatrixParams(Params):
    """A matrix A, m x n.

    >>> MatrixParams(A="3 4; 3 4").model_dump(mode="json")
    {'A': [['3', '4'], ['3', '4']]}
    """

    A: MatrixParam

    @field_validator("A")
    @classmethod
    def _fits_a_page(cls, A: Matrix) -> Matrix:
        if max(A.shape) > MAX_SIDE:
            rule = (
                f"has {A.shape[0]} rows and {A.shape[1]} columns, and worked steps are for at most {MAX_SIDE} of each"
            )
            raise UnsupportedError("A", A.text, rule, "give a smaller matrix")
        return A


class SystemParams(MatrixParams):
    """A linear system A x = b: a matrix A, m x n, and a right-hand side b with m entries.

    >>> SystemParams(A="3 4; 3 4", b=["2", "3"]).b.text
    '(2, 3)'
    """

    b: VectorParam

    @model_validator(mode="after")
    def _sizes_match(self) -> SystemParams:
        require_right_hand_side(self.A, self.b)
        return self


def given_matrix(A: Matrix) -> tuple[Block, ...]:
    r""" "Let A = ...".

    >>> given_matrix(Matrix.of("3 4"))
    (Text(markdown='Let'), Math(latex='A = \\begin{bmatrix} 3 & 4 \\end{bmatrix}.'))
    """
    return Text("Let"), Math(f"A = {A.latex}.")


def given_system(A: Matrix, b: Vector) -> tuple[Block, ...]:
    """ "Let A = ... and b = ...".

    >>> given_system(Matrix.of("3"), Vector.of("2"))[0]
    Text(markdown='Let')
    """
    return Text("Let"), Math(rf"A = {A.latex} \qquad\text{{and}}\qquad \mathbf{{b}} = {b.latex}.")


def v_convention(A: Matrix) -> str:
    """What makes V of the singular value decomposition of A unique, as far as it matters for A.

    >>> "free variable" in v_convention(Matrix.of("3 4; 3 4")), "free variable" in v_convention(Matrix.of("1 0; 0 2"))
    (True, False)
    """
    nullity = A.shape[1] - rank(A)
    repeated = (
        " (for a repeated one, take the reduced row echelon basis of the eigenspace and make it orthonormal by Gram "
        "and Schmidt)"
    )
    null_columns = (
        "the columns for the singular value 0 come from the reduced row echelon form of $A$, one free variable at a "
        "time set to 1, made orthonormal by Gram and Schmidt"
        if nullity > 1
        else r"the column for the singular value 0 solves $A\mathbf{x} = \mathbf{0}$ with a positive free variable"
    )
    return (
        "To make the answer unique: singular values descend; a column of $V$ for a non-zero singular value has its "
        f"first non-zero entry positive{repeated if _has_repeated_value(A) else ''}"
        f"{f'; {null_columns}' if nullity else ''}."
    )


def u_convention(A: Matrix) -> str:
    """What makes U unique besides; empty if A V gives all its columns.

    >>> u_convention(Matrix.of("1 0; 0 2"))
    ''
    """
    missing = A.shape[0] - rank(A)
    if not missing:
        return ""
    if missing == 1:
        return (
            r"The column of $U$ that $AV$ does not give solves $A^\top\mathbf{u} = \mathbf{0}$ with a positive free "
            "variable."
        )
    return (
        r"The columns of $U$ that $AV$ does not give come from the reduced row echelon form of $A^\top$, one free "
        "variable at a time set to 1, made orthonormal by Gram and Schmidt."
    )


def _has_repeated_value(A: Matrix) -> bool:
    """Whether a non-zero singular value occurs more than once; taken to be so where it cannot be found out."""
    try:
        values = [value for value in svd(A).singular_values if value]
    except UnsupportedError:
        return True
    return any(a == b for a, b in pairwise(values))


def matrix_code(A: Matrix, names: str, *lines: str, answer: str = "") -> str:
    """Python that recomputes an answer from the matrix and prints its text.

    Args:
        A: the matrix, which the code binds.
        names: what it imports from :mod:`gradus.exact`, separated by commas.
        lines: what follows.
        answer: the type of answer that it imports too; empty for none.

    >>> print(matrix_code(Matrix.of("3 4; 3 4"), "Matrix, rank", "print(rank(A))"))
    from gradus.exact import Matrix, rank
    A = Matrix.of("3 4; 3 4")
    print(rank(A))
    """
    imports = [f"from gradus.answers.answer import {answer}"] if answer else []
    return "\n".join((*imports, f"from gradus.exact import {names}", f'A = Matrix.of("{A.text}")', *lines))


def vector_line(b: Vector) -> str:
    """The line of Python that binds b.

    >>> vector_line(Vector.of(["1/2", 3]))
    'b = Vector.of("1/2, 3")'
    """
    return f'b = Vector.of("{b.text[1:-1]}")'
