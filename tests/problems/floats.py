"""Exact values as floating-point arrays, for oracles that compute with NumPy and SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np

TOLERANCE = 1e-9


def matrix(value: Any) -> np.ndarray:
    """An m x n array."""
    return np.array([[float(x.decimal) for x in row] for row in value.rows])


def vector(value: Any) -> np.ndarray:
    """An array with n entries."""
    return np.array([float(x.decimal) for x in value])


def basis(vectors: Any, size: int) -> np.ndarray:
    """The vectors as columns of an array; ``size`` x 0 for none."""
    return np.array([vector(v) for v in vectors]).reshape(len(vectors), size).T


def same_span(columns: np.ndarray, others: np.ndarray) -> bool:
    """Whether orthonormal columns span what other orthonormal columns span: equal projections."""
    return columns.shape == others.shape and np.allclose(columns @ columns.T, others @ others.T, atol=TOLERANCE)


def is_orthonormal(columns: np.ndarray) -> bool:
    return np.allclose(columns.T @ columns, np.eye(columns.shape[1]), atol=TOLERANCE)


def null_space(A: np.ndarray) -> np.ndarray:
    """SciPy's orthonormal basis of the null space, as columns."""
    from scipy.linalg import null_space

    return null_space(A, rcond=1e-10)


def first_positive(v: np.ndarray) -> bool:
    """Whether the first entry that is not zero is positive."""
    return v[np.abs(v) > TOLERANCE][0] > 0
