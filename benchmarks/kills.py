"""Kills training runs at random moments, lets them go on, and counts those that end with the bits of one left alone.

    python benchmarks/kills.py [--kills 50] [--data pictograms] [--recipe augmented] [--every 0.05] [--out FILE.json]

One run is left alone.  Each of the others is ended with SIGKILL, which no program can catch, at a moment that is drawn
evenly from its duration, and then taken up again until it is finished.  Compared are the weights' file byte for byte
and the figures of all epochs in metrics.jsonl, times left out.  Checkpoints are written so often that many a kill
meets one that is half written.  Exit code 1 if any run ends otherwise.  POSIX only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import TypeAlias

from gradus.runs import RunRequest
from gradus.training import resolve, run

Outcome: TypeAlias = tuple[str, tuple[str, ...]]
"""SHA-256 of the weights' file, and each epoch's figures."""


def main() -> int:
    options = _options()
    changed = tuple(sorted((("images", str(options.images)), ("batch_size", str(options.batch_size)))))
    asked = RunRequest(options.recipe, options.data, "adam", options.epochs, device="cpu", settings=changed)
    request = resolve(asked)  # here, so that the processes below need not read the images
    rng = random.Random(options.seed)
    met: Counter[str] = Counter()
    equal = 0
    with tempfile.TemporaryDirectory() as place:
        began = time.perf_counter()
        _end_of(_started(request, Path(place, "whole"), options.every))
        duration_s = time.perf_counter() - began
        expected = _outcome(Path(place, "whole"))
        for number in range(1, options.kills + 1):
            folder, moment, when = _killed(request, Path(place, str(number)), options.every, duration_s, rng)
            met[moment] += 1
            _end_of(_started(request, folder, options.every))
            same = _outcome(folder) == expected
            equal += same
            print(f"kill {number}: after {when:.2f} s, {moment}: {'equal' if same else 'DIFFERENT'} bits", flush=True)
    print(f"{equal} of {options.kills} killed runs went on to bit-identical weights and figures")
    print(
        f"a run took {duration_s:.1f} s; the kills came " + ", ".join(f"{n} {what}" for what, n in sorted(met.items()))
    )
    if options.out:
        found = {
            "kills": options.kills,
            "equal": equal,
            "duration_s": duration_s,
            "moments": met,
            "request": asked.as_json(),
        }
        options.out.write_text(json.dumps(found, indent=1) + "\n")
    return int(equal != options.kills)


def _killed(
    request: RunRequest, folder: Path, every_s: float, duration_s: float, rng: random.Random
) -> tuple[Path, str, float]:
    """Start a run and kill it; its folder, in which state that was then, and after how many seconds."""
    while True:
        when = rng.uniform(0, duration_s)
        child = _started(request, folder, every_s)
        time.sleep(when)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            return folder, _moment(folder), when
        folder = folder.with_name(f"{folder.name}+")  # it was quicker than the first one, and has finished


def _moment(folder: Path) -> str:
    names = [file.name for file in folder.glob("**/*")] if folder.exists() else []
    if any(name.startswith(".") and name != ".lock" for name in names):
        return "while a file was written"
    if any(name.endswith(".safetensors") for name in names):
        return "between two checkpoints"
    return "before the first checkpoint"


def _started(request: RunRequest, folder: Path, every_s: float) -> int:
    """A process that makes the run, or goes on with it."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        run(request, folder=folder, on_message=_silent, checkpoint_every_s=every_s)
        code = 0
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(code)


def _end_of(child: int) -> None:
    _, status = os.waitpid(child, 0)
    if status:
        sys.exit(f"a run that was left alone ended with {os.waitstatus_to_exitcode(status)}")


def _outcome(folder: Path) -> Outcome:
    weights = hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return weights, tuple(json.dumps({**line, "time_s": None}) for line in lines)


def _silent(message: str) -> None:
    """What is said of each interruption is of no interest here."""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--data", default="pictograms")
    parser.add_argument("--recipe", default="augmented")
    parser.add_argument("--images", type=int, default=512, help="images of each part that are used")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--every", type=float, default=0.05, help="seconds between two checkpoints")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--out", type=Path, help="a JSON file for the counts")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
