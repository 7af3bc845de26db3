"""The plain grammar of exact numbers, vectors and matrices, read without evaluating anything.

Numbers: integers, ``p/q``, finite decimals (read exactly), ``+ - * / ^``, parentheses, ``sqrt(x)`` and
``root(polynomial in x, k)``.  Unicode minus, ``√`` and ``×`` are read too.  Matrices: rows by ``;`` or newline, entries
by commas or by blanks outside parentheses, or a JSON list of lists.  Every budget is checked before its operation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from math import lcm
from typing import TYPE_CHECKING, Any, cast

from gradus.errors import InputError, UnsupportedError
from gradus.exact.numbers.number import MAX_BITS, MAX_DIGITS, ONE, ZERO, Number, sqrt

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

MAX_LENGTH = 20_000
MAX_DEPTH = 60
MAX_EXPONENT = 1_000
MAX_EXPONENT_OF_SUM = 100
MAX_DEGREE = 40
MAX_ENTRIES = 10_000
MAX_ROOT_SIZE = 100_000

_X_REMEDY = "write sqrt(2) or root(x^2 - 2, 2), say"
_SMALLER = "give smaller numbers or exponents"

_GRAMMAR = r"""
?sum: product | sum "+" product -> add | sum "-" product -> sub
?product: signed | product "*" signed -> mul | product "/" signed -> div
?signed: power | "-" signed -> neg | "+" signed
?power: atom | atom "^" signed -> pow
?atom: NUMBER -> number | "x" -> variable | "(" sum ")" | "sqrt" "(" sum ")" -> sqrt
     | "√" atom -> sqrt | "root" "(" sum "," sum ")" -> root
NUMBER: /[0-9]+(\.[0-9]*)?|\.[0-9]+/
%ignore /[ \t]+/
"""

Polynomial = tuple[Number, ...]
"""Coefficients from the constant term upwards; a number is a polynomial of length at most 1."""


def number(text: str) -> Number:
    """The exact number that a text in the plain grammar stands for.

    Raises:
        InputError: the text is not in the grammar; the rule says where it stops being so.
        UnsupportedError: a budget is passed, or the number has a polynomial of too high a degree.

    >>> number("-0.25 + sqrt(8)/2").text
    '-1/4 + sqrt(2)'
    """
    value = _value(_parsed(text), text)
    if len(value) > 1:
        raise InputError("number", text, "must be a number, and x stands only inside root(polynomial, k)", _X_REMEDY)
    return value[0] if value else ZERO


def vector_entries(value: object) -> tuple[Number, ...]:
    """The entries of a vector given as text or as a list.

    >>> [entry.text for entry in vector_entries("(3/10, 2/5)")]
    ['3/10', '2/5']
    """
    if isinstance(value, str) and value.strip().startswith("["):
        value = _json_list(_bounded(value), "vector")
    if isinstance(value, str):
        rows = matrix_rows(_without_outer_parentheses(_bounded(value).strip()))
        if len(rows) > 1 and any(len(row) > 1 for row in rows):
            raise InputError("vector", value, "must be one row or one column", "write 2, 3 or 2; 3")
        return tuple(entry for row in rows for entry in row)
    if not isinstance(value, Sequence) or not value:
        raise InputError("vector", value, "must be a list of numbers with at least one entry", "write [2, 3]")
    return tuple(_entry(entry) for entry in value)


def matrix_rows(value: object) -> tuple[tuple[Number, ...], ...]:
    """The rows of a matrix given as text or as a list of lists, all of one length.

    Raises:
        InputError: the table is empty or ragged, or an entry is not a number; the rule names the entry.

    >>> [[entry.text for entry in row] for row in matrix_rows("3 4; 3 sqrt(2)/2")]
    [['3', '4'], ['3', 'sqrt(2)/2']]
    """
    table = _table(value)
    if not table or not table[0]:
        raise InputError("matrix", value, "must have at least one row and one column", "write [[3, 4], [3, 4]]")
    if sum(len(row) for row in table) > MAX_ENTRIES:
        raise UnsupportedError("matrix", value, f"must have at most {MAX_ENTRIES} entries", "give a smaller matrix")
    for index, row in enumerate(table, start=1):
        if len(row) != len(table[0]):
            rule = f"row {index} has {_counted(len(row))} where row 1 has {len(table[0])}"
            raise InputError("matrix", value, rule, "give every row the same number of entries")
    return tuple(
        tuple(_entry(entry, f"entry ({i}, {j})") for j, entry in enumerate(row, start=1))
        for i, row in enumerate(table, start=1)
    )


def _table(value: object) -> list[list[object]]:
    if not isinstance(value, str):
        if not isinstance(value, Sequence) or not all(
            isinstance(row, Sequence) and not isinstance(row, str) for row in value
        ):
            raise InputError("matrix", value, "must be a list of rows", "write [[3, 4], [3, 4]]")
        return [list(row) for row in value]
    text = _bounded(value).strip()
    if text.startswith("["):
        return _table(_json_list(text, "matrix"))
    rows = [row for row in re.split(r"[;\n]", text) if row.strip()]
    return [list(_split_entries(row)) for row in rows]


def _json_list(text: str, what: str) -> object:
    """A JSON text whose numbers are kept as they are written."""
    try:
        return json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        reason = "it nests too deep" if isinstance(error, RecursionError) else str(error)
        raise InputError(what, text, f"is not a JSON list ({reason})", "write [[3, 4], [3, 4]] or 3 4; 3 4") from error


def _split_entries(row: str) -> list[str]:
    """Entries by commas outside parentheses; without such commas by blanks between two operands."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(row):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append(row[start:index])
            start = index + 1
    if parts:
        return [part.strip() for part in [*parts, row[start:]]]
    return _split_at_blanks(row)


