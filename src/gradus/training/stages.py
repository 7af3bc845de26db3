"""Layers with what follows them: what a forward and a backward pass do at each, without autograd."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

from torch import Tensor

from gradus.exact.networks.layers import Conv2D, Dense
from gradus.training.dropout import Masks
from gradus.training.normalisation import Normalisation
from gradus.training.operations import Dropping, Operations, Saved, Weights
from gradus.training.team import Team


@dataclass(frozen=True)
class Rows:
    """Which rows of a batch a pass is over: ``first`` up to ``end`` of ``count`` in all."""

    first: int
    end: int
    count: int


@dataclass(frozen=True)
class Tail:
    """What follows the products of a layer with weights: pooling, batch normalisation, ReLU and dropout, in this order.

    The maximum commutes with ReLU and with normalisation, whose factors are positive; after it they have a fraction of
    the work.
    """

    pool: int = 1
    normalised: bool = False
    relu: bool = False
    rate: Fraction = Fraction(0)
    dropout: int = 0


class Stage(Protocol):
    """A layer with what follows it; keeps between the two passes what the second one needs."""

    def forward(self, x: Tensor, rows: Rows, masks: Masks | None) -> Tensor:
        """What comes out."""
        ...

    def backward(self, gradient: Tensor, rows: Rows) -> Tensor | None:
        """The gradient by what went in, from that by what came out; those by the weights are written."""
        ...


@dataclass(eq=False)
class ConvolutionStage:
    """A convolution and its tail.

    Attributes:
        trained: whether there are weights to train here or before; otherwise there is no backward pass.
        inputs: whether the gradient by the inputs is needed.
        masked_inputs: whether the stage before leaves its ReLU's part of the gradient to this one.
        masked_outputs: whether the stage after does this one's.
    """

    layer: Conv2D
    tail: Tail
    weights: Weights
    operations: Operations
    inputs: bool = True
    masked_inputs: bool = False
    masked_outputs: bool = False
    trained: bool = True

    def forward(self, x: Tensor, rows: Rows, masks: Masks | None) -> Tensor:
        tail, drop = self.tail, _dropping(self.tail, masks)
        self.x = x
        if tail.pool > 1:
            values = self.operations.convolution(x, self.weights, self.layer, relu=False)
            values, self.saved = self.operations.pooled(values, tail.pool, tail.relu, drop)
            return values
        values = self.operations.convolution(x, self.weights, self.layer, tail.relu)
        if not drop and (self.masked_outputs or not self.trained or not tail.relu):
            self.saved = Saved()
            return values
        values, self.saved = self.operations.activated(values, tail.relu, drop)
        return values

    def backward(self, gradient: Tensor, rows: Rows) -> Tensor | None:
        if not self.trained:
            return None
        rest = (self.x, self.weights, self.layer, self.inputs, self.masked_inputs)
        if self.tail.pool > 1:
            return self.operations.pooled_convolution_gradients(gradient, self.tail.pool, self.saved, *rest)
        return self.operations.convolution_gradients(self.operations.activated_gradient(gradient, self.saved), *rest)


@dataclass(eq=False)
class NormalisedConvolutionStage:
    """A convolution without bias, perhaps pooling, batch normalisation with a shift for each filter, and ReLU.

    The values of a channel are normalised by their mean and variance over the whole batch, all threads and processes.

    Attributes:
        normalisation: the shifts, and the running mean and variance.
    """

    layer: Conv2D
    tail: Tail
    weights: Weights
    operations: Operations
    normalisation: Normalisation
    inputs: bool = True

    def __post_init__(self) -> None:
        own = self.weights
        self.gains = Weights(own.gains, None, own.gains_gradient, None)

    def forward(self, x: Tensor, rows: Rows, masks: Masks | None) -> Tensor:
        self.x = x
        values = self.operations.convolution(x, self.gains, self.layer, relu=False)
        if self.tail.pool > 1:
            values, self.saved = self.operations.pooled(values, self.tail.pool, False, None)
        self.count = rows.count * values.shape[2] * values.shape[3]
        self.before = values
        self.after, self.statistics = self.operations.batch_normalised(
            values, self.normalisation, self.count, self.tail.relu
        )
        return self.after

    def backward(self, gradient: Tensor, rows: Rows) -> Tensor | None:
        shift_gradient = self.weights.bias_gradient
        assert shift_gradient is not None
        gradient = self.operations.batch_normalised_gradient(
            gradient,
            self.before,
            self.after,
            self.normalisation,
            self.statistics,
            self.count,
            self.tail.relu,
            shift_gradient,
        )
        rest = (self.x, self.gains, self.layer, self.inputs, False)
        if self.tail.pool > 1:
            return self.operations.pooled_convolution_gradients(gradient, self.tail.pool, self.saved, *rest)
        return self.operations.convolution_gradients(gradient, *rest)


@dataclass(eq=False)
class DenseStage:
    """A dense layer and its tail; takes images flattened: height, width, channel."""

    layer: Dense
    tail: Tail
    weights: Weights
    operations: Operations
    inputs: bool = True
    masked_inputs: bool = False
    masked_outputs: bool = False

    def forward(self, x: Tensor, rows: Rows, masks: Masks | None) -> Tensor:
        self.image = x.shape if x.ndim == 4 else None
        self.x = _flattened(x)
        values = self.operations.dense(self.x, self.weights.gains, self.weights.bias)
        if self.masked_outputs and not self.tail.rate:
            self.saved = Saved()
            return values.relu_() if self.tail.relu else values
        values, self.saved = self.operations.activated(values, self.tail.relu, _dropping(self.tail, masks))
        return values

    def backward(self, gradient: Tensor, rows: Rows) -> Tensor | None:
        gradient = self.operations.activated_gradient(gradient, self.saved)
        weights = self.weights
        self.operations.dense_gradients(gradient, self.x, weights.gains_gradient, weights.bias_gradient)
        if not self.inputs:
            return None
        found = gradient @ weights.gains
        return _as_image(found.mul_(self.x > 0) if self.masked_inputs else found, self.image)


@dataclass(eq=False)
class SplitDenseStage:
    """A dense layer whose units are shared out to the threads of a team, each of which has all images."""

    name: str
    layer: Dense
    tail: Tail
    weights: Weights
    operations: Operations
    team: Team
    rank: int
    inputs: bool = True
    masked_inputs: bool = False

    def __post_init__(self) -> None:
        self.units = slice(*self.team.share(self.layer.units, self.rank))
        own, bias, bias_gradient = self.weights, self.weights.bias, self.weights.bias_gradient
        self.own = Weights(
            own.gains[self.units],
            None if bias is None else bias[self.units],
            own.gains_gradient[self.units],
            None if bias_gradient is None else bias_gradient[self.units],
        )

    def forward(self, x: Tensor, rows: Rows, masks: Masks | None) -> Tensor:
        self.image = x.shape if x.ndim == 4 else None
        x = _flattened(x)
        self.x = self.team.shared((self.name, "x"), (rows.count, x.shape[1]), x.dtype)
        self.x[rows.first : rows.end] = x
        whole = self.team.shared((self.name, "y"), (rows.count, self.layer.units), x.dtype)
        self.team.wait()
        if masks is not None:
            masks = replace(masks, first=masks.first - rows.first)
        values = self.operations.dense(self.x, self.own.gains, self.own.bias)
        drop = _dropping(self.tail, masks)
        values, self.saved = self.operations.activated(values, self.tail.relu, drop, self.units, self.layer.units)
        whole[:, self.units] = values
        self.team.wait()
        return whole[rows.first : rows.end]

    def backward(self, gradient: Tensor, rows: Rows) -> Tensor | None:
        whole = self.team.shared((self.name, "dy"), (rows.count, self.layer.units), gradient.dtype)
        whole[rows.first : rows.end] = gradient
        self.team.wait()
        gradient = self.operations.activated_gradient(whole[:, self.units], self.saved)
        own = self.own
        self.operations.dense_gradients(gradient, self.x, own.gains_gradient, own.bias_gradient)
        if not self.inputs:
            return None
        parts = self.team.shared((self.name, "dx"), (self.team.size, *self.x.shape), gradient.dtype)
        parts[self.rank] = gradient @ own.gains
        self.team.wait()
        found = parts[:, rows.first : rows.end].sum(0)
        if self.masked_inputs:
            found = found.mul_(self.x[rows.first : rows.end] > 0)
        return _as_image(found, self.image)


@dataclass(eq=False)
class PoolingStage:
    """Pooling or dropout that follows no layer with weights."""

    tail: Tail
    operations: Operations

    def forward(self, x: Tensor, rows: Rows, masks: Masks | None) -> Tensor:
        drop = _dropping(self.tail, masks)
        if self.tail.pool > 1:
            x, self.saved = self.operations.pooled(x, self.tail.pool, False, drop)
        else:
            x, self.saved = self.operations.activated(x, False, drop)
        return x

    def backward(self, gradient: Tensor, rows: Rows) -> Tensor | None:
        if self.tail.pool > 1:
            return self.operations.pooled_gradient(gradient, self.tail.pool, self.saved)
        return self.operations.activated_gradient(gradient, self.saved)


def _dropping(tail: Tail, masks: Masks | None) -> Dropping | None:
    return Dropping(tail.rate, tail.dropout, masks) if tail.rate and masks is not None else None


def _flattened(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1).flatten(1) if x.ndim == 4 else x


def _as_image(gradient: Tensor, shape: tuple[int, ...] | None) -> Tensor:
    """The inverse of :func:`_flattened`."""
    if shape is None:
        return gradient
    rows, channels, height, width = shape
    return gradient.view(rows, height, width, channels).permute(0, 3, 1, 2)
