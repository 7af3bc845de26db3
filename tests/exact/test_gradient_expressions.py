"""Gradients in symbols: their text read back and evaluated against the exact gradients, and against SymPy's."""

from __future__ import annotations

import re
from math import prod
from random import Random
from typing import Any

import pytest

from exact.test_networks import HW5
from gradus.errors import InputError
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.backpropagation import BackwardPass, backward, forward, loss_backward
from gradus.exact.networks.expressions import (
    Constant,
    Expression,
    Product,
    Quotient,
    Square,
    Step,
    Sum,
    Symbol,
    named,
    negative,
    product,
    summed,
)
from gradus.exact.networks.gradient_expressions import delta_expressions, gradient_expressions
from gradus.exact.networks.network import LossName, Network
from gradus.exact.networks.symbol_values import delta_values, symbol_values
from gradus.exact.numbers.number import Number


class Reader:
    """Reads the text of an expression by recursive descent; independent of the tree that wrote it."""

    def __init__(self, text: str, known: dict[str, Number]) -> None:
        self.tokens = re.findall(r"[A-Za-z][A-Za-z0-9_]*|[0-9]+|[-+*/^()]", text)
        assert "".join(self.tokens) == text.replace(" ", "")
        self.known = known

    def value(self) -> Number:
        total = self.sum()
        assert not self.tokens
        return total

    def sum(self) -> Number:
        sign = -1 if self.accepts("-") else 1
        total = sign * self.product()
        while self.tokens and self.tokens[0] in "+-":
            total = total + (1 if self.tokens.pop(0) == "+" else -1) * self.product()
        return total

    def product(self) -> Number:
        total = self.power()
        while self.tokens and self.tokens[0] in "*/":
            total = total * self.power() if self.tokens.pop(0) == "*" else total / self.power()
        return total

    def power(self) -> Number:
        base = self.atom()
        return base ** int(self.tokens.pop(0)) if self.accepts("^") else base

    def atom(self) -> Number:
        token = self.tokens.pop(0)
        if token == "(" or (token == "H" and self.tokens[:1] == ["("]):
            if token == "H":
                self.tokens.pop(0)
            inner = self.sum()
            assert self.tokens.pop(0) == ")"
            return inner if token == "(" else Number.of(int(inner.sign() > 0))
        return Number.of(int(token)) if token.isdigit() else self.known[token]

    def accepts(self, sign: str) -> bool:
        if self.tokens[:1] == [sign]:
            self.tokens.pop(0)
            return True
        return False


def random_network(rng: Random, hidden: list[str], last: str, outputs: int, layers: int = 3) -> tuple[Network, Vector]:
    """Small weights, a few edges missing."""
    inputs = [f"x{i}" for i in range(1, rng.randint(1, 3) + 1)]
    sources, tables = inputs, []
    count = rng.randint(1, layers)
    for k in range(1, count + 1):
        names = [f"n{k}_{j}" for j in range(1, (outputs if k == count else rng.randint(1, 3)) + 1)]
        neurons = [
            {
                "name": name,
                "gains": {s: f"{rng.choice([-1, 1]) * rng.randint(1, 4)}/2" for s in sources if rng.random() < 0.9},
                "bias": f"{rng.randint(-4, 4)}/2",
            }
            for name in names
        ]
        activation = last if k == count else rng.choice(hidden)
        slope = {"slope": rng.choice(["1/10", "1/4", "0"])} if activation == "leaky_relu" else {}
        tables.append({"activation": activation, "neurons": neurons, **slope})
        sources = names
    return Network.of({"inputs": inputs, "layers": tables}), Vector.of([f"{rng.randint(-4, 4)}/2" for _ in inputs])


def random_target(rng: Random, loss: str, outputs: int) -> Vector:
    if loss == "squared":
        return Vector.of([rng.randint(-2, 2) for _ in range(outputs)])
    if outputs == 1:
        return Vector.of([rng.choice([-1, 1]) if loss == "hinge" else rng.choice(["0", "1", "1/3"])])
    if loss == "hinge" or rng.random() < 0.5:
        right = rng.randrange(outputs)
        return Vector.of([int(i == right) for i in range(outputs)])
    return Vector.of(["1/2", "1/2", *(["0"] * (outputs - 2))])


