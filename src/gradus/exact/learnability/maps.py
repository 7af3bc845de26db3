"""Witnesses for architectures: a descent of the whole network, cheap because copies are computed once.

Where all gains of a tensor start alike, all filters of a layer compute the same map, and descent keeps it so: one map
stands for all of them.  Only the last layer has two kinds of unit, that of the label and the others.  A start that is
drawn is taken at such a point: every tensor's gains equal, and the last layer's smaller for the label's class than
for the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, prod
from typing import TypeAlias

from gradus.exact.learnability.convolutions import Map, convolved, masked, pooled, shaped, unpooled
from gradus.exact.learnability.form import glorot_limit
from gradus.exact.learnability.initialisation import Initialisation, TensorStart
from gradus.exact.networks.layers import (
    Architecture,
    Conv2D,
    Dense,
    Dropout,
    MaxPool2D,
    Shape,
    output_shapes,
    parameter_names,
)

_SEEN = 1e-15
_CANCELLED = 1e-12
"""A sum below this share of its terms is one that cancels, but for rounding."""


@dataclass(frozen=True)
class TensorWitness:
    """What moves a tensor: after so many steps on one image, so many of its weights have a gradient.

    Attributes:
        step: the step, from 1, at which they have.
        weights: how many of the tensor's weights that shows.
        gradient: the largest derivative there, in double precision.
        image: the image, in words.
        learning_rate: of the steps before.
        draw: the draw of the starting weights, in words; empty where nothing is drawn.
    """

    step: int
    weights: int
    gradient: float
    image: str
    learning_rate: float
    draw: str


@dataclass
class _Layer:
    """Kernels: one for all filters, but two in the last layer, for the label's class and for each of the others."""

    name: str
    kernels: list[Map]
    biases: list[float]
    counts: list[int]
    inputs: int
    offset: tuple[int, int]
    relu: bool
    kernel_gradients: list[Map] = field(default_factory=list)
    bias_gradients: list[float] = field(default_factory=list)


_Step: TypeAlias = "_Layer | int | float"
"""A layer with weights, the side of a pooling, or the factor of a dropout."""


def architecture_witnesses(
    architecture: Architecture,
    start: Initialisation,
    biases: bool,
    dropout: bool,
    relu_before_softmax: bool,
    negative: bool,
    wanted: frozenset[str],
) -> dict[str, TensorWitness]:
    """Witnesses by the names of tensors, as far as they are found, on one image or, where allowed, its negative."""
    draw = "every gain of a tensor the same" if start.gains.kind == "glorot" else ""
    found: dict[str, TensorWitness] = {}
    images = ((1, "values rising from 0 to 1"), (-1, "values falling from 0 to -1"))
    for sign, image in images if negative else images[:1]:
        steps = _built(architecture, start, biases, dropout, relu_before_softmax)
        classes = sum(next(s for s in reversed(steps) if isinstance(s, _Layer)).counts)
        if classes == 1:
            return {}
        rate = 0.0
        # Where gains start at zero and biases do not, gradients come back by one layer a step.
        for number in range(1, sum(isinstance(s, _Layer) for s in steps) + 3):
            size = _differentiate(steps, _image(architecture.input_shape, sign))
            rate = rate or _rate(size)
            for name, (weights, gradient) in _gradients(steps, biases).items():
                if weights and name in wanted and name not in found:
                    found[name] = TensorWitness(number, weights, gradient, image, rate, draw)
            if wanted <= found.keys():
                return found
            _descend(steps, rate, biases)
    return found


def simulated_gradients(
    architecture: Architecture, start: Initialisation, biases: bool, dropout: bool, relu_before_softmax: bool
) -> list[dict[str, float]]:
    """The largest derivative in each tensor at the first three steps of a descent on one image."""
    steps = _built(architecture, start, biases, dropout, relu_before_softmax)
    found: list[dict[str, float]] = []
    rate = 0.0
    for _ in range(3):
        size = _differentiate(steps, _image(architecture.input_shape, 1))
        rate = rate or _rate(size)
        found.append({name: gradient for name, (_, gradient) in _gradients(steps, biases).items()})
        _descend(steps, rate, biases)
    return found


