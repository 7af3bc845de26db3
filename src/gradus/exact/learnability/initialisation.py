"""How weights start, and training from zero weights: which parameters of a ReLU classifier ever get a gradient.

For :func:`zero_start` the network has ``hidden_layers`` ReLU layers and a last layer with a soft-max; K =
hidden_layers + 1.  Every state that training from zeros can reach has all gains 0 and all biases 0 but, perhaps, the
last: so a state is given by the probabilities p that the last bias makes, and the gradients there decide by induction
what ever changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from gradus.errors import InputError, nearest
from gradus.exact.linear_algebra.matrices import Matrix, Vector
from gradus.exact.networks.backpropagation import softmax_jacobian
from gradus.exact.numbers.number import ONE, ZERO, Number

StartKind: TypeAlias = Literal["zeros", "constant", "glorot", "given"]

_KINDS = ("zeros", "constant", "glorot", "given")
_FORMS = "zeros, constant:C, glorot or given, or gains=...,biases=... with these"


@dataclass(frozen=True)
class TensorStart:
    """How gains, or biases, start: all ``zeros``, all one ``constant``, drawn (``glorot``), or as ``given`` in a file.

    >>> TensorStart.of("constant:1/2").text, TensorStart.of("constant:0").text
    ('constant:1/2', 'zeros')
    """

    kind: StartKind
    value: Number = ZERO

    @staticmethod
    def of(text: str) -> TensorStart:
        """The start that a text names; ``constant`` alone is ``constant:1/10``.

        Raises:
            InputError: there is none of that name, or the constant is not a number.
        """
        kind, colon, value = (part.strip() for part in text.partition(":"))
        if kind not in _KINDS or (colon and kind != "constant"):
            raise InputError("initialisation", text, f"must be {_FORMS}", nearest(kind, _KINDS, "write zeros, say"))
        if kind != "constant":
            return TensorStart(cast("StartKind", kind))
        try:
            number = Number.of(value) if colon else Number.of("1/10")
        except InputError as error:
            raise type(error)("initialisation", text, error.rule, "write constant:1/10, say") from error
        return TensorStart("constant", number) if number else TensorStart("zeros")

    @property
    def text(self) -> str:
        """The text that :meth:`of` reads."""
        return f"constant:{self.value.text}" if self.kind == "constant" else self.kind

    @property
    def is_uniform(self) -> bool:
        """Whether all weights start at one known value."""
        return self.kind in ("zeros", "constant")


@dataclass(frozen=True)
class Initialisation:
    """How gains and biases start.

    A single word stands for both, but that biases start at zeros beside Glorot's gains, as in Keras.

    >>> Initialisation.of("glorot").biases
    TensorStart(kind='zeros', value=Number('0'))
    >>> Initialisation.of("gains=glorot, biases=constant:1").text, Initialisation.of("gains=zeros,biases=zeros").text
    ('gains=glorot,biases=constant:1', 'zeros')
    """

    gains: TensorStart
    biases: TensorStart

    def __post_init__(self) -> None:
        if self.biases.kind == "glorot":
            rule = "biases are not drawn: Glorot's rule is about the gains between two layers"
            raise InputError("initialisation", self.text, rule, "let the biases start at zeros or at a constant")

    @staticmethod
    def of(text: str) -> Initialisation:
        """The initialisation that a text names.

        Raises:
            InputError: it is none; the message lists the forms.

        >>> Initialisation.of("zeroes")
        Traceback (most recent call last):
        gradus.errors.InputError: initialisation = zeroes: must be zeros, constant:C, glorot or given, or \
