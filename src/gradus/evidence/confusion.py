"""Which classes a network takes for which: the confusion matrix, accuracies class by class, and confident mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradus.evidence.accuracy import Proportion


@dataclass(frozen=True)
class Confusion:
    """How many images of each class were taken for each class.

    Attributes:
        classes: the names.
        counts: ``counts[i][j]`` images of class i were taken for class j.
    """

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def total(self) -> Proportion:
        """The share of all images that was classified rightly."""
        right = sum(row[i] for i, row in enumerate(self.counts))
        return Proportion(right, sum(map(sum, self.counts)))

    def recall(self, i: int) -> Proportion | None:
        """The share of a class's images that was classified rightly; None where it has no images."""
        count = sum(self.counts[i])
        return Proportion(self.counts[i][i], count) if count else None

    def precision(self, j: int) -> Proportion | None:
        """The share of rightly classified images among those taken for a class; None where none was."""
        count = sum(row[j] for row in self.counts)
        return Proportion(self.counts[j][j], count) if count else None

    def most_often_taken_for(self, i: int) -> int | None:
        """The other class that a class's images are taken for most often, the first of equal ones; None for none."""
        others = [(-count, j) for j, count in enumerate(self.counts[i]) if j != i and count]
        return min(others)[1] if others else None


@dataclass(frozen=True)
class ConfidentMistake:
    """A wrongly classified image.

    Attributes:
        image: its position among the images.
        true, predicted: classes, by their positions.
        probability: that the network gave the predicted class.
    """

    image: int
    true: int
    predicted: int
    probability: float


def confusion(classes: Sequence[str], labels: Sequence[int], predicted: Sequence[int]) -> Confusion:
    """The confusion matrix of labels and predictions, positions in ``classes``, as many of one as of the other.

    >>> found = confusion(("cat", "dog"), labels=[0, 0, 1, 1], predicted=[0, 1, 1, 1])
    >>> found.counts, found.total.share, found.most_often_taken_for(0), found.most_often_taken_for(1)
    (((1, 1), (0, 2)), 0.75, 1, None)
    """
    counts = [[0] * len(classes) for _ in classes]
    for true, said in zip(labels, predicted, strict=True):
        counts[true][said] += 1
    return Confusion(tuple(classes), tuple(map(tuple, counts)))


def confident_mistakes(
    labels: Sequence[int], predicted: Sequence[int], probabilities: Sequence[float], most: int
) -> tuple[ConfidentMistake, ...]:
    """The mistakes with the highest probabilities, at most so many, the first image of equal ones first.

    Args:
        probabilities: of the predicted classes.

    >>> [m.image for m in confident_mistakes([0, 0, 1, 1], [0, 1, 0, 0], [0.9, 0.6, 0.8, 0.6], most=2)]
    [2, 1]
    """
    wrong = [
        ConfidentMistake(image, true, said, p)
        for image, (true, said, p) in enumerate(zip(labels, predicted, probabilities, strict=True))
        if true != said
    ]
    return tuple(sorted(wrong, key=lambda mistake: (-mistake.probability, mistake.image))[:most])
