"""Ctrl-C and the system's request to end, seen between steps, so that no step is torn apart."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

AS_ONE_S = 0.5
"""Signals that follow each other as closely are one request: torchrun passes on the Ctrl-C that all have got."""


class Stopping:
    """Whether the run was asked to stop, and when (by :func:`time.monotonic`); it looks between two steps."""

    requested = False
    at = 0.0


@contextmanager
def stopping() -> Iterator[Stopping]:
    """While the block runs, the first SIGINT or SIGTERM only asks to stop; the second one stops at once.

    Outside of the main thread, where Python delivers no signals, nothing is changed; a signal that is ignored, as in a
    job that a shell runs in the background, stays so.
    """
    state = Stopping()
    if threading.current_thread() is not threading.main_thread():
        yield state
        return

    def ask(number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if not state.requested:
            state.requested, state.at = True, now
        elif now - state.at > AS_ONE_S:
            raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    # None is a handler that was not set from Python, and could not be put back.
    taken = {number: handler for number, handler in before.items() if handler not in (signal.SIG_IGN, None)}
    try:
        for number in taken:
            signal.signal(number, ask)
        yield state
    finally:
        for number, handler in taken.items():
            signal.signal(number, handler)
