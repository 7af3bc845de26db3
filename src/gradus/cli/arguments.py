"""Arguments that hold mathematics: given in place, as ``@file``, or as ``-`` for stdin."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from gradus.errors import InputError, UnsupportedError

if TYPE_CHECKING:
    from gradus.exact import Matrix, Vector

T = TypeVar("T")

MAX_CHARACTERS = 1_000_000
"""Most characters of a file or of stdin."""

_NEGATIVE = re.compile(r"-(?:[^-A-Za-z]|sqrt|root)")


class MathematicalCommand(click.Command):
    """A command whose arguments may start with a minus sign: ``-1 2; 3 4`` is a matrix, and not an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [f" {arg}" if _NEGATIVE.match(arg) else arg for arg in args])


def text_of(argument: str, name: str) -> str:
    """The text of an argument: itself, a file's after ``@``, or stdin's for ``-``.

    Raises:
        InputError: the file cannot be read, or is no text.
        UnsupportedError: it is too long.

    >>> text_of("3 4; 3 4", "A")
    '3 4; 3 4'
    """
    if argument != "-" and not argument.startswith("@"):
        return argument
    path = argument if argument == "-" else argument[1:]
    return file_text(path, name, MAX_CHARACTERS, "write @ and the path of a file", argument)


def file_text(path: str, name: str, limit: int, remedy: str, shown: str = "") -> str:
    """The text of a file, or of stdin for ``-``.

    Args:
        path: of the file.
        name: what the file is called in errors.
        limit: most characters.
        remedy: what the error tells the user to do where the file cannot be read.
        shown: the argument as errors show it; the path if empty.

    Raises:
        InputError: the file cannot be read, or is no text.
        UnsupportedError: it is too long.
    """
    argument = shown or path
    try:
        if path == "-":
            text = sys.stdin.read(limit + 1)
        else:
            with Path(path).open(encoding="utf-8-sig") as file:
                text = file.read(limit + 1)
    except OSError as error:
        raise InputError(name, argument, f"cannot be read ({error.strerror})", remedy) from error
    except ValueError as error:
        raise InputError(name, argument, "is not UTF-8 text", "save it as UTF-8") from error
    if len(text) > limit:
        raise UnsupportedError(name, argument, f"must have at most {limit:,} characters", "give a smaller one")
    return text


def matrix_argument(argument: str, name: str = "A") -> Matrix:
    """The matrix that an argument holds.

    Raises:
        InputError: it is no matrix; the message names the entry.

    >>> matrix_argument(" -1 2; 3 4").text
    '-1 2; 3 4'
    """
    from gradus.exact.linear_algebra.matrices import Matrix
    from gradus.exact.numbers.grammar import MAX_LENGTH

    text = text_of(argument, name).strip()
    if len(text) <= MAX_LENGTH or text.startswith("["):
        return _named(name, lambda: Matrix.of(text))
    return _long_matrix(text, name)


def _long_matrix(text: str, name: str) -> Matrix:
    """Row by row, since the grammar bounds the length of each text that it reads."""
    from gradus.exact.linear_algebra.matrices import Matrix
    from gradus.exact.numbers.grammar import MAX_ENTRIES, MAX_LENGTH

    lines = [line for line in re.split(r"[;\n]", text) if line.strip()]
    rows: list[tuple[object, ...]] = []
    for i, line in enumerate(lines, start=1):
        if len(line) > MAX_LENGTH:
            rule = f"is longer than {MAX_LENGTH:,} characters"
            raise UnsupportedError(f"{name}, row {i}", line, rule, "give smaller numbers")
        try:
            rows.append(Matrix.of(line).rows[0])
        except InputError as error:
            argument = error.argument.replace("entry (1,", f"entry ({i},")
            renamed = type(error)(argument, error.value, error.rule, error.remedy)
            raise _renamed(renamed, name) from error
        if i * len(rows[0]) > MAX_ENTRIES:
            rule = f"must have at most {MAX_ENTRIES:,} entries"
            raise UnsupportedError(name, text, rule, "give a smaller matrix")
    return _named(name, lambda: Matrix.of(rows))


def vector_argument(argument: str, name: str = "b") -> Vector:
    """The vector that an argument holds.

    >>> vector_argument("2 3").text
    '(2, 3)'
    """
    from gradus.exact.linear_algebra.matrices import Vector

    text = text_of(argument, name).strip()
    return _named(name, lambda: Vector.of(text))


def _named(name: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except InputError as error:
        raise _renamed(error, name) from error


def _renamed(error: InputError, name: str) -> InputError:
    """The error with the argument's own name: ``A, entry (1, 2)``."""
    argument = name if error.argument in ("matrix", "vector") else f"{name}, {error.argument}"
    return type(error)(argument, error.value, error.rule, error.remedy, error.place)
