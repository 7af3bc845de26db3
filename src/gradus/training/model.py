"""PyTorch modules built from the description of a network in :mod:`gradus.exact.networks.layers`.

Images are batches shaped (count, channels, height, width) in the channels-last memory format, in which a flattened
image is a view in Keras' order: height, width, channel.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod, sqrt
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.nn import functional

from gradus.errors import InputError
from gradus.exact.learnability.initialisation import GLOROT, Initialisation
from gradus.exact.networks import layers
from gradus.exact.networks.layers import Activation, Architecture
from gradus.training.dropout import Masks


class Network(nn.Module):
    """A network without its final soft-max: :meth:`forward` returns logits shaped (count, classes).

    Parameters carry the names of :func:`gradus.exact.networks.layers.parameter_shapes`; without ``biases`` there are
    gains only.  With ``mirrored_views`` the logits are the mean of those of an image and of its mirror image.

    Raises:
        InputError: the last layer is not a soft-max, or another one is; what has mirror images is no image.
    """

    def __init__(self, architecture: Architecture, biases: bool = True, mirrored_views: bool = False) -> None:
        super().__init__()
        _check_softmax(architecture)
        if mirrored_views and len(architecture.input_shape) != 3:
            shape = ", ".join(map(str, architecture.input_shape))
            raise InputError("mirrored_views", f"inputs shaped ({shape})", "are no images", "leave it out")
        self.architecture, self.mirrored_views = architecture, mirrored_views
        shapes = layers.parameter_shapes(architecture)
        for name in filter(None, layers.parameter_names(architecture)):
            self.add_module(name, LayerWeights(shapes[f"{name}.gains"], biases))

    @property
    def dtype(self) -> torch.dtype:
        """The type of the weights, float32 unless the network was converted."""
        return next(self.parameters()).dtype

    def forward(self, images: Tensor, masks: Masks | None = None) -> Tensor:
        """Logits of a batch; without masks dropout is off."""
        logits = self._logits(images, masks)
        if self.mirrored_views:
            logits = (logits + self._logits(images.flip(3), masks)) / 2
        return logits

    def layer_weights(self) -> dict[str, LayerWeights]:
        """Gains and bias of each layer with weights, by its name, from the first to the last."""
        return {name: child for name, child in self.named_children() if isinstance(child, LayerWeights)}

    def _logits(self, images: Tensor, masks: Masks | None) -> Tensor:
        values = images
        pending: Activation = "linear"
        dropouts = 0
        names = layers.parameter_names(self.architecture)
        for layer, name in zip(self.architecture.layers, names, strict=True):
            # ReLU and the maximum commute: applied after the pooling it has a quarter of the work, and values and
            # gradients are the same.
            if not isinstance(layer, layers.MaxPool2D):
                values, pending = _activated(values, pending), "linear"
            match layer:
                case layers.Conv2D():
                    gains, bias = self._gains_and_bias(name)
                    values = _convolved(values, gains, bias, layer)
                    pending = layer.activation
                case layers.Dense():
                    values = functional.linear(values, *self._gains_and_bias(name))
                    pending = layer.activation
                case layers.MaxPool2D():
                    values = functional.max_pool2d(values, layer.size)
                case layers.Dropout():
                    values = values if masks is None else masks.dropped_out(values, layer.rate, dropouts)
                    dropouts += 1
                case layers.Flatten():
                    values = values.permute(0, 2, 3, 1).flatten(1) if values.ndim == 4 else values
        return values

    def _gains_and_bias(self, name: str) -> tuple[Tensor, Tensor | None]:
        weights = self.layer_weights()[name]
        return weights.gains, weights.bias


class LayerWeights(nn.Module):
    """Gains and bias of one layer, stored as PyTorch's kernels want them; ``shape`` is that of the description."""

    def __init__(self, shape: layers.Shape, biases: bool) -> None:
        super().__init__()
        self.gains = nn.Parameter(stored(torch.zeros(shape)))
        self.bias = nn.Parameter(torch.zeros(shape[-1])) if biases else None


