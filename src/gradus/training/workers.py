"""Several processes that train one network: each takes a part of every batch, and gradients are summed up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed

from gradus.errors import WorkFailed

LOST = 3
"""The exit code of a worker that ends because it has lost another one."""


class WorkerLost(WorkFailed):
    """Another worker of the run has ended."""


@dataclass(frozen=True)
class Workers:
    """Where this process stands among the workers of a run; one process alone by default.

    Attributes:
        rank: the number of this process, from 0; number 0 writes what is written.
        size: how many there are.

    >>> [Workers(rank, 3).share(32) for rank in range(3)]
    [(0, 11), (11, 22), (22, 32)]
    """

    rank: int = 0
    size: int = 1

    def share(self, count: int) -> tuple[int, int]:
        """The rows of a batch of ``count`` that are this worker's, as (first, end): contiguous, and almost equal."""
        each, more = divmod(count, self.size)
        first = self.rank * each + min(self.rank, more)
        return first, first + each + (self.rank < more)

    def sum(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """The sums of the tensors over all workers, of one type and on one device; laid out in memory as they are.

        Raises:
            WorkerLost: another worker does not answer.
        """
        if self.size == 1:
            return list(tensors)
        together = torch.cat([_in_memory_order(tensor) for tensor in tensors])
        with self._losses_named():
            distributed.all_reduce(together)
        summed = []
        for tensor, piece in zip(tensors, torch.split(together, [tensor.numel() for tensor in tensors]), strict=True):
            summed.append(torch.empty_like(tensor))
            _in_memory_order(summed[-1]).copy_(piece)
        return summed

    def first_says(self, content: bytes, device: torch.device) -> bytes:
        """What the first worker gives here, told to all of them.

        Raises:
            WorkerLost: another worker does not answer.
        """
        if self.size == 1:
            return content
        (length,) = self.sum([torch.tensor(len(content) if self.rank == 0 else 0, device=device)])
        told = torch.zeros(int(length.item()), dtype=torch.uint8, device=device)
        if not len(told):
            return b""
        if self.rank == 0:
            told.copy_(torch.frombuffer(bytearray(content), dtype=torch.uint8))
        with self._losses_named():
            distributed.broadcast(told, 0)
        return told.cpu().numpy().tobytes()

    @contextmanager
    def _losses_named(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            rule = "another worker has ended or does not answer"
            raise WorkerLost(f"worker {self.rank} of {self.size}: {rule} ({_first_line(error)})") from error


ALONE = Workers()


def _in_memory_order(tensor: Tensor) -> Tensor:
    """A dense tensor's values as they follow each other in memory; a view."""
    return tensor.as_strided((tensor.numel(),), (1,))


def _first_line(error: RuntimeError) -> str:
    """What PyTorch says, without the place in its sources before it and the advice after it.

    >>> _first_line(RuntimeError("[/gloo/pair.cc:553] Connection closed by peer [::1]:80. This is typical.\\nMore"))
    'Connection closed by peer [::1]:80'
    """
    line = re.sub(r"^\[[^]]*:[0-9]+\] ", "", str(error).strip().partition("\n")[0])
    return line.partition(". ")[0]
