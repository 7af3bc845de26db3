"""The reader of problem-set files: Markdown with a front matter and one fenced block a problem.

    ```{problem} least-squares/minimum-norm
    id: "3.8"
    A: [[3, 4], [3, 4]]
    b: [2, 3]
    points: 4
    ```

A value that several problems share can stand once, under ``given`` in the front matter, and is then written ``$name``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from markdown_it.token import Token
from pydantic import ValidationError

from gradus.documents.latex import parse
from gradus.documents.markdown import markdown_tokens
from gradus.errors import InputError, SetFileError, nearest, shortened
from gradus.problems.problem import Params
from gradus.problems.registry import AnyKind, find_kind
from gradus.sets.problem_set import Part, Problem, ProblemSet, Prose
from gradus.sets.strict_yaml import mapping

MAX_BYTES = 2_000_000
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*$\n?", re.DOTALL | re.MULTILINE)
_PROBLEM = re.compile(r"^\{problem\}[ \t]*(.*?)[ \t]*$")
_HEAD_KEYS = ("title", "course", "points", "group_size", "given")


def read_set(path: str | Path) -> ProblemSet:
    """Read a problem-set file.

    Raises:
        InputError: the file cannot be read.
        SetFileError: it breaks the format; the message names file, line, value and remedy.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError("set", str(path), f"cannot be read ({error.strerror})", "give a problem-set file") from error
    if len(content) > MAX_BYTES:
        raise SetFileError("set", str(path), f"must have at most {MAX_BYTES:,} bytes", "split it")
    return parsed_set(_decoded(content, file.name), name=file.stem, file=file.name)


def parsed_set(text: str, name: str, file: str) -> ProblemSet:
    """The problem set that a text holds; ``file`` is named in errors.

    >>> problem = "```{problem} linear-algebra/rank\\nid: a\\nA: [[1, 2]]\\n```"
    >>> parsed_set(f"---\\ntitle: Short\\n---\\n{problem}", "short", "short.md").title
    'Short'
    """
    head, head_lines, body, body_line = _front_matter(text.replace("\r\n", "\n"), file)
    given = head.get("given") or {}
    if not isinstance(given, dict):
        raise SetFileError("given", given, "must be 'name: value' lines", "", f"{file}:{head_lines['given']}")
    parts = tuple(_parts(body, body_line, file, given))
    _refuse_duplicate_ids(parts)
    found = ProblemSet(
        name=name,
        title=_words(head, "title", head_lines, file) or name,
        course=_words(head, "course", head_lines, file),
        points=_count(head, "points", head_lines, file),
        group_size=_count(head, "group_size", head_lines, file),
        parts=parts,
    )
    if not found.problems:
        raise SetFileError("set", None, "has no problem", "write a block ```{problem} <kind>", f"{file}:{body_line}")
    return found


def _decoded(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        value = f"byte 0x{content[error.start]:02x}"
        raise SetFileError(value, None, "is not UTF-8", "save the file as UTF-8", f"{file}:{line}") from error


def _front_matter(text: str, file: str) -> tuple[dict[str, Any], dict[str, int], str, int]:
    found = _FRONT_MATTER.match(text)
    if not found:
        if text.startswith("---"):
            raise SetFileError("front matter", None, "is not closed", "end it with a line ---", f"{file}:1")
        return {}, {}, text, 1
    head, lines = mapping(found[1], file, 2)
    for key in head:
        if key not in _HEAD_KEYS:
            raise SetFileError(
                key, None, "is not a key of the front matter", _nearest(key, _HEAD_KEYS), f"{file}:{lines[key]}"
            )
    return head, lines, text[found.end() :], text[: found.end()].count("\n") + 1


def _words(head: Mapping[str, Any], key: str, lines: Mapping[str, int], file: str) -> str:
    value = head.get(key)
    if isinstance(value, dict | list | bool):
        raise SetFileError(key, value, "must be text", "put it in quotes", f"{file}:{lines[key]}")
    return "" if value is None else str(value)


def _count(head: Mapping[str, Any], key: str, lines: Mapping[str, int], file: str) -> int | None:
    value = head.get(key)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise SetFileError(key, value, "must be a whole number, at least 0", "", f"{file}:{lines[key]}")


def _parts(body: str, first_line: int, file: str, given: Mapping[str, Any]) -> Iterator[Part]:
    lines = body.split("\n")
    start = 0
    for token in markdown_tokens(body):
        if token.type != "fence" or not token.map or not re.match(r"\{|problem\b", token.info):
            continue
        kind = _PROBLEM.match(token.info)
        place = f"{file}:{first_line + token.map[0]}"
        if token.level != 0:
            raise SetFileError("block", token.info, "stands in a list or quote", "start it at the left margin", place)
        if not kind:
            raise SetFileError("block", token.info, "is not a kind of block", "write {problem} and a kind", place)
        if not _is_closed(lines, token):
            raise SetFileError("block", token.info, "is not closed", f"end it with {token.markup}", place)
        yield from _prose(lines[start : token.map[0]], first_line + start, file)
        yield _problem(kind[1], token.content, file, first_line + token.map[0], given)
        start = token.map[1]
    yield from _prose(lines[start:], first_line + start, file)


def _is_closed(lines: list[str], token: Token) -> bool:
    assert token.map is not None
    last = lines[min(token.map[1], len(lines)) - 1].strip()
    return len(last) >= len(token.markup) and set(last) == {token.markup[0]} and token.map[1] - 1 > token.map[0]


def _prose(lines: list[str], line: int, file: str) -> Iterator[Prose]:
    blank = next((index for index, content in enumerate(lines) if content.strip()), len(lines))
    markdown, line = "\n".join(lines[blank:]).rstrip("\n"), line + blank
    if not markdown:
        return
    for token in markdown_tokens(markdown):
        at = line + (token.map[0] if token.map else 0)
        for child in (token, *(token.children or ())):
            if child.type.startswith("math"):
                try:
                    parse(child.content)
                except InputError as error:
                    raise error.at(f"{file}:{at}") from error
    yield Prose(markdown, line)


def _problem(kind_name: str, content: str, file: str, line: int, given: Mapping[str, Any]) -> Problem:
    place = f"{file}:{line}"
    try:
        kind = find_kind(kind_name)
    except InputError as error:
        raise SetFileError("kind", kind_name, error.rule, error.remedy, place) from error
    values, lines = mapping(content, file, line + 1)
    id = str(values.pop("id", "") or "")
    if not id:
        raise SetFileError("id", None, "is missing", 'give the problem one: id: "1.1"', place)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,30}", id):
        raise SetFileError(
            "id", id, "must be letters, digits, dots and hyphens, at most 31", "", f"{file}:{lines['id']}"
        )
    points = _count(values, "points", lines, file)
    values.pop("points", None)
    values = {key: _resolved(key, value, given, f"{file}:{lines[key]}") for key, value in values.items()}
    return Problem(id, kind, _params(kind, values, lines, place, file), points, place)


