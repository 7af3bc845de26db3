"""What ``gradus momentum`` found, as JSON."""

from __future__ import annotations

from math import isfinite
from typing import Any

from gradus.cli.momentum_blocks import COMPARED, Report
from gradus.errors import UnsupportedError
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.momentum.descent import Descent
from gradus.exact.momentum.directions import Direction
from gradus.exact.numbers.number import Number, decimal
from gradus.problems.momentum_comparison import nesterov
from gradus.problems.momentum_directions import Labelled, labelled

EXACT_LENGTH = 60
"""Exact texts of iterates that are longer are null; their 30 digits are always there."""


def report_json(found: Report) -> dict[str, Any]:
    """The setting, each direction, the verdict, and what else was asked for.

    ``directions`` are in the order of the axes where the eigenvectors are these, else with descending curvature; start,
    velocity and limit of each are multiples of its eigenvector.
    """
    descent = found.descent
    result: dict[str, Any] = {
        "hessian": descent.quadratic.hessian.as_json(),
        "alpha": descent.learning_rate.as_json(),
        "mu": descent.mu.as_json(),
        "stationary_point": descent.quadratic.stationary_point.as_json(),
        "start": descent.start.as_json(),
        "velocity": None if descent.velocity is None else descent.velocity.as_json(),
        "shape": descent.quadratic.shape,
        "directions": [_direction(item) for item in found.directions],
        **_verdict(descent),
    }
    if found.compare:
        other = nesterov(descent)
        result["nesterov"] = {"directions": [_direction(item) for item in labelled(other)], **_verdict(other)}
        result["distances"] = {"iterations": list(COMPARED)} | {
            name: [x if isfinite(x) else None for x in sizes] for name, sizes in found.distances.items()
        }
    if found.states:
        result["steps"] = {
            "velocity": found.velocity.as_json(),
            "iterations": [
                {"k": k, "w": _iterate(state.weights), "v": _iterate(state.velocity)}
                for k, state in enumerate(found.states)
            ],
        }
    return result


def _verdict(descent: Descent) -> dict[str, Any]:
    verdict = descent.verdict
    limit = verdict.limit if descent.velocity is not None or verdict.comes_back else None
    return {
        "comes_back": verdict.comes_back,
        "converges": verdict.convergence,
        "limit": None if limit is None else limit.as_json(),
        "bounded": verdict.bounded,
        "oscillates": verdict.oscillates,
    }


def _direction(item: Labelled) -> dict[str, Any]:
    d = item.direction
    return {
        "curvature": d.curvature.as_json(),
        "eigenvector": item.pair.vector.as_json(),
        "start": d.start.as_json(),
        "velocity": d.velocity.as_json(),
        "matrix": d.matrix.as_json(),
        "eigenvalues": _eigenvalues(d),
        "fate": d.fate,
        "converges": d.convergence,
        "limit": None if d.limit is None else d.limit.as_json(),
        "oscillates": d.oscillates,
        "motion": d.motion,
    }


def _eigenvalues(d: Direction) -> dict[str, Any] | None:
    """Real ones, the larger absolute value first; of complex ones real and imaginary part; null where too large."""
    try:
        real, pair = d.eigenvalues, d.complex_eigenvalues
    except UnsupportedError:
        return None
    if pair is not None:
        return {"real": pair[0].as_json(), "imaginary": pair[1].as_json()}
    return None if real is None else {"values": [r.as_json() for r in real]}


def _iterate(vector: Vector) -> list[dict[str, str | None]]:
    return [{"text": _text(x), "decimal": decimal(x, 30)} for x in vector]


def _text(x: Number) -> str | None:
    short = x.is_algebraic or sum(c.numerator.bit_length() + c.denominator.bit_length() for _, c in x.terms) <= 190
    text = x.text if short else ""
    return text if 0 < len(text) <= EXACT_LENGTH else None
