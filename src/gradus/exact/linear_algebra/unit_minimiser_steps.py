"""Worked steps for the unit vectors at which the norm of A x is least."""

from __future__ import annotations

from gradus.exact.linear_algebra.eigenvalues import trace
from gradus.exact.linear_algebra.equations import factor_latex, indexed
from gradus.exact.linear_algebra.least_squares import UnitMinimisers, unit_minimisers
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.linear_algebra.svd import SVD, exact_svd, svd
from gradus.exact.linear_algebra.svd_steps import compact_svd_step
from gradus.exact.numbers.number import Number
from gradus.exact.steps import Check, Step


def unit_minimiser_steps(A: Matrix) -> tuple[Step, ...]:
    """All unit vectors x at which the norm of A x is least, worked.

    Raises:
        UnsupportedError: as for :func:`~gradus.exact.linear_algebra.svd.svd`.

    >>> unit_minimiser_steps(Matrix.of("3 4; 3 4"))[-1].claim
    'There are exactly two minimisers'
    """
    minimisers = unit_minimisers(A)
    decomposition = exact_svd(A)
    if decomposition is None:
        return (_smallest_value_step(A, minimisers), _minimisers_step(A, minimisers))
    return (
        compact_svd_step(A, decomposition),
        _weights_step(A, decomposition),
        _minimisers_step(A, minimisers),
    )


def _weights_step(A: Matrix, decomposition: SVD) -> Step:
    m, n = A.shape
    beyond = rf" Where $i > {m}$, the number of rows, $\sigma_i = 0$." if n > m else ""
    values = [s * s for s in decomposition.singular_values] + [Number()] * (n - min(A.shape))
    form = " + ".join(
        factor_latex(v) + ("" if v else r" \cdot ") + f"{c}^2" for v, c in zip(values, indexed("c", n), strict=True)
    )
    return Step(
        r"$\lVert A\mathbf{x} \rVert^2 = \sum_i \sigma_i^2 c_i^2$ with $\mathbf{c} = V^\top\mathbf{x}$",
        r"Orthogonal matrices keep lengths, so $\lVert A\mathbf{x} \rVert = \lVert \Sigma\mathbf{c} \rVert$, and "
        r"$\lVert \mathbf{x} \rVert = 1$ says that $\sum_i c_i^2 = 1$: this is a mean of the $\sigma_i^2$ with the "
        rf"weights $c_i^2$.{beyond}",
        after=rf"\lVert A\mathbf{{x}} \rVert^2 = {form}",
        checks=(
            Check(r"The $\sigma_i^2$ add up to the trace of $A^\top A$.", sum(values, Number()) == trace(A.T @ A)),
        ),
    )


def _smallest_value_step(A: Matrix, minimisers: UnitMinimisers) -> Step:
    decomposition = svd(A)
    least = decomposition.squares[-1]
    reason = (
        r"The null space of $A$ is not $\{\mathbf{0}\}$, so the least value is 0, on its unit vectors."
        if not least
        else r"$\lVert A\mathbf{x} \rVert^2 = \mathbf{x}^\top A^\top A\,\mathbf{x}$ is least on the unit "
        r"eigenvectors of $A^\top A$ for its smallest eigenvalue."
    )
    return Step(
        rf"The least value of $\lVert A\mathbf{{x}} \rVert^2$ is ${least.latex}$",
        reason,
        after=rf"A^\top A = {(A.T @ A).latex}",
        checks=decomposition.proof,
    )


def _squared_norm(A: Matrix, x: Vector) -> Number:
    image = A @ x
    return image.dot(image)


def _minimisers_step(A: Matrix, minimisers: UnitMinimisers) -> Step:
    claim, reason, shown = _two_points(minimisers) if minimisers.kind == "points" else _sphere(minimisers)
    if exact_svd(A) is None:
        reason = (
            "On the unit sphere exactly the unit vectors of the eigenspace of the smallest eigenvalue attain it, and "
            f"this space has the dimension {1 if minimisers.kind == 'points' else len(minimisers.vectors)}."
        )
    return Step(claim, reason, after=shown, checks=_minimiser_checks(A, minimisers))


def _minimiser_checks(A: Matrix, minimisers: UnitMinimisers) -> tuple[Check, ...]:
    decomposition = svd(A)
    least = decomposition.squares[-1]
    if least and not decomposition.has_square_roots_only:
        columns = decomposition.V.columns
        return (
            Check(
                "They are the columns of $V$ for the smallest singular value, or their opposites.",
                all(v in columns or -v in columns for v in minimisers.vectors),
            ),
        )
    return (
        Check("They have length 1.", all(v.dot(v) == 1 for v in minimisers.vectors)),
        Check(
            rf"$\lVert A\mathbf{{x}} \rVert^2 = {least.latex}$ at each.",
            all(_squared_norm(A, v) == least for v in minimisers.vectors),
        ),
    )


def _two_points(minimisers: UnitMinimisers) -> tuple[str, str, str]:
    reason = (
        r"The mean is least when all the weight lies on the smallest $\sigma_i^2$, which occurs once: $c_i = \pm 1$ "
        "there and 0 elsewhere. The sign belongs to the whole vector: other changes of sign give other directions."
    )
    return "There are exactly two minimisers", reason, r",\; ".join(v.factored_latex for v in minimisers.vectors)


def _sphere(minimisers: UnitMinimisers) -> tuple[str, str, str]:
    d = len(minimisers.vectors)
    names = indexed("k", d)
    reason = (
        rf"The mean is least when all the weight lies on the smallest $\sigma_i^2$, which occurs {d} times; it may be "
        "divided among these in any way."
    )
    combination = " + ".join(f"{k}{v.latex}" for k, v in zip(names, minimisers.vectors, strict=True))
    squares = " + ".join(f"{k}^2" for k in names)
    shown = rf"\mathbf{{x}} = {combination} \quad\text{{with}}\quad {squares} = 1"
    return f"The minimisers are the unit sphere of a subspace of dimension {d}", reason, shown
