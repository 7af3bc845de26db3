"""The gradient of an output of a small network, or of its loss, in the weights, the inputs or a layer's outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from pydantic import model_validator

from gradus.answers.answer import Exact
from gradus.answers.verdict import Mistake
from gradus.documents.blocks import Block, Text
from gradus.errors import InputError
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.networks.backpropagation import BackwardPass, ForwardPass, forward
from gradus.exact.networks.backpropagation_steps import kink_steps
from gradus.exact.networks.expressions import named
from gradus.exact.networks.forward_steps import forward_steps, is_short, loss_step, shown
from gradus.exact.networks.gradient_entries import entries_step
from gradus.exact.networks.gradient_expressions import layer_meant
from gradus.exact.networks.network import Network
from gradus.exact.networks.recursion_steps import recursion_steps
from gradus.exact.numbers.number import ZERO, Number
from gradus.exact.steps import Step
from gradus.problems.mistakes import distinct
from gradus.problems.problem import Kind, Records, Solution
from gradus.problems.small_networks import (
    MeasureParams,
    affine_check,
    input_phrase,
    introduction,
    is_piecewise_linear,
    loss_phrase,
    network_code,
    sampled_classifier,
    sampled_network,
    with_linear_output,
    without_activations,
    without_biases,
)


class GradientParams(MeasureParams):
    """A network, an input, what is differentiated, and in what.

    Attributes:
        with_respect_to: ``weights``, ``inputs``, or the number of a layer, whose outputs are meant.
    """

    with_respect_to: str | int = "weights"

    @model_validator(mode="after")
    def _gradient_exists(self) -> GradientParams:
        layer_meant(self.network, self.with_respect_to)
        _ = self.measure
        return self

    @property
    def layer(self) -> int | None:
        """The layer whose outputs are meant, 0 for the inputs; None for the weights."""
        return layer_meant(self.network, self.with_respect_to)


class Gradient(Kind[GradientParams]):
    """An exact vector with one entry a weight, or one a value of the layer."""

    name = "network/gradient"
    title = "Gradient of a small network by hand"
    Params = GradientParams
    answer = Exact

    def sample(self, rng: Random, level: int) -> GradientParams:
        return rng.choice(_SAMPLES[level])(rng, level)

    def statement(self, params: GradientParams) -> tuple[Block, ...]:
        measure = params.measure
        what = f"the output ${measure.latex}$" if params.target is None else loss_phrase(measure)
        ask = (
            f"Find the gradient $\\mathbf{{g}}$ of {what} with respect to {_in_what(params)}, "
            f"at the input {input_phrase(params)}.{_convention(params.network)}"
        )
        return (*introduction(params, numbered=params.layer is None), Text(ask))

    def solve(self, params: GradientParams, records: Records) -> Solution:
        network, measure = params.network, params.measure
        values = forward(network, params.input)
        back = measure.backward(network, values)
        found = _asked(back, params.layer)
        variable = r"\mathbf{w}" if params.layer is None else rf"\mathbf{{x}}^{{({params.layer})}}"
        left = rf"\frac{{\partial {measure.latex}}}{{\partial {variable}}} = \mathbf{{g}}^\top"
        summary = _summary(left, found)
        target = measure.target
        body = (
            *forward_steps(network, values, slopes=True),
            *(() if target is None else (loss_step(network, values.output, target, measure.loss),)),
            *kink_steps(network, values, back, measure),
            *recursion_steps(network, values, back, measure, params.with_respect_to),
            _entries_step(params, values, back),
        )
        return Solution(Exact(found), summary, body, _code(params))

    def mistakes(self, params: GradientParams) -> tuple[Mistake, ...]:
        right = _gradient(params, params.network)
        found = [(wrong, why) for make, why in _candidates(params) if (wrong := _computed(make)) is not None]
        return distinct(Exact(right), ((Exact(wrong), why) for wrong, why in found if len(wrong)))


def _summary(left: str, found: Vector) -> str:
    """The gradient as a row, or entry by entry where a row would be wider than the page."""
    if all(map(is_short, found)) and len(found.text) <= WIDEST_ROW:
        return f"${left} = {Matrix((found.entries,)).latex}$."
    entries = [f"${shown(x)}$" if is_short(x) else rf"$\approx {shown(x)}$" for x in found]
    return f"${left}$ has the entries {', '.join(entries)}."


WIDEST_ROW = 70
"""Longest text of a gradient that is shown as a row."""


def _in_what(params: GradientParams) -> str:
    if params.layer is None:
        count = len(params.network.weights)
        vector = rf"\mathbf{{w}} = (w_1, \dots, w_{{{count}}})" if count > 2 else rf"\mathbf{{w}} = (w_1, w_{count})"
        return f"the vector ${vector}$ of all weights"
    names = ", ".join(named(name).latex for name in params.network.sources(params.layer))
    what = "the inputs" if params.layer == 0 else f"the outputs of layer {params.layer}"
    return rf"the vector $\mathbf{{x}}^{{({params.layer})}} = ({names})$ of {what}"


def _convention(network: Network) -> str:
    kinked = {layer.activation for layer in network.layers if layer.has_kinks}
    if kinked == {"relu"}:
        return " Take $H(0) = 0$ for the derivative of the ReLU at 0."
    return " At a sum of exactly 0, take the slope for negative sums." if kinked else ""


def _asked(back: BackwardPass, layer: int | None) -> Vector:
    return back.gradient if layer is None else back.rows[layer]


def _gradient(
    params: GradientParams, network: Network, change: Callable[[ForwardPass], ForwardPass] | None = None
) -> Vector:
    """The gradient that the problem asks for, of a wrong network or after a wrong forward pass."""
    values = forward(network, params.input)
    return _asked(params.measure.backward(network, change(values) if change else values), params.layer)


def _computed(make: Callable[[], Vector]) -> Vector | None:
    """A wrong answer; None where the wrong rule leads to nothing, a logarithm of 0 say."""
    try:
        return make()
    except InputError:
        return None


def _candidates(params: GradientParams) -> list[tuple[Callable[[], Vector], str]]:
    network = params.network
    relu = {layer.activation for layer in network.layers} <= {"relu", "identity"}
    masks = (
        "The factors $H(z)$ are missing: no derivative passes through a ReLU that is not active."
        if relu
        else "The derivatives of the activations are missing: each neuron contributes its own as a factor."
    )
    own = (
        "The output neuron's own factor $H(z)$ is missing."
        if network.layers[-1].activation == "relu"
        else "The derivative of the output layer's own activation is missing."
    )
    left_out = "The ReLU was left out everywhere." if relu else "The activations were left out everywhere."
    candidates: list[tuple[Callable[[], Vector], str]] = [
        (lambda: _gradient(params, network, _without_slopes), masks),
        (lambda: _gradient(params, with_linear_output(network)), own),
        (lambda: _gradient(params, network, _without_last_slope), own),
        *_loss_candidates(params),
        (lambda: _gradient(params, without_activations(network)), left_out),
        (lambda: _gradient(params, without_biases(network)), "The biases were left out of the neurons' sums."),
        *_weight_candidates(params),
    ]
    return candidates


def _weight_candidates(params: GradientParams) -> list[tuple[Callable[[], Vector], str]]:
    """What goes wrong with biases, and with the variable, where the weights are asked for."""
    if params.layer is not None:
        return [(lambda: -_gradient(params, params.network), "The sign is wrong: this points downhill.")]
    weights, right = params.network.numbered_weights, _gradient(params, params.network)
    zeros = Vector(tuple(ZERO if w.source is None else g for g, w in zip(right, weights, strict=True)))
    only_gains = Vector(tuple(g for g, w in zip(right, weights, strict=True) if w.source is not None))
    return [
        (lambda: zeros, "The derivative in a bias is that in the neuron's sum, not 0."),
        (lambda: only_gains, "The biases are weights too: each has an entry of its own."),
    ]


def _loss_candidates(params: GradientParams) -> list[tuple[Callable[[], Vector], str]]:
    if params.target is None:
        return []
    network = params.network
    candidates: list[tuple[Callable[[], Vector], str]] = [
        (lambda: -_gradient(params, network), "The sign is wrong: the gradient of the loss points uphill."),
    ]
    if params.measure.loss == "squared":
        why = "The factor $\\frac{1}{2}$ of the loss is missing: its derivative is $y - t$, not $2(y - t)$."
        candidates.append((lambda: 2 * _gradient(params, network), why))
    if len(network.outputs) == 1:
        plain = params.model_copy(update={"target": None, "loss": None})
        why = "This is the gradient of the output: the derivative of the loss in the output is missing."
        candidates.append((lambda: _gradient(plain, network), why))
    return candidates


def _without_slopes(values: ForwardPass) -> ForwardPass:
    layers = tuple(replace(layer, jacobian=Matrix.identity(len(layer.outputs))) for layer in values.layers)
    return replace(values, layers=layers)


def _without_last_slope(values: ForwardPass) -> ForwardPass:
    return replace(values, layers=(*values.layers[:-1], _without_slopes(values).layers[-1]))


def _entries_step(params: GradientParams, values: ForwardPass, back: BackwardPass) -> Step:
    """With one check more where the network is linear in its input and biases."""
    network, measure = params.network, params.measure
    step = entries_step(network, values, back, measure, params.with_respect_to)
    if measure.output is None or not is_piecewise_linear(network):
        return step
    affine = affine_check(network, values, measure.output, back.rows[0], back.neuron_deltas)
    return replace(step, checks=(*step.checks, affine))


def _code(params: GradientParams) -> str:
    measure, imports = params.measure, ["from gradus.exact.networks.backpropagation import forward"]
    entries = ", ".join(x.text for x in params.input)
    lines = [f'values = forward(network, Vector.of("{entries}"))']
    if measure.target is None:
        imports[0] = "from gradus.exact.networks.backpropagation import backward, forward"
        lines.append(f'back = backward(network, values, "{measure.output}")')
    else:
        imports[0] = "from gradus.exact.networks.backpropagation import forward, loss_backward"
        target = ", ".join(t.text for t in measure.target)
        lines.append(f'back = loss_backward(network, values, Vector.of("{target}"), "{measure.loss}")')
    lines.append(f"print(back.{'gradient' if params.layer is None else f'rows[{params.layer}]'}.text)")
    return "\n".join([network_code(params.network, *imports, "from gradus.exact import Vector"), *lines])


def _plain(rng: Random, level: int) -> GradientParams:
    network, x = sampled_network(rng, level)
    return GradientParams(network=network, input=x)


def _leaky(rng: Random, level: int) -> GradientParams:
    network, x = sampled_network(rng, level, "leaky_relu", Number.of(rng.choice(("1/2", "1/10"))))
    return GradientParams(network=network, input=x)


def _inputs(rng: Random, level: int) -> GradientParams:
    network, x = sampled_network(rng, level)
    return GradientParams(network=network, input=x, with_respect_to="inputs")


def _squared(rng: Random, level: int) -> GradientParams:
    """The output misses its target by 1 or 2."""
    network, x = sampled_network(rng, level)
    y = forward(network, x).output[0]
    return GradientParams(network=network, input=x, target=Vector((y + rng.choice((-2, -1, 1, 2)),)), loss="squared")


def _soft_max(rng: Random, level: int) -> GradientParams:
    """All classes are equally likely."""
    outputs = rng.choice((2, 3))
    network, x = sampled_classifier(rng, outputs, "softmax")
    right = rng.randrange(outputs)
    target = Vector.of([int(i == right) for i in range(outputs)])
    return GradientParams(network=network, input=x, target=target, loss="cross-entropy")


def _sigmoid(rng: Random, level: int) -> GradientParams:
    """The output is 1/2; the output itself or its cross-entropy is asked about."""
    network, x = sampled_classifier(rng, 1, "sigmoid")
    if rng.random() < 0.5:
        return GradientParams(network=network, input=x)
    return GradientParams(network=network, input=x, target=Vector.of([rng.choice((0, 1))]), loss="cross-entropy")


def _hinge(rng: Random, level: int) -> GradientParams:
    """The right class is behind another."""
    network, x = sampled_classifier(rng, 3, "identity")
    output = forward(network, x).output
    right = rng.choice([i for i, y in enumerate(output) if any(other > y for other in output)])
    target = Vector.of([int(i == right) for i in range(3)])
    return GradientParams(network=network, input=x, target=target, loss="hinge")


_SAMPLES: dict[int, tuple[Callable[[Random, int], GradientParams], ...]] = {
    1: (_plain,),
    2: (_plain, _leaky, _inputs, _squared),
    3: (_plain, _squared, _soft_max, _sigmoid, _hinge),
}

KIND = Gradient()
