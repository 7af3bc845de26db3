"""A network as a Keras model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from gradus.errors import MissingExtra, WorkFailed
from gradus.exact.networks.layers import Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D, parameter_names
from gradus.training.model import weights_of
from gradus.training.weights_file import TrainedNetwork


def content(trained: TrainedNetwork) -> bytes:
    """The file's content.

    Raises:
        MissingExtra: Keras is not installed.
        WorkFailed: the environment asks for a backend that is not.
    """
    model = keras_model(trained)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"  # Keras insists on the suffix
        model.save(file)
        with ZipFile(file, "a") as archive:
            archive.writestr("classes.json", json.dumps(trained.classes))
        return file.read_bytes()


def keras_model(trained: TrainedNetwork) -> Any:
    """The model, for images shaped (count, height, width, channels) between 0 and 1."""
    keras = _keras()
    architecture, weights = trained.architecture, weights_of(trained.network)
    if trained.network.mirrored_views:
        *layers, last = architecture.layers
        assert isinstance(last, Dense)
        architecture = replace(architecture, layers=(*layers, Dense(last.units, "linear")))
    names = parameter_names(architecture)
    model = keras.Sequential(
        [
            keras.Input(architecture.input_shape),
            *(
                _layer(keras, layer, name, f"{name}.bias" in weights)
                for layer, name in zip(architecture.layers, names, strict=True)
            ),
        ]
    )
    for name in filter(None, names):
        parts = (f"{name}.gains", f"{name}.bias")
        model.get_layer(name).set_weights([weights[part] for part in parts if part in weights])
    if not trained.network.mirrored_views:
        return model
    images = keras.Input(architecture.input_shape)
    logits = keras.layers.Average()([model(images), model(keras.ops.flip(images, axis=2))])
    return keras.Model(images, keras.layers.Softmax()(logits))


def _layer(keras: Any, layer: Layer, name: str, biases: bool) -> Any:
    match layer:
        case Conv2D():
            return keras.layers.Conv2D(
                layer.filters,
                layer.kernel,
                padding=layer.padding,
                activation=layer.activation,
                use_bias=biases,
                name=name,
            )
        case MaxPool2D():
            return keras.layers.MaxPooling2D(layer.size)
        case Dropout():
            return keras.layers.Dropout(float(layer.rate))
        case Flatten():
            return keras.layers.Flatten()
        case Dense():
            return keras.layers.Dense(layer.units, activation=layer.activation, use_bias=biases, name=name)


def _keras() -> Any:
    """Keras, on PyTorch unless the environment names another backend: PyTorch is here in any case."""
    import os

    os.environ.setdefault("KERAS_BACKEND", "torch")
    try:
        import keras
    except ModuleNotFoundError as error:
        if error.name == "keras":
            raise MissingExtra("exporting to Keras", "export") from error
        rule = f"Keras cannot be loaded: the environment asks for a backend without {error.name}"
        raise WorkFailed(f"{rule}; set KERAS_BACKEND=torch") from error
    return keras
