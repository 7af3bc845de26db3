"""The one table of what our LaTeX subset knows: each spelling with its role, its Unicode and its Typst form.

A spelling is a character (``+``) or a macro with its backslash (``\\alpha``).  The parser knows exactly these
spellings; the writers read the forms from here, so that "known" has one meaning.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Role: TypeAlias = Literal[
    "ordinary", "binary", "relation", "opening", "closing", "fence", "punctuation", "large", "function",
    "space", "accent", "style", "decoration", "size", "switch", "structure",
]  # fmt: skip


@dataclass(frozen=True)
class Macro:
    r"""One known spelling.

    Attributes:
        name: the spelling, with its backslash.
        role: what it is; ``large`` are sums and integrals, ``function`` is ``\sin`` and its like.
        unicode: its text form: the character; of an accent the combining character; of a style the prefix of the
            characters' Unicode names; of a function its name; of a space the space.
        typst: its form in Typst mathematics: a symbol; of an accent or a style the name of a function; of a space its
            length.
        limits: whether scripts stand above and below it in a displayed formula.

    >>> MACROS[r"\leq"].unicode, MACROS[r"\leq"].role
    ('≤', 'relation')
    """

    name: str
    role: Role
    unicode: str
    typst: str
    limits: bool = False


_CHARACTERS: Final[dict[Role, str]] = {
    "ordinary": r"""/ / slash  . . dot.basic  ! ! excl  ? ? quest  @ @ at""",
    "binary": r"""+ + plus  - − minus  * ∗ ast.op""",
    "relation": r"""= = eq  < < lt  > > gt  : : colon""",
    "opening": r"""( ( paren.l  [ [ bracket.l""",
    "closing": r""") ) paren.r  ] ] bracket.r""",
    "fence": r"""| | bar.v""",
    "punctuation": r""", , comma  ; ; semi""",
}

_SYMBOLS: Final[dict[Role, str]] = {
    "ordinary": r"""
        \alpha α \beta β \gamma γ \delta δ \epsilon ϵ \varepsilon ε \zeta ζ \eta η \theta θ \vartheta ϑ \iota ι
        \kappa κ \varkappa ϰ \lambda λ \mu μ \nu ν \xi ξ \omicron ο \pi π \varpi ϖ \rho ρ \varrho ϱ \sigma σ
        \varsigma ς \tau τ \upsilon υ \phi ϕ \varphi φ \chi χ \psi ψ \omega ω
        \Gamma Γ \Delta Δ \Theta Θ \Lambda Λ \Xi Ξ \Pi Π \Sigma Σ \Upsilon Υ \Phi Φ \Psi Ψ \Omega Ω
        \partial ∂ \nabla ∇ \infty ∞ \ell ℓ \hbar ℏ \imath ı \jmath ȷ \Re ℜ \Im ℑ \aleph ℵ \wp ℘
        \forall ∀ \exists ∃ \nexists ∄ \neg ¬ \lnot ¬ \emptyset ∅ \varnothing ∅ \top ⊤ \bot ⊥ \angle ∠ \prime ′
        \triangle △ \square □ \Box □ \blacksquare ■ \checkmark ✓ \dots … \ldots … \cdots ⋯ \vdots ⋮ \ddots ⋱
        \dotsc … \dotsb ⋯ \intercal ⊺
        \% % \# # \& & \_ _ \$ $ \colon :
    """,
    "binary": r"""
        \cdot ⋅ \times × \div ÷ \pm ± \mp ∓ \ast ∗ \star ⋆ \circ ∘ \bullet ∙ \odot ⊙ \otimes ⊗ \oplus ⊕ \ominus ⊖
        \cup ∪ \cap ∩ \uplus ⊎ \sqcup ⊔ \sqcap ⊓ \setminus ∖ \smallsetminus ∖ \wedge ∧ \land ∧ \vee ∨ \lor ∨
        \dagger † \ddagger ‡ \bmod mod
    """,
    "relation": r"""
        \le ≤ \leq ≤ \leqslant ⩽ \ge ≥ \geq ≥ \geqslant ⩾ \ne ≠ \neq ≠ \lt < \gt > \ll ≪ \gg ≫ \approx ≈ \equiv ≡
        \sim ∼ \simeq ≃ \cong ≅ \propto ∝ \doteq ≐ \triangleq ≜ \prec ≺ \succ ≻ \preceq ⪯ \succeq ⪰ \asymp ≍
        \in ∈ \notin ∉ \ni ∋ \subset ⊂ \subseteq ⊆ \subsetneq ⊊ \supset ⊃ \supseteq ⊇ \supsetneq ⊋
        \nsubseteq ⊈ \perp ⟂ \parallel ∥ \nparallel ∦ \mid ∣ \nmid ∤ \vdash ⊢ \models ⊨ \therefore ∴ \because ∵
        \to → \rightarrow → \longrightarrow ⟶ \leftarrow ← \gets ← \longleftarrow ⟵ \leftrightarrow ↔ \mapsto ↦
        \longmapsto ⟼ \Rightarrow ⇒ \Longrightarrow ⟹ \implies ⟹ \Leftarrow ⇐ \Longleftarrow ⟸ \impliedby ⟸
        \Leftrightarrow ⇔ \Longleftrightarrow ⟺ \iff ⟺ \nRightarrow ⇏ \uparrow ↑ \downarrow ↓ \updownarrow ↕
        \Uparrow ⇑ \Downarrow ⇓ \nearrow ↗ \searrow ↘ \swarrow ↙ \nwarrow ↖ \hookrightarrow ↪ \rightsquigarrow ⇝
        \leadsto ⇝ \rightharpoonup ⇀ \rightleftharpoons ⇌
    """,
    "opening": r"\{ { \lbrace { \lbrack [ \langle ⟨ \lfloor ⌊ \lceil ⌈ \lvert | \lVert ‖",
    "closing": r"\} } \rbrace } \rbrack ] \rangle ⟩ \rfloor ⌋ \rceil ⌉ \rvert | \rVert ‖",
    "fence": r"\| ‖ \vert | \Vert ‖ \backslash \ ",
    "large": r"""
        \sum ∑ \prod ∏ \coprod ∐ \int ∫ \iint ∬ \iiint ∭ \oint ∮ \bigcup ⋃ \bigcap ⋂ \bigoplus ⨁ \bigotimes ⨂
        \bigodot ⨀ \bigwedge ⋀ \bigvee ⋁ \bigsqcup ⨆
    """,
}

# The names of Typst for characters that its syntax would read in another way.
_TYPST_NAMES: Final[dict[str, str]] = {
    "\\": "backslash", "|": "bar.v", "{": "brace.l", "}": "brace.r", "[": "bracket.l", "]": "bracket.r", "#": "hash",
    "$": "dollar", "&": "amp", "_": "\\_", "%": "percent", "<": "lt", ">": "gt", "‖": "bar.v.double", ":": "colon",
    "⟨": "chevron.l", "⟩": "chevron.r", "⌊": "floor.l", "⌋": "floor.r", "⌈": "ceil.l", "⌉": "ceil.r", "mod": '"mod"',
}  # fmt: skip

_SPACES: Final[tuple[tuple[str, str, str], ...]] = (
    ("\\,", "\u2009", "0.1667em"),
    ("\\:", "\u2005", "0.2222em"),
    ("\\>", "\u2005", "0.2222em"),
    ("\\;", "\u2004", "0.2778em"),
    ("\\!", "", "-0.1667em"),
    ("\\enspace", "\u2002", "0.5em"),
    ("\\quad", "\u2003", "1em"),
    ("\\qquad", "\u2003\u2003", "2em"),
    ("\\ ", "\u00a0", "0.25em"),
    ("~", "\u00a0", "0.25em"),
    ("\\space", "\u00a0", "0.25em"),
)

_FUNCTIONS: Final[str] = (
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh coth log ln lg exp arg deg dim hom ker"
)
_LIMIT_FUNCTIONS: Final[str] = "lim max min sup inf det gcd Pr limsup liminf"

_ACCENTS: Final[str] = r"""
    \hat 0302 hat  \bar 0304 macron  \tilde 0303 tilde  \vec 20D7 arrow  \dot 0307 dot  \ddot 0308 dot.double
    \check 030C caron  \breve 0306 breve  \acute 0301 acute  \grave 0300 grave  \mathring 030A circle
    \widehat 0302 hat  \widetilde 0303 tilde  \overline 0305 overline  \underline 0332 underline
    \overrightarrow 20D7 arrow
