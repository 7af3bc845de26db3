"""``gradus net`` as a user calls it: values, gradients, structure, forms of output, and wrong input."""

from __future__ import annotations

import io
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gradus.cli import run
from gradus.cli.net import EXAMPLE
from gradus.exact.linear_algebra.matrices import Vector
from gradus.exact.networks.network import Network

SMOOTH = """\
inputs: [a, b]
layers:
  - activation: tanh
    neurons: [{gains: [0.1, 2/3], bias: sqrt(2)}, {gains: {b: 1}, bias: 0}]
  - activation: softmax
    neurons: [{name: cat, gains: [1, 2], bias: 0}, {name: dog, gains: [-1, 1], bias: 1/2}]
loss: cross-entropy
"""
LINEAR = """\
inputs: [x1, x2]
layers:
  - activation: identity
    neurons: [{gains: [1, 2], bias: 0}, {gains: [3, -1], bias: 1/2}]
"""


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs a command line in a folder with the example files; gives (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("net.yaml", EXAMPLE), ("smooth.yaml", SMOOTH), ("linear.yaml", LINEAR)):
        Path(name).write_text(text, encoding="utf-8")
    capsys.readouterr()

    def called(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = run(list(arguments))
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return code, printed.out, printed.err

    return called


def answer(call, *arguments: str, stdin: str = ""):
    code, out, err = call("net", *arguments, "--json", stdin=stdin)
    assert (code, err) == (0, "")
    return json.loads(out)


def texts(vector: list[dict[str, str]]) -> list[str]:
    return [x["text"] for x in vector]


def test_json_of_an_input_has_what_is_documented(call) -> None:
    found = answer(call, "net.yaml", "--input", "0 3")
    assert [(texts(layer["z"]), texts(layer["x"])) for layer in found["layers"]] == [
        (["-6", "3"], ["0", "3"]),
        (["4"], ["4"]),
    ]
    assert texts(found["output"]) == ["4"]
    assert texts(found["gradient"]) == ["0", "0", "0", "0", "3", "1", "0", "3", "1"]
    assert found["kinks"] == [] and found["of"] == "y"
    assert found["output"][0] == {"text": "4", "latex": "4", "decimal": "4"}


def test_the_gradient_in_inputs_and_in_a_layer(call) -> None:
    assert texts(answer(call, "net.yaml", "--input", "0 3", "--grad", "inputs")["gradient"]) == ["2", "1"]
    assert texts(answer(call, "net.yaml", "--input", "0 3", "--grad", "1")["gradient"]) == ["-1", "1"]
    assert texts(answer(call, "net.yaml", "--input", "0 3", "--grad", "2")["gradient"]) == ["1"]


def test_a_negative_input_is_no_option(call) -> None:
    assert texts(answer(call, "net.yaml", "--input", "-1 3")["layers"][0]["z"]) == ["-7", "1"]


def test_a_kink_is_reported_with_both_sides(call) -> None:
    found = answer(call, "net.yaml", "--input", "2 1")
    (kink,) = found["kinks"]
    assert kink["neuron"] == "h1" and kink["convention"] == "H(0) = 0"
    sides = [(w["number"], w["source"], w["left"]["text"], w["right"]["text"]) for w in kink["weights"]]
    assert sides == [(1, "x1", "0", "-2"), (2, "x2", "0", "-1"), (3, None, "0", "-1")]
    assert all(w["convention"]["text"] == "0" and w["neuron"] == "h1" for w in kink["weights"])
    _, out, _ = call("net", "net.yaml", "--input", "2 1")
    assert "A kink: the sum of h₁ is exactly 0" in out and "H(0) = 0" in out


def test_each_kink_names_the_weights_that_move_its_own_sum(call) -> None:
    found = answer(call, "net.yaml", "--input", "0 0")
    assert {kink["neuron"]: {w["neuron"] for w in kink["weights"]} for kink in found["kinks"]} == {
        "h1": {"h1"},
        "h2": {"h2"},
    }


def test_kinks_of_several_outputs_and_of_a_loss(call) -> None:
    relu = LINEAR.replace("identity", "relu")
    (kink,) = answer(call, "-", "--input", "0 0", stdin=relu)["kinks"]
    assert kink["neuron"] == "y1"
    assert [(w["of"], w["number"], w["left"]["text"], w["right"]["text"]) for w in kink["weights"]] == [
        ("y1", 3, "0", "1")
    ]
    hinge = "inputs: [x]\nlayers: [{activation: identity, neurons: [{gains: [1], bias: 0}]}]"
    found = answer(call, "-", "--input", "1", "--target", "1", "--loss", "hinge", stdin=hinge)
    (kink,) = found["kinks"]
    assert (kink["neuron"], kink["at"]) == (None, "loss")
    assert [(w["number"], w["left"]["text"], w["right"]["text"]) for w in kink["weights"]] == [
        (1, "-1", "0"),
        (2, "-1", "0"),
    ]


def test_several_outputs_make_one_row_each(call) -> None:
    found = answer(call, "linear.yaml", "--input", "1 1")
    assert found["of"] == ["y1", "y2"]
    assert [texts(row) for row in found["gradient"]] == [["1", "1", "1", "0", "0", "0"], ["0", "0", "0", "1", "1", "1"]]
    one = answer(call, "linear.yaml", "--input", "1 1", "--output", "y2", "--grad", "inputs")
    assert one["of"] == "y2" and texts(one["gradient"]) == ["3", "-1"]


@pytest.mark.parametrize("target", ["cat", "1 0", "1, 0"])
def test_a_loss_takes_a_vector_or_the_name_of_an_output(call, target: str) -> None:
    found = answer(call, "smooth.yaml", "--input", "1 2", "--target", target)
    assert found["of"] == "loss" and found["loss"]["name"] == "cross-entropy"
    probabilities = [float(x["decimal"]) for x in found["output"]]
    assert abs(sum(probabilities) - 1) < 1e-12
    gradient = [float(x["decimal"]) for x in found["gradient"]]
    assert len(gradient) == 11
    assert abs(gradient[-1] - probabilities[1]) < 1e-12  # d loss / d bias of dog = p - t


def test_a_loss_can_be_named(call) -> None:
    found = answer(call, "linear.yaml", "--input", "1 1", "--target", "2 2", "--loss", "squared")
    assert found["loss"]["value"]["text"] == "5/8"
    assert texts(found["gradient"]) == ["1", "1", "1", "1/2", "1/2", "1/2"]


def test_symbols_need_no_input(call) -> None:
    found = answer(call, "net.yaml", "--symbolic")
    assert found["symbolic"]["gradient"][1]["text"] == "H(z3)*w7*H(z1)*x2"
    assert found["symbolic"]["of"] == "y" and "latex" in found["symbolic"]["gradient"][1]
    loss = answer(call, "linear.yaml", "--symbolic", "--loss", "squared")
    assert loss["symbolic"]["gradient"][0]["text"] == "(y1 - t1)*x1"


def test_without_an_input_the_structure_is_told(call) -> None:
    found = answer(call, "smooth.yaml")["structure"]
    assert found["parameters"] == 11 and found["fully_connected"] is False
    assert found["layers"][0]["missing"] == [["a", "h2"]]
    assert [layer["parameters"] for layer in found["layers"]] == [5, 6]
    code, out, err = call("net", "smooth.yaml")
    assert (code, err) == (0, "")
    assert "Missing edges: a → h₂." in out and "3 of 4 edges" in out and "√2" in out


def test_dead_and_equal_neurons(call) -> None:
    twins = EXAMPLE.replace("[2, 1]", "[1, -2]").replace("{h1: -1, h2: 1}", "[1, 1]")
    found = answer(call, "-", "--input", "0 3", "--structure", "--box", "0 1; 1 2", stdin=twins)
    assert found["structure"]["equal"] == [{"layer": 1, "neurons": ["h1", "h2"], "copies": True}]
    assert found["structure"]["dead"] == ["h1", "h2"]
    assert [(one["neuron"], one["verdict"]) for one in found["box"]] == [("h1", "dead"), ("h2", "dead"), ("y", "alive")]
    _, out, _ = call("net", "-", "--input", "0 3", "--structure", "--box", "0 1; 1 2", stdin=twins)
    assert "keeps them copies" in out and "Dead for this input (ReLU with output 0): h₁, h₂." in out


def test_the_drawing_is_written(call) -> None:
    code, _, err = call("net", "net.yaml", "--draw", "net.svg")
    assert code == 0 and "wrote net.svg" in err
    root = ElementTree.fromstring(Path("net.svg").read_text(encoding="utf-8"))
    assert root.tag.endswith("svg") and "Neuron h1 (ReLU): gain 1 from x1 (w1)" in (root[0].text or "")


def test_steps_latex_and_pages(call) -> None:
    code, out, _ = call("net", "net.yaml", "--input", "0 3", "--steps")
    assert code == 0 and "Back through layer 1" in out and "✓" in out and "✗" not in out
    code, out, _ = call("net", "net.yaml", "--input", "0 3", "--latex")
    assert code == 0 and out.splitlines()[0] == r"\mathbf{z}^{(1)} = \begin{bmatrix} -6 \\ 3 \end{bmatrix}"
    assert r"\frac{\partial y}{\partial \mathbf{w}} =" in out
    code, out, err = call(
        "net", "smooth.yaml", "--input", "1 2", "--target", "dog", "--html", "a.html", "--pdf", "a.pdf"
    )
    assert code == 0 and "wrote a.html" in err and "wrote a.pdf" in err
    assert "data:image/svg+xml" in Path("a.html").read_text(encoding="utf-8")
    assert Path("a.pdf").read_bytes().startswith(b"%PDF")


def test_the_example_is_a_network_and_the_schema_is_json(call) -> None:
    code, out, _ = call("net", "--example")
    assert code == 0 and answer(call, "-", stdin=out)["structure"]["parameters"] == 9
    code, out, _ = call("net", "--schema")
    assert code == 0 and json.loads(out)["required"] == ["inputs", "layers"]


def test_json_files_are_read_as_yaml_files_are(call) -> None:
    network = Network.of(
        {"inputs": ["x"], "layers": [{"activation": "relu", "neurons": [{"gains": ["1/3"], "bias": 2}]}]}
    )
    for indent in (None, 2, "\t"):
        found = answer(call, "-", "--input", "3", stdin=json.dumps(network.as_mapping(), indent=indent))
        assert texts(found["output"]) == ["3"]


def test_decimals_are_exact(call) -> None:
    for file in (
        LINEAR.replace("[1, 2]", "[0.1, 0.2]"),
        json.dumps(
            {
                "inputs": ["x1", "x2"],
                "layers": [{"activation": "identity", "neurons": [{"gains": [0.1, 0.2], "bias": 0}]}],
            }
        ),
    ):
        found = answer(call, "-", "--input", "1 1", stdin=file)
        assert found["output"][0]["text"] == "3/10"


RIGHT = "inputs: [x1, x2]\nlayers: [{activation: relu, neurons: [{gains: [1, 2], bias: 0}]}]"


def edited(old: str, new: str) -> str:
    assert RIGHT.count(old) == 1
    return RIGHT.replace(old, new)


WRONG_FILES = [
    ("", "stdin: network file: is empty"),
    (" \n", "stdin: network file: is empty"),
    ("# nothing", "stdin: network file: is empty"),
    ("[1, 2]", "must be 'name: value' lines"),
    ("inputs: [x1, x2]", "network = {'inputs': ['x1', 'x2']}: layers is missing"),
    (edited("[x1, x2]", "[x1, x1]"), "stdin:1: inputs[2] = x1: the name x1 is used twice"),
    (
        edited("[x1, x2]", "[x1]"),
        "stdin:2: layers[1].neurons[1].gains = [1, 2]: must hold one gain for each of x1, and",
    ),
    (edited("[1, 2]", "{x3: 1}"), "there is no x3 in the layer before, which puts out x1, x2"),
    (edited("[1, 2]", "{y: 1}"), "an edge from y to itself would close a cycle"),
    (edited("relu", "rellu"), "stdin:2: layers[1].activation = rellu: must be one of relu, leaky_relu, identity"),
    (edited("relu", "relu, slope: 1/2"), "slope"),
    (edited("0}", ".nan}"), "stdin:2: layers[1].neurons[1].bias = .nan"),
    (edited("0}", "true}"), "bias = True: must be an exact number"),
    (edited("0}", "null}"), "bias: must be an exact number"),
    (edited("0}", "!!float 1.5}"), "bias = 1.5: must be an exact number"),
    (edited("0}", "10^1000000000}"), "layers[1].neurons[1].bias = 10^1000000000"),
    (edited("0}", "9" * 5000 + "}"), "layers[1].neurons[1].bias"),
    (edited("0}", "x + 1}"), "layers[1].neurons[1].bias = x + 1"),
    (edited("0}", "0, bais: 1}"), "bais"),
    (edited("0}", "0, bias: 1}"), "the key bias stands twice"),
    (edited("layers: ", "layers: &a "), ""),
    ("inputs: &a [x1, x2]\nlayers: *a", "aliases (*name) are not read"),
    (f"{RIGHT}\nloss: square", "stdin:3: loss = square: must be one of"),
    ("inputs: [x1, x2]\n\tlayers: 3", "stdin:2: YAML"),
    ("a: " + "[" * 20000, "YAML"),
    ("\0\0\0\0", "stdin"),
    ('{"inputs": ["x"], "layers": [', "YAML"),
    ('{"inputs": ["\\ud800"], "layers": []}', "surrogate"),
]


@pytest.mark.parametrize(
    ("text", "said"), WRONG_FILES, ids=lambda text: text[-40:].replace("\n", " ").replace("\0", "0")
)
def test_a_wrong_file_is_told_with_place_value_and_rule(call, text: str, said: str) -> None:
    code, out, err = call("net", "-", "--input", "1 2", stdin=text)
    if not said:  # an anchor that nothing refers to does no harm
        assert code == 0
        return
    assert code in (1, 2) and out == ""
    assert said in err and err.count("\n") == 1 and err.startswith("gradus: stdin")


def test_a_file_that_cannot_be_read(call, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    for file, said in (("missing.yaml", "No such file"), (str(tmp_path), "Is a directory"), ("binary", "UTF-8")):
        code, out, err = call("net", file)
        assert (code, out) == (2, "") and said in err and "network file" in err


def test_a_file_that_is_too_long(call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradus.sets.network_file.MAX_CHARACTERS", 100)
    code, _, err = call("net", "-", stdin="# " + "x" * 200)
    assert code == 1 and "must have at most 100 characters" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "FILE: is missing"),
        (["net.yaml", "--input", "1"], "--input = (1): must have 2 entries, one for each of x1, x2, and has 1"),
        (["net.yaml", "--input", "1 y"], "--input"),
        (["net.yaml", "--target", "1"], "--target: needs an input"),
        (["net.yaml", "--steps"], "--steps: needs an input"),
        (["net.yaml", "--input", "1 2", "--loss", "squared"], "--loss = squared: needs a target"),
        (["net.yaml", "--input", "1 2", "--target", "1"], "--loss: must be one of squared, cross-entropy, hinge"),
        (["net.yaml", "--input", "1 2", "--target", "1", "--loss", "sqared"], "did you mean squared?"),
        (["net.yaml", "--input", "1 2", "--target", "1 2", "--loss", "squared"], "must have 1 entry"),
        (["net.yaml", "--input", "1 2", "--target", "1", "--loss", "cross-entropy"], "needs a soft-max or one sigmoid"),
        (["smooth.yaml", "--input", "1 2", "--target", "cta"], "did you mean cat?"),
        (["smooth.yaml", "--input", "1 2", "--target", "1 1"], "--target = (1, 1): must be probabilities"),
        (["smooth.yaml", "--input", "1 2", "--output", "cow"], "--output = cow: must be one of cat, dog"),
        (["smooth.yaml", "--input", "1 2", "--output", "cat", "--target", "cat"], "does not go with --target"),
        (["smooth.yaml", "--input", "1 2", "--steps"], "--output: must be named for --steps: one of cat, dog"),
        (["net.yaml", "--input", "1 2", "--grad", "weight"], "--grad = weight: must be weights, inputs, or the number"),
        (["net.yaml", "--input", "1 2", "--grad", "3"], "--grad = 3"),
        (["net.yaml", "--input", "1 2", "--json", "--latex"], "does not go with --json"),
        (["net.yaml", "--box", "0 1"], "--box = 0 1: must have 2 rows, one for each of x1, x2, of two numbers each"),
        (["net.yaml", "--box", "0 1; 2 1"], "the interval of x2 is empty"),
        (["-", "--input", "-"], "can be read once only"),
        (["net.yaml", "--example"], "does not go with --example"),
        (["--schema", "--example"], "does not go with --schema"),
        (["net.yaml", "--draw", "nowhere/net.svg"], "nowhere/net.svg"),
        (["net.yaml", "--draw", "."], "output = .: cannot be written (Is a directory)"),
        (["net.yaml", "--draw", "net.png"], "--draw = net.png: is written as SVG"),
        (["net.yaml", "--time-limit", "nan"], "--time-limit = nan: must be a number of seconds above 0"),
        (["net.yaml", "--loss", "squared"], "--loss = squared: needs an input, or --symbolic"),
        (["net.yaml", "--grad", "inputs"], "--grad = inputs: needs an input, or --symbolic"),
    ],
    ids=str,
)
def test_wrong_arguments(call, arguments: list[str], said: str) -> None:
    code, _, err = call("net", *arguments)
    assert code == 2 and said in err and err.count("\n") == 1


