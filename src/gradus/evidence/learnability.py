"""The confrontation of a proof of learnability with real training runs.

What is proved frozen must keep its bits in every run; what a witness moves must have other bits after the run on that
witness.  Small networks are trained on random samples, and once for each witness on exactly its samples.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from gradus.errors import UnsupportedError
from gradus.exact.learnability.ranges import double
from gradus.exact.learnability.verdicts import Learnability, Outcome, Verdict, Witness
from gradus.exact.learnability.witnesses import Sample, visible_in_single_precision
from gradus.exact.networks.layers import Architecture, hw5_cnn
from gradus.exact.networks.network import Network
from gradus.runs import NotRun, RunRecord, RunRequest

Rule: TypeAlias = Literal["gd", "momentum", "adam"]
"""Gradient descent, with momentum, or Adam."""

IMAGES = 320
"""Images of each part in a run of homework 5's network: ten steps."""

MAX_WITNESS_RUNS = 12


@dataclass(frozen=True)
class Compared:
    """One weight or tensor: what is proved, and what the runs did.

    Attributes:
        name: of the weight or tensor.
        outcome: the verdict; None where parts of a tensor have different ones.
        unchanged: whether its bits were the same at the end of every run; None if it was in none.
        agrees: whether the runs bear out the verdict; None where it claims nothing that they can show.
    """

    name: str
    outcome: Outcome | None
    unchanged: bool | None
    agrees: bool | None


def confrontation_requests(found: Learnability, rule: Rule = "gd", data: str = "pictograms") -> tuple[RunRequest, ...]:
    """The runs that a verdict is confronted with: a general one first, then one a witness.

    Args:
        rule: what the general run descends by.
        data: the images that an architecture is trained on.

    Raises:
        UnsupportedError: there is no recipe that trains this architecture.

    >>> from gradus.exact.learnability.initialisation import Initialisation
    >>> from gradus.exact.learnability.verdicts import Conditions, learnability
    >>> found = learnability(hw5_cnn(), Conditions(Initialisation.of("zeros")))
    >>> confrontation_requests(found)[0].setting("initialisation")
    'zeros'
    """
    if isinstance(found.subject, Architecture):
        return (_images_request(found, rule, data),)
    general = _network_request(found, found.subject, rule, _learning(rule))
    witnesses = [
        _network_request(found, found.subject, "gd", _on_samples(samples), epochs=1)
        for samples in _witness_samples(found)
    ]
    return (general, *witnesses)


def confronted(
    found: Learnability,
    records: Mapping[RunRequest, RunRecord | NotRun],
    rule: Rule = "gd",
    data: str = "pictograms",
) -> tuple[Compared, ...]:
    """Each weight or tensor in the runs; those that were not made show nothing."""
    requests = confrontation_requests(found, rule, data)
    made = [(r, record) for r in requests if isinstance(record := records.get(r), RunRecord)]
    samples = dict(zip(_witness_samples(found), requests[1:], strict=False))
    names = dict.fromkeys(v.parameter.name for v in found.verdicts)
    return tuple(
        _compared(name, [v for v in found.verdicts if v.parameter.name == name], made, samples, found) for name in names
    )


def contradictions(rows: Iterable[Compared]) -> tuple[Compared, ...]:
    """The rows in which the runs contradict the proof."""
    return tuple(row for row in rows if row.agrees is False)


def _compared(
    name: str,
    verdicts: list[Verdict],
    made: list[tuple[RunRequest, RunRecord]],
    samples: Mapping[tuple[Sample, ...], RunRequest],
    found: Learnability,
) -> Compared:
    moved = {
        r: record.initial_weights[name] != record.final_weights.get(name)
        for r, record in made
        if name in record.initial_weights
    }
    if not moved:
        return Compared(name, verdicts[0].outcome if len(verdicts) == 1 else None, None, None)
    unchanged = not any(moved.values())
    if len(verdicts) > 1:  # a fingerprint is of a whole tensor, whose parts differ
        return Compared(name, None, unchanged, None)
    (verdict,) = verdicts
    agrees: bool | None = None
    match verdict.outcome:
        case "frozen":
            agrees = unchanged
        case "decays":
            agrees = not unchanged
        case "learns":
            agrees = _witness_moves(verdict, moved, samples, found)
        case _:
            agrees = None
    return Compared(name, verdict.outcome, unchanged, agrees)


def _witness_moves(
    verdict: Verdict,
    moved: Mapping[RunRequest, bool],
    samples: Mapping[tuple[Sample, ...], RunRequest],
    found: Learnability,
) -> bool | None:
    anywhere = True if any(moved.values()) else None
    if not isinstance(found.subject, Network):
        return anywhere  # that a drawn weight stays contradicts nothing, for another draw may move it
    witness = verdict.witness
    assert isinstance(witness, Witness)
    weight = double(found.subject.weights[int(verdict.parameter.name[1:]) - 1])
    request = samples.get(witness.samples)
    if request is None or request not in moved or not visible_in_single_precision(witness, weight):
        return anywhere
    return moved[request]


def _witness_samples(found: Learnability) -> list[tuple[Sample, ...]]:
    every = [v.witness.samples for v in found.having("learns") if isinstance(v.witness, Witness)]
    return list(dict.fromkeys(every))[:MAX_WITNESS_RUNS]


def _images_request(found: Learnability, rule: Rule, data: str) -> RunRequest:
    if found.subject != hw5_cnn(found.form.outputs) or found.conditions.relu_before_softmax:
        rule_text = "only the network of homework 5 has a recipe that trains it"
        raise UnsupportedError("architecture", "this one", rule_text, "leave out --confront")
    conditions = found.conditions
    settings = {"images": str(IMAGES), "initialisation": conditions.start.text}
    settings |= {} if conditions.biases else {"biases": "no"}
    settings |= {} if conditions.dropout else {"dropout": "off"}
    settings |= {"weight_decay": "0.01"} if conditions.weight_decay else {}
    optimizer: Literal["adam", "sgd"] = "adam" if rule == "adam" else "sgd"
    return RunRequest("hw5", data, optimizer, settings=tuple(sorted(settings.items())))


def _network_request(
    found: Learnability, network: Network, rule: Rule, settings: Mapping[str, str], epochs: int = 4
) -> RunRequest:
    conditions = found.conditions
    given = {
        "network": json.dumps(network.as_mapping(), separators=(",", ":"), sort_keys=True),
        "loss": str(conditions.loss),
        **settings,
    }
    given |= {} if conditions.biases else {"biases": "no"}
    given |= {"inputs": "unit"} if conditions.inputs == "unit" else {}
    # A witness is about plain gradient descent.
    given |= {"weight_decay": "0.0625"} if conditions.weight_decay and "points" not in given else {}
    optimizer: Literal["adam", "sgd"] = "adam" if rule == "adam" else "sgd"
    return RunRequest("small-network", "points", optimizer, epochs=epochs, settings=tuple(sorted(given.items())))


def _learning(rule: Rule) -> dict[str, str]:
    """A small rate, so that squared losses do not diverge."""
    return {"learning_rate": "0.015625"} | ({"momentum": "0.875"} if rule == "momentum" else {})


def _on_samples(samples: tuple[Sample, ...]) -> dict[str, str]:
    points = [[[e.text for e in s.input], [e.text for e in s.target]] for s in samples]
    return {"points": json.dumps(points, separators=(",", ":")), "batch_size": "1", "learning_rate": "0.125"}
