"""A process that runs one task at a time, and is ended when a task takes longer than its limit."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

MEMORY = 4 << 30
"""Most bytes of address space in a worker; a task that needs more counts as failed."""


class Worker:
    """Sends messages to ``serve(receive, reply)`` in a process of its own.

    A task that fails in an unforeseen way ends the process, which is how the caller learns of it; the next call starts
    a fresh one.
    """

    def __init__(self, serve: Callable[[Connection], None]) -> None:
        self._serve = serve
        self._start()

    def _start(self) -> None:
        context = get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_quietly, args=(self._serve, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self._connection.recv()  # ready: imports are done

    def call(self, message: Any, limit: float) -> Any:
        """The reply; ``"over the limit"`` or ``"failed"`` where there is none."""
        self._connection.send(message)
        try:
            if self._connection.poll(limit):
                return self._connection.recv()
            outcome = "over the limit"
        except EOFError:
            outcome = "failed"
        self.close()
        self._start()
        return outcome

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._connection.close()


def _quietly(serve: Callable[[Connection], None], connection: Connection) -> None:
    """Without the traceback of a failed task, which the table reports as failed."""
    sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    serve(connection)
