"""The device of a run: which, its name, its memory, and deterministic kernels on it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import torch

from gradus.errors import InputError, WorkFailed
from gradus.runs.request import Device, Precision

_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
_NO_MEMORY = "can't allocate memory"
"""In what PyTorch says where there is too little memory for the processor; for a GPU it has a type of its own."""


def resolved_device(device: Device) -> Device:
    """``auto`` as ``cuda`` or ``mps`` where there is one and else ``cpu``; the others as they are.

    Raises:
        InputError: the device is unknown, or this machine has none.
    """
    if device not in get_args(Device):
        raise InputError("device", device, f"must be one of {', '.join(get_args(Device))}", "choose one of them")
    found: dict[Device, bool] = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not found.get(device, True):
        kind = "GPU" if device == "cuda" else "Apple GPU"
        raise InputError("device", device, f"PyTorch finds no {kind} on this machine", "use cpu or auto")
    if device == "auto":
        return next((name for name, there in found.items() if there), "cpu")
    return device


def resolved_precision(precision: Precision, device: Device) -> Precision:
    """``auto`` as ``bf16`` where the device multiplies bfloat16 in hardware and else ``fp32``; the others as they are.

    Raises:
        InputError: the precision is unknown.

    >>> resolved_precision("fp32", "cpu")
    'fp32'
    """
    if precision not in get_args(Precision):
        rule = f"must be one of {', '.join(get_args(Precision))}"
        raise InputError("precision", precision, rule, "choose one of them")
    if precision == "auto":
        return "bf16" if _has_bfloat16(device) else "fp32"
    return precision


def arithmetic_type(precision: Precision) -> torch.dtype | None:
    """The type in which networks calculate at a resolved precision, where it is not that of their weights."""
    return torch.bfloat16 if precision == "bf16" else None


def _has_bfloat16(device: Device) -> bool:
    match device:
        case "cuda":
            return torch.cuda.get_device_capability() >= (8, 0)
        case "cpu":
            known = torch.cpu.get_capabilities()
            return bool(known.get("avx512_bf16") or known.get("amx_bf16") or known.get("bf16"))
        case _:
            return False


def sum_type(device: torch.device) -> torch.dtype:
    """The type of sums over many values: float64, where the device has it."""
    return torch.float32 if device.type == "mps" else torch.float64


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def device_name(device: torch.device) -> str:
    """The GPU or processor in words."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return _processor_name()


@contextmanager
def deterministic(device: torch.device) -> Iterator[None]:
    """Deterministic kernels in full float32 while the block runs; every setting is put back afterwards."""
    algorithms = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    cudnn = (torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark, torch.backends.cudnn.allow_tf32)
    products = torch.get_float32_matmul_precision()
    fills = torch._C._get_deterministic_fill_uninitialized_memory()
    cublas = os.environ.get(_CUBLAS)
    try:
        if device.type == "cuda":
            os.environ.setdefault(_CUBLAS, ":4096:8")
        torch.set_float32_matmul_precision("highest")
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
        torch.backends.cudnn.allow_tf32 = False
        _use_deterministic_algorithms(True, warn_only=device.type == "cuda")
        # Nothing here reads memory that it has not written, and filling it costs as much as writing it.
        torch._C._set_deterministic_fill_uninitialized_memory(False)
        yield
    finally:
        torch._C._set_deterministic_fill_uninitialized_memory(fills)
        _use_deterministic_algorithms(algorithms, warn_only=warn_only)
        deterministic_cudnn, benchmark, tf32 = cudnn
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = deterministic_cudnn, benchmark
        torch.backends.cudnn.allow_tf32 = tf32
        torch.set_float32_matmul_precision(products)
        if cublas is None:
            os.environ.pop(_CUBLAS, None)


def _use_deterministic_algorithms(use: bool, warn_only: bool) -> None:
    # torch.use_deterministic_algorithms does this too, and loads PyTorch's compiler, which takes most of a second.
    torch._C._set_deterministic_algorithms(use, warn_only=warn_only)


@contextmanager
def memory_named(batch_size: int) -> Iterator[None]:
    """Too little memory in the block is said as such.

    Raises:
        WorkFailed: the memory does not suffice.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError | torch.OutOfMemoryError) or _NO_MEMORY in str(error):
            smaller = "" if batch_size == 1 else f", or use smaller batches (--set batch_size={batch_size // 2})"
            rule = f"there is not enough memory for batches of {batch_size} images"
            raise WorkFailed(f"{rule}; close other programs{smaller}") from error
        raise


def forget_peak_memory(device: torch.device) -> None:
    """Let the GPU's peak start anew; that of a process cannot."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_memory_bytes(device: torch.device) -> int | None:
    """Peak resident memory of the process, or peak allocated memory of the GPU; None where nothing tells."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _processor_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