def read_back(network: Network, x: Vector, back: BackwardPass, target: Vector | None, loss: LossName | None) -> None:
    """Every symbolic derivative, in weights and in every layer's outputs, has the value of the exact one."""
    output = None if loss else back.output
    deltas = delta_expressions(network, output, loss=loss)
    known = symbol_values(network, forward(network, x), target, loss)
    known |= delta_values(deltas, known)
    assert [known[d.name.text] for d in deltas] == list(back.neuron_deltas)
    cases: list[tuple[str | int, Vector]] = [("weights", back.gradient), ("inputs", back.rows[0])]
    for with_respect_to, exact in [*cases, *enumerate(back.rows)]:
        found = gradient_expressions(network, output, loss=loss, with_respect_to=with_respect_to)
        assert [entry.value(known) for entry in found] == list(exact)
        assert [Reader(entry.text, known).value() for entry in found] == list(exact), [e.text for e in found]


@pytest.mark.parametrize("last", ["relu", "leaky_relu", "identity", "sigmoid", "tanh", "softmax"])
@pytest.mark.parametrize("hidden", [["relu", "leaky_relu", "identity"], ["sigmoid", "tanh", "relu"]])
def test_outputs_of_random_networks(hidden: list[str], last: str) -> None:
    smooth = "sigmoid" in hidden
    for seed in range(6 if smooth else 15):
        rng = Random(f"{hidden} {last} {seed}")
        network, x = random_network(rng, hidden, last, rng.randint(1, 3), 2 if smooth else 3)
        read_back(network, x, backward(network, forward(network, x), rng.choice(network.outputs)), None, None)


@pytest.mark.parametrize(
    ("loss", "last", "outputs"),
    [
        ("squared", "relu", 1),
        ("squared", "leaky_relu", 3),
        ("squared", "tanh", 1),
        ("squared", "softmax", 3),
        ("cross-entropy", "softmax", 2),
        ("cross-entropy", "softmax", 3),
        ("cross-entropy", "sigmoid", 1),
        ("hinge", "identity", 1),
        ("hinge", "relu", 3),
        ("hinge", "softmax", 3),
        ("hinge", "sigmoid", 2),
    ],
)
def test_losses_of_random_networks(loss: LossName, last: str, outputs: int) -> None:
    for seed in range(8):
        rng = Random(f"{loss} {last} {outputs} {seed}")
        network, x = random_network(rng, ["relu", "leaky_relu", "identity"], last, outputs)
        target = random_target(rng, loss, outputs)
        read_back(network, x, loss_backward(network, forward(network, x), target, loss), target, loss)


def layer(activation: str, gains: list[list[int]], **more: Any) -> dict[str, Any]:
    return {"activation": activation, "neurons": [{"gains": g, "bias": 0} for g in gains], **more}


