"""Expressions in symbols: trees that print themselves as text and as LaTeX, and have a value for given symbols."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gradus.exact.numbers.number import ONE, ZERO, Number


class Expression(ABC):
    """An expression; its text is in the plain grammar, with ``H(z)`` for the step.

    >>> product([named("w7"), Step(named("z1")), named("x2")]).text
    'w7*H(z1)*x2'
    """

    @property
    @abstractmethod
    def text(self) -> str:
        """Plain text."""

    @property
    @abstractmethod
    def latex(self) -> str:
        """LaTeX, without dollar signs."""

    @abstractmethod
    def value(self, symbols: Mapping[str, Number]) -> Number:
        """Its value, from the values of its symbols by their text.

        Raises:
            KeyError: a symbol has no value; a fault of the caller.
            InputError: a divisor is 0.
        """


@dataclass(frozen=True)
class Symbol(Expression):
    """A letter, perhaps with an index.

    >>> Symbol("delta3", r"\\delta_3").value({"delta3": Number.of(2)}).text
    '2'
    """

    name: str
    shown: str

    @property
    def text(self) -> str:
        return self.name

    @property
    def latex(self) -> str:
        return self.shown

    def value(self, symbols: Mapping[str, Number]) -> Number:
        return symbols[self.name]


@dataclass(frozen=True)
class Constant(Expression):
    """An exact number.

    >>> Constant(Number.of("1/2")).text
    '1/2'
    """

    number: Number

    @property
    def text(self) -> str:
        return self.number.text

    @property
    def latex(self) -> str:
        return self.number.latex

    def value(self, symbols: Mapping[str, Number]) -> Number:
        return self.number


ZERO_EXPRESSION = Constant(ZERO)
ONE_EXPRESSION = Constant(ONE)
MINUS_ONE = Constant(-ONE)


@dataclass(frozen=True)
class Step(Expression):
    """The Heaviside step of an expression, 0 at 0.

    >>> Step(named("z1")).value({"z1": Number.of(0)}).text
    '0'
    """

    argument: Expression

    @property
    def text(self) -> str:
        return f"H({self.argument.text})"

    @property
    def latex(self) -> str:
        return f"H({self.argument.latex})"

    def value(self, symbols: Mapping[str, Number]) -> Number:
        return ONE if self.argument.value(symbols).sign() > 0 else ZERO


@dataclass(frozen=True)
class Square(Expression):
    """The square of a symbol.

    >>> Square(named("h1")).latex
    'h_1^2'
    """

    base: Symbol

    @property
    def text(self) -> str:
        return f"{self.base.text}^2"

    @property
    def latex(self) -> str:
        return f"{self.base.latex}^2"

    def value(self, symbols: Mapping[str, Number]) -> Number:
        value = self.base.value(symbols)
        return value * value


@dataclass(frozen=True)
class Quotient(Expression):
    r"""One expression over another.

    >>> print(Quotient(named("t1"), named("y1")).latex)
    \frac{t_1}{y_1}
    >>> Quotient(summed([named("y"), negative(named("t"))]), product([named("a"), named("b")])).text
    '(y - t)/(a*b)'
    """

    top: Expression
    bottom: Expression

    @property
    def text(self) -> str:
        top = f"({self.top.text})" if _is_sum(self.top) else self.top.text
        bottom = self.bottom.text
        return f"{top}/({bottom})" if isinstance(self.bottom, (Sum, Product)) else f"{top}/{bottom}"

    @property
    def latex(self) -> str:
        return rf"\frac{{{self.top.latex}}}{{{self.bottom.latex}}}"

    def value(self, symbols: Mapping[str, Number]) -> Number:
        return self.top.value(symbols) / self.bottom.value(symbols)


@dataclass(frozen=True)
class Product(Expression):
    """At least two factors, none of them a product; a constant stands first.  Made by :func:`product`.

    >>> product([named("h1"), MINUS_ONE, summed([ONE_EXPRESSION, named("h2")])]).text
    '-h1*(1 + h2)'
    """

    factors: tuple[Expression, ...]

    @property
    def text(self) -> str:
        return _joined([f"({f.text})" if _is_sum(f) else f.text for f in self.factors], "*")

    @property
    def latex(self) -> str:
        return _joined([rf"\left({f.latex}\right)" if _is_sum(f) else f.latex for f in self.factors], r"\,")

    def value(self, symbols: Mapping[str, Number]) -> Number:
        total = ONE
        for factor in self.factors:
            value = factor.value(symbols)
            if not value:
                return ZERO
            total = total * value
        return total


@dataclass(frozen=True)
class Sum(Expression):
    """At least two terms, none of them a sum.  Made by :func:`summed`.

    >>> summed([named("y1"), negative(named("t1"))]).text
    'y1 - t1'
    """

    terms: tuple[Expression, ...]

    @property
    def text(self) -> str:
        return _signed([f"({t.text})" if _is_sum(t) else t.text for t in self.terms])

    @property
    def latex(self) -> str:
        return _signed([rf"\left({t.latex}\right)" if _is_sum(t) else t.latex for t in self.terms])

    def value(self, symbols: Mapping[str, Number]) -> Number:
        return sum((term.value(symbols) for term in self.terms), ZERO)


def product(factors: Iterable[Expression]) -> Expression:
    """The product, its constants collected in front; 1 of no factors.

    >>> product([Constant(Number.of(2)), named("a"), Constant(Number.of("1/2"))]).text
    'a'
    """
    constant, rest = ONE, []
    for factor in factors:
        for part in factor.factors if isinstance(factor, Product) else (factor,):
            if isinstance(part, Constant):
                constant = constant * part.number
            else:
                rest.append(part)
    if not constant or not rest:
        return Constant(constant)
    parts = rest if constant == ONE else [Constant(constant), *rest]
    return parts[0] if len(parts) == 1 else Product(tuple(parts))


def summed(terms: Iterable[Expression]) -> Expression:
    """The sum, without terms that are 0; 0 of no terms.

    >>> summed([ZERO_EXPRESSION, named("a")]).text
    'a'
    """
    parts: list[Expression] = []
    for term in terms:
        parts += term.terms if isinstance(term, Sum) else () if term == ZERO_EXPRESSION else (term,)
    return Sum(tuple(parts)) if len(parts) > 1 else parts[0] if parts else ZERO_EXPRESSION


def negative(expression: Expression) -> Expression:
    """Minus the expression.

    >>> negative(negative(named("a"))).text
    'a'
    """
    return product([MINUS_ONE, expression])


_NAME = re.compile(r"([A-Za-z]+)([0-9]*)(?:_([A-Za-z0-9]+))?")


def named(name: str, letter: str = "") -> Symbol:
    r"""A name such as ``x1`` or ``h2_1`` with its number as an index; ``letter`` is the LaTeX of its letters.

    >>> named("h2_1").latex, named("x10").latex, named("delta3", r"\delta").latex
    ('h_{2,1}', 'x_{10}', '\\delta_3')
    """
    parts = _NAME.fullmatch(name)
    if parts is None:
        return Symbol(name, rf"\text{{{name.replace('_', ' ')}}}")
    letters, number, rest = parts.groups()
    index = ",".join(part for part in (number, rest) if part)
    head = letter or (letters if len(letters) == 1 else rf"\text{{{letters}}}")
    return Symbol(name, head + (f"_{{{index}}}" if len(index) > 1 else f"_{index}" if index else ""))


def _is_sum(expression: Expression) -> bool:
    return isinstance(expression, Sum) or (isinstance(expression, Constant) and expression.number.is_sum)


def _joined(factors: Sequence[str], sign: str) -> str:
    first, *rest = factors
    return ("-" + sign.join(rest)) if first == "-1" else sign.join(factors)


def _signed(terms: Sequence[str]) -> str:
    first, *rest = terms
    return first + "".join(f" - {term[1:]}" if term.startswith("-") else f" + {term}" for term in rest)
