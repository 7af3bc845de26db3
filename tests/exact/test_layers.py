"""Shapes that follow from the description of a network."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradus.errors import InputError
from gradus.exact.networks.layers import (
    Architecture,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    hw5_cnn,
    output_shapes,
    parameter_count,
    parameter_shapes,
)


def test_homework_5_network() -> None:
    assert parameter_count(hw5_cnn()) == 1_250_858
    assert output_shapes(hw5_cnn()) == (
        (32, 32, 32),
        (30, 30, 32),
        (15, 15, 32),
        (15, 15, 32),
        (15, 15, 64),
        (13, 13, 64),
        (6, 6, 64),
        (6, 6, 64),
        (2304,),
        (512,),
        (512,),
        (10,),
    )
    assert list(parameter_shapes(hw5_cnn()).items())[-4:] == [
        ("dense1.gains", (2304, 512)),
        ("dense1.bias", (512,)),
        ("dense2.gains", (512, 10)),
        ("dense2.bias", (10,)),
    ]


def test_other_numbers_of_classes_change_the_last_layer_only() -> None:
    assert parameter_count(hw5_cnn(10)) - parameter_count(hw5_cnn(7)) == 3 * (512 + 1)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_sizes_count_the_places_of_kernel_and_square(
    height: int, width: int, kernel_height: int, kernel_width: int, size: int
) -> None:
    rows = sum(1 for top in range(height) if top + kernel_height <= height)
    columns = sum(1 for left in range(width) if left + kernel_width <= width)
    convolution = Conv2D(5, (kernel_height, kernel_width))
    if rows and columns:
        assert output_shapes(Architecture((height, width, 2), (convolution,))) == ((rows, columns, 5),)
    else:
        with pytest.raises(InputError, match="does not fit"):
            Architecture((height, width, 2), (convolution,))
    squares = len(range(0, height - size + 1, size)), len(range(0, width - size + 1, size))
    if min(squares) > 0:
        assert output_shapes(Architecture((height, width, 2), (MaxPool2D(size),))) == ((*squares, 2),)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((Dense(3),), "put Flatten first"),
        ((Flatten(), Conv2D(3)), "layer 2: .*needs an image"),
        ((Flatten(), MaxPool2D()), "needs an image"),
        ((MaxPool2D(2), MaxPool2D(2), MaxPool2D(2)), "layer 3: .*does not fit"),
    ],
)
def test_layers_that_do_not_fit_are_named(layers: tuple[object, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Architecture((4, 4, 3), layers)


@pytest.mark.parametrize("shape", [(), (3, 3), (0, 3, 3), (-1,)])
def test_input_shapes_are_checked(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="input_shape"):
        Architecture(shape, (Flatten(),))


def test_layers_check_their_values() -> None:
    for wrong in (
        lambda: Conv2D(0),
        lambda: Conv2D(1, (3, 0)),
        lambda: Conv2D(1, padding="full"),
        lambda: Dense(0),
        lambda: Dense(1, "gelu"),
        lambda: MaxPool2D(0),
        lambda: Dropout(Fraction(1)),
        lambda: Dropout(Fraction(-1, 4)),
    ):
        with pytest.raises(InputError):
            wrong()
