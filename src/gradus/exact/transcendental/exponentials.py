r"""Whether a transcendental number is 0, decided as a rational function of exponentials.

With sigmoid(z) = e^z/(1 + e^z), tanh(z) = (e^2z - 1)/(e^2z + 1) and soft-max entries e^z_i/sum_j e^z_j, a number
becomes a sum of terms c e^a over a product of such sums.  It is 0 if every term cancels.  Where the exponents are
algebraic and there is no logarithm, the converse holds, too: exponentials of different algebraic numbers are linearly
independent over the algebraic numbers (Lindemann and Weierstrass, 1885).  Logarithms of rationals are written with
those of their prime factors, and log sigmoid(-z) as -z + log sigmoid(z); those that are left count as letters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, TypeAlias

from gradus.errors import UnsupportedError
from gradus.exact.numbers.number import ONE, ZERO, Number
from gradus.exact.transcendental.atoms import Atom, identity
from gradus.exact.transcendental.number import TranscendentalNumber, is_written_negative

MAX_EXPANDED = 10_000
"""Most products of terms that are written out before the question is left open."""

MAX_DEPTH = 20
"""Most functions inside each other in a number that is looked at."""

_LARGEST_TRIAL = 1_000
"""Largest divisor that is tried on the argument of a logarithm."""

Letters: TypeAlias = frozenset[tuple[Number, int]]
"""Powers of logarithms, by their arguments."""

Sum: TypeAlias = dict[tuple[Letters, Number], Number]
"""Coefficients of products of logarithms and e^a, by the logarithms and a."""

Powers: TypeAlias = dict[bytes, int]

Decision: TypeAlias = Literal["zero", "not zero", "open"]

_NONE: Letters = frozenset()


def decided(x: TranscendentalNumber) -> Decision:
    """Whether a number is 0; ``open`` where the theorem does not reach, or the expression is too long.

    >>> from gradus.exact.transcendental.functions import sigmoid, tanh
    >>> x = tanh(ONE) - 2 * sigmoid(Number.of(2))
    >>> isinstance(x, TranscendentalNumber) and decided(x), x == -1
    ('not zero', True)
    """
    if x.polynomial.depth > MAX_DEPTH:
        return "open"
    try:
        total, _ = _Expansion().expanded(x)
    except (UnsupportedError, _TooLong):
        return "open"
    if not total:
        return "zero"
    is_covered = all(not letters and not exponent.is_transcendental for letters, exponent in total)
    return "not zero" if is_covered else "open"


class _TooLong(Exception):
    """More products than MAX_EXPANDED.  Never leaves this module."""


@dataclass
class _Expansion:
    """The sums that stand in numerators and denominators, by what they come from, and the work done so far."""

    sums: dict[bytes, Sum] = field(default_factory=dict)
    exponents: dict[bytes, Number] = field(default_factory=dict)
    equal: dict[Number, Number] = field(default_factory=dict)
    added: dict[tuple[int, int], Number] = field(default_factory=dict)
    known: dict[bytes, tuple[Number, Powers]] = field(default_factory=dict)
    kept: list[Number] = field(default_factory=list)
    products: int = 0

    def expanded(self, x: Number) -> tuple[Sum, Powers]:
        """A number as a sum times powers of :attr:`sums`."""
        if not isinstance(x, TranscendentalNumber):
            return ({(_NONE, ZERO): x} if x else {}), {}
        terms: list[tuple[Number, Number, Powers]] = []
        for monomial, coefficient in x.expanded:
            shift, powers = ZERO, dict[bytes, int]()
            for atom, exponent in monomial:
                own_shift, own = self._atom(atom)
                shift = shift + own_shift * exponent
                for key, power in own.items():
                    powers[key] = powers.get(key, 0) + power * exponent
            terms.append((coefficient, shift, powers))
        keys = {key for _, _, powers in terms for key in powers}
        common = {key: min(powers.get(key, 0) for _, _, powers in terms) for key in keys}
        total: Sum = {}
        for coefficient, shift, powers in terms:
            product: Sum = {(_NONE, shift): coefficient}
            for key in keys:
                for _ in range(powers.get(key, 0) - common[key]):
                    product = self._product(product, self.sums[key])
            for place, c in product.items():
                _put(total, place, c)
        return total, common

    def _atom(self, atom: Atom) -> tuple[Number, Powers]:
        """An atom as e^a, given by a, times powers of sums."""
        if atom.identity not in self.known:
            self.known[atom.identity] = self._of_kind(atom)
        return self.known[atom.identity]

    def _of_kind(self, atom: Atom) -> tuple[Number, Powers]:
        entries = atom.arguments.entries
        z = entries[0]
        if atom.kind == "sigmoid":
            return z, {self._named({ZERO: ONE, z: ONE}): -1}
        if atom.kind == "tanh":
            numerator = self._named({2 * z: ONE, ZERO: -ONE})
            return ZERO, {numerator: 1, self._named({2 * z: ONE, ZERO: ONE}): -1}
        if atom.kind == "softmax":
            counts: dict[Number, Number] = {}
            for entry in entries:
                counts[entry - z] = counts.get(entry - z, ZERO) + 1
            return entries[atom.index] - z, {self._named(counts): -1}
        total, powers = (_logarithm(z), {}) if atom.kind == "log" else self.expanded(z)
        self.sums[atom.identity] = total
        return ZERO, {**powers, atom.identity: powers.get(atom.identity, 0) + 1}

    def _named(self, exponentials: Mapping[Number, Number]) -> bytes:
        """The key of a sum of exponentials, by exponents and coefficients."""
        total: Sum = {(_NONE, a): c for a, c in exponentials.items()}
        for key, known in self.sums.items():
            if known == total:
                return key
        key = len(self.sums).to_bytes(4, "big")
        self.sums[key] = total
        return key

    def _product(self, a: Sum, b: Sum) -> Sum:
        self.products += len(a) * len(b)
        if self.products > MAX_EXPANDED:
            raise _TooLong
        result: Sum = {}
        for (letters, shift), c in a.items():
            for (others, other), d in b.items():
                _put(result, (_joined(letters, others), self._added(shift, other)), c * d)
        return result

    def _added(self, a: Number, b: Number) -> Number:
        """a + b, found once for two exponents, which are kept, so that their ids stay theirs."""
        if not a.is_transcendental and not b.is_transcendental:
            return a + b
        key = id(a), id(b)
        if key not in self.added:
            self.added[key] = self._kept(a + b)
            self.kept += [a, b]
        return self.added[key]

    def _kept(self, a: Number) -> Number:
        """The one object that stands for a number, however it is written."""
        name = identity(a)
        if name not in self.exponents:
            self.exponents[name] = self.equal.setdefault(a, a)
        return self.exponents[name]


def _put(total: Sum, place: tuple[Letters, Number], coefficient: Number) -> None:
    value = total.get(place, ZERO) + coefficient
    if value:
        total[place] = value
    else:
        total.pop(place, None)


def _joined(a: Letters, b: Letters) -> Letters:
    if not a or not b:
        return a or b
    powers = dict(a)
    for letter, power in b:
        powers[letter] = powers.get(letter, 0) + power
    return frozenset((letter, power) for letter, power in powers.items() if power)


def _letter(x: Number) -> tuple[Letters, Number]:
    return frozenset({(x, 1)}), ZERO


def _logarithm(x: Number) -> Sum:
    """log x as a sum of numbers and letters."""
    if x.is_rational:
        return _rational_logarithm(x.as_fraction())
    if not isinstance(x, TranscendentalNumber) or len(x.expanded) > 1:
        return {_letter(x): ONE}
    ((monomial, coefficient),) = x.expanded
    if any(atom.kind not in ("sigmoid", "softmax") for atom, _ in monomial):
        return {_letter(x): ONE}
    total = _logarithm(coefficient)
    for atom, exponent in monomial:
        shift, letter = _likelihood(atom)
        _put(total, (_NONE, ZERO), shift * exponent)
        _put(total, _letter(letter), Number.of(exponent))
    return total


def _rational_logarithm(value: Fraction) -> Sum:
    total: Sum = {}
    for part, sign in ((value.numerator, ONE), (value.denominator, -ONE)):
        rest, divisor = part, 2
        while rest > 1 and divisor <= _LARGEST_TRIAL:
            while rest % divisor == 0:
                rest //= divisor
                _put(total, _letter(Number.of(divisor)), sign)
            divisor += 1
        if rest > 1:
            _put(total, _letter(Number.of(rest)), sign)
    return total


def _likelihood(atom: Atom) -> tuple[Number, Number]:
    """log p of a sigmoid or an entry of a soft-max as a difference of arguments and the logarithm of another."""
    entries = atom.arguments.entries
    if atom.kind == "sigmoid":
        z = entries[0]
        other = atom if not is_written_negative(z) else atom.simplex[1][0]
        return (ZERO if other is atom else z), other.number
    least = min(range(len(entries)), key=lambda i: entries[i])
    return entries[atom.index] - entries[least], Atom("softmax", atom.arguments, atom.arguments.places[least]).number