gains=...,biases=... with these; did you mean zeros?
        """
        if "=" not in text:
            gains = TensorStart.of(text)
            return Initialisation(gains, _biases_beside(gains))
        parts = [part.partition("=") for part in text.split(",")]
        named = {name.strip(): TensorStart.of(value) for name, _, value in parts}
        if set(named) - {"gains", "biases"} or "gains" not in named or len(named) < len(parts):
            raise InputError("initialisation", text, f"must be {_FORMS}", "write gains=glorot,biases=zeros, say")
        return Initialisation(named["gains"], named.get("biases", _biases_beside(named["gains"])))

    @property
    def text(self) -> str:
        """The shortest text that :meth:`of` reads as this."""
        if self.biases == _biases_beside(self.gains):
            return self.gains.text
        return f"gains={self.gains.text},biases={self.biases.text}"


ZEROS = Initialisation(TensorStart("zeros"), TensorStart("zeros"))
GLOROT = Initialisation(TensorStart("glorot"), TensorStart("zeros"))
GIVEN = Initialisation(TensorStart("given"), TensorStart("given"))


def _biases_beside(gains: TensorStart) -> TensorStart:
    return TensorStart("zeros") if gains.kind == "glorot" else gains


@dataclass(frozen=True)
class Tensor:
    """The gains or the biases of one layer.

    >>> Tensor(2, "biases").text
    'biases of layer 2'
    """

    layer: int
    role: str

    @property
    def text(self) -> str:
        """In words."""
        return f"{self.role} of layer {self.layer}"


@dataclass(frozen=True)
class ZeroStart:
    """What training from zeros does: tensors that never change, and tensors that do (in general).

    >>> [tensor.text for tensor in zero_start(1, biases=False).frozen]
    ['gains of layer 1', 'gains of layer 2']
    """

    frozen: tuple[Tensor, ...]
    learning: tuple[Tensor, ...]


def zero_start(
    hidden_layers: int, biases: bool = True, relu_before_softmax: bool = False, input_zero: bool = False
) -> ZeroStart:
    """Which tensors training from zeros leaves at 0 for ever, and which it changes.

    Args:
        hidden_layers: ReLU layers before the last layer; 0 or more.
        biases: whether the layers have biases.
        relu_before_softmax: whether the last layer, too, has a ReLU, before its soft-max: then H(0) = 0 freezes all.
        input_zero: whether every input is 0.

    Raises:
        InputError: a negative number of layers.

    >>> [tensor.text for tensor in zero_start(2).learning]
    ['biases of layer 3']
    >>> [tensor.text for tensor in zero_start(0).learning]
    ['gains of layer 1', 'biases of layer 1']
    >>> zero_start(2, relu_before_softmax=True).learning
    ()
    """
    if hidden_layers < 0:
        raise InputError("hidden_layers", hidden_layers, "must be 0 or more", "count the ReLU layers before the last")
    last = hidden_layers + 1
    roles = ("gains", "biases") if biases else ("gains",)
    tensors = tuple(Tensor(layer, role) for layer in range(1, last + 1) for role in roles)
    changing = set() if relu_before_softmax else {Tensor(last, "biases")}
    if hidden_layers == 0 and not input_zero and not relu_before_softmax:
        changing.add(Tensor(last, "gains"))
    return ZeroStart(tuple(t for t in tensors if t not in changing), tuple(t for t in tensors if t in changing))


def gradients_from_zero(
    sizes: tuple[int, ...], x: Vector, label: int, p: Vector, relu_before_softmax: bool = False
) -> dict[Tensor, Matrix]:
    """The gradients of the cross-entropy -log p[label] in every tensor, by the recursion, exactly.

    All weights are 0, apart from a last bias that makes the probabilities p.  Gains are shaped (units, inputs) and
    biases (units, 1).

    Args:
        sizes: inputs, units of each hidden layer, classes.
        label: the true class, from 0.
        p: the probabilities, all positive, with the sum 1.

    Raises:
        InputError: a size is not positive, or x, label or p do not fit.

    >>> gradients = gradients_from_zero((2, 3, 2), Vector.of([1, 2]), 0, Vector.of("1/4, 3/4"))
    >>> {tensor.text: gradient.text for tensor, gradient in gradients.items() if gradient}
    {'biases of layer 2': '-3/4; 3/4'}
    """
    _check(sizes, x, label, p)
    K = len(sizes) - 1
    inputs = [x, *(Vector((ZERO,) * size) for size in sizes[1:-1])]
    row = Vector(tuple(-ONE / p[label] if c == label else ZERO for c in range(len(p))))
    gradients: dict[Tensor, Matrix] = {}
    for k in range(K, 0, -1):
        step = Matrix.zeros(sizes[k], sizes[k])
        if k == K and not relu_before_softmax:
            step = softmax_jacobian(p)
        delta = step.T @ row
        gradients[Tensor(k, "gains")] = outer(delta, inputs[k - 1])
        gradients[Tensor(k, "biases")] = Matrix.from_columns([delta])
        row = Matrix.zeros(sizes[k], sizes[k - 1]).T @ delta
    return gradients


def outer(a: Vector, b: Vector) -> Matrix:
    """a b^T, shape (len(a), len(b)).

    >>> outer(Vector.of("1 2"), Vector.of("3 4 5")).text
    '3 4 5; 6 8 10'
    """
    return Matrix(tuple(tuple(x * y for y in b) for x in a))


def _check(sizes: tuple[int, ...], x: Vector, label: int, p: Vector) -> None:
    if len(sizes) < 2 or min(sizes) < 1:
        raise InputError(
            "sizes", sizes, "must hold the positive numbers of inputs, hidden units and classes", "e.g. (2, 3, 2)"
        )
    if len(x) != sizes[0]:
        raise InputError("x", x.text, f"must have {sizes[0]} entries", "give one for each input in sizes")
    if len(p) != sizes[-1] or any(entry.sign() <= 0 for entry in p) or sum(p, Number()) != 1:
        raise InputError("p", p.text, f"must be {sizes[-1]} positive numbers with the sum 1", "e.g. 1/C for each of C")
    if not 0 <= label < len(p):
        raise InputError("label", label, f"must be from 0 to {len(p) - 1}", "count the classes from 0")
