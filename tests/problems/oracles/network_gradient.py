"""Central differences of a forward pass in NumPy, and PyTorch's automatic differentiation where it is installed.

The pass is written once, over either library, from the network file.
"""

from fractions import Fraction
from importlib.util import find_spec
from typing import Any

import numpy as np


def check(params: Any, answer: Any) -> None:
    given = np.array([float(x) for x in answer.value])
    point = start(params)
    step = 1e-6
    slopes = [
        (measure(np, params, point + step * e) - measure(np, params, point - step * e)) / (2 * step)
        for e in np.eye(len(point))
    ]
    np.testing.assert_allclose(given, slopes, atol=1e-5, rtol=1e-6)
    if find_spec("torch"):
        import torch

        w = torch.tensor(point, dtype=torch.float64, requires_grad=True)
        measure(torch, params, w).backward()
        np.testing.assert_allclose(given, w.grad.numpy(), rtol=1e-12, atol=1e-12)


def start(params: Any) -> Any:
    """The weights, the input, or the outputs of a layer: what the derivatives are in."""
    if params.with_respect_to == "weights":
        return numbers(params.network.weights)
    if params.with_respect_to == "inputs":
        return numbers(params.input)
    return layers(np, params, numbers(params.network.weights), numbers(params.input), 0)[params.with_respect_to]


def measure(library: Any, params: Any, point: Any) -> Any:
    """The chosen output or the loss, as a function of what the derivatives are in."""
    weights, x = numbers(params.network.weights), numbers(params.input)
    if library is not np:
        weights, x = library.tensor(weights), library.tensor(x)
    asked = params.with_respect_to
    if asked == "weights":
        outputs = layers(library, params, point, x, 0)[-1]
    else:
        outputs = layers(library, params, weights, point, 0 if asked == "inputs" else asked)[-1]
    if params.target is None:
        return outputs[params.network.outputs.index(params.output or params.network.outputs[0])]
    return loss(library, params, outputs, numbers(params.target))


def loss(library: Any, params: Any, y: Any, t: Any) -> Any:
    name = params.loss or params.network.loss
    if name == "squared":
        return sum((y[i] - t[i]) ** 2 for i in range(len(t))) / 2
    if name == "cross-entropy" and len(t) == 1:
        return -t[0] * library.log(y[0]) - (1 - t[0]) * library.log(1 - y[0])
    if name == "cross-entropy":
        return sum(-t[i] * library.log(y[i]) for i in range(len(t)))
    if len(t) == 1:
        return positive(library, 1 - t[0] * y[0])
    right = int(np.argmax(t))
    rivals = [y[i] for i in range(len(t)) if i != right]
    return positive(library, 1 + max(rivals) - y[right])


def positive(library: Any, z: Any) -> Any:
    return library.maximum(z, 0 * z)


def layers(library: Any, params: Any, weights: Any, values: Any, first: int) -> list[Any]:
    """The outputs of layer ``first``, given, and of all layers after it; weights taken off neuron by neuron."""
    found, taken = [values], 0
    mapping = params.network.as_mapping()
    names = mapping["inputs"]
    for k, layer in enumerate(mapping["layers"]):
        sums = []
        for neuron in layer["neurons"]:
            sources = list(neuron["gains"]) if isinstance(neuron["gains"], dict) else names
            if k >= first:
                z = weights[taken + len(sources)]
                for i, source in enumerate(sources):
                    z = z + weights[taken + i] * found[-1][names.index(source)]
                sums.append(z)
            taken += len(sources) + 1
        names = list(params.network.layers[k].names)
        if k >= first:
            found.append(activated(library, layer, sums))
    return found


def activated(library: Any, layer: Any, sums: list[Any]) -> Any:
    name = layer["activation"]
    if name == "softmax":
        total = sum(library.exp(z) for z in sums)
        return [library.exp(z) / total for z in sums]
    if name == "leaky_relu":
        slope = float(Fraction(str(layer.get("slope", "1/100"))))
        return [positive(library, z) - slope * positive(library, -z) for z in sums]
    rule = {
        "relu": lambda z: positive(library, z),
        "identity": lambda z: z,
        "sigmoid": lambda z: 1 / (1 + library.exp(-z)),
        "tanh": library.tanh,
    }[name]
    return [rule(z) for z in sums]


def numbers(vector: Any) -> Any:
    return np.array([float(Fraction(x.text)) for x in vector])
