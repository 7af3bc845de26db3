"""What one training run was, and what was measured in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from gradus.errors import InputError
from gradus.runs.request import STRICT, RunRequest, run_id

Ended: TypeAlias = Literal["completed", "interrupted", "failed"]


@dataclass(frozen=True)
class DataSummary:
    """The data that a run used; counts are numbers of images."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    name: str
    fingerprint: str
    split_fingerprint: str
    classes: tuple[str, ...]
    training: int
    validation: int
    test: int


@dataclass(frozen=True)
class Epoch:
    """One epoch.  Losses are mean cross-entropies in nats, accuracies shares between 0 and 1.

    The training figures are running means over the epoch's batches, with dropout on, as Keras reports them; the
    validation figures are taken at the end of the epoch, with dropout off.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    training_loss: float
    training_accuracy: float
    validation_loss: float
    validation_accuracy: float
    time_s: float


@dataclass(frozen=True)
class RunRecord:
    """A finished run, frozen and JSON-able.

    Attributes:
        id: 12 hexadecimal digits, a function of the resolved request.
        request: the resolved request (device and data fingerprint filled in).
        versions: versions of gradus, Python, PyTorch and NumPy, and where the compiled kernels were used their
            fingerprint, ``kernels``.
        device_name: the processor or GPU, in words.
        threads: processor threads that PyTorch used.
        parameters: number of trainable parameters.
        epochs: one entry an epoch, in order.
        test_loss, test_accuracy: after the last epoch, with dropout off; mean nats and a share.
        first_step_s: seconds from the start of the run to the end of its first optimiser step.
        total_s: seconds of the whole run.
        peak_memory_bytes: peak resident memory of the process (GPU: peak allocated device memory); None
            where the system does not say.
        initial_weights, final_weights: SHA-256 of each tensor, by name.
        ended: how the run ended.
        workers: processes that shared the batches.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    id: str
    request: RunRequest
    data: DataSummary
    versions: Mapping[str, str]
    device_name: str
    threads: int
    parameters: int
    epochs: tuple[Epoch, ...]
    test_loss: float
    test_accuracy: float
    first_step_s: float
    total_s: float
    peak_memory_bytes: int | None
    initial_weights: Mapping[str, str]
    final_weights: Mapping[str, str]
    ended: Ended = "completed"
    workers: int = 1

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"request": self.request.as_json()}

    @staticmethod
    def from_json(content: str | bytes, place: str = "") -> RunRecord:
        """The record that a JSON text holds, with every field of its type and the id that belongs to its request.

        Raises:
            InputError: it is not JSON, or a field is missing, unknown or of the wrong form.
        """
        from pydantic import TypeAdapter, ValidationError

        try:
            record = TypeAdapter(RunRecord).validate_json(content)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            rule = f"is not a record of this version of gradus ({where}: {first['msg']})"
            raise InputError("run record", None, rule, "train again", place) from error
        if record.id != run_id(record.request):
            rule = f"must be {run_id(record.request)}, which belongs to its request"
            raise InputError("run record's id", record.id, rule, "train again", place)
        return record
