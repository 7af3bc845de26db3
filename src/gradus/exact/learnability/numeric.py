"""Gradients in double precision, to look for witnesses quickly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, tanh
from typing import TypeAlias

from gradus.exact.networks.network import Network

Values: TypeAlias = Sequence[float]


@dataclass
class NumericNetwork:
    """A network's weights as doubles, changed in place by :meth:`descend`.

    Weights are in the order of their numbers, each neuron's bias after its gains; without ``biases`` they stay 0.
    """

    network: Network
    weights: list[float]
    biases: bool = True
    _edges: list[list[tuple[int, list[int]]]] = field(init=False)

    def __post_init__(self) -> None:
        self._edges = []
        position = 0
        for k, layer in enumerate(self.network.layers):
            index = {name: i for i, name in enumerate(self.network.sources(k))}
            rows = []
            for neuron in layer.neurons:
                rows.append((position, [index[source] for source, _ in neuron.gains]))
                position += len(neuron.gains) + 1
            self._edges.append(rows)

    def gradient(self, x: Values, target: Values, loss: str) -> list[float]:
        """The gradient of the loss of one sample in all weights, H(0) = 0; 0 for biases that are left out."""
        values, sums = [list(x)], []
        for layer, rows in zip(self.network.layers, self._edges, strict=True):
            w, before = self.weights, values[-1]
            z = [_summed(w[p : p + len(s) + 1], [before[j] for j in s]) for p, s in rows]
            sums.append(z)
            values.append(_activated(layer.activation, float(layer.slope or 0), z))
        found = [0.0] * len(self.weights)
        row = _loss_row(loss, values[-1], target)
        for k in range(len(self.network.layers) - 1, -1, -1):
            layer = self.network.layers[k]
            slope = float(layer.slope or 0)
            if layer.activation == "softmax" and loss == "cross-entropy":
                delta = [p - t for p, t in zip(values[-1], target, strict=True)]
            elif layer.activation == "softmax":
                mean = sum(r * p for r, p in zip(row, values[-1], strict=True))
                delta = [p * (r - mean) for r, p in zip(row, values[-1], strict=True)]
            else:
                delta = [
                    r * _slope(layer.activation, slope, z, y)
                    for r, z, y in zip(row, sums[k], values[k + 1], strict=True)
                ]
            row = [0.0] * len(values[k])
            for d, (p, sources) in zip(delta, self._edges[k], strict=True):
                if not d:
                    continue
                found[p + len(sources)] = d if self.biases else 0.0
                for i, j in enumerate(sources):
                    found[p + i] = d * values[k][j]
                    row[j] += d * self.weights[p + i]
        return found

    def descend(self, gradient: Values, learning_rate: float) -> None:
        """One step of gradient descent."""
        self.weights = [w - learning_rate * g for w, g in zip(self.weights, gradient, strict=True)]


def _summed(weights: Values, values: Values) -> float:
    """Gains times values, and the bias; a sum that is 0 but for rounding is 0, so that no ReLU wakes by rounding."""
    z = weights[-1] + sum(map(float.__mul__, weights, values))
    if z and abs(z) < 1e-9 and abs(z) < 1e-12 * (abs(weights[-1]) + sum(map(abs, map(float.__mul__, weights, values)))):
        return 0.0
    return z


def _loss_row(loss: str, y: list[float], target: Values) -> list[float]:
    if loss == "squared":
        return [a - t for a, t in zip(y, target, strict=True)]
    if loss == "hinge" and len(y) == 1:
        return [-target[0] if target[0] * y[0] < 1 else 0.0]
    if loss == "hinge":
        right = max(range(len(y)), key=lambda c: target[c])
        rival = max((c for c in range(len(y)) if c != right), key=lambda c: y[c])
        short = 1 + y[rival] - y[right] > 0
        return [float(short and c == rival) - float(short and c == right) for c in range(len(y))]
    if len(y) == 1:  # one sigmoid output: -t log y - (1 - t) log(1 - y)
        p = min(max(y[0], 1e-300), 1 - 1e-16)
        return [(p - target[0]) / (p * (1 - p))]
    return [-t / max(p, 1e-300) for p, t in zip(y, target, strict=True)]


def _activated(activation: str, slope: float, z: list[float]) -> list[float]:
    match activation:
        case "relu":
            return [max(a, 0.0) for a in z]
        case "leaky_relu":
            return [a if a > 0 else slope * a for a in z]
        case "sigmoid":
            return [_sigmoid(a) for a in z]
        case "tanh":
            return [tanh(a) for a in z]
        case "softmax":
            top = max(z)
            powers = [exp(a - top) for a in z]
            return [p / sum(powers) for p in powers]
        case _:
            return z


def _slope(activation: str, slope: float, z: float, y: float) -> float:
    match activation:
        case "relu":
            return 1.0 if z > 0 else 0.0
        case "leaky_relu":
            return 1.0 if z > 0 else slope
        case "sigmoid":
            return y * (1 - y)
        case "tanh":
            return 1 - y * y
        case _:
            return 1.0


def _sigmoid(a: float) -> float:
    return 1 / (1 + exp(-a)) if a >= 0 else exp(a) / (1 + exp(a))
