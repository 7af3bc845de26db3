"""A forward pass as a person writes it: the weights put in neuron by neuron, then the activation.

A layer with more than :data:`MOST_WRITTEN_OUT` inputs or neurons is told by its results only.  A value whose exact form
is long, sigmoid(1) in a second layer say, is shown rounded, after an approximate equality sign.
"""

from __future__ import annotations

from gradus.exact.linear_algebra.equations import aligned
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import ForwardPass
from gradus.exact.networks.expressions import named
from gradus.exact.networks.losses import LossName, chosen_loss, loss_value
from gradus.exact.networks.network import Activation, Network, Neuron, NeuronLayer
from gradus.exact.numbers.number import ZERO, Number, decimal
from gradus.exact.steps import Step

WIDE = 3
"""A sum of more weighted inputs than this, and its numbers, take a line each."""
MOST_WRITTEN_OUT = 12
"""Most inputs, and most neurons, of a layer that is written out neuron by neuron."""
LONGEST = 32
"""Longest LaTeX of a number that is shown exactly among others; a longer one that is no square root is rounded."""
DIGITS = 6

_REASONS: dict[Activation, str] = {
    "relu": "Each neuron adds its bias to its weighted inputs, and applies the ReLU.",
    "leaky_relu": "Each neuron adds its bias to its weighted inputs, and applies the leaky ReLU.",
    "identity": "Each neuron adds its bias to its weighted inputs, and puts out the sum as it is.",
    "sigmoid": r"Each neuron adds its bias to its weighted inputs, and applies the sigmoid "
    r"$\sigma(z) = 1/(1 + e^{-z})$.",
    "tanh": "Each neuron adds its bias to its weighted inputs, and applies the hyperbolic tangent.",
    "softmax": "Each neuron adds its bias to its weighted inputs; the soft-max of all the sums is the output.",
}
_COMPACT = (
    f" The layer has more than {MOST_WRITTEN_OUT} inputs or neurons, so only its results are shown, of at most "
    f"{MOST_WRITTEN_OUT} neurons."
)


def forward_steps(network: Network, values: ForwardPass, slopes: bool = False) -> tuple[Step, ...]:
    """One step a layer, with the numbers put in as one would by hand.

    Args:
        network: the network.
        values: its forward pass.
        slopes: whether the derivatives H(z) of the activations, which back-propagation needs, stand beside the values.

    >>> from gradus.exact.networks.backpropagation import forward
    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [3], "bias": 1}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden, last]})
    >>> [step.claim for step in forward_steps(net, forward(net, Vector.of([3, 1])))]
    ['The values of hidden layer 1.', 'The values of the output layer.']
    """
    steps, first = [], 1
    numbers = {(w.neuron, w.source): w.number for w in network.numbered_weights}
    for index, layer in enumerate(network.layers, start=1):
        what = "the output layer" if index == len(network.layers) else f"hidden layer {index}"
        reason = _REASONS[layer.activation]
        sources = dict(zip(network.sources(index - 1), values.before(index), strict=True))
        computed = values.layers[index - 1]
        if max(len(sources), len(layer.neurons)) > MOST_WRITTEN_OUT:
            reason += _COMPACT
            rows = _results(layer, first, computed.pre_activations, computed.outputs)
        else:
            rows = [
                row
                for j, (neuron, z) in enumerate(zip(layer.neurons, computed.pre_activations, strict=True))
                for row in _sum_rows(neuron, first + j, z, sources, numbers)
            ]
            rows += _activation_rows(layer, first, computed.pre_activations, computed.outputs, slopes)
        steps.append(Step(f"The values of {what}.", reason, after=aligned(rows)))
        first += len(layer.neurons)
    return tuple(steps)


def loss_step(network: Network, output: Vector, target: Vector, loss: LossName | None = None) -> Step:
    """The value of a loss with the numbers put in.

    Raises:
        InputError: as :func:`gradus.exact.networks.losses.loss_value`.

    >>> layer = {"activation": "identity", "neurons": [{"gains": [3], "bias": 1}]}
    >>> net = Network.of({"inputs": ["x"], "layers": [layer]})
    >>> print(loss_step(net, Vector.of([4]), Vector.of([2]), "squared").after)
    \\ell = \\frac{1}{2} (y - t)^2 = \\frac{1}{2} (4 - 2)^2 = 2
    """
    name, value = chosen_loss(network, loss), loss_value(network, output, target, loss)
    formula, figures = _loss_formula(network, name, output, target)
    put_in = f" = {figures}" if figures else ""
    return Step(_LOSS_CLAIMS[name], _LOSS_REASONS[name], after=rf"\ell = {formula}{put_in} {equal(value)}")