"""
_STYLES: Final[tuple[tuple[str, str, str], ...]] = (
    ("\\mathrm", "", "upright"),
    ("\\mathbf", "MATHEMATICAL BOLD", "upright(bold)"),
    ("\\boldsymbol", "MATHEMATICAL BOLD ITALIC", "bold"),
    ("\\bm", "MATHEMATICAL BOLD ITALIC", "bold"),
    ("\\mathbb", "MATHEMATICAL DOUBLE-STRUCK", "bb"),
    ("\\mathcal", "MATHEMATICAL SCRIPT", "cal"),
    ("\\mathscr", "MATHEMATICAL SCRIPT", "scr"),
    ("\\mathfrak", "MATHEMATICAL FRAKTUR", "frak"),
    ("\\mathit", "MATHEMATICAL ITALIC", "italic"),
    ("\\mathsf", "MATHEMATICAL SANS-SERIF", "upright(sans)"),
    ("\\mathtt", "MATHEMATICAL MONOSPACE", "mono"),
)
_DECORATIONS: Final[str] = r"\overbrace ⏞ overbrace  \underbrace ⏟ underbrace  \boxed □ boxed  \phantom \u hide"
_SIZES: Final[str] = r"\big 1.2em \Big 1.8em \bigg 2.4em \Bigg 3em"
_SWITCHES: Final[str] = r"\displaystyle display  \textstyle inline  \scriptstyle script  \scriptscriptstyle sscript"
_STRUCTURES: Final[str] = r"""
    \frac \dfrac \tfrac \cfrac \binom \dbinom \tbinom \sqrt \left \right \middle \begin \end \text \textrm \textbf
    \textit \texttt \operatorname \overset \underset \stackrel \substack \not \limits \nolimits \pmod \hline \\
