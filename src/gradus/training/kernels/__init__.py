"""Kernels in C++ for what PyTorch does in several passes over memory; compiled once for this machine.

They need a processor with AVX-512 and a C++ compiler; without either everything works, only slower.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from ctypes import c_double, c_float, c_int, c_int32, c_int64, c_uint64, c_void_p
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from gradus.errors import OutputError
from gradus.runs.files import write_whole
from gradus.training.data.cache import cache_folder

COMPILER_VARIABLE = "CXX"
"""Names the C++ compiler; otherwise it is the first of ``c++``, ``g++`` and ``clang++`` that there is."""

SWITCH = "GRADUS_KERNELS"
"""Set to ``off``, the kernels are not used."""

_NEEDS = ("avx512_f", "avx512_bw", "avx512_dq", "avx512_vl")
_OPTIONS = (
    "-std=c++17",
    "-O3",
    "-march=native",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-shared",
    "-fPIC",
    "-pthread",
)
_COMPILES_WITHIN_S = 120.0

_P, _I, _L = c_void_p, c_int, c_int64
_DROP = (c_uint64, c_int, c_float)
_FOR_BOTH_TYPES: dict[str, tuple[Any, ...]] = {
    "scaled": (_P, _P, _L),
    "activated": (_P, _L, _L, _L, _L, _L, _I, *_DROP, _L),
    "activated_gradient": (_P, _P, _L, _L, _L, _L, c_float),
    "column_sums": (_P, _L, _L, _L, _P),
    "cross_entropy": (_P, _P, _L, _L, c_double, _L, _P, _P, _P),
    "pooled": (_P, _L, _L, _L, _L, _I, *_DROP, _L, _P, _P),
    "pooled_gradient": (_P, _P, _L, _L, _L, _L, c_float, _P),
    "moments": (_P, _L, _L, _P, _P),
    "normalised": (_P, _L, _L, _P, _P, _I, _P),
    "gradient_moments": (_P, _P, _P, _L, _L, _I, _P, _P),
    "normalised_gradient": (_P, _P, _P, _L, _L, _I, _P, _P, _P, _P),
    "pooled_convolution_gradients": (_L, _L, _L, _L, _L, _L, _P, _P, _P, _P, c_float, _I, _P, _P, _P),
}
_OTHERS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "sgd": (None, (_P, _L, _P, c_float, _P, c_float, c_float, _P)),
    "adam": (None, (_P, _L, _P, c_float, _P, c_float, c_double, c_double, c_float, _P, _P)),
    "augmented": (None, (_P, _P, _L, _L, _L, _L, _L, _P, _I, _P)),
    "cut_out": (None, (_P, _P, _L, _L, _L, _L, _L, _I)),
    "barrier_made": (_P, (_I,)),
    "barrier_ended": (None, (_P,)),
    "barrier_wait": (_I, (_P,)),
    "barrier_break": (None, (_P,)),
}

MAX_SOURCES = 8


class Run(ctypes.Structure):
    """A run of weights, and where their gradients are; see ``update.h``."""

    _fields_ = (
        ("first", c_int64),
        ("count", c_int64),
        ("gradients", c_void_p * MAX_SOURCES),
        ("sources", c_int32),
        ("in_bfloat16", c_int32),
    )


class Library:
    """The compiled kernels; those for both types are found by :meth:`of`."""

    def __init__(self, file: Path) -> None:
        loaded = ctypes.CDLL(str(file))
        for name, arguments in _FOR_BOTH_TYPES.items():
            for suffix in "bf":
                _declare(getattr(loaded, f"{name}_{suffix}"), None, arguments)
        for name, (result, arguments) in _OTHERS.items():
            _declare(getattr(loaded, name), result, arguments)
        self.loaded: Any = loaded

    def of(self, name: str, dtype: torch.dtype) -> Callable[..., None]:
        """The kernel of that name for numbers of that type, float32 or bfloat16."""
        found: Callable[..., None] = getattr(self.loaded, f"{name}_{'b' if dtype == torch.bfloat16 else 'f'}")
        return found


def library(on_message: Callable[[str], None] | None = None) -> Library | None:
    """The kernels, compiled if need be; None where there are none, which is said once in a process."""
    found = _library()
    if isinstance(found, Library):
        return found
    if found and on_message is not None and found not in _said:
        _said.add(found)
        on_message(found)
    return None


_said: set[str] = set()


@cache
def _library() -> Library | str:
    """The kernels, or why there are none; an empty text where nobody needs to know."""
    if os.environ.get(SWITCH) == "off" or not all(torch.cpu.get_capabilities().get(need) for need in _NEEDS):
        return ""
    compiler = _compiler()
    if compiler is None:
        return "there is no C++ compiler, so that training takes about twice as long; install one (g++ or clang++)"
    try:
        return Library(_compiled(compiler))
    except (OSError, OutputError, AttributeError, subprocess.SubprocessError) as error:
        return f"the fast kernels could not be built ({_reason(error)}), so that training takes about twice as long"


def _compiled(compiler: list[str]) -> Path:
    """The library's file, which is made unless it is there; one that is not whole is made again."""
    sources = {
        file.name: file.read_bytes() for file in sorted(Path(__file__).parent.glob("*.[ch]*")) if _is_source(file)
    }
    told = subprocess.run([*compiler, "--version"], capture_output=True, check=True, timeout=_COMPILES_WITHIN_S).stdout
    what = [
        told,
        platform.machine().encode(),
        _processor().encode(),
        repr((compiler, _OPTIONS)).encode(),
        *sources.values(),
    ]
    name = hashlib.sha256(b"\0".join(what)).hexdigest()[:24]
    folder = cache_folder() / "kernels"
    for file in folder.glob(f"{name}-*.so"):
        # Loading a torn library may end the process.
        if file == _place(folder, name, file.read_bytes()):
            return file
        file.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with TemporaryDirectory(dir=folder) as drafts:  # several processes may be at it
        draft = Path(drafts) / "kernels.so"
        command = [*compiler, *_OPTIONS, str(Path(__file__).parent / "kernels.cpp"), "-o", str(draft)]
        subprocess.run(command, capture_output=True, check=True, timeout=_COMPILES_WITHIN_S)
        content = draft.read_bytes()
    file = _place(folder, name, content)
    write_whole(file, content)
    return file


def _place(folder: Path, name: str, content: bytes) -> Path:
    """A file whose name proves its content."""
    return folder / f"{name}-{hashlib.sha256(content).hexdigest()[:16]}.so"


def _is_source(file: Path) -> bool:
    return file.suffix in (".h", ".cpp")


def _compiler() -> list[str] | None:
    """The compiler's command: its program, which there is, and what is given to it first."""
    given = os.environ.get(COMPILER_VARIABLE, "").split()
    known = [given] if given else [["c++"], ["g++"], ["clang++"]]
    return next((command for command in known if shutil.which(command[0])), None)


def _processor() -> str:
    """What ``-march=native`` depends on: the features of the processor."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("flags"):
                return line
    return f"{platform.processor()} {sys.platform}"


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = error.stderr.decode(errors="replace").splitlines()
        return next((line for line in lines if "error" in line), f"exit code {error.returncode}")
    if isinstance(error, subprocess.TimeoutExpired):
        return f"the compiler took more than {error.timeout:.0f} s"
    return str(error)


def _declare(function: Any, result: Any, arguments: tuple[Any, ...]) -> None:
    function.restype, function.argtypes = result, list(arguments)
