"""Is w = 0 a stationary point of w -> f(x, w), for a fully connected ReLU classifier f with a soft-max at its end?

The last layer is linear before its soft-max.  At w = 0 every class has the probability 1/C, and near w = 0 only the
last layer acts to first order: its input x^(K-1) is 0 behind a hidden layer and x without one, so that the Jacobian is
J = diag(p) - p p^T, p = 1/C, in the last biases, J x_i in the last gains of x_i without a hidden layer, and 0 else.
"""

from __future__ import annotations

from fractions import Fraction

from gradus.errors import InputError
from gradus.exact.backpropagation import backward, forward, softmax_jacobian
from gradus.exact.matrices import Matrix, Vector
from gradus.exact.networks import Network, Neuron, NeuronLayer
from gradus.exact.numbers import ZERO, Number


def uniform(classes: int) -> Vector:
    """The probabilities 1/C of all classes.

    Raises:
        InputError: there is no class.

    >>> uniform(3).text
    '(1/3, 1/3, 1/3)'
    """
    if classes < 1:
        raise InputError("classes", classes, "must be at least 1", "count the outputs of the soft-max")
    return Vector((Number.of(Fraction(1, classes)),) * classes)


def last_bias_jacobian(classes: int) -> Matrix:
    """The Jacobian of f in the last biases at w = 0: diag(p) - p p^T at p = 1/C, classes x classes.

    >>> last_bias_jacobian(3).text
    '2/9 -1/9 -1/9; -1/9 2/9 -1/9; -1/9 -1/9 2/9'
    """
    return softmax_jacobian(uniform(classes))


def is_stationary(hidden_layers: int, classes: int, biases: bool, input_zero: bool = False) -> bool:
    """Whether every derivative of w -> f(x, w) vanishes at w = 0.

    Args:
        hidden_layers: ReLU layers before the last, linear layer; 0 or more.
        classes: outputs of the soft-max; with a single class f is constant.
        biases: whether the neurons have biases.
        input_zero: whether x = 0.

    Raises:
        InputError: a negative number of layers, or no class.

    >>> is_stationary(2, 3, biases=False), is_stationary(2, 3, biases=True)
    (True, False)
    >>> is_stationary(0, 3, biases=False), is_stationary(0, 3, biases=False, input_zero=True)
    (False, True)
    """
    if hidden_layers < 0:
        raise InputError("hidden_layers", hidden_layers, "must be 0 or more", "count the ReLU layers before the last")
    if not last_bias_jacobian(classes):
        return True
    return not biases and (hidden_layers > 0 or input_zero)


def zero_network(sizes: tuple[int, ...]) -> Network:
    """The fully connected network of these layer sizes, inputs first, with all weights 0: ReLU layers, then soft-max.

    >>> zero_network((2, 3, 2)).weights.text
    '(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)'
    """
    names = [[f"x{i + 1}" for i in range(sizes[0])]]
    layers: list[NeuronLayer] = []
    for k, size in enumerate(sizes[1:], start=1):
        last = k == len(sizes) - 1
        names.append([f"y{j + 1}" if last else f"h{k}_{j + 1}" for j in range(size)])
        gains = [tuple((source, ZERO) for source in names[k - 1]) for _ in range(size)]
        neurons = tuple(Neuron(name, g, ZERO) for name, g in zip(names[k], gains, strict=True))
        layers.append(NeuronLayer("softmax" if last else "relu", neurons))
    return Network(tuple(names[0]), tuple(layers))


def output_jacobian(network: Network, x: Vector) -> Matrix:
    """All derivatives of the outputs in the weights, shape (outputs, weights), by back-propagation.

    >>> output_jacobian(zero_network((1, 2)), Vector.of([3])).text
    '3/4 1/4 -3/4 -1/4; -3/4 -1/4 3/4 1/4'
    """
    values = forward(network, x)
    return Matrix(tuple(backward(network, values, name).gradient.entries for name in network.outputs))


def nonzero_weights(network: Network, x: Vector, biases: bool) -> tuple[int, ...]:
    """Numbers of the weights in which some output has a non-zero derivative; without biases only gains count.

    >>> nonzero_weights(zero_network((1, 1, 2)), Vector.of([3]), biases=True)
    (4, 6)
    >>> nonzero_weights(zero_network((1, 1, 2)), Vector.of([3]), biases=False)
    ()
    """
    jacobian = output_jacobian(network, x)
    return tuple(
        weight.number
        for weight in network.numbered_weights
        if (biases or weight.source is not None) and jacobian.column(weight.number - 1)
    )
