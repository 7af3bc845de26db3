"""What a person typed -> an answer object: plain text or JSON, bounded, and never evaluated.

What a text may be depends on the form of the answer that is asked for: a number, a vector, a matrix, a basis, a
family, unit minimisers, yes or no, or several of these by name.  Whatever an answer prints as its text is read back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gradus.answers.answer import Answer, Basis, Exact, Family, Minimisers, Parts, YesNo
from gradus.answers.expressions import affine_family, vector_value
from gradus.errors import InputError, UnsupportedError, nearest
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.numbers.grammar import MAX_LENGTH
from gradus.exact.numbers.number import Number

MAX_VECTORS = 64

_YES = {"yes": True, "true": True, "y": True, "no": False, "false": False, "n": False}
_NAME = r"(?P<name>[A-Za-zΣ][A-Za-z_]*)"
_SPELLINGS = {"Σ": "Sigma", "S": "Sigma", "sigma": "Sigma"}
_WORDS_BEFORE_SPAN = r"(?:all|the|unit|vectors?|x|in|of|from|norm|length|1|\s)*"
_SPAN = re.compile(rf"^{_WORDS_BEFORE_SPAN}\bspan\b(?:\s*of\b)?\s*(.*)$", re.IGNORECASE | re.DOTALL)
_IN_THE_REALS = r"(?:[A-Za-z_0-9]{1,10} ?[, ] ?){0,8}[A-Za-z_0-9]{1,10} ?(?:∈|\bin\b)"
_QUANTIFIER = re.compile(rf":|\||\bfor\b|\bwhere\b|\bwith\b|[,;] ?{_IN_THE_REALS}")
"""What follows a family's expression: that its parameters are any real numbers."""

_PLUS_MINUS = re.compile(r"^\s*(?:±|\+/-|\+-|-\+|∓)\s*")


def read_answer(texts: Sequence[str], form: Answer) -> Answer:
    """The answer that a person typed.

    Args:
        texts: one text, or one ``NAME=VALUE`` for each part of an answer with several.
        form: an answer of the form that is asked for; only its types are looked at, never its values.

    Raises:
        InputError: a text is not of that form; says where it stops being so.
        UnsupportedError: a budget is passed, or answers of this type are not read yet.

    >>> from gradus.exact.linear_algebra.matrices import Vector
    >>> form = Family(Vector.of("0 0"), ())
    >>> read_answer(["(3/10, 2/5) + t*(-4/5, 3/5)"], form).text
    '(3/10, 2/5) + t*(-4/5, 3/5)'
    >>> read_answer(["+-(4/5, -3/5)"], Minimisers("points", ())).text
    '(4/5, -3/5), (-4/5, 3/5)'
    """
    for text in texts:
        if len(text) > MAX_LENGTH:
            raise UnsupportedError("answer", text, f"must have at most {MAX_LENGTH} characters", "shorten it")
        if not text.strip():
            raise InputError("answer", text, "is empty", "write the answer, (3/10, 2/5) say")
    texts = [_single_blanks(text) for text in texts]
    if isinstance(form, Parts):
        return _parts(texts, form)
    if len(texts) != 1:
        rule = "is one answer too many: this problem asks for one"
        raise InputError("answer", texts[1] if texts else "", rule, "give --answer once")
    return _read(texts[0], form)


def _single_blanks(text: str) -> str:
    """Blanks in runs would cost the patterns below their linear time."""
    return "\n".join(" ".join(line.split()) for line in text.splitlines() if line.strip())


def _read(text: str, form: Answer) -> Answer:
    value = _json(text)
    if isinstance(form, YesNo):
        return _yes_no(text, value)
    if isinstance(form, Exact):
        return Exact(_exact(text, value, form.value))
    if isinstance(form, Basis):
        return Basis(_basis(text, value))
    if isinstance(form, Family):
        return _family(text, value)
    if isinstance(form, Minimisers):
        return _minimisers(text, value)
    rule = f"is not read yet: answers of the type '{form.type}' cannot be typed so far"
    raise UnsupportedError("answer", text, rule, "type the answer to a problem with numbers, vectors or matrices")


def _yes_no(text: str, value: Any) -> YesNo:
    word = text.strip().strip(".!").lower()
    if word in _YES:
        return YesNo(_YES[word])
    raise InputError("answer", text, "is neither yes nor no", "write yes or no")


