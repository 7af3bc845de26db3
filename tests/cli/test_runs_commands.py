"""``gradus runs``, ``curves``, ``export`` and ``predict`` on real runs of a small folder."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

torch = pytest.importorskip("torch")
PIL_Image = pytest.importorskip("PIL.Image")

from gradus.cli import run  # noqa: E402
from gradus.runs import RunRecord, RunStore, read_record  # noqa: E402
from gradus.training import data, fit  # noqa: E402
from gradus.training.weights_file import read_weights  # noqa: E402
from training.conftest import write_images  # noqa: E402

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``images``, and two finished runs and one begun one in ``runs``."""
    folder = tmp_path_factory.mktemp("made")
    write_images(folder / "images")
    fit("hw5", folder / "images", epochs=2, device="cpu", folder=folder / "runs")
    other = fit("hw5", folder / "images", "sgd", epochs=1, device="cpu", folder=folder / "runs", momentum=0.5)
    from dataclasses import replace

    RunStore(folder / "runs").begin(replace(other.record.request, seed=7, epochs=4))
    return folder


@pytest.fixture
def call(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    """Runs a command in a folder with a copy of the runs."""
    shutil.copytree(made / "runs", tmp_path / "runs")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(list(arguments))
        printed = capfd.readouterr()
        assert "Traceback" not in printed.err
        return code, printed.out, printed.err

    return call


def record_of(optimizer: str) -> RunRecord:
    records = [read_record(file) for file in Path("runs").glob("*/record.json")]
    return next(record for record in records if record.request.optimizer == optimizer)


# gradus runs


def test_runs_are_listed(call: Call) -> None:
    code, out, _ = call("runs")
    header, *lines = out.splitlines()
    adam, sgd = record_of("adam"), record_of("sgd")
    assert code == 0 and len(lines) == 3 and header.split()[:3] == ["run", "recipe", "data"]
    (line,) = [line for line in lines if line.startswith(adam.id)]
    assert line.split()[1:8] == ["hw5", "images", "adam", "2/2", "0", "cpu", "fp32"]
    assert f"{adam.epochs[-1].validation_accuracy:.4f}" in line and f"{adam.test_accuracy:.4f}" in line
    assert "finished" in line.split()
    (line,) = [line for line in lines if "unfinished" in line]
    assert "0/4" in line and line.endswith("momentum=0.5")
    listed = {run["run"]: run for run in json.loads(call("runs", "--json")[1])["runs"]}
    assert listed[sgd.id]["test_accuracy"] == sgd.test_accuracy and listed[sgd.id]["state"] == "finished"


def test_what_is_no_run_is_told(call: Call) -> None:
    Path("runs/broken").mkdir()
    Path("runs/broken/record.json").write_text("{")
    code, out, err = call("runs")
    assert code == 0 and len(out.splitlines()) == 4
    assert "runs/broken/record.json" in err and "is not a record" in err
    code, out, err = call("runs", "--runs", "none")
    assert (code, out) == (0, "") and "no runs in none" in err
    assert json.loads(call("runs", "--runs", "none", "--json")[1]) == {"runs": []}


# gradus curves


def test_curves_of_one_run(call: Call, made: Path) -> None:
    record = record_of("adam")
    code, out, err = call("curves", record.id[:8])
    assert code == 0, err
    folder = Path("out/curves") / record.id
    with (folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [1, 2]
    for row, epoch in zip(rows, record.epochs, strict=True):
        assert all(float(row[name]) == value for name, value in vars(epoch).items())
    for name in ("learning-curves", "confusion"):
        root = ElementTree.parse(folder / f"{name}.svg").getroot()
        with PIL_Image.open(folder / f"{name}.png") as image:
            assert image.size[0] == pytest.approx(2 * float(root.attrib["width"]), abs=2)
    with (folder / "confusion.csv").open() as file:
        matrix = [[int(count) for count in row[1:]] for row in list(csv.reader(file))[1:]]
    assert sum(map(sum, matrix)) == record.data.test
    assert (matrix[0][0] + matrix[1][1]) / record.data.test == record.test_accuracy
    assert "day" in out and "night" in out and f"{record.test_accuracy:.4f}" in out

    printed = json.loads(call("curves", record.id, "--json")[1])
    assert printed["runs"][0]["confusion"] == matrix
    wrong = record.data.test - matrix[0][0] - matrix[1][1]
    assert len(printed["runs"][0]["mistakes"]) == min(24, wrong)
    assert (folder / "mistakes.svg").exists() == bool(wrong)
    test = data.load(str(made / "images")).test
    for mistake in printed["runs"][0]["mistakes"]:
        assert test.labels[mistake["image"]] == mistake["true"] != mistake["predicted"]
        assert 0.5 <= mistake["probability"] <= 1


def test_curves_of_several_runs_share_a_picture(call: Call) -> None:
    adam, sgd = record_of("adam"), record_of("sgd")
    code, out, _ = call("curves", adam.id, f"runs/{sgd.id}", "--out", "both")
    assert code == 0 and "adam" in out and "momentum=0.5" in out
    svg = Path("both/learning-curves.svg").read_text()
    assert adam.id[:6] in svg and sgd.id[:6] in svg
    for record in (adam, sgd):
        assert Path(f"both/history-{record.id}.csv").exists() and Path(f"both/{record.id}/confusion.png").exists()


def test_an_unfinished_run_is_shown_as_far_as_it_is(call: Call) -> None:
    done = record_of("sgd")
    (begun,) = [folder for folder in Path("runs").iterdir() if not (folder / "record.json").exists()]
    code, _, err = call("curves", begun.name)
    assert code == 2 and "has no finished epoch yet" in err
    shutil.copy(Path("runs") / done.id / "metrics.jsonl", begun)
    code, out, err = call("curves", begun.name)
    assert code == 0 and "unfinished" in out and "1/4" in out
    written = {file.name for file in (Path("out/curves") / begun.name).iterdir()}
    assert written == {"history.csv", "learning-curves.svg", "learning-curves.png"}


def test_what_cannot_be_tested_leaves_the_curves(call: Call) -> None:
    record = record_of("adam")
    (Path("runs") / record.id / "weights.safetensors").unlink()
    code, out, err = call("curves", record.id)
    assert code == 2 and "weights" in err and "no confusion matrix" in err
    assert Path(f"out/curves/{record.id}/learning-curves.png").exists() and record.id[:6] in out


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["nothing"], "there is no such run"),
        (["ADAM", "ADAM"], "was given already"),
    ],
)
def test_wrong_runs_are_one_line(call: Call, names: list[str], said: str) -> None:
    id = record_of("adam").id
    code, out, err = call("curves", *(name.replace("ADAM", id) for name in names))
    assert (code, out) == (2, "") and said in err and len(err.splitlines()) == 1
    assert not Path("out").exists()


