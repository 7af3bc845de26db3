"""The entries of a gradient as a step: in symbols and as numbers, with self-checks that were computed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gradus.errors import UnsupportedError
from gradus.exact.linear_algebra.equations import aligned
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import BackwardPass, ForwardPass
from gradus.exact.networks.difference_checks import difference_check
from gradus.exact.networks.expressions import named, product
from gradus.exact.networks.forward_steps import is_short, shown
from gradus.exact.networks.gradient_expressions import (
    DeltaExpression,
    delta_expressions,
    gradient_expressions,
    layer_meant,
)
from gradus.exact.networks.matrix_lines import (
    ABRIDGED,
    MatrixLine,
    equation_line,
    matrix_line,
    row_entries,
    vector_name,
)
from gradus.exact.networks.measures import Measure
from gradus.exact.networks.network import Network
from gradus.exact.networks.symbol_values import delta_values, symbol_values
from gradus.exact.numbers.number import Number
from gradus.exact.steps import Check, Step

MOST_ROW_LATEX = 180
"""Most LaTeX of a neuron's derivatives in symbols that stand in one row."""
MOST_IN_ROW = 6
"""Most derivatives in one row; seven decimals are wider than a page."""
MOST_SYMBOLS = 60
"""Most weights whose derivatives are shown in symbols."""


def entries_step(
    network: Network,
    values: ForwardPass,
    back: BackwardPass,
    measure: Measure,
    with_respect_to: str | int = "weights",
) -> Step:
    """The derivatives that are asked for, in symbols and as numbers, with the self-checks.

    >>> layer = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [layer]})
    >>> from gradus.exact.networks.backpropagation import forward
    >>> values, measure = forward(net, Vector.of([3, 1])), Measure("y")
    >>> found = entries_step(net, values, measure.backward(net, values), measure)
    >>> [check.holds for check in found.checks]
    [True, True]
    """
    asked = layer_meant(network, with_respect_to)
    result = back.gradient if asked is None else back.rows[asked]
    lines = _result_lines(network, measure.latex, asked, result)
    before = ""
    checks: list[Check] = []
    if len(network.weights) <= MOST_SYMBOLS:
        before = symbols_latex(network, measure, with_respect_to)
        checks += _symbol_check(network, values, measure, with_respect_to, result)
    checks += difference_check(network, values, measure, asked, result)
    claim = "The entries, weight by weight." if asked is None else "The entries."
    reason = _ENTRY_REASON if asked is None else _LAYER_REASON
    if measure.loss == "hinge" and len(network.outputs) > 1:
        reason = f"{reason} {_MARGIN}"
    if any(not line.whole for line in lines):
        reason = f"{reason} {ABRIDGED}"
    return Step(claim, reason, before, aligned(line.latex for line in lines), tuple(checks))


def _result_lines(network: Network, y: str, asked: int | None, result: Vector) -> list[MatrixLine]:
    """The gradient in one row, or neuron by neuron where that is too wide."""
    left = rf"\frac{{\partial {y}}}{{\partial {_asked_vector(asked)}}}"
    whole = equation_line(left, "", matrix_line(1, len(result), row_entries(result)))
    is_exact = all(map(is_short, result))
    if (whole.whole and is_exact) or len(result) > MOST_SYMBOLS:
        return [whole]
    if asked is not None:
        names = [named(name).latex for name in network.sources(asked)]
        return [MatrixLine(line) for line in _symbol_rows(y, names, [shown(x) for x in result], _sign(result))]
    entries, numbers, lines = iter(result), iter(range(1, len(result) + 1)), []
    for neuron in network.neurons:
        weights = [f"w_{{{next(numbers)}}}" for _ in range(len(neuron.gains) + 1)]
        part = [next(entries) for _ in weights]
        lines += _symbol_rows(y, weights, [shown(x) for x in part], _sign(part))
    return [MatrixLine(line) for line in lines]


def _sign(numbers: Iterable[Number]) -> str:
    return "=" if all(map(is_short, numbers)) else r"\approx"


_ENTRY_REASON = (
    "An edge's gain takes the derivative in its neuron's sum times the value that came along the edge; a bias "
    "takes that derivative alone."
)
_MARGIN = (
    "Here $m = 1 + y_j - y_c$ is what the hinge cuts off at 0, with the class $c$ of the target and the largest output "
    r"$y_j$ of another class, and $\mathbf{r}$ is 1 at this $j$ and 0 elsewhere."
)
_LAYER_REASON = "Each value collects, over the edges that leave it, the gain times the derivative in the next sum."


def symbols_latex(network: Network, measure: Measure, with_respect_to: str | int = "weights") -> str:
    """Every derivative in symbols, a row for each neuron's weights, after the deltas that are sums.

    >>> layer = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [layer]})
    >>> symbols_latex(net, Measure("y")).count("H(z_1)")
    3
    """
    asked, y = layer_meant(network, with_respect_to), measure.latex
    found = gradient_expressions(network, measure.output, loss=measure.loss, with_respect_to=with_respect_to)
    deltas = delta_expressions(network, measure.output, loss=measure.loss)
    rows = [row for d in deltas if d.is_sum for row in _delta_rows(d)]
    if asked is not None:
        names = network.sources(asked)
        return aligned([*rows, *_symbol_rows(y, [named(name).latex for name in names], [e.latex for e in found])])
    entries, numbers = iter(found), iter(range(1, len(found) + 1))
    for neuron in network.neurons:
        weights = [f"w_{{{next(numbers)}}}" for _ in range(len(neuron.gains) + 1)]
        rows += _symbol_rows(y, weights, [next(entries).latex for _ in weights])
    return aligned(rows)


def _delta_rows(delta: DeltaExpression) -> list[str]:
    """A delta that is a sum, in one row or with a row for each path."""
    if len(delta.value.latex) <= MOST_ROW_LATEX // 2:
        return [rf"{delta.name.latex} &= {delta.value.latex}"]
    first, *rest = (product(factors).latex for factors in delta.products)
    signed = [rf"&\quad {e}" if e.startswith("-") else rf"&\quad + {e}" for e in rest]
    return [rf"{delta.name.latex} &= {first}", *signed]


def _symbol_rows(y: str, names: Sequence[str], entries: Sequence[str], sign: str = "=") -> list[str]:
    """One row, or one row an entry where it would be too wide."""
    if not 1 < len(names) <= MOST_IN_ROW or sum(map(len, entries)) > MOST_ROW_LATEX:
        return [rf"\frac{{\partial {y}}}{{\partial {n}}} &{sign} {e}" for n, e in zip(names, entries, strict=True)]
    shown_entries = r",\; ".join(entries)
    return [rf"\frac{{\partial {y}}}{{\partial ({', '.join(names)})}} &{sign} ({shown_entries})"]


def _symbol_check(
    network: Network, values: ForwardPass, measure: Measure, with_respect_to: str | int, result: Vector
) -> tuple[Check, ...]:
    """None where smooth activations, one within another, leave it undecided whether two exact numbers are equal."""
    known = symbol_values(network, values, measure.target, measure.loss)
    known |= delta_values(delta_expressions(network, measure.output, loss=measure.loss), known)
    found = gradient_expressions(network, measure.output, loss=measure.loss, with_respect_to=with_respect_to)
    try:
        same = Vector(tuple(entry.value(known) for entry in found)) == result
    except UnsupportedError:
        return ()
    statement = "The products in symbols, with the numbers put in, are the entries that the recursion gives."
    return (Check(statement, same),)


def _asked_vector(asked: int | None) -> str:
    return r"\mathbf{w}" if asked is None else vector_name("x", asked)
