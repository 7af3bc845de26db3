"""Worked steps for least squares: with the singular value decomposition where it is exact, without it elsewhere."""

from __future__ import annotations

from gradus.exact.linear_algebra.equations import aligned, indexed
from gradus.exact.linear_algebra.least_squares import LeastSquares, least_squares, pseudo_inverse
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.linear_algebra.row_reduction import full_rank_factors, row_reduction
from gradus.exact.linear_algebra.svd import SVD, exact_svd
from gradus.exact.linear_algebra.svd_steps import compact_svd_step
from gradus.exact.numbers.number import Number
from gradus.exact.steps import Check, Step


def pseudo_inverse_steps(A: Matrix) -> tuple[Step, ...]:
    r"""The pseudo-inverse of A, worked.

    >>> pseudo_inverse_steps(Matrix.of("3 4; 3 4"))[-1].claim
    '$A^{\\dagger} = V\\Sigma^{\\dagger}U^\\top$'
    """
    if not A:
        return (
            Step(
                r"$A^{\dagger} = 0$",
                r"The pseudo-inverse of a zero matrix is its transpose.",
                checks=penrose(A),
            ),
        )
    decomposition = exact_svd(A)
    if decomposition is None:
        return _factored_pseudo_inverse_steps(A)
    V, plus, U = decomposition.V, decomposition.Sigma_plus, decomposition.U
    return (
        compact_svd_step(A, decomposition),
        Step(
            r"The pseudo-inverse of $\Sigma$",
            r"Transpose $\Sigma$ and invert its non-zero singular values; zeros stay zeros. The four conditions of "
            "Penrose, which exactly one matrix fulfils, show that this is right.",
            before=rf"\Sigma = {decomposition.Sigma.latex}",
            after=rf"\Sigma^{{\dagger}} = {plus.latex}",
            checks=penrose(decomposition.Sigma, plus, r"\Sigma"),
        ),
        Step(
            r"$A^{\dagger} = V\Sigma^{\dagger}U^\top$",
            r"Since $U$ and $V$ are orthogonal, this product fulfils the conditions of Penrose for $A$, as "
            r"$\Sigma^{\dagger}$ does for $\Sigma$. Mind that $\Sigma^{\dagger}$ and $U^\top$ stand here, "
            r"not $\Sigma$ and $U$.",
            before=rf"A^{{\dagger}} = {V.factored_latex}{plus.latex}{U.T.factored_latex}",
            after=rf"A^{{\dagger}} = {pseudo_inverse(A).factored_latex}",
            checks=(
                Check(
                    "The product agrees with the value found by full-rank factors.",
                    V @ plus @ U.T == pseudo_inverse(A),
                ),
                *penrose(A),
            ),
        ),
    )


def penrose(A: Matrix, X: Matrix | None = None, name: str = "A") -> tuple[Check, ...]:
    """The four conditions that only the pseudo-inverse X of A fulfils.

    >>> [check.holds for check in penrose(Matrix.of("3 4; 3 4"))]
    [True]
    >>> [check.holds for check in penrose(Matrix.of("3 4; 3 4"), Matrix.identity(2))]
    [False]
    """
    X = pseudo_inverse(A) if X is None else X
    plus = rf"{name}^{{\dagger}}"
    conditions = (A @ X @ A == A, X @ A @ X == X, (A @ X).T == A @ X, (X @ A).T == X @ A)
    statement = (
        rf"${name}{plus}{name} = {name}$ and ${plus}{name}{plus} = {plus}$, and both ${name}{plus}$ and ${plus}{name}$ "
        "are symmetric."
    )
    return (Check(statement, all(conditions)),)


def _factored_pseudo_inverse_steps(A: Matrix) -> tuple[Step, ...]:
    C, R = full_rank_factors(A)
    middle = C.T @ A @ R.T
    X = pseudo_inverse(A)
    return (
        Step(
            "Full-rank factors $A = CR$",
            r"$C$ holds the pivot columns of $A$, $R$ the non-zero rows of its reduced row echelon form. (Not all "
            r"entries of the singular value decomposition are sums of square roots; this way does not need it.)",
            after=rf"C = {C.latex},\quad R = {R.latex}",
            checks=(Check("$CR = A$.", C @ R == A),),
        ),
        Step(
            r"The matrix $C^\top A R^\top$",
            r"It is $(C^\top C)(RR^\top)$, a product of two invertible matrices.",
            after=rf"C^\top A R^\top = {middle.latex}",
            checks=(Check("It has full rank.", row_reduction(middle).rank == middle.shape[0]),),
        ),
        Step(
            r"$A^{\dagger} = R^\top (C^\top A R^\top)^{-1} C^\top$",
            r"This is $R^\top(RR^\top)^{-1}(C^\top C)^{-1}C^\top$, the product of the pseudo-inverses of $R$ and $C$.",
            after=rf"A^{{\dagger}} = {X.factored_latex}",
            checks=penrose(A),
        ),
    )


