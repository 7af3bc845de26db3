"""What a terminal, or a log, shows of a training run while it goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gradus.cli.output import plain
from gradus.runs import OnProgress, Progress

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars

    from gradus.training.data import OnDownload, OnLoad

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def reading(console: Console, data: str) -> Iterator[tuple[OnLoad, OnDownload]]:
    """Says that a data set is read; gives what is to be told of images decoded, and of bytes downloaded."""
    with console.status(plain(f"reading {data}")) as status:
        yield (
            lambda done, total: status.update(plain(f"reading {data}: {done:,} of {total:,} images")),
            lambda done, total: status.update(plain(f"downloading {data}: {done / 1e6:.0f} of {total / 1e6:.0f} MB")),
        )


@contextmanager
def watched(console: Console, title: str) -> Iterator[OnProgress]:
    """A bar with rate, loss, accuracy and time left; where there is no terminal, a line every few seconds."""
    if not console.is_terminal:
        yield _lines(console, title)
        return
    with _bars(console) as bars:
        yield _bar(bars, title)


def figures(p: Progress) -> str:
    """Where a run stands, on one line.

    >>> figures(Progress(2, 30, 10, 125, 1.5, 0.25, 812.3))
    'epoch 2/30  loss 1.500  acc 0.250  812 images/s'
    """
    return f"epoch {p.epoch}/{p.epochs}  loss {p.loss:.3f}  acc {p.accuracy:.3f}  {p.images_per_s:,.0f} images/s"


def duration(seconds: float) -> str:
    """A duration to two units.

    >>> duration(4.2), duration(131), duration(7385), duration(200_000)
    ('4 s', '2 min 11 s', '2 h 3 min', '55 h 33 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _steps(p: Progress) -> tuple[int, int]:
    """Steps done, and steps in all."""
    return (p.epoch - 1) * p.steps + p.step, p.epochs * p.steps


def _lines(console: Console, title: str) -> OnProgress:
    began = last = time.monotonic()
    first: int | None = None

    def on_progress(p: Progress) -> None:
        nonlocal began, first, last
        now = time.monotonic()
        done, total = _steps(p)
        if first is None:
            began, first = now, done
        if now - last < SECONDS_BETWEEN_LINES or done == first:
            return
        last = now
        left = (now - began) / (done - first) * (total - done)
        console.print(f"{title}: {figures(p)}  {duration(left)} left")

    return on_progress


def _bars(console: Console) -> Bars:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[figures]}", markup=False),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def _bar(bars: Bars, title: str) -> OnProgress:
    task = bars.add_task(title, total=None, figures="")
    begun = False

    def on_progress(p: Progress) -> None:
        nonlocal begun
        done, total = _steps(p)
        if begun:
            bars.update(task, completed=done, figures=figures(p))
        else:  # steps from before an interruption say nothing of the speed now
            bars.reset(task, completed=done, total=total, figures=figures(p))
            begun = True

    return on_progress
