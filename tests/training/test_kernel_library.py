"""The compiled library: made once, made again where it is torn, and done without where it cannot be made."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gradus.runs.request import Precision
from gradus.training import kernels as room
from gradus.training import run
from gradus.training.kernels import COMPILER_VARIABLE, SWITCH, Library, library
from training.fast import kernels
from training.outcomes import small_request, tiny_recipe

__all__ = ["tiny_recipe"]

SLOWER = "training takes about twice as long"


@pytest.fixture(autouse=True)
def forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The process has not looked for the library yet, and the cache is empty."""
    kernels()  # which skips the tests where there can be none
    monkeypatch.setenv("GRADUS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv(COMPILER_VARIABLE, raising=False)
    monkeypatch.setattr(room, "_said", set())
    room._library.cache_clear()
    yield
    monkeypatch.undo()
    room._library.cache_clear()


def looked_for() -> tuple[bool, list[str]]:
    """Whether there is one, and what is said, by a process that asks twice."""
    room._library.cache_clear()
    said: list[str] = []
    found = [library(said.append) for _ in range(2)]
    assert found[0] is found[1]
    return found[0] is not None, said


def cached(tmp_path: Path) -> Path:
    (file,) = (tmp_path / "cache" / "kernels").iterdir()
    return file


def compiler(folder: Path, body: str) -> str:
    """A program that says a version as compilers do, and otherwise does what is given."""
    file = folder / "compiler"
    file.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then echo 1.0; exit 0; fi\n{body}\n')
    file.chmod(0o755)
    return str(file)


def counting(folder: Path) -> tuple[str, Callable[[], int]]:
    """The machine's compiler, and how often it has compiled."""
    real = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    assert real is not None
    calls = folder / "calls"
    calls.touch()
    made = compiler(folder, f'echo x >> {shlex.quote(str(calls))}\nexec {real} "$@"')
    return made, lambda: len(calls.read_text().splitlines())


def test_the_library_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, calls = counting(tmp_path)
    monkeypatch.setenv(COMPILER_VARIABLE, made)
    assert looked_for() == (True, [])
    file = cached(tmp_path)
    before = (file.stat().st_mtime_ns, file.stat().st_ino, calls())
    assert before[2] == 1
    assert looked_for() == (True, [])
    assert (file.stat().st_mtime_ns, file.stat().st_ino, calls()) == before
    assert file.parent.stat().st_mode & 0o777 == 0o700


def torn(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-5000])


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def altered(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("damage", [torn, cut_short, emptied, altered])
def test_a_library_that_is_not_whole_is_made_again(
    damage: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = room._library()
    assert isinstance(whole, Library)
    content = cached(tmp_path).read_bytes()
    copy = tmp_path / "copy"
    copy.write_bytes(content)
    made = compiler(tmp_path, f'while [ "$1" != -o ]; do shift; done; cp {shlex.quote(str(copy))} "$2"')
    monkeypatch.setenv(COMPILER_VARIABLE, made)
    cached(tmp_path).unlink()
    assert looked_for() == (True, [])
    # Another file, so that the one that is loaded keeps its memory.
    file = cached(tmp_path)
    replaced = file.read_bytes()
    file.unlink()
    file.write_bytes(replaced)
    damage(file)
    assert looked_for() == (True, [])
    assert cached(tmp_path).read_bytes() == content


@pytest.mark.parametrize("how", ["no compiler on the path", "a compiler that is none"])
def test_without_a_compiler_one_message_is_said(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if how == "no compiler on the path":
        monkeypatch.setenv("PATH", str(tmp_path))
    else:
        monkeypatch.setenv(COMPILER_VARIABLE, "nonexistent-c++")
    there, said = looked_for()
    assert not there and len(said) == 1
    assert said[0].startswith("there is no C++ compiler") and SLOWER in said[0]
    assert looked_for() == (False, []), "it is said again in the same process"
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("echo 'kernels.cpp:1:2: error: no AVX-512 here' >&2; exit 1", "kernels.cpp:1:2: error: no AVX-512 here"),
        ("exit 7", "exit code 7"),
        ("exit 0", "No such file"),
        ('while [ "$1" != -o ]; do shift; done; echo rubbish > "$2"', "file too short"),
    ],
)
def test_a_compiler_that_fails_is_said(body: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(COMPILER_VARIABLE, compiler(tmp_path, body))
    there, said = looked_for()
    assert not there and len(said) == 1
    assert said[0].startswith("the fast kernels could not be built (") and reason in said[0] and SLOWER in said[0]
    assert not [file for file in (tmp_path / "cache" / "kernels").iterdir() if file.suffix != ".so"], "drafts are left"


def test_a_library_without_all_kernels_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    source = tmp_path / "empty.cpp"
    source.touch()
    body = f'while [ "$1" != -o ]; do shift; done; exec {real} -shared -fPIC {shlex.quote(str(source))} -o "$2"'
    monkeypatch.setenv(COMPILER_VARIABLE, compiler(tmp_path, body))
    there, said = looked_for()
    assert not there and len(said) == 1 and "undefined symbol" in said[0]


def test_a_compiler_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_COMPILES_WITHIN_S", 0.2)
    monkeypatch.setenv(COMPILER_VARIABLE, compiler(tmp_path, "exec sleep 60"))
    there, said = looked_for()
    assert not there and len(said) == 1 and "took more than" in said[0]


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").touch()
    there, said = looked_for()
    assert not there and len(said) == 1 and "could not be built" in said[0]


def test_switched_off_or_without_avx512_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "off")
    assert looked_for() == (False, [])
    monkeypatch.delenv(SWITCH)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_f": True, "avx512_bw": True})
    assert looked_for() == (False, [])
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_run_without_a_compiler_gives_the_same_to_rounding(
    precision: Precision, shared_images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = replace(small_request(shared_images), precision=precision)
    said: list[str] = []
    fast = run(request, folder=tmp_path / "fast", on_message=said.append)
    assert said == []
    room._library.cache_clear()
    monkeypatch.setenv(COMPILER_VARIABLE, "nonexistent-c++")
    plain = run(request, folder=tmp_path / "plain", on_message=said.append)
    assert len(said) == 1 and said[0].startswith("there is no C++ compiler")
    assert run(request, folder=tmp_path / "again", on_message=said.append).final_weights == plain.final_weights
    assert len(said) == 1
    assert plain.id == fast.id and plain.threads == fast.threads
    for one, other in zip(plain.epochs, fast.epochs, strict=True):
        assert one.training_loss == pytest.approx(other.training_loss, rel=1e-3 if precision == "fp32" else 2e-2)
