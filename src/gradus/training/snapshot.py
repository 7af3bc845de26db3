"""A training at a moment between two steps, as a checkpoint; and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gradus.errors import InputError
from gradus.runs.request import RunRequest
from gradus.training.checkpoint import TO_GO_ON, Checkpoint, Facts, as_rows
from gradus.training.loop import Training
from gradus.training.meter import Diverged, Meter
from gradus.training.model import described, stored
from gradus.training.optim import state_tensors
from gradus.training.versions import versions


@dataclass(frozen=True)
class Clock:
    """Times of a run in seconds, interruptions left out: so far, and until its first step was done."""

    elapsed_s: float
    first_step_s: float


def snapshot(training: Training, request: RunRequest, clock: Clock, initial_weights: Mapping[str, str]) -> Checkpoint:
    """All that the training needs to go on; tensors are copied.

    Raises:
        Diverged: a weight or the loss is not a finite number, so that going on is of no use.
    """
    meter = training.meter
    _check_finite(training)
    facts = Facts(
        request=request,
        epochs=tuple(training.epochs),
        step=meter.steps,
        steps=training.state.steps,
        loss_sum=meter.loss.item(),
        right=int(meter.right.item()),
        seen=meter.seen,
        epoch_s=meter.seconds() if meter.steps else 0.0,
        elapsed_s=clock.elapsed_s,
        first_step_s=clock.first_step_s,
        threads=training.threads,
        workers=training.workers.size,
        versions=versions(training.team.library),
        initial_weights=dict(initial_weights),
    )
    tensors = {
        f"{group}/{name}": as_rows(described(tensor))
        for group, members in _groups(training).items()
        for name, tensor in members.items()
    }
    running = {name: tensor.clone() for name, tensor in _running(training).items()}
    return Checkpoint(facts, tensors | running | {"samples": torch.tensor([training.samples])})


def restore(training: Training, checkpoint: Checkpoint) -> None:
    """Put a training that has not begun where the checkpoint was taken.

    Raises:
        InputError: the checkpoint, of this run, holds other tensors: another version of gradus has written it.
    """
    facts, tensors = checkpoint.facts, checkpoint.tensors
    try:
        for group, members in _groups(training).items():
            for name, tensor in members.items():
                tensor.copy_(stored(tensors[f"{group}/{name}"]))
        for name, tensor in _running(training).items():
            tensor.copy_(tensors[name])
        samples = int(tensors["samples"].item())
    except (KeyError, RuntimeError) as error:
        # The run's id, which network and optimiser are part of, was compared before.
        rule = (
            f"is from another version of gradus ({facts.versions.get('gradus', 'unknown')}), which kept other tensors"
        )
        raise InputError("checkpoint", f"step {facts.steps:,}", rule, f"{TO_GO_ON} in another folder") from error
    training.state = replace(training.state, steps=facts.steps)
    training.samples = samples
    training.gradients.renew_copies()
    training.epochs = list(facts.epochs)
    training.meter = Meter(training.meter.device, facts.seen, facts.step, facts.epoch_s)
    training.meter.loss.fill_(facts.loss_sum)
    training.meter.right.fill_(facts.right)


def _groups(training: Training) -> dict[str, dict[str, Tensor]]:
    """The weights, and what the optimiser remembers of each, by name; the tensors themselves."""
    parameters = training.parameters
    wholes = {"weights": parameters.values, **state_tensors(training.state)}
    return {group: parameters.by_name(parameters.views(whole)) for group, whole in wholes.items()}


def _running(training: Training) -> dict[str, Tensor]:
    """The running statistics of the normalisations, by name; the tensors themselves."""
    found: dict[str, Tensor] = {}
    for name, normalisation in training.gradients.normalisations.items():
        found |= {f"running/{name}.mean": normalisation.mean, f"running/{name}.variance": normalisation.variance}
    return found


def _check_finite(training: Training) -> None:
    where = f"after step {training.meter.steps:,} of epoch {len(training.epochs) + 1}"
    if not training.meter.is_finite():
        raise Diverged(f"the loss {where}")
    for name, weight in training.network.named_parameters():
        if not torch.isfinite(weight.detach()).all():
            raise Diverged(f"{name} {where}")
