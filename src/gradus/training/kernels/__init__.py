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
import threading
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
from gradus.training.data.cache import FOLDER_VARIABLE, cache_folder

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
_COMPILERS = ("c++", "g++", "clang++")

_NO_COMPILER, _SLOWER = "there is no C++ compiler", "training takes about twice as long"

_P, _I, _L = c_void_p, c_int, c_int64
_DROP = (c_uint64, c_int, c_float)
_SUMS = (_P, _P, _I, _I)
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
    "batch_normalised": (_P, _L, _L, _L, _P, c_double, _I, *_SUMS, _P, _P, _P, _P),
    "batch_normalised_gradient": (_P, _P, _P, _L, _L, _L, _I, *_SUMS, _P, _P, _P, _P),
    "first_convolution": (_P, *(_L,) * 11, _P, _P, _I, _P),
    "first_convolution_gradients": (_P, *(_L,) * 11, _P, _P, _P),
    "pooled_convolution_gradients": (_L, _L, _L, _L, _L, _L, _P, _P, _P, _P, c_float, _I, _P, _P, _P),
}
_RESULTS = dict.fromkeys(("batch_normalised", "batch_normalised_gradient"), _I)
"""Of those for both types; the others have none."""

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
    """The compiled kernels; those for both types are found by :meth:`of`.

    Attributes:
        fingerprint: 12 hexadecimal digits of the SHA-256 of the compiled file; equal ones give equal bits.
    """

    def __init__(self, file: Path) -> None:
        self.fingerprint = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        loaded = ctypes.CDLL(str(file))
        for name, arguments in _FOR_BOTH_TYPES.items():
            for suffix in "bf":
                _declare(getattr(loaded, f"{name}_{suffix}"), _RESULTS.get(name), arguments)
        for name, (result, arguments) in _OTHERS.items():
            _declare(getattr(loaded, name), result, arguments)
        self.loaded: Any = loaded

    def of(self, name: str, dtype: torch.dtype) -> Callable[..., Any]:
        """The kernel of that name for numbers of that type, float32 or bfloat16."""
        found: Callable[..., Any] = getattr(self.loaded, f"{name}_{'b' if dtype == torch.bfloat16 else 'f'}")
        return found


def library(on_message: Callable[[str], None] | None = None) -> Library | None:
    """The kernels, compiled if need be; None where there are none, which is said once in a process."""
    with _looking:  # they are compiled by one thread, and the others wait for them
        found, message = _library()
        if message and on_message is not None and message not in _said:
            _said.add(message)
            on_message(message)
    return found


_looking = threading.Lock()
_said: set[str] = set()


@cache
def _library() -> tuple[Library | None, str]:
    """The kernels, if there are any, and what the user must know about them; mostly nothing."""
    if os.environ.get(SWITCH) == "off" or not all(torch.cpu.get_capabilities().get(need) for need in _NEEDS):
        return None, ""
    compiler = _compiler()
    if not shutil.which(compiler[0]):
        asked = os.environ.get(COMPILER_VARIABLE, "").strip()
        there = f"there is no C++ compiler {compiler[0]}, which {COMPILER_VARIABLE} names" if asked else _NO_COMPILER
        remedy = f"name one that there is, or unset {COMPILER_VARIABLE}" if asked else "install one (g++ or clang++)"
        return None, f"{there}, so that {_SLOWER}; {remedy}"
    try:
        return _loaded(compiler)
    except (OSError, OutputError, AttributeError, subprocess.SubprocessError) as error:
        return None, f"the fast kernels could not be built ({_reason(error)}), so that {_SLOWER}"


def _loaded(compiler: list[str]) -> tuple[Library, str]:
    """The library, compiled unless a whole one is kept; and a message where none can be kept."""
    folder = cache_folder() / "kernels"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if fault := _not_ours(folder):
        # What lies there could be another user's program.
        with TemporaryDirectory(ignore_cleanup_errors=True) as private:
            return Library(_compiled(compiler, Path(private))), (
                f"{folder} {fault}, so that the fast kernels are not kept there but compiled in every process; "
                f"remove it, or set {FOLDER_VARIABLE} to a folder of your own"
            )
    name = _name(compiler)
    for file in folder.glob(f"{name}-*.so"):
        if _not_ours(file):
            continue
        # Loading a torn library may end the process.
        if file == _place(folder, name, file.read_bytes()):
            return Library(file), ""
        file.unlink(missing_ok=True)
    with TemporaryDirectory(dir=folder) as drafts:  # several processes may be at it
        content = _compiled(compiler, Path(drafts)).read_bytes()
    file = _place(folder, name, content)
    write_whole(file, content)
    file.chmod(0o600)  # whatever the umask is
    return Library(file), ""


def _not_ours(place: Path) -> str:
    """Why what lies there is not to be trusted: another user has written it, or may have; empty if it is."""
    if sys.platform == "win32":  # there folders of users are theirs alone
        return ""
    found = place.stat()
    if found.st_uid != os.geteuid():
        return "belongs to another user"
    return "can be written to by other users" if found.st_mode & 0o022 else ""


def _compiled(compiler: list[str], folder: Path) -> Path:
    """The library's file, made in a folder."""
    file = folder / "kernels.so"
    command = [*compiler, *_OPTIONS, str(Path(__file__).parent / "kernels.cpp"), "-o", str(file)]
    subprocess.run(command, capture_output=True, check=True, timeout=_COMPILES_WITHIN_S)
    return file


def _name(compiler: list[str]) -> str:
    """What follows from all that decides how the library comes out."""
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
    return hashlib.sha256(b"\0".join(what)).hexdigest()[:24]


def _place(folder: Path, name: str, content: bytes) -> Path:
    """A file whose name proves its content."""
    return folder / f"{name}-{hashlib.sha256(content).hexdigest()[:16]}.so"


def _is_source(file: Path) -> bool:
    return file.suffix in (".h", ".cpp")


def _compiler() -> list[str]:
    """The compiler's command: its program, which may not be there, and what is given to it first."""
    given = os.environ.get(COMPILER_VARIABLE, "").split()
    return given or [next((name for name in _COMPILERS if shutil.which(name)), _COMPILERS[0])]


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
