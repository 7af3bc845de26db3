"""Keras' side of the parity tests, run in a process of its own: ``python keras_peer.py NAME.in.npz ...``.

Each file names a task, an optimiser and a type of numbers, and holds what the task begins with; the answer goes to
NAME.out.npz.  Dropout is off, since two programs cannot draw the same masks.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch
from keras import layers

Arrays = dict[str, np.ndarray]


class Dense(layers.Dense):
    """Keras' own on PyTorch multiplies matrices in float32, whatever its dtype."""

    def call(self, inputs: torch.Tensor, training: bool | None = None) -> torch.Tensor:
        return self.activation(torch.matmul(inputs, self.kernel.value) + self.bias.value)


def optimizer(name: str) -> keras.optimizers.Optimizer:
    if name == "sgd":
        rate = keras.optimizers.schedules.InverseTimeDecay(0.01, 1, 0.001)
        return keras.optimizers.SGD(rate, momentum=0.7)
    return keras.optimizers.Adam()


def cnn(classes: int) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            Dense(512, activation="relu"),
            layers.Dropout(0.5),
            Dense(classes, activation="softmax"),
        ]
    )


def small(classes: int) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((8, 9, 3)),
            layers.Conv2D(4, (2, 3), padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            Dense(classes, activation="softmax"),
        ]
    )


def some_of(tensor: torch.Tensor) -> np.ndarray:
    """About a thousand entries, spread over the whole tensor."""
    entries = tensor.detach().numpy().ravel()
    return entries[:: max(1, entries.size // 1000)].copy()


def network(given: Arrays, name: str) -> Arrays:
    """Losses of all steps, some entries of gradients and weights at each, and all weights at the end."""
    model, rule = cnn(10), optimizer(name)
    model.set_weights([given[f"weight{i}"] for i in range(12)])
    scaled = given["images"].astype(keras.config.floatx()) / 255
    losses, gradients_at, weights_at = [], [], []
    for images, labels in zip(scaled, given["labels"], strict=True):
        probabilities = model(torch.as_tensor(images), training=False)
        targets = torch.nn.functional.one_hot(torch.as_tensor(labels), 10).to(probabilities.dtype)
        loss = keras.losses.categorical_crossentropy(targets, probabilities).mean()
        gradients = torch.autograd.grad(loss, [weight.value for weight in model.trainable_weights])
        with torch.no_grad():
            rule.apply(list(gradients), model.trainable_weights)
        losses.append(loss.item())
        gradients_at.append(np.concatenate([some_of(gradient) for gradient in gradients]))
        weights_at.append(np.concatenate([some_of(weight.value) for weight in model.trainable_weights]))
    found = {"losses": np.array(losses), "gradients": np.array(gradients_at), "weights": np.array(weights_at)}
    assert model.get_weights()[0].dtype == keras.config.floatx()
    return found | {f"weight{i}": weight for i, weight in enumerate(model.get_weights())}


def epochs(given: Arrays, name: str) -> Arrays:
    """What ``fit`` writes into its history, over three epochs whose last batch is a small one."""
    model = small(5)
    model.set_weights([given[f"weight{i}"] for i in range(4)])
    model.compile(loss="sparse_categorical_crossentropy", optimizer=optimizer(name), metrics=["accuracy"])
    images = given["images"].astype(keras.config.floatx()) / 255
    half = len(images) - 10
    training, validation = (images[:half], given["labels"][:half]), (images[half:], given["labels"][half:])
    history = model.fit(*training, batch_size=8, epochs=3, shuffle=False, validation_data=validation, verbose=0).history
    return {key: np.array(values) for key, values in history.items()}


def weight(given: Arrays, name: str) -> Arrays:
    """One weight after every step, with given gradients."""
    variable = keras.Variable(given["weight0"])
    rule = optimizer(name)
    after = []
    for gradient in given["gradients"]:
        with torch.no_grad():
            rule.apply([torch.as_tensor(gradient)], [variable])
        after.append(variable.numpy().copy())
    return {"weights": np.array(after)}


TASKS: dict[str, Callable[[Arrays, str], Arrays]] = {"network": network, "epochs": epochs, "weight": weight}


def main() -> None:
    for file in sys.argv[1:]:
        given = dict(np.load(file))
        task, name, dtype = (str(given.pop(key)) for key in ("task", "optimizer", "dtype"))
        keras.config.set_floatx(dtype)
        keras.config.set_dtype_policy(dtype)  # which keeps the type of the first model otherwise
        np.savez(file.removesuffix(".in.npz") + ".out.npz", **TASKS[task](given, name))


if __name__ == "__main__":
    main()
