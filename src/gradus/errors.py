"""Every exception that gradus raises on purpose.

Each message names the argument, the value received, the rule and the remedy, and fits on one line, so that a
command can print it as it stands.  What is raised anywhere else is a bug.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar


class GradusError(Exception):
    """Base of all errors of gradus; ``exit_code`` is what a command ends with."""

    exit_code: ClassVar[int] = 1


class InputError(GradusError, ValueError):
    """What was given is wrong.

    Args:
        argument: name of the argument, parameter or file that is wrong.
        value: what was received; cut to 80 characters in the message.
        rule: the rule it breaks, as a short clause ("must be a rectangular table of numbers").
        remedy: what mends it, as a short clause ("write one row a list").
        place: where it stands, e.g. ``"hw5.md:17"``.

    >>> print(InputError("A", "[[1, 2], [3]]", "rows must have equal length", "give row 2 two entries", "a.md:4"))
    a.md:4: A = [[1, 2], [3]]: rows must have equal length; give row 2 two entries
    """

    exit_code = 2

    def __init__(self, argument: str, value: object, rule: str, remedy: str = "", place: str = "") -> None:
        self.argument, self.value, self.rule, self.remedy, self.place = argument, value, rule, remedy, place
        super().__init__(argument, value, rule, remedy, place)

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        what = self.argument if self.value is None else f"{self.argument} = {shortened(self.value)}"
        return f"{where}{what}: {self.rule}" + (f"; {self.remedy}" if self.remedy else "")

    def at(self, place: str) -> InputError:
        """The same error with the place where its value stands."""
        return type(self)(self.argument, self.value, self.rule, self.remedy, place)


class SetFileError(InputError):
    """A problem-set file breaks its format; ``place`` is ``file:line``."""


class LatexError(InputError):
    """LaTeX that the strict converter does not know; ``rule`` holds the position."""


class DataError(InputError):
    """A data set cannot be used: a folder or an image is not what it must be."""


class UnsupportedError(InputError):
    """The input is meaningful, but gradus cannot do it yet; the rule says what the limit is."""

    exit_code = 1


class OutputError(InputError):
    """A file or folder cannot be written."""


class WorkFailed(GradusError):
    """The work was begun and could not be finished."""


class SelfCheckFailed(WorkFailed):
    """A self-check of a worked solution did not hold: the result is not printed."""


class MissingExtra(WorkFailed):
    """A part of gradus needs an extra that is not installed.

    >>> print(MissingExtra("training", "train"))
    training needs the extra 'train', which is not installed; run, in the folder of gradus: pip install '.[train]'
    """

    def __init__(self, what: str, extra: str) -> None:
        self.what, self.extra = what, extra
        remedy = f"run, in the folder of gradus: pip install '.[{extra}]'"
        super().__init__(f"{what} needs the extra '{extra}', which is not installed; {remedy}")


def nearest(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """The remedy for an unknown name: the nearest known one, or what to do where none is near.

    >>> nearest("pictogram", ["pictograms", "photos"]), nearest("x", ["pictograms"], "choose one of them")
    ('did you mean pictograms?', 'choose one of them')
    """
    near = get_close_matches(name, sorted(known), n=1, cutoff=0.4)
    return f"did you mean {near[0]}?" if near else otherwise


def shortened(value: object, limit: int = 80) -> str:
    """A value on one line of at most ``limit`` characters.

    >>> shortened("a  b" * 100, 8)
    'a ba ba…'
    """
    try:
        text = " ".join(str(value).split())
    except ValueError:  # Python does not print integers of more than 4,300 digits
        return f"a {type(value).__name__} too long to show"
    return text if len(text) <= limit else text[: limit - 1] + "…"