_LOSS_CLAIMS = {
    "squared": "The squared loss.",
    "cross-entropy": "The cross-entropy.",
    "hinge": "The hinge loss.",
}
_LOSS_REASONS = {
    "squared": "Half the squared distance between the output and the target.",
    "cross-entropy": "Minus the logarithm of the probability that the network gives to the target, on average over the "
    "target's own probabilities.",
    "hinge": "It is 0 as soon as the right side is ahead by a margin of 1.",
}


def _loss_formula(network: Network, name: LossName, output: Vector, target: Vector) -> tuple[str, str]:
    """The loss in symbols and with its numbers; the latter empty where there are too many."""
    names = [named(n).latex for n in network.outputs]
    pairs = list(zip(output, target, strict=True))
    short = len(names) <= WIDE and all(is_short(x) for x in (*output, *target))
    if name == "squared":
        if len(names) == 1:
            figures = rf"\frac{{1}}{{2}} ({shown(output[0])} - {factor(target[0])})^2" if short else ""
            return rf"\frac{{1}}{{2}} ({names[0]} - t)^2", figures
        squares = " + ".join(f"({shown(y)} - {factor(t)})^2" for y, t in pairs)
        return r"\frac{1}{2} \sum_i (y_i - t_i)^2", rf"\frac{{1}}{{2}} \left({squares}\right)" if short else ""
    if name == "cross-entropy":
        if len(names) == 1 and network.layers[-1].activation == "sigmoid":
            return rf"-t \log {names[0]} - (1 - t) \log (1 - {names[0]})", ""
        return r"-\sum_i t_i \log y_i", ""
    if len(names) == 1:
        figures = rf"\max(0, 1 - {factor(target[0])} \cdot {factor(output[0])})" if short else ""
        return rf"\max(0, 1 - t\,{names[0]})", figures
    right = next(i for i, t in enumerate(target) if t)
    others = ", ".join(n for i, n in enumerate(names) if i != right) if len(names) <= MOST_WRITTEN_OUT else r"y_j"
    largest = max(x for i, x in enumerate(output) if i != right)
    figures = rf"\max(0, 1 + {factor(largest)} - {factor(output[right])})"
    top = rf"\max({others})" if len(names) > 2 else others
    return rf"\max\left(0, 1 + {top} - {names[right]}\right)", figures if short or len(names) <= WIDE else ""


def shown(value: Number, digits: int = DIGITS) -> str:
    r"""The LaTeX of a number, rounded to so many significant digits where that is long.

    >>> shown(Number.of("1/2"))
    '\\frac{1}{2}'
    """
    return value.latex if is_short(value) else decimal_latex(value, digits)


def decimal_latex(value: Number, places: int = DIGITS) -> str:
    r"""So many significant digits, with a power of ten in LaTeX.

    >>> decimal_latex(Number.of("1/3") ** 20)
    '2.86797 \\cdot 10^{-10}'
    """
    digits, _, exponent = decimal(value, places).partition("e")
    return rf"{digits} \cdot 10^{{{exponent}}}" if exponent else digits


def is_short(value: Number) -> bool:
    """Whether a number is shown exactly among others.

    >>> is_short(Number.of("1/2"))
    True
    """
    return len(value.latex) <= LONGEST and _is_written_out(value)


def _is_written_out(value: Number) -> bool:
    """Whether its LaTeX is the number and not its first digits."""
    return r"\ldots" not in value.latex


def equal(value: Number) -> str:
    r"""``= x``, and a rounded value besides where x is neither rational nor a sum of square roots.

    >>> equal(Number.of("1/2"))
    '= \\frac{1}{2}'
    """
    if type(value) is Number and is_short(value):
        return f"= {value.latex}"
    exact = f"= {value.latex} " if len(value.latex) <= 2 * LONGEST and _is_written_out(value) else ""
    return rf"{exact}\approx {decimal_latex(value)}"


def factor(value: Number) -> str:
    """A number as a factor or term, in parentheses where it needs them.

    >>> factor(Number.of(-3)), factor(Number.of(3))
    ('(-3)', '3')
    """
    latex = shown(value)
    if not latex.startswith("-") and not (value.is_sum and is_short(value)):
        return latex
    return rf"\left({latex}\right)" if "frac" in latex else f"({latex})"


