"""Precision and determinism: which arithmetic a run uses, equal bits, and settings that are put back."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gradus.errors import InputError
from gradus.runs.request import Precision, run_id
from gradus.training import resolve, run
from gradus.training.device import arithmetic_type, deterministic, resolved_precision
from gradus.training.weights_file import read_weights
from training.outcomes import Outcome, outcome, small_request, tiny_recipe

__all__ = ["tiny_recipe"]


def run_in(precision: Precision, images: Path, folder: Path) -> Outcome:
    return outcome(run(small_request(images, precision=precision), folder=folder), folder)


def test_bf16_is_deterministic_and_close_to_fp32(shared_images: Path, tmp_path: Path) -> None:
    one, again, full = (
        run_in(precision, shared_images, tmp_path / name)
        for name, precision in (("one", "bf16"), ("again", "bf16"), ("full", "fp32"))
    )
    assert one == again
    assert one.final_weights != full.final_weights
    for coarse, fine in zip(one.epochs, full.epochs, strict=True):
        assert coarse.training_loss == pytest.approx(fine.training_loss, rel=0.02)
        assert coarse.validation_loss == pytest.approx(fine.validation_loss, rel=0.02)
    network = read_weights(tmp_path / "one").network
    assert {weight.dtype for weight in network.parameters()} == {torch.float32}


def test_bf16_runs_are_other_runs(shared_images: Path) -> None:
    requests = [resolve(small_request(shared_images, precision=precision)) for precision in ("fp32", "bf16")]
    assert run_id(requests[0]) != run_id(requests[1])
    assert [arithmetic_type(request.precision) for request in requests] == [None, torch.bfloat16]


@pytest.mark.parametrize(
    ("has", "chosen"),
    [
        ({"avx512_bf16": True}, "bf16"),
        ({"amx_bf16": True}, "bf16"),
        ({"avx512_f": True, "avx512_bf16": False}, "fp32"),
        ({}, "fp32"),
    ],
)
def test_auto_takes_bf16_where_the_processor_has_it(
    has: dict[str, bool], chosen: Precision, shared_images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has)
    assert resolve(small_request(shared_images, precision="auto")).precision == chosen


def test_auto_takes_bf16_on_gpus_from_ampere_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for capability, chosen in (((7, 5), "fp32"), ((8, 0), "bf16"), ((9, 0), "bf16")):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda capability=capability: capability)
        assert resolved_precision("auto", "cuda") == chosen
    assert resolved_precision("auto", "mps") == "fp32"


def test_a_precision_that_is_none_is_refused(shared_images: Path) -> None:
    wrong = replace(small_request(shared_images), precision="fp64")  # type: ignore[arg-type]
    for begin in (run, resolve):
        with pytest.raises(InputError, match="precision = fp64: must be one of auto, fp32, bf16"):
            begin(wrong)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_every_setting_is_put_back(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def settings() -> list[object]:
        return [
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
            torch.utils.deterministic.fill_uninitialized_memory,  # type: ignore[attr-defined]
            torch.backends.cudnn.deterministic,
            torch.backends.cudnn.benchmark,
            torch.backends.cudnn.allow_tf32,
            torch.backends.cuda.matmul.allow_tf32,
            torch.get_float32_matmul_precision(),
            os.environ.get("CUBLAS_WORKSPACE_CONFIG"),
        ]

    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    before = torch.get_float32_matmul_precision()
    torch.utils.deterministic.fill_uninitialized_memory = True  # type: ignore[attr-defined]
    try:
        for products in ("highest", "high"):
            torch.set_float32_matmul_precision(products)
            outside = settings()
            with pytest.raises(KeyboardInterrupt), deterministic(torch.device(device)):
                assert torch.are_deterministic_algorithms_enabled()
                assert torch.get_float32_matmul_precision() == "highest"
                assert not torch.backends.cuda.matmul.allow_tf32
                assert not torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
                assert os.environ.get("CUBLAS_WORKSPACE_CONFIG") == (":4096:8" if device == "cuda" else None)
                raise KeyboardInterrupt
            assert settings() == outside
    finally:
        torch.set_float32_matmul_precision(before)


def test_augmentation_draws_alike_in_every_run(shared_images: Path, tmp_path: Path) -> None:
    one, again = (run_in("fp32", shared_images, tmp_path / name) for name in ("one", "again"))
    assert one == again
    plain = run(small_request(shared_images, settings=(("batch_size", "18"), ("shift", "0"))))
    assert dict(plain.final_weights) != one.final_weights
