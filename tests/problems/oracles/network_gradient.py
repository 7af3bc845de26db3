"""Central differences of a forward pass in NumPy, and PyTorch's automatic differentiation where it is installed."""

from fractions import Fraction
from importlib.util import find_spec
from typing import Any

import numpy as np


def check(params: Any, answer: Any) -> None:
    given = np.array([float(x) for x in answer.value])
    weights = np.array([float(Fraction(w.text)) for w in params.network.weights])
    step = 1e-6
    slopes = [
        (output(np, params, weights + step * e) - output(np, params, weights - step * e)) / (2 * step)
        for e in np.eye(len(weights))
    ]
    np.testing.assert_allclose(given, slopes, atol=1e-6, rtol=1e-6)
    if find_spec("torch"):
        import torch

        w = torch.tensor(weights, dtype=torch.float64, requires_grad=True)
        output(torch, params, w).backward()
        np.testing.assert_allclose(given, w.grad.numpy(), rtol=1e-12)


def output(library: Any, params: Any, weights: Any) -> Any:
    """The chosen output as a function of all weights, taken off neuron by neuron, gains first."""
    network, taken = params.network, 0
    values = dict(zip(network.inputs, [float(Fraction(x.text)) for x in params.input], strict=True))
    for k, layer in enumerate(network.as_mapping()["layers"]):
        names = list(values)
        outputs = []
        for neuron in layer["neurons"]:
            sources = list(neuron["gains"]) if isinstance(neuron["gains"], dict) else names
            z = weights[taken + len(sources)]
            for i, source in enumerate(sources):
                z = z + weights[taken + i] * values[source]
            taken += len(sources) + 1
            outputs.append(z if layer["activation"] == "identity" else library.maximum(z, 0 * z))
        values = dict(zip(network.layers[k].names, outputs, strict=True))
    return values[params.output or network.outputs[0]]
