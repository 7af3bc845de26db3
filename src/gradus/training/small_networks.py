"""Training of small networks with explicit weights: the recipe ``small-network``.

Everything stands in the request's settings: ``network`` (its mapping as JSON), ``loss``, ``initialisation``,
``biases`` (yes or no), ``inputs`` (reals or unit, for random points), ``points`` (samples as JSON, trained in their
order, in place of random ones), ``batch_size``, ``learning_rate``, ``momentum`` and ``weight_decay``.  Missing edges
stay missing. Fingerprints are taken weight by weight: ``w1`` and so on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from gradus.errors import InputError, WorkFailed
from gradus.exact.learnability.ranges import double
from gradus.exact.learnability.witnesses import drawn
from gradus.exact.networks.network import LossName, Network, NeuronLayer
from gradus.runs.progress import OnProgress, Progress
from gradus.runs.record import DataSummary, Epoch, RunRecord
from gradus.runs.request import RunRequest, run_id
from gradus.training import optim
from gradus.training.device import deterministic, device_name, peak_memory_bytes, resolved_device
from gradus.training.fingerprints import weight_fingerprints
from gradus.training.metrics import metrics_file, streamed
from gradus.training.points import Points, points_of
from gradus.training.small_settings import SmallConfiguration, small_configuration
from gradus.training.versions import versions


class SmallModel(nn.Module):
    """A network's weights as one matrix of gains, shaped (neurons, sources), and one bias vector a layer.

    The values before a last soft-max or sigmoid that the cross-entropy takes in, else the
    outputs.
    """

    def __init__(self, network: Network, biases: bool, loss: LossName) -> None:
        super().__init__()
        self.layers = network.layers
        self.logits = loss == "cross-entropy"
        self.gains = nn.ParameterList()
        self.biases = nn.ParameterList()
        self.masks: list[Tensor] = []
        for k, layer in enumerate(network.layers, start=1):
            rows = [dict(neuron.gains) for neuron in layer.neurons]
            sources = network.sources(k - 1)
            values = [[double(row[s]) if s in row else 0.0 for s in sources] for row in rows]
            self.gains.append(nn.Parameter(torch.tensor(values)))
            self.masks.append(torch.tensor([[float(s in row) for s in sources] for row in rows]))
            if biases:
                self.biases.append(nn.Parameter(torch.tensor([double(n.bias) for n in layer.neurons])))

    def forward(self, inputs: Tensor) -> Tensor:
        """Outputs shaped (count, outputs) of inputs shaped (count, inputs)."""
        values = inputs
        for k, (layer, gains, mask) in enumerate(zip(self.layers, self.gains, self.masks, strict=True)):
            values = functional.linear(values, gains * mask, self.biases[k] if len(self.biases) else None)
            if not (self.logits and k == len(self.layers) - 1):
                values = _activated(layer, values)
        return values

    def values_by_weight(self) -> dict[str, Tensor]:
        """Each weight, by its name."""
        found: list[Tensor | None] = []
        for k, mask in enumerate(self.masks):
            for j, row in enumerate(mask):
                found += [self.gains[k][j, i].detach() for i in row.nonzero().flatten().tolist()]
                found.append(self.biases[k][j].detach() if len(self.biases) else None)
        return {f"w{number}": value for number, value in enumerate(found, start=1) if value is not None}


def sample_losses(model: SmallModel, loss: LossName, values: Tensor, targets: Tensor) -> Tensor:
    """The loss of each sample, shaped (count,); the first of several largest rivals counts in the hinge."""
    if loss == "squared":
        return (values - targets).square().sum(1) / 2
    if loss == "cross-entropy" and model.layers[-1].activation == "sigmoid":
        return functional.binary_cross_entropy_with_logits(values, targets, reduction="none").sum(1)
    if loss == "cross-entropy":
        return -(targets * functional.log_softmax(values, 1)).sum(1)
    if values.shape[1] == 1:
        return functional.relu(1 - targets[:, 0] * values[:, 0])
    right = targets.argmax(1, keepdim=True)
    rivals = values.detach().scatter(1, right, -torch.inf).argmax(1, keepdim=True)
    return functional.relu(1 + values.gather(1, rivals) - values.gather(1, right))[:, 0]


def resolved(request: RunRequest) -> RunRequest:
    """The request with its device and fingerprints filled in.

    Raises:
        InputError: a setting is missing, unknown or cannot be read; the data are not ``points``.
    """
    return _resolved(request)[0]


def run_small_network(
    request: RunRequest, on_progress: OnProgress | None = None, folder: Path | None = None
) -> RunRecord:
    """Train as the request says, and return the record; accuracy counts outputs within 1/2 of their targets.

    Raises:
        InputError: as :func:`resolved`.
        WorkFailed: the loss stopped being a finite number.
    """
    began = time.perf_counter()
    request, configuration, points = _resolved(request)
    device = torch.device(request.device)
    first_step_s: list[float] = []
    with ExitStack() as stack:
        stack.enter_context(deterministic(device))
        metrics = stack.enter_context(metrics_file(folder)) if folder else None
        model = SmallModel(configuration.network, configuration.biases, configuration.loss).to(device)
        model.masks = [mask.to(device) for mask in model.masks]
        initial = _fingerprints(model)
        epochs = streamed(
            _epochs(
                model,
                configuration,
                request,
                points,
                on_progress,
                lambda: first_step_s.append(time.perf_counter() - began),
            ),
            metrics,
        )
        test_loss, test_accuracy = _evaluation(model, configuration.loss, points.test, device)
    return RunRecord(
        id=run_id(request),
        request=request,
        data=DataSummary(
            "points",
            points.fingerprint,
            points.fingerprint,
            configuration.network.outputs,
            len(points.training[0]),
            len(points.validation[0]),
            len(points.test[0]),
        ),
        versions=versions(),
        device_name=device_name(device),
        threads=torch.get_num_threads(),
        parameters=len(initial),
        epochs=epochs,
        test_loss=test_loss,
        test_accuracy=test_accuracy,
        first_step_s=first_step_s[0],
        total_s=time.perf_counter() - began,
        peak_memory_bytes=peak_memory_bytes(device),
        initial_weights=initial,
        final_weights=_fingerprints(model),
    )


def _resolved(request: RunRequest) -> tuple[RunRequest, SmallConfiguration, Points]:
    if request.epochs < 1:
        raise InputError("epochs", request.epochs, "must be at least 1", "give 1 or more")
    if request.data != "points":
        raise InputError("data", request.data, "must be points for a small network", "write points")
    configuration = small_configuration(request)
    start = drawn(configuration.network, configuration.initialisation, configuration.biases, request.seed)
    configuration = replace(configuration, network=start)
    points = points_of(configuration, request.seed)
    if request.data_fingerprint not in ("", points.fingerprint):
        rule = "has changed since the run was asked for"
        raise InputError("data", request.data, rule, "ask for the run again, without a fingerprint")
    made = replace(
        request,
        device=resolved_device(request.device),
        data_fingerprint=points.fingerprint,
        configuration_fingerprint=configuration.fingerprint,
    )
    return made, configuration, points


def _epochs(
    model: SmallModel,
    configuration: SmallConfiguration,
    request: RunRequest,
    points: Points,
    on_progress: OnProgress | None,
    on_first_step: Callable[[], None],
) -> Iterator[Epoch]:
    device = torch.device(request.device)
    rule = configuration.rules[request.optimizer]
    inputs, targets = (torch.tensor(part, device=device) for part in points.training)
    weights = list(model.parameters())
    state = optim.initial_state(rule, weights)
    size, count = configuration.batch_size, len(inputs)
    for epoch in range(1, request.epochs + 1):
        began = time.perf_counter()
        total, right = 0.0, 0
        for start in range(0, count, size):
            batch = slice(start, start + size)
            values = model(inputs[batch])
            losses = sample_losses(model, configuration.loss, values, targets[batch])
            gradients = torch.autograd.grad(losses.mean(), weights, allow_unused=True)
            filled = [torch.zeros_like(w) if g is None else g for w, g in zip(weights, gradients, strict=True)]
            state = optim.step(rule, state, weights, filled)
            total += losses.sum().item()
            right += _right(model, values.detach(), targets[batch])
            if epoch == 1 and start == 0:
                on_first_step()
        validation_loss, validation_accuracy = _evaluation(model, configuration.loss, points.validation, device)
        if not total + validation_loss < float("inf"):
            raise WorkFailed(f"training diverged: the loss of epoch {epoch} is not a finite number")
        spent = time.perf_counter() - began
        if on_progress:
            steps = -(-count // size)
            on_progress(
                Progress(epoch, request.epochs, steps, steps, total / count, right / count, count / max(spent, 1e-9))
            )
        yield Epoch(total / count, right / count, validation_loss, validation_accuracy, spent)


def _evaluation(
    model: SmallModel, loss: LossName, part: tuple[list[list[float]], list[list[float]]], device: torch.device
) -> tuple[float, float]:
    inputs, targets = (torch.tensor(rows, device=device) for rows in part)
    with torch.no_grad():
        values = model(inputs)
        losses = sample_losses(model, loss, values, targets)
    return losses.mean().item(), _right(model, values, targets) / len(inputs)


def _right(model: SmallModel, values: Tensor, targets: Tensor) -> int:
    outputs = _activated(model.layers[-1], values) if model.logits else values
    return int(((outputs - targets).abs() < 0.5).all(1).sum().item())


def _activated(layer: NeuronLayer, values: Tensor) -> Tensor:
    match layer.activation:
        case "relu":
            return functional.relu(values)
        case "leaky_relu":
            return functional.leaky_relu(values, float(layer.slope or 0))
        case "sigmoid":
            return torch.sigmoid(values)
        case "tanh":
            return torch.tanh(values)
        case "softmax":
            return torch.softmax(values, 1)
        case _:
            return values


def _fingerprints(model: SmallModel) -> dict[str, str]:
    return weight_fingerprints({name: value.cpu().numpy() for name, value in model.values_by_weight().items()})
