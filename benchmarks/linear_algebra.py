"""gradus and SymPy on the singular value decomposition and the pseudo-inverse, in one run, alternating.

The decomposition includes printing U, Sigma and V as text and as LaTeX.  Each figure is the median of the rounds; the
caches of both programs are emptied before each call.  For the pseudo-inverse SymPy's time is that of the faster of its
methods RD and ED among those that are right.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from math import exp, log
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, TypeAlias

from linear_algebra_matrices import RATIONAL, WITH_ROOTS, degree_8, larger, rank_75
from linear_algebra_tasks import serve
from timed_worker import Worker

Entries: TypeAlias = str | list[list[str]]
"""A matrix in the plain grammar."""


@dataclass(frozen=True)
class Timing:
    """One program on one matrix: how it ended, and the median of its times in seconds where it did."""

    outcome: str
    seconds: float | None = None

    @property
    def usable(self) -> bool:
        """Whether the result is right, the order of singular values left aside."""
        return self.outcome in ("right", "unsorted")


@dataclass(frozen=True)
class Row:
    """One matrix: gradus beside SymPy at its best."""

    group: str
    matrix: str
    gradus: Timing
    sympy: Timing
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times as long SymPy takes, where both are right."""
        if self.gradus.usable and self.sympy.usable and self.gradus.seconds and self.sympy.seconds:
            return self.sympy.seconds / self.gradus.seconds
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description="gradus and SymPy on exact linear algebra")
    parser.add_argument("--limit", type=float, default=10.0, help="seconds a call may take (default: 10)")
    parser.add_argument("--rounds", type=int, default=5, help="calls of each, alternating (default: 5)")
    parser.add_argument("--only", choices=["svd", "pinv", "roots", "large"], action="append", help="parts to run")
    parser.add_argument("--out", type=Path, default=Path("out/bench/linear_algebra.json"))
    options = parser.parse_args()
    _give_sympy_fast_integers()
    parts = options.only or ["svd", "pinv", "roots", "large"]
    rows = list(_rows(parts, options.rounds, options.limit))
    summary = [
        _summary(group, [row for row in rows if row.group == group]) for group in dict.fromkeys(r.group for r in rows)
    ]
    report = {
        "date": date.today().isoformat(),
        "machine": _machine(),
        "limit_s": options.limit,
        "rounds": options.rounds,
        "rows": [{**asdict(row), "ratio": row.ratio} for row in rows],
        "summary": summary,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(_summary_table(summary))
    print(f"\n{_machine_line(report['machine'])}\nwritten: {options.out}")


def _give_sympy_fast_integers() -> None:
    """SymPy takes gmpy2 by itself where it is there, but python-flint only when it is told to."""
    if not _version("gmpy2") and _version("python-flint"):
        os.environ.setdefault("SYMPY_GROUND_TYPES", "flint")


def _rows(parts: Sequence[str], rounds: int, limit: float) -> Iterable[Row]:
    workers = {name: Worker(serve) for name in ("gradus", "sympy")}
    print(f"{'':8}{'matrix':34}{'gradus':>16}{'SymPy':>16}{'ratio':>9}", flush=True)
    for group, matrix, A, task, peers in _work(parts):
        gradus, others = _measured(workers, A, task, peers, rounds, limit)
        best = min(others, key=lambda name: (not others[name].usable, others[name].seconds or limit))
        note = "; ".join(f"{name}: {timing.outcome}" for name, timing in others.items())
        row = Row(group, matrix, gradus, others[best], note if len(others) > 1 else "")
        ratio = f"{row.ratio:.1f}" if row.ratio else ""
        print(f"{group:8}{matrix:34}{_shown(gradus):>16}{_shown(row.sympy):>16}{ratio:>9}", flush=True)
        yield row
    for worker in workers.values():
        worker.close()


def _work(parts: Sequence[str]) -> Iterable[tuple[str, str, Entries, str, tuple[str, ...]]]:
    svd, pinv = ("gradus svd", ("sympy svd",)), ("gradus pinv", ("sympy pinv RD", "sympy pinv ED"))
    groups: Mapping[str, Sequence[tuple[str, Mapping[str, Entries], tuple[str, tuple[str, ...]]]]] = {
        "svd": [("svd", RATIONAL, svd), ("svd 5+", {name: A for name, A in larger().items() if len(A) <= 8}, svd)],
        "pinv": [("pinv", RATIONAL, pinv), ("pinv 5+", larger(), pinv)],
        "roots": [("svd √", WITH_ROOTS, svd), ("pinv √", WITH_ROOTS, pinv)],
        "large": [
            ("large", {"100 x 100, rank 75: pseudo-inverse": rank_75()}, ("gradus pinv", ("sympy pinv RD",))),
            ("large", {"8 x 8, irreducible degree 8: SVD": degree_8()}, svd),
        ],
    }
    for part in parts:
        for group, matrices, (task, peers) in groups[part]:
            for name, A in matrices.items():
                yield group, name, A, task, peers


def _measured(
    workers: Mapping[str, Worker], A: Entries, task: str, peers: Sequence[str], rounds: int, limit: float
) -> tuple[Timing, dict[str, Timing]]:
    """Alternating rounds; whoever does not finish once is not asked again."""
    times: dict[str, list[float]] = {name: [] for name in (task, *peers)}
    ended: dict[str, str] = {}
    for _ in range(rounds):
        for name in (task, *peers):
            if name in ended and ended[name] not in ("right", "unsorted", "wrong"):
                continue
            worker = workers[name.split()[0]]
            reply = worker.call((name, A), limit)
            if isinstance(reply, str) or reply[0] != "done":
                ended[name] = reply if isinstance(reply, str) else reply[0]
                continue
            times[name].append(reply[1])
            if name not in ended:
                checked = worker.call("check", 2 * limit)
                ended[name] = checked if checked in ("right", "unsorted", "wrong") else "not checked"
    found = {name: Timing(ended[name], median(times[name]) if times[name] else None) for name in (task, *peers)}
    return found.pop(task), found


def _summary(group: str, rows: Sequence[Row]) -> dict[str, Any]:
    ratios = [row.ratio for row in rows if row.ratio]
    return {
        "group": group,
        "matrices": len(rows),
        "gradus_right": sum(row.gradus.outcome == "right" for row in rows),
        "sympy_right": sum(row.sympy.outcome == "right" for row in rows),
        "sympy_unsorted": sum(row.sympy.outcome == "unsorted" for row in rows),
        "sympy_wrong": sum(row.sympy.outcome == "wrong" for row in rows),
        "sympy_over_the_limit": sum(row.sympy.outcome == "over the limit" for row in rows),
        "both": len(ratios),
        "geometric_mean": exp(sum(map(log, ratios)) / len(ratios)) if ratios else None,
        "least": min(ratios, default=None),
    }


def _summary_table(summary: Sequence[Mapping[str, Any]]) -> str:
    heads = ("", "matrices", "gradus right", "SymPy right", "unsorted", "wrong", "over limit", "ratio", "least")
    lines = ["".join(f"{head:>13}" for head in heads)]
    for s in summary:
        ratios = [f"{s[key]:.1f}" if s[key] else "" for key in ("geometric_mean", "least")]
        names = ("group", "matrices", "gradus_right", "sympy_right", "sympy_unsorted", "sympy_wrong")
        cells = [*(s[name] for name in names), s["sympy_over_the_limit"], *ratios]
        lines.append("".join(f"{cell:>13}" for cell in cells))
    return "\n" + "\n".join(lines)


def _shown(timing: Timing) -> str:
    if timing.seconds is None:
        return timing.outcome
    time = f"{1000 * timing.seconds:.2f} ms"
    return time if timing.outcome == "right" else f"{time} {timing.outcome}"


def _machine() -> dict[str, Any]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        **{name: _version(name) for name in ("gradus", "sympy", "python-flint", "gmpy2")},
        "integer_product_s": _integer_product(),
    }


def _machine_line(machine: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {machine[name] or 'absent'}" for name in ("gradus", "sympy", "python-flint", "gmpy2"))
    roof = f"product of two 100 x 100 integer matrices {1000 * machine['integer_product_s']:.0f} ms"
    return f"{machine['processor']}, {machine['cores']} cores; Python {machine['python']}, {versions}; {roof}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _integer_product() -> float:
    """Seconds for the product of two 100 x 100 matrices of 100-bit integers in Python: the pace of this machine."""
    n, entry = 100, (1 << 100) - 3
    columns = [[entry - i * j for j in range(n)] for i in range(n)]
    times = []
    for _ in range(5):
        start = perf_counter()
        _ = [[sum(map(int.__mul__, row, column)) for column in columns] for row in columns]
        times.append(perf_counter() - start)
    return median(times)


if __name__ == "__main__":
    main()
