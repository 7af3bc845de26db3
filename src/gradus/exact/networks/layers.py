"""Layers of a network described without their weights, and the shapes that follow from the description.

Shapes of images are (height, width, channels), as Keras orders them; shapes of vectors are (units,).  Gains of a
convolution are shaped (kernel height, kernel width, inputs, filters), those of a dense layer (inputs, units).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Literal, TypeAlias

from gradus.errors import InputError

Activation: TypeAlias = Literal["linear", "relu", "softmax"]
Padding: TypeAlias = Literal["same", "valid"]
Shape: TypeAlias = tuple[int, ...]

_ACTIVATIONS = ("linear", "relu", "softmax")
_PADDINGS = ("same", "valid")


@dataclass(frozen=True)
class Conv2D:
    """A convolution with stride 1 and one bias a filter; ``kernel`` is (height, width).

    ``same`` pads with zeros so that height and width stay, and with an even kernel one more on the lower right.

    Raises:
        InputError: a size is not positive, or the padding or activation is unknown.

    >>> output_shapes(Architecture((5, 5, 3), (Conv2D(8), Conv2D(8, padding="same"))))
    ((3, 3, 8), (3, 3, 8))
    """

    filters: int
    kernel: tuple[int, int] = (3, 3)
    padding: Padding = "valid"
    activation: Activation = "relu"

    def __post_init__(self) -> None:
        _check_positive("filters", self.filters)
        for size in self.kernel:
            _check_positive("kernel", size)
        _check_one_of("padding", self.padding, _PADDINGS)
        _check_one_of("activation", self.activation, _ACTIVATIONS)


@dataclass(frozen=True)
class MaxPool2D:
    """The largest value of each ``size`` x ``size`` square, squares side by side; what is left over is cut off.

    >>> output_shapes(Architecture((5, 5, 3), (MaxPool2D(),)))
    ((2, 2, 3),)
    """

    size: int = 2

    def __post_init__(self) -> None:
        _check_positive("size", self.size)


@dataclass(frozen=True)
class Dropout:
    """In training, sets each value to 0 with probability ``rate`` and divides the others by 1 - ``rate``.

    Raises:
        InputError: the rate is outside [0, 1).

    >>> Dropout(Fraction(1, 4)).rate
    Fraction(1, 4)
    """

    rate: Fraction

    def __post_init__(self) -> None:
        if not 0 <= self.rate < 1:
            raise InputError("rate", self.rate, "must be at least 0 and below 1", "e.g. Fraction(1, 4)")


@dataclass(frozen=True)
class Flatten:
    """An image as one vector, in the order height, width, channel.

    >>> output_shapes(Architecture((5, 5, 3), (Flatten(),)))
    ((75,),)
    """


@dataclass(frozen=True)
class Dense:
    """A fully connected layer with one bias a unit.

    Raises:
        InputError: the number of units is not positive, or the activation is unknown.

    >>> parameter_shapes(Architecture((4,), (Dense(3),)))
    {'dense1.gains': (4, 3), 'dense1.bias': (3,)}
    """

    units: int
    activation: Activation = "relu"

    def __post_init__(self) -> None:
        _check_positive("units", self.units)
        _check_one_of("activation", self.activation, _ACTIVATIONS)


Layer: TypeAlias = Conv2D | MaxPool2D | Dropout | Flatten | Dense


@dataclass(frozen=True)
class Architecture:
    """A stack of layers on an input of shape (height, width, channels) or (units,).

    Raises:
        InputError: a layer does not fit the output of the layer before it.

    >>> Architecture((4,), (Dense(3), Dense(2, "softmax"))).layers[1].units
    2
    """

    input_shape: Shape
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if len(self.input_shape) not in (1, 3) or min(self.input_shape) < 1:
            rule = "must be (height, width, channels) or (units,), all positive"
            raise InputError("input_shape", self.input_shape, rule, "e.g. (32, 32, 3)")
        output_shapes(self)


def hw5_cnn(classes: int = 10) -> Architecture:
    """The convolutional network of homework 5, on 32 x 32 colour images.

    >>> parameter_count(hw5_cnn())
    1250858
    """
    quarter, half = Fraction(1, 4), Fraction(1, 2)
    return Architecture(
        (32, 32, 3),
        (
            *(Conv2D(32, padding="same"), Conv2D(32), MaxPool2D(), Dropout(quarter)),
            *(Conv2D(64, padding="same"), Conv2D(64), MaxPool2D(), Dropout(quarter)),
            *(Flatten(), Dense(512), Dropout(half), Dense(classes, "softmax")),
        ),
    )


def output_shapes(architecture: Architecture) -> tuple[Shape, ...]:
    """The shape of each layer's output, without the batch.

    Raises:
        InputError: a layer does not fit the output of the layer before it.

    >>> output_shapes(hw5_cnn())[2]
    (15, 15, 32)
    """
    shapes: list[Shape] = []
    for number, layer in enumerate(architecture.layers, start=1):
        before = shapes[-1] if shapes else architecture.input_shape
        shapes.append(_output_shape(layer, before, f"layer {number}"))
    return tuple(shapes)


def parameter_shapes(architecture: Architecture) -> dict[str, Shape]:
    """The shapes of gains and biases by name, in the order of the layers; kinds of layer are counted from 1.

    >>> shapes = parameter_shapes(hw5_cnn())
    >>> shapes["conv1.gains"], shapes["conv1.bias"], shapes["dense2.gains"]
    ((3, 3, 3, 32), (32,), (512, 10))
    """
    shapes: dict[str, Shape] = {}
    before = architecture.input_shape
    for layer, name, after in zip(
        architecture.layers, parameter_names(architecture), output_shapes(architecture), strict=True
    ):
        if isinstance(layer, Conv2D):
            shapes[f"{name}.gains"] = (*layer.kernel, before[-1], layer.filters)
            shapes[f"{name}.bias"] = (layer.filters,)
        elif isinstance(layer, Dense):
            shapes[f"{name}.gains"] = (before[0], layer.units)
            shapes[f"{name}.bias"] = (layer.units,)
        before = after
    return shapes


def parameter_names(architecture: Architecture) -> tuple[str, ...]:
    """One entry a layer: the prefix of its parameters' names, empty for a layer without any.

    >>> parameter_names(Architecture((4,), (Dense(3), Dropout(Fraction(1, 2)), Dense(2))))
    ('dense1', '', 'dense2')
    """
    names: list[str] = []
    counts = {"conv": 0, "dense": 0}
    for layer in architecture.layers:
        kind = "conv" if isinstance(layer, Conv2D) else "dense" if isinstance(layer, Dense) else ""
        if kind:
            counts[kind] += 1
        names.append(f"{kind}{counts[kind]}" if kind else "")
    return tuple(names)


def parameter_count(architecture: Architecture) -> int:
    """The number of trainable parameters.

    >>> parameter_count(Architecture((4,), (Dense(3),)))
    15
    """
    return sum(prod(shape) for shape in parameter_shapes(architecture).values())


def _output_shape(layer: Layer, before: Shape, place: str) -> Shape:
    match layer:
        case Conv2D():
            height, width, _ = _image_shape(before, layer, place)
            if layer.padding == "same":
                return (height, width, layer.filters)
            shape = (height - layer.kernel[0] + 1, width - layer.kernel[1] + 1, layer.filters)
            return _not_empty(shape, layer, before, place)
        case MaxPool2D():
            height, width, channels = _image_shape(before, layer, place)
            return _not_empty((height // layer.size, width // layer.size, channels), layer, before, place)
        case Flatten():
            return (prod(before),)
        case Dense():
            if len(before) != 1:
                raise InputError("layers", layer, f"needs a vector, not shape {before}", "put Flatten first", place)
            return (layer.units,)
        case Dropout():
            return before


def _image_shape(before: Shape, layer: Layer, place: str) -> tuple[int, int, int]:
    if len(before) != 3:
        rule = f"needs an image (height, width, channels), not shape {before}"
        raise InputError("layers", layer, rule, "put it before Flatten", place)
    height, width, channels = before
    return height, width, channels


def _not_empty(after: Shape, layer: Layer, before: Shape, place: str) -> Shape:
    if min(after) < 1:
        rule = f"does not fit in an image of shape {before}"
        raise InputError("layers", layer, rule, "use a smaller kernel, pool less, or pad with 'same'", place)
    return after


def _check_positive(argument: str, value: int) -> None:
    if value < 1:
        raise InputError(argument, value, "must be a positive integer", "give 1 or more")


def _check_one_of(argument: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InputError(argument, value, f"must be one of {', '.join(known)}", "choose one of them")
