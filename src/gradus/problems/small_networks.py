"""What the problems on small networks share: their parameters, how they introduce the network, and their samples."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, model_validator

from gradus.documents.blocks import Block, Figure, Text
from gradus.errors import InputError
from gradus.exact.backpropagation import ForwardPass
from gradus.exact.equations import aligned
from gradus.exact.gradient_expressions import named
from gradus.exact.matrices import Vector
from gradus.exact.networks import Activation, Network, Neuron, NeuronLayer
from gradus.exact.numbers import ZERO, Number
from gradus.exact.steps import Check, Step
from gradus.problems.network_figure import network_alt, network_figure
from gradus.problems.problem import Params, VectorParam
from gradus.problems.wording import listed

NetworkParam = Annotated[
    Network, PlainValidator(Network.of), PlainSerializer(lambda net: net.as_mapping(), return_type=dict[str, Any])
]

_ACTIVATION_NAMES = {"relu": "ReLU", "identity": "identity", "softmax": "soft-max"}

_FORWARD_REASONS: dict[Activation, str] = {
    "relu": "Each neuron adds its bias to its weighted inputs, and applies the ReLU.",
    "identity": "Each neuron adds its bias to its weighted inputs, and puts out the sum as it is.",
    "softmax": "Each neuron adds its bias to its weighted inputs; the soft-max of all the sums is the output.",
}


WIDE = 3
"""A sum of more weighted inputs than this, and its numbers, take a line each."""

_SIZES: dict[int, list[tuple[int, ...]]] = {
    1: [(2, 2, 1)],
    2: [(2, 3, 1), (3, 2, 1)],
    3: [(2, 2, 2, 1), (2, 3, 1)],
}


class NetworkParams(Params):
    """A network, and whether the statement draws it or points to the one above.

    >>> net, x = sampled_network(Random(1), 1)
    >>> NetworkParams(network=net).draw
    True
    """

    network: NetworkParam
    draw: bool = True


class NetworkInputParams(NetworkParams):
    """A network and the input that it receives.

    >>> net, x = sampled_network(Random(1), 1)
    >>> NetworkInputParams(network=net, input=x).input == x
    True
    """

    input: VectorParam

    @model_validator(mode="after")
    def _input_fits(self) -> NetworkInputParams:
        names = self.network.inputs
        if len(self.input) != len(names):
            rule = f"must have {len(names)} entries, one for each of {', '.join(names)}, and has {len(self.input)}"
            raise InputError("input", self.input.text, rule, "give one number for each input of the network")
        return self


def introduction(params: NetworkParams, numbered: bool = True) -> tuple[Block, ...]:
    """The network of a problem, drawn and explained, or a pointer to the one above, which may leave the numbers out.

    >>> net, x = sampled_network(Random(1), 1)
    >>> introduction(NetworkParams(network=net, draw=False), numbered=False)[0].markdown
    'Take the network above once more. Every neuron, the output neuron included, applies the ReLU to its weighted sum.'
    """
    network = params.network
    if not params.draw:
        reminder = _numbering(network) if numbered else ""
        return (Text(f"Take the network above once more. {_activations(network)} {reminder}".strip()),)
    reading = (
        "In the picture, the inputs stand on the left, the numbers on the edges are gains, and the number in a hollow "
        "circle is the bias of that neuron."
    )
    figure = Figure(network_figure(network), network_alt(network), width=_figure_width(network))
    return Text(f"{reading} {_activations(network)} {_numbering(network)}"), figure


def input_phrase(params: NetworkInputParams) -> str:
    """``$x_1 = 0$ and $x_2 = 3$``.

    >>> net, x = sampled_network(Random(1), 1)
    >>> input_phrase(NetworkInputParams(network=net, input=Vector.of([0, 3])))
    '$x_1 = 0$ and $x_2 = 3$'
    """
    parts = [f"${named(n).latex} = {x.latex}$" for n, x in zip(params.network.inputs, params.input, strict=True)]
    return listed(parts)


def forward_steps(network: Network, values: ForwardPass) -> tuple[Step, ...]:
    """One step a layer, with the numbers put in as one would by hand.

    >>> net, x = sampled_network(Random(1), 1)
    >>> from gradus.exact.backpropagation import forward
    >>> [step.claim for step in forward_steps(net, forward(net, x))]
    ['The values of hidden layer 1.', 'The values of the output layer.']
    """
    steps, first = [], 1
    for index, layer in enumerate(network.layers, start=1):
        rows = _forward_rows(network, values, index, first)
        what = "the output layer" if index == len(network.layers) else f"hidden layer {index}"
        steps.append(Step(f"The values of {what}.", _FORWARD_REASONS[layer.activation], after=aligned(rows)))
        first += len(layer.neurons)
    return tuple(steps)


def affine_check(network: Network, values: ForwardPass, output: str, slopes: Vector, deltas: Vector) -> Check:
    """y from its slopes: while no ReLU switches, y = sum_i (dy/dx_i) x_i + sum_j (dy/dz_j) b_j exactly.

    >>> net, x = sampled_network(Random(1), 1)
    >>> from gradus.exact.backpropagation import backward, forward
    >>> values = forward(net, x)
    >>> back = backward(net, values)
    >>> affine_check(net, values, "y", back.rows[0], back.neuron_deltas).holds
    True
    """
    y = values.output[network.outputs.index(output)]
    biases = Vector(tuple(neuron.bias for neuron in network.neurons))
    total = slopes.dot(values.input) + deltas.dot(biases)
    name = named(output).latex
    sums = rf"\sum_i \frac{{\partial {name}}}{{\partial x_i}} x_i + \sum_j \frac{{\partial {name}}}{{\partial z_j}} b_j"
    note = (
        "with its gains fixed, and as long as no ReLU switches, the network is linear in its input and biases together"
    )
    return Check(f"${sums} = {total.latex}$, which is ${name}$: {note}.", total == y)


def kink_note(values: ForwardPass) -> tuple[Block, ...]:
    """What to say where a pre-activation is exactly 0; nothing elsewhere.

    >>> net, x = sampled_network(Random(1), 1)
    >>> from gradus.exact.backpropagation import forward
    >>> kink_note(forward(net, x))
    ()
    """
    if not values.kinks:
        return ()
    names = listed([f"${named(name).latex}$" for name in values.kinks])
    return (
        Text(
            f"**A kink.** The pre-activation of {names} is exactly 0 here, where the ReLU has no derivative. The "
            "gradient below uses the convention $H(0) = 0$; it need not be the derivative of the network's output, "
            "which may not exist at this point."
        ),
    )


def network_code(network: Network, *imports: str) -> str:
    """Python that builds the network as ``network``.

    >>> net, x = sampled_network(Random(1), 1)
    >>> network_code(net).splitlines()[-1]
    'network = Network.of({"inputs": inputs, "layers": layers})'
    """
    mapping = network.as_mapping()
    layers = [f"    {json.dumps(layer)}," for layer in mapping["layers"]]
    lines = [f"inputs = {json.dumps(mapping['inputs'])}", "layers = [", *layers, "]"]
    build = 'network = Network.of({"inputs": inputs, "layers": layers})'
    return "\n".join([*imports, "from gradus.exact.networks import Network", "", *lines, build])


def without_activations(network: Network) -> Network:
    """The wrong network without any ReLU.

    >>> net, x = sampled_network(Random(1), 1)
    >>> [layer.activation for layer in without_activations(net).layers]
    ['identity', 'identity']
    """
    return with_activations(network, ["identity"] * len(network.layers))


def with_linear_output(network: Network) -> Network:
    """The wrong network without the output neurons' own ReLU.

    >>> net, x = sampled_network(Random(1), 1)
    >>> [layer.activation for layer in with_linear_output(net).layers]
    ['relu', 'identity']
    """
    return with_activations(network, [*(layer.activation for layer in network.layers[:-1]), "identity"])


def with_activations(network: Network, activations: list[Activation]) -> Network:
    """The network with other activations, one a layer.

    >>> net, x = sampled_network(Random(1), 1)
    >>> with_activations(net, ["relu", "softmax"]).layers[-1].activation
    'softmax'
    """
    layers = zip(network.layers, activations, strict=True)
    return replace(network, layers=tuple(replace(layer, activation=a) for layer, a in layers))


def without_biases(network: Network) -> Network:
    """The wrong network whose biases are forgotten.

    >>> net, x = sampled_network(Random(1), 1)
    >>> [neuron.bias.text for neuron in without_biases(net).neurons]
    ['0', '0', '0']
    """
    weights = network.numbered_weights
    return network.with_weights(Vector(tuple(ZERO if w.source is None else w.value for w in weights)))


def sampled_network(rng: Random, level: int) -> tuple[Network, Vector]:
    """A network and an input with small integers, away from every kink.

    Of the neurons of each hidden layer at least one is active and one is not, and the output neuron is active.  Level
    1: 2-2-1, every neuron with ReLU; level 2: 2-3-1 or 3-2-1; level 3: 2-2-2-1, or 2-3-1 with a missing edge.

    >>> net, x = sampled_network(Random(1), 1)
    >>> [len(layer.neurons) for layer in net.layers], len(x)
    ([2, 1], 2)
    """
    sizes = rng.choice(_SIZES[level])
    names = tuple(f"x{i}" for i in range(1, sizes[0] + 1))
    x = Vector.of([rng.choice((-2, -1, 1, 2, 3)) for _ in names])
    missing = rng.randrange(3) if level == 3 and len(sizes) == 3 else None
    sources, values, layers = names, x, []
    for k, size in enumerate(sizes[1:], start=1):
        last = k == len(sizes) - 1
        prefix = "h" if len(sizes) == 3 else f"h{k}_"
        wanted = [True] if last else _pattern(rng, size)
        neurons = [
            _aimed(
                rng, "y" if last else f"{prefix}{j + 1}", _kept(rng, sources, missing == j and k == 1), values, active
            )
            for j, active in enumerate(wanted)
        ]
        activation: Activation = "identity" if last and level > 1 and rng.random() < 0.4 else "relu"
        layers.append(NeuronLayer(activation, tuple(neuron for neuron, _ in neurons)))
        sources = layers[-1].names
        values = Vector(tuple(max(z, ZERO) for _, z in neurons))
    return Network(names, tuple(layers)), x


def _pattern(rng: Random, size: int) -> list[bool]:
    pattern = [True, False, *(rng.random() < 0.5 for _ in range(size - 2))]
    rng.shuffle(pattern)
    return pattern


def _kept(rng: Random, sources: tuple[str, ...], drop_one: bool) -> tuple[tuple[int, str], ...]:
    dropped = rng.randrange(len(sources)) if drop_one else None
    return tuple((i, source) for i, source in enumerate(sources) if i != dropped)


def _aimed(
    rng: Random, name: str, sources: tuple[tuple[int, str], ...], values: Vector, active: bool
) -> tuple[Neuron, Number]:
    """A neuron that is active or not, as wanted, and its pre-activation: all its weights change sign if need be."""
    gains = [Number.of(rng.choice((-3, -2, -1, 1, 2, 3))) for _ in sources]
    bias = Number.of(rng.choice((-2, -1, 1, 2)))
    z = sum((g * values[i] for g, (i, _) in zip(gains, sources, strict=True)), bias)
    if not z:
        bias, z = bias + bias, bias
    if (z.sign() > 0) != active:
        gains, bias, z = [-g for g in gains], -bias, -z
    return Neuron(name, tuple((s, g) for (_, s), g in zip(sources, gains, strict=True)), bias), z


def _forward_rows(network: Network, values: ForwardPass, index: int, first: int) -> list[str]:
    layer, computed = network.layers[index - 1], values.layers[index - 1]
    sources = dict(zip(network.sources(index - 1), values.before(index), strict=True))
    numbers = {(w.neuron, w.source): w.number for w in network.numbered_weights}
    rows = []
    for j, (neuron, z) in enumerate(zip(layer.neurons, computed.pre_activations, strict=True)):
        symbols = [f"{_weight(numbers[neuron.name, source])}{named(source).latex}" for source, _ in neuron.gains]
        figures = [rf"{_factor(g)} \cdot {_factor(sources[source])}" for source, g in neuron.gains]
        sums = " + ".join([*symbols, _weight(numbers[neuron.name, None])])
        put_in = f"{' + '.join([*figures, _factor(neuron.bias)])} = {z.latex}"
        wide = len(neuron.gains) > WIDE
        rows += (
            [f"z_{{{first + j}}} &= {sums}", f"&= {put_in}"] if wide else [f"z_{{{first + j}}} &= {sums} = {put_in}"]
        )
    if layer.activation == "softmax":
        shown = ", ".join(named(name).latex for name in layer.names)
        return [*rows, rf"({shown}) &= \operatorname{{softmax}}(\mathbf{{z}}) = {computed.outputs.latex}"]
    for j, (name, value) in enumerate(zip(layer.names, computed.outputs, strict=True)):
        rule = rf"\max(0, z_{{{first + j}}})" if layer.activation == "relu" else f"z_{{{first + j}}}"
        rows.append(f"{named(name).latex} &= {rule} = {value.latex}")
    return rows


def _weight(number: int) -> str:
    return f"w_{{{number}}}"


def _factor(value: Number) -> str:
    latex = value.latex
    return f"({latex})" if latex.startswith("-") or len(value.terms) > 1 else latex


def _activations(network: Network) -> str:
    names = [_ACTIVATION_NAMES[layer.activation] for layer in network.layers]
    if set(names) == {"ReLU"}:
        return "Every neuron, the output neuron included, applies the ReLU to its weighted sum."
    if set(names) == {"identity"}:
        return "Every neuron is linear: it puts out its weighted sum as it is."
    hidden, last = sorted(set(names[:-1])), names[-1]
    ends = {
        "identity": "the last layer is linear",
        "soft-max": "the last layer applies a soft-max to its sums",
        "ReLU": "the neurons of the last layer apply the ReLU",
    }[last]
    if not hidden:
        return ends[0].upper() + ends[1:] + "."
    if hidden == ["ReLU"]:
        return f"The hidden neurons apply the ReLU, and {ends}."
    listed_layers = [f"layer {k} the {name}" for k, name in enumerate(names, start=1)]
    return f"The activations are: {listed(listed_layers)}."


def _numbering(network: Network) -> str:
    ranges, first = [], 1
    for neuron in network.neurons:
        last = first + len(neuron.gains)
        ranges.append(f"{first}" if first == last else f"{first} to {last}")
        first = last + 1
    if len(ranges) == 1:
        return f"The weights number {ranges[0]}: the gains from top to bottom, then the bias."
    return (
        "Weights are numbered neuron by neuron, layer by layer and from top to bottom; a neuron's gains come first, "
        f"its bias last: {listed(ranges)}."
    )


def _figure_width(network: Network) -> float:
    return min(1.0, 0.3 + 0.16 * len(network.layers) + 0.03 * max(len(layer.neurons) for layer in network.layers))
