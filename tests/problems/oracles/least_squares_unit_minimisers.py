"""NumPy's eigenvectors of A^T A for its smallest eigenvalue, and a random search that finds nothing smaller."""

import numpy as np

from problems.floats import basis, is_orthonormal, matrix, same_span


def check(params, answer):
    A = matrix(params.A)
    n = A.shape[1]
    values, vectors = np.linalg.eigh(A.T @ A)
    smallest = vectors[:, np.isclose(values, values[0], atol=1e-7)]
    columns = basis(answer.vectors, n)
    if answer.kind == "points":
        assert columns.shape == (n, 2) and np.array_equal(columns[:, 0], -columns[:, 1])
        columns = columns[:, :1]
    assert is_orthonormal(columns) and same_span(columns, smallest)
    tried = np.random.default_rng(0).normal(size=(n, 500))
    tried /= np.linalg.norm(tried, axis=0)
    assert np.linalg.norm(A @ columns[:, 0]) <= np.linalg.norm(A @ tried, axis=0).min() + 1e-7
