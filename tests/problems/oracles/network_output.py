"""A forward pass in NumPy, from the network file, and the loss of its outputs."""

from fractions import Fraction
from typing import Any

import numpy as np


def check(params: Any, answer: Any) -> None:
    mapping = params.network.as_mapping()
    values = dict(zip(mapping["inputs"], [float(Fraction(x.text)) for x in params.input], strict=True))
    names = list(values)
    for k, layer in enumerate(mapping["layers"]):
        sums = []
        for neuron in layer["neurons"]:
            gains = neuron["gains"]
            pairs = gains.items() if isinstance(gains, dict) else zip(names, gains, strict=True)
            sums.append(sum(float(Fraction(g)) * values[name] for name, g in pairs) + float(Fraction(neuron["bias"])))
        names = list(params.network.layers[k].names)
        values = dict(zip(names, activated(layer, np.array(sums)), strict=True))
    outputs = np.array([values[name] for name in names])
    if params.target is not None:
        expected = [loss(params, outputs, np.array([float(Fraction(t.text)) for t in params.target]))]
    else:
        expected = [values[params.output]] if params.output else list(outputs)
    given = [float(answer.value)] if len(expected) == 1 else [float(x) for x in answer.value]
    np.testing.assert_allclose(given, expected, rtol=1e-12)


def activated(layer: Any, z: Any) -> Any:
    slope = float(Fraction(str(layer.get("slope", "1/100"))))
    return {
        "relu": lambda: np.maximum(z, 0),
        "leaky_relu": lambda: np.where(z > 0, z, slope * z),
        "identity": lambda: z,
        "sigmoid": lambda: 1 / (1 + np.exp(-z)),
        "tanh": lambda: np.tanh(z),
        "softmax": lambda: np.exp(z) / np.exp(z).sum(),
    }[layer["activation"]]()


def loss(params: Any, y: Any, t: Any) -> float:
    name = params.loss or params.network.loss
    if name == "squared":
        return float(((y - t) ** 2).sum() / 2)
    if name == "cross-entropy":
        pairs = [(y[0], t[0]), (1 - y[0], 1 - t[0])] if len(t) == 1 else zip(y, t, strict=True)
        return float(-sum(part * np.log(p) for p, part in pairs if part))
    if len(t) == 1:
        return float(max(0, 1 - t[0] * y[0]))
    right = int(np.argmax(t))
    return float(max(0, 1 + np.delete(y, right).max() - y[right]))
