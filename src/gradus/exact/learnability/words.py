"""Words for weights, tensors and starts, as proofs and tables use them."""

from __future__ import annotations

from collections.abc import Sequence

from gradus.exact.learnability.form import Parameter
from gradus.exact.learnability.initialisation import Initialisation

_MOST_NAMED = 12


def listed(names: Sequence[str]) -> str:
    """Names in a row, the last after "and"; many are counted.

    >>> listed(["a"]), listed(["a", "b", "c"]), listed([f"h{i}" for i in range(1, 41)])
    ('a', 'a, b and c', 'h1, h2, h3 and 37 more')
    """
    if len(names) > _MOST_NAMED:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return ", ".join(names[:-1]) + (" and " if names[1:] else "") + "".join(names[-1:])


def names_of(parameters: Sequence[Parameter], among: Sequence[Parameter] = ()) -> str:
    """Weights as ``w1 to w4 and w9``, tensors by their names; almost all of those in ``among`` by the few others."""
    named = set(parameters)
    others = [p for p in among if p not in named]
    if among and len(parameters) > 3:
        if not others:
            return "every weight"
        if len(others) <= 2:
            return f"every weight but {names_of(others)}"
    if any(not p.name.startswith("w") or not p.name[1:].isdigit() for p in parameters):
        return listed([f"`{p.name}`" + (f" ({p.note})" if p.note else "") for p in parameters])
    numbers = sorted(int(p.name[1:]) for p in parameters)
    spans: list[list[int]] = []
    for n in numbers:
        if spans and n == spans[-1][-1] + 1:
            spans[-1].append(n)
        else:
            spans.append([n])
    parts = [
        part
        for span in spans
        for part in ([f"$w_{{{span[0]}}}$ to $w_{{{span[-1]}}}$"] if len(span) > 2 else [f"$w_{{{n}}}$" for n in span])
    ]
    return listed(parts)


def start_words(start: Initialisation, biases: bool) -> str:
    """How training starts, in words.

    >>> start_words(Initialisation.of("glorot"), True)
    "gains by Glorot's rule and biases of zero"
    """
    words = {"zeros": "zero", "glorot": "Glorot's rule", "given": "the given values"}
    gains, biased = (words.get(s.kind, f"the constant ${s.value.latex}$") for s in (start.gains, start.biases))
    if biases and gains == biased:
        return f"gains and biases of {gains}" if start.gains.kind != "given" else "the given weights"
    own = {"glorot": "gains by Glorot's rule", "given": "the given gains"}.get(start.gains.kind, f"gains of {gains}")
    if not biases:
        return f"{own}, without biases"
    return f"{own} and {'the given biases' if start.biases.kind == 'given' else f'biases of {biased}'}"
