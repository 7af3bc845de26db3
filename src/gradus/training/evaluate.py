"""Loss and accuracy of a network on images, with dropout off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gradus.training.data.dataset import Part
from gradus.training.model import Network


@dataclass(frozen=True, eq=False)
class DevicePart:
    """Images, uint8 shaped (count, height, width, channels), and labels shaped (count,), on a run's device."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, start: int, size: int) -> tuple[Tensor, Tensor]:
        """Images between 0 and 1, (count, channels, height, width) in channels-last memory, and labels."""
        stop = start + size
        return self.images[start:stop].to(torch.float32).div_(255).permute(0, 3, 1, 2), self.labels[start:stop]


def on_device(part: Part, device: torch.device) -> DevicePart:
    """The images and labels, moved to the device once and for all."""
    return DevicePart(
        torch.from_numpy(np.ascontiguousarray(part.images)).to(device), torch.from_numpy(part.labels).to(device)
    )


def evaluation(network: Network, part: DevicePart, batch_size: int = 250) -> tuple[float, float]:
    """Mean cross-entropy in nats and the share classified rightly; the batch size changes rounding only."""
    device = part.labels.device
    loss, right = torch.zeros((), dtype=torch.float64, device=device), torch.zeros((), dtype=torch.int64, device=device)
    with torch.inference_mode():
        for start in range(0, len(part), batch_size):
            images, labels = part.batch(start, batch_size)
            logits = network(images)
            loss += functional.cross_entropy(logits, labels, reduction="sum")
            right += (logits.argmax(1) == labels).sum()
    return loss.item() / len(part), int(right.item()) / len(part)
