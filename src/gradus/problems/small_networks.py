"""What the problems on small networks share: their parameters, how they introduce the network, and their samples."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, model_validator

from gradus.documents.blocks import Block, Text
from gradus.errors import InputError
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.activations import activated
from gradus.exact.networks.backpropagation import ForwardPass, chosen_output, forward
from gradus.exact.networks.expressions import named
from gradus.exact.networks.losses import loss_value
from gradus.exact.networks.measures import Measure
from gradus.exact.networks.network import Activation, LossName, Network, Neuron, NeuronLayer
from gradus.exact.numbers.number import ZERO, Number
from gradus.exact.steps import Check
from gradus.problems.network_figure import network_picture
from gradus.problems.problem import Params, VectorParam
from gradus.problems.wording import listed

NetworkParam = Annotated[
    Network, PlainValidator(Network.of), PlainSerializer(lambda net: net.as_mapping(), return_type=dict[str, Any])
]

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


class MeasureParams(NetworkInputParams):
    """A network, its input, and what is asked about: an output, or a loss against a target.

    Attributes:
        output: the name of an output; None where there is one, or where a target is given.
        target: one number an output; with it the loss is asked about.
        loss: squared, cross-entropy or hinge; None for the network's own.

    >>> net, x = sampled_network(Random(1), 1)
    >>> MeasureParams(network=net, input=x, target=[2], loss="squared").measure.latex
    '\\\\ell'
    """

    output: str | None = None
    target: VectorParam | None = None
    loss: LossName | None = None

    @property
    def measure(self) -> Measure:
        """What is asked about, where it is one number."""
        return Measure.of(self.network, self.output, self.target, self.loss)

    @model_validator(mode="after")
    def _measure_exists(self) -> MeasureParams:
        if self.target is not None:
            measure = self.measure
            loss_value(self.network, forward(self.network, self.input).output, self.target, measure.loss)
        elif self.loss is not None or self.output is not None:
            chosen_output(self.network, self.measure.output)
        return self


def loss_phrase(measure: Measure) -> str:
    r"""``the squared loss $\ell = ...$ against the target $t = 2$``.

    >>> loss_phrase(Measure(None, Vector.of([2]), "squared"))
    'the squared loss $\\ell = \\frac{1}{2}(y - t)^2$ against the target $t = 2$'
    """
    target = measure.target
    if target is None or measure.loss is None:
        raise ValueError("measure: an output has no loss; a fault of the program")
    single = len(target) == 1
    formula = _LOSS_FORMULAS[measure.loss, single]
    given = f"$t = {target[0].latex}$" if single else rf"$\mathbf{{t}} = ({', '.join(t.latex for t in target)})$"
    return f"{_LOSS_NAMES[measure.loss]} $\\ell = {formula}$ against the target {given}"


_LOSS_NAMES: dict[LossName, str] = {
    "squared": "the squared loss",
    "cross-entropy": "the cross-entropy",
    "hinge": "the hinge loss",
}
_LOSS_FORMULAS: dict[tuple[LossName, bool], str] = {
    ("squared", True): r"\frac{1}{2}(y - t)^2",
    ("squared", False): r"\frac{1}{2}\sum_i (y_i - t_i)^2",
    ("cross-entropy", True): r"-t \log y - (1 - t) \log(1 - y)",
    ("cross-entropy", False): r"-\sum_i t_i \log y_i",
    ("hinge", True): r"\max(0, 1 - t y)",
    ("hinge", False): r"\max\left(0, 1 + \max_{j \neq c} y_j - y_c\right)",
}


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
    figure = network_picture(network)
    return Text(f"{reading} {_activations(network)} {_numbering(network)}"), figure


def input_phrase(params: NetworkInputParams) -> str:
    """``$x_1 = 0$ and $x_2 = 3$``.

    >>> net, x = sampled_network(Random(1), 1)
    >>> input_phrase(NetworkInputParams(network=net, input=Vector.of([0, 3])))
    '$x_1 = 0$ and $x_2 = 3$'
    """
    parts = [f"${named(n).latex} = {x.latex}$" for n, x in zip(params.network.inputs, params.input, strict=True)]
    return listed(parts)


def is_piecewise_linear(network: Network) -> bool:
    """Whether its output is linear in input and biases together as long as no ReLU switches.

    >>> net, x = sampled_network(Random(1), 1)
    >>> is_piecewise_linear(net)
    True
    """
    return all(layer.is_piecewise_affine for layer in network.layers)


def affine_check(network: Network, values: ForwardPass, output: str, slopes: Vector, deltas: Vector) -> Check:
    """y from its slopes: while no ReLU switches, y = sum_i (dy/dx_i) x_i + sum_j (dy/dz_j) b_j exactly.

    >>> net, x = sampled_network(Random(1), 1)
    >>> from gradus.exact.networks.backpropagation import backward, forward
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
    return "\n".join([*imports, "from gradus.exact.networks.network import Network", "", *lines, build])


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
    return replace(
        network,
        layers=tuple(NeuronLayer(a, layer.neurons, layer.slope if a == "leaky_relu" else None) for layer, a in layers),
    )


