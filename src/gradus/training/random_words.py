"""Random numbers by counting, so that any part of a stream can be had without what stands before it.

Word i of a stream is output i of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
2014), started at the stream's key.  ``kernels/random.h`` is the same in C++.
"""

from __future__ import annotations

import torch
from torch import Tensor

_STEP, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_BITS = 2**64


def random_word(key: int, index: int) -> int:
    """Word ``index`` of the stream, 64 bits.

    >>> hex(random_word(0, 0))
    '0xe220a8397b1dcdaf'
    """
    z = (key + (index + 1) * _STEP) % _BITS
    z = (z ^ (z >> 30)) * _FIRST % _BITS
    z = (z ^ (z >> 27)) * _SECOND % _BITS
    return z ^ (z >> 31)


def random_words(key: int, first: int | Tensor, count: int, device: torch.device | str = "cpu") -> Tensor:
    """Words ``first`` up to ``first + count`` of the stream, as int64 shaped (count,).

    Args:
        first: an integer, or an int64 scalar on the device, which may change from replay to replay of a graph.

    >>> random_words(7, 40, 2).tolist() == [_signed(random_word(7, 40)), _signed(random_word(7, 41))]
    True
    """
    z = torch.arange(count, dtype=torch.int64, device=device)
    if isinstance(first, int):
        z = z.mul_(_signed(_STEP)).add_(_signed((key + (first + 1) * _STEP) % _BITS))
    else:
        z = z.add_(first).mul_(_signed(_STEP)).add_(_signed((key + _STEP) % _BITS))
    z = z.bitwise_xor_(_shifted(z, 30)).mul_(_signed(_FIRST))
    z = z.bitwise_xor_(_shifted(z, 27)).mul_(_signed(_SECOND))
    return z.bitwise_xor_(_shifted(z, 31))


def _shifted(words: Tensor, by: int) -> Tensor:
    """To the right, with zeros coming in from the left."""
    return (words >> by).bitwise_and_((1 << (64 - by)) - 1)


def _signed(word: int) -> int:
    return word - _BITS if word >= _BITS // 2 else word
