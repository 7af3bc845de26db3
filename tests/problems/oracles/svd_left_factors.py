"""NumPy's singular values, and A A^T = U Sigma Sigma^T U^T with an orthogonal U."""

import numpy as np

from problems.floats import is_orthonormal, matrix, null_space, same_span


def check(params, answer):
    A = matrix(params.A)
    U, Sigma = matrix(answer.parts["U"].value), matrix(answer.parts["Sigma"].value)
    values = np.linalg.svd(A, compute_uv=False)
    expected = np.zeros(A.shape)
    np.fill_diagonal(expected, values)
    assert np.allclose(Sigma, expected, atol=1e-6)
    assert U.shape == (len(A), len(A)) and is_orthonormal(U)
    assert np.allclose(A @ A.T, U @ Sigma @ Sigma.T @ U.T, atol=1e-7)
    rank = np.linalg.matrix_rank(A)
    assert same_span(U[:, rank:], null_space(A.T))
