"""Matrices: row reduction, subspaces, eigenvalues, the singular value decomposition, least squares."""
