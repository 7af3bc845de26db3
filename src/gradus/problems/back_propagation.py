"""The recursion of back-propagation for a soft-max classifier, as statements print it and solutions refer to it."""

from __future__ import annotations

from gradus.documents.blocks import Block, Math, Text

WEIGHTS, LAYERS, START = "(1)", "(2)", "(3)"
"""The numbers of the recursion's equations: in the weights, from layer to layer, and where it starts."""


def recursion() -> tuple[Block, ...]:
    """The notation and the three numbered equations.

    >>> [type(block).__name__ for block in recursion()]
    ['Text', 'Math']
    """
    notation = (
        r"For a sample $(\mathbf{x}, y)$ let $\mathbf{x}^{(0)} = \mathbf{x}$ be the network's input, "
        r"$\mathbf{x}^{(k)}$ "
        r"the output of layer $k$ and $\mathbf{w}^{(k)}$ all weights of layer $k$, for $k = 1, \dots, K$. The "
        r"last layer "
        r"puts out the probabilities $\mathbf{x}^{(K)} = \mathbf{p} = f(\mathbf{x})$ of the classes, and $\ell(y, "
        r"\mathbf{p})$ is the loss of the sample. Back-propagation finds the derivatives of the loss by"
    )
    return Text(notation), Math(recursion_latex())


def recursion_latex() -> str:
    r"""The three equations, from :data:`WEIGHTS` to :data:`START`.

    >>> recursion_latex().count(r"\\")
    2
    """
    loss, weights = r"\frac{\partial \ell}{\partial \mathbf{x}^{(%s)}}", r"\mathbf{w}^{(k)}"
    rows = [
        rf"\frac{{\partial \ell}}{{\partial {weights}}} &= {loss % 'k'} \, "
        rf"\frac{{\partial \mathbf{{x}}^{{(k)}}}}{{\partial {weights}}} "
        rf"&& \text{{for }} k = K, \dots, 1 && \text{{{WEIGHTS}}}",
        rf"{loss % 'k-1'} &= {loss % 'k'} \, "
        r"\frac{\partial \mathbf{x}^{(k)}}{\partial \mathbf{x}^{(k-1)}} "
        rf"&& \text{{for }} k = K, \dots, 2 && \text{{{LAYERS}}}",
        rf"{loss % 'K'} &= \frac{{\partial \ell}}{{\partial \mathbf{{p}}}} && && \text{{{START}}}",
    ]
    return r"\begin{aligned} " + r" \\ ".join(rows) + r" \end{aligned}"


def classifier(hidden_layers: int | None, biases: bool | None) -> str:
    """A clause that describes a fully connected classifier; None leaves the number of layers, or the biases, open.

    >>> classifier(2, None)[:35]
    'A classifier has two hidden layers '
    """
    own = {True: " All neurons have biases.", False: " No neuron has a bias, only gains.", None: ""}[biases]
    if hidden_layers == 0:
        return (
            "A classifier has a single, fully connected layer, which is linear and followed by a soft-max; it has no "
            f"hidden layer.{own}"
        )
    counted = {
        None: "one or more hidden layers",
        1: "one hidden layer",
        2: "two hidden layers",
        3: "three hidden layers",
    }.get(hidden_layers, f"{hidden_layers} hidden layers")
    return (
        f"A classifier has {counted} and a last layer, all of them fully connected. The hidden layers apply the "
        f"ReLU; in "
        f"the last layer the soft-max takes the ReLU's place.{own}"
    )
