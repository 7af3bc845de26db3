"""What two runs have in common, from their records."""

from __future__ import annotations

from dataclasses import dataclass

from gradus.runs import RunRecord


@dataclass(frozen=True)
class Comparison:
    """What is the same in two runs; :func:`comparison` finds it.

    Attributes:
        same_data, same_split: whether the fingerprints of the images, and of the split, are equal.
        same_start, same_end: whether all tensors of the initial, and of the final, weights are equal bit for bit.
        equal_start, tensors: how many of the tensors are equal at the start, of how many.
        same_device: whether both ran on the same sort of device, so that their dropout masks come from one generator.
        same_machine: whether the devices have the same name too.
        changed_versions: software whose versions differ.
        same_accuracies: whether training, validation and test accuracies agree to the last image.
    """

    same_data: bool
    same_split: bool
    same_start: bool
    same_end: bool
    equal_start: int
    tensors: int
    same_device: bool
    same_machine: bool
    changed_versions: tuple[str, ...]
    same_accuracies: bool


def comparison(first: RunRecord, second: RunRecord) -> Comparison:
    """What two runs have in common.

    >>> from types import SimpleNamespace as Some  # stands for a record here, with what is read of it
    >>> weights = {"initial_weights": {"dense1.bias": "5a"}, "final_weights": {"dense1.bias": "c1"}}
    >>> data = Some(fingerprint="3f", split_fingerprint="7b")
    >>> rest = {"data": data, "versions": {"PyTorch": "2.11"}, "device_name": "A", "epochs": (), "test_accuracy": 0.5}
    >>> cpu, gpu = (Some(request=Some(device=name), **weights, **rest) for name in ("cpu", "cuda"))
    >>> found = comparison(cpu, gpu)
    >>> found.same_start, found.same_end, found.same_device
    (True, True, False)
    """
    names = sorted({*first.initial_weights, *second.initial_weights})
    equal = [n for n in names if first.initial_weights.get(n) == second.initial_weights.get(n)]
    software = sorted({*first.versions, *second.versions})
    same_device = first.request.device == second.request.device
    return Comparison(
        same_data=first.data.fingerprint == second.data.fingerprint,
        same_split=first.data.split_fingerprint == second.data.split_fingerprint,
        same_start=bool(names) and len(equal) == len(names),
        same_end=bool(first.final_weights) and first.final_weights == second.final_weights,
        equal_start=len(equal),
        tensors=len(names),
        same_device=same_device,
        same_machine=same_device and first.device_name == second.device_name,
        changed_versions=tuple(s for s in software if first.versions.get(s) != second.versions.get(s)),
        same_accuracies=_accuracies(first) == _accuracies(second),
    )


def _accuracies(record: RunRecord) -> tuple[float, ...]:
    pairs = [share for e in record.epochs for share in (e.training_accuracy, e.validation_accuracy)]
    return (*pairs, record.test_accuracy)
