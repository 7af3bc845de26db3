"""Seeds of the independent random streams of one run.

A run draws from streams, each with its own generator or key: ``split`` (which images validate), ``weights`` (initial
gains), ``dropout`` (masks), ``augmentation`` (how images are changed), ``order`` (of the epochs) and ``points`` (random
data for small networks).  Their seeds are hashes of the stream's name and the request's seed, so that no stream shifts
another and equal seeds never make two streams equal.
"""

from __future__ import annotations

import hashlib
from typing import Literal, TypeAlias

Stream: TypeAlias = Literal["split", "weights", "dropout", "augmentation", "order", "points"]


def stream_seed(seed: int, stream: Stream) -> int:
    """The seed of one stream: 63 bits of the SHA-256 of ``gradus/<stream>/<seed>``.

    >>> stream_seed(0, "split") == stream_seed(0, "weights")
    False
    """
    digest = hashlib.sha256(f"gradus/{stream}/{seed}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
