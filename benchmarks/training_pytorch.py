"""hw5's network in plain PyTorch, as a strong programmer writes an ordinary training loop, without gradus."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from training_worker import FirstStep


class PyTorchProgram:
    """Channels-last memory, images on the device as float32, Adam fused into one kernel, metrics read once an epoch.

    Options: ``compile`` (whether ``torch.compile`` compiles the network and the loss), ``mode`` (of compilation),
    ``pool_first`` (whether ReLU comes after the maximum, with which it commutes), ``dropout``, ``weights`` (a file
    with initial weights, for tests).  In bf16 the forward pass is under autocast.
    """

    def __init__(self, given: dict[str, Any]) -> None:
        options = given["options"]
        self._first_step = FirstStep(given["began"])
        torch.manual_seed(1)
        began = time.perf_counter()
        images = torch.from_numpy(np.load(given["images"])).float().div_(255)
        self._y = torch.from_numpy(np.load(given["labels"]))
        self._first_step.reading_took(time.perf_counter() - began)
        self._x = images.permute(0, 3, 1, 2)
        self._batch_size, self._warm_up = given["batch_size"], given["warm_up"]
        self._bf16 = given["precision"] == "bf16"
        self.network = cnn(options.get("dropout", True), options.get("pool_first", False))
        for weights in self.network.parameters():
            if weights.ndim == 4:
                weights.data = weights.data.contiguous(memory_format=torch.channels_last)
        if "weights" in options:
            _set_weights(self.network, options["weights"])
        self._optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-3, eps=1e-7, fused=True)
        self._forward: Any = self._loss
        if options.get("compile"):
            self._forward = torch.compile(self._loss, mode=options.get("mode"))

    def started(self) -> dict[str, Any]:
        if self._warm_up:
            self._epoch(self._warm_up)
        parameters = sum(weights.numel() for weights in self.network.parameters())
        return {"first_step_s": self._first_step.seconds, "parameters": parameters}

    def turn(self, message: dict[str, Any]) -> dict[str, Any]:
        began = time.perf_counter()
        loss, _ = self._epoch(message["images"])
        return {"seconds": time.perf_counter() - began, "loss": loss}

    def _epoch(self, images: int) -> tuple[float, float]:
        """Mean loss and accuracy."""
        self.network.train()
        total, right = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.int64)
        x, y = self._x[:images], self._y[:images]
        for batch, labels in zip(x.split(self._batch_size), y.split(self._batch_size), strict=True):
            self._optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", torch.bfloat16) if self._bf16 else nullcontext():
                loss, logits = self._forward(batch, labels)
            loss.backward()
            self._optimizer.step()
            total += loss.detach() * len(labels)
            right += (logits.detach().argmax(1) == labels).sum()
            self._first_step()
        return total.item() / len(y), right.item() / len(y)

    def _loss(self, batch: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.network(batch).float()
        return functional.cross_entropy(logits, labels), logits


def program(given: dict[str, Any]) -> PyTorchProgram:
    return PyTorchProgram(given)


def cnn(dropout: bool = True, pool_first: bool = False, classes: int = 10) -> nn.Sequential:
    """hw5's network; with Keras' initial weights, since PyTorch's own begin elsewhere."""
    share = 1.0 if dropout else 0.0

    def pooled() -> list[nn.Module]:
        modules = [nn.ReLU(inplace=True), nn.MaxPool2d(2)]
        return [*(modules[::-1] if pool_first else modules), nn.Dropout(0.25 * share)]

    network = nn.Sequential(
        *(nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(32, 32, 3), *pooled()),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(64, 64, 3), *pooled()),
        *(nn.Flatten(), nn.Linear(2304, 512), nn.ReLU(inplace=True), nn.Dropout(0.5 * share), nn.Linear(512, classes)),
    )
    for module in network:
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            assert module.bias is not None
            nn.init.zeros_(module.bias)
    return network


@torch.no_grad()
def _set_weights(network: nn.Sequential, file: str) -> None:
    """From a file of arrays in Keras' layouts and order, which flattens height, width, channel."""
    with np.load(file) as arrays:
        given = [torch.from_numpy(array) for array in arrays.values()]
    for parameter, values in zip(network.parameters(), given, strict=True):
        if values.ndim == 4:
            values = values.permute(3, 2, 0, 1)
        elif values.ndim == 2 and len(values) == 2304:
            values = values.reshape(6, 6, 64, -1).permute(3, 2, 0, 1).flatten(1)
        elif values.ndim == 2:
            values = values.t()
        parameter.copy_(values)
