"""Terminals without Unicode: mathematics in ASCII rather than question marks."""

from __future__ import annotations

import codecs
import sys
import unicodedata
from io import TextIOWrapper

_ASCII = {
    **dict.fromkeys("−–—─━", "-"),
    **dict.fromkeys("⎡⎢⎣⎤⎥⎦⎧⎨⎩⎫⎬⎭│┃║", "|"),
    **dict.fromkeys("→⟶↦", "->"),
    **dict.fromkeys("←⟵", "<-"),
    **dict.fromkeys("⋅·×∗", "*"),
    "•": "*",
    "✓": "[ok]",
    "√": "sqrt ",
    "±": "+-",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "≈": "~",
    "′": "'",
    "∞": "inf",
    "‖": "||",
    "∈": " in ",
    "∂": "d",
    "∇": "grad ",
    "†": "^+",
    "ᵀ": "^T",
    "⊤": "^T",
    "…": "...",
    "✗": "x",
    "ℝ": "R",
    "ℓ": "l",
    "∑": "sum ",
    "∏": "prod ",
    "∣": "|",
}


def _ascii(error: UnicodeError) -> tuple[str | bytes, int]:
    """An error handler of :mod:`codecs`: what has no ASCII form is named, never dropped."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = unicodedata.normalize("NFC", error.object[error.start : error.end])
    written, before = "", ""
    for character in text:
        form, kind = _ascii_form(character)
        if form[:1].isalnum() and before == "greek" and kind in ("greek", ""):
            written += " "  # alpha lambda, mu v
        if kind in _MARKS and kind != before:
            written += _MARKS[kind]
        written, before = written + form, kind
    touching = before == "greek" and error.object[error.end : error.end + 1].isalnum()
    return written + " " * touching, error.end


_MARKS = {"super": "^", "sub": "_"}


def _ascii_form(character: str) -> tuple[str, str]:
    """The form, and whether the character is a superscript, a subscript or Greek."""
    if character in _ASCII or character.isascii():
        return _ASCII.get(character, character), ""
    simple = unicodedata.normalize("NFKD", character)
    if unicodedata.name(simple[0], "").startswith("GREEK"):
        letter = unicodedata.name(simple[0]).split(" WITH")[0].rpartition(" ")[2].lower()
        return letter.replace("lamda", "lambda"), "greek"
    plain = "".join(_ASCII.get(part, part) for part in simple).encode("ascii", "ignore").decode()
    kind = unicodedata.decomposition(character).partition(">")[0].lstrip("<")
    kind = kind if kind in _MARKS else ""
    return plain or "?", kind if plain else ""


def use_plain_terminal() -> None:
    """Let stdout and stderr write what their encoding lacks in ASCII; where they have it, nothing changes."""
    codecs.register_error("gradus-ascii", _ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="gradus-ascii")
