"""SciPy's orthonormal basis of the range of A^T, and the conventions of the answer."""

from scipy.linalg import orth

from problems.floats import basis, first_positive, is_orthonormal, matrix, same_span


def check(params, answer):
    A = matrix(params.A)
    columns = basis(answer.vectors, A.shape[1])
    assert is_orthonormal(columns)
    assert same_span(columns, orth(A.T, rcond=1e-10))
    assert all(first_positive(v) for v in columns.T)
