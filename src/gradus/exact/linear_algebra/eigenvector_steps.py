"""Worked steps for V where eigenvalues of A^T A are irrational: all roots of an irreducible factor at once."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from gradus.exact.linear_algebra.eigenvalues import polynomial_latex
from gradus.exact.linear_algebra.equations import aligned
from gradus.exact.linear_algebra.matrices import Matrix, integers
from gradus.exact.linear_algebra.spectra import Eigenvectors, GramSpectrum
from gradus.exact.linear_algebra.svd import SVD
from gradus.exact.numbers import ground
from gradus.exact.numbers.number import Number, decimal
from gradus.exact.numbers.number_fields import Element, primitive_vector
from gradus.exact.steps import Check, Step


def irrational_eigenvector_steps(A: Matrix, decomposition: SVD) -> tuple[Step, ...]:
    r"""The eigenvalues of A^T A by irreducible factors, and the eigenvectors as polynomials in the eigenvalue.

    Args:
        A: rational.
        decomposition: its singular value decomposition.

    >>> A = Matrix.of("1 1; 0 1")
    >>> from gradus.exact.linear_algebra.svd import svd
    >>> [step.claim for step in irrational_eigenvector_steps(A, svd(A))][1]
    'Eigenvectors for the roots of $\\lambda^{2} - 3\\lambda + 1$'
    """
    spectrum = decomposition.spectrum
    assert spectrum is not None, "rational matrices have a spectrum"
    pieces = sorted(spectrum.pieces, key=lambda piece: piece.field.degree)
    return (
        _polynomial_step(A, spectrum),
        *(_piece_step(A, spectrum, piece) for piece in pieces),
        _values_step(decomposition),
    )


def _polynomial_step(A: Matrix, spectrum: GramSpectrum) -> Step:
    N, d = integers(A)
    gram = ground.product(list(zip(*N, strict=True)), N)
    whole = _eigenvalue_polynomial(ground.characteristic_polynomial(gram), d)
    nullity = A.shape[1] - len(spectrum.order)
    factors = [(_eigenvalue_polynomial(p.field.modulus, d), len(p.vectors)) for p in spectrum.pieces]
    factors += [((Fraction(0), Fraction(1)), nullity)] if nullity else []
    shown = "".join(_factor_latex(factor, count) for factor, count in factors)
    lines = [rf"\det(\lambda I - A^\top A) &= {polynomial_latex(whole)}"]
    lines += [f"&= {shown}"] if len(factors) > 1 or factors[0][1] > 1 else []
    irreducible = [p for p in spectrum.pieces if p.field.degree > 1]
    degrees = "one of them has" if len(irreducible) == 1 else "some of them have"
    return Step(
        r"The eigenvalues of $A^\top A$ are the roots of its characteristic polynomial",
        rf"It is written as a product of factors that are irreducible over the rationals; {degrees} a degree above 1, "
        "so that its roots are irrational.",
        after=aligned(lines),
        checks=(
            Check("The factors multiply to the characteristic polynomial.", _product(factors) == list(whole)),
            Check(
                "Each factor is irreducible, and all its roots are real and positive.",
                all(_is_irreducible(p) for p in irreducible),
            ),
        ),
    )


def _is_irreducible(piece: Eigenvectors) -> bool:
    f = piece.field.modulus
    positive = all(piece.field.root_bounds(root, 64)[1] > 0 for root in range(1, piece.field.degree + 1))
    return ground.factors(f) == ((f, 1),) and positive


def _eigenvalue_polynomial(f: Sequence[int], d: int) -> tuple[Fraction, ...]:
    """From roots t to roots t / d^2, monic."""
    n = len(f) - 1
    return tuple(Fraction(c, d ** (2 * (n - k))) for k, c in enumerate(f))


def _factor_latex(factor: Sequence[Fraction], count: int) -> str:
    base = polynomial_latex(factor)
    base = base if base == r"\lambda" else f"({base})"
    return base if count == 1 else f"{base}^{{{count}}}"


def _product(factors: Sequence[tuple[Sequence[Fraction], int]]) -> list[Fraction]:
    result = [Fraction(1)]
    for factor, count in factors:
        for _ in range(count):
            longer = [Fraction(0)] * (len(result) + len(factor) - 1)
            for i, x in enumerate(result):
                for j, y in enumerate(factor):
                    longer[i + j] += x * y
            result = longer
    return result


def _piece_step(A: Matrix, spectrum: GramSpectrum, piece: Eigenvectors) -> Step:
    d, field = spectrum.d, piece.field
    factor = polynomial_latex(_eigenvalue_polynomial(field.modulus, d))
    count = len(piece.vectors)
    names = ["v"] if count == 1 else [f"v_{{{j + 1}}}" for j in range(count)]
    shown = r",\quad ".join(
        rf"\mathbf{{{name[0]}}}{name[1:]}(\lambda) = {_vector_latex(v, d)}"
        for name, v in zip(names, piece.vectors, strict=True)
    )
    many = (
        ""
        if count == 1
        else f" Every root is an eigenvalue {count} times: the vectors come from the reduced row echelon basis of the "
        "eigenspace, made orthogonal by Gram and Schmidt."
    )
    if field.degree == 1:
        claim = f"Eigenvectors for the eigenvalue ${Number.of(Fraction(-field.modulus[0], d * d)).latex}$"
        shown = shown.replace(r"(\lambda)", "")
    else:
        claim = f"Eigenvectors for the roots of ${factor}$"
    gram = ground.product(list(zip(*spectrum.N, strict=True)), spectrum.N)
    return Step(
        claim,
        "One calculation with remainders modulo this factor serves for all its roots: put any of them for $\\lambda$."
        f"{many}"
        if field.degree > 1
        else f"They solve $(A^\\top A - \\lambda I)\\mathbf{{x}} = \\mathbf{{0}}$.{many}",
        after=shown,
        checks=(
            Check(
                r"$A^\top A\,\mathbf{v} = \lambda\,\mathbf{v}$"
                + (", for every root of the factor." if field.degree > 1 else "."),
                all(
                    field.reduced((0, *v[i]))
                    == tuple(sum(c * a[k] for c, a in zip(row, v, strict=True)) for k in range(field.degree))
                    for v in piece.vectors
                    for i, row in enumerate(gram)
                ),
            ),
        ),
    )


def _vector_latex(v: Sequence[Element], d: int) -> str:
    scaled = primitive_vector([tuple(x * d ** (2 * k) for k, x in enumerate(a)) for a in v])
    body = r" \\ ".join(polynomial_latex([Fraction(x) for x in a]) for a in scaled)
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


def _values_step(decomposition: SVD) -> Step:
    values = [value for value in decomposition.singular_values if value]
    squares = decomposition.squares
    lines = []
    for i, value in enumerate(values):
        shown = (
            value.latex
            if r"\approx" in value.latex or value.is_rational
            else f"{value.latex} \\approx {decimal(value, 6)}"
        )
        lines.append(rf"\sigma_{{{i + 1}}} &= \sqrt{{\lambda_{{{i + 1}}}}} = {shown}")
    order = all(a >= b for a, b in pairwise(squares))
    return Step(
        "The non-zero singular values",
        r"They are the square roots of the non-zero eigenvalues $\lambda_1 \ge \lambda_2 \ge \dots$ of $A^\top A$, "
        "ordered by intervals that are certain to hold them.",
        after=aligned(lines),
        checks=(Check("They descend.", order),),
    )
