"""Exact numbers against mpmath at 50 digits and more."""

from __future__ import annotations

import pickle
from copy import deepcopy
from fractions import Fraction
from itertools import combinations
from math import gcd, isqrt, prod

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from exact.matrices_strategies import numbers, quick, rationals
from gradus.errors import InputError, UnsupportedError
from gradus.exact.numbers.algebraic import real_root
from gradus.exact.numbers.number import Number, decimal, digits_of, sqrt
from gradus.exact.numbers.radicands import conjugated, square_free


@pytest.fixture(autouse=True)
def fifty_digits() -> None:
    mp.dps = 50


def value(x: Number) -> mpf:
    terms = (mpf(c.numerator) / c.denominator * mp.sqrt(n) for n, c in x.terms)
    return mp.fsum(terms)


def close(x: mpf, y: mpf) -> bool:
    return abs(x - y) <= mpf(10) ** -40 * (1 + abs(x))


@quick
@given(numbers(), numbers())
def test_arithmetic_agrees_with_mpmath(x: Number, y: Number) -> None:
    assert close(value(x + y), value(x) + value(y))
    assert close(value(x - y), value(x) - value(y))
    assert close(value(x * y), value(x) * value(y))
    if y:
        assert close(value(x / y), value(x) / value(y))
        assert x / y * y == x


@quick
@given(numbers(), numbers())
def test_order_and_sign_agree_with_mpmath(x: Number, y: Number) -> None:
    difference = value(x) - value(y)
    if x == y:
        assert (x - y).sign() == 0 and close(difference, mpf(0))
    else:
        assert (x - y).sign() == (1 if difference > 0 else -1)
        assert (x < y) == (difference < 0) and (x > y) == (difference > 0)


@quick
@given(numbers())
def test_the_square_root_of_a_square_is_the_absolute_value(x: Number) -> None:
    try:
        root = sqrt(x * x)
    except UnsupportedError:
        assert len(x.terms) > 2
        return
    assert root == abs(x)


@quick
@given(numbers())
@example(Number.of("1/3"))
@example(sqrt(2) * Fraction(1, 10**40))
def test_decimals_are_correctly_rounded(x: Number) -> None:
    """The printed number differs from the value by at most half a unit of its thirtieth digit."""
    mp.dps = 120
    shown = Fraction(x.decimal)
    if not x:
        assert x.decimal == "0"
        return
    exact = value(x)
    unit = mpf(10) ** (mp.floor(mp.log10(abs(exact))) - 29)
    assert abs(mpf(shown.numerator) / shown.denominator - exact) <= unit / 2


@pytest.mark.parametrize(
    ("x", "digits", "shown"),
    [
        (Fraction(5, 2), 1, "2"),
        (Fraction(7, 2), 1, "4"),
        (Fraction(-1, 8), 2, "-0.12"),
        (Fraction(9996, 1000), 3, "10"),
        (Fraction(1, 10**9), 5, "1e-9"),
        (Fraction(12345678), 3, "1.23e7"),
        (Fraction(3, 10), 30, "0.3"),
    ],
)
def test_halves_round_to_even_and_nothing_is_padded(x: Fraction, digits: int, shown: str) -> None:
    assert decimal(Number.of(x), digits) == shown


def test_a_sign_is_certified_where_floats_cannot_see_it() -> None:
    p, q = 1, 1
    for _ in range(100):
        p, q = p + 2 * q, p + q
    assert p * p == 2 * q * q - 1
    assert (Number.of(Fraction(p, q)) - sqrt(2)).sign() == -1
    assert float(Fraction(p, q)) == float(sqrt(2))


@quick
@given(st.integers(1, 10**14))
def test_square_free_parts_agree_with_sympy(n: int) -> None:
    from sympy import factorint

    k, m = square_free(n)
    assert k * k * m == n and all(power == 1 for power in factorint(m).values())


@pytest.mark.parametrize("p", [1009, 1031, 65521])
def test_squares_of_primes_up_to_the_limit_are_found_whatever_else_is_there(p: int) -> None:
    """The primes lie on either side of those that are tried first; P and Q are beyond all that are tried."""
    assert square_free(p**3 * P) == (p, p * P)
    assert square_free(p**4 * 2**5 * Q) == (4 * p**2, 2 * Q)
    assert square_free(p**2 * 1013) == (p, 1013) and square_free(p * 1013) == (1, p * 1013)


P, Q = 2**61 - 1, 2**31 - 1


