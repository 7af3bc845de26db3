"""Ending work that runs too long."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from gradus.errors import InputError, WorkFailed


class TimeSpent(WorkFailed):
    """The time that was allowed is spent."""


@contextmanager
def time_limit(seconds: float, remedy: str) -> Iterator[None]:
    """Ends what runs inside after so many seconds; without a limit where the system has no interval timer.

    Raises:
        TimeSpent: the time is spent.
        InputError: the time is no positive number.

    >>> with time_limit(0.01, "wait longer"):
    ...     while True: pass
    Traceback (most recent call last):
    gradus.cli.time_limit.TimeSpent: not finished after 0.01 s; wait longer
    """
    if not seconds > 0:  # nan, too
        raise InputError("--time-limit", f"{seconds:g}", "must be a number of seconds above 0", "write 60, say")
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def spent(number: int, frame: FrameType | None) -> None:
        raise TimeSpent(f"not finished after {seconds:g} s; {remedy}")

    before = signal.signal(signal.SIGALRM, spent)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
