"""Trained networks in the formats of other libraries."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from gradus.errors import InputError, OutputError, nearest
from gradus.exact.networks.layers import Architecture
from gradus.runs.files import write_whole

if TYPE_CHECKING:
    from gradus.training.weights_file import TrainedNetwork

Format: TypeAlias = Literal["keras", "onnx", "torch-export"]

SUFFIXES: dict[Format, str] = {"keras": ".keras", "onnx": ".onnx", "torch-export": ".pt2"}


def export(trained: TrainedNetwork, to: str, file: Path) -> None:
    """Write a network that maps images to the probabilities of the classes, in the format of another library.

    Images are float32 between 0 and 1, any number of them: shaped (count, height, width, channels) for ``keras``, and
    (count, channels, height, width) for ``onnx`` and ``torch-export``.  The names of the classes go along as JSON: in
    ``classes.json`` of Keras' archive, as ``classes`` of ONNX' metadata, and as the extra file ``classes`` that
    ``torch.export.load`` fills in.

    Raises:
        InputError: the format is unknown.
        MissingExtra: the library that writes it is not installed.
        WorkFailed: the environment asks for a backend of Keras that is not installed.
        OutputError: the file cannot be written; an older one of that name is still there.
    """
    if to not in get_args(Format):
        rule = f"must be one of {', '.join(get_args(Format))}"
        raise InputError("to", to, rule, nearest(to, get_args(Format), "choose one of them"))
    content: Callable[[TrainedNetwork], bytes] = import_module(
        f"gradus.training.export.to_{to.replace('-', '_')}"
    ).content
    whole = content(trained)
    try:
        write_whole(file, whole)
    except OSError as error:
        rule = f"cannot be written ({error.strerror})"
        raise OutputError("file", file, rule, "choose a file in a folder that can be written") from error


def channels_first(architecture: Architecture) -> tuple[int, ...]:
    """The shape of one image as PyTorch and ONNX order it: channels first.

    >>> from gradus.exact.networks.layers import hw5_cnn
    >>> channels_first(hw5_cnn())
    (3, 32, 32)
    """
    *sides, channels = architecture.input_shape
    return (channels, *sides)
