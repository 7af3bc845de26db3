"""Why a fully connected ReLU classifier cannot be trained from zero weights."""

from __future__ import annotations

from random import Random

from pydantic import Field

from gradus.answers.answer import Prose
from gradus.answers.verdict import Mistake
from gradus.documents.blocks import Block, Text
from gradus.evidence.learnability import confrontation_requests
from gradus.exact.learnability.initialisation import ZEROS, Tensor, gradients_from_zero, zero_start
from gradus.exact.learnability.verdicts import Conditions, Learnability, learnability
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.layers import hw5_cnn
from gradus.exact.networks.network import Network
from gradus.exact.steps import Check, Step
from gradus.problems.back_propagation import LAYERS, START, WEIGHTS, classifier, recursion
from gradus.problems.learnability import confrontation_parts
from gradus.problems.problem import Kind, Params, Records, Solution
from gradus.problems.training_setting import DataName
from gradus.runs import RunRecord, RunRequest


class ZeroInitialisationParams(Params):
    """A classifier: its number of hidden layers (left out: one or more), and whether it has biases.

    ``data`` are the images that homework 5's network is trained on beside the proof, where the number is left out.
    """

    hidden_layers: int | None = Field(default=None, ge=0, le=20)
    biases: bool = True
    data: DataName = "pictograms"


class ZeroInitialisation(Kind[ZeroInitialisationParams]):
    """An explanation, judged by a person."""

    name = "learning/zero-initialisation"
    title = "Training from zero weights"
    Params = ZeroInitialisationParams
    answer = Prose

    def sample(self, rng: Random, level: int) -> ZeroInitialisationParams:
        layers = {1: rng.randint(1, 3), 2: rng.randint(1, 6), 3: rng.choice((0, 0, 1, 2, 3))}[level]
        return ZeroInitialisationParams(hidden_layers=layers, biases=level == 1 or rng.random() < 0.5)

    def statement(self, params: ZeroInitialisationParams) -> tuple[Block, ...]:
        ask = (
            "All weights are set to zero before training by gradient descent on the loss. Explain, with reference to "
            f"each of the equations {WEIGHTS}, {LAYERS} and {START}, "
        )
        ask += "which weights training can change, and what the network can learn." if params.hidden_layers == 0 else ""
        ask += (
            "" if params.hidden_layers == 0 else "why training cannot work. Take $H(0) = 0$ for the ReLU's derivative."
        )
        return (Text(classifier(params.hidden_layers, params.biases)), *recursion(), Text(ask))

    def runs_needed(self, params: ZeroInitialisationParams) -> tuple[RunRequest, ...]:
        return tuple(confrontation_requests(found, "momentum", params.data)[0] for _, found in _trained(params))

    def solve(self, params: ZeroInitialisationParams, records: Records) -> Solution:
        answer = Prose(_conclusion(params))
        shown = tuple(
            part
            for words, found in _trained(params, _classes(params, records))
            for part in confrontation_parts(words, found, records, "momentum", params.data)
        )
        if params.hidden_layers == 0:
            steps = (_forward_without_hidden(params), _single_layer(params))
            return Solution(answer, answer.text, (*steps, *shown), _code(params))
        proof = (_forward(params), _last_layer(params), _backward(), _induction(params))
        return Solution(answer, answer.text, (*proof, _remark(params), *shown), _code(params))

    def mistakes(self, params: ZeroInitialisationParams) -> tuple[Mistake, ...]:
        wrong = (
            "All weights stay equal to each other, so every neuron of a layer learns the same, and that is all "
            "that goes "
            "wrong."
        )
        why = (
            "That is what equal, non-zero weights do. From zeros the hidden layers get no gradient at all, and "
            "do not learn the same thing, but nothing."
        )
        if params.hidden_layers == 0:
            why = "Without a hidden layer the gradients of the classes differ, and so do their weights after one step."
        return (Mistake(Prose(wrong), why),)


def _trained(params: ZeroInitialisationParams, classes: int = 10) -> tuple[tuple[str, Learnability], ...]:
    """The networks that are trained beside the proof; for the general question homework 5's network is one of them."""
    layers = _layers(params)
    start = Conditions(ZEROS, params.biases)
    small = (f"a fully connected 2-{'4-' * layers}3 classifier", learnability(_classifier(layers), start))
    if params.hidden_layers is not None:
        return (small,)
    return (small, ("the convolutional network of homework 5", learnability(hw5_cnn(classes), start)))


def _classes(params: ZeroInitialisationParams, records: Records) -> int:
    """How many classes the images turned out to have."""
    made = [records.get(request) for request in ZeroInitialisation().runs_needed(params)]
    images = [record for record in made if isinstance(record, RunRecord) and record.request.data != "points"]
    return len(images[0].data.classes) if images else 10


def _classifier(hidden_layers: int) -> Network:
    sizes = (2, *([4] * hidden_layers), 3)
    layers = [
        {
            "activation": "softmax" if k == len(sizes) - 1 else "relu",
            "neurons": [{"gains": [0] * sizes[k - 1], "bias": 0}] * sizes[k],
        }
        for k in range(1, len(sizes))
    ]
    return Network.of({"inputs": ["x1", "x2"], "layers": layers})


