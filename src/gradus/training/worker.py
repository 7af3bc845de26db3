"""One of the further processes of a run: ``python -m gradus.training.worker`` reads on stdin what it is to do.

It ends when its stdin is closed, so that none is left over when the process that started it ends in whatever way.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from gradus.errors import GradusError
from gradus.runs.request import RunRequest
from gradus.training.pytorch import load_torch


def main() -> int:
    """Train along until the run ends; what goes wrong elsewhere is said there."""
    began = time.perf_counter()
    line = sys.stdin.readline()
    if not line.endswith("\n"):
        return 1
    told = json.loads(line)
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    load_torch()
    import torch

    from gradus.training.workers import LOST, WorkerLost

    torch.set_num_threads(told["threads"])
    try:
        _train_along(told, began)
    except WorkerLost:
        return LOST
    except GradusError as error:
        print(f"gradus: worker {told['rank']}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 1
    return 0


def _train_along(told: dict[str, Any], began: float) -> None:
    import torch

    from gradus.training.device import deterministic
    from gradus.training.memory import kept_memory
    from gradus.training.processes import group_of
    from gradus.training.run import planned
    from gradus.training.session import Session, Surroundings
    from gradus.training.stopping import stopping

    request = _request(told["request"])
    data_dir = Path(told["data_dir"]) if told["data_dir"] else None
    plan = planned(request, data_dir=data_dir, on_message=_silent)
    with (
        deterministic(torch.device(request.device)),
        stopping() as asked,
        group_of(request.device, told["port"], told["rank"], told["size"]) as workers,
        kept_memory(),
        plan.team(workers, _silent) as team,
    ):
        Session(plan, Surroundings(None, None, _silent, asked, workers, team, began)).record()


def _request(told: dict[str, Any]) -> RunRequest:
    settings = tuple((name, value) for name, value in told.pop("settings", []))
    return RunRequest(**told, settings=settings)


def _end_with_stdin() -> None:
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


def _silent(message: str) -> None:
    """The first worker says what there is to say."""


if __name__ == "__main__":
    sys.exit(main())
