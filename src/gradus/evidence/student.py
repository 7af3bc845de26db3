"""Student's t distribution with a whole number of degrees of freedom."""

from __future__ import annotations

from math import atan, cos, pi, sin, sqrt

from gradus.errors import InputError


def t_probability(t: float, degrees: int) -> float:
    """P(-t <= T <= t) for t >= 0, by the finite series of Abramowitz and Stegun, 26.7.3 and 26.7.4.

    >>> round(t_probability(12.7062, 1), 4)
    0.95
    """
    theta = atan(t / sqrt(degrees))
    odd = degrees % 2
    term = total = cos(theta) if odd else 1.0
    for k in range(3 if odd else 2, degrees - 1, 2):
        term *= (k - 1) / k * cos(theta) ** 2
        total += term
    if not odd:
        return sin(theta) * total
    return 2 / pi * (theta + (sin(theta) * total if degrees > 1 else 0.0))


def t_quantile(level: float, degrees: int) -> float:
    """The t with P(-t <= T <= t) = level, to 12 digits, by bisection.

    Raises:
        InputError: the level is not strictly between 0 and 1, or there are no degrees of freedom.

    >>> round(t_quantile(0.95, 8), 4)
    2.306
    """
    if not 0 < level < 1:
        raise InputError("level", level, "must be strictly between 0 and 1", "e.g. 0.95")
    if degrees < 1:
        raise InputError("degrees", degrees, "must be a positive integer", "give more points than coefficients")
    low, high = 0.0, 1.0
    while t_probability(high, degrees) < level:
        low, high = high, 2 * high
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if t_probability(middle, degrees) < level else (low, middle)
    return high
