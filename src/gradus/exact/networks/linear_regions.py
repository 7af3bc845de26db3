"""The regions of a box on which no ReLU switches, found layer by layer with exact linear programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from gradus.errors import SelfCheckFailed
from gradus.exact.linear_algebra.linear_programs import Budget, HalfSpace, maximum
from gradus.exact.networks.network import Network, Neuron, NeuronLayer
from gradus.exact.numbers.number import ZERO, Number

Interval: TypeAlias = tuple[Number, Number]
Form: TypeAlias = tuple[Fraction, ...]
"""An affine form of the input: its coefficients, the constant last."""


@dataclass(frozen=True)
class Region:
    """A polytope, and the affine forms (coefficients, constant last) of the values known on it.

    ``before`` belongs to the layer before number ``layer``, ``after`` to the neurons of that layer seen so far.
    """

    half_spaces: tuple[HalfSpace, ...]
    layer: int
    before: tuple[Form, ...]
    after: tuple[Form, ...]


class LinearRegions:
    """The search through the regions of linearity of a network's layers, for rational networks and boxes.

    Attributes:
        seen: how many regions have been found so far.

    Raises:
        BudgetSpent: while the regions are gone through, when the budget is spent.

    >>> tables = [{"activation": a, "neurons": [{"gains": [1], "bias": 0}]} for a in ("relu", "identity")]
    >>> net, box = Network.of({"inputs": ["x"], "layers": tables}), [(Number.of(-1), Number.of(1))]
    >>> search = LinearRegions(net, box, Budget(99))
    >>> sorted(str(sums[0][0]) for _, sums in search.at(1))
    ['0', '1']
    """

    def __init__(self, network: Network, box: Sequence[Interval], budget: Budget) -> None:
        self.network, self.budget, self.seen = network, budget, 0
        self.box = [(low.as_fraction(), high.as_fraction()) for low, high in box]

    def at(self, index: int) -> Iterator[tuple[Region, tuple[Form, ...]]]:
        """Each region with the sums of layer ``index`` on it."""
        n = len(self.box)
        inputs = tuple(tuple(Fraction(int(i == j)) for j in range(n + 1)) for i in range(n))
        stack = [Region((), 0, inputs, ())]
        while stack:
            region = stack.pop()
            if region.layer == index:
                self.seen += 1
                yield region, tuple(self._sum(region, neuron) for neuron in self.network.layers[index].neurons)
            else:
                stack += self._next(region)

    def largest(self, region: Region, form: Form) -> tuple[Fraction, tuple[Fraction, ...]]:
        """The largest value of a form on a region, and where it is taken; the region is never empty."""
        found = maximum(form[:-1], self.box, region.half_spaces, self.budget)
        if found is None:
            raise SelfCheckFailed("a region of linearity turned out to be empty; a fault of the program")
        return found.value + form[-1], found.point

    def _sum(self, region: Region, neuron: Neuron) -> Form:
        places = {name: i for i, name in enumerate(self.network.sources(region.layer))}
        self.budget.spend((len(neuron.gains) + 1) * (len(self.box) + 1))
        total = [Fraction(0)] * len(self.box) + [neuron.bias.as_fraction()]
        for source, gain in neuron.gains:
            factor = gain.as_fraction()
            total = [t + factor * x for t, x in zip(total, region.before[places[source]], strict=True)]
        return tuple(total)

    def _next(self, region: Region) -> list[Region]:
        """The region with one more neuron known, or its two parts where the sum of this neuron takes both signs."""
        layer = self.network.layers[region.layer]
        if len(region.after) == len(layer.neurons):
            return [Region(region.half_spaces, region.layer + 1, region.after, ())]
        form = self._sum(region, layer.neurons[len(region.after)])
        slope = _slope(layer)
        if slope == 1 or self._sign(region, form) > 0:
            return [_more(region, form)]
        flat = tuple(slope * x for x in form)
        if self._sign(region, form) < 0:
            return [_more(region, flat)]
        below = HalfSpace(form[:-1], -form[-1])
        above = HalfSpace(tuple(-x for x in form[:-1]), form[-1])
        return [_more(region, flat, below), _more(region, form, above)]

    def _sign(self, region: Region, form: Form) -> int:
        """1 or -1 where the form is nowhere negative or nowhere positive on the region, 0 where it takes both signs."""
        self.budget.spend(len(form))
        low = high = form[-1]
        for factor, ends in zip(form[:-1], self.box, strict=True):
            small, large = sorted(factor * end for end in ends)
            low, high = low + small, high + large
        if low >= 0 or high <= 0:
            return 1 if low >= 0 else -1
        if not region.half_spaces:
            return 0
        if self.largest(region, form)[0] <= 0:
            return -1
        return 1 if self.largest(region, tuple(-x for x in form))[0] <= 0 else 0


def _more(region: Region, form: Form, *half_spaces: HalfSpace) -> Region:
    return Region((*region.half_spaces, *half_spaces), region.layer, region.before, (*region.after, form))


def _slope(layer: NeuronLayer) -> Fraction:
    """The slope for negative sums."""
    if layer.activation == "leaky_relu":
        return (layer.slope or ZERO).as_fraction()
    return Fraction(int(layer.activation == "identity"))
