"""LaTeX in a terminal: a formula on one line for running text, or laid out over several lines for display."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Many
from dataclasses import dataclass, replace
from typing import Final

from gradus.documents import latex
from gradus.documents.latex_boxes import (
    Box,
    above,
    beside,
    fenced,
    framed,
    over_line,
    padded,
    radical,
    text_box,
)
from gradus.documents.latex_macros import ENVIRONMENTS, MACROS, Macro, styled
from gradus.documents.latex_scripts import SUBSCRIPTS, SUPERSCRIPTS, small
from gradus.documents.latex_tree import (
    Accented,
    Decorated,
    Delimiter,
    Fenced,
    Fraction,
    Grid,
    Letter,
    Negated,
    Node,
    Number,
    Operator,
    Root,
    Scripts,
    Sequence,
    Space,
    Stacked,
    Styled,
    Switched,
    Symbol,
    Words,
)

_PRIMES: Final = {0: "", 1: "′", 2: "″", 3: "‴"}
_ALIGNED: Final = ("aligned", "align*", "split")
_NO_OPERAND: Final = ("", "binary", "relation", "opening", "punctuation", "large", "function", "space")
_ON_EVERY_LETTER: Final = ("\\overline", "\\underline")
_BRACES: Final = ("\\overbrace", "\\underbrace")


@dataclass(frozen=True)
class _Mode:
    flat: bool
    alphabet: Macro | None = None


def inline_text(source: str) -> str:
    """The formula on one line.

    Args:
        source: LaTeX without dollar signs.

    Raises:
        LatexError: the formula is not in the subset of :mod:`gradus.documents.latex`.

    >>> inline_text("A^+ = \\\\frac{1}{50}\\\\begin{bmatrix}3&3\\\\\\\\4&4\\\\end{bmatrix}")
    'A⁺ = 1/50 [3 3; 4 4]'
    """
    return _flat(latex.parse(source)).strip()


def display_width(source: str) -> int:
    """Terminal cells that the displayed formula takes on its widest line, unbroken.

    >>> display_width("x = \\\\frac{3}{10}")
    6
    """
    return _box(latex.parse(source), _Mode(flat=False)).width


def display_lines(source: str, width: int) -> tuple[str, ...]:
    """The formula over several lines, each at most ``width`` cells wide where the formula can be broken so.

    A formula that is too wide is broken before its relations and operators; a part that is still too wide is written
    on one line and broken at blanks.

    Raises:
        LatexError: the formula is not in the subset of :mod:`gradus.documents.latex`.

    >>> print("\\n".join(display_lines("x = \\\\frac{3}{10}", 40)))
        3
    x = ──
        10
    """
    node = latex.parse(source)
    whole = _box(node, _Mode(flat=False))
    if whole.width <= width:
        return _trimmed(whole)
    items = node.items if isinstance(node, Sequence) else (node,)
    return tuple(line for part in _broken(items, width) for line in part)


def _trimmed(box: Box) -> tuple[str, ...]:
    lines = [line.rstrip() for line in box.lines]
    shift = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
    return tuple(line[shift:] for line in lines)


def _broken(items: Many[Node], width: int) -> Iterable[tuple[str, ...]]:
    import textwrap

    indent = ""
    rest = list(items)
    while rest:
        room = width - len(indent)
        cuts = [i for i in range(1, len(rest)) if _role(rest[i]) in ("relation", "binary")] + [len(rest)]
        before = "ordinary" if indent else ""
        boxes = {cut: _row(rest[:cut], _Mode(flat=False), before) for cut in cuts}
        cut = max((cut for cut, box in boxes.items() if box.width <= room), default=cuts[0])
        if boxes[cut].width <= room:
            yield tuple(indent + line for line in _trimmed(boxes[cut]))
        else:
            text = _row(rest[:cut], _Mode(flat=True), before).lines[0].strip()
            yield tuple(textwrap.wrap(text, width, initial_indent=indent, subsequent_indent="    "))
        rest = rest[cut:]
        indent = "    "


def _flat(node: Node, mode: _Mode | None = None) -> str:
    return _box(node, replace(mode or _Mode(flat=True), flat=True)).lines[0]


def _box(node: Node, mode: _Mode) -> Box:
    match node:
        case Letter(text) | Number(text):
            return text_box("".join(styled(mode.alphabet, c) for c in text) if mode.alphabet else text)
        case Symbol(macro):
            return text_box(styled(mode.alphabet, macro.unicode) if mode.alphabet else macro.unicode)
        case Words(text):
            return text_box(text)
        case Operator(text):
            return text_box(text.replace("\u2009", " ").replace("\u2004", " ").replace("\u2005", " "))
        case Negated(text):
            return text_box(text)
        case Space(macro):
            return text_box(" " * _blanks(macro))
        case Sequence(items):
            return _row(items, mode)
        case Switched(_, body):
            return _box(body, mode)
        case Styled(macro, body):
            return _box(body, replace(mode, alphabet=macro if macro.unicode else None))
        case Delimiter(macro):
            return text_box(macro.unicode)
        case Fraction():
            return _fraction(node, mode)
        case Root():
            return _root(node, mode)
        case Fenced(left, body, right):
            return fenced(left.unicode if left else "", _box(body, mode), right.unicode if right else "")
        case Grid():
            return _flat_grid(node, mode) if mode.flat else _grid(node, mode)
        case Scripts():
            return _scripts(node, mode)
        case Accented(macro, body):
            return _accented(macro, _box(body, mode))
        case Decorated(macro, body):
            return _decorated(macro, _box(body, mode), mode)
        case Stacked():
            return _stacked(node, mode)


def _blanks(macro: Macro) -> int:
    return {"": 0, "\u2003": 3, "\u2003\u2003": 5}.get(macro.unicode, 1)


def _role(node: Node) -> str:
    match node:
        case Symbol(macro):
            return macro.role
        case Space():
            return "space"
        case Operator():
            return "function"
        case Negated():
            return "relation"
        case Fraction():
            return "fraction"
        case Words():
            return "words"
        case Delimiter(macro, size):
            side = size.name[-1] if size else "m"
            return {"l": "opening", "r": "closing", "m": "relation"}.get(side, "ordinary")
        case Scripts(base) | Styled(_, base) | Accented(_, base) | Decorated(_, base):
            return _role(base)
        case Stacked(base, _, _, relation):
            return "relation" if relation else _role(base)
        case Fenced():
            return "fenced"
        case Grid():
            return "grid"
        case _:
            return "ordinary"


def _row(items: Many[Node], mode: _Mode, before: str = "") -> Box:
    """Nodes side by side, with the blanks that their roles ask for; ``before`` is the role of what stands in front."""
    boxes: list[Box] = []
    pending, last = 0, before
    for number, node in enumerate(items):
        role = _role(node)
        if role == "binary" and (last in _NO_OPERAND or number == len(items) - 1):
            role = "sign"
        if role == "space":
            assert isinstance(node, Space)
            pending = max(pending, _blanks(node.macro)) if node.macro.unicode else 0
            continue
        box = _box(node, mode)
        gap = max(pending, _gap(last, role)) if last else pending
        if boxes and boxes[-1].height > 1 and box.height > 1 and role != "closing" and last != "opening":
            gap = max(gap, 1)
        boxes += [text_box(" " * gap), box]
        pending, last = 0, role
    return beside([*boxes, text_box(" " * pending)])


def _gap(left: str, right: str) -> int:
    if "words" in (left, right):
        return 0
    spaced = ("binary", "relation")
    if left in spaced or right in spaced:
        return 1
    if left == "punctuation":
        return 1
    operators = ("function", "large")
    if left in operators and right not in ("opening", "fenced", "closing", "punctuation", "sign"):
        return 1
    if right in operators and left not in ("opening", "sign", *operators):
        return 1
    if left == "fraction" and right not in ("closing", "punctuation"):
        return 1
    if left == "grid" and right not in ("closing", "punctuation"):
        return 1
    return int(right in ("fraction", "grid") and left not in ("opening", "sign", "fenced", "closing"))


def _fraction(node: Fraction, mode: _Mode) -> Box:
    if not mode.flat and node.size != "inline":
        top, bottom = _box(node.numerator, mode), _box(node.denominator, mode)
        return over_line(top, bottom) if node.bar else fenced("(", above([top, text_box(""), bottom], 1), ")")
    top_text, bottom_text = _flat(node.numerator, mode), _flat(node.denominator, mode)
    if not node.bar:
        return text_box(f"({top_text} choose {bottom_text})")
    top_text = top_text if _is_product(node.numerator) else f"({top_text})"
    whole = _is_differential(node.denominator)
    return text_box(f"{top_text}/{bottom_text if whole else _grouped(node.denominator, bottom_text)}")


def _is_differential(node: Node) -> bool:
    """Whether the node is a d or a curled d with one thing behind it, which are read as one."""
    match node:
        case Sequence((Symbol(Macro(unicode="∂")) | Letter("d"), Letter() | Scripts() | Styled())):
            return True
        case _:
            return False


def _is_product(node: Node) -> bool:
    if isinstance(node, Fraction):
        return False
    return not isinstance(node, Sequence) or all(_role(i) in ("ordinary", "fenced") for i in node.items)


def _grouped(node: Node, text: str) -> str:
    """The text in parentheses, unless it reads as one thing anyway."""
    loose = isinstance(node, Fraction | Accented | Words | Operator) or (
        isinstance(node, Sequence) and len(node.items) != 1
    )
    return f"({text})" if loose and len(text) > 1 else text


def _root(node: Root, mode: _Mode) -> Box:
    index = _script(node.index, SUPERSCRIPTS, "", mode) if node.index is not None else ""
    body = _box(node.radicand, mode)
    if body.height == 1:
        return text_box(f"{index}√{_grouped(node.radicand, body.lines[0].strip())}")
    return radical(body, index)


def _script(node: Node, alphabet: Mapping[str, str], mark: str, mode: _Mode) -> str:
    """A script as small characters where Unicode has them all, else behind its mark."""
    text = _flat(node, mode).strip()
    if (characters := small(text, alphabet)) is not None:
        return characters
    tight = text if isinstance(node, Words) else text.replace(" ", "")
    return mark + (tight if len(tight) == 1 or not mark else f"({text})")


def _scripts(node: Scripts, mode: _Mode) -> Box:
    base = _box(node.base, mode)
    primes = _PRIMES.get(node.primes, "′" * node.primes)
    note = node.base if isinstance(node.base, Decorated) and node.base.macro.name in _BRACES else None
    if mode.flat:
        return _flat_scripts(node, base.lines[0], primes, note is not None, mode)
    if note is not None or _has_limits(node):
        return _with_limits(node, base, primes, mode)
    raised = primes + _script(node.sup, SUPERSCRIPTS, "", mode) if node.sup is not None else primes
    lowered = _script(node.sub, SUBSCRIPTS, "", mode) if node.sub is not None else ""
    small_sup = _is_small(node.sup, SUPERSCRIPTS, mode)
    small_sub = _is_small(node.sub, SUBSCRIPTS, mode)
    if base.height == 1 and small_sup and small_sub:
        return text_box(base.lines[0] + lowered + raised)
    return _at_corners(base, raised, lowered, small_sup, small_sub)


def _is_small(node: Node | None, alphabet: Mapping[str, str], mode: _Mode) -> bool:
    return node is None or small(_flat(node, mode), alphabet) is not None


def _at_corners(base: Box, raised: str, lowered: str, small_sup: bool, small_sub: bool) -> Box:
    """Scripts at the corners of a base: on its first and last line where it is tall or they are small."""
    lift = 0 if base.height > 1 or small_sup else 1
    drop = 0 if base.height > 1 or small_sub else 1
    width = max(text_box(raised).width, text_box(lowered).width)
    if base.height == 1 and not (lift and drop):
        width = text_box(raised).width + text_box(lowered).width
    lines = [""] * (lift + base.height + drop)
    lines[0] += raised if lift or base.height > 1 else ""
    lines[-1] += lowered if drop or base.height > 1 else ""
    if base.height == 1:
        middle = (lowered if not drop else "") + (raised if not lift else "")
        blank = " " * text_box(middle).width
        lines = [middle if number == lift else (blank + line if line else line) for number, line in enumerate(lines)]
    column = Box(tuple(padded(line, width) for line in lines), base.baseline + lift)
    return beside([base, column])


def _flat_scripts(node: Scripts, base: str, primes: str, is_note: bool, mode: _Mode) -> Box:
    if is_note:
        notes = [_flat(script, mode) for script in (node.sub, node.sup) if script is not None]
        return text_box(f"{base} [{', '.join(notes)}]")
    if isinstance(node.base, Fraction | Sequence):
        base = _grouped(node.base, base)
    sub = _script(node.sub, SUBSCRIPTS, "_", mode) if node.sub is not None else ""
    sup = _script(node.sup, SUPERSCRIPTS, "^", mode) if node.sup is not None else ""
    return text_box(base + sub + primes + sup)


def _has_limits(node: Scripts) -> bool:
    base = node.base
    own = base.limits if isinstance(base, Operator) else isinstance(base, Symbol) and base.macro.limits
    return own if node.limits is None else node.limits


def _with_limits(node: Scripts, base: Box, primes: str, mode: _Mode) -> Box:
    stack = [base if not primes else text_box(base.lines[0] + primes)]
    if node.sub is not None:
        stack.append(_under(node.sub, mode))
    if node.sup is not None:
        stack.insert(0, _under(node.sup, mode))
    return above(stack, int(node.sup is not None))


def _under(node: Node, mode: _Mode) -> Box:
    return _box(node, mode) if isinstance(node, Grid) else text_box(_flat(node, mode))


def _accented(macro: Macro, body: Box) -> Box:
    if body.height > 1:
        rule = text_box(("─" if macro.name in _ON_EVERY_LETTER else macro.unicode.rjust(2)) * body.width)
        return above([body, rule], 0) if macro.name == "\\underline" else above([rule, body], 1)
    text = body.lines[0]
    if macro.name in _ON_EVERY_LETTER:
        return text_box("".join(character + macro.unicode for character in text))
    return text_box(text + macro.unicode)


def _decorated(macro: Macro, body: Box, mode: _Mode) -> Box:
    match macro.name:
        case "\\phantom":
            return Box(tuple(" " * body.width for _ in body.lines), body.baseline)
        case "\\boxed":
            return text_box(f"[{body.lines[0]}]") if mode.flat else framed(body)
        case _ if mode.flat:
            return body
        case "\\underbrace":
            return above([body, text_box(_brace("╰", "┬", "╯", body.width))], 0)
        case _:
            return above([text_box(_brace("╭", "┴", "╮", body.width)), body], 1)


def _brace(left: str, middle: str, right: str, width: int) -> str:
    if width < 3:
        return middle * width
    before = (width - 3) // 2
    return left + "─" * before + middle + "─" * (width - 3 - before) + right


def _stacked(node: Stacked, mode: _Mode) -> Box:
    base = _box(node.base, mode)
    if mode.flat:
        over = _script(node.over, SUPERSCRIPTS, "^", mode) if node.over is not None else ""
        under = _script(node.under, SUBSCRIPTS, "_", mode) if node.under is not None else ""
        return text_box(base.lines[0] + under + over)
    stack = [base]
    if node.over is not None:
        stack.insert(0, _under(node.over, mode))
    if node.under is not None:
        stack.append(_under(node.under, mode))
    return above(stack, int(node.over is not None))


def _fences(environment: str) -> tuple[str, str]:
    left, right = ENVIRONMENTS.get(environment, ("", ""))
    return (MACROS[left].unicode if left else "", MACROS[right].unicode if right else "")


def _flat_grid(node: Grid, mode: _Mode) -> Box:
    left, right = _fences(node.environment)
    rows = [[_cell(cell, node, number, mode).lines[0] for number, cell in enumerate(row)] for row in node.rows]
    if node.environment in _ALIGNED:
        return text_box("; ".join("".join(row).strip() for row in rows))
    stripped = [[cell.strip() for cell in row] for row in rows]
    comma = ", " if any(" " in cell for row in stripped for cell in row) else " "
    return text_box(left + "; ".join(comma.join(row) for row in stripped) + right)


def _cell(cell: Node, grid: Grid, column: int, mode: _Mode) -> Box:
    items = cell.items if isinstance(cell, Sequence) else (cell,)
    return _row(items, mode, "ordinary" if grid.environment in _ALIGNED and column % 2 else "")


def _grid(node: Grid, mode: _Mode) -> Box:
    boxes = [[_cell(cell, node, number, mode) for number, cell in enumerate(row)] for row in node.rows]
    widths = [max(row[column].width for row in boxes) for column in range(len(boxes[0]))]
    aligns, bars = _columns(node, len(widths))
    rows = [_grid_row(row, widths, aligns, bars, node.environment in _ALIGNED) for row in boxes]
    tall = any(row.height > 1 for row in rows)
    lines: list[str] = []
    for number, row in enumerate(rows):
        if number in node.rules:
            lines.append("─" * row.width)
        elif number and tall:
            lines.append(" " * row.width)
        lines.extend(row.lines)
    if len(rows) in node.rules:
        lines.append("─" * rows[0].width)
    left, right = _fences(node.environment)
    space = " " if left in ("{",) else ""
    body = Box(tuple(space + line for line in lines), (len(lines) - 1) // 2)
    return fenced(left, body, right)


def _columns(node: Grid, count: int) -> tuple[str, tuple[int, ...]]:
    """The alignment of each column, and the columns that a vertical rule stands before."""
    if node.columns:
        letters = node.columns.replace("|", "")
        bars = tuple(len(node.columns[:i].replace("|", "")) for i, c in enumerate(node.columns) if c == "|")
        return letters, bars
    if node.environment in _ALIGNED:
        return ("rl" * count)[:count], ()
    align = {"cases": "l", "rcases": "l", "substack": "c", "gathered": "c", "gather*": "c"}.get(node.environment, "r")
    return align * count, ()


def _grid_row(row: Many[Box], widths: Many[int], aligns: str, bars: tuple[int, ...], tight: bool) -> Box:
    parts: list[Box] = []
    for number, (box, width, align) in enumerate(zip(row, widths, aligns, strict=True)):
        if number in bars:
            parts.append(text_box(" │ " if number else "│ "))
        elif number and not (tight and number % 2):
            parts.append(text_box("   " if tight else "  "))
        parts.append(Box(tuple(padded(line, width, align) for line in box.lines), box.baseline))
    joined = beside(parts)
    if 0 in bars or len(row) in bars:
        lines = [
            (("│" + line[1:]) if 0 in bars else line) + (" │" if len(row) in bars else "") for line in joined.lines
        ]
        return Box(tuple(lines), joined.baseline)
    return joined
