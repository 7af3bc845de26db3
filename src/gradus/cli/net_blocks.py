"""The answer of ``gradus net`` as blocks: for the terminal, and as a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gradus.cli.net_answer import Gradient, NetAnswer, weight_words
from gradus.documents.blocks import Block, Document, Math, Table, Text
from gradus.documents.steps import step_blocks
from gradus.exact.networks.backpropagation_steps import kink_steps
from gradus.exact.networks.expressions import named
from gradus.exact.networks.forward_steps import decimal_latex, equal, is_short, shown
from gradus.exact.networks.network import Network
from gradus.exact.networks.structure import dead_neurons, equal_neurons, network_structure
from gradus.exact.numbers.number import Number
from gradus.exact.steps import Step
from gradus.problems.network_figure import network_picture
from gradus.problems.network_labels import caption

MAX_COLUMNS, MAX_ROWS = 10, 60
"""The largest table of gains, and the longest table of anything, that is shown."""

MAX_LISTED = 12


def answer_blocks(answer: NetAnswer, steps: Sequence[Step]) -> tuple[Block, ...]:
    """The result, and the worked steps in the place of values and derivatives where they are given."""
    blocks: list[Block] = []
    if answer.values is None:
        blocks += [*_summary(answer.question.network), *_gain_tables(answer.question.network)]
    if answer.shows_structure:
        blocks += _structure(answer)
    blocks += _box(answer)
    if not steps:
        blocks += _values(answer)
    for gradient in answer.gradients:
        blocks += step_blocks(steps) if steps else _derivatives(answer, gradient)
    if not steps:
        blocks += _symbols(answer)
    return tuple(blocks)


def page(answer: NetAnswer) -> Document:
    """The page: the network, what was asked, the result and the steps."""
    network, x = answer.question.network, answer.question.input
    blocks: list[Block] = [Text("Given"), network_picture(network)]
    if x is not None:
        blocks.append(Math(_vector("x", network.inputs, [shown(entry) for entry in x])))
    if answer.question.target is not None:
        blocks.append(Math(_vector("t", network.outputs, [shown(entry) for entry in answer.question.target])))
    blocks += [Text("## Result"), *answer_blocks(answer, ())]
    if answer.steps:
        blocks += [Text("## Steps"), *step_blocks(answer.steps)]
    elif answer.lacks_steps:
        blocks.append(Text("The worked steps take one output, named with `--output`, or a loss, with `--target`."))
    return Document("A small network", tuple(blocks))


def _vector(letter: str, names: Sequence[str], entries: Sequence[str]) -> str:
    if len(entries) > MAX_LISTED:
        return rf"\mathbf{{{letter}}} = ({', '.join(entries[:MAX_LISTED])}, \dots)"
    return rf"\mathbf{{{letter}}} = ({', '.join(entries)})"


def _summary(network: Network) -> tuple[Block, ...]:
    sizes = "-".join(str(len(network.sources(k))) for k in range(len(network.layers) + 1))
    loss = "" if network.loss is None else f" Its loss is {network.loss}."
    inputs = _names(network.inputs)
    return (Text(f"A network {sizes} with the input{'s' if len(network.inputs) > 1 else ''} {inputs}.{loss}"),)


def _names(names: Sequence[str]) -> str:
    latex = [f"${named(name).latex}$" for name in names]
    return ", ".join(latex) if len(latex) <= MAX_LISTED else f"{latex[0]}, {latex[1]}, ..., {latex[-1]}"


def _gain_tables(network: Network) -> Iterator[Block]:
    """A table a layer with gains, biases and the numbers of the weights, where it is not too large."""
    first = 1
    for k, layer in enumerate(network.layers, start=1):
        sources, rows = network.sources(k - 1), []
        for neuron in layer.neurons:
            gains, last = dict(neuron.gains), first + len(neuron.gains)
            cells = [_cell(gains[s]) if s in gains else "no edge" for s in sources[:MAX_COLUMNS]]
            numbers = f"$w_{{{first}}}$" if first == last else f"$w_{{{first}}}$ to $w_{{{last}}}$"
            rows.append((f"${named(neuron.name).latex}$", *cells, _cell(neuron.bias), numbers))
            first = last + 1
        if len(sources) <= MAX_COLUMNS and len(rows) <= MAX_ROWS:
            header = ("", *(f"${named(s).latex}$" for s in sources), "bias", "weights")
            yield Table(header, tuple(rows), f"Layer {k} ({caption(network, k)}): gains by source, and biases")
        else:
            yield Text(f"Layer {k} ({caption(network, k)}): {len(rows)} neurons behind {len(sources)} sources.")


def _structure(answer: NetAnswer) -> Iterator[Block]:
    network = answer.question.network
    found = network_structure(network)
    rows = [
        (
            str(one.number),
            str(one.neurons),
            caption(network, one.number),
            "fully connected" if one.is_fully_connected else f"{one.edges} of {one.possible_edges} edges",
            str(one.parameters),
        )
        for one in found.layers
    ]
    header = ("layer", "neurons", "activation", "edges", "parameters")
    yield Table(header, tuple(rows), f"{found.parameters} parameters in all")
    missing = [f"${named(s).latex}$ → ${named(n).latex}$" for one in found.layers for s, n in one.missing]
    if missing:
        yield Text(f"Missing edges: {_some(missing)}.")
    for group in equal_neurons(network):
        names = _some([f"${named(name).latex}$" for name in group.neurons])
        copies = (
            "; their gains, in and out, are equal too: gradient descent keeps them copies" if group.are_copies else ""
        )
        yield Text(f"Equal for every input, in layer {group.layer}: {names}{copies}.")
    if answer.question.input is not None:
        dead = [f"${named(d.neuron).latex}$" for d in dead_neurons(network, [answer.question.input])]
        yield Text(
            f"Dead for this input (ReLU with output 0): {_some(dead)}." if dead else "No ReLU is dead for this input."
        )


def _some(parts: Sequence[str]) -> str:
    shown_parts = ", ".join(parts[:MAX_LISTED])
    return shown_parts if len(parts) <= MAX_LISTED else f"{shown_parts} and {len(parts) - MAX_LISTED} more"


def _box(answer: NetAnswer) -> Iterator[Block]:
    if answer.question.box is None:
        return
    rows = [
        (
            f"${named(found.neuron).latex}$",
            found.verdict,
            "" if found.witness is None else f"$({', '.join(map(shown, found.witness))})$",
            found.reason,
        )
        for found in answer.box
    ]
    if not rows:
        yield Text("No neuron has the ReLU, so none can be dead.")
        return
    yield from _table(("neuron", "in the box", "witness", "reason"), rows, "ReLU neurons for all inputs in the box")


def _values(answer: NetAnswer) -> Iterator[Block]:
    if answer.values is None:
        return
    network, j, rows = answer.question.network, 0, []
    for layer, found in zip(network.layers, answer.values.layers, strict=True):
        for name, z, x in zip(layer.names, found.pre_activations, found.outputs, strict=True):
            j += 1
            rows.append((f"$z_{{{j}}}$", _cell(z), f"${named(name).latex}$", _cell(x)))
    yield from _table(("sum", "value", "neuron", "output"), rows, "Forward")
    if answer.gradients and answer.gradients[0].measure.target is not None:
        measure = answer.gradients[0].measure
        yield Math(rf"\ell {equal(measure.value(network, answer.values))}")


def _derivatives(answer: NetAnswer, gradient: Gradient) -> Iterator[Block]:
    network, asked = answer.question.network, answer.question.asked
    y = "the loss" if gradient.measure.output is None else f"${named(gradient.measure.output).latex}$"
    header: tuple[str, ...] = ("in", "derivative")
    rows: list[tuple[str, ...]] = []
    if asked is None:
        header = ("weight", "of", "value", "derivative")
        for w, d in zip(network.numbered_weights, gradient.entries, strict=True):
            rows.append((f"$w_{{{w.number}}}$", weight_words(w), _cell(w.value), _cell(d)))
    else:
        for name, d in zip(network.sources(asked), gradient.entries, strict=True):
            rows.append((f"${named(name).latex}$", _cell(d)))
    yield from _table(header, rows, f"Derivatives of {y}")
    if answer.values is not None and gradient.kinks:
        yield from step_blocks(kink_steps(network, answer.values, gradient.back, gradient.measure))


def _symbols(answer: NetAnswer) -> Iterator[Block]:
    for measure in answer.symbolic_measures:
        deltas, entries = answer.symbols(measure)
        rows = [(f"${name}$", f"${value}$") for name, value in deltas]
        # A fraction would be small and touch the next row's.
        rows += [(rf"$\partial {measure.latex} / \partial {name}$", f"${value}$") for name, value in entries]
        y = "the loss" if measure.output is None else f"${named(measure.output).latex}$"
        yield from _table(("", "in symbols"), rows, f"Derivatives of {y}")


def _cell(x: Number) -> str:
    """A number in a table, with ≈ where it is rounded."""
    return f"${x.latex}$" if is_short(x) and "dots" not in x.latex else rf"$\approx {decimal_latex(x)}$"


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]], title: str) -> Iterator[Block]:
    listed = list(rows)
    yield Table(header, tuple(listed[:MAX_ROWS]), title)
    if len(listed) > MAX_ROWS:
        yield Text(f"{len(listed) - MAX_ROWS:,} more rows are left out here; --json prints all.")