def _sum_rows(
    neuron: Neuron, number: int, z: Number, sources: dict[str, Number], numbers: dict[tuple[str, str | None], int]
) -> list[str]:
    symbols = [f"{_weight(numbers[neuron.name, source])}{named(source).latex}" for source, _ in neuron.gains]
    figures = [rf"{factor(g)} \cdot {factor(sources[source])}" for source, g in neuron.gains]
    sums = " + ".join([*symbols, _weight(numbers[neuron.name, None])])
    put_in = f"{' + '.join([*figures, factor(neuron.bias)])} {equal(z)}"
    if len(neuron.gains) > WIDE:
        lines = [f"&= {' + '.join(part)}" for part in _parts([*figures, factor(neuron.bias)])]
        lines[1:] = [line.replace("&= ", r"&\quad + ", 1) for line in lines[1:]]
        head = [f"&= {' + '.join(part)}" for part in _parts([*symbols, _weight(numbers[neuron.name, None])])]
        head[1:] = [line.replace("&= ", r"&\quad + ", 1) for line in head[1:]]
        head[0] = f"z_{{{number}}} {head[0]}"
        lines[-1] += f" {equal(z)}"
        return [*head, *lines]
    return [f"z_{{{number}}} &= {sums} = {put_in}"]


def _parts(terms: list[str]) -> list[list[str]]:
    """Terms in lines of at most six."""
    return [terms[i : i + 6] for i in range(0, len(terms), 6)]


def _activation_rows(layer: NeuronLayer, first: int, sums: Vector, outputs: Vector, slopes: bool) -> list[str]:
    if layer.activation == "softmax":
        names = ", ".join(named(name).latex for name in layer.names)
        head = rf"({names}) &= \operatorname{{softmax}}(\mathbf{{z}})"
        if all(is_short(x) and type(x) is Number for x in outputs):
            return [f"{head} = ({', '.join(x.latex for x in outputs)})"]
        exponents = [named(name).latex for name in layer.names]
        total = " + ".join(f"e^{{{z.latex}}}" for z in sums) if all(map(is_short, sums)) else r"\sum_j e^{z_j}"
        return [head] + [
            rf"{y} &= \frac{{e^{{{shown(z)}}}}}{{{total}}} \approx {decimal_latex(x)}"
            for y, z, x in zip(exponents, sums, outputs, strict=True)
        ]
    rows = []
    for j, (name, z, x) in enumerate(zip(layer.names, sums, outputs, strict=True), start=first):
        slope = f",\\quad {_slope_row(layer, name, j, z, x)}" if slopes and layer.activation != "identity" else ""
        rows.append(f"{named(name).latex} &= {_rule(layer, f'z_{{{j}}}')} {equal(x)}{slope}")
    return rows


def _rule(layer: NeuronLayer, z: str) -> str:
    """The activation of one sum."""
    return {
        "relu": rf"\max(0, {z})",
        "leaky_relu": rf"\max\left({z}, {(layer.slope or ZERO).latex}\,{z}\right)",
        "identity": z,
        "sigmoid": rf"\sigma({z})",
        "tanh": rf"\tanh({z})",
        "softmax": "",
    }[layer.activation]


def _slope_row(layer: NeuronLayer, name: str, number: int, z: Number, x: Number) -> str:
    """The derivative of the activation at its sum, with its value."""
    y, step = named(name).latex, Number.of(int(z.sign() > 0))
    if layer.activation == "relu":
        return f"H(z_{{{number}}}) = {step.latex}"
    if layer.activation == "leaky_relu":
        slope = Number.of(1) if z.sign() > 0 else layer.slope or ZERO
        return rf"\frac{{\partial {y}}}{{\partial z_{{{number}}}}} = {slope.latex}"
    if layer.activation == "sigmoid":
        return rf"{y}(1 - {y}) {equal(x * (1 - x))}"
    return rf"1 - {y}^2 {equal(1 - x * x)}"


def _results(layer: NeuronLayer, first: int, sums: Vector, outputs: Vector) -> list[str]:
    """The sums and outputs of the first neurons of a large layer."""
    count = len(layer.neurons)
    rows = [
        rf"z_{{{first + j}}} &{equal(sums[j])}, & {named(name).latex} &{equal(outputs[j])}"
        for j, name in enumerate(layer.names[:MOST_WRITTEN_OUT])
    ]
    return rows if count <= MOST_WRITTEN_OUT else [*rows, rf"&\;\;\vdots && \text{{({count} neurons)}}"]


def _weight(number: int) -> str:
    return f"w_{{{number}}}"
