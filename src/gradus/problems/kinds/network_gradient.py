"""The gradient of one output of a small network in all its weights."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from pydantic import model_validator

from gradus.answers.answer import Exact
from gradus.answers.verdict import Mistake
from gradus.documents.blocks import Block, Text
from gradus.exact.backpropagation import (
    BackwardPass,
    ForwardPass,
    backward,
    chosen_output,
    difference_quotients,
    forward,
    gradient,
)
from gradus.exact.equations import aligned
from gradus.exact.gradient_expressions import delta_expressions, gradient_expressions, named
from gradus.exact.matrices import Matrix, Vector
from gradus.exact.networks import Network
from gradus.exact.numbers import ZERO
from gradus.exact.steps import Check, Step
from gradus.problems.mistakes import distinct
from gradus.problems.problem import Kind, Records, Solution
from gradus.problems.small_networks import (
    NetworkInputParams,
    affine_check,
    forward_steps,
    input_phrase,
    introduction,
    kink_note,
    network_code,
    sampled_network,
    with_linear_output,
    without_activations,
    without_biases,
)


class GradientParams(NetworkInputParams):
    """A network, an input, and the output meant where there are several."""

    output: str | None = None

    @model_validator(mode="after")
    def _output_exists(self) -> GradientParams:
        chosen_output(self.network, self.output)
        return self


class Gradient(Kind[GradientParams]):
    """An exact vector with one entry a weight."""

    name = "network/gradient"
    title = "Gradient of a small network by hand"
    Params = GradientParams
    answer = Exact

    def sample(self, rng: Random, level: int) -> GradientParams:
        network, x = sampled_network(rng, level)
        return GradientParams(network=network, input=x)

    def statement(self, params: GradientParams) -> tuple[Block, ...]:
        y = named(chosen_output(params.network, params.output)).latex
        count = len(params.network.weights)
        vector = rf"\mathbf{{w}} = (w_1, \dots, w_{{{count}}})" if count > 2 else rf"\mathbf{{w}} = (w_1, w_{count})"
        ask = (
            f"Find the gradient $\\mathbf{{g}}$ of the output ${y}$ with respect to the vector ${vector}$ of all "
            f"weights, at the input {input_phrase(params)}. Take $H(0) = 0$ for the derivative of the ReLU at 0."
        )
        return (*introduction(params), Text(ask))

    def solve(self, params: GradientParams, records: Records) -> Solution:
        network = params.network
        values = forward(network, params.input)
        back = backward(network, values, params.output)
        answer = Exact(back.gradient)
        y = named(back.output).latex
        summary = rf"$\frac{{\partial {y}}}{{\partial \mathbf{{w}}}} = \mathbf{{g}}^\top = {_row(back.gradient)}$."
        body = (
            *kink_note(values),
            *forward_steps(network, values),
            *_recursion_steps(network, values, back),
            _entries_step(params, values, back),
        )
        return Solution(answer, summary, body, _code(params))

    def mistakes(self, params: GradientParams) -> tuple[Mistake, ...]:
        network, x, output = params.network, params.input, params.output
        values = forward(network, x)
        right = backward(network, values, output).gradient
        unmasked = backward(network, _without_masks(values), output).gradient
        only_gains = [g for g, w in zip(right, network.numbered_weights, strict=True) if w.source is not None]
        candidates = [
            (unmasked, "The factors $H(z)$ are missing: no derivative passes through a ReLU that is not active."),
            (gradient(with_linear_output(network), x, output), "The output neuron's own factor $H(z)$ is missing."),
            (gradient(without_activations(network), x, output), "The ReLU was left out everywhere."),
            (gradient(without_biases(network), x, output), "The biases were left out of the neurons' sums."),
            (_with_zero_biases(network, right), "The derivative in a bias is that in the neuron's sum, not 0."),
            (Vector(tuple(only_gains)), "The biases are weights too: each has an entry of its own."),
        ]
        return distinct(Exact(right), ((Exact(wrong), why) for wrong, why in candidates if len(wrong)))


def _recursion_steps(network: Network, values: ForwardPass, back: BackwardPass) -> tuple[Step, ...]:
    """One step a layer, from the last to the first: the rows of the recursion with their Jacobians."""
    y, K = named(back.output).latex, len(network.layers)
    steps = []
    for k in range(K, 0, -1):
        jacobian, delta = values.layers[k - 1].jacobian, back.deltas[k - 1]
        rows = [
            rf"\frac{{\partial {y}}}{{\partial \mathbf{{z}}^{{({k})}}}} &= "
            rf"\frac{{\partial {y}}}{{\partial \mathbf{{x}}^{{({k})}}}} "
            rf"\frac{{\partial \mathbf{{x}}^{{({k})}}}}{{\partial \mathbf{{z}}^{{({k})}}}} = "
            rf"{_row(back.rows[k])} {jacobian.latex} = {_row(delta)}"
        ]
        if k > 1:
            rows.append(
                rf"\frac{{\partial {y}}}{{\partial \mathbf{{x}}^{{({k - 1})}}}} &= "
                rf"\frac{{\partial {y}}}{{\partial \mathbf{{z}}^{{({k})}}}} W^{{({k})}} = "
                rf"{_row(delta)} {network.gain_matrix(k).latex} = {_row(back.rows[k - 1])}"
            )
        activation = network.layers[k - 1].activation
        reason = f"{_RECURSION_NOTATION} {_RECURSION_REASONS[activation]}" if k == K else _RECURSION_REASONS[activation]
        steps.append(Step(f"Back through layer {k}.", reason, after=aligned(rows)))
    return tuple(steps)


_RECURSION_NOTATION = (
    r"The vector $\mathbf{z}^{(k)}$ holds the sums of layer $k$, $\mathbf{x}^{(k)}$ its outputs, and "
    r"$W^{(k)}$ its gains, "
    "a row for each neuron."
)
_RECURSION_REASONS = {
    "relu": "The ReLU's Jacobian is diagonal, with $H(z) = 1$ for a positive sum and $0$ otherwise.",
    "identity": "A linear layer passes the derivatives on as they are.",
    "softmax": r"The Jacobian of the soft-max is $\operatorname{diag}(\mathbf{p}) - \mathbf{p}\mathbf{p}^\top$.",
}


def _entries_step(params: GradientParams, values: ForwardPass, back: BackwardPass) -> Step:
    network, y = params.network, named(back.output).latex
    reason = (
        "An edge's gain takes the derivative in its neuron's sum times the value that came along the edge; a bias "
        "takes that derivative alone."
    )
    before = "" if network.layers[-1].activation == "softmax" else _symbols(network, back.output)
    after = rf"\frac{{\partial {y}}}{{\partial \mathbf{{w}}}} = {_row(back.gradient)}"
    return Step("The entries, weight by weight.", reason, before, after, _checks(params, values, back))


def _symbols(network: Network, output: str) -> str:
    """Every entry in symbols, one row a neuron."""
    entries = iter(gradient_expressions(network, output))
    rows = [rf"{d.name.latex} &= {d.value.latex}" for d in delta_expressions(network, output) if d.is_sum]
    numbers = iter(range(1, len(network.weights) + 1))
    y = named(output).latex
    for neuron in network.neurons:
        count = len(neuron.gains) + 1
        names = ", ".join(f"w_{{{next(numbers)}}}" for _ in range(count))
        shown = r",\; ".join(next(entries).latex for _ in range(count))
        rows.append(rf"\frac{{\partial {y}}}{{\partial ({names})}} &= ({shown})")
    return aligned(rows)


def _checks(params: GradientParams, values: ForwardPass, back: BackwardPass) -> tuple[Check, ...]:
    network = params.network
    if network.layers[-1].activation == "softmax":
        total = sum(
            (backward(network, values, name).gradient for name in network.outputs),
            Vector((ZERO,) * len(back.gradient)),
        )
        return (Check("The outputs of a soft-max add up to 1, and their gradients to $\\mathbf{0}$.", not total),)
    affine = affine_check(network, values, back.output, back.rows[0], back.neuron_deltas)
    if values.kinks:
        return (affine,)
    quotients = difference_quotients(network, params.input, params.output)
    y = named(back.output).latex
    note = (
        f"Each entry equals the difference quotient $({y}(w_i + s) - {y}(w_i))/s$ with a step $s$ so small that no "
        f"ReLU switches; there ${y}$ is affine in $w_i$, so the quotient is exact."
    )
    return Check(note, quotients == back.gradient), affine


def _without_masks(values: ForwardPass) -> ForwardPass:
    layers = tuple(replace(layer, jacobian=Matrix.identity(len(layer.outputs))) for layer in values.layers)
    return replace(values, layers=layers)


def _with_zero_biases(network: Network, right: Vector) -> Vector:
    weights = network.numbered_weights
    return Vector(tuple(ZERO if w.source is None else g for g, w in zip(right, weights, strict=True)))


def _row(vector: Vector) -> str:
    return Matrix((vector.entries,)).latex


def _code(params: GradientParams) -> str:
    imports = "from gradus.exact.backpropagation import gradient", "from gradus.exact.matrices import Vector"
    entries = ", ".join(x.text for x in params.input)
    chosen = "" if params.output is None else f', "{params.output}"'
    return network_code(params.network, *imports) + f'\nprint(gradient(network, Vector.of("{entries}"){chosen}).text)'


KIND = Gradient()
