"""What ``gradus net`` finds, and its JSON and LaTeX."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gradus.errors import UnsupportedError
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import BackwardPass, ForwardPass, forward
from gradus.exact.networks.expressions import named
from gradus.exact.networks.gradient_expressions import delta_expressions, gradient_expressions, layer_meant
from gradus.exact.networks.kinks import KinkDerivative, kink_derivatives
from gradus.exact.networks.measures import Measure
from gradus.exact.networks.network import LossName, Network, Weight
from gradus.exact.steps import Step

if TYPE_CHECKING:
    from gradus.documents.blocks import Block, Document
    from gradus.exact.networks.dead_neurons import BoxVerdict

MAX_ENTRIES = 1_000_000
"""Most derivatives that are computed where no output is named and there are several."""


@dataclass(frozen=True)
class NetQuestion:
    """What is asked of a network.

    Attributes:
        network: the network.
        input: one number an input; None asks for the structure alone.
        target: one number an output, for a loss.
        loss: which loss; None for the network's own.
        output: the output to differentiate; None for all of them, or for a loss.
        grad: what to differentiate in, as :func:`gradus.exact.networks.gradient_expressions.layer_meant` reads it.
        symbolic: whether the derivatives are asked for in symbols.
        structure: whether the structure is asked for beside the values.
        box: the lower and the upper end of each input.
    """

    network: Network
    input: Vector | None = None
    target: Vector | None = None
    loss: LossName | None = None
    output: str | None = None
    grad: str | int = "weights"
    symbolic: bool = False
    structure: bool = False
    box: tuple[tuple[object, object], ...] | None = None

    @property
    def asked(self) -> int | None:
        """The number of the layer whose outputs are differentiated in, 0 for the inputs; None for the weights."""
        return layer_meant(self.network, self.grad)


@dataclass(frozen=True)
class Kink:
    """A sum that is exactly 0, or a loss without a derivative, and the weights whose derivatives it concerns."""

    neuron: str | None
    weights: tuple[KinkDerivative, ...]


@dataclass(frozen=True)
class Gradient:
    """One row of derivatives: of what, by which recursion, the derivatives that were asked for, and the kinks."""

    measure: Measure
    back: BackwardPass
    entries: Vector
    kinks: tuple[Kink, ...]


@dataclass(frozen=True)
class NetAnswer:
    """What was found; ``values`` is None and ``gradients`` empty where no input was given."""

    question: NetQuestion
    values: ForwardPass | None
    gradients: tuple[Gradient, ...]
    steps: tuple[Step, ...]
    box: tuple[BoxVerdict, ...]

    @staticmethod
    def to(question: NetQuestion, with_steps: bool) -> NetAnswer:
        """The answer to a question; the steps only where they are asked for.

        Raises:
            InputError: an output, a target or a loss does not suit the network.
            UnsupportedError: the network is beyond a limit for what is asked.
        """
        network, x = question.network, question.input
        box = _box(question)
        if x is None:
            return NetAnswer(question, None, (), (), box)
        values = forward(network, x)
        gradients = tuple(_gradient(question, values, measure) for measure in _measures(question))
        return NetAnswer(question, values, gradients, _steps(question) if with_steps else (), box)

    @property
    def shows_structure(self) -> bool:
        """Whether the structure belongs to the answer."""
        return self.question.structure or self.values is None

    def json(self) -> dict[str, Any]:
        """The JSON object that ``--json`` prints."""
        from gradus.cli.net_json import net_json

        return net_json(self)

    def latex(self) -> tuple[str, ...]:
        """The formulas that ``--latex`` prints, one a line."""
        network, lines = self.question.network, []
        if self.values is None:
            for k in range(1, len(network.layers) + 1):
                lines.append(rf"W^{{({k})}} = {network.gain_matrix(k).latex}")
                lines.append(rf"\mathbf{{b}}^{{({k})}} = {network.biases(k).latex}")
        else:
            for k, layer in enumerate(self.values.layers, start=1):
                lines.append(rf"\mathbf{{z}}^{{({k})}} = {layer.pre_activations.latex}")
                lines.append(rf"\mathbf{{x}}^{{({k})}} = {layer.outputs.latex}")
        for gradient in self.gradients:
            if gradient.measure.target is not None and self.values is not None:
                lines.append(rf"\ell = {gradient.measure.value(network, self.values).latex}")
            lines.append(f"{self.derivative_latex(gradient.measure)} = {gradient.entries.latex}")
        for measure in self.symbolic_measures:
            deltas, entries = self.symbols(measure)
            lines += [f"{name} = {value}" for name, value in deltas]
            y = measure.latex
            lines += [rf"\frac{{\partial {y}}}{{\partial {name}}} = {value}" for name, value in entries]
        return tuple(lines)

    def derivative_latex(self, measure: Measure) -> str:
        """The symbol of the derivatives of a measure in what was asked for."""
        asked = self.question.asked
        below = r"\mathbf{w}" if asked is None else rf"\mathbf{{x}}^{{({asked})}}"
        return rf"\frac{{\partial {measure.latex}}}{{\partial {below}}}"

    @cached_property
    def symbolic_measures(self) -> tuple[Measure, ...]:
        """What is written in symbols; without an input that needs neither a target nor the values."""
        question = self.question
        if not question.symbolic:
            return ()
        if self.gradients:
            return tuple(gradient.measure for gradient in self.gradients)
        if question.loss is not None:
            return (Measure(None, None, question.loss),)
        return tuple(Measure(name) for name in _outputs(question))

    def symbols(self, measure: Measure) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """The deltas that are sums, and the derivatives: LaTeX of what they are, or are taken in, and their values."""
        network, asked = self.question.network, self.question.asked
        deltas = delta_expressions(network, measure.output, loss=measure.loss)
        found = gradient_expressions(network, measure.output, loss=measure.loss, with_respect_to=self.question.grad)
        if asked is None:
            names = [f"w_{{{i}}}" for i in range(1, len(found) + 1)]
        else:
            names = [named(name).latex for name in network.sources(asked)]
        sums = [(delta.name.latex, delta.value.latex) for delta in deltas if delta.is_sum]
        return sums, [(name, entry.latex) for name, entry in zip(names, found, strict=True)]

    def blocks(self, with_steps: bool) -> tuple[Block, ...]:
        """What the terminal shows."""
        from gradus.cli.net_blocks import answer_blocks

        return answer_blocks(self, self.steps if with_steps else ())

    @property
    def lacks_steps(self) -> bool:
        """Whether several outputs are differentiated, of which the worked steps take one at a time."""
        return len(self.gradients) > 1

    def document(self) -> Document:
        """The page that ``--html`` and ``--pdf`` write."""
        from gradus.cli.net_blocks import page

        return page(self)


def _outputs(question: NetQuestion) -> tuple[str, ...]:
    """The outputs to differentiate: the one that is named, or all."""
    return (question.output,) if question.output is not None else question.network.outputs


def _measures(question: NetQuestion) -> tuple[Measure, ...]:
    network = question.network
    if question.target is not None:
        return (Measure.of(network, None, question.target, question.loss),)
    outputs = _outputs(question)
    if len(outputs) > 1 and len(outputs) * len(network.weights) > MAX_ENTRIES:
        rule = f"would make {len(outputs)} gradients of {len(network.weights):,} weights"
        raise UnsupportedError("outputs", f"{len(outputs)} outputs", rule, "name one with --output, or give a --target")
    return tuple(Measure.of(network, name) for name in outputs)


def _gradient(question: NetQuestion, values: ForwardPass, measure: Measure) -> Gradient:
    back = measure.backward(question.network, values)
    entries = back.gradient if question.asked is None else back.rows[question.asked]
    return Gradient(measure, back, entries, _kinks(question.network, values, back, measure))


def _kinks(network: Network, values: ForwardPass, back: BackwardPass, measure: Measure) -> tuple[Kink, ...]:
    """Each kink with the weights that can move its sum: those of its own neuron and of the neurons behind it."""
    if not values.kinks and not back.at_loss_kink:
        return ()
    found = kink_derivatives(network, values.input, measure.output, target=measure.target, loss=measure.loss)
    kinks = []
    for name in values.kinks:
        near = _feeding(network, name)
        kinks.append(Kink(name, tuple(kink for kink in found if kink.weight.neuron in near)))
    return (*kinks, Kink(None, found)) if back.at_loss_kink else tuple(kinks)


def _feeding(network: Network, name: str) -> set[str]:
    """A neuron and all from which edges lead to it, over others too."""
    near, sources = {name}, {neuron.name: neuron for neuron in network.neurons}
    waiting = [name]
    while waiting:
        for source, _ in sources[waiting.pop()].gains:
            if source in sources and source not in near:
                near.add(source)
                waiting.append(source)
    return near


def _steps(question: NetQuestion) -> tuple[Step, ...]:
    from gradus.exact.networks.backpropagation_steps import backpropagation_steps

    several = question.target is None and len(_outputs(question)) > 1
    if question.input is None or several:
        return ()
    network, x, output = question.network, question.input, question.output
    return backpropagation_steps(network, x, output, question.target, question.loss, question.grad)


def _box(question: NetQuestion) -> tuple[BoxVerdict, ...]:
    from gradus.exact.networks.dead_neurons import dead_in_box

    return () if question.box is None else dead_in_box(question.network, question.box)


def weight_words(weight: Weight) -> str:
    """What a weight is, in LaTeX within Markdown: an edge or a bias."""
    neuron = named(weight.neuron).latex
    return f"bias of ${neuron}$" if weight.source is None else f"${named(weight.source).latex}$ → ${neuron}$"
