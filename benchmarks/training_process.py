"""A program in a process of its own that stays alive, works only in its turns, and sleeps while others are timed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

WORKER = Path(__file__).with_name("training_worker.py")


class Ended(Exception):
    """A program gave no result; the text says why, in a few words for a table."""


class TurnTaking:
    """One program of :mod:`training_programs`, started and then stopped (SIGSTOP) until its turn.

    TensorFlow, PyTorch and OpenMP let idle threads spin for a while; a stopped process takes no processor time at all.
    The process has a process group of its own, so that helpers it started stop with it.  Should this process be killed,
    the worker ends, too: the system wakes a stopped group that nobody waits for, and its standard input closes.

    Args:
        given: what the worker is to build, as JSON; see :mod:`training_worker`.
        environment: variables that are set besides those of this process.
        limit: seconds that the start may take.

    Raises:
        Ended: a library is not installed, the start failed or took too long.
    """

    def __init__(self, given: Mapping[str, Any], environment: Mapping[str, str], limit: float) -> None:
        self._connection, theirs = Pipe()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, str(WORKER), str(theirs.fileno())],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,  # closes when this process ends, however it ends
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            pass_fds=[theirs.fileno()],
            process_group=0,
        )
        theirs.close()
        try:
            self.started: dict[str, Any] = self._answer({**given, "began": time.perf_counter()}, limit)
        except BaseException:
            self.close()
            raise
        self._stop()

    @property
    def process_id(self) -> int:
        """Of the worker, and of its group."""
        return self._process.pid

    def turn(self, message: Mapping[str, Any], limit: float) -> dict[str, Any]:
        """The answer to one message; the process runs only meanwhile.

        Raises:
            Ended: the work failed or took longer than the limit; the process is gone.
        """
        self._signal(signal.SIGCONT)
        try:
            answer = self._answer(message, limit)
        except BaseException:
            self.close()
            raise
        self._stop()
        return answer

    def close(self) -> None:
        """End the process and what it started."""
        self._signal(signal.SIGKILL)
        self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._connection.close()
        self._errors.close()

    def _answer(self, message: Mapping[str, Any], limit: float) -> dict[str, Any]:
        try:
            self._connection.send_bytes(json.dumps(message).encode())
            if not self._connection.poll(limit):
                raise Ended(f"over {limit:.0f} s")
            answer: dict[str, Any] = json.loads(self._connection.recv_bytes())
        except (EOFError, OSError) as error:
            raise Ended(f"failed: {self._last_words()}") from error
        if "ended" in answer:
            raise Ended(answer["ended"])
        return answer

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1][:200] if lines else f"exit code {self._process.poll()}"

    def _stop(self) -> None:
        """Stop the group, and wait until the worker stands still."""
        self._signal(signal.SIGSTOP)
        os.waitpid(self._process.pid, os.WUNTRACED)

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return


@contextmanager
def all_closed(programs: Mapping[str, TurnTaking]) -> Iterator[None]:
    """Whatever happens in the block, no process is left over."""
    try:
        yield
    finally:
        for program in programs.values():
            program.close()
