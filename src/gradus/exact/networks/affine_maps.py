"""The affine maps of a network's layers, computed in integers over one common denominator.

A layer with rational weights is kept as integer matrix over a denominator, and vectors are taken apart into integer
columns, one for each product of transcendental numbers that occurs in them (of rational vectors just one), so that
only additions and products of integers remain; each entry becomes a Number once, at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from operator import mul
from typing import TYPE_CHECKING

from gradus.errors import UnsupportedError
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.numbers.number import Number
from gradus.exact.transcendental.laurent import CONSTANT, MAX_PRODUCTS, Monomial
from gradus.exact.transcendental.number import TranscendentalNumber, combination

if TYPE_CHECKING:
    from gradus.exact.networks.network import Network


MAX_VALUE_BITS = 50_000
"""Most bits of an integer in the values of a network: 15,000 digits."""


@dataclass(frozen=True)
class IntegerLayer:
    """The weights of a layer as integers over one denominator: rows of gains, a row for each neuron, and the biases.

    >>> IntegerLayer(((1, 2),), (3,), 10).columns
    ((1,), (2,))
    """

    rows: tuple[tuple[int, ...], ...]
    biases: tuple[int, ...]
    denominator: int

    @property
    def columns(self) -> tuple[tuple[int, ...], ...]:
        """The gains by source: the rows of the transpose."""
        return tuple(zip(*self.rows, strict=True))


def integer_layers(network: Network) -> tuple[IntegerLayer | None, ...]:
    """Each layer's weights as integers; None for a layer with a weight that is not rational.

    >>> from gradus.exact.networks.network import Network
    >>> neurons = [{"gains": ["1/2", "1/3"], "bias": 1}]
    >>> net = Network.of({"inputs": ["a", "b"], "layers": [{"activation": "relu", "neurons": neurons}]})
    >>> integer_layers(net)
    (IntegerLayer(rows=((3, 2),), biases=(6,), denominator=6),)
    """
    return tuple(_integer_layer(network, number) for number in range(1, len(network.layers) + 1))


def pre_activations(network: Network, number: int, x: Vector) -> Vector:
    """z = W x + b of layer ``number`` (from 1), shape (its neurons,), for what it receives, shape (its sources,).

    >>> from gradus.exact.networks.network import Network
    >>> neurons = [{"gains": ["1/2", "1/3"], "bias": 1}]
    >>> net = Network.of({"inputs": ["a", "b"], "layers": [{"activation": "relu", "neurons": neurons}]})
    >>> pre_activations(net, 1, Vector.of([2, 3])).text
    '(3)'
    """
    layer = network.integer_layers[number - 1]
    columns = _columns(x) if layer else None
    if layer is None or columns is None:
        return network.gain_matrix(number) @ x + network.biases(number)
    return _mapped(layer.rows, layer.biases, layer.denominator, columns)


def pulled_back(network: Network, number: int, delta: Vector) -> Vector:
    """W^T delta of layer ``number``: dy/dx of what it receives, from dy/dz of its pre-activations.

    >>> from gradus.exact.networks.network import Network
    >>> neurons = [{"gains": ["1/2", "1/3"], "bias": 1}]
    >>> net = Network.of({"inputs": ["a", "b"], "layers": [{"activation": "relu", "neurons": neurons}]})
    >>> pulled_back(net, 1, Vector.of([6])).text
    '(3, 2)'
    """
    layer = network.integer_layers[number - 1]
    columns = _columns(delta) if layer else None
    if layer is None or columns is None:
        return network.gain_matrix(number).T @ delta
    rows = layer.columns
    return _mapped(rows, (0,) * len(rows), layer.denominator, columns)


@dataclass(frozen=True)
class _Columns:
    """A vector as a sum of monomials times integer columns over one denominator."""

    columns: dict[Monomial, list[int]]
    denominator: int


def _integer_layer(network: Network, number: int) -> IntegerLayer | None:
    sources, neurons = network.sources(number - 1), network.layers[number - 1].neurons
    if not all(gain.is_rational for neuron in neurons for _, gain in neuron.gains):
        return None
    if not all(neuron.bias.is_rational for neuron in neurons):
        return None
    rows = [{source: gain.as_fraction() for source, gain in neuron.gains} for neuron in neurons]
    biases = [neuron.bias.as_fraction() for neuron in neurons]
    d = lcm(*{f.denominator for row in rows for f in row.values()}, *(b.denominator for b in biases))
    whole = [{source: f.numerator * (d // f.denominator) for source, f in row.items()} for row in rows]
    return IntegerLayer(
        tuple(tuple(row.get(source, 0) for source in sources) for row in whole),
        tuple(b.numerator * (d // b.denominator) for b in biases),
        d,
    )


def _columns(x: Vector) -> _Columns | None:
    """None where a coefficient is not rational."""
    taken: list[tuple[int, Monomial, Fraction]] = []
    for i, terms in enumerate(_written(x)):
        for monomial, coefficient in terms:
            if not coefficient.is_rational:
                return None
            taken.append((i, monomial, coefficient.as_fraction()))
    d = lcm(*{f.denominator for _, _, f in taken})
    columns: dict[Monomial, list[int]] = {}
    for i, monomial, f in taken:
        if monomial not in columns:
            columns[monomial] = [0] * len(x)
        columns[monomial][i] = f.numerator * (d // f.denominator)
    return _Columns(columns, d)


def _written(x: Vector) -> list[tuple[tuple[Monomial, Number], ...]]:
    """The terms of each entry; where there are too many products in all, an entry's sum becomes one of its own."""
    terms = [entry.expanded if isinstance(entry, TranscendentalNumber) else ((CONSTANT, entry),) for entry in x]
    if len({monomial for entry in terms for monomial, _ in entry}) <= max(MAX_PRODUCTS, len(x)):
        return terms
    return [
        entry.as_product.expanded if isinstance(entry, TranscendentalNumber) else ((CONSTANT, entry),) for entry in x
    ]


def _mapped(rows: Sequence[Sequence[int]], constants: Sequence[int], denominator: int, x: _Columns) -> Vector:
    d = denominator * x.denominator
    results = []
    for row, constant in zip(rows, constants, strict=True):
        sums = {monomial: sum(map(mul, row, column)) for monomial, column in x.columns.items()}
        if constant:
            sums[CONSTANT] = sums.get(CONSTANT, 0) + constant * x.denominator
        results.append(_number(sums, d))
    return Vector(tuple(results))


def _number(sums: dict[Monomial, int], denominator: int) -> Number:
    if max(map(abs, sums.values()), default=0).bit_length() > MAX_VALUE_BITS:
        rule = f"must not need integers of more than {MAX_VALUE_BITS} bits"
        raise UnsupportedError("network", "the value of a neuron", rule, "give shorter weights, or fewer layers")
    if len(sums) == 1 and CONSTANT in sums:
        return Number.of(Fraction(sums[CONSTANT], denominator))
    return combination({m: Number.of(Fraction(n, denominator)) for m, n in sums.items() if n})
