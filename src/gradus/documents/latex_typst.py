"""The tree of a formula as Typst mathematics.

Everything is written with Typst's names and functions, never with its shorthands: a fence does not pair up with
another by itself, a slash is no fraction, and a comma is no separator of arguments.  The functions ``boxed`` and
``ruled`` are defined by :mod:`gradus.documents.typst`.
"""

from __future__ import annotations

from typing import Final

from gradus.documents.latex_macros import DELIMITERS, ENVIRONMENTS, Macro
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

# Characters to which Typst gives another class than LaTeX does.
_RECLASSED: Final = frozenset([*"|‖/.:\\¬", "mod"])
_CLASSES: Final[dict[str, str]] = {
    "ordinary": "normal", "fence": "normal", "opening": "opening", "closing": "closing", "relation": "relation",
    "punctuation": "punctuation", "binary": "binary",
}  # fmt: skip
_WORDS: Final[dict[str, str]] = {
    "roman": "font: body-fonts",
    "bold": 'font: body-fonts, weight: "bold"',
    "italic": 'font: body-fonts, style: "italic"',
    "mono": "font: code-fonts, size: 0.85em",
}  # fmt: skip
_PRIMES: Final = ("", "prime", "prime.double", "prime.triple")
_LINES: Final = ("aligned", "align*", "split", "gathered", "gather*")


def typst_math(node: Node) -> str:
    """Typst mathematics of a formula, to stand between dollar signs.

    >>> from gradus.documents.latex import parse
    >>> typst_math(parse("\\\\frac{a}{2}, |x|"))
    'frac(a, 2) comma class("normal", bar.v) x class("normal", bar.v)'
    """
    match node:
        case Letter(text) | Number(text) | Negated(text):
            return text
        case Symbol(macro):
            return _symbol(macro)
        case Space(macro):
            return f"#h({macro.typst})"
        case Sequence((Symbol(macro),)):
            return f'class("normal", {macro.typst})'
        case Sequence(items):
            return _side_by_side(items)
        case Words(text, style):
            return f"#text({_WORDS[style]}, {typst_string(text)})"
        case Operator(text, limits):
            return f"op({typst_string(text)}, limits: #{str(limits).lower()})"
        case Scripts():
            return _scripts(node)
        case Fraction():
            return _fraction(node)
        case Root(radicand, index):
            inner = typst_math(radicand)
            return f"sqrt({inner})" if index is None else f"root({typst_math(index)}, {inner})"
        case Fenced():
            return _fenced(node)
        case Delimiter():
            return _delimiter(node)
        case Grid():
            return _grid(node)
        case Styled(macro, body):
            return _styled(macro, body)
        case Accented(macro, body):
            inner, name = typst_math(body), macro.typst
            return f"{name}({inner})" if name in ("overline", "underline") else f"accent({inner}, {name})"
        case Decorated(macro, body):
            inner = typst_math(body)
            return f"{macro.typst}({inner})" if macro.typst.endswith("brace") else f"#{macro.typst}(${inner}$)"
        case Stacked():
            return _stacked(node)
        case Switched(macro, body):
            return f"{macro.typst}({typst_math(body)})"


def typst_display(node: Node) -> str:
    r"""The same for a formula on lines of its own, whose aligned lines may then break across pages.

    >>> from gradus.documents.latex import parse
    >>> print(typst_display(parse(r"\begin{aligned} x &= 1 \\ y &= 2 \end{aligned}")))
    x & eq 1 \
    y & eq 2
    """
    if not (isinstance(node, Grid) and node.environment in _LINES):
        return typst_math(node)
    return " \\\n".join(_aligned(row) for row in node.rows)


def typst_string(text: str) -> str:
    """A Typst string literal of any text.

    >>> typst_string('a "b" \\\\ #')
    '"a \\\\"b\\\\" \\\\\\\\ #"'
    """
    escapes = {'"': '\\"', "\\": "\\\\"}
    return '"' + "".join(escapes.get(c, c if c.isprintable() else f"\\u{{{ord(c):x}}}") for c in text) + '"'


def _side_by_side(items: tuple[Node, ...]) -> str:
    """Blanks keep letters apart; beside words a blank would be drawn."""
    if not items:
        return _EMPTY
    out = ""
    for node in items:
        part = typst_math(node)
        apart = not part.startswith(('"', "#text")) and not out.endswith('"') and not out.endswith('")')
        out += (" " if out and apart else "") + part
    return out


def _symbol(macro: Macro) -> str:
    if macro.unicode in _RECLASSED:
        return f'class("{_CLASSES[macro.role]}", {macro.typst})'
    return macro.typst


