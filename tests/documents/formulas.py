"""A formula for every spelling of the table of macros, for the tests of the writers."""

from __future__ import annotations

from gradus.documents.latex_macros import ENVIRONMENTS, MACROS, Macro

_STRUCTURES = {
    "\\frac": r"\frac{a}{b}", "\\dfrac": r"\dfrac{a}{b}", "\\tfrac": r"\tfrac{a}{b}", "\\cfrac": r"\cfrac{a}{b}",
    "\\binom": r"\binom{n}{k}", "\\dbinom": r"\dbinom{n}{k}", "\\tbinom": r"\tbinom{n}{k}", "\\sqrt": r"\sqrt[3]{x}",
    "\\left": r"\left( \frac{a}{b} \right]", "\\right": r"\left\{ a \right.", "\\middle": r"\left( a \middle| b \right)",
    "\\begin": r"\begin{matrix} a & b \\ c & d \end{matrix}", "\\end": r"\begin{matrix} a \end{matrix}",
    "\\text": r"\text{if } x", "\\textrm": r"\textrm{a b}", "\\textbf": r"\textbf{a b}", "\\textit": r"\textit{a b}",
    "\\texttt": r"\texttt{a b}", "\\operatorname": r"\operatorname*{arg\,max}_x f", "\\overset": r"\overset{!}{=}",
    "\\underset": r"\underset{x}{\to}", "\\stackrel": r"a \stackrel{d}{=} b",
    "\\substack": r"\sum_{\substack{i < n \\ j < n}} a", "\\not": r"a \not\in b", "\\limits": r"\int\limits_0^1 x",
    "\\nolimits": r"\sum\nolimits_0^1 x", "\\pmod": r"a \pmod{n}", "\\hline": r"\begin{array}{c|c} a & b \\ \hline c & d \end{array}",
    "\\\\": r"\begin{aligned} a &= b \\ &= c \end{aligned}",
}  # fmt: skip


def formulas() -> dict[str, str]:
    """For every spelling and environment one formula that uses it."""
    spelled = {name: _formula(macro) for name, macro in MACROS.items()}
    return spelled | {f"environment {name}": _environment(name) for name in ENVIRONMENTS}


def _formula(macro: Macro) -> str:
    match macro.role:
        case "structure":
            return _STRUCTURES[macro.name]
        case "accent" | "style" | "decoration":
            return f"{macro.name}{{x}}"
        case "size":
            return f"{macro.name}( a"
        case _:
            return f"a {macro.name} b"


def _environment(name: str) -> str:
    columns = "{lc}" if name == "array" else ""
    rows = r"a \\ b" if name.startswith("gather") else r"a & b \\ c & d"
    return f"\\begin{{{name}}}{columns} {rows} \\end{{{name}}}"
