"""What stands under square roots: integers, simplified without ever having to be factored completely."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property, lru_cache
from math import gcd, isqrt, lcm, prod

from gradus.errors import UnsupportedError

MAX_BITS = 20_000
"""Most bits in a numerator or denominator that is read or taken a root of."""

TRIAL_LIMIT = 1 << 16
"""Squares of primes up to here are found."""

FEW = 1 << 10
"""Primes up to here are tried first: what is left below FEW^3 has at most two prime factors."""

CERTAIN = TRIAL_LIMIT**3
"""Below this, a number without factors up to TRIAL_LIMIT has at most two prime factors: a square, or square-free."""


def square_free(n: int) -> tuple[int, int]:
    """(k, m) with n = k^2 m, for n >= 0, where no square of a prime up to TRIAL_LIMIT divides m.

    For m < CERTAIN that means square-free.  A larger m may keep the square of a large prime; this costs simplicity and
    nothing else, since comparisons and sums recognise roots with a rational ratio without factoring.

    >>> square_free(72)
    (6, 2)
    """
    if n.bit_length() > MAX_BITS:
        rule = f"must have at most {MAX_BITS} bits"
        raise UnsupportedError("square root", f"a number of {n.bit_length()} bits", rule, "give smaller numbers")
    if n == 0:
        return 0, 1
    if (root := isqrt(n)) ** 2 == n:
        return root, 1
    return _square_free(n)


@lru_cache(maxsize=4096)
def _square_free(n: int) -> tuple[int, int]:
    outside, inside, rough = _split(n, _FEW_PRIMES.product)
    if rough >= FEW**3:
        found = _split(rough, _MANY_PRIMES.product)
        outside, inside, rough = outside * found[0], inside * found[1], found[2]
    if (root := isqrt(rough)) ** 2 == rough:
        return outside * root, inside
    return outside, inside * rough


def _split(n: int, primes: int) -> tuple[int, int, int]:
    """(k, m, r) with n = k^2 m r; the prime factors of k and m are among those of ``primes``, and no others of r are.

    No prime has to be found: common divisors are the products of those that divide n once, twice, and so on.
    """
    outside = inside = 1
    once, n = gcd(primes % n, n), n
    while once > 1:
        n //= once
        twice = gcd(once, n)
        n //= twice
        thrice = gcd(twice, n)
        outside, inside, once = outside * twice, inside * (once // twice), thrice
    return outside, inside, n


class _Primes:
    """The primes below a limit; their product is computed when it is first needed, and kept, since it never changes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    @cached_property
    def product(self) -> int:
        prime = bytearray([1]) * self.limit
        prime[:2] = 0, 0
        for p in range(2, isqrt(self.limit) + 1):
            if prime[p]:
                prime[p * p :: p] = bytes(len(range(p * p, self.limit, p)))
        factors = [p for p in range(self.limit) if prime[p]]
        while len(factors) > 1:
            factors = [prod(factors[i : i + 2]) for i in range(0, len(factors), 2)]
        return factors[0]


_FEW_PRIMES, _MANY_PRIMES = _Primes(FEW), _Primes(TRIAL_LIMIT)


def merged(numerators: Mapping[int, int]) -> tuple[dict[int, int], int]:
    """Joins roots with a rational ratio, which only radicands that are not certainly square-free can have.

    Args:
        numerators: multiples of the roots, by radicand.

    Returns:
        What is left, and the denominator that it has got.

    >>> p = 2**61 - 1
    >>> merged({2: 1, 2 * p**2: 3}) == ({2: 1 + 3 * p}, 1)
    True
    """
    found: dict[int, Fraction] = {}
    for n, p in sorted(numerators.items()):
        m = n if n < CERTAIN else next((m for m in (1, *found) if isqrt(m * n) ** 2 == m * n), n)
        found[m] = found.get(m, Fraction(0)) + (Fraction(p) if m == n else Fraction(p * isqrt(m * n), m))
    scale = lcm(*(c.denominator for c in found.values()))
    return {n: int(c * scale) for n, c in found.items()}, scale


def conjugated(radicands: list[int]) -> set[int]:
    """The radicands whose roots change sign under an automorphism of the field that moves at least one of them.

    In a base of pairwise coprime numbers, a product of radicands is a square exactly when every base element that is
    not a square itself has an even exponent; so the parity of one such exponent defines an automorphism.

    >>> sorted(conjugated([2, 3, 6]))
    [2, 6]
    """
    for element in _coprime_base(radicands):
        if isqrt(element) ** 2 != element and (odd := {n for n in radicands if _exponent(n, element) % 2}):
            return odd
    raise AssertionError("a radicand is a square")


def _coprime_base(radicands: list[int]) -> list[int]:
    base: list[int] = []
    queue = list(radicands)
    while queue:
        n = queue.pop()
        if n == 1:
            continue
        shared = next((b for b in base if gcd(b, n) > 1), None)
        if shared is None:
            base.append(n)
        elif shared != n:
            common = gcd(shared, n)
            base.remove(shared)
            queue += [common, shared // common, n // common]
    return base


def _exponent(n: int, element: int) -> int:
    exponent = 0
    while n % element == 0:
        n, exponent = n // element, exponent + 1
    return exponent
