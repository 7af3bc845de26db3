"""The first import of PyTorch in a process."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec

from gradus.errors import MissingExtra

_WAIT_POLICY = "OMP_WAIT_POLICY"


def load_torch() -> None:
    """Import PyTorch, so that its threads sleep while they wait, unless the environment says otherwise.

    By default they spin, and where other programs want the same processors a step then takes ten times as long.
    OpenMP reads the variable once, when it is loaded; the environment is put back.

    Raises:
        MissingExtra: PyTorch is not installed.
    """
    if sys.modules.get("torch") is not None:
        return
    if not _is_installed("torch"):
        raise MissingExtra("training", "train")
    given = os.environ.get(_WAIT_POLICY)
    os.environ.setdefault(_WAIT_POLICY, "PASSIVE")
    try:
        import_module("torch")
    finally:
        if given is None:
            os.environ.pop(_WAIT_POLICY, None)


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ValueError:  # its entry in sys.modules is empty: another program barred it
        return False
