"""``metrics.jsonl`` and the event file: whole lines, the same after an interruption."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from gradus.runs import Epoch
from gradus.training import journal as journals
from gradus.training.journal import EVENTS, METRICS, Journal

EPOCHS = tuple(Epoch(1 / n, 0.1 * n, 2 / n, 0.05 * n, 1.5 * n) for n in (1, 2, 3))


def lines(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / METRICS).read_text().splitlines()]


def test_epochs_are_lines_in_order_to_the_last_bit(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "new" / "run", (), 10)
    for number, epoch in enumerate(EPOCHS, start=1):
        journal.add(epoch)
        assert len(lines(tmp_path / "new" / "run")) == number
    found = lines(tmp_path / "new" / "run")
    assert [line.pop("epoch") for line in found] == [1, 2, 3]
    assert tuple(Epoch(**line) for line in found) == EPOCHS


def test_a_run_that_goes_on_drops_what_its_checkpoint_does_not_know(tmp_path: Path) -> None:
    before = Journal(tmp_path, (), 10)
    for epoch in EPOCHS:
        before.add(epoch)
    with (tmp_path / METRICS).open("ab") as stream:
        stream.write(b'{"epoch": 4, "torn')
    size = (tmp_path / EVENTS).stat().st_size
    after = Journal(tmp_path, EPOCHS[:1], 10)
    assert len(lines(tmp_path)) == 1
    for epoch in EPOCHS[1:]:
        after.add(epoch)
    assert tuple(Epoch(**{k: v for k, v in line.items() if k != "epoch"}) for line in lines(tmp_path)) == EPOCHS
    assert (tmp_path / EVENTS).stat().st_size == size


@pytest.mark.parametrize("failing", [METRICS, EVENTS])
def test_adding_again_after_a_failure_writes_each_line_once(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, failures = journals.append_whole, 2

    def full(file: Path, content: bytes) -> None:
        nonlocal failures
        if file.name == failing and failures:
            failures -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        append(file, content)

    whole, journal = Journal(tmp_path / "whole", (), 10), Journal(tmp_path / "full", (), 10)
    whole.add(EPOCHS[0])
    monkeypatch.setattr(journals, "append_whole", full)
    for _ in range(2):
        with pytest.raises(OSError, match="No space"):
            journal.add(EPOCHS[0])
    journal.add(EPOCHS[0])
    assert lines(tmp_path / "full") == lines(tmp_path / "whole")
    assert (tmp_path / "full" / EVENTS).stat().st_size == (tmp_path / "whole" / EVENTS).stat().st_size
