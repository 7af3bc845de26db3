"""A forward pass in NumPy, from the network file."""

from fractions import Fraction
from typing import Any

import numpy as np


def check(params: Any, answer: Any) -> None:
    mapping = params.network.as_mapping()
    values = dict(zip(mapping["inputs"], [float(Fraction(x.text)) for x in params.input], strict=True))
    names = list(values)
    for k, layer in enumerate(mapping["layers"]):
        sums = []
        for neuron in layer["neurons"]:
            gains = neuron["gains"]
            pairs = gains.items() if isinstance(gains, dict) else zip(names, gains, strict=True)
            sums.append(sum(float(Fraction(g)) * values[name] for name, g in pairs) + float(Fraction(neuron["bias"])))
        outputs = np.maximum(sums, 0) if layer["activation"] == "relu" else np.array(sums)
        names = list(params.network.layers[k].names)
        values = dict(zip(names, outputs, strict=True))
    expected = [float(answer.value)] if len(names) == 1 else [float(x) for x in answer.value]
    np.testing.assert_allclose(expected, [values[name] for name in names], rtol=1e-12)
