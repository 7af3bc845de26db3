"""Gradient descent with momentum on quadratics, direction by direction, and its paths."""
