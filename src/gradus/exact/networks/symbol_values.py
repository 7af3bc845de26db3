"""The values of the symbols in which a gradient is written."""

from __future__ import annotations

from collections import ChainMap

from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import ForwardPass
from gradus.exact.networks.gradient_expressions import DeltaExpression, Letters
from gradus.exact.networks.network import LossName, Network
from gradus.exact.numbers.number import ONE, ZERO, Number


def symbol_values(
    network: Network, values: ForwardPass, target: Vector | None = None, loss: LossName | None = None
) -> dict[str, Number]:
    """The value of every symbol but the deltas, by its text; targets, margin and runner-up where a target is given.

    >>> net = Network.of({"inputs": ["x1"], "layers": [{"activation": "relu", "neurons": [{"gains": [2], "bias": 1}]}]})
    >>> from gradus.exact.networks.backpropagation import forward
    >>> known = symbol_values(net, forward(net, Vector.of([3])), Vector.of([5]), "squared")
    >>> {name: x.text for name, x in known.items()}
    {'x1': '3', 'y': '7', 'w1': '2', 'w2': '1', 'z1': '7', 't': '5'}
    """
    letters = Letters.of(network)
    known = dict(zip(network.inputs, values.input, strict=True))
    for layer, computed in zip(network.layers, values.layers, strict=True):
        known |= dict(zip(layer.names, computed.outputs, strict=True))
    known |= {f"{letters.weight}{w.number}": w.value for w in network.numbered_weights}
    known |= {f"{letters.sum}{j}": z for j, z in enumerate(values.pre_activations, start=1)}
    if target is not None:
        known |= {s.text: t for s, t in zip(letters.targets(network), target, strict=True)}
        if loss == "hinge" and len(network.outputs) > 1:
            known |= _runner_up(network, values.output, target, letters)
    return known


def delta_values(deltas: tuple[DeltaExpression, ...], symbols: dict[str, Number]) -> dict[str, Number]:
    """The values of the deltas, from the last to the first, by their names.

    >>> net = Network.of({"inputs": ["x1"], "layers": [{"activation": "relu", "neurons": [{"gains": [2], "bias": 1}]}]})
    >>> from gradus.exact.networks.gradient_expressions import delta_expressions
    >>> {name: d.text for name, d in delta_values(delta_expressions(net), {"z1": Number.of(7)}).items()}
    {'delta1': '1'}
    """
    known: dict[str, Number] = {}
    for delta in reversed(deltas):
        known[delta.name.text] = delta.value.value(ChainMap(known, symbols))
    return known


def _runner_up(network: Network, output: Vector, target: Vector, letters: Letters) -> dict[str, Number]:
    """The margin m = 1 + y_j - y_c and the indicator r of j, the first of the largest outputs but y_c."""
    right = next(i for i, t in enumerate(target) if t)
    wrong = [i for i in range(len(output)) if i != right]
    best = wrong[0]
    for i in wrong[1:]:
        best = i if output[i] > output[best] else best
    runners = letters.runners(network)
    indicator = {r.text: ONE if i == best else ZERO for i, r in enumerate(runners)}
    return indicator | {letters.margin: ONE + output[best] - output[right]}
