"""One training run, from a request to its record."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gradus.errors import InputError
from gradus.runs.progress import OnProgress
from gradus.runs.record import RunRecord
from gradus.runs.request import RunRequest
from gradus.training.configuration import Configuration
from gradus.training.data import OnDownload, OnLoad, OnMessage, load, loaded
from gradus.training.data.dataset import Dataset, Split, random_split, stratified_split
from gradus.training.pytorch import load_torch
from gradus.training.recipes import SMALL_NETWORK, recipe_named
from gradus.training.seeds import stream_seed
from gradus.training.settings import configured

if TYPE_CHECKING:
    from gradus.training.plan import Plan
    from gradus.training.weights_file import TrainedNetwork

_log = logging.getLogger("gradus")


def resolve(
    request: RunRequest,
    on_load: OnLoad | None = None,
    *,
    data_dir: Path | None = None,
    on_download: OnDownload | None = None,
    on_message: OnMessage = _log.warning,
) -> RunRequest:
    """The request with its device and precision chosen and its fingerprints filled in; reads the data.

    Args:
        on_load, data_dir, on_download, on_message: as for :func:`gradus.training.data.load`.

    Raises:
        InputError: the recipe, a setting, optimiser, data, device, precision or number of epochs is not usable; the
            data changed since the fingerprint was taken.
        DataError: the data cannot be read.
        MissingExtra: PyTorch is not installed.

    >>> request = resolve(RunRequest("hw5", "pictograms", "sgd", device="cpu"))
    >>> request.device, len(request.data_fingerprint)
    ('cpu', 64)
    """
    if request.recipe == SMALL_NETWORK:
        load_torch()
        from gradus.training.small_networks import resolved

        return resolved(request)
    dataset = _dataset(request, on_load, data_dir, on_download, on_message)
    request, configuration = _resolved(request, dataset)
    _split(request, configuration, dataset)
    return request


def run(
    request: RunRequest,
    on_progress: OnProgress | None = None,
    folder: Path | None = None,
    on_load: OnLoad | None = None,
    *,
    data_dir: Path | None = None,
    on_download: OnDownload | None = None,
    on_message: OnMessage = _log.warning,
    checkpoint_every_s: float = 60.0,
    workers: int = 1,
    on_trained: Callable[[TrainedNetwork], None] | None = None,
    data_are_known: bool = False,
) -> RunRecord:
    """Train as the request says, and return the record.

    Equal resolved requests give bit-identical weights on the same device with the same versions and number of threads
    and workers, also where a run was interrupted.

    Args:
        on_progress: called a few times a second, and at the end of each epoch's training.
        folder: the run's folder, for ``metrics.jsonl``, an event file for TensorBoard, checkpoints and, in the end,
            ``weights.safetensors``; a run that was interrupted goes on from the newest good checkpoint there.  None
            writes nothing, and keeps nothing of a run that is interrupted.
        on_load, data_dir, on_download, on_message: as for :func:`gradus.training.data.load`; messages also tell of
            checkpoints that are not used, and of a full disk.
        checkpoint_every_s: seconds between checkpoints within an epoch; there is one after every epoch in any case.
        workers: processes that share the batches.  Under torchrun these are its own, and 1 is right here.
        on_trained: is given the trained network, on the run's device, at the end; not called for small networks.
        data_are_known: whether the data may be taken as :func:`resolve` has just read them in this process, without a
            look at whether their files have changed since.

    Raises:
        InputError, DataError, MissingExtra: as for :func:`resolve`; or the folder belongs to another run, or is in
            use.
        OutputError: the folder cannot be written.
        WorkFailed: the loss stopped being a finite number, the memory does not suffice, or a worker has ended.
        KeyboardInterrupt: the run was asked to stop (SIGINT or SIGTERM).
    """
    began = time.perf_counter()
    load_torch()
    if request.recipe == SMALL_NETWORK:
        from gradus.training.small_networks import run_small_network

        return run_small_network(request, on_progress, folder)
    known = loaded(request.data, request.data_fingerprint) if data_are_known else None
    plan = planned(request, on_load, data_dir=data_dir, on_download=on_download, on_message=on_message, known=known)
    import torch

    from gradus.training.device import deterministic
    from gradus.training.disk import claimed
    from gradus.training.memory import kept_memory
    from gradus.training.processes import joined
    from gradus.training.session import Session, Surroundings
    from gradus.training.stopping import stopping
    from gradus.training.weights_file import TrainedNetwork

    with (
        deterministic(torch.device(plan.request.device)),
        stopping() as asked,
        joined(workers, plan.request, data_dir, asked) as group,
        claimed(folder) if folder is not None and group.rank == 0 else nullcontext(),
        kept_memory(),
        plan.team(group, on_message) as team,
    ):
        around = Surroundings(folder, on_progress, on_message, asked, group, team, began, checkpoint_every_s)
        session = Session(plan, around)
        record = session.record()
    if on_trained is not None:
        on_trained(TrainedNetwork(session.training.trained_network(), plan.dataset.classes, record.id))
    return record


def planned(
    request: RunRequest,
    on_load: OnLoad | None = None,
    *,
    data_dir: Path | None = None,
    on_download: OnDownload | None = None,
    on_message: OnMessage = _log.warning,
    known: Dataset | None = None,
) -> Plan:
    """What a request stands for: the resolved request, configuration, data and split.

    Args:
        known: its data, where they need not be read.
        on_load, data_dir, on_download, on_message: as for :func:`resolve`.
    """
    from gradus.training.plan import Plan

    dataset = known or _dataset(request, on_load, data_dir, on_download, on_message)
    request, configuration = _resolved(request, dataset)
    return Plan(request, configuration, dataset, _split(request, configuration, dataset))


def _dataset(
    request: RunRequest,
    on_load: OnLoad | None,
    data_dir: Path | None,
    on_download: OnDownload | None,
    on_message: OnMessage,
) -> Dataset:
    """The data; what is wrong with the request otherwise is said before they are read."""
    recipe_named(request.recipe)
    if request.epochs < 1:
        raise InputError("epochs", request.epochs, "must be at least 1", "give 1 or more")
    load_torch()
    from gradus.training.device import resolved_device, resolved_precision

    resolved_precision(request.precision, resolved_device(request.device))
    return load(request.data, on_load, data_dir=data_dir, on_download=on_download, on_message=on_message)


def _resolved(request: RunRequest, dataset: Dataset) -> tuple[RunRequest, Configuration]:
    from gradus.training.device import resolved_device, resolved_precision

    configuration = configured(recipe_named(request.recipe)(len(dataset.classes)), request.settings)
    if request.optimizer not in configuration.optimizers:
        known = ", ".join(sorted(configuration.optimizers))
        raise InputError("optimizer", request.optimizer, f"must be one of {known}", "choose one of them")
    if request.data_fingerprint not in ("", dataset.fingerprint):
        rule = "has changed since the run was asked for"
        raise InputError("data", request.data, rule, "ask for a new run")
    if request.configuration_fingerprint not in ("", configuration.fingerprint):
        rule = "has changed since the run was asked for"
        raise InputError(
            "recipe", request.recipe, rule, "go on with the version of gradus that began it, or train anew"
        )
    device = resolved_device(request.device)
    resolved = replace(
        request,
        device=device,
        precision=resolved_precision(request.precision, device),
        data_fingerprint=dataset.fingerprint,
        configuration_fingerprint=configuration.fingerprint,
    )
    return resolved, configuration


def _split(request: RunRequest, configuration: Configuration, dataset: Dataset) -> Split:
    """The images that train and those that validate.

    Raises:
        InputError: a batch holds more images than train.
    """
    share, seed = configuration.validation_share, stream_seed(request.seed, "split")
    if configuration.stratified:
        split = stratified_split(dataset.training.labels, share, seed)
    else:
        split = random_split(len(dataset.training), share, seed)
    if configuration.images is not None:
        split = Split(split.training[: configuration.images], split.validation[: configuration.images])
    if configuration.batch_size > len(split.training):
        rule = f"must be at most {len(split.training)}, the number of training images"
        raise InputError("batch_size", configuration.batch_size, rule, "give smaller batches or more images")
    return split
