"""How to install the gradus that is running, for the notebook's first cell."""

from __future__ import annotations

import json
import re
import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

_PUBLIC = re.compile(r"^(https://|ssh://|git@)[^\s]+$")
_UNKNOWN = "ADDRESS-OF-THE-GRADUS-REPOSITORY"


def install_command() -> str:
    """The pip command that installs gradus from the repository that this copy came from.

    The address is the one that pip recorded (PEP 610) or the checkout's ``origin``; where neither is public, a
    placeholder stands in its place.
    """
    address = _recorded_address() or _checkout_address() or _UNKNOWN
    address = re.sub(r"^git@([^:/]+):", r"ssh://git@\1/", address)
    return f'pip install "gradus[train] @ git+{address}"'


def _recorded_address() -> str | None:
    try:
        text = distribution("gradus").read_text("direct_url.json")
    except PackageNotFoundError:
        return None
    recorded = json.loads(text) if text else {}
    return _public(str(recorded.get("url", ""))) if "vcs_info" in recorded else None


def _checkout_address() -> str | None:
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():
        return None
    try:
        asked = ["git", "-C", str(root), "remote", "get-url", "origin"]
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return _public(answer.stdout.strip())


def _public(address: str) -> str | None:
    """The address without credentials, if it can be reached from elsewhere."""
    if not _PUBLIC.match(address):
        return None
    return re.sub(r"^https://[^/@]*@", "https://", address)