@pytest.mark.parametrize(("n", "parts"), [(P * P, (P, 1)), (Q * Q * 3, (Q, 3)), (P, (1, P)), (12 * Q * Q, (2 * Q, 3))])
def test_large_squares_are_found(n: int, parts: tuple[int, int]) -> None:
    assert square_free(n) == parts


def test_roots_with_a_rational_ratio_are_one_number_even_where_nothing_was_factored() -> None:
    """sqrt(Q^2 P) keeps its square, since Q and P are too large to be found; it is Q sqrt(P) all the same."""
    whole, parted = sqrt(Q * Q * P), Q * sqrt(P)
    assert whole.terms != parted.terms
    assert whole == parted and hash(whole) == hash(parted)
    assert whole / Q == sqrt(P) and hash(whole / Q) == hash(sqrt(P))
    assert not (whole - parted) and (whole - parted).sign() == 0
    assert whole * sqrt(P) == Q * P and whole / sqrt(P) == Q
    assert whole + 1 != parted and whole > parted - Fraction(1, 10**50)


@pytest.mark.parametrize(
    "radicands", [(P, Q), (Q * Q * P, 3), (Q * Q * P, Q * 3), (P * Q, Q * 3, 6), (65537 * 65539, 65537 * 65543)]
)
def test_reciprocals_need_no_factors_of_large_radicands(radicands: tuple[int, ...]) -> None:
    x = sum((sqrt(n) for n in radicands), Number.of(1))
    assert x * x.reciprocal() == 1


@settings(quick, max_examples=150)
@given(st.lists(st.integers(2, 20).filter(lambda n: isqrt(n) ** 2 != n), min_size=1, max_size=7, unique=True))
def test_conjugation_respects_every_relation_between_roots(radicands: list[int]) -> None:
    """Where a product of roots is rational, an even number of them changes sign; and some root does."""
    moved = conjugated(radicands)
    assert moved
    for size in range(2, len(radicands) + 1):
        for chosen in combinations(radicands, size):
            if isqrt(prod(chosen)) ** 2 == prod(chosen):
                assert len(moved.intersection(chosen)) % 2 == 0


@quick
@given(rationals, rationals)
def test_nested_roots_are_denested(a: Fraction, b: Fraction) -> None:
    x = sqrt(abs(a)) + sqrt(abs(b))
    assert sqrt(x * x) == x


def test_integers_of_any_size_are_printed() -> None:
    for n in (0, 7, 10**3999, 10**4000, 10**9000 + 1, 10**20000 - 1):
        text = digits_of(n)
        assert sum(int(text[-k - 1]) * 10**k for k in range(5) if k < len(text)) == n % 10**5
        assert len(text) == (
            1 if n == 0 else next(k for k in (1, 4000, 4001, 9001, 20000) if 10 ** (k - 1) <= n < 10**k)
        )
    assert len(Number.of(10**9000).text) == 9001
    assert Number.of(Fraction(1, 10**9000)).decimal == "1e-9000"


@pytest.mark.parametrize("wrong", [0.5, True, None, 1j, [1]])
def test_what_is_not_exact_is_refused(wrong: object) -> None:
    with pytest.raises(InputError, match="must be exact"):
        Number.of(wrong)  # type: ignore[arg-type]


def test_zero_has_no_reciprocal_and_negative_numbers_no_root() -> None:
    with pytest.raises(InputError, match="must not be 0"):
        Number.of(1) / 0
    with pytest.raises(InputError, match="not negative"):
        sqrt("1 - sqrt(2)")


@quick
@given(numbers(), numbers())
def test_numbers_are_kept_in_lowest_terms(x: Number, y: Number) -> None:
    for z in (x + y, x - y, x * y, x + y - y, (x * 6) / 4):
        radicands = [n for n, _ in z.terms]
        assert radicands == sorted(set(radicands)) and all(c for _, c in z.terms)
        assert z == sum((c * sqrt(n) for n, c in z.terms), Number())
        assert z._denominator > 0 and gcd(z._denominator, *z._numerators) == 1
    assert (x + y - y).terms == x.terms


@pytest.mark.parametrize("x", [Number.of(0), Number.of("2/3"), 1 + sqrt(2) / 3, real_root((1, 0, -10, 0, 0, 1), 3)])
def test_numbers_can_be_copied_and_sent_to_another_process(x: Number) -> None:
    for y in (deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert y == x and type(y) is type(x) and y.text == x.text


def test_equal_numbers_have_equal_hashes() -> None:
    assert hash(Number.of("1/2")) == hash(Fraction(1, 2)) and Number.of(3) == 3
    assert len({sqrt(8), 2 * sqrt(2), sqrt(2) + sqrt(2)}) == 1