def _exact(text: str, value: Any, form: Number | Vector | Matrix) -> Number | Vector | Matrix:
    if isinstance(form, Vector):
        return _vector(text, value)
    if isinstance(form, Matrix):
        return _matrix(text, value)
    return Number.of(_plain(value) if value is not None else _without_name(text).strip())


def _vector(text: str, value: Any) -> Vector:
    if value is not None:
        return Vector.of(_plain(value))
    (vector, *more) = _vectors(_without_name(text))
    if more:
        raise InputError("answer", text, "has several vectors where one is asked for", "write one: (3/10, 2/5)")
    return vector


def _matrix(text: str, value: Any) -> Matrix:
    """Rows by ``;``, perhaps in brackets, perhaps with a factor before them: ``1/5 [3 -4; 4 3]``."""
    if value is not None:
        return Matrix.of(_plain(value))
    source = _without_name(text).strip()
    open_at = source.find("[")
    if open_at < 0 or not source.endswith("]"):
        return Matrix.of(source)
    factor = source[:open_at].strip().removesuffix("*").strip()
    return Matrix.of(source[open_at + 1 : -1]) * (Number.of(factor) if factor else 1)


def _basis(text: str, value: Any) -> tuple[Vector, ...]:
    if isinstance(value, Mapping) and value:
        return _json_vectors(text, value, "basis")
    if isinstance(value, list):
        return _rows(value)
    source = _without_name(text).strip()
    if re.fullmatch(r"\{\s*(0|\(\s*(0\s*,?\s*)+\))?\s*\}|empty|none", source, re.I):
        return ()
    return _vectors(_without_braces(source))


def _family(text: str, value: Any) -> Family:
    if isinstance(value, Mapping):
        point = _json_vectors(text, {"point": [value.get("point")]}, "point")
        return Family(point[0], _json_vectors(text, value, "directions"))
    if isinstance(value, list):
        return Family(Vector.of(_plain(value)), ())
    source = _QUANTIFIER.split(_without_name(_without_braces(_without_name(text))), maxsplit=1)[0]
    if not re.search(r"[(\[]", source):
        return Family(Vector.of(source), ())
    family = affine_family(source)
    directions = {name: d for name, d in family.directions.items() if d}
    return Family(family.point, tuple(directions.values()), tuple(directions))


def _minimisers(text: str, value: Any) -> Minimisers:
    if isinstance(value, Mapping):
        if value.get("kind") == "sphere":
            return Minimisers("sphere", _json_vectors(text, value, "basis"))
        return Minimisers("points", _json_vectors(text, value, "points"))
    if isinstance(value, list):
        return Minimisers("points", _rows(value))
    source = _without_name(text).strip()
    if span := _SPAN.match(source):
        return Minimisers("sphere", _vectors(_without_braces(span[1])))
    if not re.search(r"[(\[]", source):
        if sign := _PLUS_MINUS.match(source):
            v = Vector.of(source[sign.end() :])
            if len(v) > 1:
                rule = "leaves open whether the sign belongs to the first entry or to the vector"
                raise InputError("answer", text, rule, "write ±(4/5, -3/5)")
            return Minimisers("points", (v, -v))
        return Minimisers("points", (Vector.of(source),))
    points: list[Vector] = []
    for part in _separated(_without_braces(source)):
        sign = _PLUS_MINUS.match(part)
        vectors = _vectors(part[sign.end() :] if sign else part)
        points += [w for v in vectors for w in ((v, -v) if sign else (v,))]
    if len(points) > MAX_VECTORS:
        raise UnsupportedError("answer", text, f"must have at most {MAX_VECTORS} vectors", "give fewer")
    return Minimisers("points", tuple(points))


def _parts(texts: Sequence[str], form: Parts) -> Parts:
    """``U = 1 0; 0 1`` and ``Sigma = ...``: one text each, or all in one, each starting with its name."""
    given: dict[str, str] = {}
    value = _json(texts[0]) if len(texts) == 1 else None
    if isinstance(value, Mapping):
        pairs: Iterable[tuple[str, str]] = [(str(name), json.dumps(part)) for name, part in value.items()]
    else:
        pairs = [pair for text in texts for pair in _named(text, form)]
    for spelled, text in pairs:
        name = _part_name(spelled, form)
        if name in given:
            raise InputError("answer", text, f"gives {name} a second time", "give each part once")
        given[name] = text
    missing = [name for name in form.parts if name not in given]
    if missing:
        example = " ".join(f"--answer '{name} = ...'" for name in form.parts)
        raise InputError("answer", "; ".join(texts), f"lacks {' and '.join(missing)}", f"write {example}")
    return Parts({name: _part(name, given[name], part) for name, part in form.parts.items()})


