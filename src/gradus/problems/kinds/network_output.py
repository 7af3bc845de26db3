"""The output of a small network for one input."""

from __future__ import annotations

from random import Random

from gradus.answers.answer import Exact
from gradus.answers.verdict import Mistake
from gradus.documents.blocks import Block, Text
from gradus.exact.backpropagation import ForwardPass, backward, forward
from gradus.exact.gradient_expressions import named
from gradus.exact.matrices import Vector
from gradus.exact.networks import Network
from gradus.exact.steps import Check, Step
from gradus.problems.mistakes import distinct
from gradus.problems.problem import Kind, Records, Solution
from gradus.problems.small_networks import (
    NetworkInputParams,
    affine_check,
    forward_steps,
    input_phrase,
    introduction,
    network_code,
    sampled_network,
    with_linear_output,
    without_activations,
    without_biases,
)


class Output(Kind[NetworkInputParams]):
    """An exact number, or a vector when the network has several outputs."""

    name = "network/output"
    title = "Output of a small network"
    Params = NetworkInputParams
    answer = Exact

    def sample(self, rng: Random, level: int) -> NetworkInputParams:
        network, x = sampled_network(rng, level)
        return NetworkInputParams(network=network, input=x)

    def statement(self, params: NetworkInputParams) -> tuple[Block, ...]:
        outputs = params.network.outputs
        what = f"What is the output ${named(outputs[0]).latex}$"
        if len(outputs) > 1:
            what = f"What are the outputs ${', '.join(named(name).latex for name in outputs)}$"
        return (
            *introduction(params, numbered=False),
            Text(f"{what} of the network when the input is {input_phrase(params)}?"),
        )

    def solve(self, params: NetworkInputParams, records: Records) -> Solution:
        network = params.network
        values = forward(network, params.input)
        answer = _exact(values.output)
        *steps, last = forward_steps(network, values)
        last = Step(last.claim, last.reason, last.before, last.after, _checks(network, values))
        return Solution(answer, f"${_left_side(network)} = {answer.latex}$.", (*steps, last), _code(params))

    def mistakes(self, params: NetworkInputParams) -> tuple[Mistake, ...]:
        right = _exact(forward(params.network, params.input).output)
        candidates = [
            (with_linear_output(params.network), "The output neuron applies its activation too."),
            (without_activations(params.network), "The ReLU was left out: negative sums must become 0."),
            (without_biases(params.network), "The biases were left out: each neuron adds its bias to its sum."),
            (without_activations(without_biases(params.network)), "Both the ReLU and the biases were left out."),
        ]
        return distinct(right, ((_exact(forward(net, params.input).output), why) for net, why in candidates))


def _checks(network: Network, values: ForwardPass) -> tuple[Check, ...]:
    if network.layers[-1].activation == "softmax":
        return ()
    passes = [backward(network, values, name) for name in network.outputs]
    return tuple(affine_check(network, values, back.output, back.rows[0], back.neuron_deltas) for back in passes)


def _exact(output: Vector) -> Exact:
    return Exact(output if len(output) > 1 else output[0])


def _left_side(network: Network) -> str:
    names = [named(name).latex for name in network.outputs]
    column = r" \\ ".join(names)
    return names[0] if len(names) == 1 else rf"\begin{{bmatrix}} {column} \end{{bmatrix}}"


def _code(params: NetworkInputParams) -> str:
    imports = "from gradus.exact.backpropagation import forward", "from gradus.exact.matrices import Vector"
    entries = ", ".join(x.text for x in params.input)
    entry = "" if len(params.network.outputs) > 1 else "[0]"
    last = f'print(forward(network, Vector.of("{entries}")).output{entry}.text)'
    return f"{network_code(params.network, *imports)}\n{last}"


KIND = Output()
