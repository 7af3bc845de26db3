"""Is w = 0, or are given weights, a stationary point of the output, or of a loss, as a function of the weights?"""

from __future__ import annotations

from random import Random

from pydantic import Field, model_validator

from gradus.answers.answer import Answer, Parts, YesNo
from gradus.answers.verdict import Mistake
from gradus.documents.blocks import Block, Text
from gradus.errors import InputError
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.networks.losses import LossName
from gradus.exact.networks.network import Network
from gradus.exact.networks.stationarity import (
    is_stationary,
    last_bias_jacobian,
    nonzero_weights,
    output_jacobian,
    zero_network,
)
from gradus.exact.steps import Check, Step
from gradus.problems.back_propagation import classifier
from gradus.problems.mistakes import distinct
from gradus.problems.problem import Kind, Params, Records, Solution, VectorParam
from gradus.problems.small_networks import MeasureParams, NetworkParam, network_code
from gradus.problems.stationary_weights import (
    AtWeights,
    sampled_weights,
    weights_statement,
    weights_steps,
    weights_summary,
)

WITHOUT, WITH = "without_biases", "with_biases"


class StationaryPointParams(Params):
    """A classifier at w = 0: hidden layers (left out: one or more), classes (left out: two or more), whether x = 0.

    Or a network with weights of its own, and its input; with a target it is asked about the loss.
    """

    hidden_layers: int | None = Field(default=None, ge=0, le=10)
    classes: int | None = Field(default=None, ge=2, le=10)
    input_zero: bool = False
    network: NetworkParam | None = None
    input: VectorParam | None = None
    target: VectorParam | None = None
    loss: LossName | None = None
    draw: bool = True

    @model_validator(mode="after")
    def _one_question(self) -> StationaryPointParams:
        if self.network is None:
            for name in ("input", "target", "loss"):
                if getattr(self, name) is not None:
                    raise InputError(name, None, "goes with a network only", "give a network, or leave it out")
            return self
        if self.hidden_layers is not None or self.classes is not None or self.input_zero:
            rule = "does not go with hidden_layers, classes and input_zero"
            raise InputError("network", None, rule, "leave these out, or the network")
        if self.input is None:
            raise InputError("input", None, "is missing", "give one number for each input of the network")
        _ = self.at_weights  # what does not fit together is refused here
        return self

    @property
    def at_weights(self) -> AtWeights | None:
        """The question about given weights, if it is that."""
        if self.network is None or self.input is None:
            return None
        return AtWeights(
            MeasureParams(network=self.network, draw=self.draw, input=self.input, target=self.target, loss=self.loss)
        )


