"""The device of a run: which, its name, its memory, and deterministic kernels on it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from gradus.errors import InputError
from gradus.runs.request import Device

_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"


def resolved_device(device: Device) -> Device:
    """``auto`` as ``cuda`` where there is one and else ``cpu``; the others as they are.

    Raises:
        InputError: the device is unknown, or is ``cuda`` and this machine has none.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise InputError("device", device, "must be auto, cpu or cuda", "choose one of them")
    found = torch.cuda.is_available()
    if device == "cuda" and not found:
        raise InputError("device", device, "PyTorch finds no GPU on this machine", "use cpu or auto")
    if device == "auto":
        return "cuda" if found else "cpu"
    return device


def device_name(device: torch.device) -> str:
    """The GPU or processor in words."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return _processor_name()


@contextmanager
def deterministic(device: torch.device) -> Iterator[None]:
    """Deterministic kernels while the block runs; every setting is put back afterwards."""
    algorithms = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    cudnn = (torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark)
    tf32 = (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32)
    cublas = os.environ.get(_CUBLAS)
    try:
        if device.type == "cuda":
            os.environ.setdefault(_CUBLAS, ":4096:8")
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
        torch.use_deterministic_algorithms(True, warn_only=device.type == "cuda")
        yield
    finally:
        torch.use_deterministic_algorithms(algorithms, warn_only=warn_only)
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = cudnn
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = tf32
        if cublas is None:
            os.environ.pop(_CUBLAS, None)


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
