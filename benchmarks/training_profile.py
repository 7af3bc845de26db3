"""Where the time of a step of gradus goes: the operations of its passes, timed in one of its threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

CAUSES: Mapping[str, tuple[str, ...]] = {
    "convolution, forward": ("convolution",),
    "convolution, backward": ("convolution_gradients", "pooled_convolution_gradients"),
    "dense": ("dense", "dense_gradients"),
    "pooling, ReLU, masks": ("pooled", "pooled_gradient", "activated", "activated_gradient"),
    "loss": ("cross_entropy",),
    "images": ("scaled", "augmented"),
}
"""Operations of :class:`gradus.training.operations.Operations` by cause."""

UPDATE, WAITING, REST = "update", "waiting for the other threads", "rest"


def seconds_by_cause(training: Any, work: Callable[[], object]) -> dict[str, float]:
    """Seconds of one call by cause in the calling thread, which does an equal share of each step.

    Operations that call each other count once, for the outer one; what is in none of them (Python, mostly) is ``rest``.
    """
    seconds = dict.fromkeys([*CAUSES, UPDATE, WAITING, REST], 0.0)
    mine, depth = threading.get_ident(), [0]

    def timed(owner: Any, name: str, cause: str) -> None:
        function = getattr(owner, name)

        def call(*arguments: Any, **options: Any) -> Any:
            if threading.get_ident() != mine or depth[0]:
                return function(*arguments, **options)
            depth[0] += 1
            began = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                seconds[cause] += time.perf_counter() - began
                depth[0] -= 1

        setattr(owner, name, call)

    places = [(training.operations, name, cause) for cause, names in CAUSES.items() for name in names]
    places += [(training.gradients, "update", UPDATE), (training.team, "wait", WAITING)]
    for place in places:
        timed(*place)
    try:
        began = time.perf_counter()
        work()
        seconds[REST] = time.perf_counter() - began - sum(seconds.values())
    finally:
        for owner, name, _ in places:
            delattr(owner, name)
    return seconds
