"""The caption and the alternative text for the picture of a linear system in two unknowns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gradus.exact.linear_algebra.least_squares import LeastSquares
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.numbers.number import decimal
from gradus.problems.system_labels import Picture, equation_text
from gradus.problems.wording import counted

LONGEST = 40
"""Most characters of an exact vector or equation in the alternative text; a longer one is given in decimals."""


def system_caption(A: Matrix, b: Vector, solutions: LeastSquares, picture: Picture) -> str:
    """What the parts of the picture are, as Markdown with LaTeX; no numbers of the answer.

    >>> from gradus.exact.linear_algebra.least_squares import least_squares
    >>> from gradus.problems.system_labels import laid_out
    >>> A, b = Matrix.of("0 0"), Vector.of("5")
    >>> print(system_caption(A, b, least_squares(A, b), laid_out(A, b, least_squares(A, b))))
    All points of the plane are least-squares solutions, and $\\mathbf{x}^* = \\mathbf{0}$ is the shortest. \
Equation 1 has no line: it reads $0 = 5$.
    """
    sentences = []
    if picture.lines:
        where = ", with its number beside it" if picture.numbered else ""
        sentences.append(f"A blue line holds the points that satisfy one equation{where}.")
    sentences.append(_solutions_caption(solutions, picture))
    if picture.arrows and not picture.plane.arrow_is_unit:
        sentences.append(r"The units of both axes are equal; the arrow $\mathbf{n}$ shows a direction, not a length.")
    return " ".join((*sentences, *_remarks(A, b, picture, "${}$")))


def _solutions_caption(solutions: LeastSquares, picture: Picture) -> str:
    if len(solutions.directions) == 2:
        return r"All points of the plane are least-squares solutions, and $\mathbf{x}^* = \mathbf{0}$ is the shortest."
    if solutions.directions:
        return (
            r"The wide line $S$ holds the least-squares solutions: it runs along the null direction $\mathbf{n}$, and "
            r"$\mathbf{x}^*$ is its point closest to the origin."
        )
    common = "" if solutions.residual or len(picture.lines) < 2 else ", the point that all the lines have in common"
    return rf"$\mathbf{{x}}^*$ is the only least-squares solution{common}."


def system_alt(A: Matrix, b: Vector, solutions: LeastSquares, picture: Picture) -> str:
    """The picture in words, with the numbers.

    >>> from gradus.exact.linear_algebra.least_squares import least_squares
    >>> from gradus.problems.system_labels import laid_out
    >>> A, b = Matrix.of("1 0; 0 2"), Vector.of("1 2")
    >>> solutions = least_squares(A, b)
    >>> print(system_alt(A, b, solutions, laid_out(A, b, solutions)))
    The plane of x₁ and x₂, with the lines of 2 equations: x₁ = 1; 2x₂ = 2. The only least-squares solution is the \
point x* = (1, 1); a dashed segment joins it with the origin.
    """
    shown = [line.equations[0] for line, _ in picture.lines]
    texts = [equation_text(A.rows[i - 1], b[i - 1]) for i in shown]
    beginning = "The plane of x₁ and x₂"
    if shown:
        line = "the line of one equation" if len(shown) == 1 else f"the lines of {counted(len(shown), 'equation')}"
        listed = f": {'; '.join(texts)}" if all(len(text) <= LONGEST for text in texts) else ""
        beginning += f", with {line}{listed}"
    return " ".join((f"{beginning}.", *_solutions_alt(solutions), *_remarks(A, b, picture, "{}")))


def _solutions_alt(solutions: LeastSquares) -> Iterator[str]:
    point = _vector_text(solutions.min_norm)
    joined = "; a dashed segment joins it with the origin" if solutions.min_norm else ", the origin"
    if not solutions.directions:
        yield f"The only least-squares solution is the point x* = {point}{joined}."
    elif len(solutions.directions) == 2:
        yield "Every point of the plane is a least-squares solution; the shortest is the origin, x*."
        yield "Two arrows from there, n₁ and n₂, show the null directions."
    else:
        direction = _vector_text(solutions.directions[0])
        yield f"The least-squares solutions form the wide line S, along the null direction n = {direction}, which an"
        yield f"arrow from the origin shows. The shortest of them is the point x* = {point}{joined}."


def _remarks(A: Matrix, b: Vector, picture: Picture, mathematics: str) -> Iterator[str]:
    """Which equations have no line, and which have the same."""
    for line, _ in picture.lines:
        if len(line.equations) > 1:
            yield f"Equations {_listed(line.equations)} have the same line."
    for i, row in enumerate(A.rows):
        if not any(row):
            side = b[i].latex if "$" in mathematics else b[i].text
            reads = mathematics.format(f"0 = {side}")
            yield f"Equation {i + 1} has no line: it reads {reads}."


def _listed(numbers: Iterable[int]) -> str:
    *first, last = map(str, numbers)
    return f"{', '.join(first)} and {last}"


def _vector_text(v: Vector) -> str:
    if len(v.text) <= LONGEST:
        return v.text.replace("-", "\N{MINUS SIGN}")
    return f"about ({', '.join(decimal(x, 5) for x in v)})".replace("-", "\N{MINUS SIGN}")
