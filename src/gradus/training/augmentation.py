"""Random changes of training images that leave their classes as they are."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gradus.training.configuration import Augmentation
from gradus.training.random_words import random_words

_PART = 2**31 - 1


@dataclass(eq=False)
class Augmenter:
    """Changes images as a rule says: what happens to an image follows from the key and the image's number alone.

    One random word an image: 31 bits each for the two shifts, whose distances are equally likely to 2^-24, and one for
    the mirror.

    >>> augmenter = Augmenter(Augmentation(flip=False, shift=1), key=0)
    >>> augmenter.augmented(torch.ones(2, 3, 3, 1, dtype=torch.uint8), first=0).shape
    torch.Size([2, 3, 3, 1])
    """

    rule: Augmentation
    key: int

    def augmented(self, images: Tensor, first: int | Tensor) -> Tensor:
        """The images, uint8 shaped (count, height, width, channels): shifted by up to ``shift`` pixels, and mirrored.

        Every image is moved by its own number of rows and columns; what comes in from outside is black.

        Args:
            first: the number of the first image, counted from the beginning of the training.
        """
        count, height, width, _ = images.shape
        words = random_words(self.key, first, count, images.device)
        reach = self.rule.shift
        if reach:
            rows, columns = (((words >> bits) & _PART).mul_(2 * reach + 1) >> 31 for bits in (0, 31))
            padded = torch.nn.functional.pad(images, (0, 0, reach, reach, reach, reach))
            rows = rows[:, None] + torch.arange(height, device=images.device)
            columns = columns[:, None] + torch.arange(width, device=images.device)
            each = torch.arange(count, device=images.device)[:, None, None]
            images = padded[each, rows[:, :, None], columns[:, None, :]]
        if self.rule.flip:
            images = torch.where((words < 0)[:, None, None, None], images.flip(2), images)
        return images
