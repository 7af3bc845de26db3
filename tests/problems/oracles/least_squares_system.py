"""SymPy reads A and b back from the equations of the statement, which it parses from their LaTeX."""

import re
from fractions import Fraction

from sympy import Matrix, Rational, Symbol, linear_eq_to_matrix

from gradus.problems.kinds.least_squares_system import KIND


def check(params, answer):
    shown = next(block.latex for block in KIND.statement(params) if hasattr(block, "latex"))
    unknowns = [Symbol(name) for name in params.names]
    body = shown.removeprefix(r"\begin{aligned}").removesuffix(r"\end{aligned}")
    read = [_equation(line, unknowns) for line in body.split(r"\\")]
    A, b = linear_eq_to_matrix(read, unknowns)
    parts = answer.parts
    assert Matrix([[_rational(x) for x in row] for row in parts["A"].value.rows]) == A
    assert Matrix([_rational(x) for x in parts["b"].value]) == b


def _equation(line, unknowns):
    left, right = line.split("&=")
    total = 0
    for sign, size, name in re.findall(r"([+-]?)\s*([0-9]*)\s*([a-z](?:_[0-9])?)", left):
        total += (-1 if sign == "-" else 1) * int(size or 1) * next(u for u in unknowns if u.name == name)
    return total - int(right)


def _rational(x):
    fraction = Fraction(x.text)
    return Rational(fraction.numerator, fraction.denominator)