# gradus export


@pytest.mark.parametrize(("to", "suffix"), [("onnx", ".onnx"), ("torch-export", ".pt2")])
def test_networks_are_exported(call: Call, to: str, suffix: str) -> None:
    pytest.importorskip("onnx")
    id = record_of("adam").id
    code, out, err = call("export", id[:8], "--to", to)
    assert code == 0, err
    assert f"wrote runs/{id}/model{suffix}" in out and Path(f"runs/{id}/model{suffix}").stat().st_size > 4e6
    code, out, _ = call("export", id, "--to", to, "--out", f"new/folder/net{suffix}", "--json")
    printed = json.loads(out)
    assert (printed["run"], printed["classes"]) == (id, ["day", "night"])
    assert printed["bytes"] == Path(printed["file"]).stat().st_size


def test_what_cannot_be_exported_is_one_line(call: Call) -> None:
    id = record_of("adam").id
    for arguments, said in (
        ([id, "--to", "torch-export", "--out", "/dev/null/net.pt2"], "cannot be written"),
        (["nothing", "--to", "onnx"], "there is no such run in runs"),
    ):
        code, out, err = call("export", *arguments)
        assert (code, out) == (2, "") and said in err and len(err.splitlines()) == 1
    code, _, err = call("export", id, "--to", "kers")
    assert code == 2 and "'kers' is not one of" in err
    weights = Path(f"runs/{id}/weights.safetensors")
    weights.write_bytes(weights.read_bytes()[:1000])
    code, _, err = call("export", id, "--to", "torch-export")
    assert code == 2 and "is not a weights file" in err


