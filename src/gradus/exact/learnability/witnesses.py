"""Witnesses: a sample that moves a weight at the first step, or samples that move it after a few.

Candidates are tried in double precision, the fewest that move most are kept, and what they move at the first step is
certified by the exact gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import cycle, islice
from math import isfinite
from random import Random
from typing import Literal, TypeAlias

from gradus.errors import UnsupportedError
from gradus.exact.learnability.form import glorot_limit
from gradus.exact.learnability.initialisation import Initialisation
from gradus.exact.learnability.numeric import NumericNetwork
from gradus.exact.learnability.ranges import double
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import forward, loss_backward
from gradus.exact.networks.network import LossName, Network
from gradus.exact.numbers.number import ONE, ZERO, Number

Domain: TypeAlias = Literal["reals", "unit"]
"""Where inputs may lie: anywhere, or each between 0 and 1."""

LEARNING_RATE = Fraction(1, 8)
"""Of the steps before a witness that needs more than one; a power of two, so that no machine rounds it."""

LARGEST_EXACT = 1_500
"""Most weights of a network whose witnesses are certified exactly."""

_SEEN = 1e-5
"""A gradient counts in double precision from this share of its weight, or of 1, upwards."""
_LONGEST = 6
_LONG = 24
"""Characters of a derivative that is still shown exactly in a sentence."""


@dataclass(frozen=True)
class Sample:
    """An input and its target."""

    input: Vector
    target: Vector

    @property
    def latex(self) -> str:
        """Input and target, inline."""
        x, t = (f"({', '.join(e.latex for e in v)})" for v in (self.input, self.target))
        return rf"$\mathbf{{x}} = {x}$, $\mathbf{{t}} = {t}$"


@dataclass(frozen=True)
class Witness:
    """Samples, one a step of plain gradient descent; the gradient at the last is not 0.

    Attributes:
        samples: the first ``len(samples) - 1`` steps, and the one that moves the weight.
        gradient, latex: the derivative there, exactly where ``is_exact``, as text and as LaTeX.
        size: its absolute value, rounded.
        learning_rate: of the steps.
    """

    samples: tuple[Sample, ...]
    gradient: str
    latex: str
    is_exact: bool
    size: float
    learning_rate: Fraction = LEARNING_RATE

    @property
    def step(self) -> int:
        """The step, from 1, that moves the weight."""
        return len(self.samples)


def drawn(network: Network, start: Initialisation, biases: bool = True, seed: int = 0) -> Network:
    """The network as it starts: with the starting values, and Glorot's gains as one draw of multiples of 1/1024.

    >>> net = Network.of({"inputs": ["x"], "layers": [{"activation": "relu", "neurons": [{"gains": [2], "bias": 1}]}]})
    >>> drawn(net, Initialisation.of("constant:1/2"), biases=False).weights.text
    '(1/2, 0)'
    """
    rng = Random(seed)
    values: list[Number] = []
    for k, layer in enumerate(network.layers):
        limit = int(1024 * glorot_limit(1, len(network.sources(k)), len(layer.neurons)))
        for neuron in layer.neurons:
            for _, gain in neuron.gains:
                if start.gains.kind == "glorot":
                    size = rng.randint(1, max(limit, 1)) * rng.choice((1, -1))
                    values.append(Number.of(Fraction(size, 1024)))
                else:
                    values.append(gain if start.gains.kind == "given" else start.gains.value)
            bias = neuron.bias if start.biases.kind == "given" else start.biases.value
            values.append(bias if biases else ZERO)
    return network.with_weights(Vector(tuple(values)))


def network_witnesses(
    network: Network, loss: LossName, domain: Domain, biases: bool, wanted: frozenset[int]
) -> dict[int, Witness]:
    """Witnesses for the weights at the ``wanted`` positions, as far as they are found.

    Args:
        network: with its starting weights.
    """
    found: dict[int, Witness] = {}
    numeric = [double(w) for w in network.weights]
    samples = list(_candidates(network, loss, domain))
    gradients = [NumericNetwork(network, numeric, biases).gradient(*_floats(s), loss) for s in samples]
    for index in _cover([_visible(g, numeric) & wanted for g in gradients]):
        found |= _first_step(network, samples[index], loss, gradients[index], wanted - found.keys(), biases)
    if wanted - found.keys():
        found |= _later(network, numeric, loss, samples, biases, wanted - found.keys())
    return found


def first_samples(network: Network, loss: LossName, domain: Domain, count: int = 3) -> tuple[Sample, ...]:
    """The first few candidates, for checks."""
    return tuple(islice(_candidates(network, loss, domain), count))


def visible_in_single_precision(witness: Witness, weight: float) -> bool:
    """Whether a step along this gradient changes the weight's bits in single precision, with room to spare."""
    return float(witness.learning_rate) * witness.size > 2.0**-21 * max(abs(weight), 2.0**-100)


def _first_step(
    network: Network,
    sample: Sample,
    loss: LossName,
    numeric: Sequence[float],
    wanted: frozenset[int] | set[int],
    biases: bool,
) -> dict[int, Witness]:
    exact = _exact_gradient(network, sample, loss)
    if exact is None:
        return {
            i: _rounded((sample,), numeric[i]) for i in _visible(numeric, [double(w) for w in network.weights]) & wanted
        }
    left_out = set() if biases else _bias_positions(network)
    return {
        i: Witness((sample,), exact[i].text, _shown(exact[i], numeric[i]), True, abs(numeric[i]))
        for i in sorted(wanted)
        if exact[i] and i not in left_out
    }


