"""hw5's network in Keras 3, on the backend that KERAS_BACKEND names."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray
from training_worker import FirstStep

Batches = Callable[[int], tuple[Any, ...]]
"""The arguments of ``fit`` that stand for the first images, so many."""


class KerasProgram:
    """``compile`` and ``fit`` with the options of a row of :mod:`training_programs`.

    Options: ``policy`` (of types), ``jit_compile``, ``steps_per_execution``, ``data`` (``arrays``: the float32 arrays
    are given to ``fit``; ``batches``: ready-made batches in the backend's own form), ``data_format``, ``dropout``,
    ``weights`` (a file with initial weights, for tests), ``tensorflow`` (experimental options of its optimiser).
    """

    def __init__(self, given: dict[str, Any]) -> None:
        options = given["options"]
        self._first_step = FirstStep(given["began"])
        _set_tensorflow(options.get("tensorflow", {}))
        keras.config.set_image_data_format(options.get("data_format", "channels_last"))
        keras.config.set_dtype_policy(options.get("policy", "float32"))
        keras.utils.set_random_seed(1)
        began = time.perf_counter()
        x = np.load(given["images"]).astype(np.float32) / 255
        self._y = np.load(given["labels"])
        self._first_step.reading_took(time.perf_counter() - began)
        self._x = _laid_out(x)
        self._batch_size, self._data = given["batch_size"], options.get("data", "arrays")
        self._model = cnn(options.get("dropout", True))
        if "weights" in options:
            with np.load(options["weights"]) as weights:
                self._model.set_weights(list(weights.values()))
        self._model.compile(
            loss="sparse_categorical_crossentropy",
            optimizer=keras.optimizers.Adam(),
            metrics=["accuracy"],
            jit_compile=options.get("jit_compile", "auto"),
            steps_per_execution=options.get("steps_per_execution", 1),
        )
        self._warm_up = given["warm_up"]

    def started(self) -> dict[str, Any]:
        if self._warm_up:
            watch = _Watch(self._first_step)
            self._fit(self._warm_up, watch)
        return {"first_step_s": self._first_step.seconds, "parameters": self._model.count_params()}

    def turn(self, message: dict[str, Any]) -> dict[str, Any]:
        if "test_images" in message:
            x = _laid_out(np.load(message["test_images"]).astype(np.float32) / 255)
            _, accuracy = self._model.evaluate(x, np.load(message["test_labels"]), verbose=0)
            return {"test_accuracy": float(accuracy)}
        clock = _Clock()
        self._fit(message["images"], clock)
        return {"seconds": clock.seconds, "loss": clock.loss}

    def _fit(self, images: int, callback: keras.callbacks.Callback) -> None:
        # The epoch begins after `fit` has prepared its data, which belongs to no epoch.
        data, more = self._prepared(images)
        self._model.fit(*data, epochs=1, shuffle=False, verbose=0, callbacks=[callback], **more)

    def _prepared(self, images: int) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
        x, y = self._x[:images], self._y[:images]
        if self._data == "arrays":
            return (x, y), {"batch_size": self._batch_size}
        return (_ready_batches(x, y, self._batch_size),), {}


class _Clock(keras.callbacks.Callback):
    """The seconds of the epoch, and its loss, whose value has to be waited for."""

    seconds: float
    loss: float

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.loss = float(logs["loss"])
        self.seconds = time.perf_counter() - self._began


class _Watch(keras.callbacks.Callback):
    """Tells when the first step is done; not used in an epoch that is timed."""

    def __init__(self, first_step: FirstStep) -> None:
        super().__init__()
        self._first_step = first_step

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._first_step()


def program(given: dict[str, Any]) -> KerasProgram:
    return KerasProgram(given)


def cnn(dropout: bool = True, classes: int = 10) -> Any:
    """hw5's network, as it stands in the homework; the soft-max in float32, as Keras' guide on mixed precision says."""
    shape = (32, 32, 3) if keras.config.image_data_format() == "channels_last" else (3, 32, 32)
    share = 1.0 if dropout else 0.0
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25 * share),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25 * share),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.5 * share),
            layers.Dense(classes, activation="softmax", dtype="float32"),
        ]
    )


def _laid_out(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Images with channels last in the order that Keras is set to."""
    return x if keras.config.image_data_format() == "channels_last" else _planes(x)


def _planes(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Images as (count, channels, height, width); the memory stays channels-last, which oneDNN likes best."""
    return x.transpose(0, 3, 1, 2)


def _ready_batches(x: NDArray[np.float32], y: NDArray[np.int64], size: int) -> Any:
    match keras.config.backend():
        case "tensorflow":
            import tensorflow

            dataset = tensorflow.data.Dataset.from_tensor_slices((x, y)).batch(size)
            return dataset.prefetch(tensorflow.data.AUTOTUNE)
        case "torch":
            import torch
            from torch.utils.data import DataLoader

            parts = zip(torch.from_numpy(x).split(size), torch.from_numpy(y).split(size), strict=True)
            batches: Any = list(parts)
            return DataLoader(batches, batch_size=None)
        case _:
            return _Slices(x, y, size)


class _Slices(keras.utils.PyDataset):
    """Views of the arrays, batch by batch."""

    def __init__(self, x: Any, y: Any, size: int) -> None:
        super().__init__()
        self._x, self._y, self._size = x, y, size

    def __len__(self) -> int:
        return -(-len(self._y) // self._size)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        part = slice(index * self._size, (index + 1) * self._size)
        return self._x[part], self._y[part]


def _set_tensorflow(options: Mapping[str, bool]) -> None:
    if options:
        import tensorflow

        tensorflow.config.optimizer.set_experimental_options(dict(options))