class StationaryPoint(Kind[StationaryPointParams]):
    """Yes or no, for networks without and with biases."""

    name = "learning/stationary-point"
    title = "A stationary point of the network's function"
    Params = StationaryPointParams
    answer = Parts

    def sample(self, rng: Random, level: int) -> StationaryPointParams:
        if level == 3 and rng.random() < 0.7:
            drawn = sampled_weights(rng)
            return StationaryPointParams(network=drawn.network, input=drawn.input, target=drawn.target, loss=drawn.loss)
        layers = {1: rng.randint(1, 3), 2: rng.randint(0, 4), 3: rng.choice((0, 0, 1, 2))}[level]
        return StationaryPointParams(
            hidden_layers=layers, classes=rng.randint(2, 5), input_zero=level == 3 and rng.random() < 0.5
        )

    def statement(self, params: StationaryPointParams) -> tuple[Block, ...]:
        if params.at_weights is not None:
            return weights_statement(params.at_weights)
        classes = "" if params.classes is None else f" The classifier tells {params.classes} classes apart."
        fixed = "a fixed input $\\mathbf{x}$"
        if params.input_zero:
            fixed = "the fixed input $\\mathbf{x} = \\mathbf{0}$"
        elif params.hidden_layers == 0:
            fixed = "a fixed input $\\mathbf{x} \\neq \\mathbf{0}$"
        ask = (
            f"{classifier(params.hidden_layers, None)}{classes} With all its weights in the vector "
            f"$\\mathbf{{w}}$, it "
            f"computes the probabilities $\\mathbf{{p}} = f(\\mathbf{{x}}, \\mathbf{{w}})$. Consider {fixed}. Is "
            r"$\mathbf{w} = \mathbf{0}$ a stationary point of the function $\mathbf{w} \mapsto f(\mathbf{x}, "
            r"\mathbf{w})$ when the neurons have no biases? And when they have biases? Give your reasons."
        )
        return (Text(ask),)

    def solve(self, params: StationaryPointParams, records: Records) -> Solution:
        answer, at = _answer(params), params.at_weights
        if at is not None:
            return Solution(answer, weights_summary(at), weights_steps(at), _weights_code(params, at))
        verdicts = [_stationary(part) for part in (answer.parts[WITHOUT], answer.parts[WITH])]
        summary = f"Without biases: **{verdicts[0]}**. With biases: **{verdicts[1]}**. {_because(params)}"
        body = (_near_zero(params), _in_the_gains(params), _in_the_bias(params), Text(_fine_print(params)))
        return Solution(answer, summary, body, _code(params))

    def mistakes(self, params: StationaryPointParams) -> tuple[Mistake, ...]:
        if params.at_weights is not None:
            return distinct(_answer(params), _weights_mistakes())
        candidates = [
            (True, True, "The biases of the last layer act on $\\mathbf{p}$ directly, so their derivatives are not 0."),
            (False, False, "Without biases, the derivatives in all gains vanish here."),
            (False, True, "A bias of the last layer never has a vanishing derivative here: biases cannot help."),
            (True, False, "Without a hidden layer, the gains multiply $\\mathbf{x}$ itself, and it is not zero."),
        ]
        return distinct(_answer(params), ((_parts(without, with_), why) for without, with_, why in candidates))


def _parts(without: bool, with_: bool) -> Parts:
    return Parts({WITHOUT: YesNo(without), WITH: YesNo(with_)})


def _answer(params: StationaryPointParams) -> Parts:
    if params.at_weights is not None:
        return _parts(params.at_weights.without_biases.is_stationary, params.at_weights.with_biases.is_stationary)
    layers = 1 if params.hidden_layers is None else params.hidden_layers
    verdicts = [is_stationary(layers, params.classes or 2, biases, params.input_zero) for biases in (False, True)]
    return _parts(*verdicts)


def _stationary(part: object) -> str:
    return "a stationary point" if part == YesNo(True) else "not a stationary point"


def _because(params: StationaryPointParams) -> str:
    if params.hidden_layers == 0 and not params.input_zero:
        return r"The only layer's gains multiply $\mathbf{x} \neq \mathbf{0}$, and its biases act directly."
    if params.hidden_layers == 0:
        return "The gains multiply the input, which is 0; the biases act on the soft-max directly."
    return (
        "The gains of the last layer multiply what it receives, which is 0, and those before it act only through "
        "gains that are 0; the last biases act on the soft-max directly."
    )


def _near_zero(params: StationaryPointParams) -> Step:
    if params.hidden_layers == 0:
        return Step(
            r"At $\mathbf{w} = \mathbf{0}$ all classes have the probability $1/C$.",
            "The network is one linear layer and a soft-max, and a soft-max of equal sums gives equal probabilities.",
            after=r"f(\mathbf{x}, \mathbf{w}) = \operatorname{softmax}(W \mathbf{x} + \mathbf{b}), \qquad "
            r"f(\mathbf{x}, \mathbf{0}) = \left(\frac{1}{C}, \dots, \frac{1}{C}\right)",
        )
    return Step(
        r"Near $\mathbf{w} = \mathbf{0}$ the last layer receives an $\mathbf{h}$ that is of first order in "
        r"$\mathbf{w}$.",
        r"The sums of a layer with the input $\mathbf{u}$ are at most "
        r"$\lVert \mathbf{w} \rVert\,(\lVert \mathbf{u} \rVert + 1)$ in length, and "
        r"$\lVert \operatorname{ReLU}(\mathbf{z}) \rVert \le \lVert \mathbf{z} \rVert$; so $\lVert \mathbf{h} \rVert "
        r"\le c \lVert \mathbf{w} \rVert$ for small $\mathbf{w}$, layer by layer, and the gains $W$ of the last layer "
        r"contribute only $W \mathbf{h}$, a term of second order.",
        after=r"f(\mathbf{x}, \mathbf{w}) = \operatorname{softmax}(W \mathbf{h} + \mathbf{b}), \qquad \lVert W "
        r"\mathbf{h} \rVert \le c \lVert \mathbf{w} \rVert^2",
    )


