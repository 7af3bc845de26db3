"""The JSON of ``gradus net``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradus.cli.net_answer import Kink, NetAnswer
from gradus.exact.networks.gradient_expressions import delta_expressions, gradient_expressions
from gradus.exact.networks.structure import dead_neurons, equal_neurons, network_structure

if TYPE_CHECKING:
    from gradus.exact.networks.dead_neurons import BoxVerdict
    from gradus.exact.networks.measures import Measure
    from gradus.exact.networks.network import Network


def net_json(answer: NetAnswer) -> dict[str, Any]:
    """The whole answer.

    ``gradient`` is the row of derivatives that was asked for, or one row an output where there are several and none is
    named; ``kinks`` are those of the first.
    """
    found: dict[str, Any] = {}
    if answer.values is not None:
        found["layers"] = [
            {"z": layer.pre_activations.as_json(), "x": layer.outputs.as_json()} for layer in answer.values.layers
        ]
        found["output"] = answer.values.output.as_json()
        found |= _gradients(answer)
    if answer.question.symbolic:
        symbolic = [_symbolic(answer, measure) for measure in answer.symbolic_measures]
        found["symbolic"] = symbolic[0] if len(symbolic) == 1 else symbolic
    if answer.shows_structure:
        found["structure"] = _structure(answer)
    if answer.question.box is not None:
        found["box"] = [_box(verdict) for verdict in answer.box]
    return found


def _gradients(answer: NetAnswer) -> dict[str, Any]:
    rows = [gradient.entries.as_json() for gradient in answer.gradients]
    kinks = [[_kink(kink) for kink in gradient.kinks] for gradient in answer.gradients]
    measure = answer.gradients[0].measure
    if len(rows) > 1:
        of = [gradient.measure.output for gradient in answer.gradients]
        return {"of": of, "gradient": rows, "kinks": _by_output(kinks, of)}
    found: dict[str, Any] = {"of": measure.output or "loss", "gradient": rows[0], "kinks": kinks[0]}
    if measure.target is not None and answer.values is not None:
        value = measure.value(answer.question.network, answer.values)
        found |= {"loss": {"name": measure.loss, "value": value.as_json()}}
    return found


def _by_output(kinks: list[list[dict[str, Any]]], outputs: list[str | None]) -> list[dict[str, Any]]:
    """Each kink once, its weights with the output whose derivatives they have."""
    merged: list[dict[str, Any]] = []
    for row in zip(*kinks, strict=True):
        weights = [{"of": of} | weight for of, kink in zip(outputs, row, strict=True) for weight in kink["weights"]]
        merged.append(row[0] | {"weights": weights})
    return merged


def _kink(kink: Kink) -> dict[str, Any]:
    weights = [
        {
            "number": one.weight.number,
            "neuron": one.weight.neuron,
            "source": one.weight.source,
            "left": one.left.as_json(),
            "right": one.right.as_json(),
            "convention": one.convention.as_json(),
        }
        for one in kink.weights
    ]
    return {
        "neuron": kink.neuron,
        "at": "loss" if kink.neuron is None else "z = 0",
        "convention": "H(0) = 0",
        "weights": weights,
    }


def _symbolic(answer: NetAnswer, measure: Measure) -> dict[str, Any]:
    network = answer.question.network
    found = gradient_expressions(network, measure.output, loss=measure.loss, with_respect_to=answer.question.grad)
    deltas = [d for d in delta_expressions(network, measure.output, loss=measure.loss) if d.is_sum]
    return {
        "of": measure.output or "loss",
        "gradient": [{"text": e.text, "latex": e.latex} for e in found],
        "deltas": [{"name": d.name.text, "text": d.value.text, "latex": d.value.latex} for d in deltas],
    }


def _structure(answer: NetAnswer) -> dict[str, Any]:
    network = answer.question.network
    found = network_structure(network)
    return {
        "inputs": list(network.inputs),
        "parameters": found.parameters,
        "fully_connected": found.is_fully_connected,
        "layers": [
            {
                "neurons": list(layer.names),
                "activation": layer.activation,
                "edges": one.edges,
                "possible_edges": one.possible_edges,
                "parameters": one.parameters,
                "fully_connected": one.is_fully_connected,
                "missing": [list(edge) for edge in one.missing],
            }
            for layer, one in zip(network.layers, found.layers, strict=True)
        ],
        "equal": [
            {"layer": group.layer, "neurons": list(group.neurons), "copies": group.are_copies}
            for group in equal_neurons(network)
        ],
    } | _dead(network, answer)


def _dead(network: Network, answer: NetAnswer) -> dict[str, Any]:
    if answer.question.input is None:
        return {}
    return {"dead": [neuron.neuron for neuron in dead_neurons(network, [answer.question.input])]}


def _box(verdict: BoxVerdict) -> dict[str, Any]:
    witness = None if verdict.witness is None else verdict.witness.as_json()
    return {"neuron": verdict.neuron, "verdict": verdict.verdict, "reason": verdict.reason, "witness": witness}
