"""Checkpoints: all that a run needs to go on with the same bits, in one file that proves itself.

``checkpoints/<optimiser steps>-<digest>.safetensors`` holds the tensors (weights, optimiser, running statistics, the
number of images so far) and, as JSON in its header, the version of this format and :class:`Facts`.  The digest in the
name is the beginning of the SHA-256 of the whole file, so that a torn or altered file is told from a good one; files
are written whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from gradus.errors import InputError, shortened
from gradus.runs.files import remove_drafts, write_whole
from gradus.runs.record import Epoch
from gradus.runs.request import STRICT, RunRequest, run_id

FORMAT = "2"
"""Of the files; another one is not read.  It changes with the names and meanings of the tensors."""

TO_GO_ON = "go on with the version that wrote it, or train anew"

KEPT = 3
"""So many files are kept; older ones are removed once a newer one lies on the disk."""

MAX_BYTES = 4 << 30

_FOLDER, _NAMES, _SUFFIX, _DIGITS = "checkpoints", "[0-9]*-*.safetensors", ".safetensors", 24

OnMessage: TypeAlias = Callable[[str], None]


@dataclass(frozen=True)
class Facts:
    """Where a run stands, without its tensors.

    Attributes:
        request: the resolved request.
        epochs: the finished epochs.
        step: optimiser steps done in the epoch after these.
        steps: optimiser steps done in all.
        loss_sum, right, seen: the running sums over that epoch: cross-entropy times images, rightly classified images,
            images.
        epoch_s: seconds spent on that epoch so far.
        elapsed_s: seconds spent on the run so far, interruptions left out.
        first_step_s: seconds from the start of the run to the end of its first step.
        threads: processor threads of each worker.
        workers: processes that shared the batches.
        versions: of gradus, Python, PyTorch, NumPy and, where they are used, the compiled kernels.
        initial_weights: SHA-256 of each initial tensor, by name.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    request: RunRequest
    epochs: tuple[Epoch, ...]
    step: int
    steps: int
    loss_sum: float
    right: int
    seen: int
    epoch_s: float
    elapsed_s: float
    first_step_s: float
    threads: int
    workers: int
    versions: Mapping[str, str]
    initial_weights: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The facts, and the tensors by name, on the processor and row by row in memory."""

    facts: Facts
    tensors: Mapping[str, Tensor]


def write_checkpoint(run_folder: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint, and remove those of the same step and those before it that are too many.

    Files of later steps are left alone: they are there when a run had to go on from an earlier one, or anew.

    Raises:
        OSError: it cannot be written; those before it are still there.
    """
    folder = run_folder / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    content = as_bytes(checkpoint)
    position = f"{checkpoint.facts.steps:09d}-"
    file = folder / f"{position}{_digest(content)}{_SUFFIX}"
    write_whole(file, content)
    files = _files(run_folder)
    same = [other for other in files if other.name.startswith(position) and other != file]
    before = [other for other in files if other.name < position]
    for old in (*same, *before[KEPT - 1 :]):
        old.unlink(missing_ok=True)
    return file


def newest_checkpoint(
    run_folder: Path, on_message: OnMessage | None = None, run: str | None = None
) -> Checkpoint | None:
    """The newest checkpoint that is whole, or None where there is none.

    Args:
        on_message: is told of each one that is passed over, and why.
        run: the id of the run that is meant; None takes that of any run.

    Raises:
        InputError: all that are whole are of other runs.
    """
    files = _files(run_folder)
    another = None
    for number, file in enumerate(files, start=1):
        try:
            found = read_checkpoint(file)
            if run is None or run_id(found.facts.request) == run:
                return found
            another = run_id(found.facts.request)
            raise InputError("checkpoint", file, f"is of another run, {another}", f"this is run {run}")
        except InputError as error:
            if on_message is not None:
                left = "the checkpoint before it is used" if number < len(files) else "there is none before it"
                on_message(f"{error}; {left}")
    if another is not None:
        rule = f"holds checkpoints of another run, {another}, than the one that is asked for, {run}"
        raise InputError("runs folder", run_folder, rule, "choose another folder, or remove them")
    if files and on_message is not None:
        on_message(f"no checkpoint in {run_folder} can be used: the run begins anew")
    return None


def read_checkpoint(file: Path) -> Checkpoint:
    """The checkpoint in a file.

    Raises:
        InputError: the file cannot be read, is torn or altered, or is of another version of gradus.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            raise InputError("checkpoint", file, f"must have at most {MAX_BYTES:,} bytes", "remove it")
        content = file.read_bytes()
    except OSError as error:
        raise InputError("checkpoint", file, f"cannot be read ({error.strerror})", "mind its permissions") from error
    if file.stem.partition("-")[2] != _digest(content):
        raise InputError("checkpoint", file, "is torn or was altered, since its checksum differs", "remove it")
    return from_bytes(content, file)


def as_bytes(checkpoint: Checkpoint) -> bytes:
    """The content of a checkpoint's file."""
    return save(dict(checkpoint.tensors), {"format": FORMAT, "facts": json.dumps(asdict(checkpoint.facts))})


def from_bytes(content: bytes, place: object = None) -> Checkpoint:
    """The checkpoint whose file has this content.

    Raises:
        InputError: it is of another version of gradus, or something else.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        size = int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8 : 8 + size])["__metadata__"]
        if (form := metadata["format"]) == FORMAT:
            facts = TypeAdapter(Facts).validate_json(metadata["facts"])
            return Checkpoint(facts, load(content))
    except (SafetensorError, ValidationError, ValueError, KeyError, TypeError) as error:
        rule = f"is not a checkpoint of this version of gradus ({type(error).__name__})"
        raise InputError("checkpoint", place, rule, TO_GO_ON) from error
    rule = f"is from another version of gradus (its format is {shortened(form, 20)}, that of this version {FORMAT})"
    raise InputError("checkpoint", place, rule, TO_GO_ON)


def remove_leftovers(run_folder: Path) -> None:
    """Remove what a process that was killed while it wrote has left; only while no other one writes there."""
    for folder in (run_folder, run_folder / _FOLDER):
        remove_drafts(folder)


def as_rows(tensor: Tensor) -> Tensor:
    """A copy on the processor, row by row in memory, as the file format wants it."""
    return tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)


def _files(run_folder: Path) -> list[Path]:
    """All checkpoint files, the newest first."""
    return sorted((run_folder / _FOLDER).glob(_NAMES), reverse=True)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_DIGITS]
