"""What ``benchmarks/training.py`` derives from its times, and how its programs take turns."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from training_process import Ended, TurnTaking
from training_profile import seconds_by_cause
from training_programs import PROGRAMS
from training_roof import training_flops
from training_rounds import Measured
from training_table import epoch_summary, epoch_table, share_of_roof

from gradus.exact.networks.layers import Architecture, Dense, hw5_cnn

GRADUS = next(program for program in PROGRAMS if program.name == "gradus, fp32")
KERAS = next(program for program in PROGRAMS if program.name == "Keras on TensorFlow, fp32, as it comes")


def test_work_of_an_image() -> None:
    assert training_flops(Architecture((4,), (Dense(3), Dense(2)))) == 2 * (2 * 4 * 3) + 3 * (2 * 3 * 2)
    assert training_flops(hw5_cnn()) == 122_677_248


def test_ratios_are_taken_round_by_round() -> None:
    ours, peer = Measured(GRADUS, epochs_s=[1.0, 2.0, 10.0]), Measured(KERAS, epochs_s=[3.0, 2.0, 20.0])
    assert peer.epoch_s == 3.0
    assert peer.times_as_long_as(ours) == 2.0


def test_the_share_of_the_roof_uses_the_roof_around_each_round() -> None:
    row = Measured(GRADUS, epochs_s=[1.0, 2.0, 1.0])
    roofs = [{"fp32": {"roof": level}} for level in (300.0, 100.0, 100.0, 300.0)]
    assert share_of_roof(row, roofs, count=10, flops=10) == pytest.approx(0.5)
    assert share_of_roof(row, [], count=10, flops=10) is None


def test_who_was_not_measured_is_a_row_with_the_reason() -> None:
    rows = [Measured(GRADUS, epochs_s=[1.0]), Measured(KERAS, "not installed: tensorflow")]
    assert f"| {KERAS.name} | not installed: tensorflow |" in epoch_table(rows, [], 100, 1)
    assert epoch_summary(rows, [], 100, 1) == []


def test_the_time_of_operations_by_cause() -> None:
    class Operations:
        def convolution(self) -> None:
            time.sleep(0.02)

        def pooled(self) -> None:
            self.activated()  # counts for the outer one alone

        def activated(self) -> None:
            time.sleep(0.01)

        dense = dense_gradients = cross_entropy = scaled = augmented = activated
        convolution_gradients = pooled_convolution_gradients = pooled_gradient = activated_gradient = activated

    class Training:
        operations = Operations()
        gradients = SimpleNamespace(update=lambda: None)
        team = SimpleNamespace(wait=lambda: None)

    def work() -> None:
        Training.operations.convolution()
        Training.operations.pooled()
        time.sleep(0.005)

    found = seconds_by_cause(Training(), work)
    assert found["convolution, forward"] >= 0.02
    assert 0.01 <= found["pooling, ReLU, masks"] < found["convolution, forward"]
    assert found["rest"] >= 0.005
    assert found["dense"] == found["loss"] == 0
    assert "convolution" not in vars(Training.operations)  # everything is as before


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the state of a process is read from /proc")
def test_a_program_is_stopped_but_for_its_turn() -> None:
    pytest.importorskip("torch")
    roof = TurnTaking({"kind": "roof", "threads": 1}, {}, 100)
    try:
        assert roof.started == {"threads": 1}
        assert _state(roof) == "T"
    finally:
        pid = roof.process_id
        roof.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_missing_library_and_a_failure_are_told_in_a_few_words(tmp_path: Path) -> None:
    (tmp_path / "keras.py").write_text("import tensorflow_that_is_not_there\n", encoding="utf-8")
    given = {"kind": "keras", "options": {}}
    with pytest.raises(Ended, match=r"^not installed: tensorflow_that_is_not_there$"):
        TurnTaking(given, {"PYTHONPATH": str(tmp_path)}, 60)
    (tmp_path / "keras.py").write_text("raise RuntimeError('no memory')\n", encoding="utf-8")
    with pytest.raises(Ended, match=r"^failed: RuntimeError: no memory$"):
        TurnTaking(given, {"PYTHONPATH": str(tmp_path)}, 60)
    (tmp_path / "keras.py").write_text("import time\ntime.sleep(60)\n", encoding="utf-8")
    with pytest.raises(Ended, match=r"^over 1 s$"):
        TurnTaking(given, {"PYTHONPATH": str(tmp_path)}, 1)


def _state(program: TurnTaking) -> str:
    text = Path(f"/proc/{program.process_id}/stat").read_text(encoding="utf-8")
    return text.rpartition(")")[2].split()[0]
