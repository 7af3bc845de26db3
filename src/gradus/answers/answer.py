"""The types of answer: what a problem's answer is, as a value that prints itself.

Each type has a ``type`` name, a JSON form (exact numbers as ``{"text", "latex", "decimal"}``), a LaTeX form and a plain
text form.  The same object is printed in the worked solution and compared with what a student wrote.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.numbers.number import Number

Json: TypeAlias = Any
"""A value that :func:`json.dumps` takes."""


class Answer(ABC):
    """Base of the answer types.

    Attributes:
        type: the name under which the catalogue lists it.
        decided_by: ``mathematics`` (compared exactly), ``a person`` (prose) or ``runs`` (measured).

    >>> [(answer.type, answer.decided_by) for answer in (YesNo, Prose, Measured)]
    [('yes or no', 'mathematics'), ('to a person', 'a person'), ('from runs', 'runs')]
    """

    type: ClassVar[str]
    decided_by: ClassVar[Literal["mathematics", "a person", "runs"]] = "mathematics"

    @abstractmethod
    def as_json(self) -> Json:
        """The answer as a value that :func:`json.dumps` takes."""

    # For the type checker only: at run time, a property here would hide the fields of the same name in the subclasses.
    if TYPE_CHECKING:

        @property
        def text(self) -> str:
            """The answer in plain text, in the plain grammar where it has numbers."""

        @property
        def latex(self) -> str:
            """The answer as LaTeX, without dollar signs."""


@dataclass(frozen=True)
class YesNo(Answer):
    """Yes or no.

    >>> YesNo(True).text, YesNo(True).as_json()
    ('yes', True)
    """

    value: bool
    type: ClassVar[str] = "yes or no"

    def as_json(self) -> Json:
        return self.value

    @property
    def text(self) -> str:
        return "yes" if self.value else "no"

    @property
    def latex(self) -> str:
        return rf"\text{{{self.text}}}"


@dataclass(frozen=True)
class Exact(Answer):
    """An exact number, vector or matrix.

    >>> Exact(Matrix.of("1/2 0; 0 1/2")).text
    '1/2 0; 0 1/2'
    """

    value: Number | Vector | Matrix
    type: ClassVar[str] = "exact value"

    def as_json(self) -> Json:
        return self.value.as_json()

    @property
    def text(self) -> str:
        return self.value.text

    @property
    def latex(self) -> str:
        return self.value.latex if isinstance(self.value, Number) else self.value.factored_latex


@dataclass(frozen=True)
class Basis(Answer):
    """An orthonormal basis of a subspace; empty for the subspace {0}.

    >>> Basis((Vector.of("1 0"), Vector.of("0 1"))).text, Basis(()).text
    ('(1, 0); (0, 1)', '{0}')
    """

    vectors: tuple[Vector, ...]
    type: ClassVar[str] = "orthonormal basis"

    def as_json(self) -> Json:
        """One vector as a vector; any other number of them as ``{"basis": [...]}``."""
        if len(self.vectors) == 1:
            return self.vectors[0].as_json()
        return {"basis": [v.as_json() for v in self.vectors]}

    @property
    def text(self) -> str:
        return "; ".join(v.text for v in self.vectors) or "{0}"

    @property
    def latex(self) -> str:
        return r",\; ".join(v.factored_latex for v in self.vectors) or r"\{\mathbf{0}\}"


@dataclass(frozen=True)
class Parts(Answer):
    """Several answers by name, names in LaTeX-ready form such as ``A`` or ``Sigma``.

    >>> Parts({"A": Exact(Matrix.of("3 4; 3 4")), "b": Exact(Vector.of("2 3"))}).text
    'A = 3 4; 3 4; b = (2, 3)'
    """

    parts: Mapping[str, Answer]
    type: ClassVar[str] = "several parts"

    def as_json(self) -> Json:
        return {name: part.as_json() for name, part in self.parts.items()}

    @property
    def text(self) -> str:
        return "; ".join(f"{name} = {part.text}" for name, part in self.parts.items())

    @property
    def latex(self) -> str:
        return r",\qquad ".join(f"{_name_latex(name)} = {part.latex}" for name, part in self.parts.items())


@dataclass(frozen=True)
class Family(Answer):
    r"""A point plus all combinations of some directions; no directions mean the point alone.

    Attributes:
        parameters: what the coefficients of the directions are called; k, or k_1, k_2, ... if they have no names.  Two
            families that differ in these alone are equal.

    >>> family = Family(Vector.of("3 4"), (Vector.of("-4 3"),))
    >>> family.text
    '(3, 4) + k*(-4, 3)'
    >>> r"k\begin{bmatrix} -4 \\ 3 \end{bmatrix}" in family.latex
    True
    """

    point: Vector
    directions: tuple[Vector, ...]
    parameters: tuple[str, ...] = field(default=(), compare=False)
    type: ClassVar[str] = "family"

    @property
    def names(self) -> tuple[str, ...]:
        """One name for the coefficient of each direction."""
        return self.parameters or _parameters(len(self.directions))

    def as_json(self) -> Json:
        return {"point": self.point.as_json(), "directions": [d.as_json() for d in self.directions]}

    @property
    def text(self) -> str:
        names = self.names
        return " + ".join([self.point.text, *(f"{k}*{d.text}" for k, d in zip(names, self.directions, strict=True))])

    @property
    def latex(self) -> str:
        names = self.names
        # Plain vectors: beside a parameter, a factor of their own would read like a second one.
        terms = [f"{k}{d.latex}" for k, d in zip(names, self.directions, strict=True)]
        members = " + ".join([self.point.latex, *terms] if terms else [self.point.factored_latex])
        over = rf" \;:\; {', '.join(names)} \in \mathbb{{R}}" if names else ""
        return rf"\left\{{ {members}{over} \right\}}"


@dataclass(frozen=True)
class Minimisers(Answer):
    """Unit vectors at which a norm is least: two opposite points, or the unit sphere of a subspace.

    Attributes:
        vectors: for ``points`` all of them; for ``sphere`` an orthonormal basis of the subspace.

    >>> Minimisers("sphere", (Vector.of("1 0 0"), Vector.of("0 1 0"))).text
    'all unit vectors in the span of (1, 0, 0), (0, 1, 0)'
    """

    kind: Literal["points", "sphere"]
    vectors: tuple[Vector, ...]
    type: ClassVar[str] = "unit minimisers"

    def as_json(self) -> Json:
        return {"kind": self.kind, "points" if self.kind == "points" else "basis": [v.as_json() for v in self.vectors]}

    @property
    def text(self) -> str:
        vectors = ", ".join(v.text for v in self.vectors)
        return vectors if self.kind == "points" else f"all unit vectors in the span of {vectors}"

    @property
    def latex(self) -> str:
        vectors = r",\; ".join(v.factored_latex for v in self.vectors)
        if self.kind == "points":
            return rf"\left\{{ {vectors} \right\}}"
        span = rf"\operatorname{{span}}\left\{{ {vectors} \right\}}"
        return rf"\left\{{ \mathbf{{x}} \in {span} \;:\; \lVert \mathbf{{x}} \rVert = 1 \right\}}"


@dataclass(frozen=True)
class Symbolic(Answer):
    r"""An expression with letters, kept in a canonical text, and its LaTeX.

    >>> Symbolic("9/10*a", r"\frac{9}{10}\,\mathbf{a}").text
    '9/10*a'
    """

    text: str
    latex: str
    type: ClassVar[str] = "expression"

    def as_json(self) -> Json:
        return {"text": self.text, "latex": self.latex}


@dataclass(frozen=True)
class Prose(Answer):
    """A written explanation, judged by a person; ``text`` is Markdown with LaTeX.

    >>> Prose("The gradient is zero at the first step only.").decided_by
    'a person'
    """

    text: str
    type: ClassVar[str] = "to a person"
    decided_by: ClassVar[Literal["mathematics", "a person", "runs"]] = "a person"

    def as_json(self) -> Json:
        return {"text": self.text}

    @property
    def latex(self) -> str:
        return r"\text{(in words)}"


@dataclass(frozen=True)
class Measured(Answer):
    """A measured quantity, from training runs.

    Attributes:
        value: the measurement; None where it was not run.
        interval: its 95 % interval, None where it was not run or one run cannot give one.
        run: id of the run (several joined by ``,``), None where it was not run.
        reason: why it was not run; empty otherwise.

    >>> Measured(0.3906, (0.3811, 0.4002), "0123456789ab").text
    '0.3906 [0.3811, 0.4002]'
    >>> Measured(None, None, None, "there is no GPU").text
    'not run: there is no GPU'
    """

    value: float | None
    interval: tuple[float, float] | None
    run: str | None
    reason: str = ""
    type: ClassVar[str] = "from runs"
    decided_by: ClassVar[Literal["mathematics", "a person", "runs"]] = "runs"

    def as_json(self) -> Json:
        form: dict[str, Json] = {
            "value": self.value,
            "interval": self.interval and list(self.interval),
            "run": self.run,
        }
        return form | ({"reason": self.reason} if self.reason else {})

    @property
    def text(self) -> str:
        if self.value is None:
            return f"not run: {self.reason}"
        return f"{self.value:.4g}" + (f" [{self.interval[0]:.4g}, {self.interval[1]:.4g}]" if self.interval else "")

    @property
    def latex(self) -> str:
        return rf"\text{{{self.text}}}"


@dataclass(frozen=True)
class Measurements(Answer):
    """Several measured quantities by name, and the conclusion drawn from them in words.

    >>> Measurements({"test": Measured(0.3906, None, "0123456789ab")}, "It learns.").text
    'test = 0.3906'
    """

    parts: Mapping[str, Measured]
    conclusion: str = ""
    type: ClassVar[str] = "from runs"
    decided_by: ClassVar[Literal["mathematics", "a person", "runs"]] = "runs"

    def as_json(self) -> Json:
        return {name: part.as_json() for name, part in self.parts.items()} | {"conclusion": self.conclusion}

    @property
    def text(self) -> str:
        return "; ".join(f"{name} = {part.text}" for name, part in self.parts.items())

    @property
    def latex(self) -> str:
        return rf"\text{{{self.text}}}"


def _parameters(count: int) -> tuple[str, ...]:
    return ("k",) if count == 1 else tuple(f"k_{i}" for i in range(1, count + 1))


_GREEK = {"Sigma": r"\Sigma"}


def _name_latex(name: str) -> str:
    return _GREEK.get(
        name,
        name
        if len(name) == 1 and name.isupper()
        else rf"\mathbf{{{name}}}"
        if len(name) == 1
        else rf"\text{{{name.replace('_', ' ')}}}",
    )
