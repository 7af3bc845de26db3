"""The gradient of a small network in symbols: each entry a product of gains, steps H(z) and what came forward.

Neuron j has the pre-activation z_j and delta_j = dy/dz_j.  The entry of a gain is delta_j times the source's value, the
entry of a bias is delta_j.  A delta that is one product is written out; one that is a sum over several paths keeps its
name, and :func:`delta_expressions` says what it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from gradus.errors import UnsupportedError
from gradus.exact.backpropagation import chosen_output
from gradus.exact.networks import Network


@dataclass(frozen=True)
class Expression:
    """An expression as plain text (``w7*H(z1)*x2``) and as LaTeX.

    >>> named("x1")
    Expression(text='x1', latex='x_1')
    """

    text: str
    latex: str


@dataclass(frozen=True)
class DeltaExpression:
    """delta_j = dy/dz_j of neuron number ``neuron``: its name, and what it is, a sum of products (empty: 0).

    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [3], "bias": 1}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden, last]})
    >>> [(delta.name.text, delta.value.text) for delta in delta_expressions(net)]
    [('delta1', 'w4*H(z1)'), ('delta2', '1')]
    """

    neuron: int
    name: Expression
    products: tuple[tuple[Expression, ...], ...]

    @property
    def is_sum(self) -> bool:
        """Whether it is a sum over several paths to the output."""
        return len(self.products) > 1

    @property
    def value(self) -> Expression:
        """What it is, written out."""
        return _summed(self.products)

    @property
    def factors(self) -> tuple[Expression, ...]:
        """The factors under which the delta stands in other products: its own name when it is a sum."""
        return (self.name,) if self.is_sum else self.products[0] if self.products else (ZERO_EXPRESSION,)


ZERO_EXPRESSION = Expression("0", "0")
ONE_EXPRESSION = Expression("1", "1")


def delta_expressions(network: Network, output: str | None = None) -> tuple[DeltaExpression, ...]:
    r"""The deltas of all neurons, in the order of their numbers.

    Raises:
        InputError: as :func:`gradus.exact.backpropagation.chosen_output`.
        UnsupportedError: the network ends in a soft-max.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [3], "bias": 1}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden, last]})
    >>> [delta.value.latex for delta in delta_expressions(net)]
    ['w_4\\,H(z_1)', '1']
    """
    if network.layers[-1].activation == "softmax":
        raise UnsupportedError(
            "network", "softmax", "must be piecewise affine to be written in products", "use identity in the last layer"
        )
    name = chosen_output(network, output)
    numbers = {neuron.name: j for j, neuron in enumerate(network.neurons, start=1)}
    deltas: dict[str, DeltaExpression] = {}
    for index in range(len(network.layers) - 1, -1, -1):
        layer = network.layers[index]
        for neuron in layer.neurons:
            mask = (_step(numbers[neuron.name]),) if layer.activation == "relu" else ()
            products: tuple[tuple[Expression, ...], ...]
            if index == len(network.layers) - 1:
                products = (mask or (ONE_EXPRESSION,),) if neuron.name == name else ()
            else:
                paths = _paths(network, neuron.name, deltas)
                products = tuple(_without_ones((*path, *mask)) for path in paths)
            deltas[neuron.name] = DeltaExpression(numbers[neuron.name], _delta(numbers[neuron.name]), products)
    return tuple(deltas[neuron.name] for neuron in network.neurons)


def gradient_expressions(network: Network, output: str | None = None) -> tuple[Expression, ...]:
    """dy/dw in symbols, in the order of the weights' numbers.

    Raises:
        InputError, UnsupportedError: as :func:`delta_expressions`.

    >>> hidden = {"activation": "relu", "neurons": [{"gains": [1, -2], "bias": 0}]}
    >>> last = {"activation": "identity", "neurons": [{"gains": [3], "bias": 1}]}
    >>> net = Network.of({"inputs": ["x1", "x2"], "layers": [hidden, last]})
    >>> [entry.text for entry in gradient_expressions(net)]
    ['w4*H(z1)*x1', 'w4*H(z1)*x2', 'w4*H(z1)', 'h1', '1']
    """
    deltas = dict(zip((n.name for n in network.neurons), delta_expressions(network, output), strict=True))
    entries = []
    for weight in network.numbered_weights:
        factors = deltas[weight.neuron].factors
        if factors == (ZERO_EXPRESSION,):
            entries.append(ZERO_EXPRESSION)
        else:
            value = () if weight.source is None else (named(weight.source),)
            entries.append(_product(_without_ones((*factors, *value))))
    return tuple(entries)


def named(name: str) -> Expression:
    r"""A name such as ``x1`` or ``h2_1`` with its number as an index.

    >>> named("h2_1").latex, named("x10").latex
    ('h_{2,1}', 'x_{10}')
    """
    letters = name.rstrip("0123456789_") if "_" not in name else name[0]
    index = name[len(letters) :].replace("_", ",").strip(",")
    head = letters if len(letters) == 1 else rf"\text{{{letters}}}"
    return Expression(name, head + (f"_{{{index}}}" if len(index) > 1 else f"_{index}" if index else ""))


def _paths(network: Network, name: str, deltas: dict[str, DeltaExpression]) -> list[tuple[Expression, ...]]:
    """delta_j w_jk for every neuron j that neuron k feeds and that y depends on."""
    return [
        (*deltas[weight.neuron].factors, _indexed("w", weight.number))
        for weight in network.numbered_weights
        if weight.source == name and deltas[weight.neuron].products
    ]


def _indexed(letter: str, number: int, latex: str = "") -> Expression:
    index = str(number) if number < 10 else f"{{{number}}}"
    return Expression(f"{letter}{number}", f"{latex or letter}_{index}")


def _delta(number: int) -> Expression:
    return _indexed("delta", number, r"\delta")


def _step(number: int) -> Expression:
    z = _indexed("z", number)
    return Expression(f"H({z.text})", f"H({z.latex})")


def _without_ones(factors: tuple[Expression, ...]) -> tuple[Expression, ...]:
    return tuple(factor for factor in factors if factor != ONE_EXPRESSION) or (ONE_EXPRESSION,)


def _product(factors: tuple[Expression, ...]) -> Expression:
    return Expression("*".join(f.text for f in factors), r"\,".join(f.latex for f in factors))


def _summed(products: tuple[tuple[Expression, ...], ...]) -> Expression:
    terms = [_product(factors) for factors in products]
    return Expression(" + ".join(t.text for t in terms) or "0", " + ".join(t.latex for t in terms) or "0")
