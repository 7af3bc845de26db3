"""The kernels' declarations for ctypes are those of the C++ source: names, arguments, types and results."""

from __future__ import annotations

import ctypes
import re
from ctypes import c_double, c_float, c_int, c_int32, c_int64, c_uint64, c_void_p
from pathlib import Path
from typing import Any

import pytest

from gradus.training import kernels as room
from gradus.training.kernels import operations

SOURCES = Path(room.__file__).parent
VALUES: dict[str, Any] = {
    "int": c_int,
    "int32_t": c_int32,
    "int64_t": c_int64,
    "uint64_t": c_uint64,
    "float": c_float,
    "double": c_double,
}
"""Types of what is given as it is; another one, such as the macro's T, ends in an error."""

Signature = tuple[Any, tuple[Any, ...]]


def source(name: str) -> str:
    """Without comments, and with continued lines as one."""
    text = (SOURCES / name).read_text(encoding="utf-8")
    return re.sub(r"//.*", "", text.replace("\\\n", " "))


def type_of(declared: str) -> Any:
    return c_void_p if "*" in declared else VALUES[re.sub(r"\bconst\b", "", declared).strip()]


def argument(declared: str) -> Any:
    """Of ``const float* gains``, say."""
    found = re.fullmatch(r"(.*?[\s*])\w+", declared.strip())
    assert found is not None, declared
    return type_of(found[1])


def functions(text: str) -> dict[str, Signature]:
    """The definitions in a text, by name."""
    found: dict[str, Signature] = {}
    for result, name, arguments in re.findall(r"(?:^|[;}\s])(void\s*\*|void|int)\s+([\w#]+)\(([^()]*)\)\s*\{", text):
        assert name not in found
        kinds = tuple(argument(one) for one in arguments.split(",")) if arguments.strip() else ()
        found[name] = (None if result == "void" else type_of(result), kinds)
    return found


def defined() -> dict[str, Signature]:
    """What ``kernels.cpp`` defines for C, with its macro written out."""
    text = source("kernels.cpp")
    suffixes = re.findall(r"DEFINE\((\w+), (\w+)\)", text[text.index("#define FOR_BOTH") :].splitlines()[0])
    (block,) = re.findall(r'extern "C" \{(.*)\}\s*$', text, re.DOTALL)
    macro = re.search(r"#define DEFINE\(S, T\)(.*)", block)
    assert macro is not None and suffixes == [("b", "bfloat16"), ("f", "float")]
    both = functions(macro[1])
    assert both and all(name.endswith("_##S") for name in both)
    written = {name.replace("##S", suffix): kinds for name, kinds in both.items() for suffix, _ in suffixes}
    return written | functions(block.replace(macro[0], ""))


class Function:
    argtypes: Any = None
    restype: Any = c_int


class Loaded:
    """In place of a library that was loaded: it has every function, and keeps what is declared of each."""

    def __init__(self, file: str) -> None:
        self.functions: dict[str, Function] = {}

    def __getattr__(self, name: str) -> Function:
        return self.functions.setdefault(name, Function())


def test_declarations_are_those_of_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kernels.so").touch()
    monkeypatch.setattr(ctypes, "CDLL", Loaded)
    functions = room.Library(tmp_path / "kernels.so").loaded.functions
    declared = {name: (function.restype, tuple(function.argtypes)) for name, function in functions.items()}
    assert declared.keys() == defined().keys()
    for name, signature in defined().items():
        assert declared[name] == signature, name


def test_a_run_of_weights_is_laid_out_as_in_the_source() -> None:
    struct = re.search(r"struct Run \{(.*?)\}", source("update.h"), re.DOTALL)
    assert struct is not None
    fields: list[tuple[str, Any]] = []
    for line in filter(str.strip, struct[1].split(";")):
        kind, *names = re.split(r"(?<=[\w*])\s+(?=\w+(?:\[\d+\])?\s*(?:,|$))|,\s*", line.strip())
        for name in names:
            many = re.fullmatch(r"(\w+)\[(\d+)\]", name)
            fields.append((many[1], type_of(kind) * int(many[2])) if many else (name, type_of(kind)))
    assert fields == list(room.Run._fields_)
    assert len(room.Run().gradients) == room.MAX_SOURCES


def test_the_kernels_of_the_first_convolution_are_asked_for_what_they_can() -> None:
    most = re.search(r"MOST_TAPS = (\d+);", source("first_convolution.h"))
    assert most is not None and int(most[1]) == operations._MOST_TAPS
