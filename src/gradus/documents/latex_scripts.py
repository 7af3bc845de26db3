"""The small raised and lowered characters of Unicode."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final

SUPERSCRIPTS: Final[Mapping[str, str]] = dict(
    zip(
        "0123456789+−-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWαβγδθιϕφχ⊤′∗*†",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵅᵝᵞᵟᶿᶥᶲᵠᵡᵀ′**†",
        strict=True,
    )
)
SUBSCRIPTS: Final[Mapping[str, str]] = dict(
    zip("0123456789+−-=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True)
)


def small(text: str, alphabet: Mapping[str, str]) -> str | None:
    """The text in small characters without its blanks, or None where Unicode lacks one of them.

    >>> small("t + 1", SUBSCRIPTS), small("1, 2", SUBSCRIPTS)
    ('ₜ₊₁', None)
    """
    # NFKC makes plain letters of bold and sans-serif ones, which have no small forms of their own.
    characters = unicodedata.normalize("NFKC", text.replace(" ", ""))
    return "".join(alphabet[c] for c in characters) if all(c in alphabet for c in characters) else None
