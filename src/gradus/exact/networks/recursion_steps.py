r"""The recursion of back-propagation as steps: Jacobians with their shapes, and the rows that they lead to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gradus.errors import UnsupportedError
from gradus.exact.linear_algebra.equations import aligned
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import BackwardPass, ForwardPass
from gradus.exact.networks.gradient_expressions import layer_meant
from gradus.exact.networks.matrix_lines import (
    ABRIDGED,
    MatrixLine,
    chain,
    derivative,
    equation_line,
    matrix_line,
    row_entries,
    vector_name,
)
from gradus.exact.networks.measures import Measure
from gradus.exact.networks.network import LossName, Network, NeuronLayer
from gradus.exact.numbers.number import ZERO, Number
from gradus.exact.steps import Check, Step

MOST_MULTIPLIED = 500
"""Most entries of a Jacobian that is multiplied out as a check."""


def recursion_steps(
    network: Network, values: ForwardPass, back: BackwardPass, measure: Measure, with_respect_to: str | int = "weights"
) -> tuple[Step, ...]:
    """One step a layer, from the last down to the one that is asked for: Jacobians with shapes, and rows.

    >>> layer = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [layer]})
    >>> from gradus.exact.networks.backpropagation import forward
    >>> values, measure = forward(net, Vector.of([3, 1])), Measure("y")
    >>> [step.claim for step in recursion_steps(net, values, measure.backward(net, values), measure)]
    ['The Jacobians of layer 1.', 'Back through layer 1.']
    """
    asked, K = layer_meant(network, with_respect_to), len(network.layers)
    steps = []
    for k in range(K, asked or 0, -1):
        down = k > 1 or asked == 0
        reason = _REASONS[network.layers[k - 1].activation]
        if k == K:
            reason = f"{_notation(network, asked)} {reason}"
        steps.append(_step(f"The Jacobians of layer {k}.", reason, _jacobian_rows(network, values, k, asked, down)))
        rows = _derivative_rows(network, back, measure.latex, k, asked, down)
        checks = _row_checks(network, values, back, k, asked, down)
        reason = _start(network, measure) if k == K else _ONWARDS
        steps.append(_step(f"Back through layer {k}.", reason, rows, checks))
    return tuple(steps)


def _step(claim: str, reason: str, rows: Sequence[MatrixLine], checks: tuple[Check, ...] = ()) -> Step:
    if any(not row.whole for row in rows):
        reason = f"{reason} {ABRIDGED}"
    return Step(claim, reason, after=aligned(row.latex for row in rows), checks=checks)


def _jacobian_rows(network: Network, values: ForwardPass, k: int, asked: int | None, down: bool) -> list[MatrixLine]:
    """dx^(k)/dz^(k), dx^(k)/dw^(k) where weights are asked for, and dx^(k)/dx^(k-1) where the recursion goes on."""
    layer, x = network.layers[k - 1], vector_name("x", k)
    m, n = len(layer.neurons), len(network.sources(k - 1))
    jacobian = values.layers[k - 1].jacobian.rows
    slopes = ((i, j, value) for i, line in enumerate(jacobian) for j, value in enumerate(line) if value)
    rows = [equation_line(derivative(x, "z", k), "", matrix_line(m, m, slopes))]
    if asked is None:
        weights = matrix_line(m, _weight_count(layer), _weight_entries(network, values, k))
        rows.append(equation_line(derivative(x, "w", k), chain(x, ("z", k), ("w", k)), weights))
    if down:
        through = rf"{derivative(x, 'z', k)} \, W^{{({k})}}"
        rows.append(
            equation_line(derivative(x, "x", k - 1), through, matrix_line(m, n, _layer_entries(network, values, k)))
        )
    return rows


def _derivative_rows(
    network: Network, back: BackwardPass, y: str, k: int, asked: int | None, down: bool
) -> list[MatrixLine]:
    """dy/dx^(k), dy/dw^(k) where weights are asked for, and dy/dx^(k-1) where the recursion goes on."""
    rows = [equation_line(derivative(y, "x", k), "", matrix_line(1, len(back.rows[k]), row_entries(back.rows[k])))]
    if asked is None:
        start = sum(map(_weight_count, network.layers[: k - 1]))
        part = back.gradient.entries[start : start + _weight_count(network.layers[k - 1])]
        rows.append(
            equation_line(
                derivative(y, "w", k), chain(y, ("x", k), ("w", k)), matrix_line(1, len(part), row_entries(part))
            )
        )
    if down:
        before = back.rows[k - 1]
        row = matrix_line(1, len(before), row_entries(before))
        rows.append(equation_line(derivative(y, "x", k - 1), chain(y, ("x", k), ("x", k - 1)), row))
    return rows


def _row_checks(
    network: Network, values: ForwardPass, back: BackwardPass, k: int, asked: int | None, down: bool
) -> tuple[Check, ...]:
    """Whether the row times the Jacobians, multiplied out, are the rows that the recursion gave.

    Small layers only, and none where it stays undecided whether two exact numbers are equal.
    """
    layer = network.layers[k - 1]
    count = _weight_count(layer)
    if count * len(layer.neurons) > MOST_MULTIPLIED:
        return ()
    try:
        holds = _rows_hold(network, values, back, k, asked, down)
    except UnsupportedError:
        return ()
    return (Check("The row times each matrix, multiplied out, gives these rows.", all(holds)),) if holds else ()


def _rows_hold(
    network: Network, values: ForwardPass, back: BackwardPass, k: int, asked: int | None, down: bool
) -> list[bool]:
    layer = network.layers[k - 1]
    count, holds = _weight_count(layer), []
    if asked is None:
        start = sum(map(_weight_count, network.layers[: k - 1]))
        part = back.gradient.entries[start : start + count]
        holds.append(_product(back.rows[k], _weight_entries(network, values, k), count) == part)
    if down:
        entries = _layer_entries(network, values, k)
        holds.append(_product(back.rows[k], entries, len(network.sources(k - 1))) == back.rows[k - 1].entries)
    return holds


def _product(row: Vector, entries: Iterable[tuple[int, int, Number]], columns: int) -> tuple[Number, ...]:
    """A row times a matrix given by its entries other than 0."""
    totals = [ZERO] * columns
    for i, j, x in entries:
        if row[i]:
            totals[j] = totals[j] + row[i] * x
    return tuple(totals)


def _weight_count(layer: NeuronLayer) -> int:
    return sum(len(neuron.gains) + 1 for neuron in layer.neurons)


_ONWARDS = "The row that came from the layer above, times the Jacobians."


def _start(network: Network, measure: Measure) -> str:
    if measure.loss == "cross-entropy" and network.layers[-1].activation == "sigmoid":
        return r"It starts from the loss, $\frac{\partial \ell}{\partial y} = -\frac{t}{y} + \frac{1 - t}{1 - y}$."
    return _START[measure.loss]


_START: dict[LossName | None, str] = {
    None: "The recursion starts from the output itself, whose derivative is 1 in itself and 0 in any other output.",
    "squared": r"It starts from the loss, $\frac{\partial \ell}{\partial y_i} = y_i - t_i$.",
    "cross-entropy": r"It starts from the loss, $\frac{\partial \ell}{\partial y_i} = -\frac{t_i}{y_i}$.",
    "hinge": "It starts from the loss, whose derivatives are $\\pm 1$ or 0, and all 0 where the margin is kept.",
}
_REASONS = {
    "relu": "The ReLU's Jacobian is diagonal, with $H(z) = 1$ for a positive sum and $0$ otherwise.",
    "leaky_relu": "The Jacobian is diagonal, with 1 for a positive sum and the leaky ReLU's slope otherwise.",
    "identity": "A linear layer passes the derivatives on as they are.",
    "sigmoid": r"The Jacobian is diagonal, with the sigmoid's derivative $\sigma'(z) = \sigma(z)(1 - \sigma(z))$.",
    "tanh": r"The Jacobian is diagonal, with the derivative $1 - \tanh(z)^2$.",
    "softmax": r"The Jacobian of the soft-max is $\operatorname{diag}(\mathbf{p}) - \mathbf{p}\mathbf{p}^\top$.",
}


def _notation(network: Network, asked: int | None) -> str:
    weights = r", $\mathbf{w}^{(k)}$ its weights, neuron by neuron," if asked is None else ""
    both = r" and $W^{(k)}$ its gains, a row for each neuron" if len(network.layers) > 1 or asked == 0 else ""
    return (
        r"The vector $\mathbf{z}^{(k)}$ holds the sums of layer $k$, $\mathbf{x}^{(k)}$ its outputs"
        f"{weights}{both}. The shape of each matrix stands beside it."
    ).replace(",.", ".")


def _weight_entries(network: Network, values: ForwardPass, k: int) -> Iterator[tuple[int, int, Number]]:
    """The entries of dx^(k)/dw^(k) other than 0, from 0: dx_i/dz_j times the value along the edge, or 1 for a bias."""
    known = dict(zip(network.sources(k - 1), values.before(k), strict=True))
    neurons = network.layers[k - 1].neurons
    for i, line in enumerate(values.layers[k - 1].jacobian.rows):
        column = 0
        for neuron, slope in zip(neurons, line, strict=True):
            if slope:
                for s, (source, _) in enumerate(neuron.gains):
                    if known[source]:
                        yield i, column + s, slope * known[source]
                yield i, column + len(neuron.gains), slope
            column += len(neuron.gains) + 1


def _layer_entries(network: Network, values: ForwardPass, k: int) -> Iterator[tuple[int, int, Number]]:
    """The entries of dx^(k)/dx^(k-1) other than 0, from 0."""
    places = {source: j for j, source in enumerate(network.sources(k - 1))}
    neurons = network.layers[k - 1].neurons
    for i, line in enumerate(values.layers[k - 1].jacobian.rows):
        row: dict[int, Number] = {}
        for neuron, slope in zip(neurons, line, strict=True):
            for source, gain in neuron.gains if slope else ():
                row[places[source]] = row.get(places[source], ZERO) + slope * gain
        yield from ((i, j, row[j]) for j in sorted(row) if row[j])
