"""Worked steps for orthonormal bases of the row space and of the null space."""

from __future__ import annotations

from collections.abc import Sequence

from gradus.exact.linear_algebra.equations import aligned, factor_latex, indexed, linear_form, root_latex
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.linear_algebra.row_reduction import RowReduction, reduced_form_steps, row_reduction
from gradus.exact.linear_algebra.subspaces import (
    first_entry_positive,
    is_orthonormal,
    null_space,
    null_space_vectors,
    orthogonal,
    projection,
    row_space,
)
from gradus.exact.numbers.number import Number
from gradus.exact.steps import Check, Step


def row_space_steps(A: Matrix) -> tuple[Step, ...]:
    r"""An orthonormal basis of the row space of A, worked.

    >>> row_space_steps(Matrix.of("3 4; 3 4"))[-1].claim
    '$\\mathbf{r}$ spans the row space'
    """
    if not A:
        return (Step(r"The row space is $\{\mathbf{0}\}$", "Every row of $A$ is zero, so the basis is empty."),)
    reduction = row_reduction(A)
    letter = "r"
    spanning = _spanning_step(reduction)
    unit = orthonormal_steps(reduction.rows, letter)
    return (*reduced_form_steps(reduction), spanning, *unit, _row_space_conclusion(A))


def null_space_steps(A: Matrix) -> tuple[Step, ...]:
    r"""An orthonormal basis of the null space of A, worked.

    >>> null_space_steps(Matrix.of("3 4; 3 4"))[-1].claim
    '$\\mathbf{n}$ spans the null space'
    """
    reduction = row_reduction(A)
    way = reduced_form_steps(reduction)
    if not reduction.free:
        return (*way, _trivial_null_space(reduction))
    vectors = null_space_vectors(A)
    return (
        *way,
        _general_solution(reduction, vectors),
        *orthonormal_steps(vectors, "n"),
        _null_space_conclusion(A),
    )


def orthonormal_steps(vectors: Sequence[Vector], letter: str) -> tuple[Step, ...]:
    r"""Gram and Schmidt on independent vectors, with integer multiples where they are rational.

    Args:
        vectors: linearly independent.
        letter: of the unit vectors' names; ``r`` makes their first non-zero entries positive.

    >>> [step.claim for step in orthonormal_steps([Vector.of("1 1"), Vector.of("1 0")], "n")]
    ['Unit vector $\\mathbf{n}_1$', 'Unit vector $\\mathbf{n}_2$']
    """
    squares = orthogonal(vectors)
    oriented = [first_entry_positive(w) for w in squares] if letter == "r" else list(squares)
    names = [letter] if len(vectors) == 1 else indexed(letter, len(vectors))
    return tuple(_orthonormal_step(vector, squares[:i], oriented[i], names[i], i) for i, vector in enumerate(vectors))


def _orthonormal_step(vector: Vector, earlier: Sequence[Vector], w: Vector, name: str, index: int) -> Step:
    removed = [v for v in earlier if v.dot(vector)]
    multiple = _multiple_latex(vector, removed, w)
    size = w.norm()
    unit = w / size
    symbol = rf"\mathbf{{{name[0]}}}{name[1:]}"
    lines = [
        rf"\mathbf{{w}} &= {multiple}{w.latex}",
        rf"\lVert \mathbf{{w}} \rVert &= {root_latex(w.dot(w))}",
        rf"{symbol} &= \frac{{\mathbf{{w}}}}{{\lVert \mathbf{{w}} \rVert}} = {unit.factored_latex}",
    ]
    reason = "Only the direction counts, so take a simpler multiple, and divide it by its length."
    if not multiple:
        reason = "Divide the vector by its length."
    if removed:
        reason = "Take off the components along the vectors found before; then divide by the length."
        if _factor(vector, removed, w) != 1:
            reason = "Take off the components along the vectors found before; then take a multiple without fractions, "
            reason += "and divide it by its length."
    elif index:
        reason = f"It is orthogonal to the vectors found before already. {reason}"
    checks = [Check(rf"$\lVert {symbol} \rVert = 1$.", unit.dot(unit) == 1)]
    if earlier:
        checks.append(Check("It is orthogonal to those before it.", all(not v.dot(unit) for v in earlier)))
    return Step(rf"Unit vector ${symbol}$", reason, after=aligned(lines), checks=tuple(checks))


def _factor(vector: Vector, removed: Sequence[Vector], w: Vector) -> Number:
    """The multiple that w is of a vector less its components along the removed ones."""
    rest = vector
    for v in removed:
        rest = rest - v * (v.dot(vector) / v.dot(v))
    return next(a / b for a, b in zip(w, rest, strict=True) if b)