@pytest.mark.parametrize(
    ("hidden", "last", "loss"),
    [
        ("sigmoid", "identity", None),
        ("tanh", "sigmoid", None),
        ("sigmoid", "softmax", None),
        ("tanh", "softmax", "cross-entropy"),
        ("sigmoid", "sigmoid", "cross-entropy"),
        ("tanh", "identity", "squared"),
    ],
)
def test_sympy_differentiates_to_the_same(hidden: str, last: str, loss: LossName | None) -> None:
    """The network as a formula in its weights, differentiated by SymPy, at a point, to 25 digits."""
    import sympy

    outputs = 1 if last == "sigmoid" or loss == "squared" else 2
    tables = [layer(hidden, [[1, -1], [2, 1]]), layer(last, [[1, -2], [-1, 1]][:outputs])]
    network, x = Network.of({"inputs": ["x1", "x2"], "layers": tables}), Vector.of(["1/2", "-1/3"])
    target = None if loss is None else Vector.of([1, 0][:outputs])
    weights = sympy.symbols(f"w1:{len(network.weights) + 1}")
    numbers, values = iter(weights), [sympy.Rational(entry.text) for entry in x]
    for entry in network.layers:
        sums = [sum(next(numbers) * v for v in values) + next(numbers) for _ in entry.neurons]
        values = {
            "sigmoid": [1 / (1 + sympy.exp(-z)) for z in sums],
            "tanh": [sympy.tanh(z) for z in sums],
            "identity": sums,
            "softmax": [sympy.exp(z) / sum(map(sympy.exp, sums)) for z in sums],
        }[entry.activation]
    formula = values[0]
    if loss == "squared":
        formula = (values[0] - 1) ** 2 / 2
    elif loss is not None:
        formula = -sympy.log(values[0])
    point = {w: sympy.Rational(v.text) for w, v in zip(weights, network.weights, strict=True)}
    output = network.outputs[0] if loss is None else None
    known = symbol_values(network, forward(network, x), target, loss)
    known |= delta_values(delta_expressions(network, output, loss=loss), known)
    for w, entry in zip(weights, gradient_expressions(network, output, loss=loss), strict=True):
        expected = sympy.N(sympy.diff(formula, w).subs(point), 30)
        assert abs(sympy.Float(entry.value(known).decimal, 30) - expected) < sympy.Float("1e-25")


def test_sympy_differentiates_a_relu_to_the_same_expression() -> None:
    """Not only the value: the expression itself, with relu' = H and z1, z2 and h1 for what they stand for."""
    import sympy

    symbols = {name: sympy.Symbol(name) for name in ("w1", "w2", "w3", "w4", "x1", "z1", "z2", "h1")}
    w1, w2, w3, w4, x1, z1, z2, h1 = symbols.values()
    relu, H = sympy.Function("relu"), sympy.Function("H")
    first = w1 * x1 + w2
    second = w3 * relu(first) + w4
    tables = [layer("relu", [[1]]), layer("leaky_relu", [[1]], slope="1/4")]
    network = Network.of({"inputs": ["x1"], "layers": tables})
    for w, entry in zip((w1, w2, w3, w4), gradient_expressions(network), strict=True):
        inner = sympy.diff(second, w).subs(sympy.diff(relu(first), w), H(z1) * sympy.diff(first, w))
        expected = (sympy.Rational(1, 4) + sympy.Rational(3, 4) * H(z2)) * inner.subs(relu(first), h1).doit()
        assert sympy.expand(expected - as_sympy(entry, symbols)) == 0


def as_sympy(expression: Expression, symbols: dict[str, Any]) -> Any:
    import sympy

    if isinstance(expression, Symbol):
        return symbols[expression.text]
    if isinstance(expression, Constant):
        return sympy.Rational(expression.text)
    if isinstance(expression, Step):
        return sympy.Function("H")(as_sympy(expression.argument, symbols))
    if isinstance(expression, Product):
        return prod(as_sympy(factor, symbols) for factor in expression.factors)
    assert isinstance(expression, Sum)
    return sum(as_sympy(term, symbols) for term in expression.terms)


def test_homework_5() -> None:
    network = Network.of(HW5)
    entries = [entry.text for entry in gradient_expressions(network)]
    assert entries == [
        "H(z3)*w7*H(z1)*x1",
        "H(z3)*w7*H(z1)*x2",
        "H(z3)*w7*H(z1)",
        "H(z3)*w8*H(z2)*x1",
        "H(z3)*w8*H(z2)*x2",
        "H(z3)*w8*H(z2)",
        "H(z3)*h1",
        "H(z3)*h2",
        "H(z3)",
    ]
    inputs = [entry.text for entry in gradient_expressions(network, with_respect_to="inputs")]
    assert inputs[0] == "H(z3)*w7*H(z1)*w1 + H(z3)*w8*H(z2)*w4"
    assert gradient_expressions(network)[1].latex == r"H(z_3)\,w_7\,H(z_1)\,x_2"