def _conclusion(params: ZeroInitialisationParams) -> str:
    if params.hidden_layers == 0:
        changing = "the gains and the biases" if params.biases else "the gains"
        return (
            f"Without a hidden layer training from zeros works: {changing} of the only layer get gradients that "
            "are not zero in general, and the cross-entropy is convex in them, so zero is a start as good as any. The "
            "network can learn whatever a linear layer and a soft-max can express."
        )
    if params.biases:
        return (
            "From zeros, every gradient vanishes but that of the last layer's biases, and the same holds after every "
            "step. Only these biases ever change, and $\\mathbf{p}$ never comes to depend on "
            "$\\mathbf{x}$: the network "
            "learns at most how frequent the classes are."
        )
    return (
        "From zeros, every gradient vanishes, so no weight changes, and the next step finds the same again. The "
        "network gives every class the same probability for ever."
    )


def _forward(params: ZeroInitialisationParams) -> Step:
    weights, bias = r"gains $W^{(k)}$ that are zero", ""
    if params.biases:
        weights, bias = r"gains $W^{(k)}$ and biases $\mathbf{b}^{(k)}$ that are zero", r" + \mathbf{b}^{(k)}"
    return Step(
        r"Every hidden layer puts out zero: $\mathbf{x}^{(k)} = \mathbf{0}$ for $k = 1, \dots, K-1$.",
        rf"With {weights}, the sums $\mathbf{{z}}^{{(k)}}$ are zero whatever the input, and so is their ReLU.",
        after=rf"\mathbf{{z}}^{{(k)}} = W^{{(k)}} \mathbf{{x}}^{{(k-1)}}{bias} = \mathbf{{0}}, \qquad "
        r"\mathbf{x}^{(k)} = \operatorname{ReLU}(\mathbf{0}) = \mathbf{0}",
    )


def _last_layer(params: ZeroInitialisationParams) -> Step:
    bias = (
        r", and in $\mathbf{b}^{(K)}$ it is $\boldsymbol{\delta}^\top$, which is not zero in general"
        if params.biases
        else ""
    )
    return Step(
        f"The last layer, by {START} and then {WEIGHTS} with $k = K$: the gains get no gradient.",
        rf"Equation {START} starts with $\frac{{\partial \ell}}{{\partial \mathbf{{p}}}}$, and the soft-max has the "
        r"Jacobian $J = \operatorname{diag}(\mathbf{p}) - \mathbf{p}\mathbf{p}^\top$. Let "
        r"$\boldsymbol{\delta}^\top = "
        r"\frac{\partial \ell}{\partial \mathbf{p}} J$ be the derivative in the sums of the last layer. "
        rf"By {WEIGHTS} the derivative in a gain is an entry of $\boldsymbol{{\delta}}$ times an entry of "
        rf"$\mathbf{{x}}^{{(K-1)}} = \mathbf{{0}}$, so zero{bias}.",
        after=r"\frac{\partial \ell}{\partial W^{(K)}} = \boldsymbol{\delta}\, {\mathbf{x}^{(K-1)}}^\top = 0"
        + (
            r", \qquad \frac{\partial \ell}{\partial \mathbf{b}^{(K)}} = \boldsymbol{\delta}^\top"
            if params.biases
            else ""
        ),
        checks=(_check_first(params),),
    )


def _backward() -> Step:
    return Step(
        f"The layers before it, by {LAYERS}: nothing comes back to them.",
        rf"Equation {LAYERS} with $k = K$ multiplies $\boldsymbol{{\delta}}^\top$ by $W^{{(K)}} = 0$, so "
        r"$\frac{\partial \ell}{\partial \mathbf{x}^{(K-1)}} = \mathbf{0}^\top$. Each further use of "
        rf"{LAYERS} multiplies this zero row by $\frac{{\partial \mathbf{{x}}^{{(k)}}}}{{\partial "
        rf"\mathbf{{x}}^{{(k-1)}}}} "
        r"= \operatorname{diag}(H(\mathbf{z}^{(k)})) W^{(k)}$, which is zero itself, twice over: "
        rf"$W^{{(k)}} = 0$, and $H(0) = 0$. Then {WEIGHTS} has a zero factor for every $k < K$.",
        before=r"\frac{\partial \ell}{\partial \mathbf{x}^{(K-1)}} = \boldsymbol{\delta}^\top W^{(K)} = "
        r"\mathbf{0}^\top",
        after=r"\frac{\partial \ell}{\partial \mathbf{w}^{(k)}} = \mathbf{0}^\top \quad \text{for } k = 1, "
        r"\dots, K-1",
    )


