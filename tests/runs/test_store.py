"""Run records: read back as they were written, refused when altered, written whole by many at once."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gradus.errors import InputError, OutputError
from gradus.runs import RunRecord, RunRequest, RunStore, read_record, store
from gradus.runs.files import write_whole
from gradus.runs.request import run_id
from problems.records import typical_record

RECORD = typical_record(RunRequest("hw5", "pictograms", "adam", epochs=3))


def test_a_record_reads_back_as_it_was(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs")
    file = store.save(RECORD)
    assert read_record(file) == read_record(file.parent) == store.find(RECORD.request) == RECORD
    assert store.completed() == (RECORD,)
    assert [entry.name for entry in file.parent.iterdir()] == ["record.json"], "no draft is left behind"


def test_what_makes_runs_equal() -> None:
    request = RunRequest("hw5", "photos", "sgd", data_fingerprint="aa", configuration_fingerprint="bb")
    assert run_id(replace(request, data="./photos/")) == run_id(request)
    others: list[dict[str, Any]] = [
        {"optimizer": "adam"},
        {"epochs": 2},
        {"seed": 1},
        {"device": "cuda"},
        {"data_fingerprint": "cc"},
        {"configuration_fingerprint": "cc"},
    ]
    assert len({run_id(request), *(run_id(replace(request, **other)) for other in others)}) == 1 + len(others)


def altered(change: Callable[[dict[str, Any]], object]) -> str:
    value = json.loads(json.dumps(RECORD.as_json()))
    change(value)
    return json.dumps(value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r.update(test_accuracy="abc"), "test_accuracy"),
        (lambda r: r.update(test_accuracy=float("nan")), "test_accuracy"),
        (lambda r: r["epochs"][0].update(time_s="x"), "epochs.0.time_s"),
        (lambda r: r["epochs"][0].update(other=1), "epochs.0.other"),
        (lambda r: r.update(versions=3), "versions"),
        (lambda r: r.update(threads=None), "threads"),
        (lambda r: r.update(initial_weights=[]), "initial_weights"),
        (lambda r: r.update(ended="perhaps"), "ended"),
        (lambda r: r.pop("data"), "data"),
        (lambda r: r.update(id="../../x"), "id"),
        (lambda r: r["request"].update(seed=5), "id"),
    ],
)
def test_an_altered_record_is_refused(tmp_path: Path, change: Callable[[dict[str, Any]], object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        RunRecord.from_json(altered(change))
    store = RunStore(tmp_path)
    store.save(RECORD)
    (store.path(RECORD.request) / "record.json").write_text(altered(change))
    assert store.find(RECORD.request) is None and store.completed() == ()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"null", b"[" * 100_000])
def test_what_is_no_record_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "record.json"
    file.write_bytes(content)
    with pytest.raises(InputError):
        read_record(file)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_record(tmp_path / "none")


def test_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        RunStore(tmp_path / "file").save(RECORD)


def test_many_writers_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "page"
    contents = [bytes([65 + n]) * 20_000 for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: [write_whole(file, content) for _ in range(20)], contents))
    assert file.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [file]


def test_a_full_disk_is_told_from_a_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "write_whole", full)
    with pytest.raises(OutputError, match="make space and do the same again"):
        RunStore(tmp_path).save(RECORD)


def test_a_record_waits_for_space_and_says_so_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failures, said = iter(range(3)), list[str]()
    whole = store.write_whole

    def sometimes_full(file: Path, content: bytes) -> None:
        if next(failures, None) is not None:
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(file, content)

    monkeypatch.setattr(store, "write_whole", sometimes_full)
    monkeypatch.setattr(store, "LOOKS_EVERY_S", 0.0)
    file = RunStore(tmp_path).save(RECORD, said.append)
    assert store.read_record(file) == RECORD
    assert len(said) == 1 and "is full: the record waits" in said[0]
