"""What ``gradus momentum`` found, as blocks for the terminal and for a page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import hypot, isfinite

from gradus.documents.blocks import Block, Document, Figure, Math, Table, Text
from gradus.documents.latex_unicode import display_width
from gradus.documents.steps import step_blocks
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.momentum.descent import Descent, open_velocity
from gradus.exact.momentum.directions import State, stability_bound
from gradus.exact.steps import Step
from gradus.problems.momentum import entries, equal, rounded
from gradus.problems.momentum_comparison import ADAM_NOTE, adam_path, nesterov
from gradus.problems.momentum_directions import Labelled, eigenvalues_latex, is_held, labelled
from gradus.problems.momentum_figure import descent_figure
from gradus.problems.momentum_worked import because, direction_steps, run_table, setting_steps, verdict_step

COMPARED = (10, 40, 100)
"""The iterations after which the methods are compared."""

LARGE = 1000
"""Entries of an approximate eigenvector that are larger have a common factor taken out."""

WIDE = 24
"""Eigenvalues that take more columns are shown by decimals in the table."""


@dataclass(frozen=True)
class Report:
    """A descent, what is to be shown of it, and its runs.

    Attributes:
        descent: as it was given; its velocity may be open.
        velocity: the one that is given, or one with a component along every eigenvector.
        states: the iterations to be printed; empty if none are.
        compare: whether Nesterov's form and Adam are shown too.
    """

    descent: Descent
    velocity: Vector
    states: tuple[State, ...]
    compare: bool

    @property
    def run(self) -> Descent:
        """The descent with that velocity."""
        return replace(self.descent, velocity=self.velocity)

    @cached_property
    def directions(self) -> tuple[Labelled, ...]:
        """Each eigenvector with its name and its verdicts."""
        return labelled(self.descent)

    @cached_property
    def figure(self) -> Figure:
        """The path and its step lengths."""
        return descent_figure(self.run, compare=self.compare)

    @cached_property
    def distances(self) -> dict[str, tuple[float, ...]]:
        """By method, the distance from the stationary point after the iterations COMPARED; infinite once too large."""
        centre = self.run.quadratic.stationary_point
        last = max(COMPARED)
        found = {
            name: tuple(tuple(map(float, state.weights - centre)) for state in run.path(last))
            for name, run in (("momentum", self.run), ("nesterov", nesterov(self.run)))
        }
        found["adam"] = adam_path(self.run, last)
        return {
            name: tuple(hypot(*path[k]) if k < len(path) else float("inf") for k in COMPARED)
            for name, path in found.items()
        }


def report(descent: Descent, steps: int | None, compare: bool) -> Report:
    """Everything that a call shows.

    Raises:
        InputError: the number of steps is negative.
        UnsupportedError: it is too large.
    """
    velocity = open_velocity(descent.quadratic) if descent.velocity is None else descent.velocity
    run = replace(descent, velocity=velocity)
    return Report(descent, velocity, () if steps is None else run.path(steps), compare)


def summary(found: Report) -> tuple[Block, ...]:
    """The eigenvectors, both verdicts for each, the answer, and what else was asked for."""
    return (
        *_eigenvectors(found.directions),
        _directions_table(found.directions),
        Text(answer_text(found)),
        *_limit(found.descent),
        *(_comparison(found) if found.compare else ()),
        *(_iterations(found) if found.states else ()),
    )


def page(found: Report) -> Document:
    """The summary, the picture and the worked steps."""
    descent = found.descent
    steps = tuple(part for part in setting_steps(descent) if isinstance(part, Step))
    tables = tuple(part for part in setting_steps(descent) if not isinstance(part, Step))
    numbered = step_blocks((*steps, *direction_steps(descent), verdict_step(descent)))
    setting = len(step_blocks(steps))
    worked = (*numbered[:setting], *tables, *numbered[setting:])
    return Document(
        "Momentum on a quadratic",
        (
            Text("Given"),
            *_given(descent),
            Text("## Result"),
            *summary(found),
            found.figure,
            Text("## Steps"),
            *worked,
            run_table(descent, found.velocity),
        ),
    )


def answer_text(found: Report) -> str:
    """Does it come back, and why (not)."""
    descent, verdict = found.descent, found.descent.verdict
    anyhow = descent.velocity is None
    whatever = ", whatever the velocity is," if anyhow else ""
    if verdict.comes_back:
        held = [f"${item.name}$" for item in found.directions if is_held(item.direction)]
        inside = "start and velocity lie in the direction of the eigenvalue inside the unit circle"
        why = f" Along {', '.join(held)} {inside}." if held else ""
        return f"**Yes:** the weights{whatever} converge to the stationary point.{why}"
    end = {
        "elsewhere": "the weights converge, but elsewhere",
        "not at all": "the weights stay bounded, and do not converge" if verdict.bounded else "the weights leave",
    }[verdict.convergence]
    return f"**No:** {end}. {because(found.directions, anyhow)}"


def _given(descent: Descent) -> tuple[Block, ...]:
    centre = descent.quadratic.stationary_point
    shown = [
        rf"Q = {descent.quadratic.hessian.latex}",
        rf"\alpha = {descent.learning_rate.latex}",
        rf"\mu = {descent.mu.latex}",
    ]
    vectors = [] if not centre else [rf"\mathbf{{w}}^* = {entries(centre)}"]
    vectors.append(rf"\mathbf{{w}}_0 = {entries(descent.start)}")
    vectors += [] if descent.velocity is None else [rf"\mathbf{{v}}_0 = {entries(descent.velocity)}"]
    return Math(r", \qquad ".join(shown)), Math(r", \qquad ".join(vectors))


def _eigenvectors(directions: tuple[Labelled, ...]) -> tuple[Block, ...]:
    if all(item.is_axis for item in directions):
        return ()
    shown = []
    for item in directions:
        vector = item.pair.vector
        plain = not any(x.is_algebraic for x in vector)
        shown.append(f"${item.name} {'= ' + entries(vector) if plain else _approximate(vector)}$")
    return (Text("Eigenvectors: " + ", ".join(shown) + "."),)


def _approximate(vector: Vector) -> str:
    """By decimals, with the largest entry in front of the vector where the entries are large."""
    largest = max(vector, key=lambda x: abs(float(x)))
    if abs(float(largest)) < LARGE:
        return rf"\approx ({', '.join(rounded(x) for x in vector)})"
    shown = ", ".join(_four_digits(float(x) / float(largest)) for x in vector)
    return rf"\approx {rounded(largest)} \cdot ({shown})"


def _four_digits(x: float) -> str:
    """LaTeX."""
    mantissa, _, exponent = f"{x:.4g}".partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def _directions_table(directions: tuple[Labelled, ...]) -> Table:
    rows = tuple(
        (
            f"${item.name}$",
            f"${_brief(equal(item.pair.eigenvalue))}$",
            _eigenvalues(item),
            _convergence(item),
            {"waves": "yes, in waves", "alternating": "yes, every step"}.get(item.direction.motion, "no"),
        )
        for item in directions
    )
    return Table(("along", r"$\lambda$", "eigenvalues of $M$", "converges", "oscillates"), rows)


def _brief(relation: str) -> str:
    """The value of ``= x``, and ``\\approx x`` as it is."""
    return relation.removeprefix("= ")


def _eigenvalues(item: Labelled) -> str:
    d = item.direction
    shown = eigenvalues_latex(d).replace(r"\quad ", "").replace("r = ", "")
    if shown and not ("approx" in shown or "ldots" in shown) and display_width(shown) <= WIDE:
        return f"${shown}$"
    trace, determinant = float(d.trace), float(d.determinant)
    square = trace * trace - 4 * determinant
    size = abs(square) ** 0.5 / 2
    if d.eigenvalues is None:
        return rf"${trace / 2:.4g} \pm {size:.4g}i$"
    first, second = (float(r) for r in d.eigenvalues)
    return f"${first:.4g}, {second:.4g}$"


def _convergence(item: Labelled) -> str:
    d = item.direction
    if d.fate == "settles elsewhere" and d.limit is not None:
        return f"elsewhere, $u {equal(d.limit)}$"
    words = {"returns": "comes back", "stays": "stays there", "leaves": "leaves", "period two": "period of two"}
    return words[d.fate] + (", by its start alone" if is_held(d) else "")


def _limit(descent: Descent) -> tuple[Block, ...]:
    limit = descent.verdict.limit
    if limit is None or descent.verdict.comes_back or descent.velocity is None:
        return ()
    return (Math(rf"\mathbf{{w}} \to {entries(limit)}"),)


def _comparison(found: Report) -> tuple[Block, ...]:
    other = nesterov(found.descent)
    comes = "come back" if other.verdict.comes_back else "do not come back"
    bounds = (
        rf"$\alpha\lambda < 2(1 + \mu) = {stability_bound(found.descent.mu).latex}$",
        rf"$\alpha\lambda < \frac{{2(1 + \mu)}}{{1 + 2\mu}} = {stability_bound(found.descent.mu, 'nesterov').latex}$",
    )
    header = ("method", *(f"after {k}" for k in COMPARED))
    names = {"momentum": "momentum", "nesterov": "Nesterov", "adam": "Adam"}
    rows = tuple((names[name], *map(_distance, sizes)) for name, sizes in found.distances.items())
    velocity = found.velocity
    caption = (
        "Distances from the stationary point after so many iterations"
        + ("" if found.descent.velocity is not None else f", for the velocity ${entries(velocity)}$")
        + f". Adam is computed in floating point. {ADAM_NOTE}"
    )
    return (
        Text(
            r"**Nesterov's form**, with the gradient at $\mathbf{w} + \mu\mathbf{v}$: the weights "
            f"{comes}. Positive curvatures lead back for {bounds[1]}, and for momentum as it is for {bounds[0]}."
        ),
        Table(("along", "eigenvalues of $M$", "converges"), _nesterov_rows(other), "Nesterov's form"),
        Table(header, rows, caption),
    )


def _distance(x: float) -> str:
    return f"${_four_digits(x)}$" if isfinite(x) else "too large"


def _nesterov_rows(other: Descent) -> tuple[tuple[str, str, str], ...]:
    return tuple((f"${item.name}$", _eigenvalues(item), _convergence(item)) for item in labelled(other))


def _iterations(found: Report) -> tuple[Block, ...]:
    n = found.run.quadratic.dimension
    header = ("$k$", *(f"$w_{{{i}}}$" for i in range(1, n + 1)), *(f"$v_{{{i}}}$" for i in range(1, n + 1)))
    rows = tuple(
        (f"{k}", *(f"${rounded(x)}$" for x in (*state.weights, *state.velocity)))
        for k, state in enumerate(found.states)
    )
    velocity = found.velocity
    given = "" if found.descent.velocity is not None else f" For example with the velocity ${entries(velocity)}$."
    return (Table(header, rows, f"Exact iterations, shown to four digits; exact with `--json`.{given}"),)
