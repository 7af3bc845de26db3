"""The forward and the backward pass of a network over a part of a batch, layer by layer, without autograd."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gradus.exact.networks.layers import (
    Architecture,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool2D,
    parameter_names,
)
from gradus.training.dropout import Masks
from gradus.training.normalisation import Normalisation
from gradus.training.operations import Operations, Weights
from gradus.training.stages import (
    ConvolutionStage,
    DenseStage,
    NormalisedConvolutionStage,
    PoolingStage,
    Rows,
    SplitDenseStage,
    Stage,
    Tail,
)
from gradus.training.team import Team

SPLIT_FROM = 2**16
"""Gains of a dense layer from which on the threads of a team share out its units, not the images: so each finds the
whole gradient of its own units, and no gradients have to be summed up."""


@dataclass(eq=False)
class Passes:
    """Both passes of one thread of a team."""

    stages: list[Stage]
    operations: Operations
    dtype: torch.dtype
    label_smoothing: float = 0.0

    def gradients(self, images: Tensor, labels: Tensor, rows: Rows, masks: Masks | None) -> tuple[Tensor, Tensor]:
        """Write the gradients of the mean loss of ``rows.count`` images by all weights, from those of these rows.

        Args:
            images: bytes shaped (rows, height, width, channels).
            masks: whose ``first`` is the number of the first of these rows; None is without dropout.

        Returns:
            The sum of the losses of these rows, and how many are classified rightly.
        """
        values = self.operations.scaled(images, self.dtype)
        for stage in self.stages:
            values = stage.forward(values, rows, masks)
        loss, right, gradient = self.operations.cross_entropy(values, labels, rows.count, self.label_smoothing)
        found: Tensor | None = gradient
        for stage in reversed(self.stages):
            if found is None:  # no weights stand before it
                break
            found = stage.backward(found, rows)
        return loss, right


def stages(
    architecture: Architecture,
    weights: Mapping[str, Weights],
    operations: Operations,
    team: Team,
    rank: int,
    normalisations: Mapping[str, Normalisation] | None = None,
) -> list[Stage]:
    """The stages of a network without its soft-max, for one thread of a team.

    Args:
        weights: by the names of :func:`gradus.exact.networks.layers.parameter_names`.
        normalisations: of the convolutions that are normalised, by the same names; where there are any, the first
            convolution is not trained.
    """
    found: list[Stage] = []
    trains = False
    for layer, name, tail in _grouped(architecture, normalisations or {}):
        before = found[-1] if found else None
        # The ReLU of a layer whose outputs go straight into the next layer with weights.
        leaves_mask = isinstance(before, ConvolutionStage | DenseStage) and before.tail == Tail(relu=True)
        stage: Stage
        match layer:
            case Conv2D() if tail.normalised:
                leaves_mask = False
                normalisation = (normalisations or {})[name].seen_by(rank)
                stage = NormalisedConvolutionStage(layer, tail, weights[name], operations, normalisation, trains)
            case Conv2D():
                trained = not normalisations
                stage = ConvolutionStage(layer, tail, weights[name], operations, trains, leaves_mask, trained=trained)
            case Dense():
                if team.size > 1 and weights[name].gains.numel() >= SPLIT_FROM:
                    stage = SplitDenseStage(
                        name, layer, tail, weights[name], operations, team, rank, trains, leaves_mask
                    )
                else:
                    stage = DenseStage(layer, tail, weights[name], operations, trains, leaves_mask)
            case _:
                leaves_mask = False
                stage = PoolingStage(tail, operations)
        if leaves_mask and isinstance(before, ConvolutionStage | DenseStage):
            before.masked_outputs = True
        trains = trains or (bool(name) and not (isinstance(stage, ConvolutionStage) and not stage.trained))
        found.append(stage)
    return found


def _grouped(architecture: Architecture, normalised: Collection[str]) -> Iterator[tuple[Layer, str, Tail]]:
    """The layers with weights and their names, each with its tail; pooling and dropout that fit into none, alone."""
    current: tuple[Layer, str, Tail] | None = None
    dropouts = 0
    layers = architecture.layers
    for number, (layer, name) in enumerate(zip(layers, parameter_names(architecture), strict=True)):
        match layer:
            case Conv2D() | Dense():
                if current:
                    yield current
                current = (layer, name, Tail(normalised=name in normalised, relu=layer.activation == "relu"))
            case MaxPool2D(size=1) | Flatten():
                pass
            case MaxPool2D():
                # Before normalisation, pooling over a whole image would leave it one value an image and channel.
                last = bool(current and current[2].normalised) and isinstance(layers[number + 1], Flatten)
                fits = current and isinstance(current[0], Conv2D) and current[2].pool == 1 and not current[2].rate
                if current and fits and not last:
                    current = (*current[:2], replace(current[2], pool=layer.size))
                    continue
                if current:
                    yield current
                current = (layer, "", Tail(pool=layer.size))
            case Dropout():
                drops, dropouts = dropouts, dropouts + 1
                if not layer.rate:
                    continue
                if current and not current[2].rate and not current[2].normalised:
                    current = (*current[:2], replace(current[2], rate=layer.rate, dropout=drops))
                    continue
                if current:
                    yield current
                current = (layer, "", Tail(rate=layer.rate, dropout=drops))
    if current:
        yield current
