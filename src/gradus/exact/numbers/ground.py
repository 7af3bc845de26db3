"""Integer matrices and polynomials: python-flint where it is installed, otherwise pure Python and SymPy.

Every result is exact on either ground, so that the two agree entry by entry.  Small matrices stay in Python, since they
cost less than loading a library.  Polynomials are coefficients from the constant term upwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from importlib import import_module
from math import gcd
from operator import mul
from typing import Any

Integers = Sequence[Sequence[int]]
Polynomial = tuple[int, ...]

SMALL = 12
"""Up to this many rows and columns, matrices stay in Python."""


@cache
def flint() -> Any | None:
    """The python-flint module, or None where it is not installed; tests replace this function."""
    try:
        return import_module("flint")
    except ImportError:
        return None


def characteristic_polynomial(M: Integers, small: int = SMALL) -> Polynomial:
    """det(x I - M) for a square matrix of integers; monic. Up to ``small`` rows it is computed in Python.

    >>> characteristic_polynomial([[18, 24], [24, 32]])
    (0, -50, 1)
    """
    if len(M) > small and (library := flint()):
        return tuple(int(c) for c in library.fmpz_mat([list(row) for row in M]).charpoly())
    return _faddeev_leverrier(M)


def _faddeev_leverrier(M: Integers) -> Polynomial:
    n = len(M)
    columns = list(zip(*M, strict=True))
    coefficients = [1]
    product = [[0] * n for _ in range(n)]
    for k in range(1, n + 1):
        for i in range(n):
            product[i][i] += coefficients[0]
        # M and the product commute, so that the rows of the product meet the columns of M
        product = [[sum(map(mul, row, column)) for column in columns] for row in product]
        coefficients.insert(0, -sum(product[i][i] for i in range(n)) // k)
    return tuple(coefficients)


@lru_cache(maxsize=4096)
def factors(polynomial: Polynomial) -> tuple[tuple[Polynomial, int], ...]:
    """The irreducible factors over the integers, of degree 1 or more, with multiplicities, in a fixed order.

    They are primitive with positive leading coefficients; the content is left out.

    >>> factors((2, 0, -4, 0, 2))
    (((-1, 1), 2), ((1, 1), 2))
    """
    library = flint()
    if library:
        _, found = library.fmpz_poly(list(polynomial)).factor()
        pairs = [(tuple(int(c) for c in factor), int(count)) for factor, count in found]
    else:
        sympy = import_module("sympy")
        _, found = sympy.Poly(list(reversed(polynomial)), sympy.Symbol("x"), domain="ZZ").factor_list()
        pairs = [(tuple(int(c) for c in reversed(p.all_coeffs())), int(count)) for p, count in found]
    return tuple(sorted((primitive(p), count) for p, count in pairs if len(p) > 1))


def shows_simple_roots(polynomial: Sequence[int]) -> bool:
    """Whether a monic polynomial has no repeated factor modulo some prime, and hence none at all.

    False says nothing: the discriminant may be a multiple of the primes that are tried.

    >>> shows_simple_roots((-2, 0, 1)), shows_simple_roots((1, -2, 1))
    (True, False)
    """
    slope = [k * c for k, c in enumerate(polynomial)][1:]
    return any(_coprime(polynomial, slope, prime) for prime in (1_000_003, 998_244_353))


def _coprime(a: Sequence[int], b: Sequence[int], prime: int) -> bool:
    """Whether two polynomials have no common factor modulo a prime, by Euclid's algorithm."""
    first, second = _trimmed([c % prime for c in a]), _trimmed([c % prime for c in b])
    while second:
        inverse, degree = pow(second[-1], -1, prime), len(second)
        while len(first) >= degree:
            factor, shift = first[-1] * inverse % prime, len(first) - degree
            for i, c in enumerate(second):
                first[shift + i] = (first[shift + i] - factor * c) % prime
            first = _trimmed(first)
        first, second = second, first
    return len(first) == 1


def _trimmed(p: list[int]) -> list[int]:
    while p and not p[-1]:
        p.pop()
    return p


