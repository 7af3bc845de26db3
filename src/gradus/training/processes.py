"""The processes of a run that several workers share: started here, or by torchrun."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from pathlib import Path

import torch
from torch import distributed
from torch._C._distributed_c10d import Store, TCPStore

from gradus.errors import InputError, WorkFailed
from gradus.runs.request import RunRequest
from gradus.training.stopping import Stopping
from gradus.training.workers import ALONE, LOST, WorkerLost, Workers

MAX_WORKERS = 256
STARTS_WITHIN = timedelta(minutes=10)
"""How long the workers of a run wait for each other before it begins."""

ANSWERS_WITHIN = timedelta(days=1)
"""How long a worker on this machine waits for another one, which may wait for a full disk; that one of them ends is
seen at once."""

_ENDS_WITHIN_S = 30.0
_INTERFACE = "GLOO_SOCKET_IFNAME"


@contextmanager
def joined(count: int, request: RunRequest, data_dir: Path | None, stopping: Stopping) -> Iterator[Workers]:
    """This process's place among the workers of a run, whose group lasts as long as the block.

    Under torchrun the group is the one that it has started.  Otherwise ``count`` - 1 more processes are started on this
    machine, and share its processors with this one; they end with the block, and with this process, however it ends.

    Raises:
        InputError: the number of workers is not usable.
        WorkFailed: a worker has ended.
        KeyboardInterrupt: the run was asked to stop before it began.
    """
    if not 1 <= count <= MAX_WORKERS:
        raise InputError("workers", count, f"must be from 1 to {MAX_WORKERS}", "1 trains in this process alone")
    if "RANK" in os.environ and "WORLD_SIZE" in os.environ:
        if count != 1:
            rule = "does not go with torchrun, which has started its own workers"
            raise InputError("workers", count, rule, "give --nproc-per-node to torchrun instead")
        with _group(request.device, None, int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])) as workers:
            yield workers
    elif count == 1:
        yield ALONE
    else:
        with _started(count, request, data_dir, stopping) as workers:
            yield workers


@contextmanager
def group_of(device: str, port: int, rank: int, size: int) -> Iterator[Workers]:
    """The place of a process that was started by another one.

    Raises:
        WorkFailed: that process does not answer.
    """
    try:
        store = TCPStore("127.0.0.1", port, size, is_master=False, timeout=STARTS_WITHIN)
        store.set(_ready(rank), "yes")
    except RuntimeError as error:
        raise _not_together(error) from error
    with _group(device, store, rank, size) as workers:
        yield workers


@contextmanager
def _started(count: int, request: RunRequest, data_dir: Path | None, stopping: Stopping) -> Iterator[Workers]:
    if request.device == "cuda" and count > torch.cuda.device_count():
        rule = f"must be at most {torch.cuda.device_count()}, the number of GPUs"
        raise InputError("workers", count, rule, "give fewer, or use the processor")
    threads = torch.get_num_threads()
    each = max(1, threads // count)
    store = TCPStore("127.0.0.1", 0, count, is_master=True, wait_for_workers=False, timeout=STARTS_WITHIN)
    told = {"request": request.as_json(), "threads": each, "port": store.port, "size": count}
    told |= {"data_dir": str(data_dir) if data_dir else None}
    others: list[subprocess.Popen[str]] = []
    waits_s = 0.0
    try:
        others.extend(_worker(told | {"rank": rank}) for rank in range(1, count))
        torch.set_num_threads(each)
        _wait_for(others, store, stopping)
        with _group(request.device, store, 0, count) as workers:
            yield workers
        waits_s = _ENDS_WITHIN_S
    except WorkerLost as error:
        raise WorkerLost(f"{_ended(others)}: {error}") from error
    finally:
        torch.set_num_threads(threads)
        _end(others, waits_s)


def _worker(told: dict[str, object]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "gradus.training.worker"],
        stdin=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C reaches this process alone, which tells the others
    )
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it has ended already, which is seen elsewhere
        process.stdin.write(json.dumps(told) + "\n")
        process.stdin.flush()
    return process


def _wait_for(others: Sequence[subprocess.Popen[str]], store: Store, stopping: Stopping) -> None:
    """Until the workers are about to join; PyTorch's own waiting sees neither that one ended nor Ctrl-C."""
    until = time.monotonic() + STARTS_WITHIN.total_seconds()
    while not store.check([_ready(rank) for rank in range(1, len(others) + 1)]):
        if stopping.requested:
            raise KeyboardInterrupt
        if any(other.poll() is not None for other in others):
            raise WorkFailed(f"{_ended(others)} before the run began")
        if time.monotonic() > until:
            raise WorkFailed("the workers could not be brought together: they took too long to start")
        time.sleep(0.02)


def _end(others: Sequence[subprocess.Popen[str]], waits_s: float) -> None:
    """Workers that have finished end by themselves; the others are ended."""
    until = time.monotonic() + waits_s
    for other in others:
        with suppress(subprocess.TimeoutExpired):
            other.wait(max(0.0, until - time.monotonic()))
        other.kill()
        other.wait()
        assert other.stdin is not None
        with suppress(BrokenPipeError):
            other.stdin.close()


def _ended(others: Sequence[subprocess.Popen[str]]) -> str:
    """Which worker has ended, and how; those who have lost it end as well, but are not meant."""
    until = time.monotonic() + 1
    while time.monotonic() < until:
        for rank, other in enumerate(others, start=1):
            code = other.poll()
            if code is not None and code != LOST:
                return f"worker {rank} {_how(code)}"
        time.sleep(0.02)
    return "a worker does not answer"


def _how(code: int) -> str:
    if code >= 0:
        return f"has ended with exit code {code}"
    names = {int(known): known.name for known in signal.Signals}
    return f"was ended by {names.get(-code, f'signal {-code}')}"


@contextmanager
def _group(device: str, store: Store | None, rank: int, size: int) -> Iterator[Workers]:
    """The group that the environment describes, as torchrun sets it, or that whose members meet in a store."""
    ours = store is not None
    try:
        with _on_loopback() if ours else nullcontext():
            distributed.init_process_group(
                "nccl" if device == "cuda" else "gloo",
                store=store,
                rank=rank if ours else -1,
                world_size=size if ours else -1,
                timeout=ANSWERS_WITHIN if ours else None,
            )
    except (RuntimeError, ValueError) as error:
        raise _not_together(error) from error
    try:
        if device == "cuda":
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", rank)))
        yield Workers(rank, size)
    finally:
        distributed.destroy_process_group()


@contextmanager
def _on_loopback() -> Iterator[None]:
    """Workers of one machine speak through its loopback, whatever its name is in the network."""
    if _INTERFACE in os.environ:
        yield
        return
    os.environ[_INTERFACE] = "lo0" if sys.platform == "darwin" else "lo"
    try:
        yield
    finally:
        del os.environ[_INTERFACE]


def _not_together(error: Exception) -> WorkFailed:
    first = str(error).strip().partition("\n")[0]
    return WorkFailed(f"the workers could not be brought together: {first}")


def _ready(rank: int) -> str:
    return f"ready/{rank}"
