"""Random changes of training images that leave their classes as they are."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from gradus.training.configuration import Augmentation
from gradus.training.data.dataset import SIDE
from gradus.training.operations import Operations
from gradus.training.random_words import random_word, random_words


@dataclass(eq=False)
class Augmenter:
    """Changes images as a rule says: what happens to an image follows from the key and the image's number alone.

    One random word an image: 31 bits each for the two shifts, whose distances are equally likely to 2^-24, and one for
    the mirror; another one for the place of the grey square.

    >>> import torch
    >>> augmenter = Augmenter(Augmentation(flip=False, shift=1), key=0)
    >>> augmenter.augmented(torch.ones(2, 3, 3, 1, dtype=torch.uint8), first=0).shape
    torch.Size([2, 3, 3, 1])
    """

    rule: Augmentation
    key: int
    operations: Operations = field(default_factory=Operations)

    def in_turn(self, images: Tensor, epoch: int) -> Tensor | None:
        """Which of all images an epoch, counted from 1, mirrors where epochs alternate; None leaves it to chance.

        Args:
            images: of the whole data set, shaped (count, ...).

        Returns:
            Bools shaped (count,).

        >>> import torch
        >>> augmenter = Augmenter(Augmentation(alternating=True), key=5)
        >>> [augmenter.in_turn(torch.zeros(4), epoch).tolist() for epoch in (1, 2)]
        [[False, True, False, True], [True, False, True, False]]
        """
        if not (self.rule.flip and self.rule.alternating):
            return None
        words = random_words(random_word(self.key, 1), 0, len(images), images.device)
        return (words < 0) ^ (epoch % 2 == 0)

    def augmented(self, images: Tensor, first: int | Tensor, mirrored: Tensor | None = None) -> Tensor:
        """The images, uint8 shaped (count, height, width, channels): shifted by up to ``shift`` pixels, and mirrored.

        Every image is moved by its own number of rows and columns.

        Args:
            first: the number of the first image, counted from the beginning of the training.
            mirrored: which images are mirrored, where that is not left to chance, bools shaped (count,).
        """
        words = random_words(self.key, first, len(images), images.device)
        if mirrored is None:
            mirrored = (words < 0) & self.rule.flip
        images = self.operations.augmented(images, words, self.rule.shift, mirrored, self.rule.mirrored_edges)
        square = self.rule.cutout * images.shape[1] // SIDE
        if square:
            words = random_words(random_word(self.key, 0), first, len(images), images.device)
            images = self.operations.cut_out(images, words, square)
        return images
