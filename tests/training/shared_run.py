"""A run of the recipe ``tiny``: ``python shared_run.py IMAGES FOLDER WORKERS`` prints its final weights,
and whether it has loaded the slow compiler of PyTorch, which training does not need.

Under torchrun it is one of the workers.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from gradus.training import run
from gradus.training.recipes import RECIPES
from training.outcomes import small_request, tiny

if __name__ == "__main__":
    RECIPES["tiny"] = tiny
    # A folder of its own for each worker, so that it shows who writes.
    folder = Path(sys.argv[2]) / os.environ.get("RANK", "0")
    record = run(small_request(Path(sys.argv[1])), folder=folder, workers=int(sys.argv[3]))
    said = json.dumps([record.workers, "torch._inductor" in sys.modules, dict(record.final_weights)])
    sys.stdout.write(f"{said}\n")  # in one piece, since several write to one place
