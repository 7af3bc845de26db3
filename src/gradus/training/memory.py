"""How the C library keeps memory that is not used at the moment."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's mallopt."""

_KEPT, _WHOLE = 1 << 30, 32 << 20
_USUAL = 128 << 10


@contextmanager
def kept_memory() -> Iterator[None]:
    """While the block runs, freed memory stays with the process for the next allocation.

    By default glibc hands large blocks back to the system at once, and each step of a training then faults thousands of
    pages in again, which takes a tenth of its time.  Elsewhere than on glibc nothing changes.
    """
    mallopt = _mallopt()
    if mallopt is None:
        yield
        return
    mallopt(_MMAP_THRESHOLD, _WHOLE)
    mallopt(_TRIM_THRESHOLD, _KEPT)
    try:
        yield
    finally:
        mallopt(_MMAP_THRESHOLD, _USUAL)
        mallopt(_TRIM_THRESHOLD, _USUAL)


def _mallopt() -> ctypes._NamedFuncPointer | None:
    return getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