def primitive(polynomial: Sequence[int]) -> Polynomial:
    """The polynomial without its content, leading coefficient positive.

    >>> primitive((4, -2))
    (-2, 1)
    """
    content = gcd(*polynomial) * (1 if polynomial[-1] > 0 else -1)
    return tuple(c // content for c in polynomial)


def reduced(M: Integers, small: int = SMALL) -> tuple[list[list[int]], int, tuple[int, ...]]:
    """The reduced row echelon form as (non-zero rows, common denominator, pivot columns), without fractions.

    >>> reduced([[3, 4], [3, 4]])
    ([[3, 4]], 3, (0,))
    """
    if max(len(M), len(M[0])) > small and (library := flint()):
        table, denominator, rank = library.fmpz_mat([list(row) for row in M]).rref()
        rows = [[int(x) for x in row] for row in table.tolist()[:rank]]
        pivots = tuple(next(j for j, x in enumerate(row) if x) for row in rows)
        return rows, int(denominator), pivots
    return _fraction_free(M)


def _fraction_free(M: Integers) -> tuple[list[list[int]], int, tuple[int, ...]]:
    """Gauss and Jordan by Bareiss's exact divisions: every pivot row always has the newest pivot in its column."""
    rows, last, pivots = [list(row) for row in M], 1, list[int]()
    for column in range(len(rows[0])):
        k = len(pivots)
        source = next((i for i in range(k, len(rows)) if rows[i][column]), None)
        if source is None:
            continue
        rows[k], rows[source] = rows[source], rows[k]
        pivot_row, pivot = rows[k], rows[k][column]
        for i, row in enumerate(rows):
            if i != k:
                factor = row[column]
                rows[i] = [(pivot * x - factor * y) // last for x, y in zip(row, pivot_row, strict=True)]
        last = pivot
        pivots.append(column)
    return rows[: len(pivots)], last, tuple(pivots)


def kernel(M: Integers) -> list[list[int]]:
    """A basis of the null space, one vector for every free variable.

    >>> kernel([[3, 4], [3, 4]])
    [[-4, 3]]
    """
    rows, denominator, pivots = reduced(M)
    basis = []
    for free in (j for j in range(len(M[0])) if j not in pivots):
        vector = [0] * len(M[0])
        vector[free] = denominator
        for row, pivot in zip(rows, pivots, strict=True):
            vector[pivot] = -row[free]
        common = gcd(*vector)
        basis.append([x // common for x in vector] if denominator > 0 else [-x // common for x in vector])
    return basis


def solution(M: Integers, B: Integers, small: int = SMALL) -> tuple[list[list[int]], int] | None:
    """X / c with M X / c = B, as (X, c), for square M; None if M is singular.

    >>> solution([[2, 0], [0, 4]], [[1], [1]])
    ([[4], [2]], 8)
    """
    n = len(M)
    rows, denominator, pivots = reduced([[*a, *b] for a, b in zip(M, B, strict=True)], small)
    if pivots[:n] != tuple(range(n)):
        return None
    return [row[n:] for row in rows], denominator


def determinant(M: Integers) -> int:
    """The determinant of a square matrix of integers, by Bareiss.

    >>> determinant([[1, 2], [3, 4]])
    -2
    """
    rows, last, sign = [list(row) for row in M], 1, 1
    for k in range(len(rows)):
        source = next((i for i in range(k, len(rows)) if rows[i][k]), None)
        if source is None:
            return 0
        if source != k:
            rows[k], rows[source], sign = rows[source], rows[k], -sign
        pivot_row, pivot = rows[k], rows[k][k]
        for i in range(k + 1, len(rows)):
            factor = rows[i][k]
            rows[i] = [(pivot * x - factor * y) // last for x, y in zip(rows[i], pivot_row, strict=True)]
        last = pivot
    return sign * last


def product(A: Integers, B: Integers) -> list[list[int]]:
    """The matrix product.

    >>> product([[1, 2]], [[3], [4]])
    [[11]]
    """
    if max(len(A), len(B), len(B[0])) > SMALL and (library := flint()):
        table = library.fmpz_mat([list(row) for row in A]) * library.fmpz_mat([list(row) for row in B])
        return [[int(x) for x in row] for row in table.tolist()]
    columns = list(zip(*B, strict=True))
    return [[sum(map(mul, row, column)) for column in columns] for row in A]
