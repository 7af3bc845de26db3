"""The output of a small network for one input, or its loss against a target."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from gradus.answers.answer import Exact
from gradus.answers.verdict import Mistake
from gradus.documents.blocks import Block, Text
from gradus.errors import InputError
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import ForwardPass, backward, forward
from gradus.exact.networks.expressions import named
from gradus.exact.networks.forward_steps import equal, forward_steps, loss_step
from gradus.exact.networks.losses import loss_value
from gradus.exact.networks.network import Network
from gradus.exact.numbers.number import ZERO, Number
from gradus.exact.steps import Check
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


class Output(Kind[MeasureParams]):
    """An exact number, or a vector when the network has several outputs and none of them is named."""

    name = "network/output"
    title = "Output of a small network"
    Params = MeasureParams
    answer = Exact

    def sample(self, rng: Random, level: int) -> MeasureParams:
        return rng.choice(_SAMPLES[level])(rng, level)

    def statement(self, params: MeasureParams) -> tuple[Block, ...]:
        names = [named(name).latex for name in _asked(params)]
        if params.target is not None:
            what = f"What is {loss_phrase(params.measure)}"
        elif len(names) > 1:
            what = f"What are the outputs ${', '.join(names)}$ of the network"
        else:
            what = f"What is the output ${names[0]}$ of the network"
        return (*introduction(params, numbered=False), Text(f"{what} when the input is {input_phrase(params)}?"))

    def solve(self, params: MeasureParams, records: Records) -> Solution:
        network = params.network
        values = forward(network, params.input)
        answer = _exact(params, network)
        *steps, last = forward_steps(network, values)
        steps.append(replace(last, checks=_checks(params, values)))
        if params.target is not None:
            loss = loss_step(network, values.output, params.target, params.loss)
            steps.append(replace(loss, checks=_loss_checks(params, values)))
        shown = equal(answer.value) if isinstance(answer.value, Number) else f"= {answer.latex}"
        return Solution(answer, f"${_left_side(params)} {shown}$.", tuple(steps), _code(params))

    def mistakes(self, params: MeasureParams) -> tuple[Mistake, ...]:
        network = params.network
        relu = {layer.activation for layer in network.layers} <= {"relu", "identity"}
        left_out = "The ReLU was" if relu else "The activations were"
        candidates = [
            (with_linear_output(network), "The output neuron applies its activation too."),
            (without_activations(network), f"{left_out} left out{': negative sums must become 0' if relu else ''}."),
            (without_biases(network), "The biases were left out: each neuron adds its bias to its sum."),
            (
                without_activations(without_biases(network)),
                f"Both the {left_out[4:-4].strip()} and the biases were left out.",
            ),
        ]
        wrong = [(found, why) for net, why in candidates if (found := _tried(params, net)) is not None]
        return distinct(_exact(params, network), [*wrong, *_loss_mistakes(params)])


def _asked(params: MeasureParams) -> tuple[str, ...]:
    """The outputs asked for."""
    return params.network.outputs if params.output is None else (params.output,)


def _exact(params: MeasureParams, network: Network) -> Exact:
    output = forward(network, params.input).output
    if params.target is not None:
        return Exact(loss_value(network, output, params.target, params.measure.loss))
    chosen = [output[network.outputs.index(name)] for name in _asked(params)]
    return Exact(Vector(tuple(chosen)) if len(chosen) > 1 else chosen[0])


def _tried(params: MeasureParams, network: Network) -> Exact | None:
    """The wrong answer of a wrong network; None where it has none, a logarithm of 0 say."""
    try:
        return _exact(params, network)
    except InputError:
        return None


def _loss_mistakes(params: MeasureParams) -> Iterator[tuple[Exact, str]]:
    if params.target is None:
        return
    output, value = forward(params.network, params.input).output, _exact(params, params.network).value
    if params.measure.loss == "squared" and isinstance(value, Number):
        yield Exact(2 * value), "The factor $\\frac{1}{2}$ of the squared loss is missing."
        yield (
            Exact(sum((abs(y - t) for y, t in zip(output, params.target, strict=True)), ZERO)),
            "The differences must be squared, not taken as they are.",
        )
    if params.measure.loss == "hinge" and isinstance(value, Number):
        yield Exact(value - 1), "The margin of 1 is missing."
    yield Exact(output if len(output) > 1 else output[0]), "This is the output itself; the loss is asked for."


def _checks(params: MeasureParams, values: ForwardPass) -> tuple[Check, ...]:
    network = params.network
    if not is_piecewise_linear(network):
        if network.layers[-1].activation == "softmax":
            return (Check("The outputs of the soft-max add up to 1.", sum(values.output, ZERO) == 1),)
        return ()
    names = network.outputs if params.target is not None else _asked(params)
    passes = [backward(network, values, name) for name in names]
    return tuple(affine_check(network, values, back.output, back.rows[0], back.neuron_deltas) for back in passes)


def _loss_checks(params: MeasureParams, values: ForwardPass) -> tuple[Check, ...]:
    """The loss once more, by another way where there is one."""
    target, y, value = params.target, values.output, params.measure.value(params.network, values)
    if target is None or params.measure.loss == "cross-entropy":
        return (Check("A cross-entropy is never negative.", value.sign() >= 0),)
    if params.measure.loss == "hinge":
        margins = [1 - target[0] * y[0]]
        if len(y) > 1:
            right = y.dot(target)
            margins = [1 + other - right for other, t in zip(y, target, strict=True) if not t]
        bound = all(value >= margin for margin in margins) and value.sign() >= 0
        attained = value in [ZERO, *margins]
        rivals = "$1 - t y$" if len(y) == 1 else "every $1 + y_j - y_c$"
        return (Check(f"The loss is at least 0 and at least {rivals}, and one of them.", bound and attained),)
    expanded = (y.dot(y) - 2 * y.dot(target) + target.dot(target)) / 2
    formula = r"\frac{1}{2}\left(\sum_i y_i^2 - 2 \sum_i t_i y_i + \sum_i t_i^2\right)"
    return (Check(f"Multiplied out, ${formula} {equal(expanded)}$, too.", expanded == value),)


def _left_side(params: MeasureParams) -> str:
    if params.target is not None:
        return r"\ell"
    names = [named(name).latex for name in _asked(params)]
    column = r" \\ ".join(names)
    return names[0] if len(names) == 1 else rf"\begin{{bmatrix}} {column} \end{{bmatrix}}"


def _code(params: MeasureParams) -> str:
    imports = [
        "from gradus.exact.networks.backpropagation import forward",
        "from gradus.exact import Vector",
    ]
    entries = ", ".join(x.text for x in params.input)
    output = f'forward(network, Vector.of("{entries}")).output'
    if params.target is not None:
        imports.insert(1, "from gradus.exact.networks.losses import loss_value")
        target = ", ".join(t.text for t in params.target)
        last = f'print(loss_value(network, {output}, Vector.of("{target}"), "{params.measure.loss}").text)'
    else:
        names = _asked(params)
        entry = "" if len(names) > 1 else f"[{params.network.outputs.index(names[0])}]"
        last = f"print({output}{entry}.text)"
    return f"{network_code(params.network, *imports)}\n{last}"


def _plain(rng: Random, level: int) -> MeasureParams:
    network, x = sampled_network(rng, level)
    return MeasureParams(network=network, input=x)


def _leaky(rng: Random, level: int) -> MeasureParams:
    network, x = sampled_network(rng, level, "leaky_relu", Number.of(rng.choice(("1/2", "1/10"))))
    return MeasureParams(network=network, input=x)


def _squared(rng: Random, level: int) -> MeasureParams:
    """The output misses its target by 1 to 4."""
    network, x = sampled_network(rng, level)
    y = forward(network, x).output[0]
    return MeasureParams(
        network=network, input=x, target=Vector((y + rng.choice((-4, -2, -1, 1, 2, 4)),)), loss="squared"
    )


def _several(rng: Random, level: int) -> MeasureParams:
    network, x = sampled_classifier(rng, 3, "identity")
    return MeasureParams(network=network, input=x)


def _hinge(rng: Random, level: int) -> MeasureParams:
    """The right class is behind another."""
    network, x = sampled_classifier(rng, 3, "identity")
    output = forward(network, x).output
    right = rng.choice([i for i, y in enumerate(output) if any(other > y for other in output)])
    return MeasureParams(network=network, input=x, target=Vector.of([int(i == right) for i in range(3)]), loss="hinge")


_SAMPLES: dict[int, tuple[Callable[[Random, int], MeasureParams], ...]] = {
    1: (_plain,),
    2: (_plain, _leaky, _squared),
    3: (_plain, _leaky, _several, _hinge),
}

KIND = Output()
