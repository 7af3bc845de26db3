"""Small pieces of Markdown that sentences are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradus.evidence.accuracy import Interval


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "epoch"), counted(1200, "image")
    ('one epoch', '1,200 images')
    """
    return f"one {noun}" if number == 1 else f"{number:,} {noun}s"


def decimal(value: float, digits: int = 4) -> str:
    """A number with so many digits after the point; zero has no sign.

    >>> decimal(-0.00001), decimal(-0.5, 2)
    ('0.0000', '-0.50')
    """
    return f"{round(value, digits) + 0.0:.{digits}f}"


def share(value: float) -> str:
    """A share, or a difference of shares, as inline LaTeX.

    >>> share(0.39)
    '$0.3900$'
    """
    return f"${decimal(value)}$"


def interval(bounds: Interval) -> str:
    """An interval of shares as inline LaTeX.

    >>> interval((0.25, 0.5))
    '$[0.2500, 0.5000]$'
    """
    return f"$[{decimal(bounds[0])}, {decimal(bounds[1])}]$"


def code_span(text: str) -> str:
    """A text as a Markdown code span, whatever backticks it holds.

    >>> code_span("runs/a"), code_span("a`b")
    ('`runs/a`', '``a`b``')
    """
    line = " ".join(text.split())
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    return f"{fence} {line} {fence}" if line.startswith("`") or line.endswith("`") else f"{fence}{line}{fence}"


def seconds(value: float) -> str:
    """A duration in words: tenths below 100 s, else whole seconds.

    >>> seconds(1.634), seconds(213.4)
    ('1.6 s', '213 s')
    """
    return f"{value:.2g} s" if value < 1 else f"{value:.1f} s" if value < 99.95 else f"{value:,.0f} s"


def ratio(value: float) -> str:
    """A ratio of running times, to two or three digits.

    >>> ratio(12.53), ratio(0.98765), ratio(140.2)
    ('12.5', '0.99', '140')
    """
    return f"{value:.0f}" if value >= 99.5 else f"{value:.1f}" if value >= 9.95 else f"{value:.2f}"


def listed(names: Sequence[str]) -> str:
    """Names in a row.

    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    return " and ".join([*filter(None, [", ".join(names[:-1])]), *names[-1:]])
