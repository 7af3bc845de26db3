"""Random small networks with sparse starts, for tests of learnability."""

from __future__ import annotations

from random import Random
from typing import Any

from gradus.exact.learnability.initialisation import Initialisation
from gradus.exact.learnability.verdicts import Conditions
from gradus.exact.networks.network import Network

STARTS = ("given", "given", "given", "zeros", "constant:1/4", "gains=glorot,biases=zeros", "gains=zeros,biases=given")


def random_network(rng: Random, smooth: bool = True) -> Network:
    """Up to four layers of up to four neurons; half of the weights are 0, and some edges are missing."""
    inputs = [f"x{i}" for i in range(1, rng.randint(1, 3) + 1)]
    names = inputs
    layers: list[dict[str, Any]] = []
    count = rng.randint(1, 4)
    for k in range(1, count + 1):
        last = k == count
        activations = ["relu", "relu", "relu", "identity", "leaky_relu"] + (["tanh", "sigmoid"] if smooth else [])
        activation = rng.choice([*activations, *(["softmax"] * 3 if last and smooth else [])])
        own = [f"n{k}_{j}" for j in range(1, rng.randint(1, 4) + 1)]
        neurons = [_neuron(name, names, rng) for name in own]
        if len(own) > 1 and rng.random() < 0.4:  # a copy of the first, at least over its own edges
            neurons[1] = {**neurons[0], "name": own[1]}
        layers.append({"activation": activation, "neurons": neurons})
        names = own
    return Network.of({"inputs": inputs, "layers": layers})


def random_conditions(rng: Random, network: Network, optimizer: Any = "any") -> Conditions:
    """A start, a domain and options that suit the network."""
    last = network.layers[-1]
    losses: list[Any] = [None, "squared"]
    if last.activation not in ("softmax",) and len(last.neurons) > 0:
        losses.append("hinge")
    if last.activation == "softmax":
        losses.append("cross-entropy")
    return Conditions(
        Initialisation.of(rng.choice(STARTS)),
        biases=rng.random() < 0.8,
        weight_decay=rng.random() < 0.2,
        optimizer=optimizer,
        inputs=rng.choice(("reals", "unit")),
        loss=rng.choice(losses),
    )


def _neuron(name: str, sources: list[str], rng: Random) -> dict[str, Any]:
    gains = {s: _weight(rng) for s in sources if rng.random() < 0.85}
    return {"name": name, "gains": gains, "bias": _weight(rng)}


def _weight(rng: Random) -> str:
    return "0" if rng.random() < 0.5 else f"{rng.randint(-6, 6)}/4"
