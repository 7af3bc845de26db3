"""Random changes of training images that leave their classes as they are."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from gradus.training.configuration import Augmentation


@dataclass(eq=False)
class Augmenter:
    """Changes the images of each batch as a rule says, by numbers drawn from a generator on the processor.

    >>> augmenter = Augmenter(Augmentation(flip=False, shift=1), Generator().manual_seed(0))
    >>> augmenter.augmented(torch.ones(2, 3, 3, 1, dtype=torch.uint8)).shape
    torch.Size([2, 3, 3, 1])
    """

    rule: Augmentation
    generator: Generator

    def augmented(self, images: Tensor) -> Tensor:
        """The batch, uint8 shaped (count, height, width, channels): shifted by up to ``shift`` pixels, and mirrored.

        Every image is moved by its own number of rows and columns; what comes in from outside is black.
        """
        count, height, width, _ = images.shape
        reach = self.rule.shift
        if reach:
            moves = torch.randint(0, 2 * reach + 1, (2, count, 1), generator=self.generator).to(images.device)
            padded = torch.nn.functional.pad(images, (0, 0, reach, reach, reach, reach))
            rows = moves[0] + torch.arange(height, device=images.device)
            columns = moves[1] + torch.arange(width, device=images.device)
            each = torch.arange(count, device=images.device)[:, None, None]
            images = padded[each, rows[:, :, None], columns[:, None, :]]
        if self.rule.flip:
            mirrored = torch.rand(count, generator=self.generator).to(images.device) < 0.5
            images = torch.where(mirrored[:, None, None, None], images.flip(2), images)
        return images
