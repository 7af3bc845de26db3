"""Vector expressions with parameters, such as ``(3/10, 2/5) + k*(-4/5, 3/5)``, read without evaluating anything.

An expression is affine in its parameters: it is kept as a constant and one coefficient for each of them.  Numbers are
those of the plain grammar; a parameter is one letter or the name of a Greek one, perhaps with an index.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from gradus.errors import InputError, UnsupportedError
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.numbers.grammar import number
from gradus.exact.numbers.number import MAX_BITS, MAX_DIGITS, ONE, ZERO, Number

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

MAX_LENGTH = 4_000
MAX_DEPTH = 40
MAX_PARAMETERS = 20

_GRAMMAR = r"""
?sum: product | sum "+" product -> add | sum "-" product -> sub
?product: signed | product "*" signed -> mul | product "/" signed -> div | product beside -> mul
?signed: power | "-" signed -> neg | "+" signed
?power: atom | atom "^" signed -> pow
?beside: closed | closed "^" signed -> pow
?atom: NUMBER -> number | closed
?closed: NAME -> parameter | "(" sum ")" | vector | SQRT "(" sum ")" -> sqrt | "√" atom -> root
vector: "(" sum ("," sum)+ ")" | "[" sum (("," | ";") sum)* "]" | "(" sum (";" sum)+ ")"
SQRT.2: "sqrt"
NUMBER: /[0-9]+(\.[0-9]*)?|\.[0-9]+/
NAME: /(alpha|beta|gamma|delta|lambda|mu|nu|rho|sigma|tau|[a-zA-Zα-ω])(_?[0-9]{1,3})?/
%ignore /[ \t\r\n]+/
"""


@dataclass(frozen=True)
class Affine:
    """A number that depends on parameters: ``constant + sum of coefficients[p] * p``."""

    constant: Number
    coefficients: Mapping[str, Number]

    def coefficient(self, parameter: str) -> Number:
        return self.coefficients.get(parameter, ZERO)


AffineVector: TypeAlias = tuple[Affine, ...]
Value: TypeAlias = Affine | AffineVector


@dataclass(frozen=True)
class AffineFamily:
    """The vectors ``point + sum of p * directions[p]``, parameters in the order of their first appearance."""

    point: Vector
    directions: Mapping[str, Vector]


def affine_family(text: str) -> AffineFamily:
    """The family that a vector expression with parameters describes.

    Raises:
        InputError: it is not such an expression; the rule says where it stops being so.
        UnsupportedError: it is not linear in its parameters, or a budget is passed.

    >>> family = affine_family("(3/10 - 4/5 t, 2/5 + 3/5 t)")
    >>> family.point.text, {name: direction.text for name, direction in family.directions.items()}
    ('(3/10, 2/5)', {'t': '(-4/5, 3/5)'})
    """
    value = _read(text)
    if isinstance(value, Affine):
        raise InputError("answer", text, "is a number where a vector is needed", "write (3/10, 2/5) + k*(-4/5, 3/5)")
    names = tuple(dict.fromkeys(name for entry in value for name in entry.coefficients))
    if len(names) > MAX_PARAMETERS:
        raise UnsupportedError("answer", text, f"must have at most {MAX_PARAMETERS} parameters", "leave some out")
    directions = {name: Vector(tuple(entry.coefficient(name) for entry in value)) for name in names}
    return AffineFamily(Vector(tuple(entry.constant for entry in value)), directions)


def vector_value(text: str) -> Vector:
    """The vector that an expression without parameters stands for.

    >>> vector_value("1/5 (4, -3)").text
    '(4/5, -3/5)'
    """
    if re.search(r"\broot\b", text):
        return Vector.of(text)
    for letters in re.findall(r"[^\W\d_]+", text):
        if letters != "sqrt":
            raise InputError("answer", text, f"holds {letters} where only numbers may stand", "write (3/10, 2/5)")
    return affine_family(text).point


def _read(text: str) -> Value:
    from lark.exceptions import UnexpectedInput, UnexpectedToken

    if len(text) > MAX_LENGTH:
        raise UnsupportedError("answer", text, f"must have at most {MAX_LENGTH} characters", "shorten it")
    source = text.replace("\N{MINUS SIGN}", "-").replace("\N{MULTIPLICATION SIGN}", "*").replace("·", "*")
    source = source.replace("**", "^")
    if _depth(source) > MAX_DEPTH:
        raise UnsupportedError("answer", text, f"must not nest deeper than {MAX_DEPTH}", "leave parentheses out")
    try:
        tree = _parser().parse(source)
    except UnexpectedInput as error:
        ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
        position = error.pos_in_stream or 0
        at = "it ends too early" if ended else f"at character {position + 1}, {source[position : position + 1]}"
        rule = f"is not a vector expression ({at})"
        raise InputError("answer", text, rule, "write (3/10, 2/5), or (3/10, 2/5) + k*(-4/5, 3/5)") from error
    return _Reader(text).value(tree)


@cache
def _parser() -> Lark:
    from lark import Lark

    return Lark(_GRAMMAR, start="sum", parser="lalr")


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        depth = max(0, depth + (character in "([") - (character in ")]"))
        deepest = max(deepest, depth)
    runs = max((len(run) for run in re.findall(r"[-+^√]+", re.sub(r"\s", "", text))), default=0)
    return deepest + runs + text.count("^")


class _Reader:
    """Walks a parsed expression; it keeps the text for the errors."""

    def __init__(self, text: str) -> None:
        self.text = text

    def value(self, tree: Tree[Token] | Any) -> Value:
        """The value of a node; sums and products, which are nested to the left, are walked without recursion."""
        chain = []
        while tree.data in ("add", "sub", "mul", "div"):
            chain.append((tree.data, tree.children[1]))
            tree = tree.children[0]
        value = self._leaf(tree)
        for operation, operand in reversed(chain):
            value = self._combined(operation, value, self.value(operand))
        return value

    def _leaf(self, tree: Any) -> Value:
        match tree.data:
            case "number":
                return Affine(self._literal(str(tree.children[0])), {})
            case "parameter":
                return Affine(ZERO, {str(tree.children[0]): ONE})
            case "neg":
                return self._scaled(self.value(tree.children[0]), Number.of(-1))
            case "vector":
                return tuple(self._scalar(self.value(child), "a vector's entry") for child in tree.children)
            case "pow":
                base, exponent = (self._constant(self.value(child), "a power") for child in tree.children)
                return Affine(self._number(f"({base.text})^({exponent.text})"), {})
            case _:
                radicand = self._constant(self.value(tree.children[-1]), "a square root")
                return Affine(self._number(f"sqrt({radicand.text})"), {})

    def _literal(self, digits: str) -> Number:
        if len(digits) > MAX_DIGITS:
            raise UnsupportedError("answer", self.text, f"must have at most {MAX_DIGITS} digits", "round it")
        return Number.of(digits)

    def _number(self, text: str) -> Number:
        """By the plain grammar, which checks the size of powers and roots before it computes them."""
        try:
            return number(text)
        except InputError as error:
            raise type(error)("answer", self.text, error.rule, error.remedy) from error

    def _combined(self, operation: str, a: Value, b: Value) -> Value:
        if operation == "div":
            divisor = self._constant(b, "a divisor")
            if not divisor:
                raise InputError("answer", self.text, "divides by 0", "give a divisor other than 0")
            return self._scaled(a, divisor.reciprocal())
        if operation == "mul":
            return self._product(a, b)
        return self._sum(a, self._scaled(b, ONE if operation == "add" else Number.of(-1)))

    def _sum(self, a: Value, b: Value) -> Value:
        if isinstance(a, Affine) and isinstance(b, Affine):
            names = dict.fromkeys((*a.coefficients, *b.coefficients))
            sums = {name: a.coefficient(name) + b.coefficient(name) for name in names}
            return Affine(a.constant + b.constant, sums)
        if isinstance(a, Affine) or isinstance(b, Affine):
            raise InputError(
                "answer", self.text, "adds a number and a vector", "put the number before a vector, perhaps"
            )
        if len(a) != len(b):
            rule = f"adds vectors of {len(a)} and {len(b)} entries"
            raise InputError("answer", self.text, rule, "give them the same number of entries")
        return tuple(self._scalar(self._sum(x, y), "a sum") for x, y in zip(a, b, strict=True))

    def _product(self, a: Value, b: Value) -> Value:
        if isinstance(b, Affine) and isinstance(a, tuple):
            a, b = b, a
        if isinstance(a, tuple):
            raise InputError("answer", self.text, "multiplies two vectors", "put + between them, perhaps")
        if isinstance(b, tuple):
            return tuple(self._scalar(self._product(a, entry), "an entry") for entry in b)
        if any(a.coefficients.values()) and any(b.coefficients.values()):
            rule = "is not linear in its parameters: two of them are multiplied"
            raise UnsupportedError("answer", self.text, rule, "write a point plus multiples of directions")
        return self._scaled(b, a.constant) if not any(a.coefficients.values()) else self._scaled(a, b.constant)

    def _scaled(self, value: Value, factor: Number) -> Value:
        if isinstance(value, tuple):
            return tuple(self._scalar(self._scaled(entry, factor), "an entry") for entry in value)
        for part in (value.constant, *value.coefficients.values()):
            if _bits(part) + _bits(factor) > MAX_BITS:
                raise UnsupportedError("answer", self.text, f"must stay below {MAX_BITS} bits", "give smaller numbers")
        return Affine(value.constant * factor, {name: c * factor for name, c in value.coefficients.items()})

    def _scalar(self, value: Value, what: str) -> Affine:
        if isinstance(value, tuple):
            raise InputError("answer", self.text, f"has a vector where {what} must be a number", "write (3/10, 2/5)")
        return value

    def _constant(self, value: Value, what: str) -> Number:
        scalar = self._scalar(value, what)
        if any(scalar.coefficients.values()):
            rule = f"is not linear in its parameters: one stands in {what}"
            raise UnsupportedError("answer", self.text, rule, "write a point plus multiples of directions")
        return scalar.constant


def _bits(x: Number) -> int:
    if x.is_algebraic:
        return sum(c.bit_length() for c in x.coefficients)
    return max((c.numerator.bit_length() + c.denominator.bit_length() + n.bit_length() for n, c in x.terms), default=0)