def _rounded(samples: tuple[Sample, ...], gradient: float) -> Witness:
    return Witness(samples, f"{gradient:.3g}", _scientific(gradient), False, abs(gradient))


def _shown(exact: Number, near: float) -> str:
    return exact.latex if len(exact.text) <= _LONG else rf"\approx {_scientific(near)}"


def _scientific(value: float) -> str:
    mantissa, _, exponent = f"{value:.3g}".partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def _exact_gradient(network: Network, sample: Sample, loss: LossName) -> Vector | None:
    if len(network.weights) > LARGEST_EXACT:
        return None
    try:
        return loss_backward(network, forward(network, sample.input), sample.target, loss).gradient
    except UnsupportedError:
        return None


def _later(
    network: Network,
    start: list[float],
    loss: LossName,
    samples: Sequence[Sample],
    biases: bool,
    wanted: frozenset[int] | set[int],
) -> dict[int, Witness]:
    """Short descents over one or two candidates in turn; what moves only after some steps is found here."""
    found: dict[int, Witness] = {}
    rate = float(LEARNING_RATE)
    for sequence in _sequences(samples, len(start)):
        if not wanted - found.keys():
            break
        numeric = NumericNetwork(network, list(start), biases)
        for step, sample in enumerate(sequence, start=1):
            gradient = numeric.gradient(*_floats(sample), loss)
            if not all(map(isfinite, gradient)) or max(map(abs, gradient), default=0) > 1e6:
                break
            if step > 1:
                for i in _visible(gradient, numeric.weights) & (wanted - found.keys()):
                    found[i] = _rounded(tuple(sequence[:step]), gradient[i])
            numeric.descend(gradient, rate)
    return found


def _sequences(samples: Sequence[Sample], weights: int) -> Iterator[list[Sample]]:
    few = islice(samples, 16 if weights <= 2_000 else 2)
    yield list(samples[:2]) * (_LONGEST // 2)  # one input with two targets, where there are two
    yield from ([sample] * _LONGEST for sample in few)
    if weights <= 2_000:
        rng = Random(1)
        for _ in range(16):
            a, b = rng.choice(samples), rng.choice(samples)
            yield [a, b] * (_LONGEST // 2)


def _cover(sets: Sequence[frozenset[int] | set[int]]) -> list[int]:
    """Greedily, the positions of few sets with the same union."""
    chosen: list[int] = []
    left = set().union(*sets)
    while left:
        best = max(range(len(sets)), key=lambda i: len(sets[i] & left))
        chosen.append(best)
        left -= sets[best]
    return chosen


def _visible(gradient: Sequence[float], weights: Sequence[float]) -> set[int]:
    pairs = enumerate(zip(gradient, weights, strict=True))
    return {i for i, (g, w) in pairs if isfinite(g) and abs(g) > _SEEN * max(1.0, abs(w))}


def _floats(sample: Sample) -> tuple[list[float], list[float]]:
    return [double(e) for e in sample.input], [double(e) for e in sample.target]


def _bias_positions(network: Network) -> set[int]:
    return {w.number - 1 for w in network.numbered_weights if w.source is None}


def _candidates(network: Network, loss: LossName, domain: Domain) -> Iterator[Sample]:
    """Samples to try, simple ones first: inputs in turn with targets."""
    targets = list(_targets(network, loss))
    count = 48 if len(network.weights) <= 2_000 else 4
    for index, x in enumerate(islice(_inputs(len(network.inputs), domain), count)):
        yield Sample(x, targets[index % len(targets)])
        if len(targets) > 1:
            yield Sample(x, targets[(index + 1) % len(targets)])


def _inputs(size: int, domain: Domain) -> Iterator[Vector]:
    ramp = Vector(tuple(Number.of(Fraction(i + 1, size)) for i in range(size)))
    yield Vector((ONE,) * size)
    yield ramp
    if domain == "reals":
        yield Vector((-ONE,) * size)
        yield Vector(tuple(-e if i % 2 else e for i, e in enumerate(ramp)))
    for i in range(min(size, 8)):
        unit = Vector(tuple(ONE if i == j else ZERO for j in range(size)))
        yield unit
        if domain == "reals":
            yield -unit
    rng = Random(0)
    for scale in cycle((Fraction(1), Fraction(8), Fraction(1, 8))):
        low, wide = (-12, 4 / scale) if domain == "reals" else (0, Fraction(12))
        yield Vector(tuple(Number.of(rng.randint(low, 12) / wide) for _ in range(size)))


def _targets(network: Network, loss: LossName) -> Iterator[Vector]:
    size = len(network.outputs)
    if loss == "squared":
        yield Vector(tuple(Number.of(3 if i % 2 else -2) for i in range(size)))
        yield Vector(tuple(Number.of(-2 if i % 2 else 3) for i in range(size)))
    elif size == 1 and network.layers[-1].activation != "softmax":
        yield Vector((ONE,))
        yield Vector((-ONE if loss == "hinge" else ZERO,))
    else:
        for c in range(min(size, 8)):
            yield Vector(tuple(ONE if i == c else ZERO for i in range(size)))


def inputs_of(witnesses: Mapping[int, Witness]) -> tuple[tuple[Sample, ...], ...]:
    """The sequences of samples that witnesses use, each once, in the order of the weights."""
    return tuple(dict.fromkeys(w.samples for _, w in sorted(witnesses.items())))
