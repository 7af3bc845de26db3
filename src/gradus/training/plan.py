"""What a run is made of, and how it starts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from gradus.exact.learnability.initialisation import GLOROT
from gradus.runs.record import DataSummary
from gradus.runs.request import RunRequest
from gradus.training.acceleration import WHITENED_FROM, start
from gradus.training.augmentation import Augmenter
from gradus.training.configuration import Configuration
from gradus.training.data.cache import OnMessage
from gradus.training.data.dataset import Dataset, Part, Split
from gradus.training.device import arithmetic_type
from gradus.training.dropout import Masks
from gradus.training.kernels import MAX_SOURCES, library
from gradus.training.kernels.operations import FastOperations
from gradus.training.loop import Training, steps_of
from gradus.training.model import initialised
from gradus.training.operations import Operations
from gradus.training.seeds import Stream, stream_seed
from gradus.training.team import Team, gathered
from gradus.training.workers import Workers

LEAST_ROWS = 4
"""Images of a batch for which a thread of its own is worth while."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A resolved request, and what it stands for."""

    request: RunRequest
    configuration: Configuration
    dataset: Dataset
    split: Split

    @property
    def device(self) -> torch.device:
        return torch.device(self.request.device)

    @property
    def steps(self) -> int:
        """Optimiser steps an epoch."""
        configuration = self.configuration
        return steps_of(len(self.split.training), configuration.batch_size, configuration.shuffled)

    @property
    def test(self) -> Part:
        """The images that are used to test."""
        return self.dataset.test.spread(self.configuration.images)

    @property
    def data(self) -> DataSummary:
        """The data as a record tells of them."""
        return DataSummary(
            name=self.dataset.name,
            fingerprint=self.dataset.fingerprint,
            split_fingerprint=self.split.fingerprint,
            classes=self.dataset.classes,
            training=len(self.split.training),
            validation=len(self.split.validation),
            test=len(self.test),
        )

    @contextmanager
    def team(self, workers: Workers, on_message: OnMessage) -> Iterator[Team]:
        """The threads that share the batches, for as long as the block runs.

        Without the compiled kernels, and where processes share the batches, there is one, and PyTorch's own threads
        share each operation.
        """
        kernels = library(on_message) if self.device.type == "cpu" else None
        size = 1
        if kernels is not None and workers.size == 1:
            size = max(1, min(torch.get_num_threads(), MAX_SOURCES, self.configuration.batch_size // LEAST_ROWS))
        with gathered(size, kernels) as team:
            yield team

    def begun(self, workers: Workers, team: Team) -> Training:
        """The training before its first step, as the seed fixes it."""
        configuration, device = self.configuration, self.device
        generator = torch.Generator().manual_seed(self._seed("weights"))
        network = initialised(configuration.architecture, generator, configuration.initialisation, configuration.biases)
        if configuration.accelerated is not None and configuration.initialisation == GLOROT:
            images = self.dataset.training.images[np.sort(self.split.training[:WHITENED_FROM])]
            start(network, torch.from_numpy(images), generator)
        augmentation = configuration.augmentation
        operations = Operations() if team.library is None else FastOperations(team.library)
        return Training(
            network.to(device),
            configuration.optimizers[self.request.optimizer],
            Masks(self._seed("dropout")),
            None if augmentation is None else Augmenter(augmentation, self._seed("augmentation"), operations),
            arithmetic_type(self.request.precision),
            workers,
            team,
            operations,
            configuration.accelerated,
            self._seed("order") if configuration.shuffled else None,
        )

    def _seed(self, name: Stream) -> int:
        return stream_seed(self.request.seed, name)
