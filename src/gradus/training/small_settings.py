"""The settings of the recipe ``small-network``, read into a configuration without PyTorch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gradus.errors import InputError, UnsupportedError, nearest
from gradus.exact.learnability.initialisation import GIVEN, Initialisation
from gradus.exact.networks.losses import chosen_loss
from gradus.exact.networks.network import LOSSES, LossName, Network
from gradus.runs.request import Optimizer, RunRequest
from gradus.training.configuration import Adam, OptimizerRule, Sgd
from gradus.training.settings import choice, number, whole

MAX_WEIGHTS = 5_000
"""Most weights, each of which has its own fingerprint in the record."""


@dataclass(frozen=True)
class SmallConfiguration:
    """One full configuration of a small network's training, except seed, optimiser and epochs.

    Attributes:
        network: with its starting weights.
        samples: pairs (input, target) as texts, trained in their order; None for random points.
        unit_inputs: whether random inputs lie between 0 and 1.
    """

    network: Network
    loss: LossName
    initialisation: Initialisation
    biases: bool
    samples: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] | None
    unit_inputs: bool
    batch_size: int
    rules: Mapping[Optimizer, OptimizerRule]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of every value."""
        return hashlib.sha256(repr((replace(self, network=self.network), self._decay)).encode()).hexdigest()

    @property
    def _decay(self) -> tuple[float, ...]:
        return tuple(rule.weight_decay for rule in self.rules.values())


def small_configuration(request: RunRequest) -> SmallConfiguration:
    """What a request's settings say.

    Raises:
        InputError: a setting is missing, unknown or cannot be read; an optimiser is unknown.
        UnsupportedError: the network has too many weights.
    """
    given = dict(request.settings)
    for name in given:
        if name not in _KNOWN:
            rule = f"must be one of {', '.join(_KNOWN)}"
            raise InputError("setting", name, rule, nearest(name, _KNOWN, "choose one of them"))
    network = _network(given)
    rate = number("learning_rate", given.get("learning_rate", "0.125"), 1e6)
    momentum = number("momentum", given.get("momentum", "0"), 1)
    decay = number("weight_decay", given.get("weight_decay", "0"), 1)
    rules: dict[Optimizer, OptimizerRule] = {
        "sgd": Sgd(rate, momentum, weight_decay=decay),
        "adam": Adam(rate, weight_decay=decay),
    }
    if request.optimizer not in rules:
        raise InputError("optimizer", request.optimizer, f"must be one of {', '.join(rules)}", "choose one of them")
    start = Initialisation.of(given["initialisation"]) if "initialisation" in given else GIVEN
    return SmallConfiguration(
        network=network,
        loss=_loss(network, given.get("loss")),
        initialisation=start,
        biases=choice("biases", given.get("biases", "yes"), "yes", "no"),
        samples=_samples(given["points"], network) if "points" in given else None,
        unit_inputs=choice("inputs", given.get("inputs", "reals"), "unit", "reals"),
        batch_size=whole("batch_size", given.get("batch_size", "4")),
        rules=rules,
    )


_KNOWN = (
    "batch_size",
    "biases",
    "initialisation",
    "inputs",
    "learning_rate",
    "loss",
    "momentum",
    "network",
    "points",
    "weight_decay",
)


def _network(given: Mapping[str, str]) -> Network:
    if "network" not in given:
        raise InputError("setting network", None, "is missing", "give the network's mapping as JSON")
    network = Network.of(_json("network", given["network"]))
    if len(network.weights) > MAX_WEIGHTS:
        rule = f"must have at most {MAX_WEIGHTS:,} weights to be trained here"
        raise UnsupportedError("network", f"{len(network.weights):,} weights", rule, "give a smaller one")
    return network


def _loss(network: Network, name: str | None) -> LossName:
    for loss in LOSSES:
        if name == loss:
            return chosen_loss(network, loss)
    if name is None:
        return chosen_loss(network)
    raise InputError("setting loss", name, f"must be one of {', '.join(LOSSES)}", nearest(name, LOSSES, "choose one"))


def _samples(text: str, network: Network) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    sizes = (len(network.inputs), len(network.outputs))
    rows = _json("points", text)
    fits = isinstance(rows, list) and all(
        isinstance(row, list)
        and len(row) == 2
        and all(_texts(part, size) for part, size in zip(row, sizes, strict=True))
        for row in rows
    )
    if not fits or not rows:
        rule = f"must be pairs of {sizes[0]} inputs and {sizes[1]} targets, numbers as text"
        raise InputError("setting points", text, rule, 'write [[["1", "-1/2"], ["3"]]], say')
    return tuple((tuple(x), tuple(t)) for x, t in rows)


def _texts(part: object, size: int) -> bool:
    return isinstance(part, list) and len(part) == size and all(isinstance(entry, str) for entry in part)


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"setting {name}", text, "is not JSON", "write it as JSON") from error
