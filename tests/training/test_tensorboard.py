"""Event files, read back by TensorBoard itself."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradus.runs.record import Epoch
from gradus.training.journal import EVENTS, Journal
from gradus.training.tensorboard import crc32c, file_header, record, scalars

FLOATS = st.floats(width=32, allow_nan=False)
TAGS = st.text(min_size=1, max_size=20).filter(lambda tag: "\x00" not in tag and tag.isprintable())


def read_by_tensorboard(folder: Path) -> dict[str, list[Any]]:
    module = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    accumulator = module.EventAccumulator(str(folder), size_guidance={"scalars": 0})
    accumulator.Reload()
    return {tag: accumulator.Scalars(tag) for tag in accumulator.Tags()["scalars"]}


@pytest.mark.parametrize(
    ("content", "crc"),
    [
        (b"", 0),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_crc32c_has_the_values_of_its_standard(content: bytes, crc: int) -> None:
    assert crc32c(content) == crc


def test_a_journal_is_read_by_tensorboard(tmp_path: Path) -> None:
    epochs = [Epoch(2.0 / n, 0.1 * n, 2.1 / n, 0.09 * n, 1.5) for n in range(1, 6)]
    journal = Journal(tmp_path, epochs[:2], 125)
    for epoch in epochs[2:]:
        journal.add(epoch)
    found = read_by_tensorboard(tmp_path)
    assert sorted(found) == ["time_s", "training/accuracy", "training/loss", "validation/accuracy", "validation/loss"]
    for tag, values in found.items():
        assert [e.step for e in values] == [125, 250, 375, 500, 625]
        expected = [getattr(epoch, tag.replace("/", "_")) for epoch in epochs]
        assert [e.value for e in values] == pytest.approx(expected, rel=1e-6)
        times = [e.wall_time for e in values]
        assert times == sorted(times) and times[0] > 1.5e9


def test_a_file_that_is_still_being_written_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    file = tmp_path / EVENTS
    whole = file_header(1.0) + b"".join(scalars(1.0 + n, n, {"loss": n / 2}) for n in range(4))
    file.write_bytes(whole[:-7])
    assert [(e.step, e.value) for e in read_by_tensorboard(tmp_path)["loss"]] == [(0, 0.0), (1, 0.5), (2, 1.0)]


@pytest.mark.parametrize("place", [12, -5])
def test_an_altered_record_does_not_pass_for_a_good_one(place: int, tmp_path: Path) -> None:
    last = bytearray(scalars(2.0, 2, {"loss": 0.5}))
    last[place] ^= 1
    (tmp_path / EVENTS).write_bytes(file_header(1.0) + scalars(1.0, 1, {"loss": 1.0}) + bytes(last))
    assert [(e.step, e.value) for e in read_by_tensorboard(tmp_path)["loss"]] == [(1, 1.0)]


@settings(max_examples=40, deadline=None)
@given(
    step=st.integers(0, 2**62),
    time_s=st.floats(0, 4e9),
    values=st.dictionaries(TAGS, FLOATS, min_size=1, max_size=4),
)
def test_messages_are_those_of_the_protocol(step: int, time_s: float, values: dict[str, float]) -> None:
    event_pb2 = pytest.importorskip("tensorboard.compat.proto.event_pb2")
    content = scalars(time_s, step, values)
    (length,) = struct.unpack("<Q", content[:8])
    assert len(content) == length + 16
    event = event_pb2.Event.FromString(content[12:-4])
    assert (event.wall_time, event.step) == (time_s, step)
    assert {value.tag: value.simple_value for value in event.summary.value} == values


def test_records_follow_each_other(tmp_path: Path) -> None:
    """Lengths and checksums as TensorBoard's own writer makes them."""
    writer = pytest.importorskip("tensorboard.summary.writer.record_writer").RecordWriter
    messages = [b"", b"a", bytes(range(256)) * 40]
    with (tmp_path / "theirs").open("wb") as stream:
        theirs = writer(stream)
        for message in messages:
            theirs.write(message)
        theirs.flush()
    assert (tmp_path / "theirs").read_bytes() == b"".join(map(record, messages))
