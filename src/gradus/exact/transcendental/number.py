r"""Transcendental numbers of networks: Laurent polynomials in sigmoid(z), tanh(z), soft-max entries and logarithms.

Such a number is kept as it is written, in a normal form (:mod:`gradus.exact.transcendental.laurent`).  Signs and
decimals come from balls of integers that hold the value for certain (:mod:`gradus.exact.transcendental.balls`), refined
until they exclude 0 or round to one decimal.  What they do not tell from 0 soon is decided by identities
(:mod:`gradus.exact.transcendental.exponentials`); so is equality.  A number that no identity proves to be 0, and no
precision up to MAX_BITS tells from it, raises an error: nothing is ever guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal

from gradus.errors import InputError, UnsupportedError
from gradus.exact.numbers.number import ONE, ZERO, Number, decimal
from gradus.exact.transcendental import atoms, balls
from gradus.exact.transcendental.atoms import Arguments, Atom
from gradus.exact.transcendental.balls import Ball, Imprecise
from gradus.exact.transcendental.laurent import (
    CONSTANT,
    MAX_PRODUCTS,
    Monomial,
    Polynomial,
    Terms,
    atoms_of,
    normal,
    ordered,
    product,
)
from gradus.exact.transcendental.laurent_text import written, written_latex

MAX_BITS = 50_000
"""Highest precision with which a sign or a decimal is looked for."""

MAX_SCALE = 500_000
"""Largest size of the binary exponent of a number whose decimal is written."""

MAX_TEXT = 400
"""About the most characters of a number that is written out; of longer ones the first digits are shown."""

SHORT = 48
"""About the most characters of a number in a table; of longer ones the first digits are shown."""

_DEEP = 20

_FIRST_BITS = 64, 128, 256
"""The precisions that are tried before a number that they do not tell from 0 is looked at for identities."""


class TranscendentalNumber(Number):
    """A factor times a Laurent polynomial in atoms.

    Make it with the functions of :mod:`gradus.exact.transcendental.functions`, which return a plain number where the
    value is one, and with arithmetic.

    >>> from gradus.exact.transcendental.functions import sigmoid
    >>> s = sigmoid(Number.of("1/3"))
    >>> (s - s * s).text, s.decimal
    ('sigmoid(1/3) - sigmoid(1/3)^2', '0.582570206462314676866394613961')
    >>> s + sigmoid(Number.of("-1/3")) == 1, s > Number.of("0.58")
    (True, True)
    >>> -s / (s - s * s) == -1 / sigmoid(Number.of("-1/3")), 1 / (1 + s) == 1 / (2 - sigmoid(Number.of("-1/3")))
    (True, True)
    """

    factor: Number
    polynomial: Polynomial

    def __init__(self, factor: Number, polynomial: Polynomial) -> None:
        object.__setattr__(self, "factor", factor)
        object.__setattr__(self, "polynomial", polynomial)

    if not TYPE_CHECKING:  # for the type checker it stays what it is in Number

        @property
        def terms(self) -> tuple[tuple[int, Fraction], ...]:
            rule = "is no sum of square roots of rationals, which is needed here"
            raise UnsupportedError("number", self.text, rule, "choose numbers at which the functions are rational")

    @cached_property
    def expanded(self) -> tuple[tuple[Monomial, Number], ...]:
        """Pairs of a product of atoms and its coefficient."""
        return tuple((monomial, self.factor * c) for monomial, c in self.polynomial.terms)

    @property
    def as_product(self) -> TranscendentalNumber:
        """The same with its sum, if it is one, kept as a factor of its own.

        >>> from gradus.exact.transcendental.functions import sigmoid
        >>> (1 + sigmoid(ONE)).as_product.text
        '(1 + sigmoid(1))'
        """
        return TranscendentalNumber(self.factor, _as_sum(self.polynomial)) if self.is_sum else self

    @cached_property
    def identity(self) -> bytes:
        """A digest of how it is written."""
        return blake2b(atoms.identity(self.factor) + self.polynomial.identity, digest_size=32).digest()

    @property
    def is_rational(self) -> bool:
        return False

    @property
    def is_algebraic(self) -> bool:
        """True: like a number that is kept as a root, it is no sum of square roots."""
        return True

    @property
    def coefficients(self) -> tuple[int, ...]:
        return ()

    @property
    def is_sum(self) -> bool:
        return len(self.polynomial.terms) > 1

    @property
    def is_transcendental(self) -> bool:
        return True

    def as_fraction(self) -> Fraction:
        if not self:
            return Fraction(0)
        rule = "must be rational here"
        raise UnsupportedError("number", self.text, rule, "choose numbers at which the functions are rational")

    def as_integer_ratio(self) -> tuple[int, int]:
        return self.as_fraction().as_integer_ratio()

    @cached_property
    def _is_known_zero(self) -> bool:
        """Whether it is 0, for all that identities say."""
        return not any(self._nearly(bits).sign for bits in _FIRST_BITS) and self._decision == "zero"

    @cached_property
    def _is_nonzero(self) -> bool:
        if any(self._nearly(bits).sign for bits in _FIRST_BITS):
            return True
        return self._decision == "not zero" or bool(self.sign())

    @cached_property
    def _decision(self) -> Literal["zero", "not zero", "open"]:
        """What identities say, and the theorem on which they rest."""
        from gradus.exact.transcendental.exponentials import decided

        return decided(self)

    def __bool__(self) -> bool:
        return self._is_nonzero

    def __eq__(self, other: object) -> bool:
        """Decided, never by approximation alone.

        Raises:
            UnsupportedError: it stays open.
        """
        if isinstance(other, TranscendentalNumber) and self.identity == other.identity:
            return True
        return not self - other if isinstance(other, (Number, Fraction, int)) else NotImplemented

    @cached_property
    def _hash(self) -> int:
        return hash(decimal(self, 15)) if self else hash(0)

    def __hash__(self) -> int:
        return self._hash

    def __neg__(self) -> Number:
        return TranscendentalNumber(-self.factor, self.polynomial)

    def __add__(self, other: Number | Fraction | int) -> Number:
        total: Terms = dict(self.expanded)
        for monomial, c in _expanded(Number.of(other)):
            total[monomial] = total[monomial] + c if monomial in total else c
        return combination(total)

    def __sub__(self, other: Number | Fraction | int) -> Number:
        return self + -Number.of(other)

    def __rsub__(self, other: Number | Fraction | int) -> Number:
        return -self + other

    def __mul__(self, other: Number | Fraction | int) -> Number:
        if not isinstance(other, (Number, Fraction, int)):
            return NotImplemented
        number = Number.of(other)
        if not isinstance(number, TranscendentalNumber):
            return TranscendentalNumber(self.factor * number, self.polynomial) if number else ZERO
        a, b = self.polynomial, number.polynomial
        if len(a.terms) > 1 and len(b.terms) > 1 and len(a.terms) * len(b.terms) > MAX_PRODUCTS:
            a, b = (_as_sum(a), b) if len(a.terms) > len(b.terms) else (a, _as_sum(b))
        return combination(product(dict(a.terms), dict(b.terms))) * (self.factor * number.factor)

    __radd__ = __add__
    __rmul__ = __mul__

    def __truediv__(self, other: Number | Fraction | int) -> Number:
        number = Number.of(other)
        if isinstance(number, TranscendentalNumber) and number.polynomial.identity == self.polynomial.identity:
            return self.factor / number.factor
        return self * number.reciprocal()

    def __rtruediv__(self, other: Number | Fraction | int) -> Number:
        return self.reciprocal() * other

    def reciprocal(self) -> Number:
        """1 / self; of a sum it is kept as a power of that sum.

        >>> from gradus.exact.transcendental.functions import sigmoid
        >>> sigmoid(ONE).reciprocal().text, (1 + sigmoid(ONE)).reciprocal().text
        ('1/sigmoid(1)', '1/(1 + sigmoid(1))')
        """
        if not self.sign():
            raise InputError("divisor", 0, "must not be 0", "give a divisor other than 0")
        a = _as_sum(self.polynomial) if self.is_sum else self.polynomial
        ((monomial, c),) = a.terms
        inverse = {tuple((atom, -exponent) for atom, exponent in monomial): (c * self.factor).reciprocal()}
        return combination(inverse)

    def ball(self, bits: int) -> Ball:
        """An enclosure, whose terms have about so many bits.

        Raises:
            Imprecise: more bits are needed.
        """
        if self.polynomial.depth > _DEEP and not self.polynomial.is_enclosed(bits):
            _evaluate_inside(self, bits)
        return balls.multiply(atoms.enclosure(self.factor, bits), self.polynomial.ball(bits), bits)

    def sign(self) -> int:
        """-1, 0 or 1; certified.

        Raises:
            UnsupportedError: no precision up to MAX_BITS tells it from 0, and no identity shows that it is 0.

        >>> from gradus.exact.transcendental.functions import sigmoid
        >>> (sigmoid(ONE) - Number.of("0.731058578630004879251159")).sign()
        1
        """
        return self._certain(64).sign

    def _certain(self, bits: int) -> Ball:
        """An enclosure without 0, of at least so many bits; 0 alone for 0."""
        while bits <= MAX_BITS:
            ball = self._nearly(bits)
            if ball.sign or (bits >= _FIRST_BITS[-1] and self._decision == "zero"):
                return ball
            bits *= 2
        rule = f"cannot be told from 0 with {MAX_BITS} bits, so that its sign stays undecided"
        raise UnsupportedError("number", self._name, rule, "choose other weights or inputs")

    def _nearly(self, bits: int) -> Ball:
        """An enclosure, or 0 alone where more bits are needed."""
        try:
            ball = self.ball(bits)
        except Imprecise:
            return Ball(0, 0, 0)
        return ball if ball.sign else Ball(0, 0, 0)

    def _bounds(self, bits: int) -> tuple[Fraction, Fraction]:
        ball = self._certain(bits)
        if abs(ball.exp) > MAX_SCALE:
            rule = f"must lie between 2^-{MAX_SCALE} and 2^{MAX_SCALE} to be written as a decimal"
            raise UnsupportedError("number", self._name, rule, "choose smaller weights or inputs")
        return ball.ends

    @property
    def text(self) -> str:
        """As it is written, ``1 - tanh(1/3)^2``; of a long one the first digits."""
        return self._shown(MAX_TEXT)

    @property
    def latex(self) -> str:
        r"""As it is written; of a long one the first digits.

        >>> from gradus.exact.transcendental.functions import sigmoid
        >>> print((sigmoid(Number.of("1/3")) / 2 - 1).latex)
        -1 + \frac{\sigma\left(\tfrac{1}{3}\right)}{2}
        """
        return self._latex(MAX_TEXT)

    def latex_within(self, limit: int) -> str:
        r"""The same for an entry of a table, which shows the first digits sooner."""
        return self._latex(2 * limit)

    @property
    def _name(self) -> str:
        """What an error calls it, without digits, which may be what the error is about."""
        count = len(self.polynomial.terms)
        return written(self.expanded) if atoms.length(self) <= MAX_TEXT else f"a sum of {count} products"

    def _shown(self, limit: int) -> str:
        if self._is_known_zero:
            return "0"
        if atoms.length(self) > limit:
            mantissa, exponent = self._digits(12)
            return f"{mantissa}...{exponent and f'e{exponent}'}"
        return written(self.expanded)

    def _latex(self, limit: int) -> str:
        if self._is_known_zero:
            return "0"
        if atoms.length(self) > limit:
            mantissa, exponent = self._digits(6)
            return rf"{mantissa}{{\scriptstyle\ldots}}" + (rf" \cdot 10^{{{exponent}}}" if exponent else "")
        return written_latex(self.expanded)

    def _digits(self, count: int) -> tuple[str, str]:
        """The first digits of the decimal, cut off and not rounded, and the exponent."""
        mantissa, _, exponent = self.decimal.partition("e")
        lead = len(mantissa) - len(mantissa.lstrip("-0."))
        whole = len(mantissa.split(".")[0])
        return mantissa[: max(whole, lead + count + ("." in mantissa[lead:]))].rstrip("."), exponent

    def __repr__(self) -> str:
        return f"TranscendentalNumber({self.text!r})"


def combination(terms: Mapping[Monomial, Number]) -> Number:
    """The number that is a sum of coefficients times products of atoms, in normal form.

    >>> combination({CONSTANT: ONE})
    Number('1')
    """
    reduced = normal(dict(terms))
    if not reduced or (len(reduced) == 1 and CONSTANT in reduced):
        return reduced.get(CONSTANT, ZERO)
    pairs = ordered(reduced)
    first = pairs[0][1]
    if not first.is_rational or first == ONE:
        return TranscendentalNumber(ONE, Polynomial(pairs))
    return TranscendentalNumber(first, Polynomial(tuple((monomial, c / first) for monomial, c in pairs)))


def is_written_negative(z: Number) -> bool:
    """Whether its first coefficient is negative; its sign may be another.

    >>> is_written_negative(Number.of("1 - sqrt(2)")), is_written_negative(Number.of("-2"))
    (False, True)
    """
    if isinstance(z, TranscendentalNumber):
        return is_written_negative(z.factor * z.polynomial.terms[0][1])
    return z.sign() < 0 if z.is_algebraic else z.terms[0][1] < 0


def _as_sum(polynomial: Polynomial) -> Polynomial:
    """The polynomial as one atom."""
    atom = Atom("sum", Arguments((TranscendentalNumber(ONE, polynomial),)))
    return Polynomial(((((atom, 1),), ONE),))


def _expanded(x: Number) -> tuple[tuple[Monomial, Number], ...]:
    return x.expanded if isinstance(x, TranscendentalNumber) else ((CONSTANT, x),)


def _evaluate_inside(x: TranscendentalNumber, bits: int) -> None:
    """Fills the enclosures from the innermost atoms outwards, so that deep networks need no deep recursion."""
    levels: dict[int, list[Atom]] = {}
    waiting, seen = atoms_of(x.polynomial.terms), set()
    while waiting:
        atom = waiting.pop()
        if (key := (atom.arguments.identity, atom.kind)) not in seen:
            seen.add(key)
            levels.setdefault(atom.depth, []).append(atom)
            for entry in atom.arguments.entries:
                if isinstance(entry, TranscendentalNumber):
                    waiting += atoms_of(entry.polynomial.terms)
    for level in sorted(levels):
        for atom in levels[level]:
            atom.ball(bits)
