"""SciPy's orthonormal basis of the null space, and SymPy's reduced row echelon form for the convention."""

import numpy as np
from sympy import Matrix

from problems.floats import basis, is_orthonormal, matrix, null_space, same_span


def check(params, answer):
    A = matrix(params.A)
    columns = basis(answer.vectors, A.shape[1])
    assert is_orthonormal(columns)
    assert same_span(columns, null_space(A))
    free = [j for j in range(A.shape[1]) if j not in Matrix(A.round().astype(int)).rref()[1]]
    assert columns.shape[1] == len(free)
    if len(free) == 1:
        assert columns[free[0], 0] > 0
    # Gram and Schmidt keeps the signs, and the i-th vector is the first with a part along free variable i.
    for i, j in enumerate(free):
        assert columns[j, i] > 0 and np.allclose(columns[j, :i], 0)
