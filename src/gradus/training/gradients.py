"""Where the threads of a team write their gradients, and the update from them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gradus.exact.networks.layers import Architecture, parameter_names
from gradus.training import muon, optim
from gradus.training.acceleration import at_side
from gradus.training.configuration import Acceleration, Muon, OptimizerRule
from gradus.training.dropout import Masks
from gradus.training.kernels import MAX_SOURCES, Run
from gradus.training.kernels.operations import FastOperations
from gradus.training.model import Network
from gradus.training.normalisation import Normalisation
from gradus.training.operations import Operations, Weights
from gradus.training.parameters import Parameters
from gradus.training.passes import SPLIT_FROM, Passes, stages
from gradus.training.stages import Rows
from gradus.training.team import Team
from gradus.training.workers import ALONE, Workers


class Gradients:
    """The gradients of a network's weights, and its weights in the type of the arithmetic.

    Each thread of the team writes into a piece of memory of the weights' form.  In bfloat16 the gradients of large
    dense layers stay in that type, in which they are found.
    """

    def __init__(
        self,
        network: Network,
        parameters: Parameters,
        arithmetic: torch.dtype | None,
        operations: Operations,
        team: Team,
        workers: Workers = ALONE,
        acceleration: Acceleration | None = None,
    ) -> None:
        self.parameters, self.operations, self.team = parameters, operations, team
        self.architecture = network.architecture
        self.smoothing = 0.0 if acceleration is None else acceleration.label_smoothing
        self.copies = None if arithmetic is None else parameters.values.to(arithmetic)
        self.parts = [parameters.zeros() for _ in range(team.size)]
        self.narrow: list[dict[str, Tensor]] = [{} for _ in range(team.size)]
        used = parameters.by_name(parameters.views(self.copies))
        if self.in_threads and self.copies is not None:
            self.narrow = [{name: torch.zeros_like(used[name]) for name in self._large()} for _ in self.narrow]
        self.dtype = parameters.values.dtype if arithmetic is None else arithmetic
        self.written = [
            parameters.by_name(parameters.views(part)) | narrow
            for part, narrow in zip(self.parts, self.narrow, strict=True)
        ]
        self.used = used
        self.normalisations = {} if acceleration is None else self._normalisations(acceleration, workers)
        self.passes: dict[int, list[Passes]] = {}
        self.runs = [self._runs(rank) for rank in range(team.size)] if self.in_threads else []

    @property
    def in_threads(self) -> bool:
        """Whether each thread updates its part of the weights, by the kernels."""
        return isinstance(self.operations, FastOperations) and self.parameters.values.dtype == torch.float32

    def found(
        self, rank: int, images: Tensor, labels: Tensor, rows: Rows, masks: Masks | None
    ) -> tuple[Tensor, Tensor]:
        """Write a thread's gradients; see :meth:`Passes.gradients`.  Images may be smaller than the network's own."""
        return self.passes[images.shape[1]][rank].gradients(images, labels, rows, masks)

    def prepare(self, side: int) -> None:
        """Make the passes for images of that side."""
        if side not in self.passes:
            architecture = at_side(self.architecture, side)
            self.passes[side] = [self._made(architecture, rank) for rank in range(self.team.size)]

    def whole(self) -> Tensor:
        """The sum of the threads' gradients."""
        total = self.parts[0]
        for part in self.parts[1:]:
            total = total + part
        if self.narrow[0] and self.team.size == 1:
            total = total.clone()  # what is added below must not be there in the next step
        for narrow in self.narrow:
            views = self.parameters.by_name(self.parameters.views(total))
            for name, gradient in narrow.items():
                views[name].add_(gradient)
        return total

    def replace(self, whole: Tensor) -> None:
        """Let this process's only thread have found these gradients."""
        for name, gradient in self.parameters.by_name(self.parameters.views(whole)).items():
            self.written[0][name].copy_(gradient)

    def renew_copies(self) -> None:
        """Round the weights to the type of the arithmetic again."""
        if self.copies is not None:
            self.copies.copy_(self.parameters.values)

    def update(self, rank: int, rule: OptimizerRule, state: optim.State, left: float) -> None:
        """The optimiser's step for a thread's share of the weights, from the gradients of all threads.

        Args:
            left: the share of the run that is still to come.
        """
        if isinstance(rule, Muon):
            assert isinstance(state, optim.SgdState)
            velocities = self.parameters.by_name(self.parameters.views(state.velocities[0]))
            values = self.parameters.by_name(self.parameters.views())
            for name in self._share(rank):
                gradient = self._sum(name)
                self._move(rule, name, values[name], velocities[name], gradient, left)
                if self.copies is not None:
                    self.used[name].copy_(values[name])
            return
        assert isinstance(self.operations, FastOperations)
        optim.step_of_runs(self.operations.library, self.runs[rank], rule, state, self.parameters.values, self.copies)

    def _move(self, rule: Muon, name: str, weights: Tensor, velocity: Tensor, gradient: Tensor, left: float) -> None:
        if weights.ndim == 4:
            rate = rule.learning_rate * left
            muon.move_matrix(weights, velocity, gradient, rate, rule.momentum, self.dtype)
            return
        rate = rule.dense_rate
        if name.startswith("conv"):
            rate = rule.shift_rate
        elif weights.ndim == 2:
            gradient = gradient.add(weights, alpha=rule.weight_decay)
        muon.move(weights, velocity, gradient, rate * left, rule.nesterov_momentum)

    def _share(self, rank: int) -> list[str]:
        """The trained weights that a thread moves: about as many numbers as the others."""
        loads, found = [0] * self.team.size, []
        places = zip(self.parameters.names, self.parameters.places, strict=True)
        for count, name in sorted((-place.count, name) for name, place in places):
            if self.normalisations and name.startswith("conv1."):
                continue
            least = loads.index(min(loads))
            loads[least] -= count
            if least == rank:
                found.append(name)
        return found

    def _sum(self, name: str) -> Tensor:
        """The sum of the threads' gradients by one of the weights."""
        total = self.written[0][name]
        for other in self.written[1:]:
            total = total + other[name]
        return total.to(self.parameters.values.dtype)

    def _made(self, architecture: Architecture, rank: int) -> Passes:
        weights = {
            name: Weights(
                self.used[f"{name}.gains"],
                self.used.get(f"{name}.bias"),
                self.written[rank][f"{name}.gains"],
                self.written[rank].get(f"{name}.bias"),
            )
            for name in filter(None, parameter_names(architecture))
        }
        made = stages(architecture, weights, self.operations, self.team, rank, self.normalisations)
        return Passes(made, self.operations, self.dtype, self.smoothing)

    def _normalisations(self, acceleration: Acceleration, workers: Workers) -> dict[str, Normalisation]:
        """One for each convolution but the first."""
        values = self.parameters.by_name(self.parameters.views())
        names = [name for name in parameter_names(self.architecture) if name.startswith("conv")]
        return {
            name: Normalisation(
                name,
                values[f"{name}.bias"],
                torch.zeros_like(values[f"{name}.bias"]),
                torch.ones_like(values[f"{name}.bias"]),
                torch.zeros_like(values[f"{name}.bias"]).repeat(2, 1),
                acceleration.memory,
                self.team,
                workers,
            )
            for name in names[1:]
        }

    def _large(self) -> list[str]:
        places = zip(self.parameters.names, self.parameters.places, strict=True)
        return [name for name, place in places if len(place.shape) == 2 and place.count >= SPLIT_FROM]

    def _runs(self, rank: int) -> Any:
        """What a thread updates: of a layer whose units are shared out its own, of the others an equal part."""
        runs, size = [], self.team.size
        assert size <= MAX_SOURCES
        for name, place in zip(self.parameters.names, self.parameters.places, strict=True):
            gains = name.removesuffix(".bias").removesuffix(".gains") + ".gains"
            split = gains in self._large() and size > 1
            row = place.count // place.shape[0] if split else 1
            first, end = (row * at for at in self.team.share(place.count // row, rank))
            sources = [rank] if split else range(size)
            run = Run(first=place.first + first, count=end - first, sources=len(sources))
            for number, source in enumerate(sources):
                narrow = self.narrow[source].get(name)
                run.in_bfloat16 = narrow is not None
                base = self.parts[source][place.first :] if narrow is None else narrow
                run.gradients[number] = base.data_ptr() + first * base.element_size()
            runs.append(run)
        return (Run * len(runs))(*runs)
