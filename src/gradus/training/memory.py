"""How the C library keeps memory that is not used at the moment."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's mallopt."""

_KEPT, _WHOLE = 1 << 30, 32 << 20
_USUAL = 128 << 10
_LARGEST = 2**31 - 1


@contextmanager
def kept_memory() -> Iterator[None]:
    """While the block runs, freed memory stays with the process for the next allocation.

    By default glibc hands large blocks back to the system at once, and each step of a training then faults thousands of
    pages in again, which takes a tenth of its time.  Elsewhere than on glibc nothing changes.

    After the block, what is free is handed back to the system, and both thresholds, that from which on a block is
    mapped on its own and that from which on free memory at the heap's end is handed back, are those that the
    environment asks for (``GLIBC_TUNABLES``, ``MALLOC_MMAP_THRESHOLD_``, ``MALLOC_TRIM_THRESHOLD_``), by default
    128 KiB, with which processes start.  But they stay there: until one of them is set, glibc raises both as large
    blocks are freed, the first to 32 MiB at most and the second to twice the first, and there is no way back to that,
    nor to what they were raised to.  What follows in the same process may so spend more time on large blocks.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    mallopt, trim = getattr(library, "mallopt", None), getattr(library, "malloc_trim", None)
    if mallopt is None or trim is None:
        yield
        return
    mallopt(_MMAP_THRESHOLD, _WHOLE)
    mallopt(_TRIM_THRESHOLD, _KEPT)
    try:
        yield
    finally:
        mallopt(_MMAP_THRESHOLD, _asked_for("mmap_threshold"))
        mallopt(_TRIM_THRESHOLD, _asked_for("trim_threshold"))
        trim(ctypes.c_size_t(0))


def _asked_for(threshold: str) -> int:
    """The threshold that the process was started with, in bytes."""
    tunables = dict(part.partition("=")[::2] for part in os.environ.get("GLIBC_TUNABLES", "").split(":"))
    text = tunables.get(f"glibc.malloc.{threshold}") or os.environ.get(f"MALLOC_{threshold.upper()}_", "")
    with suppress(ValueError):
        return min(max(0, int(text, 0)), _LARGEST)
    return _USUAL
