"""The registry of kinds: it finds the files in ``problems/kinds``."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, TypeAlias

from gradus.errors import InputError, nearest
from gradus.problems import kinds
from gradus.problems.problem import Kind

AnyKind: TypeAlias = Kind[Any]


def module_name(name: str) -> str:
    """The file that holds a kind: ``least-squares/minimum-norm`` -> ``least_squares_minimum_norm``.

    >>> module_name("least-squares/minimum-norm")
    'least_squares_minimum_norm'
    """
    return name.replace("/", "_").replace("-", "_")


@cache
def modules() -> tuple[str, ...]:
    """The names of the kinds' files, sorted.

    >>> "linear_algebra_rank" in modules()
    True
    """
    return tuple(sorted(module.name for module in iter_modules(kinds.__path__) if not module.name.startswith("_")))


@cache
def all_kinds() -> tuple[AnyKind, ...]:
    """Every kind, by name.

    >>> "svd/left-factors" in [kind.name for kind in all_kinds()]
    True
    """
    found = [_loaded(module) for module in modules()]
    return tuple(sorted(found, key=lambda kind: kind.name))


def find_kind(name: str) -> AnyKind:
    """The kind of that name.

    Raises:
        InputError: there is none; the remedy names the nearest.

    >>> find_kind("linear-algebra/rank").title
    'The rank of a matrix'
    """
    if module_name(name) in modules() and (kind := _loaded(module_name(name))).name == name:
        return kind
    remedy = nearest(name, [kind.name for kind in all_kinds()], "gradus kinds lists them all")
    raise InputError("kind", name, "is not a kind of problem", remedy)


@cache
def _loaded(module: str) -> AnyKind:
    kind: AnyKind = import_module(f"gradus.problems.kinds.{module}").KIND
    if module_name(kind.name) != module:
        raise ImportError(f"problems/kinds/{module}.py holds the kind {kind.name}, which belongs in another file")
    return kind
