"""Fingerprints of weights."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def tensor_fingerprint(values: NDArray[Any]) -> str:
    """SHA-256 of type, shape and values (little-endian, row by row), so that equal means equal bit for bit.

    >>> tensor_fingerprint(np.zeros(2, dtype=np.float32)) == tensor_fingerprint(-np.zeros(2, dtype=np.float32))
    False
    """
    values = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    digest = hashlib.sha256(f"{values.dtype.str}{values.shape}".encode())
    digest.update(values.tobytes())
    return digest.hexdigest()


def weight_fingerprints(weights: Mapping[str, NDArray[Any]]) -> dict[str, str]:
    """The fingerprint of each tensor, by name."""
    return {name: tensor_fingerprint(values) for name, values in weights.items()}
