"""What glibc keeps of freed memory within the block, and what holds after it; by processes of their own."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import gradus

SCRIPT = """
import ctypes, json
from gradus.training.memory import kept_memory

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in names.split()]
libc.mallinfo.restype = Info

def mapped(size):
    before = libc.mallinfo().hblks
    place = libc.malloc(size)
    ctypes.memset(place, 1, size)
    found = libc.mallinfo().hblks - before
    libc.free(place)
    return found

def looked_at():
    return [mapped(size << 20) for size in (1, 24)], libc.mallinfo().arena >> 20

with kept_memory():
    inside = looked_at()
left = libc.mallinfo().arena >> 20
print(json.dumps([inside, left, looked_at()]))
"""


@pytest.mark.skipif(sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallinfo"), reason="this is not glibc")
@pytest.mark.parametrize(
    ("environment", "one", "many"),
    [
        ({}, 1, 1),
        ({"MALLOC_MMAP_THRESHOLD_": "8388608"}, 0, 1),
        ({"GLIBC_TUNABLES": "glibc.malloc.check=0:glibc.malloc.mmap_threshold=0x800000"}, 0, 1),
        ({"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=many"}, 1, 1),
        ({"MALLOC_MMAP_THRESHOLD_": "99999999999"}, 0, 0),
    ],
    ids=str,
)
def test_memory_is_kept_within_the_block_only(environment: dict[str, str], one: int, many: int) -> None:
    source = str(Path(gradus.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": source} | environment,
    )
    (inside, kept), left, (after, _) = json.loads(done.stdout)
    assert inside == [0, 0] and kept >= 24, "blocks are mapped on their own, or handed back"
    assert left < 20, "what is free is not handed back"
    assert after == [one, many]
