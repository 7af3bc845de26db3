"""Downloads from a local server that is now and then at fault."""

from __future__ import annotations

import os
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gradus.errors import DataError, OutputError
from gradus.training.data import download
from gradus.training.data.download import downloaded
from training.file_server import CONTENT, NAME, Server, serving


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(download, "_PAUSE_S", 0.0)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = Server()
    with serving(server):
        yield server


def part_of(folder: Path) -> Path:
    return folder / f"{NAME}.part"


def test_a_file_is_downloaded_once_with_progress(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    file = downloaded(server.remote(), tmp_path / "new", lambda done, total: seen.append((done, total)))
    assert file == tmp_path / "new" / NAME
    assert file.read_bytes() == CONTENT
    assert not part_of(file.parent).exists()
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert downloaded(server.remote(), file.parent) == file
    assert server.asked == [None]


def test_a_part_is_gone_on_with(server: Server, tmp_path: Path) -> None:
    part_of(tmp_path).write_bytes(CONTENT[:1000])
    assert downloaded(server.remote(), tmp_path).read_bytes() == CONTENT
    assert server.asked == ["bytes=1000-"]


def test_a_whole_part_needs_no_network(server: Server, tmp_path: Path) -> None:
    part_of(tmp_path).write_bytes(CONTENT)
    assert downloaded(server.remote(), tmp_path).read_bytes() == CONTENT
    assert server.asked == []


@pytest.mark.parametrize("lengths", [True, False])
def test_a_cut_connection_is_taken_up_where_it_ended(server: Server, tmp_path: Path, lengths: bool) -> None:
    server.cut_at, server.lengths = [1_000_000, 1_500_000], lengths
    assert downloaded(server.remote(), tmp_path).read_bytes() == CONTENT
    assert server.asked == [None, "bytes=1000000-", "bytes=1500000-"]


def test_a_server_without_ranges_starts_over(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    part_of(tmp_path).write_bytes(b"x" * 1000)
    assert downloaded(server.remote(), tmp_path).read_bytes() == CONTENT


def test_a_connection_that_brings_nothing_more_ends_and_keeps_what_came(server: Server, tmp_path: Path) -> None:
    server.cut_at = [700_000] * 20
    with pytest.raises(
        DataError, match=r"cut\); 700,000 of 2,048,000 bytes are kept, and the next try goes on"
    ) as caught:
        downloaded(server.remote(), tmp_path)
    for told in (f"{server.address}/{NAME}", f"get {NAME} by hand and put it into {tmp_path}"):
        assert told in str(caught.value)
    assert len(server.asked) == 4
    server.cut_at = []
    assert downloaded(server.remote(), tmp_path).read_bytes() == CONTENT
    assert server.asked[-1] == "bytes=700000-"


def test_a_server_without_ranges_that_always_cuts_ends(server: Server, tmp_path: Path) -> None:
    server.ranges, server.cut_at = False, [700_000] * 20
    with pytest.raises(DataError, match="cannot be downloaded"):
        downloaded(server.remote(), tmp_path)
    assert len(server.asked) == 4


@pytest.mark.parametrize("begun", [b"", b"x" * 1000, CONTENT[:-1] + b"x", CONTENT + b"more"])
def test_a_torn_part_is_mended(server: Server, tmp_path: Path, begun: bytes) -> None:
    part_of(tmp_path).write_bytes(begun)
    assert downloaded(server.remote(), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"x", b"<html>please log in</html>"])
@pytest.mark.parametrize("lengths", [True, False])
@pytest.mark.parametrize("begun", [0, 5000])
def test_a_file_of_another_size_is_refused(
    server: Server, tmp_path: Path, content: bytes, lengths: bool, begun: int
) -> None:
    server.content, server.lengths = content, lengths
    part_of(tmp_path).write_bytes(CONTENT[:begun])
    with pytest.raises(DataError, match=r"is not the known file: it has|cannot be downloaded"):
        downloaded(server.remote(), tmp_path)
    assert not (tmp_path / NAME).exists()
    assert len(server.asked) <= 6


def test_a_file_of_another_checksum_is_refused_and_not_kept(server: Server, tmp_path: Path) -> None:
    server.content = CONTENT[:-1] + b"x"
    with pytest.raises(DataError, match=r"is not the known file: its MD5 is [0-9a-f]{32}, and must be [0-9a-f]{32}"):
        downloaded(server.remote(), tmp_path)
    assert part_of(tmp_path).stat().st_size == 0
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize("status", [403, 404, 503])
def test_an_error_of_the_server_is_told(server: Server, tmp_path: Path, status: int) -> None:
    server.status = status
    with pytest.raises(DataError, match=rf"cannot be downloaded from http.*{NAME} \(the server answers {status} "):
        downloaded(server.remote(), tmp_path)
    assert len(server.asked) == 1


def test_a_server_that_does_not_answer_is_not_waited_for_forever(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "TIMEOUT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server.address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(DataError, match=r"cannot be downloaded from .* \(timed out\)"):
            downloaded(server.remote(), tmp_path)


@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}", "http://nowhere.invalid"])
def test_without_network_the_error_tells_what_to_put_where(server: Server, tmp_path: Path, address: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        server.address = address.format(port=unused.getsockname()[1])
        with pytest.raises(DataError) as caught:
            downloaded(server.remote(), tmp_path)
    message = str(caught.value)
    assert "\n" not in message
    for told in (f"cannot be downloaded from {server.address}/{NAME} (", f"get {NAME} by hand", f"into {tmp_path}"):
        assert told in message


def test_a_wrong_file_put_there_by_hand_is_refused_and_left(server: Server, tmp_path: Path) -> None:
    for content, told in ((b"short", "it has 5 bytes"), (CONTENT[::-1], "its MD5 is")):
        (tmp_path / NAME).write_bytes(content)
        with pytest.raises(DataError, match=rf"is not the file at http.*{told}.*remove it"):
            downloaded(server.remote(), tmp_path)
        assert (tmp_path / NAME).read_bytes() == content
    assert server.asked == []


def test_a_full_disk_is_told_and_keeps_what_came(server: Server, tmp_path: Path) -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limit[1]))
    try:
        with pytest.raises(OutputError, match=r"data folder = .* cannot be written \(File too large\).*--data-dir"):
            downloaded(server.remote(), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert 0 < part_of(tmp_path).stat().st_size <= 1_000_000
    assert downloaded(server.remote(), tmp_path).read_bytes() == CONTENT
    assert len(server.asked) == 2 and server.asked[1] is not None


def test_a_folder_that_cannot_be_made_is_told(server: Server) -> None:
    with pytest.raises(OutputError, match="data folder = /dev/null/x: cannot be written"):
        downloaded(server.remote(), Path("/dev/null/x"))


def test_an_interrupt_keeps_what_came(server: Server, tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        downloaded(server.remote(), tmp_path, interrupt)
    kept = part_of(tmp_path).stat().st_size
    assert 0 < kept < len(CONTENT)
    assert downloaded(server.remote(), tmp_path).read_bytes() == CONTENT
    assert server.asked[-1] == f"bytes={kept}-"


def test_processes_that_want_the_same_file_download_it_once(server: Server, tmp_path: Path) -> None:
    def slow(wait: threading.Event) -> Callable[[int, int], None]:
        return lambda done, total: wait.wait(5) and None

    go = threading.Event()
    first = threading.Thread(target=downloaded, args=(server.remote(), tmp_path, slow(go)))
    second = threading.Thread(target=downloaded, args=(server.remote(), tmp_path))
    first.start()
    while not server.asked:
        os.sched_yield()
    second.start()
    second.join(0.2)
    assert second.is_alive()  # it waits
    go.set()
    first.join(10)
    second.join(10)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert server.asked == [None]
