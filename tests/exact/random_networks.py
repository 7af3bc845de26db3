"""Random small networks, and the same networks as PyTorch computes them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.losses import LossName
from gradus.exact.networks.network import Activation, Network

PIECEWISE_AFFINE: tuple[Activation, ...] = ("relu", "relu", "identity")


def random_network(
    rng: Random,
    layers: int = 4,
    width: int = 6,
    missing: float = 0.15,
    activations: Sequence[Activation] = PIECEWISE_AFFINE,
    denominator: int = 4,
) -> tuple[Network, Vector]:
    """A network of up to so many layers, some of its edges missing, and an input; quarters or so as weights."""
    inputs = [f"x{i + 1}" for i in range(rng.randint(1, width))]
    count = rng.randint(1, layers)
    sources, tables = inputs, []
    for k in range(1, count + 1):
        names = [f"n{k}_{j + 1}" for j in range(rng.randint(1, width))]
        neurons = [
            {
                "name": name,
                "gains": {s: _fraction(rng, denominator) for s in sources if rng.random() >= missing},
                "bias": _fraction(rng, denominator),
            }
            for name in names
        ]
        activation = rng.choice([a for a in activations if k == count or a != "softmax"])
        tables.append({"activation": activation, "neurons": neurons})
        sources = names
    network = Network.of({"inputs": inputs, "layers": tables})
    return network, Vector.of([_fraction(rng, 4) for _ in inputs])


def random_loss(rng: Random, network: Network) -> tuple[LossName, Vector]:
    """A loss that suits the network's last layer, and a target for it."""
    count, last = len(network.outputs), network.layers[-1].activation
    one_hot = Vector.of([int(i == 0) for i in rng.sample(range(count), count)])
    choices: list[tuple[LossName, Vector]] = [
        ("squared", Vector.of([_fraction(rng, 4) for _ in range(count)])),
        ("hinge", one_hot if count > 1 else Vector.of([rng.choice([-1, 1])])),
    ]
    if last == "softmax":
        parts = [rng.randint(0, 3) for _ in range(count)]
        mixed = Vector.of([f"{part}/{sum(parts)}" for part in parts]) if any(parts) else one_hot
        choices += [("cross-entropy", one_hot), ("cross-entropy", mixed)]
    if last == "sigmoid" and count == 1:
        choices += [("cross-entropy", Vector.of([rng.choice(["0", "1", "1/3"])]))] * 2
    return rng.choice(choices)


def _fraction(rng: Random, denominator: int) -> str:
    return f"{rng.choice([-1, 1]) * rng.randint(1, 12)}/{denominator}"


def torch_outputs(network: Network, weights: Any, x: Any) -> Any:
    """All outputs, with the weights taken off a tensor in the order of their numbers."""
    import torch

    slots = torch.cat([weights, torch.zeros(1, dtype=weights.dtype)])
    taken, absent, values = 0, len(weights), x
    for number, layer in enumerate(network.layers):
        rows = []
        for neuron in layer.neurons:
            places = {source: taken + i for i, (source, _) in enumerate(neuron.gains)}
            taken += len(places) + 1
            rows.append([*(places.get(source, absent) for source in network.sources(number)), taken - 1])
        table = slots[torch.tensor(rows)]
        values = _torch_activation(layer.activation, layer.slope, table[:, :-1] @ values + table[:, -1])
    return values


def torch_output(network: Network, weights: Any, x: Any, output: str) -> Any:
    """One output of :func:`torch_outputs`."""
    return torch_outputs(network, weights, x)[network.outputs.index(output)]


def torch_loss(loss: LossName, outputs: Any, target: Any) -> Any:
    """The loss by PyTorch's own functions, where it has them."""
    from torch.nn import functional

    if loss == "squared":
        return functional.mse_loss(outputs, target, reduction="sum") / 2
    if loss == "cross-entropy":
        if len(outputs) == 1 and outputs.item() < 1:
            return functional.binary_cross_entropy(outputs, target, reduction="sum")
        return -(target * outputs.log()).sum()
    if len(outputs) == 1:
        return functional.relu(1 - target * outputs).sum()
    # PyTorch's own divides by the number of classes, and adds up over all rivals; Crammer and Singer take the largest.
    rivals = outputs[target == 0]
    return functional.relu(1 + rivals[rivals.argmax()] - outputs[target.argmax()])


def _torch_activation(activation: Activation, slope: Any, z: Any) -> Any:
    import torch

    if activation == "softmax":
        return torch.softmax(z, 0)
    if activation == "leaky_relu":
        return torch.nn.functional.leaky_relu(z, float(slope))
    return {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "identity": lambda v: v}[activation](z)
