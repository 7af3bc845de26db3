"""Laurent polynomials in atoms, with exact coefficients, and the normal form that decides whether two are equal.

The only relations between atoms that are used are those of a simplex: sigmoid(z) + sigmoid(-z) = 1, and the entries of
a soft-max add up to 1.  As soon as a polynomial holds all atoms of a simplex, one of them is eliminated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cached_property
from hashlib import blake2b
from typing import TypeAlias

from gradus.errors import UnsupportedError
from gradus.exact.numbers.number import ONE, ZERO, Number
from gradus.exact.transcendental import atoms, balls
from gradus.exact.transcendental.atoms import Atom
from gradus.exact.transcendental.balls import Ball, Imprecise

Monomial: TypeAlias = tuple[tuple[Atom, int], ...]
"""Atoms, in their order, with exponents other than 0."""

Terms: TypeAlias = dict[Monomial, Number]

CONSTANT: Monomial = ()

MAX_PRODUCTS = 50
"""Most products of terms that are written out; a longer product keeps its factors as sums."""

_FAR = 16
"""How far arguments lie from each other or from 0 where a value is taken by its distance from 1."""

_MOST_SATURATED = 4
"""Highest power that is taken apart for it."""

MAX_TERMS = 5_000
"""Most terms of one polynomial."""


class Polynomial:
    """A Laurent polynomial that is no constant, and what is computed from its terms once.

    Attributes:
        terms: products of atoms with their coefficients, in their order.
        depth: how many atoms stand inside each other.
        length: about the number of characters of its text.
    """

    def __init__(self, terms: tuple[tuple[Monomial, Number], ...]) -> None:
        self.terms = terms
        self.depth = max(atom.depth for monomial, _ in terms for atom, _ in monomial)
        self.length = sum(_length(monomial, c) for monomial, c in terms)
        self._balls: dict[int, Ball] = {}

    @cached_property
    def identity(self) -> bytes:
        """A digest of how it is written."""
        digest = blake2b(digest_size=32)
        for monomial, coefficient in self.terms:
            digest.update(atoms.identity(coefficient))
            for atom, exponent in monomial:
                digest.update(atom.identity + f"^{exponent}".encode())
            digest.update(b"+")
        return digest.digest()

    @cached_property
    def _saturated(self) -> tuple[tuple[Monomial, Number], ...]:
        """The terms with atoms near 1 or -1 put as 1 - ..., so that 1 - tanh(z)^2 needs few bits for large z."""
        near = {atom: form for atom in atoms_of(self.terms) if (form := _saturated(atom))}
        if not near:
            return self.terms
        result: Terms = {}
        for monomial, coefficient in self.terms:
            expanded: Terms = {CONSTANT: coefficient}
            for atom, exponent in monomial:
                if atom in near and 0 < exponent <= _MOST_SATURATED and len(expanded) <= MAX_PRODUCTS:
                    for _ in range(exponent):
                        expanded = product(expanded, near[atom])
                else:
                    expanded = product(expanded, {((atom, exponent),): ONE})
            for m, c in expanded.items():
                _put(result, m, c)
        return tuple(result.items())

    def is_enclosed(self, bits: int) -> bool:
        """Whether its enclosure of so many bits is there already."""
        return bits in self._balls

    def ball(self, bits: int) -> Ball:
        """An enclosure, whose terms have about so many bits."""
        if bits not in self._balls:
            if len(self._balls) > 4:
                self._balls.clear()
            total = Ball(0, 0, 0)
            for monomial, coefficient in self._saturated:
                value = atoms.enclosure(coefficient, bits)
                for atom, exponent in monomial:
                    value = balls.multiply(value, balls.power(atom.ball(bits), exponent, bits), bits)
                total = balls.add(total, value, bits)
            self._balls[bits] = total
        return self._balls[bits]


def ordered(terms: Terms) -> tuple[tuple[Monomial, Number], ...]:
    """The terms by degree, then by their atoms; the same in every run."""
    return tuple(sorted(terms.items(), key=lambda term: _place(term[0])))


def product(a: Terms, b: Terms) -> Terms:
    """The product of two polynomials, not yet in normal form."""
    result: Terms = {}
    for m, c in a.items():
        for n, d in b.items():
            _put(result, times(m, n), c * d)
    return result


def times(a: Monomial, b: Monomial) -> Monomial:
    """The product of two monomials."""
    if not a or not b:
        return a or b
    exponents = dict(a)
    for atom, exponent in b:
        exponents[atom] = exponents.get(atom, 0) + exponent
    return tuple(sorted(((x, e) for x, e in exponents.items() if e), key=lambda factor: factor[0].order))


def normal(terms: Terms) -> Terms:
    """The normal form: no simplex with all its atoms to positive powers, no zero coefficients.

    Raises:
        UnsupportedError: it has more terms than the limit.
    """
    terms = {monomial: c for monomial, c in terms.items() if c}
    simplices = _simplices(terms)
    for simplex in simplices:
        if len(simplex) == 2:
            terms = _unmixed(terms, simplex)
        if _is_complete(terms, simplex):
            terms = _eliminated(terms, simplex)
    if any(len(simplex) > 2 for simplex in simplices) and _vanishes(terms, simplices):
        return {}
    if len(terms) > MAX_TERMS:
        rule = f"must not need more than {MAX_TERMS} products of transcendental numbers"
        raise UnsupportedError("number", f"a sum of {len(terms)} products", rule, "give a smaller network")
    return _complement(terms)


def _saturated(atom: Atom) -> Terms | None:
    """What an atom is by its distance from 1 or -1, where that is less than e^-16; None elsewhere."""
    if atom.kind not in ("sigmoid", "tanh", "softmax"):
        return None
    try:
        values = [atoms.enclosure(entry, 64) for entry in atom.arguments.entries]
    except Imprecise:
        return None
    own = values[atom.index]
    if atom.kind == "softmax":
        rest = [(a, n) for a, n in atom.simplex if a != atom]
        far = all(own.ends[0] - values[a.index].ends[1] > _FAR for a, _ in rest)
        single = atom.arguments.places.count(atom.index) == 1
        return {CONSTANT: ONE} | {((a, 1),): Number.of(-n) for a, n in rest} if far and single else None
    if abs(own.mid) - own.rad <= 0 or min(map(abs, own.ends)) <= _FAR:
        return None
    if atom.kind == "sigmoid":
        return {CONSTANT: ONE, ((atom.simplex[1][0], 1),): -ONE} if own.sign > 0 else None
    # tanh(z) = 1 - 2 sigmoid(-2z) = -1 + 2 sigmoid(2z)
    z = atom.arguments.entries[0]
    small = Atom("sigmoid", atoms.Arguments((z * (-2 * own.sign),)))
    return {CONSTANT: Number.of(own.sign), ((small, 1),): Number.of(-2 * own.sign)}


def _length(monomial: Monomial, coefficient: Number) -> int:
    return (0 if coefficient == 1 else atoms.length(coefficient)) + sum(atom.length + 2 for atom, _ in monomial)


def _place(monomial: Monomial) -> tuple[object, ...]:
    return sum(abs(e) for _, e in monomial), tuple((atom.order, e) for atom, e in monomial)


def _put(terms: Terms, monomial: Monomial, coefficient: Number) -> None:
    total = terms.get(monomial, ZERO) + coefficient
    if total:
        terms[monomial] = total
    else:
        terms.pop(monomial, None)


def _power(monomial: Monomial, atom: Atom) -> int:
    return next((e for x, e in monomial if x == atom), 0)


def _simplices(terms: Mapping[Monomial, Number]) -> list[tuple[tuple[Atom, int], ...]]:
    """The simplices of which all atoms occur, by order."""
    present: dict[bytes, set[Atom]] = {}
    for monomial in terms:
        for atom, _ in monomial:
            if atom.kind in ("sigmoid", "softmax"):
                present.setdefault(atom.group, set()).add(atom)
    found = []
    for atoms_present in present.values():
        simplex = next(iter(atoms_present)).simplex
        if len(atoms_present) == len(simplex):
            found.append(tuple(sorted(simplex, key=lambda pair: pair[0].order)))
    return sorted(found, key=lambda simplex: simplex[0][0].order)


def _is_complete(terms: Terms, simplex: tuple[tuple[Atom, int], ...]) -> bool:
    return all(any(_power(monomial, atom) > 0 for monomial in terms) for atom, _ in simplex)


def _unmixed(terms: Terms, simplex: tuple[tuple[Atom, int], ...]) -> Terms:
    """Partial fractions: with m a + n b = 1, every a^i b^j becomes a sum of powers of a and powers of b."""
    (a, m), (b, n) = simplex
    result: Terms = {}
    waiting = list(terms.items())
    while waiting:
        monomial, c = waiting.pop()
        i, j = _power(monomial, a), _power(monomial, b)
        if not i or not j:
            _put(result, monomial, c)
        elif i < 0 and j < 0:  # 1 = m a + n b
            waiting += [(times(monomial, ((a, 1),)), c * m), (times(monomial, ((b, 1),)), c * n)]
        elif j > 0:  # b = (1 - m a)/n
            rest = times(monomial, ((b, -1),))
            waiting += [(rest, c / n), (times(rest, ((a, 1),)), -c * Fraction(m, n))]
        else:  # a = (1 - n b)/m
            rest = times(monomial, ((a, -1),))
            waiting += [(rest, c / m), (times(rest, ((b, 1),)), -c * Fraction(n, m))]
    return result


def _vanishes(terms: Terms, simplices: list[tuple[tuple[Atom, int], ...]]) -> bool:
    """Whether it is 0 once all negative powers of the simplices' atoms, which are positive numbers, are cleared."""
    known = {atom for simplex in simplices for atom, _ in simplex}
    lowest: dict[Atom, int] = {}
    for monomial in terms:
        for atom, exponent in monomial:
            if exponent < 0 and atom in known:
                lowest[atom] = min(exponent, lowest.get(atom, 0))
    if not lowest:
        return not terms
    factor = times((), tuple(sorted(((a, -e) for a, e in lowest.items()), key=lambda pair: pair[0].order)))
    cleared = {times(monomial, factor): c for monomial, c in terms.items()}
    for simplex in simplices:
        cleared = _eliminated(cleared, simplex)
    return not cleared


