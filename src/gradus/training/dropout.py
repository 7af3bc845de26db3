"""Dropout masks that do not depend on how a batch is shared out: they are counted out, image by image."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod

import torch
from torch import Tensor

from gradus.training.random_words import random_word, random_words


@dataclass(eq=False)
class Masks:
    """The masks of a training: that of an image and a layer follows from the key and the image's number alone.

    Attributes:
        key: of the stream.
        first: the number of the first image of what is masked, counted from the beginning of the training.
    """

    key: int
    first: int = 0

    def layer_key(self, layer: int) -> int:
        """The key of the stream of one dropout layer, counted from 0."""
        return random_word(self.key, layer)

    def kept(self, values: Tensor, rate: Fraction, layer: int) -> Tensor:
        """Which of a batch's values are kept, as bool of their shape and order in memory.

        Args:
            values: a batch, rows first, dense in memory in an order that begins with the rows.
        """
        rows, row = len(values), prod(values.shape[1:])
        # The mask is laid out as the values are in memory, so that a channels-last batch stays one.
        mask = torch.empty_like(values, dtype=torch.bool, requires_grad=False)
        mask.as_strided((rows, row), (row, 1)).copy_(self.kept_rows(rows, row, rate, layer, values.device))
        return mask

    def kept_rows(self, rows: int, row: int, rate: Fraction, layer: int, device: torch.device) -> Tensor:
        """The same, as bool shaped (rows, row), for images of ``row`` values each."""
        return drawn(self.layer_key(layer), self.first, rows, row, rate, device)

    def dropped_out(self, values: Tensor, rate: Fraction, layer: int) -> Tensor:
        """The values, each set to 0 with probability ``rate`` and else divided by 1 - ``rate``."""
        return values * self.kept(values, rate, layer).to(values.dtype).mul_(float(1 / (1 - rate)))


def drawn(key: int, first: int | Tensor, rows: int, row: int, rate: Fraction, device: torch.device) -> Tensor:
    """Which of the ``row`` values of each of ``rows`` images are kept, as bool shaped (rows, row).

    A rate in 256ths is compared with one random byte a value, which is exact and an eighth of the randomness; other
    rates are exact to 2^-63.

    Args:
        key: of the layer's stream.
        first: the number of the first image, as for :func:`gradus.training.random_words.random_words`.
    """
    threshold = bytes_threshold(rate)
    words = row if threshold is None else -(-row // 8)
    random = random_words(key, first * words, rows * words, device).view(rows, words)
    if threshold is None:
        return (random >> 1).bitwise_and_(2**63 - 1) >= int(rate * 2**63)
    return random.view(torch.uint8)[:, :row] >= threshold


def bytes_threshold(rate: Fraction) -> int | None:
    """The random bytes below which a value is dropped; None where the rate is not in 256ths.

    >>> bytes_threshold(Fraction(1, 4)), bytes_threshold(Fraction(1, 3))
    (64, None)
    """
    threshold = rate * 256
    return int(threshold) if threshold.denominator == 1 else None
