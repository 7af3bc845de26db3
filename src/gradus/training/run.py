"""One training run, from a request to its record."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from gradus.errors import InputError
from gradus.runs.progress import OnProgress
from gradus.runs.record import DataSummary, RunRecord
from gradus.runs.request import RunRequest, run_id
from gradus.training.configuration import Configuration
from gradus.training.data import OnLoad, load
from gradus.training.data.dataset import Dataset, Split, random_split
from gradus.training.fingerprints import weight_fingerprints
from gradus.training.metrics import metrics_file, streamed
from gradus.training.pytorch import load_torch
from gradus.training.recipes import SMALL_NETWORK, recipe_named
from gradus.training.seeds import stream_seed
from gradus.training.settings import configured
from gradus.training.versions import versions

if TYPE_CHECKING:
    import torch


def resolve(request: RunRequest, on_load: OnLoad | None = None) -> RunRequest:
    """The request with its device chosen and the fingerprint of its data filled in; reads the data.

    Args:
        on_load: called with the images read so far and their number while a folder is read.

    Raises:
        InputError: the recipe, optimiser, data, device or number of epochs is not usable; the data changed since
            the fingerprint was taken.
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
    return _resolved(request, on_load)[0]


def run(
    request: RunRequest,
    on_progress: OnProgress | None = None,
    folder: Path | None = None,
    on_load: OnLoad | None = None,
) -> RunRecord:
    """Train as the request says, and return the record.

    Equal resolved requests give bit-identical weights on the same device with the same versions and thread count.

    Args:
        on_progress: called a few times a second, and at the end of each epoch's training.
        folder: where ``metrics.jsonl`` is written while the run goes on, one JSON object an epoch; None writes nothing.
        on_load: as for :func:`resolve`.

    Raises:
        InputError, DataError, MissingExtra: as for :func:`resolve`.
        OutputError: the folder cannot be written.
        WorkFailed: the loss stopped being a finite number.
    """
    began = time.perf_counter()
    if request.recipe == SMALL_NETWORK:
        load_torch()
        from gradus.training.small_networks import run_small_network

        return run_small_network(request, on_progress, folder)
    request, dataset, configuration = _resolved(request, on_load)
    import torch

    from gradus.training.device import deterministic

    device = torch.device(request.device)
    split = random_split(len(dataset.training), configuration.validation_share, stream_seed(request.seed, "split"))
    if configuration.images is not None:
        split = Split(split.training[: configuration.images], split.validation[: configuration.images])
    with ExitStack() as stack:
        stack.enter_context(deterministic(device))
        metrics = stack.enter_context(metrics_file(folder)) if folder else None
        return _trained(request, configuration, dataset, split, device, on_progress, metrics, began)


def _trained(
    request: RunRequest,
    configuration: Configuration,
    dataset: Dataset,
    split: Split,
    device: torch.device,
    on_progress: OnProgress | None,
    metrics: TextIO | None,
    began: float,
) -> RunRecord:
    import torch

    from gradus.training.device import device_name, forget_peak_memory, peak_memory_bytes
    from gradus.training.evaluate import evaluation, on_device
    from gradus.training.loop import Training, epochs_of
    from gradus.training.model import initialised, weights_of

    forget_peak_memory(device)
    weights_generator = torch.Generator().manual_seed(stream_seed(request.seed, "weights"))
    dropout_generator = torch.Generator(device).manual_seed(stream_seed(request.seed, "dropout"))
    network = initialised(
        configuration.architecture, weights_generator, configuration.initialisation, configuration.biases
    ).to(device)
    initial = weight_fingerprints(weights_of(network))
    first_step_s: list[float] = []
    epochs = streamed(
        epochs_of(
            Training(network, configuration.optimizers[request.optimizer], dropout_generator),
            on_device(dataset.training.take(split.training), device),
            on_device(dataset.training.take(split.validation), device),
            request.epochs,
            configuration.batch_size,
            on_progress,
            lambda: first_step_s.append(time.perf_counter() - began),
        ),
        metrics,
    )
    test = dataset.test.spread(configuration.images)
    test_loss, test_accuracy = evaluation(network, on_device(test, device))
    return RunRecord(
        id=run_id(request),
        request=request,
        data=_summary(dataset, split, len(test)),
        versions=versions(),
        device_name=device_name(device),
        threads=torch.get_num_threads(),
        parameters=sum(weights.numel() for weights in network.parameters()),
        epochs=epochs,
        test_loss=test_loss,
        test_accuracy=test_accuracy,
        first_step_s=first_step_s[0],
        total_s=time.perf_counter() - began,
        peak_memory_bytes=peak_memory_bytes(device),
        initial_weights=initial,
        final_weights=weight_fingerprints(weights_of(network)),
    )


def _resolved(request: RunRequest, on_load: OnLoad | None) -> tuple[RunRequest, Dataset, Configuration]:
    recipe = recipe_named(request.recipe)
    if request.epochs < 1:
        raise InputError("epochs", request.epochs, "must be at least 1", "give 1 or more")
    load_torch()
    from gradus.training.device import resolved_device

    device = resolved_device(request.device)
    dataset = load(request.data, on_load)
    configuration = configured(recipe(len(dataset.classes)), request.settings)
    if request.optimizer not in configuration.optimizers:
        known = ", ".join(sorted(configuration.optimizers))
        raise InputError("optimizer", request.optimizer, f"must be one of {known}", "choose one of them")
    if request.data_fingerprint not in ("", dataset.fingerprint):
        rule = "has changed since the run was asked for"
        raise InputError("data", request.data, rule, "ask for the run again, without a fingerprint")
    resolved = replace(
        request,
        device=device,
        data_fingerprint=dataset.fingerprint,
        configuration_fingerprint=configuration.fingerprint,
    )
    return resolved, dataset, configuration


def _summary(dataset: Dataset, split: Split, test: int) -> DataSummary:
    return DataSummary(
        name=dataset.name,
        fingerprint=dataset.fingerprint,
        split_fingerprint=split.fingerprint,
        classes=dataset.classes,
        training=len(split.training),
        validation=len(split.validation),
        test=test,
    )
