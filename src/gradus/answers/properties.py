"""The properties that decide answers about one matrix or one linear system, each with a witness where it fails.

Every function takes the matrix A (m x n), perhaps a right-hand side b (m entries), and the given value.  It returns an
empty text if the value is right, and else a sentence with the first property that fails and a witness for it.  Only
the value that was given is inspected: any basis, any singular vectors and any point of a family are right if they
satisfy what defines them.  Nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from gradus.answers.orthonormality import first_not_orthonormal, first_wrong_size, length_text
from gradus.exact.linear_algebra.least_squares import least_squares, unit_minimisers
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.linear_algebra.row_reduction import rank, row_reduction
from gradus.exact.linear_algebra.subspaces import null_space_vectors, primitive
from gradus.exact.linear_algebra.svd import svd
from gradus.exact.numbers.number import Number


def wrong_system(A: Matrix, b: Vector, names: Sequence[str], given_A: Matrix, given_b: Vector) -> str:
    """Why a matrix and a right-hand side are not the system A x = b; its equations may stand in any order.

    >>> A, b = Matrix.of("3 4; 3 4"), Vector.of("2 3")
    >>> wrong_system(A, b, ("x", "y"), Matrix.of("3 3; 4 4"), b)
    'Row 1 says 3x + 3y = 2, which is not one of the equations.'
    """
    if given_A.shape != A.shape:
        shapes = f"{A.shape[0]} x {A.shape[1]}, and is {given_A.shape[0]} x {given_A.shape[1]}"
        return f"A must be {shapes}: one row for each equation, one column for each unknown."
    if len(given_b) != len(b):
        return f"b must have one entry for each equation, {len(b)}, and has {len(given_b)}."
    waiting = [(*row, side) for row, side in zip(A.rows, b, strict=True)]
    for i, (row, side) in enumerate(zip(given_A.rows, given_b, strict=True), start=1):
        if (*row, side) not in waiting:
            return f"Row {i} says {equation_text(row, side, names)}, which is not one of the equations."
        waiting.remove((*row, side))
    return ""


def equation_text(coefficients: Sequence[Number], side: Number, names: Sequence[str]) -> str:
    """An equation in plain text.

    >>> equation_text(Vector.of("3 -1").entries, Number.of("1/2"), ("x", "y"))
    '3x - y = 1/2'
    """
    text = ""
    for c, name in zip(coefficients, names, strict=True):
        if not c:
            continue
        size, sign = abs(c), c.sign()
        joint = (" - " if sign < 0 else " + ") if text else ("-" if sign < 0 else "")
        factor = "" if size == 1 else size.text if size.text.isdigit() else f"({size.text}) "
        text += f"{joint}{factor}{name}"
    return f"{text or '0'} = {side.text}"


def wrong_rank(A: Matrix, given: Number) -> str:
    """Why a number is not the rank of A.

    >>> wrong_rank(Matrix.of("3 4; 3 4"), Number.of(2))
    '2 rows of A are never independent: its row echelon form has only 1 non-zero row.'
    """
    if not given.is_rational or given.as_fraction().denominator != 1 or given.sign() < 0:
        return f"A rank is a whole number that is not negative, and {given.text} is none."
    claimed, reduction = int(given.as_fraction()), row_reduction(A)
    if claimed > min(A.shape):
        return f"The rank is at most {min(A.shape)}, the smaller of the numbers of rows and columns."
    if claimed > reduction.rank:
        rows = f"{reduction.rank} non-zero row{'' if reduction.rank == 1 else 's'}"
        return f"{claimed} rows of A are never independent: its row echelon form has only {rows}."
    if claimed < reduction.rank:
        some = reduction.pivots[: claimed + 1]
        columns = f"column {some[0] + 1} of A is not zero" if len(some) == 1 else f"{_columns(some)} are independent"
        return f"The rank is greater than {claimed}: {columns}."
    return ""


def _columns(indices: Sequence[int]) -> str:
    *first, last = (str(i + 1) for i in indices)
    return f"columns {', '.join(first)} and {last} of A"


def wrong_row_space_basis(A: Matrix, vectors: Sequence[Vector]) -> str:
    """Why vectors are no orthonormal basis of the row space of A.

    >>> wrong_row_space_basis(Matrix.of("3 4; 3 4"), [Vector.of("4/5 -3/5")])
    '(4/5, -3/5) is not in the row space: it is not orthogonal to (-4, 3), which A takes to 0.'
    """
    null = [primitive(n) for n in null_space_vectors(A)]
    if wrong := first_wrong_size(vectors, A.shape[1], lambda i: vectors[i].text):
        return wrong
    for v in vectors:
        for n in null:
            if v.dot(n):
                why = f"it is not orthogonal to {n.text}, which A takes to 0."
                return f"{v.text} is not in the row space: {why}"
    return _not_a_basis(vectors, rank(A), "row space")


def wrong_null_space_basis(A: Matrix, vectors: Sequence[Vector]) -> str:
    """Why vectors are no orthonormal basis of the null space of A.

    >>> wrong_null_space_basis(Matrix.of("3 4; 3 4"), [Vector.of("4/5 3/5")])
    'A x is not 0 for x = (4/5, 3/5): A x = (24/5, 24/5).'
    """
    if wrong := first_wrong_size(vectors, A.shape[1], lambda i: vectors[i].text):
        return wrong
    for v in vectors:
        if image := A @ v:
            return f"A x is not 0 for x = {v.text}: A x = {image.text}."
    return _not_a_basis(vectors, A.shape[1] - rank(A), "null space")


def _not_a_basis(vectors: Sequence[Vector], dimension: int, space: str) -> str:
    if wrong := first_not_orthonormal(vectors, lambda i: vectors[i].text):
        return wrong
    if len(vectors) != dimension:
        return f"The {space} has dimension {dimension}, and {len(vectors)} {_are(len(vectors))} given."
    return ""


def _are(count: int) -> str:
    return "vector is" if count == 1 else "vectors are"


def wrong_right_factor(A: Matrix, V: Matrix) -> str:
    """Why a matrix is not V in any singular value decomposition of A.

    >>> wrong_right_factor(Matrix.of("3 4; 3 4"), Matrix.of("3/5 7/5; 4/5 0"))
    'column 2 of V has length 7/5, not 1.'
    """
    n = A.shape[1]
    if V.shape != (n, n):
        return f"V must be {n} x {n}, and is {V.shape[0]} x {V.shape[1]}."
    if _has_roots(V) and _same_up_to_signs(V, svd(A).V):
        return ""
    if wrong := first_not_orthonormal(V.columns, lambda i: f"column {i + 1} of V"):
        return wrong
    images = (A @ V).columns
    for j, w in enumerate(images):
        for i, v in enumerate(images[:j]):
            if product := v.dot(w):
                vectors = f"A v{i + 1} and A v{j + 1}, for the columns v{i + 1} and v{j + 1} of V,"
                return f"{vectors} are not orthogonal: their scalar product is {product.text}."
    squares = [w.dot(w) for w in images]
    for i, (first, second) in enumerate(pairwise(squares), start=1):
        if first < second:
            lengths = f"the squared length of A v{i} is {first.text}, and that of A v{i + 1} is {second.text}"
            return f"The singular values must descend, but {lengths}, for the columns v{i} and v{i + 1} of V."
    return ""


def wrong_left_factors(A: Matrix, U: Matrix, Sigma: Matrix) -> str:
    """Why two matrices are not U and Sigma in any singular value decomposition of A.

    There is a V with A = U Sigma V^T exactly if U is orthogonal, Sigma is diagonal, descending and not negative, and
    A A^T u = sigma^2 u for every column u of U.

    >>> wrong_left_factors(Matrix.of("3 4; 3 4"), Matrix.of("1 0; 0 1"), Matrix.of("5*sqrt(2) 0; 0 0"))
    'A A^T u1 is not sigma1^2 u1 for u1 = (1, 0): A A^T u1 = (25, 25), and sigma1^2 u1 = (50, 0).'
    """
    m, n = A.shape
    if U.shape != (m, m):
        return f"U must be {m} x {m}, and is {U.shape[0]} x {U.shape[1]}."
    if wrong := _wrong_sigma(Sigma, m, n):
        return wrong
    if (_has_roots(U) or _has_roots(Sigma)) and (found := svd(A)).Sigma == Sigma and _same_up_to_signs(U, found.U):
        return ""
    if wrong := first_not_orthonormal(U.columns, lambda i: f"column {i + 1} of U"):
        return wrong
    for i, u in enumerate(U.columns):
        sigma = Sigma[i, i] if i < n else Number()
        image, multiple = A @ (A.T @ u), u * (sigma * sigma)
        if image != multiple:
            k = i + 1
            values = f"A A^T u{k} = {image.text}, and sigma{k}^2 u{k} = {multiple.text}"
            return f"A A^T u{k} is not sigma{k}^2 u{k} for u{k} = {u.text}: {values}."
    return ""


def _has_roots(M: Matrix) -> bool:
    return any(x.is_algebraic for row in M.rows for x in row)


def _same_up_to_signs(M: Matrix, N: Matrix) -> bool:
    """Whether the columns are the same or opposite: what needs no arithmetic with roots of different polynomials."""
    return all(v in (w, -w) for v, w in zip(M.columns, N.columns, strict=True))


def _wrong_sigma(Sigma: Matrix, m: int, n: int) -> str:
    if Sigma.shape != (m, n):
        return f"Sigma must be {m} x {n}, and is {Sigma.shape[0]} x {Sigma.shape[1]}."
    for i, row in enumerate(Sigma.rows):
        for j, x in enumerate(row):
            if x and i != j:
                return f"Sigma must be diagonal, and its entry ({i + 1}, {j + 1}) is {x.text}."
    values = [Sigma[i, i] for i in range(min(m, n))]
    for i, x in enumerate(values, start=1):
        if x.sign() < 0:
            return f"A singular value is never negative, and entry ({i}, {i}) of Sigma is {x.text}."
    for first, second in pairwise(values):
        if first < second:
            return f"The singular values must descend, and {second.text} stands after {first.text} in Sigma."
    return ""


def wrong_pseudo_inverse(A: Matrix, X: Matrix) -> str:
    """Why a matrix is not the pseudo-inverse of A: the first of Penrose's conditions that fails.

    >>> wrong_pseudo_inverse(Matrix.of("3 4; 3 4"), Matrix.of("3 3; 4 4"))
    'A X A is not A: its entry (1, 1) is 150, not 3.'
    """
    m, n = A.shape
    if X.shape != (n, m):
        return f"The pseudo-inverse X of A must be {n} x {m}, and is {X.shape[0]} x {X.shape[1]}."
    AX, XA = A @ X, X @ A
    return (
        _unequal("A X A is not A", AX @ A, A)
        or _unequal("X A X is not X", XA @ X, X)
        or _asymmetry("A X", AX)
        or _asymmetry("X A", XA)
    )


def _unequal(claim: str, found: Matrix, wanted: Matrix) -> str:
    for i, (row, right) in enumerate(zip(found.rows, wanted.rows, strict=True), start=1):
        for j, (x, y) in enumerate(zip(row, right, strict=True), start=1):
            if x != y:
                return f"{claim}: its entry ({i}, {j}) is {x.text}, not {y.text}."
    return ""


def _asymmetry(name: str, S: Matrix) -> str:
    for i in range(S.shape[0]):
        for j in range(i):
            if S[i, j] != S[j, i]:
                entries = f"its entries ({j + 1}, {i + 1}) and ({i + 1}, {j + 1}) are {S[j, i].text} and {S[i, j].text}"
                return f"{name} is not symmetric: {entries}."
    return ""


def wrong_least_squares_solution(A: Matrix, b: Vector, x: Vector) -> str:
    """Why a vector does not make the norm of A x - b least.

    >>> wrong_least_squares_solution(Matrix.of("3 4; 3 4"), Vector.of("2 3"), Vector.of("0 1"))
    '(0, 1) is no least-squares solution: its residual has length sqrt(5), and the least is sqrt(2)/2.'
    """
    if len(x) != A.shape[1]:
        return f"{x.text} has {len(x)} {'entry' if len(x) == 1 else 'entries'}, and A has {A.shape[1]} columns."
    residual = A @ x - b
    if not A.T @ residual:
        return ""
    return f"{x.text} is no least-squares solution: its residual has {_lengths(A, b, residual)}."


def _lengths(A: Matrix, b: Vector, residual: Vector) -> str:
    """The length of a residual and the least one, both squared where one of them has no simple form."""
    shown, least = length_text(residual), least_squares(A, b).residual
    if not shown.startswith("squared") and not (least_shown := length_text(least)).startswith("squared"):
        return f"{shown}, and the least is {least_shown.removeprefix('length ')}"
    return f"squared length {residual.dot(residual).text}, and the least is {least.dot(least).text}"


def wrong_minimum_norm_solution(A: Matrix, b: Vector, x: Vector) -> str:
    """Why a vector is not the shortest least-squares solution.

    >>> wrong_minimum_norm_solution(Matrix.of("3 4; 3 4"), Vector.of("2 3"), Vector.of("0 5/8"))
    'It is a least-squares solution, but not the shortest: it is not orthogonal to (-4, 3), which A takes to 0.'
    """
    if wrong := wrong_least_squares_solution(A, b, x):
        return wrong
    for n in null_space_vectors(A):
        if x.dot(n):
            why = f"it is not orthogonal to {primitive(n).text}, which A takes to 0"
            return f"It is a least-squares solution, but not the shortest: {why}."
    return ""


def wrong_solution_family(
    A: Matrix, b: Vector, point: Vector, directions: Sequence[Vector], names: Sequence[str]
) -> str:
    """Why a point plus all combinations of directions is not the set of all least-squares solutions.

    >>> A, b = Matrix.of("3 4; 3 4"), Vector.of("2 3")
    >>> wrong_solution_family(A, b, Vector.of("3/10 2/5"), [Vector.of("4 3")], ["k"])
    'With k = 1 the family gives (43/10, 17/5), whose residual has length sqrt(4610)/2, and the least is sqrt(2)/2.'
    """
    if wrong := wrong_least_squares_solution(A, b, point):
        return wrong
    for d, k in zip(directions, names, strict=True):
        if A @ d:
            x = point + d
            others = ", all else 0," if len(directions) > 1 else ""
            return f"With {k} = 1{others} the family gives {x.text}, whose residual has {_lengths(A, b, A @ x - b)}."
    for n in null_space_vectors(A):
        if not _in_span(n, directions):
            x = point + primitive(n)
            return f"Not all solutions are given: {x.text} is one too, since A takes {primitive(n).text} to 0."
    return ""


def _in_span(v: Vector, vectors: Sequence[Vector]) -> bool:
    if not vectors:
        return not v
    rows = tuple(w.entries for w in vectors)
    return rank(Matrix((*rows, v.entries))) == rank(Matrix(rows))


def wrong_minimisers(A: Matrix, points: Sequence[Vector]) -> str:
    """Why a list of points is not the set of all unit vectors at which the norm of A x is least.

    >>> A = Matrix.of("3 4; 3 4")
    >>> wrong_minimisers(A, [Vector.of("4/5 -3/5"), Vector.of("4/5 3/5")])
    'A x is not 0 for x = (4/5, 3/5): A x = (24/5, 24/5), but A takes some unit vectors to 0.'
    >>> wrong_minimisers(A, [Vector.of("4/5 -3/5")])
    'Not all are given: (-4/5, 3/5) is a unit vector at which the norm of A x is the same.'
    """
    if wrong := first_wrong_size(points, A.shape[1], lambda i: points[i].text):
        return wrong
    minimisers = unit_minimisers(A)
    least = _squared(A, minimisers.vectors[0])
    for v in points:
        if v in minimisers.vectors:
            continue
        if v.dot(v) != 1:
            return f"{v.text} is no unit vector: it has {length_text(v)}."
        if wrong := _not_least(A, v, least):
            return wrong
    for v in _witnesses(minimisers.vectors, minimisers.kind == "sphere", points):
        if v not in points:
            return f"Not all are given: {v.text} is a unit vector at which the norm of A x is the same."
    return ""


def wrong_minimiser_span(A: Matrix, vectors: Sequence[Vector]) -> str:
    """Why the unit vectors in the span of some vectors are not all those at which the norm of A x is least.

    >>> wrong_minimiser_span(Matrix.of("1 1 1"), [Vector.of("1 -1 0")])
    'Not all are given: A x has its least norm for the direction of (-1, -1, 2) too.'
    """
    if wrong := first_wrong_size(vectors, A.shape[1], lambda i: vectors[i].text):
        return wrong
    if not any(vectors):
        return "The span of these vectors holds no unit vector."
    minimisers = unit_minimisers(A)
    least = _squared(A, minimisers.vectors[0])
    for v in vectors:
        if wrong := _not_least(A, v, least * v.dot(v)):
            return wrong
    for v in minimisers.vectors:
        if not _in_span(v, vectors):
            shown = v if least else _scaled_to_integers(v)
            return f"Not all are given: A x has its least norm for the direction of {shown.text} too."
    return ""


def _scaled_to_integers(v: Vector) -> Vector:
    """A positive multiple of v with coprime integers, where v is a number times a rational vector."""
    return primitive(v / abs(next(x for x in v if x)))


def _squared(A: Matrix, x: Vector) -> Number:
    image = A @ x
    return image.dot(image)


def _not_least(A: Matrix, v: Vector, least: Number) -> str:
    image = A @ v
    if (square := image.dot(image)) == least:
        return ""
    if not least:
        return f"A x is not 0 for x = {v.text}: A x = {image.text}, but A takes some unit vectors to 0."
    norms = f"A x = {image.text}, whose squared norm is {square.text}, and {least.text} is possible"
    return f"The norm of A x is not least at x = {v.text}: {norms}."


def _witnesses(vectors: Sequence[Vector], sphere: bool, points: Sequence[Vector]) -> list[Vector]:
    """Minimisers, one more than were given where there are infinitely many."""
    if not sphere:
        return list(vectors)
    first, second = vectors[0], vectors[1]
    found = [first, second]
    for t in range(2, len(points) + 3):
        found.append((first * (t * t - 1) + second * (2 * t)) / (t * t + 1))
    return found
