"""Convolution, max-pooling and their backward steps on one map of doubles, for witnesses of whole architectures."""

from __future__ import annotations

from typing import TypeAlias

Map: TypeAlias = list[list[float]]


def convolved(values: Map, kernel: Map, offset: tuple[int, int], inputs: int, bias: float) -> Map:
    """The sums of a layer, for ``inputs`` equal maps; the offset (-1, -1) means no padding.

    >>> convolved([[1.0, 2.0]], [[3.0]], (-1, -1), 2, 1.0)
    [[7.0, 13.0]]
    """
    same = offset != (-1, -1)
    top, left = (max(o, 0) for o in offset)
    height = len(values) if same else len(values) - len(kernel) + 1
    width = len(values[0]) if same else len(values[0]) - len(kernel[0]) + 1
    output = [[bias] * width for _ in range(height)]
    for a, gains in enumerate(kernel):
        for b, gain in enumerate(gains):
            if not gain:
                continue
            low, high = max(0, left - b), min(width, len(values[0]) + left - b)
            factor = gain * inputs
            for i in range(height):
                if 0 <= i + a - top < len(values):
                    shift = low + b - left
                    seen = values[i + a - top][shift : shift + high - low]
                    line = output[i]
                    line[low:high] = [y + factor * x for y, x in zip(line[low:high], seen, strict=True)]
    return output


def pooled(values: Map, size: int) -> Map:
    """The largest value of each square; what is left over is cut off.

    >>> pooled([[1.0, 2.0, 9.0], [3.0, 0.0, 9.0]], 2)
    [[3.0]]
    """
    return [
        [max(values[i][j] for i, j in _square(a, b, size)) for b in range(len(values[0]) // size)]
        for a in range(len(values) // size)
    ]


def unpooled(row: Map, values: Map, size: int) -> Map:
    """Each derivative to the first largest value of its square.

    >>> unpooled([[5.0]], [[1.0, 3.0], [3.0, 0.0]], 2)
    [[0.0, 5.0], [0.0, 0.0]]
    """
    back = [[0.0] * len(values[0]) for _ in values]
    for a, line in enumerate(row):
        for b, d in enumerate(line):
            i, j = max(_square(a, b, size), key=lambda at: values[at[0]][at[1]])
            back[i][j] += d
    return back


def _square(a: int, b: int, size: int) -> list[tuple[int, int]]:
    return [(a * size + i, b * size + j) for i in range(size) for j in range(size)]


def masked(delta: Map, output: Map) -> Map:
    """The derivatives where the ReLU's output is positive, and 0 elsewhere.

    >>> masked([[5.0, 6.0]], [[0.0, 1.0]])
    [[0.0, 6.0]]
    """
    return [[d if y > 0 else 0.0 for d, y in zip(r, o, strict=True)] for r, o in zip(delta, output, strict=True)]


def shaped(row: Map, like: Map) -> Map:
    """A row that came through flattening, in the shape of the map before it.

    >>> shaped([[1.0, 2.0]], [[0.0], [0.0]])
    [[1.0], [2.0]]
    """
    width = len(like[0])
    flat = [v for line in row for v in line]
    return [flat[i * width : (i + 1) * width] for i in range(len(like))]
