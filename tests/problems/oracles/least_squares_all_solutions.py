"""NumPy's least-squares solution, SciPy's null space, and the residual at random members of the family."""

import numpy as np

from problems.floats import basis, is_orthonormal, matrix, null_space, same_span, vector


def check(params, answer):
    A, b = matrix(params.A), vector(params.b)
    point = vector(answer.point)
    directions = basis(answer.directions, A.shape[1])
    expected = np.linalg.lstsq(A, b, rcond=1e-10)[0]
    assert np.allclose(point, expected, atol=1e-9)
    assert is_orthonormal(directions) and same_span(directions, null_space(A))
    least = np.linalg.norm(A @ expected - b)
    for k in np.random.default_rng(0).normal(size=(5, directions.shape[1])):
        assert np.isclose(np.linalg.norm(A @ (point + directions @ k) - b), least)
