"""Counts the edges in the network file itself."""

from typing import Any


def check(params: Any, answer: Any) -> None:
    mapping = params.network.as_mapping()
    before = len(mapping["inputs"])
    complete = True
    for layer in mapping["layers"]:
        complete = complete and all(len(neuron["gains"]) == before for neuron in layer["neurons"])
        before = len(layer["neurons"])
    assert answer.value is complete
