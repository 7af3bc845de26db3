"""Names that were given and names that are known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy for an unknown name: the nearest known one, if any is near.

    >>> nearest("pictogram", ["pictograms"]), nearest("x", ["pictograms"])
    ("did you mean 'pictograms'?", 'choose one of them')
    """
    found = get_close_matches(name, sorted(known), n=1)
    return f"did you mean '{found[0]}'?" if found else "choose one of them"
