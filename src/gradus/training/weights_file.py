"""A trained network in one file: ``weights.safetensors`` holds the tensors, and its header what they are.

Tensors carry the names and layouts of :func:`gradus.exact.networks.layers.parameter_shapes`.  The header's ``gradus``
is JSON: the architecture, the names of the classes, the id of the run, and whether the network looks at mirror images
too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from gradus.errors import InputError
from gradus.exact.networks.architecture_mapping import architecture_mapping, architecture_of
from gradus.exact.networks.layers import Architecture, output_shapes, parameter_shapes
from gradus.runs.files import write_whole
from gradus.runs.request import STRICT
from gradus.training.checkpoint import as_rows
from gradus.training.model import Network, described, set_weights

WEIGHTS = "weights.safetensors"
MAX_BYTES, MAX_HEADER_BYTES = 4 << 30, 1 << 20

_REMEDY = "give the weights.safetensors of a finished run"


@dataclass(frozen=True)
class _Header:
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    architecture: dict[str, Any]
    classes: tuple[str, ...]
    run: str
    mirrored_views: bool = False


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A network with its weights, the names of its classes, and the id of the run that trained it."""

    network: Network
    classes: tuple[str, ...]
    run: str

    @property
    def architecture(self) -> Architecture:
        return self.network.architecture


def write_weights(folder: Path, trained: TrainedNetwork) -> Path:
    """Write the file into a run's folder; it is there whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    header = {
        "architecture": architecture_mapping(trained.architecture),
        "classes": list(trained.classes),
        "run": trained.run,
        "mirrored_views": trained.network.mirrored_views,
    }
    tensors = {name: as_rows(described(tensor)) for name, tensor in trained.network.named_parameters()}
    file = folder / WEIGHTS
    write_whole(file, save(tensors, {"gradus": json.dumps(header)}))
    return file


def read_weights(path: str | Path) -> TrainedNetwork:
    """The network in a run's folder, or in a weights file.

    Raises:
        InputError: there is no such file, or it holds something else.
    """
    file = Path(path)
    try:
        if file.is_dir():
            file = file / WEIGHTS
        if file.stat().st_size > MAX_BYTES:
            raise InputError("weights", file, f"must have at most {MAX_BYTES:,} bytes", "give another file")
        content = file.read_bytes()
    except OSError as error:
        raise InputError("weights", file, f"cannot be read ({error.strerror})", _REMEDY) from error
    header, tensors = _parsed(content, file)
    network = _network(header, tensors, file)
    set_weights(network, {name: tensor.numpy() for name, tensor in tensors.items()})
    return TrainedNetwork(network, header.classes, header.run)


def _network(header: _Header, tensors: Mapping[str, torch.Tensor], file: Path) -> Network:
    """The network that the header describes, without its weights, which must fit it."""
    try:
        architecture = architecture_of(header.architecture)
        shapes = parameter_shapes(architecture)
        found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        biases = any(name.endswith(".bias") for name in found)
        fit = found == {name: shape for name, shape in shapes.items() if biases or not name.endswith(".bias")}
        # Before the network is made, so that a few bytes of header cannot ask for gigabytes.
        if not fit or output_shapes(architecture)[-1:] != ((len(header.classes),),):
            raise InputError("weights", file, "holds tensors or classes that do not fit its network", _REMEDY)
        network = Network(architecture, biases, header.mirrored_views)
    except InputError as error:
        raise error.at(str(file)) from error
    if not all(tensor.dtype == torch.float32 and tensor.isfinite().all() for tensor in tensors.values()):
        raise InputError("weights", file, "must hold finite float32 numbers only", _REMEDY)
    return network


def _parsed(content: bytes, file: Path) -> tuple[_Header, dict[str, torch.Tensor]]:
    from pydantic import TypeAdapter, ValidationError

    try:
        size = int.from_bytes(content[:8], "little")
        if size > MAX_HEADER_BYTES:
            raise ValueError(size)
        metadata = json.loads(content[8 : 8 + size])["__metadata__"]
        return TypeAdapter(_Header).validate_json(metadata["gradus"]), load(content)
    except (SafetensorError, ValidationError, ValueError, KeyError, TypeError, RecursionError) as error:
        rule = f"is not a weights file of gradus ({type(error).__name__})"
        raise InputError("weights", file, rule, _REMEDY) from error