def _induction(params: ZeroInitialisationParams) -> Step:
    if not params.biases:
        return Step(
            "The same holds after every step.",
            "All gradients are zero for every sample, so a step of gradient descent, with momentum or without, "
            "over any "
            "mini-batch leaves all weights at zero. The next step finds what the first one found.",
            checks=(_check_first(params),),
        )
    return Step(
        "The same holds after every step.",
        r"A step changes $\mathbf{b}^{(K)}$ alone. The arguments above used only that all gains and all other "
        r"biases are "
        r"zero, which is still so; $\mathbf{p} = \operatorname{softmax}(\mathbf{b}^{(K)})$ is another one now, "
        r"and the "
        r"same for every input. So, by induction, no other weight ever moves.",
        checks=(_check_later(params),),
    )


def _remark(params: ZeroInitialisationParams) -> Text:
    own_relu = (
        "If the last layer had a ReLU of its own in front of the soft-max, its sums would be 0, a kink, and "
        "$H(0) = 0$ would stop the derivative even before the last biases: then nothing changes at all. "
    )
    return Text(
        f"**Fine print.** {own_relu if params.biases else ''}Without any hidden layer the argument fails, for then "
        r"$\mathbf{x}^{(K-1)} = \mathbf{x}$ is not zero, and the gains do learn."
    )


def _forward_without_hidden(params: ZeroInitialisationParams) -> Step:
    bias = r" + \mathbf{b}^{(1)}" if params.biases else ""
    return Step(
        r"The only layer receives $\mathbf{x}^{(0)} = \mathbf{x}$, and gives every class the same probability.",
        r"Its sums are zero, so the soft-max gives $\mathbf{p} = (1/C, \dots, 1/C)$ for $C$ classes.",
        after=rf"\mathbf{{z}}^{{(1)}} = W^{{(1)}} \mathbf{{x}}{bias} = \mathbf{{0}}, \qquad \mathbf{{p}} = "
        r"\operatorname{softmax}(\mathbf{0})",
    )


def _single_layer(params: ZeroInitialisationParams) -> Step:
    bias = r", \qquad \frac{\partial \ell}{\partial \mathbf{b}^{(1)}} = \boldsymbol{\delta}^\top"
    return Step(
        f"By {START} and {WEIGHTS} the gains get a gradient; {LAYERS} is never used.",
        r"Here $K = 1$. With $\boldsymbol{\delta}^\top = \frac{\partial \ell}{\partial \mathbf{p}} "
        r"(\operatorname{diag}(\mathbf{p}) - \mathbf{p}\mathbf{p}^\top)$, which is $(\mathbf{p} - "
        r"\mathbf{e}_y)^\top$ for "
        r"the cross-entropy with the unit vector $\mathbf{e}_y$ of the true class, the derivative in the gains "
        r"is not zero "
        r"unless $\mathbf{x}$ is.",
        after=rf"\frac{{\partial \ell}}{{\partial W^{{(1)}}}} = \boldsymbol{{\delta}}\, "
        rf"\mathbf{{x}}^\top{bias if params.biases else ''}",
        checks=(_check_first(params),),
    )


def _check_first(params: ZeroInitialisationParams) -> Check:
    """The recursion carried out exactly at zero, for a network with the cross-entropy."""
    layers = _layers(params)
    claimed = zero_start(layers, params.biases)
    changing = _changing(params, layers, "1/3, 1/3, 1/3")
    learning = " and the ".join(tensor.text for tensor in claimed.learning)
    found = f"only the {learning} get a gradient that is not zero" if learning else "every gradient is zero"
    statement = f"Computed exactly for a 2-{'4-' * layers}3 network and the cross-entropy, at zero weights: {found}."
    return Check(statement, changing == set(claimed.learning))


def _check_later(params: ZeroInitialisationParams) -> Check:
    layers = _layers(params)
    later = [_changing(params, layers, p) for p in ("1/2, 1/3, 1/6", "1/10, 1/5, 7/10", "1/7, 2/7, 4/7")]
    statement = (
        r"Computed exactly for three other values of $\mathbf{p}$, $(\frac{1}{2}, \frac{1}{3}, \frac{1}{6})$ "
        r"among them: "
        "again the last biases alone get a gradient that is not zero."
    )
    return Check(statement, all(changing == set(zero_start(layers).learning) for changing in later))


def _changing(params: ZeroInitialisationParams, layers: int, p: str) -> set[Tensor]:
    sizes = (2, *([4] * layers), 3)
    gradients = gradients_from_zero(sizes, Vector.of([2, -3]), 1, Vector.of(p))
    return {tensor for tensor, g in gradients.items() if g and (params.biases or tensor.role == "gains")}


def _layers(params: ZeroInitialisationParams) -> int:
    return 2 if params.hidden_layers is None else params.hidden_layers


def _code(params: ZeroInitialisationParams) -> str:
    call = f"zero_start(hidden_layers={_layers(params)}, biases={params.biases})"
    return (
        "from gradus.exact.learnability.initialisation import zero_start\n\n"
        f"start = {call}\n"
        'print("changes:", [tensor.text for tensor in start.learning])\n'
        'print("stays at zero:", [tensor.text for tensor in start.frozen])'
    )


KIND = ZeroInitialisation()
