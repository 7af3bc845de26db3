"""What is timed, by gradus and by SymPy, and the check of both that knows nothing of either.

A result leaves the worker as decimals of 30 digits and is judged by its defining equations in mpmath.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from multiprocessing.connection import Connection
from statistics import median
from time import perf_counter
from typing import Any

import mpmath
import sympy
from sympy.core.cache import clear_cache

from gradus.errors import UnsupportedError
from gradus.exact import Matrix, pseudo_inverse, svd

TOLERANCE = 1e-15
"""Largest residual of a right result, relative to the largest entries that occur in the equation."""

TURN_S = 0.02
"""Seconds that one program calculates before it is the other's turn, or one call where that takes longer."""

Decimals = list[list[tuple[str, str]]]


def serve(connection: Connection) -> None:
    """Answer ``(task, matrix)`` with how it went and how long it took, and ``"check"`` with a verdict."""
    TASKS["sympy svd"](_sympy_matrix(Matrix.of("1 1; 0 1")))
    connection.send("ready")
    task, A, result = "", Matrix.of("0"), None
    while True:
        message = connection.recv()
        if message == "check":
            connection.send(_verdict(task, A, result))
            continue
        task, rows = message
        A = Matrix.of(rows)
        given = _sympy_matrix(A) if task.startswith("sympy") else A
        try:
            result, seconds = _timed(TASKS[task], given)
        except UnsupportedError as error:
            connection.send(("unsupported", str(error)))
            continue
        connection.send(("done", seconds))


def _timed(work: Callable[[Any], Sequence[Any]], given: Any) -> tuple[Sequence[Any], float]:
    """The result, and the median time of calls in a row that take TURN_S together, or of the one that takes longer.

    Each starts without what the one before had kept in caches, and the collection of garbage waits, as in timeit.
    """
    times: list[float] = []
    gc.collect()
    gc.disable()
    try:
        while sum(times) < TURN_S:
            _forget()
            start = perf_counter()
            result = work(given)
            times.append(perf_counter() - start)
    finally:
        gc.enable()
    return result, median(times)


def _forget() -> None:
    """Empty the caches of both programs: a matrix is decomposed once, not five times."""
    clear_cache()
    for name, module in list(sys.modules.items()):
        if name.startswith("gradus."):
            for value in vars(module).values():
                if callable(clear := getattr(value, "cache_clear", None)):
                    clear()


def _gradus_svd(A: Matrix) -> tuple[Matrix, ...]:
    found = svd(A)
    factors = (found.U, found.Sigma, found.V)
    for factor in factors:
        _ = factor.text, factor.latex
    return factors


def _sympy_svd(A: Any) -> tuple[Any, ...]:
    factors: tuple[Any, ...] = A.singular_value_decomposition()
    for factor in factors:
        _ = str(factor), sympy.latex(factor)
    return factors


def _gradus_pinv(A: Matrix) -> tuple[Matrix, ...]:
    return (pseudo_inverse(A),)


def _sympy_pinv(method: str, A: Any) -> tuple[Any, ...]:
    return (A.pinv(method=method),)


TASKS: dict[str, Callable[[Any], Sequence[Any]]] = {
    "gradus svd": _gradus_svd,
    "sympy svd": _sympy_svd,
    "gradus pinv": _gradus_pinv,
    "sympy pinv RD": partial(_sympy_pinv, "RD"),
    "sympy pinv ED": partial(_sympy_pinv, "ED"),
}


def _sympy_matrix(A: Matrix) -> Any:
    def entry(x: Any) -> Any:
        return sum((sympy.Rational(c.numerator, c.denominator) * sympy.sqrt(n) for n, c in x.terms), sympy.Integer(0))

    return sympy.Matrix([[entry(x) for x in row] for row in A.rows])


def _verdict(task: str, A: Matrix, result: Any) -> str:
    """``right``, ``unsorted`` (right but for the order of the singular values) or ``wrong``."""
    convert = _sympy_decimals if task.startswith("sympy") else _gradus_decimals
    mpmath.mp.dps = 30
    given = _mp(_gradus_decimals(A))
    factors = [_mp(convert(factor)) for factor in result]
    if "pinv" in task:
        return "right" if _penrose_residual(given, factors[0]) < TOLERANCE else "wrong"
    U, S, V = factors
    values = [S[i, i] for i in range(min(S.rows, S.cols))]
    if any(abs(v.imag) > TOLERANCE or v.real < 0 for v in map(mpmath.mpc, values)):
        return "wrong"
    if _svd_residual(given, U, S, V) >= TOLERANCE:
        return "wrong"
    reals = [mpmath.re(v) for v in values]
    slack = TOLERANCE * max([*reals, mpmath.mpf(1)])
    return "right" if all(a >= b - slack for a, b in pairwise(reals)) else "unsorted"


def _svd_residual(A: Any, U: Any, S: Any, V: Any) -> Any:
    off = [S[i, j] for i in range(S.rows) for j in range(S.cols) if i != j]
    scale = max(_largest(A), mpmath.mpf(1))
    return max(
        _largest(U * S * V.H - A) / scale,
        _largest(U.H * U - mpmath.eye(U.cols)),
        _largest(V.H * V - mpmath.eye(V.cols)),
        max((abs(x) for x in off), default=mpmath.mpf(0)),
    )


def _penrose_residual(A: Any, X: Any) -> Any:
    a, x = max(_largest(A), mpmath.mpf(1)), max(_largest(X), mpmath.mpf(1))
    AX, XA = A * X, X * A
    both = max(_largest(AX), _largest(XA), mpmath.mpf(1))
    return max(
        _largest(AX * A - A) / (a * both),
        _largest(XA * X - X) / (x * both),
        _largest(AX.H - AX) / (a * x),
        _largest(XA.H - XA) / (a * x),
    )


def _largest(M: Any) -> Any:
    return max(abs(x) for x in M)


def _mp(rows: Decimals) -> Any:
    return mpmath.matrix([[mpmath.mpc(re, im) for re, im in row] for row in rows])


def _gradus_decimals(M: Matrix) -> Decimals:
    return [[(x.decimal, "0") for x in row] for row in M.rows]


def _sympy_decimals(M: Any) -> Decimals:
    rows = [[M[i, j].evalf(30).as_real_imag() for j in range(M.cols)] for i in range(M.rows)]
    return [[(str(re), str(im)) for re, im in row] for row in rows]
