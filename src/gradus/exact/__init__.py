"""Exact mathematics: numbers, vectors, matrices, the subspaces of a matrix, its decomposition, least squares."""

from gradus.exact.linear_algebra.least_squares import (
    LeastSquares,
    UnitMinimisers,
    least_squares,
    pseudo_inverse,
    unit_minimisers,
)
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.linear_algebra.qr import QR, qr
from gradus.exact.linear_algebra.row_reduction import RowReduction, determinant, inverse, rank, row_reduction
from gradus.exact.linear_algebra.subspaces import column_space, left_null_space, null_space, row_space
from gradus.exact.linear_algebra.svd import SVD, svd
from gradus.exact.numbers.algebraic import AlgebraicNumber
from gradus.exact.numbers.number import Number, sqrt
from gradus.exact.steps import Check, Step

__all__ = [
    "QR",
    "SVD",
    "AlgebraicNumber",
    "Check",
    "LeastSquares",
    "Matrix",
    "Number",
    "RowReduction",
    "Step",
    "UnitMinimisers",
    "Vector",
    "column_space",
    "determinant",
    "inverse",
    "least_squares",
    "left_null_space",
    "null_space",
    "pseudo_inverse",
    "qr",
    "rank",
    "row_reduction",
    "row_space",
    "sqrt",
    "svd",
    "unit_minimisers",
]
