"""Random small networks, and the same networks as PyTorch computes them."""

from __future__ import annotations

from random import Random
from typing import Any

from gradus.exact.matrices import Vector
from gradus.exact.networks import Network


def random_network(rng: Random, layers: int = 4, width: int = 6, missing: float = 0.15) -> tuple[Network, Vector]:
    """A network of up to so many layers, some of its edges missing, and an input; quarters as weights."""
    inputs = [f"x{i + 1}" for i in range(rng.randint(1, width))]
    count = rng.randint(1, layers)
    sources, tables = inputs, []
    for k in range(1, count + 1):
        names = [f"n{k}_{j + 1}" for j in range(rng.randint(1, width))]
        neurons = [
            {
                "name": name,
                "gains": {s: _quarters(rng) for s in sources if rng.random() >= missing},
                "bias": _quarters(rng),
            }
            for name in names
        ]
        activation = rng.choice(["relu", "relu", "identity"])
        tables.append({"activation": activation, "neurons": neurons})
        sources = names
    network = Network.of({"inputs": inputs, "layers": tables})
    return network, Vector.of([_quarters(rng) for _ in inputs])


def _quarters(rng: Random) -> str:
    return f"{rng.choice([-1, 1]) * rng.randint(1, 12)}/4"


def torch_output(network: Network, weights: Any, x: Any, output: str) -> Any:
    """One output, with the weights taken off a tensor in the order of their numbers."""
    import torch

    values = dict(zip(network.inputs, x, strict=True))
    taken = 0
    for layer in network.layers:
        outputs = {}
        for neuron in layer.neurons:
            z = weights[taken + len(neuron.gains)]
            for i, (source, _) in enumerate(neuron.gains):
                z = z + weights[taken + i] * values[source]
            taken += len(neuron.gains) + 1
            outputs[neuron.name] = torch.relu(z) if layer.activation == "relu" else z
        values = outputs
    return values[output]