def _split_at_blanks(row: str) -> list[str]:
    parts, depth = [""], 0
    for character in row.strip():
        depth += (character == "(") - (character == ")")
        if character in " \t" and depth == 0:
            if parts[-1]:
                parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part]


def _without_outer_parentheses(text: str) -> str:
    """``(1, 2)`` -> ``1, 2``: a vector may be written as a tuple; ``(1) (2)`` stays as it is."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for index, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0 and index < len(text) - 1:
            return text
    inner = text[1:-1]
    return inner if "," in inner or ";" in inner else text


def _entry(value: object, name: str = "entry") -> Number:
    if isinstance(value, (bool, float)) or not isinstance(value, (int, str, Fraction, Number)):
        raise InputError(name, value, "must be an exact number", "write it as text, '1/3' say")
    try:
        return Number.of(value)
    except InputError as error:
        raise type(error)(name, value, error.rule, error.remedy, error.place) from error


def _bounded(text: str) -> str:
    if len(text) > MAX_LENGTH:
        raise UnsupportedError("number", text, f"must have at most {MAX_LENGTH} characters", "shorten it")
    return text.replace("\N{MINUS SIGN}", "-").replace("\N{MULTIPLICATION SIGN}", "*").replace("**", "^")


def _parsed(text: str) -> Tree[Token]:
    from lark.exceptions import UnexpectedInput, UnexpectedToken

    source = _bounded(text)
    if _depth(source) > MAX_DEPTH:
        raise UnsupportedError("number", text, f"must not nest deeper than {MAX_DEPTH}", "leave parentheses out")
    try:
        return _parser().parse(source)
    except UnexpectedInput as error:
        ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
        at = "it ends too early" if ended else f"at character {error.column}"
        rule = f"is not a number in the plain grammar ({at})"
        raise InputError("number", text, rule, "write integers, p/q, decimals, + - * / ^, sqrt(x)") from error


@cache
def _parser() -> Lark:
    from lark import Lark

    return Lark(_GRAMMAR, start="sum", parser="lalr")


def _depth(text: str) -> int:
    """Parentheses, signs and powers that can be open at once: what bounds the recursion of the evaluation."""
    depth = deepest = 0
    for character in text:
        depth = max(0, depth + (character == "(") - (character == ")"))
        deepest = max(deepest, depth)
    runs = max((len(run) for run in re.findall(r"[-+^√]+", text.replace(" ", ""))), default=0)
    return deepest + runs + text.count("^")


def _value(tree: Any, text: str) -> Polynomial:
    """The value of a node; long sums and products, which lark nests to the left, are walked without recursion."""
    chain = []
    while tree.data in ("add", "sub", "mul", "div"):
        chain.append((tree.data, tree.children[1]))
        tree = tree.children[0]
    value = _leaf(tree, text)
    for operation, operand in reversed(chain):
        value = _OPERATIONS[operation](value, _value(operand, text), text)
    return value


def _leaf(tree: Any, text: str) -> Polynomial:
    if tree.data == "number":
        return _trimmed((_literal(str(tree.children[0]), text),))
    if tree.data == "variable":
        return (ZERO, ONE)
    if tree.data == "neg":
        return tuple(-c for c in _value(tree.children[0], text))
    if tree.data == "sqrt":
        return _trimmed((_square_root(_constant(_value(tree.children[0], text), text)),))
    if tree.data == "root":
        polynomial = _value(tree.children[0], text)
        return _trimmed((_root(polynomial, _constant(_value(tree.children[1], text), text), text),))
    if tree.data == "pow":
        return _power(_value(tree.children[0], text), _constant(_value(tree.children[1], text), text), text)
    return _value(tree.children[0], text)


def _literal(digits: str, text: str) -> Number:
    if len(digits) > MAX_DIGITS:
        raise UnsupportedError("number", text, f"must have at most {MAX_DIGITS} digits", "round it")
    return Number.of(Fraction(digits if not digits.startswith(".") else "0" + digits))


def _trimmed(coefficients: Sequence[Number]) -> Polynomial:
    end = len(coefficients)
    while end and not coefficients[end - 1]:
        end -= 1
    return tuple(coefficients[:end])


def _constant(value: Polynomial, text: str) -> Number:
    if len(value) > 1:
        raise InputError("number", text, "x stands only in the polynomial of root(polynomial, k)", _X_REMEDY)
    return value[0] if value else ZERO


def _add(a: Polynomial, b: Polynomial, text: str) -> Polynomial:
    size = max(len(a), len(b))
    if a and b and max(map(_bits, a)) + max(map(_bits, b)) > 2 * MAX_BITS:
        raise UnsupportedError("number", text, f"must stay below {MAX_BITS} bits", _SMALLER)
    return _trimmed([(a[i] if i < len(a) else ZERO) + (b[i] if i < len(b) else ZERO) for i in range(size)])


def _sub(a: Polynomial, b: Polynomial, text: str) -> Polynomial:
    return _add(a, tuple(-c for c in b), text)


def _mul(a: Polynomial, b: Polynomial, text: str) -> Polynomial:
    if len(a) + len(b) > MAX_DEGREE + 2:
        raise UnsupportedError("polynomial", text, f"must have degree at most {MAX_DEGREE}", "lower the powers of x")
    if a and b and max(map(_bits, a)) + max(map(_bits, b)) > MAX_BITS:
        raise UnsupportedError("number", text, f"must stay below {MAX_BITS} bits", _SMALLER)
    product = [ZERO] * max(0, len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            product[i + j] = product[i + j] + x * y
    return _trimmed(product)


def _div(a: Polynomial, b: Polynomial, text: str) -> Polynomial:
    divisor = _constant(b, text)
    if not divisor:
        raise InputError("number", text, "divides by 0", "give a divisor other than 0")
    return _mul(a, (divisor.reciprocal(),), text)


def _power(base: Polynomial, exponent: Number, text: str) -> Polynomial:
    if not exponent.is_rational or exponent.as_fraction().denominator != 1:
        raise UnsupportedError("exponent", text, "must be an integer", "write sqrt(x) for a square root")
    n = exponent.as_fraction().numerator
    most = MAX_EXPONENT if not any(c.is_algebraic or len(c.terms) > 2 for c in base) else MAX_EXPONENT_OF_SUM
    if abs(n) > most or (base and max(map(_bits, base)) * abs(n) > MAX_BITS):
        rule = f"must be at most {most}, and the power below {MAX_BITS} bits"
        raise UnsupportedError("exponent", text, rule, _SMALLER)
    if n < 0:
        base, n = _div((ONE,), base, text), -n
    result: Polynomial = (ONE,)
    for _ in range(n):
        result = _mul(result, base, text)
    return result


def _root(polynomial: Polynomial, k: Number, text: str) -> Number:
    """The k-th of the different real roots, from 1 upwards from the smallest; any polynomial, rational coefficients."""
    from gradus.exact.numbers.algebraic import real_roots

    if len(polynomial) < 2:
        raise InputError("root", text, "must have a polynomial in x of degree 1 or more", _X_REMEDY)
    if not all(c.is_rational for c in polynomial):
        rule = "is read for polynomials with rational coefficients only"
        raise UnsupportedError("root", text, rule, "multiply with the conjugate polynomial")
    fractions = [c.as_fraction() for c in polynomial]
    scale = lcm(*(c.denominator for c in fractions))
    whole = [int(c * scale) for c in fractions]
    if sum(c.bit_length() for c in whole) * len(whole) > MAX_ROOT_SIZE:
        rule = f"must have a polynomial whose bits times degree stay below {MAX_ROOT_SIZE}"
        raise UnsupportedError("root", text, rule, _SMALLER)
    roots, index = real_roots(whole), k.as_fraction()
    if index.denominator != 1 or not 1 <= index <= len(roots):
        raise InputError("root", text, f"the polynomial has {_counted(len(roots), 'real root')}", "choose k among them")
    return roots[int(index) - 1]


def _square_root(value: Number) -> Number:
    try:
        return sqrt(value)
    except UnsupportedError:
        if isinstance(value, Number) and value.is_rational:
            raise
        from gradus.exact.numbers.algebraic import square_root

        return square_root(value)


def _bits(x: Number) -> int:
    if x.is_algebraic:
        return max(c.bit_length() for c in x.coefficients)
    return max(
        (max(c.numerator.bit_length(), c.denominator.bit_length()) + n.bit_length() for n, c in x.terms), default=0
    )


def _counted(count: int, what: str = "entry") -> str:
    plural = what[:-1] + "ies" if what.endswith("y") else what + "s"
    return f"{count} {what if count == 1 else plural}"


_OPERATIONS = cast(
    "dict[str, Callable[[Polynomial, Polynomial, str], Polynomial]]",
    {"add": _add, "sub": _sub, "mul": _mul, "div": _div},
)
