"""Eigenvalues of A^T A: the rational ones exactly, and the factor that is left over.

A^T A is symmetric, so all roots of its characteristic polynomial are real.  For a polynomial with only real roots
Descartes' rule of signs is exact: the number of roots above c is the number of sign changes in the coefficients of
p(x + c).  Bisection over the integers with that count finds every integer root without factoring a constant term.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import isqrt, lcm

from gradus.errors import UnsupportedError
from gradus.exact.linear_algebra.equations import linear_form
from gradus.exact.linear_algebra.matrices import Matrix
from gradus.exact.numbers.number import ONE, ZERO, Number

MAX_ROOT_BITS = 2_000
"""Most bits in a bound of the eigenvalues, after clearing denominators."""


WORTH_A_TEST = 128
"""From so many bits on, a test modulo small primes goes before the search for integer roots."""


@dataclass(frozen=True)
class Spectrum:
    """The eigenvalues of a symmetric positive semi-definite matrix.

    Attributes:
        polynomial: coefficients of det(x I - G), from the constant term upwards; monic.
        rational: the rational eigenvalues with their multiplicities, descending.
        rest: the monic factor without rational roots, coefficients upwards; ``(1,)`` if there is none.

    >>> found = spectrum(Matrix.of("2 1 0; 1 1 0; 0 0 4"))
    >>> found.rational, found.is_rational, polynomial_text(found.rest)
    (((Fraction(4, 1), 1),), False, 'x^2 - 3*x + 1')
    """

    polynomial: tuple[Number, ...]
    rational: tuple[tuple[Fraction, int], ...]
    rest: tuple[Fraction, ...]

    @property
    def is_rational(self) -> bool:
        """Whether all eigenvalues are rational."""
        return len(self.rest) == 1

    @property
    def smallest(self) -> tuple[Fraction, int] | None:
        """The smallest eigenvalue and its multiplicity, or None if it is not rational.

        >>> spectrum(Matrix.of("18 24; 24 32")).smallest
        (Fraction(0, 1), 1)
        """
        if not self.rational:
            return None
        value, count = self.rational[-1]
        return (value, count) if _roots_above(self.rest, value) == len(self.rest) - 1 else None


def spectrum(G: Matrix) -> Spectrum:
    """The eigenvalues of a symmetric positive semi-definite matrix G (n x n).

    Raises:
        UnsupportedError: the coefficients of its characteristic polynomial are not rational, or too large.

    >>> spectrum(Matrix.of("18 24; 24 32")).rational
    ((Fraction(50, 1), 1), (Fraction(0, 1), 1))
    """
    polynomial = characteristic_polynomial(G)
    if not all(c.is_rational for c in polynomial):
        rule = "the characteristic polynomial of A^T A has coefficients that are not rational"
        raise UnsupportedError("A", None, rule, "gradus handles rational ones so far")
    fractions = [c.as_fraction() for c in polynomial]
    scale = lcm(*(c.denominator for c in fractions))
    integers = [int(c * scale ** (len(fractions) - 1 - k)) for k, c in enumerate(fractions)]
    roots, rest = integer_roots(integers)
    degree = len(rest) - 1
    return Spectrum(
        polynomial,
        tuple((Fraction(root, scale), count) for root, count in roots),
        tuple(Fraction(c, scale ** (degree - k)) for k, c in enumerate(rest)),
    )


def characteristic_polynomial(G: Matrix) -> tuple[Number, ...]:
    """det(x I - G) for an n x n matrix, coefficients from the constant term upwards, by Faddeev and LeVerrier.

    >>> [c.text for c in characteristic_polynomial(Matrix.of("18 24; 24 32"))]
    ['0', '-50', '1']
    """
    n = G.shape[0]
    coefficients = [ONE]
    M = Matrix.zeros(n, n)
    for k in range(1, n + 1):
        M = G @ M + Matrix.identity(n) * coefficients[0]
        coefficients.insert(0, -trace(G @ M) / k)
    return tuple(coefficients)


def trace(G: Matrix) -> Number:
    """The sum of the diagonal entries.

    >>> trace(Matrix.of("1 2; 3 4")).text
    '5'
    """
    return sum((G[i, i] for i in range(G.shape[0])), ZERO)


def polynomial_text(coefficients: Sequence[Number | Fraction], variable: str = "x") -> str:
    """A polynomial in plain text, highest power first.

    >>> polynomial_text([Fraction(1), Fraction(-3), Fraction(1)])
    'x^2 - 3*x + 1'
    """
    text = ""
    for power in range(len(coefficients) - 1, -1, -1):
        if c := Number.of(coefficients[power]):
            size, name = abs(c), _power(variable, power)
            factor = f"({size.text})" if len(size.terms) > 1 else size.text
            term = name if size == 1 and name else f"{factor}*{name}" if name else factor
            sign = "-" if c.sign() < 0 else "+"
            text = f"{text} {sign} {term}" if text else term if sign == "+" else f"-{term}"
    return text or "0"


def polynomial_latex(coefficients: Sequence[Number | Fraction], variable: str = r"\lambda") -> str:
    r"""A polynomial as LaTeX, highest power first.

    >>> print(polynomial_latex([Fraction(0), Fraction(-50), Fraction(1)]))
    \lambda^{2} - 50\lambda
    """
    powers = range(len(coefficients) - 1, 0, -1)
    names = [variable if k == 1 else f"{variable}^{{{k}}}" for k in powers]
    constant = Number.of(coefficients[0])
    if not any(coefficients[1:]):
        return constant.latex
    form = linear_form([Number.of(coefficients[k]) for k in powers], names)
    if not constant:
        return form
    return f"{form} - {(-constant).latex}" if constant.sign() < 0 else f"{form} + {constant.latex}"


def _power(variable: str, power: int) -> str:
    return "" if power == 0 else variable if power == 1 else f"{variable}^{power}"


def integer_roots(p: list[int]) -> tuple[list[tuple[int, int]], list[int]]:
    """The integer roots of a monic polynomial with real roots >= 0, descending with multiplicities; what is left.

    Raises:
        UnsupportedError: the roots may have more than MAX_ROOT_BITS bits.

    >>> integer_roots([0, -50, 1])
    ([(50, 1), (0, 1)], [1])
    """
    bound = -p[-2] if len(p) > 1 else 0
    if bound.bit_length() > MAX_ROOT_BITS:
        rule = f"the eigenvalues of A^T A have more than {MAX_ROOT_BITS} bits"
        raise UnsupportedError("A", None, rule, "give smaller entries")
    zeros = next(k for k, c in enumerate(p) if c)
    roots, p, skipped = [0] * zeros, p[zeros:], 0
    if bound.bit_length() > WORTH_A_TEST and len(p) > 3 and not _may_have_integer_roots(p):
        skipped = len(p)
    while skipped < len(p) - 1 and len(p) > 3:
        candidate = bound = _ceiling(p, skipped + 1, bound)
        if _value(p, candidate):
            skipped += 1
        while len(p) > 1 and not _value(p, candidate):
            p = _deflated(p, candidate)
            roots.append(candidate)
    if len(p) <= 3 and (found := _roots_up_to_degree_2(p)):
        roots, p = roots + found, [1]
    return [(root, roots.count(root)) for root in sorted(set(roots), reverse=True)], p


def _roots_up_to_degree_2(p: Sequence[int]) -> list[int]:
    """The roots of a monic polynomial with real roots if they are integers; otherwise none."""
    if len(p) < 3:
        return [-c for c in p[:-1]]
    c, b, _ = p
    root = isqrt(square := b * b - 4 * c)
    return [(-b - root) // 2, (-b + root) // 2] if root * root == square else []


def _may_have_integer_roots(p: Sequence[int]) -> bool:
    """False only if the polynomial has no root modulo one of some primes, hence no integer root."""
    for prime in (97, 101, 103, 107, 109, 113):
        residues = [c % prime for c in p]
        if all(_value(residues, x) % prime for x in range(prime)):
            return False
    return True


def _ceiling(p: Sequence[int], k: int, bound: int) -> int:
    """The least integer that is not below the k-th largest root."""
    low, high = -1, bound
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _roots_above(p, middle) >= k else (low, middle)
    return high


def _roots_above(p: Sequence[Fraction | int], c: Fraction | int) -> int:
    """The number of roots above c of a polynomial with only real roots, by Descartes' rule of signs."""
    shifted: list[Fraction | int] = list(p)
    for i in range(len(p) - 1):
        for j in range(len(p) - 2, i - 1, -1):
            shifted[j] += c * shifted[j + 1]
    signs = [x > 0 for x in shifted if x]
    return sum(a != b for a, b in pairwise(signs))


def _value(p: Sequence[int], x: int) -> int:
    value = 0
    for c in reversed(p):
        value = value * x + c
    return value


def _deflated(p: Sequence[int], root: int) -> list[int]:
    quotient = [0] * (len(p) - 1)
    carry = 0
    for k in range(len(p) - 1, 0, -1):
        carry = p[k] + root * carry
        quotient[k - 1] = carry
    return quotient
