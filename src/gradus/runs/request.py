"""What is asked of one training run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from gradus.errors import InputError

Optimizer: TypeAlias = Literal["sgd", "adam", "muon"]
Device: TypeAlias = Literal["auto", "cpu", "cuda", "mps"]
Precision: TypeAlias = Literal["auto", "fp32", "bf16"]

STRICT: dict[str, Any] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}
"""How records are read back: no unknown field, no conversion between types, finite numbers."""


@dataclass(frozen=True)
class RunRequest:
    """One training run, before it is run.  Equal requests are run once.

    Attributes:
        recipe: name of the recipe, which fixes network, batch size, loss and the optimisers' constants.
        data: name of a built-in data set, or a folder with ``train/<class>/*`` and ``test/<class>/*`` images.
        optimizer: ``sgd``, ``adam`` or, for the recipe ``fast``, ``muon``.
        epochs: passes over the training images, at least 1.
        seed: of all that is drawn at random: the split, the initial weights, the dropout masks, the augmentation and,
            where every epoch has an order of its own, these orders.
        device: ``cpu``, ``cuda``, ``mps`` or, until it is resolved, ``auto``.
        precision: of the arithmetic, ``fp32``, ``bf16`` (products in bfloat16, weights in float32) or, until it is
            resolved, ``auto``.
        data_fingerprint: SHA-256 of the decoded images and labels; empty until it is resolved.
        configuration_fingerprint: SHA-256 of all that the recipe fixes; empty until it is resolved.
        settings: pairs (name, value), sorted by name, that override what the recipe fixes.

    Raises:
        InputError: the settings are not sorted, or a name stands twice.

    >>> request = RunRequest("hw5", "pictograms", "adam", settings=(("images", "64"), ("initialisation", "zeros")))
    >>> request.setting("initialisation"), request.setting("batch_size")
    ('zeros', None)
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    recipe: str
    data: str
    optimizer: Optimizer
    epochs: int = 1
    seed: int = 0
    device: Device = "auto"
    precision: Precision = "fp32"
    data_fingerprint: str = ""
    configuration_fingerprint: str = ""
    settings: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        names = [name for name, _ in self.settings]
        if names != sorted(set(names)):
            rule = "must be sorted by name, each name once"
            raise InputError("settings", ", ".join(names), rule, "sort them, and give each name once")

    def setting(self, name: str) -> str | None:
        """The value of a setting, or None where the recipe's own holds."""
        return dict(self.settings).get(name)

    def as_json(self) -> dict[str, Any]:
        """Its fields; settings are left out where there are none, so that ids from before there were any hold."""
        fields = asdict(self)
        if not self.settings:
            del fields["settings"]
        return fields

    @staticmethod
    def from_json(content: str | bytes, place: str = "") -> RunRequest:
        """The request that a JSON text holds, with every field of its type.

        Raises:
            InputError: it is not JSON, or a field is missing, unknown or of the wrong form.

        >>> import json
        >>> request = RunRequest("hw5", "pictograms", "adam", settings=(("images", "64"),))
        >>> RunRequest.from_json(json.dumps(request.as_json())) == request
        True
        """
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(RunRequest).validate_json(content)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            rule = f"is not a request of this version of gradus ({where}: {first['msg']})"
            raise InputError("run request", None, rule, "train again", place) from error


@dataclass(frozen=True)
class NotRun:
    """A run that was asked for and not made: why, and the command that makes it."""

    request: RunRequest
    reason: str
    command: str


def run_id(request: RunRequest) -> str:
    """The id of a request's run: 12 hexadecimal digits of the SHA-256 of its canonical JSON.

    Once the data's fingerprint is known it stands for the data, so that two spellings of one folder are one run.

    >>> a, b = (RunRequest("hw5", data, "sgd", data_fingerprint="e3b0") for data in ("photos", "./photos/"))
    >>> run_id(a) == run_id(b)
    True
    """
    fields = request.as_json()
    if request.data_fingerprint:
        del fields["data"]
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]
