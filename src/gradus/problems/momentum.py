"""What the problems on momentum share: the setting in words, and the form of their parameters."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from gradus.documents.blocks import Block, Math, Text
from gradus.errors import InputError
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.numbers.number import ONE, Number, decimal
from gradus.problems.problem import NumberParam

SENTENCE = 45
"""Sums and roots with LaTeX of at most so many characters stand in sentences as they are."""

LONGEST = 10**9
"""Numerators and denominators stay below this, so that dozens of exact iterations stay printable."""


def check_short(name: str, *numbers: Number) -> None:
    """Raises InputError unless all numbers are rational with numerators and denominators below :data:`LONGEST`.

    >>> check_short("mu", Number.of("9/10"))
    """
    for x in numbers:
        if not x.is_rational or max(abs(x.as_fraction().numerator), x.as_fraction().denominator) >= LONGEST:
            rule = "must be rational, with at most 9 digits above and below the fraction's line"
            raise InputError(name, x.text, rule, "round it to a few digits")


def _momentum_coefficient(mu: Number) -> Number:
    check_short("mu", mu)
    if not 0 < mu < 1:
        raise InputError("mu", mu.text, "must be between 0 and 1, without the ends", "e.g. 0.9")
    return mu


def _coefficient_or_zero(mu: Number) -> Number:
    check_short("mu", mu)
    if not 0 <= mu < 1:
        raise InputError("mu", mu.text, "must be at least 0 and below 1", "e.g. 0.9")
    return mu


def _velocity_name(name: str) -> str:
    if not re.fullmatch("[a-z]", name) or name in "gvw":
        raise InputError("velocity", name, "must be one small letter other than g, v and w", "e.g. a")
    return name


MuParam = Annotated[NumberParam, AfterValidator(_momentum_coefficient)]
"""A momentum coefficient, rational and strictly between 0 and 1."""

MuOrZeroParam = Annotated[NumberParam, AfterValidator(_coefficient_or_zero)]
"""A momentum coefficient, rational, at least 0 and below 1."""

VelocityName = Annotated[str, AfterValidator(_velocity_name)]
"""The letter for the velocity in the stationary point."""

UPDATE = (
    r"\mathbf{v}_{t+1} = \mu\, \mathbf{v}_t - \alpha\, \nabla L(\mathbf{w}_t), \qquad "
    r"\mathbf{w}_{t+1} = \mathbf{w}_t + \mathbf{v}_{t+1}"
)
"""The course's form of momentum, the learning rate inside the velocity."""


def setting(mu: Number, velocity: str) -> tuple[Block, ...]:
    """Training with momentum arrives at a saddle point of the risk with a velocity.

    >>> setting(Number.of("9/10"), "a")[1] == Math(UPDATE)
    True
    """
    before = (
        "A network is trained by gradient descent with momentum. With the risk $L$, the learning rate $\\alpha$ "
        f"and the constant momentum coefficient $\\mu = {shown(mu)}$, iteration $t$ computes"
    )
    after = (
        rf"Just before iteration $t$ the weights are $\mathbf{{w}}_t$ and the velocity is $\mathbf{{v}}_t = "
        rf"\mathbf{{{velocity}}} \neq \mathbf{{0}}$, and the risk has a saddle point at $\mathbf{{w}}_t$."
    )
    return Text(before), Math(UPDATE), Text(after)


def shown(number: Number) -> str:
    """A finite decimal as such, and any other number as LaTeX.

    >>> shown(Number.of("9/10")), shown(Number.of("2/3"))
    ('0.9', '\\\\frac{2}{3}')
    """
    return number.decimal if Number.of(number.decimal) == number else number.latex


def entries(vector: Vector) -> str:
    r"""A vector's entries in a row, as LaTeX.

    >>> entries(Vector.of(["1/2", "-3"]))
    '(\\frac{1}{2}, -3)'
    """
    return f"({', '.join(x.latex for x in vector)})"


def rounded(number: Number) -> str:
    r"""A number to four significant digits, as LaTeX.

    >>> rounded(Number.of("2/5") ** 20), rounded(Number.of("1/3"))
    ('1.1 \\cdot 10^{-8}', '0.3333')
    """
    mantissa, _, exponent = decimal(number, 4).partition("e")
    return rf"{mantissa} \cdot 10^{{{exponent}}}" if exponent else mantissa


def equal(number: Number) -> str:
    r"""``= x`` for a number that is short enough for a sentence, and otherwise ``\approx`` four digits, as LaTeX.

    >>> equal(Number.of("1/3")), equal(Number.of("sqrt(2)/3 + sqrt(3)/3 + sqrt(5)/3"))
    ('= \\frac{1}{3}', '\\approx 1.794')
    """
    short = not (number.is_algebraic or number.is_sum) or len(number.latex) <= SENTENCE
    return f"= {number.latex}" if short and r"\approx" not in number.latex else rf"\approx {rounded(number)}"


def multiple(factor: Number, letter: str) -> tuple[str, str]:
    r"""A multiple of a vector as plain text and as LaTeX.

    >>> multiple(Number.of("9/10"), "a")
    ('9/10*a', '\\frac{9}{10}\\,\\mathbf{a}')
    """
    if not factor:
        return "0", r"\mathbf{0}"
    bold = rf"\mathbf{{{letter}}}"
    return (letter, bold) if factor == ONE else (f"{factor.text}*{letter}", rf"{factor.latex}\,{bold}")


def quadratic_latex(curvatures: Vector, centre: Vector | None = None) -> str:
    """Twice a quadratic along the axes, as LaTeX; ``centre`` is its stationary point.

    >>> quadratic_latex(Vector.of("2 -1")), quadratic_latex(Vector.of("1 0"), Vector.of("3 0"))
    ('2w_1^2 - w_2^2', '(w_1 - 3)^2')
    """
    terms = [(c, _square(i, centre)) for i, c in enumerate(curvatures, start=1) if c]
    signed = [("-" if c.sign() < 0 else "+", ("" if abs(c) == 1 else abs(c).latex) + w) for c, w in terms]
    text = " ".join(f"{sign} {term}" for sign, term in signed) or "0"
    return text.removeprefix("+ ").replace("- ", "-", 1) if text.startswith("-") else text.removeprefix("+ ")


def _square(i: int, centre: Vector | None) -> str:
    if centre is None or not centre[i - 1]:
        return f"w_{i}^2"
    shift = centre[i - 1]
    return f"(w_{i} {'+' if shift.sign() < 0 else '-'} {abs(shift).latex})^2"
