"""Which neurons with ReLU are dead for all inputs in a box, decided exactly.

A neuron is *alive* when its sum is positive for some input of the box, which is given as a witness and checked by a
forward pass; *dead* when its sum is nowhere positive; *undecided* when a budget is spent first.  In three stages:

1. Interval arithmetic bounds every sum.  In the first layer the bounds are attained, so that nothing is left open.
2. A few inputs are tried: the centre of the box, and the corners at which the sums of the first layer are largest.
3. What is left is split.  Where all layers before are piecewise linear and all numbers rational, into the regions on
   which no ReLU switches: each is a polytope, on which the largest sum is a linear program, solved exactly.  Otherwise
   (sigmoid, tanh, square roots) into smaller boxes, for interval arithmetic again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Literal

from gradus.errors import InputError, UnsupportedError
from gradus.exact.linear_algebra.linear_programs import Budget, BudgetSpent
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.activations import activated
from gradus.exact.networks.backpropagation import forward
from gradus.exact.networks.linear_regions import Interval, LinearRegions
from gradus.exact.networks.network import Network, Neuron, NeuronLayer
from gradus.exact.numbers.number import ONE, ZERO, Number

BUDGET = 1_000_000
"""Entries of simplex tableaus that may be computed for one layer; some seconds at most."""
MOST_BOXES = 400
"""Most boxes that one layer is split into."""
MOST_PRODUCTS = 150_000
"""Most products of a gain and a value for the inputs that are tried."""
_SLACK = Fraction(1, 10**25)
"""More than the rounding of a value of sigmoid or tanh to 30 digits."""
_THERE = "Its sum is {} there."


@dataclass(frozen=True)
class BoxVerdict:
    """What is known of one neuron with ReLU for all inputs in a box.

    Attributes:
        reason: why, one sentence in plain text.
        witness: an input of the box at which its sum is positive; None unless it is alive.
    """

    neuron: str
    verdict: Literal["dead", "alive", "undecided"]
    reason: str
    witness: Vector | None = None


def dead_in_box(network: Network, box: Sequence[tuple[object, object]], budget: int = BUDGET) -> tuple[BoxVerdict, ...]:
    """The verdict on every neuron with ReLU, in the order of the network.

    Args:
        box: for each input its lower and upper end, exact numbers.
        budget: how many entries of simplex tableaus may be computed for one layer.

    Raises:
        InputError: the box does not fit the inputs, or an interval is empty.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1], "bias": -5}, {"gains": [1], "bias": 0}]}
    >>> last = {"activation": "relu", "neurons": [{"gains": [-1, -1], "bias": 0}]}
    >>> network = Network.of({"inputs": ["x"], "layers": [hidden, last]})
    >>> for found in dead_in_box(network, [(-1, 5)]):
    ...     print(found.neuron, found.verdict, found.witness, found.reason)
    h1 dead None Its sum is at most 0 on the whole box.
    h2 alive Vector('(5)') Its sum is 5 there.
    y dead None Its sum is at most 0 on the whole box.
    """
    intervals = _checked(network, box)
    sums = interval_sums(network, intervals)
    verdicts = _first_layer(network, intervals, sums[0])
    for layer, bounds in zip(network.layers, sums, strict=True):
        for name, (_, high) in zip(_rectified(layer), bounds, strict=False):
            if high.sign() <= 0:
                verdicts[name] = BoxVerdict(name, "dead", f"Its sum is at most {high.text} on the whole box.")
    for x in _tried(network, intervals):
        if not (pending := [n for layer in network.layers for n in _rectified(layer) if n not in verdicts]):
            break
        verdicts |= _alive_at(network, x, pending)
    for index, layer in enumerate(network.layers):
        pending = [name for name in _rectified(layer) if name not in verdicts]
        if pending and _is_piecewise_linear(network, intervals, index):
            verdicts |= _by_regions(network, intervals, index, pending, Budget(budget))
        elif pending:
            verdicts |= _by_boxes(network, intervals, pending)
    return tuple(verdicts[name] for layer in network.layers for name in _rectified(layer))


def _rectified(layer: NeuronLayer) -> tuple[str, ...]:
    """The neurons that can be dead: those with ReLU."""
    return layer.names if layer.activation == "relu" else ()


def interval_sums(network: Network, box: Sequence[Interval]) -> list[list[Interval]]:
    """Bounds for the sums of all neurons, layer by layer, for all inputs in a box; attained in the first layer.

    >>> layers = [{"activation": "relu", "neurons": [{"gains": [2, -1], "bias": 1}]}]
    >>> network = Network.of({"inputs": ["x1", "x2"], "layers": layers})
    >>> interval_sums(network, [(ZERO, ONE), (ZERO, ONE)])
    [[(Number('0'), Number('3'))]]
    """
    sums, values = [], dict(zip(network.inputs, box, strict=True))
    for layer in network.layers:
        bounds = []
        for neuron in layer.neurons:
            low = high = neuron.bias
            for source, gain in neuron.gains:
                ends = values[source] if gain.sign() >= 0 else values[source][::-1]
                low, high = low + gain * ends[0], high + gain * ends[1]
            bounds.append((low, high))
        sums.append(bounds)
        values = {name: _activated(layer, ends) for name, ends in zip(layer.names, bounds, strict=True)}
    return sums


def _checked(network: Network, box: Sequence[tuple[object, object]]) -> list[Interval]:
    names = network.inputs
    if len(box) != len(names):
        rule = f"must have {len(names)} intervals, one for each of {', '.join(names[:12])}, and has {len(box)}"
        raise InputError("box", len(box), rule, "give a lower and an upper end for each input")
    intervals = []
    for name, (low, high) in zip(names, box, strict=True):
        ends = _end(name, low), _end(name, high)
        if ends[0] > ends[1]:
            shown = f"[{ends[0].text}, {ends[1].text}]"
            raise InputError(f"box, {name}", shown, "is empty: its lower end lies above its upper", "swap the ends")
        intervals.append(ends)
    return intervals


def _end(name: str, value: object) -> Number:
    if isinstance(value, (bool, float)) or not isinstance(value, (int, str, Fraction, Number)):
        raise InputError(f"box, {name}", value, "must be an exact number", "write it as text, '1/3' say")
    return Number.of(value)


def _activated(layer: NeuronLayer, ends: Interval) -> Interval:
    """Bounds for the outputs, from bounds for the sums; every activation but the soft-max, which stands last, grows."""
    low, high = ends
    if layer.activation == "relu":
        return _positive_part(low), _positive_part(high)
    if layer.activation == "leaky_relu":
        return _leaky(low, layer.slope or ZERO), _leaky(high, layer.slope or ZERO)
    if layer.activation == "identity":
        return ends
    if layer.activation == "softmax":
        return ZERO, ONE
    least = ZERO if layer.activation == "sigmoid" else -ONE
    return max(least, _smooth(layer, low, least) - _SLACK), min(ONE, _smooth(layer, high, ONE) + _SLACK)


def _smooth(layer: NeuronLayer, z: Number, otherwise: Number) -> Number:
    """The sigmoid or tanh of z to 30 digits; ``otherwise`` where z is beyond what can be computed."""
    try:
        return Number.of(Fraction(activated(layer, Vector((z,)))[0].decimal))
    except UnsupportedError:
        return otherwise


def _positive_part(z: Number) -> Number:
    return z if z.sign() > 0 else ZERO


def _leaky(z: Number, slope: Number) -> Number:
    return z if z.sign() > 0 else slope * z


def _first_layer(network: Network, box: Sequence[Interval], bounds: Sequence[Interval]) -> dict[str, BoxVerdict]:
    """Alive with the corner at which the bound of the sum is attained."""
    found = {}
    layer = network.layers[0]
    for neuron, (_, high) in zip(layer.neurons if layer.activation == "relu" else (), bounds, strict=False):
        if high.sign() > 0:
            found[neuron.name] = BoxVerdict(
                neuron.name, "alive", _THERE.format(high.text), _corner(network, box, neuron)
            )
    return found


def _corner(network: Network, box: Sequence[Interval], neuron: Neuron, side: int = 1) -> Vector:
    """The corner at which the sum of a neuron of the first layer is largest, or least for side -1."""
    gains = dict(neuron.gains)
    return Vector(
        tuple(
            low if gains.get(name, ZERO).sign() * side < 0 else high
            for name, (low, high) in zip(network.inputs, box, strict=True)
        )
    )


def _tried(network: Network, box: Sequence[Interval]) -> Iterator[Vector]:
    """The centre, and for each neuron of the first layer the corners with its largest and its least sum."""
    left = MOST_PRODUCTS // max(1, len(network.weights))
    yield Vector(tuple((low + high) / 2 for low, high in box))
    for neuron in network.layers[0].neurons[: left // 2]:
        yield _corner(network, box, neuron)
        yield _corner(network, box, neuron, side=-1)


def _alive_at(network: Network, x: Vector, names: Sequence[str]) -> dict[str, BoxVerdict]:
    """The neurons among the named ones whose sum is positive at an input, by an exact forward pass."""
    values = forward(network, x)
    wanted = set(names)
    return {
        name: BoxVerdict(name, "alive", _THERE.format(z.text), x)
        for layer, computed in zip(network.layers, values.layers, strict=True)
        for name, z in zip(layer.names, computed.pre_activations, strict=True)
        if name in wanted and z.sign() > 0
    }


def _is_piecewise_linear(network: Network, box: Sequence[Interval], index: int) -> bool:
    """Whether the sums of layer ``index``, from 0, are piecewise linear in the input, with rational numbers."""
    before, neurons = network.layers[:index], [n for layer in network.layers[: index + 1] for n in layer.neurons]
    numbers = [*(x for ends in box for x in ends), *(layer.slope for layer in before if layer.slope is not None)]
    numbers += [x for neuron in neurons for x in (neuron.bias, *(gain for _, gain in neuron.gains))]
    linear = all(layer.activation in ("relu", "leaky_relu", "identity") for layer in before)
    return linear and all(x.is_rational for x in numbers)


def _by_regions(
    network: Network, box: Sequence[Interval], index: int, pending: Sequence[str], budget: Budget
) -> dict[str, BoxVerdict]:
    """The verdicts on neurons of layer ``index``, from 0, by linear programs on the regions of linearity before it."""
    search, found, names = LinearRegions(network, box, budget), dict[str, BoxVerdict](), network.layers[index].names
    most: dict[str, Fraction] = {}
    try:
        for region, forms in search.at(index):
            for name, form in zip(names, forms, strict=True):
                if name not in pending or name in found:
                    continue
                value, point = search.largest(region, form)
                most[name] = max(value, most.get(name, value))
                if value > 0:
                    found |= _alive_at(network, Vector(tuple(map(Number.of, point))), [name])
            if len(found) == len(pending):
                break
    except BudgetSpent:
        rule = f"The budget of exact work was spent after {search.seen} regions without a positive sum."
        return found | {name: BoxVerdict(name, "undecided", rule) for name in pending if name not in found}
    regions = f"all {search.seen} regions" if search.seen > 1 else "the only region"
    return found | {
        name: BoxVerdict(
            name,
            "dead",
            f"Its sum is at most {Number.of(most[name]).text}, by linear programs on {regions} of linearity.",
        )
        for name in pending
        if name not in found
    }


def _by_boxes(network: Network, box: Sequence[Interval], pending: Sequence[str]) -> dict[str, BoxVerdict]:
    """The verdicts by interval arithmetic on smaller and smaller boxes, and their centres as inputs to try."""
    found: dict[str, BoxVerdict] = {}
    queue = [list(box)]
    places = {n: (k, j) for k, layer in enumerate(network.layers) for j, n in enumerate(layer.names) if n in pending}
    for part in islice(_unbounded(queue), MOST_BOXES):
        sums = interval_sums(network, part)
        unsure = [n for n, (k, j) in places.items() if n not in found and sums[k][j][1].sign() > 0]
        found |= _alive_at(network, Vector(tuple((low + high) / 2 for low, high in part)), unsure)
        if any(name not in found for name in unsure):
            queue += _halves(part)
    open_still = [name for name in pending if name not in found]
    if queue:
        rule = f"Interval arithmetic on {MOST_BOXES} boxes leaves it open."
        return found | {name: BoxVerdict(name, "undecided", rule) for name in open_still}
    return found | {
        name: BoxVerdict(name, "dead", "Its sum is nowhere positive, by interval arithmetic on smaller boxes.")
        for name in open_still
    }


def _unbounded(queue: list[list[Interval]]) -> Iterator[list[Interval]]:
    """The boxes of a queue that grows meanwhile, the oldest first."""
    while queue:
        yield queue.pop(0)


def _halves(box: list[Interval]) -> list[list[Interval]]:
    """The box cut across its longest side; nothing where it is a point."""
    longest = max(range(len(box)), key=lambda i: box[i][1] - box[i][0])
    low, high = box[longest]
    middle = (low + high) / 2
    return [
        [*box[:longest], (low, middle), *box[longest + 1 :]],
        [*box[:longest], (middle, high), *box[longest + 1 :]],
    ]
