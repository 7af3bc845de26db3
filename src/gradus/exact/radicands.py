"""What stands under square roots: integers, simplified without ever having to be factored completely."""

from __future__ import annotations

from functools import lru_cache
from math import gcd, isqrt

from gradus.errors import UnsupportedError

MAX_BITS = 20_000
"""Most bits in a numerator or denominator that is read or taken a root of."""

TRIAL_LIMIT = 1 << 16
"""Square factors are found by trial division up to here."""

CERTAIN = TRIAL_LIMIT**3
"""Below this, a number without factors up to TRIAL_LIMIT has at most two prime factors: a square, or square-free."""


def square_free(n: int) -> tuple[int, int]:
    """(k, m) with n = k^2 m, for n >= 0, where m has no square factor that trial division up to TRIAL_LIMIT can find.

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
    outside, inside, rough = 1, 1, n
    divisor = 2
    while divisor <= TRIAL_LIMIT and divisor * divisor <= rough:
        while rough % (divisor * divisor) == 0:
            rough, outside = rough // (divisor * divisor), outside * divisor
        if rough % divisor == 0:
            rough, inside = rough // divisor, inside * divisor
        divisor += 1 if divisor == 2 else 2
    if (root := isqrt(rough)) ** 2 == rough:
        return outside * root, inside
    return outside, inside * rough


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