"""

ENVIRONMENTS: Final[dict[str, tuple[str, str]]] = {
    "matrix": ("", ""), "smallmatrix": ("", ""), "pmatrix": ("(", ")"), "bmatrix": ("[", "]"),
    "Bmatrix": ("\\{", "\\}"), "vmatrix": ("|", "|"), "Vmatrix": ("\\|", "\\|"), "array": ("", ""),
    "cases": ("\\{", ""), "aligned": ("", ""), "align*": ("", ""), "gathered": ("", ""),
    "gather*": ("", ""), "split": ("", ""),
}  # fmt: skip
"""The known environments with the fences they draw."""


def _symbol(name: str, role: Role, unicode: str, typst: str = "") -> Macro:
    limits = role == "large" and "int" not in name
    return Macro(name, role, unicode, typst or _TYPST_NAMES.get(unicode, unicode), limits)


def _table() -> dict[str, Macro]:
    entries: list[Macro] = []
    for role, text in _CHARACTERS.items():
        words = text.split()
        entries += [_symbol(n, role, u, t) for n, u, t in zip(words[::3], words[1::3], words[2::3], strict=True)]
    for role, text in _SYMBOLS.items():
        words = text.split()
        entries += [_symbol(n, role, u) for n, u in zip(words[::2], words[1::2], strict=True)]
    entries += [Macro(n, "space", u, t) for n, u, t in _SPACES]
    for names, limits in ((_FUNCTIONS, False), (_LIMIT_FUNCTIONS, True)):
        texts = {"limsup": "lim\u2009sup", "liminf": "lim\u2009inf"}
        entries += [Macro(f"\\{n}", "function", texts.get(n, n), n, limits) for n in names.split()]
    words = _ACCENTS.split()
    entries += [
        Macro(n, "accent", chr(int(u, 16)), t) for n, u, t in zip(words[::3], words[1::3], words[2::3], strict=True)
    ]
    entries += [Macro(n, "style", u, t) for n, u, t in _STYLES]
    words = _DECORATIONS.split()
    entries += [
        Macro(n, "decoration", "" if u == "\\u" else u, t)
        for n, u, t in zip(words[::3], words[1::3], words[2::3], strict=True)
    ]
    words = _SIZES.split()
    entries += [
        Macro(n + side, "size", "", height)
        for n, height in zip(words[::2], words[1::2], strict=True)
        for side in ("", "l", "r", "m")
    ]
    words = _SWITCHES.split()
    entries += [Macro(n, "switch", "", t) for n, t in zip(words[::2], words[1::2], strict=True)]
    entries += [Macro(n, "structure", "", "") for n in _STRUCTURES.split()]
    return {entry.name: entry for entry in entries}


MACROS: Final[dict[str, Macro]] = _table()
"""Every known spelling."""

DELIMITERS: Final[dict[str, Macro]] = {
    name: macro
    for name, macro in MACROS.items()
    if macro.role in ("opening", "closing", "fence")
    or name in ("/", "\\uparrow", "\\downarrow", "\\updownarrow", "\\Uparrow", "\\Downarrow")
} | {"<": MACROS["\\langle"], ">": MACROS["\\rangle"]}
"""What may follow ``\\left``, ``\\right``, ``\\middle`` and ``\\bigl``, besides the empty ``.``"""

# Letters that Unicode has under older names than "MATHEMATICAL ...".
_OLDER_LETTERS: Final[dict[str, str]] = {
    "MATHEMATICAL ITALIC": "PLANCK CONSTANT", "MATHEMATICAL DOUBLE-STRUCK": "DOUBLE-STRUCK",
    "MATHEMATICAL SCRIPT": "SCRIPT", "MATHEMATICAL FRAKTUR": "BLACK-LETTER",
}  # fmt: skip


def styled(style: Macro, character: str) -> str:
    """The character in the style's alphabet, or itself where Unicode has none.

    >>> styled(MACROS["\\\\mathbb"], "R"), styled(MACROS["\\\\mathbf"], "x"), styled(MACROS["\\\\mathrm"], "x")
    ('ℝ', '𝐱', 'x')
    """
    if not style.unicode or len(character) != 1:
        return character
    name = unicodedata.name(character, "")
    for old in ("LATIN ", "GREEK "):
        name = name.replace(old, "")
    name = name.replace(" LETTER", "")
    older = _OLDER_LETTERS.get(style.unicode, style.unicode)
    for candidate in (f"{style.unicode} {name}", f"{older} {name}", older if character == "h" else ""):
        try:
            return unicodedata.lookup(candidate)
        except KeyError:
            continue
    return character