def _eliminated(terms: Terms, simplex: tuple[tuple[Atom, int], ...]) -> Terms:
    """The atom in the fewest terms, in positive powers, is replaced by what the others leave of 1."""
    uses = {atom: sum(_power(monomial, atom) > 0 for monomial in terms) for atom, _ in simplex}
    gone, count = min(reversed(simplex), key=lambda pair: uses[pair[0]])
    rest: Terms = {CONSTANT: Number.of(Fraction(1, count))}
    rest |= {((atom, 1),): Number.of(Fraction(-n, count)) for atom, n in simplex if atom != gone}
    result: Terms = {}
    for monomial, c in terms.items():
        exponent = _power(monomial, gone)
        expanded: Terms = {monomial: c}
        if exponent > 0:
            expanded = {times(monomial, ((gone, -exponent),)): c}
            for _ in range(exponent):
                expanded = product(expanded, rest)
        for m, d in expanded.items():
            _put(result, m, d)
    return result


def _complement(terms: Terms) -> Terms:
    """c - c sigmoid(z) is c sigmoid(-z)."""
    if len(terms) != 2 or CONSTANT not in terms:
        return terms
    (monomial, c), *_ = ((m, c) for m, c in terms.items() if m)
    if len(monomial) != 1 or monomial[0][1] != 1 or len(monomial[0][0].simplex) != 2:
        return terms
    (a, m), (b, n) = monomial[0][0].simplex
    if a != monomial[0][0]:
        a, m, b, n = b, n, a, m
    return {((b, 1),): terms[CONSTANT] * n} if terms[CONSTANT] * m == -c else terms


def atoms_of(terms: Iterable[tuple[Monomial, Number]]) -> list[Atom]:
    """The different atoms of a polynomial."""
    return list(dict.fromkeys(atom for monomial, _ in terms for atom, _ in monomial))
