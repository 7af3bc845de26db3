"""Real numbers enclosed in balls of integers: certified exponentials and logarithms to any precision.

A :class:`Ball` is a midpoint and a radius, integers times one power of 2.  Every operation rounds in integers and adds
what it cut off to the radius, so that the result holds every value that the operands could stand for; nothing rests on
the rounding of a floating-point library.  Arb (Johansson, 2017) keeps numbers in the same way.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import isqrt
from typing import NamedTuple

_SERIES = 600
"""Most bits for which the logarithm comes from its series alone."""


class Imprecise(Exception):
    """The ball is too wide for the operation: more bits may help.  Never leaves this package."""


class Ball(NamedTuple):
    """All numbers from (mid - rad) 2^exp to (mid + rad) 2^exp.

    >>> Ball(3, 1, -1).ends
    (Fraction(1, 1), Fraction(2, 1))
    """

    mid: int
    rad: int
    exp: int

    @property
    def ends(self) -> tuple[Fraction, Fraction]:
        """The smallest and the largest number in the ball."""
        scale = Fraction(2) ** self.exp
        return (self.mid - self.rad) * scale, (self.mid + self.rad) * scale

    @property
    def sign(self) -> int:
        """The sign of all its numbers; 0 where they differ, or all are 0."""
        return 0 if abs(self.mid) <= self.rad else 1 if self.mid > 0 else -1


def enclosed(low: Fraction, high: Fraction, bits: int) -> Ball:
    """A ball around the numbers from low to high, its midpoint good to about so many bits.

    >>> Ball(682, 1, -11), enclosed(Fraction(1, 3), Fraction(1, 3), 10)
    (Ball(mid=682, rad=1, exp=-11), Ball(mid=682, rad=1, exp=-11))
    """
    size = max(abs(low), abs(high))
    exp = size.numerator.bit_length() - size.denominator.bit_length() - bits
    up, down = (0, exp) if exp > 0 else (-exp, 0)
    lowest = (low.numerator << up) // (low.denominator << down)
    highest = -((-high.numerator << up) // (high.denominator << down))
    mid = (lowest + highest) // 2
    return Ball(mid, highest - mid, exp)


def rounded(ball: Ball, bits: int) -> Ball:
    """A ball that holds the other, its midpoint and radius of at most so many bits.

    >>> rounded(Ball(1001, 2, 0), 5)
    Ball(mid=31, rad=2, exp=5)
    """
    shift = max(ball.mid.bit_length(), ball.rad.bit_length()) - bits
    if shift <= 0:
        return ball
    return Ball(ball.mid >> shift, (ball.rad >> shift) + 2 if ball.rad else 1, ball.exp + shift)


def add(a: Ball, b: Ball, bits: int) -> Ball:
    """a + b.

    >>> add(Ball(1, 0, 0), Ball(1, 0, -1), 10)
    Ball(mid=3, rad=0, exp=-1)
    """
    if a.exp < b.exp:
        a, b = b, a
    shift = a.exp - b.exp
    return rounded(Ball((a.mid << shift) + b.mid, (a.rad << shift) + b.rad, b.exp), bits)


def multiply(a: Ball, b: Ball, bits: int) -> Ball:
    """a b.

    >>> multiply(Ball(3, 0, 0), Ball(5, 1, -2), 10)
    Ball(mid=15, rad=3, exp=-2)
    """
    rad = abs(a.mid) * b.rad + abs(b.mid) * a.rad + a.rad * b.rad
    return rounded(Ball(a.mid * b.mid, rad, a.exp + b.exp), bits)


def reciprocal(a: Ball, bits: int) -> Ball:
    """1 / a.

    Raises:
        Imprecise: the ball holds 0.

    >>> reciprocal(Ball(3, 0, 0), 4)
    Ball(mid=21, rad=1, exp=-6)
    """
    smallest = abs(a.mid) - a.rad
    if smallest <= 0:
        raise Imprecise
    up = bits + a.mid.bit_length()
    rad = -((-a.rad << up) // (abs(a.mid) * smallest)) + 1
    return Ball((1 << up) // a.mid, rad, -up - a.exp)


def power(a: Ball, exponent: int, bits: int) -> Ball:
    """a to an integer exponent.

    Raises:
        Imprecise: the exponent is negative, and the ball holds 0.

    >>> power(Ball(3, 0, 0), 4, 20)
    Ball(mid=81, rad=0, exp=0)
    """
    if exponent < 0:
        return reciprocal(power(a, -exponent, bits), bits)
    result = Ball(1, 0, 0)
    for digit in bin(exponent)[2:]:
        result = multiply(result, result, bits)
        if digit == "1":
            result = multiply(result, a, bits)
    return result


def exponential(x: Ball, bits: int) -> Ball:
    """e^x: with x = k log 2 + r, it is e^r 2^k.

    Raises:
        Imprecise: the radius is larger than 1/4.

    >>> low, high = exponential(Ball(1, 0, 0), 64).ends
    >>> low < Fraction("2.718281828459045235") < high < low + Fraction(1, 10**18)
    True
    """
    size = max(0, x.mid.bit_length() + x.exp)
    w = bits + size + 16
    mid, rad = _fixed(x, w)
    if rad << 2 > 1 << w:
        raise Imprecise
    log_2 = _log_2(w)
    k, r = divmod(mid, log_2)
    rad += 2 * abs(k) + 1
    value, error = _exponential_fixed(r, w)
    # |e^d - 1| <= 2 |d| for |d| <= 1, where d is what r may be wrong by
    return rounded(Ball(value, error + (2 * rad * (value + error) >> w) + 1, k - w), bits)


def logarithm(x: Ball, bits: int) -> Ball:
    """log x: with x = y 2^k and t = (y - 1)/(y + 1), it is k log 2 + 2 (t + t^3/3 + t^5/5 + ...).

    Raises:
        Imprecise: the ball holds 0 or a negative number.

    >>> low, high = logarithm(Ball(10, 0, 0), 64).ends
    >>> low < Fraction("2.302585092994045684") < high < low + Fraction(1, 10**17)
    True
    """
    if x.mid <= x.rad:
        raise Imprecise
    if bits > _SERIES:  # log x = y + log(x e^-y), with y nearly log x
        near = logarithm(x, bits // 2)
        rest = multiply(x, exponential(Ball(-near.mid, 0, near.exp), bits + 16), bits + 16)
        return add(Ball(near.mid, 0, near.exp), _logarithm_series(rest, bits), bits)
    return _logarithm_series(x, bits)


def logarithm_near_one(d: Ball, bits: int) -> Ball:
    """log(1 + d) for |d| < 1/16, to so many bits of its own size: 2 t (1 + t^2/3 + t^4/5 + ...), t = d/(2 + d).

    Raises:
        Imprecise: the ball holds larger numbers.

    >>> logarithm_near_one(Ball(1, 0, -100), 30)
    Ball(mid=536870912, rad=2, exp=-129)
    """
    if abs(d.mid) + d.rad << 4 + max(0, d.exp) >= 1 << max(0, -d.exp):
        raise Imprecise
    w = bits + 16
    t = multiply(d, reciprocal(add(Ball(2, 0, 0), d, w), w), w)
    square, total, power_of_t, n = multiply(t, t, w), Ball(1, 0, 0), Ball(1, 0, 0), 1
    gain = -((square.mid + square.rad).bit_length() + square.exp)
    while n * gain < w:
        power_of_t = multiply(power_of_t, square, w)
        total = add(total, multiply(power_of_t, enclosed(Fraction(1, 2 * n + 1), Fraction(1, 2 * n + 1), w), w), w)
        n += 1
    # the rest of the series is less than 2 t^(2n), which is at most 2^(1 - w)
    total = add(total, Ball(0, 1, 2 - w), w)
    return rounded(multiply(Ball(t.mid, t.rad, t.exp + 1), total, w), bits)


def _logarithm_series(x: Ball, bits: int) -> Ball:
    if x.mid <= x.rad:
        raise Imprecise
    b = x.mid.bit_length()
    if 10 * x.mid < 7 << b:
        b -= 1
    k = x.exp + b
    w = bits + abs(k).bit_length() + 16
    # y = mid / 2^b lies between 0.7 and 1.4
    t = (abs(x.mid - (1 << b)) << w) // (x.mid + (1 << b))
    square, term, total, n = t * t >> w, t, 0, 1
    while term:
        total += term // n
        term, n = term * square >> w, n + 2
    # each term is too small by at most 4 units, t by 1, and the rest of the series is less than 2 units
    series = 2 * total if x.mid >= 1 << b else -2 * total
    spread = -((-x.rad << w) // (x.mid - x.rad))
    return rounded(Ball(series + k * _log_2(w), 4 * n + 16 + 2 * abs(k) + spread, -w), bits)


def _fixed(x: Ball, w: int) -> tuple[int, int]:
    """The midpoint and radius in units of 2^-w."""
    shift = x.exp + w
    return (x.mid << shift, x.rad << shift) if shift >= 0 else (x.mid >> -shift, (x.rad >> -shift) + 2)


def _exponential_fixed(r: int, w: int) -> tuple[int, int]:
    """e^r for 0 <= r < 1 in units of 2^-w, and how far it may be off: Taylor's series at r / 2^s, then s squarings."""
    s = isqrt(w) // 2 + 1
    more = w + 2 * s + 16
    y = r << (more - w) >> s
    term = total = 1 << more
    n = 0
    while term:
        n += 1
        term = (term * y >> more) // n
        total += term
    # each term is too small by at most 3 units, y by 1, and the rest of the series is less than 2 units
    error = 3 * n + 8
    for _ in range(s):
        error = (2 * total * error + error * error >> more) + 2
        total = total * total >> more
    return total >> (more - w), (error >> (more - w)) + 2


@lru_cache(maxsize=32)
def _log_2(w: int) -> int:
    """log 2 in units of 2^-w, less than 2 units off, by 18 atanh(1/26) - 2 atanh(1/4801) + 8 atanh(1/8749)."""
    more = w + 32
    return 18 * _atanh(26, more) - 2 * _atanh(4801, more) + 8 * _atanh(8749, more) >> 32


def _atanh(n: int, w: int) -> int:
    """atanh(1/n) in units of 2^-w, at most one unit off for each of its terms."""
    power, total, k = (1 << w) // n, 0, 1
    while power:
        total += power // k
        power, k = power // (n * n), k + 2
    return total
