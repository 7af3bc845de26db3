"""A network as a program that ``torch.export.load`` reads without gradus."""

from __future__ import annotations

import io
import json
import warnings
from copy import deepcopy

import torch
from torch import Tensor, nn

from gradus.training.export import channels_first
from gradus.training.model import Network
from gradus.training.weights_file import TrainedNetwork


class Probabilities(nn.Module):
    """A network with its soft-max: images (count, channels, height, width) between 0 and 1 to (count, classes)."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(images)
        return logits.softmax(1)


def content(trained: TrainedNetwork) -> bytes:
    """The file's content."""
    stream = io.BytesIO()
    with warnings.catch_warnings():
        # Channels-last gains are no "complete tensor" to it; they are written whole all the same.
        warnings.filterwarnings("ignore", message="No complete tensor found")
        torch.export.save(program(trained), stream, extra_files={"classes": json.dumps(trained.classes)})
    return stream.getvalue()


def program(trained: TrainedNetwork) -> torch.export.ExportedProgram:
    """The exported program, for any number of images."""
    example = torch.zeros(2, *channels_first(trained.architecture))
    count = torch.export.Dim("count", min=1)
    network = deepcopy(trained.network).cpu()  # the program belongs to no device
    return torch.export.export(Probabilities(network).eval(), (example,), dynamic_shapes=({0: count},))
