"""Is a network with given weights at a stationary point of its output, or of a loss, as a function of the weights?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from random import Random

from gradus.documents.blocks import Block, Table, Text
from gradus.errors import UnsupportedError
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.networks.backpropagation import ForwardPass, forward
from gradus.exact.networks.difference_checks import one_sided_check
from gradus.exact.networks.expressions import named
from gradus.exact.networks.forward_steps import forward_steps, loss_step
from gradus.exact.networks.kinks import kink_derivatives
from gradus.exact.networks.losses import loss_gradient, loss_has_kink
from gradus.exact.networks.measures import Measure
from gradus.exact.networks.network import Network, NeuronLayer
from gradus.exact.networks.stationarity import Stationarity, Witness, output_jacobian, stationarity
from gradus.exact.numbers.number import ZERO, Number
from gradus.exact.steps import Check, Step
from gradus.problems.small_networks import (
    MeasureParams,
    input_phrase,
    introduction,
    loss_phrase,
    sampled_classifier,
    sampled_network,
)
from gradus.problems.wording import listed

MOST_WEIGHTS = 40
"""Most weights whose derivatives fit a page."""


@dataclass(frozen=True)
class AtWeights:
    """A network with its input, what is asked about, and both verdicts.

    >>> net, x = sampled_network(Random(1), 1)
    >>> AtWeights(MeasureParams(network=net, input=x)).with_biases.verdict
    'not stationary'
    """

    params: MeasureParams

    @cached_property
    def values(self) -> ForwardPass:
        """The forward pass."""
        return forward(self.params.network, self.params.input)

    def verdict(self, biases: bool) -> Stationarity:
        """For all weights, or for the gains alone.

        Raises:
            UnsupportedError: it cannot be decided.
        """
        p = self.params
        found = stationarity(p.network, p.input, biases, target=p.target, loss=p.loss)
        if found.verdict == "undecided":
            rule = "has ReLUs at their kinks whose sums move together; partial derivatives do not decide that"
            raise UnsupportedError("network", "the point", rule, "change a weight or the input a little")
        return found

    @cached_property
    def without_biases(self) -> Stationarity:
        """Where the gains alone are weights."""
        return self.verdict(False)

    @cached_property
    def with_biases(self) -> Stationarity:
        """Where the biases are weights too."""
        return self.verdict(True)

    @property
    def measure(self) -> Measure | None:
        """The loss, where it is asked about."""
        return self.params.measure if self.params.target is not None else None


def weights_statement(at: AtWeights) -> tuple[Block, ...]:
    """The network, and the question."""
    params = at.params
    what = r"the function $\mathbf{w} \mapsto f(\mathbf{x}, \mathbf{w})$, the outputs of the network,"
    if at.measure is not None:
        what = f"{loss_phrase(at.measure)}, as a function of $\\mathbf{{w}}$,"
    ask = (
        f"Take the vector $\\mathbf{{w}}$ of the network's weights and the fixed input {input_phrase(params)}. Is "
        f"{what} stationary at the weights that are given: is it differentiable there, with the derivative "
        r"$\mathbf{0}$? Answer for a $\mathbf{w}$ that holds the gains alone, the biases being fixed, and for one that "
        "holds the biases too. Give your reasons."
    )
    return (*introduction(params), Text(ask))


def weights_summary(at: AtWeights) -> str:
    """Both verdicts, and what shows them."""
    first, second = at.without_biases, at.with_biases
    return (
        f"Without biases: **{_named(first)}**. With biases: **{_named(second)}**. "
        f"{_because(at, first, 'gain')} {'' if first.witness else _because(at, second, 'bias')}"
    ).strip()


def weights_steps(at: AtWeights) -> tuple[Step | Block, ...]:
    """The values, every derivative, and the two verdicts."""
    params = at.params
    loss = () if params.target is None else (loss_step(params.network, at.values.output, params.target, params.loss),)
    return (
        *forward_steps(params.network, at.values, slopes=True),
        *loss,
        _derivatives_step(at),
        _derivatives_table(at),
        _verdict_step(at, biases=False),
        _verdict_step(at, biases=True),
    )


def sampled_weights(rng: Random) -> MeasureParams:
    """A network that is cut off, at rest at its target, at a kink, or none of these.

    >>> sampled_weights(Random(1)).network.inputs
    ('x1', 'x2')
    """
    case = rng.choice(("cut off", "classifier", "at target", "kink", "dead output"))
    if case == "cut off":
        network, x = sampled_classifier(rng, 2, "softmax")
        return MeasureParams(network=_cut_off(network, x, 1), input=x)
    if case == "classifier":
        network, x = sampled_classifier(rng, rng.choice((2, 3)), "softmax")
        return MeasureParams(network=network, input=x)
    network, x = sampled_network(rng, 1)
    if case == "at target":
        y = forward(network, x).output
        return MeasureParams(network=network, input=x, target=y + Vector.of([rng.choice((0, 0, 1))]), loss="squared")
    if case == "dead output":
        return MeasureParams(network=_cut_off(network, x, 2), input=x)
    z = forward(network, x).layers[-1].pre_activations[0]
    return MeasureParams(network=_with_bias_moved(network, 2, -z), input=x)


def _cut_off(network: Network, x: Vector, number: int) -> Network:
    """The same with the biases of one layer so low that no ReLU of it is active."""
    highest = max(forward(network, x).layers[number - 1].pre_activations)
    return _with_bias_moved(network, number, -(abs(highest) + 1) if highest.sign() >= 0 else ZERO)


def _with_bias_moved(network: Network, number: int, change: Number) -> Network:
    layer = network.layers[number - 1]
    neurons = tuple(replace(neuron, bias=neuron.bias + change) for neuron in layer.neurons)
    layers = list(network.layers)
    layers[number - 1] = NeuronLayer(layer.activation, neurons, layer.slope)
    return replace(network, layers=tuple(layers))


def _named(found: Stationarity) -> str:
    return {
        "stationary": "a stationary point",
        "not stationary": "not a stationary point",
        "not differentiable": "not a stationary point, for the function is not differentiable there",
    }[found.verdict]


def _because(at: AtWeights, found: Stationarity, what: str) -> str:
    if found.witness is None:
        kinds = "in every gain" if what == "gain" else "in every weight"
        return f"{kinds[0].upper()}{kinds[1:]} the derivative is 0."
    w = found.witness
    if w.left != w.right:
        return f"In {_weight(w)} the left derivative {_of(w)} is ${w.left.latex}$ and the right one ${w.right.latex}$."
    return f"For example, the derivative {_of(w)} in {_weight(w)} is ${w.left.latex}$."


def _weight(w: Witness) -> str:
    place = f"$w_{{{w.weight.number}}}$"
    neuron = f"${named(w.weight.neuron).latex}$"
    if w.weight.source is None:
        return f"{place}, the bias of {neuron},"
    return f"{place}, the gain from ${named(w.weight.source).latex}$ to {neuron},"


def _of(w: Witness) -> str:
    return "of the loss" if w.output == "loss" else f"of ${named(w.output).latex}$"


def _derivatives_step(at: AtWeights) -> Step:
    kinks = ""
    if at.values.kinks:
        names = listed([f"${named(name).latex}$" for name in at.values.kinks])
        verb = "stands at its kink" if len(at.values.kinks) == 1 else "stand at their kinks"
        kinks = f" The sum of {names} is exactly 0, so that it {verb}: there both one-sided derivatives count."
    what = "The derivatives of the loss" if at.measure is not None else "The Jacobian of the outputs"
    return Step(
        f"{what} in every weight.",
        "A gain takes the derivative in its neuron's sum times the value that comes along the edge; a bias takes that "
        rf"derivative alone.{_softmax(at)}{kinks}",
        checks=_checks(at),
    )


def _softmax(at: AtWeights) -> str:
    if at.params.network.layers[-1].activation != "softmax":
        return ""
    return r" Through the soft-max goes its Jacobian $\operatorname{diag}(\mathbf{p}) - \mathbf{p}\mathbf{p}^\top$."


def _checks(at: AtWeights) -> tuple[Check, ...]:
    network, params = at.params.network, at.params
    J = output_jacobian(network, params.input)
    checks: list[Check] = []
    if network.layers[-1].activation == "softmax":
        total = sum((Vector(row) for row in J.rows), Vector((ZERO,) * J.shape[1]))
        checks.append(Check("The outputs add up to 1, and the rows of their Jacobian to $\\mathbf{0}$.", not total))
    if params.target is not None and not loss_has_kink(network, at.values.output, params.target, params.loss):
        row = loss_gradient(network, at.values.output, params.target, params.loss)
        chained = Vector(tuple(row.dot(column) for column in J.columns))
        holds = chained == Vector(at.with_biases.jacobian.rows[0])
        checks.append(Check("The chain rule through the Jacobian of the outputs gives the same.", holds))
    if params.target is None:
        for name in network.outputs:
            kinks = kink_derivatives(network, params.input, name)
            if kinks:
                checks += one_sided_check(network, at.values, Measure(name), kinks)
    if not checks:
        checks += _last_bias_checks(at, J)
    return tuple(checks)


def _last_bias_checks(at: AtWeights, J: Matrix) -> list[Check]:
    """In the last biases the Jacobian is that of the last activation."""
    network = at.params.network
    names = network.outputs
    numbers = [w.number for w in network.numbered_weights if w.source is None and w.neuron in names]
    columns = Matrix.from_columns([J.column(number - 1) for number in numbers])
    return [
        Check(
            r"In the biases of the last layer it is the Jacobian of its activation.",
            columns == at.values.layers[-1].jacobian,
        )
    ]


def _derivatives_table(at: AtWeights) -> Table:
    """Every weight with its derivatives; left and right ones where they differ."""
    network, params = at.params.network, at.params
    if len(network.weights) > MOST_WEIGHTS:
        rule = f"must have at most {MOST_WEIGHTS} weights to be written out"
        raise UnsupportedError("network", f"{len(network.weights)} weights", rule, "give fewer")
    names = network.outputs if params.target is None else ("loss",)
    shown = [r"\ell" if name == "loss" else named(name).latex for name in names]
    header = ("weight", "where", *(f"derivative of ${letter}$" for letter in shown))
    kinks = {}
    for name in names:
        output = None if name == "loss" else name
        for k in kink_derivatives(network, params.input, output, target=params.target, loss=params.loss):
            kinks[name, k.weight.number] = k
    rows = []
    for weight in network.numbered_weights:
        cells = []
        for i, name in enumerate(names):
            kink = kinks.get((name, weight.number))
            entry = at.with_biases.jacobian[i, weight.number - 1]
            if kink is None or kink.is_differentiable:
                cells.append(f"${(entry if kink is None else kink.left).latex}$")
            else:
                cells.append(f"left ${kink.left.latex}$, right ${kink.right.latex}$")
        source = "" if weight.source is None else f"${named(weight.source).latex}$ to "
        edge = f"{source}${named(weight.neuron).latex}$" if source else f"bias of ${named(weight.neuron).latex}$"
        rows.append((f"$w_{{{weight.number}}}$", edge, *cells))
    return Table(header, tuple(rows), "The derivatives in every weight.")


def _verdict_step(at: AtWeights, biases: bool) -> Step:
    found = at.with_biases if biases else at.without_biases
    lead = "With the biases" if biases else "In the gains alone"
    reason = _because(at, found, "bias" if biases else "gain")
    if found.is_stationary and found.kinks:
        reason += (
            " The ReLUs at their kinks do no harm: what they put out is not felt, or their sums do not move, so that "
            "the derivative in every direction is 0."
        )
    return Step(f"{lead}, this is {_named(found)}.", reason)
