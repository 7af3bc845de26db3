"""Row reduction with its operations, and what is read off it: rank, full-rank factors, the inverse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from gradus.errors import InputError
from gradus.exact.linear_algebra.equations import factor_latex
from gradus.exact.linear_algebra.matrices import Matrix, Vector, integers
from gradus.exact.numbers import ground
from gradus.exact.numbers.number import ONE, ZERO, Number
from gradus.exact.steps import Check, Step

Rows = tuple[tuple[Number, ...], ...]


@dataclass(frozen=True)
class Stage:
    r"""The operations that clear one column, as LaTeX, and the matrix that they lead to.

    >>> row_reduction(Matrix.of("1 2; 3 4")).forward[0].operations
    ('R_{2} \\leftarrow R_{2} - 3R_{1}',)
    """

    operations: tuple[str, ...]
    after: Matrix


@dataclass(frozen=True)
class RowReduction:
    """The way of a matrix to its reduced row echelon form.

    Attributes:
        matrix: the m x n matrix that it starts from.
        forward: the stages down to a row echelon form.
        backward: the stages from there up to the reduced form.
        reduced: the reduced row echelon form, m x n.
        pivots: the pivot columns, counted from 0, ascending.

    >>> reduction = row_reduction(Matrix.of("1 2 3; 2 4 7"))
    >>> reduction.reduced.text, reduction.pivots, reduction.free, reduction.rank
    ('1 2 0; 0 0 1', (0, 2), (1,), 2)
    """

    matrix: Matrix
    forward: tuple[Stage, ...]
    backward: tuple[Stage, ...]
    reduced: Matrix
    pivots: tuple[int, ...]

    @property
    def rank(self) -> int:
        """The number of pivots."""
        return len(self.pivots)

    @property
    def echelon(self) -> Matrix:
        """The row echelon form after the forward stages.

        >>> row_reduction(Matrix.of("3 4; 3 4")).echelon.text
        '3 4; 0 0'
        """
        return self.forward[-1].after if self.forward else self.matrix

    @property
    def free(self) -> tuple[int, ...]:
        """The columns without a pivot, counted from 0."""
        return tuple(j for j in range(self.matrix.shape[1]) if j not in self.pivots)

    @property
    def rows(self) -> tuple[Vector, ...]:
        """The non-zero rows of the reduced form: the canonical basis of the row space.

        >>> [row.text for row in row_reduction(Matrix.of("3 4; 3 4")).rows]
        ['(1, 4/3)']
        """
        return tuple(self.reduced.row(i) for i in range(self.rank))


def row_reduction(A: Matrix) -> RowReduction:
    """Row reduction as one does it by hand: down first, then up.

    A pivot of size 1 is preferred, since it spares fractions; otherwise the topmost candidate is taken.

    >>> row_reduction(Matrix.of("3 4; 3 4")).reduced.text
    '1 4/3; 0 0'
    """
    rows, forward = A.rows, list[Stage]()
    pivots: list[int] = []
    for column in range(A.shape[1]):
        if len(pivots) == A.shape[0]:
            break
        source = _pivot_row(rows, len(pivots), column)
        if source is None:
            continue
        rows, operations = _cleared_below(rows, len(pivots), source, column)
        if operations:
            forward.append(Stage(operations, Matrix(rows)))
        pivots.append(column)
    backward = []
    for target, column in reversed(list(enumerate(pivots))):
        rows, operations = _cleared_above(rows, target, column)
        if operations:
            backward.append(Stage(operations, Matrix(rows)))
    return RowReduction(A, tuple(forward), tuple(backward), Matrix(rows), tuple(pivots))


def _pivot_row(rows: Rows, start: int, column: int) -> int | None:
    candidates = [i for i in range(start, len(rows)) if rows[i][column]]
    units = [i for i in candidates if rows[i][column] in (1, -1)]
    return next(iter(units or candidates), None)


def _cleared_below(rows: Rows, target: int, source: int, column: int) -> tuple[Rows, tuple[str, ...]]:
    table, operations = list(rows), []
    if source != target:
        table[source], table[target] = table[target], table[source]
        operations.append(rf"R_{{{target + 1}}} \leftrightarrow R_{{{source + 1}}}")
    for i in range(target + 1, len(table)):
        if factor := table[i][column] / table[target][column]:
            table[i] = _minus(table[i], table[target], factor)
            operations.append(_subtraction(i, target, factor))
    return tuple(table), tuple(operations)


def _cleared_above(rows: Rows, target: int, column: int) -> tuple[Rows, tuple[str, ...]]:
    table, operations = list(rows), []
    if (pivot := table[target][column]) != 1:
        inverse = pivot.reciprocal()
        table[target] = tuple(x * inverse for x in table[target])
        operations.append(rf"R_{{{target + 1}}} \leftarrow {factor_latex(inverse)}R_{{{target + 1}}}")
    for i in range(target):
        if factor := table[i][column]:
            table[i] = _minus(table[i], table[target], factor)
            operations.append(_subtraction(i, target, factor))
    return tuple(table), tuple(operations)


def _minus(row: Sequence[Number], pivot_row: Sequence[Number], factor: Number) -> tuple[Number, ...]:
    return tuple(x - factor * y for x, y in zip(row, pivot_row, strict=True))


def _subtraction(i: int, target: int, factor: Number) -> str:
    sign, size = ("-", factor) if factor.sign() > 0 else ("+", -factor)
    return rf"R_{{{i + 1}}} \leftarrow R_{{{i + 1}}} {sign} {factor_latex(size)}R_{{{target + 1}}}"


def reduced_rows(A: Matrix) -> tuple[tuple[Vector, ...], tuple[int, ...]]:
    """The non-zero rows of the reduced row echelon form and the pivot columns, without the way there.

    >>> [row.text for row in reduced_rows(Matrix.of("3 4; 3 4"))[0]]
    ['(1, 4/3)']
    """
    if not A.is_rational:
        reduction = row_reduction(A)
        return reduction.rows, reduction.pivots
    rows, denominator, pivots = ground.reduced(integers(A)[0])
    return tuple(map(Vector, Matrix.over(rows, denominator).rows)) if rows else (), pivots


def rank(A: Matrix) -> int:
    """The number of linearly independent rows.

    >>> rank(Matrix.of("3 4; 3 4"))
    1
    """
    return len(reduced_rows(A)[1])


def full_rank_factors(A: Matrix) -> tuple[Matrix, Matrix]:
    """C (m x r) and R (r x n) with A = C R: the pivot columns of A, and the non-zero rows of its reduced form.

    Raises:
        InputError: A is zero, so that r = 0.

    >>> [factor.text for factor in full_rank_factors(Matrix.of("3 4; 3 4"))]
    ['3; 3', '1 4/3']
    """
    rows, pivots = reduced_rows(A)
    if not pivots:
        raise InputError("A", A.text, "must not be zero to be factored", "give a matrix with a non-zero entry")
    C = Matrix.from_columns([A.column(j) for j in pivots])
    return C, Matrix(tuple(row.entries for row in rows))


def inverse(A: Matrix) -> Matrix:
    """The inverse of a square matrix, from the reduced form of [A | I].

    Raises:
        InputError: A is not square, or its rank is below its size.

    >>> inverse(Matrix.of("2 1; 1 1")).text
    '1 -1; -1 2'
    """
    m, n = A.shape
    if m != n:
        raise InputError("A", A.text, "must be square to have an inverse", "use pseudo_inverse")
    wide = Matrix(tuple((*row, *unit) for row, unit in zip(A.rows, Matrix.identity(n).rows, strict=True)))
    rows, pivots = reduced_rows(wide)
    if pivots != tuple(range(n)):
        raise InputError("A", A.text, "must have full rank to have an inverse", "use pseudo_inverse")
    return Matrix(tuple(row.entries[n:] for row in rows))


def determinant(A: Matrix) -> Number:
    """The determinant of a square matrix, by Bareiss for rational entries and by elimination for square roots.

    Raises:
        InputError: A is not square.

    >>> determinant(Matrix.of("1 2; 3 4")).text, determinant(Matrix.of("sqrt(2) 1; 1 sqrt(2)")).text
    ('-2', '1')
    """
    m, n = A.shape
    if m != n:
        raise InputError("A", A.text, "must be square to have a determinant", "give as many rows as columns")
    if A.is_rational:
        N, d = integers(A)
        return Number.of(Fraction(ground.determinant(N), d**n))
    rows, value = list(A.rows), ONE
    for k in range(n):
        source = next((i for i in range(k, n) if rows[i][k]), None)
        if source is None:
            return ZERO
        if source != k:
            rows[k], rows[source], value = rows[source], rows[k], -value
        inverse_pivot = rows[k][k].reciprocal()
        for i in range(k + 1, n):
            if rows[i][k]:
                rows[i] = _minus(rows[i], rows[k], rows[i][k] * inverse_pivot)
        value = value * rows[k][k]
    return value


def echelon_steps(reduction: RowReduction) -> tuple[Step, ...]:
    r"""The forward stages as worked steps; none if the matrix is in row echelon form already.

    >>> [step.claim for step in echelon_steps(row_reduction(Matrix.of("3 4; 3 4")))]
    ['$R_{2} \\leftarrow R_{2} - R_{1}$']
    """
    return _stage_steps(reduction.matrix, reduction.forward, ())


def reduced_form_steps(reduction: RowReduction) -> tuple[Step, ...]:
    r"""All stages as worked steps; none if the matrix is in reduced row echelon form already.

    >>> [step.claim for step in reduced_form_steps(row_reduction(Matrix.of("3 4; 3 4")))]
    ['$R_{2} \\leftarrow R_{2} - R_{1}$', '$R_{1} \\leftarrow \\frac{1}{3}R_{1}$']
    """
    return _stage_steps(reduction.matrix, reduction.forward, reduction.backward)


def _stage_steps(start: Matrix, forward: Sequence[Stage], backward: Sequence[Stage]) -> tuple[Step, ...]:
    stages = [*forward, *backward]
    befores = [start, *(stage.after for stage in stages)]
    return tuple(
        Step(
            claim=", ".join(f"${operation}$" for operation in stage.operations),
            reason=_stage_reason(stage.operations, first=i == 0, down=i < len(forward)),
            before=befores[i].latex,
            after=stage.after.latex,
            checks=(_same_row_space(befores[i], stage.after),),
        )
        for i, stage in enumerate(stages)
    )


def _stage_reason(operations: Sequence[str], first: bool, down: bool) -> str:
    swaps = [operation for operation in operations if "leftrightarrow" in operation]
    subtractions = [operation for operation in operations if r"\leftarrow R" in operation]
    done = ["brings a pivot to its place"] if swaps else []
    done += ["makes a pivot 1"] if len(operations) > len(swaps) + len(subtractions) else []
    where = "below" if down else "above"
    if subtractions:
        done.append(f"clears the column {where} it" if done else f"clears a column {where} its pivot")
    reason = f"This {' and '.join(done)}."
    kept = " Row operations change neither the row space nor the null space."
    return reason + (kept if first else "")


def _same_row_space(before: Matrix, after: Matrix) -> Check:
    """Two matrices have one row space exactly when stacking them raises the rank of neither."""
    stacked = rank(Matrix(before.rows + after.rows))
    return Check("The rows before and after span the same space.", stacked == rank(before) == rank(after))


def rank_steps(A: Matrix) -> tuple[Step, ...]:
    r"""The rank of A by elimination.

    >>> [step.claim for step in rank_steps(Matrix.of("3 4; 3 4"))]
    ['$R_{2} \\leftarrow R_{2} - R_{1}$', '$\\operatorname{rank}(A) = 1$']
    """
    reduction = row_reduction(A)
    r = reduction.rank
    if not r:
        return (
            Step(
                r"$\operatorname{rank}(A) = 0$.",
                "Every entry of $A$ is zero.",
                checks=(Check("$A = 0$", not A),),
            ),
        )
    C, R = full_rank_factors(A)
    rows, columns = _counted(r, "non-zero row"), _counted(r, "pivot column")
    independent = " These are linearly independent: each begins further to the right than the one above it."
    conclusion = Step(
        claim=rf"$\operatorname{{rank}}(A) = {r}$",
        reason=f"The row echelon form has {rows}." + (independent if r > 1 else ""),
        after=reduction.echelon.latex,
        checks=(
            Check(
                f"$A$ is the product of its {columns} and the {rows} of its reduced form, so the rank is not larger.",
                C @ R == A,
            ),
            Check(
                "Those columns and those rows are independent, so it is not smaller.",
                rank(C.T @ C) == r and rank(R @ R.T) == r,
            ),
        ),
    )
    return (*echelon_steps(reduction), conclusion)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")
