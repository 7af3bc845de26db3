"""What roots of polynomials look like: the integer polynomial in x, highest power first, and the first digits.

A polynomial is printed for each of its roots that a matrix shows; hence its text is kept.
"""

from __future__ import annotations

from functools import lru_cache

from gradus.exact.numbers.ground import Polynomial
from gradus.exact.numbers.printing import Enclosed, decimal, digits_of


@lru_cache(maxsize=1024)
def polynomial_text(polynomial: Polynomial) -> str:
    """In the plain grammar.

    >>> polynomial_text((1, -3, 0, 2))
    '2*x^3 - 3*x + 1'
    """
    return _signed(polynomial, "*", "x^{}")


@lru_cache(maxsize=1024)
def polynomial_latex(polynomial: Polynomial) -> str:
    """As LaTeX.

    >>> polynomial_latex((1, -3, 0, 2))
    '2x^{3} - 3x + 1'
    """
    return _signed(polynomial, "", "x^{{{}}}")


def first_digits(x: Enclosed, digits: int) -> str:
    """The first significant digits of an irrational number, cut off and not rounded.

    >>> from gradus.exact.numbers.number import sqrt
    >>> first_digits(sqrt(2), 8)
    '1.4142135'
    """
    more = 2 * digits
    while True:
        figures = decimal(x, more)
        mantissa, mark, exponent = figures.partition("e")
        lead = len(mantissa) - len(mantissa.lstrip("-0."))
        count, end = 0, lead
        while end < len(mantissa) and (count < digits or "." in mantissa[end:]):
            count += mantissa[end].isdigit()
            end += 1
        if mantissa[end:].strip("0"):
            return mantissa[:end].rstrip(".") + mark + exponent
        more *= 2


def _signed(polynomial: Polynomial, times: str, power: str) -> str:
    text = ""
    for k in range(len(polynomial) - 1, -1, -1):
        if c := polynomial[k]:
            name = power.format(k) if k > 1 else "x" if k else ""
            term = name if name and abs(c) == 1 else digits_of(abs(c)) + (times + name if name else "")
            joint = (" - " if c < 0 else " + ") if text else "-" if c < 0 else ""
            text += joint + term
    return text or "0"
