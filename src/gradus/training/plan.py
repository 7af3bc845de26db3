"""What a run is made of, and how it starts."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from gradus.runs.record import DataSummary
from gradus.runs.request import RunRequest
from gradus.training.augmentation import Augmenter
from gradus.training.configuration import Configuration
from gradus.training.data.dataset import Dataset, Part, Split
from gradus.training.device import autocast_type
from gradus.training.dropout import Masks
from gradus.training.loop import Training
from gradus.training.model import initialised
from gradus.training.seeds import Stream, stream_seed
from gradus.training.workers import Workers


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
        return -(-len(self.split.training) // self.configuration.batch_size)

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

    def begun(self, workers: Workers) -> Training:
        """The training before its first step, as the seed fixes it."""
        configuration, device = self.configuration, self.device
        network = initialised(
            configuration.architecture, self._stream("weights"), configuration.initialisation, configuration.biases
        )
        augmentation = configuration.augmentation
        return Training(
            network.to(device),
            configuration.optimizers[self.request.optimizer],
            Masks(self._stream("dropout", device)),
            None if augmentation is None else Augmenter(augmentation, self._stream("augmentation")),
            autocast_type(self.request.precision),
            workers,
        )

    def _stream(self, name: Stream, device: torch.device | str = "cpu") -> torch.Generator:
        return torch.Generator(device).manual_seed(stream_seed(self.request.seed, name))