def _in_the_gains(params: StationaryPointParams) -> Step:
    checks = tuple(
        _gains_check(net, x, is_stationary(layers, _classes(params), False, params.input_zero))
        for layers, net, x in _instances(params)
    )
    if params.hidden_layers == 0:
        zero = params.input_zero
        return Step(
            r"In the gains: the column of $w_{ji}$ is $x_i$ times column $j$ of $J$, "
            + ("which is 0." if zero else r"which is not 0 where $x_i \neq 0$."),
            r"$J = \operatorname{diag}(\mathbf{p}) - \mathbf{p}\mathbf{p}^\top$ is the Jacobian of the soft-max, "
            "and no column of it is zero. " + (r"But every $x_i$ is 0." if zero else r"Some $x_i$ is not 0."),
            after=r"\frac{\partial f}{\partial w_{ji}} = x_i \, J \mathbf{e}_j" + (r" = \mathbf{0}" if zero else ""),
            checks=checks,
        )
    return Step(
        "In all weights but the biases of the last layer, every derivative is 0.",
        r"With $\mathbf{b} = \mathbf{0}$, or without it, $f = \operatorname{softmax}(W \mathbf{h})$ "
        r"differs from its value "
        r"at $\mathbf{w} = \mathbf{0}$ by terms of second order only, and so has the derivative 0 there. Hence without "
        r"biases $\mathbf{w} = \mathbf{0}$ is a stationary point.",
        after=r"\frac{\partial f}{\partial W^{(k)}} = 0 \quad \text{for } k \leq K, \qquad "
        r"\frac{\partial f}{\partial \mathbf{b}^{(k)}} = 0 \quad \text{for } k < K",
        checks=checks,
    )


def _in_the_bias(params: StationaryPointParams) -> Step:
    classes = _classes(params)
    jacobian = last_bias_jacobian(classes)
    return Step(
        r"In the biases of the last layer, the Jacobian is $J = \operatorname{diag}(\mathbf{p}) - "
        r"\mathbf{p}\mathbf{p}^\top$ at $p_j = 1/C$, which is not 0.",
        r"The biases are added to the sums that enter the soft-max. The diagonal of $J$ holds $\frac{1}{C} - "
        rf"\frac{{1}}{{C^2}} > 0$ for $C \ge 2$. For $C = {classes}$ it is the matrix below.",
        after=rf"\frac{{\partial f}}{{\partial \mathbf{{b}}^{{(K)}}}} = {jacobian.factored_latex}",
        checks=tuple(_bias_check(net, x) for _, net, x in _instances(params)),
    )


def _fine_print(params: StationaryPointParams) -> str:
    loss = (
        "**Fine print.** The question is about $f$, not about the risk: at $\\mathbf{w} = \\mathbf{0}$ the derivative "
        "of the cross-entropy risk in the last biases is 0 when the classes of the training set are equally "
        "frequent, while that of $f$ is not."
    )
    if params.hidden_layers == 0:
        return loss
    kink = (
        r" The ReLUs of the hidden layers stand at their kink, but $f$ is differentiable at $\mathbf{w} = "
        r"\mathbf{0}$ all the same, as the estimate of second order shows; the argument needs no convention for $H(0)$."
    )
    return loss + kink