def _rate(size: float) -> float:
    """A learning rate at which the first step keeps the last layer's sums in bounds."""
    return min(0.125, 0.25 / (1 + size))


def _built(
    architecture: Architecture, start: Initialisation, biases: bool, dropout: bool, relu_before_softmax: bool
) -> list[_Step]:
    steps: list[_Step] = []
    before = architecture.input_shape
    shapes = output_shapes(architecture)
    for layer, name, after in zip(architecture.layers, parameter_names(architecture), shapes, strict=True):
        match layer:
            case Conv2D() | Dense():
                steps.append(
                    _layer(
                        layer, name, before, _maps(steps, architecture.input_shape), start, biases, relu_before_softmax
                    )
                )
            case MaxPool2D():
                steps.append(layer.size)
            case Dropout():
                steps += [float(1 / (1 - layer.rate))] if dropout else []
        before = after
    return steps


def _maps(steps: list[_Step], shape: Shape) -> int:
    """The number of equal maps that a layer receives."""
    last = next((s for s in reversed(steps) if isinstance(s, _Layer)), None)
    return sum(last.counts) if last else shape[-1] if len(shape) == 3 else 1


def _layer(
    layer: Conv2D | Dense,
    name: str,
    before: Shape,
    maps: int,
    start: Initialisation,
    biases: bool,
    relu_before_softmax: bool,
) -> _Layer:
    last = layer.activation == "softmax"
    relu = layer.activation == "relu" or (last and relu_before_softmax)
    bias = float(start.biases.value) if biases else 0.0
    if isinstance(layer, Conv2D):
        gain = _gain(start.gains, glorot_limit(prod(layer.kernel), before[-1], layer.filters), 0.5)
        offset = tuple((k - 1) // 2 if layer.padding == "same" else 0 for k in layer.kernel)
        kernel = [[gain] * layer.kernel[1] for _ in range(layer.kernel[0])]
        padded = (offset[0], offset[1]) if layer.padding == "same" else (-1, -1)
        return _Layer(name, [kernel], [bias], [layer.filters], before[-1], padded, relu)
    positions = before[0] // maps
    limit = glorot_limit(1, before[0], layer.units)
    shares = [(0.25, 1), (0.75, layer.units - 1)] if last else [(0.5, layer.units)]
    kernels = [[[_gain(start.gains, limit, share)] * positions] for share, count in shares if count]
    counts = [count for _, count in shares if count]
    return _Layer(name, kernels, [bias] * len(counts), counts, maps, (-1, -1), relu)


def _gain(start: TensorStart, limit: float, share: float) -> float:
    return share * limit if start.kind == "glorot" else float(start.value)


def _image(shape: Shape, sign: int) -> Map:
    height, width = shape[:2] if len(shape) == 3 else (1, shape[0])
    return [[sign * (i + j + 1) / (height + width) for j in range(width)] for i in range(height)]


def _differentiate(steps: list[_Step], image: Map) -> float:
    """Gradients of the cross-entropy in all layers, written into them; returns a scale of the last layer's inputs."""
    trail: list[tuple[_Step, Map, list[Map]]] = []
    values = image
    for step in steps:
        received = values
        outputs: list[Map] = []
        if isinstance(step, _Layer):
            if len(step.kernels[0]) == 1 and step.offset == (-1, -1) and len(received) * len(received[0]) > 1:
                flat = [[v for line in received for v in line]]
                received = flat if len(step.kernels[0][0]) == len(flat[0]) else received
            outputs = [
                convolved(received, k, step.offset, step.inputs, b)
                for k, b in zip(step.kernels, step.biases, strict=True)
            ]
            if step.relu:
                outputs = [[[max(v, 0.0) for v in line] for line in output] for output in outputs]
            values = outputs[0]
        elif isinstance(step, int):
            values = pooled(received, step)
        else:
            values = [[v * step for v in line] for line in received]
        trail.append((step, received, outputs))
    last = trail[-1][2]
    z, counts = [output[0][0] for output in last], _counts(steps)
    powers = [exp(v - max(z)) for v in z]
    total = sum(p * n for p, n in zip(powers, counts, strict=True))
    rows = [[[p / total - (1.0 if i == 0 else 0.0)]] for i, p in enumerate(powers)]
    row: Map = []
    for step, received, outputs in reversed(trail):
        if isinstance(step, _Layer):
            deltas = rows if outputs is last else [shaped(row, outputs[0])]
            if step.relu:
                deltas = [masked(d, o) for d, o in zip(deltas, outputs, strict=True)]
            row = _back(step, received, deltas)
        elif isinstance(step, int):
            row = unpooled(shaped(row, pooled(received, step)), received, step)
        else:
            row = [[v * step for v in line] for line in row]
    return sum(v * v for line in trail[-1][1] for v in line) * _last(steps).inputs


def _back(layer: _Layer, received: Map, deltas: list[Map]) -> Map:
    layer.kernel_gradients, layer.bias_gradients = [], []
    row = [[0.0] * len(received[0]) for _ in received]
    sizes = [[0.0] * len(received[0]) for _ in received]
    for kernel, delta, count in zip(layer.kernels, deltas, layer.counts, strict=True):
        layer.bias_gradients.append(sum(map(sum, delta)))
        top, left = (max(o, 0) for o in layer.offset)
        gradient = [[0.0] * len(kernel[0]) for _ in kernel]
        for a, gains in enumerate(kernel):
            for b, gain in enumerate(gains):
                low, high = max(0, left - b), min(len(delta[0]), len(received[0]) + left - b)
                total = 0.0
                for i, line in enumerate(delta):
                    source = i + a - top
                    if not 0 <= source < len(received):
                        continue
                    part, shift = line[low:high], low + b - left
                    seen, target, size = received[source], row[source], sizes[source]
                    total += sum(map(float.__mul__, part, seen[shift : shift + len(part)]))
                    if gain:
                        factor = gain * count
                        for j, d in enumerate(part, start=shift):
                            target[j] += factor * d
                            size[j] += abs(factor * d)
                gradient[a][b] = total
        layer.kernel_gradients.append(gradient)
    return [
        [0.0 if abs(r) < _CANCELLED * s else r for r, s in zip(line, size, strict=True)]
        for line, size in zip(row, sizes, strict=True)
    ]


def _gradients(steps: list[_Step], biases: bool) -> dict[str, tuple[int, float]]:
    """By tensor, how many of its weights have a gradient, and the largest."""
    found = {}
    for layer in (s for s in steps if isinstance(s, _Layer)):
        sizes = [
            (abs(g), count * layer.inputs)
            for kernel, count in zip(layer.kernel_gradients, layer.counts, strict=True)
            for line in kernel
            for g in line
        ]
        found[f"{layer.name}.gains"] = _summary(sizes)
        if biases:
            pairs = zip(layer.bias_gradients, layer.counts, strict=True)
            found[f"{layer.name}.bias"] = _summary([(abs(g), count) for g, count in pairs])
    return found


def _summary(sizes: list[tuple[float, int]]) -> tuple[int, float]:
    return sum(count for g, count in sizes if g > _SEEN), max(g for g, _ in sizes)


def _descend(steps: list[_Step], rate: float, biases: bool) -> None:
    for layer in (s for s in steps if isinstance(s, _Layer)):
        for kernel, gradient in zip(layer.kernels, layer.kernel_gradients, strict=True):
            for line, slopes in zip(kernel, gradient, strict=True):
                line[:] = [w - rate * g for w, g in zip(line, slopes, strict=True)]
        if biases:
            layer.biases = [b - rate * g for b, g in zip(layer.biases, layer.bias_gradients, strict=True)]


def _last(steps: list[_Step]) -> _Layer:
    return next(s for s in reversed(steps) if isinstance(s, _Layer))


def _counts(steps: list[_Step]) -> list[int]:
    return _last(steps).counts
