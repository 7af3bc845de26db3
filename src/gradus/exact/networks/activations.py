"""Activation functions of layers: values, Jacobians dx/dz, and one-sided derivatives at kinks, all exact.

The ReLU and the leaky ReLU have their kink at z = 0, where the derivative from the left is taken: H(0) = 0.  For the
others sigmoid'(z) = sigmoid(z) sigmoid(-z), tanh'(z) = 1 - tanh(z)^2, and the soft-max has diag(p) - p p^T.
"""

from __future__ import annotations

from gradus.errors import InputError
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.networks.network import NeuronLayer
from gradus.exact.numbers.number import ONE, ZERO, Number
from gradus.exact.transcendental import functions


def activated(layer: NeuronLayer, z: Vector) -> Vector:
    """The outputs of a layer, shape (neurons,), for its pre-activations z.

    Raises:
        UnsupportedError: an argument of exp is too large, or the sign of a pre-activation cannot be decided.

    >>> activated(NeuronLayer("leaky_relu", ()), Vector.of([-2, 3])).text
    '(-1/50, 3)'
    >>> activated(NeuronLayer("sigmoid", ()), Vector.of([0, 1])).text
    '(1/2, sigmoid(1))'
    """
    if layer.activation == "softmax":
        return functions.softmax(z)
    return Vector(tuple(_value(layer, entry) for entry in z))


def activation_jacobian(layer: NeuronLayer, z: Vector, value: Vector) -> Matrix:
    """dx/dz of a layer, shape (neurons, neurons), from its pre-activations z and its outputs.

    >>> layer = NeuronLayer("relu", ())
    >>> activation_jacobian(layer, Vector.of([-1, 2]), Vector.of([0, 2])).text
    '0 0; 0 1'
    """
    if layer.activation == "softmax":
        return softmax_jacobian(value)
    n = len(z)
    slopes = [_slope(layer, entry, output) for entry, output in zip(z, value, strict=True)]
    return Matrix(tuple((ZERO,) * i + (slope,) + (ZERO,) * (n - 1 - i) for i, slope in enumerate(slopes)))


def transposed_product(layer: NeuronLayer, jacobian: Matrix, row: Vector) -> Vector:
    """J^T g for the Jacobian J of a layer and dy/dx = g: the derivatives dy/dz in its pre-activations.

    >>> transposed_product(NeuronLayer("relu", ()), Matrix.of("0 0; 0 1"), Vector.of([5, 7])).text
    '(0, 7)'
    """
    if layer.activation != "softmax":
        return Vector(tuple(g * jacobian.rows[i][i] for i, g in enumerate(row)))
    used = [(g, line) for g, line in zip(row, jacobian.rows, strict=True) if g]
    return Vector(tuple(sum((g * line[j] for g, line in used), ZERO) for j in range(len(row))))


def directional(layer: NeuronLayer, z: Vector, jacobian: Matrix, dz: Vector) -> Vector:
    """The one-sided derivative of a layer's outputs when z moves in the direction dz; exact at kinks too.

    >>> layer = NeuronLayer("relu", ())
    >>> [directional(layer, Vector.of([0]), Matrix.of("0"), Vector.of([d])).text for d in (-1, 1)]
    ['(0)', '(1)']
    """
    if layer.activation == "softmax":
        return jacobian @ dz
    moved = []
    for i, (entry, change) in enumerate(zip(z, dz, strict=True)):
        rises = layer.has_kinks and not entry and change.sign() > 0
        moved.append(change if rises else change * jacobian.rows[i][i])
    return Vector(tuple(moved))


def softmax_jacobian(p: Vector) -> Matrix:
    """diag(p) - p p^T, the Jacobian of the soft-max where its value is p.

    >>> softmax_jacobian(Vector.of("1/2, 1/2")).text
    '1/4 -1/4; -1/4 1/4'
    """
    n = len(p)
    above = {(i, j): -(p[i] * p[j]) for i in range(n) for j in range(i, n)}
    return Matrix(
        tuple(tuple(above[min(i, j), max(i, j)] + (p[i] if i == j else ZERO) for j in range(n)) for i in range(n))
    )


def step(z: Number) -> Number:
    """The Heaviside step H with H(0) = 0.

    >>> [step(Number.of(z)).text for z in (-2, 0, 3)]
    ['0', '0', '1']
    """
    return ONE if z.sign() > 0 else ZERO


def logarithm(p: Number) -> Number:
    """log p of a probability p > 0.

    Raises:
        InputError: p is 0 or less.

    >>> logarithm(Number.of("1/3")).text
    '-log(3)'
    """
    if p.sign() <= 0:
        rule = "must be greater than 0 where the target has a part of it"
        raise InputError("probability", p.text, rule, "choose a target or an output that the loss is finite for")
    return functions.log(p)


def _value(layer: NeuronLayer, z: Number) -> Number:
    if layer.activation == "sigmoid":
        return functions.sigmoid(z)
    if layer.activation == "tanh":
        return functions.tanh(z)
    return z * _slope(layer, z, ZERO) if layer.has_kinks else z


def _slope(layer: NeuronLayer, z: Number, value: Number) -> Number:
    """The derivative at z, where the activation has the given value."""
    if layer.activation == "sigmoid":
        return value - value * value
    if layer.activation == "tanh":
        return 1 - value * value
    if not layer.has_kinks:
        return ONE
    return ONE if z.sign() > 0 else layer.slope or ZERO