def _multiple_latex(vector: Vector, removed: Sequence[Vector], w: Vector) -> str:
    """How w was made from a vector: ``k (vector - its components along the removed ones) =``; nothing if it is w."""
    factor = _factor(vector, removed, w)
    components = "".join(_removed_latex(v, vector) for v in removed)
    if not components:
        return "" if factor == 1 else f"{factor_latex(factor)}{vector.latex} = "
    inner = vector.latex + components
    return f"{inner} = " if factor == 1 else rf"{factor_latex(factor)}\left({inner}\right) = "


def _removed_latex(v: Vector, vector: Vector) -> str:
    factor = v.dot(vector) / v.dot(v)
    sign, size = (" - ", factor) if factor.sign() > 0 else (" + ", -factor)
    return sign + factor_latex(size) + v.latex


def _spanning_step(reduction: RowReduction) -> Step:
    rows = reduction.rows
    listed = r",\; ".join(row.latex for row in rows)
    one = len(rows) == 1
    what = "the one non-zero row" if one else f"the {len(rows)} non-zero rows"
    written, pivots = ("a column", "one pivot") if one else ("columns", f"{len(rows)} pivots")
    return Step(
        rf"The row space has dimension {len(rows)}",
        f"It is spanned by {what} of the reduced form, written here as {written}.",
        after=rf"\operatorname{{Row}}(A) = \operatorname{{span}}\left\{{ {listed} \right\}}",
        checks=(Check(f"The reduced form of $A$ has {pivots}.", len(reduction.pivots) == len(rows)),),
    )


def _row_space_conclusion(A: Matrix) -> Step:
    basis = row_space(A)
    inside = all(projection(basis, A.row(i)) == A.row(i) for i in range(A.shape[0]))
    reason = "Of two opposite signs, take the one that makes the first non-zero entry positive."
    checks = (
        Check("Each row of $A$ equals its projection on the span.", inside),
        Check(_lengths(basis), is_orthonormal(basis)),
    )
    claim = r"$\mathbf{r}$ spans the row space" if len(basis) == 1 else "The basis"
    return Step(claim, reason, after=r",\; ".join(v.factored_latex for v in basis), checks=checks)


def _lengths(basis: Sequence[Vector]) -> str:
    return "The vectors are orthonormal." if len(basis) > 1 else "The vector has length 1."


def _trivial_null_space(reduction: RowReduction) -> Step:
    n = reduction.matrix.shape[1]
    return Step(
        r"The null space is $\{\mathbf{0}\}$",
        r"Every column has a pivot, so no variable is free, and $\mathbf{x} = \mathbf{0}$ is the only solution of "
        r"$A\mathbf{x} = \mathbf{0}$; the basis is empty.",
        after=reduction.reduced.latex,
        checks=(Check(rf"$\operatorname{{rank}}(A) = {n}$, the number of columns.", reduction.rank == n),),
    )


def _general_solution(reduction: RowReduction, vectors: Sequence[Vector]) -> Step:
    names = indexed("x", reduction.matrix.shape[1])
    free_names = [names[j] for j in reduction.free]
    sides = [[-reduction.reduced[i, j] for j in reduction.free] for i in range(reduction.rank)]
    lines = [
        f"{names[pivot]} &= {linear_form(side, free_names)}"
        for pivot, side in zip(reduction.pivots, sides, strict=True)
    ]
    free = ", ".join(f"${names[j]}$" for j in reduction.free)
    combination = " + ".join(f"{names[j]}{v.latex}" for j, v in zip(reduction.free, vectors, strict=True))
    solved = all(not (reduction.matrix @ v) for v in vectors)
    return Step(
        r"General solution of $A\mathbf{x} = \mathbf{0}$",
        f"The columns without a pivot leave {free} free; the rows of the reduced form give the other unknowns.",
        before=aligned(lines) if lines else "",
        after=rf"\mathbf{{x}} = {combination}",
        checks=(Check(r"$A$ maps each of these vectors to $\mathbf{0}$.", solved),),
    )


def _null_space_conclusion(A: Matrix) -> Step:
    basis = null_space(A)
    many = len(basis) > 1
    checks = (
        Check(
            rf"$A\mathbf{{n}} = \mathbf{{0}}${' for each vector of the basis' if len(basis) > 1 else ''}.",
            all(not (A @ v) for v in basis),
        ),
        Check(_lengths(basis), is_orthonormal(basis)),
        Check(
            ("Their number" if many else "The number of vectors, 1,")
            + " and the rank add up to the number of columns.",
            len(basis) + row_reduction(A).rank == A.shape[1],
        ),
    )
    return Step(
        "The basis" if many else r"$\mathbf{n}$ spans the null space",
        f"{'They lie' if many else 'It lies'} in the null space, whose dimension is the number of free "
        f"variables, {len(basis)}.",
        after=r",\; ".join(v.factored_latex for v in basis),
        checks=checks,
    )
