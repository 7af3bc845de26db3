"""The atoms of transcendental numbers: sigmoid(z), tanh(z), entries of soft-max(z), log(x), and sums kept as they are.

Two atoms count as the same when they are written alike: their identity is a digest (BLAKE2b, 32 bytes) of their kind
and of the identities of their arguments, so that deep networks are compared without being walked through again.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from hashlib import blake2b
from typing import Literal, TypeAlias

from gradus.exact.numbers.number import ONE, Number
from gradus.exact.transcendental import balls
from gradus.exact.transcendental.balls import Ball

_NEAR = Fraction(1, 32)
"""How small a logarithm is that is computed from its argument's distance from 1."""

Kind: TypeAlias = Literal["sigmoid", "tanh", "softmax", "log", "sum"]


class Arguments:
    """What an atom is taken of: one number, or all the pre-activations of a soft-max, which its entries share.

    Attributes:
        depth: how many layers of atoms its entries hold; computed at once, as all that asks what is inside.
        length: about the number of characters of the entries.
    """

    def __init__(self, entries: tuple[Number, ...]) -> None:
        self.entries = entries
        self.depth = max(depth(entry) for entry in entries)
        self.length = sum(length(entry) + 2 for entry in entries)
        self._balls: dict[tuple[Kind, int], tuple[Ball, ...]] = {}

    @cached_property
    def identity(self) -> bytes:
        """A digest of the entries."""
        return blake2b(b"".join(identity(entry) for entry in self.entries), digest_size=32).digest()

    @cached_property
    def places(self) -> tuple[int, ...]:
        """For each entry the index of the first one that equals it."""
        first: dict[bytes, int] = {}
        return tuple(first.setdefault(identity(entry), i) for i, entry in enumerate(self.entries))

    def balls(self, kind: Kind, bits: int) -> tuple[Ball, ...]:
        """Enclosures of the function of that kind: one for each entry of a soft-max, one otherwise."""
        key = kind, bits
        if key not in self._balls:
            if len(self._balls) > 4:
                self._balls.clear()
            # With the same number of bits inside, each atom of a deep network is enclosed once, and not once a depth.
            self._balls[key] = _function(kind, tuple(enclosure(entry, bits) for entry in self.entries), bits)
            if kind == "log" and (ends := self._balls[key][0].ends)[0] < _NEAR and ends[1] > -_NEAR:
                self._balls[key] = (balls.logarithm_near_one(enclosure(self.entries[0] - 1, bits), bits),)
        return self._balls[key]


@dataclass(frozen=True, eq=False)
class Atom:
    """One atom; ``index`` is the entry of a soft-max, from 0.

    >>> zero, one = Number.of(0), Number.of(1)
    >>> Atom("sigmoid", Arguments((one,))) == Atom("sigmoid", Arguments((one,)))
    True
    >>> Atom("softmax", Arguments((zero, one)), 1).text
    'softmax(0, 1; 2)'
    """

    kind: Kind
    arguments: Arguments
    index: int = 0

    def __post_init__(self) -> None:
        hash(self)  # its identity, too, is computed at once, so that deep networks need no deep recursion

    @cached_property
    def identity(self) -> bytes:
        """A digest of how it is written."""
        return blake2b(f"{self.kind} {self.index} ".encode() + self.arguments.identity, digest_size=32).digest()

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Atom) and self.identity == other.identity)

    @cached_property
    def _hash(self) -> int:
        return hash(self.identity)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def order(self) -> tuple[int, str, Fraction, int, bytes]:
        """Where it stands among others: the same in every run."""
        first = self.arguments.entries[0]
        value = first.as_fraction() if len(self.arguments.entries) == 1 and first.is_rational else Fraction(0)
        return self.depth, self.kind, value, self.index, self.identity

    @cached_property
    def depth(self) -> int:
        """How many atoms stand inside each other."""
        return self.arguments.depth + 1

    @property
    def length(self) -> int:
        """About the number of characters of its text."""
        return len(self.kind) + self.arguments.length

    @cached_property
    def simplex(self) -> tuple[tuple[Atom, int], ...]:
        """The different atoms, itself among them, that add up to 1, each with how often it is counted; or none."""
        if self.kind == "sigmoid":
            return (self, 1), (Atom("sigmoid", Arguments((-self.arguments.entries[0],))), 1)
        if self.kind == "softmax":
            places = self.arguments.places
            return tuple((Atom("softmax", self.arguments, i), places.count(i)) for i in sorted(set(places)))
        return ()

    @cached_property
    def group(self) -> bytes:
        """The same for all atoms of one simplex."""
        return min(atom.identity for atom, _ in self.simplex) if self.kind == "sigmoid" else self.arguments.identity

    @property
    def number(self) -> Number:
        """The atom alone as a number.

        >>> Atom("log", Arguments((Number.of(2),))).number.text
        'log(2)'
        """
        from gradus.exact.transcendental.laurent import Polynomial
        from gradus.exact.transcendental.number import TranscendentalNumber

        return TranscendentalNumber(ONE, Polynomial(((((self, 1),), ONE),)))

    def ball(self, bits: int) -> Ball:
        """An enclosure of about so many bits."""
        return self.arguments.balls(self.kind, bits)[self.index]

    @property
    def text(self) -> str:
        """As in ``sigmoid(1/3)``, ``softmax(1, 2; 1)`` with the entry counted from 1, or a sum in parentheses."""
        shown = ", ".join(entry.text for entry in self.arguments.entries)
        if self.kind == "sum":
            return f"({shown})"
        return f"{self.kind}({shown}; {self.index + 1})" if self.kind == "softmax" else f"{self.kind}({shown})"

    def latex(self, exponent: int = 1) -> str:
        r"""To a power, written as usual.

        >>> print(Atom("tanh", Arguments((Number.of("1/3"),))).latex(2))
        \tanh^{2}\left(\tfrac{1}{3}\right)
        """
        shown = ", ".join(entry.latex for entry in self.arguments.entries).replace(r"\frac", r"\tfrac")
        raised = "" if exponent == 1 else f"^{{{exponent}}}"
        if self.kind == "sum":
            return rf"\left({shown}\right){raised}"
        if self.kind == "sigmoid":
            return rf"\sigma\left({shown}\right){raised}"
        if self.kind == "softmax":
            return rf"\operatorname{{softmax}}_{{{self.index + 1}}}\left({shown}\right){raised}"
        return rf"\{self.kind}{raised}\left({shown}\right)"


