"""NumPy's singular values, and what V must do: A V has orthogonal columns of these lengths, descending."""

import numpy as np

from problems.floats import TOLERANCE, first_positive, is_orthonormal, matrix, null_space, same_span


def check(params, answer):
    A, V = matrix(params.A), matrix(answer.value)
    n = A.shape[1]
    values = np.zeros(n)
    values[: min(A.shape)] = np.linalg.svd(A, compute_uv=False)
    assert V.shape == (n, n) and is_orthonormal(V)
    assert np.allclose((A @ V).T @ (A @ V), np.diag(values**2), atol=1e-7)
    rank = int((values > TOLERANCE).sum())
    assert all(first_positive(v) for v in V[:, :rank].T)
    assert same_span(V[:, rank:], null_space(A))
