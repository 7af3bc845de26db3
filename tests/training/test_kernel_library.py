"""The compiled library: made once, made again where it is torn, and done without where it cannot be made."""

from __future__ import annotations

import os
import shlex
import shutil
import threading
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


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A compiled library."""
    kernels()
    return room._compiled(room._compiler(), tmp_path_factory.mktemp("built"))


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
    return counted(folder, f'exec {real} "$@"')


def copying(folder: Path, whole: Path) -> tuple[str, Callable[[], int]]:
    """A quick compiler, which copies a library, and how often it has done so."""
    return counted(folder, f'while [ "$1" != -o ]; do shift; done; cp {shlex.quote(str(whole))} "$2"')


def counted(folder: Path, body: str) -> tuple[str, Callable[[], int]]:
    calls = folder / "calls"
    calls.touch()
    made = compiler(folder, f"echo x >> {shlex.quote(str(calls))}\n{body}")
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
    whole = library()
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
        reason, remedy = "there is no C++ compiler, so that", "install one (g++ or clang++)"
    else:
        monkeypatch.setenv(COMPILER_VARIABLE, "nonexistent-c++ -O1")
        reason = "there is no C++ compiler nonexistent-c++, which CXX names, so that"
        remedy = "name one that there is, or unset CXX"
    there, said = looked_for()
    assert not there and len(said) == 1
    assert said[0].startswith(reason) and SLOWER in said[0] and said[0].endswith(remedy)
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


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_nothing_is_loaded_from_a_folder_that_others_may_write_to(
    mode: int, tmp_path: Path, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, calls = copying(tmp_path, built)
    monkeypatch.setenv(COMPILER_VARIABLE, made)
    assert looked_for() == (True, [])
    file = cached(tmp_path)
    file.parent.chmod(mode)
    there, said = looked_for()
    assert there and calls() == 2
    assert said == [
        f"{file.parent} can be written to by other users, so that the fast kernels are not kept there but compiled in "
        "every process; remove it, or set GRADUS_CACHE_DIR to a folder of your own"
    ]
    assert cached(tmp_path) == file, "something is written there"


def test_nothing_is_loaded_from_a_folder_of_another_user(
    tmp_path: Path, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, calls = copying(tmp_path, built)
    monkeypatch.setenv(COMPILER_VARIABLE, made)
    assert looked_for() == (True, [])
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    there, said = looked_for()
    assert there and calls() == 2 and len(said) == 1 and "kernels belongs to another user" in said[0]


def test_a_file_that_others_may_write_to_is_replaced(
    tmp_path: Path, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, calls = copying(tmp_path, built)
    monkeypatch.setenv(COMPILER_VARIABLE, made)
    before = os.umask(0o002)
    try:
        assert looked_for() == (True, [])
        file = cached(tmp_path)
        assert file.stat().st_mode & 0o777 == 0o600
        file.chmod(0o664)
        assert looked_for() == (True, []) and calls() == 2
        assert cached(tmp_path).stat().st_mode & 0o777 == 0o600
        assert looked_for() == (True, []) and calls() == 2
    finally:
        os.umask(before)


def test_threads_that_ask_at_the_same_time_get_one_library(
    tmp_path: Path, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, calls = copying(tmp_path, built)
    monkeypatch.setenv(COMPILER_VARIABLE, made)
    found: list[Library | None] = []
    threads = [threading.Thread(target=lambda: found.append(library())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert calls() == 1 and len(found) == 4 and len({*found}) == 1 and found[0] is not None


def test_records_and_checkpoints_name_the_kernels(
    shared_images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, found = small_request(shared_images), library()
    assert found is not None
    record = run(request, folder=tmp_path / "run")
    assert record.versions["kernels"] == found.fingerprint
    assert found.fingerprint in cached(tmp_path).name
    monkeypatch.setenv(SWITCH, "off")
    room._library.cache_clear()
    said: list[str] = []
    again = run(request, folder=tmp_path / "run", on_message=said.append)
    assert "kernels" not in again.versions
    assert said[1].startswith("other kernels than before: the weights may differ by rounding")
    monkeypatch.delenv(SWITCH)
    room._library.cache_clear()
    said.clear()
    run(request, folder=tmp_path / "run", on_message=said.append)
    assert len(said) == 1, "it is said although the kernels are those that the run was begun with"


def test_equal_sources_and_compilers_give_equal_kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for name in ("one", "other"):
        monkeypatch.setenv("GRADUS_CACHE_DIR", str(tmp_path / name))
        room._library.cache_clear()
        found.append(library())
    assert found[0] is not None and found[1] is not None and found[0] is not found[1]
    assert found[0].fingerprint == found[1].fingerprint


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
