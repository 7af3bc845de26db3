"""What a verdict hangs on: the same question with one condition changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gradus.exact.learnability.verdicts import Learnability, learnability
from gradus.exact.networks.layers import Architecture, Dense, Flatten
from gradus.exact.networks.network import Network, Neuron, NeuronLayer
from gradus.exact.numbers.number import ZERO

LARGEST = 2_000
"""Most weights of a network that is decided again under other conditions."""


def changed_conditions(found: Learnability) -> tuple[tuple[str, Learnability], ...]:
    """The verdicts with one condition changed, by the change in words; none where the weights are given or drawn.

    >>> from gradus.exact.learnability.initialisation import Initialisation
    >>> from gradus.exact.networks.layers import hw5_cnn
    >>> from gradus.exact.learnability.verdicts import Conditions
    >>> found = learnability(hw5_cnn(), Conditions(Initialisation.of("zeros")))
    >>> [(change, other.count("learns")) for change, other in changed_conditions(found)]
    [('without biases', 0), ('with a ReLU before the soft-max', 0), ('without a hidden layer', 30730)]
    """
    if not found.conditions.start.gains.is_uniform:
        return ()
    if isinstance(found.subject, Architecture):
        return tuple(_of_architecture(found, found.subject))
    if len(found.subject.weights) > LARGEST:
        return ()
    return tuple(_of_network(found, found.subject))


def _of_architecture(found: Learnability, architecture: Architecture) -> Iterator[tuple[str, Learnability]]:
    c = found.conditions
    biases = replace(c, biases=not c.biases)
    yield _biases_changed(c.biases), learnability(architecture, biases)
    relu = replace(c, relu_before_softmax=not c.relu_before_softmax)
    words = "without the ReLU before" if c.relu_before_softmax else "with a ReLU before"
    yield f"{words} the soft-max", learnability(architecture, relu)
    if len(found.form.stages) > 1:
        flat = (Flatten(),) if len(architecture.input_shape) == 3 else ()
        bare = Architecture(architecture.input_shape, (*flat, Dense(found.form.outputs, "softmax")))
        yield "without a hidden layer", learnability(bare, c)


def _of_network(found: Learnability, network: Network) -> Iterator[tuple[str, Learnability]]:
    c = found.conditions
    yield _biases_changed(c.biases), learnability(network, replace(c, biases=not c.biases))
    last = network.layers[-1]
    if last.activation == "relu":
        linear = replace(network, layers=(*network.layers[:-1], NeuronLayer("identity", last.neurons)), loss=None)
        yield "with a linear last layer in place of its ReLU", learnability(linear, replace(c, loss="squared"))
    else:
        rectified = replace(network, layers=(*network.layers[:-1], NeuronLayer("relu", last.neurons)), loss=None)
        yield "with a ReLU in the last layer", learnability(rectified, replace(c, loss="squared"))
    if len(network.layers) > 1:
        gains = tuple((name, ZERO) for name in network.inputs)
        neurons = tuple(Neuron(neuron.name, gains, neuron.bias) for neuron in last.neurons)
        bare = replace(network, layers=(replace(last, neurons=neurons),))
        yield "without a hidden layer", learnability(bare, c)


def _biases_changed(biases: bool) -> str:
    return "without biases" if biases else "with biases"