def minimum_norm_steps(A: Matrix, b: Vector) -> tuple[Step, ...]:
    r"""The minimum-norm least-squares solution of A x = b, worked.

    >>> minimum_norm_steps(Matrix.of("3 4; 3 4"), Vector.of("2 3"))[1].claim
    '$\\mathbf{x}^* = A^{\\dagger}\\mathbf{b}$'
    """
    solutions = least_squares(A, b)
    x, X = solutions.min_norm, pseudo_inverse(A)
    return (
        _pseudo_inverse_step(A, X),
        Step(
            r"$\mathbf{x}^* = A^{\dagger}\mathbf{b}$",
            _shortest_reason(solutions),
            before=rf"\mathbf{{x}}^* = {X.factored_latex}{b.latex}",
            after=rf"\mathbf{{x}}^* = {x.factored_latex}",
            checks=solution_checks(A, solutions),
        ),
        _residual_step(solutions),
    )


def _shortest_reason(solutions: LeastSquares) -> str:
    if not solutions.directions:
        return r"The null space of $A$ is $\{\mathbf{0}\}$, so this is the only least-squares solution."
    return (
        r"Every least-squares solution is $\mathbf{x}^* + \mathbf{n}$ with an $\mathbf{n}$ in the null "
        r"space of $A$, which "
        r"is orthogonal to $\mathbf{x}^*$: its squared length is $\lVert \mathbf{x}^* \rVert^2 + \lVert \mathbf{n} "
        r"\rVert^2$, least for $\mathbf{n} = \mathbf{0}$."
    )


def _pseudo_inverse_step(A: Matrix, X: Matrix) -> Step:
    decomposition = exact_svd(A)
    if decomposition is None or not A:
        reason = r"From full-rank factors $A = CR$ it is $R^\top (C^\top A R^\top)^{-1} C^\top$."
        if not A:
            reason = "The pseudo-inverse of a zero matrix is its transpose."
    else:
        factors = rf"{decomposition.V.factored_latex}{decomposition.Sigma_plus.latex}{decomposition.U.T.factored_latex}"
        return Step(
            "The pseudo-inverse of $A$",
            r"From the singular value decomposition it is $V\Sigma^{\dagger}U^\top$.",
            before=rf"A^{{\dagger}} = {factors}",
            after=rf"A^{{\dagger}} = {X.factored_latex}",
            checks=penrose(A, X),
        )
    return Step(
        "The pseudo-inverse of $A$",
        reason,
        after=rf"A^{{\dagger}} = {X.factored_latex}",
        checks=penrose(A, X),
    )


def solution_checks(A: Matrix, solutions: LeastSquares) -> tuple[Check, ...]:
    """What makes a point the minimum-norm least-squares solution: the normal equations, and no null-space part.

    >>> A, b = Matrix.of("3 4; 3 4"), Vector.of("2 3")
    >>> all(check.holds for check in solution_checks(A, least_squares(A, b)))
    True
    """
    normal = Check(
        r"The normal equations hold: $A^\top(A\mathbf{x}^* - \mathbf{b}) = \mathbf{0}$.", not (A.T @ solutions.residual)
    )
    return (normal, *_orthogonality(solutions))


def _orthogonality(solutions: LeastSquares) -> tuple[Check, ...]:
    if not solutions.directions:
        return ()
    orthogonal = all(not d.dot(solutions.min_norm) for d in solutions.directions)
    return (Check(r"$\mathbf{x}^*$ is orthogonal to the null space of $A$.", orthogonal),)


def _residual_step(solutions: LeastSquares) -> Step:
    square = solutions.residual.dot(solutions.residual)
    meaning = "the system is consistent, and this solves it." if not square else "the system has no solution."
    return Step(
        "The residual",
        f"Its squared length is ${square.latex}$: {meaning}",
        after=rf"A\mathbf{{x}}^* - \mathbf{{b}} = {solutions.residual.factored_latex}",
    )


def all_solutions_steps(A: Matrix, b: Vector) -> tuple[Step, ...]:
    """All least-squares solutions of A x = b, worked.

    >>> all_solutions_steps(Matrix.of("3 4; 3 4"), Vector.of("2 3"))[-1].claim
    'All solutions'
    """
    decomposition = exact_svd(A)
    solutions = least_squares(A, b)
    if decomposition is None:
        return (*minimum_norm_steps(A, b)[:2], _null_space_step(A, solutions), _family_step(A, b, solutions))
    return (
        compact_svd_step(A, decomposition),
        _rotation_step(b, decomposition),
        _coordinates_step(b, decomposition, solutions),
        _family_step(A, b, solutions),
    )


