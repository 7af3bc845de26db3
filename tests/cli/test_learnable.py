"""``gradus learnable`` as a user calls it: forms of output, the confrontation, wrong input."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gradus.cli import run

NET = """\
inputs: [x1, x2]
layers:
  - activation: relu
    neurons:
      - {gains: [1, -2], bias: 0}
      - {gains: [1, -2], bias: 0}
      - {gains: [0, 0], bias: -1}
  - activation: softmax
    neurons:
      - {gains: {h1: -1, h2: -1, h3: 2}, bias: 1}
      - {gains: {h1: 3, h2: 3}, bias: 1}
"""

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Runs a command line in a folder with a network file; gives (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(NET)

    def called(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = run(["learnable", *arguments])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return code, printed.out, printed.err

    return called


def answer(call: Call, *arguments: str, stdin: str = "") -> dict[str, Any]:
    code, out, _ = call(*arguments, "--json", stdin=stdin)
    assert code == 0
    found: dict[str, Any] = json.loads(out)
    return found


def test_homework_5s_network_from_zeros(call: Call) -> None:
    code, out, err = call("hw5-cnn", "--init", "zeros")
    assert (code, err) == (0, "")
    assert "every weight but dense2.bias" in " ".join(out.split()) and "1,250,848 of 1,250,858" in out
    assert "Without a hidden layer" in out and "never comes to depend on the input" in " ".join(out.split())


def test_json_says_what_each_weight_can_do(call: Call) -> None:
    found = answer(call, "net.yaml")
    verdicts = {p["name"]: p["verdict"] for p in found["parameters"]}
    assert [name for name, verdict in verdicts.items() if verdict == "frozen"] == ["w7", "w8", "w9", "w12"]
    assert found["counts"] == {"frozen": 4, "decays": 0, "learns": 12, "undecided": 0}
    first = found["parameters"][0]
    assert (first["neuron"], first["source"], first["role"], first["layer"]) == ("h1", "x1", "gains", 1)
    sample = first["witness"]["samples"][0]
    assert len(sample["input"]) == 2 and set(sample["input"][0]) == {"text", "latex", "decimal"}
    assert found["copies"] == [{"layer": 1, "units": ["h1", "h2"], "count": 2, "kept": True, "broken_by": ""}]
    assert found["conditions"]["initialisation"] == "given" and "confrontation" not in found
    assert answer(call, "-", stdin=NET)["parameters"] == found["parameters"]


def test_the_json_of_homework_5s_network(call: Call) -> None:
    found = answer(call, "hw5-cnn", "--init", "constant:1/10", "--optimizer", "adam")
    assert found["counts"]["learns"] == 1_250_858 and found["output_depends_on_input"]
    assert {c["layer"]: c["broken_by"] for c in found["copies"]}[2] == "dropout"
    assert answer(call, "hw5-cnn", "--init", "constant:1/10", "--dropout", "off")["copies"][1]["kept"]
    assert answer(call, "hw5-cnn", "--init", "zeros", "--no-biases")["counts"]["learns"] == 0
    assert answer(call, "hw5-cnn", "--init", "zeros", "--relu-before-softmax")["counts"]["learns"] == 0


def test_steps_show_the_recursion(call: Call) -> None:
    code, out, _ = call("net.yaml", "--steps")
    assert code == 0 and "By (1)" in out and "h3 in layer 1 is always 0" in out and "✓" in out


def test_weight_decay_and_domain_are_heard(call: Call) -> None:
    found = answer(call, "net.yaml", "--weight-decay", "--inputs", "unit")
    assert {p["name"] for p in found["parameters"] if p["verdict"] == "decays"} == {"w9", "w12"}
    assert found["conditions"]["weight_decay"] is True and found["conditions"]["inputs"] == "unit"


def test_pages_are_written(call: Call) -> None:
    code, _, err = call("net.yaml", "--html", "a.html", "--pdf", "a.pdf")
    assert code == 0 and "wrote a.html" in err
    page = Path("a.html").read_text()
    assert "<svg" in page and "Proof" in page and Path("a.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("rule", ["gd", "momentum", "adam"])
def test_the_confrontation_agrees_and_runs_are_kept(call: Call, rule: str) -> None:
    pytest.importorskip("torch")
    found = answer(call, "net.yaml", "--confront", "--optimizer", rule)
    rows = {row["name"]: row for row in found["confrontation"]}
    assert all(row["agrees"] for row in rows.values())
    assert [name for name, row in rows.items() if row["unchanged"]] == ["w7", "w8", "w9", "w12"]
    ids = [r["id"] for r in found["runs"]]
    assert all((Path("out/learnable/runs") / id / "record.json").exists() for id in ids)
    _, _, err = call("net.yaml", "--confront", "--optimizer", rule)
    assert err.count("read from") == len(ids)


def test_runs_that_were_made_are_found_without_training(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from gradus import training
    from gradus.cli.training_runs import recorded_only
    from gradus.problems.registry import find_kind
    from gradus.runs import NotRun, RunStore

    kind = find_kind("learning/zero-initialisation")
    made, other = (kind.runs_needed(kind.Params(hidden_layers=n))[0] for n in (1, 2))
    store = RunStore(tmp_path)
    record = training.run(made)
    store.save(record)
    found = recorded_only([made, other], store, lambda _: "")
    assert found[made] == record and isinstance(found[other], NotRun)


def test_a_contradiction_is_an_error(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    from gradus.exact.learnability import states as learnability_states

    monkeypatch.setattr(learnability_states, "has_no_slope", lambda activation, slope, z: activation == "relu")
    code, _, err = call("net.yaml", "--confront")
    assert code == 1 and "the runs contradict the proof in w1" in err


def test_without_torch_the_proof_is_shown_all_the_same(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    code, out, err = call("net.yaml", "--confront")
    assert code == 1 and "not run: training needs the extra 'train'" in err
    assert "frozen" in out and "Not run" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.yaml"], "network file = nowhere.yaml: cannot be read"),
        (["hw5"], "FILE = hw5: is neither a file nor hw5-cnn; did you mean hw5-cnn?"),
        (["net.yaml", "--init", "ones"], "--init = ones: must be zeros"),
        (["net.yaml", "--init", "constant:1/0"], "--init = constant:1/0: divides by 0"),
        (["net.yaml", "--dropout", "on"], "--dropout = on: is for hw5-cnn"),
        (["net.yaml", "--relu-before-softmax"], "--relu-before-softmax: is for hw5-cnn"),
        (["net.yaml", "--loss", "absolute"], "--loss = absolute: must be one of squared"),
        (["hw5-cnn", "--init", "given"], "--init = given: there are no given weights"),
        (["net.yaml", "--time-limit", "nan"], "--time-limit = nan: must be a number of seconds above 0"),
        (["net.yaml", "--html", "."], "output = .: cannot be written (Is a directory)"),
        (["hw5-cnn", "--loss", "squared"], "--loss = squared: is cross-entropy for hw5-cnn"),
        (["net.yaml", "--json", "--steps"], "--json: does not go with --steps"),
        (["net.yaml", "--optimizer", "rmsprop"], "'rmsprop' is not one of"),
    ],
)
def test_wrong_input_is_one_clear_error(call: Call, arguments: list[str], message: str) -> None:
    code, out, err = call(*arguments)
    assert code == 2 and out == "" and message in err


def test_the_terminal_shows_the_equations_that_the_proof_refers_to(call: Call) -> None:
    code, out, _ = call("net.yaml", "--init", "zeros", "--steps")
    assert code == 0 and out.index("(3)") < out.index("By (3)")


def test_a_large_network_is_told_fast(call: Call) -> None:
    """Words for 20,000 weights once took the square of that."""
    neurons = [{"gains": [1] * 200, "bias": 0}] * 100
    network = {"inputs": [f"x{i}" for i in range(200)], "layers": [{"activation": "relu", "neurons": neurons}]}
    code, out, err = call("-", "--init", "zeros", "--time-limit", "20", stdin=json.dumps(network))
    assert code == 0 and "every weight" in out, err


def test_what_no_recipe_trains_is_said(call: Call) -> None:
    code, _, err = call("hw5-cnn", "--relu-before-softmax", "--confront")
    assert code == 1 and "only the network of homework 5 has a recipe" in err
