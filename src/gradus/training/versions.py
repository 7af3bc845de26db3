"""The versions that a run's record names."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

import gradus

if TYPE_CHECKING:
    from gradus.training.kernels import Library


@cache
def _installed(package: str) -> str:
    return version(package)


def versions(kernels: Library | None = None) -> dict[str, str]:
    """Of gradus, Python, PyTorch and NumPy; and of the compiled kernels, where there are any, their fingerprint."""
    found = {"gradus": gradus.__version__, "Python": platform.python_version()}
    found |= {"PyTorch": _installed("torch"), "NumPy": _installed("numpy")}
    return found if kernels is None else found | {"kernels": kernels.fingerprint}
