"""Exported networks, each loaded by its own library, say what gradus says."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
import torch

from gradus.errors import InputError, MissingExtra, OutputError
from gradus.training.export import SUFFIXES, export
from training.trained_networks import ARCHITECTURES, images_for, probabilities, trained

os.environ.setdefault("KERAS_BACKEND", "torch")

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras on PyTorch
FORMATS = tuple(SUFFIXES)
FORMS = [(name, biases) for name in ARCHITECTURES for biases in (True, False)]
COUNTS = (1, 2, 7)


def with_keras(file: Path) -> Callable[[np.ndarray], np.ndarray]:
    keras = pytest.importorskip("keras")
    model = keras.models.load_model(file)
    return lambda images: keras.ops.convert_to_numpy(model(images, training=False))


def with_onnxruntime(file: Path) -> Callable[[np.ndarray], np.ndarray]:
    session = pytest.importorskip("onnxruntime").InferenceSession(file, providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {"images": channels_first(images)})[0]


def with_torch(file: Path) -> Callable[[np.ndarray], np.ndarray]:
    module = torch.export.load(file).module()
    return lambda images: module(torch.from_numpy(channels_first(images))).detach().numpy()


def channels_first(images: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(images, -1, 1))


LOADERS: dict[str, Any] = {"keras": with_keras, "onnx": with_onnxruntime, "torch-export": with_torch}


@pytest.mark.parametrize(("name", "biases"), FORMS)
@pytest.mark.parametrize("to", FORMATS)
def test_the_library_gives_the_same_probabilities(to: str, name: str, biases: bool, tmp_path: Path) -> None:
    network, file = trained(name, biases), tmp_path / f"model{SUFFIXES[to]}"
    pytest.importorskip({"keras": "keras", "onnx": "onnx"}.get(to, "torch"))
    export(network, to, file)
    found = LOADERS[to](file)
    for count in COUNTS:
        images = images_for(network, count)
        expected = probabilities(network, images)
        np.testing.assert_allclose(found(images), expected, rtol=0, atol=1e-5)
        assert count == 1 or np.ptp(expected, axis=0).max() > 0.01  # another image, another answer
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_images_that_lie_anyhow_in_memory(tmp_path: Path) -> None:
    network, file = trained("even kernels"), tmp_path / "model.pt2"
    export(network, "torch-export", file)
    images = images_for(network, 3)
    found = torch.export.load(file).module()(torch.from_numpy(images).permute(0, 3, 1, 2)).detach().numpy()
    np.testing.assert_allclose(found, probabilities(network, images), rtol=0, atol=1e-5)


def test_the_names_of_the_classes_go_along(tmp_path: Path) -> None:
    pytest.importorskip("keras")
    onnx = pytest.importorskip("onnx")
    network = trained("hw5")
    for to, suffix in SUFFIXES.items():
        export(network, to, tmp_path / f"model{suffix}")
    with ZipFile(tmp_path / "model.keras") as archive:
        assert json.loads(archive.read("classes.json")) == list(network.classes)
    model = onnx.load(tmp_path / "model.onnx")
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(metadata["classes"]) == list(network.classes) and metadata["run"] == network.run
    extra = {"classes": ""}
    torch.export.load(tmp_path / "model.pt2", extra_files=extra)
    assert json.loads(extra["classes"]) == list(network.classes)


def test_a_keras_model_can_be_trained_on(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    network, file = trained("even kernels"), tmp_path / "model.keras"
    export(network, "keras", file)
    model = keras.models.load_model(file)
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0.25]
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    before = model.get_weights()[0].copy()
    model.fit(images_for(network, 8), np.arange(8) % 3, verbose=0)
    assert not np.array_equal(model.get_weights()[0], before)


def test_a_backend_of_keras_that_is_not_there_is_named(tmp_path: Path) -> None:
    pytest.importorskip("keras")
    if find_spec("tensorflow") is not None:
        pytest.skip("TensorFlow is installed")
    program = (
        "from pathlib import Path; from gradus.training.export import export;"
        "from training.trained_networks import trained; export(trained('vectors'), 'keras', Path('model.keras'))"
    )
    environment = os.environ | {"KERAS_BACKEND": "tensorflow", "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert "WorkFailed: Keras cannot be loaded: the environment asks for a backend without tensorflow" in ran.stderr


@pytest.mark.parametrize(("to", "library"), [("keras", "keras"), ("onnx", "onnx")])
def test_a_missing_library_is_named(to: str, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtra, match=r"the extra 'export', which is not installed"):
        export(trained("no convolution"), to, tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_an_unknown_format_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="to = onx: must be one of keras, onnx, torch-export; did you mean onnx"):
        export(trained("no convolution"), "onx", tmp_path / "model")


@pytest.mark.parametrize("to", FORMATS)
def test_a_target_that_cannot_be_written_is_one_clear_error(to: str, tmp_path: Path) -> None:
    pytest.importorskip({"keras": "keras", "onnx": "onnx"}.get(to, "torch"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for target in (tmp_path / "folder", tmp_path / "none" / "model", tmp_path / "file" / "model"):
        with pytest.raises(OutputError, match="cannot be written"):
            export(trained("no convolution"), to, target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
    assert not list((tmp_path / "folder").iterdir())


def test_onnx_and_torch_files_hold_the_weights_once(tmp_path: Path) -> None:
    network = trained("hw5")
    weights = sum(4 * weight.numel() for weight in network.network.parameters())
    for to in FORMATS:
        pytest.importorskip({"keras": "keras", "onnx": "onnx"}.get(to, "torch"))
        export(network, to, tmp_path / to)
        assert weights < (tmp_path / to).stat().st_size < 1.05 * weights + 100_000
    assert torch.export.load(io.BytesIO((tmp_path / "torch-export").read_bytes()))
