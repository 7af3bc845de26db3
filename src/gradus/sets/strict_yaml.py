"""YAML as problem-set files use it: safe, bounded and exact.

Decimals stay text, so that ``0.1`` is a tenth and the id ``3.10`` is not 3.1.  Aliases, tags and repeated keys are
refused, and only ``true``, ``false``, ``null`` and whole numbers are read as anything but text.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from typing import Any

import yaml

from gradus.errors import SetFileError

MAX_DIGITS = 300


class _StrictLoader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own attribute

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.constructor.ConstructorError(None, None, "aliases (*name) are not read", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or not key.value:
                raise yaml.constructor.ConstructorError(None, None, "a key must be a name", key.start_mark)
            if key.value in seen:
                message = f"the key {key.value} stands twice"
                raise yaml.constructor.ConstructorError(None, None, message, key.start_mark)
            seen.add(key.value)
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        value = super().construct_scalar(node)
        if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
            raise yaml.constructor.ConstructorError(None, None, "half of a character (a surrogate)", node.start_mark)
        return value


def _whole_number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int | str:
    text = str(loader.construct_scalar(node))
    return int(text) if len(text) <= MAX_DIGITS else text


_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789"))
_StrictLoader.add_constructor("tag:yaml.org,2002:int", _whole_number)


def mapping(text: str, file: str, line: int) -> tuple[dict[str, Any], dict[str, int]]:
    """The mapping that a piece of YAML holds, and the line in the file of each of its keys.

    Args:
        text: the YAML.
        file: name of the file, for errors.
        line: line of the file, from 1, at which the text starts.

    Raises:
        SetFileError: it is not a mapping in the YAML that is read here.

    >>> mapping("id: 3.10\\nmu: 0.9\\nn: 2", "a.md", 5)
    ({'id': '3.10', 'mu': '0.9', 'n': 2}, {'id': 5, 'mu': 6, 'n': 7})
    """
    value, node = _read(text, file, line)
    return value, {str(key.value): line + key.start_mark.line for key, _ in node.value} if node else {}


def marked_mapping(text: str, file: str) -> tuple[dict[str, Any], dict[str, int]]:
    """The mapping that a file of YAML holds, and the line of everything in it by its place, such as ``rows[2].name``.

    Raises:
        SetFileError: as :func:`mapping`.

    >>> marked_mapping("a:\\n  - {b: 1}\\n  - [2, 3]", "a.yaml")[1]
    {'a': 1, 'a[1]': 2, 'a[1].b': 2, 'a[2]': 3, 'a[2][1]': 3, 'a[2][2]': 3}
    """
    value, node = _read(text, file, 1)
    return value, dict(_marks(node, "")) if node else {}


def _read(text: str, file: str, line: int) -> tuple[dict[str, Any], yaml.MappingNode | None]:
    try:
        loader = _StrictLoader(text)
        node = loader.get_single_node()
        value = loader.construct_document(node) if node is not None else {}
    except yaml.MarkedYAMLError as error:
        at = line + (error.problem_mark.line if error.problem_mark else 0)
        raise SetFileError("YAML", None, str(error.problem), "", f"{file}:{at}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        rule = "is nested too deep" if isinstance(error, RecursionError) else " ".join(str(error).split())
        raise SetFileError("YAML", None, rule, "write 'name: value' lines", f"{file}:{line}") from error
    if not isinstance(node, yaml.MappingNode):
        if node is None:
            return {}, None
        raise SetFileError("YAML", text, "must be 'name: value' lines", 'write id: "1.1"', f"{file}:{line}")
    return value, node


def _marks(node: yaml.Node, place: str) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        inner = [(f"{place}.{key.value}".lstrip("."), key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        inner = [(f"{place}[{i}]", value, value) for i, value in enumerate(node.value, start=1)]
    else:
        return
    for name, start, value in inner:
        yield name, start.start_mark.line + 1
        yield from _marks(value, name)
