"""The strict LaTeX subset of gradus: a formula becomes a tree, or an error that names the place and the remedy.

The subset is what KaTeX, MathJax and our own writers all show alike; see :mod:`gradus.documents.latex_macros`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final, Literal, NoReturn

from gradus.documents.latex_macros import DELIMITERS, ENVIRONMENTS, MACROS, Macro
from gradus.documents.latex_reader import MAX_DEPTH, Reader
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
from gradus.errors import LatexError, nearest

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "Node", "parse"]

MAX_LENGTH: Final = 20_000

_TEXT_STYLES: Final[dict[str, Literal["roman", "bold", "italic", "mono"]]] = {
    "\\text": "roman", "\\textrm": "roman", "\\textbf": "bold", "\\textit": "italic", "\\texttt": "mono",
}  # fmt: skip
_FRACTIONS: Final[dict[str, tuple[bool, Literal["", "display", "inline"]]]] = {
    "\\frac": (True, ""), "\\dfrac": (True, "display"), "\\cfrac": (True, "display"), "\\tfrac": (True, "inline"),
    "\\binom": (False, ""), "\\dbinom": (False, "display"), "\\tbinom": (False, "inline"),
}  # fmt: skip
_REMEDIES: Final[dict[str, str]] = {
    "\\argmax": "write \\operatorname*{arg\\,max}", "\\argmin": "write \\operatorname*{arg\\,min}",
    "\\R": "write \\mathbb{R}", "\\N": "write \\mathbb{N}", "\\Z": "write \\mathbb{Z}", "\\Q": "write \\mathbb{Q}",
    "\\C": "write \\mathbb{C}", "\\E": "write \\mathbb{E}", "\\T": "write \\mathsf{T} or \\top",
    "\\bf": "write \\mathbf{...}", "\\rm": "write \\mathrm{...}", "\\it": "write \\mathit{...}",
    "\\cal": "write \\mathcal{...}", "\\mbox": "write \\text{...}", "\\norm": "write \\lVert ... \\rVert",
    "\\abs": "write \\lvert ... \\rvert", "\\over": "write \\frac{...}{...}",
    "\\tag": "number the formula in the text", "\\label": "name the formula in the text",
    "\\color": "formulas have no colours", "\\textcolor": "formulas have no colours",
    "\\newcommand": "write the macro out", "\\def": "write the macro out",
}  # fmt: skip
_OPERATORS: Final = "rank trace tr diag sgn sign softmax relu ReLU span null im row col Var Cov Cor erf argsort prox"
_ENVIRONMENT_REMEDIES: Final[dict[str, str]] = {
    "align": "write align* or aligned", "equation": "write the formula alone", "equation*": "write the formula alone",
    "eqnarray": "write aligned", "gather": "write gather* or gathered",
}  # fmt: skip
_OPERATOR_SPACES: Final[dict[str, str]] = {"\\,": "\u2009", "\\;": "\u2004", "\\ ": " ", "\\:": "\u2005"}
_TEXT_ESCAPES: Final = "%#$&_{} "


def parse(source: str) -> Node:
    """The tree of a formula.

    Args:
        source: LaTeX of mathematics, without dollar signs, at most 20,000 characters and 64 groups deep.

    Raises:
        LatexError: the formula is not in the subset; the rule names the column (and the line, where there are
            several), counted from 1.

    >>> parse("x^2")
    Scripts(base=Letter(text='x'), sub=None, sup=Number(text='2'), primes=0, limits=None)
    >>> parse("a + \\\\alhpa")
    Traceback (most recent call last):
    gradus.errors.LatexError: formula = a + \\alhpa: unknown macro \\alhpa at column 5; did you mean \\alpha?
    """
    if len(source) > MAX_LENGTH:
        rule = f"a formula has at most {MAX_LENGTH} characters, this one has {len(source)}"
        raise LatexError("formula", source, rule, "split it")
    return _Parser(source).formula()


class _Parser(Reader):
    """Recursive descent: a method for every construct."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.structures: dict[str, Callable[[str, int], Node]] = {
            **dict.fromkeys(_FRACTIONS, self.fraction), **dict.fromkeys(_TEXT_STYLES, self.words),
            "\\sqrt": self.root, "\\left": self.fenced, "\\middle": self.middle, "\\begin": self.environment,
            "\\operatorname": self.operator_name, "\\overset": self.stacked, "\\underset": self.stacked,
            "\\stackrel": self.stacked, "\\substack": self.substack, "\\not": self.negated, "\\pmod": self.modulus,
        }  # fmt: skip

    # -- sequences and scripts --------------------------------------------------------------------------------

    def formula(self) -> Node:
        body = self.sequence(())
        token, at = self.take()
        if token:
            self.stray(token, at)
        return body

    def stray(self, token: str, at: int) -> NoReturn:
        remedies = {
            "&": "write & only inside an environment such as aligned or pmatrix, or \\& for the character",
            "\\\\": "put the lines into \\begin{aligned} ... \\end{aligned}",
            "}": "remove it, or add the missing {",
            "\\right": "add the \\left that belongs to it",
            "\\end": "add the \\begin that belongs to it",
        }
        self.fail(f"stray {token}", at, remedies.get(token, "remove it"))

    def sequence(self, stops: tuple[str, ...]) -> Node:
        """Nodes up to a token that ends the group; the token is left for the caller."""
        items: list[Node] = []
        ends = ("", "}", "&", "\\\\", "\\right", "\\end", *stops)
        while (token := self.peek()) not in ends:
            macro = MACROS.get(token)
            if macro is not None and macro.role == "switch":
                self.enter(self.take()[1])
                items.append(Switched(macro, self.sequence(stops)))
                self.depth -= 1
                break
            items.append(self.scripted())
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def scripted(self) -> Node:
        base: Node = Sequence(()) if self.peek() in ("^", "_", "'") else self.atom()
        limits = self.limits(base)
        sub: Node | None = None
        sup: Node | None = None
        primes = 0
        while (token := self.peek()) in ("^", "_", "'"):
            _, at = self.take()
            if token == "'":
                if sup is not None:
                    self.fail("a prime follows a superscript", at, "write the prime first, as in f'^2")
                primes += 1
            elif (sub if token == "_" else sup) is not None:
                self.fail(f"second {token} on one base", at, "use braces to say what it belongs to")
            elif token == "_":
                sub = self.argument("_", at)
            else:
                sup = self.argument("^", at)
        if sub is None and sup is None and not primes:
            return base
        return Scripts(base, sub, sup, primes, limits)

    def limits(self, base: Node) -> bool | None:
        if self.peek() not in ("\\limits", "\\nolimits"):
            return None
        token, at = self.take()
        if not (isinstance(base, Operator) or (isinstance(base, Symbol) and base.macro.role == "large")):
            self.fail(f"{token} does not follow an operator", at, "write it right after \\sum, \\max or the like")
        return token == "\\limits"

    def argument(self, macro: str, at: int) -> Node:
        """One argument: a group in braces, or one symbol."""
        token = self.peek()
        if token == "{":
            return self.group()
        known = MACROS.get(token)
        if token in ("", "}", "&", "^", "_", "'", "\\\\"):
            self.fail(f"{macro} lacks its argument", at, "add one in braces")
        if token.isascii() and token.isdigit():
            self.take()
            return Number(token)
        takes_more = ("structure", "accent", "decoration", "size", "switch")
        if known is not None and known.role in takes_more and token not in _TEXT_STYLES:
            self.fail(f"{macro} is followed by {token}", self.at, f"put the argument of {macro} in braces")
        return self.atom()

    def group(self) -> Node:
        _, at = self.take()
        self.enter(at)
        body = self.sequence(())
        token, end = self.take()
        if token == "":
            self.fail("brace { is not closed", at, "add }")
        if token != "}":
            self.stray(token, end)
        self.depth -= 1
        # A pair of braces makes one ordinary atom: {,} has no space after it, and {=} none around it.
        single = isinstance(body, Symbol) and body.macro.role != "ordinary"
        return Sequence((body,)) if single else body

    # -- atoms ------------------------------------------------------------------------------------------------

    def atom(self) -> Node:
        token = self.peek()
        if token == "{":
            return self.group()
        _, at = self.take()
        if token.isascii() and token.isalpha():
            return Letter(token)
        if token.isascii() and token.isdigit():
            return self.number(at)
        macro = MACROS.get(token)
        if macro is None:
            self.unknown(token, at)
        match macro.role:
            case "structure" if token in self.structures:
                return self.nested(token, at)
            case "structure":
                self.misplaced(token, at)
            case "style" | "accent" | "decoration":
                return self.wrapped(macro, at)
            case "size":
                return Delimiter(self.delimiter(token, at) or self.no_dot(token, at), macro)
            case "space":
                return Space(macro)
            case "function":
                return Operator(macro.unicode, macro.limits)
            case _:
                return Symbol(macro)

    def wrapped(self, macro: Macro, at: int) -> Styled | Accented | Decorated:
        self.enter(at)
        body = self.argument(macro.name, at)
        self.depth -= 1
        if macro.role == "style":
            return Styled(macro, body)
        return Accented(macro, body) if macro.role == "accent" else Decorated(macro, body)

    def nested(self, token: str, at: int) -> Node:
        self.enter(at)
        node = self.structures[token](token, at)
        self.depth -= 1
        return node

    def number(self, at: int) -> Number:
        end = at + 1
        while end < len(self.source) and (self.digit(end) or (self.source[end] == "." and self.digit(end + 1))):
            end += 1
        self.at = end
        return Number(self.source[at:end])

    def digit(self, at: int) -> bool:
        return self.source[at : at + 1].isascii() and self.source[at : at + 1].isdigit()

    def unknown(self, token: str, at: int) -> NoReturn:
        if token in ("%", "#", "$"):
            self.fail(f"character {token}", at, f"write \\{token}")
        if token == "\\":
            self.fail("a lone backslash", at, "write \\backslash, or \\\\ to end a row")
        if not token.startswith("\\"):
            self.foreign(token, at)
        # Typing errors seldom hit the first letter; without that rule every operator would be near some macro.
        near = [] if token[1:] in _OPERATORS.split() else [name for name in MACROS if name[:2] == token[:2]]
        remedy = nearest(token, near, f"for an operator write \\operatorname{{{token[1:]}}}")
        self.fail(f"unknown macro {token}", at, _REMEDIES.get(token, remedy))

    def foreign(self, character: str, at: int) -> NoReturn:
        spelled = [name for name, macro in MACROS.items() if macro.unicode == character and macro.role != "accent"]
        name = unicodedata.name(character, "unnamed")
        remedy = f"write {spelled[0]}" if spelled else "put words into \\text{...}"
        self.fail(f"character {character} (U+{ord(character):04X} {name})", at, remedy)

    def misplaced(self, token: str, at: int) -> NoReturn:
        remedies = {"\\hline": "write it only at the start of a row of an array"}
        limits = "write it right after \\sum, \\max or the like"
        self.fail(f"stray {token}", at, remedies.get(token, limits))

    # -- structures -------------------------------------------------------------------------------------------

    def fraction(self, token: str, at: int) -> Node:
        bar, size = _FRACTIONS[token]
        numerator = self.argument(token, at)
        return Fraction(numerator, self.argument(token, at), bar, size)

    def root(self, token: str, at: int) -> Node:
        index: Node | None = None
        if self.accept("["):
            index = self.sequence(("]",))
            self.expect("]", "\\sqrt[", at)
        return Root(self.argument(token, at), index)

    def delimiter(self, token: str, at: int) -> Macro | None:
        name, where = self.take()
        if name == ".":
            return None
        if name not in DELIMITERS:
            shown = name or "the end"
            self.fail(
                f"{token} is followed by {shown}",
                where if name else at,
                "write a fence such as ( or \\|, or .",
            )
        return DELIMITERS[name]

    def no_dot(self, token: str, at: int) -> NoReturn:
        self.fail(f"{token} has no fence", at, "write a fence such as ( or \\|")

    def fenced(self, token: str, at: int) -> Node:
        left = self.delimiter(token, at)
        body = self.sequence(())
        end, where = self.take()
        if end != "\\right":
            remedy = "add \\right), or \\right. for an empty fence"
            self.fail("\\left lacks its \\right", at if not end else where, remedy)
        return Fenced(left, body, self.delimiter("\\right", where))

    def middle(self, token: str, at: int) -> Node:
        return Delimiter(self.delimiter(token, at) or self.no_dot(token, at), None)

    def words(self, token: str, at: int) -> Node:
        text, start = self.raw_group(token, at)
        return Words(self.plain(text, start), _TEXT_STYLES[token])

    def plain(self, text: str, start: int) -> str:
        """Text with its escapes resolved; formulas inside text are not in the subset."""
        out, i = "", 0
        while i < len(text):
            if text[i] == "\\" and text[i + 1 : i + 2] and text[i + 1] in _TEXT_ESCAPES:
                out, i = out + text[i + 1], i + 2
                continue
            if text[i] in "\\${#%&_^":
                remedy = f"write \\{text[i]}" if text[i] in _TEXT_ESCAPES else "end the text and write it as a formula"
                self.fail(f"{self.token_at(start + i)} inside text", start + i, remedy)
            out, i = out + ("\u00a0" if text[i] == "~" else text[i]), i + 1
        return out

    def operator_name(self, token: str, at: int) -> Node:
        limits = self.accept("*")
        text, start = self.raw_group(token, at)
        for space, blank in _OPERATOR_SPACES.items():
            text = text.replace(space, blank)
        for i, character in enumerate(text):
            if not (character.isascii() and character.isalnum()) and character not in "-.* \u2009\u2004\u2005":
                self.fail(f"{character} in the name of an operator", start + i, "use letters, digits and \\,")
        if not text.strip():
            self.fail("\\operatorname has no name", at, "write one, as in \\operatorname{rank}")
        return Operator(text, limits)

    def stacked(self, token: str, at: int) -> Node:
        mark = self.argument(token, at)
        base = self.argument(token, at)
        under = token == "\\underset"
        return Stacked(base, None if under else mark, mark if under else None, token == "\\stackrel")

    def negated(self, token: str, at: int) -> Node:
        name, where = self.take()
        macro = MACROS.get(name)
        text = unicodedata.normalize("NFC", macro.unicode + "\u0338") if macro and macro.role == "relation" else ""
        if len(text) != 1:
            self.fail(
                f"\\not before {name or 'the end'}",
                at if not name else where,
                "it negates relations such as \\in",
            )
        return Negated(text)

    def modulus(self, token: str, at: int) -> Node:
        left, right, space = MACROS["("], MACROS[")"], MACROS["\\;"]
        body = (Symbol(left), Operator("mod", False), Space(space), self.argument(token, at), Symbol(right))
        return Sequence((Space(MACROS["\\quad"]), *body))

    # -- environments -----------------------------------------------------------------------------------------

    def environment(self, token: str, at: int) -> Node:
        name, start = self.raw_group(token, at)
        if name not in ENVIRONMENTS:
            remedy = nearest(name, ENVIRONMENTS, f"the known ones are {', '.join(sorted(ENVIRONMENTS))}")
            self.fail(f"unknown environment {name}", start, _ENVIRONMENT_REMEDIES.get(name, remedy))
        columns = self.columns(at) if name == "array" else ""
        rows, rules = self.rows(name, at)
        end, where = self.take()
        if end != "\\end":
            self.fail(f"environment {name} is not closed", where if end else at, f"add \\end{{{name}}}")
        closing, where = self.raw_group("\\end", where)
        if closing != name:
            self.fail(f"\\end{{{closing}}} closes \\begin{{{name}}}", where, f"write \\end{{{name}}}")
        return self.grid(name, rows, columns, rules, at)

    def columns(self, at: int) -> str:
        text, start = self.raw_group("array", at)
        for i, character in enumerate(text):
            if character not in "lcr| ":
                self.fail(f"column {character}", start + i, "columns are l, c, r and | only")
        return text.replace(" ", "")

    def rows(self, name: str, at: int) -> tuple[list[list[Node]], list[int]]:
        rows: list[list[Node]] = [[]]
        rules: list[int] = []
        while True:
            while name == "array" and not rows[-1] and self.accept("\\hline"):
                rules.append(len(rows) - 1)
            rows[-1].append(self.sequence(()))
            if self.accept("&"):
                continue
            if not self.accept("\\\\"):
                return rows, rules
            rows.append([])
            self.row_gap(at)

    def row_gap(self, at: int) -> None:
        # LaTeX reads "\\[4pt]" as a length, which no writer needs; "\\ [1]" is read in the same way there.
        if self.peek() != "[":
            return
        end = self.source.find("]", self.at)
        length = self.source[self.at + 1 : end].strip()
        if (
            end > 0
            and length[:-2].replace(".", "", 1).lstrip("-").isdigit()
            and length[-2:] in ("pt", "em", "ex", "mm", "cm")
        ):
            self.at = end + 1

    def grid(self, name: str, rows: list[list[Node]], columns: str, rules: list[int], at: int) -> Node:
        if len(rows) > 1 and rows[-1] == [Sequence(())]:
            rows = rows[:-1]
        width = max(len(row) for row in rows)
        limits = {"array": len(columns.replace("|", "")), "cases": 2, "gathered": 1, "gather*": 1, "split": 2}
        if width > limits.get(name, width):
            self.fail(f"environment {name} with {width} columns", at, f"it has at most {limits[name]}")
        width = limits["array"] if name == "array" else width
        padded = tuple(tuple(row) + (Sequence(()),) * (width - len(row)) for row in rows)
        return Grid(name, padded, columns, tuple(rules))

    def substack(self, token: str, at: int) -> Node:
        self.expect("{", token, at)
        rows, _ = self.rows("substack", at)
        self.expect("}", token, at)
        if any(len(row) > 1 for row in rows):
            self.fail("\\substack with &", at, "it has one column")
        return Grid("substack", tuple(tuple(row) for row in rows))
