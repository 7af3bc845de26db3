"""Threads of one process that take a step together, each a part of the batch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from gradus.training.kernels import Library


class Team:
    """Threads that do the same task at the same time, and wait for each other where they exchange numbers.

    A team of one is the calling thread alone.  Of a larger one, which needs the kernels, the calling thread is
    number 0, and the others live until :meth:`ended`.

    Attributes:
        barrier: where they wait, for the kernels; None for one thread.

    >>> alone = Team()
    >>> alone.run(lambda rank: print("thread", rank))
    thread 0
    """

    def __init__(self, size: int = 1, library: Library | None = None) -> None:
        self.size, self.library = size, library
        self._task: Callable[[int], None] | None = None
        self._failure: BaseException | None = None
        self._together = True
        self._shared: dict[object, Tensor] = {}
        self._sharing = threading.Lock()
        self._threads: list[threading.Thread] = []
        self.barrier: int | None = None
        if size > 1:
            assert library is not None
            self._calls = library.loaded
            self.barrier = self._calls.barrier_made(size)
            self._threads = [threading.Thread(target=self._live, args=(rank,), daemon=True) for rank in range(1, size)]
            for thread in self._threads:
                thread.start()

    def run(self, task: Callable[[int], None]) -> None:
        """Do the task in every thread, which is told its number, and return when all are done.

        Raises:
            BaseException: what the task has raised in some thread; the team is of no use after that.
        """
        if self.size == 1:
            task(0)
            return
        if self._failure is not None:
            raise self._failure
        if not self._together:
            raise threading.BrokenBarrierError
        self._task, self._together = task, False
        if self._calls.barrier_wait(self.barrier):  # not so if another thread has begun and failed already
            self._do(0)
            self._together = bool(self._calls.barrier_wait(self.barrier))
        if self._failure is not None:
            raise self._failure

    def wait(self) -> None:
        """Until all threads are here.

        Raises:
            threading.BrokenBarrierError: another thread's task has failed.
        """
        if self.size > 1 and not self._calls.barrier_wait(self.barrier):
            raise threading.BrokenBarrierError

    def shared(self, name: object, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """A tensor that all threads see, the same one for the same name, shape and type."""
        key = (name, shape, dtype)
        with self._sharing:
            if key not in self._shared:
                self._shared[key] = torch.empty(shape, dtype=dtype)
            return self._shared[key]

    def share(self, count: int, rank: int) -> tuple[int, int]:
        """The part of ``count`` rows that is this thread's, as (first, end).

        >>> [Team().share(7, 0)]
        [(0, 7)]
        """
        return count * rank // self.size, count * (rank + 1) // self.size

    def ended(self) -> None:
        """Let the other threads go."""
        if self._threads:
            self._task = None
            if self._together:
                self._calls.barrier_wait(self.barrier)
            else:  # Ctrl-C between two calls here, say, and the others wait for this thread in the midst of a task
                self._calls.barrier_break(self.barrier)
            for thread in self._threads:
                thread.join()
            self._threads = []
            self._calls.barrier_ended(self.barrier)
            self.size, self.barrier = 1, None

    def _live(self, rank: int) -> None:
        while self._calls.barrier_wait(self.barrier) and self._task is not None:
            self._do(rank)
            self._calls.barrier_wait(self.barrier)

    def _do(self, rank: int) -> None:
        assert self._task is not None
        try:
            self._task(rank)
        except threading.BrokenBarrierError:
            pass
        except BaseException as error:  # said by the thread that called
            self._failure = error
            self._calls.barrier_break(self.barrier)


@contextmanager
def gathered(size: int, library: Library | None) -> Iterator[Team]:
    """A team for as long as the block runs; PyTorch's threads are shared out to its members meanwhile."""
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(max(1, threads // size))
        team = Team(size, library)
        try:
            yield team
        finally:
            team.ended()
    finally:
        torch.set_num_threads(threads)