def _resolved(key: str, value: Any, given: Mapping[str, Any], place: str) -> Any:
    """``$name`` -> the value of that name under ``given`` in the front matter."""
    if not (isinstance(value, str) and re.fullmatch(r"\$[A-Za-z_][A-Za-z0-9_]*", value)):
        return value
    if value[1:] in given:
        return given[value[1:]]
    remedy = nearest(value, [f"${name}" for name in given], "add it there")
    raise SetFileError(key, value, "is not under 'given' in the front matter", remedy, place)


def _params(kind: AnyKind, values: Mapping[str, Any], lines: Mapping[str, int], place: str, file: str) -> Params:
    try:
        params: Params = kind.Params.model_validate(dict(values))
    except ValidationError as error:
        raise _set_file_error(error.errors()[0], kind, values, lines, place, file) from error
    except InputError as error:
        raise error.at(place) from error
    return params


def _set_file_error(
    error: Any, kind: AnyKind, values: Mapping[str, Any], lines: Mapping[str, int], place: str, file: str
) -> SetFileError:
    """The first complaint of pydantic as ours: file, line, value, rule, remedy."""
    names = [name for name in error["loc"] if isinstance(name, str)]
    name = names[0] if names else "parameters"
    at = f"{file}:{lines[name]}" if name in lines else place
    known = tuple(kind.Params.model_fields)
    if error["type"] == "missing" and len(error["loc"]) == 1:
        return SetFileError(name, None, f"is missing: {kind.name} needs it", "add it to the block", at)
    if error["type"] == "extra_forbidden" and len(error["loc"]) == 1:
        return SetFileError(name, values.get(name), f"is not a parameter of {kind.name}", _nearest(name, known), at)
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, InputError):
        name = cause.argument if cause.argument in values else name
        at = f"{file}:{lines[name]}" if name in lines else place
        return SetFileError(name, values.get(name), _rule(cause, name), cause.remedy, at)
    where = ".".join(str(part) for part in error["loc"][1:])
    rule = (f"at {where}: " if where else "") + _plain_rule(error)
    return SetFileError(name, values.get(name), rule, "", at)


def _rule(cause: InputError, name: str) -> str:
    """What an error of ours says besides the value of the parameter, which is named already."""
    if cause.argument in ("matrix", "vector", "number", name):
        return cause.rule
    return f"{cause.argument} = {shortened(cause.value)}: {cause.rule}" if cause.value is not None else cause.rule


_TYPES = {
    "bool": "must be true or false",
    "int": "must be a whole number",
    "string": "must be text",
    "list": "must be a list",
    "tuple": "must be a list",
    "dict": "must be 'name: value' pairs",
}


def _plain_rule(error: Any) -> str:
    """A complaint of pydantic in the words of a set file."""
    kind, _, what = str(error["type"]).partition("_")
    if kind in _TYPES and what in ("type", "parsing", "from_float", "parsing_size"):
        return _TYPES[kind]
    message = str(error["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _nearest(name: str, known: Any) -> str:
    return nearest(name, known, f"known: {', '.join(known) or 'none'}")


def _refuse_duplicate_ids(parts: tuple[Part, ...]) -> None:
    first: dict[str, Problem] = {}
    for part in parts:
        if not isinstance(part, Problem):
            continue
        if part.id in first:
            rule = f"stands twice, first at {first[part.id].place}"
            raise SetFileError("id", part.id, rule, "give each problem its own id", part.place)
        first[part.id] = part
