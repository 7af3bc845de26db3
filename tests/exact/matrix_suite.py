"""Named matrices, 1 x 1 to 8 x 8, on which the exact linear algebra is tried."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from random import Random

from gradus.exact import Matrix

Table = list[list[Fraction | int]]


def named() -> dict[str, Matrix]:
    """All rational matrices of the suite, by name."""
    pairs = [*_small(), *_structured(), *_companions(), *_multiplied(), *_random(), *_extreme()]
    assert len({name for name, _ in pairs}) == len(pairs)
    return {name: Matrix.of(table) for name, table in pairs}


def _small() -> Iterator[tuple[str, object]]:
    for m, n in ((1, 1), (1, 3), (3, 1), (2, 2), (4, 2), (5, 5), (8, 8)):
        yield f"zero {m} x {n}", [[0] * n for _ in range(m)]
    for text in (
        "5", "-7", "2/3", "3 4", "3; 4", "1 1 1", "1; 2; 2", "0 0 2", "1 1; 0 1", "1 2; 3 4", "2 1; 1 2", "3 4; 3 4",
        "1 0; 0 1", "0 1; 1 0", "1 1; 1 -1", "0 1; 0 0", "1 2; 2 4", "-3 -4; -3 -4", "1/2 1/3; 1/5 1/7", "1 1; 1 0",
        "1 2 3; 4 5 6", "1 2; 3 4; 5 6", "1 0 1; 0 1 1", "1 1; 1 -1; 1 0", "2 0 0; 0 1 0; 0 0 2", "1 1 0; 0 1 1; 0 0 1",
        "1 2 3; 4 5 6; 7 8 9", "0 1 0; 0 0 1; 1 0 0", "0 0 1; 5 0 0; 0 0 0", "1 1 0; 0 1 0; 0 0 1/2",
        "1 1 0; 0 1 0; 0 0 1", "2 -1 0; -1 2 -1; 0 -1 2", "1 1 0 0; 0 1 0 0; 0 0 1 1; 0 0 0 1",
        "1 1 1 1; 1 -1 1 -1; 1 1 -1 -1; 1 -1 -1 1", "4 0; 3 -5", "1 -1 0; 0 1 -1; -1 0 1", "1 2 0; 0 1 2; 2 0 1",
    ):  # fmt: skip
        yield f"[{text}]", text


def _structured() -> Iterator[tuple[str, Table]]:
    for n in range(2, 9):
        yield f"Hilbert {n}", [[Fraction(1, i + j + 1) for j in range(n)] for i in range(n)]
        yield f"path incidence {n}", [[(j == i) - (j == i + 1) for j in range(n)] for i in range(n - 1)]
        yield f"bidiagonal {n}", [[int(j in (i, i + 1)) for j in range(n)] for i in range(n)]
        yield f"all ones {n}", [[1] * n for _ in range(n)]
        yield f"min {n}", [[min(i, j) + 1 for j in range(n)] for i in range(n)]
    for n in range(3, 9):
        yield f"cycle incidence {n}", [[(j == i) - (j == (i + 1) % n) for j in range(n)] for i in range(n)]
        yield f"circulant {n}", [[(1, 2, 0, 3, 0, 0, 1, 0)[(j - i) % n] for j in range(n)] for i in range(n)]
        yield f"Pascal {n}", _pascal(n)
        yield f"Vandermonde {n}", [[(i + 1) ** j for j in range(n)] for i in range(n)]
        yield f"complete incidence {n}", _complete_graph(n)[:8]
    for n in (3, 4, 5):
        yield f"magic {n}", _magic(n)
    yield "star incidence 6", [[1, *(-int(i == j) for j in range(5))] for i in range(5)]


def _pascal(n: int) -> Table:
    rows: Table = [[1] * n]
    for _ in range(n - 1):
        row: list[Fraction | int] = [1]
        for x in rows[-1][1:]:
            row.append(row[-1] + x)
        rows.append(row)
    return rows


def _complete_graph(n: int) -> Table:
    return [[(k == i) - (k == j) for k in range(n)] for i in range(n) for j in range(i)]


def _magic(n: int) -> Table:
    if n % 2:
        return [[n * ((i + j + 1 + n // 2) % n) + (i + 2 * j + n - 3) % n + 1 for j in range(n)] for i in range(n)]
    return [[16, 2, 3, 13], [5, 11, 10, 8], [9, 7, 6, 12], [4, 14, 15, 1]]


def _companions() -> Iterator[tuple[str, Table]]:
    """A triangular matrix with small entries: mostly an irreducible factor of the full degree."""
    for n in range(2, 9):
        rng = Random(100 + n)
        yield f"irreducible {n}", [[rng.randint(-3, 3) + 4 * (i == j) for j in range(n)] for i in range(n)]
        yield f"tall {n}", [[rng.randint(-2, 2) for _ in range(max(1, n // 2))] for _ in range(n)]
        yield f"wide {n}", [[rng.randint(-2, 2) for _ in range(n)] for _ in range(max(1, n // 2))]


def _multiplied() -> Iterator[tuple[str, Table]]:
    """Repeated irrational singular values: a block several times, mixed by an orthogonal rational matrix."""
    for size, times in ((2, 2), (2, 3), (2, 4), (3, 2), (4, 2)):
        block = [[int(j in (i, i + 1)) + (size == 4 and i == j == 0) for j in range(size)] for i in range(size)]
        n = size * times
        table: Table = [
            [block[i % size][j % size] if i // size == j // size else 0 for j in range(n)] for i in range(n)
        ]
        yield f"degree {size} repeated {times} times", table
        yield f"degree {size} repeated {times} times, mixed", _reflected(table)
        yield f"degree {size} repeated {times} times, wide", [row[:] for row in _reflected(table)][: n - size]


def _reflected(table: Table) -> Table:
    """The table times the reflection I - 2 w w^T / w^T w."""
    n = len(table[0])
    w = [1 + (k % 3) for k in range(n)]
    length = sum(x * x for x in w)
    mixed = []
    for row in table:
        weight = Fraction(2 * sum(x * y for x, y in zip(row, w, strict=True)), length)
        mixed.append([x - weight * y for x, y in zip(row, w, strict=True)])
    return mixed


def _random() -> Iterator[tuple[str, Table]]:
    for seed in range(24):
        rng = Random(seed)
        m, n = rng.randint(1, 7), rng.randint(1, 7)
        yield f"random {m} x {n}, {seed}", [[rng.randint(-9, 9) for _ in range(n)] for _ in range(m)]
        k = max(1, min(m, n) - 1)
        left = [[rng.randint(-3, 3) for _ in range(k)] for _ in range(m)]
        right = [[Fraction(rng.randint(-3, 3), rng.randint(1, 3)) for _ in range(n)] for _ in range(k)]
        yield (
            f"rank at most {k}, {m} x {n}, {seed}",
            [
                [sum((x * row[j] for x, row in zip(line, right, strict=True)), Fraction(0)) for j in range(n)]
                for line in left
            ],
        )


def _extreme() -> Iterator[tuple[str, Table]]:
    big, tiny = 10**30, Fraction(1, 10**30)
    yield "nearly singular", [[1, 1], [1, 1 + tiny]]
    yield "nearly equal values", [[1, 0, 0], [0, 1 + tiny, 0], [0, 0, 1 - tiny]]
    yield "nearly equal irrational values", [[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1 + tiny, 1], [0, 0, 0, 1]]
    yield "big", [[big, big + 1], [big - 1, big]]
    yield "big and small", [[big, 1, 0], [1, tiny, 1], [0, 1, 1]]
    yield "big rank one", [[big, 2 * big], [3 * big, 6 * big]]
    yield "graded", [[Fraction(10) ** (3 * (i - j)) for j in range(4)] for i in range(4)]
    yield "graded triangle", [[Fraction(10) ** (i - 2 * j) if j >= i else 0 for j in range(5)] for i in range(5)]


SURDS = {
    "diagonal": ("sqrt(2) 0; 0 1", 2),
    "hidden rank one": ("sqrt(2) 2; 1 sqrt(2)", 1),
    "hidden rank one, three roots": ("sqrt(6) sqrt(2); sqrt(3) 1", 1),
    "hidden dependence": ("1 sqrt(2) 1+sqrt(2); sqrt(3) 0 sqrt(3); 1 1 2", 2),
    "conjugates": ("1+sqrt(2) 1; 1 -1+sqrt(2)", 1),
    "orthogonal": ("sqrt(2)/2 sqrt(2)/2; -sqrt(2)/2 sqrt(2)/2", 2),
    "rational Gram matrix": ("sqrt(3) 0; 0 sqrt(5); 1 1", 2),
    "wide": ("sqrt(2) sqrt(3) sqrt(5)", 1),
    "golden": ("1/2+sqrt(5)/2 1; 1 -1/2+sqrt(5)/2", 1),
    "full rank": ("1 sqrt(2); sqrt(2) 1", 2),
    "nested values": ("1+sqrt(2) 1; 1 1", 2),
    "two roots, no dependence": ("sqrt(2) 1 0; 1 1 0; 0 1 sqrt(3)", 3),
    "repeated nested values": ("1+sqrt(2) 1 0 0; 1 1 0 0; 0 0 1+sqrt(2) 1; 0 0 1 1", 4),
    "tall": ("sqrt(2) 1; 1 0; 0 sqrt(3)", 2),
}
"""Matrices with square roots: text and rank."""