# gradus predict


def test_predictions_are_those_of_the_network(call: Call, made: Path) -> None:
    record = record_of("adam")
    files = [made / "images/test/day/1.png", made / "images/test/night/2.png"]
    code, out, err = call("predict", record.id, *map(str, files), "--json")
    assert code == 0, err
    printed = json.loads(out)
    network = read_weights(Path("runs") / record.id).network
    for file, answer in zip(files, printed["images"], strict=True):
        pixels = torch.frombuffer(bytearray(PIL_Image.open(file).tobytes()), dtype=torch.uint8).reshape(1, 32, 32, 3)
        with torch.no_grad():
            expected = network(pixels.permute(0, 3, 1, 2).float() / 255).softmax(1)[0]
        found = {item["class"]: item["probability"] for item in answer["classes"]}
        assert [found["day"], found["night"]] == pytest.approx(expected.tolist(), abs=1e-5)
        assert list(found.values()) == sorted(found.values(), reverse=True)
    code, out, _ = call("predict", record.id, str(files[0]), "--top", "1")
    assert code == 0 and len(out.splitlines()) == 1 and out.count("day") + out.count("night") >= 1


def test_unusable_images_are_all_listed_and_the_others_answered(call: Call, made: Path) -> None:
    good = made / "images/test/day/1.png"
    PIL_Image.new("RGB", (40, 32)).save("wide.png")
    PIL_Image.new("L", (32, 32)).save("grey.png")
    PIL_Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save("clear.png")
    PIL_Image.new("RGB", (32, 32)).save("other.gif")
    Path("broken.png").write_bytes(good.read_bytes()[:300])
    Path("text.png").write_text("hello")
    bad = ["wide.png", "grey.png", "clear.png", "other.gif", "broken.png", "text.png", "nothing.png", "runs"]
    id = record_of("adam").id
    code, out, err = call("predict", id, *bad, str(good), "--json")
    printed = json.loads(out)
    assert code == 2 and [item["image"] for item in printed["images"]] == [str(good)]
    assert [item["image"] for item in printed["unusable"]] == bad
    assert all(f"gradus: {name}: " in err for name in bad) and "--resize" in err
    code, out, err = call("predict", id, *bad, str(good), "--resize", "--json")
    resized = json.loads(out)
    assert code == 2 and [item["image"] for item in resized["images"]] == [*bad[:3], str(good)]
    same, kept = ({c["class"]: c["probability"] for c in a["images"][-1]["classes"]} for a in (resized, printed))
    assert same == pytest.approx(kept, abs=1e-6), "what has the right size stays as it is"
    PIL_Image.new("RGB", (32, 32), "white").save("white.png")
    white = json.loads(call("predict", id, "white.png", "--json")[1])["images"][0]["classes"]
    clear = {c["class"]: c["probability"] for c in resized["images"][2]["classes"]}
    assert clear == pytest.approx({c["class"]: c["probability"] for c in white}, abs=1e-6), "transparent becomes white"


def test_wrong_calls_are_one_line(call: Call, made: Path) -> None:
    good = str(made / "images/test/day/1.png")
    begun = next(folder.name for folder in Path("runs").iterdir() if not (folder / "record.json").exists())
    for arguments, said in (
        ([record_of("adam").id, good, "--top", "0"], "--top = 0"),
        (["nothing", good], "there is no such run"),
        ([begun, good], "weights"),
    ):
        code, out, err = call("predict", *arguments)
        assert (code, out) == (2, "") and said in err and len(err.splitlines()) == 1
