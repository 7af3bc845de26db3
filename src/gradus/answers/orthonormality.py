"""What is wrong with vectors that must be orthonormal, with a witness."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradus.errors import UnsupportedError
from gradus.exact.linear_algebra.matrices import Vector


def first_wrong_size(vectors: Sequence[Vector], size: int, name: Callable[[int], str]) -> str:
    """The first vector that has not ``size`` entries, as a sentence; empty if all have.

    >>> first_wrong_size([Vector.of("1 2 3")], 2, lambda i: f"vector {i + 1}")
    'vector 1 has 3 entries, not 2.'
    """
    for i, v in enumerate(vectors):
        if len(v) != size:
            return f"{name(i)} has {len(v)} {'entry' if len(v) == 1 else 'entries'}, not {size}."
    return ""


def first_not_orthonormal(vectors: Sequence[Vector], name: Callable[[int], str]) -> str:
    """The first vector whose length is not 1, else the first two that are not orthogonal; empty if there are none.

    >>> first_not_orthonormal([Vector.of("3/5 4/5"), Vector.of("7/5 0")], lambda i: f"column {i + 1} of V")
    'column 2 of V has length 7/5, not 1.'
    """
    for i, v in enumerate(vectors):
        if v.dot(v) != 1:
            return f"{name(i)} has {length_text(v)}, not 1."
    for j, w in enumerate(vectors):
        for i, v in enumerate(vectors[:j]):
            if product := v.dot(w):
                return f"{name(i)} and {name(j)} are not orthogonal: their scalar product is {product.text}."
    return ""


def length_text(v: Vector) -> str:
    """``length 5``, or the squared length where the length has no simple form.

    >>> length_text(Vector.of("3 4")), length_text(Vector.of("1, 1 + sqrt(2)"))
    ('length 5', 'length sqrt(4 + 2*sqrt(2))')
    """
    try:
        return f"length {v.norm().text}"
    except UnsupportedError:
        return f"squared length {v.dot(v).text}"
