"""Transcendental numbers: decimals against mpmath at 60 digits, the arithmetic of Laurent polynomials, limits."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradus.errors import InputError, UnsupportedError
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.numbers.field_numbers import field_number
from gradus.exact.numbers.number import ONE, ZERO, Number, sqrt
from gradus.exact.numbers.number_fields import Field
from gradus.exact.transcendental.functions import log, sigmoid, softmax, tanh
from gradus.exact.transcendental.number import TranscendentalNumber

ARGUMENTS = [Fraction(n, d) for n in (-40, -7, -3, -1, 1, 2, 5, 30) for d in (1, 3, 8)]


def number(value: Fraction | int | str) -> Number:
    return Number.of(value)


def mp(x: Fraction) -> mpmath.mpf:
    return mpmath.mpf(x.numerator) / x.denominator


def mp_sigmoid(z: mpmath.mpf) -> mpmath.mpf:
    return 1 / (1 + mpmath.exp(-z))


def rounded(value: mpmath.mpf) -> Decimal:
    """60 digits, rounded to 30."""
    return Decimal(mpmath.nstr(value, 60, strip_zeros=False)).normalize(Context(prec=30, rounding=ROUND_HALF_EVEN))


@pytest.mark.parametrize("z", ARGUMENTS)
def test_decimals_agree_with_mpmath_at_60_digits(z: Fraction) -> None:
    with mpmath.workdps(100):
        s, t = mp_sigmoid(mp(z)), mpmath.tanh(mp(z))
        total = sum(mpmath.exp(mp(e)) for e in (z, Fraction(1), z / 3))
        expected = [s, t, s * (1 - s), 1 - t * t, mpmath.exp(mp(z)) / total, -mpmath.log(s), mp_sigmoid(2 * s - 1)]
    p = softmax(Vector.of([number(z), ONE, number(z / 3)]))[0]
    a, b = sigmoid(number(z)), tanh(number(z))
    given = [a, b, a - a * a, 1 - b * b, p, -log(a), sigmoid(2 * a - 1)]
    for mine, theirs in zip(given, expected, strict=True):
        assert Decimal(mine.decimal) == rounded(theirs), mine.text
        assert mine.sign() == (1 if theirs > 0 else -1)


ATOMS: list[tuple[Number, Callable[[], mpmath.mpf]]] = [
    (sigmoid(number("1/3")), lambda: mp_sigmoid(mpmath.mpf(1) / 3)),
    (sigmoid(number("-1/3")), lambda: mp_sigmoid(-mpmath.mpf(1) / 3)),
    (sigmoid(number(5)), lambda: mp_sigmoid(mpmath.mpf(5))),
    (tanh(number("-3/2")), lambda: mpmath.tanh(mpmath.mpf(-3) / 2)),
    *(
        (p, lambda i=i: mpmath.exp(i) / sum(map(mpmath.exp, range(3))))
        for i, p in enumerate(softmax(Vector.of([0, 1, 2])))
    ),
    (log(number(3)), lambda: mpmath.log(3)),
    (sqrt(2), lambda: mpmath.sqrt(2)),
    (number("-2/7"), lambda: mpmath.mpf(-2) / 7),
]
Pair = tuple[Number, mpmath.mpf]


def expressions() -> st.SearchStrategy[Pair]:
    """Sums, differences, products and quotients of a few atoms, with their values at 80 digits."""

    def atom(index: int) -> Pair:
        with mpmath.workdps(80):
            return ATOMS[index][0], ATOMS[index][1]()

    def joined(pair: tuple[Pair, str, Pair]) -> Pair:
        (a, x), operation, (b, y) = pair
        with mpmath.workdps(80):
            if operation == "+":
                return a + b, x + y
            if operation == "-":
                return a - b, x - y
            if operation == "/" and b:
                return a / b, x / y
            return a * b, x * y

    leaves = st.integers(0, len(ATOMS) - 1).map(atom)
    return st.recursive(
        leaves, lambda inner: st.tuples(inner, st.sampled_from("+-**/"), inner).map(joined), max_leaves=7
    )


@settings(max_examples=250, deadline=None)
@given(expressions())
def test_arithmetic_agrees_with_mpmath(pair: Pair) -> None:
    mine, theirs = pair
    if abs(theirs) < mpmath.mpf(10) ** -60:
        assert not mine
        return
    assert mine and mine.sign() == (1 if theirs > 0 else -1)
    with mpmath.workdps(80):
        assert abs(mpmath.mpf(mine.decimal) / theirs - 1) < mpmath.mpf(10) ** -28


@settings(max_examples=80, deadline=None)
@given(expressions(), expressions(), expressions())
def test_the_laws_of_arithmetic_hold_as_written(one: Pair, two: Pair, three: Pair) -> None:
    a, b, c = one[0], two[0], three[0]
    assert a + b == b + a and a * b == b * a
    assert (a + b) - b == a and not (a - a)
    assert (a + b) + c == a + (b + c)
    assert hash((a + b) - b) == hash(a)


def test_identities_of_the_functions_are_recognised() -> None:
    z = number("2/5")
    s, t = sigmoid(z), tanh(z)
    assert s + sigmoid(-z) == 1
    assert s * sigmoid(-z) == s - s * s
    assert t == -tanh(-z)
    assert ONE / s + ONE / sigmoid(-z) == ONE / s / sigmoid(-z)
    p = softmax(Vector.of([0, 1, 5, 1]))
    assert p[1] == p[3]
    assert sum(p, ZERO) == 1
    assert sum((p[2] * q for q in p), ZERO) == p[2]
    assert sigmoid(ZERO) == number("1/2") and tanh(ZERO) == 0 and log(ONE) == 0
    assert s != t and s != ZERO and s != number("1/2")


def test_derivatives_of_the_cross_entropy_simplify_to_p_minus_t() -> None:
    p, t = softmax(Vector.of([0, 1, 5])), Vector.of(["1/2", "1/2", 0])
    row = [-t[i] / p[i] for i in range(3)]
    for j in range(3):
        column = [(p[i] if i == j else ZERO) - p[i] * p[j] for i in range(3)]
        assert sum((g * d for g, d in zip(row, column, strict=True)), ZERO) == p[j] - t[j]
    y, target = sigmoid(number(3)), number("1/3")
    slope = -target / y + (1 - target) / (1 - y)
    assert slope * (y - y * y) == y - target


@pytest.mark.parametrize(
    ("value", "text", "latex"),
    [
        (sigmoid(number("1/3")), "sigmoid(1/3)", r"\sigma\left(\tfrac{1}{3}\right)"),
        (1 - sigmoid(number("1/3")), "sigmoid(-1/3)", r"\sigma\left(-\tfrac{1}{3}\right)"),
        (tanh(number(-2)) * tanh(number(2)), "-tanh(2)^2", r"-\tanh^{2}\left(2\right)"),
        (3 * sigmoid(ONE) / 4 - 1, "-1 + 3*sigmoid(1)/4", r"-1 + \frac{3\sigma\left(1\right)}{4}"),
        (sqrt(2) * sigmoid(ONE), "sqrt(2)*sigmoid(1)", r"\sqrt{2}\sigma\left(1\right)"),
        ((1 + sqrt(2)) * tanh(ONE), "(1 + sqrt(2))*tanh(1)", r"\left(1 + \sqrt{2}\right)\tanh\left(1\right)"),
        (ONE / (2 * tanh(ONE)), "1/(2*tanh(1))", r"\frac{1}{2\tanh\left(1\right)}"),
        (softmax(Vector.of([0, 1]))[1], "softmax(0, 1; 2)", r"\operatorname{softmax}_{2}\left(0, 1\right)"),
        (-log(number("1/3")), "log(3)", r"\log\left(3\right)"),
        (tanh(sigmoid(ONE)), "tanh(sigmoid(1))", r"\tanh\left(\sigma\left(1\right)\right)"),
    ],
)
def test_printing(value: Number, text: str, latex: str) -> None:
    assert (value.text, value.latex) == (text, latex)
    assert value.as_json()["text"] == text


def test_vectors_and_matrices_hold_and_print_them() -> None:
    s = sigmoid(ONE)
    product = Matrix(((s, ONE), (ZERO, s))) @ Vector((s, number(2)))
    assert product.text == "(2 + sigmoid(1)^2, 2*sigmoid(1))"
    assert r"\sigma\left(1\right)" in product.factored_latex
    assert max(product) == product[0] and sorted([s, ONE, ZERO]) == [ZERO, s, ONE]


def test_a_long_number_shows_its_first_digits() -> None:
    total = sum((sigmoid(number(Fraction(1, n))) * n for n in range(3, 80)), ZERO)
    with mpmath.workdps(60):
        expected = sum(n / (1 + mpmath.exp(-mpmath.mpf(1) / n)) for n in range(3, 80))
    assert total.text == mpmath.nstr(expected, 40)[:13] + "..."
    assert total.latex.endswith(r"{\scriptstyle\ldots}")


def test_sums_of_many_products_stay_exact() -> None:
    factors = [sum((sigmoid(number(10 * k + j)) for j in range(1, 9)), ONE) for k in range(4)]
    value, expected = ONE, mpmath.mpf(1)
    with mpmath.workdps(60):
        for k, factor in enumerate(factors):
            value *= factor
            expected *= 1 + sum(mp_sigmoid(mpmath.mpf(10 * k + j)) for j in range(1, 9))
    assert isinstance(value, TranscendentalNumber)
    assert Decimal(value.decimal) == rounded(expected)
    assert value / value == 1


def test_the_same_number_prints_the_same_in_every_process() -> None:
    script = (
        "from gradus.exact.transcendental.functions import *; from gradus.exact import Number; n = Number.of;"
        "{}print((sigmoid(tanh(n(1))) + tanh(sigmoid(n(2))) + sigmoid(n(3)) * tanh(n(4))).text)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", script.format(first)], capture_output=True, text=True, check=True).stdout
        for first in ("", "x = sigmoid(n(3)), tanh(n(4)), tanh(sigmoid(n(2)));")
    ]
    assert runs[0] == runs[1] and "sigmoid(3)" in runs[0]


@pytest.mark.parametrize("function", [sigmoid, tanh, lambda z: softmax(Vector((z, ZERO)))])
@pytest.mark.parametrize("z", ["100001", "-10^9", "10^900", "10^5*sqrt(2)"])
def test_arguments_beyond_the_limit_are_refused(function: Callable[[Number], object], z: str) -> None:
    with pytest.raises(UnsupportedError, match="of a size up to 100000"):
        function(number(z))


def test_extreme_values_within_the_limit() -> None:
    z = 100_000
    low, t, s = sigmoid(number(-z)), tanh(number(-z)), sigmoid(number(z))
    p = softmax(Vector.of([z, 0, z - 20]))
    with mpmath.workdps(60):
        small = mpmath.exp(-mpmath.mpf(z))
        assert Decimal(low.decimal) == rounded(small)
        assert Decimal((1 - t * t).decimal) == rounded(4 * small**2)
        assert Decimal((s - s * s).decimal) == rounded(small)
        assert Decimal((-log(s)).decimal) == rounded(small)
        e = mpmath.exp(-20)
        assert Decimal((p[0] - p[0] * p[0]).decimal) == rounded(e / (1 + e) ** 2)
    assert low.sign() == (1 - low).sign() == (1 + t).sign() == 1


def test_what_no_precision_and_no_identity_decides_is_refused_and_not_guessed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gradus.exact.transcendental.number.MAX_BITS", 2_000)
    zero = sigmoid(log(number(2))) - number("2/3")  # e^(log 2) = 2 is not among the identities that are known
    for ask in (zero.sign, lambda: zero.decimal, lambda: bool(zero), lambda: zero == 0, lambda: ONE / zero):
        with pytest.raises(UnsupportedError, match="cannot be told from 0"):
            ask()


def test_a_long_number_that_stays_open_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradus.exact.transcendental.number.MAX_BITS", 1_000)
    zero = sum((n * sigmoid(number(Fraction(1, n))) for n in range(3, 40)), ZERO) * (sigmoid(log(number(2))) * 3 - 2)
    for ask in (zero.sign, lambda: zero.text, lambda: zero.latex):
        with pytest.raises(UnsupportedError, match="number = a sum of 2 products: cannot be told from 0"):
            ask()


def identities() -> list[tuple[Number, Number]]:
    s, y, t = sigmoid(number("11/4")), sigmoid(number("-11/4")), tanh(number("11/8"))
    x = number("root(x^3 - x - 1, 1)")
    return [
        (-s / (y - y * y), -1 / y),
        (1 / (y - y * y), 1 / (s - s * s)),
        (1 / (1 + s), 1 / (2 - y)),
        ((s * s + 2 * s + 1) / (s + 1), s + 1),
        (t, 2 * s - 1),
        (1 - t * t, 4 * s * y),
        (softmax(Vector.of([0, 1]))[1], sigmoid(ONE)),
        (softmax(Vector.of([0, 1, 2]))[1], softmax(Vector.of([9, 7, 8]))[2]),
        (
            softmax(Vector.of([0, 1, 2]))[2] / softmax(Vector.of([0, 1, 2]))[0],
            s / y * sigmoid(number("-3/4")) / sigmoid(number("3/4")),
        ),
        (sigmoid(2 * s - 1), sigmoid(t)),
        (log(number(4)), 2 * log(number(2))),
        (log(number("9/8")), 2 * log(number(3)) - 3 * log(number(2))),
        (log(s) - log(y), number("11/4")),
        (log(softmax(Vector.of([0, 1, 2]))[1]) - 1, log(softmax(Vector.of([2, 1, 0]))[2])),
        (sigmoid(x) / sigmoid(-x) * (tanh(x / 2) - 1), -1 - tanh(x / 2)),
        (sqrt(2) * s / (s + s * s), sqrt(2) / (2 - y)),
    ]


@pytest.mark.parametrize("pair", identities())
@pytest.mark.parametrize("near", ["0", "10^-200"])
def test_identities_that_the_normal_form_misses_are_proved_by_exponentials(
    pair: tuple[Number, Number], near: str
) -> None:
    a, b = pair
    difference = a - b
    if near == "0":
        assert not isinstance(b, TranscendentalNumber) or hash(a) == hash(b)
        assert a == b and b == a and not difference and difference.sign() == 0
        assert (difference.text, difference.decimal, difference.latex) == ("0", "0", "0") and difference == 0
        assert not a < b and a <= b
        with pytest.raises(InputError, match="must not be 0"):
            ONE / difference
    else:
        assert a != b + number(near) and (difference + number(near)).sign() == 1 and a < b + number(near)


@pytest.mark.parametrize("text", ["root(x^3 - x - 1, 1)", "sqrt(1 + sqrt(2))", "root(x^5 - 10*x^2 + 1, 3)"])
def test_numbers_kept_as_roots_meet_transcendental_ones_from_both_sides(text: str) -> None:
    x, s = number(text), sigmoid(number("1/3"))
    with mpmath.workdps(60):
        root, value = mpmath.mpf((x * 10**30).decimal) / mpmath.mpf(10) ** 30, mp_sigmoid(mpmath.mpf(1) / 3)
        expected = [root * value, root + value, root - value, root / value, value - root, value / root]
        for mine, theirs in zip([x * s, x + s, x - s, x / s, s - x, s / x], expected, strict=True):
            assert abs(mpmath.mpf(mine.decimal) / theirs - 1) < mpmath.mpf(10) ** -27
    assert x * s == s * x and x + s == s + x and x - s == -(s - x)
    assert x != s and (x < s) == (root < value) and (s < x) == (value < root)
    t = symmetric_root()
    assert t * s == s * t and t + s == s + t and t - s == -(s - t) and t != s


def symmetric_root() -> Number:
    """A number that stays in its field."""
    return field_number(Field((1, -2, -1, 1)), 3, (0, 1))


def test_a_power_beyond_all_bounds_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="to be written as a decimal"):
        _ = (sigmoid(ONE) ** 10**8).decimal


def test_what_needs_a_rational_number_or_a_sum_of_roots_says_so() -> None:
    s = sigmoid(ONE)
    with pytest.raises(UnsupportedError, match="must be rational"):
        s.as_fraction()
    with pytest.raises(UnsupportedError, match="no sum of square roots"):
        _ = s.terms
    with pytest.raises(InputError, match="greater than 0"):
        log(-s)
    with pytest.raises(InputError, match="must not be 0"):
        s / ZERO
