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
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "≈": "~",
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
    text = error.object[error.start : error.end]
    return "".join(_ascii_form(character) for character in text), error.end


def _ascii_form(character: str) -> str:
    if character in _ASCII:
        return _ASCII[character]
    name = unicodedata.name(character, "")
    if name.startswith("GREEK"):
        return name.rpartition(" ")[2].lower()
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    mark = "^" if "SUPERSCRIPT" in name else "_" if "SUBSCRIPT" in name else ""
    return mark + plain if plain else "?"


def use_plain_terminal() -> None:
    """Let stdout and stderr write what their encoding lacks in ASCII; where they have it, nothing changes."""
    codecs.register_error("gradus-ascii", _ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="gradus-ascii")
