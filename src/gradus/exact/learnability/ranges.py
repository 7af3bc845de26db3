"""Ranges of values, wide enough to hold what single precision computes.

Bounds are doubles.  A bound of 0 is exact: a product with 0 is 0, and a sum of terms of one sign keeps that sign, in
real numbers as in rounded ones.  All other bounds are widened by more than single precision can round, so that what
is said of a range ("it holds 0 alone", "nothing in it is positive") is true of the real numbers and of the computed
ones, as long as none of these overflows or underflows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import copysign, inf, nextafter, tanh

from gradus.exact.numbers.number import Number

_ROUNDING = 2.0**-23
"""Twice the largest relative error of one operation in single precision."""
_CURVED = 2.0**-18
"""More than single precision errs in a sigmoid or a tanh."""
_LEAST = 5e-324
_MOST = 1.7e308


@dataclass(frozen=True, slots=True)
class Range:
    """All numbers from ``low`` to ``high``.

    >>> Range(-1.0, 0.0).is_zero, Range(-1.0, 0.0).is_never_positive, ZERO_RANGE.is_zero
    (False, True, True)
    """

    low: float
    high: float

    @staticmethod
    def around(value: Number) -> Range:
        """A narrow range that holds the number; 0 alone for 0.

        >>> Range.around(Number.of("1/3")).low < 1 / 3 < Range.around(Number.of("1/3")).high
        True
        """
        sign = value.sign()
        if not sign:
            return ZERO_RANGE
        near = abs(double(value))
        low, high = max(nextafter(min(near, _MOST), 0), 0.0), nextafter(near, inf)
        return Range(low, high) if sign > 0 else Range(-high, -low)

    @property
    def is_zero(self) -> bool:
        return self.low == 0 == self.high

    @property
    def is_never_positive(self) -> bool:
        return self.high <= 0

    def widened(self, factor: float) -> Range:
        """Each bound moved outwards by so many times its size; a bound of 0 stays."""
        return Range(self.low - factor * abs(self.low), self.high + factor * abs(self.high))


ZERO_RANGE = Range(0.0, 0.0)
REALS = Range(-inf, inf)
UNIT = Range(0.0, 1.0)


def double(value: Number) -> float:
    """The nearest double; infinite where the number is beyond all doubles.

    >>> double(Number.of("1/4")), double(-Number.of(10) ** 400)
    (0.25, -inf)
    """
    try:
        return float(value.as_fraction()) if value.is_rational else float(value)
    except OverflowError:
        return inf if value.sign() > 0 else -inf


def product(a: Range, b: Range) -> Range:
    """All products.

    >>> product(Range(0.0, 2.0), Range(-3.0, 1.0)), product(ZERO_RANGE, REALS)
    (Range(low=-6.0, high=2.0), Range(low=0.0, high=0.0))
    """
    if a.is_zero or b.is_zero:
        return ZERO_RANGE
    corners = [_times(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    return Range(min(corners), max(corners))


def rounded_sum(terms: Iterable[tuple[Range, int]]) -> Range:
    """All sums of terms, each range with the largest number of terms in it, as single precision may compute them.

    >>> total = rounded_sum([(Range(-1.0, 0.0), 3), (Range(-2.0, -1.0), 1)])
    >>> total.low < -5, total.high <= 0
    (True, True)
    """
    low = high = size = 0.0
    count, signs = 2, {1, -1}
    for term, number in terms:
        if term.is_zero:
            continue
        # Of several terms some may be missing: those that padding replaces, or dropout.
        part = term if number == 1 else Range(number * min(term.low, 0.0), number * max(term.high, 0.0))
        low, high, count = low + part.low, high + part.high, count + number
        size += max(abs(part.low), abs(part.high))
        signs &= ({1} if part.low >= 0 else set()) | ({-1} if part.high <= 0 else set())
    if not size:
        return ZERO_RANGE
    error = count * _ROUNDING * size
    low, high = min(low - error, _MOST), max(high + error, -_MOST)
    return Range(max(low, 0.0) if 1 in signs else low, min(high, 0.0) if -1 in signs else high)


def activated(activation: str, slope: Number | None, z: Range) -> Range:
    """The values of an activation on a range.

    >>> activated("relu", None, Range(-2.0, 3.0)), activated("tanh", None, ZERO_RANGE)
    (Range(low=0.0, high=3.0), Range(low=0.0, high=0.0))
    """
    match activation:
        case "relu":
            return Range(max(z.low, 0.0), max(z.high, 0.0))
        case "leaky_relu":
            steep = Range.around(slope) if slope is not None else Range(0.0, 1.0)
            below = product(Range(min(z.low, 0.0), min(z.high, 0.0)), steep).widened(_ROUNDING)
            return Range(z.low if z.low > 0 else below.low, z.high if z.high > 0 else below.high)
        case "tanh":
            low, high = tanh(z.low) - _CURVED, tanh(z.high) + _CURVED
            return Range(max(low, -1.0 if z.low < 0 else 0.0), min(high, 1.0 if z.high > 0 else 0.0))
        case "sigmoid":
            low, high = (0.5 + tanh(bound / 2) / 2 for bound in (z.low, z.high))
            return Range(max(low - _CURVED, 0.0), min(high + _CURVED, 1.0))
        case _:
            return z


def has_no_slope(activation: str, slope: Number | None, z: Range) -> bool:
    """Whether the derivative is 0 all over a range, with H(0) = 0.

    >>> has_no_slope("relu", None, ZERO_RANGE), has_no_slope("tanh", None, ZERO_RANGE)
    (True, False)
    """
    if activation == "leaky_relu":
        return slope is not None and not slope and z.is_never_positive
    return activation == "relu" and z.is_never_positive


def dropped_out(values: Range, rate: Fraction) -> Range:
    """What dropout in training makes of values: 0, or the value divided by 1 - rate.

    >>> dropped_out(Range(1.0, 3.0), Fraction(1, 2))
    Range(low=0.0, high=6.000000715255737)
    """
    scale = float(1 / (1 - rate))
    return Range(min(values.low, 0.0) * scale, max(values.high, 0.0) * scale).widened(_ROUNDING)


def hull_with_zero(values: Range) -> Range:
    """Everything between the values and 0."""
    return Range(min(values.low, 0.0), max(values.high, 0.0))


def _times(a: float, b: float) -> float:
    if a == 0 or b == 0:
        return 0.0
    return a * b or copysign(_LEAST, a) * copysign(1, b)