def initialised(
    architecture: Architecture, generator: Generator, start: Initialisation = GLOROT, biases: bool = True
) -> Network:
    """A network that starts as asked for: by default with Glorot-uniform gains and zero biases, as in Keras.

    Glorot's gains are drawn on the processor, uniform between -l and l, l = sqrt(6 / (fan_in + fan_out)); the fans of
    a convolution are kernel height x kernel width x inputs, and the same with filters for inputs (Glorot and Bengio,
    2010).

    Raises:
        InputError: the weights are to start as given, and an architecture gives none.
    """
    if "given" in (start.gains.kind, start.biases.kind):
        rule = "there are no given weights: an architecture describes shapes only"
        raise InputError("initialisation", start.text, rule, "choose zeros, constant:C or glorot")
    network = Network(architecture, biases)
    with torch.no_grad():
        for weights in network.layer_weights().values():
            if weights.bias is not None:
                weights.bias.fill_(float(start.biases.value))
            if start.gains.is_uniform:
                weights.gains.fill_(float(start.gains.value))
                continue
            shape = described(weights.gains).shape
            *kernel, inputs, outputs = shape
            limit = sqrt(6 / (prod(kernel) * (inputs + outputs)))
            gains = torch.rand(shape, generator=generator).mul_(2).sub_(1).mul_(limit)
            weights.gains.copy_(stored(gains))
    return network


def scaled(images: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Bytes shaped (count, height, width, channels) as numbers from 0 to 1, (count, channels, height, width).

    The result lies in channels-last memory.
    """
    return images.to(dtype).div_(255).permute(0, 3, 1, 2)


def weights_of(network: Network) -> dict[str, NDArray[Any]]:
    """All weights by name, in the layouts of :func:`gradus.exact.networks.layers.parameter_shapes`, as copies."""
    return {name: described(tensor.detach()).cpu().numpy().copy() for name, tensor in network.named_parameters()}


def set_weights(network: Network, weights: Mapping[str, NDArray[Any]]) -> None:
    """Write weights by name into the network, in the layouts of ``parameter_shapes``."""
    with torch.no_grad():
        for name, tensor in network.named_parameters():
            tensor.copy_(stored(torch.as_tensor(weights[name])))


def described(tensor: Tensor) -> Tensor:
    """A stored tensor in the layout of the description: (height, width, inputs, filters), (inputs, units), (units,)."""
    return tensor.permute(2, 3, 1, 0) if tensor.ndim == 4 else tensor.t()


def stored(gains: Tensor) -> Tensor:
    """The inverse of :func:`described`: the layout in memory that PyTorch's kernels want."""
    if gains.ndim == 4:
        return gains.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
    return gains.t().contiguous()


def _convolved(values: Tensor, gains: Tensor, bias: Tensor | None, layer: layers.Conv2D) -> Tensor:
    if layer.padding == "valid":
        return functional.conv2d(values, gains, bias)
    height, width = (size - 1 for size in layer.kernel)
    if height % 2 or width % 2:
        values = functional.pad(values, (width // 2, width - width // 2, height // 2, height - height // 2))
        return functional.conv2d(values, gains, bias)
    return functional.conv2d(values, gains, bias, padding=(height // 2, width // 2))


def _activated(values: Tensor, activation: Activation) -> Tensor:
    return functional.relu(values) if activation == "relu" else values


def _check_softmax(architecture: Architecture) -> None:
    activations = [layer.activation for layer in architecture.layers if isinstance(layer, layers.Conv2D | layers.Dense)]
    last = architecture.layers[-1] if architecture.layers else None
    if not isinstance(last, layers.Dense) or last.activation != "softmax" or activations.count("softmax") > 1:
        rule = "the last layer, and no other, must be Dense with soft-max"
        raise InputError("architecture", last, rule, "end it with Dense(classes, 'softmax')")