def without_biases(network: Network) -> Network:
    """The wrong network whose biases are forgotten.

    >>> net, x = sampled_network(Random(1), 1)
    >>> [neuron.bias.text for neuron in without_biases(net).neurons]
    ['0', '0', '0']
    """
    weights = network.numbered_weights
    return network.with_weights(Vector(tuple(ZERO if w.source is None else w.value for w in weights)))


def sampled_network(
    rng: Random, level: int, hidden: Activation = "relu", slope: Number | None = None
) -> tuple[Network, Vector]:
    """A network and an input with small integers, away from every kink.

    Of the neurons of each hidden layer at least one is active and one is not, and the output neuron is active.  Level
    1: 2-2-1, every neuron with ReLU; level 2: 2-3-1 or 3-2-1; level 3: 2-2-2-1, or 2-3-1 with a missing edge.

    Args:
        rng: where the choices come from.
        level: of difficulty.
        hidden: the activation of the hidden layers, relu or leaky_relu.
        slope: of the leaky ReLU for negative sums.

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
        linear = last and level > 1 and rng.random() < 0.4
        activation: Activation = "identity" if linear else "relu" if last else hidden
        own_slope = slope if activation == "leaky_relu" else None
        layers.append(NeuronLayer(activation, tuple(neuron for neuron, _ in neurons), own_slope))
        sources = layers[-1].names
        values = activated(layers[-1], Vector(tuple(z for _, z in neurons)))
    return Network(names, tuple(layers)), x


def sampled_classifier(rng: Random, outputs: int, last: Activation) -> tuple[Network, Vector]:
    """A 2-2-n network with ReLU and an input, small integers, one hidden neuron active and one not.

    With ``softmax`` or ``sigmoid`` as the last activation, the sums of the outputs are all equal, 0 for the sigmoid, so
    that the probabilities are 1/n; otherwise they are all different.

    >>> net, x = sampled_classifier(Random(1), 3, "softmax")
    >>> from gradus.exact.networks.backpropagation import forward
    >>> forward(net, x).output.text
    '(1/3, 1/3, 1/3)'
    """
    network, x = sampled_network(rng, 1)
    hidden = network.layers[0]
    sums = forward(network, x).layers[0].outputs
    level = ZERO if last == "sigmoid" else Number.of(rng.choice((-1, 0, 1, 2)))
    drawn: list[Neuron] = []
    while len(drawn) < outputs:
        gains = [Number.of(rng.choice((-2, -1, 1, 2))) for _ in sums]
        reached = sum((g * h for g, h in zip(gains, sums, strict=True)), ZERO)
        goal = level if last in ("softmax", "sigmoid") else level + (len(drawn) if rng.random() < 0.5 else -len(drawn))
        name = "y" if outputs == 1 else f"y{len(drawn) + 1}"
        drawn.append(Neuron(name, tuple(zip(hidden.names, gains, strict=True)), goal - reached))
    return Network(network.inputs, (hidden, NeuronLayer(last, tuple(drawn)))), x


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


def _activations(network: Network) -> str:
    names = [activation_name(layer) for layer in network.layers]
    if set(names) == {"ReLU"}:
        return "Every neuron, the output neuron included, applies the ReLU to its weighted sum."
    if set(names) == {"identity"}:
        return "Every neuron is linear: it puts out its weighted sum as it is."
    hidden, last = sorted(set(names[:-1])), names[-1]
    ends = {
        "identity": "the last layer is linear",
        "soft-max": "the last layer applies a soft-max to its sums",
    }.get(
        last, f"{'the output neuron applies' if len(network.outputs) == 1 else 'the output neurons apply'} the {last}"
    )
    if not hidden:
        return ends[0].upper() + ends[1:] + "."
    if len(hidden) == 1:
        start = (
            "The hidden neurons are linear" if hidden == ["identity"] else f"The hidden neurons apply the {hidden[0]}"
        )
        return f"{start}, and {ends}." if last != hidden[0] else f"Every neuron applies the {last} to its weighted sum."
    listed_layers = [f"layer {k} the {name}" for k, name in enumerate(names, start=1)]
    return f"The activations are: {listed(listed_layers)}."


def activation_name(layer: NeuronLayer) -> str:
    """The name of a layer's activation in a sentence.

    >>> activation_name(NeuronLayer("leaky_relu", ()))
    'leaky ReLU with slope $\\\\frac{1}{100}$ for negative sums'
    """
    if layer.slope is not None:
        return f"leaky ReLU with slope ${layer.slope.latex}$ for negative sums"
    return {
        "relu": "ReLU",
        "identity": "identity",
        "sigmoid": "sigmoid",
        "tanh": "hyperbolic tangent",
        "softmax": "soft-max",
    }[layer.activation]


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
