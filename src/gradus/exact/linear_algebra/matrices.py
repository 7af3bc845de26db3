"""Exact vectors and matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from math import gcd, lcm
from operator import attrgetter
from typing import overload

from gradus.errors import InputError
from gradus.exact.numbers.algebraic import square_root
from gradus.exact.numbers.grammar import matrix_rows, vector_entries
from gradus.exact.numbers.number import ONE, ZERO, Number, multiples

WIDEST = 24
"""Longest polynomial that is printed in up to three columns; in more columns they must be shorter."""


@dataclass(frozen=True)
class Vector:
    """A column of exact numbers.

    >>> Vector.of("3 4").norm()
    Number('5')
    """

    entries: tuple[Number, ...]

    @staticmethod
    def of(value: object) -> Vector:
        """A vector from text (``"3/10, 2/5"``), a list of exact numbers or a Vector.

        Raises:
            InputError: it is empty, or an entry is not an exact number.

        >>> Vector.of("3/10, 2/5") == Vector.of(["0.3", "0.4"])
        True
        """
        return value if isinstance(value, Vector) else Vector(vector_entries(value))

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Number]:
        return iter(self.entries)

    def __getitem__(self, index: int) -> Number:
        return self.entries[index]

    def __bool__(self) -> bool:
        """Whether any entry is non-zero."""
        return any(self.entries)

    def __neg__(self) -> Vector:
        return Vector(tuple(-x for x in self))

    def __add__(self, other: Vector) -> Vector:
        _same_length(self, other)
        return Vector(tuple(x + y for x, y in zip(self, other, strict=True)))

    def __sub__(self, other: Vector) -> Vector:
        return self + -other

    def __mul__(self, factor: Number | Fraction | int) -> Vector:
        return Vector(tuple(x * factor for x in self))

    __rmul__ = __mul__

    def __truediv__(self, divisor: Number | Fraction | int) -> Vector:
        return self * Number.of(divisor).reciprocal()

    def dot(self, other: Vector) -> Number:
        """The scalar product.

        Raises:
            InputError: the vectors differ in length.

        >>> Vector.of("1 2").dot(Vector.of("3 4")).text
        '11'
        """
        _same_length(self, other)
        return sum((x * y for x, y in zip(self, other, strict=True)), ZERO)

    def norm(self) -> Number:
        """The Euclidean norm.

        Raises:
            UnsupportedError: its polynomial has too high a degree; never so for rational vectors.

        >>> Vector.of("1 2").norm().text, Vector.of(["sqrt(2)", "1 + sqrt(2)"]).norm().text
        ('sqrt(5)', 'sqrt(5 + 2*sqrt(2))')
        """
        return square_root(self.dot(self))

    @property
    def text(self) -> str:
        """The entries in parentheses, in the plain grammar.

        >>> Vector.of(["1/2", "sqrt(2)"]).text
        '(1/2, sqrt(2))'
        """
        return "(" + ", ".join(x.text for x in self) + ")"

    @property
    def latex(self) -> str:
        r"""The vector as a column.

        >>> print(Vector.of("1 2").latex)
        \begin{bmatrix} 1 \\ 2 \end{bmatrix}
        """
        return _table_latex([[x] for x in self])

    @property
    def factored_latex(self) -> str:
        r"""The vector as a common factor times integers, where several entries are multiples of one such factor.

        >>> print(Vector.of("-4/5 3/5").factored_latex)
        \frac{1}{5}\begin{bmatrix} -4 \\ 3 \end{bmatrix}
        """
        return _factored_latex([[x] for x in self])

    def as_json(self) -> list[dict[str, str]]:
        """The JSON form of each entry.

        >>> Vector.of("2").as_json()
        [{'text': '2', 'latex': '2', 'decimal': '2'}]
        """
        return [x.as_json() for x in self]

    def _repr_latex_(self) -> str:
        return f"$${self.factored_latex}$$"

    def __repr__(self) -> str:
        return f"Vector({self.text!r})"


@dataclass(frozen=True)
class Matrix:
    """A matrix of exact numbers, kept by rows, at least 1 x 1.

    >>> A = Matrix.of("3 4; 3 4")
    >>> (A @ Vector.of("1 1")).text
    '(7, 7)'
    """

    rows: tuple[tuple[Number, ...], ...]

    @staticmethod
    def of(value: object) -> Matrix:
        """A matrix from text (``"3 4; 3 4"``), a list of rows or a Matrix.

        Raises:
            InputError: it is empty or ragged, or an entry is not an exact number.

        >>> Matrix.of([["1", "0.5"], [0, "sqrt(2)"]]).text
        '1 1/2; 0 sqrt(2)'
        """
        return value if isinstance(value, Matrix) else Matrix(matrix_rows(value))

    @staticmethod
    def identity(n: int) -> Matrix:
        """The n x n identity.

        >>> Matrix.identity(2).text
        '1 0; 0 1'
        """
        return Matrix(tuple(tuple(ONE if i == j else ZERO for j in range(n)) for i in range(n)))

    @staticmethod
    def zeros(m: int, n: int) -> Matrix:
        """The m x n zero matrix.

        >>> Matrix.zeros(1, 3).text
        '0 0 0'
        """
        return Matrix(((ZERO,) * n,) * m)

    @staticmethod
    def over(rows: Sequence[Sequence[int]], denominator: int, factor: int = 1) -> Matrix:
        """The matrix of these integers, each times the factor and divided by the denominator, which is not 0.

        >>> Matrix.over([[1, 2], [3, 4]], -2).text
        '-1/2 -1; -3/2 -2'
        """
        n = len(rows[0])
        common = gcd(factor, denominator) if denominator > 0 else -gcd(factor, denominator)
        factor, denominator = factor // common, denominator // common
        entries = multiples([x * factor for x in chain.from_iterable(rows)], denominator)
        return Matrix(tuple([entries[i : i + n] for i in range(0, len(entries), n)]))

    @staticmethod
    def from_columns(columns: list[Vector] | tuple[Vector, ...]) -> Matrix:
        """The matrix with these columns, all of one length.

        >>> Matrix.from_columns([Vector.of("1 2"), Vector.of("3 4")]).text
        '1 3; 2 4'
        """
        return Matrix(tuple(zip(*(column.entries for column in columns), strict=True)))

    @property
    def shape(self) -> tuple[int, int]:
        """(number of rows, number of columns).

        >>> Matrix.of("1 2 3; 4 5 6").shape
        (2, 3)
        """
        return len(self.rows), len(self.rows[0])

    def __getitem__(self, index: tuple[int, int]) -> Number:
        return self.rows[index[0]][index[1]]

    def row(self, i: int) -> Vector:
        """Row i, from 0.

        >>> Matrix.of("1 2; 3 4").row(1).text
        '(3, 4)'
        """
        return Vector(self.rows[i])

    def column(self, j: int) -> Vector:
        """Column j, from 0.

        >>> Matrix.of("1 2; 3 4").column(1).text
        '(2, 4)'
        """
        return Vector(tuple(row[j] for row in self.rows))

    @property
    def columns(self) -> tuple[Vector, ...]:
        """All columns, from the left."""
        return tuple(self.column(j) for j in range(self.shape[1]))

    @property
    def T(self) -> Matrix:
        """The transpose.

        >>> Matrix.of("1 2; 3 4").T.text
        '1 3; 2 4'
        """
        return Matrix(tuple(zip(*self.rows, strict=True)))

    @property
    def is_rational(self) -> bool:
        """Whether every entry is rational."""
        return all(map(attrgetter("is_rational"), chain.from_iterable(self.rows)))

    def __bool__(self) -> bool:
        """Whether any entry is non-zero."""
        return any(x for row in self.rows for x in row)

    def __neg__(self) -> Matrix:
        return self * -1

    def __add__(self, other: Matrix) -> Matrix:
        if self.shape != other.shape:
            raise InputError("matrix", other.text, f"must be {_by(self.shape)} to be added", "give both one shape")
        return Matrix(
            tuple(tuple(x + y for x, y in zip(a, b, strict=True)) for a, b in zip(self.rows, other.rows, strict=True))
        )

    def __sub__(self, other: Matrix) -> Matrix:
        return self + -other

    def __mul__(self, factor: Number | Fraction | int) -> Matrix:
        return Matrix(tuple(tuple(x * factor for x in row) for row in self.rows))

    __rmul__ = __mul__

    @overload
    def __matmul__(self, other: Matrix) -> Matrix: ...
    @overload
    def __matmul__(self, other: Vector) -> Vector: ...
    def __matmul__(self, other: Matrix | Vector) -> Matrix | Vector:
        size = len(other) if isinstance(other, Vector) else other.shape[0]
        if size != self.shape[1]:
            what = "vector" if isinstance(other, Vector) else "matrix"
            raise InputError(
                what, other.text, f"must have {self.shape[1]} rows to be multiplied", "transpose one, perhaps"
            )
        if isinstance(other, Vector):
            return Vector(tuple(Vector(row).dot(other) for row in self.rows))
        return Matrix(tuple(tuple(Vector(row).dot(column) for column in other.columns) for row in self.rows))

    @property
    def text(self) -> str:
        """The rows in the plain grammar, as :meth:`of` reads them.

        >>> Matrix.of([["1 + sqrt(2)", 0]]).text
        '1+sqrt(2) 0'
        """
        rows = _shown(self.rows, lambda x: x.text.replace(" ", ""))
        return "; ".join([" ".join(row) for row in rows])

    @property
    def latex(self) -> str:
        r"""The matrix with its entries as they are.

        >>> print(Matrix.of("1/2 1").latex)
        \begin{bmatrix} \frac{1}{2} & 1 \end{bmatrix}
        """
        return _table_latex(self.rows)

    @property
    def factored_latex(self) -> str:
        r"""The matrix as a common factor times integers, where several entries are multiples of one such factor.

        >>> print(Matrix.of("3/50 3/50; 4/50 4/50").factored_latex)
        \frac{1}{50}\begin{bmatrix} 3 & 3 \\ 4 & 4 \end{bmatrix}
        """
        return _factored_latex(self.rows)

    def as_json(self) -> list[list[dict[str, str]]]:
        """The JSON form of each entry, row by row."""
        return [[x.as_json() for x in row] for row in self.rows]

    def _repr_latex_(self) -> str:
        return f"$${self.factored_latex}$$"

    def __repr__(self) -> str:
        return f"Matrix({self.text!r})"


def integers(A: Matrix) -> tuple[list[list[int]], int]:
    """(N, d) with A = N / d, for rational A.

    Raises:
        UnsupportedError: an entry is not rational.

    >>> integers(Matrix.of("1/2 1/3"))
    ([[3, 2]], 6)
    """
    ratios = [[x.as_integer_ratio() for x in row] for row in A.rows]
    d = lcm(*[q for row in ratios for _, q in row])
    if d == 1:
        return [[p for p, _ in row] for row in ratios], 1
    return [[p * (d // q) for p, q in row] for row in ratios], d


def over_integers(A: Matrix) -> tuple[list[list[int]], int] | None:
    """The same, or None if an entry is not rational."""
    return integers(A) if A.is_rational else None


def _same_length(a: Vector, b: Vector) -> None:
    if len(a) != len(b):
        raise InputError("vector", b.text, f"must have {len(a)} entries, as {a.text} has", "add or leave out entries")


def _by(shape: tuple[int, int]) -> str:
    return f"{shape[0]} x {shape[1]}"


def entry_limit(columns: int) -> int:
    """Most characters of a polynomial in a table's entry: the more columns, the fewer.

    >>> entry_limit(1), entry_limit(6)
    (24, 12)
    """
    return min(WIDEST, 3 * WIDEST // columns)


def _table_latex(rows: Sequence[Sequence[Number]]) -> str:
    limit = entry_limit(len(rows[0]))
    body = r" \\ ".join([" & ".join(row) for row in _shown(rows, lambda x: x.latex_within(limit))])
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


def _shown(rows: Sequence[Sequence[Number]], show: Callable[[Number], str]) -> list[list[str]]:
    """The entries as they are shown; one object is shown once, however often it occurs."""
    made: dict[int, str] = {}
    table = []
    for row in rows:
        line = []
        for x in row:
            entry = made.get(id(x))
            if entry is None:
                entry = made[id(x)] = show(x)
            line.append(entry)
        table.append(line)
    return table


def _factored_latex(rows: Sequence[Sequence[Number]]) -> str:
    """Pulls out (g / d) sqrt(n) when there are several non-zero entries, all integer multiples of it; else plain."""
    if any(x.is_algebraic for row in rows for x in row):
        return _table_latex(rows)
    terms = [x.terms for row in rows for x in row if x]
    if len(terms) < 2 or any(len(term) != 1 or term[0][0] != terms[0][0][0] for term in terms):
        return _table_latex(rows)
    fractions = [term[0][1] for term in terms]
    factor = Fraction(gcd(*(c.numerator for c in fractions)), lcm(*(c.denominator for c in fractions)))
    radicand = terms[0][0][0]
    if radicand == 1 and factor.denominator == 1:
        return _table_latex(rows)
    (common,) = multiples((factor.numerator,), factor.denominator, radicand)
    return common.latex + _table_latex([[x / common for x in row] for row in rows])
