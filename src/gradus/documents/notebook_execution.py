"""Running a notebook: the outputs of its cells, from a kernel of this interpreter."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gradus.errors import WorkFailed

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

KERNEL: Final = "python3"
"""The name under which notebooks ask for their kernel."""

OnCell = Callable[[int, int], None]
"""Called after each executed code cell with the number of cells done and of all code cells."""


def execute(nb: NotebookNode, folder: Path, on_cell: OnCell | None = None, timeout_s: float = 600) -> NotebookNode:
    """The notebook with the outputs of its cells, really run by a kernel of this interpreter.

    No installed kernel specification is needed, and neither the user's IPython profile nor its history is touched.

    Args:
        nb: the notebook; it is left as it is.
        folder: working directory of the kernel.
        on_cell: told after each code cell.
        timeout_s: seconds that one cell may take.

    Raises:
        WorkFailed: a cell raised, ran too long, or the kernel died or did not start.
        KeyboardInterrupt: the user stopped it; the kernel is shut down first.
    """
    from copy import deepcopy

    executed = deepcopy(nb)
    _until_done(_execute(executed, folder, on_cell, timeout_s))
    executed.metadata = deepcopy(nb.metadata)
    return executed


def _until_done(work: Coroutine[Any, Any, None]) -> None:
    """Run the work on an event loop of its own thread.

    nbclient takes SIGINT over when it runs on the main thread, and a loop may already run there; away from it,
    Ctrl-C reaches the caller as usual, and cancelling the work shuts the kernel down.
    """
    loop = asyncio.new_event_loop()
    task = loop.create_task(_alone(work))
    try:
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="notebook") as thread:
            future = thread.submit(loop.run_until_complete, task)
            try:
                future.result()
            except KeyboardInterrupt:
                loop.call_soon_threadsafe(task.cancel)
                raise
    finally:
        loop.close()


async def _alone(work: Coroutine[Any, Any, None]) -> None:
    """The work, and after it the end of what it left running; nbclient leaves a watcher when it is cancelled."""
    try:
        await work
    finally:
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)


async def _execute(nb: NotebookNode, folder: Path, on_cell: OnCell | None, timeout_s: float) -> None:
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_core.utils import ensure_async
    from nbclient import NotebookClient

    class RunningInterpreter(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            argv = [
                sys.executable,
                "-Xfrozen_modules=off",
                "-m",
                "ipykernel_launcher",
                "-f",
                "{connection_file}",
            ]
            return KernelSpec(argv=argv, display_name="Python 3", language="python")

    with tempfile.TemporaryDirectory(prefix="gradus-kernel-") as scratch:
        manager = AsyncKernelManager(
            kernel_name=KERNEL,
            kernel_spec_manager=RunningInterpreter(),
            connection_file=str(Path(scratch, "kernel.json")),
        )
        progress = _Progress(nb, on_cell)
        client = NotebookClient(
            nb,
            km=manager,
            timeout=timeout_s,
            record_timing=False,
            coalesce_streams=True,
            store_widget_state=False,
            on_cell_execute=progress.begun,
            on_cell_executed=progress.ended,
        )
        # What the kernel says of itself belongs to no cell, and would otherwise land on our own stderr.
        with Path(scratch, "log").open("wb") as log:
            try:
                await _run(
                    client,
                    progress,
                    cwd=str(folder),
                    env=os.environ | {"IPYTHONDIR": scratch},
                    stdout=log,
                    stderr=log,
                )
            finally:
                if manager.has_kernel:
                    await manager.shutdown_kernel(now=True)
                await ensure_async(manager.cleanup_resources())


async def _run(client: NotebookClient, progress: _Progress, **launch: Any) -> None:
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    try:
        await client.async_execute(cleanup_kc=True, **launch)
    except CellTimeoutError as error:
        raise WorkFailed(f"{progress.place}: it took longer than {client.timeout} s; give it more time") from error
    except CellExecutionError as error:
        raise WorkFailed(f"{progress.place}: {error.ename}: {error.evalue}; mend the cell") from error
    except (DeadKernelError, RuntimeError) as error:
        raise WorkFailed(f"{progress.place}: the kernel stopped: {error}") from error


class _Progress:
    """Which cell runs, told by nbclient's hooks."""

    def __init__(self, nb: NotebookNode, on_cell: OnCell | None) -> None:
        self.total = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in nb.cells)
        self.cells, self.done, self.on_cell = len(nb.cells), 0, on_cell
        self.place = "notebook"

    def begun(self, cell: NotebookNode, cell_index: int) -> None:
        self.place = f"notebook, cell {cell_index + 1} of {self.cells}"

    def ended(self, cell: NotebookNode, cell_index: int, execute_reply: object) -> None:
        self.done += 1
        if self.on_cell is not None:
            self.on_cell(self.done, self.total)
