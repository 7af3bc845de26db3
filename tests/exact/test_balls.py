"""Balls of integers hold what they must: exponentials and logarithms against mpmath, arithmetic against fractions."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradus.exact.transcendental import balls
from gradus.exact.transcendental.balls import Ball, Imprecise

FRACTIONS = st.builds(
    lambda n, d, e: Fraction(n, d) * Fraction(10) ** e,
    st.integers(-(10**6), 10**6),
    st.integers(1, 10**6),
    st.integers(-40, 3),
)
BITS = st.sampled_from([8, 20, 53, 64, 184, 400, 700, 1300])


def exact(value: mpmath.mpf) -> Fraction:
    sign, mantissa, exponent, _ = value._mpf_
    return (-1) ** sign * int(mantissa) * Fraction(2) ** exponent


def at_high_precision(function: str, x: Fraction) -> Fraction:
    with mpmath.workprec(3000):
        return exact(getattr(mpmath, function)(mpmath.mpf(x.numerator) / x.denominator))


def holds(ball: Ball, value: Fraction) -> bool:
    low, high = ball.ends
    return low <= value <= high


@settings(max_examples=150, deadline=None)
@given(FRACTIONS, BITS)
def test_exponentials_hold_the_value_and_are_narrow(x: Fraction, bits: int) -> None:
    if abs(x) > 20_000:
        return
    ball = balls.exponential(balls.enclosed(x, x, bits + 24), bits)
    assert holds(ball, at_high_precision("exp", x))
    low, high = ball.ends
    assert high - low < high * Fraction(2) ** (int(abs(x)).bit_length() + 12 - bits)


@settings(max_examples=150, deadline=None)
@given(FRACTIONS, BITS)
def test_logarithms_hold_the_value_and_are_narrow(x: Fraction, bits: int) -> None:
    if x <= 0:
        return
    ball = balls.logarithm(balls.enclosed(x, x, bits), bits)
    value = at_high_precision("log", x)
    assert holds(ball, value)
    low, high = ball.ends
    assert high - low < max(1, abs(value)) * Fraction(2) ** (12 - bits)


@settings(max_examples=200, deadline=None)
@given(FRACTIONS, FRACTIONS, FRACTIONS, st.integers(-3, 5), BITS)
def test_arithmetic_holds_the_exact_result(x: Fraction, y: Fraction, width: Fraction, exponent: int, bits: int) -> None:
    a = balls.enclosed(x, x + abs(width), bits)
    b = balls.enclosed(y, y, bits)
    for point in (x, x + abs(width), x + abs(width) / 3):
        assert holds(a, point)
        assert holds(balls.add(a, b, bits), point + y)
        assert holds(balls.multiply(a, b, bits), point * y)
        assert holds(balls.rounded(a, bits // 2), point)
        if exponent >= 0 or (a.sign and bits > 50 and abs(width) < abs(x) / 10):
            assert holds(balls.power(a, exponent, bits), point**exponent)


def test_a_ball_around_zero_has_no_reciprocal_and_no_logarithm() -> None:
    for function in (balls.reciprocal, balls.logarithm):
        with pytest.raises(Imprecise):
            function(Ball(1, 1, 0), 64)
    with pytest.raises(Imprecise):
        balls.exponential(Ball(5, 1, 0), 64)


def test_a_large_argument_needs_no_long_time() -> None:
    ball = balls.exponential(Ball(-(10**9), 0, 0), 100)
    with mpmath.workprec(400):
        exponent = mpmath.floor(-(10**9) / mpmath.log(2)) + 1
    assert ball.mid.bit_length() + ball.exp == int(exponent)
    assert ball.rad.bit_length() < 20 < 90 < ball.mid.bit_length()


@settings(max_examples=150, deadline=None)
@given(FRACTIONS, st.integers(5, 400), BITS)
def test_logarithms_near_one_keep_the_bits_of_small_values(x: Fraction, shift: int, bits: int) -> None:
    d = x / 10**10 * Fraction(1, 2**shift)
    if not d:
        return
    ball = balls.logarithm_near_one(balls.enclosed(d, d, bits), bits)
    value = at_high_precision("log1p", d)
    assert holds(ball, value)
    low, high = ball.ends
    assert high - low < abs(value) * Fraction(2) ** (8 - bits)
