"""Blocks of text lines with a baseline, from which formulas are laid out in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

# Fence -> (top, middle, bottom, piece that repeats).
_PIECES: Final[dict[str, tuple[str, str, str, str]]] = {
    "(": ("⎛", "⎜", "⎝", "⎜"), ")": ("⎞", "⎟", "⎠", "⎟"), "[": ("⎡", "⎢", "⎣", "⎢"), "]": ("⎤", "⎥", "⎦", "⎥"),
    "⌊": ("⎢", "⎢", "⎣", "⎢"), "⌋": ("⎥", "⎥", "⎦", "⎥"), "⌈": ("⎡", "⎢", "⎢", "⎢"), "⌉": ("⎤", "⎥", "⎥", "⎥"),
    "{": ("⎧", "⎨", "⎩", "⎪"), "}": ("⎫", "⎬", "⎭", "⎪"), "|": ("│", "│", "│", "│"), "‖": ("║", "║", "║", "║"),
}  # fmt: skip
_SHORT_BRACES: Final = {"{": ("⎰", "⎱"), "}": ("⎱", "⎰")}


@dataclass(frozen=True)
class Box:
    """Lines of text, all equally wide in terminal cells; text goes on beside the line with the number ``baseline``.

    >>> Box(("1", "─", "2"), 1).height
    3
    """

    lines: tuple[str, ...]
    baseline: int = 0

    @property
    def width(self) -> int:
        """In terminal cells."""
        return cell_len(self.lines[0])

    @property
    def height(self) -> int:
        """In lines."""
        return len(self.lines)


def text_box(text: str) -> Box:
    """One line as a box.

    >>> text_box("x²").width
    2
    """
    return Box((text,))


def padded(text: str, width: int, align: str = "l") -> str:
    """The line filled with blanks to a width in cells: ``l``, ``c`` or ``r``.

    >>> padded("ab", 5, "c")
    ' ab  '
    """
    room = max(0, width - cell_len(text))
    before = {"l": 0, "c": room // 2, "r": room}[align]
    return " " * before + text + " " * (room - before)


def beside(boxes: Sequence[Box]) -> Box:
    """Boxes side by side on one baseline.

    >>> beside([Box(("1", "─", "2"), 1), text_box(" = x")]).lines
    ('1    ', '─ = x', '2    ')
    """
    above = max((box.baseline for box in boxes), default=0)
    below = max((box.height - box.baseline for box in boxes), default=1)
    lines = [""] * (above + below)
    for box in boxes:
        start = above - box.baseline
        for number in range(len(lines)):
            inside = 0 <= number - start < box.height
            lines[number] += box.lines[number - start] if inside else " " * box.width
    return Box(tuple(lines), above)


def above(boxes: Sequence[Box], baseline_of: int, align: str = "c") -> Box:
    """Boxes one under the other; the baseline is that of the box with the given number.

    >>> above([text_box("a"), text_box("max"), text_box("b")], 1)
    Box(lines=(' a ', 'max', ' b '), baseline=1)
    """
    width = max(box.width for box in boxes)
    lines = tuple(padded(line, width, align) for box in boxes for line in box.lines)
    return Box(lines, sum(box.height for box in boxes[:baseline_of]) + boxes[baseline_of].baseline)


def over_line(top: Box, bottom: Box) -> Box:
    """A fraction: one box over the other with a line between them, which is the baseline.

    >>> over_line(text_box("1"), text_box("10")).lines
    ('1 ', '──', '10')
    """
    rule = text_box("─" * max(top.width, bottom.width))
    return above([top, rule, bottom], 1)


def fence(mark: str, height: int, baseline: int) -> Box:
    """A fence as tall as what it encloses.

    >>> fence("[", 3, 1).lines, fence("(", 1, 0).lines
    (('⎡', '⎢', '⎣'), ('(',))
    """
    if not mark or height == 1:
        return Box((mark,) * height, baseline)
    if height == 2 and mark in _SHORT_BRACES:
        return Box(_SHORT_BRACES[mark], baseline)
    if mark not in _PIECES:
        return Box(tuple(mark if line == baseline else " " * cell_len(mark) for line in range(height)), baseline)
    top, middle, bottom, more = _PIECES[mark]
    half = (height - 1) // 2
    inner = (middle if line == half else more for line in range(1, height - 1))
    return Box((top, *inner, bottom), baseline)


def fenced(left: str, body: Box, right: str) -> Box:
    """A box between two fences.

    >>> fenced("[", Box(("1", "2")), "]").lines
    ('⎡1⎤', '⎣2⎦')
    """
    return beside([fence(left, body.height, body.baseline), body, fence(right, body.height, body.baseline)])


def radical(body: Box, index: str = "") -> Box:
    r"""A box under a root sign that is drawn over several lines.

    >>> print("\n".join(radical(text_box("2")).lines))
     ┌──
    ╲│ 2
    """
    sign = [*("│" for _ in body.lines[:-1]), "╲│"]
    lines = [f"┌{'─' * (body.width + 1)}"]
    lines += [f"{mark:>2} {line}" for mark, line in zip(sign, body.lines, strict=True)]
    lines[0] = padded(index, 1) + lines[0]
    edge = max(0, cell_len(lines[0]) - body.width - 3)
    lines[1:] = [" " * edge + line for line in lines[1:]]
    return Box(tuple(padded(line, max(map(cell_len, lines))) for line in lines), body.baseline + 1)


def framed(body: Box) -> Box:
    r"""A box with a frame around it.

    >>> print("\n".join(framed(text_box("x")).lines))
    ┌───┐
    │ x │
    └───┘
    """
    rule = "─" * (body.width + 2)
    return Box((f"┌{rule}┐", *(f"│ {line} │" for line in body.lines), f"└{rule}┘"), body.baseline + 1)
