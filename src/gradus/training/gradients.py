"""Where the threads of a team write their gradients, and the update from them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gradus.exact.networks.layers import parameter_names
from gradus.training import optim
from gradus.training.configuration import OptimizerRule
from gradus.training.dropout import Masks
from gradus.training.kernels import MAX_SOURCES, Run
from gradus.training.kernels.operations import FastOperations
from gradus.training.model import Network
from gradus.training.operations import Operations, Weights
from gradus.training.parameters import Parameters
from gradus.training.passes import SPLIT_FROM, Passes, Rows, stages
from gradus.training.team import Team


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
    ) -> None:
        self.parameters, self.operations, self.team = parameters, operations, team
        self.copies = None if arithmetic is None else parameters.values.to(arithmetic)
        self.parts = [parameters.zeros() for _ in range(team.size)]
        self.narrow: list[dict[str, Tensor]] = [{} for _ in range(team.size)]
        used = parameters.by_name(parameters.views(self.copies))
        if self.in_threads and self.copies is not None:
            self.narrow = [{name: torch.zeros_like(used[name]) for name in self._large()} for _ in self.narrow]
        dtype = parameters.values.dtype if arithmetic is None else arithmetic
        self.passes = []
        for rank, part in enumerate(self.parts):
            written = parameters.by_name(parameters.views(part)) | self.narrow[rank]
            weights = {
                name: Weights(
                    used[f"{name}.gains"],
                    used.get(f"{name}.bias"),
                    written[f"{name}.gains"],
                    written.get(f"{name}.bias"),
                )
                for name in filter(None, parameter_names(network.architecture))
            }
            made = stages(network.architecture, weights, operations, team, rank)
            self.passes.append(Passes(made, operations, dtype))
        self.runs = [self._runs(rank) for rank in range(team.size)] if self.in_threads else []

    @property
    def in_threads(self) -> bool:
        """Whether each thread updates its part of the weights, by the kernels."""
        return isinstance(self.operations, FastOperations) and self.parameters.values.dtype == torch.float32

    def found(
        self, rank: int, images: Tensor, labels: Tensor, rows: Rows, masks: Masks | None
    ) -> tuple[Tensor, Tensor]:
        """Write a thread's gradients; see :meth:`Passes.gradients`."""
        return self.passes[rank].gradients(images, labels, rows, masks)

    def whole(self) -> Tensor:
        """The sum of the threads' gradients."""
        total = self.parts[0]
        for part in self.parts[1:]:
            total = total + part
        for narrow in self.narrow:
            views = self.parameters.by_name(self.parameters.views(total))
            for name, gradient in narrow.items():
                views[name].add_(gradient)
        return total

    def renew_copies(self) -> None:
        """Round the weights to the type of the arithmetic again."""
        if self.copies is not None:
            self.copies.copy_(self.parameters.values)

    def update(self, rank: int, rule: OptimizerRule, state: optim.State) -> None:
        """The optimiser's step for a thread's share of the weights, from the gradients of all threads."""
        assert isinstance(self.operations, FastOperations)
        optim.step_of_runs(self.operations.library, self.runs[rank], rule, state, self.parameters.values, self.copies)

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