def identity(x: Number) -> bytes:
    """A digest of how a number is written."""
    from gradus.exact.transcendental.number import TranscendentalNumber

    if isinstance(x, TranscendentalNumber):
        return x.identity
    if x.is_rational:
        f = x.as_fraction()
        written = f"{f.numerator:x}/{f.denominator:x}"
    else:
        written = x.text if x.is_algebraic else repr([(n, c.numerator, c.denominator) for n, c in x.terms])
    return blake2b(written.encode(), digest_size=32).digest()


def depth(x: Number) -> int:
    """How many atoms stand inside each other in it.

    >>> depth(Number.of(1)), depth(Number.of("sqrt(2)"))
    (0, 0)
    """
    from gradus.exact.transcendental.number import TranscendentalNumber

    return x.polynomial.depth if isinstance(x, TranscendentalNumber) else 0


def length(x: Number) -> int:
    """About the number of characters of its text.

    >>> length(Number.of("1/3"))
    4
    """
    from gradus.exact.transcendental.number import TranscendentalNumber

    if isinstance(x, TranscendentalNumber):
        return x.polynomial.length + length(x.factor)
    if x.is_rational:
        f = x.as_fraction()
        return (f.numerator.bit_length() + f.denominator.bit_length()) * 3 // 10 + 4
    return len(x.text)


def enclosure(x: Number, bits: int) -> Ball:
    """A ball around any number, of about so many bits.

    >>> enclosure(Number.of("1/3"), 10)
    Ball(mid=682, rad=1, exp=-11)
    """
    from gradus.exact.transcendental.number import TranscendentalNumber

    if isinstance(x, TranscendentalNumber):
        return x.ball(bits)
    if x.is_rational:
        f = x.as_fraction()
        return balls.enclosed(f, f, bits)
    low, high = x._bounds(bits + 8)
    return balls.enclosed(low, high, bits)


def _function(kind: Kind, entries: tuple[Ball, ...], bits: int) -> tuple[Ball, ...]:
    w, one = bits + 16, Ball(1, 0, 0)
    if kind == "sum":
        return (balls.rounded(entries[0], bits),)
    if kind == "log":
        return (balls.logarithm(entries[0], bits),)
    if kind == "softmax":
        largest = max(entries, key=lambda z: (z.sign, z.ends))
        powers = [balls.exponential(balls.add(z, _negative(largest), w), w) for z in entries]
        total = Ball(0, 0, 0)
        for value in powers:
            total = balls.add(total, value, w)
        inverse = balls.reciprocal(total, w)
        return tuple(balls.multiply(value, inverse, bits) for value in powers)
    # sigmoid(z) = 1/(1 + e^-z), tanh(z) = (1 - e^-2z)/(1 + e^-2z)
    z = entries[0]
    e = balls.exponential(Ball(-z.mid, z.rad, z.exp + (kind == "tanh")), w)
    inverse = balls.reciprocal(balls.add(one, e, w), w)
    return (inverse if kind == "sigmoid" else balls.multiply(balls.add(one, _negative(e), w), inverse, bits),)


def _negative(x: Ball) -> Ball:
    return Ball(-x.mid, x.rad, x.exp)
