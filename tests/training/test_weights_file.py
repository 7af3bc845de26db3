"""A trained network's file: read back, the same bytes every time, and refused where it is not whole."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from gradus.errors import InputError
from gradus.exact.networks.architecture_mapping import architecture_mapping
from gradus.training import weights_file
from gradus.training.model import weights_of
from gradus.training.weights_file import WEIGHTS, read_weights, write_weights
from training.trained_networks import ARCHITECTURES, images_for, probabilities, trained

NAME = "even kernels"
Changed = Callable[[dict[str, Any], dict[str, np.ndarray]], None]


@pytest.mark.parametrize("biases", [True, False])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_what_is_written_is_read_back(name: str, biases: bool, tmp_path: Path) -> None:
    network = trained(name, biases)
    file = write_weights(tmp_path, network)
    assert file == tmp_path / WEIGHTS and list(tmp_path.iterdir()) == [file]
    for path in (file, tmp_path, str(tmp_path)):
        again = read_weights(path)
        assert (again.architecture, again.classes, again.run) == (network.architecture, network.classes, network.run)
        ours, theirs = weights_of(again.network), weights_of(network.network)
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[key], theirs[key]) for key in theirs)
    images = images_for(network, 5)
    np.testing.assert_array_equal(probabilities(again, images), probabilities(network, images))


def test_equal_networks_have_equal_bytes(tmp_path: Path) -> None:
    contents = []
    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        contents.append(write_weights(folder, read_weights(tmp_path / "0") if number else trained(NAME)).read_bytes())
    assert len(set(contents)) == 1


def written(tmp_path: Path, change: Changed) -> Path:
    """A file whose header and tensors were changed."""
    network = trained(NAME)
    header: dict[str, Any] = {
        "architecture": architecture_mapping(network.architecture),
        "classes": list(network.classes),
        "run": network.run,
    }
    tensors = {name: np.ascontiguousarray(value) for name, value in weights_of(network.network).items()}
    change(header, tensors)
    file = tmp_path / WEIGHTS
    file.write_bytes(save(tensors, {"gradus": json.dumps(header)}))
    return file


def test_an_unchanged_file_of_the_tests_own_is_good(tmp_path: Path) -> None:
    assert read_weights(written(tmp_path, lambda header, tensors: None)).classes == trained(NAME).classes


CHANGES: dict[str, tuple[Changed, str]] = {
    "a tensor too few": (lambda h, t: t.__delitem__("dense2.gains"), "do not fit its network"),
    "a bias too few": (lambda h, t: t.__delitem__("dense2.bias"), "do not fit its network"),
    "a tensor too many": (lambda h, t: t.update(more=np.zeros(3, np.float32)), "do not fit its network"),
    "a wrong shape": (lambda h, t: t.update({"conv1.bias": np.zeros(5, np.float32)}), "do not fit its network"),
    "turned gains": (lambda h, t: t.update({"dense2.gains": np.zeros((3, 7), np.float32)}), "do not fit its network"),
    "bytes": (lambda h, t: t.update({"conv1.bias": np.zeros(4, np.int8)}), "finite float32"),
    "float64": (lambda h, t: t.update({"conv1.bias": np.zeros(4)}), "finite float32"),
    "not a number": (lambda h, t: t.update({"conv1.bias": np.full(4, np.nan, np.float32)}), "finite float32"),
    "a class too few": (lambda h, t: h["classes"].__delitem__(0), "do not fit its network"),
    "classes are numbers": (lambda h, t: h.update(classes=[1, 2, 3]), "is not a weights file"),
    "an unknown key": (lambda h, t: h.update(more=1), "is not a weights file"),
    "no run": (lambda h, t: h.__delitem__("run"), "is not a weights file"),
    "an unknown layer": (lambda h, t: h["architecture"]["layers"][0].update(kind="Conv3D"), "must be one of Conv2D"),
    "no layers": (lambda h, t: h["architecture"].update(layers=[]), "do not fit its network"),
    "mirror images of vectors": (
        lambda h, t: (
            h.update(
                mirrored_views=True, architecture=architecture_mapping(ARCHITECTURES["vectors"]), classes=list("abcd")
            )
            or t.clear()
            or t.update(weights_of(trained("vectors").network))
        ),
        "are no images",
    ),
    "no soft-max": (lambda h, t: h["architecture"]["layers"][-1].update(activation="relu"), "soft-max"),
    "layers that do not fit": (lambda h, t: h["architecture"]["layers"].__delitem__(5), "put Flatten first"),
    "a network of terabytes": (
        lambda h, t: h["architecture"]["layers"][-2].update(units=1 << 24),
        "do not fit its network",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_file_that_does_not_fit_itself_is_one_clear_error(name: str, tmp_path: Path) -> None:
    change, message = CHANGES[name]
    file = written(tmp_path, change)
    with pytest.raises(InputError, match=message) as caught:
        read_weights(file)
    assert str(file)[:60] in str(caught.value) and "\n" not in str(caught.value)


def header_of(size: int, header: bytes) -> bytes:
    return size.to_bytes(8, "little") + header


DEEP = b'{"__metadata__":' + b"[" * 200_000


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"abc",
        header_of(2**64 - 1, b"{}"),
        header_of(2**40, b'{"__metadata__":{}}'),
        header_of(2, b"{}"),
        header_of(2, b"[]"),
        header_of(4, b"null"),
        header_of(21, b'{"__metadata__":null}'),
        header_of(19, b'{"__metadata__":{}}'),
        header_of(34, b'{"__metadata__":{"gradus":"[[[["}}'),
        header_of(3, b"\xff\xfe\xfd"),
        header_of(len(DEEP), DEEP),
    ],
)
def test_what_is_no_weights_file_is_one_clear_error(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "some.safetensors"
    file.write_bytes(content)
    with pytest.raises(InputError, match="is not a weights file of gradus"):
        read_weights(file)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_weights(tmp_path_factory.mktemp("whole"), trained(NAME)).read_bytes()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_truncated_file_is_one_clear_error(share: float, whole: bytes, tmp_path: Path) -> None:
    file = tmp_path / "cut.safetensors"
    file.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match="is not a weights file of gradus"):
        read_weights(file)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 2000), byte=st.integers(0, 255))
def test_an_altered_header_ends_in_a_network_or_in_one_clear_error(
    place: int, byte: int, whole: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "altered.safetensors"
    file.write_bytes(whole[:place] + bytes([byte]) + whole[place + 1 :])
    try:
        read = read_weights(file)
    except InputError:
        return
    assert len(read.classes) == 3  # a name, the id or a weight was altered, which nothing can tell


def test_a_missing_file_and_one_too_large_are_clear_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (tmp_path, tmp_path / "none", tmp_path / ("x" * 300)):
        with pytest.raises(InputError, match=r"cannot be read \(.*finished run"):
            read_weights(path)
    write_weights(tmp_path, trained(NAME))
    monkeypatch.setattr(weights_file, "MAX_BYTES", 1000)
    with pytest.raises(InputError, match="at most 1,000 bytes"):
        read_weights(tmp_path)


def test_a_header_is_read_up_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_weights(tmp_path, trained(NAME))
    monkeypatch.setattr(weights_file, "MAX_HEADER_BYTES", 1000)
    with pytest.raises(InputError, match="is not a weights file of gradus"):
        read_weights(tmp_path)


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_weights(tmp_path, trained(NAME))
    before = file.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_weights(tmp_path, trained(NAME, biases=False))
    assert file.read_bytes() == before and list(tmp_path.iterdir()) == [file]


def test_weights_on_no_device_of_their_own(tmp_path: Path) -> None:
    network = read_weights(write_weights(tmp_path, trained(NAME))).network
    assert {weight.device.type for weight in network.parameters()} == {"cpu"}
    assert network.dtype == torch.float32
