"""Random numbers by counting: those of SplitMix64, and the same in Python, PyTorch and C++."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

from gradus.training.dropout import Masks
from gradus.training.operations import Dropping, Operations
from gradus.training.random_words import random_word, random_words
from training.fast import TYPES, kernels, operations

# The first outputs of the authors' program for these seeds.
KNOWN = {
    0: (0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC),
    1234567: (6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431),
}
KEYS = (0, 1, 1234567, 2**63 - 1, 2**63, 2**64 - 1)


def unsigned(words: torch.Tensor) -> list[int]:
    return [int(word) for word in words.numpy().view(np.uint64)]


@pytest.mark.parametrize("key", KNOWN)
def test_words_are_those_of_splitmix64(key: int) -> None:
    assert tuple(random_word(key, index) for index in range(4)) == KNOWN[key]
    assert tuple(unsigned(random_words(key, 0, 4))) == KNOWN[key]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("first", [0, 1, 999, 2**40, 2**62])
def test_pytorch_counts_as_python_does(key: int, first: int) -> None:
    expected = [random_word(key, first + index) for index in range(50)]
    assert unsigned(random_words(key, first, 50)) == expected
    assert unsigned(random_words(key, first + 20, 7)) == expected[20:27]
    assert random_words(key, first, 0).shape == (0,)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("width", [1, 8, 13, 40])
def test_the_kernels_compare_the_same_bytes(key: int, width: int) -> None:
    """A byte is told by the thresholds below which it lies."""
    rows, first, words = 3, 5, -(-width // 8)
    below = torch.zeros(rows, width, dtype=torch.int64)
    for threshold in range(1, 256):
        values = torch.ones(rows, width)
        kernels().of("activated", values.dtype)(
            values.data_ptr(), rows, width, width, 0, width, True, key, threshold, 1.0, first
        )
        below += values == 0
    expected = [
        list(b"".join(random_word(key, (first + row) * words + word).to_bytes(8, "little") for word in range(words)))
        for row in range(rows)
    ]
    assert (255 - below).tolist() == [line[:width] for line in expected]


@pytest.mark.parametrize("rate", [Fraction(1, 4), Fraction(1, 2), Fraction(255, 256), Fraction(1, 256)])
@pytest.mark.parametrize("shape", [(4, 100), (5, 19, 6, 6), (1, 16, 4, 2), (3, 1, 2, 2)])
@pytest.mark.parametrize("dtype", TYPES)
def test_dropout_of_the_kernels_is_that_of_the_masks(
    rate: Fraction, shape: tuple[int, ...], dtype: torch.dtype
) -> None:
    values = torch.ones(shape, dtype=dtype)
    drop = Dropping(rate, 2, Masks(77, first=1000))
    if len(shape) == 4:
        values = values.contiguous(memory_format=torch.channels_last)
        plain, fast = (by.pooled(values, 2, True, drop)[0] for by in (Operations(), operations(True)))
    else:
        plain, fast = (by.activated(values.clone(), True, drop)[0] for by in (Operations(), operations(True)))
    assert torch.equal(plain == 0, fast == 0)
    kept = Masks(77, first=1000).kept(torch.empty_like(plain), rate, 2)
    assert torch.equal(fast != 0, kept)
