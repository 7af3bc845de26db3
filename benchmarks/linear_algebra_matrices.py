"""The matrices of the benchmark."""

from __future__ import annotations

from fractions import Fraction
from random import Random

RATIONAL = {
    "homework": "3 4; 3 4",
    "diagonal": "3 0; 0 -2",
    "shear": "1 1; 0 1",
    "golden": "1 2; 3 4",
    "fractions": "1/2 1/3; 1/4 1/5",
    "rotation": "3/5 -4/5; 4/5 3/5",
    "repeated": "1 1; 1 -1",
    "row": "1 2 2",
    "column": "2; 3; 6",
    "row of four": "1 2 3 4",
    "wide": "3 2 2; 2 3 -2",
    "wide, surds": "1 1 0; 0 1 1",
    "tall": "1 2; 2 1; 2 2",
    "tall, Vandermonde": "1 1; 1 2; 1 3",
    "tall, rank 1": "1 2; 2 4; 3 6",
    "outer product": "1 2 3; 2 4 6; -1 -2 -3",
    "counting": "1 2 3; 4 5 6; 7 8 9",
    "magic": "8 1 6; 3 5 7; 4 9 2",
    "permutation": "0 1 0; 0 0 1; 1 0 0",
    "circulant": "1 2 3; 3 1 2; 2 3 1",
    "incidence of a triangle": "1 -1 0; 0 1 -1; -1 0 1",
    "incidence of a path": "1 -1 0 0; 0 1 -1 0; 0 0 1 -1",
    "bidiagonal": "1 1 0; 0 1 1; 0 0 1",
    "symmetric": "2 1 0; 1 2 1; 0 1 2",
    "second difference": "2 -1 0 0; -1 2 -1 0; 0 -1 2 -1; 0 0 -1 2",
    "Hilbert 2": "1 1/2; 1/2 1/3",
    "Hilbert 3": "1 1/2 1/3; 1/2 1/3 1/4; 1/3 1/4 1/5",
    "Hadamard": "1 1 1 1; 1 -1 1 -1; 1 1 -1 -1; 1 -1 -1 1",
    "projection": "2/3 -1/3 -1/3; -1/3 2/3 -1/3; -1/3 -1/3 2/3",
    "nilpotent": "0 1 0; 0 0 2; 0 0 0",
    "magic 4": "16 2 3 13; 5 11 10 8; 9 7 6 12; 4 14 15 1",
    "identity plus ones": "2 1 1 1; 1 2 1 1; 1 1 2 1; 1 1 1 2",
    "large entries": "123456 654321; 234567 765432",
    "nearly singular": "1000000 999999; 999999 999998",
    "arrow": "1 1 1; 1 2 0; 1 0 3",
    "zero row and column": "0 1 2; 0 0 0; 0 3 4",
}

WITH_ROOTS = {
    "root column": "1; sqrt(2)",
    "root row": "sqrt(2) sqrt(3) 2",
    "turned by 45 degrees": "sqrt(2)/2 -sqrt(2)/2; sqrt(2)/2 sqrt(2)/2",
    "turned by 30 degrees, stretched": "sqrt(3) -1; 1/2 sqrt(3)/2",
    "hidden rank 1": "sqrt(2) 2; 1 sqrt(2)",
    "hidden rank 1, two roots": "sqrt(6) sqrt(2); 3 sqrt(3)",
    "diagonal of roots": "sqrt(2) 0; 0 sqrt(3)",
    "equal diagonal": "1 sqrt(2); sqrt(2) 1",
    "denesting": "sqrt(3) 1; 1 sqrt(3)",
    "tall with roots": "1 0; 0 sqrt(2); sqrt(2) 1",
    "scaled by sqrt(5)": "sqrt(5) 2*sqrt(5); 0 sqrt(5)",
    "three by three": "sqrt(2) 0 1; 0 sqrt(2) 0; 1 0 sqrt(2)",
}


def larger() -> dict[str, list[list[str]]]:
    """From 5 x 5 to 20 x 20, some without full rank."""
    hilbert = {f"Hilbert {n}": [[f"1/{i + j + 1}" for j in range(n)] for i in range(n)] for n in (5, 8)}
    shapes = [(5, 5, 5), (6, 4, 4), (4, 7, 4), (8, 8, 5), (8, 8, 8), (12, 12, 8), (20, 20, 15)]
    return {**hilbert, **{f"random {m} x {n}, rank {r}": _product(Random(m * n), m, r, n) for m, n, r in shapes}}


def _product(rng: Random, m: int, r: int, n: int) -> list[list[str]]:
    """A product of random m x r and r x n matrices."""
    left = [[rng.randint(-3, 3) for _ in range(r)] for _ in range(m)]
    columns = [[rng.randint(-3, 3) for _ in range(r)] for _ in range(n)]
    return [[str(sum(map(int.__mul__, row, column))) for column in columns] for row in left]


def rank_75() -> list[list[str]]:
    """100 x 100, rank 75, with fractions."""
    rng = Random(75)
    left = [[rng.randint(-3, 3) for _ in range(75)] for _ in range(100)]
    right = [[rng.randint(-3, 3) for _ in range(100)] for _ in range(75)]
    over = [rng.randint(1, 3) for _ in range(100)]
    columns = list(zip(*right, strict=True))
    rows = [
        [Fraction(sum(map(int.__mul__, row, col)), d) for col in columns] for row, d in zip(left, over, strict=True)
    ]
    return [[str(x) for x in row] for row in rows]


def degree_8() -> str:
    """8 x 8 whose Gram matrix has an irreducible characteristic polynomial."""
    rng = Random(8)
    return "; ".join(" ".join(str(rng.randint(-3, 3)) for _ in range(8)) for _ in range(8))
