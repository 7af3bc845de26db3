"""Training in three calls, as small as Keras': :func:`fit`, :func:`evaluate` and :func:`predict`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gradus.errors import InputError
from gradus.runs.progress import OnProgress
from gradus.runs.record import RunRecord
from gradus.runs.request import Device, Optimizer, Precision, RunRequest
from gradus.runs.store import RunStore
from gradus.training.data import load
from gradus.training.data.dataset import SIDE, Part
from gradus.training.pytorch import load_torch
from gradus.training.requests import asked
from gradus.training.run import resolve, run

if TYPE_CHECKING:
    from gradus.training.model import Network
    from gradus.training.weights_file import TrainedNetwork

Images: TypeAlias = NDArray[np.uint8]
Labelled: TypeAlias = tuple[Images, NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A finished run with its network.

    Attributes:
        record: what was asked, and what was measured.
        trained: the network with the names of its classes.
        folder: the run's folder; None where nothing was kept.
    """

    record: RunRecord
    trained: TrainedNetwork
    folder: Path | None = None

    @property
    def network(self) -> Network:
        """The network, a PyTorch module: images shaped (count, 3, 32, 32) between 0 and 1 to logits."""
        return self.trained.network

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the probabilities."""
        return self.trained.classes

    @property
    def history(self) -> list[list[float]]:
        """``[epochs, accuracy, validation_accuracy]``: the epochs' numbers from 1, and an accuracy for each.

        Training accuracies are running means over the epoch, with dropout on; see :class:`~gradus.runs.Epoch`.
        """
        epochs = self.record.epochs
        return [
            list(range(1, len(epochs) + 1)),
            [epoch.training_accuracy for epoch in epochs],
            [epoch.validation_accuracy for epoch in epochs],
        ]


Trained: TypeAlias = "Fitted | str | Path"
"""What :func:`fit` returned, or the folder of a finished run, or its ``weights.safetensors``."""


def fit(
    recipe: str,
    data: str | Path,
    optimizer: Optimizer | None = None,
    epochs: int | None = None,
    seed: int = 0,
    device: Device = "auto",
    precision: Precision | None = None,
    folder: str | Path | None = None,
    on_progress: OnProgress | None = None,
    **settings: object,
) -> Fitted:
    """Train the network of a recipe.

    Args:
        recipe: one of :data:`gradus.training.RECIPES`.
        data: a built-in data set, or a folder with ``train/<class>/*`` and ``test/<class>/*``, 32 x 32 RGB images.
        optimizer, epochs: by default the recipe's own: Adam and one epoch, but for ``fast``.
        precision: ``fp32``, which is faithful everywhere; ``bf16``; or ``auto``, ``bf16`` where the device has it.  By
            default ``fp32``, but for ``fast``, which takes ``auto``.
        folder: where runs are kept, a folder each.  There an interrupted run goes on, and a finished one is read and
            not made again.  None keeps nothing.
        on_progress: called a few times a second with a :class:`~gradus.runs.Progress`.
        settings: what overrides the recipe: ``batch_size=64``, ``learning_rate=0.002``, ``dropout=False`` and so on;
            see :data:`gradus.training.settings.SETTINGS`.

    Raises:
        InputError: what was given is wrong; DataError: the images are.
        WorkFailed: the loss stopped being a finite number, or the memory does not suffice.
        OutputError: the folder cannot be written.
        MissingExtra: PyTorch is not installed.

    >>> fitted = fit("hw5", "pictograms", device="cpu", images=64)
    >>> epochs, accuracy, validation_accuracy = fitted.history
    >>> epochs, len(accuracy), fitted.record.data.training
    ([1], 1, 64)
    >>> images = np.zeros((2, 32, 32, 3), dtype=np.uint8)
    >>> predict(fitted, images).shape
    (2, 10)
    """
    request = resolve(asked(recipe, data, optimizer, epochs, seed, device, precision, settings))
    if folder is None:
        kept: list[TrainedNetwork] = []
        record = run(request, on_progress, on_trained=kept.append)
        return Fitted(record, kept[0])
    return _kept(request, RunStore(Path(folder)), on_progress)


def _kept(request: RunRequest, store: RunStore, on_progress: OnProgress | None) -> Fitted:
    from gradus.training.weights_file import WEIGHTS, read_weights

    place = store.path(request)
    record = store.find(request)
    if record is None or not (place / WEIGHTS).exists():
        store.begin(request)
        record = run(request, on_progress, place)
        store.save(record)
    return Fitted(record, read_weights(place), place)


def evaluate(trained: Trained, data: str | Path | Labelled) -> tuple[float, float]:
    """Loss and accuracy on images that did not train, with dropout off.

    Args:
        data: a data set or folder, whose test images are taken; or a pair of images, uint8 shaped (count, 32, 32, 3),
            and labels, whole numbers shaped (count,), positions in the network's classes.

    Returns:
        The mean cross-entropy in nats, and the share that is classified rightly.

    Raises:
        InputError: there is no such run; the data's classes are not the network's; an array is not as it must be.
        DataError: the data cannot be read.

    >>> fitted = fit("hw5", "pictograms", device="cpu", images=64)
    >>> loss, accuracy = evaluate(fitted, (np.zeros((4, 32, 32, 3), dtype=np.uint8), np.zeros(4, dtype=np.int64)))
    >>> loss > 0, accuracy in (0.0, 1.0)
    (True, True)
    """
    load_torch()
    from gradus.training.evaluation import evaluation, on_device

    found = _network(trained)
    part = _part(data, found.classes)
    device = next(found.network.parameters()).device
    return evaluation(found.network, on_device(part, device))


def predict(trained: Trained, images: Images) -> NDArray[np.float32]:
    """The probability of each class for each image, in fp32 and with dropout off.

    Args:
        images: uint8 shaped (count, 32, 32, 3), red, green, blue.

    Returns:
        Shaped (count, classes), in the order of the run's classes; each row sums to 1.

    Raises:
        InputError: there is no such run; the array is not as it must be.

    >>> fitted = fit("hw5", "pictograms", device="cpu", images=64)
    >>> rows = predict(fitted, np.full((3, 32, 32, 3), 128, dtype=np.uint8))
    >>> rows.shape, bool(np.allclose(rows.sum(1), 1, atol=1e-5))
    ((3, 10), True)
    """
    load_torch()
    from gradus.training.probabilities import probabilities

    return probabilities(_network(trained).network, _checked(images))


def _network(trained: Trained) -> TrainedNetwork:
    if isinstance(trained, Fitted):
        return trained.trained
    if not isinstance(trained, str | Path):
        rule = "must be what fit returned, or the folder of a finished run"
        raise InputError("trained", type(trained).__name__, rule, "give one of them")
    from gradus.training.weights_file import read_weights

    return read_weights(trained)


def _part(data: str | Path | Labelled, classes: tuple[str, ...]) -> Part:
    if isinstance(data, str | Path):
        dataset = load(str(data))
        if dataset.classes != classes:
            rule = f"has other classes than the network, which knows {', '.join(classes[:10])}"
            raise InputError("data", data, rule, "give images of the classes that it was trained on")
        return dataset.test
    if not (isinstance(data, tuple | list) and len(data) == 2):
        rule = "must be the name of a data set, a folder, or a pair of images and labels"
        raise InputError("data", type(data).__name__, rule, "give one of them")
    images, labels = _checked(data[0]), np.asarray(data[1])
    if labels.shape != (len(images),) or labels.dtype.kind not in "iu":
        rule = f"must be {len(images)} whole numbers, one an image"
        raise InputError("labels", f"{labels.dtype} shaped {labels.shape}", rule, "give an integer array")
    if not len(labels) or labels.min() < 0 or labels.max() >= len(classes):
        rule = f"must be at least one, each from 0 to {len(classes) - 1}"
        raise InputError("labels", labels.tolist(), rule, "give positions in the network's classes")
    return Part(images, labels.astype(np.int64))


def _checked(images: Images) -> Images:
    # What looks like an array to type checkers may be anything where no one checks.
    try:
        array = np.asarray(images)
    except ValueError as error:
        raise InputError("images", type(images).__name__, "must all have one shape", "give one array") from error
    if array.dtype != np.uint8 or array.ndim != 4 or array.shape[1:] != (SIDE, SIDE, 3):
        rule = f"must be uint8 shaped (count, {SIDE}, {SIDE}, 3)"
        raise InputError("images", f"{array.dtype} shaped {array.shape}", rule, "give bytes from 0 to 255, RGB last")
    return array