def _part(name: str, text: str, form: Answer) -> Answer:
    try:
        return _read(text, form)
    except InputError as error:
        argument = name if error.argument in ("answer", "matrix", "vector", "number") else f"{name}, {error.argument}"
        raise type(error)(argument, error.value, error.rule, error.remedy) from error


def _named(text: str, form: Parts) -> list[tuple[str, str]]:
    starts = list(re.finditer(rf"(?<![A-Za-z0-9_]){_NAME}\s*=", text))
    if not starts or text[: starts[0].start()].strip():
        names = ", ".join(form.parts)
        raise InputError("answer", text, f"must start with the name of a part: {names}", "write NAME = VALUE")
    ends = [*(start.start() for start in starts[1:]), len(text)]
    return [
        (start["name"], text[start.end() : end].strip(" ;,/\n").removesuffix(" and").strip(" ;,/\n"))
        for start, end in zip(starts, ends, strict=True)
    ]


def _part_name(spelled: str, form: Parts) -> str:
    if spelled in form.parts:
        return spelled
    if (name := _SPELLINGS.get(spelled, "")) in form.parts:
        return name
    rule = f"is not a part of this answer: {', '.join(form.parts)}"
    raise InputError("part", spelled, rule, nearest(spelled, form.parts, "write one of these names"))


def _vectors(text: str) -> tuple[Vector, ...]:
    """Vectors in parentheses with commas, semicolons or ``and`` between them; without parentheses one vector."""
    if not _separates_inside(text):
        return (Vector.of(text.strip()),)
    parts = _separated(text)
    if len(parts) > MAX_VECTORS:
        raise UnsupportedError("answer", text, f"must have at most {MAX_VECTORS} vectors", "give fewer")
    return tuple(vector_value(part) for part in parts)


def _separates_inside(text: str) -> bool:
    """Whether a comma or semicolon stands inside parentheses, or there are brackets: the vectors are marked as such."""
    depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "[" or (depth > 0 and character in ",;"):
            return True
    return False


def _separated(text: str) -> list[str]:
    """The parts between commas, semicolons, line ends and ``and`` outside parentheses."""
    parts, depth = [""], 0
    for piece in re.split(r"([()\[\],;\n]|\band\b)", text):
        depth += (piece in ("(", "[")) - (piece in (")", "]"))
        if depth == 0 and piece in (",", ";", "\n", "and"):
            parts.append("")
        else:
            parts[-1] += piece
    return [part.strip() for part in parts if part.strip()]


def _without_name(text: str) -> str:
    """``x = (1, 2)`` -> ``(1, 2)``."""
    return re.sub(r"^\s*[A-Za-zΣ][A-Za-z_]*\s*(?:\*|\^\*|\^\+)?\s*=(?!=)", "", text)


def _without_braces(text: str) -> str:
    stripped = text.strip()
    return stripped[1:-1] if stripped.startswith("{") and stripped.endswith("}") else stripped


def _json(text: str) -> Any:
    """The JSON value of a text that is a JSON list, object or string; None otherwise.  Numbers stay as written."""
    if not text.strip().startswith(("[", "{", '"')):
        return None
    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None


def _plain(value: Any) -> Any:
    """A JSON value in which every ``{"text": ...}`` is that text."""
    if isinstance(value, Mapping):
        if not isinstance(value.get("text"), str):
            raise InputError("answer", value, "is an object without the text of a number", 'write {"text": "3/10"}')
        return value["text"]
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _rows(value: list[Any]) -> tuple[Vector, ...]:
    """A JSON list of lists as vectors; a list of numbers as one."""
    if len(value) > MAX_VECTORS:
        raise UnsupportedError("answer", value, f"must have at most {MAX_VECTORS} vectors", "give fewer")
    if all(isinstance(row, list) for row in value):
        return tuple(Vector.of(_plain(row)) for row in value)
    return (Vector.of(_plain(value)),)


def _json_vectors(text: str, value: Mapping[str, Any], key: str) -> tuple[Vector, ...]:
    rows = value.get(key)
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise InputError("answer", text, f"must hold a list of vectors named {key}", f'write {{"{key}": [["1", "0"]]}}')
    return _rows(rows) if rows else ()