def test_a_page_of_several_outputs_has_the_results_of_all(call, tmp_path: Path) -> None:
    code, out, _ = call("net", "smooth.yaml", "--input", "1 2", "--html", "all.html")
    page = (tmp_path / "all.html").read_text(encoding="utf-8")
    assert code == 0 and "Derivatives of dog" in out
    assert "The worked steps take one output" in page and "Back through layer" not in page


def test_many_outputs_of_a_large_network_need_a_name(call) -> None:
    neurons = [{"gains": [1] * 100, "bias": 0}] * 100
    network = {"inputs": [f"x{i}" for i in range(100)], "layers": [{"activation": "relu", "neurons": neurons}]}
    code, _, err = call("net", "-", "--input", " ".join("1" * 100), stdin=json.dumps(network))
    assert code == 1 and "name one with --output" in err
    code, out, _ = call("net", "-", "--input", " ".join("1" * 100), "--output", "y7", stdin=json.dumps(network))
    assert code == 0 and "more rows are left out here; --json prints all." in out


def test_values_agree_with_the_library(call) -> None:
    from gradus.exact.networks.backpropagation import gradient
    from gradus.sets.network_file import network_in

    network = network_in(EXAMPLE, "example")
    for x in ("0 3", "1/2 -2", "sqrt(2) 1"):
        found = answer(call, "net.yaml", "--input", x)
        assert texts(found["gradient"]) == [g.text for g in gradient(network, Vector.of(x))]


def test_the_documented_file_is_read(call) -> None:
    text = (Path(__file__).parents[2] / "docs" / "networks.md").read_text(encoding="utf-8")
    lines = text[text.index("    inputs: [x1, x2]") :].partition("\n\n")[0].splitlines()
    file = "\n".join(line.removeprefix("    ") for line in lines)
    assert texts(answer(call, "-", "--input", "0 3", stdin=file)["output"]) == ["4"]
