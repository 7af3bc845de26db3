"""Dropout masks from a stream of random numbers that does not depend on how a batch is shared out."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod

import torch
from torch import Generator, Tensor


@dataclass(eq=False)
class Masks:
    """The masks of the batches, one after the other.

    A mask is always drawn for the whole batch, so that workers whose generators are in the same state get from it the
    rows that one process would have used for their images.

    Attributes:
        generator: on the device of the values.
        rows_before, rows_after: rows of the batch that others hold, before and after those that are masked here.
    """

    generator: Generator
    rows_before: int = 0
    rows_after: int = 0

    def dropped_out(self, values: Tensor, rate: Fraction) -> Tensor:
        """The values, each set to 0 with probability ``rate`` and else divided by 1 - ``rate``.

        Args:
            values: a batch, rows first, dense in memory in an order that begins with the rows.

        A rate in 256ths is compared with one random byte a value, which is exact and an eighth of the randomness.
        """
        row = prod(values.shape[1:])
        first = self.rows_before * row
        total = first + values.numel() + self.rows_after * row
        threshold = rate * 256
        if threshold.denominator == 1:
            words = torch.empty(-(-total // 8), dtype=torch.int64, device=values.device)
            random = words.random_(-(2**63), None, generator=self.generator).view(torch.uint8)
            kept = random[first : first + values.numel()] >= int(threshold)
        else:
            uniform = torch.rand(total, device=values.device, generator=self.generator)
            kept = uniform[first : first + values.numel()] >= float(rate)
        # The mask is laid out as the values are in memory, so that a channels-last batch stays one.
        mask = torch.empty_like(values, requires_grad=False)
        mask.as_strided((values.numel(),), (1,)).copy_(kept)
        return values * mask.mul_(float(1 / (1 - rate)))
