"""The short way to train: fit, evaluate and predict, against the engine and against PyTorch by hand."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gradus.errors import DataError, InputError  # noqa: E402
from gradus.runs import Progress, RunRequest  # noqa: E402
from gradus.training import RECIPES, Fitted, evaluate, fit, predict, run  # noqa: E402
from gradus.training.data import load  # noqa: E402
from gradus.training.recipes import CHANGES  # noqa: E402
from gradus.training.recipes.augmented import augmented  # noqa: E402
from gradus.training.recipes.fast import RUNGS, fast  # noqa: E402
from gradus.training.recipes.hw5 import hw5  # noqa: E402
from gradus.training.requests import asked, placed  # noqa: E402
from gradus.training.settings import SETTINGS, configured  # noqa: E402


@pytest.fixture(scope="module")
def fitted(shared_images: Path) -> Fitted:
    return fit("hw5", shared_images, epochs=2, seed=3, device="cpu")


def test_fit_is_a_run(fitted: Fitted, shared_images: Path) -> None:
    record = run(RunRequest("hw5", str(shared_images.resolve()), "adam", epochs=2, seed=3, device="cpu"))
    assert record.final_weights == fitted.record.final_weights and record.id == fitted.record.id
    assert fitted.history == [
        [1, 2],
        [epoch.training_accuracy for epoch in record.epochs],
        [epoch.validation_accuracy for epoch in record.epochs],
    ]
    assert fitted.classes == ("day", "night") and fitted.folder is None


def test_the_network_is_independent_of_the_training(fitted: Fitted, tmp_path: Path) -> None:
    weights = list(fitted.network.parameters())
    for weight in weights:
        assert weight.untyped_storage().nbytes() == weight.nbytes, "weights share memory"
        assert weight.requires_grad and weight.is_leaf
    assert len({weight.data_ptr() for weight in weights}) == len(weights)
    torch.save(weights[1].detach(), tmp_path / "bias.pt")
    assert (tmp_path / "bias.pt").stat().st_size < 10_000, "one bias of 32 numbers, and all weights with it"


def test_predictions_are_the_soft_max_of_the_network(fitted: Fitted, shared_images: Path) -> None:
    images = load(str(shared_images)).test.images
    found = predict(fitted, images)
    with torch.no_grad():
        logits = fitted.network(torch.from_numpy(images.copy()).permute(0, 3, 1, 2).double().div(255).float())
    exponentials = np.exp(logits.double().numpy())
    np.testing.assert_allclose(found, exponentials / exponentials.sum(1, keepdims=True), atol=1e-6)
    assert found.dtype == np.float32 and predict(fitted, images[:0]).shape == (0, 2)


def test_evaluation_is_what_the_record_says(fitted: Fitted, shared_images: Path) -> None:
    loss, accuracy = evaluate(fitted, str(shared_images))
    assert (loss, accuracy) == (fitted.record.test_loss, fitted.record.test_accuracy)
    test = load(str(shared_images)).test
    assert evaluate(fitted, (test.images, test.labels)) == (loss, accuracy)
    probabilities = predict(fitted, test.images)[np.arange(len(test)), test.labels]
    assert loss == pytest.approx(-np.log(probabilities.astype(np.float64)).mean(), rel=1e-5)


def test_a_folder_keeps_runs_and_makes_each_once(shared_images: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    first = fit("hw5", shared_images, device="cpu", folder=tmp_path, on_progress=seen.append)
    assert first.folder == tmp_path / first.record.id and seen
    assert {"record.json", "request.json", "weights.safetensors"} <= {file.name for file in first.folder.iterdir()}
    count = len(seen)
    again = fit("hw5", str(shared_images) + "/", device="cpu", folder=tmp_path, on_progress=seen.append)
    assert again.record == first.record and len(seen) == count, "it is read, and not made again"
    images = load(str(shared_images)).test.images
    np.testing.assert_array_equal(predict(first, images), predict(first.folder, images))
    np.testing.assert_array_equal(predict(first, images), predict(str(first.folder / "weights.safetensors"), images))


@pytest.mark.parametrize(
    ("images", "labels", "said"),
    [
        (np.zeros((2, 32, 32, 3)), [0, 1], "must be uint8"),
        (np.zeros((2, 3, 32, 32), np.uint8), [0, 1], "must be uint8 shaped"),
        (np.zeros((32, 32, 3), np.uint8), [0], "must be uint8 shaped"),
        (np.zeros((2, 32, 32, 3), np.uint8), [0, 2], "each from 0 to 1"),
        (np.zeros((2, 32, 32, 3), np.uint8), [0, -1], "each from 0 to 1"),
        (np.zeros((2, 32, 32, 3), np.uint8), [0], "must be 2 whole numbers"),
        (np.zeros((2, 32, 32, 3), np.uint8), [0.0, 1.0], "whole numbers"),
        (np.zeros((0, 32, 32, 3), np.uint8), np.zeros(0, np.int64), "at least one"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(fitted: Fitted, images: Any, labels: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        evaluate(fitted, (images, np.asarray(labels)))


def test_what_is_something_else_altogether_is_refused(fitted: Fitted) -> None:
    images: Any = list(np.zeros((2, 32, 32, 3), np.uint8))
    assert predict(fitted, images).shape == (2, 2), "arrays of images, one by one, are images, too"
    wrong: Any
    for wrong in (None, 3, images, images[:1] * 3):
        with pytest.raises(InputError, match=r"a pair of images and labels|must be uint8"):
            evaluate(fitted, wrong)
    wrong = [images[0], images[0][1:]]
    with pytest.raises(InputError, match="must all have one shape"):
        predict(fitted, wrong)
    wrong = 3
    with pytest.raises(InputError, match="must be what fit returned"):
        predict(wrong, np.stack(images))


def test_what_is_not_there_is_refused(fitted: Fitted, tmp_path: Path, shared_images: Path) -> None:
    images = np.zeros((1, 32, 32, 3), np.uint8)
    with pytest.raises(InputError, match="cannot be read"):
        predict(tmp_path / "none", images)
    with pytest.raises(InputError, match="must be one of cifar10"):
        evaluate(fitted, "photos")
    with pytest.raises(DataError, match="and no folder test"):
        evaluate(fitted, str(shared_images / "train"))
    with pytest.raises(InputError, match="has other classes"):
        evaluate(fitted, "pictograms")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"recipe": "hw6"}, "did you mean hw5"),
        ({"optimizer": "adem"}, "did you mean adam"),
        ({"device": "gpu"}, "must be one of auto, cpu"),
        ({"precision": "fp16"}, "must be one of auto, fp32, bf16"),
        ({"epochs": 0}, "1 or more"),
        ({"epochs": 1.5}, "whole number"),
        ({"epochs": True}, "whole number"),
        ({"seed": -1}, "0 or more"),
        ({"seed": 2**63}, "at most 9223372036854775807"),
        ({"recipe": None}, "must be a name"),
        ({"data": None}, "a name or a folder"),
        ({"learning_rat": 0.1}, "did you mean learning_rate"),
        ({"momentum": 0.5}, "is a setting of sgd"),
        ({"optimizer": "sgd", "beta1": 0.5}, "is a setting of adam"),
        ({"batch_size": 0}, "whole number"),
        ({"batch_size": 81}, "at most 80"),
        ({"validation_share": 1}, "between 0 and 1"),
        ({"validation_share": "1/0"}, "between 0 and 1"),
        ({"beta2": 1}, "less than 1"),
        ({"epsilon": 0}, "between 0 and 1"),
        ({"shift": 32}, "0 to 31"),
        ({"flip": "maybe"}, "yes or no"),
        ({"split": "balanced"}, "stratified or plain"),
        ({"learning_rate": float("nan")}, "a number from 0"),
    ],
)
def test_wrong_requests_are_one_clear_error(shared_images: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        fit(**({"recipe": "hw5", "data": shared_images, "device": "cpu"} | change))


# Requests and settings


def test_one_run_has_one_request(shared_images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shared_images.parent)
    assert asked("hw5", "images").data == str(shared_images.resolve()), "a run can go on from anywhere"
    plain = asked("hw5", shared_images)
    same = asked("hw5", f"{shared_images}/", settings={"batch_size": "32", "dropout": True, "flip": "no", "shift": 0})
    assert plain == same and plain.settings == ()
    texts = [asked("hw5", "pictograms", settings={"learning_rate": value}) for value in (0.002, "2e-3", "0.0020")]
    assert len(set(texts)) == 1 and dict(texts[0].settings) == {"learning_rate": "0.002"}
    assert placed("pictograms") == "pictograms" and placed("no such folder") == "no such folder"


def test_every_setting_changes_what_it_names() -> None:
    values = {
        "batch_size": "8",
        "beta1": "0.5",
        "beta2": "0.5",
        "biases": "no",
        "decay": "0.5",
        "dropout": "off",
        "epsilon": "0.5",
        "cutout": "8",
        "flip": "yes",
        "images": "8",
        "initialisation": "zeros",
        "learning_rate": "0.5",
        "momentum": "0.5",
        "shift": "2",
        "split": "stratified",
        "validation_share": "1/2",
        "weight_decay": "0.5",
    }
    assert {*values, "target_accuracy"} == SETTINGS.keys()
    assert configured(fast(10), [("target_accuracy", "0.8")]) == fast(10, RUNGS[1])
    base = hw5(10)
    for setting in values.items():
        assert configured(base, [setting]) != base
    changed = configured(base, values.items())
    assert changed.batch_size == 8 and changed.validation_share == Fraction(1, 2) and changed.stratified
    assert changed.augmentation is not None and vars(changed.augmentation) == {
        "flip": True,
        "shift": 2,
        "mirrored_edges": False,
        "cutout": 8,
        "alternating": False,
    }
    sgd, adam = changed.optimizers["sgd"], changed.optimizers["adam"]
    assert vars(sgd) == dict.fromkeys(("learning_rate", "momentum", "decay", "weight_decay"), 0.5)
    assert vars(adam) == dict.fromkeys(("learning_rate", "beta1", "beta2", "epsilon", "weight_decay"), 0.5)
    assert configured(augmented(10), [("flip", "no"), ("shift", "0")]) == base


def test_recipes_are_named_as_they_are_typed_and_explained() -> None:
    assert list(RECIPES) == list(CHANGES) == ["hw5", "deeper", "more-training-data", "wider", "augmented", "fast"]
    fingerprints = {recipe(10).fingerprint for recipe in RECIPES.values()}
    assert len(fingerprints) == len(RECIPES)


def test_a_stratified_split_is_one(shared_images: Path) -> None:
    from gradus.training.run import planned

    plan = planned(asked("hw5", shared_images, device="cpu", settings={"split": "stratified"}))
    labels = plan.dataset.training.labels
    assert np.bincount(labels[plan.split.validation]).tolist() == [10, 10]
    plain = planned(asked("hw5", shared_images, device="cpu"))
    assert plain.split.fingerprint != plan.split.fingerprint
