"""Gradients checked by differences: central quotients of further forward passes, away from every kink.

Where all activations are piecewise linear, an output is affine in each single weight or value, and a squared loss is
quadratic, as long as no ReLU switches: the central quotient is then the derivative exactly.  Otherwise it comes close,
and is compared to nine digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import ForwardPass, forward
from gradus.exact.networks.kinks import KinkDerivative
from gradus.exact.networks.losses import loss_gradient, loss_has_kink
from gradus.exact.networks.measures import Measure
from gradus.exact.networks.network import Network
from gradus.exact.numbers.number import Number
from gradus.exact.steps import Check

MOST_CHECKED = 24
"""Most entries that are compared; of more, so many are taken at equal distances."""
MOST_SMOOTH = 6
"""The same where values are not rational."""
MOST_PRODUCTS = 250_000
"""Most products of a gain and a value for all comparisons together."""
_HALVINGS = 60
_SMALL = Fraction(1, 10**9)

_Changed = Callable[[int, Number], ForwardPass]
"""A forward pass with entry i changed by a step."""


def difference_check(
    network: Network, values: ForwardPass, measure: Measure, layer: int | None, result: Vector
) -> list[Check]:
    """The entries of a gradient against central quotients; no check at a kink, where there is no one limit.

    Args:
        network: the network.
        values: its forward pass.
        measure: what is differentiated.
        layer: the layer whose outputs it is differentiated in, 0 for the inputs; None for the weights.
        result: the gradient.

    >>> net = Network.of({"inputs": ["x"], "layers": [{"activation": "tanh", "neurons": [{"gains": [2], "bias": 0}]}]})
    >>> check = difference_check(net, forward(net, Vector.of([1])), Measure("y"), 0, Vector.of([2]))
    >>> check[0].holds
    False
    """
    if values.kinks or (measure.target is not None and _at_loss_kink(network, values, measure)):
        return []
    exact = all(entry.is_piecewise_affine for entry in network.layers)
    most = min(MOST_CHECKED if exact else MOST_SMOOTH, MOST_PRODUCTS // (2 * len(network.weights) + 1))
    if layer == len(network.layers):
        return []  # the derivatives in the outputs themselves, which no layer follows
    changed = _changed(network, values, layer)
    found = [_agrees(network, values, measure, changed, i, result[i], exact) for i in _chosen(len(result), most)]
    compared = [holds for holds in found if holds is not None]
    return [Check(_statement(measure, len(compared), len(result), exact, layer), all(compared))] if compared else []


def one_sided_check(
    network: Network, values: ForwardPass, measure: Measure, kinks: Sequence[KinkDerivative]
) -> tuple[Check, ...]:
    """One-sided derivatives against one-sided quotients, where these are exact: piecewise linear, no squared loss.

    >>> net = Network.of({"inputs": ["x"], "layers": [{"activation": "relu", "neurons": [{"gains": [3], "bias": 0}]}]})
    >>> from gradus.exact.networks.kinks import kink_derivatives
    >>> x = Vector.of([0])
    >>> one_sided_check(net, forward(net, x), Measure("y"), kink_derivatives(net, x))[0].holds
    True
    """
    if measure.loss == "squared" or not all(entry.is_piecewise_affine for entry in network.layers):
        return ()
    most = min(MOST_SMOOTH, MOST_PRODUCTS // (4 * len(network.weights) + 1))
    start, changed = measure.value(network, values), _changed(network, values, None)
    holds = []
    for kink in kinks[:most]:
        for side, given in ((-1, kink.left), (1, kink.right)):
            if (found := _one_sided(network, measure, changed, kink.weight.number - 1, side, start)) is not None:
                holds.append(found == given)
    statement = "The derivatives from either side equal the quotients with a small step to that side."
    return (Check(statement, all(holds)),) if holds else ()


def _one_sided(
    network: Network, measure: Measure, changed: _Changed, i: int, side: int, start: Number
) -> Number | None:
    """The quotient with a step so small that half of it gives the same; None if none is found."""
    step = Number.of(Fraction(side, 1024))
    last = None
    for _ in range(_HALVINGS):
        quotient = (measure.value(network, changed(i, step)) - start) / step
        if quotient == last:
            return quotient
        last, step = quotient, step / 2
    return None


def _changed(network: Network, values: ForwardPass, layer: int | None) -> _Changed:
    if layer is None:
        return lambda i, step: forward(network.with_weights(_moved(network.weights, i, step)), values.input)
    if layer == 0:
        return lambda i, step: forward(network, _moved(values.input, i, step))
    rest = Network(network.sources(layer), network.layers[layer:], network.loss)
    return lambda i, step: forward(rest, _moved(values.layers[layer - 1].outputs, i, step))


def _agrees(
    network: Network, values: ForwardPass, measure: Measure, changed: _Changed, i: int, entry: Number, exact: bool
) -> bool | None:
    """Whether the quotient is the entry; the step is halved until nothing switches, None if something always does."""
    step = Number.of(1 if exact else _SMALL)
    for _ in range(_HALVINGS):
        sides = changed(i, step), changed(i, -step)
        if all(_same_piece(network, values, side, measure) for side in sides):
            high, low = (measure.value(network, side) for side in sides)
            return (high - low) / (2 * step) == entry if exact else _is_close(high, low, step, entry)
        step = step / 2
    return None


def _is_close(high: Number, low: Number, step: Number, entry: Number) -> bool:
    quotient = (Fraction(high.decimal) - Fraction(low.decimal)) / (2 * step.as_fraction())
    given = Fraction(entry.decimal)
    return abs(quotient - given) <= _SMALL * max(Fraction(1), abs(given))


def _same_piece(network: Network, values: ForwardPass, other: ForwardPass, measure: Measure) -> bool:
    """Whether no ReLU has switched, and the hinge neither."""
    count = len(other.layers)
    pairs = zip(network.layers[-count:], values.layers[-count:], other.layers, strict=True)
    for layer, before, after in pairs:
        if layer.has_kinks and any(
            a.sign() != b.sign() for a, b in zip(before.pre_activations, after.pre_activations, strict=True)
        ):
            return False
    if measure.target is None or measure.loss != "hinge":
        return True
    slopes = [loss_gradient(network, x.output, measure.target, measure.loss) for x in (values, other)]
    return slopes[0] == slopes[1]


def _at_loss_kink(network: Network, values: ForwardPass, measure: Measure) -> bool:
    return measure.target is not None and loss_has_kink(network, values.output, measure.target, measure.loss)


def _moved(vector: Vector, i: int, step: Number) -> Vector:
    return Vector(tuple(x + step if j == i else x for j, x in enumerate(vector)))


def _chosen(count: int, most: int) -> list[int]:
    """All places, or as many as allowed at equal distances, the last among them."""
    if count <= most:
        return list(range(count))
    return sorted({count - 1 - (i * count) // most for i in range(most)}) if most > 0 else []


def _statement(measure: Measure, compared: int, count: int, exact: bool, layer: int | None) -> str:
    y, argument = measure.latex, "w_i" if layer is None else f"x^{{({layer})}}_i"
    which = "Each entry" if compared == count else f"Each of {compared} entries, taken at equal distances,"
    quotient = f"$({y}({argument} + s) - {y}({argument} - s))/2s$"
    if not exact:
        return f"{which} agrees to nine digits with the difference quotient {quotient}, $s = 10^{{-9}}$ or less."
    form = "quadratic" if measure.loss == "squared" else "affine"
    return (
        f"{which} equals the difference quotient {quotient} with a step $s$ so small that nothing switches; there "
        f"${y}$ is {form} in ${argument}$, so the quotient is exact."
    )
