"""What a trained network says of images."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from gradus.runs.request import Precision
from gradus.training.device import arithmetic_type
from gradus.training.evaluation import EVALUATION_BATCH, arithmetic
from gradus.training.model import Network, scaled


def probabilities(
    network: Network, images: NDArray[np.uint8], precision: Precision = "fp32", batch_size: int = EVALUATION_BATCH
) -> NDArray[np.float32]:
    """The probability of each class, with dropout off, on the device on which the network lies.

    Args:
        images: uint8 shaped (count, 32, 32, 3), of any count.
        batch_size: changes rounding only.

    Returns:
        Shaped (count, classes); each row sums to 1.
    """
    device = next(network.parameters()).device
    autocast = arithmetic_type(precision)
    rows = []
    with torch.inference_mode():
        for start in range(0, len(images), batch_size):
            batch = torch.from_numpy(images[start : start + batch_size].copy()).to(device)
            with arithmetic(device, autocast):
                logits = network(scaled(batch)).float()
            rows.append(logits.softmax(1).cpu().numpy())
    return np.concatenate(rows) if rows else np.empty((0, _classes(network)), dtype=np.float32)


def _classes(network: Network) -> int:
    return int(list(network.parameters())[-1].shape[0])