def _rotation_step(b: Vector, decomposition: SVD) -> Step:
    U = decomposition.U
    c = U.T @ b
    return Step(
        r"$\lVert A\mathbf{x} - \mathbf{b} \rVert = \lVert \Sigma\mathbf{y} - \mathbf{c} \rVert$ with "
        r"$\mathbf{y} = V^\top\mathbf{x}$ and $\mathbf{c} = U^\top\mathbf{b}$",
        r"For $A\mathbf{x} - \mathbf{b} = U(\Sigma V^\top\mathbf{x} - U^\top\mathbf{b})$, and the "
        r"orthogonal matrix $U$ "
        r"keeps lengths. Mind the transpose in $\mathbf{c} = U^\top\mathbf{b}$.",
        after=rf"\mathbf{{c}} = {U.T.factored_latex}{b.latex} = {c.factored_latex}",
        checks=(Check(r"$\lVert \mathbf{c} \rVert = \lVert \mathbf{b} \rVert$.", c.dot(c) == b.dot(b)),),
    )


def _coordinates_step(b: Vector, decomposition: SVD, solutions: LeastSquares) -> Step:
    c = decomposition.U.T @ b
    values, r, n = decomposition.singular_values, decomposition.rank, decomposition.V.shape[0]
    names = parameter_names(n - r)
    lines = [rf"y_{i + 1} &= \frac{{c_{i + 1}}}{{\sigma_{i + 1}}} = {(c[i] / values[i]).latex}" for i in range(r)]
    lines += [rf"y_{r + 1 + i} &= {name}" for i, name in enumerate(names)]
    left = sum((c[i] * c[i] for i in range(r, len(c))), Number())
    free = (
        r" The other coordinates do not enter $\Sigma\mathbf{y}$, so they are free: any real "
        + ", ".join(f"${k}$" for k in names)
        + "."
        if names
        else ""
    )
    return Step(
        r"The best $\mathbf{y}$",
        r"Where $\sigma_i$ is not zero, $y_i = c_i/\sigma_i$ makes its part of the norm zero." + free,
        after=aligned(lines),
        checks=(
            Check(
                rf"What is left, ${left.latex}$, is $\lVert A\mathbf{{x}}^* - \mathbf{{b}} \rVert^2$.",
                left == solutions.residual.dot(solutions.residual),
            ),
        ),
    )


def parameter_names(count: int) -> tuple[str, ...]:
    """The names of a family's parameters: k, or k_1, k_2, ...

    >>> parameter_names(1), parameter_names(2)
    (('k',), ('k_1', 'k_2'))
    """
    return ("k",) if count == 1 else indexed("k", count)


def _null_space_step(A: Matrix, solutions: LeastSquares) -> Step:
    directions = solutions.directions
    if not directions:
        return Step(
            r"The null space of $A$ is $\{\mathbf{0}\}$",
            "The rank of $A$ is the number of its columns, so the solution is unique.",
            checks=(Check("The rank is the number of columns.", row_reduction(A).rank == A.shape[1]),),
        )
    return Step(
        "The null space of $A$",
        r"Adding a vector of the null space does not change $A\mathbf{x}$.",
        after=r",\; ".join(d.factored_latex for d in directions),
        checks=(Check(r"$A\mathbf{n} = \mathbf{0}$ for each.", all(not (A @ d) for d in directions)),),
    )


def _family_step(A: Matrix, b: Vector, solutions: LeastSquares) -> Step:
    names = parameter_names(len(solutions.directions))
    terms = "".join(f" + {k}{d.latex}" for k, d in zip(names, solutions.directions, strict=True))
    point = solutions.min_norm.latex if names else solutions.min_norm.factored_latex
    moved = [solutions.min_norm + d for d in solutions.directions]
    r = row_reduction(A).rank
    lead = "They are" if exact_svd(A) is None else r"They are $\mathbf{x} = V\mathbf{y}$:"
    return Step(
        r"All solutions",
        f"{lead} the minimum-norm solution plus the whole null space of $A$."
        if names
        else r"The null space of $A$ is $\{\mathbf{0}\}$, so the minimum-norm solution is the only one.",
        after=rf"\mathbf{{x}} = {point}{terms}",
        checks=(
            *_orthogonality(solutions),
            Check(
                r"The normal equations $A^\top(A\mathbf{x} - \mathbf{b}) = \mathbf{0}$ hold for all of them."
                if names
                else r"The normal equations $A^\top(A\mathbf{x} - \mathbf{b}) = \mathbf{0}$ hold.",
                all(not (A.T @ (A @ x - b)) for x in (solutions.min_norm, *moved)),
            ),
            Check(
                "No direction is missing: the null space has the dimension "
                rf"${A.shape[1]} - {r} = {A.shape[1] - r}$.",
                len(names) == A.shape[1] - r,
            ),
        ),
    )
