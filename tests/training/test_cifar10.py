"""CIFAR-10's binary archive, in miniature, whole and broken."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from gradus.errors import DataError
from gradus.training.data import cifar10 as module
from gradus.training.data import load
from gradus.training.data.cifar10 import ARCHIVE, CLASSES, cifar10, read_archive
from gradus.training.data.dataset import Dataset
from gradus.training.data.download import RemoteFile
from training.file_server import Server, serving

BATCH = 20
FOLDER = "cifar-10-batches-bin"
NAMES = "".join(f"{name}\n" for name in CLASSES) + "\n"
BATCHES = [f"data_batch_{number}.bin" for number in range(1, 6)] + ["test_batch.bin"]


def records(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and images shaped (count, channel, row, column)."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 10, BATCH, dtype=np.uint8), rng.integers(0, 256, (BATCH, 3, 32, 32), dtype=np.uint8)


def batch(seed: int) -> bytes:
    labels, images = records(seed)
    return b"".join(bytes([label]) + image.tobytes() for label, image in zip(labels, images, strict=True))


def whole() -> dict[str, bytes]:
    members = {f"{FOLDER}/{name}": batch(seed) for seed, name in enumerate(BATCHES)}
    return {f"{FOLDER}/batches.meta.txt": NAMES.encode(), **members, f"{FOLDER}/readme.html": b"<html>"}


def plain(name: str, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    return member, content


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


def archive(file: Path, members: dict[str, bytes], *more: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(file, "w:gz", compresslevel=1) as tar:
        folder = tarfile.TarInfo(FOLDER)
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for member, content in [*more, *(plain(*item) for item in members.items())]:
            tar.addfile(member, io.BytesIO(content))
    return file


def read(file: Path) -> Dataset:
    return read_archive(file, batch_images=BATCH)


def test_images_have_their_channels_last_and_keep_their_order(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    file = archive(tmp_path / "a.tar.gz", whole())
    dataset = read_archive(file, lambda done, total: seen.append((done, total)), BATCH)
    assert dataset.classes == CLASSES
    assert (len(dataset.training), len(dataset.test)) == (5 * BATCH, BATCH)
    for seed, part, start in ((0, dataset.training, 0), (3, dataset.training, 3 * BATCH), (5, dataset.test, 0)):
        labels, images = records(seed)
        assert part.labels[start : start + BATCH].tolist() == labels.tolist()
        for channel in range(3):
            np.testing.assert_array_equal(part.images[start : start + BATCH, :, :, channel], images[:, channel])
    assert seen[-1] == (6 * BATCH, 6 * BATCH)


def test_the_order_of_the_members_changes_nothing(tmp_path: Path) -> None:
    backwards = dict(reversed(whole().items()))
    assert read(archive(tmp_path / "b", backwards)).fingerprint == read(archive(tmp_path / "a", whole())).fingerprint


def without(name: str) -> Callable[[Path], Path]:
    return lambda file: archive(file, {key: value for key, value in whole().items() if not key.endswith(name)})


def changed(name: str, content: bytes) -> Callable[[Path], Path]:
    return lambda file: archive(file, whole() | {f"{FOLDER}/{name}": content})


def beside(member: tuple[tarfile.TarInfo, bytes]) -> Callable[[Path], Path]:
    return lambda file: archive(file, whole(), member)


def torn(file: Path) -> Path:
    content = archive(file, whole()).read_bytes()
    file.write_bytes(content[: len(content) // 2])
    return file


def no_archive(file: Path) -> Path:
    file.write_bytes(b"<html>please log in</html>")
    return file


def zipped_nothing(file: Path) -> Path:
    file.write_bytes(gzip.compress(os.urandom(2000)))
    return file


def altered_inside(file: Path) -> Path:
    content = bytearray(archive(file, whole()).read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    return file


def bomb(file: Path) -> Path:
    """More bytes than there can be, without a member that is too large."""
    return archive(file, whole(), *(plain(f"{FOLDER}/{number}", bytes(2**20)) for number in range(4)))


def many(file: Path) -> Path:
    return archive(file, whole(), *(plain(f"{FOLDER}/{number}", b"") for number in range(200)))


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (without("data_batch_3.bin"), r"lacks data_batch_3.bin"),
        (without("bin"), r"lacks data_batch_1.bin, .*, test_batch.bin"),
        (without("meta.txt"), "lacks batches.meta.txt"),
        (changed("batches.meta.txt", NAMES.replace("cat", "dog", 1).encode()), "names other classes"),
        (changed("batches.meta.txt", b"\xff" * 10), "names other classes"),
        (changed("batches.meta.txt", NAMES.encode() * 100), r"of [0-9,]* bytes, which must have 1 to 4,096"),
        (changed("data_batch_2.bin", batch(1)[:-1]), "data_batch_2.bin' of 61,459 bytes, which must have 61,460"),
        (changed("test_batch.bin", b"\x0a" + batch(5)[1:]), "holds the label 10, and there are 10 classes"),
        (beside(plain(f"{FOLDER}/data_batch_1.bin", batch(0))), "holds data_batch_1.bin twice"),
        (beside(plain(f"{FOLDER}/batches.meta.txt", NAMES.encode())), "holds batches.meta.txt twice"),
        (beside(plain("/etc/passwd", b"")), "'/etc/passwd', which leads out"),
        (beside(plain(f"{FOLDER}/../../x", b"")), "x', which leads out"),
        (beside(link(f"{FOLDER}/test_batch.bin", "/etc/passwd")), "is no plain file"),
        (beside(link("hard", f"{FOLDER}/test_batch.bin", tarfile.LNKTYPE)), "is no plain file"),
        (beside(link("device", "", tarfile.CHRTYPE)), "is no plain file"),
        (beside(plain("large", bytes(2**20 + 1))), "'large' of 1,048,577 bytes"),
        (bomb, "is larger unpacked than it can be"),
        (many, "more than 100 members"),
        (torn, "is torn or no such archive"),
        (no_archive, "is torn or no such archive"),
        (zipped_nothing, "is torn or no such archive"),
        (altered_inside, "is torn or no such archive"),
    ],
)
def test_a_broken_archive_is_refused(tmp_path: Path, broken: Callable[[Path], Path], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read(broken(tmp_path / "a.tar.gz"))
    assert caught.value.argument == "data"


def test_an_archive_altered_anywhere_is_refused_or_gives_the_same_or_other_images_and_no_other_error(
    tmp_path: Path,
) -> None:
    """The gzip layer is taken away, whose own checksum would hide what the layer below does."""
    content = gzip.decompress(archive(tmp_path / "a", whole()).read_bytes())
    rng = np.random.default_rng(5)
    for _ in range(150):
        altered = bytearray(content)
        # Mostly the headers, of which there is one before each member.
        start = content.rfind(b"cifar-10", 0, int(rng.integers(1000, len(content))))
        for position in rng.integers(start, start + 512, 3):
            altered[position] = rng.integers(0, 256)
        (tmp_path / "b").write_bytes(gzip.compress(bytes(altered), 0))
        with suppress(DataError):
            read(tmp_path / "b")


def test_the_archive_is_downloaded_and_needed_only_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADUS_CACHE_DIR", str(tmp_path / "cache"))
    content = archive(tmp_path / "made", whole()).read_bytes()
    server, told, received = Server(content), [], []
    with serving(server):
        remote = RemoteFile(f"{server.address}/cifar-10.tar.gz", len(content), hashlib.md5(content).hexdigest())
        first = cifar10(
            told.append,
            tmp_path / "data",
            on_download=lambda *p: received.append(p),
            archive=remote,
            batch_images=BATCH,
        )
    assert (tmp_path / "data/cifar-10.tar.gz").read_bytes() == content
    assert received[-1] == (len(content), len(content))
    (tmp_path / "data/cifar-10.tar.gz").unlink()
    second = cifar10(told.append, tmp_path / "data", archive=remote, batch_images=BATCH)
    assert second.fingerprint == first.fingerprint == read(tmp_path / "made").fingerprint
    assert second.name == "cifar10"
    assert told == []


def test_an_altered_cache_without_archive_and_network_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADUS_CACHE_DIR", str(tmp_path / "cache"))
    content = archive(tmp_path / "a.tar.gz", whole()).read_bytes()
    remote = RemoteFile("http://nowhere.invalid/a.tar.gz", len(content), hashlib.md5(content).hexdigest())
    told: list[str] = []
    cifar10(told.append, tmp_path, archive=remote, batch_images=BATCH)
    (entry,) = (tmp_path / "cache/decoded").iterdir()
    entry.write_bytes(entry.read_bytes()[:-1] + b"\1")
    (tmp_path / "a.tar.gz").unlink()
    with pytest.raises(DataError, match=r"cannot be downloaded from http://nowhere.invalid/a.tar.gz"):
        cifar10(told.append, tmp_path, archive=remote, batch_images=BATCH)
    assert "checksum differs" in told[0]
    assert entry.exists()


def test_the_name_leads_to_the_known_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(b"x")
    with pytest.raises(
        DataError, match=r"www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz: it has 1 bytes.*170,052,171"
    ):
        load("cifar10", data_dir=tmp_path)
    assert ARCHIVE.md5 == "c32a1d4ab5d03f1284b67883e8d87530"
    assert module.BATCH_IMAGES * (1 + 3072) == 30_730_000