def _scripts(node: Scripts) -> str:
    base = typst_math(node.base)
    over_and_under = isinstance(node.base, Decorated) and node.base.macro.typst.endswith("brace")
    if node.limits or over_and_under:
        base = f"limits({base})"
    elif node.limits is False:
        base = f"scripts({base})"
    primes = " ".join(["prime.triple"] * (node.primes // 3) + [_PRIMES[node.primes % 3]])
    above = f"{primes} {typst_math(node.sup) if node.sup else ''}".strip()
    top = f", t: {above}" if above else ""
    bottom = f", b: {typst_math(node.sub)}" if node.sub else ""
    return f"attach({base}{top}{bottom})"


def _fraction(node: Fraction) -> str:
    name = "frac" if node.bar else "binom"
    whole = f"{name}({typst_math(node.numerator)}, {typst_math(node.denominator)})"
    return f"{node.size}({whole})" if node.size else whole


def _fenced(node: Fenced) -> str:
    """An empty string stands for the empty fence; without it Typst would stretch the body's own first fence."""
    left = _fence(node.left, "opening") if node.left else _EMPTY
    right = _fence(node.right, "closing") if node.right else _EMPTY
    return f"lr({left} {typst_math(node.body)} {right})"


def _fence(macro: Macro, side: str) -> str:
    return f'class("{side}", {macro.typst})'


def _delimiter(node: Delimiter) -> str:
    if node.size is None:
        return f"mid({node.macro.typst})"
    sides = {"l": "opening", "r": "closing", "m": "relation"}
    # The last letter of \big and \bigg is a g, that of \bigl tells the side.
    side = sides.get(node.size.name[-1], _CLASSES.get(node.macro.role, "normal"))
    return f'class("{side}", lr(size: #{node.size.typst}, {node.macro.typst}))'


def _grid(node: Grid) -> str:
    name = node.environment
    if name == "cases":
        rows = (" & #h(1em) ".join(typst_math(cell) for cell in row) for row in node.rows)
        return f"display(cases({', '.join(rows)}))"
    if name in _LINES:
        return _matrix("", "", "; ".join(_aligned(row, "display") for row in node.rows))
    if node.rules or "|" in node.columns:
        return _ruled(node)
    left, right = ENVIRONMENTS.get(name, ("", ""))
    align = node.columns or "c" * len(node.rows[0])
    cells = "; ".join(", ".join(map(_cell, row, align)) for row in node.rows)
    return _matrix(left, right, cells, "inline" if name in ("smallmatrix", "substack") else "display")


def _cell(cell: Node, align: str) -> str:
    # Typst lines cells up at their ampersand: what is before it is flush right, what is after it flush left.
    inner = typst_math(cell)
    return {"l": f"& {inner}", "r": f"{inner} &"}.get(align, inner)


def _matrix(left: str, right: str, cells: str, style: str = "display") -> str:
    fences = [typst_string(DELIMITERS[f].unicode) if f else "none" for f in (left, right)]
    return f"{style}(mat(delim: #({', '.join(fences)}), {cells}))"


def _aligned(row: tuple[Node, ...], style: str = "") -> str:
    """Cells lined up right and left by turns, with a gap before every further pair."""
    cells = (f"{style}({typst_math(cell)})" if style else typst_math(cell) for cell in row)
    gaps = ("#h(2em) " if i and i % 2 == 0 else "" for i in range(len(row)))
    return " & ".join(gap + cell for gap, cell in zip(gaps, cells, strict=True))


def _ruled(node: Grid) -> str:
    """An array with rules is a grid centred on the axis: the matrices of Typst draw rules through their cells."""
    letters = node.columns.replace("|", "")
    align = ", ".join({"l": "left", "c": "center", "r": "right"}[letter] for letter in letters)
    upright, x = [], 0
    for character in node.columns:
        if character == "|":
            upright.append(f"grid.vline(x: {x})")
        else:
            x += 1
    level = [f"grid.hline(y: {y})" for y in node.rules]
    cells = [f"${typst_math(cell)}$" for row in node.rows for cell in row]
    return f"#ruled(columns: {len(letters)}, align: ({align},), {', '.join(upright + level + cells)})"


def _styled(macro: Macro, body: Node) -> str:
    items = body.items if isinstance(body, Sequence) else (body,)
    if macro.name == "\\mathrm" and items and all(isinstance(item, Letter | Number) for item in items):
        return typst_string("".join(item.text for item in items if isinstance(item, Letter | Number)))
    functions = macro.typst.rstrip(")").split("(")
    return "(".join([*functions, typst_math(body)]) + ")" * len(functions)


def _stacked(node: Stacked) -> str:
    top = f", t: {typst_math(node.over)}" if node.over else ""
    bottom = f", b: {typst_math(node.under)}" if node.under else ""
    whole = f"attach(limits({typst_math(node.base)}){top}{bottom})"
    return f'class("relation", {whole})' if node.relation else whole


_EMPTY: Final = '""'
