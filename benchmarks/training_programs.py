"""The programs that are compared on hw5's epoch, and the settings that were tried to find each peer's best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Precision: TypeAlias = Literal["fp32", "bf16"]


@dataclass(frozen=True)
class Program:
    """One row: who, how, and in which precision it multiplies.

    Attributes:
        name: the row's name, which ``--only`` is matched with.
        kind: what builds it; see :data:`training_worker.MODULES`.
        options: of that kind.
        environment: variables that must be set before its libraries are loaded.
        role: ``gradus``; ``as it comes`` and ``best`` are compared with it; ``tried`` runs with ``--settings`` alone.
    """

    name: str
    kind: Literal["keras", "pytorch", "gradus"]
    precision: Precision
    options: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    role: Literal["gradus", "as it comes", "best", "tried"] = "tried"


def _keras(
    backend: str,
    precision: Precision,
    words: str,
    role: Any = "tried",
    flags: Mapping[str, str] | None = None,
    **options: Any,
) -> Program:
    shown = {"tensorflow": "TensorFlow", "torch": "PyTorch", "jax": "JAX"}[backend]
    environment = {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", **(flags or {})}
    if precision == "bf16" and "policy" not in options:
        options["policy"] = "mixed_bfloat16"
    return Program(f"Keras on {shown}, {precision}, {words}", "keras", precision, options, environment, role)


def _pytorch(precision: Precision, words: str, role: Any = "tried", **options: Any) -> Program:
    return Program(f"PyTorch, {precision}, {words}", "pytorch", precision, options, {}, role)


FPMATH = {"ONEDNN_DEFAULT_FPMATH_MODE": "BF16"}

# Which are best was found on two cores of an AMD EPYC 9005 in short runs; `--settings` runs them all.  Keras on JAX has
# no better setting than what it comes with, in either precision.
PROGRAMS: tuple[Program, ...] = (
    Program("gradus, fp32", "gradus", "fp32", role="gradus"),
    Program("gradus, bf16", "gradus", "bf16", role="gradus"),
    _keras("tensorflow", "fp32", "as it comes", "as it comes"),
    _keras("tensorflow", "fp32", "no XLA", "best", jit_compile=False),
    _keras("tensorflow", "fp32", "XLA", jit_compile=True),
    _keras("tensorflow", "fp32", "no XLA, 16 steps a call", "best", jit_compile=False, steps_per_execution=16),
    _keras("tensorflow", "fp32", "no XLA, tf.data", jit_compile=False, data="batches"),
    _keras(
        "tensorflow",
        "fp32",
        "no XLA, tf.data, 16 steps a call",
        jit_compile=False,
        data="batches",
        steps_per_execution=16,
    ),
    _keras("tensorflow", "fp32", "no XLA, oneDNN off", jit_compile=False, flags={"TF_ENABLE_ONEDNN_OPTS": "0"}),
    _keras("tensorflow", "fp32", "no XLA, oneDNN on", jit_compile=False, flags={"TF_ENABLE_ONEDNN_OPTS": "1"}),
    _keras("tensorflow", "bf16", "automatic XLA"),
    _keras("tensorflow", "bf16", "no XLA", "best", jit_compile=False),
    _keras("tensorflow", "bf16", "XLA", jit_compile=True),
    _keras("tensorflow", "bf16", "no XLA, 16 steps a call", "best", jit_compile=False, steps_per_execution=16),
    _keras("tensorflow", "bf16", "no XLA, tf.data", jit_compile=False, data="batches"),
    _keras(
        "tensorflow",
        "bf16",
        "no XLA, tf.data, 16 steps a call",
        jit_compile=False,
        data="batches",
        steps_per_execution=16,
    ),
    _keras(
        "tensorflow",
        "bf16",
        "oneDNN's graph rewriting",
        jit_compile=False,
        policy="float32",
        tensorflow={"auto_mixed_precision_onednn_bfloat16": True},
    ),
    _keras("tensorflow", "bf16", "oneDNN's implicit bf16", jit_compile=False, policy="float32", flags=FPMATH),
    _keras("torch", "fp32", "as it comes", "as it comes"),
    _keras("torch", "fp32", "ready batches", data="batches"),
    _keras("torch", "fp32", "channels first", "best", data_format="channels_first"),
    _keras("torch", "fp32", "channels first, ready batches", data_format="channels_first", data="batches"),
    _keras("torch", "fp32", "compiled", jit_compile=True),
    _keras(
        "torch",
        "fp32",
        "compiled, channels first, ready batches",
        jit_compile=True,
        data_format="channels_first",
        data="batches",
    ),
    _keras("torch", "bf16", "arrays"),
    _keras("torch", "bf16", "ready batches", data="batches"),
    _keras("torch", "bf16", "channels first, ready batches", "best", data_format="channels_first", data="batches"),
    _keras("torch", "bf16", "compiled", jit_compile=True),
    _keras(
        "torch",
        "bf16",
        "compiled, channels first, ready batches",
        jit_compile=True,
        data_format="channels_first",
        data="batches",
    ),
    _keras("torch", "bf16", "oneDNN's implicit bf16", policy="float32", flags=FPMATH),
    _keras("jax", "fp32", "as it comes", "as it comes"),
    _keras("jax", "fp32", "views of the arrays", data="batches"),
    _keras("jax", "fp32", "8 steps a call", steps_per_execution=8),
    _keras("jax", "fp32", "channels first", data_format="channels_first"),
    _keras("jax", "fp32", "fast mathematics", flags={"XLA_FLAGS": "--xla_cpu_enable_fast_math=true"}),
    _keras("jax", "bf16", "arrays"),
    _keras("jax", "bf16", "8 steps a call", steps_per_execution=8),
    _pytorch("fp32", "eager"),
    _pytorch("fp32", "eager, pooling before ReLU", "best", pool_first=True),
    _pytorch("fp32", "compiled", compile=True),
    _pytorch("fp32", "compiled, tuned", compile=True, mode="max-autotune-no-cudagraphs"),
    _pytorch("bf16", "eager"),
    _pytorch("bf16", "eager, pooling before ReLU", "best", pool_first=True),
    _pytorch("bf16", "compiled", "best", compile=True),
    _pytorch("bf16", "compiled, tuned", compile=True, mode="max-autotune-no-cudagraphs"),
)
