"""Worked steps for the singular value decomposition."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from gradus.exact.linear_algebra.eigenvalues import polynomial_latex, spectrum, trace
from gradus.exact.linear_algebra.eigenvector_steps import irrational_eigenvector_steps
from gradus.exact.linear_algebra.equations import aligned, root_latex
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.linear_algebra.row_reduction import rank, row_reduction
from gradus.exact.linear_algebra.subspaces import (
    canonical_basis,
    first_entry_positive,
    left_null_space,
    null_space,
    null_space_vectors,
    orthogonal,
    primitive,
)
from gradus.exact.linear_algebra.svd import SVD, eigenspace, svd
from gradus.exact.numbers.algebraic import square_root
from gradus.exact.numbers.number import ZERO, Number
from gradus.exact.steps import Check, Step


def right_factor_steps(A: Matrix) -> tuple[Step, ...]:
    r"""The matrix V of the singular value decomposition of A, worked.

    Raises:
        UnsupportedError: as for :func:`~gradus.exact.linear_algebra.svd.svd`.

    >>> right_factor_steps(Matrix.of("3 4; 3 4"))[-1].after
    'V = \\frac{1}{5}\\begin{bmatrix} 3 & -4 \\\\ 4 & 3 \\end{bmatrix}'
    """
    decomposition = svd(A)
    if not A:
        return (_zero_matrix_step(decomposition),)
    way = _rank_one_steps(A, decomposition) if decomposition.rank == 1 else _eigenvector_steps(A, decomposition)
    return (*way, *_null_space_completion(A, decomposition), _right_factor_step(A, decomposition))


def left_factor_steps(A: Matrix) -> tuple[Step, ...]:
    r"""The matrices U and Sigma of the singular value decomposition of A, worked from V.

    Raises:
        UnsupportedError: as for :func:`~gradus.exact.linear_algebra.svd.svd`.

    >>> left_factor_steps(Matrix.of("3 4; 3 4"))[-1].claim
    'The matrices $U$ and $\\Sigma$'
    """
    decomposition = svd(A)
    if not decomposition.has_square_roots_only:
        return _irrational_left_factor_steps(A, decomposition)
    steps = [
        compact_right_factor_step(A, decomposition),
        _product_step(A, decomposition),
        _singular_values_step(A, decomposition),
    ]
    if decomposition.rank:
        steps.append(_left_vectors_step(A, decomposition))
    if decomposition.rank < A.shape[0]:
        steps.append(_left_completion_step(A, decomposition))
    return (*steps, _left_factor_step(A, decomposition))


def _irrational_left_factor_steps(A: Matrix, decomposition: SVD) -> tuple[Step, ...]:
    r = decomposition.rank
    columns = r",\; ".join(rf"\mathbf{{u}}_{{{i + 1}}} = {decomposition.U.column(i).latex}" for i in range(r))
    steps = [
        compact_right_factor_step(A, decomposition),
        Step(
            r"The matrix $\Sigma$",
            r"Its diagonal holds the singular values, the square roots of the eigenvalues of $A^\top A$.",
            after=rf"\Sigma = {decomposition.Sigma.latex}",
            checks=(
                Check(
                    r"The squares of the $\sigma_i$ are these eigenvalues.",
                    all(
                        _is_root(s, x)
                        for s, x in zip(decomposition.singular_values, decomposition.squares, strict=False)
                    ),
                ),
            ),
        ),
        Step(
            r"$\mathbf{u}_i = A\mathbf{v}_i / \sigma_i$",
            r"Column $i$ of $AV = U\Sigma$ is $\sigma_i\mathbf{u}_i$. Where an entry is no nested square root, "
            "decimals stand for it; the text form has its polynomial.",
            after=columns,
            checks=(_unit_images_check(decomposition),),
        ),
    ]
    if r < A.shape[0]:
        steps.append(_left_completion_step(A, decomposition))
    U, Sigma = decomposition.U, decomposition.Sigma
    return (
        *steps,
        Step(
            r"The matrices $U$ and $\Sigma$",
            r"The columns of $U$ are the $\mathbf{u}_i$, and the diagonal of $\Sigma$ holds the $\sigma_i$, in this "
            "order.",
            after=rf"U = {U.latex},\quad \Sigma = {Sigma.latex}",
            checks=(
                Check(
                    r"There are as many $\mathbf{u}_i$ with $\sigma_i \neq 0$ as the rank of $A$: "
                    r"$A = \sum_i \sigma_i\mathbf{u}_i\mathbf{v}_i^\top$ on its row space and on its null space.",
                    r == rank(A),
                ),
            ),
        ),
    )


def _unit_images_check(decomposition: SVD) -> Check:
    r"""$\lVert A v \rVert^2 = \lambda \lVert v \rVert^2$, so that the u have length 1."""
    if decomposition.spectrum is None:
        return decomposition.proof[0]
    return Check(
        r"$\lVert A\mathbf{v} \rVert^2 = \lambda\lVert \mathbf{v} \rVert^2$, modulo each irreducible factor, so the "
        r"$\mathbf{u}_i$ have length 1.",
        all(
            piece.field.dot(image, image) == piece.field.times(piece.field.reduced((0, 1)), q)
            for piece in decomposition.spectrum.pieces
            for image, q in zip(piece.images, piece.norms, strict=True)
        ),
    )


def _is_root(value: Number, square: Number) -> bool:
    return value.sign() >= 0 and (square_root(square) == value)


def compact_right_factor_step(A: Matrix, decomposition: SVD) -> Step:
    """V in one step, for problems that build on it.

    >>> compact_right_factor_step(Matrix.of("3 4; 3 4"), svd(Matrix.of("3 4; 3 4"))).claim
    'The right factor $V$'
    """
    values = ", ".join(f"${v.latex}$" for v in decomposition.squares)
    return Step(
        "The right factor $V$",
        rf"Its columns are orthonormal eigenvectors of $A^\top A$, for the eigenvalues {values} in this order.",
        after=f"V = {decomposition.V.factored_latex}",
        checks=_right_factor_checks(A, decomposition),
    )


def compact_svd_step(A: Matrix, decomposition: SVD) -> Step:
    """The whole decomposition in one step, for problems that build on it.

    >>> all(check.holds for check in compact_svd_step(Matrix.of("3 4; 3 4"), svd(Matrix.of("3 4; 3 4"))).checks)
    True
    """
    U, Sigma, V = decomposition.U, decomposition.Sigma, decomposition.V
    return Step(
        r"The singular value decomposition $A = U\Sigma V^\top$",
        r"The columns of $V$ are orthonormal eigenvectors of $A^\top A$, the singular values are the square roots of "
        r"its eigenvalues, and the columns of $U$ are $A\mathbf{v}_i / \sigma_i$ where $\sigma_i \neq 0$, "
        r"completed by an orthonormal basis of "
        r"the null space of $A^\top$ where $U$ needs more columns.",
        after=rf"U = {U.factored_latex},\quad \Sigma = {Sigma.latex},\quad V = {V.factored_latex}",
        checks=(
            Check(r"$U\Sigma V^\top = A$.", U @ Sigma @ V.T == A),
            Check(r"$U^\top U = I$ and $V^\top V = I$.", _orthogonal(U) and _orthogonal(V)),
        ),
    )


def _orthogonal(Q: Matrix) -> bool:
    return Q.T @ Q == Matrix.identity(Q.shape[1])


def _right_factor_checks(A: Matrix, decomposition: SVD) -> tuple[Check, ...]:
    if not decomposition.has_square_roots_only:
        return decomposition.proof
    V, Sigma = decomposition.V, decomposition.Sigma
    return (
        Check(r"$V^\top V = I$.", _orthogonal(V)),
        Check(r"$A^\top A\,V = V\,\Sigma^\top\Sigma$.", A.T @ A @ V == V @ Sigma.T @ Sigma),
    )


def _right_factor_step(A: Matrix, decomposition: SVD) -> Step:
    return Step(
        "The matrix $V$",
        "Its columns are these vectors, in the order of descending singular values.",
        after=f"V = {decomposition.V.factored_latex}",
        checks=_right_factor_checks(A, decomposition),
    )


def _zero_matrix_step(decomposition: SVD) -> Step:
    V = decomposition.V
    return Step(
        "$V = I$",
        r"Every vector lies in the null space of $A = 0$, so that the unit vectors serve.",
        after=f"V = {V.latex}",
        checks=(Check(r"$V^\top V = I$.", _orthogonal(V)),),
    )


def _rank_one_steps(A: Matrix, decomposition: SVD) -> tuple[Step, ...]:
    """A = p q^T is its own decomposition, up to lengths."""
    row = next(A.row(i) for i in range(A.shape[0]) if A.row(i))
    q = first_entry_positive(primitive(row))
    p = A @ q / q.dot(q)
    value = decomposition.singular_values[0]
    v = decomposition.V.column(0)
    product = Matrix.from_columns([p]) @ Matrix.from_columns([q]).T
    return (
        Step(
            r"$A = \mathbf{p}\mathbf{q}^\top$, a column times a row",
            r"All rows of $A$ are multiples of one row $\mathbf{q}^\top$; $\mathbf{p}$ holds the factors.",
            after=rf"A = {p.factored_latex}{_row_latex(q)}",
            checks=(Check(r"$\mathbf{p}\mathbf{q}^\top = A$.", product == A),),
        ),
        Step(
            r"The first right singular vector",
            r"$\lVert A\mathbf{x} \rVert = \lVert \mathbf{p} \rVert\,|\mathbf{q}^\top\mathbf{x}|$, which among unit "
            r"vectors is largest for $\mathbf{x}$ parallel to $\mathbf{q}$. Of the two signs, take the one that makes "
            "the first non-zero entry positive.",
            after=aligned(
                [
                    rf"\mathbf{{v}}_1 &= \frac{{\mathbf{{q}}}}{{\lVert \mathbf{{q}} \rVert}} = {v.factored_latex}",
                    rf"\sigma_1 &= \lVert \mathbf{{p}} \rVert\,\lVert \mathbf{{q}} \rVert = "
                    rf"{_product_latex(p.norm(), q.norm())}{value.latex}",
                ]
            ),
            checks=(
                Check(
                    r"$\lVert A\mathbf{q} \rVert^2 = \sigma_1^2\lVert \mathbf{q} \rVert^2$.",
                    (A @ q).dot(A @ q) == decomposition.squares[0] * q.dot(q),
                ),
            )
            if any(x.is_algebraic for x in (value, *v))
            else (
                Check(r"$\lVert \mathbf{v}_1 \rVert = 1$.", v.dot(v) == 1),
                Check(r"$\lVert A\mathbf{v}_1 \rVert = \sigma_1$.", (A @ v).norm() == value),
            ),
        ),
    )


def _row_latex(q: Vector) -> str:
    return Matrix((q.entries,)).latex


def _product_latex(a: Number, b: Number) -> str:
    return "" if 1 in (a, b) else rf"{a.latex} \cdot {b.latex} = "


def _eigenvector_steps(A: Matrix, decomposition: SVD) -> tuple[Step, ...]:
    G = A.T @ A
    gram_step = Step(
        r"The matrix $A^\top A$",
        r"From $A = U\Sigma V^\top$ follows $A^\top A = V(\Sigma^\top\Sigma)V^\top$: the columns of $V$ are "
        r"eigenvectors of $A^\top A$, and its eigenvalues are the squares of the singular values.",
        after=rf"A^\top A = {G.latex}",
        checks=(Check("It is symmetric.", G.T == G),),
    )
    if not all(value.is_rational for value in decomposition.squares):
        return (gram_step, *_irrational_steps(A, decomposition))
    eigenvalues = spectrum(G)
    steps = [gram_step, _eigenvalue_step(G, eigenvalues.polynomial, eigenvalues.rational)]
    first = 1
    for value, count in eigenvalues.rational:
        if value:
            steps.append(_eigenspace_step(G, value, first))
            first += count
    return tuple(steps)


def _irrational_steps(A: Matrix, decomposition: SVD) -> tuple[Step, ...]:
    if decomposition.spectrum is not None:
        return irrational_eigenvector_steps(A, decomposition)
    pairs = list(zip(decomposition.squares, decomposition.V.columns, strict=True))
    lines = [
        rf"\lambda_{{{i}}} &= {value.latex},\quad \mathbf{{v}}_{{{i}}} = {v.latex}"
        for i, (value, v) in enumerate(pairs, 1)
    ]
    return (
        Step(
            r"The eigenvalues of $A^\top A$ and their eigenvectors",
            r"The eigenvalues are the roots of $\det(\lambda I - A^\top A)$; the eigenvectors solve "
            r"$(A^\top A - \lambda I)\,\mathbf{x} = \mathbf{0}$ and have length 1.",
            after=aligned(lines),
            checks=decomposition.proof,
        ),
    )


def _eigenvalue_step(G: Matrix, polynomial: Sequence[Number], roots: Sequence[tuple[Fraction, int]]) -> Step:
    shifted = [G - Matrix.identity(G.shape[0]) * value for value, _ in roots]
    annihilated = shifted[0]
    for factor in shifted[1:]:
        annihilated = annihilated @ factor
    total = sum((Number.of(value * count) for value, count in roots), ZERO)
    factors = "".join(_linear_factor(value, count) for value, count in roots)
    listed = ", ".join(
        f"${Number.of(value).latex}$" + (f" ({count} times)" if count > 1 else "") for value, count in roots
    )
    lines = [rf"\det(\lambda I - A^\top A) &= {polynomial_latex(polynomial)}"]
    if factors != polynomial_latex(polynomial):
        lines.append(f"&= {factors}")
    return Step(
        rf"The eigenvalues of $A^\top A$ are {listed}",
        "They are the roots of its characteristic polynomial.",
        after=aligned(lines),
        checks=(
            Check("The sum of the eigenvalues is the trace.", total == trace(G)),
            Check(
                r"The product of the matrices $A^\top A - \lambda I$, over the different eigenvalues, is zero.",
                not annihilated,
            ),
        ),
    )


def _linear_factor(value: Fraction, count: int) -> str:
    base = rf"(\lambda - {Number.of(value).latex})" if value else r"\lambda"
    return base if count == 1 else rf"{base}^{{{count}}}"


def _eigenspace_step(G: Matrix, value: Fraction, first: int) -> Step:
    shifted = G - Matrix.identity(G.shape[0]) * value
    vectors = eigenspace(G, value)
    names = [rf"\mathbf{{v}}_{first + i}" for i in range(len(vectors))]
    found = r",\; ".join(f"{name} = {v.factored_latex}" for name, v in zip(names, vectors, strict=True))
    reason = rf"The eigenvectors solve $(A^\top A - {Number.of(value).latex}\,I)\,\mathbf{{x}} = \mathbf{{0}}$; "
    if len(vectors) == 1:
        reason += "take the one of length 1 whose first non-zero entry is positive."
    else:
        reason += "take the reduced row echelon basis of this space, and make it orthonormal by Gram and Schmidt."
    return Step(
        f"${', '.join(names)}$ for the eigenvalue ${Number.of(value).latex}$",
        reason,
        before=rf"{shifted.latex} \;\sim\; {row_reduction(shifted).reduced.latex}",
        after=found,
        checks=(
            Check(
                rf"$A^\top A\,\mathbf{{v}} = {Number.of(value).latex}\,\mathbf{{v}}$.",
                all(G @ v == v * value for v in vectors),
            ),
            Check("The whole eigenspace is spanned.", canonical_basis(vectors) == vectors),
        ),
    )


def _null_space_completion(A: Matrix, decomposition: SVD) -> tuple[Step, ...]:
    r, n = decomposition.rank, A.shape[1]
    if r == n:
        return ()
    vectors = null_space(A)
    found = r",\; ".join(rf"\mathbf{{v}}_{r + 1 + i} = {v.factored_latex}" for i, v in enumerate(vectors))
    return (
        Step(
            "Completion by the null space",
            r"The other columns of $V$ belong to the singular value 0: an orthonormal basis of the null space of $A$, "
            "from its reduced row echelon form.",
            before=rf"{A.latex} \;\sim\; {row_reduction(A).reduced.latex}",
            after=found,
            checks=(Check(r"$A\mathbf{v} = \mathbf{0}$ for each.", _annihilates(A, vectors)),),
        ),
    )


def _annihilates(A: Matrix, vectors: Sequence[Vector]) -> bool:
    """Whether A v = 0 for all; before vectors are divided by their lengths, if these are no sums of square roots."""
    if any(x.is_algebraic for v in vectors for x in v):
        vectors = orthogonal(null_space_vectors(A))
    return all(not (A @ v) for v in vectors)


def _product_step(A: Matrix, decomposition: SVD) -> Step:
    product = A @ decomposition.V
    gram = product.T @ product
    orthogonal = all(not gram[i, j] for i in range(gram.shape[0]) for j in range(gram.shape[1]) if i != j)
    return Step(
        r"$U\Sigma = AV$",
        r"Multiply $A = U\Sigma V^\top$ by $V$ from the right, and use $V^\top V = I$.",
        after=rf"U\Sigma = AV = {product.factored_latex}",
        checks=(Check("The columns are orthogonal.", orthogonal),),
    )


def _singular_values_step(A: Matrix, decomposition: SVD) -> Step:
    product = A @ decomposition.V
    count = min(A.shape)
    lines = [rf"\sigma_{i + 1} &= {root_latex(product.column(i).dot(product.column(i)))}" for i in range(count)]
    Sigma = decomposition.Sigma
    lengths = all(product.column(i).dot(product.column(i)) == Sigma[i, i] * Sigma[i, i] for i in range(count))
    return Step(
        r"The matrix $\Sigma$",
        r"Column $i$ of $U\Sigma$ is $\sigma_i\mathbf{u}_i$, and $\mathbf{u}_i$ has length 1, so $\sigma_i$ is the "
        r"length of that column. $\Sigma$ has the shape of $A$.",
        before=aligned(lines),
        after=rf"\Sigma = {Sigma.latex}",
        checks=(Check(r"The squared lengths are the $\sigma_i^2$.", lengths),),
    )


def _left_vectors_step(A: Matrix, decomposition: SVD) -> Step:
    U, V, r = decomposition.U, decomposition.V, decomposition.rank
    lines = [
        rf"\mathbf{{u}}_{i + 1} &= \frac{{1}}{{{decomposition.singular_values[i].latex}}}"
        rf"{(A @ V.column(i)).latex} = {U.column(i).factored_latex}"
        for i in range(r)
    ]
    return Step(
        "The columns of $U$ for non-zero singular values" if r > 1 else r"The first column of $U$",
        "Divide the columns of $U\\Sigma$ by their lengths."
        if r > 1
        else r"Divide the first column of $U\Sigma$ by its length.",
        after=aligned(lines),
        checks=(
            Check(
                "They have length 1." if r > 1 else "It has length 1.",
                all(U.column(i).dot(U.column(i)) == 1 for i in range(r)),
            ),
        ),
    )


def _left_completion_step(A: Matrix, decomposition: SVD) -> Step:
    r = decomposition.rank
    vectors = left_null_space(A)
    found = r",\; ".join(rf"\mathbf{{u}}_{r + 1 + i} = {v.factored_latex}" for i, v in enumerate(vectors))
    return Step(
        "Completion of $U$",
        r"The columns that are left make $U$ orthogonal: an orthonormal basis of the null space of $A^\top$, from its "
        "reduced row echelon form.",
        before=rf"A^\top = {A.T.latex} \;\sim\; {row_reduction(A.T).reduced.latex}",
        after=found,
        checks=(Check(r"$A^\top\mathbf{u} = \mathbf{0}$ for each.", _annihilates(A.T, vectors)),),
    )


def _left_factor_step(A: Matrix, decomposition: SVD) -> Step:
    U, Sigma, V = decomposition.U, decomposition.Sigma, decomposition.V
    return Step(
        r"The matrices $U$ and $\Sigma$",
        r"The columns of $U$ are the $\mathbf{u}_i$, and the diagonal of $\Sigma$ holds the $\sigma_i$, in this order.",
        after=rf"U = {U.factored_latex},\quad \Sigma = {Sigma.latex}",
        checks=(
            Check(r"$U^\top U = I$.", _orthogonal(U)),
            Check(r"$U\Sigma V^\top = A$.", U @ Sigma @ V.T == A),
        ),
    )
