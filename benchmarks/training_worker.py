"""The inner side of :class:`training_process.TurnTaking`: builds one program, then does what each message asks.

The first message says what to build: ``kind`` (keras, pytorch, gradus or roof), its ``options``, ``precision``,
``threads``, ``began`` (when the process was started, by :func:`time.perf_counter`) and, for all that train, ``images``
and ``labels`` (files of NumPy arrays), ``batch_size`` and ``warm_up`` (images).  Started programs answer with
``first_step_s``, seconds from the start of the process to the end of the first step, reading of the images left out.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import Any, Protocol

MODULES = {
    "keras": "training_keras",
    "pytorch": "training_pytorch",
    "gradus": "training_gradus",
    "roof": "training_roof",
}
"""Each has a function ``program(given)``; libraries are loaded in the process that needs them alone."""


class Program(Protocol):
    """What a worker serves."""

    def started(self) -> dict[str, Any]:
        """What is known once the program has made its first steps."""

    def turn(self, message: dict[str, Any]) -> dict[str, Any]:
        """One turn; ``seconds`` is what counts."""


class FirstStep:
    """When the first step was done, reading of the data left out."""

    def __init__(self, began: float) -> None:
        self._began, self._reading_s = began, 0.0
        self.seconds: float | None = None

    def __call__(self) -> None:
        """A step is done; only the first one counts."""
        if self.seconds is None:
            self.seconds = time.perf_counter() - self._began - self._reading_s

    def reading_took(self, seconds: float) -> None:
        """These seconds went into reading, not into starting."""
        self._reading_s += seconds


def main() -> None:
    connection = Connection(int(sys.argv[1]))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    given = _received(connection)
    _use_threads(given.get("threads"))
    try:
        program: Program = importlib.import_module(MODULES[given["kind"]]).program(given)
        _send(connection, program.started())
    except ModuleNotFoundError as error:
        _send(connection, {"ended": f"not installed: {(error.name or str(error)).partition('.')[0]}"})
        return
    while (message := _received(connection)) is not None:
        _send(connection, program.turn(message))


def _end_with_parent() -> None:
    """Standard input closes when the process that started this one is gone, be it in the middle of a turn."""
    sys.stdin.buffer.read()
    os._exit(1)


def _use_threads(count: int | None) -> None:
    """Run on so many processors; every library counts those that its process may use."""
    if count is None:
        return
    os.environ["OMP_NUM_THREADS"] = str(count)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def _received(connection: Connection) -> Any:
    try:
        return json.loads(connection.recv_bytes())
    except EOFError:
        return None


def _send(connection: Connection, answer: dict[str, Any]) -> None:
    connection.send_bytes(json.dumps(answer).encode())


if __name__ == "__main__":
    main()
