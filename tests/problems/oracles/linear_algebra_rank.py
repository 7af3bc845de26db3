"""NumPy's rank, from its floating-point singular values."""

import numpy as np

from problems.floats import matrix


def check(params, answer):
    assert int(answer.value.text) == np.linalg.matrix_rank(matrix(params.A))
