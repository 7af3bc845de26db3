"""Is every layer of a small network fully connected?"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

from gradus.answers.answer import YesNo
from gradus.answers.verdict import Mistake
from gradus.documents.blocks import Block, Table, Text
from gradus.exact.networks.expressions import named
from gradus.exact.networks.network import Network
from gradus.exact.networks.structure import network_structure
from gradus.exact.numbers.number import ZERO
from gradus.exact.steps import Check, Step
from gradus.problems.problem import Kind, Records, Solution
from gradus.problems.small_networks import NetworkParams, introduction, network_code, sampled_network
from gradus.problems.wording import listed


class FullyConnected(Kind[NetworkParams]):
    """Yes or no; a layer is fully connected when each of its neurons has an edge from every output before it."""

    name = "network/fully-connected"
    title = "Fully connected layers"
    Params = NetworkParams
    answer = YesNo

    def sample(self, rng: Random, level: int) -> NetworkParams:
        network, _ = sampled_network(rng, level)
        if network.is_fully_connected and rng.random() < 0.5:
            network = _with_one_edge_less(rng, network)
        elif level > 1:
            network = _with_one_zero_gain(rng, network)
        return NetworkParams(network=network)

    def statement(self, params: NetworkParams) -> tuple[Block, ...]:
        return (*introduction(params), Text("Is each layer of this network fully connected?"))

    def solve(self, params: NetworkParams, records: Records) -> Solution:
        network = params.network
        answer = YesNo(network.is_fully_connected)
        found = network_structure(network)
        edges = sum(layer.edges for layer in found.layers)
        sizes = [len(network.inputs), *(len(layer.neurons) for layer in network.layers)]
        products = [rf"{m} \cdot {n}" for m, n in pairwise(sizes)]
        possible = sum(layer.possible_edges for layer in found.layers)
        missing = sum(len(layer.missing) for layer in found.layers)
        step = Step(
            f"The picture has {edges} of the {possible} possible edges.",
            "A layer with $n$ neurons behind $m$ outputs is fully connected when it has all $m n$ edges. "
            "Each neuron has one bias besides, which is no edge; with the biases the network has "
            f"{found.parameters} weights.",
            after=f"{' + '.join(products)} = {possible}",
            checks=(
                Check(
                    f"${possible} - {edges} = {missing}$ edge{' is' if missing == 1 else 's are'} missing.",
                    possible - edges == missing,
                ),
            ),
        )
        return Solution(
            answer, f"**{answer.text.capitalize()}.** {_reason(network)}", (_table(network), step), _code(network)
        )

    def mistakes(self, params: NetworkParams) -> tuple[Mistake, ...]:
        return (Mistake(YesNo(not params.network.is_fully_connected), _reason(params.network)),)


def _reason(network: Network) -> str:
    if network.missing_edges:
        missing = listed([f"from ${named(s).latex}$ to ${named(n).latex}$" for s, n in network.missing_edges])
        return f"There is no edge {missing}, and a single missing edge is enough."
    zero = any(not gain for neuron in network.neurons for _, gain in neuron.gains)
    remark = " An edge whose gain happens to be 0 is an edge, for training can change its gain." if zero else ""
    return f"Every neuron has an edge from every output of the layer before it.{remark}"


def _table(network: Network) -> Table:
    rows = [
        (
            f"${named(neuron.name).latex}$",
            ", ".join(f"${named(source).latex}$" for source, _ in neuron.gains) or "nothing",
            ", ".join(f"${named(source).latex}$" for source in network.sources(number)),
        )
        for number, layer in enumerate(network.layers)
        for neuron in layer.neurons
    ]
    return Table(("Neuron", "has edges from", "the layer before puts out"), tuple(rows))


def _code(network: Network) -> str:
    return network_code(network) + '\nprint("yes" if network.is_fully_connected else "no")'


def _with_one_edge_less(rng: Random, network: Network) -> Network:
    """Takes one edge away from the first layer, where each neuron keeps another."""
    index = rng.randrange(len(network.layers[0].neurons))
    neuron = network.layers[0].neurons[index]
    dropped = rng.randrange(len(neuron.gains))
    fewer = replace(neuron, gains=neuron.gains[:dropped] + neuron.gains[dropped + 1 :])
    neurons = network.layers[0].neurons
    first = replace(network.layers[0], neurons=(*neurons[:index], fewer, *neurons[index + 1 :]))
    return replace(network, layers=(first, *network.layers[1:]))


def _with_one_zero_gain(rng: Random, network: Network) -> Network:
    gains = [w.number - 1 for w in network.numbered_weights if w.source is not None]
    index = rng.choice(gains)
    weights = network.weights
    return network.with_weights(
        replace(weights, entries=(*weights.entries[:index], ZERO, *weights.entries[index + 1 :]))
    )


KIND = FullyConnected()
