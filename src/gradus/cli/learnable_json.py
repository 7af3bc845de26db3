"""The JSON of ``gradus learnable``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    from gradus.cli.learnable import Confronted, Question
    from gradus.exact.learnability.verdicts import Learnability, Verdict


def learnability_json(
    found: Learnability,
    changes: Sequence[tuple[str, Learnability]],
    confronted: Confronted | None,
    question: Question,
) -> dict[str, Any]:
    """One JSON object: conditions, counts, a verdict a weight or tensor, copies, and the confrontation."""
    from gradus.runs import RunRecord

    c = found.conditions
    value: dict[str, Any] = {
        "subject": question.subject,
        "conditions": {
            "initialisation": c.start.text,
            "biases": c.biases,
            "optimizer": question.rule,
            "weight_decay": c.weight_decay,
            "dropout": c.dropout,
            "inputs": c.inputs,
            "loss": c.loss or "cross-entropy",
            "relu_before_softmax": c.relu_before_softmax,
        },
        "counts": _counts(found),
        "output_depends_on_input": found.sees_input,
        "parameters": [_parameter_json(found, v) for v in found.verdicts],
        "copies": [
            {
                "layer": k.stage,
                "units": list(k.units),
                "count": k.count,
                "kept": not k.broken_by,
                "broken_by": k.broken_by,
            }
            for k in found.copies
        ],
        "changed_conditions": [{"change": words, **_counts(other)} for words, other in changes],
    }
    if confronted is not None:
        value["runs"] = [
            {"id": r.id} if isinstance(r, RunRecord) else {"id": None, "reason": r.reason} for r in confronted.runs
        ]
        value["confrontation"] = [
            {"name": row.name, "verdict": row.outcome, "unchanged": row.unchanged, "agrees": row.agrees}
            for row in confronted.rows
        ]
    return value


def _counts(found: Learnability) -> dict[str, int]:
    from gradus.exact.learnability.verdicts import Outcome

    return {outcome: found.count(outcome) for outcome in get_args(Outcome)}


def _parameter_json(found: Learnability, verdict: Verdict) -> dict[str, Any]:
    from gradus.exact.networks.network import Network

    p = verdict.parameter
    return {
        "name": p.name,
        "layer": p.stage,
        "role": p.role,
        "neuron": p.neuron,
        "source": p.source,
        "size": p.size,
        "part": p.note,
        "start": found.subject.weights[int(p.name[1:]) - 1].as_json() if isinstance(found.subject, Network) else None,
        "verdict": verdict.outcome,
        "zero_factor": verdict.cause,
        "witness": _witness_json(verdict),
    }


def _witness_json(verdict: Verdict) -> dict[str, Any] | None:
    from gradus.exact.learnability.verdicts import Witness

    w = verdict.witness
    if w is None:
        return None
    if not isinstance(w, Witness):
        return {"step": w.step, "image": w.image, "weights": w.weights, "gradient": w.gradient, "start": w.draw}
    samples = [{"input": [e.as_json() for e in s.input], "target": [e.as_json() for e in s.target]} for s in w.samples]
    return {"step": w.step, "samples": samples, "gradient": w.gradient, "exact": w.is_exact}
