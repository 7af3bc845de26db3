"""Running a test on either ground: python-flint, or Python with SymPy."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gradus.exact.numbers import ground

GROUNDS = ["flint", "python"]
_CACHES = (
    ("numbers.ground", "factors"),
    ("numbers.composed_polynomials", "minimal_polynomial"),
    ("numbers.algebraic", "surd_square_root"),
    ("numbers.nested_roots", "nested_roots"),
    ("linear_algebra.spectra", "_spectrum"),
    ("linear_algebra.svd", "_svd"),
)


@contextmanager
def on(name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The ground for the time of a test; results of one must not serve the other."""
    if name == "python":
        monkeypatch.setattr(ground, "flint", lambda: None)
    elif ground.flint() is None:
        pytest.skip("python-flint is not installed")
    _forget()
    yield
    _forget()


def _forget() -> None:
    for module, function in _CACHES:
        getattr(importlib.import_module(f"gradus.exact.{module}"), function).cache_clear()
