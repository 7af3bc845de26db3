"""Numbers of a GPU, copied to the processor while both go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Reading:
    """What a sum of losses and a count were when the reading was begun.

    Attributes:
        copies: on the processor; to be looked at only once the copying is over.
        copied: the event of its end, which has no type in PyTorch; None where copying has waited for the device, as it
            does everywhere but on CUDA.
    """

    copies: tuple[Tensor, Tensor]
    copied: Any

    @staticmethod
    def begun(loss: Tensor, right: Tensor) -> Reading:
        """Ask the device for two scalars.

        >>> reading = Reading.begun(torch.tensor(2.5), torch.tensor(3))
        >>> reading.is_there(), reading.values()
        (True, (2.5, 3))
        """
        if not loss.is_cuda:
            return Reading((loss.to("cpu", copy=True), right.to("cpu", copy=True)), None)
        loss_copy, right_copy = (torch.empty((), dtype=tensor.dtype, pin_memory=True) for tensor in (loss, right))
        for copy, tensor in ((loss_copy, loss), (right_copy, right)):
            copy.copy_(tensor, non_blocking=True)
        cuda: Any = torch.cuda
        copied = cuda.Event()
        copied.record()
        return Reading((loss_copy, right_copy), copied)

    def is_there(self) -> bool:
        """Whether the numbers have arrived; does not wait."""
        return self.copied is None or bool(self.copied.query())

    def values(self) -> tuple[float, int]:
        """The two numbers."""
        loss, right = self.copies
        return loss.item(), int(right.item())
