"""Keras' side of the parity tests, run in a process of its own: ``python keras_peer.py NAME.in.npz ...``.

For each file, reads initial weights (in the order of Keras' layers), images, labels and the optimiser's name; writes
to NAME.out.npz the loss and gradients of the first batch and the weights after all batches, all in float64 and with
dropout off.
"""

from __future__ import annotations

import os
import sys

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch
from keras import layers


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
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            Dense(512, activation="relu"),
            Dense(classes, activation="softmax"),
        ]
    )


def trained_cnn(given: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    model = cnn(10)
    model.set_weights([given[f"weight{i}"] for i in range(12)])
    rule = optimizer(name)
    found: dict[str, np.ndarray] = {}
    for step, (images, labels) in enumerate(zip(given["images"], given["labels"], strict=True)):
        probabilities = model(torch.as_tensor(images))
        targets = torch.nn.functional.one_hot(torch.as_tensor(labels), 10).double()
        loss = keras.losses.categorical_crossentropy(targets, probabilities).mean()
        gradients = torch.autograd.grad(loss, [weight.value for weight in model.trainable_weights])
        if step == 0:
            found["loss"] = loss.detach().numpy()
            found |= {f"gradient{i}": gradient.numpy() for i, gradient in enumerate(gradients)}
        with torch.no_grad():
            rule.apply(list(gradients), model.trainable_weights)
    return found | {f"weight{i}": weight for i, weight in enumerate(model.get_weights())}


def stepped(given: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    variable = keras.Variable(given["weight0"])
    rule = optimizer(name)
    after = []
    for gradient in given["gradients"]:
        with torch.no_grad():
            rule.apply([torch.as_tensor(gradient)], [variable])
        after.append(variable.numpy().copy())
    return {"weights": np.array(after)}


def main() -> None:
    keras.backend.set_floatx("float64")
    for file in sys.argv[1:]:
        given = dict(np.load(file))
        name = str(given.pop("optimizer"))
        found = stepped(given, name) if "gradients" in given else trained_cnn(given, name)
        np.savez(file.removesuffix(".in.npz") + ".out.npz", **found)


if __name__ == "__main__":
    main()
