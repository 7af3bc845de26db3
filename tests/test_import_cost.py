"""What an import costs: the command line and the package stay light, and exact work needs no PyTorch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "matplotlib", "sympy", "starlette", "uvicorn", "numpy", "pydantic", "typst", "nbformat")

LOADED = "import sys; print(*sorted(m for m in {heavy!r} if m in sys.modules))"

BLOCKED = """
import sys
from importlib.abc import MetaPathFinder
class Block(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in MISSING:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
sys.meta_path.insert(0, Block())
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in MISSING else found(name, package)
"""


def python(source: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", source, *arguments], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(
    "action",
    ["import gradus", "from gradus.cli import run; run(['--help'])", "from gradus.cli import run; run(['--version'])"],
)
def test_nothing_heavy_is_loaded(action: str) -> None:
    done = python(f"{action}\n{LOADED.format(heavy=HEAVY)}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == ""


def test_solving_exactly_loads_no_training_and_no_drawing() -> None:
    source = "from gradus.cli import run; run(['solve', 'hw5', '--only', '1.2,3.8', '--json'])\n"
    done = python(source + LOADED.format(heavy=("torch", "gradus.training", "matplotlib", "typst", "nbformat")))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == ""


@pytest.mark.parametrize(
    "call", ["run(['show', 'hw5', '3.8'])", "run(['solve', 'hw5', '--only', '3.2,3.3,3.6,3.7,3.10', '--json'])"]
)
def test_rational_singular_values_need_no_factoring_library(call: str) -> None:
    done = python(f"from gradus.cli import run; {call}\n" + LOADED.format(heavy=("sympy", "flint", "mpmath", "numpy")))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == ""


def test_irrational_singular_values_need_flint_or_else_sympy() -> None:
    source = "from gradus.exact import Matrix, svd; svd(Matrix.of('2 1 0 0; 0 1 1 0; 0 0 1 1; 1 0 0 1')).V.text\n"
    probe = LOADED.format(heavy=("sympy", "flint"))
    found = python(source + probe).stdout.split()
    assert found in (["flint"], ["sympy"])
    without = python(f"MISSING = ('flint',)\n{BLOCKED}{source}{probe}")
    assert without.stdout.split() == ["sympy"], without.stderr


def test_the_probe_can_fail() -> None:
    done = python("import numpy\n" + LOADED.format(heavy=HEAVY))
    assert done.stdout.split() == ["numpy"]


@pytest.mark.parametrize("missing", [("torch",), ("torch", "numpy", "PIL")])
def test_without_torch_the_exact_parts_complete_and_training_says_what_it_needs(
    tmp_path: Path, missing: tuple[str, ...]
) -> None:
    source = f"MISSING = {missing!r}\n{BLOCKED}" + (
        "from gradus.cli import run\n"
        "only = ['--only', '1.3,2.2,3.9,4.1', '--format', 'html,pdf,json']\n"
        "sys.exit(run(['solve', 'hw5', *only, '--out', sys.argv[1]]))"
    )
    done = python(source, str(tmp_path))
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    result = json.loads((tmp_path / "solution.json").read_text())
    answers = {problem["id"]: problem["answer"] for problem in result["problems"]}
    assert [entry["text"] for entry in answers["1.3"]] == ["0", "0", "0", "0", "3", "1", "0", "3", "1"]
    assert answers["2.2"] == {"without_biases": True, "with_biases": False}
    assert answers["3.9"]["point"][0]["text"] == "3/10"
    measured = [part for part in answers["4.1"].values() if isinstance(part, dict)]
    assert measured and all(part["value"] is None and "extra 'train'" in part["reason"] for part in measured)
