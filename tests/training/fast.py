"""The compiled kernels, and threads that use them; tests that need them are skipped where there are none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
import torch
from torch import Tensor

from gradus.training.kernels import Library, library
from gradus.training.kernels.operations import FastOperations
from gradus.training.operations import Operations
from gradus.training.team import Team, gathered

TYPES = (torch.float32, torch.bfloat16)


def kernels() -> Library:
    """The library; where there is none, the test is skipped."""
    said: list[str] = []
    found = library(said.append)
    if found is None:
        pytest.skip(f"there are no compiled kernels here: {' '.join(said) or 'no AVX-512, or switched off'}")
    return found


def operations(fast: bool) -> Operations:
    return FastOperations(kernels()) if fast else Operations()


@contextmanager
def team_of(size: int) -> Iterator[Team]:
    """A team of one needs no kernels."""
    with gathered(size, kernels() if size > 1 else None) as team:
        yield team


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def numbers(seed: int, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Normally distributed; four-dimensional ones are channels-last in memory."""
    found = torch.randn(shape, generator=generator(seed)).to(dtype)
    return found.contiguous(memory_format=torch.channels_last) if len(shape) == 4 else found


def assert_near(found: Tensor, exact: Tensor, share: float) -> None:
    """No entry is further away than a share of the largest one."""
    assert found.shape == exact.shape
    if not found.numel():
        return
    largest = exact.abs().max().item()
    difference = (found.double() - exact.double()).abs().max().item()
    assert difference <= share * largest, f"{difference:.2e} of {largest:.2e}"


def within(seconds: float, act: Callable[[], None]) -> list[BaseException]:
    """What it has raised; it fails, and does not hang, if it has not ended by then."""
    raised: list[BaseException] = []

    def caught() -> None:
        try:
            act()
        except BaseException as error:
            raised.append(error)

    thread = Thread(target=caught, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "it hangs"
    return raised
