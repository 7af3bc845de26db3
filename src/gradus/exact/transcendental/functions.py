"""The functions whose values are transcendental numbers: sigmoid, tanh, soft-max and logarithm.

Where a value is rational, as sigmoid(0) = 1/2 or the soft-max of equal entries, the result is that rational number.
"""

from __future__ import annotations

from fractions import Fraction

from gradus.errors import InputError, UnsupportedError
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.numbers.number import ONE, ZERO, Number
from gradus.exact.transcendental import atoms
from gradus.exact.transcendental.atoms import Arguments, Atom
from gradus.exact.transcendental.balls import Ball, Imprecise
from gradus.exact.transcendental.number import MAX_BITS, is_written_negative

MAX_ARGUMENT = 100_000
"""Largest size of z in sigmoid(z) and tanh(z), and of the differences in a soft-max: e^100000 has 43,430 digits."""


def sigmoid(z: Number) -> Number:
    """1/(1 + e^-z).

    Raises:
        UnsupportedError: the size of z is more than MAX_ARGUMENT.

    >>> sigmoid(ZERO).text, (1 - sigmoid(Number.of(2))).text
    ('1/2', 'sigmoid(-2)')
    """
    if not z:
        return Number.of(Fraction(1, 2))
    _check_argument("sigmoid", z)
    return Atom("sigmoid", Arguments((z,))).number


def tanh(z: Number) -> Number:
    """The hyperbolic tangent.

    Raises:
        UnsupportedError: the size of z is more than MAX_ARGUMENT.

    >>> tanh(ZERO).text, tanh(Number.of(-2)).text
    ('0', '-tanh(2)')
    """
    if not z:
        return ZERO
    _check_argument("tanh", z)
    return -Atom("tanh", Arguments((-z,))).number if is_written_negative(z) else Atom("tanh", Arguments((z,))).number


def softmax(z: Vector) -> Vector:
    """The soft-max of z, shape (n,): positive entries that add up to 1.

    Raises:
        UnsupportedError: two entries differ by more than MAX_ARGUMENT.

    >>> softmax(Vector.of([2, 2])).text, softmax(Vector.of([0, 1, 0])).text
    ('(1/2, 1/2)', '(softmax(0, 1, 0; 1), softmax(0, 1, 0; 2), softmax(0, 1, 0; 1))')
    """
    arguments = Arguments(z.entries)
    if not any(arguments.places):
        return Vector((Number.of(Fraction(1, len(z))),) * len(z))
    for entry in z:
        if entry != z[0]:
            _check_argument("softmax", entry - z[0])
    entries = {i: Atom("softmax", arguments, i).number for i in set(arguments.places)}
    return Vector(tuple(entries[i] for i in arguments.places))


def log(x: Number) -> Number:
    """The natural logarithm.

    Raises:
        InputError: x is not greater than 0.

    >>> log(ONE).text, log(Number.of("2/3")).text
    ('0', '-log(3/2)')
    """
    if x.sign() <= 0:
        raise InputError("log", x.text, "must be of a number greater than 0", "check its sign")
    if x == ONE:
        return ZERO
    if x.is_rational and x < ONE:
        return -Atom("log", Arguments((x.reciprocal(),))).number
    return Atom("log", Arguments((x,))).number


def _check_argument(function: str, z: Number) -> None:
    ball = _coarse(z)
    size = Ball(abs(ball.mid), ball.rad, ball.exp)
    if size.mid.bit_length() + size.exp > 20 or size.ends[1] > MAX_ARGUMENT + Fraction(1, 2**20):
        rule = f"must be of numbers of a size up to {MAX_ARGUMENT}"
        raise UnsupportedError(function, z.text, rule, "choose smaller weights or inputs")


def _coarse(z: Number) -> Ball:
    bits = 64
    while True:
        try:
            return atoms.enclosure(z, bits)
        except Imprecise:
            bits *= 2
            if bits > MAX_BITS:
                rule = f"must be known with {MAX_BITS} bits"
                raise UnsupportedError("number", "an argument", rule, "choose other weights or inputs") from None