@pytest.mark.parametrize(
    ("last", "count", "loss", "deltas"),
    [
        ("softmax", 2, "cross-entropy", ["y1 - t1", "y2 - t2"]),
        ("sigmoid", 1, "cross-entropy", ["y - t"]),
        ("sigmoid", 1, "squared", ["(y - t)*y*(1 - y)"]),
        ("tanh", 1, "squared", ["(y - t)*(1 - y^2)"]),
        ("identity", 1, "hinge", ["-t*H(1 - t*y)"]),
        ("identity", 2, "hinge", ["H(m)*(r1 - t1)", "H(m)*(r2 - t2)"]),
        ("softmax", 2, None, ["y1*(1 - y1)", "-y1*y2"]),
        ("leaky_relu", 1, None, ["1/100 + 99/100*H(z1)"]),
        ("relu", 1, None, ["H(z1)"]),
    ],
)
def test_the_forms_of_the_last_layer(last: str, count: int, loss: LossName | None, deltas: list[str]) -> None:
    network = Network.of({"inputs": ["x"], "layers": [layer(last, [[1]] * count)]})
    output = None if loss else network.outputs[0]
    assert [d.value.text for d in delta_expressions(network, output, loss=loss)] == deltas


def test_a_sum_over_paths_keeps_its_name() -> None:
    tables = [layer("relu", [[1]]), layer("tanh", [[1], [2]]), layer("identity", [[1, 1]])]
    network = Network.of({"inputs": ["x"], "layers": tables})
    first = delta_expressions(network)[0]
    assert first.is_sum
    assert first.value.text == "w7*(1 - h2_1^2)*w3*H(z1) + w8*(1 - h2_2^2)*w5*H(z1)"
    assert [entry.text for entry in gradient_expressions(network)[:2]] == ["delta1*x", "delta1"]
    assert gradient_expressions(network)[0].latex == r"\delta_1\,x"


def test_letters_of_the_network_are_not_used_twice() -> None:
    network = Network.of({"inputs": ["t", "w2"], "layers": [layer("relu", [[1, 1]])]})
    entries = [entry.text for entry in gradient_expressions(network, loss="squared")]
    assert entries[:2] == ["(y - tt)*H(z1)*t", "(y - tt)*H(z1)*w2"]
    assert [e.text for e in gradient_expressions(network, with_respect_to="inputs")] == ["H(z1)*ww1", "H(z1)*ww2"]


@pytest.mark.parametrize("with_respect_to", ["bias", 3, -1, True])
def test_what_does_not_exist_is_refused(with_respect_to: str | int) -> None:
    with pytest.raises(InputError, match="must be weights, inputs, or the number of a layer from 0 to 2"):
        gradient_expressions(Network.of(HW5), with_respect_to=with_respect_to)


def test_an_output_and_a_loss_exclude_each_other() -> None:
    with pytest.raises(InputError, match="cannot be named together with the squared loss"):
        gradient_expressions(Network.of(HW5), "y", loss="squared")


def test_a_large_network() -> None:
    """784-64-10 in symbols, by the outgoing edges and not by pairs of weights."""
    tables = [layer("relu", [[1] * 784] * 64), layer("softmax", [[1] * 64] * 10)]
    network = Network.of({"inputs": [f"x{i}" for i in range(1, 785)], "layers": tables})
    entries = gradient_expressions(network, loss="cross-entropy")
    assert len(entries) == 50_890
    assert entries[0].text == "delta1*x1" and entries[-1].text == "y10 - t10"


def test_expressions_print_and_count() -> None:
    a, b = named("a"), named("b")
    known = {"a": Number.of(3), "b": Number.of("1/2")}
    half = Constant(Number.of("sqrt(2) - 1"))
    for expression, text, value in [
        (product([half, a]), "(-1 + sqrt(2))*a", "-3 + 3*sqrt(2)"),
        (summed([a, negative(summed([b, a]))]), "a - (b + a)", "-1/2"),
        (summed([a, half]), "a + (-1 + sqrt(2))", "2 + sqrt(2)"),
        (Quotient(negative(a), product([a, b])), "-a/(a*b)", "-2"),
        (product([Square(Symbol("a", "a")), Step(negative(a))]), "a^2*H(-a)", "0"),
        (product([]), "1", "1"),
        (summed([]), "0", "0"),
    ]:
        assert (expression.text, expression.value(known).text) == (text, value)
