"""How sums of square roots look: as text, as LaTeX, and as certified decimals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import gcd
from typing import Protocol

MAX_DIGITS = 4_000
"""Most digits in one literal, and the size up to which Python converts integers to text itself."""

SHORT_BITS = 3 * MAX_DIGITS

Shown = Callable[[int | str, int | str, int | str], str]
"""A term without its sign, of its radicand and of the numerator and denominator of its coefficient."""


class Enclosed(Protocol):
    """A real number of which bounds are known."""

    def __bool__(self) -> bool: ...

    def _bounds(self, bits: int) -> tuple[Fraction, Fraction]: ...


def digits_of(n: int) -> str:
    """The decimal digits of an integer >= 0 of any size; Python's own conversion refuses more than 4,300.

    >>> len(digits_of(10**9999))
    10000
    """
    if n.bit_length() <= SHORT_BITS:
        return str(n)
    half = n.bit_length() * 30103 // 200000
    high, low = divmod(n, 10**half)
    return digits_of(high) + digits_of(low).zfill(half)


def text_of(radicands: Sequence[int], numerators: Sequence[int], denominator: int) -> str:
    """The sum of the numerators times the square roots of the radicands, over the denominator, in the plain grammar.

    >>> text_of((1, 2), (-6, 1), 2)
    '-3 + sqrt(2)/2'
    """
    return _signed(radicands, numerators, denominator, _term_text)


def latex_of(radicands: Sequence[int], numerators: Sequence[int], denominator: int) -> str:
    r"""The same as LaTeX.

    >>> print(latex_of((5,), (3,), 10))
    \frac{3\sqrt{5}}{10}
    """
    return _signed(radicands, numerators, denominator, _term_latex)


def _signed(radicands: Sequence[int], numerators: Sequence[int], denominator: int, shown: Shown) -> str:
    text = ""
    for n, p in zip(radicands, numerators, strict=True):
        top, bottom, root = abs(p), denominator, n
        if len(numerators) > 1 and bottom > 1:
            common = gcd(top, bottom)
            top, bottom = top // common, bottom // common
        if (top | bottom | root).bit_length() > SHORT_BITS:
            term = shown(*(x if x == 1 else digits_of(x) for x in (root, top, bottom)))
        else:
            term = shown(root, top, bottom)
        if text:
            text += " - " if p < 0 else " + "
        elif p < 0:
            text = "-"
        text += term
    return text or "0"


def _term_text(radicand: int | str, top: int | str, bottom: int | str) -> str:
    shown = f"{top}" if radicand == 1 else f"sqrt({radicand})" if top == 1 else f"{top}*sqrt({radicand})"
    return shown if bottom == 1 else f"{shown}/{bottom}"


def _term_latex(radicand: int | str, top: int | str, bottom: int | str) -> str:
    shown = f"{top}" if radicand == 1 else rf"\sqrt{{{radicand}}}" if top == 1 else rf"{top}\sqrt{{{radicand}}}"
    return shown if bottom == 1 else rf"\frac{{{shown}}}{{{bottom}}}"


def decimal(x: Enclosed, digits: int) -> str:
    """The value to so many significant digits, correctly rounded, half to even.

    The bounds are refined until both ends round to the same digits, so the rounding is certified.

    >>> from gradus.exact.numbers.number import Number, sqrt
    >>> decimal(sqrt(2), 5), decimal(Number.of("2/3") ** 40, 3)
    ('1.4142', '9.04e-8')
    """
    if not x:
        return "0"
    bits = 4 * digits + 64
    while True:
        low, high = x._bounds(bits)
        if (low > 0) == (high > 0) and low and high:
            first, second = _rounded(low, digits), _rounded(high, digits)
            if first == second:
                return _positional(*first, digits)
        bits *= 2


def _rounded(value: Fraction, digits: int) -> tuple[int, int]:
    """(m, e) with |m| of exactly so many digits and m * 10^e the value rounded half to even."""
    n, d = value.numerator, value.denominator
    exponent = (n.bit_length() - d.bit_length()) * 30103 // 100000 - digits
    while True:
        mantissa = _quotient(n, d * 10**exponent) if exponent >= 0 else _quotient(n * 10**-exponent, d)
        length = len(str(abs(mantissa)))
        if length == digits:
            return mantissa, exponent
        exponent += 1 if length > digits else -1


def _quotient(n: int, d: int) -> int:
    """n / d to the nearest integer, half to even, for d > 0."""
    below, rest = divmod(n, d)
    return below + (2 * rest > d or (2 * rest == d and below % 2))


def _positional(mantissa: int, exponent: int, digits: int) -> str:
    while mantissa % 10 == 0:
        mantissa, exponent = mantissa // 10, exponent + 1
    sign, figures = ("-" if mantissa < 0 else ""), str(abs(mantissa))
    point = len(figures) + exponent
    if not -6 <= point <= digits:
        return f"{sign}{figures[0]}{'.' if figures[1:] else ''}{figures[1:]}e{point - 1}"
    if exponent >= 0:
        return sign + figures + "0" * exponent
    if point > 0:
        return f"{sign}{figures[:point]}.{figures[point:]}"
    return f"{sign}0.{'0' * -point}{figures}"
