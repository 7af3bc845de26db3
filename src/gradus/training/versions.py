"""The versions that a run's record names."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version

import gradus


@cache
def _installed(package: str) -> str:
    return version(package)


def versions() -> dict[str, str]:
    """Of gradus, Python, PyTorch and NumPy."""
    found = {"gradus": gradus.__version__, "Python": platform.python_version()}
    return found | {"PyTorch": _installed("torch"), "NumPy": _installed("numpy")}