def _gains_check(network: Network, x: Vector, stationary: bool) -> Check:
    numbers = nonzero_weights(network, x, biases=False)
    found = f"not 0 for {len(numbers)} of the gains" if numbers else "0 for all gains"
    statement = (
        f"Back-propagation, carried out exactly for {_sizes(network)} at {_point(x)}, gives derivatives {found}."
    )
    return Check(statement, (not numbers) == stationary)


def _bias_check(network: Network, x: Vector) -> Check:
    """The Jacobian in the last biases, and that all other biases have none."""
    biases = [w.number for w in network.numbered_weights if w.source is None]
    last = biases[-len(network.outputs) :]
    jacobian = output_jacobian(network, x)
    columns = Matrix.from_columns([jacobian.column(number - 1) for number in last])
    others = any(jacobian.column(number - 1) for number in biases if number not in last)
    rest = ", and 0 in all other biases" if len(biases) > len(last) else ""
    statement = f"Back-propagation, carried out exactly for {_sizes(network)} at {_point(x)}, gives this matrix{rest}."
    return Check(statement, columns == last_bias_jacobian(len(network.outputs)) and not others)


def _point(x: Vector) -> str:
    return rf"$\mathbf{{x}} = {x.text}^\top$"


def _sizes(network: Network) -> str:
    return (
        "a "
        + "-".join(str(n) for n in (len(network.inputs), *(len(layer.neurons) for layer in network.layers)))
        + " network"
    )


def _instances(params: StationaryPointParams) -> list[tuple[int, Network, Vector]]:
    x = Vector.of([0, 0] if params.input_zero else [2, -1])
    depths = (1, 2) if params.hidden_layers is None else (params.hidden_layers,)
    return [(k, zero_network((2, *([2] * k), _classes(params))), x) for k in depths]


def _classes(params: StationaryPointParams) -> int:
    return 3 if params.classes is None else params.classes


def _code(params: StationaryPointParams) -> str:
    layers = 1 if params.hidden_layers is None else params.hidden_layers
    call = f"is_stationary({layers}, {_classes(params)}, biases=biases, input_zero={params.input_zero})"
    return "\n".join(
        [
            "from gradus.exact.networks.stationarity import is_stationary",
            "",
            f'for name, biases in (("{WITHOUT}", False), ("{WITH}", True)):',
            f'    print(name, "=", "yes" if {call} else "no")',
        ]
    )


def _weights_mistakes() -> list[tuple[Answer, str]]:
    return [
        (_parts(True, True), "A weight that the output or the loss depends on has a derivative other than 0 here."),
        (_parts(False, False), "What is cut off, or at rest, has the derivative 0 in the gains here."),
        (
            _parts(True, False),
            "Gains and biases are to be looked at one by one: an edge along which 0 comes has the "
            "derivative 0, and any other one the derivative of its neuron's sum times that value.",
        ),
        (
            _parts(False, True),
            "If no derivative in the biases and gains together is other than 0, none in the gains is.",
        ),
    ]


def _weights_code(params: StationaryPointParams, at: AtWeights) -> str:
    imports = (
        "from gradus.exact import Vector",
        "from gradus.exact.networks.stationarity import stationarity",
    )
    entries = ", ".join(x.text for x in at.params.input)
    lines = [network_code(at.params.network, *imports), "", f'x = Vector.of("{entries}")']
    loss = ""
    if params.target is not None:
        lines.append(f'target = Vector.of("{", ".join(t.text for t in params.target)}")')
        loss = ", target=target" + (f', loss="{params.loss}"' if params.loss else "")
    lines += [
        f'for name, biases in (("{WITHOUT}", False), ("{WITH}", True)):',
        f'    print(name, "=", "yes" if stationarity(network, x, biases{loss}).is_stationary else "no")',
    ]
    return "\n".join(lines)


KIND = StationaryPoint()
